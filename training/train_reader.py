"""Train the reader: one encoder with three outputs, from all-MiniLM-L6-v2, embeddings frozen.

    python -m training.train_reader DATA OUT --minutes 90 --seed 7
    python -m training.train_reader DATA OUT --minutes 60 --resume     # goes on with a shorter plan
    python -m training.train_reader DATA OUT --minutes 90 --resume --back-to 0.45     # more, once it had ended

Where other programs want the cores too, set OMP_WAIT_POLICY=passive: threads that spin halve what is learnt in a
second of processor time.

DATA holds `reader_training/*.json` and the reported sets. OUT gets `checkpoint.safetensors` and `log.jsonl`. The
learning rate and the mixture follow the share of the planned minutes (or `--tokens`) that is done, so a run of any
length ends annealed. With `--tokens` a seed gives the same weights again; with `--minutes` the machine decides how
far each minute leads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from qa.encoder import model_folder
from qa.reader.model import BARRED, Batch, Outputs, Pair, SpanModel, build_model, load_tokenizer, make_pairs
from qa.settings import BUNDLED_MODEL
from training.data import Example
from training.mixture import Mixture, kept_out, open_mixture
from training.validate import Case, clapnq, nq, shifted, squad, validate

RATE, HEAD_RATE, LAYER_DECAY = 2e-4, 1e-3, 0.9  # of the top layer, of the heads, from each layer to the one below
WARMUP = 0.04  # of the plan
WEIGHT_DECAY = 0.01
MAX_NORM = 1.0
EMA = 0.995
MAX_TOKENS = 288
BATCH_TOKENS = 2400  # padded
POOL = 24  # batches drawn at once and sorted by length
SMOOTH = 0.02  # of the verdicts' labels
NULL_WEIGHT = 0.5  # of the span loss where there is no answer
PARTS = {"span": 1.0, "answerable": 0.5, "relevant": 0.25, "rank": 0.5}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch with its targets."""

    batch: Batch
    start: Tensor  # (n, t), rows sum to 1
    end: Tensor
    answerable: Tensor  # (n,)
    relevant: Tensor  # (n,), NaN: not trained
    groups: list[tuple[int, int]]  # rows [a, b): the first is the passage that answers

    @property
    def tokens(self) -> int:
        """Padded tokens."""
        return self.batch.ids.numel()


def lessons(mixture: Mixture, tokenizer: Tokenizer, progress: float) -> list[Lesson]:
    """Draw a pool of units and cut it, sorted by length, into batches; their order is shuffled."""
    units: list[list[tuple[Example, Pair]]] = []
    total = 0
    while total < POOL * BATCH_TOKENS:
        unit = mixture.draw(progress)
        pairs = make_pairs(tokenizer, [(e.question, e.title, e.passage) for e in unit], MAX_TOKENS)
        units.append(list(zip(unit, pairs, strict=True)))
        total += sum(map(len, pairs))
    units.sort(key=lambda unit: max(len(pair) for _, pair in unit))
    batches: list[list[list[tuple[Example, Pair]]]] = [[]]
    for unit in units:
        longest = max(len(pair) for _, pair in unit)
        if batches[-1] and longest * (sum(map(len, batches[-1])) + len(unit)) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(unit)
    return [_lesson(batches[i]) for i in mixture.rng.permutation(len(batches))]


def _lesson(units: list[list[tuple[Example, Pair]]]) -> Lesson:
    groups, rows = [], 0
    for unit in units:
        if len(unit) > 1:
            groups.append((rows, rows + len(unit)))
        rows += len(unit)
    flat = [item for unit in units for item in unit]
    batch = Batch.of([pair for _, pair in flat])
    start, end = torch.zeros(batch.ids.shape), torch.zeros(batch.ids.shape)
    answerable = torch.zeros(len(flat))
    for row, (example, pair) in enumerate(flat):
        found = [(pair.tokens(a, b), w) for a, b, w in example.targets]
        inside = [(at, w) for at, w in found if at]
        total = sum(w for _, w in inside)
        for (first, last), w in inside:
            start[row, first] += w / total
            end[row, last] += w / total
        if inside:
            answerable[row] = 1
        else:
            start[row, 0] = end[row, 0] = 1
    relevant = torch.tensor([float("nan") if e.relevant is None else float(e.relevant) for e, _ in flat])
    return Lesson(batch, start, end, answerable, relevant, groups)


