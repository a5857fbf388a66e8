"""The network's products in int8, where that pays: nearly the same answers in half of the time.

Weights are quantized by output, inputs by token, both symmetric. Weights get seven bits of the eight: then no partial
sum passes the sixteen bits in which processors without VNNI add, products are exact, and all processors add up alike.
A scale for each token keeps a few large values from coarsening the rest, and a passage's reading from depending on
what is read beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from qa.encoder.processor import cpu_flags
from qa.reader.model import SpanModel

Product = Callable[[Tensor], Tensor]
"""Whole numbers of float32 (n, in), within ±`INPUT`, times int8 weights: (n, out) float32, exact."""

VNNI = frozenset(("avx512_vnni", "avx_vnni", "amx_int8"))  # without them `torch._int_mm` is a plain loop: 30 × float32
WEIGHT, INPUT = 64, 127  # largest whole number of each
LEAST = 1e-12  # of a scale: rows of zeros stay zeros


class Int8Linear(nn.Module):
    """A linear layer whose product is int8 times int8; scales, bias and result are float32."""

    def __init__(self, linear: nn.Linear, product: Callable[[Tensor], Product] | None = None) -> None:
        super().__init__()
        weight = linear.weight.detach()  # (out, in)
        self._scales = (weight.abs().amax(1) / WEIGHT).clamp_min(LEAST)  # (out,)
        self._product = (product or fastest())((weight / self._scales[:, None]).round_().to(torch.int8))
        self._bias = linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Return (…, out) float32 of (…, in) float32."""
        rows = x.reshape(-1, x.shape[-1])
        steps = (rows.abs().amax(1, keepdim=True) / INPUT).clamp_min_(LEAST)
        product = self._product((rows / steps).round_())
        return torch.addcmul(self._bias, product.mul_(steps), self._scales).view(*x.shape[:-1], -1)


def onednn(weight: Tensor) -> Product:
    """Return the product with (out, in) int8 weights by oneDNN, the fastest where the processor has VNNI."""
    turned = weight.t()
    return lambda rows: torch._int_mm(rows.to(torch.int8), turned).float()


def fbgemm(weight: Tensor) -> Product:
    """Return the product with (out, in) int8 weights by FBGEMM, which needs AVX2.

    Inputs are offset by 128 to be unsigned, as FBGEMM wants them. Sums of up to 1,536 products stay below 2 ** 24, so
    float32 holds them exactly.
    """
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    try:
        with warnings.catch_warnings():  # deprecated; the version of torch is pinned
            warnings.simplefilter("ignore", UserWarning)
            packed = torch.ops.quantized.linear_prepack(torch._make_per_tensor_quantized_tensor(weight, 1.0, 0), None)
    finally:
        torch.backends.quantized.engine = before
    multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
    return lambda rows: multiply(rows, 1.0, 128, packed)


def fastest() -> Callable[[Tensor], Product]:
    """Return the maker of products that is fastest on this processor."""
    return onednn if cpu_flags() & VNNI and torch.backends.mkldnn.is_available() else fbgemm  # type: ignore[no-untyped-call]


def pays() -> bool:
    """Whether int8 is faster than float32 here: on x86 from AVX2 on. Others were not measured."""
    avx = torch.backends.cpu.get_cpu_capability().startswith("AVX")
    return avx and (fastest() is onednn or "fbgemm" in torch.backends.quantized.supported_engines)


def quantize(model: SpanModel) -> SpanModel:
    """Put int8 in the place of float32 in every layer of the encoder, and return the model, for inference only."""
    for layer in model.layers:
        for path, module in list(layer.named_modules()):
            if isinstance(module, nn.Linear):
                layer.set_submodule(path, Int8Linear(module))
    return model
