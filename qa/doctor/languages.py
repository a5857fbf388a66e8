"""Languages: which ones the model knows, and which one an article is in.

Identification is by py3langid (BSD-3-Clause, a model of 5 MB, 139 languages). What a model knows is what its card says
(`language:` at the head of the README.md in its folder), unless `[index] languages` says otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import yaml

from qa.doctor.findings import Finding, Severity
from qa.text.language import LOOKED_AT, ranked
from qa.types import Article

MIN_LETTERS = 60  # of a text whose language can be told
DOUBT = 0.05  # probability of the known languages above which nothing is said: none of 8,000 English texts is below
ALL = frozenset({"multilingual", "*"})
CARD = "README.md"


def languages_of(model: Path) -> frozenset[str] | None:
    """Return the ISO 639 codes on the card of a model in a folder; None when it names none or says multilingual."""
    try:
        opening, head, *_ = (model / CARD).read_text(encoding="utf-8")[:50_000].split("---", 2)
        card = yaml.safe_load(head) if not opening.strip() else None
    except (OSError, ValueError, yaml.YAMLError):
        return None
    named = card.get("language") if isinstance(card, dict) else None
    codes = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    return known([str(code) for code in codes])


def known(codes: Collection[str]) -> frozenset[str] | None:
    """Return language codes in one form; None, no bounds, when there is none or one of them says multilingual."""
    folded = frozenset(code.casefold().partition("-")[0] for code in codes)
    return None if not folded or folded & ALL else folded


def check_languages(articles: Sequence[Article], codes: frozenset[str] | None) -> Iterator[Finding]:
    """Yield articles in a language that is not among the codes; none where there are no codes."""
    if codes is None:
        return
    told = ", ".join(sorted(codes))
    for article in articles:
        language = _foreign(article.text, codes)
        if language:
            yield Finding(
                "language",
                Severity.ATTENTION,
                article.id,
                f"is in a language ({language}) that the model does not know (it knows {told})",
                "name a multilingual model in [index] model, or correct [index] languages",
            )


def _foreign(text: str, codes: frozenset[str]) -> str | None:
    """Return the likeliest language of a text, None if it may be one of the codes or is too short to tell."""
    sample = text[:LOOKED_AT].casefold()  # capitals alone mislead
    letters = sum(map(str.isalpha, sample))
    weight = 2 if any(c > "\u2fff" for c in sample) else 1  # a sign of Chinese or Japanese says more than a letter
    if letters * weight < MIN_LETTERS:
        return None
    found = ranked(sample)
    if sum(probability for language, probability in found if language in codes) > DOUBT:
        return None
    return found[0][0]
