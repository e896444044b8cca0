"""The settings of one camera: a frozen value, checked as a whole, that says where each part of it came from.

Layers in rising priority: the defaults below, the board's file, the values that the authority signed.  A setting is a field
with a rule; the rules are the only place that knows types and limits.  What no single value says is judged over all of them together.
Nothing here reads a file or verifies a signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from firmware.core import memory
from firmware.core.rules import Choice, Coded, Rule, Several, Switch, Text, Whole

DEFAULTS = "defaults"
CODE = "code"
_SHOWN = 40  # characters of a wrong value that a message repeats


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: in which layer, under which key, and what."""

    layer: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.key}: {self.text}"


class SettingsError(Exception):
    """The settings cannot be used.  ``problems`` holds everything that is wrong with them, not the first thing."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(["the settings cannot be used:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems


CUSTOM = "custom"
PROFILES: Mapping[str, Mapping[str, int]] = {
    "480p": {"width": 848, "height": 480, "fps": 30, "bitrate": 1_500_000},
    "720p": {"width": 1280, "height": 720, "fps": 30, "bitrate": 4_000_000},
    "1080p": {"width": 1920, "height": 1080, "fps": 30, "bitrate": 8_000_000},
}
"""What a named profile makes of the four settings of the picture, whatever they say by themselves."""


class Row(NamedTuple):
    """One setting for a human reader."""

    key: str
    value: str
    source: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.  ``sources`` maps each key to the layer its value came from.  SettingsError if any value breaks its rule."""

    pre_event_s: Annotated[int, Whole(0, 120, "s"), "picture kept from before the press"] = 30
    pre_event_sound: Annotated[bool, Switch(), "sound is kept from before the press too"] = False
    post_event_s: Annotated[int, Whole(0, 120, "s"), "recorded after an officer's stop"] = 0
    segment_s: Annotated[int, Whole(2, 60, "s"), "length of an evidence file"] = 10
    start_press: Annotated[str, Choice(("single", "double")), "presses that start; two have to come within 0.8 s"] = (
        "single"
    )
    confirm_stop: Annotated[bool, Switch(), "stopping takes a second press"] = True
    max_length_min: Annotated[int, Whole(1, 720, "min"), "a longer recording goes on in the next one"] = 720
    record_on_undock: Annotated[bool, Switch(), "taken out of a dock it begins to record by itself"] = False
    record_in_dock: Annotated[bool, Switch(), "a press in a dock records"] = True
    hold_s: Annotated[int, Whole(1, 10, "s"), "how long a button is held for its second meaning"] = 3
    remind_s: Annotated[int, Whole(30, 600, "s", off=True), "how often a running recording is felt again"] = 120
    keep_after_receipt_h: Annotated[int, Whole(0, 720, "h"), "receipted footage stays this long as space allows"] = 24
    profile: Annotated[
        str, Choice((*PROFILES, CUSTOM)), "size and rates of the picture; custom: what the next four settings say"
    ] = CUSTOM
    width: Annotated[int, Whole(160, 3840, "px", step=2), "picture width, where the profile is custom"] = 1280
    height: Annotated[int, Whole(120, 2160, "px", step=2), "picture height, likewise"] = 720
    fps: Annotated[int, Whole(5, 60, "frames/s"), "picture rate, likewise"] = 30
    bitrate: Annotated[int, Whole(250_000, 40_000_000, "bit/s"), "target rate of the encoder, likewise"] = 4_000_000
    overlay_fields: Annotated[
        str, Several(("device", "shift", "time"), always=("time",)), "what is burnt into the picture"
    ] = "device,shift,time"
    mute_allowed: Annotated[bool, Switch(), "the wearer may mute the microphone"] = False
    hush_allowed: Annotated[bool, Switch(), "the wearer may darken the own light and silence all sounds"] = False
    hush_front: Annotated[bool, Switch(), "that darkens the front light too"] = False
    standby_allowed: Annotated[bool, Switch(), "the wearer may pause the pre-event buffer; a press still records"] = (
        False
    )
    bookmark_label: Annotated[str, Text(1, 64), "what a bookmark is called"] = "bookmark"
    reserve_mib: Annotated[int, Whole(32, 4096, "MiB"), "space set aside so that a full camera can still be docked"] = (
        32
    )
    queue_s: Annotated[int, Whole(10, 60, "s"), "video that may wait while storage stalls"] = 10
    time_root: Annotated[
        str, Coded(5464, "a certificate, base64 of its DER"), "who certifies whose time stamps move a clock"
    ] = ""
    time_policy: Annotated[str, Coded(64, "an object identifier"), "the policy that such time stamps must be under"] = (
        ""
    )
    alert_alarm: Annotated[bool, Switch(), "the wired alarm starts a recording"] = True
    alert_holster: Annotated[bool, Switch(), "a drawn baton or spray starts a recording"] = True
    alert_fall: Annotated[bool, Switch(), "a fall starts a recording"] = False
    alert_man_down: Annotated[bool, Switch(), "a wearer who lies still starts a recording"] = False
    fall_drop_mg: Annotated[int, Whole(200, 900, "mg"), "below this acceleration the wearer drops"] = 600
    fall_impact_mg: Annotated[int, Whole(1500, 8000, "mg"), "from this acceleration on a drop ended in an impact"] = (
        2500
    )
    man_down_tilt_deg: Annotated[int, Whole(30, 85, "degrees"), "tilted by more than this is down"] = 60
    man_down_s: Annotated[int, Whole(5, 300, "s"), "down and still for so long is a man down"] = 30
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        values = {key: getattr(self, key) for key in KEYS}
        _refuse(_judge(CODE, values))
        _refuse(_judge_together(dict.fromkeys(KEYS, CODE), values))

    @property
    def burnt_in(self) -> frozenset[str]:
        """The words of ``overlay_fields``."""
        return frozenset(self.overlay_fields.split(","))

    def describe(self) -> Iterator[Row]:
        """A row for each setting, in the order above: key, value with its unit, where it came from, what it means."""
        for key, (rule, meaning) in KEYS.items():
            value = getattr(self, key)
            shown = str(value).lower() if isinstance(value, bool) else f"{value} {rule.unit}".strip()
            yield Row(key, shown, self.sources.get(key, DEFAULTS), meaning)


