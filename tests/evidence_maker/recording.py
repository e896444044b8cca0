"""One recording (sections 4 to 8), written to a directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.evidence_maker import mp4
from tests.evidence_maker.agefile import CHUNK, AgeFile, Wraps
from tests.evidence_maker.clips import FPS, HEIGHT, RATE, TICKS, VIDEO_RATE, WIDTH, Sample, clip
from tests.evidence_maker.jose import canonical, digest, sign
from tests.evidence_maker.onvif import Film, Signer, frames_of, gops_of, sample_data
from tests.evidence_maker.pki import Identity
from tests.evidence_maker.second import PqIdentity, sign_again

ZEROS = "0" * 64
PRESS_MS = 1_767_225_600_000 + 40 * 86_400_000
"""The wall clock at the first press."""

Line = tuple[dict[str, Any], "Identity", bool]
Forge = Callable[[str, dict[str, Any], "Identity", bool], Line]
"""Gets a line's type, payload, signer and whether it carries its chain, and returns them as they shall be signed."""


def honest(_typ: str, payload: dict[str, Any], signer: Identity, chained: bool) -> Line:  # noqa: FBT001
    """No forgery."""
    return payload, signer, chained


@dataclass
class Plan:
    """What is recorded: ``segments`` of 2 s of which the first ``before`` come from the buffer without sound, and
    when sound is ``silent`` (media seconds); a live segment has ``steps`` flushes, one of the buffer at most two.  Frames at the indices ``lost`` are not delivered, the lowest
    ``skipped`` segment numbers not used. ``spoil`` gets a file's name and the plaintext of each flush (with its
    padding) and returns what is written instead; ``retouch`` gets the frames when their signatures are in the picture
    (section 5.2), and the journal signs what it returns.  It is opened at ``start_ms`` of the monotonic clock, by default long after the one before, and sees what
    another one sees that began ``skip`` seconds earlier."""

    segments: int = 3
    before: int = 1
    sound: bool = True
    steps: int = 4
    silent: tuple[float, float] = (0.0, 0.0)
    lost: tuple[int, ...] = ()
    skipped: int = 0
    priority: bool = False
    spoil: Callable[[str, bytes], bytes] = lambda _name, data: data
    retouch: Callable[[Film], Film] = lambda frames: frames
    continues: dict[str, Any] | None = None
    overlaps: tuple[dict[str, Any], ...] = ()
    start_ms: int | None = None
    skip: int = 0
    private: tuple[dict[str, Any], ...] = (
        {"kind": "assignment", "at": None, "shift": "SHIFT-7F3A"},
        {"kind": "bookmark", "at": 300_000, "label": "Zelle 12 \u2192 Hof"},
    )


