"""The network of the reader: one BERT encoder over question and passage with three outputs.

Input: `[CLS] question [SEP] title : passage [SEP]`, the title left out where there is none. Outputs: start and end of the
answer span (the position of [CLS] means that there is none), whether the passage answers, whether it is relevant.
The same code makes the input of training and of use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from qa.types import Span

MAX_QUESTION, MAX_TITLE = 64, 24  # tokens; what is beyond is not read
CLS, SEP, COLON = "[CLS]", "[SEP]", ":"
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


def make_pairs(
    tokenizer: Tokenizer, texts: Sequence[tuple[str, str, str]], most: int
) -> list[Pair]:
    """Return the input of each (question, title, passage), `most` tokens at most."""
    cls, sep, colon = (tokenizer.token_to_id(token) for token in (CLS, SEP, COLON))
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded pairs: (n, t) each."""

    ids: Tensor
    types: Tensor
    mask: Tensor  # 1 where there is a token
    allowed: Tensor  # True at [CLS] and at the passage's tokens

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> Batch:
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


class SpanModel(nn.Module):
    """An encoder with a span head and, on [CLS], a head for answerable and relevant."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        width = bert.config.hidden_size
        self.bert = bert
        self.span = nn.Linear(width, 2)
        self.verdict = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2))

    def forward(self, batch: Batch) -> Outputs:
        """Return the logits of a batch."""
        states = self.bert(
            input_ids=batch.ids, attention_mask=batch.mask, token_type_ids=batch.types
        ).last_hidden_state  # (n, t, width)
        spans = self.span(states).masked_fill(~batch.allowed[..., None], BARRED)  # (n, t, 2)
        verdicts = self.verdict(states[:, 0])  # (n, 2)
        return Outputs(spans[..., 0], spans[..., 1], verdicts[:, 0], verdicts[:, 1])


def build_model(folder: Path) -> SpanModel:
    """Return a model whose encoder has the weights of a sentence-transformers BERT folder and whose heads are new.

    The embeddings are frozen. Dropout is off: one short pass over the data cannot overfit.
    """
    config = BertConfig.from_pretrained(str(folder), local_files_only=True)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    bert = BertModel.from_pretrained(
        str(folder),
        config=config,
        add_pooling_layer=False,
        attn_implementation="sdpa",
        local_files_only=True,
        use_safetensors=True,
    )
    bert.embeddings.requires_grad_(False)
    return SpanModel(bert)
