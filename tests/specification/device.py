"""Drawings of the camera as its wearer knows it, in SVG, from the tables that drive the real one: lights, their rhythms, buzzes, presses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hal.interface import Colour, Light, Lights, Pattern
from hal.patterns import COURSES, period_ms

SHADES: Final = {
    Colour.OFF: "#5b6169",
    Colour.GREEN: "#0a9a3c",
    Colour.RED: "#d3121d",
    Colour.AMBER: "#f09400",
    Colour.BLUE: "#1667d9",
    Colour.WHITE: "#ffffff",
}
INK: Final = "#16191d"
_UNLIT: Final = 0.12
STRIP_MS: Final = 4000
"""How much of a rhythm is drawn: more than the longest period."""
PRESSES: Final = {"press": (180,), "hold": (2600,), "twice": (180, 260, 180)}
"""What a hand does, in ms, down, up, down, ..., as it is drawn."""
_PRESS_STRIP_MS: Final = 3000


def animations(patterns: Iterable[Pattern] = Pattern) -> str:
    """A style sheet in which ``.lit-PATTERN`` goes as that pattern does; still where somebody prefers that, and on paper."""
    moving = [pattern for pattern in patterns if pattern is not Pattern.STEADY]
    if not moving:
        return ""
    rules = [_keyframes(pattern) for pattern in moving]
    rules += [
        f".lit-{pattern.value}{{animation:{pattern.value} {period_ms(pattern)}ms linear infinite}}"
        for pattern in moving
    ]
    return "\n".join([*rules, "@media print,(prefers-reduced-motion:reduce){[class^=lit-]{animation:none}}"])


def _keyframes(pattern: Pattern) -> str:
    steps: dict[str, float] = {}
    length = period_ms(pattern)
    previous = -1.0
    for at_ms, level in COURSES[pattern]:
        at = 100 * at_ms / length
        at = at if at > previous else at + 0.01  # a jump
        previous = at
        steps[f"{min(at, 100):g}%"] = max(_UNLIT, level)
    body = "".join(f"{at}{{opacity:{level:g}}}" for at, level in steps.items())
    return f"@keyframes {pattern.value}{{{body}}}"


def device(lights: Lights, *, x: float = 0, y: float = 0, scale: float = 1) -> str:
    """The camera from the front, 100 wide and 150 high before scaling, its lights lit as they are."""
    top, front = lights.top, lights.front
    return "\n".join(
        [
            f'<g transform="translate({x:g} {y:g}) scale({scale:g})">',
            '<rect x="92" y="58" width="8" height="34" rx="3" fill="#8b929b"/>',
            f'<rect x="6" y="14" width="88" height="134" rx="16" fill="#30353c" stroke="{INK}" stroke-width="2"/>',
            '<circle cx="44" cy="58" r="25" fill="#16191d" stroke="#6b727b" stroke-width="3"/>',
            '<circle cx="44" cy="58" r="13" fill="#3c4a63"/>',
            '<circle cx="39" cy="52" r="4" fill="#aeb9cc"/>',
            '<circle cx="50" cy="118" r="20" fill="#22262b" stroke="#c9ced6" stroke-width="3"/>',
            '<circle cx="50" cy="118" r="8" fill="#d3121d"/>',
            _lamp(top, '<rect x="24" y="3" width="52" height="17" rx="8"'),
            _lamp(front, '<circle cx="79" cy="34" r="9"'),
            "</g>",
        ]
    )


def _lamp(light: Light, shape: str) -> str:
    """A lamp: its socket, and the light in it."""
    socket = f'{shape} fill="#15181c" stroke="{INK}" stroke-width="2"/>'
    if light.colour is Colour.OFF:
        return socket
    return f'{socket}{shape} class="lit-{light.pattern.value}" fill="{SHADES[light.colour]}" stroke="{INK}" stroke-width="2"/>'


def rhythm(light: Light, width: float, height: float, *, x: float = 0, y: float = 0) -> str:
    """A light's rhythm over time as a drawn pulse: the height is its brightness."""
    base = height - 1
    if light.colour is Colour.OFF:
        return f'<path d="M{x:g} {y + base:g}h{width:g}" stroke="{INK}" stroke-width="1.4" fill="none"/>'
    points = [(at, level) for at, level in _repeated(light.pattern) if at <= STRIP_MS]
    drawn = [(x + width * at / STRIP_MS, y + base - (height - 2) * level) for at, level in points]
    line = "L".join(f"{across:.2f} {down:.2f}" for across, down in drawn)
    floor = f"{x + width:.2f} {y + base:.2f}"
    filled = f'<path d="M{x:.2f} {y + base:.2f}L{line}L{floor}Z" fill="{SHADES[light.colour]}"/>'
    return f'{filled}<path d="M{x:.2f} {y + base:.2f}L{line}L{floor}" fill="none" stroke="{INK}" stroke-width="1.2" stroke-linejoin="round"/>'


def _repeated(pattern: Pattern) -> Iterator[tuple[int, float]]:
    """Its points over and over, to the end of the strip."""
    for begin in range(0, STRIP_MS, period_ms(pattern)):
        for at, level in COURSES[pattern]:
            if begin + at <= STRIP_MS:
                yield begin + at, level
    last = STRIP_MS % period_ms(pattern)
    if last:
        yield STRIP_MS, next(level for at, level in reversed(COURSES[pattern]) if at <= last)


def bars(lengths_ms: Sequence[int], width: float, height: float, total_ms: int, colour: str = INK) -> str:
    """Something that is on, off, on, ... for so long each, as bars over a base line; 0 ms of it is at the left."""
    parts = [f'<path d="M0 {height - 0.7:g}h{width:g}" stroke="{INK}" stroke-width="1.4"/>']
    at_ms = 0
    for index, length_ms in enumerate(lengths_ms):
        if index % 2 == 0:
            begin, wide = width * at_ms / total_ms, width * length_ms / total_ms
            parts.append(
                f'<rect x="{begin:.2f}" y="1" width="{max(wide, 1.5):.2f}" height="{height - 1.5:g}" fill="{colour}"/>'
            )
        at_ms += length_ms
    return "".join(parts)


def press(hand: str, width: float, height: float) -> str:
    """What a hand does with a button, over time."""
    return bars(PRESSES[hand], width, height, _PRESS_STRIP_MS, "#4a5058")


def svg(
    body: str, width: float, height: float, title: str, *, style: str = "", attributes: str = "", paper: bool = False
) -> str:
    """A drawing of its own; without a title it says nothing that does not stand beside it, and ``paper`` puts
    white below it, for pages that may be dark."""
    sheet = f"<style>{style}</style>" if style else ""
    ground = f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>' if paper else ""
    label = f'role="img" aria-label="{title}"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="xMinYMid" '
        f"{label}{attributes}>"
        f"{sheet}{ground}{body}</svg>"
    )
