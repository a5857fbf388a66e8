"""What kind of thing a question asks for: readable rules over its words, once times and sources are taken out of them.

A rule is tried against the whole question. `@source` stands where the question names a source of the corpus; the group
`subject` (or `topic`) is what the request is about, `a` and `b` are what is compared, `speaker` is who is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.types import RequestKind

SOURCE = "@source"
MAX_CHARS = 300  # of a question that the rules look at; longer ones are about something else

POLITE = re.compile(
    r"^(?:(?:so|and|but|ok(?:ay)?|please|well|hi|hello|hey)[,!]? +)*"
    r"(?:(?:can|could|would|will) you (?:please )?(?=\w)|"
    r"(?:please )?(?:tell|show|give) (?:me|us) (?=wh|how |the lat|any )|"
    r"i(?:'d| would) like to know |do you know )?",
    re.I,
)
PIECES = r"(?:(?:news )?(?:articles?|documents?|texts?|files?|reports?|stories|story|pieces|items))"
SPEAKS_OF = (
    r"(?: (?:there |here |that |which )?(?:is |are |were )?(?:written )?"
    r"(?:about|on|regarding|concerning|mention(?:s|ed|ing)?|cover(?:s|ed|ing)?|(?:speak|talk)(?:s|ing)? (?:of|about)|"
    r"deal(?:s|ing)? with|refer(?:s|ring)? to|discuss(?:es|ing)?|contain(?:s|ing)?) )"
)
ON, ON_TOO = rf"(?:{SPEAKS_OF}(?P<subject>.+))", rf"(?:{SPEAKS_OF}(?P<topic>.+))"
HERE = (
    r"(?: (?:here|in total|in all|altogether|"
    r"(?:in|on) (?:the |this |your )?(?:briefing|library|corpus|collection|index|folder)))?"
)
FROM = (
    rf"(?: (?:that |which )?(?:is |are |were )?(?:come |came |published |written )?(?:from|by|in|of) (?:the )?{SOURCE})"
)
BY = (
    rf"(?: (?:did|does|do|has|have) (?:the )?{SOURCE} "
    r"(?:publish(?:ed)?|write|written|report(?:ed)?|print(?:ed)?|run|have|carry|carried))"
)
HAVE = (
    r"(?: (?:(?:do|can|did) (?:you|we) (?:have|hold|know|find)|are there|is there|have you(?: got)?|exist|"
    r"(?:were|was|are|have been) (?:there|published|written|reported)|appeared|came out))?"
)
TAIL = rf"(?:{FROM}|{BY}|{HAVE}){HERE}(?:{FROM}{ON}?|{ON_TOO})?"
NEWS = (
    r"(?:news|developments?|updates?|headlines?|reports?|stories|articles|things?|information|word|coverage|messages)"
)
PREPOSITION = r"(?:on|about|from|with|regarding|concerning|in|for|of|around|at|to|over|by)"
TOPIC = rf"(?: {PREPOSITION} (?P<subject>.+))?"
SAYS = (
    r"(?:reports?|says?|writes?|wrote|said|reported|written|publish(?:es|ed)?|tells?|told|carry|carries|prints?|"
    r"printed|knows?|saying|reporting|writing|covers?|covered|have|has)"
)
SPOKE = (
    r"(?:say|said|tell|told|claim(?:ed)?|state[d]?|argue[d]?|announce[d]?|explain(?:ed)?|warn(?:ed)?|write|wrote|think)"
)
STORY = r"(?:story|saga|case|affair|developments?|history|chronology|timeline|course of events|events)"

_RULES: tuple[tuple[RequestKind, str], ...] = (
    (RequestKind.COUNT, rf"(?:how many|what number of|count (?:all )?(?:the )?) ?{PIECES}{TAIL}"),
    (
        RequestKind.COUNT,
        rf"in how many (?:of the )?{PIECES} (?:is|are|was|were|do|does|did) (?P<subject>.+?) "
        rf"(?:mentioned|named|appear|occur|come up|figure|discussed)",
    ),
    (
        RequestKind.LIST,
        rf"(?:(?:list|show|give|find|name)(?: me)?(?: all)?(?: (?:the|your|of the|any))?|which|what|all(?: the)?|"
        rf"(?:are there|do you have|have you got|is there)(?: any| an)?)(?: other)? {PIECES}{TAIL}",
    ),
    (RequestKind.LIST, rf"(?:the )?{PIECES}(?:{FROM}{ON}?|{ON_TOO})"),
    # Before "latest": "what is new in Daily X".
    (
        RequestKind.SOURCE,
        rf"what (?:does|did|do|has|have|is|was|else does|else did) (?:the )?{SOURCE} (?:been )?{SAYS}(?: (?:us|me))?"
        r"(?: (?:about|on|of|regarding|concerning) (?P<subject>.+))?",
    ),
    (
        RequestKind.SOURCE,
        rf"(?:what(?:'s|’s| is| was| are)? |the )?(?:new|latest|newest|news)?(?: {NEWS})? ?(?:in|from|by) (?:the )?"
        rf"{SOURCE}{TOPIC}",
    ),
    (
        RequestKind.SOURCE,
        rf"(?:what )?(?:the )?{SOURCE}'?s? (?:on|about|coverage of|reports? (?:on|about)) (?P<subject>.+)",
    ),
    (
        RequestKind.LATEST,
        rf"(?:what(?:'s|’s|s| is| are)? )?(?:the )?(?:very )?(?:latest|newest|most recent|recent)(?: {NEWS})?"
        rf"(?: (?:there )?(?:is|are)(?: there)?)?{TOPIC}",
    ),
    (RequestKind.LATEST, rf"(?:what(?:'s|’s| is| are) )?(?:the )?latest (?P<subject>[\w’' -]+?) {NEWS}"),
    (
        RequestKind.LATEST,
        rf"(?:(?:is|are) there |do you have |have you got |got )?(?:any|some) (?:new |recent )?{NEWS}{TOPIC}",
    ),
    (
        RequestKind.LATEST,
        rf"(?:what(?:'s|’s|s| is| has| was| were)?|anything|is anything)(?: there)? (?:new|the news|going on|happening|"
        rf"been happening|been going on|in the news){TOPIC}",
    ),
    (
        RequestKind.LATEST,
        rf"(?:update me|catch me up|(?:bring|get) me up to (?:date|speed)|{NEWS})"
        r"(?: (?:on|about|from|regarding|with) (?P<subject>.+))?",
    ),
    (RequestKind.LATEST, r"(?:what(?:'s|’s| has| have)?|has anything) changed"),
    (RequestKind.LATEST, rf"(?:where|how) do(?:es)? (?:things|we|it|matters) stand(?: now| today)?{TOPIC}"),
    (RequestKind.LATEST, r"where do(?:es)? (?P<subject>.+?) stand(?: now| today)?"),
    (
        RequestKind.PERIOD,
        r"(?:what|which things|anything)(?: all| else)?(?: (?:has|have|had|was|were|is|did|got))?(?: all)? "
        rf"(?:happen(?:ed|s)?|been reported|reported|been published|published|occur(?:red)?|take place|took place|"
        rf"taken place|been written|written|been said|been announced|announced){TOPIC}",
    ),
    (
        RequestKind.PERIOD,
        rf"(?:what (?:are|were) )?(?:the )?(?:main |big |top )?(?:events|news|headlines|stories){TOPIC}",
    ),
    (RequestKind.COMPARE, r"compare (?P<a>.+?)(?:,)? (?:and|with|to|versus|vs\.?|against) (?P<b>.+)"),
    (RequestKind.COMPARE, r"compare (?P<subject>.+?)(?:,? (?:and|with|to|versus|vs\.?|against))?"),
    (RequestKind.COMPARE, r"(?:what(?:'s|’s| is| are) )?(?:the )?differences? between (?P<a>.+?) and (?P<b>.+)"),
    (
        RequestKind.COMPARE,
        r"how do(?:es)? (?P<a>.+?) (?:and|differ from|compare (?:to|with)) (?P<b>.+?)(?: differ| compare)?"
        r"(?: (?:on|about|over|in their reports? (?:on|about)) (?P<subject>.+))?",
    ),
    (RequestKind.COMPARE, r"(?P<a>.+?) (?:versus|vs\.?) (?P<b>.+)"),
    (
        RequestKind.TIMELINE,
        r"(?:(?:summari[sz]e|tell me|give me|show me|what(?:'s|’s| is)|sum up|recount|outline) )?(?:the |an? )?"
        rf"(?:whole |full )?{STORY}(?: so far)?(?: of| on| about| behind| around) (?P<subject>.+)",
    ),
    (
        RequestKind.TIMELINE,
        rf"(?:summari[sz]e|tell me|recount|outline|sum up) (?:the |an? )?(?P<subject>.+?) {STORY}(?: so far)?",
    ),
    (RequestKind.TIMELINE, r"(?:the )?(?P<subject>.+?) (?:timeline|chronology)"),
    (
        RequestKind.TIMELINE,
        r"how (?:did|has|have) (?P<subject>.+?) "
        r"(?:develop(?:ed)?|unfold(?:ed)?|evolve[d]?|come about|progress(?:ed)?|gone|changed?|proceed(?:ed)?)"
        r"(?: so far| over time| over the years)?",
    ),
    (
        RequestKind.SPEAKER,
        rf"what (?:does|did|do|has|have|is|was|else did) (?P<speaker>.+?) {SPOKE}"
        r"(?: (?:about|on|of|regarding|concerning|to) (?P<subject>.+))?",
    ),
    (
        RequestKind.SPEAKER,
        r"who (?:said|says|claim(?:s|ed)|argue[sd]|announced|warn(?:s|ed)|stated|told \w+) (?:that )?(?P<subject>.+)",
    ),
    (
        RequestKind.SPEAKER,
        r"(?:what (?:are|were) )?(?:the )?(?:quotes?|quotations?|words|statements?) (?:from|by|of) (?P<speaker>.+?)"
        r"(?: (?:about|on) (?P<subject>.+))?",
    ),
)
RULES = [(kind, re.compile(rf"(?:{rule})\W*", re.I)) for kind, rule in _RULES]
ACCORDING = re.compile(rf"(?:,? ?according to (?:the )?{SOURCE},? ?)", re.I)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules make of a question; `sides` are what is compared, where they are named."""

    kind: RequestKind
    subject: str | None = None
    speaker: str | None = None
    sides: tuple[str, ...] = ()


