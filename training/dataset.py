"""Draw what the reader learns from, once, as token ids: training then needs this folder and the first weights alone.

    python -m training.dataset DATA DATASET --examples 1000000 --seed 7

DATA holds `reader_training/*.json` and the reported sets. DATASET gets `dataset.safetensors`, the examples in the
order of the mixture, `cases.json`, small parts of the reported sets to validate with, and `tokenizer.json`. A seed
gives the same files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from qa.encoder import model_folder
from qa.reader.model import Pair, PairBatch, load_tokenizer, make_pairs
from qa.reader.network import MAX_TOKENS
from qa.settings import BUNDLED_MODEL
from training.data import Example
from training.mixture import Mixture, kept_out, open_mixture
from training.validate import ReadingCase, moved, moved_batch, validation_sets

DATASET, CASES = "dataset.safetensors", "cases.json"
UNITS = 64  # drawn at once
IN_UNIT = 3  # examples at most: one, or a passage that answers and those that do not
POOL = 24  # batches drawn at once and sorted by length
REACH = 0.1  # of all dataset: how far from its place in their order a labelled may be taught


@dataclass(frozen=True, slots=True)
class Dataset:
    """n examples in u units (an example alone, or a passage that answers followed by others that do not)."""

    ids: Tensor  # (tokens of all,) int16, two's complement of the unsigned id
    begin: Tensor  # (n + 1,) int64, where each example begins
    second: Tensor  # (n,) int16, where title or passage begins
    first: Tensor  # (n,) int16, where the passage begins
    span: Tensor  # (n, 2) int16, first and last token of the answer; 0, 0: none
    relevant: Tensor  # (n,) float32, 1 or 0; NaN: not trained
    unit: Tensor  # (u + 1,) int64, the first example of each unit

    @classmethod
    def of(cls, units: Sequence[Sequence[tuple[Example, Pair]]], rng: np.random.Generator) -> Dataset:
        """Put units of examples one behind the other; of several spans that answer, one is drawn by weight."""
        flat = [item for unit in units for item in unit]
        lengths = torch.tensor([len(pair) for _, pair in flat])
        return cls(
            torch.tensor(np.concatenate([np.array(pair.ids, dtype=np.uint16).view(np.int16) for _, pair in flat])),
            torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)]),
            torch.tensor([pair.second for _, pair in flat], dtype=torch.int16),
            torch.tensor([pair.first for _, pair in flat], dtype=torch.int16),
            torch.tensor([_span(example, pair, rng) for example, pair in flat], dtype=torch.int16),
            torch.tensor([float("nan") if e.relevant is None else float(e.relevant) for e, _ in flat]),
            torch.tensor(np.cumsum([0, *map(len, units)])),
        )

    @classmethod
    def joined(cls, parts: Sequence[Dataset]) -> Dataset:
        """Put parts one behind the other."""
        joined = {f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        for name in ("begin", "unit"):
            ends = np.cumsum([0] + [int(getattr(p, name)[-1]) for p in parts])
            shifted = [getattr(p, name)[:-1] + int(end) for p, end in zip(parts, ends[:-1], strict=True)]
            joined[name] = torch.cat([*shifted, torch.tensor([int(ends[-1])])])
        return cls(**joined)

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Read the file of a folder."""
        return cls(**load_file(folder / DATASET))

    def save(self, folder: Path) -> None:
        """Write the file of a folder."""
        save_file({f.name: getattr(self, f.name) for f in fields(self)}, folder / DATASET)


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """A batch with its targets."""

    batch: PairBatch
    start: Tensor  # (n,) int64, 0 where there is no answer
    end: Tensor
    relevant: Tensor  # (n,), NaN: not trained
    groups: Tensor  # (g, IN_UNIT) rows of the batch, -1 for none; the first is the passage that answers

    def to(self, device: torch.device) -> TrainingBatch:
        """Return the same on a device."""
        targets = (moved(x, device) for x in (self.start, self.end, self.relevant, self.groups))
        return TrainingBatch(moved_batch(self.batch, device), *targets)

    @property
    def answerable(self) -> Tensor:
        """1 where there is an answer, (n,)."""
        return (self.start > 0).float()

    @classmethod
    def of(cls, dataset: Dataset, units: Tensor) -> TrainingBatch:
        """Gather units (k,) from all dataset, padded to the longest."""
        first, size = dataset.unit[units], dataset.unit[units + 1] - dataset.unit[units]  # (k,)
        slots = torch.arange(IN_UNIT)
        held = slots < size[:, None]  # (k, IN_UNIT)
        rows = (first[:, None] + slots)[held]  # (n,)
        place = torch.where(held, held.flatten().cumsum(0).view_as(held) - 1, -1)
        begin, length = dataset.begin[rows], dataset.begin[rows + 1] - dataset.begin[rows]
        at = torch.arange(int(length.max()))  # (t,)
        mask = at < length[:, None]  # (n, t)
        flat = (begin[:, None] + at).clamp_max_(len(dataset.ids) - 1)
        ids = torch.where(mask, dataset.ids[flat].long() & 0xFFFF, 0)
        types = (mask & (at >= dataset.second[rows, None])).long()
        allowed = ((at >= dataset.first[rows, None]) & (at < length[:, None] - 1)) | (at == 0)
        start, end = dataset.span[rows].long().unbind(1)
        return cls(PairBatch(ids, types, mask.long(), allowed), start, end, dataset.relevant[rows], place[size > 1])


