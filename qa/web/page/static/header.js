/* The header: title, state of the index, and what can be done with the conversation and the page. */
import { button, counted, make, on, send } from "./dom.js";

/** @param {Component} component */
const tools = ({ trigger }) =>
  make(
    "div",
    { class: "tools", role: "group", "aria-label": "Conversation and page" },
    button("Library", { title: "Show the articles" }, () => send("library")),
    button("Export", { title: "Download the conversation as Markdown" }, () => send("export")),
    button("Clear", { title: "Clear the conversation" }, () => (send("cleared"), trigger("click"))),
    button("Theme", { title: "Switch between light and dark" }, () => send("theme")),
  );

/** @param {Status} status */
const state = ({ articles, built, changed, held, admin }) => {
  const moment = new Date(built).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = [counted(articles, "article"), `index built ${moment}`];
  if (held) facts.push("an earlier index is served");
  else if (changed !== null) facts.push(!changed ? "up to date" : admin ? "folder changed" : "folder changed, run briefing index");
  const stale = held || changed;
  const dot = stale === null ? null : make("span", { class: stale ? "dot stale" : "dot", "aria-hidden": "true" });
  const rebuild = changed && admin ? button("Rebuild…", { class: "plain" }, () => send("library")) : null;
  return make("p", {}, dot, facts.join(" · "), rebuild ? " · " : null, rebuild);
};

/** @param {Component} component */
export const start = (component) => {
  const line = make("div");
  const look = () =>
    component.server.status(null).then(
      (status) => line.replaceChildren(make("h1", {}, status.title), state(status)),
      () => line.replaceChildren(make("h1", {}, document.title), make("p", {}, "The state of the index could not be loaded.")),
    );
  component.element.replaceChildren(make("header", {}, line, tools(component)));
  look();
  on("indexed", look);
  on("folder", look);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
};
