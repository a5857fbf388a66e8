// The list of all articles, with a search box that filters it here in the browser.
const MOST = 200; // shown at once
const STATES = {
  indexed: "in the index",
  changed: "changed since",
  gone: "gone from the folder",
  new: "not in the index yet",
  refused: "refused",
};

const search = make("input", {
  type: "search",
  placeholder: "Find an article…",
  "aria-label": "Find an article by title, source, date or state",
  oninput: () => draw(),
});
const count = make("p", { class: "count", role: "status" });
const list = make("ul", { class: "articles" });
const title = make("h2", { id: "library-title" }, "Library");
const manage = make("div", { class: "manage" }); // what an admin gets
const body = make("div", { class: "body" }, manage, search, count, list);
const dialog = dialogOf("library", [title], [], body);
let listing = { articles: [], total: 0 };
let toolsFor = () => null; // what an admin can do with an article

const facts = ({ about, passages, state, cause }) =>
  make(
    "span",
    { class: "about" },
    make("span", { class: `state ${state}` }, cause ? `${STATES[state]}: ${cause}` : STATES[state]),
    [passages ? counted(passages, "passage") : "", about].filter(Boolean).map((fact) => ` · ${fact}`).join(""),
  );

const entry = (article) => {
  const name = make("span", { class: "title" }, article.title);
  const read = (event) => send("read", { id: article.id, opener: event.currentTarget });
  return make(
    "li",
    {},
    article.passages
      ? make("button", { type: "button", class: "entry", onclick: read }, name, facts(article))
      : make("div", { class: "entry" }, name, facts(article)),
    toolsFor(article),
  );
};

const draw = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = listing.articles.filter(({ text }) => words.every((word) => text.includes(word)));
  list.replaceChildren(...found.slice(0, MOST).map(entry));
  const more = found.length > MOST ? `, the first ${MOST} shown` : "";
  count.textContent = found.length
    ? `${found.length} of ${counted(listing.articles.length, "article")}${more}`
    : "No article has these words in its title, source, date or state.";
};

const load = () =>
  server.listing(null).then(
    (listed) => {
      const text = ({ title, about, state, id }) => `${title} ${about} ${STATES[state]} ${id}`.toLowerCase();
      listing = { ...listed, articles: listed.articles.map((article) => ({ ...article, text: text(article) })) };
      draw();
      send("articles", listing);
    },
    () => (count.textContent = "The articles could not be loaded. Is the server still running?"),
  );

element.replaceChildren(dialog);
on("library", () => {
  openModal(dialog);
  search.focus();
  load();
});
on("indexed", load);
on("articles?", () => listing.total && send("articles", listing)); // whoever arrives later than the list
load();
