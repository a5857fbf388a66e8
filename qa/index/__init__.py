"""The index: what changed, building a generation, keeping generations."""

from qa.index.build import Check, Plan, build, empty_message
from qa.index.folder import (
    GenerationEntry,
    Pointer,
    build_lock,
    current_generation,
    current_name,
    last_good_generation,
    listed,
    read_pointer,
    release,
    roll_back,
)
from qa.index.generations import Generation

__all__ = [
    "Check",
    "Generation",
    "GenerationEntry",
    "Plan",
    "Pointer",
    "build",
    "build_lock",
    "current_generation",
    "current_name",
    "empty_message",
    "last_good_generation",
    "listed",
    "read_pointer",
    "release",
    "roll_back",
]
