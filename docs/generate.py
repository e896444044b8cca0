"""Draws what the documents show of the code's own tables.  ``python docs/generate.py`` writes, ``--check`` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from firmware.core.flags import LONGEST_NS, TURNS, Act, Flag, step  # noqa: E402 - the checkout is put on the path first
from firmware.core.machine import MOVES, TRANSITIONS, Event, Move  # noqa: E402 - the same
from tests import validation  # noqa: E402 - the same
from tests.specification import boxes, pages, rack, walkthrough  # noqa: E402 - the same


def states() -> str:
    """The page of state diagrams."""
    lines = [
        "# States",
        "",
        "Drawn from the tables in `firmware/core/machine.py` and `firmware/core/flags.py` by `make docs`. An event that changes nothing is left out.",
        "",
        "## A recording",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "  [*] --> idle",
    ]
    for state, row in TRANSITIONS.items():
        for event in Event:
            after, effects = row[event]
            if after is not state or effects:
                done = f" / {', '.join(effect.value for effect in effects)}" if effects else ""
                lines.append(f"  {_name(state.value)} --> {_name(after.value)}: {event.value}{done}")
    lines += ["```", "", "## The place", "", "```mermaid", "stateDiagram-v2", "  [*] --> worn"]
    for place, moves in MOVES.items():
        lines += [
            f"  {place.value} --> {moves[event].value}: {event.value}" for event in Move if moves[event] is not place
        ]
    lines += [
        "```",
        "",
        "## Flags",
        "",
        "What the officer may ask for where the authority allows it. Each ends by itself.",
    ]
    for flag in Flag:
        lines += _flag(flag)
    return "\n".join([*lines, ""])


def _flag(flag: Flag) -> list[str]:
    """What sets and ends one flag."""
    off, on = f"without_{flag.value}", flag.value
    lines = ["", "```mermaid", "stateDiagram-v2", f"  [*] --> {off}"]
    for turn, row in TURNS.items():
        if row[flag] is Act.CHANGE:
            lines.append(f"  {off} --> {on}: {turn.value}")
        if flag not in step(frozenset({flag}), turn):
            lines.append(f"  {on} --> {off}: {turn.value}")
    return [*lines, "```", "", f"At the longest {LONGEST_NS[flag] // 60_000_000_000} minutes."]


BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def reliability() -> str:
    """The page on reliability, with the figures of the run that was kept last (``make fault FAULT_ARGS=--keep``)."""
    page = (HERE / "reliability.md").read_text(encoding="utf-8")
    kept = json.loads((HERE / "reliability.json").read_text(encoding="utf-8"))
    lines = [f"Made on {kept['day']} by `make fault` with seed {kept['seed']}, on {kept['machine']}.", ""]
    lines += ["| part | figure | |", "|---|---|---|"]
    for part, figures in kept["parts"].items():
        for index, (name, value) in enumerate(figures.items()):
            shown = f"{value:,}" if isinstance(value, (int, float)) and name != "seed" else value
            lines.append(f"| {'' if index else part} | {name} | {shown} |")
    before, rest = page.split(BEGIN)
    return "\n".join([f"{before}{BEGIN}", "", *lines, "", f"{END}{rest.split(END)[1]}"])


def _name(value: str) -> str:
    """A state's name as the drawing language takes it."""
    return value.replace("-", "_")


PAGES = {
    "states.md": states,
    "reliability.md": reliability,
    "validation.md": validation.page,
    "evidence-format.md": pages.evidence,
    "dock-protocol.md": pages.dock,
    "privacy.md": pages.impact,
    "segment.svg": boxes.flush_drawing,
    "dock.svg": rack.drawing,
}
EXAMPLES = "examples"


def made() -> dict[str, bytes]:
    """Everything that is made here, by its name below ``docs/``."""
    examples = {f"{EXAMPLES}/{name}": data for name, data in walkthrough.files().items()}
    return {name: make().encode() for name, make in PAGES.items()} | examples


def stale() -> list[str]:
    """The files that no longer show what the code says, and those among the examples that nothing makes."""
    fresh = made()
    there = {str(path.relative_to(HERE)) for path in (HERE / EXAMPLES).rglob("*") if path.is_file()}
    changed = [name for name, data in fresh.items() if not (HERE / name).exists() or (HERE / name).read_bytes() != data]
    return [*changed, *sorted(there - set(fresh))]


def main() -> int:
    """Write the pages, or only compare them."""
    if "--check" in sys.argv[1:]:
        for name in stale():
            print(f"docs/{name} is stale: run make docs")
        return 1 if stale() else 0
    for name, data in made().items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        (HERE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
