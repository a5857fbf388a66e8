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

const send = (name, detail) => document.dispatchEvent(new CustomEvent(`briefing:${name}`, { detail }));
const on = (name, act) => document.addEventListener(`briefing:${name}`, (event) => act(event.detail));

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
  status.textContent = text;
  status.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => status.classList.remove("shown"), 2500);
};
