"""age v1 files (section 4): the header, which anybody may read, and the plaintext, for whoever holds a key.

The header of X25519 files is opened by ``pyrage``, an implementation by others, and by ``x25519``, that of the post-quantum class by ``hybrid``; a
file that was cut off yields its authenticated beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyrage

from tools.verify import files, hybrid, x25519
from tools.verify.findings import Refused, need

_SIZES = {x25519.NAME: (32, 32), hybrid.NAME: (hybrid.SHARE, hybrid.BODY)}
"""Bytes of a stanza's one argument, and of its body."""
CLASSES = tuple(_SIZES)
MOST_RECIPIENTS = 16
MAX_HEADER = 65536
_MAX_KEY_FILE = 65536
_VERSION = b"age-encryption.org/v1\n"
_STANZA = re.compile(rb"-> ([!-~]+)(?: [!-~]+)*\n\Z")
_BODY = re.compile(rb"[A-Za-z0-9+/]{0,64}\n\Z")
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n\Z")
_COLUMNS = 64
_SHOWN = 62


@dataclass(frozen=True, slots=True)
class Header:
    """Length in bytes, the type of each recipient, and what the post-quantum class is opened with."""

    length: int
    recipients: tuple[str, ...]
    stanzas: tuple[hybrid.Stanza, ...]
    head: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A decryption key: its class, its recipient (``age1...``), which may be shown, and the identity, which may not."""

    kind: str
    recipient: str
    identity: Any

    @property
    def shown(self) -> str:
        """The recipient, cut to what a line has room for: those of the post-quantum class have 2000 characters."""
        return self.recipient if len(self.recipient) <= _SHOWN else f"{self.recipient[:_SHOWN]}..."


@dataclass(frozen=True, slots=True)
class Opened:
    """How far a file could be decrypted: to its end, or to a cut."""

    length: int
    whole: bool


class Sink(Protocol):
    """Takes the plaintext in pieces; may raise ``Refused`` to stop."""

    def write(self, data: bytes) -> int:
        """Take the next piece; return its length."""

    def flush(self) -> None:
        """Nothing waits."""


def load_keys(paths: Sequence[Path]) -> tuple[Key, ...]:
    """The keys of files as ``age-keygen`` writes them; ``Refused`` names the file that holds none."""
    return tuple(key for path in paths for key in _load_file(path))


def read_header(path: Path) -> Header:
    """The header; ``Refused`` unless it is one of the format: two recipients or more, all of one class."""
    with files.open_file(path) as file:
        return _checked(_parse(file))


def _checked(header: Header) -> Header:
    kinds = header.recipients
    need(len(kinds) >= 2, "is encrypted to fewer than two recipients")
    need(len(kinds) <= MOST_RECIPIENTS, f"is encrypted to more than {MOST_RECIPIENTS} recipients")
    need(len(set(kinds)) == 1 and kinds[0] in CLASSES, "is encrypted to recipients of mixed or unknown classes")
    share, body = _SIZES[kinds[0]]
    for stanza in header.stanzas:
        hybrid.check_stanza(stanza, share, body)
    return header


def _parse(file: BinaryIO) -> Header:
    head = file.read(MAX_HEADER)
    need(head.startswith(_VERSION), "does not begin like an age file")
    stanzas: list[tuple[tuple[bytes, ...], bytearray]] = []
    at = len(_VERSION)
    in_body = False
    while True:
        begin, end = at, head.find(b"\n", at) + 1
        need(end, "the age header has no end")
        line, at = head[at:end], end
        if in_body:
            need(_BODY.match(line), "the age header is malformed")
            stanzas[-1][1].extend(line[:-1])
            in_body = len(line) - 1 == _COLUMNS
        elif _STANZA.match(line):
            stanzas.append((tuple(line[3:-1].split(b" ")), bytearray()))
            in_body = True
        else:
            last = _END.match(line)
            break
    if last is None:
        raise Refused("the age header is malformed")
    kinds = tuple(arguments[0].decode() for arguments, _ in stanzas)
    found = tuple(hybrid.Stanza(arguments, bytes(body)) for arguments, body in stanzas)
    return Header(at, kinds, found, head[: begin + 3], last.group(1))


def decrypt(path: Path, keys: Sequence[Key], sink: Sink) -> Opened:
    """Decrypt into ``sink`` as far as the file authenticates; ``Refused`` where no key opens it."""
    counting = _Counting(sink)
    with files.open_file(path) as file:
        header = _parse(file)
        if hybrid.NAME in header.recipients:
            _checked(header)
            file_key = hybrid.unwrap(header.stanzas, [key.identity for key in keys if key.kind == hybrid.NAME])
        else:
            fitting = [key.identity for key in keys if key.kind == x25519.NAME]
            if not (fitting and _opens(file, header, keys, fitting)):
                raise Refused(_no_key(header, keys))
            file_key = x25519.unwrap(header.stanzas, fitting)
        if file_key is None:
            raise Refused(_no_key(header, keys))
        hybrid.check_mac(file_key, header.head, header.mac)
        file.seek(header.length)
        whole = hybrid.open_payload(file, file_key, counting.write)
        return Opened(counting.length, whole=whole)


class _Enough(Exception):  # noqa: N818 - no error
    """The first bytes came."""


class _First:
    """Wants no more than a first piece."""

    def write(self, _data: bytes) -> int:
        raise _Enough

    def flush(self) -> None:
        pass


def _opens(file: BinaryIO, header: Header, keys: Sequence[Key], fitting: Sequence[x25519.Identity]) -> bool:
    """Whether ``pyrage`` opens the header with one of the keys, however much of the payload is there; ``Refused`` where nobody could."""
    file.seek(0)
    try:
        pyrage.decrypt_io(file, _First(), [each.theirs for each in fitting])
    except _Enough:
        return True
    except pyrage.DecryptError as error:
        raise Refused(_no_key(header, keys) if "No matching keys" in str(error) else _why(error)) from None
    except OSError as error:
        # The system's own errors carry a number, the end of what is authentic does not.
        if error.errno is not None:
            raise
    return True


class _Counting:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.length = 0

    def write(self, data: bytes) -> int:
        self._sink.write(data)
        self.length += len(data)
        return len(data)


def _why(error: pyrage.DecryptError) -> str:
    return f"cannot be decrypted: {error}"


def _no_key(header: Header, keys: Sequence[Key]) -> str:
    given = ", ".join(key.shown for key in keys)
    kinds = " and ".join(sorted(set(header.recipients)))
    return f"is encrypted to {len(header.recipients)} recipients, none of which is the key given ({given}): {kinds}"


def _load_file(path: Path) -> list[Key]:
    try:
        text = files.read_small(path, _MAX_KEY_FILE).decode()
        rows = [row.strip() for row in text.splitlines()]
        found = [_load_key(row) for row in rows if row and not row.startswith("#")]
    except (Refused, UnicodeDecodeError, pyrage.IdentityError) as error:
        reason = str(error) if isinstance(error, Refused) else "is not a file of age keys"
        raise Refused(f"{path}: {reason}") from None
    need(found, f"{path}: holds no age key")
    return found


def _load_key(row: str) -> Key:
    if row.startswith(hybrid.PREFIX):
        try:
            identity = hybrid.read_identity(row)
        except Refused as refused:
            raise Refused(f"holds a {hybrid.NAME} key that is damaged: it {refused}") from None
        return Key(hybrid.NAME, identity.recipient, identity)
    other = x25519.read_identity(row)
    return Key(x25519.NAME, other.recipient, other)
