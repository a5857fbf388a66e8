"""Fragments that lean on the previous question: "why?", "and in 2015?", "who else?", "the second one"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from qa.asking.mentions import NAME, Mention, mentions_in
from qa.asking.turns import Turn
from qa.text.quantities import CALENDAR_WORDS, MONTHS, YEAR
from qa.text.question import kind_of
from qa.text.terms import terms

Best = Callable[[str, str], Mention | None]

AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)(?:n[’']t)?"
AND = re.compile(r"^(?:and|but|so|ok(?:ay)?|then|also|well)\b[\s,]*", re.I)
MORE = re.compile(
    r"^(?:please )?(?:(?:can|could|would) you )?(?:please )?"
    r"(?:tell me (?:some )?more|(?:give me )?(?:more|further) (?:details?|information)|more|go on|"
    r"continue|elaborate|say more|what more|"
    r"(?:what|anything|something) else(?: (?:is|do you know|can you (?:tell|say)(?: me)?|is (?:there|known)))?)"
    r"(?: about (?:it|this|that|them|him|her))?(?: please)?\W*$",
    re.I,
)
# A question word, with what it may take along, and nothing after it.
BARE = re.compile(
    r"^(?P<asks>(?:(?:by|for|from|to|with|in|at|on|since|until) )?"
    r"(?:why(?: not| so)?|how(?: so| come)?|how (?:much|many|long|often|far|big|large|fast|old|soon|high)|"
    r"who(?:m)?(?: else)?|where(?: else)?|when(?: else)?|"
    r"(?:which|what)(?: (?:one|ones|year|day|month|date|country|city|bank|company)s?)?))"
    r"(?: exactly| then| there)?\W*$",
    re.I,
)
ABOUT = re.compile(r"^(?:what|how) about (?P<rest>.+?)\W*$", re.I)
OTHERS = re.compile(
    r"^(?:any(?:one|body|thing|where)? (?:else|others?)|"
    r"(?:are|were|is|was) there (?:any )?(?:others?|more)|others?)\W*$",
    re.I,
)
ORDINAL = re.compile(
    r"\b(?:the )?(?P<nth>first|second|third|fourth|fifth|last|former|latter)"
    r"(?: one| of (?:them|these|those))?(?=\W*$|\s+one\b)",
    re.I,
)
NTH = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "latter": -1}
DATE = re.compile(
    r"\b(?:(?:in|on|by|since|until|before|after|during) )?"
    rf"(?:(?:\d{{1,2}} )?(?:{MONTHS}) )?"
    rf"(?:the )?{YEAR}\b",
    re.I,
)
VERB = re.compile(rf"\b(?:{AUXILIARY}|[a-z]+(?:ed|es))\b", re.I)
ASKS_OF_IT = re.compile(
    r"(?:who|what|where|when|why|how|which)\b.*\b(?:it|its|he|she|they|them|his|her|him|their|there)\b", re.I
)
NOW = re.compile(
    r"^(?:and |what about |how about )*(?:right )?(?:now|today|currently|at the moment|these days)\W*$", re.I
)
LATER = re.compile(
    r"^what (?:came|happened|followed|has happened|was said)(?: to (?:it|him|her|them|this|that))? ?"
    r"(?:later|next|then|after(?:wards)?(?: that)?|since(?: then)?)(?: on)?\W*$",
    re.I,
)
EARLIER = re.compile(
    r"^what (?:came|happened|was (?:said|the case)|was it) (?:before|earlier|first|previously)"
    r"(?: (?:that|then|this))?\W*$",
    re.I,
)
THING = re.compile(r"^(?:the|an?)\s+[a-z]", re.I)
GOES_WITH = re.compile(r"(?:\s+(?:from|to|of|in|between|and|at|across|near|with) (?:the )?[A-Z][\w’'-]*)+")
MAX_FRAGMENT = 8  # words: longer ones are questions of their own


def completed(question: str, turns: Sequence[Turn], best: Best) -> str | None:
    """Return a fragment made into a question; None where the question is no fragment."""
    text = AND.sub("", question.strip())
    joined = text != question.strip()
    if not text or len(text.split()) > MAX_FRAGMENT:
        return None
    if MORE.match(text) or OTHERS.match(text):
        topic = best("topic", question)
        previous = turns[-1].question
        return _else(previous, topic) if OTHERS.match(text) else _tell(topic, previous)
    if NOW.match(text):
        return f"{DATE.sub('', turns[-1].question).rstrip(' ?')} now?"
    if (LATER.match(text) or EARLIER.match(text)) and (thing := _topic(turns[-1].question, question, best)):
        return f"What is the latest on {thing}?" if LATER.match(text) else f"Timeline of {thing}"
    if bare := BARE.match(text):
        return _asked_of(bare["asks"], turns[-1].question)
    if ordinal := _ordinal(text, turns[-1]):
        return ordinal
    about = ABOUT.match(text)
    rest = about["rest"] if about else text.rstrip(" ?!.") if joined and not VERB.search(text) else None
    if rest is None or re.match(r"(?:it|that|this|them|him|her|he|she|they)\b", rest, re.I) or ASKS_OF_IT.match(rest):
        return None
    return _of_another(rest, turns) or _exchanged(rest, turns[-1].question)


def _of_another(rest: str, turns: Sequence[Turn]) -> str | None:
    """Return the previous question asked of another thing: "the helicopter", of which nothing was said yet."""
    heard = set(terms(" ".join(f"{turn.question} {turn.answer} {' '.join(turn.titles)}" for turn in turns)))
    previous = turns[-1].question
    if not THING.match(rest) or heard & set(terms(rest)):
        return None
    if kind_of(f"what is {rest}"):  # "the cost": of the same thing
        return _with(previous, rest)
    thing = _thing(previous)
    return previous[: thing[0]] + rest + previous[thing[1] :] if thing else None


def since_change(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the turns from the last one on that turned to another thing: "And what about the helicopter?"."""
    for start in range(len(turns) - 1, 0, -1):
        about = ABOUT.match(AND.sub("", turns[start].typed))
        if about and _of_another(about["rest"], turns[:start]):
            return turns[start:]
    return turns


