"""The first part of the story: what happens to the camera before it is docked."""

from __future__ import annotations

from typing import Final

from tools.demo.chronicle import Who
from tools.demo.stage import BUFFER_S, OFFICER, SETTINGS, Stage, utc_ms
from tools.dock.events import Kind
from tools.sim.home import assign, provision
from tools.sim.mirror import Event

CUT_RECORDING: Final = 2

_PART_S: Final = 3.0
_SECOND_S: Final = 5.0
_DARK_S: Final = 1.0
_RESUMED_S: Final = 4.0
_TAKEN_OUT_S: Final = 3.0  # until the camera knows that it was taken out, and whose shift it is
_SPARE_S: Final = 1.5  # from the green light to the first frame in the buffer, and a little more


def set_up(stage: Stage) -> None:
    """Provision everything, and enter whose shift it is."""
    with stage.screen.bar("set-up") as bar:
        provision(stage.home, SETTINGS, bar, post_quantum=stage.post_quantum)
    shift = assign(stage.home, OFFICER)
    stage.say(f"shift {shift} is that of {OFFICER}: so it stands in the dock's register, and nowhere else")


def switch_on(stage: Stage) -> None:
    """Start the camera."""
    ready = stage.mirror.wait_for_lights("ready", stage.switch_on())
    stage.chronicle.note(ready["utc_ms"], Who.CAMERA, "buffers", "ready")


def begin_shift(stage: Stage) -> None:
    """Dock until the camera knows its shift, then stay away until the buffer is full."""
    bay = stage.dock()
    stage.camera.tell("plug", port=bay.port)
    bay.wait(Kind.ASSIGNED, 0)
    bay.wait(Kind.DONE, 0)
    stage.camera.tell("unplug")
    left_s = BUFFER_S + _SPARE_S - (utc_ms() - stage.chronicle.at("ready")) / 1000
    stage.say(f"for {max(0, left_s):.0f} s nothing happens: the buffer fills")
    stage.let(max(_TAKEN_OUT_S, left_s))


def record(stage: Stage) -> None:
    """A whole recording, marked."""
    mark = stage.mark
    pressed_ns = stage.press("press")
    confirmed = stage.mirror.wait_for_cue("started", mark)
    starting, recording = (stage.mirror.wait_for_lights(name, mark) for name in ("starting", "recording"))
    stage.checks.hold(
        "recorded",
        "a press is answered at once, and the light says recording only when something is safely on the card",
        f"starting after {_ms(starting, pressed_ns)} ms, recording after {_ms(recording, pressed_ns)} ms",
        starting["time_ns"] <= recording["time_ns"] <= confirmed["time_ns"],  # the light first, then what is felt
    )
    stage.let(_PART_S)
    mark = stage.mark
    stage.press("bookmark")
    stage.mirror.wait_for_cue("bookmark", mark)
    stage.let(_PART_S)
    _stop(stage)


def record_and_cut(stage: Stage) -> None:
    """A recording that never ends in order."""
    mark = stage.mark
    stage.press("press")
    stage.mirror.wait_for_cue("started", mark)
    stage.let(_SECOND_S)
    stage.say("kill -9: as if the battery fell out")
    stage.cut_power()
    stage.let(_DARK_S)


def resume(stage: Stage) -> None:
    """Power on, hands off: it records.  Wait until the cut recording is closed, and stop."""
    mark = stage.switch_on()
    started = stage.mirror.wait_for_cue("started", mark)
    stage.chronicle.note(started["utc_ms"], Who.CAMERA, "records again, and nobody pressed", "resumed")
    stage.let(_RESUMED_S)
    manifest = stage.home.card / "recordings" / f"{CUT_RECORDING:08d}" / "manifest.jws"
    stage.camera.wait("the manifest of the recording that was cut", lambda _state: manifest.exists())
    stage.say(f"meanwhile recording {CUT_RECORDING} was recovered: its manifest is on the card")
    _stop(stage)


def _stop(stage: Stage) -> None:
    """Hold the button, and confirm with one more press."""
    stage.ask_to_stop()
    stage.let(0.4)
    mark = stage.mark
    stage.press("stop")
    stage.mirror.wait_for_cue("stopped", mark)
    stage.let(0.5)


def _ms(event: Event, since_ns: int) -> int:
    since: float = (event["time_ns"] - since_ns) / 1_000_000
    return round(since)
