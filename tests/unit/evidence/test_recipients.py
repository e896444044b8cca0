"""Whom footage may be encrypted to."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

import pyrage
import pytest

from firmware.core import forecast
from firmware.evidence import bech32, recipients
from firmware.evidence.age import CHUNK, AgeWriter
from firmware.evidence.errors import RecipientError
from firmware.evidence.recipients import Recipients, parse_recipient
from tests.pki import Pki
from tools.provision.agekeys import AgeKey
from tools.verify import hybrid

GOOD = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
PQ = hybrid.read_identity(bech32.encode("age-secret-key-pq-", bytes(32)).upper()).recipient
PQ_KEY = bech32.decode(PQ)[1]


def test_reads_what_age_writes() -> None:
    """Keys that other age implementations print are read."""
    assert parse_recipient(GOOD).kind.name == "X25519"
    for _ in range(20):
        text = str(pyrage.x25519.Identity.generate().to_public())
        assert bech32.encode("age", parse_recipient(text).key) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD[:-1], "checksum"),
        (GOOD.replace("ql3z", "q13z"), "."),
        (GOOD.upper(), "prefix 'AGE'"),
        (GOOD[:10] + GOOD[10:].upper(), "mixed"),
        (" " + GOOD, "character"),
        (GOOD + "\n", "character"),
        ("", "no prefix"),
        ("ssh-ed25519 AAAA", "character"),
        (bech32.encode("age", bytes(31)), "31 bytes instead of 32"),
        (bech32.encode("age1pq", bytes(32)), "32 bytes instead of 1216"),
        (bech32.encode("age1pq", PQ_KEY + b"\0"), "1217 bytes instead of 1216"),
        (bech32.encode("age1pq", b"\xff" * 1184 + PQ_KEY[1184:]), "no ML-KEM-768 key"),
        (bech32.encode("age1pq", PQ_KEY[:1184] + bytes(32)), "low order"),
        (bech32.encode("age1pq", PQ_KEY[:1184] + b"\xff" * 32), "canonical"),
        (PQ[:-1] + ("q" if PQ[-1] != "q" else "p"), "checksum"),
        (bech32.encode("bc", bytes(32)), "prefix 'bc'"),
        (bech32.encode("age", bytes(32)), "low order"),
        (bech32.encode("age", b"\x01" + bytes(31)), "low order"),
        (bech32.encode("age", b"\xff" * 32), "canonical"),
        (bech32.encode("age", (2**255 - 19).to_bytes(32, "little")), "canonical"),
        ("age1" + "q" * 5000, "too long"),
    ],
)
def test_malformed(text: str, reason: str) -> None:
    """A malformed recipient is refused, and the message says what is wrong with which."""
    with pytest.raises(RecipientError, match=f"^recipient .*{reason}"):
        parse_recipient(text)


def test_secret_key_is_not_shown() -> None:
    """A secret key that was pasted in the place of a public one is refused without being repeated."""
    with pytest.raises(RecipientError, match="^recipient 'AGE-SECRET-KEY-...'") as refusal:
        parse_recipient(SECRET)
    assert "GFPY" not in str(refusal.value)


def test_what_wraps_a_key_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ephemeral secret and the key derived from the exchange: each is gone once the stanza is made."""
    seen: list[bytearray] = []

    def noting(make: Callable[..., bytearray]) -> Callable[..., bytearray]:
        def noted(*how: Any) -> bytearray:
            seen.append(make(*how))
            return seen[-1]

        return noted

    for name in ("draw", "derive"):
        monkeypatch.setattr(recipients, name, noting(getattr(recipients, name)))
    stanza = parse_recipient(GOOD).kind.wrap(parse_recipient(GOOD).key, bytearray(16), os.urandom)
    assert stanza.startswith(b"-> X25519 ")
    assert [bytes(each) for each in seen] == [bytes(32)] * 2


def test_sets(pki: Pki) -> None:
    """A set has two recipients or more, none of them twice, all of one class."""
    one, two = pki.recipients
    assert [item.text for item in Recipients.parse([one, two]).items] == [one, two]
    many = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(17)]
    assert len(Recipients.parse(many[:16]).items) == 16
    for texts, reason in (
        ([], "recipients: 0, there have to be 2 to 16"),
        ([one], "recipients: 1,"),
        (many, "recipients: 17,"),
        ([one, two, one], "same key twice"),
        ([one, PQ], "classes X25519 and mlkem768x25519 are mixed"),
        ([PQ, PQ[:-1]], "checksum"),
        ([PQ, PQ], "same key twice"),
        ([PQ], "recipients: 1,"),
    ):
        with pytest.raises(RecipientError, match=reason):
            Recipients.parse(texts)


# From age's specification (C2SP age.md): an identity, and the hash of the recipient that it prints for it.
PUBLISHED_SEED = "31bda90fbf9fccdde5cfc0ed5a0378c5ea67ea193d7938b03b8c5dabb9a67de3"
PUBLISHED_RECIPIENT = "a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea"


def test_the_published_hybrid_recipient() -> None:
    """The recipient of the specification's example is computed from its identity, letter for letter."""
    identity = bech32.encode("age-secret-key-pq-", bytes.fromhex(PUBLISHED_SEED)).upper()
    recipient = hybrid.read_identity(identity).recipient
    assert hashlib.sha256(recipient.encode()).hexdigest() == PUBLISHED_RECIPIENT
    assert parse_recipient(recipient).kind.name == "mlkem768x25519"


def test_hybrid_headers_fit_everywhere(pki: Pki) -> None:
    """The largest header that settings allow, 16 post-quantum recipients, fits a reader's bound and a flush's share of the
    forecast; the usual one of two takes 3.2 kB."""
    texts = [AgeKey.generate(post_quantum=True).recipient for _ in range(16)]
    small, large = (len(AgeWriter(Recipients.parse(texts[:count]), os.urandom).header) for count in (2, 16))
    assert small == 3200
    assert large == 24_998
    shortest = 2  # flushes of the shortest segment out of the buffer
    boxes_and_line = 3072
    assert large <= shortest * (forecast.FLUSH - CHUNK - boxes_and_line)
    assert len(AgeWriter(Recipients.parse(pki.recipients), os.urandom).header) < 400
