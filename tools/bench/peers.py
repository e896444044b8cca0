"""The programs of others that we are measured against, and the Debian package that brings each.  Without one a figure says so, and is skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tools.bench.figure import Figure


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, and what brings it."""

    program: str
    package: str
    what: str


PEERS: Final[Mapping[str, Peer]] = {
    peer.program: peer
    for peer in (
        Peer("age", "age", "encrypts the same bytes to the same recipients"),
        Peer("ffmpeg", "ffmpeg", "packs and encrypts the same picture as HLS does"),
        Peer("callgrind_control", "valgrind", "has instructions counted from here to there"),
        Peer("fusermount", "fuse3", "lets gocryptfs mount"),
        Peer("gocryptfs", "gocryptfs", "an encrypting file system, written to synchronously"),
        Peer("openssl", "openssl", "what the processor's ciphers and hashes can do"),
        Peer("rsync", "rsync", "copies the same files over ssh"),
        Peer("ssh", "openssh-client", "carries rsync"),
        Peer("ssh-keygen", "openssh-client", "makes its keys"),
        Peer("sshd", "openssh-server", "answers it"),
        Peer("valgrind", "valgrind", "counts instructions"),
    )
}
_PLACES: Final = "/usr/sbin:/usr/local/sbin"


class MissingError(Exception):
    """A program is not on this machine, or does not run here; the message says which, and what brings it."""


def find(program: str) -> str:
    """Its path; sshd lies where an ordinary user's shell does not look.  ``MissingError`` without it."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{_PLACES}")
    if path is None:
        brings = f" (Debian package {PEERS[program].package})" if program in PEERS else ""
        raise MissingError(f"{program} is missing{brings}")
    return path


def found(*programs: str) -> bool:
    """Whether all of them are here."""
    try:
        for program in programs:
            find(program)
    except MissingError:
        return False
    return True


def skipped(figure: Figure, why: MissingError) -> Figure:
    """The same figure, not measured."""
    return replace(figure, ratios=(), facts={}, skipped=str(why))
