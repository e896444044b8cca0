"""Between when and when a recording was made, on whose word; and what a withdrawn certificate leaves standing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence_maker import DOCK_MS, Camera, TimeAuthority
from tools.verify.cli import main
from tools.verify.report import RecordingReport, Report, Verdict
from tools.verify.verifier import verify_path

HOUR = 3_600_000
EARLY_MS = DOCK_MS - HOUR
DOCK = "receipt of dock dock-1"


@dataclass
class Bench:
    """A card that is still being written, and what a judge is given."""

    path: Path
    camera: Camera

    def __post_init__(self) -> None:
        (self.path / "root.pem").write_bytes(self.camera.authority.root_pem)
        (self.path / "tsa.pem").write_bytes(TimeAuthority().root_pem)

    def judge(self, path: Path | None = None, *, tsa: bool = True, since: Mapping[str, int] = {}) -> Report:
        """Verify; ``since``: what the authority has withdrawn (device, dock, session, device_ca), and from when on."""
        who = {
            "device": self.camera.device.kid,
            "dock": self.camera.authority.dock.kid,
            "session": self.camera.session.kid,
            "device_ca": self.camera.authority.device_ca.kid,
        }
        settings = self.camera.withdraw(self.path / "settings.jws", {who[each]: at for each, at in since.items()})
        return verify_path(
            path or self.camera.path,
            self.path / "root.pem",
            tsa_root=self.path / "tsa.pem" if tsa else None,
            revoked=settings,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A card with one sealed recording."""
    camera = Camera(tmp_path / "card")
    camera.record()
    return Bench(tmp_path, camera)


def one(report: Report, number: int = 1) -> RecordingReport:
    """A recording's report."""
    return next(each for each in report.every_recording if each.number == number)


def told(texts: tuple[str, ...], *parts: str) -> bool:
    """Whether one of the texts holds all of these."""
    return any(all(part in text for part in parts) for text in texts)


def test_no_trusted_time(bench: Bench) -> None:
    """Without receipt, anchor and time stamp it is said that nobody knows by when."""
    found = one(bench.judge())
    assert found.verdict is Verdict.WHOLE
    assert found.made is not None
    assert (found.made.before_ms, found.made.after_ms, found.made.uncertainty_ms) == (None, None, None)
    assert told(found.not_proven, "by when it was made", "no trusted time")
    assert told(found.facts, "how far it was off is not known")


def test_a_stamp_is_a_trusted_time(bench: Bench) -> None:
    """A time stamp, at the end of its uncertainty, says by when; the certificates' dates are judged by it."""
    bench.camera.stamp(1, EARLY_MS)
    found = one(bench.judge())
    assert found.made is not None
    assert found.made.before_ms == EARLY_MS + 1000
    assert told(found.proven, "made before", "time stamp of CN=tsa authority", "whose uncertainty is 1 s")
    assert not told(found.not_proven, "trusted time")
    bench.camera.stamp(1, 1_700_000_000_000)
    assert bench.judge().verdict is Verdict.NOT_WHOLE, "the camera's certificate did not exist then"


def test_the_earliest_counts(bench: Bench) -> None:
    """Of several trusted times the earliest says most, whoever signed it."""
    bench.camera.receipt(1)
    bench.camera.stamp(1, DOCK_MS + HOUR)
    late = one(bench.judge())
    assert late.made is not None
    assert (late.made.before_ms, DOCK in str(late.made.before)) == (DOCK_MS, True)
    assert told(late.proven, "it was there at", "too", "the time stamp of CN=tsa authority")
    bench.camera.stamp(1, EARLY_MS)
    early = one(bench.judge())
    assert early.made is not None
    assert early.made.before_ms == EARLY_MS + 1000


def test_whom_nobody_believes(bench: Bench) -> None:
    """An authority under another root, or with no root named, proves nothing: that is said, and is no problem."""
    bench.camera.stamp(1, EARLY_MS, TimeAuthority("stranger"))
    for report, reason in (
        (bench.judge(), "no certificate of the given file"),
        (bench.judge(tsa=False), "no --tsa-root"),
    ):
        found = one(report)
        assert (found.verdict, found.made and found.made.before_ms) == (Verdict.WHOLE, None)
        assert told(found.not_proven, "time stamp of CN=stranger authority", "is no trusted time", reason)


def test_a_bad_stamp_is_a_problem(bench: Bench) -> None:
    """A token over another manifest, or none at all, makes the recording not whole, whoever is believed."""
    bench.camera.stamp(1, EARLY_MS, imprint=b"\0" * 32)
    for report in (bench.judge(), bench.judge(tsa=False)):
        assert [(each.file, each.reason) for each in one(report).problems] == [
            ("manifest.tsr", "it was given for another manifest")
        ]
    (bench.camera.directory(1) / "manifest.tsr").write_bytes(b"no token")
    assert one(bench.judge()).verdict is Verdict.NOT_WHOLE


