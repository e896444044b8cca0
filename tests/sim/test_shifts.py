"""An assignment's life on the camera: given in the dock, begun where it is taken out, ended at the next docking or after 14 hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.duty import LONGEST_MS
from firmware.core.machine import Move, Recording
from firmware.evidence import documents, kinds
from firmware.runtime.docklink import Away, DockNews
from hal.sim.clock import NS
from tests.rig import Rig, judge, pki
from tests.sim.docked import bench, dock

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S = 3600


def give(rig: Rig, shift: str, utc_ms: int = 1) -> Rig:
    """A dock's assignment, durable on the camera."""
    payload = {"device": "cam-1", "shift": shift, "utc_ms": utc_ms}
    rig.camera.vault.custody.assign(documents.sign(kinds.ASSIGNMENT, payload, pki().dock.sign, pki().dock.chain.ders))
    return rig


def take_out(rig: Rig) -> Rig:
    """Out of its dock's reach."""
    rig.camera.inbox.put(DockNews(Move.GONE, "dock-1"))
    rig.camera.inbox.put(Away())
    return rig.run(0.1)


def put_in(rig: Rig) -> Rig:
    """Into a dock, for longer than ten seconds."""
    for move in (Move.MET, Move.STOOD):
        rig.camera.inbox.put(DockNews(move, "dock-1"))
    return rig.run(0.1)


def record(rig: Rig) -> Rig:
    """One more recording."""
    return rig.tap().run(1).stop().run(1)


def shifts(rig: Rig, folder: Path) -> list[list[str]]:
    """What each recording says of shifts, in its order; and nothing is wrong with any."""
    report = judge(rig, folder)
    assert report.exit_code == 0
    return [
        [entry.text for entry in each.private or () if entry.kind == "assignment"] for each in report.every_recording
    ]


def later(rig: Rig, seconds: float) -> Rig:
    """So much later, with a service that was started again in the same boot."""
    rig.clock.advance(round(seconds * NS))
    return rig.restart()


def running(rig: Rig) -> str | None:
    """Whose shift it is."""
    return rig.camera.roster.shift


NONE = "no shift was assigned"


def test_it_begins_where_the_camera_is_taken_out_and_ends_where_it_is_put_in(tmp_path: Path) -> None:
    """Pressed in the dock it is nobody's yet; worn it is the officer's; docked again it is nobody's."""
    rig = give(put_in(Rig.new().run(5)), "S-1")
    record(rig)
    record(take_out(rig))
    record(put_in(rig))
    record(take_out(rig))
    assert shifts(rig, tmp_path) == [[NONE], ["assigned to shift S-1"], [NONE], [NONE]]


def test_the_next_officer_s_takes_the_place_of_the_last_one_s(tmp_path: Path) -> None:
    """Given while the last one still ran, in a docking that had not stood yet: at the undocking it is the new one's."""
    rig = record(take_out(give(Rig.new().run(5), "S-1")))
    rig.camera.inbox.put(DockNews(Move.MET, "dock-1"))
    record(give(rig.run(1), "S-2", 2))
    record(take_out(rig))
    record(take_out(rig))
    assert shifts(rig, tmp_path) == [["assigned to shift S-1"]] * 2 + [["assigned to shift S-2"]] * 2


def test_taken_out_in_the_middle_of_a_recording(tmp_path: Path) -> None:
    """An alarm beside the rack: nobody's up to the undocking, the officer's from there on."""
    rig = give(put_in(Rig.new().run(5)), "S-1").tap().run(1)
    take_out(rig).run(1).stop().run(1)
    assert shifts(rig, tmp_path) == [[NONE, "assigned to shift S-1"]]


def test_fourteen_hours_end_it_in_the_middle_of_a_recording_which_goes_on(tmp_path: Path) -> None:
    """From there on it says nobody's; no frame is lost, and the log's private part has the moment."""
    rig = take_out(give(Rig.new().run(5), "S-1"))
    rig = later(rig, LONGEST_MS / 1000 - 10).run(5).tap().run(2)
    assert running(rig) == "S-1"
    rig.run(4)
    assert running(rig) is None
    assert rig.state is Recording.RECORDING
    rig.stop().run(1)
    record(rig)
    assert shifts(rig, tmp_path) == [["assigned to shift S-1", NONE], [NONE]]
    assert "on-duty.json" not in rig.config.root().names()


