/* The sources of one turn, and the links in the chat that lead to them. The component's value holds all turns. */
import { button, copy, counted, hashOf, make, on, original, pageAddress, present, say, send } from "./dom.js";
import { answered, asText, download, linkTo, placeOf } from "./turns.js";
import { asker, reword } from "./wording.js";

const LINK = /^#(src|near|copy|link|up|down|searched|typed)-(\d+)(?:-(\w+))?$/;
/** @type {Record<string, string>} */
const TITLES = { searched: "Change what is searched for", typed: "Search for the question as it was typed" };
const VOTES = "briefing-votes"; // of this conversation: number of a turn -> helpful or not

const KINDS = ["answered", "related", "not_in_corpus", "about"];

/** @type {Component} */
let component;
/** @type {import("./wording.js").Ask} */
let ask;
/** @type {number | null} number of the turn on display */
let shown = null;
/** @type {string | null} address of the chosen marker */
let chosen = null;
/** @type {Record<string, boolean>} */
let votes = {};

/** @returns {Turn[]} */
const turns = () => component.props.value ?? [];

/** @param {string} links @returns {NodeListOf<HTMLElement>} the chat may arrive later than this module */
const inChat = (links) => document.querySelectorAll(`#chat ${links}`);

/** @param {Element} link */
const actionOf = (link) => (link.getAttribute("href") ?? "").match(LINK) ?? [];

/** @param {Element} node @param {string} key @param {string} value */
const attribute = (node, key, value) => node.getAttribute(key) !== value && node.setAttribute(key, value);

/** Mark what the chat, which is not ours to draw, shows of our turns: pressed votes, the chosen marker, verdicts. */
const mark = () => {
  for (const link of inChat("a[href^='#']")) {
    const [, action, number] = actionOf(link);
    if (!action) continue;
    const pressed = action === "up" ? votes[number] === true : action === "down" ? votes[number] === false : null;
    link.classList.toggle("chosen", pressed || link.getAttribute("href") === chosen);
    if (pressed !== null) attribute(link, "aria-pressed", String(pressed));
    if (action === "src" || action === "near") continue;
    attribute(link, "role", "button"); // to those who cannot see them
    attribute(link, "title", TITLES[action] ?? link.textContent);
    if (action === "copy") show(link.closest(".message"), turns().find((turn) => turn.number === Number(number)));
  }
};

/** @param {Element | null} message @param {Turn | undefined} turn */
const show = (message, turn) => {
  for (const kind of KINDS) message?.classList.toggle(`verdict-${kind}`, kind === turn?.kind);
};

