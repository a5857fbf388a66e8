"""Index terms of a text, for BM25. Stems come from PyStemmer (Snowball)."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

from qa.text.unseen import without_unseen

# Blocks of scripts whose vowel signs are no letters to `\w`: Indic, Thai, Lao, Burmese, Khmer.
WITH_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
TERM_PATTERN = re.compile(rf"\d+(?:[.,]\d+)*|[\w{WITH_SIGNS}]+")
# Runs of scripts written without spaces: Han, Kana, Thai, Lao, Burmese, Khmer.
UNSPACED = re.compile(
    "[\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")  # "u.s." is "us"
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # "1,100" is "1100"
AMOUNT = re.compile(r"(?<=\d)(bn|mn|tn|m)\b")  # "$6bn" is "$6 billion"
AMOUNTS = {"bn": " billion", "mn": " million", "m": " million", "tn": " trillion"}
# Spellings that differ by country, at the end of a word: the American one, or what both come to.
SPELLINGS = (
    (re.compile(r"(?<=\w{3})our(?=$|s$|ed$|ing$|able$|ful$|ite$|al$)"), "or"),
    (re.compile(r"(?<=\w{4})is(?=e$|es$|ed$|ing$|ations?$|ers?$)"), "iz"),
    (re.compile(r"(?<=\w{3})ys(?=e$|es$|ed$|ing$)"), "yz"),
    (re.compile(r"(?<=\w{2}[bt])re(?=$|s$)"), "er"),
    (re.compile(r"(?<=\w{2})mme(?=$|s$)"), "m"),
    (re.compile(r"(?<=fen)c(?=es?$)"), "s"),
    (re.compile(r"^rou(?=bles?$)"), "ru"),
)

# Function words and question words: they say what kind of answer is wanted, not about what.
STOPWORDS = frozenset(
    """a about all also am an and any are as at be because been before being both but by can could did do
    does doing during each for from further had has have having he her here hers him his how i if in into is
    it its just me more most my no nor not now of off on once only or other our out over own please s same
    she should so some such t tell than that the their them then there these they this those through to too
    under until up very was we were what when where which while who whom whose why will with would you
    your""".split()
)

_local = threading.local()  # a Snowball stemmer keeps state: one for each thread


def _stem(words: list[str]) -> list[str]:
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    stems: list[str] = stemmer.stemWords(words)
    return stems


def terms(text: str) -> list[str]:
    """Return the index terms of a text: lower case, no accents, no stopwords, one spelling, stemmed; in text order.

    Text in a script without spaces (Chinese, Japanese, Thai …) gives its pairs of neighbouring characters.
    """
    folded = unicodedata.normalize("NFKD", without_unseen(text).casefold().replace("’", "'").replace("'s", " "))
    plain = folded if folded.isascii() else "".join(c for c in folded if not unicodedata.combining(c))
    plain = DOTTED.sub(lambda m: m[0].replace(".", "") + " ", plain)
    plain = AMOUNT.sub(lambda m: AMOUNTS[m[1]], THOUSANDS.sub("", plain))
    found = [t for t in TERM_PATTERN.findall(plain) if t not in STOPWORDS]
    if not plain.isascii():
        found = [piece for t in found for piece in _pairs(t)]
    return _stem([_spelled(t) for t in found])


@lru_cache(maxsize=65536)
def _spelled(word: str) -> str:
    for pattern, replacement in SPELLINGS:
        word = pattern.sub(replacement, word)
    return word


def _pairs(word: str) -> Iterator[str]:
    """Yield the pairs of characters of each run without spaces, and the rest as it is (Nie and Ren 1999)."""
    start = 0
    for run in UNSPACED.finditer(word):
        if run.start() > start:
            yield word[start : run.start()]
        characters = run[0]
        yield from (characters[i : i + 2] for i in range(max(1, len(characters) - 1)))
        start = run.end()
    if start < len(word):
        yield word[start:]
