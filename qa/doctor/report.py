"""All checks in one go, over a corpus folder and its index, without writing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from qa.corpus import read_corpus
from qa.doctor import articles as checks
from qa.doctor.findings import Finding, Severity
from qa.doctor.languages import check_languages, known, languages_of
from qa.doctor.pins import check_pins
from qa.doctor.stored import check_index
from qa.encoder import model_folder
from qa.errors import ModelError
from qa.live import encoder_of
from qa.settings import IndexSettings, Settings
from qa.types import Corpus


@dataclass(frozen=True, slots=True)
class Report:
    """What was examined, and the findings: those that need attention first, each kind together, by id."""

    articles: int
    findings: tuple[Finding, ...]
    dates: Mapping[str, int] = field(default_factory=dict)  # what the articles' dates come from, the most first

    @property
    def attention(self) -> int:
        """How many findings need attention."""
        return sum(finding.severity is Severity.ATTENTION for finding in self.findings)


def examine(settings: Settings, today: date | None = None, fingerprint: Callable[[], str] | None = None) -> Report:
    """Return what is wrong with a corpus folder and its index, and what to do; nothing on disk is changed.

    `fingerprint` returns that of the model, by default the hash of the files of the model in the settings.

    Raises `CorpusNotFoundError`.
    """
    corpus = read_corpus(settings.corpus.folder, settings.corpus.limits, skip=[settings.index.folder])
    hashed = fingerprint or (lambda: encoder_of(settings.index).fingerprint)
    findings = [*_of_corpus(settings, corpus, today or date.today()), *check_index(settings.index, corpus, hashed)]
    findings += _of_writer(settings)
    findings.sort(key=lambda finding: (finding.severity, finding.code, finding.id))
    signs = Counter(article.dated_by or "no sign" for article in corpus.articles if article.published)
    return Report(len(corpus.articles), tuple(findings), dict(signs.most_common()))


def _of_corpus(settings: Settings, corpus: Corpus, today: date) -> Iterator[Finding]:
    articles = corpus.articles
    if not articles:
        problem = "holds no article that can be read"
        yield Finding("no-articles", Severity.ATTENTION, str(settings.corpus.folder), problem, "put articles in it")
    yield from checks.check_files(corpus)
    yield from checks.check_copies(articles)
    yield from checks.check_dates(articles, today)
    yield from checks.check_titles(articles)
    yield from checks.check_lengths(articles)
    yield from checks.check_letters(articles)
    yield from check_languages(articles, _languages(settings.index))
    yield from check_pins(settings.corpus.folder, {article.id: article for article in articles})


def _languages(settings: IndexSettings) -> frozenset[str] | None:
    if settings.languages:
        return known(settings.languages)
    try:
        return languages_of(model_folder(settings.model))
    except ModelError:  # told by the check of the index
        return None


def _of_writer(settings: Settings) -> list[Finding]:
    """Say where questions and passages are sent, if anywhere."""
    address = settings.writer.base_url
    if not address:
        return []
    problem = f"each question, and the {settings.writer.passages} passages nearest to it, are sent to this address"
    return [Finding("writer", Severity.HINT, address, problem, "unset [writer] base_url to send nothing anywhere")]
