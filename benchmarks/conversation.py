"""Measure how follow-up questions are made to stand alone.

python benchmarks/conversation.py DATA          CANARD's held-out dialogues (DATA/conversation/canard_dev.json)
python benchmarks/conversation.py --dialogues   the two-turn dialogues over the bundled articles
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from qa.asking import stand_alone  # noqa: E402
from qa.asking.fusion import (  # noqa: E402
    DEPTH,
    RAW_WEIGHT,
    fused,  # noqa: E402
)
from qa.asking.mentions import words  # noqa: E402
from qa.asking.turns import turns_of  # noqa: E402
from qa.briefing import Briefing  # noqa: E402
from qa.errors import IndexNotFoundError  # noqa: E402
from qa.settings import Settings  # noqa: E402
from qa.types import Article, Corpus, Hit  # noqa: E402

NO_ANSWER = re.compile(r"i do ?n.?t know|cannotanswer", re.I)


@dataclass(frozen=True, slots=True)
class Row:
    """A turn of CANARD: what was said before, the question, what a human made of it, and its answer."""

    dialogue: str
    number: int
    title: str  # of the page and of its section
    turns: tuple[tuple[str, str], ...]  # (page title, section title), then (question, answer) …
    question: str
    rewrite: str
    answer: str | None  # None for the last turn of a dialogue, and where there was none

    @property
    def held_out(self) -> bool:
        """Whether the dialogue is in the half that nothing was fitted on."""
        return hashlib.sha256(self.dialogue.encode()).digest()[-1] % 2 == 1

    @property
    def stands_alone(self) -> bool:
        """Whether the human left the question as it was."""
        return words(self.question) == words(self.rewrite)


def read_canard(folder: Path) -> list[Row]:
    """Return CANARD's development turns. Exits, and says so, where the file is absent."""
    file = folder / "conversation" / "canard_dev.json"
    if not file.is_file():
        sys.exit(f"{file} is absent: get CANARD's development set and put it there")
    turns = json.loads(file.read_text(encoding="utf-8"))
    said = {(t["QuAC_dialog_id"], t["Question_no"]): t["History"] for t in turns}
    return [_row(turn, said) for turn in turns]


def _row(turn: dict[str, object], said: dict[tuple[object, int], list[str]]) -> Row:
    history = turn["History"]
    number = int(str(turn["Question_no"]))
    later = said.get((turn["QuAC_dialog_id"], number + 1))
    answer = later[-1] if later and not NO_ANSWER.match(later[-1]) else None
    pairs = tuple(zip(history[::2], history[1::2], strict=False))  # type: ignore[index]
    title = f"{pairs[0][0]}, {pairs[0][1]}"
    dialogue, question, rewrite = (str(turn[name]) for name in ("QuAC_dialog_id", "Question", "Rewrite"))
    return Row(dialogue, number, title, pairs, question, rewrite, answer)


def token_f1(one: str, other: str) -> float:
    """Return the F1 of two texts as bags of words."""
    a, b = Counter(words(one)), Counter(words(other))
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def mean(values: Iterable[float]) -> float:
    """Return the mean, 0 of nothing."""
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def rewriting(rows: Sequence[Row]) -> None:
    """Print how often the decision is right, and how near the rewriting is to the human one."""
    done = [(row, stand_alone(row.question, turns_of(row.turns))) for row in rows]
    alone = [(row, new) for row, new in done if row.stands_alone]
    leaning = [(row, new) for row, new in done if not row.stands_alone]
    print(f"{len(rows)} turns, {len(alone)} of which stand alone")
    print(f"  rightly left alone   {mean(new == row.question for row, new in alone):.3f}")
    print(f"  rightly rewritten    {mean(new != row.question for row, new in leaning):.3f}")
    print(f"  token F1, raw        {mean(token_f1(row.question, row.rewrite) for row in rows):.3f}")
    print(f"  token F1, rewritten  {mean(token_f1(new, row.rewrite) for row, new in done):.3f}")
    bare = [(row, stand_alone(row.question, turns_of(row.turns[1:]))) for row in rows if len(row.turns) > 1]
    print(
        f"  without the page's title in the history, {len(bare)} turns: raw "
        f"{mean(token_f1(row.question, row.rewrite) for row, _ in bare):.3f}, rewritten "
        f"{mean(token_f1(new, row.rewrite) for row, new in bare):.3f}"
    )


def answers(rows: Sequence[Row]) -> Corpus:
    """Return a collection of the dialogues' own answers, each under the title of its page and section."""
    articles = (Article(f"{row.dialogue}#{row.number:02}", row.answer, row.title) for row in rows if row.answer)
    return Corpus(tuple(sorted(articles, key=lambda article: article.id)))