@pytest.mark.parametrize("cut", ["power", "service"])
def test_a_start_in_the_middle_keeps_it(cut: str, tmp_path: Path) -> None:
    """With the time that it has run already, whether the power went or only the service."""
    rig = take_out(give(Rig.new().run(5), "S-1"))
    rig.clock.advance(10 * HOUR_S * NS)
    rig = rig.power_cut() if cut == "power" else rig.restart()
    record(rig.run(5))
    rig = later(rig, 3.5 * HOUR_S)
    record(rig.run(5))
    rig = later(rig, 0.5 * HOUR_S)
    record(rig.run(5))
    assert shifts(rig, tmp_path) == [["assigned to shift S-1"]] * 2 + [[NONE]]


def test_off_for_longer_than_a_shift(tmp_path: Path) -> None:
    """It is over when the camera comes back, and stays so."""
    rig = take_out(give(Rig.new().run(5), "S-1"))
    rig.clock.advance(15 * HOUR_S * NS)
    rig = record(rig.power_cut().run(5))
    assert shifts(rig, tmp_path) == [[NONE]]
    assert rig.power_cut().camera.vault.custody.on_duty is None


def test_what_was_given_and_not_taken_waits_through_a_cut(tmp_path: Path) -> None:
    """A camera that starts anew in its slot is still the next officer's, also behind the docking that follows."""
    rig = put_in(give(put_in(Rig.new().run(5)), "S-1").power_cut().run(5))
    assert running(rig) is None
    record(take_out(rig))
    assert shifts(rig, tmp_path) == [["assigned to shift S-1"]]


def test_a_cut_where_it_begins_loses_nothing(tmp_path: Path) -> None:
    """Wherever the small partition stands when the power goes, the assignment has begun or waits."""
    storage = Rig.new().run(5)
    give(storage, "S-1")
    writes = len(storage.config.log)
    take_out(storage)
    assert len(storage.config.log) > writes
    rig = record(take_out(storage.power_cut().run(5)))
    assert shifts(rig, tmp_path) == [["assigned to shift S-1"]]
    assert rig.camera.vault.custody.given is None


def test_a_partition_that_fails_keeps_no_officer_from_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the power goes; and the log says that it will not outlive that."""
    rig = give(Rig.new().run(5), "S-1")

    def broken(*_: object) -> None:
        raise OSError("worn out")

    root = type(rig.config.root())
    with monkeypatch.context() as patch:
        patch.setattr(root, "create", broken)
        patch.setattr(rig.camera.vault.hal.config, "root", rig.config.root)
        rig.camera.inbox.put(Away())
        rig.camera.controller.handle(rig.camera.inbox.take())
        rig.camera.writer.step()
        rig.camera.writer.step()
    assert running(rig) == "S-1"
    assert any(str(line["data"].get("code", "")).startswith("assignment: ") for line in rig.audit())
    assert running(put_in(rig)) is None
    assert running(take_out(rig)) is None, "what has begun once, and ended, does not begin again"


def test_the_log_has_when_it_began_and_ended(tmp_path: Path) -> None:
    """In its private part, which the authority alone reads; in the clear stands nothing of it."""
    rig = record(put_in(take_out(give(Rig.new().run(5), "NIGHT-7")).run(1))).run(12)
    (log,) = (each.private or () for each in judge(rig, tmp_path).volumes)
    told = [entry.text.partition(": ")[2] for entry in log if entry.kind == "shift"]
    assert told == ["assigned to shift NIGHT-7", NONE]
    clear = "".join(str(line) for line in rig.audit())
    assert "NIGHT-7" not in clear


@pytest.mark.parametrize(("hours", "said"), [(1, "assigned to shift NIGHT-7"), (15, NONE)])
def test_the_log_of_a_later_boot_says_whose_shift_it_is(hours: int, said: str, tmp_path: Path) -> None:
    """Each start says it, so that a log can be read from any boot on; also that it ended while the camera was off."""
    rig = take_out(give(Rig.new().run(5), "NIGHT-7")).run(12)
    rig.clock.advance(hours * HOUR_S * NS)
    rig = record(rig.power_cut().run(5)).run(12)
    (log,) = (each.private or () for each in judge(rig, tmp_path).volumes)
    told = [entry.text.partition(": ")[2] for entry in log if entry.kind == "shift"]
    assert told == ["assigned to shift NIGHT-7", said]


def test_end_to_end_through_real_dockings(tmp_path: Path) -> None:
    """Given by the reference dock, begun at the pull, ended ten seconds into the next docking."""
    rig = Rig.new().run(5)
    place, _ = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms, shift="S-9")
    dock(rig, place, 12)
    assert running(rig) == "S-9"
    record(rig)
    again, _ = bench(tmp_path / "store", utc_ms=lambda: rig.clock.utc().utc_ms)
    seen: list[str | None] = []
    dock(
        rig,
        again,
        14,
        {5.0: lambda: seen.append(running(rig)), 13.0: lambda: seen.append(running(rig))},
    )
    assert seen == ["S-9", None]
    assert running(rig) is None