def kind_in(text: str) -> Wanted:
    """Return what a question, its times and sources taken out, asks for."""
    plain = POLITE.sub("", " ".join(text[: MAX_CHARS + 1].split()), count=1)
    if len(plain) <= MAX_CHARS:
        for kind, rule in RULES:
            if match := rule.fullmatch(plain):
                named = match.groupdict()
                sides = tuple(_tidy(named[side]) or "" for side in ("a", "b") if named.get(side))
                subject = named.get("subject") or named.get("topic")
                return Wanted(kind, _tidy(subject), _tidy(named.get("speaker")), sides)
    return Wanted(RequestKind.FACT)


def with_sources(text: str, sources: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a question with `@source` in place of the sources it names, and these in order of their places."""
    found = list(_places(text, sources))
    named = tuple(dict.fromkeys(name for _, _, name in found))
    for start, end, _ in reversed(found):
        text = f"{text[:start]}{SOURCE}{text[end:]}"
    return text, named


def _places(text: str, sources: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    """Yield where sources are named, the longest name first where several fit, in order."""
    folded = text.casefold()
    free = [True] * len(text)
    places = []
    for source in sorted((s for s in sources if s.casefold() in folded), key=lambda s: (-len(s), s)):
        for match in re.finditer(rf"(?<!\w){re.escape(source)}(?!\w)", text, re.I):
            if all(free[match.start() : match.end()]):
                free[match.start() : match.end()] = [False] * (match.end() - match.start())
                places.append((match.start(), match.end(), source))
    yield from sorted(places)


def _tidy(words: str | None) -> str | None:
    """Return a subject without the marks around it; None where nothing is left."""
    return (words or "").strip(" \t?!.,;:'\"“”‘’") or None