/** @param {string} text paragraphs as lines, without the line breaks and heading signs of the file */
const flow = (text) =>
  text.split(/\n\s*\n/).map((part) => part.replace(/\s+/g, " ").replace(/^#{1,6} /, "")).join("\n");

/** @param {Card} card */
const quotation = ({ quote: [lead, answer, rest] }) =>
  lead || answer || rest
    ? make("mark", {}, flow(lead), answer.trim() ? make("strong", {}, flow(answer)) : flow(answer), flow(rest))
    : null;

/** @param {Card} source */
const card = (source) => {
  const read = button("Read in article →", { class: "read" }, () => send("read", { ...placeOf(source), opener: read }));
  const head = make("div", {}, make("h3", {}, source.title), make("p", { class: "about" }, source.about));
  return make(
    "li",
    { class: "card", tabindex: "-1", "data-card": source.number, "aria-label": source.number && `Source ${source.number}` },
    make("div", { class: "head" }, source.number === null ? null : make("span", { class: "number" }, source.number), head),
    make("p", { class: "passage" }, flow(source.before), quotation(source), flow(source.after)),
    source.header ? make("p", { class: "about" }, `In a table of: ${flow(source.header)}`) : null,
    make(
      "p",
      { class: "actions" },
      read,
      button("Copy link", { class: "share" }, () => copy(pageAddress() + hashOf(placeOf(source)))),
      original(source.url),
    ),
  );
};

const back = () =>
  button("↑ Back to the answer", { class: "plain back" }, () => {
    const [link] = [...inChat(`a[href="${chosen ?? `#near-${shown}`}"]`), ...inChat(`a[href^="#copy-${shown}-"]`)];
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "center" });
  });

/** What the panel says above the cards, by what was replied. */
const HEADINGS = {
  answered: { heading: "Sources", one: "source" },
  about: { heading: "Passages on this", one: "passage" }, // a reply of the briefing's own: what it lists is on the subject
  near: { heading: "Nearest passages", one: "" },
};
const EMPTY = "Press a marker in an answer to see the sentence in its article. Press “Read in article” to see all of it.";
const NOTHING_NEAR = "There is nothing near this question. Try other words, or look through the library.";
const NEAR = "None of these answers the question. They come nearest to it.";

/** @param {Turn | undefined} turn */
const manner = (turn) => (!turn || answered(turn) ? "answered" : turn.kind === "about" ? "about" : "near");

/** @param {Turn | undefined} turn */
const title = (turn) => {
  const count = turn?.cards.length ?? 0;
  const { heading, one } = HEADINGS[count ? manner(turn) : "answered"];
  const many = one ? counted(count, one) : `${count} near`;
  return make(
    "div",
    { class: "title" },
    make("h2", { id: "sources-title", tabindex: "-1" }, heading),
    make("span", { class: "count" }, count ? many : ""),
  );
};

/** @param {Turn | undefined} turn */
const content = (turn) => {
  const asked = turn ? make("p", { class: "asked" }, turn.question) : null;
  const near = manner(turn) === "near";
  if (!turn?.cards.length) return [title(turn), asked, make("p", { class: "hint" }, near ? NOTHING_NEAR : EMPTY)];
  const hint = near ? make("p", { class: "hint" }, NEAR) : null;
  return [title(turn), asked, hint, make("ol", {}, ...turn.cards.map(card)), back()];
};

/** @param {Turn | undefined} turn */
const draw = (turn) => {
  shown = turn?.number ?? null;
  chosen = null;
  mark();
  const look = manner(turn) === "near" ? "sources near" : "sources";
  component.element.replaceChildren(
    make("section", { class: look, "aria-labelledby": "sources-title" }, ...present(content(turn))),
  );
  component.element.closest("#sources")?.scrollTo({ top: 0 });
};

/** @param {Turn} turn @param {string} number */
const open = (turn, number) => {
  if (shown !== turn.number) draw(turn);
  const { element } = component;
  const target = /** @type {HTMLElement | null} */ (
    element.querySelector(`[data-card="${number}"]`) ?? element.querySelector("#sources-title")
  );
  element.querySelector(".chosen")?.classList.remove("chosen");
  if (target?.matches(".card")) {
    target.classList.add("chosen");
    chosen = `#src-${turn.number}-${number}`;
    mark();
  }
  target?.focus({ preventScroll: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
};

const keepVotes = () => {
  localStorage.setItem(VOTES, JSON.stringify(votes));
  mark();
};

const keptVotes = () => {
  try {
    return JSON.parse(localStorage.getItem(VOTES) ?? "{}") ?? {};
  } catch {
    return {};
  }
};

/** @param {Turn} turn @param {boolean} helpful */
const vote = async (turn, helpful) => {
  const wanted = votes[turn.number] === helpful ? null : helpful; // pressed again, it is taken back
  const done = await component.server.vote({ turn, helpful: wanted }).catch(() => false);
  if (!done) return say("Your vote could not be kept");
  if (wanted === null) delete votes[turn.number];
  else votes[turn.number] = wanted;
  keepVotes();
  say(wanted === null ? "Vote taken back" : "Thank you: kept on this server only");
};

/** @param {MouseEvent} event */
const follow = (event) => {
  const link = /** @type {HTMLElement | null} */ (event.target instanceof Element && event.target.closest("#chat a[href^='#']"));
  const [, action, number, which] = link ? actionOf(link) : [];
  if (!link || !action) return;
  event.preventDefault();
  event.stopPropagation();
  const turn = turns().find((each) => each.number === Number(number));
  if (!turn) return say("The sources of this answer are no longer kept");
  if (action === "copy") copy(asText(turn));
  else if (action === "link") copy(linkTo(turn));
  else if (action === "searched") reword(turn, link, ask);
  else if (action === "typed") ask(turn, turn.question);
  else if (action === "up" || action === "down") vote(turn, action === "up");
  else open(turn, which);
};

/** @param {KeyboardEvent} event */
const press = (event) => {
  const link = event.key === " " && event.target instanceof HTMLElement && event.target.closest("#chat a[role='button']");
  if (!link) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (link).click();
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  ask = asker(component);
  votes = keptVotes();
  document.addEventListener("click", follow, true);
  document.addEventListener("keydown", press);
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true });
  on("export", () => download(turns()));
  on("cleared", () => {
    votes = {};
    keepVotes();
  });
  component.watch("value", () => draw(turns().at(-1)));
  draw(turns().at(-1));
};
