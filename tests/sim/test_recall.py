"""A camera that the authority recalled records nothing more, whatever happens to it, until two have undone that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from firmware.core.indications import LIGHTS, Look, Trouble
from firmware.core.machine import Recording
from firmware.evidence import documents, jws, kinds
from firmware.evidence.errors import EvidenceError
from firmware.runtime import durable
from tests.pki import Holder, Pki
from tests.rig import Rig, judge, pki

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.evidence.documents import Kind

LOST = {"device": "cam-1", "reason": "found in the yard", "utc_ms": 1_790_000_000_000}


def signed(kind: Kind, holder: Holder, **facts: object) -> bytes:
    """A paper about a recall."""
    return documents.sign(kind, facts, holder.sign, holder.chain.ders)


def recall(**changes: object) -> bytes:
    """The authority's recall."""
    return signed(kinds.RECALL, pki().settings, **{**LOST, **changes})


def words_for(line: bytes, **changes: object) -> tuple[bytes, bytes]:
    """The two that undo it."""
    facts: dict[str, Any] = {"device": "cam-1", "recall": jws.line_hash(line), "utc_ms": 1_790_000_000_001, **changes}
    return signed(kinds.RELEASE, pki().settings, **facts), signed(kinds.CONSENT, pki().release, **facts)


def order(rig: Rig, line: bytes) -> Rig:
    """A dock hands it over."""
    rig.camera.vault.recalls.take(line)
    rig.settle()
    return rig


def told(rig: Rig) -> list[str]:
    """What the log says of recalls."""
    return [line["data"]["state"] for line in rig.audit() if line["kind"] == "recall"]


PRESSES: dict[str, Callable[[Rig], object]] = {
    "a press": lambda rig: rig.tap().run(1),
    "an alarm": lambda rig: (rig.triggers.fire("alarm"), rig.run(1)),
    "another start": lambda rig: rig.restart().tap().run(1),
    "a power cut": lambda rig: rig.power_cut().tap().run(1),
}


@pytest.mark.parametrize("what", PRESSES)
def test_nothing_is_recorded_and_that_is_shown_and_felt(what: str) -> None:
    """No way in: each is refused loudly, the light says that it is unable, and the log says why."""
    rig = order(Rig.new().run(2), recall())
    before = rig.camera.vault.volume.audit.ledger.upcoming
    PRESSES[what](rig)
    after = rig.power_cut().run(1)
    assert after.camera.vault.volume.audit.ledger.upcoming == before
    assert after.state is Recording.IDLE
    assert Trouble.RECALLED in after.camera.controller.face.troubles
    assert after.indicators.lights == LIGHTS[Look.UNABLE]
    assert after.tap().cues[-1] == "refused"
    assert told(after)[0] == "recalled"
    assert set(told(after)[1:]) == {"stands"}


def test_what_was_being_recorded_is_sealed(tmp_path: Path) -> None:
    """A recall that meets a recording ends it, whole, and says why."""
    rig = order(Rig.new().run(3).tap().run(2), recall()).run(2)
    assert rig.state is Recording.IDLE
    report = judge(rig, tmp_path)
    assert report.problems == ()
    (recording,) = report.volumes[0].recordings
    assert any("stopped: recalled" in entry.text for entry in recording.private or ())


def test_what_was_cut_off_is_not_gone_on_with() -> None:
    """A camera that is recalled recovers what it has, and begins nothing in its place; nor for a press that waits for an answer."""
    rig = Rig.new().run(2).tap().run(2)
    durable.replace(rig.config.root(), "recall.jws", recall() + b"\n")
    rig = rig.power_cut().run(2)
    assert rig.state is Recording.IDLE
    assert rig.camera.vault.volume.audit.ledger.upcoming == 2
    assert [entry.number for entry in rig.camera.vault.custody.inventory.all()] == [1]


