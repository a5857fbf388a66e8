// Shared by the scripts of the components. Text becomes text nodes, here and everywhere: never markup.
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};

const button = (label, attributes, act) => make("button", { type: "button", onclick: act, ...attributes }, label);

const send = (name, detail) => document.dispatchEvent(new CustomEvent(`briefing:${name}`, { detail }));
const on = (name, act) => document.addEventListener(`briefing:${name}`, (event) => act(event.detail));

const counted = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

// A modal dialog: Esc, its button or a press beside it closes it.
const dialogOf = (kind, heading, tools, ...content) => {
  const close = button("✕", { class: "close", "aria-label": "Close" }, () => dialog.close());
  const bar = make("div", { class: "bar" }, make("div", {}, ...heading), ...tools, close);
  const dialog = make("dialog", { class: `sheet ${kind}`, "aria-labelledby": heading[0].id }, bar, ...content);
  let pressed = null;
  dialog.addEventListener("pointerdown", (event) => (pressed = event.target));
  dialog.addEventListener("click", (event) => event.target === dialog && pressed === dialog && dialog.close());
  return dialog;
};

const openModal = (dialog, opener = document.activeElement) => {
  dialog.showModal();
  dialog.addEventListener("close", () => opener?.focus(), { once: true });
};

// The original's address comes from a file: only http and https get a link.
const original = (url) =>
  /^https?:\/\//i.test(url ?? "")
    ? make("a", { class: "original", href: url, target: "_blank", rel: "noopener noreferrer" }, "Original ↗")
    : null;

const say = (text) => {
  let status = document.getElementById("said");
  if (!status) {
    status = make("div", { id: "said", role: "status" });
    document.body.append(status);
  }
  const top = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body; // what a modal covers is not heard
  if (status.parentNode !== top) top.append(status);
  status.textContent = text;
  status.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => status.classList.remove("shown"), 2500);
};

const copy = async (text) => {
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

// The part of the page's address that names an article and what is marked in it.
const hashOf = ({ id, start, end, check }) => {
  const parts = new URLSearchParams({ article: id });
  if (end > start) for (const [name, value] of Object.entries({ start, end })) parts.set(name, value);
  if (end > start && check) parts.set("check", check);
  return `#${parts}`;
};

const pageAddress = () => location.origin + location.pathname;
