/* The sources of one turn, and the links in the chat that lead to them. The component's value holds all turns. */
import { button, call, copy, counted, hashOf, make, on, original, pageAddress, present, say, send } from "./dom.js";
import { type } from "./asking.js";
import { keep, keepVotes, votes as kept } from "./conversations.js";
import { start as startPeeking } from "./peek.js";
import { answered, asText, download, linkTo, placeOf } from "./turns.js";
import { asker, reword } from "./wording.js";

const LINK = /^#(src|near|copy|link|up|down|searched|typed|again|edit|without|later|listed)-(\d+)(?:-(\w+))?$/;
/** @type {Record<string, string>} */
const TITLES = {
  searched: "Change what is searched for",
  typed: "Search for the question as it was typed",
  edit: "Put the question into the box",
  without: "Do not understand this in the question",
};

const LEADS = ["src", "near", "listed", "later"]; // somewhere: they are links, the others buttons

/** @type {Component} */
let component;
/** @type {import("./wording.js").Ask} */
let ask;
/** @type {number | null} number of the turn on display */
let shown = null;
/** @type {string | null} address of the chosen marker */
let chosen = null;
/** @type {Record<string, boolean>} number of a turn -> helpful or not */
let votes = {};

/** @returns {Turn[]} */
const turns = () => component.props.value ?? [];

/** @param {string} links @returns {NodeListOf<HTMLElement>} the chat may arrive later than this module */
const inChat = (links) => document.querySelectorAll(`#chat ${links}`);

/** @param {Element} link */
const actionOf = (link) => (link.getAttribute("href") ?? "").match(LINK) ?? [];

/** @param {Element} node @param {string} key @param {string} value */
const attribute = (node, key, value) => node.getAttribute(key) !== value && node.setAttribute(key, value);

/** Mark what the chat, which is not ours to draw, shows of our turns: pressed votes, the chosen marker. */
const mark = () => {
  for (const link of inChat("a[href^='#']")) {
    const [, action, number] = actionOf(link);
    if (!action) continue;
    const pressed = action === "up" ? votes[number] === true : action === "down" ? votes[number] === false : null;
    link.classList.toggle("chosen", pressed || link.getAttribute("href") === chosen);
    if (pressed !== null) attribute(link, "aria-pressed", String(pressed));
    if (LEADS.includes(action)) continue;
    attribute(link, "role", "button"); // to those who cannot see them
    attribute(link, "title", TITLES[action] ?? link.textContent);
  }
};

/** @param {string} text paragraphs and headings as lines, without the line breaks and heading signs of the file */
const flow = (text) =>
  text
    .replace(/^ {0,3}#{1,6}[ \t]+(.*)$/gm, "\n\n$1\n\n")
    .split(/\n\s*\n/)
    .map((part) => part.replace(/\s+/g, " "))
    .join("\n")
    .replace(/\n\s*\n/g, "\n");

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
    source.why ? make("p", { class: "why" }, `Near because ${source.why}.`) : null,
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

/** @param {boolean} open on a phone the sources are a sheet above the conversation */
const sheet = (open) => component.element.closest("#sources")?.classList.toggle("open", open);

const back = () =>
  button("↓ Back to the answer", { class: "plain back" }, () => {
    sheet(false);
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
  if (!turn?.cards.length) return [title(turn), back(), asked, make("p", { class: "hint" }, near ? NOTHING_NEAR : EMPTY)];
  const hint = near ? make("p", { class: "hint" }, NEAR) : null;
  return [title(turn), back(), asked, hint, make("ol", {}, ...turn.cards.map(card))];
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
  sheet(true);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  requestAnimationFrame(() => {
    target?.focus({ preventScroll: true }); // a sheet that has just been opened takes no focus before
    target?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  });
};

/** @param {Turn} turn @param {boolean} helpful */
const vote = async (turn, helpful) => {
  const wanted = votes[turn.number] === helpful ? null : helpful; // pressed again, it is taken back
  const done = await call(component, "vote", { turn, helpful: wanted }).catch(() => false);
  if (!done) return say("Your vote could not be kept");
  if (wanted === null) delete votes[turn.number];
  else votes[turn.number] = wanted;
  keepVotes(votes);
  mark();
  say(wanted === null ? "Vote taken back" : "Thank you: kept on this server only");
};

/** Show a new answer from its question on. */
const reveal = () => {
  const said = [...inChat(".user.message")].at(-1);
  if (said) requestAnimationFrame(() => said.scrollIntoView({ block: "start" }));
};

let known = 0; // turns that were there before

/** Take the turns as they are now. */
const take = () => {
  if (turns().length > known) setTimeout(reveal); // once the chat has drawn them
  known = turns().length;
  sheet(false);
  keep(turns());
  votes = kept();
  draw(turns().at(-1));
};

/** @param {Card | undefined} source @param {HTMLElement} opener */
const readAt = (source, opener) => source && send("read", { ...placeOf(source), opener });

/** @type {Record<string, (turn: Turn, link: HTMLElement, which: string) => unknown>} */
const ACTIONS = {
  later: (turn, link, which) => readAt(turn.later[Number(which)], link),
  listed: (turn, link, which) => readAt(turn.cards[Number(which)], link),
  without: (turn, _, which) => ask(turn, turn.searched_for || turn.question, [...(turn.without ?? []), which]),
  copy: (turn) => copy(asText(turn)),
  link: (turn) => copy(linkTo(turn)),
  searched: (turn, link) => reword(turn, link, ask),
  typed: (turn) => ask(turn, turn.question),
  again: (turn) => ask(turn, turn.searched_for || turn.question),
  edit: (turn) => type(turn.question),
  up: (turn) => vote(turn, true),
  down: (turn) => vote(turn, false),
};

/** @param {HTMLElement} marker */
const sourceOf = (marker) => {
  const [, , number, which] = actionOf(marker);
  return turns().find((turn) => turn.number === Number(number))?.cards.find((source) => source.number === Number(which));
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
  const act = ACTIONS[action] ?? (() => open(turn, which));
  act(turn, link, which);
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
  document.addEventListener("click", follow, true);
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && sheet(false));
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && !event.target.closest("#sources, dialog")) sheet(false); // beside the sheet
  });
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true });
  on("export", () => download(turns()));
  startPeeking(sourceOf);
  component.watch("value", take);
  take();
};
