"""The camera's face, and its mirror for whoever draws it or waits for it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from firmware.core.indications import CUES, LIGHTS, Look
from hal.interface import Lights
from tools.sim.face import Face
from tools.sim.heard import Heard, HeardNothingError
from tools.sim.look import DARK
from tools.sim.mirror import Mirror, in_words

READY, STARTING, RECORDING = LIGHTS[Look.READY], LIGHTS[Look.STARTING], LIGHTS[Look.RECORDING]


def shown(lights: Lights) -> dict[str, Any]:
    """The event that tells of lights."""
    told = {
        name: {"colour": light.colour.value, "pattern": light.pattern.value}
        for name, light in (("top", lights.top), ("front", lights.front))
    }
    return {"event": "lights", "time_ns": 1, "utc_ms": 1, **told}


def played(name: str) -> dict[str, Any]:
    """The event that tells of a cue."""
    cue = CUES[name]
    return {"event": "cue", "time_ns": 1, "utc_ms": 1, "name": name, "buzz_ms": [*cue.buzz_ms], "tones": [*cue.tones]}


def test_the_clock_counts_from_the_change_of_meaning() -> None:
    """A trouble that is laid over a recording does not begin it anew."""
    face = Face().after(shown(READY), 10).after(shown(STARTING), 20).after(shown(RECORDING), 20.1)
    assert face.clock(25.2, 30) == "recording 0:05"
    troubled = face.after(shown(LIGHTS[Look.RECORDING_TROUBLE]), 60)
    assert troubled.clock(85.2, 30) == "recording 1:05"


def test_the_buffer_is_never_said_to_hold_more_than_it_does() -> None:
    """It grows from the moment at which the camera is on, and is full when it is full."""
    face = Face().after(shown(DARK), 1).after(shown(READY), 10)
    assert face.clock(14, 30) == "ready, 4 s of 30 s in the buffer"
    assert face.clock(100, 30) == "ready, 30 s of 30 s in the buffer"


def test_without_power_there_is_nothing() -> None:
    """What was shown, felt and plugged in is gone, and the buffer with it."""
    face = Face().after(shown(RECORDING), 1).after(played("started"), 2).after({"event": "dock", "port": "/dev/x"}, 3)
    assert (face.cue, face.port) == (CUES["started"], "/dev/x")
    dark = face.off(9)
    assert (dark.lights, dark.cue, dark.port, dark.clock(10, 30)) == (DARK, None, None, "off")


def test_an_unknown_event_changes_nothing() -> None:
    """A newer camera may tell more."""
    face = Face().after(shown(READY), 1)
    assert face.after({"event": "smell"}, 2) is face
    assert in_words({"event": "smell"}) == ""


def test_events_in_words() -> None:
    """One line each; the dark of a camera that begins is not worth one."""
    assert in_words(shown(RECORDING)) == "light  top red, pulsing; front red, pulsing: Recording."
    assert in_words(shown(DARK)) == ""
    assert in_words(played("bookmark")) == "feels  two short buzzes; hears one tone of 1320 Hz: Marked."
    assert in_words({"event": "dock", "port": "/dev/x"}) == "dock   plugged in at /dev/x"
    assert in_words({"event": "dock", "port": None}) == "dock   pulled out"
    assert "no power" in in_words({"event": "off"})


def test_the_mirror_tells_and_remembers() -> None:
    """The listener gets each event with the face that follows from it, the dark included."""
    heard = list[tuple[str, Lights]]()
    mirror = Mirror(lambda event, face: heard.append((event["event"], face.lights)))
    mirror.hear(shown(READY))
    mirror.hear(played("started"))
    mirror.off()
    assert heard == [("lights", READY), ("cue", READY), ("off", DARK)]
    assert len(mirror.events) == 2


def test_the_mirror_can_be_waited_for() -> None:
    """Only what comes behind the mark counts, also if it came before somebody waits."""
    mirror = Mirror()
    for event in (played("started"), shown(RECORDING), played("bookmark"), played("started")):
        mirror.hear(event)
    assert mirror.wait_for_cue("started", 1)["name"] == "started"
    assert mirror.wait_for_lights("recording", 0)["event"] == "lights"
    with pytest.raises(HeardNothingError, match="waited 0 s in vain for the cue 'bookmark'"):
        mirror.wait_for_cue("bookmark", 3, timeout_s=0)
    with pytest.raises(HeardNothingError, match="lights that say 'docked'"):
        mirror.wait_for_lights("docked", 0, timeout_s=0)


def test_waiting_ends_when_it_comes_or_when_nothing_can_come() -> None:
    """Another thread's word wakes whoever waits; a failure is told with its reason."""
    heard = Heard[int]()
    later = threading.Timer(0.05, heard.note, [7])
    later.start()
    assert heard.wait("seven", lambda item: item == 7) == 7
    later.join()
    assert heard.items == (7,)
    later = threading.Timer(0.05, heard.fail, ["it broke"])
    later.start()
    with pytest.raises(HeardNothingError, match="eight will not come: it broke"):
        heard.wait("eight", lambda item: item == 8)
    later.join()
