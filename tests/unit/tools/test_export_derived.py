"""Less than a recording is a derivative, which says what it is, and is proven as far as it goes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import Authority, Identity, issue
from tests.evidence_maker.jose import sign
from tests.unit.tools.conftest import Desk, write_desk
from tests.unit.tools.test_export import left, packets
from tools.export.cutting import Span, Wish
from tools.export.desk import Desk as Signer
from tools.export.exporter import Exported, Request, export_recording
from tools.verify.exported import verify_export
from tools.verify.findings import Refused
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.report import Report, Verdict

SECOND = 90_000


def ticks(seconds: float | None) -> int | None:
    """Media time."""
    return None if seconds is None else round(seconds * SECOND)


def derive(desk: Desk, out: Path, wish: Wish, number: int = 1, **more: Any) -> Exported:
    """A derivative without a C2PA manifest: that is tested by itself."""
    request = Request(wish, desk=Signer.open(desk.signer), c2pa=False, **more)
    return export_recording(desk.recording(number), [desk.key], out, root=desk.root, request=request)


def judged(desk: Desk, film: Path, number: int = 1) -> Report:
    """The verdict on a film, without any decryption key."""
    return verify_export(film, desk.recording(number), desk.root)


def wrong(report: Report) -> str:
    """What is wrong, as text."""
    return "\n".join(f"{each.file}: {each.reason}" for _, problems in report.every_problem for each in problems)


def said(paper: Path | None) -> dict[str, Any]:
    """What a paper says."""
    assert paper is not None
    payload = paper.read_bytes().split(b".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return found


@pytest.mark.parametrize(
    ("begin", "until", "covered", "moved"),
    [
        (2.5, 4.5, (2, 5), 2),
        (2, 5, (2, 5), 0),
        (None, 1.2, (0, 2), 1),
        (5.9, None, (5, 6), 1),
        (0, 99, (0, 6), 1),
        (4.0, 4.1, (4, 5), 1),
    ],
)
def test_trimmed(
    made: Desk, tmp_path: Path, begin: float | None, until: float | None, covered: tuple[float, float], moved: int
) -> None:
    """A trimmed film begins and ends at keyframes, says what was moved there, and is a proven part."""
    wish = Wish(ticks(begin), ticks(until))
    done = derive(made, tmp_path / "film.mp4", wish, reason="only this matters")
    assert len(done.moved) == moved
    assert done.seconds == covered[1] - covered[0]
    report = judged(made, done.path)
    assert (wrong(report), report.exit_code, report.verdict) == ("", 0, Verdict.WHOLE)
    assert report.export is not None
    assert report.export.covered == pytest.approx(covered)
    assert any("the reason that it gives: only this matters" in fact for fact in report.export.facts)
    paper = said(done.paper)
    assert paper["span"] == {"from": covered[0] * SECOND, "until": covered[1] * SECOND}
    assert paper["asked"] == {"from": wish.begin, "until": wish.until}


def test_trimmed_begins_with_a_keyframe(made: Desk, tmp_path: Path) -> None:
    """The first sample of a trimmed film is the recording's frame at that time, and times begin at 0."""
    whole = export_recording(made.recording(1), [made.key], tmp_path / "whole.mp4", root=made.root).path
    part = derive(made, tmp_path / "part.mp4", Wish(begin=3 * SECOND)).path
    wanted = [(at - 3, data) for at, data in packets(whole, "video") if at >= 3]
    found = packets(part, "video")
    assert [data for _, data in found] == [data for _, data in wanted]
    assert found[0][0] - wanted[0][0] == pytest.approx(0, abs=0.07)


@pytest.mark.parametrize(("begin", "until"), [(7, None), (None, 0), (4, 3), (3, 3)])
def test_nothing_left(made: Desk, tmp_path: Path, begin: int | None, until: int | None) -> None:
    """A wish outside of the recording is refused, with the span that there is."""
    wish = Wish(ticks(begin), ticks(until))
    with pytest.raises(Refused, match="holds nothing of the recording, which goes from 00:00.0 to 00:06.0"):
        derive(made, tmp_path / "film.mp4", wish)
    assert left(tmp_path) == []


