// The sources of one turn, and the links in the chat that lead to them. `props.value` holds all turns.
const LINK = /^#(src|near|copy|link|up|down|searched|typed)-(\d+)(?:-(\w+))?$/;
const TITLES = { searched: "Change what is searched for", typed: "Search for the question as it was typed" };
const VOTES = "briefing-votes"; // of this conversation: number of a turn -> helpful or not

const marks = make("style"); // marks the chosen marker and the votes in the chat, which is not ours to draw
document.head.append(marks);
let shown = null; // number of the turn on display
let chosen = null; // address of the chosen marker
let votes = {};
try {
  votes = JSON.parse(localStorage.getItem(VOTES)) ?? {};
} catch {}

const turns = () => props.value ?? [];
const inChat = (links) => document.querySelectorAll(`#chat ${links}`); // it may arrive later than this script

const mark = () => {
  const voted = Object.entries(votes).map(([number, helpful]) => `#chat a[href="#${helpful ? "up" : "down"}-${Number(number)}"]`);
  const rules = [...(chosen ? [`#chat a[href="${chosen}"]`] : []), ...voted];
  marks.textContent = rules.map((rule) => `${rule} { background-color: var(--accent) !important; color: var(--on-accent) !important; }`).join("\n");
  name();
};

// The links in the chat that do something are buttons to those who cannot see them.
const name = () => {
  for (const link of inChat("a[href^='#']")) {
    const [, action, number] = link.getAttribute("href").match(LINK) ?? [];
    if (!action || action === "src" || action === "near") continue;
    const pressed = action === "up" ? votes[number] === true : action === "down" ? votes[number] === false : null;
    const wanted = { role: "button", title: TITLES[action] ?? link.textContent, "aria-pressed": pressed };
    for (const [key, value] of Object.entries(wanted))
      if (value !== null && link.getAttribute(key) !== String(value)) link.setAttribute(key, value);
  }
};

// Paragraphs as lines, without the line breaks and heading signs of the file.
const flow = (text) =>
  text.split(/\n\s*\n/).map((part) => part.replace(/\s+/g, " ").replace(/^#{1,6} /, "")).join("\n");

const quotation = ({ quote: [lead, answer, rest] }) =>
  lead || answer || rest
    ? make("mark", {}, flow(lead), answer.trim() ? make("strong", {}, flow(answer)) : flow(answer), flow(rest))
    : null;

const whereOf = (source) => ({ ...source, id: source.article_id, quote: words(source) });

const card = (source) =>
  make(
    "li",
    { class: "card", tabindex: "-1", "data-card": source.number, "aria-label": source.number && `Source ${source.number}` },
    make(
      "div",
      { class: "head" },
      source.number === null ? null : make("span", { class: "number" }, source.number),
      make("div", {}, make("h3", {}, source.title), make("p", { class: "about" }, source.about)),
    ),
    make("p", { class: "passage" }, flow(source.before), quotation(source), flow(source.after)),
    make(
      "p",
      { class: "actions" },
      button("Read in article →", { class: "read" }, (event) => send("read", { ...whereOf(source), opener: event.currentTarget })),
      button("Copy link", { class: "share" }, () => copy(pageAddress() + hashOf(whereOf(source)))),
      original(source.url),
    ),
  );

const back = () =>
  button("↑ Back to the answer", { class: "plain back" }, () => {
    const [link] = [...inChat(`a[href="${chosen ?? `#near-${shown}`}"]`), ...inChat(`a[href^="#copy-${shown}-"]`)];
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "center" });
  });

const draw = (turn) => {
  const about = turn?.kind === "about"; // a reply of the briefing's own: what it lists is on the subject, not near a question
  const near = turn && !answered(turn) && !about;
  const count = turn?.cards.length ?? 0;
  const heading = !count || answered(turn) ? "Sources" : about ? "Passages on this" : "Nearest passages";
  const hint = near
    ? "There is nothing near this question. Try other words, or look through the library."
    : "Press a marker in an answer to see the sentence in its article. Press “Read in article” to see all of it.";
  shown = turn?.number ?? null;
  chosen = null;
  mark();
  element.replaceChildren(
    make(
      "section",
      { class: near ? "sources near" : "sources", "aria-labelledby": "sources-title" },
      make(
        "div",
        { class: "title" },
        make("h2", { id: "sources-title", tabindex: "-1" }, heading),
        make("span", { class: "count" }, !count ? "" : near ? `${count} near` : counted(count, about ? "passage" : "source")),
      ),
      turn ? make("p", { class: "asked" }, turn.question) : null,
      near && count ? make("p", { class: "hint" }, "None of these answers the question. They come nearest to it.") : null,
      count ? make("ol", {}, ...turn.cards.map(card)) : make("p", { class: "hint" }, hint),
      count ? back() : null,
    ),
  );
  element.closest("#sources").scrollTop = 0;
};

const open = (turn, number) => {
  if (shown !== turn.number) draw(turn);
  const target = element.querySelector(`[data-card="${number}"]`) ?? element.querySelector("#sources-title");
  element.querySelector(".chosen")?.classList.remove("chosen");
  if (target.matches(".card")) {
    target.classList.add("chosen");
    chosen = `#src-${turn.number}-${number}`;
    mark();
  }
  target.focus({ preventScroll: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
};

const keepVotes = () => {
  localStorage.setItem(VOTES, JSON.stringify(votes));
  mark();
};

const vote = async (turn, helpful) => {
  const wanted = votes[turn.number] === helpful ? null : helpful; // pressed again, it is taken back
  const done = await server.vote({ turn, helpful: wanted }).catch(() => false);
  if (!done) return say("Your vote could not be kept");
  if (wanted === null) delete votes[turn.number];
  else votes[turn.number] = wanted;
  keepVotes();
  say(wanted === null ? "Vote taken back" : "Thank you: kept on this server only");
};

const follow = (event) => {
  const link = event.target.closest?.("#chat a[href^='#']");
  const [, action, number, which] = link?.getAttribute("href").match(LINK) ?? [];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  const turn = turns().find((each) => each.number === Number(number));
  if (!turn) return say("The sources of this answer are no longer kept");
  if (action === "copy") copy(asText(turn));
  else if (action === "link") copy(linkTo(turn));
  else if (action === "searched") reword(turn, link);
  else if (action === "typed") askAgain(turn, turn.question);
  else if (action === "up" || action === "down") vote(turn, action === "up");
  else open(turn, which);
};

document.addEventListener("click", follow, true);
document.addEventListener("keydown", (event) => {
  const link = event.key === " " && event.target.closest?.("#chat a[role='button']");
  if (!link) return;
  event.preventDefault();
  link.click();
});
new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
on("export", () => download(turns()));
on("cleared", () => {
  votes = {};
  keepVotes();
});
watch("value", () => draw(turns().at(-1)));
draw(turns().at(-1));
