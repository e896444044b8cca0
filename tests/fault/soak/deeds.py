"""What each kind of act does to a camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from firmware.core.machine import Recording
from firmware.runtime.controller import Quit
from hal.interface import Button
from tests.fault.soak import fumbling, sensing
from tests.fault.soak.acts import Act
from tests.fault.soak.hands import hold_function, start, stop, tell, twice
from tests.fault.soak.shift import Shift
from tests.rig import Rig

MIB: Final = 1 << 20
MINUTE_S: Final = 60.0

Deed = Callable[[Shift, float], None]


def play(shift: Shift, act: Act) -> None:
    """Let one act happen; ``BrokenError`` if a promise does not hold behind it."""
    shift.counts["acts"] += 1
    shift.counts[act.kind] += 1
    DEEDS[act.kind](shift, act.number)
    shift.check()


def _then_run(action: Callable[[Rig], object]) -> Deed:
    """The camera does something; then so many seconds pass."""

    def act(shift: Shift, seconds: float) -> None:
        shift.camera(action)
        shift.run(seconds)

    return act


def _trouble(name: str, seconds: float) -> Deed:
    """Something of the storage's, told the act's number; then so many seconds pass."""

    def act(shift: Shift, number: float) -> None:
        count = round(number) if name == "fail_syncs" else number
        getattr(shift.card.trouble, name)(count)
        shift.run(seconds)

    return act


def _spell(name: str) -> Deed:
    """Something of the storage's that is switched on for so many seconds."""

    def act(shift: Shift, seconds: float) -> None:
        getattr(shift.card.trouble, name)(True)
        shift.run(seconds)
        getattr(shift.card.trouble, name)(False)
        shift.run(2)

    return act


def _disturb(part: str, name: str, seconds: float) -> Deed:
    """A fault of the lens or the microphone, told the act's number; then so many seconds pass."""

    def act(shift: Shift, number: float) -> None:
        told = number if name == "stall" else round(number)
        shift.camera(lambda rig: getattr(getattr(rig, part).disturbance, name)(told))
        shift.run(seconds)

    return act


def _hold(shift: Shift, seconds: float) -> None:
    shift.camera(lambda rig: rig.buttons.press(Button.RECORD))
    shift.run(seconds)
    shift.camera(lambda rig: rig.buttons.is_down(Button.RECORD) and rig.buttons.release(Button.RECORD))
    shift.run(1)


def _press(shift: Shift, seconds: float) -> None:
    shift.press()
    shift.run(seconds)


def _stop_and(follows: Callable[[Shift], object]) -> Deed:
    """The whole stopping gesture, and after so many seconds something else."""

    def act(shift: Shift, seconds: float) -> None:
        shift.camera(stop)
        shift.run(seconds)
        follows(shift)

    return act


def _late(shift: Shift, seconds: float) -> None:
    """A hand comes too late for this start of the service, and in time for the next."""
    shift.run(seconds)
    shift.camera(lambda rig: rig.camera.inbox.put(Quit("shutdown")))
    shift.camera(lambda rig: rig.buttons.press(Button.RECORD))
    shift.run(0.5)
    shift.restart(None)


def _cut(shift: Shift, seconds: float) -> None:
    shift.run(seconds)
    shift.power_cut()


def _cut_at(shift: Shift, operation: float) -> None:
    """At an operation of a recording, or of whatever comes in a minute."""
    shift.card.cut_at(round(operation))
    shift.camera(lambda rig: start(rig) if rig.state is Recording.IDLE else rig)
    shift.run(30)
    shift.card.cut_at(None)


def _cut_twice(shift: Shift, operation: float) -> None:
    shift.power_cut(round(operation))
    shift.run(1)
    shift.card.cut_at(None)


def _cut_in_stall(shift: Shift, seconds: float) -> None:
    shift.cut_in_stall = seconds
    shift.card.trouble.stall(seconds * 2)
    shift.run(5)
    shift.cut_in_stall = None


