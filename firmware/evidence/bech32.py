"""Bech32 (BIP 173), as age writes its keys with it: without the limit of 90 characters.

A wrong character in a recipient would mean footage that nobody can ever open, so that what is wrong is named and
nothing is guessed.
"""

from __future__ import annotations

from firmware.evidence.errors import RecipientError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(prefix: str, data: bytes) -> str:
    """Spell ``data`` in lower case behind ``prefix``."""
    values = _regroup(data, 8, 5, pad=True)
    checksum = _polymod([*_expand(prefix), *values, *bytes(_CHECKSUM)]) ^ 1
    values += [checksum >> 5 * (_CHECKSUM - 1 - index) & 31 for index in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[value] for value in values)}"


def decode(text: str) -> tuple[str, bytes]:
    """The prefix, in the case it was written in, and the data; ``RecipientError`` says what is wrong."""
    if not all("!" <= character <= "~" for character in text):
        raise RecipientError("a character that no key has")
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise RecipientError("upper and lower case are mixed")
    prefix, separator, rest = lower.rpartition("1")
    if not (separator and prefix):
        raise RecipientError("no prefix")
    if len(rest) < _CHECKSUM:
        raise RecipientError("too short")
    values = [_ALPHABET.find(character) for character in rest]
    if -1 in values:
        raise RecipientError(f"the character {rest[values.index(-1)]!r} is in no key")
    if _polymod([*_expand(prefix), *values]) != 1:
        raise RecipientError("the checksum does not fit: a character is wrong, missing or exchanged")
    return text[: len(prefix)], bytes(_regroup(values[:-_CHECKSUM], 5, 8, pad=False))


def _expand(prefix: str) -> list[int]:
    """The prefix as the checksum takes it."""
    codes = prefix.encode()
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(values: list[int]) -> int:
    """The checksum's polynomial."""
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum


def _regroup(values: bytes | list[int], old: int, new: int, *, pad: bool) -> list[int]:
    """Cut a row of ``old``-bit values into ``new``-bit ones; what is left over is padded, or has to be padding."""
    buffer = bits = 0
    groups: list[int] = []
    for value in values:
        buffer = (buffer << old | value) & 0xFFF
        bits += old
        while bits >= new:
            bits -= new
            groups.append(buffer >> bits & (1 << new) - 1)
    left = buffer & (1 << bits) - 1
    if pad and bits:
        groups.append(left << new - bits)
    elif not pad and (bits >= old or left):
        raise RecipientError("the padding is not zero")
    return groups