def test_without_sound(made: Desk, tmp_path: Path) -> None:
    """All sound removed: no sound track is left, and the verdict says derivative, picture proven, sound removed."""
    done = derive(made, tmp_path / "film.mp4", Wish(mute=True))
    report = judged(made, done.path)
    assert (wrong(report), report.exit_code, report.verdict) == ("", 0, Verdict.DERIVATIVE)
    assert done.sound_units == 0
    assert report.export is not None
    assert "derivative, picture proven, all its sound removed" in report.export.proven
    assert report.to_json()["export"]["derived"]["silenced"] == [[pytest.approx(2.048), 6.0]]
    assert "film: DERIVATIVE" in render(report)
    assert "sound was removed from it, and the export desk signed" in render_page(report, datetime.now(UTC))


def test_span_without_sound(made: Desk, tmp_path: Path) -> None:
    """Sound of a span is removed, with what neighbouring units tell of it; the rest stays, and stays proven."""
    done = derive(made, tmp_path / "film.mp4", Wish(silence=(Span(round(3.2 * SECOND), round(3.3 * SECOND)),)))
    assert done.moved == (
        "the sound was removed from 00:03.0 to 00:03.5: whole journal lines, so that the rest can still be proven",
    )
    heard = [at for at, _ in packets(done.path, "audio")]
    # A unit tells about its own 64 ms and the 64 ms behind.
    assert not [at for at in heard if 3.2 - 0.128 < at < 3.3]
    assert len(heard) > 40
    report = judged(made, done.path)
    assert (wrong(report), report.verdict) == ("", Verdict.DERIVATIVE)
    assert report.export is not None
    assert "derivative, picture proven, part of its sound removed, the rest proven" in report.export.proven


def test_span_at_a_border_takes_the_neighbour(made: Desk, tmp_path: Path) -> None:
    """Sound right behind a border goes with the line before it, whose last unit tells of it."""
    done = derive(made, tmp_path / "film.mp4", Wish(silence=(Span(3 * SECOND, round(3.1 * SECOND)),)))
    assert [each["from"] / SECOND for each in said(done.paper)["silenced"]] == [pytest.approx(2.56)]


def test_nothing_to_remove(made: Desk, tmp_path: Path) -> None:
    """Of a recording without sound none is removed, and that is said."""
    done = derive(made, tmp_path / "film.mp4", Wish(silence=(Span(0, SECOND),)), number=4)
    assert done.moved == ("no sound was removed: there is none in these spans",)
    assert said(done.paper)["silenced"] == []
    assert judged(made, done.path, 4).verdict is Verdict.WHOLE


def test_trimmed_and_without_sound_of_a_recovered_recording(made: Desk, tmp_path: Path) -> None:
    """Both at once, of a recording that a cut left."""
    done = derive(made, tmp_path / "film.mp4", Wish(begin=round(2.5 * SECOND), mute=True), number=3)
    report = judged(made, done.path, 3)
    assert (wrong(report), report.exit_code, report.verdict) == ("", 0, Verdict.DERIVATIVE)


def test_sound_missing_without_a_paper(made: Desk, tmp_path: Path) -> None:
    """Whoever takes the paper away has a film whose sound is missing, and no derivative."""
    done = derive(made, tmp_path / "film.mp4", Wish(mute=True))
    assert done.paper is not None
    done.paper.unlink()
    assert "the sound is missing" in wrong(judged(made, done.path))


def test_derivative_without_a_desk(made: Desk, tmp_path: Path) -> None:
    """Nobody makes a derivative without signing for it."""
    for wish in (Wish(mute=True), Wish(begin=SECOND)):
        with pytest.raises(Refused, match="which a desk has to sign: name one with --desk"):
            export_recording(made.recording(1), [made.key], tmp_path / "film.mp4", request=Request(wish))
    assert left(tmp_path) == []


