"""Cameras that are killed while they work, and the judge who must be able to say that one of them failed."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fault.live import kills
from tests.fault.live.camera import SMALL, Life, Moment
from tests.fault.live.card import Journal, Log, Sealed, open_with_stock_tools
from tests.fault.live.stall import Stall
from tests.oracles import needs
from tests.rig import Rig, payload, pki
from tools.sim.home import Home, provision
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault.outcome import Outcome

SEED = 20
KILLS = 12
"""`make fault` kills two hundred times."""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What comes of a dozen kills."""
    return kills.play(tmp_path_factory.mktemp("live"), KILLS, SEED, lambda _part, _words: None)


@pytest.mark.timeout(400)
def test_no_kill_breaks_a_promise(outcome: Outcome) -> None:
    """Whenever SIGKILL comes: it resumes, sealed recordings stay, at most a second is lost, everything verifies, no number is skipped."""
    assert outcome.violations == ()
    assert outcome.figures["kills"] == KILLS
    assert int(outcome.figures["cut_while_recording"]) >= KILLS // 3
    assert int(outcome.figures["resumed"]) >= KILLS // 3
    assert int(outcome.figures["recordings"]) >= KILLS // 3


@needs("age", "ffmpeg")
def test_what_is_left_opens_with_stock_tools(outcome: Outcome) -> None:
    """A drawn sample of the segments, closed and cut off, decrypts with ``age`` and plays in ffmpeg without a word."""
    assert outcome.violations == (), "one that does not open is a violation"
    assert KILLS // 3 <= int(outcome.figures["opened_by_stock_tools"]) <= kills.SAMPLE


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with a sealed recording and one that was cut off 2 s after its press; what is in the files is all that was durable."""
    rig = Rig.new().run(5).tap().run(1).stop().run(1).tap().run(2)
    rig.copy_to(tmp_path / "card")
    (tmp_path / "root.pem").write_bytes(pki().root_pem)
    (tmp_path / "key").write_text(f"{pki().authority_identity}\n")
    return tmp_path / "card"


@pytest.fixture
def sealed(card: Path) -> Sealed:
    """The judge of that card."""
    return Sealed(card, card.parent / "root.pem", card.parent / "key")


def test_the_judge_knows_what_is_open(card: Path) -> None:
    """From the audit log alone."""
    log = Log.read(card)
    assert (log.opened, log.unclosed, log.cut) == ((1, 2), frozenset({2}), 2)
    shutil.rmtree(card / "recordings" / "00000002")
    assert Log.read(card) == log


def test_the_judge_notices_a_sealed_recording_that_changes(card: Path, sealed: Sealed) -> None:
    """Judged once, then held to every byte and every name."""
    assert list(sealed.look()) == []
    assert (list(sealed.files), list(sealed.look())) == ([1], [])
    segment = card / "recordings" / "00000001" / "000003.mp4.age"
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-1])
    assert list(sealed.look()) == ["recording 1, sealed before, has changed"]
    segment.unlink()
    assert list(sealed.look()) == ["recording 1, sealed before, has changed"]


def test_the_judge_notices_a_sealed_recording_that_is_bad_from_the_start(card: Path, sealed: Sealed) -> None:
    """The independent verifier's word counts."""
    (card / "recordings" / "00000001" / "000003.mp4.age").unlink()
    assert any(each.startswith("recording 1: ") for each in sealed.look())


def test_the_judge_notices_a_number_that_is_gone_and_a_recording_that_was_left(card: Path, sealed: Sealed) -> None:
    """In the end everything is closed, and each number was given out once."""
    assert list(sealed.judge()) == ["recordings/00000002: open"]
    log = card / "audit" / "00000001.jwsl"
    lines = log.read_bytes().splitlines(keepends=True)
    first = next(line for line in lines if payload(line)["kind"] == "opening")
    log.write_bytes(b"".join(line for line in lines if line is not first))
    assert "numbers are skipped or used again: (2,)" in list(sealed.judge())
    log.write_bytes(b"".join([*lines, first]))
    assert "numbers are skipped or used again: (1, 2, 1)" in list(sealed.judge())


