"""What can be seen of a camera from outside, as facts: so that a setting can be shown to change what it says, and nothing else.

Each probe is a small story on the virtual clock.  A fact is told only by what the camera does in it, shows, or writes; where a number is
deep inside (a limit on memory), by that.  ``facts`` runs all probes and takes about two seconds.
"""

from __future__ import annotations

from itertools import islice, repeat
from random import Random
from typing import TYPE_CHECKING, Any
from unittest import mock

from firmware import service, settings
from firmware.core.machine import Move, Recording
from firmware.evidence.timetoken import stamper
from firmware.runtime import take
from firmware.runtime.docklink import Away, DockNews
from firmware.runtime.microphone import Sound
from firmware.runtime.names import recording as directory_name
from firmware.runtime.work import Note
from hal.interface import Button, ClockQuality, Colour
from hal.sim import traces
from tests.rig import NONCE, NS, VALUES, Rig, payload, read, receipt_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE: Mapping[str, object] = {
    **VALUES,
    "pre_event_s": 2,
    "segment_s": 2,
    "hold_s": 1,
    "remind_s": 30,
    "man_down_s": 5,
}
"""Short times, so that a story is short."""
HOUR_MS = 3_600_000
Facts = dict[str, object]


def facts(values: Mapping[str, object]) -> Facts:
    """All facts of a camera with these values over ``BASE``."""
    chosen = {**BASE, **values}
    found: Facts = {}
    for probe in (_bounds, _story, _length, _dock, _alerts, _motion, _standby, _kept):
        told = probe(chosen)
        assert not told.keys() & found.keys()
        found |= told
    return found


def changed(one: Facts, other: Facts) -> set[str]:
    """The facts that are not the same."""
    return {name for name in one if one[name] != other[name]}


def _rig(values: Mapping[str, object], **more: Any) -> Rig:
    rig = Rig.new(**{**values, **more})
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    return rig


def _bounds(values: Mapping[str, object]) -> Facts:
    """What is decided at the start, and never again."""
    chosen, rig = settings.load(("authority", values)), _rig(values)
    video, camera = service.video(chosen), rig.camera
    believed = stamper(values)
    return {
        "width": video.width,
        "height": video.height,
        "frames a second": video.fps,
        "bits a second": video.bitrate,
        "memory of the buffer": camera.ring._max_bytes,
        "memory of the queues": (camera.inbox._limit, camera.work._limit),
        "room kept while it records": camera.vault.budget.running,
        "room needed to begin": camera.vault.budget.idle,
        "MiB set aside": (rig.evidence.space().total - rig.evidence.space().free) >> 20,
        "burnt in": camera.caption._fields,
        "whose time stamps": believed and believed.root.serial_number,
        "under which policy": believed and believed.policy,
    }


def _story(values: Mapping[str, object]) -> Facts:
    """Press, mute, hush, mark, wait, stop."""
    rig = _rig(values)
    notes = _noted(rig)
    rig.run(5)
    told: Facts = {"one press records": _press(rig)}
    taps(rig, Button.FUNCTION, 2)
    told["a double press mutes"] = rig.camera.microphone.state is Sound.MUTED
    if told["a double press mutes"]:
        taps(rig, Button.FUNCTION, 2)
    told |= _hush(rig)
    rig.tap().run(1)
    began_ns = rig.camera.take.epoch_ns if rig.camera.take else 0
    rig.run(40 - (rig.clock.monotonic_ns() - (began_ns or 0)) / NS)
    told["felt while it records"] = rig.cues.count("reminder")
    told |= _stop(rig)
    told["marked as"] = [each.facts["label"] for each in notes if each.kind == "bookmark"]
    return {**told, **_written(rig)}


def _press(rig: Rig) -> bool:
    """Press once, and once more where that is what it takes."""
    rig.tap().run(0.5)
    at_once = rig.state is not Recording.IDLE
    if not at_once:
        rig.run(2)
        taps(rig, Button.RECORD, 2)
    rig.run(1)
    assert rig.state is Recording.RECORDING
    return at_once


def taps(rig: Rig, button: Button, count: int) -> None:
    """So many short presses, and a while for what they mean."""
    for _ in range(count):
        rig.buttons.press(button)
        rig.run(0.15)
        rig.buttons.release(button)
        rig.run(0.15)
    rig.run(1.5)


def _hush(rig: Rig) -> Facts:
    """Hold the function button, look, and hold it again."""

    def dark() -> tuple[bool, bool]:
        lights = rig.indicators.lights
        return lights.top.colour is Colour.OFF, lights.front.colour is Colour.OFF

    def hold() -> None:
        rig.buttons.press(Button.FUNCTION)
        rig.run(3.5)
        rig.buttons.release(Button.FUNCTION)
        rig.run(0.5)

    hold()
    top, front = dark()
    if top:
        hold()
    return {"a hold darkens the wearer's light": top, "and the front light": front}


