"""A camera with its card (sections 1 and 9 to 12), and a dock's store."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.evidence_maker.agefile import AgeFile, Recipient, Wraps
from tests.evidence_maker.jose import canonical, digest, sign
from tests.evidence_maker.pki import Authority, Identity, issue
from tests.evidence_maker.recording import PRESS_MS, ZEROS, Forge, Plan, Recorder, honest
from tests.evidence_maker.second import PqIdentity
from tests.evidence_maker.tsp import TimeAuthority

RECIPIENTS: tuple[Recipient, ...] = (Recipient("authority"), Recipient("escrow"))
DOCK_MS = PRESS_MS + 10_000_000_000


@dataclass
class Camera:
    """Writes a volume as a camera would.  ``forge`` sees every line before it is signed."""

    path: Path
    authority: Authority = field(default_factory=Authority)
    name: str = "cam-0042"
    volume: str = digest(b"volume")[:32]
    forge: Forge = honest
    second: PqIdentity | None = None
    recipients: tuple[Wraps, ...] = RECIPIENTS
    device: Identity = field(init=False)
    session: Identity = field(init=False)
    boots: int = 0
    lines: int = 0
    head: str = ZEROS
    previous: str = ZEROS
    number: int = 0
    counter: int | None = None
    begun: tuple[int, str] = (0, ZEROS)
    private: dict[int, tuple[AgeFile, bytearray]] = field(default_factory=dict)
    anchor: dict[str, Any] | None = None
    kept: dict[str, bytes] = field(default_factory=dict)
    recorders: dict[int, Recorder] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    unclosed: dict[int, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.device = self.authority.device(self.name)
        (self.path / "recordings").mkdir(parents=True)
        (self.path / "audit").mkdir()
        payload = {"device": self.name, "volume": self.volume, "clock": _clock(1)}
        self._jws(self.path / "volume.jws", "lapel.volume.1", payload, self.device)
        self.boot()

    def boot(self) -> None:
        """The next boot: a new session key, a new file of the audit log."""
        self.boots += 1
        self.begun = (self.lines, self.head)
        self.session = issue(
            "session", self.name, self.device, f"{self.authority.seed} {self.name} session {self.boots}"
        )
        opened = [self.unclosed[number] for number in sorted(self.unclosed)]
        data = {
            "firmware": "0.1.0",
            "signer": "software",
            "counter": self.counter,
            "start": "first" if self.boots == 1 else "power",
            "power": {"percent": 80, "charging": False, "celsius": 24},
            "next": self.number + 1,
            "opening": self.previous,
            "open": opened,
            "contested": False,
        }
        self.log("boot", data, first=True)

    def log(self, kind: str, data: dict[str, Any], *, first: bool = False) -> None:
        """One line of the audit log."""
        self.lines += 1
        payload = {
            "device": self.name,
            "volume": self.volume,
            "boot": self.boots,
            "line": self.lines,
            "prev": self.head,
            "clock": _clock(self.lines),
            "kind": kind,
            "data": data,
        }
        payload, signer, chained = self.forge("lapel.audit.1", payload, self.session, first)
        line = sign(payload, "lapel.audit.1", signer, chained=chained)
        with (self.path / "audit" / f"{self.boots:08d}.jwsl").open("ab") as file:
            file.write(line + b"\n")
        self.head = digest(line)

    def open(self, plan: Plan | None = None) -> Recorder:
        """Open the next recording."""
        self.number += 1
        directory = self.directory(self.number)
        directory.mkdir()
        who = {"device": self.name, "volume": self.volume, "boot": self.boots, "number": self.number}
        recorder = Recorder(directory, self.device, self.session, who, self.recipients, self.forge, second=self.second)
        self.recorders[self.number], self.plans[self.number] = recorder, plan or Plan()
        self.previous = recorder.open(self.plans[self.number], self.previous, self.anchor)
        self.unclosed[self.number] = {"number": self.number, "opening": self.previous, "boot": self.boots}
        self.log("opening", {"number": self.number, "opening": self.previous})
        return recorder

    def record(self, plan: Plan | None = None) -> Path:
        """A whole recording, sealed."""
        recorder = self.open(plan)
        recorder.record(self.plans[self.number])
        self.close(self.number, recorder.seal(self.plans[self.number]), "sealed")
        return recorder.directory

    def cut(self, after: int = 5, tail: int = 100_000, torn: bytes = b"eyJhbGciOi", plan: Plan | None = None) -> Path:
        """A recording that is cut off after some lines; ``tail`` bytes of the open file and a torn line are left
        behind."""
        recorder = self.open(plan)
        recorder.record(self.plans[self.number], after)
        if recorder.flushes:
            name = recorder.flushes[-1]["file"]
            file = recorder.files[name]
            file.chunks(bytes(2 * 65536))
            length = recorder.flushes[-1]["cipher"]["length"] + tail
            (recorder.directory / name).write_bytes(bytes(file.data[:length]))
        with (recorder.directory / "journal.jwsl").open("ab") as journal:
            journal.write(torn)
        return recorder.directory

    def recover(self, number: int) -> None:
        """Close a cut recording in this boot."""
        manifest = self.recorders[number].seal(self.plans[number], recovered_in=self.boots)
        self.close(number, manifest, "recovered")

    def close(self, number: int, manifest: str, state: str) -> None:
        """The closing line."""
        del self.unclosed[number]
        self.log("closing", {"number": number, "manifest": manifest, "state": state})

    def receipt(self, number: int, **forged: Any) -> None:
        """A dock's receipt; ``forged`` replaces members of the payload, or its ``signer``."""
        directory = self.directory(number)
        signer = forged.pop("signer", self.authority.dock)
        files = [
            {"name": path.name, "length": path.stat().st_size, "hash": digest(path.read_bytes())}
            for path in sorted(directory.iterdir())
            if path.name != "receipt.jws"
        ]
        payload = {
            "device": self.name,
            "volume": self.volume,
            "number": number,
            "manifest": digest((directory / "manifest.jws").read_bytes()[:-1]),
            "files": files,
            "dock": signer.name,
            "store": "store-1",
            "utc_ms": DOCK_MS,
            "nonce": "5" * 32,
            **forged,
        }
        self.receipts[number] = self._jws(directory / "receipt.jws", "lapel.receipt.1", payload, signer)
        self.log("receipt", {"number": number, "receipt": self.receipts[number]})

    def stamp(self, number: int, utc_ms: int, tsa: TimeAuthority | None = None, **forged: Any) -> None:
        """A time stamp over a manifest; ``forged`` is as in ``TimeAuthority.stamp``."""
        directory = self.directory(number)
        token = (tsa or TimeAuthority()).stamp((directory / "manifest.jws").read_bytes(), utc_ms, **forged)
        (directory / "manifest.tsr").write_bytes(token)

    def withdraw(self, path: Path, since: dict[str, int], **forged: Any) -> Path:
        """Settings that withdraw certificates, by their hashes; ``forged`` replaces members, or their ``signer``."""
        signer = forged.pop("signer", self.authority.settings)
        recipients = [{"role": role, "age": f"age1{role}"} for role in ("authority", "escrow")]
        revoked = [{"hash": each, "since_ms": since[each]} for each in sorted(since)]
        payload = {"authority": "Test", "serial": 2, "utc_ms": DOCK_MS, "recipients": recipients, "values": {}}
        self._jws(path, "lapel.settings.1", {**payload, "revoked": revoked, **forged}, signer)
        return path

    def erase(self, number: int) -> None:
        """Erase a receipted recording."""
        self.log("erasure", {"number": number, "receipt": self.receipts[number]})
        shutil.rmtree(self.directory(number))

    def remark(self, *records: dict[str, Any], last: bool = False) -> None:
        """A batch of the log's private part, and the line that vouches for it; ``last`` closes the file."""
        if self.boots not in self.private:
            self.private[self.boots] = (AgeFile(self.recipients, f"log {self.boots}"), bytearray())
        age, plain = self.private[self.boots]
        if records:
            text = b"\n".join(canonical({"clock": _clock(self.lines), **each}) for each in records)
            batch = text.ljust(65535) + b"\n"
            age.chunks(batch)
            plain += batch
        if last:
            age.close(b"\n")
            plain += b"\n"
        (self.path / "audit" / f"{self.boots:08d}.private.age").write_bytes(age.data)
        self.log("private", {"last": last, "cipher": _extent(age.data), "plain": _extent(plain)})

    def log_receipt(self, **forged: Any) -> str:
        """A dock's receipt for all finished files of the log."""
        signer = forged.pop("signer", self.authority.dock)
        line, head = self.begun
        payload = {
            "device": self.name,
            "volume": self.volume,
            "boot": self.boots - 1,
            "files": [
                {"name": path.name, **_extent(path.read_bytes())}
                for path in sorted((self.path / "audit").iterdir())
                if int(path.name[:8]) < self.boots
            ],
            "audit": {"line": line, "head": head},
            "dock": signer.name,
            "store": "store-1",
            "utc_ms": DOCK_MS,
            "nonce": "5" * 32,
            **forged,
        }
        return self._jws(self.path / "log-receipt.jws", "lapel.log-receipt.1", payload, signer)

    def clear(self, receipt: str) -> None:
        """Remove the finished files of the log against a receipt."""
        self.log("cleared", {"receipt": receipt, "boot": self.boots - 1, "line": self.begun[0]})
        for path in (self.path / "audit").iterdir():
            if int(path.name[:8]) < self.boots:
                path.unlink()

    def countersign(self, **forged: Any) -> None:
        """A dock's anchor."""
        signer = forged.pop("signer", self.authority.dock)
        payload = {
            "device": self.name,
            "volume": self.volume,
            "boot": self.boots,
            "number": self.number,
            "audit": {"line": self.lines, "head": self.head},
            "dock": signer.name,
            "utc_ms": DOCK_MS,
            "nonce": "5" * 32,
            **forged,
        }
        line_hash = self._jws(self.path / "anchor.jws", "lapel.anchor.1", payload, signer)
        self.anchor = {"hash": line_hash, "utc_ms": payload["utc_ms"]}
        self.kept[line_hash] = (self.path / "anchor.jws").read_bytes()

    def offload(self, store: Path) -> Path:
        """Copy the volume into a dock's store; returns its folder there."""
        target = store / self.name / self.volume
        shutil.copytree(self.path, target, dirs_exist_ok=True)
        (target / "anchors").mkdir(exist_ok=True)
        for line_hash, line in self.kept.items():
            (target / "anchors" / f"{line_hash}.jws").write_bytes(line)
        return target

    def directory(self, number: int) -> Path:
        """A recording's directory."""
        return self.path / "recordings" / f"{number:08d}"

    def _jws(self, path: Path, typ: str, payload: dict[str, Any], signer: Identity) -> str:
        payload, signer, chained = self.forge(typ, payload, signer, True)
        line = sign(payload, typ, signer, chained=chained)
        path.write_bytes(line + b"\n")
        return digest(line)


def _extent(data: bytes | bytearray) -> dict[str, Any]:
    return {"length": len(data), "hash": digest(bytes(data))}


def _clock(seconds: int) -> dict[str, Any]:
    return {"mono_ms": 1000 * seconds, "utc_ms": PRESS_MS + 1000 * seconds, "quality": "rtc"}
