"""Front matter in the forms that are in use: YAML, TOML, JSON, Pandoc's title block, MultiMarkdown's lines."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import yaml

from qa.corpus.decoding import UnreadableError
from qa.corpus.fields import CONTROL, SYNONYMS, folded

MAX_FRONT_MATTER = 20_000  # characters: far above any real one, too little for a YAML bomb to hurt
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's where it is built in

YAML_OPENS = re.compile(r"\s*---[ \t]*\r?\n")
YAML_CLOSES = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
TOML_OPENS = re.compile(r"\s*\+\+\+[ \t]*\r?\n")
TOML_CLOSES = re.compile(r"^\+\+\+[ \t]*\r?$", re.MULTILINE)
JSON_OPENS = re.compile(r"\s*(?:;;;[ \t]*\r?\n\s*)?(?=\{\s*\")")
JSON_CLOSES = re.compile(r"(?:\s*;;;)?[ \t]*\r?\n|\s*\Z")
PANDOC = re.compile(r"\s*((?:^%[^\n]*\n(?:^[ \t]+\S[^\n]*\n){0,20}){1,3})", re.MULTILINE)
NAMED = re.compile(r"[ \t]*[\w-]+[ \t]*:")  # a lone rule may open a text; with `name:` below, it opens front matter
LINE = re.compile(r"([A-Za-z][\w .-]{0,40}):(?:[ \t]+(.*)|[ \t]*)$")
SIMPLE = re.compile(r"([\w][\w .-]*):[ \t]+([^\s\[{|>&*!#].*?)[ \t]*\r?$")  # a line of YAML with a value on it
# A value in quotes that YAML forbids, or that goes on in the next line: it is left alone.
QUOTED = re.compile(r"[\w .-]+:[ \t]+([\"'])(?:(?!\1).)*(?:\1[ \t\r]*)?$")
KEYS = frozenset(name for names in SYNONYMS.values() for name in names)

Parted = tuple[dict[str, object], str, list[str]]
"""Fields, the text below them, and remarks."""


def part(text: str) -> Parted:
    """Return the front matter of a text, the text below it, and remarks. Raises `UnreadableError` for a broken one."""
    for read in (_yaml, _toml, _json, _pandoc, _lines):
        found = read(text)
        if found is not None:
            fields, below, remarks = found
            return fields, below.strip(), remarks
    return {}, text.strip(), []


def _fenced(text: str, opens: re.Pattern[str], closes: re.Pattern[str], mark: str) -> tuple[str, int, str] | None:
    """Return a fenced block, the number of its first line, and the text below; None if the text opens with none."""
    opening = opens.match(text)
    if opening is None:
        return None
    closing = closes.search(text, opening.end())
    if closing is None:
        if NAMED.match(text, opening.end()) or mark == "+++":
            cause = f"it opens with {mark} and never closes; add a line {mark} after it"
            raise UnreadableError(f"front matter broken: {cause}")
        return None
    block = text[opening.end() : closing.start()]
    if len(block) > MAX_FRONT_MATTER:
        raise UnreadableError(f"front matter of {len(block):,} characters, more than {MAX_FRONT_MATTER:,}; shorten it")
    return block, text.count("\n", 0, opening.end()) + 1, text[closing.end() :]


def _yaml(text: str) -> Parted | None:
    parted = _fenced(text, YAML_OPENS, YAML_CLOSES, "---")
    if parted is None:
        return None
    block, first_line, below = parted
    try:
        return _mapping(yaml.load(block, Loader=SAFE_LOADER)), below, []
    except UnreadableError:
        raise
    except Exception as exc:  # PyYAML's constructors raise whatever a hostile value provokes
        mended, names = _quoted(block)
        if names:
            try:
                found = _mapping(yaml.load(mended, Loader=SAFE_LOADER))
            except Exception:  # the fault is elsewhere, and is told as it was found
                names = []
        if names:
            told = f'`{names[0]}` is read as if it stood in quotes; write it so: {names[0]}: "…"'
            return found, below, [f"front matter: the value of {told}"]
        mark = getattr(exc, "problem_mark", None)
        place = f" at line {mark.line + first_line}" if mark else ""
        problem = getattr(exc, "problem", None) or type(exc).__name__
        remedy = 'mend its YAML or remove the block (a value with ": " in it, or a sign in front, stands in quotes)'
        raise UnreadableError(f"front matter broken{place}: {problem}; {remedy}") from exc


def _quoted(block: str) -> tuple[str, list[str]]:
    """Return a block with quotes around each one-line value that is no YAML, and the names of these."""
    names, lines = [], []
    for line in block.split("\n"):
        simple = SIMPLE.match(line)
        if simple and not CONTROL.search(line) and not _is_yaml(line):
            names.append(simple[1])
            line = f"{simple[1]}: {json.dumps(simple[2], ensure_ascii=False)}"
        lines.append(line)
    return "\n".join(lines), names


def _is_yaml(line: str) -> bool:
    try:
        return isinstance(yaml.load(line, Loader=SAFE_LOADER), dict)
    except Exception:
        return bool(QUOTED.match(line))


def _mapping(found: object) -> dict[str, object]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnreadableError("front matter broken: it must be lines of `name: value`; mend it or remove the block")
    return found


def _toml(text: str) -> Parted | None:
    parted = _fenced(text, TOML_OPENS, TOML_CLOSES, "+++")
    if parted is None:
        return None
    block, first_line, below = parted
    try:
        return tomllib.loads(block.replace("\r\n", "\n")), below, []
    except (ValueError, RecursionError) as exc:
        cause = " ".join(str(exc).split())[:200]
        where = f"(its first line is line {first_line} of the file)"
        raise UnreadableError(f"front matter broken {where}: {cause}; mend its TOML or remove the block") from exc


def _json(text: str) -> Parted | None:
    opening = JSON_OPENS.match(text)
    if opening is None:
        return None
    try:
        found, end = json.JSONDecoder().raw_decode(text[: opening.end() + MAX_FRONT_MATTER], opening.end())
    except (ValueError, RecursionError):
        return None  # a text that begins with a brace
    closing = JSON_CLOSES.match(text, end)
    return (found, text[closing.end() :], []) if closing and isinstance(found, dict) else None


def _pandoc(text: str) -> Parted | None:
    """Read Pandoc's title block: `% title`, `% authors`, `% date`, each with indented lines below it."""
    block = PANDOC.match(text)
    if block is None or len(block[1]) > MAX_FRONT_MATTER:
        return None
    entries = [" ".join(entry.split()) for entry in re.split(r"^%", block[1], flags=re.MULTILINE)[1:]]
    title, authors, day = [*entries, "", ""][:3]
    fields: dict[str, object] = {"title": title, "author": re.split(r"\s*;\s*", authors), "date": day}
    return {name: value for name, value in fields.items() if value and value != [""]}, text[block.end() :], []


