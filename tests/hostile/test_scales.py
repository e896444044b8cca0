"""What weighs the memory that hostile peers cost: both ways of it see what is taken, and forget what was before."""

from __future__ import annotations

import pytest

from tests.hostile.scales import Scales

MUCH = 64 << 20


@pytest.mark.parametrize("exact", [True, False])
def test_what_is_taken_is_seen(*, exact: bool) -> None:
    """Also where it was given back before anybody asked."""
    scales = Scales(exact=exact)
    scales.start()
    taken = b"\1" * MUCH
    del taken
    assert MUCH * 0.9 < scales.stop() < MUCH * 1.2


@pytest.mark.parametrize("exact", [True, False])
def test_what_was_before_is_forgotten(*, exact: bool) -> None:
    """Each stretch is weighed alone, and once."""
    taken = b"\1" * MUCH
    del taken
    scales = Scales(exact=exact)
    scales.start()
    assert scales.running
    assert scales.stop() < MUCH // 4
    assert (scales.running, scales.stop()) == (False, 0)
