"""What this processor can multiply in hardware."""

from __future__ import annotations

from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


def cpu_flags() -> frozenset[str]:
    """Return the processor's flags as Linux names them; none on other systems."""
    try:
        return frozenset(CPU_INFO.read_text(encoding="utf-8").split())
    except OSError:
        return frozenset()
