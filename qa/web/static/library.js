// The list of all articles, with a search box that filters it here in the browser.
const MOST = 200; // shown at once

const search = make("input", {
  type: "search",
  placeholder: "Find an article…",
  "aria-label": "Find an article by title, source or date",
  oninput: () => draw(),
});
const count = make("p", { class: "count", "aria-live": "polite" });
const list = make("ul");
let articles = [];

const entry = ({ id, title, about }) =>
  make(
    "li",
    {},
    make(
      "button",
      { type: "button", onclick: (event) => send("read", { id, opener: event.currentTarget }) },
      make("span", { class: "title" }, title),
      make("span", { class: "about" }, about),
    ),
  );

const draw = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = articles.filter(({ text }) => words.every((word) => text.includes(word)));
  list.replaceChildren(...found.slice(0, MOST).map(entry));
  const more = found.length > MOST ? `, the first ${MOST} shown` : "";
  count.textContent = `${found.length} of ${articles.length} articles${more}`;
};

element.replaceChildren(make("section", {}, make("h2", {}, "Articles"), search, count, list));

const sidebar = document.querySelector("#library");
on("library", () => sidebar.querySelector(".toggle-button").click());
new MutationObserver(() => sidebar.matches(".open") && search.focus()).observe(sidebar, { attributeFilter: ["class"] });
server.list_articles(null).then(
  (listed) => {
    articles = listed.map((article) => ({ ...article, text: `${article.title} ${article.about}`.toLowerCase() }));
    draw();
  },
  () => (count.textContent = "The articles could not be loaded."),
);
