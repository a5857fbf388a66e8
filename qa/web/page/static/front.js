/* The front page: what is new, what to filter by, and what to ask; it is there while nothing was asked. */
import { button, call, counted, make, on, present, send } from "./dom.js";

const SEEN = "briefing-seen"; // the articles of the last visit
const MOST_SEEN = 5_000; // ids kept
const NAMED = 5; // new articles named

/** @type {Component} */
let component;
/** @type {Filter} */
let filter = { sources: [], tags: [], since: null, until: null };
let asked = 0; // requests, so that a late reply is not drawn over a newer one

const changes = make("div", { class: "changes" });
const questions = make("div", { class: "questions" });
const news = make("div", { class: "news" });

/** @param {string} title @param {...(HTMLElement | null)} content */
const part = (title, ...content) => make("section", { "aria-label": title }, make("h3", {}, title), ...content);

/** @param {string} id @param {string} title */
const reading = (id, title) => {
  const read = button(title, { class: "title" }, () => send("read", { id, opener: read }));
  return read;
};

/** @param {Headline} headline */
const headline = ({ id, title, about, lead }) =>
  make("li", {}, reading(id, title), make("p", { class: "about" }, about), lead ? make("p", { class: "lead" }, lead) : null);

/** @param {"sources" | "tags"} name @param {[string, number][]} offered */
const chips = (name, offered) =>
  offered.map(([value, count]) => {
    const chosen = filter[name].includes(value);
    const next = chosen ? filter[name].filter((each) => each !== value) : [...filter[name], value];
    const label = `${name === "tags" ? "#" : ""}${value}`;
    const chip = button(label, { class: "chip", "aria-pressed": String(chosen) }, () => send("filter", { ...filter, [name]: next }));
    chip.append(make("span", { class: "number" }, ` ${count}`));
    return chip;
  });

/** @param {Bar[]} bars */
const overTime = (bars) => {
  const most = Math.max(...bars.map(({ count }) => count));
  const drawn = bars.map(({ label, since, until, count }) => {
    const bar = button("", { class: "bar", title: `${label}: ${count}`, "aria-label": `${label}: ${counted(count, "article")}` }, () =>
      send("filter", { ...filter, since, until }),
    );
    const fill = make("span", { "aria-hidden": "true" });
    fill.style.height = `${Math.round((100 * count) / most)}%`;
    bar.append(fill);
    bar.disabled = !count;
    return bar;
  });
  const ends = make("p", { class: "ends", "aria-hidden": "true" }, make("span", {}, bars[0].label), make("span", {}, bars.at(-1)?.label));
  return part("Articles over time", make("div", { class: "bars" }, ...drawn), bars.length > 1 ? ends : null);
};

/** @param {FrontPage} front */
const draw = ({ headlines, articles, sources, tags, bars }) => {
  const offered = [...chips("sources", sources), ...chips("tags", tags)];
  news.replaceChildren(
    ...present([
      offered.length ? make("div", { class: "chips", role: "group", "aria-label": "Sources and tags" }, ...offered) : null,
      headlines.length ? part("Newest", make("ol", { class: "headlines" }, ...headlines.map(headline))) : null,
      articles ? null : make("p", { class: "hint" }, "There is no article here."),
      bars.length > 1 ? overTime(bars) : null,
    ]),
  );
};

const load = async () => {
  const mine = ++asked;
  try {
    const front = await call(component, "front", filter);
    if (mine === asked) draw(front);
  } catch {
    news.replaceChildren(make("p", { class: "hint" }, "The newest articles could not be loaded. Is the server still running?"));
  }
};

const loadQuestions = async () => {
  /** @type {string[]} */
  const offered = await call(component, "questions").catch(() => []);
  const asking = offered.map((text) => button(text, { class: "question" }, () => send("ask", text)));
  questions.replaceChildren(...(asking.length ? [part("Questions that are answered here", ...asking)] : []));
};

/** @returns {string[] | null} */
const seen = () => {
  try {
    return JSON.parse(localStorage.getItem(SEEN) ?? "null");
  } catch {
    return null;
  }
};

let compared = false;

/** @param {Listing} listing tell what is new since the last visit, once, and take note of what is there */
const compare = ({ articles }) => {
  const here = articles.filter(({ passages }) => passages);
  const before = new Set(seen() ?? []);
  const fresh = before.size ? here.filter(({ id }) => !before.has(id)) : [];
  if (here.length <= MOST_SEEN) localStorage.setItem(SEEN, JSON.stringify(here.map(({ id }) => id)));
  if (compared || !fresh.length) return;
  compared = true;
  const named = fresh.slice(0, NAMED).map(({ id, title }) => make("li", {}, reading(id, title)));
  const more = fresh.length > NAMED ? make("li", {}, `and ${fresh.length - NAMED} more`) : null;
  changes.replaceChildren(part(`New since your last visit: ${counted(fresh.length, "article")}`, make("ul", {}, ...named, more)));
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  const title = make("h2", {}, "Ask the articles");
  const hint = make("p", { class: "hint" }, component.props.value);
  component.element.replaceChildren(make("div", { class: "front" }, title, hint, changes, questions, news));
  on("filtered", (/** @type {Filter} */ chosen) => {
    filter = chosen;
    load();
  });
  on("articles", compare);
  on("indexed", () => {
    load();
    loadQuestions();
  });
  send("filtered?");
  send("articles?");
  if (!asked) load();
  loadQuestions();
};
