/* The page as a whole: light or dark, keys, and names for Gradio's nameless controls. */
import { box, type } from "./asking.js";
import { dialogOf, make, on, openModal } from "./dom.js";

const THEME = "briefing-theme";
const KEYS = [
  ["/", "Go to the question box"],
  ["Enter", "Ask the question; Shift+Enter begins a line"],
  ["↑ ↓", "In the box: earlier questions and back"],
  ["Tab", "Go to markers and buttons; a marker shows its source"],
  ["Esc", "Close what is open"],
  ["?", "Show these keys"],
];

/** @param {string | null} theme */
const paint = (theme) => document.body.classList.toggle("dark", theme === "dark");

const switchTheme = () => {
  const theme = document.body.classList.contains("dark") ? "light" : "dark";
  localStorage.setItem(THEME, theme);
  paint(theme);
};

const title = make("h2", { id: "keys-title" }, "Keys");
const keys = KEYS.flatMap(([key, act]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, act)]);
const dialog = dialogOf("keys", [title], [], make("div", { class: "body" }, make("dl", {}, ...keys)));

const showKeys = () => {
  if (!dialog.isConnected) document.body.append(dialog);
  if (!dialog.open) openModal(dialog);
};

/** @returns {string[]} the questions of the conversation, the first one first */
const asked = () => [...document.querySelectorAll("#chat .user.message")].map((said) => said.textContent.trim());

/** The question that ↑ and ↓ have put into the box: 0 is none, 1 the last one. */
let recalled = 0;

/**
 * Return how far back the box should go, or null where what is typed there stays.
 * @param {string} words in the box
 * @param {string[]} questions
 * @param {number} step
 */
const next = (words, questions, step) => {
  const shown = recalled > 0 && words === questions.at(-recalled);
  if (words && !shown) return null;
  const wanted = (shown ? recalled : 0) + step;
  return wanted < 0 || wanted > questions.length ? null : wanted;
};

/** @param {KeyboardEvent} event */
const recall = (event) => {
  const area = box();
  const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  if (!step || !area || event.target !== area) return;
  const questions = asked();
  const wanted = next(area.value, questions, step);
  if (wanted === null) return;
  event.preventDefault();
  recalled = wanted;
  type(wanted ? questions[questions.length - wanted] : "");
};

/** @param {KeyboardEvent} event */
const press = (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  if (event.key === "?") showKeys();
  if (event.key !== "/") return;
  event.preventDefault();
  box()?.focus();
};

const name = () => {
  for (const said of document.querySelectorAll("#chat [data-testid='bot']")) said.setAttribute("aria-label", "Answer");
  for (const said of document.querySelectorAll("#chat [data-testid='user']")) said.setAttribute("aria-label", "Question");
};

export const start = () => {
  const kept = localStorage.getItem(THEME);
  if (kept) paint(kept);
  on("theme", switchTheme);
  on("keys", showKeys);
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", recall);
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
};
