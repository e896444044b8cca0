"""TLS 1.3 records (RFC 8446, 5 and 7) written by hand, with the secrets that a side of a connection tells its key log.

OpenSSL says on the wire what a decent peer would.  With the traffic secret of one side anything else can be said in its name: handshake
messages after the handshake, key updates without end, empty records.
"""

from __future__ import annotations

import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from OpenSSL import SSL

HANDSHAKE, ALERT, APPLICATION = 22, 21, 23
KEY_UPDATE = b"\x18\x00\x00\x01"
ASKED, UNASKED = b"\x01", b"\x00"
HELLO_REQUEST = b"\x00\x00\x00\x00"
CERTIFICATE_REQUEST = b"\x0d\x00\x00\x0d\x04nope\x00\x06\x00\x0d\x00\x02\x04\x03"
CERTIFICATE = b"\x0b\x00\x00\x04\x00\x00\x00\x00"
SERVER_HELLO = b"\x02\x00\x00\x28\x03\x03" + bytes(34) + b"\x13\x02\x00\x00"
CLIENT_HELLO = b"\x01\x00\x00\x2b\x03\x03" + bytes(33) + b"\x00\x02\x13\x02\x01\x00\x00\x00"
HUGE = b"\x0b\xff\xff\xff"
"""The head of a certificate message of 16 MiB."""
LARGEST = 16 * 1024
_HASH = hashes.SHA384()


def kinds(data: bytes) -> list[int]:
    """The outer types of the whole records in ``data``."""
    found, at = [], 0
    while at + 5 <= len(data):
        found.append(data[at])
        at += 5 + struct.unpack_from(">H", data, at + 3)[0]
    return found


def split(data: bytes) -> list[bytes]:
    """The whole records in ``data``; what follows the last one is left out."""
    found, at = [], 0
    while at + 5 <= len(data) and at + 5 + (size := struct.unpack_from(">H", data, at + 3)[0]) <= len(data):
        found.append(data[at : at + 5 + size])
        at += 5 + size
    return found


def _expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label with an empty context."""
    name = b"tls13 " + label
    info = struct.pack(">HB", size, len(name)) + name + b"\0"
    return HKDFExpand(_HASH, size, info).derive(secret)


class Pen:
    """Writes records with a traffic secret of TLS_AES_256_GCM_SHA384, behind ``spoken`` that were said with it before."""

    def __init__(self, secret: bytes, spoken: int) -> None:
        self._set(secret)
        self._number = spoken

    def _set(self, secret: bytes) -> None:
        self._secret, self._number = secret, 0
        self._aead, self._iv = AESGCM(_expand(secret, b"key", 32)), _expand(secret, b"iv", 12)

    def record(self, kind: int, content: bytes) -> bytes:
        """One record with this inner type."""
        head = struct.pack(">BHH", APPLICATION, 0x0303, len(content) + 1 + 16)
        nonce = (int.from_bytes(self._iv, "big") ^ self._number).to_bytes(12, "big")
        self._number += 1
        return head + self._aead.encrypt(nonce, content + bytes((kind,)), head)

    def key_update(self, request: bytes = ASKED) -> bytes:
        """A key update, after which the next record has the next key."""
        data = self.record(HANDSHAKE, KEY_UPDATE + request)
        self._set(_expand(self._secret, b"traffic upd", 48))
        return data


class Keys:
    """Listens to the key log of a context."""

    def __init__(self, context: SSL.Context) -> None:
        self._lines: dict[str, bytes] = {}
        context.set_keylog_callback(self._note)

    def _note(self, _connection: SSL.Connection, line: bytes) -> None:
        label, _, secret = line.decode().split(" ")
        self._lines[label] = bytes.fromhex(secret)

    def pen(self, side: str, spoken: int) -> Pen:
        """A pen for ``SERVER`` or ``CLIENT``."""
        return Pen(self._lines[f"{side}_TRAFFIC_SECRET_0"], spoken)
