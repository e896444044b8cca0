"""The independent verifier over images: what it reads are real files, and what it judged once it need not judge again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self
from unittest.mock import patch

from hal.sim.volume import ROOT
from tests.rig import pki
from tools.verify import audit, summary, volume
from tools.verify.findings import Problems, Refused
from tools.verify.recording import Custody
from tools.verify.report import Report
from tools.verify.trusted import TrustedTime
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hal.sim.crashes import Image
    from tools.verify.audit_state import Audit
    from tools.verify.certs import Trust
    from tools.verify.receipt import DockSigned
    from tools.verify.recording import Given
    from tools.verify.report import RecordingReport

MEMORY = Path("/dev/shm")  # noqa: S108 - only a quicker place for a directory of our own, where it is there
MOST_BLOBS = 500
MOST_JUDGED = 20_000


def place() -> Path | None:
    """Where files are quickest to write; None where there is no such place."""
    return MEMORY if MEMORY.is_dir() else None


@dataclass(slots=True)
class _Laid:
    """What stands under a name: its digest, and for a directory what stands in it."""

    digest: bytes
    names: dict[str, _Laid] | None = None


def _clear(path: Path, laid: _Laid) -> None:
    if laid.names is None:
        path.unlink()
    else:
        shutil.rmtree(path)


@dataclass
class Bench:
    """Puts images on a file system and has them judged.

    A file's content stands there once and gets as many names as it needs.  A recording is judged once for each content, unless something
    is wrong with how it fits its surroundings, and a log without problems is read once; volumes are judged each time.
    """

    folder: Path
    _laid: dict[str, _Laid] = field(default_factory=dict)
    _blobs: OrderedDict[bytes, Path] = field(default_factory=OrderedDict)
    _judged: dict[object, tuple[RecordingReport, Custody]] = field(default_factory=dict)
    _logs: dict[object, Audit] = field(default_factory=dict)
    _contents: dict[Path, bytes] = field(default_factory=dict)
    _count: int = 0

    @classmethod
    def make(cls, below: Path) -> Self:
        """A bench in a folder of its own."""
        folder = Path(tempfile.mkdtemp(dir=below))
        (folder / "blobs").mkdir()
        (folder / "card").mkdir()
        (folder / "root.pem").write_bytes(pki().root_pem)
        (folder / "authority.agekey").write_text(f"{pki().authority_identity}\n")
        return cls(folder)

    def judge(self, image: Image, *, key: bool) -> Report:
        """What the verifier says about a card, with the authority's key or without it."""
        card = self.folder / "card"
        self._lay(image, ROOT, card, self._laid)
        self._contents = {
            card / "recordings" / name: image.digests[number]
            for name, number in image.directories.get(image.find("recordings") or -1, {}).items()
        }
        log = image.find("audit")
        self._contents |= {card / "audit": image.digests[log]} if log is not None else {}
        with patch.object(volume, "judge_recording", self._judge), patch.object(volume, "read_audit", self._read):
            try:
                return verify_path(card, self.folder / "root.pem", [self.folder / "authority.agekey"] if key else [])
            except Refused:
                return Report(str(card), "nothing", None)  # not even a volume yet

    def _lay(self, image: Image, number: int, path: Path, laid: dict[str, _Laid]) -> None:
        """Make a directory hold what the image's holds, and touch only what differs from what it held before."""
        names = image.directories[number]
        for name in laid.keys() - names.keys():
            _clear(path / name, laid.pop(name))
        for name, child in names.items():
            digest, inner = image.digests[child], child in image.directories
            there = laid.get(name)
            if there is not None and there.digest == digest and (there.names is not None) == inner:
                continue
            if there is not None and not (inner and there.names is not None):
                _clear(path / name, laid.pop(name))
                there = None
            if not inner:
                os.link(self._blob(digest, image.files[child]), path / name)
                laid[name] = _Laid(digest)
                continue
            if there is None:
                (path / name).mkdir()
                there = laid[name] = _Laid(digest, {})
            assert there.names is not None
            self._lay(image, child, path / name, there.names)
            there.digest = digest

    def _blob(self, digest: bytes, data: bytes) -> Path:
        if digest in self._blobs:
            self._blobs.move_to_end(digest)
            return self._blobs[digest]
        if len(self._blobs) >= MOST_BLOBS:
            self._blobs.popitem(last=False)[1].unlink()
        self._count += 1
        path = self.folder / "blobs" / str(self._count)
        path.write_bytes(data)
        self._blobs[digest] = path
        return path

    def _judge(
        self,
        directory: Path,
        given: Given,
        name: str,
        trusted: Iterable[TrustedTime] = (),
        further: Callable[[Custody], None] | None = None,
    ) -> tuple[RecordingReport, Custody]:
        """``summary.judge_recording``, remembered by content."""
        times = tuple(trusted)
        if directory not in self._contents:
            return summary.judge_recording(directory, given, name, times, further)
        known = (self._contents[directory], bool(given.keys), name, times)
        if known not in self._judged:
            if len(self._judged) >= MOST_JUDGED:
                self._judged.clear()
            self._judged[known] = summary.judge_recording(directory, given, name, times)
        report, custody = self._judged[known]
        again = replace(custody, problems=Problems(list(custody.problems.found)))
        if further is not None:
            further(again)
        if again.problems.found == custody.problems.found:
            return report, again
        return summary.judge_recording(directory, given, name, times, further)

    def _read(self, path: Path, trust: Trust, problems: Problems, receipts: Sequence[DockSigned] = ()) -> Audit:
        """``audit.read_audit``, remembered by content."""
        known = self._contents.get(path / "audit"), trust.at_ms, tuple(each.hash for each in receipts)
        if known not in self._logs:
            before = len(problems.found)
            log = audit.read_audit(path, trust, problems, receipts)
            if known[0] is None or len(problems.found) > before:
                return log
            if len(self._logs) >= MOST_JUDGED:
                self._logs.clear()
            self._logs[known] = log
        return self._logs[known]
