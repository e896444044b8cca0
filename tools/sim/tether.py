"""Runs a Python program that ends with whoever started it: ``python -m tools.sim.tether PARENT ARGUMENTS...``.

A simulated camera that outlived its demo would encode video for ever.  Linux sends SIGTERM when the thread that started this dies,
for whatever reason; the camera then ends in good order.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, and become the program, unless the parent is gone already."""
    parent = int(arguments[0])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() == parent:
        os.execv(sys.executable, [sys.executable, *arguments[1:]])  # noqa: S606 - a program of ours, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
