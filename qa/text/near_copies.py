"""Near copies: texts that say the same in nearly the same words.

Two texts are near copies when (1) the exact Jaccard similarity of their word shingles is at least `THRESHOLD`, and
(2) no fact of the one is replaced by another in the other. Facts are numbers, names, negations and words of direction:
"exports rose 3 % in May" and "exports fell 5 % in June" share most of their shingles and say different things. What
is only left out or added (a sentence, a dateline, an agency's name) and a name that is misspelt replace nothing.

MinHash (Broder 1997) with banding (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4) by the library
rensa finds the pairs that are compared, so that the cost is linear in the texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice

import rensa
from rapidfuzz.distance import OSA, Indel

from qa.text.quantities import MONTH_NAMES, WEEKDAYS

THRESHOLD = 0.6  # Jaccard similarity of the shingles, which are pairs of words; merely related texts stay below 0.25
# A pair of similarity 0.6 meets in a band with probability 0.9999, one of 0.1 with 0.006.
PERMUTATIONS, BANDS, SEED = 256, 64, 1
ESTIMATE = 0.5  # MinHash below it rules a pair out: 3 standard errors of sqrt(0.6 * 0.4 / 256) under the threshold
CROWD = 16  # texts that one is compared with; where more are alike (a form filled in often), equal facts lead further
MAX_CHARS = 200_000  # of a text that are compared
MAX_FACTS = 10_000  # of a text that are compared: an alignment costs their product, in bits
SHORT = 40  # words of a text in which every one counts as a fact: another noun makes another statement
MERGED = 2  # facts in common that keep two differences apart no longer: "from 3 to 5", "from 5 to 3"

UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
WORD = re.compile(rf"[$€£¥₽]|\d+(?:[.,:]\d+)*|{UNSPACED.pattern}|[^\W\d_]+(?:['’][^\W\d_]+)*")
HEAD = re.compile(r"\s{0,9}([^\n]{2,90}?)(?<=[\s)])(?:--|[-–—])\s")  # "MOSCOW, June 24 (Agency) - "
CALENDAR = re.compile(rf"(?i:{'|'.join(name[:3] for name in (*MONTH_NAMES, *WEEKDAYS))})")

# Words that no capital marks and that turn a statement round.
NEGATIONS = frozenset("no not never none nor neither nobody nothing without cannot hardly".split())
TURNING = NEGATIONS | frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
    half quarter third double triple dozen first second fourth fifth sixth
    up down rise rises rose risen rising fall falls fell fallen falling increase increases increased increasing
    decrease decreases decreased decreasing grow grows grew grown growing shrink shrinks shrank shrinking higher lower
    more less fewer above below over under before after gain gains gained lose loses lost win wins won
    buy buys bought sell sells sold import imports imported export exports exported accept accepts accepted reject
    rejects rejected approve approves approved support supports supported oppose opposes opposed deny denies denied
    confirm confirms confirmed start starts started begin begins began end ends ended open opens opened close closes
    closed dollar dollars euro euros pound pounds yuan yen rouble roubles ruble rubles""".split()
)
# Words that a sentence begins with and that name nothing.
EMPTY = frozenset(
    """a an the this that these those it its he his she her they their we our you your i in on at by for from of to
    with as and but or so if when while where who what which there here however also meanwhile moreover still yet
    then thus is are was were be has have had do does did will would can could must shall should""".split()
)


class _Sketch:
    """A text as it is compared; what is dear is made when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text[:MAX_CHARS]
        folded = self._text.casefold().encode("utf-8", "replace").decode()  # rensa refuses half a surrogate pair
        words = (folded if folded.isascii() else UNSPACED.sub(r" \g<0> ", folded)).split()
        self.length = len(text)
        self.shingles = frozenset(map(" ".join, zip(words, words[1:], strict=False))) or frozenset(words)

    @cached_property
    def signature(self) -> rensa.RMinHash:
        signature = rensa.RMinHash(PERMUTATIONS, SEED)
        signature.update(list(self.shingles))  # their order does not matter
        return signature

    @cached_property
    def facts(self) -> tuple[str, ...]:
        return tuple(islice(_facts(self._text[_head(self._text) :]), MAX_FACTS))


def _head(text: str) -> int:
    """Return where the text begins behind a dateline or an agency's name, as "MOSCOW, June 24 (Agency) - "."""
    match = HEAD.match(text, 0, 120)
    if match is None:
        return 0
    words = WORD.findall(match[1].partition("(")[0])
    place = [word for word in words if not word[0].isdigit() and not CALENDAR.match(word)]
    shouted = bool(place) and place[0].isupper() and len(place[0]) > 1 and all(w[0].isupper() for w in place)
    agency_alone = match[1].startswith("(") and match[1].rstrip().endswith(")")
    return match.end() if shouted or agency_alone else 0


def _facts(text: str) -> Iterator[str]:
    """Yield numbers, names (words that are not in lower case) and turning words, in text order, folded.

    In a short text, and in one without capitals, every word counts: another noun there is another statement.
    """
    words = WORD.findall(text)
    every = len(words) < SHORT or text.islower()
    for word in words:
        folded = word.casefold().replace("’", "'").removesuffix("'s")
        if folded in TURNING or _negates(folded) or ((every or not word[0].islower()) and folded not in EMPTY):
            yield folded


