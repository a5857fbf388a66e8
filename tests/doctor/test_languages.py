from __future__ import annotations

from pathlib import Path

import pytest

from qa.doctor.languages import check_languages, known, languages_of
from qa.encoder import model_folder
from qa.settings import BUNDLED_MODEL
from qa.types import Article

TEXTS = {
    "en": "The Development Bank finances the northern railway with a loan of 400 billion roubles for twenty years.",
    "de": "Die Entwicklungsbank finanziert die nördliche Eisenbahn mit einem Darlehen von 400 Milliarden Rubel.",
    "fr": "La banque de développement finance le chemin de fer du nord avec un prêt de 400 milliards de roubles.",
    "ru": "Банк развития финансирует северную железную дорогу кредитом в размере 400 миллиардов рублей.",
    "zh": "国家开发银行为北方铁路提供四千亿卢布的贷款，期限二十年，利率百分之四，铁路全长七百七十公里。",
}


def found(texts: dict[str, str], codes: frozenset[str] | None) -> list[str]:
    articles = [Article(name, text, "T") for name, text in texts.items()]
    findings = list(check_languages(articles, codes))
    assert {(finding.code, finding.severity.value) for finding in findings} <= {("language", "attention")}
    return [finding.id for finding in findings]


def test_articles_in_a_language_that_the_model_does_not_know() -> None:
    assert found(TEXTS, frozenset({"en"})) == ["de", "fr", "ru", "zh"]
    assert found(TEXTS, frozenset({"en", "de", "zh"})) == ["fr", "ru"]
    assert found(TEXTS, None) == []
    (finding,) = check_languages([Article("a", TEXTS["de"], "T")], frozenset({"en"}))
    assert finding.problem == "is in a language (de) that the model does not know (it knows en)"


def test_capitals_names_and_short_texts_are_no_other_language() -> None:
    texts = {
        "upper": TEXTS["en"].upper(),
        "short": "Guten Tag, lieber Leser!",
        "names": "Genghis Khan met Mikhail Orlov, Xi Jinping and K. V. Kamath in Fortaleza, Ufa and Kazan on Monday.",
        "numbers": "12,5 17,3 1.200 € 44 % " * 30,
        "half": "\ud800" * 100,
    }
    assert found(texts, frozenset({"en"})) == []


@pytest.mark.parametrize(
    ("card", "codes"),
    [
        ("---\nlanguage: en\nlicense: mit\n---\nText", {"en"}),
        ("---\nlanguage:\n- en\n- de\n---\n", {"en", "de"}),
        ("---\nlanguage: [EN-us]\n---\n", {"en"}),
        ("---\nlanguage:\n- multilingual\n- en\n---\n", None),
        ("---\nlicense: mit\n---\n", None),
        ("---\nlanguage: [\n---\n", None),
        ("---\n- en\n---\n", None),
        ("No front matter --- language: en --- here", None),
        ("", None),
    ],
)
def test_languages_come_from_the_card(tmp_path: Path, card: str, codes: set[str] | None) -> None:
    (tmp_path / "README.md").write_text(card)
    assert languages_of(tmp_path) == (codes and frozenset(codes))


def test_model_without_a_card_has_no_bounds_and_the_bundled_one_is_english(tmp_path: Path) -> None:
    assert languages_of(tmp_path) is None
    assert languages_of(model_folder(BUNDLED_MODEL)) == frozenset({"en"})


def test_codes_of_the_settings() -> None:
    assert known(["en", "DE"]) == frozenset({"en", "de"})
    assert known(["multilingual"]) is None
    assert known(["*"]) is None
    assert known([]) is None
