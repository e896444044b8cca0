"""What the audit log tells as it is read, line by line: of each recording, of the camera's days, and of its own private part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.verify.annex import Moment
from tools.verify.certs import Chain
from tools.verify.documents import ZEROS
from tools.verify.findings import need
from tools.verify.model import Clock, Extent


@dataclass(frozen=True, slots=True)
class Opened:
    """An opening that the audit log knows."""

    hash: str
    boot: int


@dataclass(frozen=True, slots=True)
class Vouched:
    """A line that vouches for a private part of the log: the line's index, and what it says of the file from its first byte on."""

    line: int
    last: bool
    cipher: Extent
    plain: Extent


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a timeline is drawn from."""

    kind: str
    clock: Clock
    data: Mapping[str, Any]


@dataclass(slots=True)
class Audit:
    """What the log tells, as far as it verifies.

    ``hashes`` are those of its lines, by index; ``chains``: who signed each boot's, ``ends``: the last line of each; ``closed_at``: the line
    that closed a recording.  ``gaps``: runs of lines that are not here, and that a dock's receipt vouches for.
    ``floor``: the newest number given out in these; of what is not above it the log here may not know what became.
    ``wrong``: what contradicts itself without breaking the chain.  ``unexplained``: by boot, how much further the hardware's counter
    ran than there are openings.  ``older``: by boot, the serial of the settings in force, and of those that a dock had brought before.
    """

    device: str | None = None
    volume: str | None = None
    device_keys: set[bytes] = field(default_factory=set)
    line: int = 0
    head: str = ZEROS
    hashes: dict[int, str] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    boots: list[int] = field(default_factory=list)
    stopped: set[int] = field(default_factory=set)
    openings: dict[int, Opened] = field(default_factory=dict)
    closings: dict[int, tuple[str, str]] = field(default_factory=dict)
    closed_at: dict[int, int] = field(default_factory=dict)
    voids: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    receipts: dict[int, str] = field(default_factory=dict)
    erasures: dict[int, str] = field(default_factory=dict)
    cleared: list[tuple[str, int, int]] = field(default_factory=list)
    private: dict[int, list[Vouched]] = field(default_factory=dict)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    recall: tuple[str, str] | None = None
    recalls: list[tuple[str, str]] = field(default_factory=list)
    despite: list[int] = field(default_factory=list)
    older: dict[int, tuple[int, int]] = field(default_factory=dict)
    history: list[Happened] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unexplained: dict[int, int] = field(default_factory=dict)
    floor: int = 0
    floor_hash: str = ZEROS
    torn: int = 0
    counter: int | None = None
    opened: int = 0
    contested: bool = False
    renewed: bool = False
    latest: Clock | None = None

    @property
    def newest(self) -> int:
        """The newest recording's number, 0 for none."""
        return max([self.floor, *self.openings])

    @property
    def newest_opening(self) -> str:
        """The hash of its opening."""
        found = self.openings.get(self.newest)
        return found.hash if found else self.floor_hash

    @property
    def unclosed(self) -> dict[int, Opened]:
        """Openings of which the log does not say what became."""
        settled = set(self.closings) | self.voids | self.gone | self.settled
        return {number: each for number, each in self.openings.items() if number not in settled}

    def unseen(self, number: int) -> bool:
        """Whether lines that are not here may have told of this recording."""
        return number <= self.floor

    def unknown(self, number: int) -> bool:
        """Whether lines that are not here told of this recording, and none that is."""
        return number <= self.floor and number not in self.openings

    def resume(self, line: int, head: str) -> None:
        """Go on behind lines that are not here."""
        self.gaps.append((self.line + 1, line))
        self.line, self.head = line, head

    def enter(self, line: int, digest: str, payload: Mapping[str, Any]) -> None:
        """Enter one verified line; ``Refused`` where what it tells contradicts the lines before."""
        kind, boot = payload["kind"], payload["boot"]
        if kind in _ENTERED:
            _ENTERED[kind](self, payload["data"], boot)
        if kind == "boot" and self.latest is not None and self.boots[-2:-1] and self.boots[-2] not in self.stopped:
            self.history.append(Happened("cut", self.latest, {}))
        self.latest = Clock.read(payload["clock"])
        if kind in _TIMELINE:
            self.history.append(Happened(kind, self.latest, payload["data"]))
        if kind in _TOLD:
            self.moments.append(_TOLD[kind](payload))
        self.renewed = kind == "stop" and payload["data"]["reason"] == "length"
        self.line, self.head = line, digest
        self.hashes[line] = digest


def _moment(payload: Mapping[str, Any], text: str = "") -> Moment:
    clock, number = payload["clock"], payload["data"].get("number")
    return Moment(payload["kind"], clock["utc_ms"], clock["quality"], number, text)


_TOLD: dict[str, Callable[[Mapping[str, Any]], Moment]] = {
    "boot": _moment,
    "opening": _moment,
    "dock": lambda payload: _moment(
        payload, f"{payload['data']['dock'] or 'unknown dock'}: {payload['data']['outcome']}"
    ),
    "stop": lambda payload: _moment(payload, payload["data"]["reason"]),
}
"""The kinds of lines that a picture of time shows."""

