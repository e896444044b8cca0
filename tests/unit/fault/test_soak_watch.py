"""A soak that finds nothing must be one that could have found something: each promise is broken on purpose, and the break is told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from firmware.camera import Camera
from firmware.core.flags import Flag
from firmware.core.gaps import GapMeter
from firmware.core.indications import LIGHTS, Look
from firmware.core.ring import Ring
from firmware.runtime.takes import Takes
from hal.interface import Track, Unit
from tests.fault.soak import replay as replaying
from tests.fault.soak.acts import Act, Script
from tests.fault.soak.deeds import play
from tests.fault.soak.gauge import Gauge, Sample
from tests.fault.soak.hours import run
from tests.fault.soak.replay import fresh, replay, shrunk
from tests.fault.soak.shift import Shift
from tests.fault.soak.watch import BrokenError
from tests.rig import Rig

FILMED: Script = (Act("wait", 5), Act("press", 4))


@pytest.fixture
def shift(tmp_path: Path) -> Shift:
    """A camera that records."""
    shift = Shift(tmp_path)
    replay_only(shift, FILMED)
    return shift


def replay_only(shift: Shift, script: Script) -> None:
    """Acts without an end."""
    for act in script:
        play(shift, act)


def camera(shift: Shift) -> Rig:
    """The camera, which runs."""
    assert shift.rig is not None
    return shift.rig


def test_a_light_that_lies_is_told(shift: Shift) -> None:
    """Red, and nothing else, is recording."""
    camera(shift).indicators.show(LIGHTS[Look.READY])
    with pytest.raises(BrokenError, match="the lights do not say recording"):
        shift.check()


def test_a_recording_that_was_not_confirmed_is_told(shift: Shift) -> None:
    """The light stands for what is durable."""
    camera(shift).camera.writer._confirmed.clear()
    with pytest.raises(BrokenError, match="nothing of it is durable"):
        shift.check()


def test_a_hush_that_does_not_end_is_told(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever forgets it must not lose by it."""
    monkeypatch.setattr("tests.fault.soak.ear.LONGEST_NS", dict.fromkeys(Flag, 3_000_000_000))
    with pytest.raises(BrokenError, match="hush does not end"):
        replay_only(shift, (Act("hush", 5),))


