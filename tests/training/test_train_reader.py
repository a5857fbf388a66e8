"""Training steps on networks of a few numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from qa.encoder import model_folder
from qa.reader.model import BARRED, Batch, Outputs, Shape, SpanModel, load_tokenizer
from qa.settings import BUNDLED_MODEL
from tests.training.test_data import mixture
from training import export_reader
from training.lessons import Lesson, Lessons, draw
from training.networks import Teacher, network_of
from training.train_reader import PARTS, Plan, Run, averaged_weights, losses, pools, taught, trained_network
from training.validate import Case, validate

WORDS = 30522
EMBEDDED = "bert.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module", autouse=True)
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
def lessons(tokenizer: Tokenizer) -> Lessons:
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


def outputs(lesson: Lesson, height: float) -> Outputs:
    """Return logits that are right, `height` above the others."""
    start, end = (torch.full(lesson.batch.ids.shape, 0.0).masked_fill(~lesson.batch.allowed, BARRED) for _ in range(2))
    rows = torch.arange(len(lesson.start))
    start[rows, lesson.start] = height
    end[rows, lesson.end] = height
    return Outputs(start, end, (lesson.answerable * 2 - 1) * height, (lesson.relevant.nan_to_num(0.5) * 2 - 1) * height)


def test_the_loss_is_least_where_all_is_right(lessons: Lessons) -> None:
    lesson = Lesson.of(lessons, torch.arange(40))
    right, wrong = losses(outputs(lesson, 4.0), lesson), losses(outputs(lesson, -4.0), lesson)
    assert len(lesson.groups) > 0
    for name in PARTS:
        assert right[name] < 0.6 < wrong[name], name


def test_what_is_not_known_to_be_relevant_costs_nothing(lessons: Lessons) -> None:
    lesson = Lesson.of(lessons, torch.arange(40))
    unknown = lesson.relevant.isnan()
    assert unknown.any() and not unknown.all()
    out = outputs(lesson, 1.0)
    other = Outputs(out.start, out.end, out.answerable, torch.where(unknown, 9.0, out.relevant))
    assert losses(other, lesson)["relevant"] == losses(out, lesson)["relevant"]


def test_agreeing_with_the_teachers_costs_no_divergence(lessons: Lessons) -> None:
    lesson = Lesson.of(lessons, torch.arange(40))
    said = outputs(lesson, 2.0)
    assert abs(float(taught(said, said)["span"])) < 1e-5
    assert taught(outputs(lesson, 0.5), said)["span"] > 0.05
    assert taught(outputs(lesson, -2.0), said)["answerable"] > taught(said, said)["answerable"]


def test_teachers_read_the_readers_batches(mpnet: Path, lessons: Lessons) -> None:
    model = network_of(mpnet).eval()
    assert isinstance(model, Teacher)
    ids = model.get_buffer("ids")
    assert ids[[0, 100, 101, 102, 1000]].tolist() == [1, 3, 0, 2, 1004]
    lesson = Lesson.of(lessons, torch.arange(4))
    out = model(lesson.batch)
    assert out.start.shape == lesson.batch.ids.shape and out.relevant.shape == lesson.start.shape
    assert ((out.start <= BARRED) == ~lesson.batch.allowed).all()
    alone = Lesson.of(lessons, torch.tensor([0])).batch  # padded less
    n, t = alone.ids.shape
    assert torch.allclose(model(alone).start, out.start[:n, :t], atol=1e-5)


def test_layers_drop_out_in_training_alone(bert: Path, lessons: Lessons) -> None:
    model = network_of(bert)
    batch: Batch = Lesson.of(lessons, torch.arange(4)).batch
    torch.manual_seed(0)
    assert not torch.equal(model.train()(batch).start, model(batch).start)
    assert torch.equal(model.eval()(batch).start, model(batch).start)


def trained(out: Path, base: Path, lessons: Lessons, steps: int, teachers: tuple[Teacher, ...] = ()) -> Run:
    out.mkdir()
    torch.manual_seed(5)
    run = Run(out, base, "cpu", 1e-2, teachers)
    parts = list(pools(run, lessons, Plan(0, steps), 600, 5))
    assert set(parts[0]) == {*PARTS, "taught"}
    run.save()
    return run


def test_a_reader_learns_of_answers_and_teachers_and_is_exported(
    bert: Path, mpnet: Path, lessons: Lessons, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    trained(tmp_path / "teacher", mpnet, lessons, 3)
    teacher = trained_network(tmp_path / "teacher", "cpu")
    assert isinstance(teacher, Teacher)
    run = trained(tmp_path / "out", bert, lessons, 40, (teacher,))
    assert (run.step, run.progress) == (40, 1.0)
    before, after = network_of(bert), run.averaged_model()
    assert torch.equal(before.state_dict()[EMBEDDED], after.state_dict()[EMBEDDED])
    lesson = Lesson.of(lessons, torch.arange(60))
    assert losses(after.eval()(lesson.batch), lesson)["span"] < losses(before.eval()(lesson.batch), lesson)["span"]
    case = Case("Who measured the Amur?", "", "Anton Orlov measured the Amur.", ("Anton Orlov",))
    assert 0 <= validate(after, tokenizer, {"one": [case]})["one f1"] <= 1
    export_reader.main(tmp_path / "out", tmp_path / "file")
    written = load_file(tmp_path / "file")
    assert written.keys() == averaged_weights(tmp_path / "out").keys()
    assert not any("embeddings" in name for name in written)
    assert {p.dtype for p in written.values()} == {torch.float16}


def test_a_seed_gives_the_same_weights_and_a_run_goes_on_from_its_file(
    bert: Path, lessons: Lessons, tmp_path: Path
) -> None:
    one, two = (trained(tmp_path / name, bert, lessons, 30) for name in ("one", "two"))
    for name, weights in one.trained.items():
        assert torch.equal(weights, two.trained[name])
    again = Run(tmp_path / "one", bert, "cpu", 1e-2)
    again.restore()
    assert (again.step, again.tokens, again.progress) == (30, one.tokens, 1.0)
    lesson = Lesson.of(lessons, torch.arange(30))
    for run in (one, again):
        torch.manual_seed(9)
        run.progress = 0.5
        run.learn(lesson)
    for name, weights in one.trained.items():
        assert torch.equal(weights, again.trained[name])
