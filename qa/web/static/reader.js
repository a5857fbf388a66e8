// The reader: a whole article in a dialog, scrolled to the marked words. While it is open the page's
// address names the article and the mark, so that it can be passed on.
const title = make("h2", { id: "reader-title" });
const about = make("p", { class: "about" });
const note = make("p", { class: "note", role: "note" });
const link = make("span");
const text = make("div", { class: "text" });
const body = make("div", { class: "body", tabindex: "0", role: "group", "aria-labelledby": "reader-title" }, note, text);
const close = make("button", { type: "button", class: "close", "aria-label": "Close the article" }, "✕");
const bar = make("div", { class: "bar" }, make("div", {}, title, about), link, close);
const dialog = make("dialog", { class: "reader", "aria-labelledby": "reader-title" }, bar, body);
element.replaceChildren(dialog);

let opener = null;

const address = ({ id, start, end }) => {
  const parts = new URLSearchParams({ article: id });
  if (end > start) for (const [name, value] of Object.entries({ start, end })) parts.set(name, value);
  return `#${parts}`;
};

const wanted = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has("article")) return null;
  return { id: parts.get("article"), start: Number(parts.get("start")) || 0, end: Number(parts.get("end")) || 0 };
};

const block = ({ level, parts }) =>
  make(
    level ? `h${Math.min(level + 2, 6)}` : "p",
    {},
    ...parts.map((part) => (part.marked ? make("mark", {}, part.text) : part.text)),
  );

const load = async ({ id, start = 0, end = 0, quote = "" }) => {
  try {
    return await server.read_article({ id, start, end, quote });
  } catch {
    return { missing: "The article could not be loaded. Is the server still running?" };
  }
};

const show = async (where) => {
  const article = await load(where);
  title.textContent = article.missing ? "No such article" : article.title;
  about.textContent = article.about ?? "";
  note.textContent = article.missing ?? article.note;
  link.replaceChildren(original(article.url) ?? "");
  text.replaceChildren(...(article.blocks ?? []).map(block));
  if (!dialog.open) dialog.showModal();
  body.scrollTop = 0;
  body.querySelector("mark")?.scrollIntoView({ block: "center" });
};

const follow = () => {
  const where = wanted();
  if (where) show(where);
  else dialog.close();
};

close.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => {
  opener?.focus();
  opener = null;
  if (!wanted()) return;
  if (history.state?.reader) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
});
addEventListener("popstate", follow);
on("read", async (where) => {
  opener = where.opener;
  await show(where);
  history.pushState({ reader: true }, "", address(where));
});
if (wanted()) follow();
