/*
 * A question on its way: it is shown at once, its words stay in the box until the server has them, and a server that is
 * slow or away is told, with a way to try again. Gradio takes no event any more once it has lost the server; only
 * loading the page again helps then.
 */
import { button, make, on, send } from "./dom.js";

const DRAFT = "briefing-draft"; // words that were not sent yet
const AGAIN = "briefing-again"; // the question to ask when the page is loaded again
const SLOW = 4_000; // milliseconds without a sign of the server: it gives one each second
const LONG = 20_000; // until it counts as away
const LOOK = 1_000;

/** @type {Component} */
let component;
let question = "";
let last = 0; // sign of the server, or of a question put
let away = false;

/** @returns {HTMLTextAreaElement | null} */
export const box = () => document.querySelector("#box textarea");

/** @param {string} text put into the box, as if it were typed */
export const type = (text) => {
  const area = box();
  if (!area) return;
  area.value = text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
};

/** @param {string} text */
export const ask = (text) => {
  type(text);
  setTimeout(() => document.getElementById("send")?.click()); // Gradio takes note of the words first
};

/** Return the question that was asked while the server was away, once. */
export const retried = () => {
  const again = sessionStorage.getItem(AGAIN) ?? "";
  sessionStorage.removeItem(AGAIN);
  if (again && sessionStorage.getItem(DRAFT) === again) sessionStorage.removeItem(DRAFT);
  return again;
};

const pending = make("div", { id: "pending" });
const told = make("div", { class: "told", role: "alert" });

/** @param {string} text */
const bubbles = (text) =>
  pending.replaceChildren(make("p", { class: "asked-now" }, text), make("p", { class: "doing", role: "status" }, "Searching…"));

/**
 * Show a question before the server has it. Runs as the question is sent, and hands on what is sent.
 * @param {string} text
 * @param {...unknown} more
 */
export const put = (text, ...more) => {
  question = text.trim();
  if (!question) return [text, ...more];
  last = Date.now();
  bubbles(question);
  const log = document.querySelector("#chat .bubble-wrap");
  log?.append(pending);
  log?.scrollTo({ top: log.scrollHeight });
  return [text, ...more];
};

/** The chat has changed: the server has the question, or its answer is there. */
const seen = () => {
  last = Date.now();
  pending.remove();
  if (!document.querySelector("#chat .doing")) question = "";
  if (!away) told.replaceChildren();
};

const reload = async () => {
  const words = box()?.value.trim() ?? "";
  if (question && (!words || words === question)) {
    sessionStorage.setItem(AGAIN, question);
    sessionStorage.removeItem(DRAFT);
  }
  location.reload();
};

/** @returns {Promise<boolean>} whether the server answers */
export const reached = () =>
  fetch(new URL("api/health", document.baseURI), { cache: "no-store", signal: AbortSignal.timeout(SLOW) }).then(
    (reply) => reply.ok,
    () => false,
  );

const retry = async () => {
  told.querySelector("button")?.setAttribute("disabled", "");
  if (await reached()) return reload();
  tell("The server still cannot be reached. Your words are kept here.");
};

/** @param {string} text */
const tell = (text) => told.replaceChildren(make("span", {}, text), button("Try again", { class: "plain" }, retry));

const lost = () => {
  away = true;
  pending.remove();
  if (question && box()?.value.trim() === "") type(question);
  if (question) sessionStorage.setItem(AGAIN, question); // whoever loads the page again, we or Gradio
  tell("The server cannot be reached. Your words are kept here.");
  send("away");
};

/** Load the page again once the server is back. */
const comeBack = async () => {
  if (Date.now() - last < SLOW) return;
  last = Date.now();
  if (await reached()) reload();
};

/** Look whether a question that is on its way is still heard of. */
const look = async () => {
  if (away) return comeBack();
  if (!question) return;
  const silent = Date.now() - last;
  if (silent < SLOW) return;
  if (!(await reached())) {
    if (Date.now() - last >= SLOW) lost();
  } else if (silent > LONG) tell("The server is there, but has not answered for a while.");
  else tell("The server is slow to answer…");
};

/** @param {MutationRecord[]} records */
const ours = (records) => records.every(({ target }) => pending.contains(target) || target === pending);

const keepDraft = () => {
  if (away) sessionStorage.removeItem(AGAIN); // it is being changed
  const words = box()?.value ?? "";
  if (words) sessionStorage.setItem(DRAFT, words);
  else sessionStorage.removeItem(DRAFT);
};

const restoreDraft = () => {
  const words = sessionStorage.getItem(DRAFT);
  if (words && box()?.value === "") type(words);
};

/** Gradio tells in a corner, above the buttons, that it has lost the server; we tell it where the question is. */
const watchGradio = () => {
  if (!away && document.querySelector(".toast-wrap .error")) lost();
};

/** @param {MutationRecord[]} records whether one changes what is said, and not only our own bubbles */
const changes = (records) =>
  !ours(records) &&
  records.some(
    ({ addedNodes, removedNodes, type: kind }) =>
      kind === "characterData" || [...addedNodes, ...removedNodes].some((node) => node !== pending && node.nodeType !== Node.COMMENT_NODE),
  );

/** @param {Component} given */
export const start = (given) => {
  component = given;
  component.element.replaceChildren(told);
  new MutationObserver((records) => {
    const log = document.querySelector("#chat .bubble-wrap");
    const inside = records.filter(({ target }) => log?.contains(target));
    if (inside.length && changes(inside)) seen();
    watchGradio();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  document.addEventListener("input", (event) => event.target === box() && keepDraft());
  on("new", () => {
    question = "";
    pending.remove();
    told.replaceChildren();
  });
  on("ask", ask);
  on("type", type);
  setInterval(look, LOOK);
  restoreDraft();
};
