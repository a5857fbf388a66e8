/* Elements, dialogs and messages between the modules. Text becomes text nodes, here and everywhere: never markup. */

/**
 * Make an element; attributes that begin with `on` listen, those that are null, undefined or false are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...present(children).map((child) => (child instanceof Node ? child : String(child))));
  return node;
};

/**
 * Leave out what is not there.
 * @template T
 * @param {(T | null | undefined | "")[]} values
 * @returns {T[]}
 */
export const present = (values) => /** @type {T[]} */ (values.filter((value) => value !== null && value !== undefined && value !== ""));

/**
 * @param {string} label
 * @param {Record<string, any>} attributes
 * @param {(event: MouseEvent) => unknown} act
 */
export const button = (label, attributes, act) => make("button", { type: "button", onclick: act, ...attributes }, label);

/** @param {string} name @param {unknown} [detail] */
export const send = (name, detail) => document.dispatchEvent(new CustomEvent(`briefing:${name}`, { detail }));

/** @param {string} name @param {(detail: any) => unknown} act */
export const on = (name, act) =>
  document.addEventListener(`briefing:${name}`, (event) => act(/** @type {CustomEvent} */ (event).detail));

/**
 * Call a function of a component on the server. Where there is no server, a call may end without a reply.
 * @param {Component} component
 * @param {string} name
 * @param {unknown} [wanted]
 * @returns {Promise<any>}
 */
export const call = async (component, name, wanted = null) => {
  const reply = await component.server[name](wanted);
  if (reply === undefined || reply === null) throw new Error("the server did not reply");
  return reply;
};

/** @param {number} count @param {string} one */
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/**
 * Make a modal dialog: Esc, its button or a press beside it closes it.
 * @param {string} kind
 * @param {HTMLElement[]} heading
 * @param {HTMLElement[]} tools
 * @param {...HTMLElement} content
 */
export const dialogOf = (kind, heading, tools, ...content) => {
  const close = button("✕", { class: "close", "aria-label": "Close" }, () => dialog.close());
  const bar = make("div", { class: "bar" }, make("div", {}, ...heading), ...tools, close);
  const dialog = make("dialog", { class: `sheet ${kind}`, "aria-labelledby": heading[0].id }, bar, ...content);
  /** @type {EventTarget | null} */
  let pressed = null;
  dialog.addEventListener("pointerdown", (event) => (pressed = event.target));
  dialog.addEventListener("click", (event) => event.target === dialog && pressed === dialog && dialog.close());
  return dialog;
};

/** @param {HTMLDialogElement} dialog @param {Element | null} [opener] what gets the focus back */
export const openModal = (dialog, opener = document.activeElement) => {
  dialog.showModal();
  dialog.addEventListener("close", () => opener instanceof HTMLElement && opener.focus(), { once: true });
};

/**
 * Link to the original, whose address comes from a file: only http and https get a link.
 * @param {string | null | undefined} url
 */
export const original = (url) =>
  url && /^https?:\/\//i.test(url)
    ? make("a", { class: "original", href: url, target: "_blank", rel: "noopener noreferrer" }, "Original ↗")
    : null;

const status = make("div", { id: "said", role: "status" });
let hiding = 0;

/**
 * Tell something for a moment, above whatever dialog is open: what a modal covers is not heard.
 * @param {string} text
 * @param {string} [label] of a button beside it
 * @param {() => void} [act]
 */
export const say = (text, label, act = () => {}) => {
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (status.parentNode !== top) top.append(status);
  const hide = () => status.classList.remove("shown");
  const more = label ? button(label, { class: "plain" }, () => (hide(), act())) : null;
  status.replaceChildren(...present([make("span", {}, text), more]));
  status.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(hide, label ? 10_000 : 2_500);
};

/** @param {string} text */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { "aria-hidden": "true", class: "offscreen" }); // without https there is no clipboard
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say("Copied");
};

/**
 * Return the part of the page's address that names an article and what is marked in it.
 * @param {Place} place
 */
export const hashOf = ({ id, start = 0, end = 0, check }) => {
  const parts = new URLSearchParams({ article: id });
  if (end > start) for (const [name, value] of Object.entries({ start, end })) parts.set(name, String(value));
  if (end > start && check) parts.set("check", check);
  return `#${parts}`;
};

export const pageAddress = () => location.origin + location.pathname;
