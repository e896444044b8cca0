"""The end of the story on made-up evidence: verdicts, films, and the page that tells of it all."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from tests.evidence_maker import RECIPIENTS, Camera, Plan
from tests.evidence_maker.recording import PRESS_MS
from tools.demo import page
from tools.demo.checks import Check
from tools.demo.chronicle import Chronicle, Entry, Who
from tools.demo.contact_sheet import moments
from tools.demo.evidence import footage
from tools.demo.finale import export, verify
from tools.demo.report import NAME, VERDICT, lanes, write_report
from tools.demo.stage import Stage
from tools.sim.home import Home
from tools.sim.screen import PlainScreen
from tools.verify.findings import Refused
from tools.verify.page.timeline import draw
from tools.verify.verifier import verify_path

EMPTY = {"meta", "link", "img", "br"}
CUT_MS = PRESS_MS + 2_060_000 + 3_500


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """What the demo leaves behind: recording 1 sealed, 2 cut off and recovered, 3 resumes it; all handed over and erased.  Not to be changed."""
    home = Home(tmp_path_factory.mktemp("demo"))
    camera = Camera(home.card)
    marked = (
        {
            "kind": "start",
            "at": 180_000,
            "trigger": "button",
            "press": {"mono_ms": 1, "utc_ms": PRESS_MS, "quality": "rtc"},
        },
    )
    camera.record(Plan(priority=True, private=(*Plan().private, *marked)))
    camera.cut()
    cut = camera.recorders[2]
    camera.boot()
    camera.recover(2)
    resumed = {"number": 2, "opening": camera.previous, "ended": cut.flushes[-1]["clock"]}
    camera.record(Plan(segments=2, before=0, continues=resumed))
    for number in (1, 2, 3):
        camera.receipt(number)
    camera.countersign()
    camera.offload(home.dock)
    for number in (1, 2, 3):
        camera.erase(number)
    (home.dock / camera.name / camera.volume / "anchor.jws").write_bytes((home.card / "anchor.jws").read_bytes())
    home.authority.mkdir()
    home.certificate.write_bytes(camera.authority.root_pem)
    for recipient in RECIPIENTS:
        (home.authority / f"{recipient.seed}.agekey").write_text(recipient.key_file)
    home.export.mkdir()
    return home


def stage_of(home: Home, out: io.StringIO | None = None) -> Stage:
    """A stage on which everything before the verification was played."""
    stage = Stage(home, PlainScreen(Console(file=out or io.StringIO())), None)
    for at_s, name in ((0, "on"), (1, "plugged"), (2, "assigned"), (3, "pulled"), (60, "press"), (62, "stop")):
        stage.chronicle.note(PRESS_MS + 1_060_000 + at_s * 1000, Who.OFFICER, f"it happened: {name}", name)
    stage.chronicle.note(CUT_MS, Who.FATE, "<SIGKILL>", "cut")
    for at_s, name in (
        (2, "on"),
        (3, "resumed"),
        (20, "plugged"),
        (22, "receipted"),
        (23, "pulled"),
        (24, "plugged"),
        (30, "pulled"),
    ):
        stage.chronicle.note(CUT_MS + at_s * 1000, Who.DOCK, f"it happened: {name}", name)
    return stage


class Page(HTMLParser):
    """Reads a page strictly: everything that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.open = list[str]()
        self.addresses = list[str]()
        self.tags = list[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Note it, and where it leads."""
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Nothing is inside."""
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It has to be the innermost one."""
        assert self.open.pop() == tag


@pytest.fixture(scope="session")
def told(played: Home) -> tuple[Stage, str]:
    """The last three steps, played; and the page."""
    stage = stage_of(played)
    verify(stage)
    export(stage)
    write_report(stage)
    return stage, (played.root / NAME).read_text()


def test_what_was_found_is_in_the_table(told: tuple[Stage, str]) -> None:
    """Each promise about the evidence that holds is said to hold, with its figures."""
    stage, _ = told
    found = {check.found: check.ok for check in stage.checks}
    assert [
        found.get(line)
        for line in ("2 whole, 1 recovered", "3 of 3 films", "3 erased, 0 left; its own signed log proves it")
    ] == [True] * 3
    (recovered,) = [check for check in stage.checks if "recovered and signed" in check.found]
    assert recovered.ok
    assert any(check.found.endswith("names recording 2") and check.ok for check in stage.checks)
    assert any(check.found == "no beep was found" and not check.ok for check in stage.checks)


def test_the_page_is_whole_and_needs_nothing_else(told: tuple[Stage, str]) -> None:
    """Well formed, no script, nothing fetched: pictures inside, links only to the films, the verdict and to age's home page."""
    parsed = Page(told[1])
    assert parsed.open == []
    assert "script" not in parsed.tags
    films = [f"export/{number:08d}.mp4" for number in (1, 2, 3)]
    rest = [address for address in parsed.addresses if not address.startswith("data:image/jpeg;base64,")]
    assert [address for address in rest if address != "https://age-encryption.org"] == [*films, VERDICT]
    assert "cut off while recording" in (told[0].home.root / VERDICT).read_text(encoding="utf-8")
    assert "url(" not in told[1]
    assert not re.search(r"\$\w", told[1])


def test_the_page_tells_what_is_proven_and_what_is_not(told: tuple[Stage, str]) -> None:
    """Verdicts, pictures, private entries, hashes, receipts; what others wrote is escaped."""
    stage, text = told
    assert text.count('<span class="badge good">whole</span>') == 2
    assert text.count('<span class="badge warn">recovered</span>') == 1
    assert text.count('<span class="badge good">this receipt</span>') == 3
    assert "Something did not hold" in text
    assert "&lt;SIGKILL&gt;" in text
    assert "<SIGKILL>" not in text
    for each in stage.footage:
        assert each.receipt.hash in text
        assert all(listed.now.hash in text for listed in each.manifest.files)
        assert page.clock(each.origin_ms) in text
    assert "last frame before the power cut" in text
    assert "resumes by itself" in text
    assert "bookmark: Zelle 12" in text
    assert len(re.findall(r'<figure class="before">', text)) >= 2


def test_media_times_are_placed_by_the_signed_clock(told: tuple[Stage, str]) -> None:
    """The time line stands on what the camera signed: a flush was captured so long before its line was made."""
    first = told[0].footage[0]
    best = min(
        flush.clock.utc_ms - flush.lag_ms - flush.until / 90
        for flush in first.journal.flushes
        if flush.video and flush.until
    )
    assert first.origin_ms == pytest.approx(best + 100)  # ten frames a second
    assert first.utc_ms(2.0) - first.origin_ms == pytest.approx(2000)
    assert (first.live_s, first.end_s) == (2.0, 6.0)
    assert first.at("bookmark") == pytest.approx(300_000 / 90_000)
    assert first.at("fault") is None


def test_moments_follow_the_recording(told: tuple[Stage, str]) -> None:
    """Before the press only where there is a buffer; the last frame always."""
    labels = [[moment.label for moment in moments(each)] for each in told[0].footage]
    assert {"oldest frame of the buffer", "pressed", "bookmark", "last frame"} <= set(labels[0])
    assert "last frame before the power cut" in labels[1]
    assert labels[2][0] == "resumes by itself"
    assert not any(moment.before for moment in moments(told[0].footage[2]))


def test_lanes_show_gap_and_cut(told: tuple[Stage, str]) -> None:
    """Each recording has a lane, the gap begins where the signed footage ends, each stay in the dock is a span."""
    stage, _ = told
    drawn = lanes(stage.footage, stage.chronicle)
    assert [lane.title for lane in drawn] == ["recording 1", "recording 2", "recording 3", "dock"]
    assert [span.kind for span in drawn[0].spans] == ["pre", "live"]
    assert [mark.label for mark in drawn[0].marks] == ["press", "bookmark", "stop"]
    assert [mark.label for mark in drawn[1].marks if mark.kind == "cut"] == ["power cut"]
    gap = drawn[2].spans[0]
    assert (gap.kind, gap.begin_ms) == ("gap", stage.footage[1].utc_ms(stage.footage[1].end_s))
    assert [span.kind for span in drawn[3].spans] == ["dock"] * 3
    assert [mark.label for mark in drawn[3].marks] == ["clock and shift", "receipt 1", "pulled out"]
    assert draw(drawn)


def test_a_damaged_store_is_told(played: Home, tmp_path: Path) -> None:
    """One changed byte: each check of the store fails and names the file, and no film is made of it."""
    home = Home(tmp_path / "demo")
    shutil.copytree(played.root, home.root)
    victim = next(home.dock.rglob("00000001/*.mp4.age"))
    data = bytearray(victim.read_bytes())
    data[70_000] ^= 1
    victim.write_bytes(data)
    stage = stage_of(home)
    verify(stage)
    failed = [check for check in stage.checks if check.area == "verified" and not check.ok]
    assert len(failed) == 3
    assert all(victim.name in check.found for check in failed)
    (home.export / "00000001.mp4").unlink(missing_ok=True)
    with pytest.raises(Refused, match="is not whole"):
        export(stage)


def test_a_recording_without_a_receipt_has_no_place_here(played: Home, tmp_path: Path) -> None:
    """It says which one."""
    home = Home(tmp_path / "demo")
    shutil.copytree(played.root, home.root)
    next(home.dock.rglob("00000002/receipt.jws")).unlink()
    report = verify_path(home.dock, home.certificate, [home.key])
    with pytest.raises(Refused, match="00000002: journal, manifest or receipt is missing"):
        footage(home.dock, report, home.certificate)


def test_pieces_are_escaped() -> None:
    """Nothing that is told becomes markup."""
    nasty = "<b>&\"'"
    for piece in (
        page.figures([(nasty, nasty)]),
        page.check_rows([Check("recorded", nasty, nasty, ok=False)]),
        page.commands([(nasty, nasty)]),
        page.happenings([Entry(0, Who.DOCK, nasty)]),
        page.story([Entry(0, Who.DEMO, nasty)]),
    ):
        assert "<b>" not in piece
        assert "&lt;b&gt;&amp;" in piece


def test_a_page_is_never_filled_in_part() -> None:
    """A piece that was forgotten is a mistake, not a blank."""
    with pytest.raises(KeyError):
        page.fill({"date": "today"})


def test_times_of_day() -> None:
    """To a tenth of a second, rounded."""
    assert page.clock(PRESS_MS) == "00:00:00.0"
    assert page.clock(PRESS_MS + 59_960) == "00:01:00.0"
    assert page.clock(-1) == "00:00:00.0"


def test_an_empty_chronicle_has_no_lane_for_nothing() -> None:
    """Without recordings there is still the dock's lane."""
    (only,) = lanes([], Chronicle())
    assert (only.title, only.spans, only.marks) == ("dock", (), ())
