"""The desk beside the dock: verdicts as the verifier gives them, films as the exporter makes them, and neither takes the panel down."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.panel import evidence as evidence_module
from tools.panel.evidence import Evidence, EvidenceError
from tools.sim import judging
from tools.sim.home import Home
from tools.verify.findings import Refused

VOLUME = "0123456789abcdef" * 2
ITEM = f"cam-1.{VOLUME}.00000001"


def recording(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A recording as the verifier tells of it."""
    told = {
        "path": f"cam-1/{VOLUME}/recordings/{number:08d}", "device": "cam-1", "volume": VOLUME, "number": number,
        "utc_ms": number, "seconds": 1.0, "priority": False, "verdict": "whole", "facts": [], "proven": [], "not_proven": [], "problems": [],
        "private": [{"kind": "assignment", "at_s": None, "text": "assigned to shift S-0a1b2c3d"}],
    }  # fmt: skip
    return {**told, **changes}


def report(*recordings: Mapping[str, Any]) -> dict[str, Any]:
    """What the verifier says of a store."""
    return {"verdict": "whole", "volumes": [{"not_proven": ["the end"], "recordings": list(recordings)}]}


class Desk:
    """A desk on a made-up store, and what it told."""

    def __init__(self, home: Home) -> None:
        """Nothing yet."""
        self.news = threading.Condition()
        self.said: list[str] = []
        self.evidence = Evidence(home, self.changed, self.say)

    def changed(self) -> None:
        """Told."""
        with self.news:
            self.news.notify_all()

    def say(self, words: str) -> None:
        """Said."""
        with self.news:
            self.said.append(words)
            self.news.notify_all()

    def wait(self, ready: Callable[[], object]) -> None:
        """Wait until that is so."""
        with self.news:
            assert self.news.wait_for(ready, 10)

    def judged(self) -> list[dict[str, Any]]:
        """Have it judge, and what it then shows."""
        self.evidence.judge()
        self.wait(lambda: self.evidence.document()["items"] or self.said)
        items: list[dict[str, Any]] = self.evidence.document()["items"]
        return items


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose verifier finds one recording."""
    (tmp_path / "dock" / "cam-1" / VOLUME / "audit").mkdir(parents=True)
    monkeypatch.setattr(judging, "judge", lambda *_: report(recording()))
    desk = Desk(Home(tmp_path))
    yield desk
    desk.evidence.close()


def test_what_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, each with the id that a film has; one that lies where no other of its name could has none, and is left out."""
    odd = [
        recording(2, path="cam-1/x/recordings/9"),
        recording(3, volume=None),
        recording(4, volume="../.."),
        recording(5, device=None),
    ]
    monkeypatch.setattr(judging, "judge", lambda *_: report(recording(), recording(7), *odd))
    items = desk.judged()
    assert [item["number"] for item in items] == [7, 1]
    assert (items[1]["id"], items[1]["shift"]) == (ITEM, "S-0a1b2c3d")
    assert items[1]["film"] == {"state": "none", "done": 0.0, "url": None, "words": None}
    document = desk.evidence.document()
    assert (document["verdict"], document["words"]) == ("whole", ["the end"])


def test_empty_store(tmp_path: Path) -> None:
    """There is nothing to judge, and no verifier is run."""
    (tmp_path / "dock").mkdir()
    desk = Desk(Home(tmp_path))
    desk.evidence.judge()
    desk.wait(lambda: not desk.evidence.document()["judging"])
    assert desk.evidence.document() == {"judging": False, "verdict": None, "words": [], "items": []}
    desk.evidence.close()
    assert desk.said == []


def test_verifier_that_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said; what was known stays, and the next try may do."""
    assert desk.judged()

    def fail(*_: object) -> None:
        raise judging.JudgingError("it says nothing")

    monkeypatch.setattr(judging, "judge", fail)
    desk.evidence.judge()
    desk.wait(lambda: desk.said)
    assert desk.said == ["it says nothing"]
    assert len(desk.evidence.document()["items"]) == 1


def test_films(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, from the dock's store, with the authority's key; what the exporter refuses is said, and may be tried again."""
    made: list[Any] = []
    desk.judged()

    def refuse(*_: object, **__: object) -> None:
        raise Refused("a segment is missing")

    monkeypatch.setattr(evidence_module, "export_recording", refuse)
    desk.evidence.make_film(ITEM)
    desk.wait(lambda: desk.evidence.document()["items"][0]["film"]["state"] == "refused")
    assert desk.evidence.document()["items"][0]["film"]["words"] == "a segment is missing"
    assert desk.evidence.film(f"{ITEM}.mp4") is None

    def export(path: Path, keys: list[Path], out: Path, *, root: Path, progress: Callable[[int, int], None]) -> None:
        made.append((path.parts[-5:], keys[0].name, root.name))
        progress(1, 2)
        assert desk.evidence.document()["items"][0]["film"]["done"] == 0.5
        out.write_bytes(b"film")

    monkeypatch.setattr(evidence_module, "export_recording", export)
    desk.evidence.make_film(ITEM)
    desk.wait(lambda: desk.evidence.document()["items"][0]["film"]["state"] == "ready")
    desk.evidence.make_film(ITEM)
    film = desk.evidence.film(f"{ITEM}.mp4")
    assert film is not None
    assert film.read_bytes() == b"film"
    assert made == [(("dock", "cam-1", VOLUME, "recordings", "00000001"), "authority.agekey", "root.crt.pem")]
    for name in (ITEM, f"{ITEM}.mp4.mp4", "../x.mp4", ".mp4", ""):
        assert desk.evidence.film(name) is None
    desk.evidence.close()
    assert not film.exists()
    desk.evidence.close = lambda: None  # type: ignore[method-assign]  # the fixture closes once more


def test_films_of_a_panel_that_was_cut_off(tmp_path: Path) -> None:
    """They are taken away when the next one begins."""
    (tmp_path / "dock").mkdir()
    left = tmp_path / "export" / "films" / "old.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"film")
    desk = Desk(Home(tmp_path))
    assert not left.exists()
    desk.evidence.close()


def test_unknown_recordings(desk: Desk) -> None:
    """Only what the verifier has named can be made a film of."""
    for name in (ITEM, "../../etc/passwd", ""):
        with pytest.raises(EvidenceError, match="no such recording"):
            desk.evidence.make_film(name)


def test_verifier_that_is_at_work_when_all_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and nobody waits for it."""
    monkeypatch.undo()
    begun, real = threading.Event(), subprocess.Popen

    def run(*_: object, **__: object) -> Any:
        program = real(["sleep", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        begun.set()
        return program

    monkeypatch.setattr(subprocess, "Popen", run)
    desk.evidence.judge()
    assert begun.wait(60)
    desk.evidence.close()
    assert desk.said == []
    desk.evidence.close = lambda: None  # type: ignore[method-assign]  # the fixture closes once more
