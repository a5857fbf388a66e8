"""What a question asks for, given the conversation before it."""

from __future__ import annotations

from dataclasses import dataclass

from qa.asking.overview import subject_of
from qa.asking.rewrite import asks_for_more, wording
from qa.asking.small_talk import POLITE, Aside, aside_of
from qa.asking.turns import History, Turn, turns_of


@dataclass(frozen=True, slots=True)
class Request:
    """A question as asked and as searched for.

    `raw` is the question as asked where it is retrieved beside the rewritten one; `aside` is set where no article is
    asked, `subject` where an overview is wanted; `already_said` is text that the answer must not repeat; `guessed`
    tells that no word of the question says that it leans on what was said.
    """

    question: str
    searched_for: str
    raw: str | None = None
    aside: Aside | None = None
    subject: str | None = None
    already_said: str = ""
    guessed: bool = False

    @property
    def as_typed(self) -> Request:
        """The same question, taken to stand alone."""
        return Request(self.question, self.question)


def request_of(question: str, history: History = (), searched_for: str | None = None) -> Request:
    """Return what a question asks for. `searched_for` is a wording that the asker chose: it is taken as it is.

    Raises `QuestionError` where the history is no list of pairs.
    """
    turns = spoken(history)
    if searched_for is not None:
        return Request(question, searched_for, subject=subject_of(searched_for))
    aside = aside_of(question)
    if aside is not None:
        return Request(question, question, aside=aside)
    rewritten = wording(question, turns)
    more = bool(turns) and asks_for_more(question)
    return Request(
        question=question,
        searched_for=rewritten.text,
        raw=question if rewritten.text != question and not more else None,
        subject=subject_of(rewritten.text),
        already_said="\n".join(turn.said for turn in turns) if more else "",
        guessed=rewritten.guessed and not more,
    )


def spoken(history: History) -> list[Turn]:
    """Return the turns that something was said in, thanks and greetings left out. Raises `QuestionError`."""
    turns = turns_of(history)
    return [turn for turn in turns if (aside := aside_of(turn.question)) is None or aside.kind not in POLITE]
