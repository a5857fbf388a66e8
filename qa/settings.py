"""Settings, in groups, each with its unit and the reason for its default.

They come from `briefing.toml`, then `BRIEFING_…` variables (`BRIEFING_INDEX__MODEL`), then flags; the
later wins. Relative folders of the file resolve against the file, others against the working folder.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariableError

from qa.errors import SettingsError
from qa.types import Limits, Mode

FILE_NAME = "briefing.toml"
BUNDLED_MODEL = "all-MiniLM-L6-v2"
MAX_K = 1000  # hits of one question
_LIMITS = Limits()


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusSettings(_Group):
    """Where the articles are, and what reading one file may cost."""

    folder: Path = Field(Path("corpus"), description="Folder of the articles.")
    max_file_bytes: int = Field(
        _LIMITS.max_file_bytes,
        gt=0,
        description="Bytes a file, or a line of JSON Lines, may have: room for a PDF with pictures.",
    )
    max_jsonl_bytes: int = Field(
        _LIMITS.max_jsonl_bytes,
        gt=0,
        description="Bytes a JSON Lines file or mailbox may have: read one by one, some hundred thousand articles fit.",
    )
    max_text_chars: int = Field(
        _LIMITS.max_text_chars, gt=0, description="Characters the text of an article may have: more than any book."
    )
    max_pages: int = Field(_LIMITS.max_pages, gt=0, description="Pages a PDF may have: more than any report.")
    max_unpacked_bytes: int = Field(
        _LIMITS.max_unpacked_bytes,
        gt=0,
        description="Bytes that an archive (.docx, .epub …), or one stream of a PDF, may unpack to: room for pictures.",
    )
    max_depth: int = Field(
        _LIMITS.max_depth,
        gt=0,
        le=250,
        description="Levels of nesting in HTML or JSON: pages have tens; from 256 the HTML parser loses text.",
    )
    max_parse_seconds: int = Field(
        _LIMITS.max_parse_seconds,
        gt=0,
        description="Processor seconds for reading one file in the child process: a book of 700 pages needs fewer.",
    )
    max_ocr_seconds: int = Field(
        _LIMITS.max_ocr_seconds, gt=0, description="Processor seconds for one scanned page: most need ten."
    )
    max_ocr_pages: int = Field(
        _LIMITS.max_ocr_pages, ge=0, description="Scanned pages of a PDF that are read with the extra [ocr]."
    )
    max_parser_bytes: int = Field(
        _LIMITS.max_parser_bytes,
        ge=300_000_000,
        description="Bytes of memory for the child process: the libraries alone take a third.",
    )

    @property
    def limits(self) -> Limits:
        """What reading one file may cost."""
        return Limits(**self.model_dump(exclude={"folder"}))


class IndexSettings(_Group):
    """Where the index is, and what it is made of."""

    folder: Path = Field(Path("index"), description="Folder of the index.")
    model: str = Field(
        BUNDLED_MODEL,
        description="Embedding model: the bundled one, a folder, or the name of a sentence-transformers model "
        "that is already in the local Hugging Face cache (nothing is ever downloaded).",
    )
    languages: tuple[str, ...] = Field(
        (),
        description="Languages the model knows, as ISO 639-1 codes, for `briefing doctor`; unset, those of the model's "
        "card; `multilingual` is all.",
    )
    passage_chars: int = Field(
        900, ge=100, le=20_000, description="Characters of a passage: about 200 of the 256 tokens the model reads."
    )
    overlap_chars: int = Field(
        120, ge=0, description="Characters of the passage before that may be repeated: no thought is cut in two."
    )
    query_prompt: str | None = Field(
        None,
        description='What stands before a question when it is encoded ("query: " for E5); unset, the model\'s own.',
    )
    passage_prompt: str | None = Field(
        None, description='What stands before a passage ("passage: " for E5); unset, the model\'s own.'
    )
    precision: Literal["fp32", "bf16"] | None = Field(
        None,
        description="Precision in which passages are encoded; unset, bf16 where the processor multiplies it (AMX, "
        "AVX512-BF16), else fp32. Set it for an index that is built on several kinds of machines.",
    )
    batch_size: int = Field(
        32, gt=0, description="Texts encoded at once at most; more only pad more, and leave a CPU's cache."
    )
    keep_generations: int = Field(3, ge=1, description="Generations kept, the current one included.")


class RetrievalSettings(_Group):
    """How passages are found."""

    mode: Mode = Field("hybrid", description="What ranks: both retrievers together, the vectors alone, or BM25 alone.")
    k: int = Field(5, ge=1, le=MAX_K, description="Hits returned.")
    candidates: int = Field(100, ge=1, description="Best passages of each retriever that are fused.")
    dense_weight: float = Field(
        0.8, ge=0, description="Weight of the cosine of question and passage in the hybrid score."
    )
    sentence_weight: float = Field(
        1, ge=0, description="Weight of the cosine of the question and the passage's nearest sentence."
    )
    bm25_weight: float = Field(1, ge=0, description="Weight of BM25, as a share of the most that it could be.")
    pair_weight: float = Field(
        0.16, ge=0, description="Weight of neighbouring terms of the question that stand side by side in the passage."
    )

    rerank: bool = Field(
        False,
        description="Whether the first 20 hits of a question are put in order of the trained reader's relevance too: "
        "better, and some ten times slower. `ask` reads its passages with that network anyway.",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if not any(self.weights):
            raise ValueError("one of the weights must be above 0")
        return self

    @property
    def weights(self) -> tuple[float, float, float, float]:
        """Weights of passage, sentence, BM25 and pairs."""
        return self.dense_weight, self.sentence_weight, self.bm25_weight, self.pair_weight


class ReaderSettings(_Group):
    """How an answer is chosen, and when there is none."""

    model: Literal["spans", "sentences"] = Field(
        "spans",
        description='Reader: "spans" is trained and marks a short answer in its sentence; "sentences" chooses whole '
        "sentences, and is what reads where the trained weights are absent.",
    )
    passages: int = Field(6, ge=1, le=50, description="Best passages whose sentences are read.")
    citations: int = Field(5, ge=1, le=5, description="Citations given at most.")
    answered_from: float | None = Field(
        None, ge=0, le=1, description="Confidence from which a question is answered; unset, the shipped threshold."
    )
    question_chars: int = Field(2000, ge=1, description="Characters a question may have.")


class WriterSettings(_Group):
    """A language model of your own, off unless `base_url` is set: then questions and passages are sent there."""

    base_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$",
        description="Address of an OpenAI-compatible server, with its /v1; unset, no language model is asked and "
        "nothing is sent anywhere.",
    )
    model: str = Field("", description="Name of the model there; unset, the first that the server lists.")
    key_variable: str = Field(
        "OPENAI_API_KEY", description="Environment variable that holds the key; a local server needs none."
    )
    use: Literal["extract", "write"] = Field(
        "extract",
        description='"extract": the model picks quotation and short answer; "write": it writes up to five sentences. '
        "Either is shown only as far as the articles carry it.",
    )
    rewrite: bool = Field(
        False,
        description="Let the model word follow-up questions so that they stand alone; the rules stay the fallback.",
    )
    passages: int = Field(5, ge=1, le=20, description="Best passages sent with a question: about 200 tokens each.")
    max_tokens: int = Field(400, ge=16, le=8000, description="Tokens of a reply: five sentences need 200.")
    timeout_seconds: float = Field(
        60, gt=0, le=600, description="Seconds after which a reply is given up, and the answer is ours alone."
    )
    connect_seconds: float = Field(5, gt=0, le=60, description="Seconds to reach the server.")
    cached_replies: int = Field(
        500, ge=0, description="Replies kept in memory, by question, passages and model; nothing is kept on disk."
    )
    prompt_price: float | None = Field(
        None, ge=0, description="Price of a million tokens sent, in any currency; with the next one, costs are told."
    )
    completion_price: float | None = Field(None, ge=0, description="Price of a million tokens received.")


class ServeSettings(_Group):
    """How page, REST and MCP are served, and to whom."""

    title: str = Field("Briefing", description="Name at the head of the page.")
    host: str = Field("127.0.0.1", description="Address to listen on; beyond this machine a login is required.")
    port: int = Field(7860, ge=0, le=65535, description="Port to listen on; 0 takes any that is free.")
    root_path: str = Field("", description="Path prefix when a proxy serves all this below one, and strips it.")
    hosts: tuple[str, ...] = Field(
        (),
        description="Host names, beside this machine's, under which it is reached: others are refused, so that no "
        "foreign page can reach it by a name of its own (DNS rebinding).",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (),
        description="Addresses or networks whose X-Forwarded-… headers are believed; others might lie.",
    )
    admin: bool = Field(False, description="Offer rebuild, upload, removal and rollback to everyone who can log in.")
    feedback: bool = Field(
        True, description="Let readers rate answers; votes go to feedback.jsonl in the index folder and nowhere else."
    )
    logins_file: Path | None = Field(None, description="File of logins, one a line, as `briefing login` prints them.")
    logins: SecretStr = Field(
        SecretStr(""), description="More logins, separated by blanks: meant for BRIEFING_SERVE__LOGINS."
    )
    allow_no_login: bool = Field(
        False, description="Serve other machines without a login, read-only: something else must guard the address."
    )
    watch: bool = Field(True, description="Follow the corpus folder: files that change are taken in after a moment.")
    max_body_bytes: int = Field(
        100_000,
        gt=0,
        description="Bytes of a REST or MCP call, uploads apart; a question with its filters has far less.",
    )
    calls_per_minute: int = Field(
        600,
        ge=0,
        description="Calls a client may make in a minute, 0 for any number; ten a second is no person's pace.",
    )
    workers: int = Field(
        4,
        ge=1,
        le=64,
        description="Questions answered at once, of the page and of programs each: more only share the processor.",
    )
    max_waiting: int = Field(
        64, ge=0, description="Questions that may wait, of the page and of programs each; one more is refused."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Lines of the log on stderr: for people, or one JSON object each for programs."
    )
    log_questions: bool = Field(
        False, description="Write the text of questions into the log; off, because questions tell about people."
    )
    slow_seconds: float = Field(
        2.0, gt=0, description="Seconds from which a question is logged as slow: a hundred times the usual."
    )


class Settings(BaseSettings):
    """All settings. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="BRIEFING_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    corpus: CorpusSettings = Field(default_factory=CorpusSettings)
    index: IndexSettings = Field(default_factory=IndexSettings)
    retrieval: RetrievalSettings = Field(default_factory=RetrievalSettings)
    reader: ReaderSettings = Field(default_factory=ReaderSettings)
    writer: WriterSettings = Field(default_factory=WriterSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give variables precedence over the file, whose values arrive as init arguments."""
        return env_settings, init_settings


def _read_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"cannot read the settings in {file}: {exc}") from exc
    base = file.resolve().parent
    for group in ("corpus", "index"):
        section = values.get(group)
        if isinstance(section, dict) and isinstance(section.get("folder"), str):
            section["folder"] = base / Path(section["folder"]).expanduser()
    serve = values.get("serve")
    if isinstance(serve, dict) and isinstance(serve.get("logins_file"), str):
        serve["logins_file"] = base / Path(serve["logins_file"]).expanduser()
    index = values.get("index")
    if isinstance(index, dict) and isinstance(index.get("model"), str) and (base / index["model"]).is_dir():
        index["model"] = str(base / index["model"])
    return values


def _override(settings: Settings, flags: dict[str, dict[str, Any]]) -> Settings:
    values = settings.model_dump()
    for group, given in flags.items():
        values[group] |= {name: value for name, value in given.items() if value is not None}
    groups = {name: type(getattr(settings, name)).model_validate(values[name]) for name in values}
    return settings.model_copy(update=groups)


def own_index(corpus: Path) -> Path:
    """Return the index folder of a corpus for which none is named: one for each place, in the user's data folder."""
    from platformdirs import user_data_path

    place = corpus.expanduser().resolve()
    key = hashlib.sha256(os.fsencode(place)).hexdigest()[:12]
    return user_data_path("briefing-qa", appauthor=False) / "indexes" / f"{place.name}-{key}"


def with_folders(settings: Settings, corpus: Path | None, index: Path | None) -> Settings:
    """Return the settings with other folders; None leaves a folder as it is.

    A corpus other than the one of the settings has an index of its own (`own_index`) unless `index` names one, so that
    no question is ever answered from the index of another corpus.
    """
    if corpus is not None and index is None and corpus.expanduser().resolve() != settings.corpus.folder.resolve():
        index = own_index(corpus)
    groups = {"corpus": corpus, "index": index}
    changed = {
        name: getattr(settings, name).model_copy(update={"folder": folder.expanduser()})
        for name, folder in groups.items()
        if folder is not None
    }
    return settings.model_copy(update=changed)


def load_settings(file: Path | None = None, flags: dict[str, dict[str, Any]] | None = None) -> Settings:
    """Return the settings from file, environment and flags.

    `file` defaults to `$BRIEFING_CONFIG`, then to `briefing.toml` in the working folder if it is there.
    `flags` maps group to field to value; None means not given.

    Raises `SettingsError` for a file that cannot be read or a value that does not fit.
    """
    chosen = file or (Path(os.environ["BRIEFING_CONFIG"]) if os.environ.get("BRIEFING_CONFIG") else None)
    if chosen is None and Path(FILE_NAME).is_file():
        chosen = Path(FILE_NAME)
    try:
        settings = Settings(**(_read_file(chosen) if chosen else {}))
        return _override(settings, flags or {})
    except UnreadableVariableError as exc:
        raise SettingsError(
            f"a BRIEFING_… variable is not usable: {exc}; name single settings, as BRIEFING_INDEX__MODEL"
        ) from exc
    except ValidationError as exc:
        faults = "; ".join(f"[{'.'.join(map(str, e['loc']))}] {e['msg']}" for e in exc.errors())
        origin = f"{chosen}, " if chosen else ""
        raise SettingsError(f"settings not usable ({origin}BRIEFING_… variables or flags): {faults}") from exc
