"""The index: what changed, building a generation, keeping generations."""

from qa.index.build import Plan, build
from qa.index.generations import Generation, build_lock, current_generation, current_name

__all__ = ["Generation", "Plan", "build", "build_lock", "current_generation", "current_name"]
