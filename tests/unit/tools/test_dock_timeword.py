"""Who is asked for the time: a command of the authority's, or a time-stamping authority; what no camera would believe is not handed on."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from firmware.dock.clockrule import LARGEST_STEP_MS
from firmware.dock.facts import ClockReading
from firmware.evidence.certs import Trust
from firmware.evidence.timetoken import AUTHORITY, verify_token
from tests.evidence_maker import TimeAuthority
from tools.__main__ import main
from tools.dock.identity import SetupError
from tools.dock.timing.timeword import CommandVoucher, StampVoucher, beside, wants_token
from tools.dock.timing.tsa import StampError, TimeStamper
from tools.dock.visit import system_utc_ms

NONCE = "0123456789abcdef" * 2
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that ``lapel provision`` made."""
    place = tmp_path_factory.mktemp("time") / "authority"
    assert main(["provision", "authority", str(place)]) == 0
    return place


def command(script: str) -> str:
    """A command line that runs a script with the nonce as its argument."""
    return shlex.join([sys.executable, "-c", script])


def test_the_command_that_provision_is(authority: Path) -> None:
    """Its word is the authority's, over this nonce and of this time; on a thread of its own it is the same."""
    trust = Trust.load((authority / "root.crt.pem").read_bytes())
    line = shlex.join([sys.executable, "-m", "tools", "provision", "time", "--authority", str(authority)])
    voucher = CommandVoucher.load(line, trust)
    for token in (voucher(NONCE), beside(voucher)(NONCE).result(timeout=60)):
        found = verify_token(token, NONCE, trust, None, least_ms=0)
        assert found.source == AUTHORITY
        assert abs(found.utc_ms - system_utc_ms()) < HOUR_MS


def test_a_nonce_that_is_none(authority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is signed over anything else."""
    with pytest.raises(SystemExit):
        main(["provision", "time", "--authority", str(authority), "x" * 32])
    assert "32 digits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("print('x')", "no camera would believe its word"),
        ("", "no camera would believe its word"),
        ("raise SystemExit('not today')", "ended with 1: not today"),
        ("print('x' * 100000)", "no camera would believe its word"),
    ],
)
def test_commands_that_are_of_no_use(authority: Path, script: str, why: str) -> None:
    """Each is told in words, also from its own thread."""
    voucher = CommandVoucher.load(command(script), Trust.load((authority / "root.crt.pem").read_bytes()))
    with pytest.raises(StampError, match=why):
        voucher(NONCE)
    with pytest.raises(StampError, match=why):
        beside(voucher)(NONCE).result(timeout=60)


def test_no_command(authority: Path) -> None:
    """Neither an empty line, nor half a one, nor a program that is not there."""
    trust = Trust.load((authority / "root.crt.pem").read_bytes())
    for line in ("", "   ", "'half"):
        with pytest.raises(SetupError, match="--time-signer"):
            CommandVoucher.load(line, trust)
    with pytest.raises(StampError, match="/not/there"):
        CommandVoucher.load("/not/there", trust)(NONCE)


def test_a_command_that_hangs(authority: Path) -> None:
    """It is given up."""
    voucher = CommandVoucher(("sleep",), Trust.load((authority / "root.crt.pem").read_bytes()), timeout_s=0.05)
    with pytest.raises(StampError, match="did not answer in 0.05 s"):
        voucher("60")


def test_a_time_stamp_that_no_camera_would_believe(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without accuracy says too little, though a desk may file it."""
    tsa = TimeAuthority()
    monkeypatch.setattr(TimeStamper, "stamp", lambda _self, data: tsa.stamp(data, system_utc_ms(), accuracy=b""))
    with pytest.raises(StampError, match="accuracy: missing"):
        StampVoucher(TimeStamper("http://tsa.example/", (tsa.root,)))(NONCE)


@pytest.mark.parametrize(
    ("quality", "off_ms", "wanted"),
    [
        ("unset", LARGEST_STEP_MS + 1, False),
        ("rtc", LARGEST_STEP_MS, False),
        ("rtc", LARGEST_STEP_MS + 1, True),
        ("dock", -LARGEST_STEP_MS - 1, True),
        ("dock", 0, False),
    ],
)
def test_who_needs_it(quality: str, off_ms: int, *, wanted: bool) -> None:
    """A clock that was set, and is more than a day off."""
    now_ms = system_utc_ms()
    assert wants_token(ClockReading(0, now_ms + off_ms, quality), now_ms) is wanted


def test_settings_take_a_root_for_time(authority: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a PEM file; one that holds none, or two, is refused, and an empty one takes it back."""
    root = tmp_path / "tsa.pem"
    change = ["provision", "settings", "--authority", str(authority), "--time-root", str(root)]
    root.write_bytes(TimeAuthority().root_pem)
    assert main([*change, "--set", "time_policy=1.2.3.4"]) == 0
    for wrong in (b"nothing", TimeAuthority().root_pem * 2):
        root.write_bytes(wrong)
        assert main(change) == 1
    assert main(["provision", "settings", "--authority", str(authority), "--set", "time_policy=no"]) == 1
    assert "time_policy: 'no' is no object identifier" in capsys.readouterr().err
    root.write_bytes(b"")
    assert main(change) == 1  # a policy alone means nothing
    assert main([*change, "--set", "time_policy="]) == 0
