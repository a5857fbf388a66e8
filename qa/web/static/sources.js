// The sources of one turn, and the links in the chat that lead to them. `props.value` holds all turns.
const LINK = /^#(src|near|copy|link)-(\d+)(?:-(\w+))?$/;

const chosen = make("style"); // marks the chosen marker in the chat, which is not ours to draw
document.head.append(chosen);
let shown = null; // number of the turn on display

const turns = () => props.value ?? [];
const choose = (link) => (chosen.textContent = link ? `#chat a[href="${link}"] { ${CHOSEN} }` : "");
const CHOSEN = "background: var(--accent); color: var(--on-accent)";

// Paragraphs as lines, without the line breaks and heading signs of the file.
const flow = (text) =>
  text.split(/\n\s*\n/).map((part) => part.replace(/\s+/g, " ").replace(/^#{1,6} /, "")).join("\n");

const card = (source) =>
  make(
    "li",
    { class: "card", tabindex: "-1", "data-card": source.number },
    make(
      "div",
      { class: "head" },
      source.number === null ? null : make("span", { class: "number" }, source.number),
      make("div", {}, make("h3", {}, source.title), make("p", { class: "about" }, source.about)),
    ),
    make(
      "p",
      { class: "passage" },
      flow(source.before),
      source.marked ? make("mark", {}, flow(source.marked)) : null,
      flow(source.after),
    ),
    make(
      "p",
      { class: "actions" },
      make("button", { type: "button", class: "read", onclick: (event) => read(source, event.currentTarget) }, "Read in article →"),
      original(source.url),
    ),
  );

const read = ({ article_id: id, start, end, marked }, opener) => send("read", { id, start, end, quote: marked, opener });

const draw = (turn) => {
  const near = turn && turn.kind !== "answered";
  const count = turn?.cards.length ?? 0;
  const heading = near && count ? "Nearest passages" : "Sources";
  const hint = turn ? "There is nothing near this question." : "Press a marker in an answer to see the sentence in its article.";
  shown = turn?.number ?? null;
  choose(null);
  element.replaceChildren(
    make(
      "section",
      { class: "sources", "aria-labelledby": "sources-title" },
      make(
        "div",
        { class: "title" },
        make("h2", { id: "sources-title", tabindex: "-1" }, heading),
        make("span", { class: "count" }, count ? `${count} ${near ? "near" : count === 1 ? "source" : "sources"}` : ""),
      ),
      turn ? make("p", { class: "asked" }, turn.question) : null,
      count ? make("ol", {}, ...turn.cards.map(card)) : make("p", { class: "hint" }, hint),
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
    choose(`#src-${turn.number}-${number}`);
  }
  target.focus({ preventScroll: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
};

const origin = (source) => [source.title, source.about].filter(Boolean).join(", ");

const asText = (turn) => {
  if (turn.kind !== "answered") return turn.text;
  return [turn.text, "", ...turn.cards.map((source) => `[${source.number}] ${origin(source)}`)].join("\n");
};

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { "aria-hidden": "true", class: "offscreen" }); // without https there is no clipboard
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say("Copied");
};

const linkTo = (turn) => `${location.origin}${location.pathname}?${new URLSearchParams({ q: turn.question })}`;

const escaped = (text) => text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#$|~!&]/g, "\\$&");

const asMarkdown = (turn) => {
  const answer = turn.kind === "answered" ? `> ${escaped(turn.text)}` : escaped(turn.text);
  const label = turn.kind === "answered" || !turn.cards.length ? "" : "Nearest passages:\n\n";
  const sources = turn.cards.map((source) => {
    const quote = source.marked ? `: “${escaped(source.marked)}”` : "";
    return `- ${source.number === null ? "" : `[${source.number}] `}${escaped(origin(source))}${quote}`;
  });
  return `## ${escaped(turn.question)}\n\n${answer}\n\n${label}${sources.join("\n")}`.trimEnd();
};

const download = () => {
  if (!turns().length) return say("There is no conversation to export yet");
  const text = [`# ${escaped(document.title)}`, ...turns().map(asMarkdown)].join("\n\n") + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  make("a", { href: url, download: "conversation.md" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
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
  else open(turn, which);
};

document.addEventListener("click", follow, true);
on("export", download);
watch("value", () => draw(turns().at(-1)));
draw(turns().at(-1));
