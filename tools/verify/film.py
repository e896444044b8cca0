"""Any film that claims to be of a camera of ours, judged by the signatures in its picture alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import av.logging

from tools.verify import files, nal, onvif_words
from tools.verify.certs import Trust
from tools.verify.findings import Problems, Refused, need
from tools.verify.gathering import certificate_entries, file_entry, root_entry
from tools.verify.onvif import judge_stream
from tools.verify.report import FilmReport, Report
from tools.verify.signatures import Signatures
from tools.verify.verifier import load_given

_FORMATS = {(4, b"ftyp"): "mp4", (0, b"\x1a\x45\xdf\xa3"): "matroska"}
_MAX_PACKET = 64 << 20


def verify_film(film: Path, root: Path | None) -> Report:
    """Judge the ONVIF Media Signing of an MP4 or Matroska film, fragmented or not, whole or trimmed.

    ``Refused`` where root or film are of no use; whatever is wrong with the signatures is in the report.
    """
    given = load_given(root)
    try:
        signatures = read_film(film, Trust(given.root))
    except Refused as refused:
        raise Refused(f"{film}: {refused}") from None
    problems, signer = Problems(), signatures.signer
    onvif_words.problems(signatures, film.name, problems)
    found = FilmReport(
        path=str(film),
        signatures=signatures,
        file=file_entry(film),
        certificates=certificate_entries([signer.verified] if signer and signer.verified else []),
        facts=tuple(onvif_words.facts(signatures)),
        proven=tuple(onvif_words.proven(signatures, given.root is not None)),
        not_proven=tuple(onvif_words.not_proven(signatures, given.root is not None)),
        problems=tuple(problems.found),
    )
    return Report(str(film), "film", root_entry(given.root), film=found)


def read_film(film: Path, trust: Trust) -> Signatures:
    """The signatures in a film's picture; ``Refused`` unless it is an MP4 or Matroska film with one track of H.264."""
    level = av.logging.get_level()
    av.logging.set_level(None)  # it may be damaged in every way; what counts is what can be read
    try:
        with files.open_file(film) as file:
            return judge_stream(_units(file), trust)
    except av.error.FFmpegError as error:
        raise Refused(f"cannot be read as a film: {error.strerror}") from None
    finally:
        av.logging.set_level(level)


def _units(file: BinaryIO) -> Iterator[memoryview]:
    """The NAL units of the picture, in the order of the file; those before the cut where it was cut off."""
    head = file.read(8)
    file.seek(0)
    kinds = [name for (at, mark), name in _FORMATS.items() if head[at:].startswith(mark)]
    need(kinds, "is neither an MP4 nor a Matroska film")
    # The format is named: other demuxers open further files and addresses.
    options = {"ignore_editlist": "1"} if kinds == ["mp4"] else {}
    with av.open(file, "r", format=kinds[0], options=options) as container:
        pictures = [stream for stream in container.streams if stream.type == "video"]
        need(len(pictures) == 1, f"holds {len(pictures)} pictures instead of one")
        # An unknown codec has no context, whatever PyAV's types say.
        need(getattr(pictures[0].codec_context, "name", None) == "h264", "its picture is not H.264")
        size = nal.length_size(bytes(pictures[0].codec_context.extradata or b""))
        for packet in container.demux(pictures[0]):
            need(packet.size <= _MAX_PACKET, "holds a frame longer than any")
            try:
                yield from nal.split(bytes(packet), size)
            except Refused:
                if packet.is_corrupt:
                    return
                raise
