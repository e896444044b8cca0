"""What can be done to a simulated camera beside pressing its buttons: sliders, switches and strikes, as tables.

Each row says by which faults of the control socket it does that.  A camera that has no such fault has no such control, so that a page
or a scenario can only ask for what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

State = Mapping[str, Any]
"""The control socket's answer to ``state``."""
Described = Mapping[str, Any]
"""Its answer to ``describe``."""

GROUPS: Final = ("battery", "storage", "picture", "sound", "clock", "sensors", "dock", "hardware")
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Order:
    """One fault to ask for."""

    part: str
    kind: str
    given: Mapping[str, object]

    def known(self, described: Described) -> bool:
        """Whether a camera takes it."""
        takes: Mapping[str, object] | None = described["faults"].get(self.part, {}).get(self.kind)
        return takes is not None and self.given.keys() <= takes.keys()


def order(part: str, kind: str, **given: object) -> Order:
    """The same, as one writes it."""
    return Order(part, kind, given)


@dataclass(frozen=True, slots=True)
class Slider:
    """A quantity.  ``read`` finds it in a state, given the host's time in ms; None where no state tells, and then it is what it was set
    to, ``start`` before that.  ``make`` is the order that sets it, given the value and what it is now.  ``stays``: it is a property of
    the hardware, and so the same after a start."""

    name: str
    words: str
    unit: str
    low: float
    high: float
    step: float
    group: str
    read: Callable[[State, int], float | None]
    make: Callable[[float, float | None], Order]
    stays: bool = False
    start: float | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """What a camera has to take."""
        return (self.make(self.low, None),)


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is so or not so.  It stays so through a start: whoever covers a lens covers it."""

    name: str
    words: str
    group: str
    on: tuple[Order, ...]
    off: tuple[Order, ...]

    @property
    def orders(self) -> tuple[Order, ...]:
        """What a camera has to take."""
        return self.on + self.off


@dataclass(frozen=True, slots=True)
class Strike:
    """Something that happens once.  ``trigger``: a sensor that goes off."""

    name: str
    words: str
    group: str
    orders: tuple[Order, ...] = ()
    trigger: str | None = None


def _clock_off(state: State, host_ms: int) -> float:
    utc_ms: int = state["clock"]["utc_ms"]
    return round((utc_ms - host_ms) / 1000, 1)


def _untold(_state: State, _host_ms: int) -> None:
    """No state tells that."""


SLIDERS: Final = (
    Slider(
        "battery", "Battery", "%", 0, 100, 1, "battery",
        lambda state, _: state["battery"]["percent"],
        lambda value, _: order("power", "battery", percent=round(value)),
        stays=True,
    ),
    Slider(
        "temperature", "Temperature", "°C", -20, 90, 0.5, "battery",
        lambda state, _: state["battery"]["celsius"],
        lambda value, _: order("power", "heat", celsius=value),
        stays=True,
    ),
    Slider(
        "drain", "Full battery lasts (0: for ever)", "h", 0, 24, 0.05, "battery",
        _untold, lambda value, _: order("power", "drain", hours=value), stays=True, start=0,
    ),
    Slider(
        "charging", "Charges in (0: never)", "h", 0, 12, 0.05, "battery",
        _untold, lambda value, _: order("power", "fill", hours=value), stays=True, start=0,
    ),
    Slider(
        "processor", "Processor's temperature", "°C", -20, 110, 0.5, "battery",
        _untold, lambda value, _: order("power", "warm", celsius=value), stays=True, start=45,
    ),
    Slider(
        "storage", "Storage, free", "MB", 0, 32_000, 10, "storage",
        lambda state, _: round(state["space"]["free"] / _MB),
        lambda value, _: order("storage", "fill", free=round(value * _MB)),
    ),
    Slider(
        "clock", "Clock, wrong by", "s", -90_000, 90_000, 1, "clock",
        _clock_off,
        lambda value, now: order("clock", "jump", ms=round((value - (now or 0)) * 1000)),
    ),
)  # fmt: skip
SWITCHES: Final = (
    Switch("lens-covered", "Lens covered", "picture", (order("video", "dark", on=True),), (order("video", "dark", on=False),)),
    Switch("encoder-slow", "Encoder too slow", "picture", (order("video", "slow", ms=60),), (order("video", "slow", ms=0),)),
    Switch(
        "picture-late", "Picture comes 2 s late", "picture",
        (order("video", "late", seconds=2),), (order("video", "late", seconds=0),),
    ),
    Switch(
        "microphone-dead", "Microphone dead", "sound",
        (order("audio", "refuse"), order("audio", "end")), (order("audio", "clear"),),
    ),
    Switch("card-slow", "Card slow", "storage", (order("storage", "slow", ms=400),), (order("storage", "slow", ms=0),)),
    Switch("card-fails", "Card takes no writes", "storage", (order("storage", "write", on=True),), (order("storage", "write", on=False),)),
    Switch(
        "card-read-only", "Card read-only", "storage",
        (order("storage", "read-only", on=True),), (order("storage", "read-only", on=False),),
    ),
    Switch("gauge-stuck", "Battery's gauge stuck", "battery", (order("power", "stick", on=True),), (order("power", "stick", on=False),)),
    Switch(
        "gauge-low", "Battery's gauge 40 % too low", "battery",
        (order("power", "skew", percent=-40),), (order("power", "skew", percent=0),),
    ),
    Switch("gauge-dead", "Battery's gauge dead", "battery", (order("power", "die", on=True),), (order("power", "die", on=False),)),
    Switch("motion-dead", "Accelerometer dead", "sensors", (order("motion", "die"),), (order("motion", "mend"),)),
    Switch("dock-noise", "Dirty contacts", "dock", (order("dock", "noise", seed=1, drop=0.0005, flip=0.0005),), (order("dock", "clear"),)),
)  # fmt: skip
MOVES: Final[Mapping[str, str]] = {
    "still": "The wearer stands still",
    "walk": "The wearer walks",
    "run": "The wearer runs",
    "struggle": "The wearer struggles",
    "fall": "The wearer falls",
    "lie": "The wearer lies down",
}
"""What the accelerometer may feel."""
STRIKES: Final = (
    *(Strike(name, words, "sensors", (order("motion", "play", name=name),)) for name, words in MOVES.items()),
    Strike("picture-stalls", "Encoder stalls for 3 s", "picture", (order("video", "stall", seconds=3),)),
    Strike("frames-lost", "30 frames are lost", "picture", (order("video", "drop", count=30),)),
    Strike("camera-cable", "The lens's cable comes off", "picture", (order("video", "end"),)),
    Strike("sound-stalls", "Sound stalls for 3 s", "sound", (order("audio", "stall", seconds=3),)),
    Strike("card-stalls", "The card stalls for 3 s", "storage", (order("storage", "stall", seconds=3),)),
    Strike("card-sync-fails", "One sync of the card fails", "storage", (order("storage", "sync", count=1),)),
    Strike("clock-lost", "The clock loses its time", "clock", (order("clock", "unset"),)),
    Strike("clock-2100", "The clock says 2100", "clock", (order("clock", "2100"),)),
    Strike("clock-right", "The clock is right", "clock", (order("clock", "right"),)),
    Strike("wire-loose", "The alarm's wire is loose", "sensors", (order("triggers", "chatter", name="alarm"),)),
    Strike("dock-cut", "The dock's cable is pulled", "dock", (order("dock", "cut", after=0),)),
    Strike("update-fails", "The next update fails", "hardware", (order("updater", "refuse"),)),
)
TRIGGERS: Final[Mapping[str, str]] = {
    "alarm": "The alarm is raised",
    "holster": "The baton is drawn",
    "fall": "A sensor tells of a fall",
}


@dataclass(frozen=True, slots=True)
class Controls:
    """Those that a camera has, by name."""

    sliders: Mapping[str, Slider]
    switches: Mapping[str, Switch]
    strikes: Mapping[str, Strike]
    faults: Mapping[str, Any]

    def json(self) -> dict[str, Any]:
        """For a page to draw."""
        limits = ("name", "words", "unit", "low", "high", "step", "group")
        plain = ("name", "words", "group")
        return {
            "sliders": [{key: getattr(each, key) for key in limits} for each in self.sliders.values()],
            "switches": [{key: getattr(each, key) for key in plain} for each in self.switches.values()],
            "strikes": [{key: getattr(each, key) for key in plain} for each in self.strikes.values()],
            "faults": self.faults,
        }


NONE: Final = Controls({}, {}, {}, {})


def controls(described: Described) -> Controls:
    """What a camera has that describes itself so."""

    def known(each: Slider | Switch | Strike) -> bool:
        return all(one.known(described) for one in each.orders)

    names = described["verbs"]["trigger"]["name"]["known"]
    sensors = [Strike(name, TRIGGERS.get(name, f"Sensor: {name}"), "sensors", trigger=name) for name in names]
    return Controls(
        {each.name: each for each in SLIDERS if known(each)},
        {each.name: each for each in SWITCHES if known(each)},
        {each.name: each for each in (*sensors, *STRIKES) if known(each)},
        described["faults"],
    )
