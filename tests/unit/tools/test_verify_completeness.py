"""Whether everything is there, up to where somebody outside the card vouches for it; a log that was cleared, turned back, or copied."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Plan
from tools.verify.cli import main
from tools.verify.findings import Refused
from tools.verify.report import Report, Verdict
from tools.verify.verifier import verify_path

SMALL = Plan(segments=1, before=0, sound=False, private=())
PRESS = {"kind": "press", "button": "record", "gesture": "press"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root certificate."""
    path = tmp_path / "root.pem"
    path.write_bytes(Authority().root_pem)
    return path


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """A camera with two recordings in two boots, docked after both."""
    made = Camera(tmp_path / "card")
    made.record(SMALL)
    made.log("stop", {"reason": "shutdown", "resume": False})
    made.boot()
    made.record(SMALL)
    made.countersign()
    return made


def wrong(report: Report) -> str:
    """All that is wrong, as text."""
    return "\n".join(f"{path}/{each.file}: {each.reason}" for path, found in report.every_problem for each in found)


def words(report: Report) -> str:
    """What is said of all volumes."""
    return "\n".join(row for each in report.volumes for row in (*each.facts, *each.proven, *each.not_proven))


def test_a_device_s_folder_is_whole_up_to_its_anchor(
    camera: Camera, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All present, and proven; with one line more nobody outside vouches for the end, and it is not called whole any more."""
    camera.offload(tmp_path / "store")
    device = tmp_path / "store" / camera.name
    assert main([str(device), "--device", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "recordings 1 to 2 all present" in said
    assert "all together: WHOLE" in said
    camera.log("fault", {"code": "x"})
    camera.offload(tmp_path / "store")
    assert main([str(device), "--device", "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "all together: not proven since 2026-06-05 17:46:40 UTC (recordings: 2 whole)" in said
    assert "WHOLE (rec" not in said.split("all together")[1]


def test_device_wants_a_device_s_folder(camera: Camera, root: Path, tmp_path: Path) -> None:
    """A card, a store or a recording is told apart, before anything is judged."""
    camera.offload(tmp_path / "store")
    for path in (camera.path, tmp_path / "store", camera.directory(1)):
        with pytest.raises(Refused, match="folder of one device"):
            verify_path(path, root, device=True)


def test_missing_ones_are_named_and_the_rest_is_told(camera: Camera, root: Path, tmp_path: Path) -> None:
    """By number, in words and for machines."""
    for _ in range(3):
        camera.record(SMALL)
    camera.countersign()
    target = camera.offload(tmp_path / "store")
    for number in (2, 4):
        shutil.rmtree(target / "recordings" / f"{number:08d}")
    report = verify_path(target.parent, root)
    assert report.verdict is Verdict.NOT_WHOLE
    assert "present: recordings 1, 3, 5; missing: 2, 4" in words(report)
    told = report.to_json()["volumes"][0]["completeness"]
    assert (told["missing"], told["present"], told["proven_to"]) == ((2, 4), ((1, 1), (3, 3), (5, 5)), 5)


# Against the dock's copy of the anchor.


def turned_back(camera: Camera) -> Callable[[], None]:
    """Keep the card as it is now; what puts it back."""
    kept = camera.path.with_name("kept")
    shutil.copytree(camera.path, kept)

    def put_back() -> None:
        shutil.rmtree(camera.path)
        kept.rename(camera.path)

    return put_back


@pytest.mark.parametrize("given", ["store", "store/cam-0042", "volume", "file"])
def test_a_card_that_was_turned_back_is_found_by_the_dock_s_anchor(
    camera: Camera, root: Path, tmp_path: Path, given: str
) -> None:
    """Its own anchor was turned back with it, and by itself it looks well; a deleted tail looks the same."""
    put_back = turned_back(camera)
    camera.record(SMALL)
    camera.countersign()
    target = camera.offload(tmp_path / "store")
    put_back()
    assert verify_path(camera.path, root).problems == ()
    assert wrong(verify_path(camera.path, root)) == ""
    outside = {"volume": target, "file": target / "anchor.jws"}.get(given, tmp_path / given)
    report = verify_path(camera.path, root, anchors=[outside])
    assert report.verdict is Verdict.NOT_WHOLE
    assert "it was turned back, or its end is gone" in wrong(report)


def test_a_copied_camera_is_found_by_the_dock_s_anchor(camera: Camera, root: Path, tmp_path: Path) -> None:
    """The copy went on by itself, longer than the one that was docked: line by line it is another log."""
    camera.record(SMALL)
    camera.countersign()
    camera.offload(tmp_path / "store")
    twin = Camera(tmp_path / "twin")
    twin.record(SMALL)
    twin.log("stop", {"reason": "shutdown", "resume": False})
    twin.boot()
    for _ in range(4):
        twin.log("fault", {"code": "x"})
        twin.record(SMALL)
    report = verify_path(twin.path, root, anchors=[tmp_path / "store"])
    assert "two continuations of one log" in wrong(report)


def test_an_anchor_from_outside_proves_further(camera: Camera, root: Path, tmp_path: Path) -> None:
    """The newest that fits counts, wherever it lies; one of another volume is told and ignored."""
    (tmp_path / "old.jws").write_bytes((camera.path / "anchor.jws").read_bytes())
    camera.record(SMALL)
    camera.countersign(utc_ms=1_780_000_000_000 + 77_000_000)
    newest = tmp_path / "newest.jws"
    (camera.path / "anchor.jws").rename(newest)
    (tmp_path / "old.jws").rename(camera.path / "anchor.jws")
    assert verify_path(camera.path, root).verdict is Verdict.UNPROVEN
    assert verify_path(camera.path, root, anchors=[newest]).verdict is Verdict.WHOLE
    other = Camera(tmp_path / "other", volume="8" * 32)
    other.countersign()
    assert "none of the anchors that were given is of this volume" in words(
        verify_path(camera.path, root, anchors=[other.path])
    )


@pytest.mark.parametrize("forge", ["nothing", "nonsense", "another authority's"])
def test_anchors_that_are_none_are_wrong_usage(camera: Camera, root: Path, tmp_path: Path, forge: str) -> None:
    """A path without one, and one that does not verify: not to be believed in silence."""
    path = tmp_path / "given"
    path.mkdir()
    if forge == "nonsense":
        (path / "anchor.jws").write_bytes(b"a.b.c\n")
    if forge == "another authority's":
        camera.countersign(signer=Authority("other").dock)
        shutil.copyfile(camera.path / "anchor.jws", path / "anchor.jws")
    with pytest.raises(Refused, match="given"):
        verify_path(camera.path, root, anchors=[path])


@pytest.mark.parametrize("name", ["audit/00000002.jwsl", "audit/00000001.private.age", "volume.jws"])
def test_what_a_dock_kept_beside_is_a_conflict(camera: Camera, root: Path, tmp_path: Path, name: str) -> None:
    """Other bytes for a place that is taken: two cameras with one identity, or one turned back."""
    target = camera.offload(tmp_path / "store")
    (target / f"{name}.conflict-0123abcd").write_bytes(b"x\n")
    assert "two cameras with one identity" in wrong(verify_path(target.parent, root))


# The hardware's counter.


def counting(path: Path, *, openings: int, ahead: int, **more: Any) -> Camera:
    """A camera whose counter saw so many openings, and then ``ahead`` more."""
    made = Camera(path, counter=4, **more)
    for _ in range(openings):
        made.record(SMALL)
    made.counter = 4 + openings + ahead
    made.boot()
    made.countersign()
    return made


def test_a_counter_that_ran_further_than_the_log(root: Path, tmp_path: Path) -> None:
    """Of one volume alone that is not proven; over all of a device it has to add up; back it never goes."""
    counting(tmp_path / "good", openings=2, ahead=0).offload(tmp_path / "a")
    assert wrong(verify_path(tmp_path / "a" / "cam-0042", root)) == ""
    card = counting(tmp_path / "card", openings=2, ahead=2)
    alone = verify_path(card.path, root)
    assert (wrong(alone), "ran 2 further than this log has" in words(alone)) == ("", True)
    card.offload(tmp_path / "b")
    assert "saw 2 openings that no log here has" in wrong(verify_path(tmp_path / "b" / "cam-0042", root))
    counting(tmp_path / "second", openings=2, ahead=0, volume="8" * 32).offload(tmp_path / "b")
    assert wrong(verify_path(tmp_path / "b" / "cam-0042", root)) == ""
    back = counting(tmp_path / "back", openings=2, ahead=-3)
    assert "counter ran back, from 4 to 3 in boot 2" in wrong(verify_path(back.path, root))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("settings-back 1 5", "before boot 3: a dock had brought serial 5, and those of serial 1 were in force"),
        ("settings-back 5 5", "before boot 3: a dock had brought serial 5, and others under that serial were in force"),
        ("settings-back", None),
        ("settings-back 1 5 9", None),
        ("settings-back x y", None),
        ("settings-back " + "9" * 17 + " 5", None),
        ("anchor-ahead 5", None),
    ],
)
def test_settings_that_were_turned_back_are_told(camera: Camera, root: Path, code: str, said: str | None) -> None:
    """Under which settings it was recorded is a fact that a court may ask about, and harms no evidence; any other text of a fault is taken."""
    camera.boot()
    camera.log("fault", {"code": code})
    camera.countersign()
    report = verify_path(camera.path, root)
    assert wrong(report) == ""
    told = [each for each in report.volumes[0].facts if "settings" in each]
    assert told == ([] if said is None else [f"settings were turned back {said}"])


# A log whose beginning a dock has taken over.


def test_a_cleared_card_goes_on_where_its_receipt_says(camera: Camera, root: Path, tmp_path: Path) -> None:
    """In order, and not told of what went before; the store has it all."""
    target = camera.offload(tmp_path / "store")
    camera.clear(camera.log_receipt())
    shutil.copyfile(camera.path / "log-receipt.jws", target / "log-receipt.jws")
    report = verify_path(camera.path, root)
    assert wrong(report) == ""
    assert "lines 1 to 4 of the audit log are not here: dock dock-1 signed" in words(report)
    shutil.rmtree(camera.directory(1))
    gone = verify_path(camera.path, root)
    assert wrong(gone) == ""
    assert "what became of recordings 1: the lines of the log that told of them are in a dock's store" in words(gone)
    assert gone.volumes[0].completeness.elsewhere == ((1, 1),)
    assert wrong(verify_path(target.parent, root)) == ""
    assert verify_path(target.parent, root).verdict is Verdict.WHOLE


def test_a_half_cleared_card_is_in_order(camera: Camera, root: Path) -> None:
    """A cut may have left any of the files that the receipt covers."""
    camera.boot()
    receipt = camera.log_receipt()
    first, second = (camera.path / "audit" / f"{boot:08d}.jwsl" for boot in (1, 2))
    camera.log("cleared", {"receipt": receipt, "boot": 2, "line": camera.begun[0]})
    for gone in ((), (first,), (second,), (first, second)):
        kept = {path: path.read_bytes() for path in gone}
        for path in gone:
            path.unlink()
        assert wrong(verify_path(camera.path, root)) == "", gone
        for path, data in kept.items():
            path.write_bytes(data)


def test_a_beginning_that_nobody_took_over_is_missing(camera: Camera, root: Path) -> None:
    """Without a receipt, with another's, or with one for another line."""
    (camera.path / "audit" / "00000001.jwsl").unlink()
    assert "lines are missing" in wrong(verify_path(camera.path, root))
    for forged in (
        {"signer": Authority("other").dock},
        {"audit": {"line": 2, "head": "1" * 64}},
        {"volume": "8" * 32},
        {"device": "cam-1"},
    ):
        camera.log_receipt(**forged)
        assert wrong(verify_path(camera.path, root)), forged


def test_a_receipt_for_other_files_is_refused(camera: Camera, root: Path) -> None:
    """What it lists and is here has to be that, and no later boot's."""
    name = "00000001.jwsl"
    camera.log_receipt(files=[{"name": name, "length": 5, "hash": "1" * 64}])
    assert "is not the file that a dock has taken over" in wrong(verify_path(camera.path, root))
    camera.log_receipt(boot=1, files=[{"name": "00000002.jwsl", "length": 5, "hash": "1" * 64}])
    assert "not the file" in wrong(verify_path(camera.path, root))
    camera.log_receipt(files=[], audit={"line": 99, "head": "1" * 64})
    assert "took over 99 lines" in wrong(verify_path(camera.path, root))


# Its private part.


def test_the_private_part_is_read_with_the_key_alone(camera: Camera, root: Path, tmp_path: Path) -> None:
    """In plain words, with its boot and time."""
    camera.remark({"kind": "shift", "shift": "S-9"}, PRESS)
    camera.remark({"kind": "mute", "on": True}, last=True)
    key = tmp_path / "authority.key"
    key.write_text(RECIPIENTS[0].key_file)
    report = verify_path(camera.path, root, [key])
    assert wrong(report) == ""
    said = [each.text.split(": ", 1)[1] for each in report.volumes[0].private or ()]
    assert said == ["assigned to shift S-9", "record button: press", "the microphone was silenced"]
    assert verify_path(camera.path, root).volumes[0].private is None
    camera.remark(PRESS)
    assert "goes on after it was closed" in wrong(verify_path(camera.path, root))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda data: data[:-1], "is cut off"),
        (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], "its bytes are not those"),
        (lambda data: data + b"x", "something stands behind"),
        (None, "is missing"),
    ],
)
def test_a_private_part_that_was_touched_is_found(
    camera: Camera, root: Path, edit: Callable[[bytes], bytes] | None, why: str
) -> None:
    """Without any key."""
    camera.remark(PRESS, last=True)
    camera.log("stop", {"reason": "shutdown", "resume": False})
    path = camera.path / "audit" / "00000002.private.age"
    if edit is None:
        path.unlink()
    else:
        path.write_bytes(edit(path.read_bytes()))
    assert f"00000002.private.age: {why}" in wrong(verify_path(camera.path, root))


