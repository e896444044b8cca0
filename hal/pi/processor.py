"""What the board's processor can do, by the kernel's word."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")
_CAN: Final = ("Features", "flags")
"""What the kernel calls the line on ARM and on x86.  Source: its ``arch/arm64/kernel/cpuinfo.c`` and ``arch/x86/kernel/cpu/proc.c``."""


def has_aes(cpuinfo: Path = CPUINFO) -> bool:
    """Whether each core has instructions for AES; not where the kernel does not say so."""
    try:
        lines = [line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return False
    cores = [words.split() for name, _, words in lines if name.strip() in _CAN]
    return bool(cores) and all("aes" in words for words in cores)
