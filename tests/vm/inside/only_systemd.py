"""What only systemd can pass: it believes the words of the watchdog's part, and restarts a service that falls silent."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

UNIT = Path("/run/systemd/system/lapel-try.service")
FED_S, SILENT_S = 8.0, 4
PATIENCE_S = 100.0
SERVICE = f"""[Unit]
Description=A service that is well for a while, and then hangs

[Service]
Type=notify
NotifyAccess=main
WatchdogSec={SILENT_S}
WatchdogSignal=SIGKILL
Restart=always
RestartSec=0
TimeoutStartSec=60
ExecStart=/usr/bin/python3 -P -m try_watchdog
Environment=PYTHONPATH=/run/lapel-contract PYTHONDONTWRITEBYTECODE=1
"""
PROGRAM = f"""
import time
from pathlib import Path
from hal.pi.watchdog import SystemdWatchdog

watchdog = SystemdWatchdog()
with Path("/run/lapel-contract/starts").open("a") as file:
    file.write(f"{{time.monotonic()}}\\n")
watchdog.ready()
until = time.monotonic() + {FED_S}
while time.monotonic() < until:
    watchdog.feed()
    time.sleep(0.5)
time.sleep(1000)
"""


@pytest.mark.timeout(240)
def test_a_service_that_hangs_is_restarted_and_one_that_feeds_is_not() -> None:
    """Fed for twice as long as it may be silent it lives; once it is silent it is killed, and begins again."""
    (run := Path("/run/lapel-contract")).mkdir(exist_ok=True)
    (run / "try_watchdog.py").write_text(PROGRAM)
    UNIT.write_text(SERVICE)
    systemctl("daemon-reload")
    systemctl("start", UNIT.name)  # returns once it has said that it is ready
    assert show("ActiveState") == "active"
    until = time.monotonic() + PATIENCE_S
    while int(show("NRestarts")) < 1 or len(starts(run)) < 2:
        assert time.monotonic() < until, "it was not restarted"
        time.sleep(0.5)
    systemctl("stop", UNIT.name)
    first, second, *_ = starts(run)
    assert second - first > FED_S + SILENT_S / 2
    assert show("ActiveState") == "inactive"


def starts(run: Path) -> list[float]:
    """When it began, each time."""
    return [float(line) for line in (run / "starts").read_text().splitlines()]


def show(what: str) -> str:
    """What systemd says of it."""
    return systemctl("show", "--value", "--property", what, UNIT.name)


def systemctl(*arguments: str) -> str:
    """Ask systemd."""
    return subprocess.run(["systemctl", *arguments], check=True, capture_output=True, text=True).stdout.strip()
