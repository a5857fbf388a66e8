/* A turn as text: to copy, to export, to link to. */
import { hashOf, make, original, pageAddress, present, say } from "./dom.js";

/** @param {Card} source */
export const words = (source) => source.quote.join("");

/** @param {Card} source @returns {Place} */
export const placeOf = (source) => ({ ...source, id: source.article_id, quote: words(source) });

/** @param {Turn} turn */
export const answered = (turn) => turn.kind === "answered";

/** @param {Card} source */
const origin = (source) => [source.title, source.about].filter(Boolean).join(", ");

/** @param {string} text */
const flat = (text) => text.replace(/\s+/g, " ").trim();

/** @param {Turn} turn */
const short = (turn) => flat(turn.cards[0].quote[1]);

/** @param {Turn} turn */
export const asText = (turn) => {
  const searched = turn.searched_for ? [`Searched for: ${flat(turn.searched_for)}`] : [];
  if (!answered(turn)) return [turn.text, ...searched].join("\n");
  const first = short(turn) ? [short(turn), ""] : [];
  const sources = turn.cards.map(
    (source) => `[${source.number}] “${flat(words(source))}”\n    ${origin(source)}\n    ${pageAddress()}${hashOf(placeOf(source))}`,
  );
  return [...first, ...sources, ...searched].join("\n");
};

/**
 * Return the address that asks a turn's question: who opens it has not heard what was said before, so that it asks
 * what was searched for.
 * @param {Turn} turn
 */
export const linkTo = (turn) => `${pageAddress()}?${new URLSearchParams([["q", turn.searched_for || turn.question], ...turn.link])}`;

/** @param {string} text */
const escaped = (text) => flat(text).replace(/[\\`*_[\]<>#$|~!&]/g, "\\$&");

/** @param {string} text a line of a reply; what lists articles stays a list */
const line = (text) => (text.startsWith("- ") ? `- ${escaped(text.slice(2))}` : escaped(text));

/** @param {Card} source */
const sourceLine = (source) => {
  const quote = words(source) ? `: “${escaped(words(source))}”` : "";
  const link = source.url && original(source.url) ? ` (<${encodeURI(source.url)}>)` : "";
  return `- ${source.number === null ? "" : `[${source.number}] `}${escaped(origin(source))}${quote}${link}`;
};

/** @param {Turn} turn */
const asMarkdown = (turn) => {
  const quoted = turn.overview ? turn.cards : turn.cards.slice(0, 1);
  const label = answered(turn) || !turn.cards.length ? "" : turn.kind === "about" ? "Passages on this:" : "Nearest passages:";
  const parts = [
    `## ${escaped(turn.question)}`,
    turn.only ? `*Only ${escaped(turn.only)}*` : "",
    turn.searched_for ? `*Searched for: ${escaped(turn.searched_for)}*` : "",
    answered(turn) ? (short(turn) ? `**${escaped(short(turn))}**` : "") : turn.text.split("\n").map(line).join("\n"),
    answered(turn) ? quoted.map((source) => `> ${escaped(words(source))} [${source.number}]`).join("\n>\n") : "",
    label,
    turn.cards.map(sourceLine).join("\n"),
  ];
  return present(parts).join("\n\n");
};

/** @param {Turn[]} turns */
export const download = (turns) => {
  if (!turns.length) return say("There is no conversation to export yet");
  const text = [`# ${escaped(document.title)}`, ...turns.map(asMarkdown)].join("\n\n") + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  make("a", { href: url, download: "conversation.md" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
