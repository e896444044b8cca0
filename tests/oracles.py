"""Outside oracles: programs that others wrote and that our tests compare ours with.

PyPI brings some (pyrage, joserfc, PyAV); those are requirements and never missing.  The rest are Debian packages, which
``make deps`` installs, and npm packages that it puts into ``build/npm``.  A test that wants one says ``@needs("age")``: it is skipped where the program is missing, and the run
closes with a table of what that was (tests/reporting.py).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "build/npm/node_modules"


@dataclass(frozen=True, slots=True)
class Oracle:
    """A command, the Debian package that brings it, and what it proves."""

    command: str
    package: str
    proves: str


ORACLES = {
    oracle.command: oracle
    for oracle in (
        Oracle("age", "age", "each closed segment opens with either key"),
        Oracle(
            "age-encryption", "npm", "the post-quantum class opens with other hands' code, and its signatures verify"
        ),
        Oracle("age-keygen", "age", "our key files are age's key files"),
        Oracle("axe-core", "npm", "the page of the simulated camera is open to people who see, hear or move otherwise"),
        Oracle("chromium", "chromium", "that page works in a real browser"),
        Oracle(
            "espeak-ng",
            "espeak-ng",
            "speech goes through a Raspberry Pi's microphone and is still itself, to the millisecond",
        ),
        Oracle("cpio", "cpio", "a virtual camera's first file system unpacks"),
        Oracle(
            "debugfs", "e2fsprogs", "what was put on a virtual camera's card is there, before anything is switched on"
        ),
        Oracle("e2fsck", "e2fsprogs", "that card's file systems are sound"),
        Oracle("ffmpeg", "ffmpeg", "each segment and export decodes without a word"),
        Oracle("ffprobe", "ffmpeg", "lengths, tracks and times are what we say"),
        Oracle("fusermount", "fuse3", "lets an ordinary user mount the next one"),
        Oracle("gocryptfs", "gocryptfs", "sealing is measured beside an encrypting file system"),
        Oracle("genimage", "genimage", "a board's card is laid out by what Buildroot lays cards out with"),
        Oracle("jose", "jose", "each signature verifies with a second JOSE library"),
        Oracle("keystone-manage", "python3-keystone", "OpenStack's Keystone lets our dock in, and nobody else"),
        Oracle("mcopy", "mtools", "fills its boot partitions, and reads them"),
        Oracle("memcached", "memcached", "part of Swift"),
        Oracle("mke2fs", "e2fsprogs", "makes them"),
        Oracle("mkfs.vfat", "dosfstools", "makes them"),
        Oracle("node", "nodejs", "runs age-encryption"),
        Oracle("openssl", "openssl", "certificate chains and time stamps verify"),
        Oracle(
            "rauc",
            "rauc",
            "an update is a bundle to RAUC, whose it takes is as we say, and our words to it are its own",
        ),
        Oracle("rsync", "rsync", "an offload is as fast as rsync over ssh"),
        Oracle("s3cmd", "s3cmd", "a stock client brings a copy home over S3, and it verifies"),
        Oracle("sfdisk", "fdisk", "that card's partitions are where the table puts them"),
        Oracle("shellcheck", "shellcheck", "shell scripts are sound"),
        Oracle("ssh", "openssh-client", "carries that rsync"),
        Oracle("sshd", "openssh-server", "answers it"),
        Oracle("strace", "strace", "writes and syncs reach the kernel in the promised order"),
        Oracle("swift-account-server", "swift-account", "part of Swift"),
        Oracle("swift-container-server", "swift-container", "part of Swift"),
        Oracle("swift-object-server", "swift-object", "part of Swift"),
        Oracle("swift-proxy-server", "swift-proxy", "a real object store, by Swift's own language and by S3"),
        Oracle("swtpm", "swtpm", "a TPM keeps the key, counts up and locks out as the reference code does"),
        Oracle("systemd-analyze", "systemd", "units are sound, and the service's walls stand"),
        Oracle("tesseract", "tesseract-ocr", "what is burnt into the picture can be read"),
        Oracle("tpm2_pytss", "libtss2-dev", "our way to a TPM is the real library's, built by `make deps`"),
        Oracle("tpm2_readpublic", "tpm2-tools", "others' eyes and hands on the same TPM"),
        Oracle("valgrind", "valgrind", "instructions are counted by callgrind"),
        Oracle("veritysetup", "cryptsetup-bin", "a root's hashes are those that the kernel is told"),
        Oracle("zbarimg", "zbar-tools", "the codes on cameras' labels are read by others, and say the fingerprint"),
    )
}

BUILT = frozenset({"tpm2_pytss"})
"""Libraries of Python's that `make` builds where it can.  Only these are looked for as such: many a package bears the name of a command."""
BUILDERS = frozenset({"gcc", "pkg-config", "python3-dev"})
"""What builds them: there is no wheel."""
FONTS = frozenset({"fonts-inter"})
"""Packages that bring no command: what the documents' pictures are set in."""


def missing(commands: Iterable[str] = ORACLES) -> list[Oracle]:
    """Those of ``commands`` that are not on this machine.  ValueError for one that is not in the table."""
    wanted = list(commands)
    if unknown := set(wanted) - set(ORACLES):
        raise ValueError(
            f"not an oracle: {', '.join(sorted(unknown))}; add it to tests/oracles.py and requirements/debian.txt"
        )
    return [ORACLES[command] for command in wanted if not _found(command)]


def _found(command: str) -> bool:
    """Whether it is here: a command, also where only root's shell looks for it, a package of npm's, or a library that was built."""
    here = bool(shutil.which(command)) or (MODULES / command).is_dir() or os.access(f"/usr/sbin/{command}", os.X_OK)
    return here or (command in BUILT and importlib.util.find_spec(command) is not None)


def needs(*commands: str) -> pytest.MarkDecorator:
    """A mark that skips a test where one of ``commands`` is missing, and says which Debian package brings it."""
    absent = missing(commands)
    reason = "; ".join(f"{oracle.command} is missing (Debian package {oracle.package})" for oracle in absent)
    return pytest.mark.skipif(bool(absent), reason=reason)


def node(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ``tests/npm/oracle.mjs``, which says what it can do.  For tests that need ``node`` and ``age-encryption``."""
    command: list[str | Path] = ["node", ROOT / "tests/npm/oracle.mjs", MODULES, *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)