def _restart(shift: Shift, seconds: float) -> None:
    """Asked to end, it closes its log; then it is started again."""
    shift.run(seconds)
    shift.camera(lambda rig: rig.camera.inbox.put(Quit("shutdown")))
    shift.run(0.5)
    shift.restart(None)


def _die(shift: Shift, seconds: float) -> None:
    shift.run(seconds)
    shift.restart(None)


def _fill(shift: Shift, mib: float) -> None:
    shift.card.trouble.fill(round(mib * MIB))
    shift.run(MINUTE_S)
    shift.card.trouble.capacity = None
    shift.run(2)


def _refuse(shift: Shift, seconds: float) -> None:
    """The microphone is pulled out."""
    shift.camera(lambda rig: rig.audio.disturbance.refuse())
    shift.camera(lambda rig: rig.audio.disturbance.end())
    shift.run(seconds)
    shift.camera(lambda rig: rig.audio.disturbance.clear())


def _dock(shift: Shift, seconds: float) -> None:
    shift.visit(seconds)


def _torn(shift: Shift, size: float) -> None:
    shift.visit(MINUTE_S, torn_after=round(size))


def _dock_full(shift: Shift, mib: float) -> None:
    """From every full state one docking has to empty the camera."""
    shift.card.trouble.clear()
    shift.card.trouble.fill(round(mib * MIB))
    shift.run(MINUTE_S)
    if shift.rig is not None:
        shift.hand_over(MINUTE_S)
    shift.card.trouble.capacity = None
    shift.run(2)


def _dock_press(shift: Shift, seconds: float) -> None:
    shift.visit(seconds + 20, hooks={seconds: lambda: shift.rig is not None and shift.rig.tap()})


DEEDS: Final[Mapping[str, Deed]] = MappingProxyType(
    {
        "press": _press,
        "stop": _then_run(stop),
        "mute": _then_run(twice),
        "hush": _then_run(hold_function),
        "late": _late,
        "hold": _hold,
        "trigger": _then_run(lambda rig: rig.triggers.fire("alarm")),
        "fumble": fumbling.fumble,
        "lost-edge": fumbling.lose,
        "stuck": fumbling.stick,
        "rattle": fumbling.rattle,
        "tell": _then_run(tell),
        "stop-and-press": _stop_and(Shift.press),
        "stop-and-cut": _stop_and(Shift.power_cut),
        "stop-and-die": _stop_and(lambda shift: shift.restart(None)),
        "wire": sensing.wire,
        "loose": sensing.loose,
        "move": sensing.move,
        "drain": sensing.drain,
        "gauge": sensing.gauge,
        "heat": sensing.heat,
        "policy": lambda shift, number: shift.govern(round(number)),
        "wait": Shift.run,
        "idle": _then_run(lambda rig: stop(rig) if rig.state is not Recording.IDLE else rig),
        "film": _then_run(lambda rig: start(rig) if rig.state is Recording.IDLE else rig),
        "cut": _cut,
        "cut-at": _cut_at,
        "cut-twice": _cut_twice,
        "cut-in-stall": _cut_in_stall,
        "restart": _restart,
        "die": _die,
        "fail-syncs": _trouble("fail_syncs", 2),
        "fail-writes": _spell("fail_writes"),
        "read-only": _spell("protect"),
        "stall": _trouble("stall", 2),
        "fill": _fill,
        "lens-drop": _disturb("video", "drop", 2),
        "lens-stall": _disturb("video", "stall", 5),
        "lens-repeat": _disturb("video", "repeat", 2),
        "lens-end": _then_run(lambda rig: rig.video.disturbance.end()),
        "mic-stall": _disturb("audio", "stall", 5),
        "mic-refuse": _refuse,
        "jump": lambda shift, seconds: shift.camera(lambda rig: rig.clock.jump(round(seconds * 1000))),
        "battery": lambda shift, percent: shift.camera(lambda rig: rig.power.put(round(percent))),
        "dock": _dock,
        "dock-torn": _torn,
        "dock-full": _dock_full,
        "dock-press": _dock_press,
        "receipts": lambda shift, most: shift.camera(lambda rig: shift.rack.by_hand(rig, round(most), shift.utc_ms())),
    }
)
