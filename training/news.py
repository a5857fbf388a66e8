"""News: questions of weekly quizzes with windows of pages, and questions that a model wrote over such windows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from qa.evaluation.datasets import Collection, CollectionQuestion, is_reported, json_lines
from qa.types import Article
from training.data import Asked, Paragraph, occurrences, read_squad

EARLY = 0.75  # share of the weeks that are trained on; the last ones are reported


@dataclass(frozen=True, slots=True)
class PageWindow:
    """A run of sentences of a page."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Quiz:
    """A quiz question; windows that hold its answer as words, and near ones that do not."""

    key: str
    week: str  # YYYY-MM-DD
    question: str
    answer: str
    positives: tuple[PageWindow, ...]
    negatives: tuple[PageWindow, ...]

    def paragraphs(self) -> list[Paragraph]:
        """Return its windows to train on. Of an explanation, the one without a title, the label is sure."""
        article = f"Quiz:{self.key}"
        return [
            *(Paragraph(article, w.text, self._asked(w), w.title) for w in self.positives),
            *(Paragraph(article, w.text, (), w.title) for w in self.negatives),
        ]

    def _asked(self, window: PageWindow) -> tuple[Asked, ...]:
        places = occurrences(window.text, self.answer)
        return (Asked(self.question, ((places[0], self.answer),), not window.title),) if places else ()


def read_quizzes(file: Path) -> list[Quiz]:
    """Read the questions of which a window holds the answer. Raises `DatasetError` naming the file."""
    return [_quiz(values) for _, values in json_lines(file) if values["positives"]]


def _quiz(values: dict[str, Any]) -> Quiz:
    there, near = (tuple(PageWindow(w["title"], w["text"]) for w in values[k]) for k in ("positives", "negatives"))
    week = values["date"].replace("/", "-")
    return Quiz(values["id"], week, values["question"], values["answer"], there, near)


def early_and_late(quizzes: list[Quiz]) -> tuple[list[Quiz], list[Quiz]]:
    """Return the quizzes of the first weeks and of the last."""
    weeks = sorted({quiz.week for quiz in quizzes})
    first_late = weeks[int(len(weeks) * EARLY)] if weeks else ""
    return [q for q in quizzes if q.week < first_late], [q for q in quizzes if q.week >= first_late]


def read_generated(file: Path) -> list[Paragraph]:
    """Read windows with questions that a model wrote: their answers stand there, some of them are wrong."""
    return [replace(p, asked=tuple(replace(a, sure=False) for a in p.asked)) for p in read_squad(file)]


def news_collection(quizzes: list[Quiz]) -> Collection:
    """Return quizzes as a collection: every window of a page is an article, a week is a group.

    Explanations, the windows without a title, are left out: they were written with the question in view.
    """
    articles: dict[str, Article] = {}
    asked = []
    for quiz in quizzes:
        there, near = (
            [_article(quiz, window, articles) for window in windows if window.title]
            for windows in (quiz.positives, quiz.negatives)
        )
        if there and near:
            own, *others = dict.fromkeys(there)
            asked.append(
                CollectionQuestion(quiz.question, own, quiz.week, (quiz.answer,), is_reported(quiz.week), tuple(others))
            )
    groups = {article.id: article.published.isoformat() for article in articles.values() if article.published}
    return Collection("news", tuple(sorted(articles.values(), key=lambda a: a.id)), groups, tuple(asked))


def _article(quiz: Quiz, window: PageWindow, articles: dict[str, Article]) -> str:
    """Add a window to the articles, once; return its id."""
    key = hashlib.sha256(f"{window.title}\n{window.text}".encode()).hexdigest()[:16]
    articles.setdefault(key, Article(key, window.text, window.title, published=date.fromisoformat(quiz.week)))
    return key
