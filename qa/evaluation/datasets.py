"""Data sets from files: BEIR form, SQuAD form, JSON Lines; and what of them is fitted on, what reported."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qa.errors import DatasetError
from qa.types import Article

HELD_OUT = 15  # percent of the SQuAD 2.0 articles that are never trained on
FITTED = 8  # percent of them among these that the verdict is fitted on


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A retrieval set in BEIR form."""

    articles: tuple[Article, ...]
    titles: dict[str, str]  # document -> title, "" without one
    queries: dict[str, str]
    metadata: dict[str, dict[str, Any]]  # query -> metadata
    qrels: dict[str, dict[str, int]]  # query -> document -> grade above 0


def read_beir(folder: Path) -> BeirSet:
    """Read `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv`; `qrels` has the judged queries alone.

    Raises `DatasetError` naming the file.
    """
    if not folder.is_dir():
        raise DatasetError(f"no folder of evaluation data at {folder.absolute()}; name one that is in BEIR form")
    try:
        return _beir(folder)
    except (KeyError, ValueError, TypeError) as exc:
        raise DatasetError(f"{folder} is not in BEIR form: {exc!r}") from exc


def _beir(folder: Path) -> BeirSet:
    documents = [values for _, values in json_lines(folder / "corpus.jsonl")]
    qrels = _qrels(folder / "qrels")
    asked = [values for _, values in json_lines(folder / "queries.jsonl")]
    if len({str(d["_id"]) for d in documents}) < len(documents):
        raise ValueError("corpus.jsonl has several documents of one _id")
    articles = (Article(str(d["_id"]), str(d["text"]), str(d.get("title") or "")) for d in documents)
    return BeirSet(
        articles=tuple(sorted((a for a in articles if a.text.strip()), key=lambda a: a.id)),
        titles={str(d["_id"]): str(d.get("title") or "") for d in documents},
        queries={str(q["_id"]): str(q["text"]) for q in asked},
        metadata={str(q["_id"]): q.get("metadata") or {} for q in asked},
        qrels=qrels,
    )


def _qrels(folder: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for file in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()[1:], start=2):
            try:
                query, document, grade = line.split("\t")
                value = int(grade)
            except ValueError as exc:
                raise DatasetError(f"{file}, line {number}: not `query-id, corpus-id, score` with tabs") from exc
            if value > 0:
                qrels.setdefault(query, {})[document] = value
    if not qrels:
        raise DatasetError(f"{folder} holds no judgements (*.tsv: query-id, corpus-id, score)")
    return qrels


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and the object of each line. Raises `DatasetError` with the line."""
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    values = json.loads(line)
                    if not isinstance(values, dict):
                        raise DatasetError(f"{file}, line {number}: not a JSON object")
                    yield number, values
    except OSError as exc:
        raise DatasetError(f"{file} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise DatasetError(f"{file} is not JSON Lines in UTF-8: {exc}") from exc


@dataclass(frozen=True, slots=True)
class CollectionQuestion:
    """A question of a collection: its passage's article, what must not be split between fitting and reporting, the
    answers (none: its passage does not answer it), whether it is for the report (the verdict is fitted on the
    others), and further articles that hold the answer.
    """

    text: str
    article: str
    group: str
    answers: tuple[str, ...]
    reported: bool
    others: tuple[str, ...] = ()

    @property
    def own(self) -> frozenset[str]:
        """All articles that hold the answer."""
        return frozenset((self.article, *self.others))


@dataclass(frozen=True, slots=True)
class Collection:
    """A set as a corpus with questions."""

    name: str
    articles: tuple[Article, ...]
    groups: dict[str, str]  # article id -> group
    asked: tuple[CollectionQuestion, ...]

    def thinned(self, most: int) -> Collection:
        """Keep at most so many questions, evenly taken."""
        return replace(self, asked=self.asked[:: max(1, len(self.asked) // most)][:most])

    def smaller(self, most: int) -> Collection:
        """Keep about so many articles, evenly taken, and the questions on them."""
        kept = self.articles[:: max(1, len(self.articles) // most)]
        ids = {article.id for article in kept}
        return replace(self, articles=kept, asked=tuple(a for a in self.asked if a.article in ids))


def is_held_out(title: str) -> bool:
    """Return whether an article of SQuAD 2.0 is kept out of training: a fixed hash of its title."""
    return _percent(title) < HELD_OUT


def is_held_out_to_report(title: str) -> bool:
    """Return whether neither the network nor the verdict learns from an article of SQuAD 2.0."""
    return FITTED <= _percent(title) < HELD_OUT


def _percent(title: str) -> int:
    return int(hashlib.sha256(title.encode()).hexdigest(), 16) % 100


def is_reported(group: str) -> bool:
    """Return whether a group is for the report: a third of the groups of a set in BEIR form."""
    return zlib.crc32(group.encode()) % 3 == 0


def is_trained(group: str) -> bool:
    """Return whether the network may learn from a group of nq_open_oracle; its verdict is fitted on the rest."""
    return zlib.crc32(group.encode()) % 3 == 1


def beir_collection(folder: Path) -> Collection:
    """Return a set in BEIR form as a collection; articles of the same title are one group.

    Raises `DatasetError`.
    """
    dataset = read_beir(folder)
    groups = {document: title or document for document, title in dataset.titles.items()}
    asked = []
    for query, text in dataset.queries.items():
        values = dataset.metadata[query]
        own = (values.get("passage") or list(dataset.qrels.get(query, {})) or [""])[0]
        if own in groups:
            answers = tuple(values.get("answers", ())) if values.get("answerable", True) else ()
            asked.append(CollectionQuestion(text, own, groups[own], answers, is_reported(groups[own])))
    return Collection(folder.name, dataset.articles, groups, tuple(asked))


def squad_collection(file: Path) -> Collection:
    """Return the paragraphs and questions of the SQuAD 2.0 articles that are kept out of training."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError) as exc:
        raise DatasetError(f"{file} is not a file in SQuAD form: {exc!r}") from exc
    articles, groups, asked = [], {}, []
    for article in data:
        if not is_held_out(article["title"]):
            continue
        for place, paragraph in enumerate(article["paragraphs"]):
            key = f"{article['title']}#{place}"
            articles.append(Article(key, paragraph["context"], article["title"].replace("_", " ")))
            groups[key] = article["title"]
            reported = is_held_out_to_report(article["title"])
            asked += [
                CollectionQuestion(
                    q["question"], key, article["title"], tuple(a["text"] for a in q["answers"]), reported
                )
                for q in paragraph["qas"]
            ]
    return Collection("squad_v2.0_dev", tuple(sorted(articles, key=lambda a: a.id)), groups, tuple(asked))


def unseen_squad(data: Path) -> Collection:
    """Return the articles of squad_v1.1_dev that are not in the SQuAD 2.0 file."""
    collection = beir_collection(data / "squad_v1.1_dev")
    file = data / "reader_training" / "squad_v2.0_dev.json"
    known = {a["title"].replace("_", " ") for a in json.loads(file.read_text(encoding="utf-8"))["data"]}
    return replace(
        collection,
        name="squad, unseen articles",
        articles=tuple(a for a in collection.articles if collection.groups[a.id] not in known),
        asked=tuple(a for a in collection.asked if a.group not in known),
    )
