"""The page for people: everything that was found stands on it, and nothing that evidence says can change the page."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence_maker import DOCK_MS, Camera, Plan, TimeAuthority
from tests.unit.tools.conftest import Desk
from tools.export.exporter import export_recording
from tools.verify import VERSION, cli
from tools.verify.annex import Gap, Moment
from tools.verify.certs import Role
from tools.verify.exported import verify_export
from tools.verify.files import shown
from tools.verify.findings import Problem
from tools.verify.gathering import SECOND_ROLE
from tools.verify.page import words
from tools.verify.page.annex import source_hash
from tools.verify.page.document import render_page
from tools.verify.page.markup import tag
from tools.verify.page.recordings import BADGES
from tools.verify.page.sections import Found, headline
from tools.verify.report import RecordingReport, Report, Verdict
from tools.verify.verifier import verify_path

REPOSITORY = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
EMPTY = {"meta", "br", "img", "link"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\u202e\x1b[2J"


class Page(HTMLParser):
    """A page as a browser takes it; ``stack`` has to be empty at the end."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in EMPTY:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:  # noqa: D102
        if not self.stack or self.stack[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """Everything that can be read, with single spaces."""
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def headings(self) -> list[int]:
        """The levels of all headings in order."""
        return [int(name[1]) for name, _ in self.elements if re.fullmatch("h[1-6]", name)]


def page(report: Report) -> Page:
    """The page of a report."""
    return Page(render_page(report, NOW))


@pytest.fixture(scope="session")
def reports(made: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """One report of each kind; ``damaged`` and ``missing`` have problems."""
    folder = tmp_path_factory.mktemp("pages")
    film = export_recording(made.recording(1), [made.key], folder / "film.mp4").path
    device = folder / "store" / "cam-0042"
    stored = device / Camera(folder / "other").volume
    shutil.copytree(made.card, stored)
    missing = folder / "missing"
    shutil.copytree(made.card, missing)
    shutil.rmtree(missing / "recordings" / "00000002")
    damaged = folder / "damaged"
    shutil.copytree(made.recording(3), damaged)
    (damaged / "manifest.jws").unlink()
    (damaged / "private.age").write_bytes(b"no age file")
    return {
        "recording": made.judge(made.recording(2), key=True),
        "recovered": made.judge(made.recording(3)),
        "damaged": made.judge(damaged),
        "volume": made.judge(made.card, key=True),
        "missing": made.judge(missing),
        "device": made.judge(device),
        "store": made.judge(device.parent),
        "export": verify_export(film, made.recording(1), made.root),
    }


KINDS = ("recording", "recovered", "damaged", "volume", "missing", "device", "store", "export")


def findings(report: Report) -> Iterator[str]:
    """Every sentence of a report."""
    parts: list[Found] = [*report.volumes, *report.every_recording, *([report.export] if report.export else [])]
    yield from report.facts
    for part in parts:
        yield from (*part.facts, *part.proven, *part.not_proven, *(each.reason for each in part.problems))
        if isinstance(part, RecordingReport):
            yield from (each.text for each in part.private or ())


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_was_found_stands_on_it(reports: dict[str, Report], kind: str) -> None:
    """Whatever the verifier says, now or in a later version, is shown: nothing is picked."""
    report = reports[kind]
    read = page(report).text
    assert list(findings(report))
    assert [each for each in findings(report) if re.sub(r"\s+", " ", each) not in read] == []
    assert f"Result: {report.verdict.value}" in read


@pytest.mark.parametrize("kind", KINDS)
def test_every_hash_and_certificate_stands_in_the_annex(reports: dict[str, Report], kind: str) -> None:
    """Files, openings, manifests, receipts, anchors, certificates, the root; the version; how to repeat the check."""
    report = reports[kind]
    told = page(report).text
    wanted = {report.root, source_hash()}
    for volume in report.volumes:
        assert volume.annex is not None
        wanted |= {each.hash for each in volume.annex.files} | {volume.annex.log_head, volume.device_key}
        wanted |= {each.fingerprint for each in volume.annex.certificates}
        assert volume.annex.anchor is not None
        wanted.add(volume.annex.anchor.hash)
    for recording in report.every_recording:
        annex = recording.annex
        assert annex is not None
        wanted |= {each.hash for each in annex.files} | {each.fingerprint for each in annex.certificates}
        wanted |= {annex.opening, annex.manifest, annex.receipt.hash if annex.receipt else None}
    if report.export is not None:
        assert report.export.file is not None
        wanted.add(report.export.file.hash)
    assert {each for each in wanted - {None} if str(each) not in told} == set()
    assert f"lapel verify {VERSION}" in told
    assert "lapel verify" in told
    assert "2026-03-01 12:30 UTC" in told


@pytest.mark.parametrize("kind", KINDS)
def test_it_needs_nothing_else_and_can_be_read_by_all(reports: dict[str, Report], kind: str) -> None:
    """No script, nothing from elsewhere; a language, headings in order, heads for cells, words for pictures."""
    html = render_page(reports[kind], NOW)
    read = Page(html)
    names = [name for name, _ in read.elements]
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(names)
    assert not re.search(r"https?:|@import|url\(", html)
    attributes = [(key, value) for _, found in read.elements for key, value in found.items()]
    assert not [key for key, _ in attributes if key.startswith("on") or key in {"src", "style"}]
    assert {value for key, value in attributes if key == "href"} == {"#findings"}
    assert dict(read.elements)["html"] == {"lang": "en"}
    assert names.count("h1") == 1
    assert read.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(read.headings, read.headings[1:], strict=False))
    assert all(found.get("scope") == "col" for name, found in read.elements if name == "th")
    assert all(found.get("role") == "img" and found["aria-label"] for name, found in read.elements if name == "svg")


def test_a_hostile_file_name_is_only_a_name(desk: Desk) -> None:
    """What somebody lays beside the evidence cannot write on the page."""
    plain = page(desk.judge(desk.recording(1)))
    (desk.recording(1) / HOSTILE.replace("/", "∕")).write_text("x")
    read = page(desk.judge(desk.recording(1)))
    assert {name for name, _ in read.elements} <= {name for name, _ in plain.elements} | {"table", "td", "tr"}
    assert "<img src=x onerror=alert(1)>" in read.text
    assert "\\x202e\\x1b[2J" in read.text


def test_hostile_words_in_every_place(reports: dict[str, Report]) -> None:
    """Nor can anything that was signed: labels, names, reasons, logs, paths."""
    report = reports["volume"]
    volume = report.volumes[0]
    assert volume.annex is not None
    recording = replace(
        volume.recordings[0],
        path=HOSTILE,
        device=HOSTILE,
        facts=(HOSTILE,),
        proven=(HOSTILE,),
        not_proven=(HOSTILE,),
        problems=(Problem(HOSTILE, HOSTILE),),
        private=tuple(replace(each, text=HOSTILE) for each in volume.recordings[0].private or ()),
    )
    moments = (Moment("dock", volume.annex.moments[0].utc_ms, "rtc", None, HOSTILE),)
    hostile = replace(
        volume,
        path=HOSTILE,
        device=HOSTILE,
        volume=HOSTILE,
        facts=(HOSTILE,),
        recordings=(recording,),
        annex=replace(volume.annex, moments=moments),
    )
    honest = {name for name, _ in page(reports["missing"]).elements}
    for each in (
        replace(report, path=HOSTILE, volumes=(hostile,), facts=(HOSTILE,)),
        Report(HOSTILE, "recording", report.root_certificate, recordings=(recording,)),
    ):
        html = render_page(each, NOW)
        assert {name for name, _ in Page(html).elements} <= honest
        assert not set(html) & set("\x1b\u202e")


@given(st.text(), st.text())
def test_text_stays_text(inner: str, attribute: str) -> None:
    """Whatever goes into an element or an attribute comes out of a parser as what it was."""
    read = Page(tag("p", inner, kind=attribute))
    assert read.elements == [("p", {"class": shown(attribute)} if attribute else {})]
    assert "".join(read.words).removesuffix("\n") == shown(inner)


def test_words_for_everything() -> None:
    """A verdict, role, kind of gap or clock that is new needs words here."""
    assert set(words.ONE) == set(Verdict) - {Verdict.VALID, Verdict.DERIVATIVE, Verdict.UNPROVEN}
    assert set(words.MANY) == set(Verdict) - {Verdict.VALID, Verdict.DERIVATIVE}  # only a film is one
    assert set(words.FILM) == set(Verdict) - {Verdict.VALID, Verdict.UNPROVEN}
    assert set(words.ALONE) == {Verdict.VALID, Verdict.NOT_WHOLE}
    assert set(words.MEANS) == set(BADGES) == set(Verdict)
    assert set(words.ROLES) == {*(role.label for role in Role), SECOND_ROLE}
    assert set(words.CLOCKS) == {"unset", "rtc", "dock"}
    assert set(words.GAPS) == {"video", "audio", "overflow"}
    assert set(words.SIGNERS) == {"software", "tpm2", "firmware"}


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "recording",
            "Recording 2 of camera cam-0042 is whole: nothing in it was changed, added or taken away since the camera signed it.",
        ),
        (
            "recovered",
            "Recording 3 of camera cam-0042 was cut off; what the camera had signed until then is unaltered.",
        ),
        ("damaged", "Recording 3 of camera cam-0042 is not whole: something was cut short, or added to."),
        ("missing", "This memory card of camera cam-0042 is not whole: something is missing."),
        (
            "volume",
            "Nothing in this memory card of camera cam-0042 was found altered, but it is not proven that nothing is missing since the last docking.",
        ),
        ("export", "This film shows what the camera recorded."),
    ],
)
def test_the_verdict_in_one_sentence(reports: dict[str, Report], kind: str, sentence: str) -> None:
    """In plain words, and never better than the verdict."""
    assert headline(reports[kind]).headline == sentence


