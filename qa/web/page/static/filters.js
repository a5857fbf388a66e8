/*
 * Which articles are asked: a line above the question box, and a dialog that changes it. The component's value is
 * what the handlers of the conversation get.
 */
import { button, counted, dialogOf, make, on, openModal, present, send } from "./dom.js";

const KEPT = "briefing-filter"; // for this tab, so that a reload asks the same articles
/** @type {Filter} */
const NONE = { sources: [], tags: [], since: null, until: null };
const MANY = 8; // from here on a list of choices can be searched

/** @type {Component} */
let component;
let filter = NONE;
/** @type {Listing} */
let listing = { articles: [], total: 0, sources: [], tags: [] };

const active = () => Boolean(filter.sources.length || filter.tags.length || filter.since || filter.until);

/** @param {Listed} article */
const admits = ({ source, tags, published }) =>
  (!filter.sources.length || (source !== null && filter.sources.includes(source))) &&
  (!filter.tags.length || tags.some((tag) => filter.tags.includes(tag))) &&
  (!filter.since || (published !== null && published >= filter.since)) &&
  (!filter.until || (published !== null && published <= filter.until));

const howMany = () => {
  const indexed = listing.articles.filter(({ passages }) => passages);
  if (indexed.length < listing.total) return ""; // the list is cut: it cannot be counted here
  return `${indexed.filter(admits).length} of ${counted(listing.total, "article")}`;
};

/** @param {Partial<Filter>} changed */
const set = (changed) => {
  filter = { ...filter, ...changed };
  component.props.value = filter;
  sessionStorage.setItem(KEPT, JSON.stringify(filter));
  send("filtered", filter);
  draw();
};

/** @param {string} label @param {Partial<Filter>} without */
const chip = (label, without) =>
  button(`${label} ✕`, { class: "chip", "aria-label": `Do not filter by ${label}` }, () => {
    set(without);
    opener.focus();
  });

const chips = () =>
  present([
    ...filter.sources.map((each) => chip(each, { sources: filter.sources.filter((other) => other !== each) })),
    ...filter.tags.map((each) => chip(`#${each}`, { tags: filter.tags.filter((other) => other !== each) })),
    filter.since ? chip(`from ${filter.since}`, { since: null }) : null,
    filter.until ? chip(`until ${filter.until}`, { until: null }) : null,
  ]);

const opener = button("Filter…", { class: "plain", "aria-haspopup": "dialog" }, () => {
  fill();
  openModal(dialog, opener);
});
const line = make("div", { class: "filtering" });

const draw = () => {
  const count = howMany();
  const all = listing.total ? `Asking all ${counted(listing.total, "article")}` : "Asking all articles";
  const some = count ? `Asking ${count}:` : "Asking only:";
  line.replaceChildren(make("span", {}, active() ? some : all), ...chips(), opener);
  const problem = filter.since && filter.until && filter.since > filter.until;
  result.textContent = problem ? "The first date is after the last one." : count ? `These are ${count}.` : "";
};

/** @param {string} legend @param {"sources" | "tags"} name @param {[string, number][]} offered */
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

/** @param {string} label @param {"since" | "until"} name */
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
  const days = make("div", { class: "days" }, day("From", "since"), day("Until", "until"));
  body.replaceChildren(
    ...present([
      choices("Sources", "sources", listing.sources),
      make("fieldset", {}, make("legend", {}, "Published"), days),
      choices("Tags", "tags", listing.tags),
    ]),
  );
  draw();
};

/** @param {unknown} value */
const strings = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : []);

/** @param {unknown} value */
const date = (value) => (typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null);

/** @param {Record<keyof Filter, unknown> | null} given from an address or kept by the browser, so that it may be anything */
const take = (given) =>
  set({ sources: strings(given?.sources), tags: strings(given?.tags), since: date(given?.since), until: date(given?.until) });

const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  component.element.replaceChildren(line, dialog);
  on("articles", (articles) => {
    listing = articles;
    draw();
  });
  send("articles?");
  on("filter", take);
  on("filtered?", () => send("filtered", filter)); // whoever arrives later
  take(kept());
};
