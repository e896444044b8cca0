"""Firmware slots through RAUC: a stand-in of its command for what it answers, and the real one for what it is asked with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hal.interface import Trial
from hal.pi.storage import PiStorage
from hal.pi.updater import AGAIN, RaucUpdater, slots
from hal.sim.memory import MemoryStorage
from tests.oracles import needs
from tools.image.trouble import TREE

STATUS = {
    "compatible": "lapel-zero2w",
    "variant": "",
    "booted": "A",
    "boot_primary": "rootfs.0",
    "slots": [
        {"rootfs.1": {"class": "rootfs", "bootname": "B", "state": "inactive", "boot_status": "good"}},
        {"rootfs.0": {"class": "rootfs", "bootname": "A", "state": "booted", "boot_status": "good"}},
    ],
}


@pytest.fixture
def rauc(tmp_path: Path) -> Path:
    """A command that notes what it is asked, and says what is in a file beside it."""
    command = tmp_path / "rauc"
    command.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\ncat {tmp_path}/says\ncat {tmp_path}/err >&2\nexit $(cat {tmp_path}/status)\n'
    )
    command.chmod(0o700)
    says(tmp_path, json.dumps(STATUS))
    return command


def says(place: Path, out: str, err: str = "", status: int = 0) -> None:
    """What it does from now on."""
    (place / "says").write_text(out)
    (place / "err").write_text(err)
    (place / "status").write_text(str(status))


def updater(command: Path) -> RaucUpdater:
    """The updater on that command."""
    return RaucUpdater("zero2w", "1.2.3", [str(command)])


def asked(command: Path) -> list[str]:
    """What the command was asked."""
    return (command.parent / "asked").read_text().splitlines()


def test_it_says_what_board_and_version_it_is(rauc: Path) -> None:
    """Without asking anybody."""
    assert (updater(rauc).board(), updater(rauc).version()) == ("zero2w", "1.2.3")
    assert not (rauc.parent / "asked").exists()


@pytest.mark.parametrize(("primary", "pending"), [("rootfs.0", False), ("rootfs.1", True)])
def test_pending_is_another_slot_than_the_one_that_runs(rauc: Path, primary: str, *, pending: bool) -> None:
    """By the slots' names; what the boot loader calls the running one is something else."""
    says(rauc.parent, json.dumps({**STATUS, "boot_primary": primary}))
    assert updater(rauc).pending() is pending
    assert asked(rauc) == ["status --output-format=json"]


@pytest.mark.parametrize(
    ("running", "other", "trial"),
    [
        ("good", "good", Trial.NONE),
        ("bad", "good", Trial.RUNNING),
        ("good", "bad", Trial.FAILED),
        ("bad", "bad", Trial.RUNNING),
    ],
)
def test_how_a_trial_stands_is_what_the_slots_are_called(rauc: Path, running: str, other: str, trial: Trial) -> None:
    """The one that runs is bad until it is called good."""
    told = json.loads(json.dumps(STATUS))
    told["slots"][0]["rootfs.1"]["boot_status"] = other
    told["slots"][1]["rootfs.0"]["boot_status"] = running
    told["slots"].append({"boot.1": {"class": "boot", "bootname": None, "state": "inactive", "boot_status": None}})
    says(rauc.parent, json.dumps(told))
    assert updater(rauc).trial() is trial


def test_a_restart_is_the_images_to_do(tmp_path: Path) -> None:
    """A unit watches for the file; where there is no such place it is said."""
    place = tmp_path / "off"
    asking = RaucUpdater("zero2w", "1", again=place / "again")
    with pytest.raises(OSError, match="again"):
        asking.restart()
    place.mkdir()
    asking.restart()
    assert (place / "again").exists()
    unit = (TREE / "overlay/usr/lib/systemd/system/lapel-again.path").read_text(encoding="utf-8")
    assert f"PathExists={AGAIN}\n" in unit


def test_a_slot_that_works_is_marked(rauc: Path) -> None:
    """With RAUC's own words."""
    updater(rauc).confirm()
    assert asked(rauc) == ["status mark-good"]


