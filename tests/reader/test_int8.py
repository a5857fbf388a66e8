"""Products in int8 beside those in float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from qa.encoder import model_folder, processor
from qa.reader import weights_file
from qa.reader.int8 import INPUT, WEIGHT, Int8Linear, Product, fastest, fbgemm, onednn, pays, quantize
from qa.reader.model import PairBatch, load_model, load_tokenizer, make_pairs
from qa.settings import BUNDLED_MODEL

pytestmark = pytest.mark.skipif(not pays(), reason="int8 is not used on this processor")


def linear(weight: Tensor) -> nn.Linear:
    """Return a layer without bias."""
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight.data.copy_(weight)
    made.bias.data.zero_()
    return made


Maker = Callable[[Tensor], Product]


@pytest.mark.parametrize("maker", [onednn, fbgemm])
@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_are_multiplied_exactly_even_the_largest(sign: int, maker: Maker) -> None:
    plain = linear(torch.full((64, 384), float(sign * WEIGHT)))
    x = torch.full((3, 384), float(INPUT))
    with torch.inference_mode():
        assert Int8Linear(plain, maker)(x).tolist() == [[sign * 384 * WEIGHT * INPUT] * 64] * 3  # below 2 ** 24: exact


@pytest.mark.parametrize("maker", [onednn, fbgemm])
@pytest.mark.parametrize("inputs", [384, 1536])
def test_any_whole_numbers_are_multiplied_exactly(inputs: int, maker: Maker) -> None:
    torch.manual_seed(0)
    weight, x = torch.randint(-WEIGHT, WEIGHT + 1, (40, inputs)), torch.randint(-INPUT, INPUT + 1, (2, 17, inputs))
    weight[:, 0], x[..., 0] = WEIGHT, INPUT  # so that a step is 1
    plain = linear(weight.float())
    with torch.inference_mode():
        assert torch.equal(Int8Linear(plain, maker)(x.float()).long(), x @ weight.t())


def test_without_vnni_torch_s_own_product_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "CPU_INFO", info)
    info.write_text("flags\t\t: fpu sse4_2 avx2 fma\n")
    assert fastest() is fbgemm
    info.write_text("flags\t\t: fpu avx2 avx512f avx512_vnni\n")
    assert fastest() is onednn


def test_outputs_and_tokens_have_scales_of_their_own() -> None:
    plain = linear(torch.tensor([[1e-3, 2e-3, 0, 0], [50.0, 100.0, 0, 0]]))
    x = torch.tensor([[60.0, 30.0, 0, -64.0], [2e-4, 0, 0, 4e-4]])
    with torch.inference_mode():
        torch.testing.assert_close(Int8Linear(plain)(x), plain(x), rtol=0.02, atol=0)


def test_zeros_leave_the_bias() -> None:
    torch.manual_seed(0)
    plain = nn.Linear(4, 2)
    with torch.inference_mode():
        torch.testing.assert_close(Int8Linear(plain)(torch.zeros(1, 4)), plain.bias[None])
        torch.testing.assert_close(Int8Linear(linear(torch.zeros(2, 4)))(torch.ones(1, 4)).shape, torch.Size((1, 2)))


@pytest.mark.slow
def test_the_shipped_network_says_nearly_the_same() -> None:
    folder, weights = model_folder(BUNDLED_MODEL), weights_file()
    assert weights is not None
    model = load_model(folder, weights, None)
    texts = [
        ("Who lends?", "Bank", "The bank lends to railways in Brazil."),
        ("Where?", "", "The seat is in Shanghai."),
    ]
    batch = PairBatch.of(make_pairs(load_tokenizer(folder), texts, 100))
    with torch.inference_mode():
        before = model(batch)
        after = quantize(model)(batch)
    assert sum(isinstance(module, Int8Linear) for module in model.modules()) == 6 * 6
    for one, other in ((before.start, after.start), (before.end, after.end)):
        assert torch.corrcoef(torch.stack([one[batch.allowed], other[batch.allowed]]))[0, 1] > 0.99
    torch.testing.assert_close(after.answerable, before.answerable, rtol=0.05, atol=0.2)
