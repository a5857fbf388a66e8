"""A BERT encoder in plain torch (Devlin et al. 2019), shared by the sentence encoder and the reader's network.

Its parts are named as in published weights, so that these load as they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PROJECTIONS = ("query", "key", "value")


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a BERT."""

    layers: int
    heads: int
    width: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float  # of the layer norms

    @classmethod
    def of(cls, folder: Path) -> Shape:
        """Read them from the folder's `config.json`."""
        c = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            int(c["num_hidden_layers"]),
            int(c["num_attention_heads"]),
            int(c["hidden_size"]),
            int(c["intermediate_size"]),
            int(c["vocab_size"]),
            int(c["max_position_embeddings"]),
            float(c["layer_norm_eps"]),
        )


class Layer(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.width
        self.heads = shape.heads
        self.attention = nn.ModuleDict(
            {
                "self": nn.ModuleDict({name: nn.Linear(d, d) for name in PROJECTIONS}),
                "output": nn.ModuleDict({"dense": nn.Linear(d, d), "LayerNorm": nn.LayerNorm(d, shape.epsilon)}),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(d, shape.inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(shape.inner, d), "LayerNorm": nn.LayerNorm(d, shape.epsilon)})
        self.joined: nn.Linear | None = None

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        """Return (n, t, d) of (n, t, d); `seen` (n, 1, 1, t) is True where there is a token, None: everywhere."""
        n, t, d = x.shape
        part = self.get_submodule
        q, k, v = self._projected(x)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).reshape(n, t, d)
        x = part("attention.output.LayerNorm")(x + part("attention.output.dense")(attended))
        inner = F.gelu(part("intermediate.dense")(x))
        result: Tensor = part("output.LayerNorm")(x + part("output.dense")(inner))
        return result

    def join(self) -> None:
        """Put query, key and value into one matrix: one product instead of three. For inference only."""
        own = self.attention.get_submodule("self")
        parts = [part for name in PROJECTIONS if isinstance(part := own.get_submodule(name), nn.Linear)]
        weight, bias = (torch.cat([getattr(part, kind).detach() for part in parts]) for kind in ("weight", "bias"))
        with torch.device("meta"):
            self.joined = nn.Linear(weight.shape[1], weight.shape[0])  # (d, 3 d)
        self.joined.weight = nn.Parameter(weight, requires_grad=False)
        self.joined.bias = nn.Parameter(bias, requires_grad=False)
        self.attention["self"] = nn.ModuleDict()

    def _projected(self, x: Tensor) -> Sequence[Tensor]:
        """Return query, key and value, (n, heads, t, d / heads) each."""
        n, t, _ = x.shape
        if self.joined is not None:
            projected: Tensor = self.joined(x)
            return projected.view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind()
        own = self.attention["self"].get_submodule
        return [own(name)(x).view(n, t, self.heads, -1).transpose(1, 2) for name in PROJECTIONS]


class Embedding(nn.Embedding):
    """An embedding that is not initialised on the device "meta": PyTorch would import its compiler to do so."""

    def reset_parameters(self) -> None:
        """Draw the weights, if there is room for any."""
        if not self.weight.is_meta:
            super().reset_parameters()


class Transformer(nn.Module):
    """Embeddings and layers: token ids to token vectors."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.width
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": Embedding(shape.vocabulary, d),
                "position_embeddings": Embedding(shape.positions, d),
                "token_type_embeddings": Embedding(2, d),
                "LayerNorm": nn.LayerNorm(d, shape.epsilon),
            }
        )
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(shape) for _ in range(shape.layers))})

    @property
    def width(self) -> int:
        """Length of a token vector."""
        return int(self.embeddings.get_submodule("LayerNorm").weight.shape[0])  # type: ignore[index]

    @property
    def layers(self) -> list[Layer]:
        """The layers, first to last."""
        return [layer for layer in self.encoder["layer"].children() if isinstance(layer, Layer)]

    def forward(self, ids: Tensor, types: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Return (n, t, d) of (n, t) token ids.

        `types` tells the second text of a pair (1) from the first; without it all are one text. `mask` is True where
        there is a token, None: everywhere.
        """
        part = self.embeddings.get_submodule
        places = part("position_embeddings")(torch.arange(ids.shape[1], device=ids.device))  # (t, d)
        words = part("word_embeddings")(ids)  # (n, t, d)
        if types is None:
            x = words + places + part("token_type_embeddings").weight[0]  # type: ignore[index]
        else:
            x = words + part("token_type_embeddings")(types) + places
        x = part("LayerNorm")(x)
        seen = None if mask is None else mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        result: Tensor = x
        return result
