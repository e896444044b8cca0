"""``python -m tools.bench dock``, ``overlay`` or ``latency``: measure, and say against what."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import latency, overlay
from tools.bench.dock import Figure, measure

_VERDICTS = {None: "", True: "kept", False: "NOT KEPT"}


def main(arguments: list[str] | None = None) -> int:
    """Run it; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    commands = parser.add_subparsers(title="benchmarks", metavar="WHAT", required=True)
    dock = commands.add_parser("dock", help="offload: speed, noise, memory")
    dock.add_argument("--size", type=int, default=300, metavar="MB", help="how much is offloaded each time (300)")
    dock.add_argument("--rounds", type=int, default=3, help="of each the best of so many, in turns (3)")
    dock.add_argument("--dir", type=Path, metavar="DIR", help="a directory on the disk that counts")
    dock.set_defaults(run=lambda options: measure(options.size * 1_000_000, options.rounds, options.dir), table=_table)
    burnt = commands.add_parser("overlay", help="what burning words into a frame takes")
    burnt.add_argument(
        "--frames", type=int, default=300, help="of each size, in turns with what it is compared with (300)"
    )
    burnt.set_defaults(run=lambda options: overlay.measure(max(10, options.frames)), table=_shares)
    waits = commands.add_parser("latency", help="from the press to the lights")
    waits.add_argument("--presses", type=int, default=20, metavar="N", help="how many recordings are begun (20)")
    waits.add_argument("--dir", type=Path, metavar="DIR", help="a directory on the disk that counts")
    waits.set_defaults(run=lambda options: latency.measure(max(1, options.presses), options.dir), table=_waits)
    for each in (dock, burnt, waits):
        each.add_argument("--json", action="store_true", help="one JSON object a line for each figure")
    options = parser.parse_args(arguments)
    figures = []
    for figure in options.run(options):
        figures.append(figure)
        if options.json:
            print(json.dumps({**asdict(figure), "kept": figure.kept}), flush=True)
    if not options.json:
        Console(width=150).print(options.table(figures))
    return 1 if any(figure.kept is False for figure in figures) else 0


def _waits(waits: list[latency.Wait]) -> Table:
    table = Table("what", "promised", "median of it", "worst of it", "", "median", "worst", "presses")
    for wait in waits:
        ratios = (wait.median, wait.worst)
        parts, times = (f"{ratio:.3f}" for ratio in ratios), (f"{ratio * wait.limit_ms:.1f} ms" for ratio in ratios)
        table.add_row(wait.what, f"{wait.limit_ms} ms", *parts, _VERDICTS[wait.kept], *times, str(len(wait.waits_ms)))
    return table


def _shares(shares: list[overlay.Share]) -> Table:
    table = Table(
        "what", "against", "share", "tenths of the run", "promised", "", "microseconds", "Zero 2 W, estimated"
    )
    for share in shares:
        spread = f"{share.least:.4f} to {share.most:.4f}"
        took = f"{share.what_us:.1f} of {share.against_us:.1f}"
        promise = f"at most {share.limit}"
        guess = "" if share.zero_2_w_us is None else f"{share.zero_2_w_us:.0f}"
        verdict = _VERDICTS[share.kept]
        table.add_row(share.what, share.against, f"{share.value:.4f}", spread, promise, verdict, took, guess)
    return table


def _table(figures: list[Figure]) -> Table:
    table = Table(
        "what", "against", "ratio", "promised", "", "MB/s", "ns a byte of the processor: camera, dock (against)"
    )
    for figure in figures:
        facts = figure.facts
        rates = f"{facts['bytes_s'] / 1e6:.1f}" if facts else ""
        costs = ""
        if "dock_ns_byte" in facts:
            ours, theirs = (
                f"{facts[f'{side}camera_ns_byte']:.2f}, {facts[f'{side}dock_ns_byte']:.2f}" for side in ("", "against_")
            )
            costs = f"{ours} ({theirs})"
        table.add_row(
            figure.what, figure.against, _value(figure), _promise(figure), _VERDICTS[figure.kept], rates, costs
        )
    return table


def _value(figure: Figure) -> str:
    if figure.value is None:
        return figure.text
    return f"{figure.value:.2f}" if figure.most is None else f"{figure.value / (1 << 20):.1f} MiB"


def _promise(figure: Figure) -> str:
    if figure.least is not None:
        return f"at least {figure.least}"
    return "" if figure.most is None else f"at most {figure.most >> 20:.0f} MiB"


if __name__ == "__main__":
    raise SystemExit(main())
