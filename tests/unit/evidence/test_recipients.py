"""Whom footage may be encrypted to."""

from __future__ import annotations

import pyrage
import pytest

from firmware.evidence import bech32
from firmware.evidence.errors import RecipientError
from firmware.evidence.recipients import Recipients, parse_recipient
from tests.pki import Pki

GOOD = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
PQ = bech32.encode("age1pq", bytes(1216))


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


def test_sets(pki: Pki) -> None:
    """A set has two recipients or more, none of them twice, all of one class that can be written."""
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
        ([PQ, bech32.encode("age1pq", b"\1" * 1216)], "mlkem768x25519 cannot be written"),
    ):
        with pytest.raises(RecipientError, match=reason):
            Recipients.parse(texts)
