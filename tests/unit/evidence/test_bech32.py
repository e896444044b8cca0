"""Bech32, held against BIP 173's own vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.evidence import bech32
from firmware.evidence.errors import RecipientError

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
SPLIT = "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"


@pytest.mark.parametrize(
    ("text", "prefix", "data"),
    [
        ("A12UEL5L", "A", ""),
        ("a12uel5l", "a", ""),
        ("an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs", "an83", ""),
        ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", "00443214c74254b635cf84653a56d7c675be77df"),
        ("11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j", "1", "00" * 51),
        ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split", SPLIT),
        ("?1ezyfcl", "?", ""),
    ],
)
def test_valid_vectors(text: str, prefix: str, data: str) -> None:
    """BIP 173's valid strings are read, and spelled again as they were."""
    found, decoded = bech32.decode(text)
    assert found.startswith(prefix)
    assert decoded.hex() == data
    assert bech32.encode(found.lower(), decoded) == text.lower()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\x201nwldj5", "character that no key"),
        ("\x7f1axkwrx", "character that no key"),
        ("\x801eym55h", "character that no key"),
        ("pzry9x0s0muk", "no prefix"),
        ("1pzry9x0s0muk", "no prefix"),
        ("", "no prefix"),
        ("x1b4n0q5v", "'b' is in no key"),
        ("li1dgmt3", "too short"),
        ("de1lg7wt\xff", "character that no key"),
        ("A1G7SGD8", "checksum"),
        ("10a06t8", "no prefix"),
        ("1qzzfhee", "no prefix"),
        ("a12UEL5L", "mixed"),
        ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3x", "checksum"),
    ],
)
def test_invalid_vectors(text: str, reason: str) -> None:
    """BIP 173's invalid strings are refused, each for its reason."""
    with pytest.raises(RecipientError, match=reason):
        bech32.decode(text)


@given(st.binary(max_size=80))
def test_round_trip(data: bytes) -> None:
    """What is spelled is read back, in either case."""
    text = bech32.encode("age", data)
    assert bech32.decode(text) == ("age", data)
    assert bech32.decode(text.upper()) == ("AGE", data)


@given(st.binary(min_size=32, max_size=32), st.data())
def test_any_wrong_character_is_found(key: bytes, data: st.DataObject) -> None:
    """One wrong character, or two exchanged ones, never make another key."""
    text = bech32.encode("age", key)
    at = data.draw(st.integers(4, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET.replace(text[at], "")))
    swapped = text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :] if at > 4 else text
    for changed in {text[:at] + other + text[at + 1 :], swapped} - {text}:
        with pytest.raises(RecipientError):
            bech32.decode(changed)


def test_bits_left_over() -> None:
    """Padding that is a whole character, or not zero, is refused though the checksum fits."""
    good = bech32.encode("age", b"\x01")
    assert bech32.decode(good) == ("age", b"\x01")
    for values in ([0, 4, 0], [0, 5]):
        checksum = bech32._polymod([*bech32._expand("age"), *values, *bytes(6)]) ^ 1
        text = "age1" + "".join(
            ALPHABET[value] for value in [*values, *((checksum >> 5 * (5 - i)) & 31 for i in range(6))]
        )
        with pytest.raises(RecipientError, match="padding"):
            bech32.decode(text)