def test_a_problem_is_told_in_plain_words(made: Desk, tmp_path: Path) -> None:
    """Each has its file, its reason, and what that comes to; the last resort is honest."""
    copy = tmp_path / "copy"
    shutil.copytree(made.recording(1), copy)
    (copy / "000000.mp4.age").unlink()
    (copy / "stranger").write_text("x")
    data = bytearray((copy / "000001.mp4.age").read_bytes())
    data[1000] ^= 1
    (copy / "000001.mp4.age").write_bytes(data)
    read = page(made.judge(copy)).text
    for sentence in (
        "000000.mp4.ageis missingSomething that must be here is not.",
        "Something is here that the camera did not put here, or under another name.",
        "The file was changed after it was signed, or its copy is damaged.",
        "Where a check failed, nothing is called proven.",
        "Who did it, or why",
    ):
        assert sentence in read
    assert words.GLOSSES[-1].pattern == ""


def test_times_are_shown_with_whose_they_are(reports: dict[str, Report]) -> None:
    """The camera's claim is called one; a clock that was never set gives no time of day."""
    recording = reports["recording"].recordings[0]
    assert "by the camera's own clock, kept since an earlier setting" in page(reports["recording"]).text
    assert recording.annex is not None
    unset = replace(recording, annex=replace(recording.annex, quality="unset", trusted_ms=None))
    read = page(replace(reports["recording"], recordings=(unset,))).text
    assert "the clock had never been set: the time of day is not known" in read
    assert "nobody but the camera vouches for any time" in read


