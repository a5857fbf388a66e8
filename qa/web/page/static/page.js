/* The page as a whole: light or dark, the / key, and names for Gradio's nameless controls. */
import { on } from "./dom.js";

const THEME = "briefing-theme";

/** @param {string | null} theme */
const paint = (theme) => document.body.classList.toggle("dark", theme === "dark");

const switchTheme = () => {
  const theme = document.body.classList.contains("dark") ? "light" : "dark";
  localStorage.setItem(THEME, theme);
  paint(theme);
};

/** @param {KeyboardEvent} event */
const focusBox = (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector("#box textarea"))?.focus();
};

const name = () => {
  for (const said of document.querySelectorAll("#chat [data-testid='bot']")) said.setAttribute("aria-label", "Answer");
  for (const said of document.querySelectorAll("#chat [data-testid='user']")) said.setAttribute("aria-label", "Question");
  for (const list of document.querySelectorAll("#chat .examples")) {
    list.setAttribute("role", "group"); // a list may hold no buttons
    list.setAttribute("aria-label", "Example questions");
  }
};

export const start = () => {
  const kept = localStorage.getItem(THEME);
  if (kept) paint(kept);
  on("theme", switchTheme);
  document.addEventListener("keydown", focusBox);
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
};