def test_paper_that_is_there(made: Desk, tmp_path: Path) -> None:
    """A paper of another film is not replaced."""
    (tmp_path / "film.derived.jws").write_bytes(b"precious")
    with pytest.raises(Refused, match="film.derived.jws: is there already"):
        derive(made, tmp_path / "film.mp4", Wish(mute=True))
    assert left(tmp_path) == ["film.derived.jws"]


Change = Callable[[dict[str, Any]], dict[str, Any]]
STRANGER = issue("export", "desk-1", Authority("other").root, "stranger")
FORGED: dict[str, tuple[Change, Identity, str]] = {
    "another desk's name": (lambda all_: {**all_, "desk": "desk-2"}, Authority().desk, "bears another desk's name"),
    "another device": (lambda all_: {**all_, "device": "cam-1"}, Authority().desk, "device is not this recording's"),
    "another opening": (lambda all_: {**all_, "opening": "0" * 64}, Authority().desk, "opening is not this"),
    "another manifest": (lambda all_: {**all_, "manifest": "0" * 64}, Authority().desk, "another manifest"),
    "another film": (
        lambda all_: {**all_, "film": {**all_["film"], "hash": "0" * 64}},
        Authority().desk,
        "written for another film",
    ),
    "another span": (
        lambda all_: {**all_, "span": {"from": 0, "until": 1}},
        Authority().desk,
        "another part of the recording than its paper says",
    ),
    "less silence than there is": (lambda all_: {**all_, "silenced": []}, Authority().desk, "the sound is missing"),
    "an unknown member": (lambda all_: {**all_, "note": "x"}, Authority().desk, "no member of the format"),
    "another authority's desk": (lambda all_: all_, STRANGER, "was not issued by the certificate above it"),
    "a dock": (lambda all_: all_, Authority().dock, "the chain has 2 certificates, a export chain has 1"),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_paper(made: Desk, tmp_path: Path, name: str) -> None:
    """A paper that says anything else, or that no desk of ours signed, is a problem."""
    change, signer, reason = FORGED[name]
    done = derive(made, tmp_path / "film.mp4", Wish(mute=True))
    assert done.paper is not None
    payload = change(said(done.paper))
    done.paper.write_bytes(sign(payload, "lapel.derived.1", signer, chained=True) + b"\n")
    report = judged(made, done.path)
    assert report.verdict is Verdict.NOT_WHOLE
    assert reason in wrong(report)


def test_sound_where_the_paper_says_none(made: Desk, tmp_path: Path) -> None:
    """A film that kept sound which its paper calls removed is not what the desk signed for."""
    done = derive(made, tmp_path / "film.mp4", Wish(begin=0))
    assert done.paper is not None
    payload = {**said(done.paper), "silenced": [{"from": 0, "until": 6 * SECOND}]}
    done.paper.write_bytes(sign(payload, "lapel.derived.1", Authority().desk, chained=True) + b"\n")
    assert "the recording has no audio" in wrong(judged(made, done.path))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: (path / "desk.key.pem").unlink(), "desk.key.pem is missing: make one with 'lapel provision desk"),
        (lambda path: (path / "desk.key.pem").write_bytes(b"x"), "cannot be used"),
        (lambda path: (path / "root.crt.pem").write_bytes(Authority("other").root_pem), "cannot be used"),
    ],
)
def test_broken_desk(tmp_path: Path, spoil: Callable[[Path], object], reason: str) -> None:
    """A desk's directory that is not complete, or of another authority, is refused with what to do."""
    write_desk(tmp_path / "desk", Authority().desk, Authority().root_pem)
    spoil(tmp_path / "desk")
    with pytest.raises(Refused, match=reason):
        Signer.open(tmp_path / "desk")


def test_desk_with_another_key(tmp_path: Path) -> None:
    """A key that its certificate does not name is refused."""
    authority = Authority()
    other = issue("export", "desk-2", authority.root, "another desk")
    write_desk(tmp_path / "desk", Identity(other.key, authority.desk.certificates), authority.root_pem)
    with pytest.raises(Refused, match=r"desk.key.pem is not the key of desk.crt.pem"):
        Signer.open(tmp_path / "desk")
