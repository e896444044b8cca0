"""age v1 files (section 4): the header, which anybody may read, and the plaintext, for whoever holds a key.

The cryptography is that of ``pyrage``, an implementation by others; a file that was cut off yields its authenticated
beginning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyrage

from tools.verify import files
from tools.verify.findings import Refused, need

CLASSES = ("X25519", "mlkem768x25519")
_MAX_HEADER = 65536
_MAX_KEY_FILE = 65536
_VERSION = b"age-encryption.org/v1\n"
_STANZA = re.compile(rb"-> ([!-~]+)(?: [!-~]+)*\n\Z")
_BODY = re.compile(rb"[A-Za-z0-9+/]{0,64}\n\Z")
_END = re.compile(rb"--- [A-Za-z0-9+/]{43}\n\Z")
_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class Header:
    """Length in bytes, and the type of each recipient."""

    length: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A decryption key: its recipient (``age1...``), which may be shown, and the identity, which may not."""

    recipient: str
    identity: Any


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
        head = file.read(_MAX_HEADER)
    need(head.startswith(_VERSION), "does not begin like an age file")
    recipients: list[str] = []
    at = len(_VERSION)
    in_body = False
    while True:
        end = head.find(b"\n", at) + 1
        need(end, "the age header has no end")
        line, at = head[at:end], end
        if in_body:
            need(_BODY.match(line), "the age header is malformed")
            in_body = len(line) - 1 == _COLUMNS
        elif stanza := _STANZA.match(line):
            recipients.append(stanza.group(1).decode())
            in_body = True
        else:
            need(_END.match(line), "the age header is malformed")
            break
    need(len(recipients) >= 2, "is encrypted to fewer than two recipients")
    need(
        len(set(recipients)) == 1 and recipients[0] in CLASSES, "is encrypted to recipients of mixed or unknown classes"
    )
    return Header(at, tuple(recipients))


def decrypt(path: Path, keys: Sequence[Key], sink: Sink) -> Opened:
    """Decrypt into ``sink`` as far as the file authenticates; ``Refused`` where no key opens it."""
    counting = _Counting(sink)
    with files.open_file(path) as file:
        try:
            pyrage.decrypt_io(file, counting, [key.identity for key in keys])
        except pyrage.DecryptError as error:
            raise Refused(_why(path, keys, str(error))) from None
        except OSError as error:
            # The system's own errors carry a number, the end of what is authentic does not.
            if error.errno is not None:
                raise
            return Opened(counting.length, whole=False)
    return Opened(counting.length, whole=True)


class _Counting:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.length = 0

    def write(self, data: bytes) -> int:
        self._sink.write(data)
        self.length += len(data)
        return len(data)

    def flush(self) -> None:
        self._sink.flush()


def _why(path: Path, keys: Sequence[Key], error: str) -> str:
    header = read_header(path)
    if header.recipients[0] != CLASSES[0]:
        return f"is encrypted to {header.recipients[0]} recipients, which this tool cannot open: use age 1.3 or later"
    if "No matching keys" in error:
        given = ", ".join(key.recipient for key in keys)
        return f"is encrypted to {len(header.recipients)} recipients, none of which is the key given ({given})"
    return f"cannot be decrypted: {error}"


def _load_file(path: Path) -> list[Key]:
    try:
        text = files.read_small(path, _MAX_KEY_FILE).decode()
        rows = [row.strip() for row in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(row) for row in rows if row and not row.startswith("#")]
    except (Refused, UnicodeDecodeError, pyrage.IdentityError) as error:
        reason = str(error) if isinstance(error, Refused) else "is not a file of age X25519 keys"
        raise Refused(f"{path}: {reason}") from None
    need(found, f"{path}: holds no age key")
    return [Key(str(each.to_public()), each) for each in found]
