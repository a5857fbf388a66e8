// Which articles are asked: a line above the question box, and a dialog that changes it. `props.value` is what
// the handlers of the conversation get.
const KEPT = "briefing-filter"; // for this tab, so that a reload asks the same articles
const NONE = { sources: [], tags: [], since: null, until: null };
const MANY = 8; // from here on a list of choices can be searched

let filter = NONE;
let listing = { articles: [], total: 0, sources: [], tags: [] };

const active = () => filter.sources.length || filter.tags.length || filter.since || filter.until;

const admits = ({ source, tags, published }) =>
  (!filter.sources.length || filter.sources.includes(source)) &&
  (!filter.tags.length || tags.some((tag) => filter.tags.includes(tag))) &&
  (!filter.since || (published && published >= filter.since)) &&
  (!filter.until || (published && published <= filter.until));

const howMany = () => {
  const indexed = listing.articles.filter(({ passages }) => passages);
  if (indexed.length < listing.total) return ""; // the list is cut: it cannot be counted here
  return `${indexed.filter(admits).length} of ${counted(listing.total, "article")}`;
};

const set = (changed) => {
  filter = { ...filter, ...changed };
  props.value = filter;
  sessionStorage.setItem(KEPT, JSON.stringify(filter));
  draw();
};

const chip = (label, without) =>
  button(`${label} ✕`, { class: "chip", "aria-label": `Do not filter by ${label}` }, () => {
    set(without);
    opener.focus();
  });

const chips = () => [
  ...filter.sources.map((each) => chip(each, { sources: filter.sources.filter((other) => other !== each) })),
  ...filter.tags.map((each) => chip(`#${each}`, { tags: filter.tags.filter((other) => other !== each) })),
  filter.since ? chip(`from ${filter.since}`, { since: null }) : null,
  filter.until ? chip(`until ${filter.until}`, { until: null }) : null,
];

const opener = button("Filter…", { class: "plain", "aria-haspopup": "dialog" }, () => {
  fill();
  openModal(dialog, opener);
});
const line = make("div", { class: "filtering" });

const draw = () => {
  const count = howMany();
  if (active()) line.replaceChildren(make("span", {}, count ? `Asking ${count}:` : "Asking only:"), ...chips().filter(Boolean), opener);
  else line.replaceChildren(make("span", {}, listing.total ? `Asking all ${counted(listing.total, "article")}` : "Asking all articles"), opener);
  const problem = filter.since && filter.until && filter.since > filter.until;
  result.textContent = problem ? "The first date is after the last one." : count ? `These are ${count}.` : "";
};

const choices = (legend, name, offered) => {
  const boxes = offered.map(([value, count]) => {
    const box = make("input", { type: "checkbox", checked: filter[name].includes(value) });
    box.addEventListener("change", () =>
      set({ [name]: box.checked ? [...filter[name], value] : filter[name].filter((other) => other !== value) }),
    );
    return make("label", {}, box, make("span", {}, value), make("span", { class: "count" }, String(count)));
  });
  const find = make("input", { type: "search", placeholder: "Find…", "aria-label": `Find in ${legend.toLowerCase()}` });
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase();
    for (const label of boxes) label.hidden = !label.textContent.toLowerCase().includes(words);
  });
  const body = make("div", { class: "choices" }, ...boxes);
  return offered.length ? make("fieldset", {}, make("legend", {}, legend), offered.length > MANY ? find : null, body) : null;
};

const day = (label, name) => {
  const box = make("input", { type: "date", value: filter[name] ?? "" });
  box.addEventListener("change", () => set({ [name]: box.value || null }));
  return make("label", {}, label, box);
};

const body = make("div", { class: "body" });
const result = make("p", { class: "count", role: "status" });
const reset = button("Ask all articles", {}, () => {
  set(NONE);
  fill();
});
const done = button("Done", { class: "primary" }, () => dialog.close());
const title = make("h2", { id: "filters-title" }, "Ask only some articles");
const dialog = dialogOf("filters", [title], [], body, make("div", { class: "foot" }, result, reset, done));

const fill = () => {
  body.replaceChildren(
    ...[
      choices("Sources", "sources", listing.sources),
      make("fieldset", {}, make("legend", {}, "Published"), make("div", { class: "days" }, day("From", "since"), day("Until", "until"))),
      choices("Tags", "tags", listing.tags),
    ].filter(Boolean),
  );
  draw();
};

const strings = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : []);
const date = (value) => (/^\d{4}-\d{2}-\d{2}$/.test(value ?? "") ? value : null);
const take = (given) =>
  set({ sources: strings(given?.sources), tags: strings(given?.tags), since: date(given?.since), until: date(given?.until) });

element.replaceChildren(line, dialog);
on("articles", (given) => {
  listing = given;
  draw();
});
send("articles?");
on("filter", take);
try {
  take(JSON.parse(sessionStorage.getItem(KEPT)));
} catch {
  take(NONE);
}
