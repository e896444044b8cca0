"""The numbers in the specification are those of the firmware and of the verifier."""

from __future__ import annotations

import pytest

from firmware.evidence import kinds
from firmware.evidence.errors import FormatError
from tests.specification.limits import RANGES, SIZES, Range, Size
from tools.verify import schema as desk
from tools.verify.findings import Refused


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.what)
def test_sizes(size: Size) -> None:
    """Both readers have the same limit."""
    assert size.desk in (None, size.most)


@pytest.mark.parametrize("span", RANGES, ids=lambda span: span.what)
def test_ranges(span: Range) -> None:
    """Both readers take both ends, and neither takes one more."""
    for number in (span.least, span.most):
        span.check(span.value(number), "x")
        if span.desk is not None:
            span.desk("x", span.value(number))
    for number in (span.least - 1, span.most + 1):
        if span.of and number < 0:
            continue
        with pytest.raises(FormatError):
            span.check(span.value(number), "x")
        if span.desk is not None:
            with pytest.raises(Refused):
                span.desk("x", span.value(number))


@pytest.mark.parametrize("point", [*range(0xA2), 0x2028, 0xD7FF, 0xE000, 0x10FFFF])
def test_characters(point: int) -> None:
    """Both readers take the same characters as text: all but control characters."""
    if point < 0x20 or 0x7F <= point < 0xA0:
        with pytest.raises(FormatError):
            kinds.WORDS(chr(point), "x")
        with pytest.raises(Refused):
            desk.text()("x", chr(point))
    else:
        kinds.WORDS(chr(point), "x")
        desk.text()("x", chr(point))
