"""BERT in plain torch against sentence-transformers: equal vectors, or no claim to the model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.briefing import Briefing
from qa.corpus import read_corpus
from qa.encoder import Options, SentenceEncoder, model_folder
from qa.encoder.bert import TOKENS, BertSpec, _batches, spec_of
from qa.encoder.transformer import Shape
from qa.errors import IndexMismatchError, ModelError
from qa.settings import IndexSettings, Settings
from tests.encoder.models import DIMENSION, KINDS, LINES
from tests.fakes import FakeEncoder
from tests.test_package import loaded_by

TEXTS = [*LINES, "", "  Gas\tFLOWS\n", "Ünïcode ﬁ 👩‍👧 \x00", "railway " * 200, "[SEP] [MASK] </s> <pad>"]
KNOWN = {"bundled": True, "prompted": True, "first_token": True, "multilingual": False}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that gives the folder of a model, saved once."""
    folder = tmp_path_factory.mktemp("models")

    def of(kind: str) -> str:
        if kind == "bundled":
            return str(model_folder("all-MiniLM-L6-v2"))
        if not (folder / kind).exists():
            KINDS[kind](folder / kind)
        return str(folder / kind)

    return of


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_vectors_are_those_of_sentence_transformers(saved: Callable[[str], str], kind: str) -> None:
    from sentence_transformers import SentenceTransformer

    folder = saved(kind)
    assert (spec_of(Path(folder)) is not None) is KNOWN[kind]
    encoder, plain = SentenceEncoder(folder, Options(precision="fp32")), SentenceTransformer(folder, device="cpu")
    query, passage = ("query: ", "passage: ") if kind == "prompted" else ("", "")
    texts = [text.replace("\x00", " ") for text in TEXTS]
    expected = plain.encode([passage + text for text in texts], normalize_embeddings=True)
    assert encoder.dimension == expected.shape[1] == DIMENSION.get(kind, 384)
    np.testing.assert_allclose(encoder.encode_passages(texts), expected, atol=2e-6)
    asked = plain.encode([query + text for text in texts], normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode_questions(texts), asked, atol=2e-6)
    spread = expected @ expected.T
    assert spread.min() < 0.9  # a model for which all texts are alike would prove nothing


@pytest.mark.slow
def test_a_question_imports_nothing_of_sentence_transformers() -> None:
    loaded = loaded_by("from qa.encoder import SentenceEncoder; SentenceEncoder().encode_question('gas?')")
    assert "torch" in loaded
    assert loaded & {"sentence_transformers", "transformers", "sklearn", "scipy", "pandas"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_any_model_is_one_setting_and_a_mismatch_is_refused(
    saved: Callable[[str], str], kind: str, settings: Settings
) -> None:
    chosen = settings.model_copy(update={"index": settings.index.model_copy(update={"model": saved(kind)})})
    built = Briefing.open(settings=chosen)
    assert built.generation.manifest.dimension == DIMENSION[kind]
    assert built.retrieve("Who finances the railway?") == Briefing.open(settings=chosen, update="never").retrieve(
        "Who finances the railway?"
    )
    with pytest.raises(IndexMismatchError, match="was built with the model"):
        Briefing.open(settings=settings, update="never", encoder=FakeEncoder())
    prompted = chosen.index.model_copy(update={"query_prompt": "Represent this sentence: "})
    with pytest.raises(IndexMismatchError, match="was built with the model"):
        Briefing.open(settings=chosen.model_copy(update={"index": prompted}), update="never")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["prompted", "multilingual"])
