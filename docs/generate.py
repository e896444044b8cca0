"""Draws what the documents show of the code's own tables.  ``python docs/generate.py`` writes, ``--check`` only compares."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from firmware.core.flags import LONGEST_NS, TURNS, Act, Flag, step  # noqa: E402 - the checkout is put on the path first
from firmware.core.gestures import (  # noqa: E402 - the same
    BOUNCE_NS,
    CALM_NS,
    FLAPPING_NS,
    FLAPS,
    LOST_NS,
    SETTLED_NS,
    STUCK_NS,
)
from firmware.core.machine import MOVES, TRANSITIONS, Event, Move  # noqa: E402 - the same
from firmware.core.meanings import (  # noqa: E402 - the same
    FUNCTION,
    LETTING_GO_NS,
    RECORD,
    SHORT_NS,
    TWICE_NS,
    Deed,
    Means,
)
from firmware.runtime.wishes import CONFIRM_NS  # noqa: E402 - the same
from firmware.settings import Settings  # noqa: E402 - the same
from tests import validation  # noqa: E402 - the same
from tests.specification import boxes, card, labels, officer, pages, performance, rack, walkthrough, wires  # noqa: E402 - the same


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
    return "\n".join([*lines, "", *_hands(), ""])


def _hands() -> list[str]:
    """What gestures mean."""
    lines = [
        "## The officer's hands",
        "",
        "From `firmware/core/meanings.py`. Of the record button, by what the camera did when the press began:",
        "",
        "| the camera was | first edge | let go | each second of a hold | held |",
        "|---|---|---|---|---|",
    ]
    once = (Deed.PRESS, Deed.SHORT, Deed.COUNT, Deed.HOLD)
    lines += [_row(state.value, [row[deed] for deed in once]) for state, row in RECORD.items()]
    lines += [
        "",
        "Of the function button; what the authority does not allow means nothing, and twice is then as good as once:",
        "",
        "| the camera is | first edge | short | each second of a hold | held | twice |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(scene.value, [row[deed] for deed in (*once, Deed.TWICE)]) for scene, row in FUNCTION.items()]
    times = (
        ("a hold", f"{Settings().hold_s} s (`hold_s`)"),
        ("a short press", f"at most {_ms(SHORT_NS)}; a longer one neither confirms nor tells"),
        ("a double press", f"two first edges at most {_ms(TWICE_NS)} apart"),
        ("a stop is confirmed", f"by a short press that begins within {_ms(CONFIRM_NS)} of the question"),
        ("letting go of a hold", f"whatever comes within {_ms(LETTING_GO_NS)} is the same hand, and confirms nothing"),
        (
            "bounce",
            f"edges within {_ms(BOUNCE_NS)} of the first one, and contacts that open for less than {_ms(SETTLED_NS)}",
        ),
        ("a lost edge", f"is found by the button's level, {_ms(LOST_NS)} later"),
        (
            "a stuck button",
            f"down for {_ms(STUCK_NS)}, or down {FLAPS} times in {_ms(FLAPPING_NS)}; until it rested for {_ms(CALM_NS)}",
        ),
    )
    return [*lines, "", "| what | is |", "|---|---|", *(f"| {what} | {how} |" for what, how in times)]


def _row(name: str, means: list[Means]) -> str:
    """A row of such a table; what means nothing is left blank."""
    return f"| {name} | {' | '.join('' if each is Means.NOTHING else each.value for each in means)} |"


def _ms(span_ns: int) -> str:
    """A time as people say it."""
    return f"{span_ns // 1_000_000} ms" if span_ns < 1_000_000_000 else f"{span_ns // 1_000_000_000} s"


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
    "performance.md": pages.measured,
    "validation.md": validation.page,
    "evidence-format.md": pages.evidence,
    "dock-protocol.md": pages.dock,
    "privacy.md": pages.impact,
    "hardware.md": pages.boards,
    "operations.md": pages.running,
    "wiring.md": pages.wiring,
    "power-budget.md": pages.budget,
    "bring-up.md": pages.bringing_up,
    "wiring.svg": wires.drawing,
    "segment.svg": boxes.flush_drawing,
    "dock.svg": rack.drawing,
    "pictures/label.svg": labels.drawn,
    "officer.md": pages.guide,
    "officer-card.html": partial(card.page, "en"),
    "officer-card.cy.html": partial(card.page, "cy"),
}
EXAMPLES = "examples"
PLOTS = "pictures/bench-*.svg"


def made() -> dict[str, bytes]:
    """Everything that is made here, by its name below ``docs/``."""
    examples = {f"{EXAMPLES}/{name}": data for name, data in walkthrough.files().items()}
    drawn = {name: drawing.encode() for name, drawing in (officer.pictures() | performance.pictures()).items()}
    return {name: make().encode() for name, make in PAGES.items()} | drawn | examples


def stale() -> list[str]:
    """The files that no longer show what the code says, and those among the examples and the plots that nothing makes."""
    fresh = made()
    files = (*(HERE / EXAMPLES).rglob("*"), *HERE.glob(PLOTS))
    there = {str(path.relative_to(HERE)) for path in files if path.is_file()}
    changed = [name for name, data in fresh.items() if not (HERE / name).exists() or (HERE / name).read_bytes() != data]
    return [*changed, *sorted(there - set(fresh))]


def main() -> int:
    """Write the pages, or only compare them."""
    if "--check" in sys.argv[1:]:
        for name in stale():
            print(f"docs/{name} is stale: run make docs")
        return 1 if stale() else 0
    fresh = made()
    for path in HERE.glob(PLOTS):  # of a run that is kept no longer
        path.unlink()
    for name, data in fresh.items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        (HERE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