def test_the_judge_measures_what_is_lost(card: Path) -> None:
    """Until the newest frame that a durable line vouches for, and not one line further."""
    rig = Rig.new().run(5).tap().run(3)
    rig.copy_to(card.parent / "other")
    directory = card.parent / "other" / "recordings" / "00000001"
    now_ms = rig.clock.monotonic_ns() // 1_000_000
    journal = Journal.read(directory)
    assert 0 <= now_ms - journal.captured_ms <= 600
    (report,) = verify_path(directory, card.parent / "root.pem").recordings
    assert report.seconds == pytest.approx(journal.seconds)
    path = directory / "journal.jwsl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-4]))
    before = [
        name for name in ("000001.mp4.age", "000002.mp4.age") if any(each["file"] == name for each in journal.flushes)
    ]
    assert before, "the buffer was written"
    live = replace(journal, flushes=tuple(each for each in journal.flushes if each["file"] not in before))
    assert live.captured_ms == journal.captured_ms
    assert live.seconds == pytest.approx(journal.seconds - 4)
    shorter = Journal.read(directory)
    assert now_ms - shorter.captured_ms > 1000
    assert shorter.seconds < journal.seconds


@needs("age", "ffmpeg")
def test_the_judge_notices_what_stock_tools_cannot_open(card: Path, tmp_path: Path) -> None:
    """Cut in what was vouched for, or closed and cut."""
    key, scratch = tmp_path / "key", tmp_path / "plain"
    first, second = (card / "recordings" / number / "000003.mp4.age" for number in ("00000001", "00000002"))
    assert [open_with_stock_tools(each, key, scratch) for each in (first, second)] == [None, None]
    for each in (first, second):
        each.write_bytes(each.read_bytes()[:-70_000])
        assert "not those of the journal" in str(open_with_stock_tools(each, key, scratch))


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """A camera that was never started, with nothing on its card but an empty log."""
    home = Home(tmp_path)
    provision(home, SMALL)
    for name in ("audit", "recordings"):
        (home.card / name).mkdir(parents=True)
    return Life(home, 0, "none", Stall(tmp_path), lambda: None)


def test_a_light_that_lied_is_a_violation(life: Life, card: Path) -> None:
    """Recording shown and nothing open; ready shown and something open; more than a second lost."""
    life._judge(Moment.LIVE, "recording", 0)
    shutil.rmtree(life.home.card)
    shutil.copytree(card, life.home.card)
    shutil.rmtree(life.home.card / "recordings" / "00000001")  # of another authority
    life._judge(Moment.BOOT, "ready", 0)
    life._judge(Moment.LIVE, "recording", 60_000_000_000)
    lied, open_, lost = life.tally.violations
    assert "it showed recording, and nothing is open" in lied
    assert "it showed ready, and recording 2 is open" in open_
    assert "ms of recording 2 are lost" in lost


def test_a_camera_that_does_not_start_is_a_violation(life: Life) -> None:
    """With the reason, and with no process left: here it shows that it cannot record."""
    (life.home.camera / "config" / "settings.jws").unlink()
    life.run()
    assert life.tally.violations == [
        "seed none, kill 0: CameraError: it shows unable at its start, and a recording was not cut off"
    ]
    assert not life._camera.running


def test_a_stall_of_the_machine_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is over, and one that goes on."""
    stall = Stall(tmp_path)
    assert stall.last_ms(1.0) == 0
    now_ns = time.monotonic_ns()
    stall._late.extend([(now_ns - 5_000_000_000, 900), (now_ns, 40)])
    assert stall.last_ms(1.0) == 40
    assert stall.last_ms(9.0) == 900
    stall._began_ns = now_ns - 2_000_000_000
    assert stall.last_ms(1.0) >= 1900