@pytest.mark.parametrize("first", [0, 1])
def test_two_undo_it(first: int, tmp_path: Path) -> None:
    """Neither word alone, in either order, across a power cut; with both it records again at once, and the log tells the whole story."""
    line = recall()
    words = words_for(line)
    rig = order(order(Rig.new().run(2), line), words[first])
    assert rig.tap().run(1).state is Recording.IDLE
    rig = rig.power_cut().run(1)
    assert rig.tap().run(1).state is Recording.IDLE
    rig = order(rig, words[1 - first])
    assert rig.run(0.2).indicators.lights == LIGHTS[Look.READY]
    assert rig.tap().run(1).state is Recording.RECORDING
    rig = rig.stop().power_cut().run(1)
    assert rig.tap().run(1).state is Recording.RECORDING
    assert told(rig) == ["recalled", "stands", "released"]
    report = judge(rig.stop(), tmp_path)
    assert report.problems == ()
    (volume,) = report.volumes
    assert "the authority recalled this camera: found in the yard" in volume.facts
    assert not any("recall" in each for each in volume.not_proven)


def test_an_old_recall_does_not_come_back() -> None:
    """A dock that still has the papers offers them again: they change nothing; an older recall is refused, a newer one holds, and what
    undid the first one does not undo it."""
    line = recall()
    rig = Rig.new().run(1)
    for each in (line, *words_for(line), line, *words_for(line)[:0]):
        order(rig, each)
    assert told(rig) == ["recalled", "released"]
    with pytest.raises(EvidenceError, match="utc_ms: is not newer"):
        order(rig, recall(utc_ms=LOST["utc_ms"], reason="another"))
    assert rig.restart().camera.vault.recalls.standing is None
    order(rig, words_for(line)[1])
    assert told(rig) == ["recalled", "released"], "another signature of a word that was said says nothing new"
    newer = recall(utc_ms=1_790_000_000_002)
    order(rig, newer)
    for each in words_for(line):
        with pytest.raises(EvidenceError, match="recall: is about another one"):
            order(rig, each)
    assert rig.run(1).tap().run(1).state is Recording.IDLE
    rig = rig.power_cut()
    assert rig.camera.vault.recalls.standing is not None
    for each in words_for(newer):
        order(rig, each)
    assert rig.camera.vault.recalls.standing is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (lambda: recall(device="cam-2"), "device: is not the one expected"),
        (lambda: signed(kinds.RECALL, Pki.create().settings, **LOST), "x5c"),
        (lambda: documents.sign(kinds.RECALL, LOST, pki().dock.sign, pki().dock.chain.ders), "x5c"),
        (lambda: documents.sign(kinds.RECALL, LOST, pki().release.sign, pki().release.chain.ders), "x5c"),
        (lambda: words_for(recall())[0], "recall: this camera was not recalled"),
        (lambda: documents.sign(kinds.ASSIGNMENT, {"device": "cam-1", "shift": "s", "utc_ms": 1}, pki().dock.sign, pki().dock.chain.ders), "typ: is none of"),
    ],
)  # fmt: skip
def test_what_is_no_order(line: Callable[[], bytes], says: str) -> None:
    """For another camera, of another authority, by a dock, by a release signer, about no recall, or no order at all."""
    rig = Rig.new().run(1)
    with pytest.raises(EvidenceError, match=says):
        order(rig, line())
    assert rig.tap().run(1).state is Recording.RECORDING
    assert told(rig) == []


def test_one_signer_is_not_two() -> None:
    """The authority cannot consent, nor the release signer release."""
    line = recall()
    rig = order(Rig.new().run(1), line)
    facts: dict[str, Any] = {"device": "cam-1", "recall": jws.line_hash(line), "utc_ms": 1}
    for kind, holder in ((kinds.CONSENT, pki().settings), (kinds.RELEASE, pki().release)):
        with pytest.raises(EvidenceError):
            order(rig, signed(kind, holder, **facts))
    assert rig.run(0.2).tap().run(1).state is Recording.IDLE