def _stop(rig: Rig) -> Facts:
    """Hold for a second and a half, then for four, then confirm."""
    rig.buttons.press(Button.RECORD)
    rig.run(1.5)
    short = rig.state is not Recording.RECORDING
    if not short:
        rig.run(2.5)
    rig.buttons.release(Button.RECORD)
    rig.run(0.3)
    alone = rig.state is not Recording.STOP_ASKED
    if not alone:
        rig.tap()
    rig.run(0.7)
    after = rig.state is Recording.POST_EVENT
    rig.run(6)
    assert rig.state is Recording.IDLE
    return {"a hold of a second and a half asks": short, "a hold alone stops": alone, "recorded after it": after}


def _noted(rig: Rig) -> list[Note]:
    """What recordings are told for their private part, from now on."""
    notes: list[Note] = []
    put = rig.camera.work.put

    def seen(job: Any, weight: int = 0) -> None:
        if isinstance(job, Note):
            notes.append(job)
        put(job, weight)

    rig.camera.work.put = seen  # type: ignore[method-assign, assignment]  # looked over its shoulder
    return notes


def _written(rig: Rig) -> Facts:
    """What the journal of the first recording says."""
    directory = rig.evidence.root().enter("recordings").enter(directory_name(1))
    opening, *flushes = [payload(line) for line in read(directory.open("journal.jwsl")).splitlines()]
    media = [each for each in flushes if each["tracks"] is not None]
    early = [each for each in media if int(each["file"][:6]) < opening["live_from"]]
    live = min(each["tracks"]["video"]["from"] for each in media if each not in early)
    second = [each for each in media if each["file"] == f"{opening['live_from'] + 1:06d}.mp4.age"]
    return {
        "seconds from before the press": round(live / 90_000),
        "with sound": any(each["tracks"]["audio"] for each in early),
        "seconds in a file": round((max(e["until"] for e in second) - second[0]["tracks"]["video"]["from"]) / 90_000),
    }


def _length(values: Mapping[str, object]) -> Facts:
    """Minutes of five seconds."""
    with mock.patch.object(take, "MINUTE_NS", 5 * NS):
        rig = _rig(values).run(3)
        _press(rig)
        rig.run(5)
    return {"recordings in seven seconds": rig.camera.takes.begun}


def _dock(values: Mapping[str, object]) -> Facts:
    """Put in, pressed there, pulled out."""
    rig = _rig(values).run(1)
    rig.power.touch(True)
    for move in (Move.MET, Move.STOOD):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    rig.run(0.1)
    taps(rig, Button.RECORD, 2)
    there = rig.state is not Recording.IDLE
    rig.camera.controller.end("docked")
    rig.run(0.5)
    rig.power.touch(False)
    rig.camera.inbox.put(DockNews(Move.GONE, "dock-1"))
    rig.camera.inbox.put(Away("dock-1"))
    rig.run(0.5)
    return {"a press in the dock records": there, "taken out it records": rig.state is not Recording.IDLE}


def _alerts(values: Mapping[str, object]) -> Facts:
    """Each wired input."""
    told: Facts = {}
    for name in ("alarm", "holster"):
        rig = _rig(values).run(1)
        rig.triggers.fire(name)
        told[f"{name} records"] = rig.run(0.5).state is not Recording.IDLE
    return told


def _motion(values: Mapping[str, object]) -> Facts:
    """Dropped to 400 mg, struck with 3000 mg, and down; lying at 70 degrees.  An accelerometer that is not asked for is not even started."""
    told: Facts = {}
    for name, movement in (("fall", _fall), ("man-down", _lie)):
        rig = _rig(values, remind_s=0).run(1)
        notes = _noted(rig)
        if rig.motion.running:
            rig.motion._moves = movement(Random(5))
            rig.run(32)
        told[f"{name} records"] = any(each.facts.get("trigger") == name for each in notes)
    return told


def _walked(draw: Random) -> Iterator[traces.Vector]:
    return islice(traces.walk(draw), 15 * traces.RATE)


def _fall(draw: Random) -> Iterator[traces.Vector]:
    up, down = traces.posture(0, 0), traces.posture(90, 90)
    yield from _walked(draw)
    yield from repeat(traces.along(up, 400), 15)
    yield from repeat(traces.along(down, 3000), 2)
    yield from traces.steady(draw, down, 5, 0.25)


def _lie(draw: Random) -> Iterator[traces.Vector]:
    yield from _walked(draw)
    yield from traces.steady(draw, traces.posture(70, 90), 5, 0.25)


def _standby(values: Mapping[str, object]) -> Facts:
    """The double press while nothing is recorded."""
    rig = _rig(values).run(4)
    taps(rig, Button.FUNCTION, 2)
    return {"a double press pauses the buffer": rig.camera.ring.seconds == 0}


def _kept(values: Mapping[str, object]) -> Facts:
    """What a dock has, two hours later."""
    rig = _rig(values).run(1)
    _press(rig)
    rig.camera.controller.end("docked")
    rig.run(1)
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    rig.clock.put(rig.clock.utc().utc_ms + 2 * HOUR_MS, ClockQuality.DOCK)
    rig.camera.writer.sweep()
    rig.run(0.2)
    return {
        "erased two hours after its receipt": directory_name(1) not in rig.evidence.root().enter("recordings").names()
    }
