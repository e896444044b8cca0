"""What a server of the page might say: made up, but for its words and patterns, which are the real one's."""

from __future__ import annotations

from typing import Any

from hal.interface import Colour, Pattern
from tools.panel.views import words

NUMBER = {"kind": "number", "low": 0, "high": 60, "default": None, "whole": True}
DARK = {"colour": "off", "pattern": "steady"}


def light(colour: Colour, pattern: Pattern = Pattern.STEADY) -> dict[str, str]:
    """A light."""
    return {"colour": colour.value, "pattern": pattern.value}


def state(**changes: Any) -> dict[str, Any]:
    """What a camera that is on says of itself."""
    return {
        "utc_ms": 1_790_000_000_000,
        "clock": "rtc",
        "recording": "idle",
        "take_s": None,
        "number": None,
        "place": "worn",
        "flags": [],
        "troubles": [],
        "shift": None,
        "ring": {"seconds": 7.5, "full_s": 30, "bytes": 4_000_000},
        "battery": {"percent": 80, "charging": False, "celsius": 24.0},
        "storage": {"total": 10_000_000_000, "free": 9_000_000_000},
        "contact": False,
        "burnt": {"device": "cam-1", "recording": False, "clock_set": True},
        **changes,
    }


def camera(name: str = "cam-1", **changes: Any) -> dict[str, Any]:
    """A camera that is ready."""
    return {
        "id": name,
        "power": "on",
        "trouble": None,
        "lights": {"top": light(Colour.GREEN), "front": DARK},
        "meaning": {"name": "ready", "words": "Not recording. Ready."},
        "buttons": {"record": False, "function": False},
        "slot": None,
        "sliders": {"battery": 80, "clock": 0},
        "switches": {"lens-covered": False},
        "officer": None,
        "state": state(),
        **changes,
    }


def recording(name: str = "cam-1.aa.00000001", **changes: Any) -> dict[str, Any]:
    """A recording in the dock's store."""
    return {
        "id": name,
        "camera": "cam-1",
        "number": 1,
        "utc_ms": 1_790_000_000_000,
        "seconds": 42.1,
        "priority": False,
        "shift": None,
        "verdict": "whole",
        "facts": ["5 segments"],
        "proven": ["Nothing is missing."],
        "not_proven": ["That the clock was right."],
        "problems": [],
        "private": None,
        "film": {"state": "none", "done": 0, "url": None, "words": None},
        **changes,
    }


def store(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The dock's store."""
    return {"type": "recordings", "judging": False, "verdict": "whole", "words": [], "items": list(items), **changes}


def hello(*cameras: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The first message."""
    return {
        "type": "hello",
        "version": 1,
        "at_ms": 1_790_000_000_000,
        **words(),
        "sliders": [
            {"name": "battery", "words": "Battery", "unit": "%", "low": 0, "high": 100, "step": 1, "group": "battery"},
            {"name": "clock", "words": "Clock", "unit": "s", "low": -3600, "high": 3600, "step": 60, "group": "clock"},
        ],
        "switches": [{"name": "lens-covered", "words": "Lens covered", "group": "picture"}],
        "strikes": [{"name": "fall", "words": "The wearer falls", "group": "sensors"}],
        "faults": {
            "video": {"stall": {"seconds": NUMBER}},
            "storage": {
                "fail": {
                    "call": {"kind": "word", "known": ["sync", "append"], "default": None},
                    "once": {"kind": "flag", "default": True},
                    "text": {"kind": "text", "limit": 64, "default": "hm"},
                }
            },
        },
        "scenarios": [
            {"name": "door", "title": "A cell door", "words": "Words.", "steps": 4, "about_s": 60, "cameras": 1}
        ],
        "problems": [],
        "cameras": [*cameras] or [camera()],
        "dock": {"type": "dock", "name": "dock-1", "trouble": None, "slots": []},
        "recordings": store(),
        "scenario": {
            "type": "scenario",
            "name": None,
            "state": "none",
            "step": 0,
            "steps": 0,
            "words": "",
            "say": "",
            "problems": [],
        },
        "log": [],
        "said": [],
        **changes,
    }
