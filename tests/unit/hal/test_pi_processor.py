"""What the kernel says of a processor: lines as real boards have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hal.pi.processor import has_aes

if TYPE_CHECKING:
    from pathlib import Path

ZERO_2W = "processor\t: 0\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU part\t: 0xd03\n"
PI_5 = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics cpuid\nCPU part\t: 0xd0b\n"
DESKTOP = "processor\t: 0\nflags\t\t: fpu sse4_2 aes avx\nvmx flags\t: vnmi\n"


@pytest.mark.parametrize(
    ("told", "has"),
    [
        (ZERO_2W, False),
        (PI_5, True),
        (DESKTOP, True),
        (f"{PI_5}\n{ZERO_2W}", False),  # a thread may run on either
        ("Features\t: aesthetics\n", False),
        ("", False),
    ],
)
def test_as_the_kernel_tells_it(tmp_path: Path, told: str, *, has: bool) -> None:
    """Each core has to have them, by that very name."""
    (tmp_path / "cpuinfo").write_text(told)
    assert has_aes(tmp_path / "cpuinfo") is has


def test_where_the_kernel_says_nothing(tmp_path: Path) -> None:
    """ChaCha20 is never slow: that is what is asked for then."""
    assert not has_aes(tmp_path / "none")