def losses(out: Outputs, lesson: Lesson) -> dict[str, Tensor]:
    """Return the parts of the loss, each a mean over the batch."""
    spans = -(_log_likelihood(out.start, lesson.start) + _log_likelihood(out.end, lesson.end)) / 2  # (n,)
    weights = torch.where(lesson.answerable > 0, 1.0, NULL_WEIGHT)
    known = ~lesson.relevant.isnan()
    rank = [-out.relevant[a:b].log_softmax(0)[0] for a, b in lesson.groups]
    zero = out.relevant.sum() * 0
    return {
        "span": (spans * weights).sum() / weights.sum(),
        "answerable": bce(out.answerable, _smooth(lesson.answerable)),
        "relevant": bce(out.relevant[known], _smooth(lesson.relevant[known])) if known.any() else zero,
        "rank": torch.stack(rank).mean() if rank else zero,
    }


def _log_likelihood(logits: Tensor, target: Tensor) -> Tensor:
    return (logits.log_softmax(-1) * target).masked_fill(logits <= BARRED, 0).sum(-1)


def _smooth(labels: Tensor) -> Tensor:
    return labels * (1 - 2 * SMOOTH) + SMOOTH


def optimiser(model: SpanModel) -> torch.optim.AdamW:
    """Return AdamW with a rate for each layer, falling towards the embeddings; `base` keeps it for the schedule."""
    layers = model.layers
    groups = [
        {"params": list(layer.parameters()), "base": RATE * LAYER_DECAY ** (len(layers) - 1 - depth)}
        for depth, layer in enumerate(layers)
    ]
    groups.append({"params": [*model.span.parameters(), *model.verdict.parameters()], "base": HEAD_RATE})
    return torch.optim.AdamW(groups, lr=RATE, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98), fused=True)


def rate(progress: float) -> float:
    """Return the share of the full learning rate: linear warm-up, linear decay."""
    return min(progress / WARMUP, (1 - progress) / (1 - WARMUP)) if progress < 1 else 0.0