def _span(example: Example, pair: Pair, rng: np.random.Generator) -> tuple[int, int]:
    found = [(at, weight) for a, b, weight in example.targets if (at := pair.tokens(a, b))]
    if not found:
        return 0, 0
    weights = np.array([weight for _, weight in found])
    return found[int(rng.choice(len(found), p=weights / weights.sum()))][0]


def draw(mixture: Mixture, tokenizer: Tokenizer, examples: int, begin: float = 0.0) -> Dataset:
    """Draw that many examples, or a few more, from a point, 0..1, of the mixture to its end."""
    parts: list[Dataset] = []
    drawn = 0
    while drawn < examples:
        units = [mixture.draw(begin + (1 - begin) * drawn / examples) for _ in range(UNITS)]
        pairs = iter(make_pairs(tokenizer, [(e.question, e.title, e.passage) for u in units for e in u], MAX_TOKENS))
        parts.append(Dataset.of([[(e, next(pairs)) for e in unit] for unit in units], mixture.rng))
        drawn += len(parts[-1].second)
    return Dataset.joined(parts)


def pool(dataset: Dataset, progress: float, tokens: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Yield the units, (k,), of `POOL` batches of like length around a point, 0..1, of the order, shuffled.

    A batch has at most `tokens` tokens, padding counted (a unit longer than that is a batch of its own).
    """
    count = len(dataset.unit) - 1
    per_unit = int(dataset.begin[-1]) / count  # tokens
    low = int(np.clip(progress - REACH, 0, 1 - 2 * REACH) * count)
    high = max(low + 1, int(np.clip(progress + REACH, 2 * REACH, 1) * count))
    chosen = torch.from_numpy(rng.integers(low, high, max(1, int(POOL * tokens / per_unit))))
    rows = (dataset.unit[chosen + 1] - dataset.unit[chosen]).tolist()
    longest = _longest(dataset, chosen).tolist()
    batches: list[list[int]] = []
    held = 0
    for i in sorted(range(len(rows)), key=lambda i: longest[i]):
        if not batches or longest[i] * (held + rows[i]) > tokens:
            batches.append([])
            held = 0
        batches[-1].append(i)
        held += rows[i]
    for i in rng.permutation(len(batches)):
        yield chosen[torch.tensor(batches[i])]


def _longest(dataset: Dataset, units: Tensor) -> Tensor:
    """Return the tokens of the longest example of each unit."""
    lengths = dataset.begin.diff()
    first, last = dataset.unit[units], dataset.unit[units + 1] - 1
    return torch.stack([lengths[(first + slot).clamp_max(last)] for slot in range(IN_UNIT)]).amax(0)


def save_cases(sets: Mapping[str, Sequence[ReadingCase]], folder: Path) -> None:
    """Write the validation sets of a folder."""
    held = {name: [asdict(case) for case in cases] for name, cases in sets.items()}
    (folder / CASES).write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")


def load_cases(folder: Path) -> dict[str, list[ReadingCase]]:
    """Read the validation sets of a folder."""
    held = json.loads((folder / CASES).read_text(encoding="utf-8"))
    return {name: [_case(values) for values in cases] for name, cases in held.items()}


def _case(values: Mapping[str, str | Iterable[str]]) -> ReadingCase:
    return ReadingCase(**{**values, "answers": tuple(values["answers"])})  # type: ignore[arg-type]


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the data sets.")],
    out: Annotated[Path, typer.Argument(help="Folder to write.")],
    examples: Annotated[int, typer.Option(help="Examples to draw.")] = 1_000_000,
    seed: Annotated[int, typer.Option()] = 7,
    validated: Annotated[int, typer.Option(help="Questions of each set to validate with.")] = 200,
    begin: Annotated[float, typer.Option(help="Point, 0..1, of the mixture to begin at; late to go on.")] = 0.0,
) -> None:
    """Draw the dataset and the cases."""
    if not (data / "reader_training").is_dir():
        raise typer.BadParameter(f"{data} has no reader_training folder of files in SQuAD form")
    out.mkdir(parents=True, exist_ok=True)
    kept = kept_out(data)
    save_cases(validation_sets(data, kept, (validated, validated, validated * 3 // 2, validated)), out)
    tokenizer = load_tokenizer(model_folder(BUNDLED_MODEL))
    tokenizer.save(str(out / "tokenizer.json"))
    dataset = draw(open_mixture(data, seed, kept), tokenizer, examples, begin)
    dataset.save(out)
    print(f"{len(dataset.second)} examples, {len(dataset.ids)} tokens, {int((dataset.span[:, 0] > 0).sum())} answered")


if __name__ == "__main__":
    typer.run(main)
