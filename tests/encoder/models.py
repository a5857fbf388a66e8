"""Tiny sentence-transformers models with random weights, saved into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

LINES = [
    "The bank finances the railway between Kazan and Moscow.",
    "Банк финансирует железную дорогу.",
    "政府推迟了铁路。",
    "Die Bank finanziert die Eisenbahn, sagt der Minister.",
    "query: passage: gas flows through the pipeline in December 2019",
]
DIMENSION = {"prompted": 32, "first_token": 48, "multilingual": 40}


def prompted(folder: Path) -> None:
    """Save a BERT with mean pooling and the prompts of E5."""
    _bert(folder, DIMENSION["prompted"], "mean", {"query": "query: ", "passage": "passage: "})


def first_token(folder: Path) -> None:
    """Save a BERT with first-token pooling and normalisation, without prompts, as BGE."""
    _bert(folder, DIMENSION["first_token"], "cls", {})


def _bert(folder: Path, dimension: int, pooling: str, prompts: dict[str, str]) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizer

    words = BertWordPieceTokenizer()
    words.train_from_iterator(LINES * 10, vocab_size=300, min_frequency=1)
    parts = folder.with_name(f"{folder.name}-parts")
    parts.mkdir()
    words.save_model(str(parts))
    BertTokenizer(vocab=str(parts / "vocab.txt"), model_max_length=64).save_pretrained(parts)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=words.get_vocab_size(),
        hidden_size=dimension,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,  # large: the layers must differ from doing nothing
    )
    BertModel(config).save_pretrained(parts)
    modules = [Transformer(str(parts), max_seq_length=48), Pooling(dimension, pooling)]
    if pooling == "cls":
        modules.append(Normalize())
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save_pretrained(str(folder))


def multilingual(folder: Path) -> None:
    """Save an XLM-RoBERTa over pieces of four languages, as the multilingual E5."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import SentencePieceUnigramTokenizer
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    pieces = SentencePieceUnigramTokenizer()
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    pieces.train_from_iterator(LINES * 10, vocab_size=200, special_tokens=list(special.values()), unk_token="<unk>")
    parts = folder.with_name(f"{folder.name}-parts")
    made = PreTrainedTokenizerFast(tokenizer_object=pieces._tokenizer, model_max_length=64, **special)  # type: ignore[no-untyped-call]
    made.save_pretrained(parts)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=DIMENSION["multilingual"],
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=80,
        initializer_range=0.5,
    )
    XLMRobertaModel(config).save_pretrained(parts)
    modules = [Transformer(str(parts), max_seq_length=48), Pooling(DIMENSION["multilingual"], "mean")]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder))


KINDS: dict[str, Callable[[Path], None]] = {
    "prompted": prompted,
    "first_token": first_token,
    "multilingual": multilingual,
}
