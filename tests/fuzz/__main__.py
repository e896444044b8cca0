"""``make fuzz``: give every parser inputs that are nearly good, and fail on any that it neither takes nor refuses in its own words.

An input breaks a promise where the parser raises anything but its own errors, takes more memory than its bound (measured for one input of
64 and for all that are kept), or does not come back.  Such an input is kept in build/fuzz/broken, with the command that shows it again.

  python -m tests.fuzz                                all parsers: 50,000 inputs each, one million in all, 30 minutes at most
  python -m tests.fuzz --seconds 60                   what a minute is enough for, all parsers alike
  python -m tests.fuzz --target desk/segment          one parser; again for more
  python -m tests.fuzz --target camera/jws --input F  one parser with one input
  python -m tests.fuzz --keep                         choose from what was found what the repository keeps in tests/fuzz/corpus
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.fuzz import engine

ROOT: Final = Path(__file__).parents[2]
BUILD: Final = ROOT / "build" / "fuzz"


def main(argv: Sequence[str]) -> int:
    """Run the command; its status."""
    options = _options(argv)
    with _instrumented(wanted=options.input is None and not options.keep):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what is imported in here is watched
    unknown = set(options.target or ()) - set(TARGETS)
    if unknown:
        sys.stderr.write(f"no such parser: {', '.join(unknown)}; there are {', '.join(TARGETS)}\n")
        return 2
    from tests.fuzz import session  # noqa: PLC0415 - imports the table, too

    chosen = {name: TARGETS[name] for name in options.target or TARGETS}
    with tempfile.TemporaryDirectory(prefix="lapel-fuzz-") as scratch:
        tempfile.tempdir = scratch
        if options.input is not None:
            return session.replay(next(iter(chosen.values())), options.input.read_bytes())
        if options.keep:
            return session.keep(chosen, BUILD)
        plan = session.Plan(options.seconds, options.minutes, options.jobs, options.seed, BUILD)
        return session.fuzz(chosen, plan)


@contextlib.contextmanager
def _instrumented(*, wanted: bool) -> Iterator[None]:
    """Import what is tried so that its coverage is seen, where that is possible."""
    guide = engine.atheris() if wanted else None
    if guide is None:
        yield
        return
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        contextlib.redirect_stderr(nowhere),  # it tells every module
        guide.instrument_imports(include=["firmware", "tools.verify", "hal.sim.control", "hal.sim.calls"]),
    ):
        yield


def _options(argv: Sequence[str]) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__, formatter_class=form)
    parser.add_argument("--target", action="append", metavar="NAME", help="only this parser; again for more")
    parser.add_argument("--input", type=Path, metavar="FILE", help="give the parser this input and nothing else")
    parser.add_argument("--seconds", type=float, metavar="N", help="so long in all, however few inputs that makes")
    parser.add_argument(
        "--minutes",
        type=float,
        default=30.0,
        metavar="N",
        help="without --seconds: at most so long in all (default: 30)",
    )
    parser.add_argument("--keep", action="store_true", help="choose what the repository keeps, and try nothing")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at a time (default: the cores)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=time.time_ns() % 2**31,
        metavar="N",
        help="what inputs are drawn from (default: the clock)",
    )
    options = parser.parse_args(argv)
    if options.input is not None and len(options.target or ()) != 1:
        parser.error("--input goes with one --target")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
