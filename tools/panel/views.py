"""Cameras, rack and words as a page wants them: functions of what is known, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hal import patterns
from hal.interface import Button, Colour, Light, Lights, Pattern
from tools.dock.face.board import Row
from tools.sim.controls import Controls
from tools.sim.held import HeldCamera
from tools.sim.logline import payload
from tools.sim.look import CUES, MEANINGS, buzz_in_words, meaning, read_cue, tones_in_words
from tools.words.en import ENGLISH

_BUTTONS: Final[Mapping[Button, str]] = {Button.RECORD: "Record", Button.FUNCTION: "Function"}
_LONGEST: Final = 4096
_LOG_WORDS: Final[Mapping[str, str]] = {
    "opening": "opening of recording {number}",
    "closing": "recording {number} closed",
    "private": "encrypted: what is about people and conduct; only its hash is here",
    "receipt": "a dock's receipt for recording {number}",
    "erasure": "recording {number} erased",
    "fault": "fault: {code}",
    "place": "{place}",
    "settings": "settings {serial}",
}
"""A line of the log for people, by its kind; of another kind the kind itself."""


def words() -> dict[str, Any]:
    """What never changes: patterns, colours, the legend, and what cues and troubles mean."""
    return {
        "patterns": {
            pattern.value: {
                "words": ENGLISH[f"pattern.{pattern.value}"],
                "period_ms": patterns.period_ms(pattern),
                "course": [list(point) for point in patterns.COURSES[pattern]],
            }
            for pattern in Pattern
        },
        "colours": [colour.value for colour in Colour],
        "looks": [{"top": _light(light), "name": each.name, "words": each.words} for light, each in MEANINGS.items()],
        "cues": dict(CUES),
        "troubles": _named("trouble."),
        "flags": _named("flag."),
        "buttons": [{"name": button.value, "words": text} for button, text in _BUTTONS.items()],
    }


def _named(kind: str) -> dict[str, str]:
    """All words of a kind in the catalogue."""
    return {key.removeprefix(kind): text for key, text in ENGLISH.items() if key.startswith(kind)}


def camera(held: HeldCamera, officer: str | None) -> dict[str, Any]:
    """One camera."""
    now, lights = held.now, held.mirror.face.lights
    means = meaning(lights)
    return {
        "id": held.name,
        "power": now.power.value,
        "trouble": now.trouble,
        "lights": _lights(lights),
        "meaning": {"name": means.name, "words": means.words},
        "buttons": {button.value: button in now.down for button in Button},
        "slot": now.slot,
        "sliders": {name: held.reading(name) for name in held.controls.sliders},
        "switches": {name: now.switches.get(name, False) for name in held.controls.switches},
        "officer": officer,
        "state": None if now.state is None else _state(now.state),
    }


def _state(told: Mapping[str, Any]) -> dict[str, Any]:
    service = told["service"]
    return {
        "utc_ms": told["clock"]["utc_ms"],
        "clock": told["clock"]["quality"],
        "recording": service["recording"],
        "take_s": service.get("take_s"),
        "number": service.get("number"),
        "place": service["place"],
        "flags": service["flags"],
        "troubles": service["troubles"],
        "shift": service.get("shift"),
        "ring": service.get("ring"),
        "battery": told["battery"],
        "storage": told["space"],
        "contact": told["contact"],
        "burnt": told["overlay"],
    }


def controls_of(known: Controls) -> dict[str, Any]:
    """What can be done to a camera."""
    return known.json()


def cue(name: str, event: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    """Something that is felt and heard."""
    told, felt = {key: event[key] for key in ("name", "buzz_ms", "tones", "utc_ms")}, read_cue(event)
    words = {"words": CUES.get(felt.name, felt.name), "felt": buzz_in_words(felt), "heard": tones_in_words(felt)}
    return {"type": "cue", "camera": name, **told, **words, "at_ms": at_ms}


def log(name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the log.  It is shown as it is: whoever wants to know whether it is genuine asks the verifier."""
    line = event["line"]
    told = payload(line)
    kind, facts = str(told.pop("kind", "?")), {key: told[key] for key in told if key != "clock"}
    clock = told.get("clock") if isinstance(told.get("clock"), dict) else {}
    return {
        "camera": name,
        "file": event["file"],
        "line": told.get("line"),
        "kind": kind,
        "utc_ms": (clock or {}).get("utc_ms"),
        "clock": (clock or {}).get("quality"),
        "words": _in_words(kind, told.get("data")),
        "facts": facts,
        "jws": line[:_LONGEST],
        **({"cut": True} if len(line) > _LONGEST else {}),
    }


def rack(
    name: str, slots: int, rows: Mapping[int, Row], standing: Mapping[int, str], trouble: str | None = None
) -> dict[str, Any]:
    """The dock.  ``standing``: which camera was put into which slot; ``rows``: what the dock knows of that; ``trouble``: why it serves no
    more."""
    return {
        "name": name,
        "trouble": trouble,
        "slots": [_slot(slot, rows.get(slot), standing.get(slot)) for slot in range(1, slots + 1)],
    }


def _slot(slot: int, row: Row | None, device: str | None) -> dict[str, Any]:
    if row is None:
        return {
            "slot": slot, "camera": device, "light": "free", "words": "free" if device is None else "no answer yet",
            "done": 0, "total": 0, "rate": None, "left_s": None,
        }  # fmt: skip
    moves = row.done < row.total
    return {
        "slot": slot,
        "camera": row.device or device,
        "light": row.verdict.light.value,
        "words": row.verdict.text,
        "done": row.done if moves else 0,
        "total": row.total if moves else 0,
        "rate": row.rate,
        "left_s": row.left_s if moves else None,
    }


def _in_words(kind: str, data: object) -> str:
    form = _LOG_WORDS.get(kind)
    facts = data if isinstance(data, dict) else {}
    try:
        return form.format(**facts) if form else kind
    except (KeyError, IndexError):
        return kind


def _lights(lights: Lights) -> dict[str, Any]:
    return {"top": _light(lights.top), "front": _light(lights.front)}


def _light(light: Light) -> dict[str, str]:
    return {"colour": light.colour.value, "pattern": light.pattern.value}
