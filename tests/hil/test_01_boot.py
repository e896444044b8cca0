"""The board boots, and has what its file says.

Whether it answers, is the board that is meant, has the devices of its file, the libraries of its parts, and a supply that is strong enough.

Wiring:
    Nothing but power and a way in: Wi-Fi, or a USB Ethernet adapter. Everything else is wired step by step, with the power off.

When all is well it prints:
    <model>, up for <number> s
    <system>, kernel <version>
    <part>: <device>
    <library> <version>
    the supply was never too weak since it booted
    the firmware says nothing of the supply
    no unit failed
    the service is <state>
    the service ran, and was stopped for this

When not, look at:
    - no answer: whether it is in the network (`ping`), whether `ssh user@name` lets you in without asking for anything; HIL_KEY. A key of the host that has changed is
      refused: after a new card remove its line from `build/hil/known_hosts`
    - "No module named hal", or a library that is missing: the wheel and its requirements, installed for the Python that HIL_PYTHON names
    - a device that is missing: its line in `config.txt`, and a reboot; `dmesg | grep -i` its driver
    - another board: HIL_BOARD names the file that is meant
    - a weak supply: 5 V at the header under load, a shorter and thicker cable; bit 0 of `vcgencmd get_throttled` is now, bit 16 once
    - failed units: `systemctl status` of each
"""

from __future__ import annotations

import pytest

from tests.hil.bench import Bench, named
from tests.hil.plugin import Note

pytestmark = pytest.mark.timeout(600)
WEAK = 0x5_0005
"""Of the firmware's word: the supply is or was too weak, the processor is or was held back for it."""
MISSING = "missing: "


def test_it_is_the_board_that_is_meant(board: Bench, note: Note) -> None:
    """It answers, runs the wheel's Python, and its revision is that of the file, where it has one."""
    facts = board.facts
    note(f"{facts.text('model') or 'a board without a name'}, up for {facts.number('uptime_s'):.0f} s")
    note(f"{facts.text('release')}, kernel {facts.text('kernel')}")
    kind = named(int(facts.text("revision") or "0", 16))
    if not board.config.board:
        assert kind == board.board.name


def test_the_devices_of_its_file_are_there(board: Bench, note: Note) -> None:
    """Each device that its file names."""
    found = board.facts.texts("devices")
    for part, device in found.items():
        if not device.startswith(MISSING):
            note(f"{part}: {device}")
    assert [f"{part}: {device}" for part, device in found.items() if device.startswith(MISSING)] == []


def test_the_libraries_are_there(board: Bench, note: Note) -> None:
    """What the parts of this board need, and each can be imported."""
    found = board.facts.texts("libraries")
    for library, version in found.items():
        if not version.startswith(MISSING):
            note(f"{library} {version}")
    assert [f"{library}: {version}" for library, version in found.items() if version.startswith(MISSING)] == []


def test_the_supply_is_strong_enough(board: Bench, note: Note) -> None:
    """The firmware saw no voltage that was too low."""
    word = board.facts.text("throttled")
    if not word:
        note("the firmware says nothing of the supply")
        return
    assert int(word, 16) & WEAK == 0, f"throttled={word}"
    note("the supply was never too weak since it booted")


def test_nothing_failed(board: Bench, note: Note) -> None:
    """No unit of the system failed; and what the service did before it had to leave its parts to these tests."""
    assert board.facts.facts["failed"] == []
    note("no unit failed")
    if board.facts.text("active") in {"active", "activating"}:
        note("the service ran, and was stopped for this")
    else:
        note(f"the service is {board.facts.text('active') or 'not installed'}")
