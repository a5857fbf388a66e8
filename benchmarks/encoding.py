"""How fast passages are encoded: plain `SentenceTransformer.encode` beside `SentenceEncoder`, on the same passages.

    python benchmarks/encoding.py FOLDER [--passages 256] [--rounds 3] [--precision bf16] [--ndcg]

FOLDER is a BEIR-form set (corpus.jsonl {_id, title, text}, queries.jsonl, qrels/*.tsv). Both encode in turn, round
after round; `cpu` is seconds of processor, which other programs on the machine disturb less than the clock. For each
way: the ratio to plain encode, and the least cosine to it of any passage. `--ndcg` encodes the whole set and its
questions, and gives nDCG@10 of the vectors alone: a precision is used only where the cosine stays above .999 and nDCG
within .003.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Callable
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
from startup import processor

from qa.encoder import Options, SentenceEncoder, model_folder
from qa.encoder.model import native_precision

Encode = Callable[[list[str]], Any]


def lines(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    if not file.is_file():
        sys.exit(f"{file} is not there: name the folder of a BEIR-form set")
    with file.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def document(record: dict[str, Any]) -> str:
    """Return the text of a document as a passage: title, then at most 900 characters."""
    return f"{record.get('title', '')}\n{record['text'][:900]}".strip()


def judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Return question id -> document id -> relevance."""
    found: dict[str, dict[str, int]] = {}
    for file in sorted((folder / "qrels").glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream, delimiter="\t"):
                if row[0] != "query-id" and int(row[2]) > 0:
                    found.setdefault(row[0], {})[row[1]] = int(row[2])
    return found


def ndcg(folder: Path, vectors: Any, asked: Any, ids: tuple[list[str], list[str]]) -> float:  # noqa: ANN401
    """Return the mean nDCG@10 (Järvelin and Kekäläinen 2002) over the questions that have judgements."""
    relevant, gains = judgements(folder), []
    documents, queries = ids
    for query, vector in zip(queries, asked, strict=True):
        if query in relevant:
            best = np.argsort(-(vectors @ vector), kind="stable")[:10]
            wanted = relevant[query]
            found = sum(wanted.get(documents[i], 0) / log2(rank + 2) for rank, i in enumerate(best))
            ideal = sum(gain / log2(rank + 2) for rank, gain in enumerate(sorted(wanted.values(), reverse=True)[:10]))
            gains.append(found / ideal)
    return float(np.mean(gains))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default=native_precision())
    parser.add_argument("--ndcg", action="store_true", help="on the whole set, once")
    options = parser.parse_args()
    records, queries = lines(options.folder / "corpus.jsonl"), lines(options.folder / "queries.jsonl")
    texts = [document(record) for record in records][: None if options.ndcg else options.passages]
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(model_folder("all-MiniLM-L6-v2")), device="cpu")
    ways: dict[str, Encode] = {"plain encode": lambda some: plain.encode(some, normalize_embeddings=True)}
    for precision in dict.fromkeys(("fp32", options.precision)):
        encoder = SentenceEncoder(options=Options(precision=precision))
        ways[f"SentenceEncoder {precision}"] = encoder.encode_passages
    clock, busy, vectors = measured(ways, texts, 1 if options.ndcg else options.rounds)
    print(f"{processor()}; load {os.getloadavg()[0]:.1f}; {len(texts)} passages of {options.folder.name}")
    reference = vectors["plain encode"]
    asked = ways["SentenceEncoder fp32"]([query["text"] for query in queries]) if options.ndcg else None
    ids = [str(record["_id"]) for record in records], [str(query["_id"]) for query in queries]
    for name in ways:
        line = f"{name:22} {len(texts) / clock[name]:7.1f} passages/s  cpu {busy[name]:7.2f} s"
        line += (
            f"  {busy['plain encode'] / busy[name]:.2f} times plain (clock {clock['plain encode'] / clock[name]:.2f})"
        )
        line += f"  least cosine {(vectors[name] * reference).sum(axis=1).min():.5f}"
        print(line + (f"  nDCG@10 {ndcg(options.folder, vectors[name], asked, ids):.4f}" if options.ndcg else ""))


def measured(ways: dict[str, Encode], texts: list[str], rounds: int) -> tuple[dict[str, float], ...]:
    """Return the least seconds by the clock and of processor over the rounds, and the vectors, by way."""
    for encode in ways.values():
        encode(texts[:8])
    clock, busy, vectors = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, float("inf")), {}
    for _ in range(rounds):
        for name, encode in ways.items():
            started, worked = time.perf_counter(), time.process_time()
            vectors[name] = encode(texts)
            clock[name] = min(clock[name], time.perf_counter() - started)
            busy[name] = min(busy[name], time.process_time() - worked)
    return clock, busy, vectors


if __name__ == "__main__":
    main()
