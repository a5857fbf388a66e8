"""The language of a text, by py3langid (BSD-3-Clause, a model of 5 MB, 139 languages)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LOOKED_AT = 2_000  # characters of a text that are looked at


def ranked(text: str) -> list[tuple[str, float]]:
    """Return languages (ISO 639) with their probabilities, the likeliest first; capitals alone mislead."""
    sample = text[:LOOKED_AT].casefold().encode("utf-8", "replace")
    return [(str(language), float(probability)) for language, probability in identifier().rank(sample)]


@lru_cache(maxsize=1)
def identifier() -> LanguageIdentifier:
    """Return the identifier, loaded once."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
