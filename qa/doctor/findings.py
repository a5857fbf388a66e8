"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How urgent a finding is."""

    ATTENTION = "attention"  # answers are wrong, missing or out of date until it is mended
    HINT = "hint"  # worth knowing; nothing fails


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the article, file or folder, what is the matter, and what to do."""

    code: str
    severity: Severity
    id: str
    problem: str
    remedy: str