def test_what_a_cut_left_of_it_is_told_and_not_signed(camera: Camera, root: Path) -> None:
    """A boot that was cut off may have written more than its last line vouches for."""
    camera.remark(PRESS)
    path = camera.path / "audit" / "00000002.private.age"
    path.write_bytes(path.read_bytes() + bytes(500))
    report = verify_path(camera.path, root)
    assert wrong(report) == ""
    assert "500 bytes of the log's private part" in words(report)
    (camera.path / "audit" / "00000007.private.age").write_bytes(b"x")
    assert "no line of the log here is of that boot" in wrong(verify_path(camera.path, root))


# Since when.


def test_the_timeline(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Off, on, recording, docked, from the log; and since when it was none of these."""
    made = Camera(tmp_path / "card")
    made.record(SMALL)
    made.log("place", {"place": "docked", "dock": "dock-1"})
    made.log("place", {"place": "worn", "dock": "dock-1"})
    made.log("stop", {"reason": "shutdown", "resume": False})
    made.boot()
    made.open(SMALL)
    made.log("fault", {"code": "x"})
    made.boot()
    report = verify_path(made.path, root)
    states = [(span.state, span.number) for span in report.volumes[0].timeline]
    assert states == [
        ("on", None),
        ("recording", 1),
        ("on", None),
        ("docked", None),
        ("on", None),
        ("off", None),
        ("on", None),
        ("recording", 2),
        ("off", None),
        ("on", None),
    ]
    spans = report.volumes[0].timeline
    assert all(one.until_ms == other.from_ms for one, other in itertools.pairwise(spans))
    assert spans[-1].until_ms is None
    main([str(made.path), "--root", str(root)])
    said = capsys.readouterr().out
    for row in ("timeline", "not recording since", "in no dock since", "last heard of at", "in dock dock-1"):
        assert row in said