def test_a_bundle_is_handed_over_by_its_place(rauc: Path, tmp_path: Path) -> None:
    """Once it may be; what RAUC refuses is told in RAUC's words."""
    (tmp_path / "card").mkdir()
    file = PiStorage(tmp_path / "card", partition=False).root().create("bundle")
    file.append(b"bundle")
    paused: list[list[str]] = []

    def pause() -> None:
        paused.append(asked(rauc) if (rauc.parent / "asked").exists() else [])

    updater(rauc).install(file, pause)
    assert paused == [[]]
    assert asked(rauc) == [f"install {tmp_path}/card/bundle"]
    says(rauc.parent, "", "LastError: signature verification failed: self-signed\ncertificate", 1)
    with pytest.raises(OSError, match="rauc install fails: LastError: signature verification failed: self-signed cert"):
        updater(rauc).install(file, pause)
    file.close()


def test_a_service_that_ends_hands_nothing_over(rauc: Path, tmp_path: Path) -> None:
    """What ``pause`` raises goes through, before RAUC hears of anything."""
    file = PiStorage(tmp_path, partition=False).root().create("bundle")

    def over() -> None:
        raise KeyError("over")

    with pytest.raises(KeyError):
        updater(rauc).install(file, over)
    assert not (rauc.parent / "asked").exists()
    file.close()


def test_a_bundle_that_is_no_file_here_is_refused(rauc: Path) -> None:
    """RAUC could not read it."""
    file = MemoryStorage().root().create("bundle")
    with pytest.raises(OSError, match="no file of this camera"):
        updater(rauc).install(file, lambda: None)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        "null",
        json.dumps({**STATUS, "boot_primary": None}),
        json.dumps({**STATUS, "slots": []}),
        json.dumps({**STATUS, "slots": [7]}),
        json.dumps({**STATUS, "slots": [{"a": {"state": "booted"}}, {"b": {"state": "booted"}}]}),
        json.dumps({**STATUS, "slots": [{"a": {}}]}),
        "[" * 100_000,
    ],
)
def test_nonsense_is_an_error(told: str) -> None:
    """Whatever is said in the place of a status."""
    with pytest.raises(OSError, match="rauc"):
        slots(told)


def test_bytes_that_are_no_text_are_nonsense(rauc: Path) -> None:
    """They raise nothing else."""
    (rauc.parent / "says").write_bytes(b"\xff\xfe")
    with pytest.raises(OSError, match="nonsense"):
        updater(rauc).pending()


def test_where_there_is_no_rauc_it_says_so(tmp_path: Path) -> None:
    """Each question, and ``trouble`` in words; a camera without it is updated by another card."""
    without = updater(tmp_path / "no-such")
    for ask in (without.pending, without.confirm):
        with pytest.raises(OSError, match="there is no"):
            ask()
    assert without.trouble() == f"there is no {tmp_path}/no-such here"


def test_trouble_is_none_where_rauc_answers(rauc: Path) -> None:
    """And what it says where it does not."""
    assert updater(rauc).trouble() is None
    says(rauc.parent, "", "no config", 1)
    assert updater(rauc).trouble() == f"{rauc} status fails: no config"


@needs("rauc")
def test_the_real_rauc_knows_these_words(tmp_path: Path) -> None:
    """It takes each command and option, and fails for want of its service or of a bundle, not of an argument; its help names what is used."""
    words = subprocess.run(["rauc", "status", "--help"], capture_output=True, text=True, check=True).stdout
    assert "mark-good" in words
    assert "--output-format" in words
    real = RaucUpdater("zero2w", "1")
    for ask in (real.pending, real.confirm):
        with pytest.raises(OSError, match="rauc status fails") as refused:
            ask()
        assert "Unknown option" not in str(refused.value)
        assert "Invalid" not in str(refused.value)
    (tmp_path / "bundle").write_bytes(b"no bundle")
    file = PiStorage(tmp_path, partition=False).root().open("bundle")
    with pytest.raises(OSError, match="rauc install fails"):
        real.install(file, lambda: None)
    file.close()
