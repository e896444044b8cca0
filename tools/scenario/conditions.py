"""What a step may wait for: what a camera shows and says, and what has happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hal.interface import Colour
from tools.scenario.steps import HAPPENINGS
from tools.sim.held import HeldCamera
from tools.sim.look import meaning


@dataclass(slots=True)
class Told:
    """What one camera and the dock have told of it, by its kind; ``seen``: how much of each kind was waited for."""

    happenings: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in HAPPENINGS})
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(HAPPENINGS, 0))
    before: int = 0  # the newest recording's number when it began


def _facts(camera: HeldCamera) -> Mapping[str, Any]:
    """What a camera shows and says."""
    now, lights = camera.now, camera.mirror.face.lights
    service: Mapping[str, Any] = now.state["service"] if now.state is not None else {}
    ring = service.get("ring") or {}
    return {
        "power": now.power.value,
        "light": meaning(lights).name,
        "front": "off" if lights.front.colour is Colour.OFF else "on",
        "recording": service.get("recording"),
        "place": service.get("place"),
        "troubles": service.get("troubles", []),
        "flags": service.get("flags", []),
        "shift": bool(service.get("shift")),
        "ring_s": ring.get("seconds") or 0,
        "known": now.state is not None,
    }


def met(camera: HeldCamera, told: Told, conditions: Mapping[str, Any]) -> bool:
    """Whether all of these hold, or have happened since that was waited for."""
    facts = _facts(camera)
    return all(
        wanted in told.happenings[name][told.seen[name] :] if name in HAPPENINGS else _HOLDS[name](facts, wanted)
        for name, wanted in conditions.items()
    )


_Holds = Callable[[Mapping[str, Any], Any], bool]


def _is(name: str) -> _Holds:
    return lambda facts, wanted: facts[name] == wanted


_HOLDS: Final[Mapping[str, _Holds]] = {
    **{name: _is(name) for name in ("power", "light", "front", "recording", "place", "shift")},
    "trouble": lambda facts, wanted: wanted in facts["troubles"],
    "no_trouble": lambda facts, wanted: facts["known"] and wanted not in facts["troubles"],
    "flag": lambda facts, wanted: wanted in facts["flags"],
    "no_flag": lambda facts, wanted: facts["known"] and wanted not in facts["flags"],
    "ring_s": lambda facts, wanted: facts["ring_s"] >= wanted,
}


def standing(camera: HeldCamera, told: Told) -> str:
    """What there is instead, for people."""
    facts = _facts(camera)
    shown = ("power", "light", "front", "recording", "place", "shift", "troubles", "flags")
    since = [f"{kind}: {', '.join(told.happenings[kind][told.seen[kind] :][-6:]) or 'none'}" for kind in HAPPENINGS]
    said = ", ".join(f"{name} {facts[name]}" for name in shown)
    return f"instead: {said}; since then {'; '.join(since)}"
