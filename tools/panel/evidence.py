"""The desk beside the dock: what lies in the dock's store, what the independent verifier says of it, and films for those who may see them.

The verifier runs as a program of its own, as anybody would run it.  Films are decrypted here with the authority's key, which no camera has,
and lie in a directory that is emptied when the panel ends, and when one begins.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from shutil import rmtree
from typing import Any, Final

from tools.export.exporter import export_recording
from tools.sim import judging
from tools.sim.home import Home
from tools.verify.findings import Refused

_STEP: Final = 0.05
_VOLUME: Final = 32
_SHIFT: Final = re.compile(r"\bS-[0-9a-f]{8}\b")  # as ``tools.sim.home`` draws them
_FILMS: Final = "/films/"


class EvidenceError(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Film:
    """How far a film is."""

    state: str = "none"
    done: float = 0.0
    words: str | None = None

    def json(self, item: str) -> dict[str, Any]:
        """For a page."""
        url = f"{_FILMS}{item}.mp4" if self.state == "ready" else None
        return {"state": self.state, "done": self.done, "url": url, "words": self.words}


class Evidence:
    """Judges when it is told to, on a thread of its own, and makes films on another; ``changed`` is told when ``document`` is another, and
    ``say`` of what went wrong."""

    def __init__(self, home: Home, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        """Nothing is judged yet."""
        self._home = home
        self._changed = changed
        self._say = say
        self._lock = threading.Lock()
        self._folder = home.films
        rmtree(self._folder, ignore_errors=True)  # of a panel that was cut off
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._reports: Mapping[str, Any] = {}
        self._items: dict[str, Path] = {}
        self._films: dict[str, Film] = {}
        self._judging = False
        self._verifier: subprocess.Popen[bytes] | None = None
        self._asked = threading.Event()
        self._ended = threading.Event()
        self._wanted: SimpleQueue[str | None] = SimpleQueue()
        self._threads = (
            threading.Thread(target=self._judge_always, name="panel-judge", daemon=True),
            threading.Thread(target=self._make_films, name="panel-films", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, and take the films away."""
        self._ended.set()
        self._asked.set()
        self._wanted.put(None)
        with self._lock:
            if self._verifier is not None:
                self._verifier.kill()
        for thread in self._threads:
            thread.join()
        rmtree(self._folder, ignore_errors=True)

    def judge(self) -> None:
        """Have the store judged, once what is being judged is done."""
        self._asked.set()

    def make_film(self, item: str) -> None:
        """Have a film made; ``EvidenceError`` where there is no such recording."""
        with self._lock:
            if item not in self._items:
                raise EvidenceError("there is no such recording in the dock's store")
            if self._films.get(item, Film()).state in {"making", "ready"}:
                return
            self._films[item] = Film("making")
        self._wanted.put(item)
        self._changed()

    def film(self, name: str) -> Path | None:
        """Where the film of this name lies; None where there is none."""
        item = name.removesuffix(".mp4")
        with self._lock:
            ready = name.endswith(".mp4") and self._films.get(item, Film()).state == "ready"
        return self._folder / f"{item}.mp4" if ready else None

    def document(self) -> dict[str, Any]:
        """What a page shows, the newest recording first."""
        with self._lock:
            reports, films, at_work = self._reports, dict(self._films), self._judging
        items = [
            _item(recording, films.get(name, Film()).json(name), name)
            for volume in reports.get("volumes", ())
            for recording in volume["recordings"]
            if (name := _name(recording))
        ]
        items.sort(key=lambda item: (item["utc_ms"] or 0, item["number"]), reverse=True)
        words = [word for volume in reports.get("volumes", ()) for word in volume["not_proven"]]
        return {"judging": at_work, "verdict": reports.get("verdict"), "words": words, "items": items}

    # Judging.

    def _judge_always(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._ended.is_set():
                return
            self._become(judging=True)
            reports = self._judge()
            with self._lock:
                if reports is not None:
                    self._reports = reports
                    self._items = {
                        name: self._home.dock
                        / recording["device"]
                        / recording["volume"]
                        / "recordings"
                        / f"{recording['number']:08d}"
                        for volume in reports["volumes"]
                        for recording in volume["recordings"]
                        if (name := _name(recording))
                    }
            self._become(judging=False)

    def _judge(self) -> dict[str, Any] | None:
        """What the verifier says; None where it says nothing, and while there is nothing to judge."""
        if not judging.anything(self._home):
            return None
        try:
            return judging.judge(self._home, self._begun)
        except judging.JudgingError as error:
            if not self._ended.is_set():
                self._say(str(error))
            return None

    def _begun(self, program: subprocess.Popen[bytes] | None) -> None:
        with self._lock:
            self._verifier = program
        if program is not None and self._ended.is_set():
            program.kill()

    # Films.

    def _make_films(self) -> None:
        while (item := self._wanted.get()) is not None and not self._ended.is_set():
            with self._lock:
                recording = self._items.get(item)
            out = self._folder / f"{item}.mp4"
            try:
                if recording is None:
                    raise Refused("it is not in the dock's store any more")
                export_recording(
                    recording,
                    [self._home.key],
                    out,
                    root=self._home.certificate,
                    progress=partial(self._progress, item),
                )
            except (Refused, OSError) as error:
                self._film(item, Film("refused", words=str(error)))
            else:
                self._film(item, Film("ready", 1.0))

    def _progress(self, item: str, read: int, total: int) -> None:
        done = read / max(1, total)
        with self._lock:
            far = done - self._films[item].done >= _STEP
        if far:
            self._film(item, Film("making", round(min(done, 1.0), 2)))

    def _film(self, item: str, film: Film) -> None:
        with self._lock:
            self._films[item] = replace(film)
        self._changed()

    def _become(self, *, judging: bool) -> None:
        with self._lock:
            self._judging = judging
        self._changed()


def _name(recording: Mapping[str, Any]) -> str | None:
    """By which name a page knows it; None for one that lies where no other of its name could."""
    device, volume, number = recording["device"], recording["volume"], recording["number"]
    plain = isinstance(volume, str) and len(volume) == _VOLUME and isinstance(number, int) and isinstance(device, str)
    return f"{device}.{volume}.{number:08d}" if plain and recording["path"].endswith(f"{number:08d}") else None


def _item(recording: Mapping[str, Any], film: Mapping[str, Any], name: str) -> dict[str, Any]:
    private = recording["private"]
    told = (
        "number",
        "utc_ms",
        "seconds",
        "priority",
        "verdict",
        "facts",
        "proven",
        "not_proven",
        "problems",
        "private",
    )
    return {
        "id": name,
        "camera": recording["device"],
        **{key: recording[key] for key in told},
        "shift": next((found[0] for each in private or () if (found := _SHIFT.search(each["text"]))), None),
        "film": film,
    }