@dataclass
class Recorder:
    """Writes a recording line by line.  ``stop_after`` lines of flushes the power goes."""

    directory: Path
    device: Identity
    session: Identity
    who: dict[str, Any]
    recipients: tuple[Wraps, ...]
    forge: Forge = honest
    flushes: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, AgeFile] = field(default_factory=dict)
    plain: dict[str, bytearray] = field(default_factory=dict)
    journal: bytearray = field(default_factory=bytearray)
    opening: dict[str, Any] = field(default_factory=dict)
    head: str = ZEROS
    second: PqIdentity | None = None
    start_ms: int | None = None

    def open(self, plan: Plan, previous: str, anchor: dict[str, Any] | None) -> str:
        """The opening line; returns its hash."""
        self.start_ms = plan.start_ms
        first = plan.before + plan.skipped
        self.opening = {
            **self.who,
            "previous": previous,
            "anchor": anchor,
            "settings": digest(b"settings"),
            "firmware": "0.1.0",
            "signer": "software",
            "clock": self.clock(0),
            "live_from": first,
            "continues": plan.continues,
            "overlaps": list(plan.overlaps),
            "video": {"width": WIDTH, "height": HEIGHT, "fps": FPS},
            "audio": {"rate": RATE, "channels": 1} if plan.sound else None,
        }
        self._line("lapel.opening.1", self.opening, chained=True)
        return self.head

    def record(self, plan: Plan, stop_after: int | None = None) -> None:
        """Everything up to the last flush, live before pre-event; or up to the cut."""
        media = self._media(plan)
        flushes = [*_live(plan, media), *_early(plan, media)]
        private = [canonical({**entry, "clock": self.clock(0)}) for entry in plan.private]
        todo: list[tuple[str, bytes, bool, tuple[Any, ...]]] = [
            ("private.age", _row(row), False, ()) for row in private
        ]
        for segment, last, data, video, audio in flushes:
            todo.append((f"{segment:06d}.mp4.age", data, last, (video, audio, plan)))
        todo.append(
            (
                "private.age",
                _row(canonical({"kind": "stop", "at": None, "reason": "officer", "clock": self.clock(0)})),
                True,
                (),
            )
        )
        for name, data, last, media in todo[:stop_after]:
            self._flush(name, plan.spoil(name, data), last, media)
        (self.directory / "journal.jwsl").write_bytes(self.journal)
        for name, file in self.files.items():
            (self.directory / name).write_bytes(file.data)

    def seal(self, plan: Plan, *, recovered_in: int | None = None, device: Identity | None = None) -> str:
        """The manifest over what lies there now; returns its hash."""
        signed = {flush["file"]: flush["cipher"] for flush in self.flushes}
        journal = (self.directory / "journal.jwsl").read_bytes()
        listed = []
        for name in sorted({path.name for path in self.directory.glob("*.age")} | set(signed)):
            path = self.directory / name
            data = path.read_bytes() if path.exists() else b""
            vouched = signed.get(name, {"length": 0, "hash": digest(b"")})
            listed.append({"name": name, "length": len(data), "hash": digest(data), "signed": vouched})
        tracks = [flush["tracks"] for flush in self.flushes if flush["tracks"]]
        video = [each["video"] for each in tracks if each["video"]]
        audio = [each["audio"] for each in tracks if each["audio"]]
        starts = [each["from"] for each in video] + [each["from"] * VIDEO_RATE // RATE for each in audio]
        until = [flush["until"] for flush in self.flushes if flush["until"] is not None]
        payload = {
            **self.who,
            "state": "sealed" if recovered_in is None else "recovered",
            "signed_boot": recovered_in or self.who["boot"],
            "opening": digest(journal.split(b"\n")[0]),
            "journal": {
                "length": len(journal),
                "hash": digest(journal),
                "lines": len(self.flushes) + 1,
                "head": self.head,
            },
            "files": listed,
            "missing": self._missing() if recovered_in else [],
            "span": {"from": min(starts), "until": max(until)} if starts else None,
            "samples": {
                "video": sum(each["samples"] for each in video),
                "audio": sum(each["samples"] for each in audio),
            },
            "gaps": self.flushes[-1]["gaps"] if self.flushes else _gaps(0),
            "priority": plan.priority,
            "settings": digest(b"settings"),
            "signer": "software",
            "second": None if self.second is None else digest(self.second.der),
            "clock": self.clock(99),
        }
        payload, signer, chained = self.forge("lapel.manifest.1", payload, device or self.device, True)
        line = sign(payload, "lapel.manifest.1", signer, chained=chained)
        (self.directory / "manifest.jws").write_bytes(line + b"\n")
        if self.second is not None:
            sign_again(self.directory, self.who, self.second)
        return digest(line)

    def _media(self, plan: Plan) -> _Media:
        """The samples of both tracks, the picture signed segment by segment."""
        video, audio = _samples(plan)
        frames = frames_of(video)
        borders = [sum(sample.time < 2 * VIDEO_RATE * (each + 1) for sample in video) for each in range(plan.segments)]
        ends = [len(gops_of(frames[:border])) - 1 for border in borders]
        epoch = (self.opening["clock"]["utc_ms"] + 11_644_473_600_000) * 10_000
        signer = Signer(self.session, paired=True, frame_ms=1000 // FPS, epoch=epoch)
        signed = plan.retouch(signer.sign(frames, ends))
        return [sample._replace(data=sample_data(frame)) for sample, frame in zip(video, signed, strict=True)], audio

    def _missing(self) -> list[int]:
        live_from = self.opening["live_from"]
        early = [each for each in self.flushes if each["tracks"] and int(each["file"][:6]) < live_from]
        closed = {int(each["file"][:6]) for each in early if each["last"]}
        lowest = min((int(each["file"][:6]) for each in early), default=0)
        return [number for number in range(lowest, live_from) if number not in closed]

    def clock(self, seconds: int) -> dict[str, Any]:
        """A clock reading."""
        start = 60_000 + 1_000_000 * self.who["number"] if self.start_ms is None else self.start_ms
        return {"mono_ms": start + 1000 * seconds, "utc_ms": PRESS_MS + start + 1000 * seconds, "quality": "rtc"}

    def _flush(self, name: str, data: bytes, last: bool, media: tuple[Any, ...]) -> None:  # noqa: FBT001
        seed = f"{self.who['volume']} {self.who['number']} {name}"
        file = self.files.setdefault(name, AgeFile(self.recipients, seed))
        plain = self.plain.setdefault(name, bytearray())
        file.chunks(data)
        closing = (mp4.CLOSING if media else b"\n") if last else b""
        if last:
            file.close(closing)
        plain += data + closing
        payload = {
            "number": self.who["number"],
            "line": len(self.flushes) + 1,
            "prev": self.head,
            "file": name,
            "last": last,
            "cipher": {"length": len(file.data), "hash": digest(bytes(file.data))},
            "plain": {"length": len(plain), "hash": digest(bytes(plain))},
            "tracks": _tracks(*media[:2]) if media else None,
            "until": media[0][-1].time + media[0][-1].duration if media else None,
            "clock": self.clock(len(self.flushes)),
            "gaps": self._gaps(*media),
            "lag_ms": 120,
        }
        self.flushes.append(payload)
        self._line("lapel.flush.1", payload, chained=False)

    def _gaps(self, video: Sequence[Sample] = (), _audio: object = None, plan: Plan | None = None) -> dict[str, int]:
        """The counters by the end of a flush of these frames: once counted, a loss stays counted."""
        until = video[-1].time + video[-1].duration if video else 0
        counted = self.flushes[-1]["gaps"]["video"] if self.flushes else 0
        return _gaps(max(counted, sum(index * TICKS < until for index in plan.lost) if plan else 0))

    def _line(self, typ: str, payload: dict[str, Any], *, chained: bool) -> None:
        payload, signer, chained = self.forge(typ, payload, self.session, chained)
        line = sign(payload, typ, signer, chained=chained)
        self.journal += line + b"\n"
        self.head = digest(line)


_Media = tuple[list[Sample], list[Sample]]
_Flush = tuple[int, bool, bytes, list[Sample], list[Sample]]


def _samples(plan: Plan) -> _Media:
    whole = clip(2 * plan.segments + plan.skip)
    skipped = [each._replace(time=each.time - plan.skip * VIDEO_RATE) for each in whole.video[plan.skip * FPS :]]
    made = whole._replace(video=tuple(skipped), audio=clip(2 * plan.segments).audio)
    video = [sample for index, sample in enumerate(made.video) if index not in plan.lost]
    ends = [*(sample.time for sample in video[1:]), made.video[-1].time + TICKS]
    video = [sample._replace(duration=end - sample.time) for sample, end in zip(video, ends, strict=True)]
    press = 2 * plan.before
    first, last = plan.silent
    audio = [each for each in made.audio if each.time / RATE >= press and not first <= each.time / RATE < last]
    return video, audio if plan.sound else []


def _cut(plan: Plan, media: _Media, start: float, end: float, segment: int, *, first: bool, last: bool) -> _Flush:
    """One flush from ``start`` to ``end`` in media seconds, in fragments of half a second."""
    video, audio = media
    clipped = [each for each in video if start <= each.time / VIDEO_RATE < end]
    sound = [each for each in audio if start <= each.time / RATE < end]
    data = mp4.init(clip(2 * plan.segments), sound=plan.sound) if first else b""
    for half in range(round(2 * start), round(2 * end)):
        part = [each for each in clipped if half <= 2 * each.time / VIDEO_RATE < half + 1]
        data += mp4.fragment(1, part, [each for each in sound if half <= 2 * each.time / RATE < half + 1])
    return segment, last, mp4.padded(data), clipped, sound


def _live(plan: Plan, media: _Media) -> list[_Flush]:
    return [each for index in range(plan.before, plan.segments) for each in _segment(plan, media, index, plan.steps)]


def _early(plan: Plan, media: _Media) -> list[_Flush]:
    return [each for index in range(plan.before) for each in _segment(plan, media, index, min(plan.steps, 2))]


def _segment(plan: Plan, media: _Media, index: int, steps: int) -> list[_Flush]:
    """The flushes of 2 s."""
    step = 2 / steps
    starts = [2 * index + at * step for at in range(steps)]
    number = index + plan.skipped
    return [
        _cut(plan, media, start, start + step, number, first=at == 0, last=at == steps - 1)
        for at, start in enumerate(starts)
    ]


def _tracks(video: list[Sample], audio: list[Sample]) -> dict[str, Any]:
    return {
        kind: {"samples": len(samples), "from": samples[0].time, "hash": mp4.sample_hash(samples)} if samples else None
        for kind, samples in (("video", video), ("audio", audio))
    }


def _row(entry: bytes) -> bytes:
    return entry + b" " * (-(len(entry) + 1) % CHUNK) + b"\n"


def _gaps(video: int) -> dict[str, int]:
    return {"video": video, "audio": 0, "overflow": 0}
