/*
 * Conversations, kept in this browser alone: one item of its storage each, so that two tabs do not overwrite each other.
 * A tab has one of them; where another tab went on with the same one meanwhile, this tab goes on with a copy.
 */
import { button, counted, dialogOf, make, on, openModal, say, send } from "./dom.js";

const TAB = "briefing-conversation"; // of this tab, so that a reload shows the same one
const NAME_CHARS = 80;

/** @type {Component} */
let component;
let prefix = "";
let id = "";
/** What this tab last saw of its conversation. @type {string | null} */
let seen = null;

/** @param {string} which @returns {Conversation | null} */
const read = (which) => {
  try {
    const kept = JSON.parse(localStorage.getItem(prefix + which) ?? "null");
    return kept && Array.isArray(kept.turns) && kept.turns.length ? { name: "", votes: {}, updated: "", ...kept, id: which } : null;
  } catch {
    return null;
  }
};

/** @param {Conversation} conversation */
const write = (conversation) => {
  try {
    localStorage.setItem(prefix + conversation.id, JSON.stringify(conversation));
  } catch {
    say("This browser's storage is full: delete old conversations, or this one is not kept");
  }
};

/** @returns {Conversation[]} the newest first */
export const all = () =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(prefix))
    .map((key) => read(key.slice(prefix.length)))
    .filter((kept) => kept !== null)
    .sort((one, other) => other.updated.localeCompare(one.updated));

const fresh = () => `${Date.now().toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

/** @param {string} which */
const enter = (which) => {
  id = which;
  seen = read(which)?.updated ?? null;
  sessionStorage.setItem(TAB, which);
};

/**
 * Return the turns of this tab's conversation, as the page loads.
 * @param {string} key of this briefing's conversations
 * @returns {Turn[]}
 */
export const restore = (key) => {
  prefix = `${key}:`;
  enter(sessionStorage.getItem(TAB) ?? fresh());
  return read(id)?.turns ?? [];
};

export const votes = () => read(id)?.votes ?? {};

/** @param {Record<string, boolean>} given */
export const keepVotes = (given) => {
  const kept = read(id);
  if (kept) write({ ...kept, votes: given });
};

/** @param {Turn[]} turns of this tab's conversation, as they are now */
export const keep = (turns) => {
  if (!prefix || !turns.length) return;
  const kept = read(id);
  if (kept && JSON.stringify(kept.turns) === JSON.stringify(turns)) return;
  if (kept && kept.updated !== seen) enter(fresh());
  seen = new Date().toISOString();
  const ours = read(id);
  write({ id, name: ours?.name || turns[0].question.slice(0, NAME_CHARS), votes: ours?.votes ?? {}, updated: seen, turns });
};

/** Begin a conversation; the one before stays in the list. */
export const begin = () => enter(fresh());

/** @param {string} which */
const open = (which) => {
  enter(which);
  dialog.close();
  component.trigger("select", { turns: read(which)?.turns ?? [] });
};

/** @param {Conversation} conversation */
const remove = (conversation) => {
  localStorage.removeItem(prefix + conversation.id);
  draw();
  if (conversation.id === id) send("new");
  title.focus();
  say(`Deleted “${conversation.name}”`, "Undo", () => {
    write(conversation);
    draw();
  });
};

/** @param {Conversation} conversation @param {HTMLElement} line */
const rename = (conversation, line) => {
  const input = make("input", { type: "text", "aria-label": "Name of the conversation", maxlength: NAME_CHARS, required: true });
  input.value = conversation.name;
  const form = make("form", { class: "renaming" }, input, make("button", { type: "submit", class: "plain" }, "Save"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const kept = read(conversation.id);
    if (kept) write({ ...kept, name: input.value.trim() || kept.name });
    draw();
    title.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // the dialog stays
    draw();
    title.focus();
  });
  line.replaceChildren(form);
  input.select();
};

/** @param {string} moment */
const day = (moment) => new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {Conversation} conversation */
const entry = (conversation) => {
  const { name, turns, updated } = conversation;
  const facts = `${counted(turns.length, "question")} · ${day(updated)}${conversation.id === id ? " · shown now" : ""}`;
  const shown = button("", { class: "entry" }, () => open(conversation.id));
  shown.append(make("span", { class: "title" }, name), make("span", { class: "about" }, facts));
  const line = make("li", {}, shown);
  line.append(
    button("Rename", { class: "plain", "aria-label": `Rename ${name}` }, () => rename(conversation, line)),
    button("Delete", { class: "plain", "aria-label": `Delete ${name}` }, () => remove(conversation)),
  );
  return line;
};

const title = make("h2", { id: "conversations-title", tabindex: "-1" }, "Conversations");
const list = make("ul", { class: "articles" });
const hint = make("p", { class: "count" });
const begun = button("New conversation", { class: "primary" }, () => {
  dialog.close();
  send("new");
});
const body = make("div", { class: "body" }, make("p", { class: "row" }, begun), hint, list);
const dialog = dialogOf("conversations", [title], [], body);

const draw = () => {
  const kept = all();
  hint.textContent = kept.length ? "They are kept in this browser only." : "There is none yet: ask a question.";
  list.replaceChildren(...kept.map(entry));
};

/** @param {Component} given */
export const start = (given) => {
  component = given;
  component.element.replaceChildren(dialog);
  on("conversations", () => {
    draw();
    openModal(dialog);
  });
  addEventListener("storage", draw); // another tab
};
