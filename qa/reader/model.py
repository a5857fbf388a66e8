"""The network of the reader: a BERT encoder (`qa.encoder.transformer`) over question and passage with three outputs.

Input: `[CLS] question [SEP] title : passage [SEP]`, the title left out where there is none. Outputs: start and end of
the answer span (the position of [CLS] means that there is none), whether the passage answers, whether it is relevant.
The same code makes the input of training and of use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn

from qa.encoder.transformer import Layer, Shape, Transformer
from qa.errors import ModelError
from qa.types import Span

MAX_QUESTION, MAX_TITLE = 64, 24  # tokens; what is beyond is not read
CLS, SEP, COLON = "[CLS]", "[SEP]", ":"
EMBEDDINGS, ENCODER = "embeddings.", "encoder."  # names in the sentence-transformers file
BARRED = -1e4  # logit of a position that cannot be in an answer


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage as token ids; `spans[i]` are the passage's code points of token `first + i`."""

    ids: list[int]
    second: int  # where the title or passage begins: token type 1 from here
    first: int  # where the passage begins
    spans: list[Span]

    def __len__(self) -> int:
        return len(self.ids)

    def tokens(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the first and last token that the code points [start, end) touch; None when they were cut off."""
        held = [i for i, (a, b) in enumerate(self.spans) if a < end and b > start]
        if not held or self.spans[-1][1] < end:
            return None
        return self.first + held[0], self.first + held[-1]


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a model folder, without truncation or padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def make_pairs(tokenizer: Tokenizer, texts: Sequence[tuple[str, str, str]], most: int) -> list[Pair]:
    """Return the input of each (question, title, passage), `most` tokens at most."""
    cls, sep, colon = (_id(tokenizer, token) for token in (CLS, SEP, COLON))
    flat = [part.encode("utf-8", "replace").decode() for text in texts for part in text]  # no half surrogate pairs
    encoded = tokenizer.encode_batch(flat, add_special_tokens=False)
    pairs = []
    for question, title, passage in zip(encoded[::3], encoded[1::3], encoded[2::3], strict=True):
        head = [cls, *question.ids[:MAX_QUESTION], sep]
        opening = [*title.ids[:MAX_TITLE], colon] if title.ids else []
        first = len(head) + len(opening)
        room = max(0, most - first - 1)
        ids = [*head, *opening, *passage.ids[:room], sep]
        pairs.append(Pair(ids, len(head), first, passage.offsets[:room]))
    return pairs


def _id(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ModelError(f"the model's tokenizer does not know {token}; the reader needs that of the bundled model")
    return found


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Padded pairs: (n, t) each."""

    ids: Tensor
    types: Tensor
    mask: Tensor  # 1 where there is a token
    allowed: Tensor  # True at [CLS] and at the passage's tokens

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> PairBatch:
        """Pad to the longest."""
        longest = max(map(len, pairs))
        ids, types, mask = (np.zeros((len(pairs), longest), dtype=np.int64) for _ in range(3))
        allowed = np.zeros((len(pairs), longest), dtype=bool)
        allowed[:, 0] = True
        for row, pair in enumerate(pairs):
            ids[row, : len(pair)] = pair.ids
            types[row, pair.second : len(pair)] = 1
            mask[row, : len(pair)] = 1
            allowed[row, pair.first : pair.first + len(pair.spans)] = True
        return cls(*map(torch.from_numpy, (ids, types, mask, allowed)))


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says of n pairs of t tokens, all logits."""

    start: Tensor  # (n, t)
    end: Tensor  # (n, t)
    answerable: Tensor  # (n,)
    relevant: Tensor  # (n,)


class Heads(nn.Module):
    """A span head and, on [CLS], a head for answerable and relevant; a subclass brings the encoder below them."""

    def add_heads(self, width: int) -> None:
        """Make new heads over an encoder of this width."""
        self.span = nn.Linear(width, 2)
        self.verdict = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2))

    def logits(self, x: Tensor, batch: PairBatch) -> Outputs:
        """Return what the heads say of encoded pairs (n, t, width)."""
        spans = self.span(x).masked_fill(~batch.allowed[..., None], BARRED)  # (n, t, 2)
        verdicts = self.verdict(x[:, 0])  # (n, 2)
        return Outputs(spans[..., 0], spans[..., 1], verdicts[:, 0], verdicts[:, 1])


class SpanModel(Heads):
    """A BERT encoder with the heads of a reader."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.bert = Transformer(shape)
        self.add_heads(shape.width)

    @property
    def layers(self) -> list[Layer]:
        """The layers of the encoder, first to last."""
        return self.bert.layers

    def forward(self, batch: PairBatch) -> Outputs:
        """Return the logits of a batch."""
        return self.logits(self.bert(batch.ids, batch.types, batch.mask.bool()), batch)


def load_encoder(model: SpanModel, folder: Path, parts: Sequence[str]) -> None:
    """Take parts of the weights of a BERT folder, by the first words of their names. Raises `ModelError`."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        names = [name for name in file.keys() if name.startswith(tuple(parts))]  # noqa: SIM118 - not a dict
        held = {f"bert.{name}": file.get_tensor(name) for name in names if not name.endswith("position_ids")}
    _, unexpected = model.load_state_dict(held, strict=False)
    absent = [n for n in model.state_dict() if n.startswith(tuple(f"bert.{p}" for p in parts)) and n not in held]
    if absent or unexpected:
        raise ModelError(f"{folder} does not hold a plain BERT: {[*absent, *unexpected][:3]}")


def load_model(folder: Path, weights: Path, sha256: str | None) -> SpanModel:
    """Return the trained reader: embeddings of `folder`, all else from `weights` (float16), ready for inference.

    Raises `ModelError` when the file is absent, altered (its hash is not `sha256`) or of another shape.
    """
    try:
        data = weights.read_bytes()
    except OSError as exc:
        raise ModelError(
            f"the reader's weights {weights} cannot be read: {exc.strerror}; install the package again, "
            'or set [reader] model = "sentences"'
        ) from exc
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise ModelError(
            f"{weights} is not the published file (sha256 {found[:12]}… instead of {sha256[:12]}…); "
            'install the package again, or set [reader] model = "sentences"'
        )
    try:
        held = {name: tensor.float() for name, tensor in load(data).items()}
        model = SpanModel(Shape.of(folder))
        load_encoder(model, folder, (EMBEDDINGS,))
        missing, unexpected = model.load_state_dict(held, strict=False)
    except (OSError, RuntimeError, ValueError, SafetensorError) as exc:
        raise ModelError(f"{weights} does not fit the bundled model: {exc}") from exc
    missing = [name for name in missing if not name.startswith("bert.embeddings.")]
    if missing or unexpected:
        raise ModelError(f"{weights} does not fit the bundled model: {(missing + unexpected)[:3]}")
    return model.eval().requires_grad_(False)
