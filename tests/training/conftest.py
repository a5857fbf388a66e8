"""Dataset of made-up paragraphs, and networks of a few numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from qa.encoder import model_folder
from qa.encoder.transformer import Shape
from qa.reader.model import SpanModel, load_tokenizer
from qa.settings import BUNDLED_MODEL
from tests.training.test_data import mixture
from training.dataset import Dataset, draw

WORDS = 30522


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small steps lose more by waiting for each other's threads than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(model_folder(BUNDLED_MODEL))


@pytest.fixture(scope="module")
def dataset(tokenizer: Tokenizer) -> Dataset:
    return draw(mixture(3), tokenizer, 200)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a BERT of two layers of eight numbers."""
    folder = tmp_path_factory.mktemp("bert")
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8, "intermediate_size": 16}
    config = {"model_type": "bert", **sizes, "vocab_size": WORDS, "max_position_embeddings": 300}
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-12}))
    torch.manual_seed(1)
    state = SpanModel(Shape.of(folder)).state_dict()
    save_file(
        {n.removeprefix("bert."): p for n, p in state.items() if n.startswith("bert.")}, folder / "model.safetensors"
    )
    return folder


@pytest.fixture(scope="module")
def mpnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an MPNet as small."""
    from transformers import MPNetConfig, MPNetModel

    folder = tmp_path_factory.mktemp("mpnet")
    torch.manual_seed(1)
    config = MPNetConfig(
        vocab_size=WORDS + 5, num_hidden_layers=2, num_attention_heads=2, hidden_size=8, intermediate_size=16
    )
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
