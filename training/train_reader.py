"""Train the reader: one encoder with three outputs, from all-MiniLM-L6-v2, embeddings frozen.

    python -m training.dataset DATA DATASET
    python -m training.train_reader DATASET TEACHER --base all-mpnet-base-v2 --device cuda --minutes 2 --rate 5e-5
    python -m training.train_reader DATASET OUT --teacher TEACHER --device cuda --minutes 5.6 --rate 4e-4

The model card has the commands of the shipped weights in full.

The first run makes a teacher of a larger encoder, the second the reader, which learns from the answers and from what
the teacher says of the same windows (Hinton et al. 2015, Beyer et al. 2022). Without a teacher it learns from the
answers alone; on two cores 90 minutes do. Where other programs want the cores too, set OMP_WAIT_POLICY=passive:
threads that spin halve what is learnt in a second of processor time.

OUT gets `checkpoint.safetensors` and `log.jsonl`. Learning rate and mixture follow the share of the planned minutes
(or `--steps`) that is done, so a run of any length ends annealed. With `--steps` a seed gives the same weights again;
with `--minutes` the machine decides how far each minute leads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import typer
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from qa.encoder import model_folder
from qa.reader.model import Outputs, load_tokenizer
from qa.settings import BUNDLED_MODEL
from training.dataset import Dataset, TrainingBatch, load_cases, pool
from training.networks import Network, network_of
from training.validate import validate

LAYER_DECAY = 0.9  # of the rate, from each layer to the one below
HEADS = 5.0  # times the rate of the top layer
WARMUP = 0.04  # of the plan
WEIGHT_DECAY = 0.01
MAX_NORM = 1.0
EMA = 0.999
SMOOTH = 0.02  # of the verdicts' labels
NULL_WEIGHT = 0.5  # of the span loss where there is no answer
PARTS = {"span": 1.0, "answerable": 0.5, "relevant": 0.25, "rank": 0.5}
TAUGHT = 0.75  # weight of what the teachers say; the rest is that of the answers
HEAT = 2.0  # temperature at which spans are compared with the teachers'
SAVE_EVERY = 8 * 60  # seconds
CHECKPOINT, AVERAGED = "checkpoint.safetensors", "averaged."


def losses(out: Outputs, labelled: TrainingBatch) -> dict[str, Tensor]:
    """Return the parts of the loss against the answers, each a mean over the batch."""
    spans = (_cross_entropy(out.start, labelled.start) + _cross_entropy(out.end, labelled.end)) / 2  # (n,)
    weights = torch.where(labelled.start > 0, 1.0, NULL_WEIGHT)
    known = (~labelled.relevant.isnan()).float()
    relevant = bce(out.relevant, _smooth(labelled.relevant.nan_to_num()), reduction="none")
    ranked = torch.cat([out.relevant, out.relevant.new_full((1,), -1e4)])[labelled.groups]  # (g, in unit); -1: the last
    return {
        "span": (spans * weights).sum() / weights.sum(),
        "answerable": bce(out.answerable, _smooth(labelled.answerable)),
        "relevant": (relevant * known).sum() / known.sum().clamp_min(1),
        "rank": -ranked.log_softmax(1)[:, 0].sum() / max(1, len(ranked)),
    }


def taught(out: Outputs, said: Outputs) -> dict[str, Tensor]:
    """Return the parts of the loss against the teachers, each a mean over the batch."""
    return {
        "span": (_divergence(out.start, said.start) + _divergence(out.end, said.end)) / 2,
        "answerable": bce(out.answerable, said.answerable.sigmoid()),
        "relevant": bce(out.relevant, said.relevant.sigmoid()),
    }


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits, target, reduction="none")


def _divergence(logits: Tensor, said: Tensor) -> Tensor:
    ours, theirs = (logits / HEAT).log_softmax(-1), (said / HEAT).log_softmax(-1)
    return F.kl_div(ours, theirs, reduction="batchmean", log_target=True) * HEAT**2


def _smooth(labels: Tensor) -> Tensor:
    return labels * (1 - 2 * SMOOTH) + SMOOTH


def optimiser(model: Network, rate: float) -> torch.optim.AdamW:
    """Return AdamW with a rate for each layer, falling towards the embeddings; `base` keeps it for the schedule."""
    layers = list(model.layers)
    groups = [
        {"params": list(layer.parameters()), "base": rate * LAYER_DECAY ** (len(layers) - 1 - depth)}
        for depth, layer in enumerate(layers)
    ]
    groups.append({"params": [*model.span.parameters(), *model.verdict.parameters()], "base": rate * HEADS})
    return torch.optim.AdamW(groups, lr=rate, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98), fused=True)


def schedule(progress: float) -> float:
    """Return the share of the full learning rate: linear warm-up, linear decay."""
    return min(progress / WARMUP, (1 - progress) / (1 - WARMUP)) if progress < 1 else 0.0


class Run:
    """Network, averaged weights, optimiser and position of a run, in one file that can be resumed from."""

    def __init__(
        self,
        out: Path,
        base: Path,
        device: str,
        rate: float,
        teachers: Sequence[Network] = (),
        weights: Path | None = None,
        frozen: int = 0,
    ) -> None:
        self.out, self.base, self.device, self.teachers = out, base, torch.device(device), teachers
        self.model = network_of(base).to(self.device).train()
        if weights:
            self.model.load_state_dict(load_file(weights, device), strict=False)
        for layer in self.model.layers[:frozen]:
            layer.requires_grad_(False)
        parts = (*self.model.layers, self.model.span, self.model.verdict)
        trained = {id(p) for part in parts for p in part.parameters()}
        self.trained = {name: p for name, p in self.model.named_parameters() if id(p) in trained}
        self.optimiser = optimiser(self.model, rate)
        self.averaged = {name: p.detach().clone() for name, p in self.trained.items()}
        self.step, self.tokens, self.examples, self.seconds = 0, 0, 0, 0.0
        self.progress = 0.0

    def learn(self, labelled: TrainingBatch) -> Tensor:
        """Take one step; return the parts of the loss, in the order of `PARTS`, and what the teachers' cost in all."""
        scale = max(1e-3, schedule(self.progress))
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * scale
        labelled = labelled.to(self.device)
        out = self._ask(self.model, labelled)
        parts = losses(out, labelled)
        loss = _total(parts)
        from_teachers = loss * 0
        if self.teachers:
            from_teachers = _total(taught(out, self._said(labelled)))
            loss = (1 - TAUGHT) * loss + TAUGHT * from_teachers
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), MAX_NORM)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += labelled.batch.ids.numel()
        self.examples += len(labelled.start)
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.values()), list(self.trained.values()), 1 - decay)
        return torch.stack([*(parts[name] for name in PARTS), from_teachers]).detach()

    def _ask(self, model: Network, labelled: TrainingBatch) -> Outputs:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            out = model(labelled.batch)
        return Outputs(out.start.float(), out.end.float(), out.answerable.float(), out.relevant.float())

    @torch.no_grad()
    def _said(self, labelled: TrainingBatch) -> Outputs:
        """Return the mean of the teachers' logits."""
        said = [self._ask(teacher, labelled) for teacher in self.teachers]
        names = ("start", "end", "answerable", "relevant")
        return Outputs(*(torch.stack([getattr(s, name) for s in said]).mean(0) for name in names))

    def averaged_model(self) -> Network:
        """Return a network with the averaged weights."""
        model = network_of(self.base)
        model.load_state_dict(self.averaged, strict=False)
        return model.to(self.device)

    def save(self) -> None:
        """Write the checkpoint; the old one stays whole until the new one is."""
        tensors = {f"model.{name}": p.detach() for name, p in self.trained.items()}
        tensors |= {f"{AVERAGED}{name}": p for name, p in self.averaged.items()}
        for name, parameter in self.trained.items():
            for key, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser.{key}.{name}"] = value
        position = {
            "step": self.step,
            "tokens": self.tokens,
            "examples": self.examples,
            "seconds": self.seconds,
            "progress": self.progress,
        }
        new = self.out / "checkpoint.new"
        save_file(tensors, new, {"position": json.dumps(position), "base": str(self.base)})
        new.replace(self.out / CHECKPOINT)

    def restore(self) -> None:
        """Go on from the checkpoint in the folder."""
        with safe_open(self.out / CHECKPOINT, "pt", str(self.device)) as file:
            position = json.loads(file.metadata()["position"])
            for name, parameter in self.trained.items():
                parameter.data.copy_(file.get_tensor(f"model.{name}"))
                self.averaged[name].copy_(file.get_tensor(f"{AVERAGED}{name}"))
                if parameter.requires_grad:
                    self.optimiser.state[parameter] = {
                        key: file.get_tensor(f"optimiser.{key}.{name}") for key in ("step", "exp_avg", "exp_avg_sq")
                    }
        for name, value in position.items():
            setattr(self, name, value)