def _lines(text: str) -> Parted | None:
    """Read MultiMarkdown's lines `Name: value` at the head of a text, the first of a known name, up to a blank line."""
    start = len(text) - len(text.lstrip("\ufeff\r\n"))
    head, blank, below = _head(text[start : start + MAX_FRONT_MATTER])
    fields: dict[str, object] = {}
    name = ""
    for line in head:
        match = LINE.match(line)
        if match and (fields or folded(match[1]) in KEYS):
            name = match[1]
            fields[name] = (match[2] or "").strip()
        elif name and line[:1] in " \t" and line.strip():
            fields[name] = f"{fields[name]} {line.strip()}".strip()
        else:
            return None
    known = sum(folded(each) in KEYS for each in fields)
    if not known or (known == 1 and len(fields) == 1 and folded(name) not in ("title", "date")) or not blank:
        return None
    return fields, below + text[start + MAX_FRONT_MATTER :], []


def _head(text: str) -> tuple[list[str], bool, str]:
    """Return the lines above the first blank one, whether there is a blank one, and what is below."""
    parted: Callable[[str], Any] = re.compile(r"\r?\n[ \t]*\r?\n").search
    gap = parted(text)
    if gap is None:
        return text.splitlines(), False, ""
    return text[: gap.start()].splitlines(), True, text[gap.end() :]
