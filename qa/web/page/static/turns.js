// A turn as text: to copy, to export, to link to.
const words = (source) => source.quote.join("");

const origin = (source) => [source.title, source.about].filter(Boolean).join(", ");

const answered = (turn) => turn.kind === "answered";

const flat = (text) => text.replace(/\s+/g, " ").trim();

const short = (turn) => flat(turn.cards[0].quote[1]);

const asText = (turn) => {
  const searched = turn.searched_for ? [`Searched for: ${flat(turn.searched_for)}`] : [];
  if (!answered(turn)) return [turn.text, ...searched].join("\n");
  const first = short(turn) ? [short(turn), ""] : [];
  const sources = turn.cards.map((source) => {
    const where = pageAddress() + hashOf({ ...source, id: source.article_id });
    return `[${source.number}] “${flat(words(source))}”\n    ${origin(source)}\n    ${where}`;
  });
  return [...first, ...sources, ...searched].join("\n");
};

// Who opens the link has not heard what was said before: it asks what was searched for.
const linkTo = (turn) => `${pageAddress()}?${new URLSearchParams([["q", turn.searched_for || turn.question], ...turn.link])}`;

const escaped = (text) => flat(text).replace(/[\\`*_[\]<>#$|~!&]/g, "\\$&");

// A line of a reply; what lists articles stays a list.
const line = (text) => (text.startsWith("- ") ? `- ${escaped(text.slice(2))}` : escaped(text));

const asMarkdown = (turn) => {
  const quoted = turn.overview ? turn.cards : turn.cards.slice(0, 1);
  const label = answered(turn) || !turn.cards.length ? "" : turn.kind === "about" ? "Passages on this:" : "Nearest passages:";
  const sources = turn.cards.map((source) => {
    const quote = words(source) ? `: “${escaped(words(source))}”` : "";
    const link = original(source.url) ? ` (<${encodeURI(source.url)}>)` : "";
    return `- ${source.number === null ? "" : `[${source.number}] `}${escaped(origin(source))}${quote}${link}`;
  });
  const parts = [
    `## ${escaped(turn.question)}`,
    turn.only ? `*Only ${escaped(turn.only)}*` : "",
    turn.searched_for ? `*Searched for: ${escaped(turn.searched_for)}*` : "",
    answered(turn) ? (short(turn) ? `**${escaped(short(turn))}**` : "") : turn.text.split("\n").map(line).join("\n"),
    answered(turn) ? quoted.map((source) => `> ${escaped(words(source))} [${source.number}]`).join("\n>\n") : "",
    label,
    sources.join("\n"),
  ];
  return parts.filter(Boolean).join("\n\n");
};

const download = (turns) => {
  if (!turns.length) return say("There is no conversation to export yet");
  const text = [`# ${escaped(document.title)}`, ...turns.map(asMarkdown)].join("\n\n") + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  make("a", { href: url, download: "conversation.md" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
