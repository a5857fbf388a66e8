"""Replies that come from the list of articles, not from their text: greetings, and questions about the briefing itself.

They carry the verdict `about` and no citations, so that nobody takes them for an answer or a refusal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.types import Article

MAX_LISTED = 20  # articles named in one reply
MAX_CHARS = 200  # of a question about the briefing; longer ones are about something else

PIECES = r"(?:articles?|documents?|texts?|files?|reports?|stories|pieces)"
HERE = (
    r"(?: (?:here|in total|in all|altogether|"
    r"(?:in|on) (?:the |this |your )?(?:briefing|library|corpus|collection|index|folder)))?"
)
HAVE = r"(?: (?:do|can) (?:you|we) (?:have|hold|know|offer|cover|find)| are there| is there| have you(?: got)?| exist)"
ON = r"(?: (?:there )?(?:on|about|regarding|concerning|that mention|mentioning|covering) (?P<on>.+?))?"
_RULES: dict[str, str] = {
    "hello": r"(?:hello|hi|hey|hiya|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|all|everyone|again))?",
    "thanks": r"(?:(?:ok|okay|great|perfect|nice|good)[,.! ]*)?(?:thanks?|thank you|thx|cheers)"
    r"(?: (?:you|a lot|so much|very much|"
    r"again|for (?:that|this|your help|the help)))*|ok|okay|great|perfect|got it|i see|nice|very good|well done",
    "goodbye": r"(?:good)?bye(?: bye)?|see you(?: (?:later|soon))?|goodbye",
    "count": rf"how many {PIECES}(?:{HAVE})?{HERE}{ON}|"
    r"how (?:big|large) is (?:the |this |your )?(?:briefing|library|corpus|collection)",
    "sources": rf"(?:what|which) (?:sources|publishers|publications|newspapers)(?:{HAVE})?{HERE}|"
    r"what are your sources",
    "dates": r"how (?:recent|old|up[ -]to[ -]date|current) (?:are|is) (?:you|your|the|this) ?"
    r"(?:articles|briefing|library|corpus|news|data)?"
    rf"|(?:what|which) (?:is|are) (?:the|your) (?:newest|latest|most recent|oldest) {PIECES}|"
    r"(?:what|which) (?:period|dates|years|time span)"
    r"(?: do you| does (?:the|this) (?:briefing|corpus|library))? cover",
    "list": rf"(?:(?:can you |please )?(?:list|show|name|give)(?: me)?(?: all)?(?: (?:the|your|of the|any))? {PIECES}"
    rf"|(?:what|which) {PIECES}(?:{HAVE})?|(?:do you have|have you got|are there)(?: any)? {PIECES}){HERE}{ON}",
    "able": r"what can (?:you|i) (?:do|answer|ask|tell me|help(?: me)? with)(?: you)?(?: (?:here|about))?|help|"
    r"what (?:do|can) you (?:know|cover)|"
    r"who are you|what are you|how do(?:es)? (?:you|this|it) work|what is this(?: (?:page|site|briefing))?|"
    r"what(?:'s| is| are)"
    r" (?:in )?(?:the|this|your) (?:briefing|library|corpus|topics|subjects)(?: about)?|"
    r"(?:what|which) (?:topics|subjects|themes)"
    rf"(?:{HAVE}| do you cover)?{HERE}|what kind of questions can (?:i ask|you answer)",
}
RULES = {kind: re.compile(rf"(?:{rule})\W*", re.I) for kind, rule in _RULES.items()}
POLITE = frozenset(("hello", "thanks", "goodbye"))


@dataclass(frozen=True, slots=True)
class Aside:
    """What was said that no article answers: its kind (a key of `RULES`), and the subject it names, if any."""

    kind: str
    subject: str | None = None


def aside_of(question: str) -> Aside | None:
    """Return what kind of small talk, or question about the briefing itself, this is; None for any other question."""
    text = " ".join(question[: MAX_CHARS + 1].split())
    if len(text) > MAX_CHARS:
        return None
    for kind, rule in RULES.items():
        if match := rule.fullmatch(text):
            return Aside(kind, match.groupdict().get("on"))
    return None


def reply(aside: Aside, articles: Sequence[Article]) -> str:
    """Return the reply to an aside; `articles` are all that may be spoken of."""
    if aside.kind == "thanks":
        return "You are welcome. Ask on whenever you like."
    if aside.kind == "goodbye":
        return "Goodbye."
    if not articles:
        return "There are no articles here yet, so no question can be answered."
    if aside.kind == "list":
        return f"There {_are(len(articles))}, the newest first:\n{_lines(_newest(articles))}"
    if aside.kind == "dates":
        dated = [article for article in _newest(articles) if article.published]
        if not dated:
            return f"There {_are(len(articles))}, none of them with a date."
        return f"The newest article is {_named(dated[0])}, the oldest {_named(dated[-1])}."
    facts = f"There {_are(len(articles))}{_period(articles)}{_sources(articles)}."
    if aside.kind in ("count", "sources"):
        return facts
    opening = "Hello. " if aside.kind == "hello" else ""
    return (
        f"{opening}Ask a question, and it is answered with sentences from the articles here, word for word, or refused "
        f"if they do not say. {facts}{_subjects(articles)} The newest:\n{_lines(_newest(articles)[:3])}"
    )


def _are(count: int) -> str:
    return "is one article" if count == 1 else f"are {count:,} articles"


def _newest(articles: Sequence[Article]) -> list[Article]:
    ordered = sorted(articles, key=lambda article: article.id)
    return sorted(ordered, key=lambda a: a.published.isoformat() if a.published else "", reverse=True)


def _named(article: Article) -> str:
    about = ", ".join(part for part in (article.source, article.published and article.published.isoformat()) if part)
    return f"“{article.title}” ({about})" if about else f"“{article.title}”"


def _lines(articles: Sequence[Article]) -> str:
    lines = [f"- {_named(article)}" for article in articles[:MAX_LISTED]]
    more = len(articles) - MAX_LISTED
    return "\n".join([*lines, f"- and {more:,} more"] if more > 0 else lines)


def _period(articles: Sequence[Article]) -> str:
    dates = sorted(article.published for article in articles if article.published)
    if not dates:
        return ""
    if dates[0] == dates[-1]:
        return f", published {dates[0]}"
    return f", published {dates[0]} to {dates[-1]}"


def _sources(articles: Sequence[Article]) -> str:
    counts = Counter(article.source for article in articles if article.source).most_common(6)
    return ", from " + ", ".join(f"{source} ({count})" for source, count in counts) if counts else ""


def _subjects(articles: Sequence[Article]) -> str:
    tags = Counter(tag for article in articles for tag in article.tags)
    most = sorted(tags, key=lambda tag: (-tags[tag], tag))[:8]
    return f" Subjects: {', '.join(most)}." if most else ""