def _topic(previous: str, question: str, best: Best) -> str | None:
    thing = _thing(previous)
    if thing:
        return previous[thing[0] : thing[1]]
    topic = best("topic", question)
    return topic.shown if topic else None


def _thing(question: str) -> tuple[int, int] | None:
    """Return where a question names what it is about, with the places that go with it."""
    things = [m for m in mentions_in(question, 0, "question") if m.kind in ("phrase", "name")]
    thing = next((m for m in things if m.kind == "phrase"), things[0] if things else None)
    found = thing and re.search(rf"(?:\b(?:the|an?) )?{re.escape(thing.text)}", question, re.I)
    if not found:
        return None
    along = GOES_WITH.match(question, found.end())
    return found.start(), along.end() if along else found.end()


def _tell(topic: Mention | None, previous: str) -> str:
    return f"Tell me more about {topic.text}" if topic else previous


def _else(previous: str, topic: Mention | None) -> str:
    """Return the previous question, asked for what it has not named yet."""
    asks = re.match(r"\s*(?:who|what|where|which \w+)\b", previous, re.I)
    if asks:
        return f"{asks[0]} else{previous[asks.end() :]}" if not previous[asks.end() :].startswith(" else") else previous
    return _with(previous, topic.text) if topic else previous


def _tail(previous: str) -> str:
    """Return what a question says after its question words: "did China lend" of "how much did China lend"."""
    previous = previous.strip().rstrip(" ?!.")
    start = re.search(rf"\b{AUXILIARY}\b", previous, re.I)
    if start and start.start() < 60:
        return previous[start.start() :]
    asks = re.match(r"(?:who|what|which \w+)\s+", previous, re.I)
    return previous[asks.end() :] if asks else previous


def _asked_of(asks: str, previous: str) -> str:
    tail = _tail(previous)
    return f"{asks[:1].upper()}{asks[1:]} {tail[:1].lower()}{tail[1:]}?"


def _ordinal(text: str, last: Turn) -> str | None:
    """Return the question about one item of the list that the last answer gave."""
    match = ORDINAL.search(text)
    if match is None:
        return None
    items = listed(last.answer)
    index = NTH[match["nth"].lower()]
    if len(items) < 2 or index >= len(items):
        return None
    item = items[index]
    rest = text[: match.start()] + item + text[match.end() :].removeprefix(" one")
    whole = not text[: match.start()].strip() or bool(
        re.fullmatch(r"(?:what|how) about\s*", text[: match.start()], re.I)
    )
    return _with(last.question, item) if whole else rest


def listed(answer: str) -> list[str]:
    """Return the items of the first list of names in an answer: "A, B and C"."""
    names = [m for m in mentions_in(answer) if m.kind == "name"]
    positions, at = [], 0
    for name in names:
        start = answer.find(name.text, at)
        if start >= 0:
            positions.append((start, start + len(name.text), name.text))
            at = start + len(name.text)
    best: list[str] = []
    run: list[tuple[int, int, str]] = []
    for position in positions:
        between = answer[run[-1][1] : position[0]] if run else ""
        if run and not re.fullmatch(r"\s*(?:\([^)]*\))?\s*(?:,|;|and|or|, and|& )\s*(?:and |the |also )*\s*", between):
            run = []
        run.append(position)
        if len(run) > len(best):
            best = [text for _, _, text in run]
    return best


def _exchanged(rest: str, previous: str) -> str:
    """Return the previous question with its date, or its likest name, replaced by what the fragment brings."""
    date = DATE.search(rest)
    if date and date[0].strip().lower() == rest.strip().lower():
        if DATE.search(previous):
            return DATE.sub(lambda _: rest, previous, count=1)
        return f"{previous.rstrip(' ?')} {rest}?"
    new = [m for m in mentions_in(rest, 0, "question") if m.kind in ("name", "phrase")]
    old = [m for m in mentions_in(previous, 0, "question") if m.kind == "name" and not set(m.words) <= CALENDAR_WORDS]
    preposition = re.match(r"(?:in|at|from|to|for|with|by|of|on)\s+", rest, re.I)
    if preposition:
        same = [
            m for m in old if re.search(rf"\b{preposition[0].strip()} (?:the )?{re.escape(m.text)}", previous, re.I)
        ]
        if same:
            return previous.replace(same[0].text, rest[preposition.end() :], 1)
        return f"{previous.rstrip(' ?')} {rest}?"
    if not re.fullmatch(rf"(?:the )?{NAME.pattern}", rest, re.I if rest.islower() else 0):
        opening = re.match(r"(?:who|what|where|when|how \w+|which \w+)\s+(?:is|are|was|were)\b", previous, re.I)
        return f"{opening[0]} {rest}?" if opening else _with(previous, rest)
    if new and old:
        like = max(old, key=lambda m: (m.organisation == new[0].organisation, m.person == new[0].person))
        return previous.replace(like.text, rest, 1)
    return _with(previous, rest)


def _with(question: str, text: str) -> str:
    return f"{question.rstrip(' ?!.')} ({text})?"
