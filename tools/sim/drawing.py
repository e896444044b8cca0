"""The face of a camera, drawn in a terminal."""

from __future__ import annotations

from typing import Final

from rich.console import RenderableType
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from hal.interface import Colour, Cue, Light
from tools.sim.face import Face
from tools.sim.look import CUES, brightness, buzz_as_bar, buzz_in_words, light_in_words, meaning, tones_in_words

CUE_SHOWN_S: Final = 4.0
_RGB: Final = {
    Colour.OFF: (90, 90, 90),
    Colour.GREEN: (60, 210, 90),
    Colour.RED: (255, 60, 60),
    Colour.AMBER: (255, 180, 40),
    Colour.BLUE: (80, 150, 255),
    Colour.WHITE: (245, 245, 245),
}
_DIM: Final = 0.25
WIDTH: Final = 80


def draw(face: Face, now_s: float, *, title: str, buffer_s: float, note: str = "") -> RenderableType:
    """The face as a box: lights as they blink at ``now_s``, the last cue, what it is plugged into; ``note`` below."""
    rows = Table.grid(padding=(0, 1))
    rows.add_column(min_width=1)
    rows.add_column(style="dim", min_width=6)
    rows.add_column(ratio=1, no_wrap=True)
    cue = face.cue if now_s - face.cue_s < CUE_SHOWN_S else None
    rows.add_row(_lamp(face.lights.top, now_s), "top", light_in_words(face.lights.top))
    rows.add_row(_lamp(face.lights.front, now_s), "front", light_in_words(face.lights.front))
    rows.add_row("", "means", meaning(face.lights).words)
    rows.add_row("", "now", Text(face.clock(now_s, buffer_s), style=Style(bold=True, color=_rgb(face.lights.top, 1.0))))
    rows.add_row(_mark(cue), "felt", f"{buzz_in_words(cue)}  {buzz_as_bar(cue)}" if cue else "")
    rows.add_row(_mark(cue), "heard", tones_in_words(cue) if cue else "")
    rows.add_row("", "", CUES.get(cue.name, cue.name) if cue else "")
    rows.add_row("", "dock", f"plugged in at {face.port}" if face.port else "worn, not in a dock")
    return Panel(rows, title=title, title_align="left", subtitle=note or None, subtitle_align="left", width=WIDTH)


def _lamp(light: Light, now_s: float) -> Text:
    return Text("●", style=Style(color=_rgb(light, brightness(light, now_s))))


def _mark(cue: Cue | None) -> str:
    return "~" if cue else " "


def _rgb(light: Light, bright: float) -> str:
    """A light's colour, dimmed as far as it is dark."""
    scale = _DIM + (1 - _DIM) * bright
    red, green, blue = (round(part * scale) for part in _RGB[light.colour])
    return f"rgb({red},{green},{blue})"
