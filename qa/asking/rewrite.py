"""Makes a follow-up question stand alone: `stand_alone(question, turns)`.

In order: a fragment ("why?", "and in 2015?", "the second one") takes the rest of the previous question; pronouns give
way to what they mean; a short name to the full one; a question that still leans on the conversation gets its subject
in brackets. A question that stands alone comes back as it is, and so does one that is not English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.asking.antecedents import PRONOUNS, candidates, scored
from qa.asking.fragments import AND, DATE, MORE, OTHERS, completed, since_change
from qa.asking.mentions import Mention, mentions, mentions_in, words
from qa.asking.needs_context import leans
from qa.asking.overview import subject_of
from qa.asking.turns import Turn
from qa.text.terms import STOPWORDS

MAX_CHARS = 600  # of a rewritten question
POSSESSIVE = frozenset("his her hers its their theirs".split())
# Words that mark a text as English; other languages are left alone.
ENGLISH = frozenset(
    "what which who whom whose when where why how the did does there were are any other else with from this they them "
    "he she it his and about tell anything more of you".split()
)
TOKEN = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")
THAT_TIME = re.compile(
    r"\b(?:(?:in|at|during|by|since|until|after|before) )?"
    r"(?:this|that|the same) (?:time period|time|period|year|day|date)\b"
    r"|\bthen(?=\W*$)|\b(?<=by )then\b",
    re.I,
)
ELSE = re.compile(r"\b(?:else|other|others|another|further)\b", re.I)
NOT_MEANT = re.compile(
    r"\b(?:is|was|are|were|be|it’s|it's) there\b|\bthere (?:is|was|are|were|any|a|an|be|been)\b", re.I
)
EXPLETIVE = re.compile(r"\bit (?:true|possible|likely|known|said|clear|take|takes|took)\b", re.I)


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns before a question, with all they mention."""

    turns: Sequence[Turn]
    found: Sequence[Mention]

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> Conversation:
        """Read the turns."""
        return cls(turns, mentions(turns))

    def best(self, kind: str, question: str) -> Mention | None:
        """Return the mention that a class of pronoun most likely means in a question."""
        own = set(words(question))
        ranked = scored(candidates(self.found, question, self.turns), kind)
        return next((mention for _, mention in ranked if not set(mention.words) <= own), None)


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as it has to be searched for; `guessed` where no word of it says that it leans on another."""

    text: str
    guessed: bool = False


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """Return the question as it has to be searched for; the question itself where it stands alone."""
    return wording(question, turns).text


def wording(question: str, turns: Sequence[Turn]) -> Wording:
    """Return the question as it has to be searched for, and how sure that is."""
    turns = since_change(turns)
    if not turns:
        return Wording(question)
    talk, guessed = Conversation.of(turns), False
    rewritten = completed(question, turns, talk.best)
    if rewritten is not None:
        rewritten = _resolved(rewritten, talk)
    else:
        if not ENGLISH & set(words(question)):
            return Wording(question)
        rewritten = _named(_resolved(_dated(question, talk), talk), talk)
        if rewritten == question and subject_of(question) is None:
            leaning, guessed = leans(question, turns, talk.found)
            rewritten = _about(question, talk.best("topic", question)) if leaning else question
    if rewritten == question or len(rewritten) > max(MAX_CHARS, len(question)):
        return Wording(question)
    return Wording(rewritten, guessed)


def asks_for_more(question: str) -> bool:
    """Return whether a question asks for something that was not said yet."""
    return bool(MORE.match(AND.sub("", question)) or OTHERS.match(AND.sub("", question)) or ELSE.search(question))


def _about(question: str, topic: Mention | None) -> str:
    if topic is None:
        return question
    body = question.rstrip(" ?")
    return f"{body} ({topic.text}){question[len(body) :].strip() or '?'}"


def _resolved(question: str, talk: Conversation) -> str:
    """Replace the first pronoun of each class by what it means."""
    done: set[str] = set()
    pieces: list[str] = []
    at = 0
    for match in TOKEN.finditer(question):
        kind = _class_of(question, match)
        if kind is None or kind in done or _meant_inside(question, match.start(), kind):
            continue
        done.add(kind)
        mention = _place(talk) if kind == "there" else talk.best(kind, "".join([*pieces, question[at:]]))
        if mention is None:
            continue
        before = question[at : match.start()]
        shown = mention.text if re.search(r"\b(?:the|an?)\s+$", before, re.I) else mention.shown
        pieces += [before, _in_place_of(match[0], shown, question[match.end() :])]
        at = match.end()
    return "".join([*pieces, question[at:]])


def _class_of(question: str, match: re.Match[str]) -> str | None:
    word = match[0].lower()
    if word == "there":
        return None if NOT_MEANT.search(question) else "there"
    kind = next((kind for kind, pronouns in PRONOUNS.items() if word in pronouns), None)
    if kind == "it" and EXPLETIVE.match(question, match.start()):
        return None
    return kind


def _meant_inside(question: str, start: int, kind: str) -> bool:
    """Return whether the question itself names, before the pronoun, what it may mean."""
    if kind == "there":
        return False
    return any(m.kind == "name" and m.words[0] not in STOPWORDS for m in mentions_in(question[:start], 0, "question"))


def _dated(question: str, talk: Conversation) -> str:
    """Replace "then" and "that year" by the last date that was spoken of."""
    when = THAT_TIME.search(question)
    dates = [
        date for turn in reversed(talk.turns) for text in (turn.answer, turn.question) for date in DATE.findall(text)
    ]
    if when is None or not dates:
        return question
    date = dates[0].strip()
    opening = re.match(r"(?:in|at|during|by|since|until|after|before|on) ", when[0], re.I)
    date = re.sub(r"^(?:in|on|by|since|until|before|after|during) ", "", date, flags=re.I)
    word = opening[0].strip().lower() if opening else "in"
    word = {"at": "in", "during": "in"}.get(word, word)
    return f"{question[: when.start()]}{word} {date}{question[when.end() :]}"


def _place(talk: Conversation) -> Mention | None:
    places = [mention for mention in talk.found if mention.place]
    return min(places, key=lambda m: (m.ago, m.part != "answer"), default=None)


def _in_place_of(pronoun: str, text: str, after: str) -> str:
    word = pronoun.lower()
    if word == "there":
        return f"in {text}"
    owns = word in POSSESSIVE and (word != "her" or re.match(r"\s+[^\W\d_]", after) is not None)
    if not owns:
        return text
    return f"{text}’" if text.endswith("s") else f"{text}'s"


def _named(question: str, talk: Conversation) -> str:
    """Replace a short name by the full one that the conversation gave: "Gabuyev" by "Alexander Gabuyev"."""
    for mention in mentions_in(question, 0, "question"):
        if mention.kind != "name" or len(mention.words) != 1:
            continue
        short = mention.words[0]
        full = {
            m.text for m in talk.found if m.kind == "name" and 2 <= len(m.text.split()) <= 3 and _names_person(m, short)
        }
        if len(full) == 1:
            name = full.pop()
            found = re.search(rf"\b{re.escape(mention.text)}\b", question)
            if found and name.lower() not in question.lower():
                question = question[: found.start()] + name + question[found.end() :]
    return question


def _names_person(full: Mention, short: str) -> bool:
    """Return whether a name may be that of a person who is called by its last, or her first, word alone."""
    return not full.organisation and (short == full.words[-1] or (full.person and short == full.words[0]))


def without_pronouns(question: str, turns: Sequence[Turn]) -> bool:
    """Return whether a question is an English one that no rule for fragments, pronouns or names changes."""
    talk = Conversation.of(turns)
    if completed(question, turns, talk.best) is not None or not ENGLISH & set(words(question)):
        return False
    pronouns = any(_class_of(question, match) for match in TOKEN.finditer(question))
    return not pronouns and _named(_dated(question, talk), talk) == question
