"""The networks that are trained: the reader, and a teacher of another architecture that it learns from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from qa.encoder.transformer import Shape
from qa.reader.model import EMBEDDINGS, ENCODER, Heads, Outputs, PairBatch, SpanModel, load_encoder

DROPOUT = 0.1
# Ids of BERT's [PAD], [UNK], [CLS], [SEP] and of MPNet's <pad>, <unk>, <s>, </s>; all other words are the same, 4 on.
SPECIAL = {0: 1, 100: 3, 101: 0, 102: 2}
SHIFT = 4


class Teacher(Heads):
    """MPNet (Song et al. 2020) with the reader's heads. It takes the reader's batches: its words are those of BERT."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        from transformers import MPNetModel

        self.encoder = MPNetModel.from_pretrained(folder, add_pooling_layer=False)
        self.layers = list(self.encoder.encoder.layer)  # a plain list: the modules are registered above
        ids = torch.arange(self.encoder.config.vocab_size) + SHIFT
        for ours, theirs in SPECIAL.items():
            ids[ours] = theirs
        self.register_buffer("ids", ids, persistent=False)
        self.add_heads(self.encoder.config.hidden_size)

    def forward(self, batch: PairBatch) -> Outputs:
        """Return the logits of a batch."""
        ids = self.get_buffer("ids")[batch.ids]
        x = self.encoder(input_ids=ids, attention_mask=batch.mask).last_hidden_state  # (n, t, d)
        return self.logits(x, batch)


Network = SpanModel | Teacher


def network_of(folder: Path) -> Network:
    """Return the network to train that begins with a sentence-transformers folder: BERT gives a reader.

    Only layers and heads are meant to be trained. While a reader trains, its layers drop out a tenth of what they add.
    """
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    if kind == "mpnet":
        return Teacher(folder)
    model = build_model(folder)
    for layer in model.layers:
        for name in ("attention.output.dense", "output.dense"):
            layer.get_submodule(name).register_forward_hook(_drop)
    return model


def _drop(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return F.dropout(output, DROPOUT, module.training)


def build_model(folder: Path) -> SpanModel:
    """Return a model to train: the encoder of a sentence-transformers BERT folder, its embeddings frozen, new heads."""
    model = SpanModel(Shape.of(folder))
    load_encoder(model, folder, (EMBEDDINGS, ENCODER))
    model.bert.embeddings.requires_grad_(False)
    return model


def save_model(tensors: Mapping[str, Tensor], weights: Path) -> str:
    """Write encoder layers and heads as float16, and return the file's SHA-256."""
    kept = {n: t.detach().half().contiguous() for n, t in tensors.items() if not n.startswith("bert.embeddings.")}
    save_file(kept, weights)
    return hashlib.sha256(weights.read_bytes()).hexdigest()
