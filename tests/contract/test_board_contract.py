"""What every battery, watchdog and updater must do."""

from __future__ import annotations

import pytest

from firmware.evidence.kinds import LABEL
from hal.interface import File
from hal.sim.memory import MemoryStorage
from tests.contract.rigs import PowerRig, UpdaterRig, WatchdogRig


def test_battery_is_plausible(power: PowerRig) -> None:
    """The charge is a percentage, and a temperature, if known, one that a battery survives."""
    battery = power.power.battery()
    assert 0 <= battery.percent <= 100
    assert battery.celsius is None or -40 <= battery.celsius <= 85
    assert battery.volts is None or 2.5 <= battery.volts <= 4.5


def test_processor_is_plausible(power: PowerRig) -> None:
    """Its temperature, if known, is one at which a processor works."""
    celsius = power.power.processor()
    assert celsius is None or -40 <= celsius <= 125


def test_it_switches_off(power: PowerRig) -> None:
    """Only when it is told to."""
    power.power.battery()
    assert not power.is_off()
    power.power.off()
    assert power.is_off()


def test_contact_follows_the_charger(power: PowerRig) -> None:
    """Power on the contacts shows as such, and as charging."""
    assert not power.power.contact()
    power.touch(True)
    assert power.power.contact()
    assert power.power.battery().charging
    power.touch(False)
    assert not power.power.contact()
    assert not power.power.battery().charging


def test_watchdog_takes_a_whole_life(watchdog: WatchdogRig) -> None:
    """A service may say that it is ready, feed many times and say that it ends; each word is heard."""
    assert watchdog.told() == ("starting", 0)
    watchdog.watchdog.ready()
    assert watchdog.told() == ("ready", 0)
    for fed in range(1, 101):
        watchdog.watchdog.feed()
        assert watchdog.told() == ("ready", fed)
    watchdog.watchdog.stopping()
    assert watchdog.told() == ("stopping", 100)


def test_watchdog_holds_nobody_up(watchdog: WatchdogRig) -> None:
    """Nobody listens any more: no word raises, and none waits."""
    watchdog.watchdog.ready()
    for _ in range(5000):
        watchdog.watchdog.feed()
    watchdog.watchdog.stopping()


def test_version_is_a_word(updater: UpdaterRig) -> None:
    """The version can stand in a manifest."""
    assert updater.updater.version()
    assert updater.updater.version().isprintable()


def test_empty_bundle_is_refused(updater: UpdaterRig) -> None:
    """What is no bundle is not installed, and the running slot stays what it was."""
    version = updater.updater.version()
    with pytest.raises(OSError, match="bundle"):
        updater.updater.install(MemoryStorage().root().create("bundle"), lambda: None)
    updater.updater.confirm()
    assert updater.updater.version() == version
    assert not updater.updater.pending()


def test_board_is_a_label(updater: UpdaterRig) -> None:
    """The board is called as a bundle's paper can call it."""
    LABEL(updater.updater.board(), "board")


def _bundle(mebibytes: int) -> File:
    bundle = MemoryStorage().root().create("bundle")
    bundle.append(b"\1" * (mebibytes << 20))
    return bundle


def test_bundle_is_installed(updater: UpdaterRig) -> None:
    """What was installed boots next time, not now; whoever writes asks at least once a MiB whether it may."""
    version, pauses = updater.updater.version(), []
    updater.updater.install(_bundle(3), lambda: pauses.append(updater.updater.pending()))
    assert updater.updater.pending()
    assert updater.updater.version() == version
    assert len(pauses) >= 3
    assert not any(pauses)


def test_bundle_that_is_refused(updater: UpdaterRig) -> None:
    """Nothing boots of a bundle whose own signature does not hold; the next one is judged anew."""
    updater.refuse()
    with pytest.raises(OSError, match="."):
        updater.updater.install(_bundle(1), lambda: None)
    assert not updater.updater.pending()
    updater.updater.install(_bundle(1), lambda: None)
    assert updater.updater.pending()


def test_installation_that_is_broken_off(updater: UpdaterRig) -> None:
    """What the pause raises goes through, and nothing boots of what was written so far."""
    pauses: list[int] = []

    def pause() -> None:
        pauses.append(len(pauses))
        if len(pauses) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        updater.updater.install(_bundle(3), pause)
    assert not updater.updater.pending()
    updater.updater.install(_bundle(2), lambda: None)
    assert updater.updater.pending()
