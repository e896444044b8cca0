"""What every battery, watchdog and updater must do."""

from __future__ import annotations

import pytest

from hal.sim.memory import MemoryStorage
from tests.contract.rigs import PowerRig, UpdaterRig, WatchdogRig


def test_battery_is_plausible(power: PowerRig) -> None:
    """The charge is a percentage, and a temperature, if known, one that a battery survives."""
    battery = power.power.battery()
    assert 0 <= battery.percent <= 100
    assert battery.celsius is None or -40 <= battery.celsius <= 85


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
        updater.updater.install(MemoryStorage().root().create("bundle"))
    updater.updater.confirm()
    assert updater.updater.version() == version
