"""BERT sentence encoders in plain torch: the vectors of sentence-transformers, without its seconds of imports.

`shape_of` recognises the models that are just this, BERT with mean or first-token pooling (MiniLM, BGE, E5, GTE and
most small ones); what it does not know is left to sentence-transformers. Texts are encoded in order of length and in
batches that fit a core's cache, so little is padded and little is fetched twice. Architecture: Devlin et al. 2019.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from qa.types import Vectors

Precision = Literal["fp32", "bf16"]
Done = Callable[[int], None]  # told how many texts were encoded since the last call

TOKENS = 2048  # of one batch: its activations stay near the cache; 8192 are a fifth slower
# Of transformers' BertConfig: what must hold for the arithmetic below to be all there is.
PLAIN = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
CASES = {
    "lowercase": "do_lower_case",
    "strip_accents": "strip_accents",
    "handle_chinese_chars": "tokenize_chinese_chars",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What must be known of a BERT sentence encoder beside its weights and its vocabulary."""

    folder: Path
    layers: int
    heads: int
    epsilon: float  # of the layer norms
    first_token: bool  # pooling: the first token, or the mean of all
    max_tokens: int  # of a text; the rest is not read


def shape_of(folder: Path) -> Shape | None:
    """Return the shape of the model in a folder, or None for a model that must be loaded otherwise."""
    try:
        config, words = _json(folder / "config.json"), _json(folder / "sentence_bert_config.json")
        tokens, tokenizer = _json(folder / "tokenizer_config.json"), _json(folder / "tokenizer.json")
        pooling = _pooling(folder)
        if pooling is None or not _plain(config) or not _cased_alike(tokenizer, tokens) or words.get("do_lower_case"):
            return None
        limits = [words.get("max_seq_length"), tokens.get("model_max_length"), config["max_position_embeddings"]]
        return Shape(
            folder=folder,
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
            first_token=pooling == "cls",
            max_tokens=min(int(limit) for limit in limits if limit),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # sentence-transformers says what is wrong
        return None


def _json(file: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return json.loads(file.read_text(encoding="utf-8"))


def _plain(config: dict[str, Any]) -> bool:
    same = all(config.get(name, value) == value for name, value in PLAIN.items())
    return same and config.get("architectures") == ["BertModel"] and "quantization_config" not in config


def _cased_alike(tokenizer: dict[str, Any], config: dict[str, Any]) -> bool:
    """Return whether a WordPiece tokenizer says of letters what its configuration says, which transformers follows."""
    normalizer = tokenizer["normalizer"]
    if normalizer["type"] != "BertNormalizer" or tokenizer["model"]["type"] != "WordPiece":
        return False
    return all(config.get(theirs, normalizer[ours]) == normalizer[ours] for ours, theirs in CASES.items())


def _pooling(folder: Path) -> str | None:
    """Return "mean" or "cls" where a model is a transformer, one pooling, and perhaps a normalisation."""
    modules = _json(folder / "modules.json")
    kinds = [module["type"].rpartition(".")[2] for module in modules]
    known = all(module["type"].startswith("sentence_transformers.") for module in modules)
    if (
        not known
        or kinds[:2] != ["Transformer", "Pooling"]
        or kinds[2:] not in ([], ["Normalize"])
        or modules[0]["path"]
    ):
        return None
    config = _json(folder / modules[1]["path"] / "config.json")
    if not config.get("include_prompt", True):
        return None
    older = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}
    chosen = [name for name, value in config.items() if name.startswith("pooling_mode_") and value is True]
    mode = config.get("pooling_mode") or next((mode for mode, name in older.items() if chosen == [name]), None)
    return mode if mode in older else None


class Bert:
    """A loaded BERT sentence encoder; encoding is safe from several threads.

    Raises `ValueError` or `KeyError` for weights that do not fit the shape.
    """

    def __init__(self, shape: Shape) -> None:
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        self._shape = shape
        self._tokenizer = Tokenizer.from_file(str(shape.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(shape.max_tokens)
        read = load_file(shape.folder / "model.safetensors")
        named = {name.removeprefix("bert."): tensor for name, tensor in read.items()}
        self._weights: dict[Precision, dict[str, Tensor]] = {"fp32": _joined(named, shape.layers)}
        self.dimension: int = self._weights["fp32"]["embeddings.word_embeddings.weight"].shape[1]

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read."""
        return self._shape.max_tokens

    def encode(
        self, texts: Sequence[str], precision: Precision = "fp32", batch_size: int = 32, done: Done | None = None
    ) -> tuple[Vectors, int]:
        """Return (n, d) float32 unit vectors in the order of the texts, and how many texts were cut at `max_tokens`."""
        import torch

        found = self._tokenizer.encode_batch(list(texts))
        ids = [encoding.ids for encoding in found]
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        with torch.inference_mode():
            weights = self._in(precision)
            for batch in _batches([len(each) for each in ids], batch_size):
                vectors[batch] = self._encode(*_padded([ids[i] for i in batch]), weights).float().numpy()
                if done:
                    done(len(batch))
        return vectors, sum(bool(encoding.overflowing) for encoding in found)

    def _in(self, precision: Precision) -> dict[str, Tensor]:
        import torch

        if precision not in self._weights:
            self._weights[precision] = {name: each.to(torch.bfloat16) for name, each in self._weights["fp32"].items()}
        return self._weights[precision]

    def _encode(self, ids: Tensor, mask: Tensor | None, weights: dict[str, Tensor]) -> Tensor:
        """Return (n, d) unit vectors of (n, t) token ids; the mask is True where there is a token, None: everywhere."""
        import torch.nn.functional as F

        x = self._transform(ids, mask, weights).float()  # (n, t, d)
        if self._shape.first_token:
            pooled = x[:, 0]
        elif mask is None:
            pooled = x.mean(dim=1)
        else:
            pooled = (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return F.normalize(pooled, dim=-1)

    def _transform(self, ids: Tensor, mask: Tensor | None, weights: dict[str, Tensor]) -> Tensor:
        import torch.nn.functional as F

        def linear(x: Tensor, name: str) -> Tensor:
            return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

        def norm(x: Tensor, name: str) -> Tensor:
            return F.layer_norm(
                x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], self._shape.epsilon
            )

        places = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]  # (t, d)
        kind = weights["embeddings.token_type_embeddings.weight"][0]  # (d,) one text, never a pair
        x = norm(F.embedding(ids, weights["embeddings.word_embeddings.weight"]) + places + kind, "embeddings.LayerNorm")
        n, t, d = x.shape
        seen = None if mask is None else mask[:, None, None, :]
        for i in range(self._shape.layers):
            layer = f"encoder.layer.{i}"
            q, k, v = linear(x, f"{layer}.attention.self").view(n, t, 3, self._shape.heads, -1).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).reshape(n, t, d)
            x = norm(x + linear(attended, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
            inner = F.gelu(linear(x, f"{layer}.intermediate.dense"))
            x = norm(x + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return x


def _joined(weights: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Return the weights with query, key and value of each layer in one matrix: one product instead of three."""
    import torch

    if any(tensor.is_floating_point() and tensor.dtype != torch.float32 for tensor in weights.values()):
        raise ValueError("the weights are not float32")
    for i in range(layers):
        name = f"encoder.layer.{i}.attention.self"
        for kind in ("weight", "bias"):
            parts = [weights.pop(f"{name}.{part}.{kind}") for part in ("query", "key", "value")]
            weights[f"{name}.{kind}"] = torch.cat(parts)
    return weights


def _batches(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Return the positions of texts in batches, longest first, each at most `TOKENS` long once it is padded."""
    batches: list[list[int]] = []
    longest = 0
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if not batches or len(batches[-1]) >= batch_size or (len(batches[-1]) + 1) * longest > TOKENS:
            batches.append([])
            longest = lengths[i]
        batches[-1].append(i)
    return batches


def _padded(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor | None]:
    """Return (n, t) token ids, and where there are tokens; None where nothing had to be padded."""
    import torch

    longest = len(ids[0])
    if len(ids[-1]) == longest:
        return torch.tensor(ids), None
    lengths = torch.tensor([len(each) for each in ids])
    padded = torch.tensor([[*each, *[0] * (longest - len(each))] for each in ids])
    return padded, torch.arange(longest) < lengths[:, None]
