/*
 * What was searched for instead of a question: the chip under its answer, and the form that takes its place while the
 * words are changed. The links are in the chat, which is not ours to draw.
 */
import { box } from "./asking.js";
import { button, make, say } from "./dom.js";

/** @typedef {(turn: Turn, wording: string, without?: string[]) => void} Ask */

/** @type {(() => void) | null} closes the form that is open */
let leave = null;

const beingAnswered = () => document.querySelector("#chat .doing");

/** @param {Component} component @returns {Ask} what asks a turn's question again, and searches for exactly these words */
export const asker =
  ({ trigger }) =>
  (turn, wording, without = []) => {
    if (beingAnswered()) return say("Wait for the answer to your last question");
    leave?.();
    trigger("submit", { number: turn.number, searched_for: wording, without });
  };

/** @param {Turn} turn @param {HTMLElement} link @param {Ask} ask */
export const reword = (turn, link, ask) => {
  leave?.();
  const chip = link.closest("p");
  if (!chip) return;
  const most = box()?.maxLength ?? 0;
  const input = make("input", { type: "text", required: true, maxlength: most > 0 ? most : null, autocomplete: "off" });
  input.value = turn.searched_for;
  const form = make(
    "form",
    { class: "rewording", "aria-label": "Change the wording" },
    make("label", {}, "Search for", input),
    make("button", { type: "submit", class: "primary" }, "Search"),
    button("Cancel", {}, () => leave?.()),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) ask(turn, input.value.trim());
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && leave?.());
  leave = () => {
    leave = null;
    form.remove();
    chip.hidden = false;
    link.focus({ preventScroll: true });
  };
  chip.hidden = true;
  chip.after(form);
  input.focus();
  input.select();
};
