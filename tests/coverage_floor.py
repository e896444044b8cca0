"""Lines and branches of firmware/ that the tests ran, each held to the floor: ``python -m tests.coverage_floor REPORT``.

pytest-cov compares one figure that mixes both, so that many lines could make up for few branches.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = 95.0


def shares(totals: dict[str, int]) -> dict[str, float]:
    """Percent of lines and of branches that ran, out of the totals of coverage.py's JSON report."""
    kinds = {"lines": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}
    return {kind: 100 * totals[ran] / max(totals[there], 1) for kind, (ran, there) in kinds.items()}


def main(argv: list[str]) -> int:
    """0 if both stand above the floor."""
    found = shares(json.loads(Path(argv[0]).read_text(encoding="utf-8"))["totals"])
    low = {kind: share for kind, share in found.items() if share < FLOOR}
    told = ", ".join(f"{kind} {share:.1f} %" for kind, share in found.items())
    sys.stdout.write(f"Coverage of firmware/: {told} (floor {FLOOR:.0f} % each){'' if not low else ': too low'}\n")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