class Run:
    """Model, averaged weights, optimiser and position of a run, in one file that can be resumed from."""

    def __init__(self, out: Path, model: SpanModel, mixture: Mixture) -> None:
        self.out, self.model, self.mixture = out, model, mixture
        self.optimiser = optimiser(model)
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.averaged = {name: p.detach().clone() for name, p in self.trained.items()}
        self.step, self.tokens, self.examples, self.seconds = 0, 0, 0, 0.0
        self.progress = 0.0

    def learn(self, lesson: Lesson, progress: float) -> dict[str, float]:
        """Take one step; return the parts of the loss."""
        scale = max(1e-3, rate(progress))
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * scale
        parts = losses(self.model(lesson.batch), lesson)
        sum((PARTS[name] * part for name, part in parts.items()), torch.zeros(())).backward()
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), MAX_NORM)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += lesson.tokens
        self.examples += len(lesson.answerable)
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.values()), list(self.trained.values()), 1 - decay)
        return {name: float(part.detach()) for name, part in parts.items()}

    def averaged_model(self, folder: Path) -> SpanModel:
        """Return a model with the averaged weights."""
        model = build_model(folder)
        model.load_state_dict(self.averaged, strict=False)
        return model

    def save(self) -> None:
        """Write the checkpoint; the old one stays whole until the new one is."""
        tensors = {f"model.{name}": p.detach() for name, p in self.trained.items()}
        tensors |= {f"averaged.{name}": p for name, p in self.averaged.items()}
        for name, parameter in self.trained.items():
            for key, value in self.optimiser.state[parameter].items():
                tensors[f"optimiser.{key}.{name}"] = value
        position = {
            "step": self.step,
            "tokens": self.tokens,
            "examples": self.examples,
            "seconds": self.seconds,
            "progress": self.progress,
            "mixture": self.mixture.state(),
        }
        new = self.out / "checkpoint.new"
        save_file(tensors, new, {"position": json.dumps(position)})
        new.replace(self.out / "checkpoint.safetensors")

    def restore(self) -> None:
        """Go on from the checkpoint in the folder."""
        with safe_open(self.out / "checkpoint.safetensors", "pt") as file:
            position = json.loads(file.metadata()["position"])
            for name, parameter in self.trained.items():
                parameter.data.copy_(file.get_tensor(f"model.{name}"))
                self.averaged[name].copy_(file.get_tensor(f"averaged.{name}"))
                self.optimiser.state[parameter] = {
                    key: file.get_tensor(f"optimiser.{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq")
                }
        self.mixture.restore(position.pop("mixture"))
        for name, value in position.items():
            setattr(self, name, value)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a run is: seconds of training, or tokens; from where it was resumed on, the rest is walked evenly."""

    seconds: float
    tokens: int
    done: float = 0.0  # progress when it was resumed, and what had been used then
    used_seconds: float = 0.0
    used_tokens: int = 0

    def progress(self, run: Run) -> float:
        """Return how much of the plan is done, 0..1."""
        if self.tokens:
            walked = (run.tokens - self.used_tokens) / self.tokens
        else:
            walked = (run.seconds - self.used_seconds) / self.seconds
        return min(1.0, self.done + (1 - self.done) * walked)


def pools(run: Run, tokenizer: Tokenizer, plan: Plan) -> Iterator[tuple[dict[str, float], int]]:
    """Learn pool by pool until the plan is done; yield the mean loss parts and the number of steps of each."""
    while run.progress < 1:
        began, before = time.monotonic(), run.seconds
        seen = []
        for lesson in lessons(run.mixture, tokenizer, run.progress):
            seen.append(run.learn(lesson, run.progress))
            run.seconds = before + time.monotonic() - began
            run.progress = plan.progress(run)
            if run.progress >= 1:
                break
        yield {name: round(float(np.mean([s[name] for s in seen])), 4) for name in PARTS}, len(seen)


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the data sets.")],
    out: Annotated[Path, typer.Argument(help="Folder of checkpoint and log.")],
    minutes: Annotated[float, typer.Option(help="Minutes of training, validation not counted.")] = 90,
    tokens: Annotated[int, typer.Option(help="Tokens of training instead of minutes.")] = 0,
    seed: Annotated[int, typer.Option()] = 7,
    resume: Annotated[
        bool, typer.Option(help="Go on from OUT's checkpoint; minutes or tokens are what is left.")
    ] = False,
    back_to: Annotated[
        float | None, typer.Option(help="With --resume: from this share of the plan, 0..1, on; the rate is warm again.")
    ] = None,
    threads: Annotated[int, typer.Option()] = 2,
    validated: Annotated[int, typer.Option(help="Questions of each set at a validation.")] = 200,
    validate_every: Annotated[float, typer.Option(help="Minutes.")] = 20,
) -> None:
    """Train, log, keep checkpoints."""
    if not (data / "reader_training").is_dir():
        raise typer.BadParameter(f"{data} has no reader_training folder of files in SQuAD form")
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    folder = model_folder(BUNDLED_MODEL)
    tokenizer = load_tokenizer(folder)
    kept = kept_out(data)
    asked = nq(data, validated)
    sets: dict[str, list[Case]] = {
        "nq": [*asked, *shifted(asked)],
        "clapnq": clapnq(data, validated),
        "squad": squad(kept.squad, validated * 3 // 2),
    }
    run = Run(out, build_model(folder).train(), open_mixture(data, seed, kept))
    if resume:
        run.restore()
        run.progress = run.progress if back_to is None else back_to
    plan = Plan(minutes * 60, tokens, run.progress, run.seconds, run.tokens)
    saved = checked = time.monotonic()
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:

        def note(values: dict[str, float]) -> None:
            position = {"step": run.step, "tokens": run.tokens, "examples": run.examples}
            place = {"minutes": round(run.seconds / 60, 2), "progress": round(run.progress, 4)}
            print(json.dumps({**position, **place, **values}), file=log, flush=True)

        for parts, _ in pools(run, tokenizer, plan):
            note(parts)
            last = run.progress >= 1
            if last or time.monotonic() - saved > 8 * 60:
                run.save()
                saved = time.monotonic()
            if last or time.monotonic() - checked > validate_every * 60:
                note(validate(run.averaged_model(folder), tokenizer, sets))
                checked = time.monotonic()


if __name__ == "__main__":
    typer.run(main)
