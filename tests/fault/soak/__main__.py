"""``python -m tests.fault.soak``: a shift of hours in minutes, or a script once more."""

from __future__ import annotations

import argparse
import math
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fault.soak.acts import KINDS, load
from tests.fault.soak.hours import run
from tests.fault.soak.replay import fresh

ABOUT = """\
A whole camera service lives through a shift on a virtual clock, while an officer presses its buttons, docks take over what it
recorded, its parts and its storage fail, and its power is cut.  After each act the promises are checked: the lights say what is true,
what was acknowledged comes back up to a second before a cut, no number is used twice, and nothing leaves without a receipt.  Every
hour, and at the end, the independent verifier judges the card, and everything that a dock received; memory is weighed each half hour.

What happens is drawn from a seed.  A script that breaks a promise is shrunk and left in build/fault/soak-SEED.json; moved to
tests/sim/shifts/ it is a test from then on.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 if every promise was kept."""
    options = _parser().parse_args(arguments)
    if options.replay is not None:
        return _replay(options.replay)
    failed = 0
    for seed in range(options.seed, options.seed + options.seeds):
        outcome = run(seed, options.hours, _progress if sys.stderr.isatty() else _silence, longest_s=options.longest)
        _say(
            "\r\033[K" if sys.stderr.isatty() else "",
            "  ".join(f"{name}: {value}" for name, value in outcome.figures.items()),
        )
        for violation in outcome.violations:
            _say("VIOLATION ", violation)
        failed += bool(outcome.violations)
    return 1 if failed else 0


def _replay(path: Path) -> int:
    """Play a script once more."""
    script = load(path.read_text())
    played = fresh(script)
    _say("", f"{len(played.script)} acts: {played.broken or 'every promise was kept'}")
    return 0 if played.broken is None else 1


def _say(before: str, words: str) -> None:
    sys.stdout.write(f"{before}{words}\n")
    sys.stdout.flush()


def _progress(done: float, words: str) -> None:
    sys.stderr.write(f"\r\033[K{done:4.0%}  {words}")
    sys.stderr.flush()


def _silence(_done: float, _words: str) -> None:
    pass


def _parser() -> argparse.ArgumentParser:
    lines = [
        f"  {name:14}{kind.meaning} ({kind.least:g} to {kind.most:g})"
        for kinds in KINDS.values()
        for name, kind in kinds.items()
    ]
    parser = argparse.ArgumentParser(
        prog="python -m tests.fault.soak",
        description=ABOUT,
        epilog="acts, and what the number of each means:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000), help="what the shift is drawn from (default: any)"
    )
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, one after the other (default: 1)")
    parser.add_argument(
        "--hours",
        type=float,
        default=8,
        help="virtual hours a shift lasts; a quarter of that is added in one boot (default: 8)",
    )
    parser.add_argument(
        "--longest",
        type=float,
        default=math.inf,
        metavar="S",
        help="let the long whiles last no longer, in seconds, so that more happens",
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play this script instead")
    return parser


if __name__ == "__main__":
    sys.exit(main())
