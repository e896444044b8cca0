"""DER (X.690): a reader that takes the one spelling of each length, and trusts none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from tools.verify.findings import Refused, need

BOOLEAN, INTEGER, OCTETS, NULL, OID, GENERALIZED_TIME, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31
_LONG_FORM = 0x80
_LONGEST_OID = 64


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag (one byte, class and form included), its content, and all of its bytes."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> Fields:
        """The elements inside."""
        return Fields(self.content)

    def integer(self) -> int:
        """Its value as an INTEGER."""
        need(self.tag == INTEGER, "DER: no INTEGER where one must be")
        need(self.content, "DER: an INTEGER without a value")
        number = int.from_bytes(self.content, "big", signed=True)
        need(len(self.content) == number.bit_length() // 8 + 1 or number < 0, "DER: an INTEGER is spelt too long")
        return number

    def oid(self) -> str:
        """Its value as an OBJECT IDENTIFIER, with dots."""
        need(self.tag == OID and 0 < len(self.content) <= _LONGEST_OID, "DER: no object identifier where one must be")
        need(not self.content[-1] & 0x80, "DER: an object identifier is cut off")
        arcs, arc, fresh = [], 0, True
        for byte in self.content:
            need(not fresh or byte != 0x80, "DER: an object identifier is spelt too long")
            arc, fresh = arc << 7 | byte & 0x7F, not byte & 0x80
            if fresh:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


class Fields:
    """Takes the elements of some content one by one."""

    def __init__(self, data: bytes) -> None:
        self._left = list(_elements(data))[::-1]

    def __bool__(self) -> bool:
        """Whether any is left."""
        return bool(self._left)

    def take(self, tag: int, what: str) -> Element:
        """The next one, which must have this tag; ``what`` names it in a refusal."""
        need(self._left and self._left[-1].tag == tag, f"{what} is missing, or something else stands in its place")
        return self._left.pop()

    def maybe(self, tag: int) -> Element | None:
        """The next one, if it has this tag."""
        return self._left.pop() if self._left and self._left[-1].tag == tag else None

    def rest(self) -> list[Element]:
        """All that are left."""
        found, self._left = self._left[::-1], []
        return found

    def end(self, what: str) -> None:
        """``Refused`` unless all were taken."""
        need(not self._left, f"{what} has members that it should not have")


def read(data: bytes, what: str) -> Element:
    """The one element that ``data`` is, without a byte over."""
    found = list(_elements(data))
    need(len(found) == 1, f"{what} is not one DER element")
    return found[0]


def identifier(dotted: str) -> x509.ObjectIdentifier:
    """An object identifier as the library has it."""
    try:
        return x509.ObjectIdentifier(dotted)
    except ValueError:
        raise Refused("DER: an object identifier that cannot be") from None


def _elements(data: bytes) -> Iterator[Element]:
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        need(tag & 0x1F != 0x1F and at + 2 <= len(data), "DER: a tag that no such object has, or a cut-off element")
        size, at = data[at + 1], at + 2
        if size & _LONG_FORM:
            count = size & 0x7F
            need(0 < count <= 4 and at + count <= len(data), "DER: a length that cannot be")
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
            need(size >= max(_LONG_FORM, 1 << 8 * (count - 1)), "DER: a length is spelt too long")
        need(at + size <= len(data), "DER: an element goes on behind the end")
        yield Element(tag, data[at : at + size], data[start : at + size])
        at += size
