"""Whatever the bytes are, a parser answers or refuses; it never fails in any other way, nor takes for ever."""

from __future__ import annotations

import io
import random
from contextlib import suppress
from functools import partial
from pathlib import Path

import av.logging
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence_maker import mp4
from tests.evidence_maker.clips import clip
from tests.unit.tools.conftest import Desk
from tools.export.exporter import export_recording
from tools.verify import canonical, documents, jws
from tools.verify.decode import check_plays
from tools.verify.findings import Refused
from tools.verify.fragments import SegmentReader
from tools.verify.movie import read_movie
from tools.verify.private import read_private
from tools.verify.verifier import verify_path

MADE = clip(2)
HEAD = mp4.init(MADE, sound=True) + mp4.fragment(1, MADE.video[:5], MADE.audio[:7])
FLUSH = mp4.padded(HEAD)


def mutated(data: bytes, seed: int, span: int) -> bytes:
    """A few bytes among the first ``span`` changed, put in or taken out."""
    draw = random.Random(seed)
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(min(span, len(changed)))
        action = draw.randrange(4)
        if action == 0:
            changed[at] = draw.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif action == 1:
            changed[at] ^= 1 << draw.randrange(8)
        elif action == 2:
            changed[at : at + 4] = draw.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"))
        else:
            del changed[at : at + draw.randrange(1, 9)]
    return bytes(changed)


@pytest.mark.parametrize("batch", range(4))
def test_segment(batch: int) -> None:
    """Broken segments are refused, or read."""
    for seed in range(batch * 400, batch * 400 + 400):
        with suppress(Refused):
            SegmentReader().read(mutated(FLUSH, seed, 1400), last=seed % 5 == 0)


@pytest.mark.parametrize("batch", range(2))
def test_film(made: Desk, tmp_path: Path, batch: int) -> None:
    """So are broken films."""
    film = export_recording(made.recording(1), [made.key], tmp_path / "film.mp4").path.read_bytes()
    for seed in range(batch * 400, batch * 400 + 400):
        with suppress(Refused):
            read_movie(io.BytesIO(mutated(film, seed, film.index(b"mdat"))))


def test_decoder() -> None:
    """And what a decoder is given."""
    for seed in range(40):
        with suppress(Refused):
            check_plays(io.BytesIO(mutated(HEAD, seed, len(HEAD))), 5, 7)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Lines, objects, entries of the private part."""
    for parser in (
        canonical.decode,
        canonical.base64url,
        partial(jws.parse, limit=999),
        partial(read_private, last=True),
    ):
        with suppress(Refused):
            parser(data)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_members = st.sampled_from(
    [
        "device",
        "volume",
        "boot",
        "number",
        "previous",
        "anchor",
        "settings",
        "firmware",
        "signer",
        "clock",
        "live_from",
        "continues",
        "video",
        "audio",
        "line",
        "prev",
        "file",
        "last",
        "cipher",
        "plain",
        "tracks",
        "until",
        "gaps",
        "lag_ms",
        "kind",
        "data",
        "at",
        "shift",
        "label",
        "state",
    ]
)


@given(st.sampled_from([*documents.PAYLOADS, documents.AUDIT]), st.dictionaries(_members, _json, max_size=20))
def test_any_payload(typ: str, payload: dict[str, object]) -> None:
    """Payloads with any values in any members."""
    with suppress(Refused):
        documents.check_payload(typ, payload)
    with suppress(Refused):
        documents.check_private(payload)


def test_changed_payloads(made: Desk) -> None:
    """Good payloads with one member replaced by something that fits nowhere; the member is named."""
    papers = {
        made.recording(1) / "manifest.jws": documents.MANIFEST,
        made.recording(1) / "receipt.jws": documents.RECEIPT,
        made.card / "anchor.jws": documents.ANCHOR,
        made.card / "volume.jws": documents.VOLUME,
    }
    for path, typ in papers.items():
        payload = dict(jws.parse(path.read_bytes()[:-1], jws.MAX_JWS).payload)
        documents.check_payload(typ, payload)
        for member in payload:
            for thing in (2**53, "\n", 1.5, [None], {"length": 1}):
                with pytest.raises(Refused, match=f"^{member}"):
                    documents.check_payload(typ, {**payload, member: thing})


def test_whole_recordings(desk: Desk) -> None:
    """A recording with a file of noise is judged to the end."""
    for name in ("journal.jwsl", "manifest.jws", "receipt.jws", "000000.mp4.age", "private.age"):
        path = desk.recording(1) / name
        data = path.read_bytes()
        for seed in range(6):
            path.write_bytes(random.Random(seed).randbytes(len(data)) if seed else b"\n" * 5000)
            assert verify_path(desk.recording(1), desk.root, [desk.key]).exit_code == 1
        path.write_bytes(data)


def test_ffmpeg_is_as_silent_as_before() -> None:
    """Whoever encodes or decodes after a verdict, in the same process, hears of FFmpeg what was wanted before, and not all of it."""
    av.logging.set_level(None)
    with suppress(Refused):
        check_plays(io.BytesIO(HEAD), 5, 7)
    assert av.logging.get_level() is None
