"""Verifying and exporting what a camera's own writer made, beside bare decryption and hashing of the same bytes, and what an hour of it takes of memory."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

import av
import pyrage

from firmware.core.ring import Ring
from tools.bench.camera import Bench
from tools.bench.figure import Figure, over
from tools.bench.film import film
from tools.bench.suites import Scale
from tools.bench.took import Took, took
from tools.bench.turns import turns
from tools.export.exporter import export_recording
from tools.sim.home import Home
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

SUITE: Final = "judge"
LOOP_S: Final = 8
"""So much film comes round again and again: both tracks fill it exactly."""
SECONDS: Final = {True: 24, False: 80}
DECODED_S: Final = {True: 8, False: 24}
LONG_S: Final = {True: 80, False: 3600}
"""Of film, in a quick run and in a whole one: what is measured, what of it is decoded, and what the memory is measured with."""
VERIFY_MEMORY, EXPORT_MEMORY = 200 << 20, 300 << 20
_WARM_UP_NS: Final = 6_000_000_000
_NS: Final = 1_000_000_000
_NAP_S: Final = 0.0005
_BLOCK: Final = 1 << 20
_PASSES: Final = 4
"""Times that the verifier hashes each byte: as it lies there, decrypted, by sample, by slice of a picture."""
_CHILD: Final = """
import sys
from tools.__main__ import main
status = main(sys.argv[1:])
lines = open("/proc/self/status", encoding="ascii").read().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM:")), file=sys.stderr)
sys.exit(status)
"""


class BrokenError(Exception):
    """The evidence that was made is not whole, or a command failed."""


def measure(scale: Scale) -> Iterator[Figure]:
    """All figures.  ``BrokenError`` where the evidence is not whole."""
    yield from _speeds(scale)
    yield from _decoding(scale)
    yield from _memory(scale)


def hot(scale: Scale) -> Callable[[], object]:
    """Verifying with a key and without decoding, then an export."""
    home = record(scale.place / "home", SECONDS[scale.quick])

    def run() -> None:
        _verify(home, keyed=True, decode=False)
        _export(home, scale.place / "film.mp4")

    return run


def record(place: Path, seconds: int) -> Home:
    """So much of 1080p at 8 Mbit/s with sound, through the camera's own writer, in a home of its own."""
    shown = film(LOOP_S, _WARM_UP_NS)
    bench = Bench(place, shown)
    with bench.writing():
        bench.takes.begin(Ring(0, 1))
        for again in range(seconds // LOOP_S):
            for unit in shown.units:
                while not bench.box.room:
                    time.sleep(_NAP_S)
                bench.saw(replace(unit, time_ns=unit.time_ns + again * LOOP_S * _NS))
        bench.takes.end("officer", bench.clock.monotonic_ns())
    return bench.home


def _recording(home: Home) -> Path:
    return home.card / "recordings" / "00000001"


def _files(home: Home) -> list[Path]:
    return sorted(_recording(home).glob("*.age"))


def _verify(home: Home, *, keyed: bool, decode: bool) -> None:
    report = verify_path(_recording(home), home.certificate, [home.key] if keyed else [], decode=decode)
    found = report.recordings[0]
    if found.verdict is not Verdict.WHOLE:
        raise BrokenError(f"the recording is {found.verdict.value}: {found.problems}")


def _export(home: Home, out: Path) -> None:
    export_recording(_recording(home), [home.key], out, root=home.certificate)
    out.unlink()


class _Hashed:
    """Takes plaintext, and hashes it so many times."""

    def __init__(self, passes: int) -> None:
        self._hashes = [hashlib.sha256() for _ in range(passes)]

    def write(self, data: bytes) -> int:
        """The next piece."""
        for each in self._hashes:
            each.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


def _hash(home: Home) -> None:
    """One pass of SHA-256 over what lies there."""
    for path in _files(home):
        running = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                running.update(block)


def _decrypt(home: Home, passes: int) -> None:
    """What another implementation of age takes to decrypt it, and so many passes of SHA-256."""
    row = next(row for row in home.key.read_text().splitlines() if row.startswith("AGE-SECRET-KEY-"))
    identity = pyrage.x25519.Identity.from_str(row)
    for path in _files(home):
        with path.open("rb") as file:
            pyrage.decrypt_io(file, _Hashed(passes), [identity])


def _speeds(scale: Scale) -> Iterator[Figure]:
    home = record(scale.place / "home", SECONDS[scale.quick])
    size = sum(path.stat().st_size for path in _files(home))
    work: Mapping[str, Callable[[], None]] = {
        "custody": lambda: _verify(home, keyed=False, decode=False),
        "content": lambda: _verify(home, keyed=True, decode=False),
        "export": lambda: _export(home, scale.place / "film.mp4"),
        "hash": lambda: _hash(home),
        "once": lambda: _decrypt(home, 1),
        "passes": lambda: _decrypt(home, _PASSES),
    }
    found = turns({name: _timed(each) for name, each in work.items()}, scale.rounds)
    shutil.rmtree(home.root)
    once = "decryption by pyrage and one pass of SHA-256"
    bare = f"decryption by pyrage and {_PASSES} passes of SHA-256, which the format asks for"
    note = "It hashes each byte four times: ciphertext, plaintext, samples, slices; the formats of others hash it once or not at all."
    told = "A film is written, its index is put in front, and then it is read again and held against the journal."
    without, content, export = (
        "verifying without a key: speed",
        "verifying with a key, without decoding: speed",
        "exporting a film and proving it: speed",
    )
    yield _speed(
        without, "one pass of SHA-256, on one thread", size, found["custody"], found["hash"], least=0.35, aim=0.7
    )
    yield _speed(content, f"{bare}, on one thread", size, found["content"], found["passes"], least=0.45, aim=0.7)
    yield _speed(
        content, f"{once}, on one thread", size, found["content"], found["once"], least=0.2, aim=0.7, note=note
    )
    yield _speed(export, f"{once}, on one thread", size, found["export"], found["once"], least=0.15, aim=0.7, note=told)
    yield _speed(export, f"{bare}, on one thread", size, found["export"], found["passes"], least=0.3, aim=0.7)


def _decoding(scale: Scale) -> Iterator[Figure]:
    home = record(scale.place / "decoded", DECODED_S[scale.quick])
    film_path = scale.place / "decoded.mp4"
    export_recording(_recording(home), [home.key], film_path, root=home.certificate)
    size = sum(path.stat().st_size for path in _files(home))
    work: Mapping[str, Callable[[], None]] = {
        "verify": lambda: _verify(home, keyed=True, decode=True),
        "decode": lambda: _decode(film_path),
    }
    found = turns({name: _timed(each) for name, each in work.items()}, max(1, scale.rounds // 2))
    shutil.rmtree(home.root)
    film_path.unlink()
    what = "verifying with a key, every picture decoded: speed"
    yield _speed(
        what, "decoding the same film, on one thread", size, found["verify"], found["decode"], least=0.7, aim=1.5
    )


def _decode(path: Path) -> None:
    """FFmpeg alone, picture and sound."""
    with av.open(str(path)) as container:
        for stream in (*container.streams.video, *container.streams.audio):  # the captions have no decoder
            stream.codec_context.thread_count = 1
        for packet in container.demux(video=0, audio=0):
            packet.decode()


def _memory(scale: Scale) -> Iterator[Figure]:
    """Peaks of a process of its own for each."""
    seconds = LONG_S[scale.quick]
    length = "an hour" if seconds == LONG_S[False] else f"{seconds} s"
    verifying = Figure(
        SUITE, f"verifying {length} of 1080p at 8 Mbit/s with a key: memory at its peak", "200 MiB", most=1.0
    )
    exporting = Figure(SUITE, f"exporting {length} of 1080p at 8 Mbit/s: memory at its peak", "300 MiB", most=1.0)
    room = seconds * 1_300_000 * 4
    if shutil.disk_usage(scale.place).free < room:
        why = f"the disk has no room for {room >> 30} GiB"
        yield replace(verifying, skipped=why)
        yield replace(exporting, skipped=why)
        return
    home = record(scale.place / "long", seconds)
    recording, out = str(_recording(home)), scale.place / "long.mp4"
    trust = ("--root", str(home.certificate), "--key", str(home.key))
    peak = _peak("verify", recording, *trust, "--no-decode")
    yield replace(verifying, ratios=(peak / VERIFY_MEMORY,), facts={"peak_bytes": peak})
    peak = _peak("export", recording, *trust, "--out", str(out))
    yield replace(
        exporting, ratios=(peak / EXPORT_MEMORY,), facts={"peak_bytes": peak, "film_bytes": out.stat().st_size}
    )
    shutil.rmtree(home.root)
    out.unlink()
    home = record(scale.place / "short", DECODED_S[scale.quick])
    trust = ("--root", str(home.certificate), "--key", str(home.key))
    peak = _peak("verify", str(_recording(home)), *trust)
    shutil.rmtree(home.root)
    what = "verifying with a key, every picture decoded, segment by segment: memory at its peak"
    yield Figure(SUITE, what, "200 MiB", (peak / VERIFY_MEMORY,), most=1.0, facts={"peak_bytes": peak})


def _peak(*arguments: str) -> int:
    """Bytes of memory that the command held at most; ``BrokenError`` with its last words where it fails."""
    command = [sys.executable, "-c", _CHILD, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BrokenError(f"lapel {arguments[0]}: {ran.stdout[-300:]} {ran.stderr[-300:]}")
    return int(ran.stderr.split()[-1]) * 1024


def _timed(work: Callable[[], None]) -> Callable[[], Took]:
    return lambda: took(work)


def _speed(
    what: str,
    against: str,
    size: int,
    ours: Sequence[Took],
    theirs: Sequence[Took],
    least: float | None = None,
    aim: float | None = None,
    note: str = "",
) -> Figure:
    seconds = [[each.seconds for each in side] for side in (ours, theirs)]
    facts = {"bytes_s": size / median(seconds[0]), "against_bytes_s": size / median(seconds[1])}
    for name, side in (("", ours), ("against_", theirs)):
        facts[f"{name}ns_byte"] = median(each.processor for each in side) / size * 1e9
    return Figure(SUITE, what, against, over(seconds[1], seconds[0]), least, aim=aim, facts=facts, note=note)
