"""The picture that a whole camera signs: by its own session, in the opening's time, from the buffer to the end."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.version import VERSION
from hal.sim.clip import AudioClip, VideoClip
from hal.sim.scene import SyntheticScene
from tests.rig import VIDEO, Rig, payload, pki, read
from tests.seis import gops, is_sei, units
from tests.seis import read as read_sei
from tests.unit.media import readback
from tools.export.exporter import export_recording

if TYPE_CHECKING:
    from typing import Any

    from tests.seis import Sei
    from tests.unit.media.readback import Packet

VALIDATOR = os.environ.get("LAPEL_ONVIF_VALIDATOR")


class Recorded(NamedTuple):
    """A sealed recording's opening, and the samples of its segments."""

    opening: dict[str, Any]
    segments: list[list[Packet]]

    @property
    def samples(self) -> list[Packet]:
        """All of them."""
        return [sample for segment in self.segments for sample in segment]

    @property
    def certificates(self) -> list[x509.Certificate]:
        """The chain of the first SEI."""
        nals = (nal for sample in self.samples for nal in units(sample.data) if is_sei(nal))
        pem = next(nals).split(b"-----BEGIN", 1)[1].rsplit(b"END CERTIFICATE-----\n", 1)[0]
        return x509.load_pem_x509_certificates(b"-----BEGIN" + pem + b"END CERTIFICATE-----\n")

    @property
    def seis(self) -> list[Sei]:
        """The SEIs, each with a signature of the first one's session that holds."""
        key: Any = self.certificates[0].public_key()
        return [read_sei(nal, key) for sample in self.samples for nal in units(sample.data) if is_sei(nal)]


def decrypted(sealed: bytes) -> bytes:
    """A segment's plaintext."""
    plain: bytes = pyrage.decrypt(sealed, [pki().authority_identity])
    return plain


def recorded(rig: Rig) -> Recorded:
    """The rig's first recording."""
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    opening = payload(read(directory.open("journal.jwsl")).split(b"\n", 1)[0])
    names = sorted(name for name in directory.names() if name.endswith(".mp4.age"))
    plain = [decrypted(read(directory.open(name))) for name in names]
    return Recorded(opening, [readback.read(each).video for each in plain])


def test_a_recording_is_signed_from_the_buffer_to_its_end() -> None:
    """Each GOP is, with counters and links that run on where the buffer joins the live part, and each segment has those of its own."""
    film = recorded(Rig.new().run(6).tap().run(5).stop())
    found = film.seis
    stream = list(gops((sample.time, sample.data) for sample in film.samples))
    assert len(film.segments) > 3
    assert [sei.counter for sei in found] == list(range(1, len(stream) + 1))
    assert [sei.gop_hash for sei in found] == [gop.sum for gop in stream]
    assert [sei.linked for sei in found] == [bytes(32), *(gop.hashes[0] for gop in stream[:-1])]
    for segment in film.segments:
        inside = [nal for sample in segment for nal in units(sample.data)]
        assert sum(map(is_sei, inside)) == len(list(gops((s.time, s.data) for s in segment)))
        assert is_sei(inside[-1])


def test_the_session_signs() -> None:
    """The key is the one that signs the journal, and its chain stands in the picture as it does there."""
    rig = Rig.new().run(6).tap().run(2).stop()
    film = recorded(rig)
    session = rig.camera.vault.session
    ders = [each.public_bytes(Encoding.DER) for each in film.certificates]
    assert ders == [*session.chain.ders]
    device = session.device.encode()
    vendor = film.seis[0].tags[5]
    assert vendor == b"\1" + bytes([len(VERSION)]) + VERSION.encode() + bytes([len(device)]) + device + b"\5Lapel"


def test_the_time_is_the_openings() -> None:
    """The wall clock as the opening has it, carried on: setting the clock later moves nothing."""
    rig = Rig.new().run(6.03).tap()
    assert rig.camera.take is not None
    epoch_ns = rig.camera.take.epoch_ns
    assert epoch_ns is not None
    rig.clock.set_utc(1_900_000_000_000)
    film = recorded(rig.run(5).stop())
    clock = film.opening["clock"]
    zero = (clock["utc_ms"] - clock["mono_ms"]) * 10_000 + 116_444_736_000_000_000 + epoch_ns // 100
    stream = list(gops((sample.time, sample.data) for sample in film.samples))
    assert [sei.start for sei in film.seis] == [zero + gop.time * 1000 // 9 for gop in stream]
    assert all(earlier.end == later.start for earlier, later in pairwise(film.seis))


def validated(film: Path, folder: Path) -> list[str]:
    """The two verdicts of ONVIF's validator, on the key and on the picture, and how many frames it left open."""
    assert VALIDATOR is not None
    (folder / "root.pem").write_bytes(pki().root_pem)
    command = [VALIDATOR, "-b", "-C", "root.pem", "-c", "h264", str(film.resolve())]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    lines = (folder / "validation_results.txt").read_text().splitlines()
    pending = [line.split(":")[1].strip() for line in lines if line.startswith("Number of pending frames")]
    return [line for line in lines if line.strip("-")][:2] + pending


@pytest.mark.skipif(VALIDATOR is None, reason="LAPEL_ONVIF_VALIDATOR names no validator")
def test_the_reference_validator_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film as a whole, each segment alone and each trimmed clip are valid, and what was changed is called so."""
    unlike = VideoClip(SyntheticScene(VIDEO), VIDEO, gops=16)  # a camera never sees the same second twice
    monkeypatch.setattr("tests.rig.clips", lambda: (unlike, AudioClip()))
    rig = Rig.new(microphone=False).run(6).tap().run(6).stop()
    volume = rig.copy_to(tmp_path / "copy")
    directory = next(volume.rglob("00000001"))
    key, film = tmp_path / "key.txt", tmp_path / "film.mp4"
    key.write_text(f"{pki().authority_identity}\n")
    export_recording(directory, [key], film)
    valid = ["PUBLIC KEY IS VALID!", "VIDEO IS VALID!"]
    assert validated(film, tmp_path) == [*valid, "0"]
    for segment in sorted(directory.glob("*.mp4.age")):
        alone = tmp_path / segment.name[:-4]
        alone.write_bytes(decrypted(segment.read_bytes()))
        assert validated(alone, tmp_path) == [*valid, "0"]
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None
    for at in range(4):
        clip = tmp_path / f"clip{at}.mp4"
        # without chapters: the track that FFmpeg makes of them in a clip stops GStreamer
        copying = ["-c", "copy", "-map_chapters", "-1", str(clip)]
        cut = [ffmpeg, "-v", "error", "-ss", str(at), "-t", "2.5", "-i", str(film), *copying]
        subprocess.run(cut, check=True, timeout=60)
        assert validated(clip, tmp_path)[:2] == valid
    changed = tmp_path / "changed.mp4"
    data = bytearray(film.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    assert validated(changed, tmp_path)[1] == "VIDEO IS INVALID!"
