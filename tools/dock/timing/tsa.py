"""A time-stamping authority (RFC 3161) as a dock sees it: asked over HTTP, and believed only after two checks.

What it says is judged by ``rfc3161-client`` and by ``tools.verify``, which share no code: what is stored has to be good
in the eyes of both, so that no token can make evidence look altered later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import TimeStampRequest

from tools.dock.identity import SetupError
from tools.verify.findings import Refused
from tools.verify.timestamp import LARGEST, load_tsa_roots, parse_stamp

REQUEST, REPLY = "application/timestamp-query", "application/timestamp-reply"
TIMEOUT_S = 10.0
CHUNK = 4096


class StampError(Exception):
    """The authority gave no time stamp that can be used; the message says why.  Nothing is lost: it is asked again."""


@dataclass(frozen=True, slots=True)
class TimeStamper:
    """An authority: where it is asked, whom to believe for it, and under which policy alone (None: any)."""

    url: str
    roots: tuple[x509.Certificate, ...]
    policy: x509.ObjectIdentifier | None = None
    timeout_s: float = TIMEOUT_S
    monotonic: Callable[[], float] = time.monotonic

    @classmethod
    def load(cls, url: str, roots: Path, policy: str | None = None) -> TimeStamper:
        """Read what was given on a command line; ``SetupError`` says what is wrong with it."""
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or not url.isascii():
                raise SetupError(f"{url}: no address of the form http://HOST/ or https://HOST/")
            return cls(url, load_tsa_roots(roots), None if policy is None else x509.ObjectIdentifier(policy))
        except OSError as error:
            raise SetupError(f"{roots}: {error.strerror}") from None
        except (Refused, ValueError) as error:
            raise SetupError(f"time stamps: {error}") from None

    def stamp(self, data: bytes) -> bytes:
        """A TimeStampResp over these bytes, in DER, good in every respect; ``StampError`` where none is to be had."""
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        reply = self._ask(request.as_bytes())
        self._check(request, reply, data)
        return reply

    def _ask(self, request: bytes) -> bytes:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        until = self.monotonic() + self.timeout_s
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, request, {"Content-Type": REQUEST, "Accept": REPLY})
            response = connection.getresponse()
            if response.status != 200 or response.getheader("Content-Type", "").partition(";")[0].strip() != REPLY:
                raise StampError(f"{self.url}: answers {response.status} {response.getheader('Content-Type')}")
            reply = bytearray()
            while chunk := response.read1(CHUNK):
                reply += chunk
                if len(reply) > LARGEST:
                    raise StampError(f"{self.url}: answers more than {LARGEST} bytes")
                if self.monotonic() > until:
                    raise StampError(f"{self.url}: did not answer in {self.timeout_s:g} s")
            return bytes(reply)
        except (OSError, HTTPException) as error:
            raise StampError(f"{self.url}: cannot be asked: {str(error) or type(error).__name__}") from None
        finally:
            connection.close()

    def _check(self, request: TimeStampRequest, reply: bytes, data: bytes) -> None:
        verifier = VerifierBuilder(roots=list(self.roots), nonce=request.nonce, policy_id=self.policy).build()
        try:
            verifier.verify_message(decode_timestamp_response(reply), data)
            parse_stamp(reply, data).check_authority(self.roots)
        except (VerificationError, Refused, ValueError) as error:
            raise StampError(f"{self.url}: its time stamp cannot be used: {error}") from None