_SETTINGS_BACK = re.compile("settings-back ([0-9]{1,16}) ([0-9]{1,16})")
"""A fault that tells of settings that were turned back: the serial of those in force, and of those that a dock had brought."""

_TIMELINE = {"boot", "stop", "opening", "closing", "void", "missing", "place"}


def _enter_boot(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    told = {each["number"]: Opened(each["opening"], each["boot"]) for each in data["open"]}
    need(len(told) == len(data["open"]), "open names a recording twice")
    if audit.gaps and audit.gaps[-1][1] == audit.line:
        audit.settled |= set(audit.unclosed) - set(told)
        audit.openings.update(told)
        audit.floor, audit.floor_hash, audit.contested = data["next"] - 1, data["opening"], data["contested"]
    else:
        need(data["next"] == audit.newest + 1, "next is not the number behind the newest opening")
        need(data["opening"] == audit.newest_opening, "opening is not that of the newest recording")
        need(told == audit.unclosed, "open is not the list of openings without a closing")
        need(data["contested"] == audit.contested, "contested is not what the lines before say")
        _count(audit, data["counter"], boot)
    need((data["start"] == "first") == (audit.line == 0), "start: only the first line of a log has none before it")
    need(data["start"] != "length" or audit.renewed, "start: no line before it says that the file had grown long")
    if data["counter"] is not None and audit.counter is not None and data["counter"] < audit.counter:
        audit.wrong.append(
            f"the hardware's counter ran back, from {audit.counter} to {data['counter']} in boot {boot}: another camera?"
        )
    audit.counter, audit.opened = data["counter"] if data["counter"] is not None else audit.counter, 0


def _count(audit: Audit, counter: int | None, boot: int) -> None:
    if counter is not None and audit.counter is not None and counter > audit.counter + audit.opened:
        audit.unexplained[boot] = counter - audit.counter - audit.opened


def _enter_opening(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    need(
        data["number"] == audit.newest + 1,
        f"recording {data['number']} was opened where {audit.newest + 1} must follow",
    )
    audit.openings[data["number"]] = Opened(data["opening"], boot)
    audit.opened += 1
    if audit.recall is not None:
        audit.despite.append(data["number"])


def _enter_closing(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    number = data["number"]
    need(number in audit.unclosed, f"recording {number} was closed, and was not open")
    audit.closings[number] = (data["manifest"], data["state"])
    audit.closed_at[number] = audit.line + 1


def _enter_void(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["number"] in audit.unclosed, f"recording {data['number']} was voided, and was not open")
    audit.voids.add(data["number"])


def _enter_missing(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    need(data["number"] in audit.unclosed, f"recording {data['number']} was found missing, and was not open")
    audit.gone.add(data["number"])


def _enter_receipt(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    number = data["number"]
    need(number in audit.closings or audit.unseen(number), f"recording {number} was receipted, and was not closed")
    audit.receipts[number] = data["receipt"]


def _enter_erasure(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    number = data["number"]
    known = audit.receipts.get(number, data["receipt"] if audit.unseen(number) else None)
    need(known == data["receipt"], f"recording {number} was erased without that receipt")
    need(not audit.contested, f"recording {number} was erased while a dock contested this log")
    audit.erasures[number] = data["receipt"]


def _enter_conflict(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    audit.contested = True
    audit.conflicts.append((data["dock"], data["reason"]))


def _enter_recall(audit: Audit, data: Mapping[str, Any], _boot: int) -> None:
    """In force until its release: a line that says that it stands also tells of one whose line is not here any more."""
    told = (data["recall"], data["reason"])
    if data["state"] == "released":
        need(audit.recall in (told, None), "a recall was released that was not in force")
        audit.recall = None
        return
    if audit.recall != told:
        audit.recalls.append(told)
    audit.recall = told


def _enter_cleared(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    need(data["boot"] < boot and data["line"] <= audit.line, "cleared names files that were not finished")
    need(not audit.contested, "the log was cleared while a dock contested it")
    audit.cleared.append((data["receipt"], data["boot"], data["line"]))


def _enter_private(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    cipher, plain = Extent.read(data["cipher"]), Extent.read(data["plain"])
    audit.private.setdefault(boot, []).append(Vouched(audit.line + 1, data["last"], cipher, plain))


def _enter_fault(audit: Audit, data: Mapping[str, Any], boot: int) -> None:
    if back := _SETTINGS_BACK.fullmatch(data["code"]):
        audit.older[boot] = int(back[1]), int(back[2])


def _enter_stop(audit: Audit, _data: Mapping[str, Any], boot: int) -> None:
    audit.stopped.add(boot)


_ENTERED: dict[str, Callable[[Audit, Mapping[str, Any], int], None]] = {
    "boot": _enter_boot,
    "opening": _enter_opening,
    "closing": _enter_closing,
    "void": _enter_void,
    "missing": _enter_missing,
    "receipt": _enter_receipt,
    "erasure": _enter_erasure,
    "conflict": _enter_conflict,
    "recall": _enter_recall,
    "cleared": _enter_cleared,
    "private": _enter_private,
    "fault": _enter_fault,
    "stop": _enter_stop,
}
