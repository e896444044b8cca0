"""A profile as a flame graph in SVG: each box is a function, as wide as what it and all it called took; below it, what it called.

Pure.  Colours follow the reader's light or dark scheme.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 960
ROW: Final = 18
_CHARACTER: Final = 6.2
_LEAST: Final = 1.0
_STYLE: Final = (
    "<style>text{font:10.5px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1d2026}rect{stroke:#fff;stroke-width:.6}"
    ".thread{fill:#cfd6e2}.ours{fill:#f0b35b}.other{fill:#f3dcb6}.line{fill:#e7866b}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f2f5}rect{stroke:#1b1f26}.thread{fill:#444c5a}.ours{fill:#9a5d0e}.other{fill:#5a4528}.line{fill:#a5402a}}</style>"
)
_OURS: Final = ("firmware.", "hal.", "tools.")
_NAME: Final = re.compile(r"[\w.<>]+")
"""Of a function; what is spelt otherwise is a line of it."""


@dataclass(slots=True)
class _Box:
    """A function where it was called, and what it called."""

    seconds: float = 0.0
    inner: dict[str, _Box] = field(default_factory=dict)


def flame(stacks: Mapping[tuple[str, ...], float], title: str) -> str:
    """The graph.  ``stacks``: seconds by stack, outermost first, as ``Profile.stacks`` has them; ``ValueError`` where there is nothing to show."""
    root = _Box()
    for stack, seconds in stacks.items():
        root.seconds += seconds
        at = root
        for name in stack:
            at = at.inner.setdefault(name, _Box())
            at.seconds += seconds
    if not root.seconds:
        raise ValueError("a profile without any time")
    drawn: list[str] = []
    depth = _draw(drawn, root, 0.0, 0, root.seconds)
    height = depth * ROW + 4
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return f"{head}<title>{escape(title)}</title>{_STYLE}{''.join(drawn)}</svg>\n"


def _draw(drawn: list[str], box: _Box, left: float, depth: int, total: float) -> int:
    """Draw what is in it, from ``left`` on; how many rows that made."""
    rows = depth
    for name, inner in sorted(box.inner.items(), key=lambda each: -each[1].seconds):
        width = inner.seconds / total * WIDTH
        if width < _LEAST:
            continue
        drawn.append(_box(name, left, depth, width, inner.seconds / total, _kind(name, depth)))
        rows = max(rows, depth + 1, _draw(drawn, inner, left, depth + 1, total))
        left += width
    return rows


def _box(name: str, left: float, depth: int, width: float, share: float, kind: str) -> str:
    top, room = 2 + depth * ROW, int((width - 6) / _CHARACTER)
    short = name if len(name) <= room else f"{name[: room - 1]}…"
    words = f'<text x="{left + 3:.1f}" y="{top + 12.5}">{escape(short)}</text>' if room > 2 else ""
    rect = f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}"/>'
    return f"<g><title>{escape(name)}: {share:.1%}</title>{rect}{words}</g>"


def _kind(name: str, depth: int) -> str:
    if depth == 0:
        return "thread"
    if name.startswith(_OURS):
        return "ours"
    return "other" if _NAME.fullmatch(name) else "line"
