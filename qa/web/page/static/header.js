/* The header: title, state of the index, and what can be done with the conversation and the page. */
import { begin } from "./conversations.js";
import { button, call, counted, make, on, send } from "./dom.js";

const tools = () =>
  make(
    "div",
    { class: "tools", role: "group", "aria-label": "Conversation and page" },
    button("Library", { title: "Show the articles" }, () => send("library")),
    button("History", { title: "Show the conversations that this browser keeps" }, () => send("conversations")),
    button("New", { title: "Begin a conversation; this one is kept" }, () => send("new")),
    button("Export", { title: "Download the conversation as Markdown" }, () => send("export")),
    button("Theme", { title: "Switch between light and dark" }, () => send("theme")),
    button("?", { title: "Keys", "aria-label": "Keys" }, () => send("keys")),
  );

/** @param {boolean} stale */
const dot = (stale) => make("span", { class: stale ? "dot stale" : "dot", "aria-hidden": "true" });

/** @param {Status} status */
const state = ({ articles, built, changed, held, admin }) => {
  const moment = new Date(built).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = [counted(articles, "article"), `index built ${moment}`];
  if (held) facts.push("an earlier index is served");
  else if (changed !== null) facts.push(!changed ? "up to date" : admin ? "folder changed" : "folder changed, run briefing index");
  const stale = held || changed;
  const rebuild = changed && admin ? button("Rebuild…", { class: "plain" }, () => send("library")) : null;
  return make("p", {}, stale === null ? null : dot(stale), facts.join(" · "), rebuild ? " · " : null, rebuild);
};

/** @param {Component} component */
export const start = (component) => {
  const line = make("div");
  const look = () =>
    call(component, "status").then(
      (status) => line.replaceChildren(make("h1", {}, status.title), state(status)),
      () => line.replaceChildren(make("h1", {}, document.title), make("p", {}, "The state of the index could not be loaded.")),
    );
  component.element.replaceChildren(make("header", {}, line, tools()));
  look();
  on("indexed", look);
  on("folder", look);
  on("new", () => {
    begin();
    component.trigger("click"); // empties chat and sources
  });
  on("away", () => line.replaceChildren(make("h1", {}, document.title), make("p", {}, dot(true), "the server cannot be reached")));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
};