def test_passages_longer_than_the_model_reads_are_told_of(
    saved: Callable[[str], str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = SentenceEncoder(saved(kind))
    encoder.encode_passages(["gas flows", *["gas"] * 8])
    assert not caplog.records
    encoder.encode_passages(["gas flows", *(f"gas {i} " * 100 for i in range(3))])
    assert f"3 of 4 passages are longer than the {encoder.max_tokens} tokens" in caplog.text
    assert "lower [index] passage_chars" in caplog.text


@pytest.mark.slow
def test_bf16_stays_close_to_fp32_for_every_passage_of_the_bundled_corpus() -> None:
    texts = [article.text[i : i + 900] for article in read_corpus(Path("corpus")).articles for i in (0, 900)]
    texts = [text for text in texts if text]
    whole = SentenceEncoder(options=Options(precision="fp32")).encode_passages(texts)
    reduced = SentenceEncoder(options=Options(precision="bf16")).encode_passages(texts)
    assert not np.array_equal(whole, reduced)
    assert (whole * reduced).sum(axis=1).min() >= 0.999


@pytest.mark.slow
def test_weights_that_do_not_fit_are_named(saved: Callable[[str], str], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(saved("prompted"), tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    del weights["encoder.layer.1.attention.self.key.weight"]
    save_file(weights, broken / "model.safetensors")
    with pytest.raises(ModelError, match=r"broken cannot be loaded.*layer\.1\.attention\.self\.key"):
        SentenceEncoder(str(broken)).encode_question("gas")


Change = Callable[[dict[str, Any]], Any]
UNKNOWN: dict[str, tuple[str, Change]] = {
    "another architecture": ("config.json", lambda c: c.update(model_type="mpnet")),
    "another activation": ("config.json", lambda c: c.update(hidden_act="gelu_new")),
    "relative positions": ("config.json", lambda c: c.update(position_embedding_type="relative_key")),
    "a decoder": ("config.json", lambda c: c.update(is_decoder=True)),
    "quantized": ("config.json", lambda c: c.update(quantization_config={})),
    "with a head": ("config.json", lambda c: c.update(architectures=["BertForMaskedLM"])),
    "cased otherwise": ("tokenizer_config.json", lambda c: c.update(do_lower_case=False)),
    "lower case first": ("sentence_bert_config.json", lambda c: c.update(do_lower_case=True)),
    "two poolings": ("1_Pooling/config.json", lambda c: c.update(pooling_mode_cls_token=True)),
    "maximum pooling": (
        "1_Pooling/config.json",
        lambda c: c.update(pooling_mode_mean_tokens=False, pooling_mode_max_tokens=True),
    ),
    "prompt left out of the mean": ("1_Pooling/config.json", lambda c: c.update(include_prompt=False)),
    "no WordPiece": ("tokenizer.json", lambda c: c["model"].update(type="Unigram")),
    "another normalizer": ("tokenizer.json", lambda c: c["normalizer"].update(type="NFC")),
}


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A copy of the bundled model without its weights."""
    return shutil.copytree(
        model_folder("all-MiniLM-L6-v2"), tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors")
    )


def test_bundled_model_is_known(described: Path) -> None:
    assert spec_of(described) == BertSpec(described, first_token=False, max_tokens=256)
    shape = Shape.of(described)
    assert (shape.layers, shape.heads, shape.width, shape.inner) == (6, 12, 384, 1536)


@pytest.mark.parametrize("what", sorted(UNKNOWN))
def test_what_is_more_than_plain_bert_is_left_to_sentence_transformers(described: Path, what: str) -> None:
    name, change = UNKNOWN[what]
    content = json.loads((described / name).read_text())
    change(content)
    (described / name).write_text(json.dumps(content))
    assert spec_of(described) is None


@pytest.mark.parametrize("module", ["sentence_transformers.models.Dense", "custom.Normalize"])
def test_another_module_is_left_to_sentence_transformers(described: Path, module: str) -> None:
    modules = json.loads((described / "modules.json").read_text())
    modules[2]["type"] = module
    (described / "modules.json").write_text(json.dumps(modules))
    assert spec_of(described) is None


@pytest.mark.parametrize("name", ["config.json", "modules.json", "tokenizer.json", "1_Pooling/config.json"])
@pytest.mark.parametrize("damage", [None, "", "[]", "{}"])
def test_damaged_description_is_no_shape(described: Path, name: str, damage: str | None) -> None:
    (described / name).unlink()
    if damage is not None:
        (described / name).write_text(damage)
    assert spec_of(described) is None


@given(st.lists(st.integers(2, 3000), max_size=60), st.integers(1, 40))
def test_batches_hold_every_text_once_within_the_budget(lengths: list[int], size: int) -> None:
    batches = _batches(lengths, size)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= size
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= TOKENS
    in_order = [lengths[i] for batch in batches for i in batch]
    assert in_order == sorted(lengths, reverse=True)


def test_settings_leave_prompts_and_precision_to_the_model() -> None:
    assert (IndexSettings().query_prompt, IndexSettings().passage_prompt, IndexSettings().precision) == (None,) * 3
