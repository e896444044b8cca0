"""Every look of the service on the page: a real camera is brought into each by hand, and the page shows light, front light and words of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from firmware.core.indications import LIGHTS, Look
from hal.interface import Light, Pattern
from tests.browser.held import Held
from tests.oracles import needs
from tools.panel.panel import Panel
from tools.words.en import ENGLISH

pytestmark = needs("chromium")
SETTINGS = {
    "pre_event_s": 2,
    "keep_after_receipt_h": 0,
    "hold_s": 1,
    "mute_allowed": True,
    "hush_allowed": True,
    "standby_allowed": True,
}
ENOUGH_MB = 20_000


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """One camera for all looks."""
    with Panel(tmp_path_factory.mktemp("panel"), replay=True, settings=SETTINGS) as running:
        yield running


def muted(held: Held) -> None:
    """Record, and mute."""
    held.record()
    held.twice("muted", "f")
    held.says(Look.RECORDING_MUTED.value)


def with_empty_battery(held: Held) -> None:
    """Something needs attention."""
    held.slide("battery", 4)


def slow_card(held: Held) -> None:
    """Press while the card stalls, which is told as soon as it takes too long."""
    held.strike("card-stalls")
    held.press()


def full(held: Held) -> None:
    """The storage is full, which the writer finds as soon as it writes; a press then is refused, loudly."""
    held.slide("storage", 20)  # MB: a recording is ended while it can still be sealed
    held.press()
    held.says("unable")
    held.press()
    held.felt("refused")


def empty(held: Held) -> None:
    """There is room again, which it finds when it starts."""
    recover(held)
    held.click("Pull the battery")
    held.click("Put the battery back")


def docked(held: Held) -> None:
    """Into the dock, and ten seconds there."""
    held.click("Put it into the dock")


def recorded(held: Held) -> None:
    """A recording made where the camera is; in the dock it is fetched at once."""
    held.record()
    held.stop()


def begun(held: Held) -> None:
    """It records."""
    held.felt("started")


def recover(held: Held) -> None:
    """Nothing of it is left."""
    held.slide("battery", 80)
    held.slide("storage", ENOUGH_MB)


def stop(held: Held) -> None:
    """End the recording."""
    held.stop()
    recover(held)


def stand_by(held: Held) -> None:
    """Pause the buffer."""
    held.twice("standby", "f")


def stand_up(held: Held) -> None:
    """Standby ends as it began."""
    held.twice("standby-over", "f")


def take_out(held: Held) -> None:
    """Out of the dock."""
    held.click("Take it out of the dock")


Hand = Callable[[Held], None]


def shows(look: Look) -> Hand:
    """Wait until it says this."""
    return lambda held: held.says(look.value)


WAYS: tuple[tuple[tuple[Look, ...], tuple[Hand, ...], Hand], ...] = (
    ((Look.READY,), (shows(Look.READY),), recover),
    (
        (Look.STARTING, Look.STARTING_TROUBLE),
        (slow_card, shows(Look.STARTING), shows(Look.STARTING_TROUBLE), begun),
        stop,
    ),
    (
        (Look.RECORDING, Look.RECORDING_TROUBLE),
        (Held.record, shows(Look.RECORDING), with_empty_battery, shows(Look.RECORDING_TROUBLE)),
        stop,
    ),
    (
        (Look.RECORDING_MUTED, Look.RECORDING_MUTED_TROUBLE),
        (muted, with_empty_battery, shows(Look.RECORDING_MUTED_TROUBLE)),
        stop,
    ),
    ((Look.UNABLE,), (full,), empty),
    ((Look.STANDBY,), (stand_by, shows(Look.STANDBY)), stand_up),
    ((Look.WARNING,), (with_empty_battery, shows(Look.WARNING)), recover),
    ((Look.DOCKED, Look.OFFLOADING), (docked, shows(Look.DOCKED), recorded), take_out),
)
"""How a hand brings a camera to each look, one behind the other, and back."""


def test_every_look_has_a_way() -> None:
    """A look that nobody can bring about on the page would never be seen on it."""
    assert {look for looks, _, _ in WAYS for look in looks} == set(Look)


@pytest.mark.parametrize(
    ("looks", "ways", "back"), WAYS, ids=["-".join(look.value for look in looks) for looks, *_ in WAYS]
)
def test_looks_are_shown(held: Held, looks: tuple[Look, ...], ways: tuple[Hand, ...], back: Hand) -> None:
    """The words of the catalogue, and with them the ring and the front light as the service lights them; then all is as it was."""
    for way in ways:
        way(held)
    held.says_or_said(looks[-1].value)
    for look in looks:
        shown = [each for each in held.all_seen if each["words"] == ENGLISH[f"look.{look.value}"]]
        assert shown, f"{look} was not said"
        lights = LIGHTS[look]
        assert (shown[-1]["top"], shown[-1]["front"]) == (_light(lights.top), _light(lights.front))
        assert shown[-1]["moving"] == [light.pattern is not Pattern.STEADY for light in (lights.top, lights.front)]
    back(held)
    held.says("ready")


def _light(light: Light) -> str:
    return f"{light.colour.value} {light.pattern.value}"
