/* The list of all articles, with a search box that filters it here in the browser. */
import { button, call, counted, dialogOf, make, on, openModal, send } from "./dom.js";

const MOST = 200; // shown at once
const STATES = {
  indexed: "in the index",
  changed: "changed since",
  gone: "gone from the folder",
  new: "not in the index yet",
  refused: "refused",
};

/** @type {Component} */
let component;
/** @type {Listing} */
let listing = { articles: [], total: 0, sources: [], tags: [] };
/** @type {(article: Listed) => HTMLElement | null} what can be done with an article */
let toolsFor = () => null;

export const search = make("input", {
  type: "search",
  placeholder: "Find an article…",
  "aria-label": "Find an article by title, source, date or state",
  oninput: () => draw(),
});
const count = make("p", { class: "count", role: "status" });
const list = make("ul", { class: "articles" });
const heading = make("h2", { id: "library-title" }, "Library");
const manage = make("div", { class: "manage" }); // what an admin gets
const body = make("div", { class: "body" }, manage, search, count, list);
export const dialog = dialogOf("library", [heading], [], body);

/** @param {Listed} article */
const facts = ({ about, passages, state, cause }) =>
  make(
    "span",
    { class: "about" },
    make("span", { class: `state ${state}` }, cause ? `${STATES[state]}: ${cause}` : STATES[state]),
    [passages ? counted(passages, "passage") : "", about].filter(Boolean).map((fact) => ` · ${fact}`).join(""),
  );

/** @param {Listed} article */
const entry = (article) => {
  const name = make("span", { class: "title" }, article.title);
  const read = button("", { class: "entry" }, () => send("read", { id: article.id, opener: read }));
  const shown = article.passages ? read : make("div", { class: "entry" });
  shown.replaceChildren(name, facts(article));
  return make("li", {}, shown, toolsFor(article));
};

/** @param {Listed} article */
const searchable = ({ title, about, state, id }) => `${title} ${about} ${STATES[state]} ${id}`.toLowerCase();

const draw = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = listing.articles.filter((article) => words.every((word) => searchable(article).includes(word)));
  list.replaceChildren(...found.slice(0, MOST).map(entry));
  const more = found.length > MOST ? `, the first ${MOST} shown` : "";
  count.textContent = found.length
    ? `${found.length} of ${counted(listing.articles.length, "article")}${more}`
    : "No article has these words in its title, source, date or state.";
};

export const load = () =>
  call(component, "listing").then(
    (listed) => {
      listing = listed;
      draw();
      send("articles", listing);
    },
    () => (count.textContent = "The articles could not be loaded. Is the server still running?"),
  );

/**
 * Let an admin do more: `parts` go above the list, `tools` beside each article.
 * @param {HTMLElement[]} parts
 * @param {(article: Listed) => HTMLElement | null} tools
 */
export const extend = (parts, tools) => {
  manage.replaceChildren(...parts);
  toolsFor = tools;
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  component.element.replaceChildren(dialog);
  on("library", () => {
    openModal(dialog);
    search.focus();
    load();
  });
  on("indexed", load);
  on("articles?", () => listing.total && send("articles", listing)); // whoever arrives later than the list
  load();
};