def test_a_buffer_that_is_too_short_is_told(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was captured before the press is in the recording."""
    replay_only(shift, (Act("stop", 6),))
    monkeypatch.setattr(Ring, "snapshot", lambda ring: (tuple(ring._closed)[2:], tuple(ring._open)))
    with pytest.raises(BrokenError, match="the buffer of take 2 is shorter than it has to be"):
        replay_only(shift, (Act("press", 1),))


def test_a_frame_that_is_in_no_recording_is_told(shift: Shift, tmp_path: Path) -> None:
    """Captured while the light said recording, and nowhere in the end."""
    shift.watch.footage.owed.append((1, 1_000_000_000))
    assert "a frame captured 1.00 s into boot 1" in str(replay((), shift, tmp_path).broken)


def test_a_frame_that_a_recording_left_out_is_told(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that was heard is counted."""
    push, dropped = Takes.push, list[Unit]()

    def losing(takes: Takes, unit: Unit) -> None:
        if dropped or unit.track is not Track.VIDEO or unit.key:
            push(takes, unit)
        else:
            dropped.append(unit)

    monkeypatch.setattr(Takes, "push", losing)
    monkeypatch.setattr(GapMeter, "_lose", lambda *_: 0)
    with pytest.raises(BrokenError, match="recording 1 has .* frames of .*, and says nothing of a gap"):
        replay_only(shift, (Act("stop", 1),))


def test_a_press_that_comes_to_nothing_is_told(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither recording nor a word of why."""
    replay_only(shift, (Act("stop", 1),))
    monkeypatch.setattr(camera(shift).camera.controller, "ask", lambda *_: None)
    with pytest.raises(BrokenError, match="a press comes to idle"):
        replay_only(shift, (Act("press", 1),))


def test_a_number_that_comes_again_is_told(shift: Shift) -> None:
    """Whatever was given out stays given out."""
    shift.watch.number = 9
    with pytest.raises(BrokenError, match="number 9 was given out, and 2 comes next"):
        shift.check()


def test_footage_that_a_cut_takes_is_told(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound half a second tighter than the flushes are long, what came back is not enough."""
    monkeypatch.setattr("tests.fault.soak.watch.LOSS_NS", -2_000_000_000)
    with pytest.raises(BrokenError, match="recording 1: .* s more are lost"):
        replay_only(shift, (Act("cut", 0),))


def test_footage_that_came_back_is_counted(shift: Shift) -> None:
    """The check is made once for each recording that was cut off."""
    replay_only(shift, (Act("cut", 0), Act("wait", 5), Act("cut-in-stall", 1), Act("stop", 1)))
    assert shift.watch.held == 2
    assert not shift.watch.owed


def test_a_recording_that_is_gone_is_told(shift: Shift) -> None:
    """Nothing leaves without a receipt."""
    replay_only(shift, (Act("stop", 1),))
    root = camera(shift).evidence.root()
    root.enter("recordings").rename("00000001", "00000001", root.enter("erasing"))
    with pytest.raises(BrokenError, match="recording 1 is gone, and no dock had it"):
        shift.check()


def test_evidence_that_was_altered_is_told(shift: Shift, tmp_path: Path) -> None:
    """The judge at the end is the independent one."""
    file = camera(shift).evidence.root().enter("recordings").enter("00000001").open("private.age")
    file.append(b"x")
    file.sync()
    played = replay((Act("stop", 1),), shift, tmp_path)
    assert played.broken is not None
    assert "00000001: not whole" in played.broken


def test_a_dock_judges_what_it_takes_over_and_the_card_is_empty(shift: Shift, tmp_path: Path) -> None:
    """Whole recordings leave by a real conversation, and the camera erases them."""
    replay_only(shift, (Act("dock", 30), Act("wait", 1)))
    assert (shift.rack.stored, shift.rack.receipted) == (1, {1})
    assert replay((), shift, tmp_path).broken is None
    assert shift.rack.receipted == set(range(1, shift.watch.number + 1))
    assert not [name for name in camera(shift).evidence.root().enter("recordings").names() if name == "00000001"]


def test_a_service_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expects is told with its place, and shrunk to what shows it."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(Camera, "note", broken)
    failed = fresh((*FILMED, Act("wait", 1), Act("press", 1)))
    assert failed.broken is not None
    assert failed.broken.startswith("ZeroDivisionError: oh (test_soak_watch.py")


def test_shrinking_keeps_to_one_way_of_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that fails otherwise is another finding."""
    answers = {("stop", "cut"): "broken", ("cut",): "ValueError here"}

    def pretend(script: Script) -> replaying.Played:
        kind = answers.get(tuple(act.kind for act in script))
        return replaying.Played(script, kind and "no", kind or "")

    monkeypatch.setattr(replaying, "fresh", pretend)
    acts = (Act("stop"), Act("cut"))
    assert shrunk(replaying.Played(acts, "no", "broken"), 5).script == acts
    assert shrunk(replaying.Played(acts, "no", "broken"), -1).script == acts


def test_a_finding_says_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The seed, the script that was left, and how to keep it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.fault.soak.watch.LOSS_NS", -20_000_000_000)
    monkeypatch.setattr("tests.fault.soak.hours.draw", lambda *_: cycle((*FILMED, Act("cut", 0))))
    outcome = run(4, 0.01, shrink_s=0)
    (violation,) = outcome.violations
    assert "python -m tests.fault.soak --replay build/fault/soak-4.json" in violation
    assert (tmp_path / "build" / "fault" / "soak-4.json").exists()


@pytest.mark.parametrize(("weights", "growth"), [((10, 12, 11, 13), 1), ((10, 10, 10), 0), ((10, 10, 50, 70, 60), 55)])
def test_growth_is_that_of_the_second_half(weights: tuple[int, ...], growth: int) -> None:
    """A peak is no leak; too few looks say nothing."""
    gauge = Gauge(1, [Sample(place, 1, weight, 3) for place, weight in enumerate(weights)])
    assert gauge.growth() == growth
    assert (gauge.most, gauge.most_handles) == (max(weights), 3)


def test_a_leak_is_weighed(shift: Shift) -> None:
    """What is held on to shows, and what lies on the card does not."""
    looks: list[Gauge] = [Gauge(0), Gauge(0)]
    looks[0].look(shift)
    kept: Callable[[], bytes] = (b"x" * 1_000_000).upper
    looks[1].look(shift)
    assert 990_000 < looks[1].most - looks[0].most < 1_200_000, kept
