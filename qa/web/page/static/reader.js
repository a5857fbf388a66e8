// The reader: a whole article in a dialog, scrolled to the marked words. While it is open the page's
// address names the article and the mark, so that it can be passed on.
const title = make("h2", { id: "reader-title" });
const about = make("p", { class: "about" });
const note = make("p", { class: "note", role: "note" });
const link = make("span");
const share = button("Copy link", { class: "plain" }, () => copy(pageAddress() + hashOf(shown)));
const text = make("div", { class: "text" });
const body = make("div", { class: "body", tabindex: "0", role: "group", "aria-labelledby": "reader-title" }, note, text);
const dialog = dialogOf("reader", [title, about], [link, share], body);
element.replaceChildren(dialog);

let opener = null;
let shown = null;

const wanted = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has("article")) return null;
  const [start, end] = ["start", "end"].map((name) => Math.trunc(Number(parts.get(name))) || 0);
  return { id: parts.get("article"), start, end, check: parts.get("check") ?? "" };
};

const block = ({ rank, parts, page }) => [
  page ? make("p", { class: "page" }, `Page ${page}`) : null,
  make(
    rank ? `h${rank}` : "p",
    {},
    ...parts.map((part) => (part.marked ? make("mark", {}, part.text) : part.text)),
  ),
];

// Headings below the dialog's own, h2; files skip levels, which those who listen to a page would miss.
const ranked = (blocks) => {
  let last = 2;
  return blocks.map((each) => ({ ...each, rank: each.level && (last = Math.min(each.level + 2, last + 1, 6)) }));
};

const load = async ({ id, start = 0, end = 0, quote = "", check = "" }) => {
  try {
    return await server.read_article({ id, start, end, quote, check });
  } catch {
    return { missing: "The article could not be loaded. Is the server still running?" };
  }
};

const show = async (where) => {
  const article = await load(where);
  shown = where;
  title.textContent = article.missing ? "No such article" : article.title;
  about.textContent = article.missing ? "" : (where.about ?? article.about);
  note.textContent = article.missing ?? article.note;
  link.replaceChildren(original(article.url) ?? "");
  share.hidden = Boolean(article.missing);
  text.replaceChildren(...ranked(article.blocks ?? []).flatMap(block).filter(Boolean));
  if (!dialog.open) dialog.showModal();
  body.focus({ preventScroll: true });
  body.scrollTop = 0;
  body.querySelector("mark")?.scrollIntoView({ block: "center" });
};

const follow = () => {
  const where = wanted();
  if (where) show(where);
  else dialog.close();
};

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
  history.pushState({ reader: true }, "", hashOf(where));
});
if (wanted()) follow();