def _rules() -> dict[str, tuple[Rule, str]]:
    hints = get_type_hints(Settings, include_extras=True)
    annotated = {key: get_args(hint)[1:] for key, hint in hints.items() if key != "sources"}
    return {key: (rule, meaning) for key, (rule, meaning) in annotated.items()}


KEYS: Mapping[str, tuple[Rule, str]] = _rules()
_DEFAULTS: Mapping[str, object] = {each.name: each.default for each in fields(Settings) if each.name in KEYS}


def load(*layers: tuple[str, Mapping[str, object]]) -> Settings:
    """The settings out of ``(name, values)`` layers, the last one strongest.  SettingsError names all problems of all layers."""
    _refuse(*(_judge(layer, values) for layer, values in layers))
    values: dict[str, object] = {}
    sources = dict.fromkeys(KEYS, DEFAULTS)
    for layer, given in layers:
        values |= given
        sources |= dict.fromkeys(given, layer)
    chosen = str(values.get("profile", CUSTOM))
    picture = PROFILES.get(chosen, {})
    values, sources = {**values, **picture}, sources | dict.fromkeys(picture, f"profile {chosen}")
    _refuse(_judge_together(sources, {key: values.get(key, default) for key, default in _DEFAULTS.items()}))
    return Settings(**values, sources=MappingProxyType(sources))  # type: ignore[arg-type]  # judged above


def _judge(layer: str, values: Mapping[str, object]) -> Iterator[Problem]:
    """Everything wrong with one layer, in its own order."""
    for key, value in values.items():
        if key not in KEYS:
            near = get_close_matches(str(key), KEYS, n=1)
            yield Problem(layer, str(key), "unknown setting" + (f"; did you mean {near[0]}?" if near else ""))
        elif not KEYS[key][0].accepts(value):
            yield Problem(layer, key, f"expected {KEYS[key][0]}, not {_short(value)}")


def _judge_together(sources: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with values that obey their rules one by one; ``sources``: where each came from."""
    named = PROFILES.get(values["profile"], {})
    if any(values[key] != value for key, value in named.items()):
        yield Problem(sources["profile"], "profile", f"{values['profile']} has another {', '.join(named)}")
    keys = ("pre_event_s", "queue_s", "bitrate")
    asked = memory.asked(*(values[key] for key in keys))
    if asked > memory.SPARE_BYTES:
        layers = sorted({sources[key] for key in keys} - {DEFAULTS})
        text = f"buffer and queues would take {asked >> 20} MiB of memory, and {memory.SPARE_BYTES >> 20} may be spent"
        yield Problem(" and ".join(layers), ", ".join(keys), text)


def _refuse(*judgements: Iterator[Problem]) -> None:
    problems = tuple(problem for judgement in judgements for problem in judgement)
    if problems:
        raise SettingsError(problems)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