def test_a_stamp_without_a_manifest(bench: Bench) -> None:
    """A time stamp beside no manifest stamps nothing."""
    bench.camera.stamp(1, EARLY_MS)
    (bench.camera.directory(1) / "manifest.jws").unlink()
    assert told(tuple(each.reason for each in one(bench.judge()).problems), "a time stamp stands here, and no manifest")


def test_between(bench: Bench) -> None:
    """With the docking's own line at hand, a recording was made between that and the next trusted time."""
    bench.camera.countersign()
    bench.camera.record()
    bench.camera.stamp(2, DOCK_MS + HOUR)
    found = one(bench.judge(), 2)
    assert found.made is not None
    assert (found.made.after_ms, found.made.after_signed, found.made.before_ms) == (
        DOCK_MS,
        True,
        DOCK_MS + HOUR + 1000,
    )
    assert told(found.proven, "made between", "the docking of dock dock-1", "the time stamp of CN=tsa authority")
    alone = one(bench.judge(bench.camera.directory(2)), 2)
    assert alone.made is not None
    assert not alone.made.after_signed
    assert told(alone.facts, "by its opening, made after a docking at", "so between that and")
    assert told(alone.not_proven, "that it was made after", "the dock's line that its opening names is not here")
    assert told(alone.proven, "made before")


@pytest.fixture
def twice(bench: Bench) -> Path:
    """Recording 2 lies between two dockings, of which a card keeps the second alone, and a store both; the store's volume."""
    bench.camera.countersign()
    bench.camera.record()
    bench.camera.countersign(utc_ms=DOCK_MS + HOUR)
    return bench.camera.offload(bench.path / "store")


def test_between_two_dockings(bench: Bench, twice: Path) -> None:
    """A store keeps what it countersigned earlier, so that a later docking does not unsay when a recording was not there yet."""
    assert told(
        one(bench.judge(twice), 2).proven, "made between", "the docking of dock dock-1", "the countersigned log"
    )
    assert told(
        one(bench.judge(), 2).not_proven, "that it was made after", "the dock's line that its opening names is not here"
    )


def test_a_withdrawn_docks_earlier_anchor(bench: Bench, twice: Path) -> None:
    """It proves no time either."""
    assert not told(one(bench.judge(twice, since={"dock": DOCK_MS + 9 * HOUR}), 2).proven, "made between")


@pytest.mark.parametrize("damage", ["altered", "another"])
def test_an_earlier_anchor_that_is_not_what_it_says(bench: Bench, twice: Path, damage: str) -> None:
    """It is named as a problem, and proves nothing."""
    earlier, later = bench.camera.kept
    path = twice / "anchors" / f"{earlier}.jws"
    path.write_bytes(bench.camera.kept[later] if damage == "another" else path.read_bytes().replace(b"A", b"B", 1))
    report = bench.judge(twice)
    assert any(each.file == f"anchors/{earlier}.jws" for each in report.volumes[0].problems)
    assert not told(one(report, 2).proven, "made between")


def test_clocks_that_contradict(bench: Bench) -> None:
    """A recording that was there before the docking that it names: one clock was wrong, and nothing is made of it."""
    bench.camera.countersign()
    bench.camera.record()
    bench.camera.stamp(2, EARLY_MS)
    found = one(bench.judge(), 2)
    assert told(found.not_proven, "that it was made after", "by a trusted time it was there before")
    assert told(found.proven, "made before")
    assert not told(found.proven, "made between")


def test_an_anchor_counts_from_the_closing(bench: Bench) -> None:
    """What a dock countersigned while it was still open is no proof that all of it was there by then."""
    bench.camera.open()
    bench.camera.countersign()
    recorder = bench.camera.recorders[2]
    recorder.record(bench.camera.plans[2])
    bench.camera.close(2, recorder.seal(bench.camera.plans[2]), "sealed")
    report = bench.judge()
    made = {each.number: each.made and each.made.before_ms for each in report.every_recording}
    assert made == {1: DOCK_MS, 2: None}
    assert told(one(report).proven, "the countersigned log of dock dock-1")


# -- withdrawn certificates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["device", "session", "device_ca"])
def test_before_the_withdrawal(bench: Bench, who: str) -> None:
    """What a trusted time puts before the withdrawal of whoever signed it stays proven."""
    bench.camera.receipt(1)
    bench.camera.countersign()
    report = bench.judge(since={who: DOCK_MS + 1})
    assert (report.verdict, report.exit_code) == (Verdict.WHOLE, 0)
    assert told(one(report).proven, "made before the", f"{who.replace('_', '-')} certificate of cam-0042 was withdrawn")


