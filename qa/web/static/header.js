// The header: title, state of the index, and what can be done with the conversation and the page.
const button = (label, hint, act) => make("button", { type: "button", title: hint, onclick: act }, label);

const tools = () =>
  make(
    "div",
    { class: "tools", role: "group", "aria-label": "Conversation and page" },
    button("Articles", "Show the list of articles", () => send("library")),
    button("Export", "Download the conversation as Markdown", () => send("export")),
    button("Clear", "Clear the conversation", () => trigger("click")),
    button("Theme", "Switch between light and dark", () => send("theme")),
  );

const state = ({ articles, built, changed }) => {
  const moment = new Date(built).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = [`${articles} ${articles === 1 ? "article" : "articles"}`, `index built ${moment}`];
  if (changed !== null) facts.push(changed ? "folder changed, run briefing index" : "up to date");
  const dot = changed === null ? null : make("span", { class: changed ? "dot stale" : "dot", "aria-hidden": "true" });
  return make("p", {}, dot, facts.join(" · "));
};

const draw = (...title) => element.replaceChildren(make("header", {}, make("div", {}, ...title), tools()));

draw();
server.status(null).then(
  (status) => draw(make("h1", {}, status.title), state(status)),
  () => draw(make("h1", {}, document.title), make("p", {}, "The state of the index could not be loaded.")),
);
