"""What the control socket can ask of the simulated camera: one table, and the facts and events that come back."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hal.interface import Button, Cue, Light, Lights
from hal.sim.calls import Argument, Call, Flag, Number, Text, Word, pick
from hal.sim.clock import MS, SimTime
from hal.sim.connection import Connection, End, Stream, Tell
from hal.sim.dock import SimDock
from hal.sim.logtap import LogLine, LogTap
from hal.sim.panel import Shown, SimButtons, SimIndicators, SimTriggers
from hal.sim.power import SimPower
from hal.sim.preview import Picture, Preview
from hal.sim.watchdog import SimWatchdog

Facts = Mapping[str, object]
Handler = Callable[[Facts], Facts]

EVERY_LINK = 0
"""The link to pull out where all are meant."""

_BUTTON = Word(tuple(button.value for button in Button))
_BOUNCES = Number(0, 50, 0)
_TAP_MS = Number(0, 60_000, 80)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a simulated camera that can be handled from outside."""

    clock: SimTime
    buttons: SimButtons
    triggers: SimTriggers
    indicators: SimIndicators
    docks: tuple[SimDock, ...]
    power: SimPower
    watchdog: SimWatchdog
    faults: Mapping[str, Mapping[str, Call]]
    facts: Callable[[], Facts]
    log: LogTap
    preview: Preview


def verbs(parts: Parts, leave: Callable[[], None], service: Callable[[], Facts] = dict) -> dict[str, Handler]:
    """Everything that can be asked, by its word; ``leave`` is how the camera is told to quit, ``service`` what its service says of
    itself."""
    push: dict[str, Argument] = {"button": _BUTTON, "bounces": _BOUNCES}

    def press(button: str, bounces: int) -> Facts:
        return {"time_ns": parts.buttons.press(Button(button), bounces)}

    def release(button: str, bounces: int) -> Facts:
        return {"time_ns": parts.buttons.release(Button(button), bounces)}

    def tap(button: str, bounces: int, ms: int) -> Facts:
        pressed = press(button, bounces)
        time.sleep(ms / 1000)
        release(button, bounces)
        return pressed

    def trigger(name: str) -> Facts:
        return {"time_ns": parts.triggers.fire(name)}

    def plug(port: str, link: int) -> None:
        unplug(link)
        parts.docks[link - 1].plug(port)
        parts.power.touch(on=True)

    def unplug(link: int) -> None:
        for number, dock in enumerate(parts.docks, 1):
            if link in (number, EVERY_LINK):
                dock.unplug()
        parts.power.touch(on=any(dock.path is not None for dock in parts.docks))

    def fault(given: Facts) -> Facts:
        rest = dict(given)
        kinds = pick(parts.faults, "part", rest.pop("part", None))
        return pick(kinds, "kind", rest.pop("kind", None))(rest)

    calls = {
        "press": Call(press, push),
        "release": Call(release, push),
        "tap": Call(tap, push | {"ms": _TAP_MS}),
        "trigger": Call(trigger, {"name": Word(tuple(parts.triggers.names()))}),
        "plug": Call(plug, {"port": Text(), "link": Number(1, len(parts.docks), 1)}),
        "unplug": Call(unplug, {"link": Number(EVERY_LINK, len(parts.docks), EVERY_LINK)}),
        "state": Call(lambda: {**state(parts), "service": service()}),
        "quit": Call(leave),
    }
    described = {
        "verbs": {name: call.describe() for name, call in calls.items()},
        "faults": {
            part: {kind: call.describe() for kind, call in kinds.items()} for part, kinds in parts.faults.items()
        },
    }
    return {**calls, "fault": fault, "describe": Call(lambda: described)}


def state(parts: Parts) -> Facts:
    """The whole camera at this moment, as seen from outside."""
    wall, battery = parts.clock.utc(), parts.power.battery()
    return {
        "time_ns": parts.clock.monotonic_ns(),
        "clock": {"utc_ms": wall.utc_ms, "quality": wall.quality.value},
        "lights": _lights(parts.indicators.lights),
        "buttons": {button.value: parts.buttons.is_down(button) for button in Button},
        "battery": {"percent": battery.percent, "charging": battery.charging, "celsius": battery.celsius},
        "contact": parts.power.contact(),
        "dock": parts.docks[0].path,
        "docks": [dock.path for dock in parts.docks],
        "watchdog": {
            "state": parts.watchdog.state,
            "feeds": parts.watchdog.feeds,
            "longest_ms": parts.watchdog.longest_ns // MS,
        },
        **parts.facts(),
    }


def streams(parts: Parts) -> dict[str, Stream]:
    """Everything after which a client is told of events, by its word."""

    def watching(connection: Connection, log: bool) -> End:  # noqa: FBT001 - it is called by name
        return watch(parts, connection.send, log=log)

    def looking(connection: Connection) -> End:
        return look(parts, connection.offer)

    return {"watch": Stream(watching, {"log": Flag(default=False)}), "look": Stream(looking)}


def watch(parts: Parts, tell: Tell, *, log: bool = False) -> End:
    """Tell the lights as they are, and from then on everything that is shown, felt, plugged in or pulled out; with ``log`` also each line
    of the audit log."""

    def shown(what: Shown) -> None:
        tell(_stamped(parts.clock, what.time_ns) | _event(what.what))

    def plugged(path: str | None, link: int) -> None:
        tell({**_stamped(parts.clock, parts.clock.monotonic_ns()), "event": "dock", "port": path, "link": link})

    def logged(line: LogLine) -> None:
        tell({**_stamped(parts.clock, line.time_ns), "event": "log", "file": line.file, "line": line.line})

    ends = [parts.indicators.watch(shown)]
    ends += [dock.watchers.add(partial(plugged, link=link)) for link, dock in enumerate(parts.docks, 1)]
    ends += [parts.log.watch(logged)] if log else []

    def end() -> None:
        for each in ends:
            each()

    return end


def look(parts: Parts, tell: Tell) -> End:
    """Tell pictures, as long as somebody looks."""

    def seen(picture: Picture) -> None:
        jpeg = base64.b64encode(picture.jpeg).decode()
        tell({**_stamped(parts.clock, picture.time_ns), "event": "picture", "jpeg": jpeg})

    return parts.preview.watch(seen)


def _stamped(clock: SimTime, time_ns: int) -> dict[str, object]:
    return {"time_ns": time_ns, "utc_ms": clock.utc_ns(time_ns) // MS}


def _event(what: Lights | Cue) -> dict[str, object]:
    if isinstance(what, Lights):
        return {"event": "lights", **_lights(what)}
    return {"event": "cue", "name": what.name, "buzz_ms": what.buzz_ms, "tones": what.tones}


def _lights(lights: Lights) -> dict[str, object]:
    return {"top": _light(lights.top), "front": _light(lights.front)}


def _light(light: Light) -> dict[str, str]:
    return {"colour": light.colour.value, "pattern": light.pattern.value}