@pytest.mark.parametrize("data", [b"", b"rot", b"x" * 5_000_000, recall(device="cam-2") + b"\n", recall()])
def test_a_paper_that_rots_keeps_no_press_from_being_recorded(data: bytes) -> None:
    """It counts as nothing, and the log says so."""
    rig = Rig.new().run(1)
    file = rig.config.root().create("recall.jws")
    file.append(data)
    file.sync()
    rig.config.root().sync()
    rig = rig.restart()
    assert rig.tap().run(1).state is Recording.RECORDING
    codes = [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"]
    assert any(code.startswith("recall.jws: ") for code in codes)


def test_papers_that_were_taken_away_are_missed(tmp_path: Path) -> None:
    """Whoever has the card can remove the papers; the log remembers, and the verifier names what was recorded all the same."""
    rig = order(Rig.new().run(2), recall())
    rig.config.root().remove("recall.jws")
    rig.config.root().sync()
    rig = rig.power_cut().run(1).tap().run(1).stop().run(1)
    report = judge(rig, tmp_path)
    assert any(
        "recordings 1 were begun while the log says that this camera was recalled" in each
        for each in report.volumes[0].not_proven
    )


def test_a_partition_that_fails_is_said_to_the_dock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be kept is not in force, and the dock tries again."""

    def broken(*_: object) -> NoReturn:
        raise OSError("refused")

    rig = Rig.new().run(1)
    line = recall()
    with monkeypatch.context() as failing:
        failing.setattr(durable, "replace", broken)
        with pytest.raises(OSError, match="refused"):
            order(rig, line)
    assert rig.run(1).state is Recording.IDLE
    assert Trouble.RECALLED not in rig.camera.controller.face.troubles
    order(rig, line)
    for each in words_for(line):
        with monkeypatch.context() as failing:
            failing.setattr(durable, "replace", broken)
            with pytest.raises(OSError, match="refused"):
                order(rig, each)
        assert Trouble.RECALLED in rig.run(0.2).camera.controller.face.troubles
        order(rig, each)
    assert Trouble.RECALLED not in rig.run(0.2).camera.controller.face.troubles


def test_nothing_is_undone_without_the_logs_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log cannot take the line, the recall stands, and the dock tries again."""

    def broken(*_: object) -> NoReturn:
        raise OSError("refused")

    line = recall()
    first, second = words_for(line)
    rig = order(order(Rig.new().run(1), line), first)
    with monkeypatch.context() as failing:
        failing.setattr(rig.camera.vault.volume.audit, "write", broken)
        with pytest.raises(OSError, match="refused"):
            order(rig, second)
    assert rig.power_cut().camera.vault.recalls.standing is not None


def put(rig: Rig, name: str, line: bytes) -> None:
    """A file on the small partition."""
    durable.replace(rig.config.root(), name, line + b"\n")


def test_words_without_a_recall_say_nothing() -> None:
    """They are left of one whose paper is gone."""
    rig = Rig.new().run(1)
    for name, line in zip(("release.jws", "consent.jws"), words_for(recall()), strict=True):
        put(rig, name, line)
    rig = rig.restart()
    assert rig.camera.vault.recalls.standing is None
    assert rig.tap().run(1).state is Recording.RECORDING


def test_a_word_in_anothers_place_is_not_two() -> None:
    """The consent under the release's name as well: the recall stands, and the log says once what is wrong."""
    line = recall()
    _, consent = words_for(line)
    rig = order(Rig.new().run(1), line)
    put(rig, "consent.jws", consent)
    put(rig, "release.jws", consent)
    rig = rig.restart()
    assert rig.camera.vault.recalls.standing is not None
    rig.camera.vault.recalls.tell()
    codes = [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"]
    assert codes == ["release.jws: is a lapel.consent.1"]
