/*
 * A whole article in a dialog, scrolled to the marked words. While it is open the page's address names the article
 * and the mark, so that it can be passed on.
 */
import { reached } from "./asking.js";
import { button, call, copy, dialogOf, hashOf, make, on, original, pageAddress, present } from "./dom.js";

/** @type {Component} */
let component;
/** @type {HTMLElement | null | undefined} */
let opener = null;
/** @type {Place} */
let shown = { id: "" };

const title = make("h2", { id: "reader-title" });
const about = make("p", { class: "about" });
const note = make("p", { class: "note", role: "note" });
const link = make("span");
const share = button("Copy link", { class: "plain" }, () => copy(pageAddress() + hashOf(shown)));
const text = make("div", { class: "text" });
const body = make("div", { class: "body", tabindex: "0", role: "group", "aria-labelledby": "reader-title" }, note, text);
const dialog = dialogOf("reader", [title, about], [link, share], body);

/** @returns {Place | null} */
const wanted = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  const id = parts.get("article");
  if (id === null) return null;
  const [start, end] = ["start", "end"].map((name) => Math.trunc(Number(parts.get(name))) || 0);
  return { id, start, end, check: parts.get("check") ?? "" };
};

/** @param {Part[]} parts */
const words = (parts) => parts.map((part) => (part.marked ? make("mark", {}, part.text) : part.text));

/** @param {Block} block @param {number} rank of its heading, 0 for a paragraph */
const drawn = ({ parts, page, cells, head }, rank) =>
  present([
    page ? make("p", { class: "page" }, `Page ${page}`) : null,
    cells.length
      ? make("tr", {}, ...cells.map((cell) => make(head ? "th" : "td", head ? { scope: "col" } : {}, ...words(cell))))
      : make(/** @type {"p"} */ (rank ? `h${rank}` : "p"), {}, ...words(parts)),
  ]);

/** Put neighbouring rows into one table. @param {HTMLElement[]} nodes */
const tabled = (nodes) => {
  /** @type {HTMLElement[]} */
  const kept = [];
  for (const node of nodes) {
    const last = kept.at(-1);
    if (node.tagName !== "TR") kept.push(node);
    else if (last?.tagName === "TABLE" && !node.querySelector("th")) last.append(node);
    else kept.push(make("table", {}, node));
  }
  return kept;
};

/**
 * Draw the blocks, with headings below the dialog's own, h2; files skip levels, which those who listen would miss.
 * @param {Block[]} blocks
 */
const flow = (blocks) => {
  let last = 2;
  return tabled(blocks.flatMap((block) => drawn(block, block.level && (last = Math.min(block.level + 2, last + 1, 6)))));
};

const PATIENCE = 2_000; // milliseconds until it is asked whether the server is there at all
const AWAY = "The article could not be loaded. Is the server still running?";

/** Fail once the server cannot be reached: a call to it then may neither return nor fail. @returns {Promise<never>} */
const lost = async () => {
  do await new Promise((done) => setTimeout(done, PATIENCE));
  while (await reached());
  throw new Error(AWAY);
};

/** @param {Place} place @returns {Promise<ArticleView>} */
const load = async ({ id, start: from = 0, end = 0, quote = "", check = "" }) => {
  try {
    return await Promise.race([call(component, "read_article", { id, start: from, end, quote, check }), lost()]);
  } catch {
    return { title: "", about: "", url: null, note: "", blocks: [], missing: AWAY };
  }
};

/** @param {Place} place @param {ArticleView} article */
const draw = (place, article) => {
  const { missing } = article;
  const away = missing === AWAY;
  title.textContent = away ? "Not loaded" : missing ? "No such article" : article.title;
  about.textContent = missing ? "" : (place.about ?? article.about);
  note.replaceChildren(missing ?? article.note, ...(away ? [" ", button("Try again", { class: "plain" }, () => show(place))] : []));
  link.replaceChildren(original(article.url) ?? "");
  share.hidden = Boolean(missing);
  text.replaceChildren(...flow(article.blocks ?? []));
};

/** @param {Place} place shown at once, and filled as the article arrives */
const show = async (place) => {
  shown = place;
  title.textContent = "Loading…";
  about.textContent = place.about ?? "";
  note.replaceChildren();
  text.replaceChildren();
  if (!dialog.open) dialog.showModal();
  const article = await load(place);
  if (shown !== place) return; // another was opened meanwhile
  draw(place, article);
  body.focus({ preventScroll: true });
  body.scrollTop = 0;
  body.querySelector("mark")?.scrollIntoView({ block: "center" });
};

const follow = () => {
  const place = wanted();
  if (place) show(place);
  else dialog.close();
};

dialog.addEventListener("close", () => {
  opener?.focus();
  opener = null;
  if (!wanted()) return;
  if (history.state?.reader) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
});

/** @param {Component} given */
export const start = (given) => {
  component = given;
  component.element.replaceChildren(dialog);
  addEventListener("popstate", follow);
  on("read", async (/** @type {Place} */ place) => {
    opener = place.opener;
    history.pushState({ reader: true }, "", hashOf(place));
    await show(place);
  });
  if (wanted()) follow();
};