def _jaccard(a: _Sketch, b: _Sketch) -> float:
    common = len(a.shingles & b.shingles)
    union = len(a.shingles) + len(b.shingles) - common
    return common / union if union else 0.0


def _misspelt(a: str, b: str) -> bool:
    """Return whether two names may be one: as Chayanda and Chayadna, not as 2016 and 2017, Iran and Iraq."""
    if max(len(a), len(b)) < 5 or a[0] != b[0] or {a, b} <= TURNING or not (a + b).isalpha():
        return False
    return bool(OSA.distance(a, b, score_cutoff=1) == 1)


def _replaces(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Return whether facts of the one stand where the other has different ones."""
    if a == b:
        return False
    a, b = sorted((a, b))  # one alignment, whichever comes first
    gone: list[str] = []
    come: list[str] = []
    for step in Indel.opcodes(a, b):
        if step.tag == "equal" and step.src_end - step.src_start > MERGED:
            if _differ(gone, come):
                return True
            gone, come = [], []
        elif step.tag == "delete":
            gone += a[step.src_start : step.src_end]
        elif step.tag == "insert":
            come += b[step.dest_start : step.dest_end]
    return _differ(gone, come)


def _differ(gone: Sequence[str], come: Sequence[str]) -> bool:
    """Return whether facts at one place contradict: a lone negation, or neither a misspelling of part of the other."""
    fewer, more = sorted((gone, come), key=len)
    if not fewer:
        return bool(more) and all(map(_negates, more))
    rest = iter(more)
    return not all(any(_misspelt(fact, other) for other in rest) for fact in fewer)  # a subsequence, but for spelling


def _negates(fact: str) -> bool:
    return fact in NEGATIONS or fact.endswith("n't")


def _alike(a: _Sketch, b: _Sketch) -> bool:
    if min(a.length, b.length) < THRESHOLD / 2 * max(a.length, b.length):  # alike to MAX_CHARS and not beyond
        return False
    return _jaccard(a, b) >= THRESHOLD and not _replaces(a.facts, b.facts)


def are_copies(a: str, b: str) -> bool:
    """Return whether two texts are near copies; which of them comes first does not matter."""
    return _alike(_Sketch(a), _Sketch(b))


def group_copies(
    texts: Sequence[str], owners: Sequence[str], first: int | None = None, window: int | None = None
) -> list[list[int]]:
    """Group the positions of texts that are copies of the first of their group, in order of those firsts.

    Texts of the same words (case and spacing aside) are one group wherever they stand. Near copies are, unless they
    have the same owner or stand more than `window` apart. With `first`, near copies are sought for the first groups
    only, which are the same whatever the number.
    """
    groups: dict[int, list[int]] = {}  # by position of the first
    by_words: dict[bytes, int] = {}
    near = _Neighbours(texts, owners, window)
    for i, text in enumerate(texts):
        leader = by_words.get(words := same_words(text))
        if leader is None and (first is None or window is None or near.reaches(i, first)):
            leader = near.leader(i)
        leader = i if leader is None else leader
        by_words.setdefault(words, leader)
        groups.setdefault(leader, []).append(i)
    return list(groups.values())


def same_words(text: str) -> bytes:
    """Return a digest that two texts share when they have the same words, whatever their case and spacing."""
    plain = " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(plain, digest_size=16).digest()


class _Neighbours:
    """The leaders of groups so far, and which of them a text is a near copy of."""

    def __init__(self, texts: Sequence[str], owners: Sequence[str], window: int | None) -> None:
        self._owners, self._window = owners, window
        self._sketch = lru_cache(2 * CROWD)(lambda i: _Sketch(texts[i]))  # not kept: shingles outweigh their text
        self._lsh = rensa.RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
        self._leaders: dict[int, rensa.RMinHash] = {}  # by position
        self._by_facts: dict[tuple[str, ...], int] = {}  # leaders where too many are alike

    def reaches(self, i: int, first: int) -> bool:
        """Return whether a text at i may be a near copy of one of the first leaders, or become one."""
        if len(self._leaders) < first:
            return True
        last = next(islice(self._leaders, first - 1, None))
        return i - last <= (self._window or 0)

    def leader(self, i: int) -> int | None:
        """Return the first leader that text i is a near copy of; if there is none, make it one."""
        sketch = self._sketch(i)
        found: list[int] = sorted(self._lsh.query(sketch.signature))
        alike = [j for j in found if self._near(i, j, sketch)][: CROWD + 1]
        crowded = len(alike) >= CROWD
        same_facts = self._by_facts.get(sketch.facts) if crowded else None
        if same_facts is not None and self._near(i, same_facts, sketch):
            alike.insert(0, same_facts)
        leader = next((j for j in alike if _alike(self._sketch(j), sketch)), None)
        if leader is not None:
            return leader
        self._leaders[i] = sketch.signature
        if crowded:
            self._by_facts.setdefault(sketch.facts, i)
        else:
            self._lsh.insert(i, sketch.signature)
        return None

    def _near(self, i: int, j: int, sketch: _Sketch) -> bool:
        """Return whether leader j may be compared with text i, and is alike enough for it."""
        if self._owners[i] == self._owners[j] or (self._window is not None and i - j > self._window):
            return False
        return bool(self._leaders[j].jaccard(sketch.signature) >= ESTIMATE)
