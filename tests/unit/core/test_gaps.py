"""Lost frames are found by the times of the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware.core.gaps import GapMeter

FRAME = 33_333_333


@given(st.lists(st.booleans(), min_size=2, max_size=200), st.integers(0, FRAME // 5))
def test_every_lost_frame_is_counted(kept: list[bool], jitter: int) -> None:
    """With jitter below a fifth of a frame the count is exact."""
    meter = GapMeter(FRAME)
    times = [index * FRAME + (jitter if index % 2 else 0) for index, here in enumerate(kept) if here]
    for time_ns in times:
        meter.see(time_ns)
    indexes = [index for index, here in enumerate(kept) if here]
    assert meter.missing == (indexes[-1] - indexes[0] + 1 - len(indexes) if indexes else 0)


def test_a_pause_on_purpose_is_no_loss() -> None:
    """After ``restart`` nothing is measured against what came before."""
    meter = GapMeter(FRAME)
    meter.see(0)
    meter.restart()
    assert meter.see(100 * FRAME) == 0
    assert meter.see(102 * FRAME) == 1
    assert meter.missing == 1