@pytest.mark.parametrize("claimed", [10**18, -(10**18), 253_402_300_799_000, -1, 0])
def test_a_clock_may_claim_anything(reports: dict[str, Report], claimed: int) -> None:
    """No time breaks the picture or makes it big."""
    volume = reports["volume"].volumes[0]
    assert volume.annex is not None
    made_then = tuple(
        replace(each, utc_ms=claimed, annex=replace(each.annex, origin_ms=float(claimed)))
        for each in volume.recordings[:1]
        if each.annex is not None
    )
    moments = tuple(replace(each, utc_ms=claimed) for each in volume.annex.moments)
    changed = replace(
        volume, recordings=(*made_then, *volume.recordings[1:]), annex=replace(volume.annex, moments=moments)
    )
    html = render_page(replace(reports["volume"], volumes=(changed,)), NOW)
    assert len(html) < 200_000
    Page(html)


def test_what_is_missing_is_told_in_runs(reports: dict[str, Report]) -> None:
    """A hundred million missing recordings are one row."""
    volume = reports["missing"].volumes[0]
    assert volume.annex is not None
    assert volume.annex.missing == ((2, 2),)
    assert "2 missing" in page(reports["missing"]).text
    many = replace(volume, annex=replace(volume.annex, missing=((5, 99_999_999),)))
    assert "5 to 99999999" in page(replace(reports["missing"], volumes=(many,))).text


