// A turn as text: to copy, to export, to link to.
const words = (source) => source.quote.join("");

const origin = (source) => [source.title, source.about].filter(Boolean).join(", ");

const answered = (turn) => turn.kind === "answered";

const flat = (text) => text.replace(/\s+/g, " ").trim();

const short = (turn) => flat(turn.cards[0].quote[1]);

const asText = (turn) => {
  if (!answered(turn)) return turn.text;
  const first = short(turn) ? [short(turn), ""] : [];
  const sources = turn.cards.map((source) => {
    const where = pageAddress() + hashOf({ ...source, id: source.article_id });
    return `[${source.number}] “${flat(words(source))}”\n    ${origin(source)}\n    ${where}`;
  });
  return [...first, ...sources].join("\n");
};

const linkTo = (turn) => `${pageAddress()}?${new URLSearchParams([["q", turn.question], ...turn.link])}`;

const escaped = (text) => flat(text).replace(/[\\`*_[\]<>#$|~!&]/g, "\\$&");

const asMarkdown = (turn) => {
  const label = answered(turn) || !turn.cards.length ? "" : "Nearest passages:";
  const sources = turn.cards.map((source) => {
    const quote = words(source) ? `: “${escaped(words(source))}”` : "";
    const link = original(source.url) ? ` (<${encodeURI(source.url)}>)` : "";
    return `- ${source.number === null ? "" : `[${source.number}] `}${escaped(origin(source))}${quote}${link}`;
  });
  const parts = [
    `## ${escaped(turn.question)}`,
    turn.only ? `*Only ${escaped(turn.only)}*` : "",
    turn.searched_for ? `*Searched for: ${escaped(turn.searched_for)}*` : "",
    answered(turn) ? (short(turn) ? `**${escaped(short(turn))}**` : "") : escaped(turn.text),
    answered(turn) ? `> ${escaped(words(turn.cards[0]))} [1]` : "",
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
