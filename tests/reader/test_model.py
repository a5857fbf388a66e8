"""The network's input, and its weights in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qa.encoder import model_folder
from qa.errors import ModelError
from qa.reader.model import BARRED, PairBatch, load_model, load_tokenizer, make_pairs
from qa.settings import BUNDLED_MODEL
from tests.texts import HOSTILE
from training.networks import build_model, save_model

FOLDER = model_folder(BUNDLED_MODEL)
TOKENIZER = load_tokenizer(FOLDER)


@given(HOSTILE, HOSTILE, HOSTILE, st.integers(70, 200))
def test_tokens_stand_where_the_passage_has_them(question: str, title: str, passage: str, most: int) -> None:
    (pair,) = make_pairs(TOKENIZER, [(question, title, passage)], most)
    assert len(pair) <= most + 24  # a long question and a long title alone may fill it
    assert pair.first + len(pair.spans) + 1 == len(pair.ids)
    assert 0 < pair.second <= pair.first
    last = 0
    for start, end in pair.spans:
        assert 0 <= start <= end <= len(passage)
        assert start >= last
        last = start


def test_offsets_are_code_points() -> None:
    passage = "👩‍👩‍👧‍👦 e\u0301 Ångström lends 6 billion."
    (pair,) = make_pairs(TOKENIZER, [("Who?", "", passage)], 100)
    assert [passage[a:b] for a, b in pair.spans][-3:] == ["6", "billion", "."]


def test_layout_is_question_then_title_then_passage() -> None:
    with_title, without = make_pairs(TOKENIZER, [("Who?", "Bank", "It ended."), ("Who?", "", "It ended.")], 100)
    tokens = [TOKENIZER.id_to_token(i) for i in with_title.ids]
    assert tokens == ["[CLS]", "who", "?", "[SEP]", "bank", ":", "it", "ended", ".", "[SEP]"]
    assert tokens[with_title.second] == "bank"
    assert tokens[with_title.first] == "it"
    assert without.second == without.first == 4


def test_answer_that_was_cut_off_has_no_tokens() -> None:
    passage = "The bank lends. " * 30
    (pair,) = make_pairs(TOKENIZER, [("Who?", "", passage)], 40)
    assert pair.tokens(4, 8) == (pair.first + 1, pair.first + 1)
    assert pair.tokens(len(passage) - 7, len(passage) - 2) is None


def test_batch_pads_and_bars_what_is_no_answer() -> None:
    pairs = make_pairs(TOKENIZER, [("Who?", "Bank", "It ended."), ("Who lends?", "", "Nobody.")], 100)
    batch = PairBatch.of(pairs)
    for row, pair in enumerate(pairs):
        allowed = {i for i, yes in enumerate(batch.allowed[row].tolist()) if yes}
        assert allowed == {0, *range(pair.first, pair.first + len(pair.spans))}
        assert batch.mask[row].sum() == len(pair)
        assert batch.types[row].sum() == len(pair) - pair.second


@pytest.mark.slow
def test_weights_come_back_from_the_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model(FOLDER).eval()
    file = tmp_path / "reader.safetensors"
    digest = save_model(dict(model.named_parameters()), file)
    again = load_model(FOLDER, file, digest)
    batch = PairBatch.of(make_pairs(TOKENIZER, [("Who lends?", "Bank", "It lends to railways.")], 100))
    with torch.inference_mode():
        one, other = model(batch), again(batch)
    assert torch.allclose(one.start, other.start, atol=2e-2)
    assert torch.allclose(one.answerable, other.answerable, atol=2e-2)
    assert not any(p.requires_grad for p in again.parameters())
    with pytest.raises(ModelError, match="is not the published file"):
        load_model(FOLDER, file, "0" * 64)


@pytest.mark.slow
def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "reader.safetensors"
    digest = save_model({"span.weight": torch.zeros(2, 3)}, file)
    with pytest.raises(ModelError, match="does not fit the bundled model"):
        load_model(FOLDER, file, digest)
    digest = save_model({"span.weight": torch.zeros(2, 384)}, file)
    with pytest.raises(ModelError, match="does not fit the bundled model"):
        load_model(FOLDER, file, digest)


@pytest.mark.slow
def test_encoder_says_what_transformers_says() -> None:
    from transformers import BertModel

    oracle = BertModel.from_pretrained(str(FOLDER), add_pooling_layer=False, local_files_only=True)
    oracle.train(False)
    model = build_model(FOLDER).eval()
    batch = PairBatch.of(
        make_pairs(TOKENIZER, [("Who lends?", "Bank", "It lends to railways."), ("Who?", "", "Me.")], 100)
    )
    with torch.inference_mode():
        found = model(batch)
        states = oracle(input_ids=batch.ids, attention_mask=batch.mask, token_type_ids=batch.types).last_hidden_state
        spans = model.span(states).masked_fill(~batch.allowed[..., None], BARRED)
        verdicts = model.verdict(states[:, 0])
    assert torch.allclose(found.start, spans[..., 0], atol=1e-4)
    assert torch.allclose(found.answerable, verdicts[:, 0], atol=1e-4)
