"""BERT sentence encoders in plain torch: the vectors of sentence-transformers, without its seconds of imports.

`spec_of` recognises the models that are just this, BERT with mean or first-token pooling (MiniLM, BGE, E5, GTE and
most small ones); what it does not know is left to sentence-transformers. Texts are encoded in order of length and in
batches that fit a core's cache, so little is padded and little is fetched twice. The layers are in `transformer.py`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from qa.encoder.transformer import Transformer
    from qa.types import Vectors

Precision = Literal["fp32", "bf16"]
Done = Callable[[int], None]  # called with the number of texts encoded since the last call

TOKENS = 2048  # of one batch: its activations stay near the cache; 8192 are a fifth slower
# Of transformers' BertConfig: what the arithmetic below relies on.
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


NEEDED = ("num_hidden_layers", "num_attention_heads", "layer_norm_eps")  # of `config.json`


@dataclass(frozen=True, slots=True)
class BertSpec:
    """How a BERT sentence encoder pools and normalises, besides its shape, weights and vocabulary."""

    folder: Path
    first_token: bool  # pooling: the first token, or the mean of all
    max_tokens: int  # of a text; the rest is not read


def spec_of(folder: Path) -> BertSpec | None:
    """Return the specification of the model in a folder, or None for a model that must be loaded otherwise."""
    try:
        config, words = _json(folder / "config.json"), _json(folder / "sentence_bert_config.json")
        tokens, tokenizer = _json(folder / "tokenizer_config.json"), _json(folder / "tokenizer.json")
        pooling = _pooling(folder)
        if pooling is None or not _plain(config) or not _cased_alike(tokenizer, tokens) or words.get("do_lower_case"):
            return None
        if any(float(config[name]) <= 0 for name in NEEDED):
            return None
        limits = [words.get("max_seq_length"), tokens.get("model_max_length"), config["max_position_embeddings"]]
        return BertSpec(folder, pooling == "cls", min(int(limit) for limit in limits if limit))
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

    Raises `ValueError` or `RuntimeError` for weights that do not fit the shape.
    """

    def __init__(self, spec: BertSpec) -> None:
        from tokenizers import Tokenizer

        self._spec = spec
        self._tokenizer = Tokenizer.from_file(str(spec.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(spec.max_tokens)
        self._models: dict[Precision, Transformer] = {"fp32": _loaded(spec.folder)}
        self.dimension: int = self._models["fp32"].width

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read."""
        return self._spec.max_tokens

    def encode(
        self, texts: Sequence[str], precision: Precision = "fp32", batch_size: int = 32, done: Done | None = None
    ) -> tuple[Vectors, int]:
        """Return (n, d) float32 unit vectors in the order of the texts, and how many texts were cut at `max_tokens`."""
        import torch

        found = self._tokenizer.encode_batch(list(texts))
        ids = [encoding.ids for encoding in found]
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        with torch.inference_mode():
            model = self._in(precision)
            for batch in _batches([len(each) for each in ids], batch_size):
                vectors[batch] = self._encode(*_padded([ids[i] for i in batch]), model).float().numpy()
                if done:
                    done(len(batch))
        return vectors, sum(bool(encoding.overflowing) for encoding in found)

    def _in(self, precision: Precision) -> Transformer:
        import torch

        if precision not in self._models:
            self._models[precision] = copy.deepcopy(self._models["fp32"]).to(torch.bfloat16)
        return self._models[precision]

    def _encode(self, ids: Tensor, mask: Tensor | None, model: Transformer) -> Tensor:
        """Return (n, d) unit vectors of (n, t) token ids; the mask is True where there is a token, None: everywhere."""
        import torch.nn.functional as F

        x = model(ids, mask=mask).float()  # (n, t, d)
        if self._spec.first_token:
            pooled = x[:, 0]
        elif mask is None:
            pooled = x.mean(dim=1)
        else:
            pooled = (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return F.normalize(pooled, dim=-1)


def _loaded(folder: Path) -> Transformer:
    """Return the transformer of a folder, for inference."""
    import torch
    from safetensors.torch import load_file

    from qa.encoder.transformer import Shape, Transformer

    read = load_file(folder / "model.safetensors")
    named = {name.removeprefix("bert."): tensor for name, tensor in read.items()}
    if any(tensor.is_floating_point() and tensor.dtype != torch.float32 for tensor in named.values()):
        raise ValueError("the weights are not float32")
    with torch.device("meta"):  # no time is spent on weights that are replaced at once
        model = Transformer(Shape.of(folder))
    absent, _ = model.load_state_dict(named, strict=False, assign=True)
    if absent:
        raise ValueError(f"the weights lack {absent[0]}")
    for layer in model.layers:
        layer.join()
    return model.eval().requires_grad_(False)


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