def test_gaps_stand_in_the_picture(reports: dict[str, Report]) -> None:
    """Where frames were lost the line of time says so."""
    recording = reports["recording"].recordings[0]
    assert recording.annex is not None
    assert Gap("video", 1, recording.annex.gaps[0].at_s) in recording.annex.gaps
    assert "gap: picture is missing" in page(reports["recording"]).text


def test_a_card_that_is_erased_and_empty(tmp_path: Path, made: Desk) -> None:
    """What left the camera against a receipt stands there as that, and an empty card has a page too."""
    camera = Camera(tmp_path / "card")
    assert "There is no recording here" in page(made.judge(tmp_path / "card")).text
    camera.record(Plan(segments=1, before=0))
    camera.receipt(1)
    camera.erase(1)
    read = page(made.judge(tmp_path / "card"))
    assert "1 erased" in read.text
    assert "erased from the camera against a dock's receipt" in read.text


def test_a_time_stamp(tmp_path: Path, made: Desk) -> None:
    """It stands in the annex with its file, its number and its certificate, and says whether it is believed."""
    camera = Camera(tmp_path / "card")
    camera.record(Plan(segments=1, before=0))
    camera.stamp(1, DOCK_MS)
    (tmp_path / "tsa.pem").write_bytes(TimeAuthority().root_pem)
    for root, words_ in ((tmp_path / "tsa.pem", "(believed)"), (None, "(not believed: no authority that was named")):
        report = verify_path(camera.directory(1), made.root, tsa_root=root)
        annex = report.recordings[0].annex
        assert annex is not None
        assert annex.stamp is not None
        read = page(report).text
        assert words_ in read
        for each in (annex.stamp.certificate, annex.stamp.serial, annex.stamp.authority, "manifest.tsr"):
            assert each in read


def test_without_a_root(made: Desk) -> None:
    """From Python no root may be named; the page says that nobody vouches."""
    read = page(verify_path(made.recording(1), None)).text
    assert "nobody: no root certificate was given" in read


def test_nothing_can_be_believed(made: Desk, tmp_path: Path) -> None:
    """A recording whose opening is gone still has a page."""
    copy = tmp_path / "copy"
    shutil.copytree(made.recording(1), copy)
    (copy / "journal.jwsl").write_bytes(b"")
    assert "Nothing of it can be believed." in page(made.judge(copy)).text


def test_command(made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--html FILE`` writes the page and changes nothing else; where it cannot, the command says so."""
    arguments = [str(made.recording(1)), "--root", str(made.root)]
    assert cli.main(arguments) == 0
    plain = capsys.readouterr().out
    assert cli.main([*arguments, "--html", str(tmp_path / "report.html")]) == 0
    assert capsys.readouterr().out == plain
    assert "is whole" in Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert cli.main([*arguments, "--html", str(tmp_path / "nowhere" / "report.html")]) == 2
    assert "lapel verify: " in capsys.readouterr().err


def test_one_version() -> None:
    """The verifier, which also runs alone, is of the version that the project says."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("front", "back"),
    [
        *((front, back) for front in ("ink", "soft", "link") for back in ("paper", "ground")),
        *((kind, f"{kind}-bg") for kind in ("good", "warn", "bad")),
        *((kind, "paper") for kind in ("good", "warn", "bad")),
        *(("paper", kind) for kind in ("good", "warn", "bad", "dock", "before")),
    ],
)
def test_contrast(front: str, back: str) -> None:
    """Every pair of colours reaches 4.5 to 1, what the guidelines ask for text."""
    css = (REPOSITORY / "tools" / "verify" / "page" / "page.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", css))
    lighter, darker = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
