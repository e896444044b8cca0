"""What other programs do with the same bytes: encrypt them, or only copy them, and make them durable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.core.cutter import Cutter
from firmware.evidence.keys import new_key, software_sign
from firmware.media.mux import SegmentMuxer
from firmware.media.sei import Signatory
from firmware.media.signing import Origin
from tools.bench.film import VIDEO, Film
from tools.bench.peers import MissingError, find
from tools.bench.took import CallError, call, synced

BLOCK: Final = "512K"
"""As much as half a second of 8 Mbit/s: what gocryptfs is given between two syncs."""


@dataclass(frozen=True, slots=True)
class Files:
    """What they read: the film's payload, the film as a movie, the keys to encrypt to; and where they write."""

    payload: Path
    movie: Path
    recipients: tuple[str, ...]
    out: Path


Work = Callable[[], None]


@contextmanager
def _age(files: Files) -> Iterator[Work]:
    options = [part for each in files.recipients for part in ("-r", each)]

    def run() -> None:
        call("age", *options, "-o", files.out / "age", files.payload)
        synced([files.out / "age"])

    yield run


@contextmanager
def _copy(files: Files) -> Iterator[Work]:
    def run() -> None:
        call("cp", files.payload, files.out / "copy")
        synced([files.out / "copy"])

    yield run


@contextmanager
def _gocryptfs(files: Files) -> Iterator[Work]:
    cipher, plain, word = (files.out / name for name in ("cipher", "plain", "word"))
    for each in (cipher, plain):
        each.mkdir()
    word.write_text("a word\n")
    call("gocryptfs", "-q", "-init", "-scryptn", "10", "-passfile", word, cipher)
    call("gocryptfs", "-q", "-passfile", word, cipher, plain)
    try:
        yield lambda: call("dd", f"if={files.payload}", f"of={plain / 'film'}", f"bs={BLOCK}", "oflag=dsync")
    finally:
        call("fusermount", "-u", plain)


@contextmanager
def _hls(files: Files) -> Iterator[Work]:
    place = files.out / "hls"
    place.mkdir()
    (place / "key").write_bytes(bytes(range(16)))
    (place / "info").write_text("key\nkey\n")
    options = [
        "-c",
        "copy",
        "-f",
        "hls",
        "-hls_time",
        "1",
        "-hls_list_size",
        "0",
        "-hls_key_info_file",
        "info",
        "film.m3u8",
    ]

    def run() -> None:
        call("ffmpeg", "-v", "error", "-y", "-i", files.movie, *options, cwd=place)
        synced(sorted(place.glob("film*")))

    yield run


PEERS: Final[Mapping[str, tuple[Callable[[Files], object], tuple[str, ...]]]] = {
    "age, then one sync": (_age, ("age",)),
    "gocryptfs, each half second written synchronously": (_gocryptfs, ("gocryptfs", "fusermount")),
    "ffmpeg's AES-128 HLS, a file a second, synced in the end": (_hls, ("ffmpeg",)),
    "cp, then one sync": (_copy, ("cp",)),
}
"""Each peer, and the programs that it needs."""


def open_peers(files: Files, stack: ExitStack) -> tuple[dict[str, Work], dict[str, str]]:
    """Those that can work here, until the stack is unwound; and why the others cannot."""
    ready: dict[str, Work] = {}
    missing: dict[str, str] = {}
    for name, (make, programs) in PEERS.items():
        try:
            for program in programs:
                find(program)
            ready[name] = stack.enter_context(make(files))  # type: ignore[arg-type]  # each is a context of its work
        except (MissingError, CallError) as error:
            missing[name] = str(error)
    return ready, missing


def movie(film: Film) -> bytes:
    """The film as one fragmented MP4 of signed pictures, as a camera makes it before it encrypts."""
    begins_ns = film.units[0].time_ns
    signatory = Signatory(software_sign(new_key()), b"", "bench", "bench", 0)
    muxer = SegmentMuxer(Origin(begins_ns, 0), VIDEO, film.sound, signatory)
    cutter = Cutter(0, fps=VIDEO.fps, segment_s=film.seconds + 1)
    flushes = [flush for unit in film.units for flush in cutter.push(unit)] + cutter.finish(film.units[-1].time_ns)
    return b"".join(part for muxed in map(muxer.plain, flushes) for part in (muxed.data, muxed.end))
