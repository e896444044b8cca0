"""DER (X.690), of ours and of what others sign: each length in its one spelling, and nothing that goes on behind its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware.evidence.errors import FormatError

INTEGER, OCTETS, NULL, OID, GENERALIZED_TIME, SEQUENCE, SET = 0x02, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31
BOOLEAN = 0x01
CONTEXT = 0xA0
"""The first of the tags that are the surrounding element's own, constructed."""

_LONG = 0x80
_MOST_LENGTH_BYTES = 3
_MULTIBYTE_TAG = 0x1F


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag with class and form, its content, and all of its bytes; ``where`` names it in refusals."""

    tag: int
    content: bytes = field(repr=False)
    raw: bytes = field(repr=False)
    where: str

    def inside(self) -> Elements:
        """The elements that its content is."""
        return Elements(self.content, self.where)

    def integer(self) -> int:
        """Its content as an INTEGER that is not negative."""
        number = int.from_bytes(self.content, "big", signed=True)
        shortest = number.bit_length() // 8 + 1
        if not self.content or number < 0 or len(self.content) != shortest:
            raise FormatError(f"{self.where}: no INTEGER of 0 or more in its shortest spelling")
        return number


class Elements:
    """Elements one behind the other, taken in order; each refusal is a ``FormatError`` that names the place."""

    def __init__(self, data: bytes, where: str) -> None:
        """Of these bytes, which ``where`` names."""
        self._data = data
        self._at = 0
        self._where = where

    @property
    def left(self) -> bool:
        """Whether there is another one."""
        return self._at < len(self._data)

    def take(self, tag: int, name: str) -> Element:
        """The next one, which has to have this tag."""
        element = self.maybe(tag, name)
        if element is None:
            raise FormatError(f"{self._where}: {name}: missing, or of another type")
        return element

    def maybe(self, tag: int, name: str) -> Element | None:
        """The next one if it has this tag."""
        if not self.left or self._data[self._at] != tag:
            return None
        return self.any(name)

    def any(self, name: str) -> Element:
        """The next one, whatever it is."""
        where = f"{self._where}: {name}"
        data, start = self._data, self._at
        if len(data) - start < 2 or data[start] & _MULTIBYTE_TAG == _MULTIBYTE_TAG:
            raise FormatError(f"{where}: cut off, or of a type that does not occur")
        length, at = data[start + 1], start + 2
        if length & _LONG:
            count = length - _LONG
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
            if not 0 < count <= _MOST_LENGTH_BYTES or length < max(_LONG, 1 << 8 * (count - 1)):
                raise FormatError(f"{where}: a length that DER spells otherwise")
        if at + length > len(data):
            raise FormatError(f"{where}: goes on behind the end")
        self._at = at + length
        return Element(data[start], data[at : self._at], data[start : self._at], where)

    def end(self) -> None:
        """Refuse whatever is left."""
        if self.left:
            raise FormatError(f"{self._where}: has more members than it may have")


def spell(tag: int, *contents: bytes) -> bytes:
    """One element of this content, with its length in DER's spelling."""
    content = b"".join(contents)
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(size))) + size + content


def oid(dotted: str) -> bytes:
    """The content of an OBJECT IDENTIFIER; ``FormatError`` unless it is one."""
    parts = dotted.split(".")
    if not 2 <= len(parts) <= 32 or any(not part.isascii() or not part.isdigit() or len(part) > 39 for part in parts):
        raise FormatError(f"{dotted[:40]!r} is no object identifier")
    first, second, *rest = map(int, parts)
    if first > 2 or (first < 2 and second > 39) or dotted != ".".join(map(str, (first, second, *rest))):
        raise FormatError(f"{dotted[:40]!r} is no object identifier")
    content = b""
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, arc & 0x7F | 0x80)
        content += bytes(septets)
    return content