@pytest.mark.parametrize("who", ["device", "session", "device_ca"])
def test_after_the_withdrawal(bench: Bench, who: str) -> None:
    """What no trusted time puts before it was signed by a revoked device: a verdict of its own, which proves nothing."""
    bench.camera.receipt(1)
    report = bench.judge(since={who: DOCK_MS})
    found = one(report)
    assert (report.verdict, report.exit_code, found.verdict) == (Verdict.REVOKED, 1, Verdict.REVOKED)
    assert found.proven == ()
    assert told(found.not_proven, "signed by a revoked device", "no trusted time says that this was made before")


def test_a_stamp_saves_what_the_receipt_does_not(bench: Bench) -> None:
    """A time stamp from before the withdrawal keeps a recording proven whose receipt is later."""
    bench.camera.receipt(1)
    bench.camera.stamp(1, EARLY_MS)
    assert one(bench.judge(since={"device": EARLY_MS + 1001})).verdict is Verdict.WHOLE
    assert one(bench.judge(since={"device": EARLY_MS + 1000})).verdict is Verdict.REVOKED
    assert one(bench.judge(tsa=False, since={"device": EARLY_MS + 1001})).verdict is Verdict.REVOKED


def test_a_withdrawn_dock_proves_no_time(bench: Bench) -> None:
    """Whoever has a withdrawn dock's key writes any time into a receipt or an anchor: neither is a trusted time, and
    neither saves what a withdrawn camera signed.  The recording itself stays whole."""
    bench.camera.receipt(1)
    bench.camera.countersign()
    report = bench.judge(since={"dock": DOCK_MS + HOUR})
    found = one(report)
    assert (report.worst, found.made and found.made.before_ms) == (Verdict.WHOLE, None)
    assert told(found.not_proven, "dock dock-1 was withdrawn", "its word proves no time")
    assert not told(found.proven, "signed that it took over")
    assert told(report.volumes[0].not_proven, "dock dock-1 was withdrawn")
    assert told(report.volumes[0].not_proven, "no dock has ever countersigned this log")
    assert bench.judge(since={"dock": DOCK_MS + HOUR, "device": DOCK_MS + HOUR}).verdict is Verdict.REVOKED


def test_the_log_behind_the_anchor(bench: Bench) -> None:
    """Lines of the log that no dock countersigned before the withdrawal are a revoked device's, also where every
    recording stands."""
    bench.camera.receipt(1)
    bench.camera.countersign()
    bench.camera.log("fault", {"code": "x"})
    report = bench.judge(since={"device": DOCK_MS + 1})
    assert [each.verdict for each in report.every_recording] == [Verdict.WHOLE]
    assert (report.verdict, report.volumes[0].revoked, report.volumes[0].proven) == (Verdict.REVOKED, True, ())
    assert told(report.volumes[0].not_proven, "signed by a revoked device", "behind line 4 of the audit log")


def test_broken_is_worse(bench: Bench) -> None:
    """A broken recording of a revoked device is not whole."""
    (bench.camera.directory(1) / "000000.mp4.age").unlink()
    assert bench.judge(since={"device": 1}).verdict is Verdict.NOT_WHOLE


def test_others_are_untouched(bench: Bench) -> None:
    """Settings that withdraw somebody else change nothing, and it is said which settings were looked at."""
    settings = bench.camera.withdraw(bench.path / "settings.jws", {"0" * 64: 1})
    found = one(verify_path(bench.camera.path, bench.path / "root.pem", revoked=settings))
    bench.camera.receipt(1)
    found = one(verify_path(bench.camera.path, bench.path / "root.pem", revoked=settings))
    assert found.verdict is Verdict.WHOLE
    assert told(found.proven, "no certificate that signed it is withdrawn by the authority's settings 2")


def test_not_asked(bench: Bench) -> None:
    """Without ``--revoked`` the report says that nobody looked."""
    report = verify_path(bench.camera.path, bench.path / "root.pem")
    assert told(one(report).not_proven, "whether a certificate was revoked was not judged")
    assert told(report.volumes[0].not_proven, "whether a certificate was revoked was not judged")


def test_on_the_command_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Both options reach the verdict; a root file that holds none is wrong usage."""
    bench.camera.receipt(1)
    bench.camera.stamp(1, EARLY_MS)
    settings = bench.camera.withdraw(bench.path / "settings.jws", {bench.camera.device.kid: EARLY_MS + 2000})
    begin = [str(bench.camera.directory(1)), "--root", str(bench.path / "root.pem"), "--revoked", str(settings)]
    assert main([*begin, "--tsa-root", str(bench.path / "tsa.pem"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recordings"][0]["made"]["before_ms"] == EARLY_MS + 1000
    assert main(begin) == 1
    assert "recording 1: SIGNED BY A REVOKED DEVICE" in capsys.readouterr().out
    assert main([*begin, "--tsa-root", str(settings)]) == 2