def canard_retrieval(rows: Sequence[Row], briefing: Briefing, weights: Sequence[float]) -> None:
    """Print how well the passage with a turn's answer is found, by each wording of the question."""
    ranks: dict[str, list[float]] = {}
    for row in rows:
        if not row.answer:
            continue
        wanted = f"{row.dialogue}#{row.number:02}"
        new = stand_alone(row.question, turns_of(row.turns))
        texts = {"raw": row.question, "rewritten": new, "human": row.rewrite}
        found = {name: briefing.retrieve(text, k=DEPTH) for name, text in texts.items()}
        for weight in weights:
            joined = fused(found["rewritten"], found["raw"], DEPTH, weight) if new != row.question else found["raw"]
            found[f"fused, raw {weight:g}"] = joined
        for name, hits in found.items():
            rank = next((hit.rank for hit in hits if hit.passage.article_id == wanted), None)
            ranks.setdefault(name, []).append(1 / rank if rank else 0.0)
    print("  answer's passage among all         hit@1   hit@3  hit@10    MRR")
    for name, reciprocal in ranks.items():
        at = "".join(f"{mean(r >= 1 / k for r in reciprocal):8.3f}" for k in (1, 3, 10))
        print(f"  {name:30}{at}{mean(reciprocal):8.3f}   ({len(reciprocal)} turns)")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two questions over the bundled articles; the second leans on the first, or changes the subject."""

    id: str
    first: str
    follow_up: str
    stands_alone: str  # the second as a human would search for it
    held_out: bool
    quotes: tuple[tuple[str, str], ...]  # (article, words that answer)

    def found_in(self, hits: Sequence[Hit]) -> bool:
        """Return whether one of the hits holds an answer."""
        return any(
            hit.passage.article_id == article and quote in hit.passage.text
            for hit in hits
            for article, quote in self.quotes
        )


def read_dialogues() -> list[Dialogue]:
    """Return the two-turn dialogues over the bundled articles."""
    lines = (ROOT / "tests" / "data" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    return [_dialogue(json.loads(line)) for line in lines]


def _dialogue(values: dict[str, object]) -> Dialogue:
    quotes = tuple((e["article"], e["quote"]) for e in values.pop("evidence"))  # type: ignore[attr-defined]
    return Dialogue(**values, quotes=quotes)  # type: ignore[arg-type]


def dialogues(briefing: Briefing, held_out: bool, show: bool, weights: Sequence[float]) -> None:
    """Print how often the first 3 hits hold the answer to the follow-up, by each wording of it."""
    chosen = [dialogue for dialogue in read_dialogues() if dialogue.held_out == held_out]
    counts: Counter[str] = Counter()
    for each in chosen:
        history = [(each.first, briefing.ask(each.first))]
        new = briefing.stand_alone(each.follow_up, history)
        texts = {"raw": each.follow_up, "rewritten": new, "hand-written": each.stands_alone}
        found = {name: briefing.retrieve(text, k=DEPTH) for name, text in texts.items()}
        for weight in weights:
            joined = fused(found["rewritten"], found["raw"], 3, weight) if new != each.follow_up else found["raw"]
            found[f"fused, raw {weight:g}"] = joined
        answer = briefing.ask(each.follow_up, history=history)
        cited = " ".join(citation.quote for citation in answer.citations)
        counts.update(name for name, hits in found.items() if each.found_in(hits[:3]))
        counts["ask: first 3 hits"] += each.found_in(answer.hits[:3])
        counts["ask: a citation holds it"] += any(quote in cited for _, quote in each.quotes)
        counts["left as it was"] += new == each.follow_up
        if show:
            mark = "ok" if each.found_in(found["rewritten"][:3]) else "--"
            print(f"  {mark} {each.id} {each.first} | {each.follow_up}\n       = {new}")
    print(
        f"{len(chosen)} dialogues over the bundled articles, {'held out' if held_out else 'looked at while building'}"
    )
    for name, count in counts.items():
        print(f"  {name:30}{count:4}")


def settings_for(folder: Path) -> Settings:
    """Return the default settings with an index of its own."""
    settings = Settings()
    return settings.model_copy(update={"index": settings.index.model_copy(update={"folder": folder})})


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="folder with conversation/canard_dev.json")
    parser.add_argument("--dialogues", action="store_true", help="the two-turn dialogues over the bundled articles")
    parser.add_argument("--tuned", action="store_true", help="the half that was tuned on, instead of the other")
    parser.add_argument("--show", action="store_true", help="show each dialogue")
    parser.add_argument("--index", type=Path, help="keep the collection's index here, and use it if it is there")
    parser.add_argument("--weights", type=float, nargs="*", default=[RAW_WEIGHT], help="weights of the raw question")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.index or Path(folder) / "index"
        if arguments.dialogues:
            briefing = Briefing.open(corpus=ROOT / "corpus", index=place, settings=Settings())
            dialogues(briefing, not arguments.tuned, arguments.show, arguments.weights)
            return
        if arguments.data is None:
            parser.error("give the DATA folder, or --dialogues")
        rows = read_canard(arguments.data)
        chosen = [row for row in rows if row.held_out != arguments.tuned]
        rewriting(chosen)
        briefing = Briefing(settings_for(place))
        try:
            briefing.serve_current()
        except IndexNotFoundError:
            briefing.index(answers(rows))
        canard_retrieval(chosen, briefing, arguments.weights)


if __name__ == "__main__":
    main()