def _total(parts: dict[str, Tensor]) -> Tensor:
    return torch.stack([PARTS[name] * part for name, part in parts.items()]).sum()


def averaged_weights(out: Path) -> dict[str, Tensor]:
    """Return the averaged weights of a run by name."""
    with safe_open(out / CHECKPOINT, "pt") as file:
        names = [name for name in file.keys() if name.startswith(AVERAGED)]  # noqa: SIM118 - not a dict
        return {name.removeprefix(AVERAGED): file.get_tensor(name) for name in names}


def trained_network(out: Path, device: str) -> Network:
    """Return the network of a run with its averaged weights, for inference."""
    with safe_open(out / CHECKPOINT, "pt") as file:
        model = network_of(Path(file.metadata()["base"]))
    model.load_state_dict(averaged_weights(out), strict=False)
    return model.to(device).eval().requires_grad_(False)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a run is: seconds of training, or steps; from where it was resumed on, the rest is walked evenly."""

    seconds: float
    steps: int
    done: float = 0.0  # progress when it was resumed, and what had been used then
    used_seconds: float = 0.0
    used_steps: int = 0

    def progress(self, run: Run) -> float:
        """Return how much of the plan is done, 0..1."""
        if self.steps:
            walked = (run.step - self.used_steps) / self.steps
        else:
            walked = (run.seconds - self.used_seconds) / self.seconds
        return min(1.0, self.done + (1 - self.done) * walked)


def pools(run: Run, dataset: Dataset, plan: Schedule, tokens: int, seed: int) -> Iterator[dict[str, float]]:
    """Learn pool by pool until the plan is done; yield the mean parts of the loss of each."""
    while run.progress < 1:
        began, before = time.monotonic(), run.seconds
        seen = []
        for units in pool(dataset, run.progress, tokens, np.random.default_rng([seed, run.step])):
            seen.append(run.learn(TrainingBatch.of(dataset, units)))
            run.seconds = before + time.monotonic() - began
            run.progress = plan.progress(run)
            if run.progress >= 1:
                break
        means = torch.stack(seen).mean(0).tolist()
        run.seconds = before + time.monotonic() - began
        yield {name: round(value, 4) for name, value in zip((*PARTS, "taught"), means, strict=True)}


def main(
    dataset: Annotated[Path, typer.Argument(help="Folder that training.dataset made.")],
    out: Annotated[Path, typer.Argument(help="Folder of checkpoint and log.")],
    base: Annotated[Path | None, typer.Option(help="Folder of the first weights; the bundled model's.")] = None,
    teacher: Annotated[list[Path] | None, typer.Option(help="OUT of a run to learn from; may be repeated.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Reader weights to go on from, in place of new heads.")] = None,
    frozen: Annotated[int, typer.Option(help="Lowest layers that are not trained.")] = 0,
    minutes: Annotated[float, typer.Option(help="Minutes of training, validation not counted.")] = 90,
    steps: Annotated[int, typer.Option(help="Steps of training instead of minutes.")] = 0,
    rate: Annotated[float, typer.Option(help="Learning rate of the top layer.")] = 2e-4,
    batch_tokens: Annotated[int, typer.Option(help="Tokens of a batch, padding counted.")] = 2400,
    seed: Annotated[int, typer.Option()] = 7,
    resume: Annotated[
        bool, typer.Option(help="Go on from OUT's checkpoint; minutes or steps are what is left.")
    ] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option()] = 2,
    validate_every: Annotated[float, typer.Option(help="Minutes.")] = 20,
) -> None:
    """Train, log, keep checkpoints."""
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    material, cases, tokenizer = Dataset.load(dataset), load_cases(dataset), load_tokenizer(dataset)
    teachers = [trained_network(folder, device) for folder in teacher or []]
    run = Run(out, base or model_folder(BUNDLED_MODEL), device, rate, teachers, weights, frozen)
    if resume:
        run.restore()
    plan = Schedule(minutes * 60, steps, run.progress, run.seconds, run.step)
    saved = checked = time.monotonic()
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:

        def note(values: dict[str, float]) -> None:
            position = {"step": run.step, "tokens": run.tokens, "examples": run.examples}
            place = {"minutes": round(run.seconds / 60, 2), "progress": round(run.progress, 4)}
            print(json.dumps({**position, **place, **values}), file=log, flush=True)

        for parts in pools(run, material, plan, batch_tokens, seed):
            note(parts)
            last = run.progress >= 1
            if last or time.monotonic() - saved > SAVE_EVERY:
                run.save()
                saved = time.monotonic()
            if last or time.monotonic() - checked > validate_every * 60:
                note(validate(run.averaged_model(), tokenizer, cases))
                checked = time.monotonic()


if __name__ == "__main__":
    typer.run(main)
