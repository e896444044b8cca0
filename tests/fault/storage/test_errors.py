"""Storage errors at every kind of operation, and cards that are suddenly full: a part that needs no patience."""

from __future__ import annotations

import pytest

from firmware.core.forecast import CLOSING
from tests.fault.storage import errors, full
from tests.fault.storage.errors import PLOTS
from tests.fault.storage.shift import SHIFT

SHARE = 14
"""Of the cases that differ in what is done to which sort of file, one in so many."""


@pytest.mark.parametrize("plot", range(len(PLOTS)), ids=[plot.name for plot in PLOTS])
def test_no_storage_error_takes_what_was_promised(plot: int) -> None:
    """Whatever fails, the lights claim no more than is so, a press is recorded in the end, and what was acknowledged is there."""
    chosen = errors.part(errors.kinds_of_operations([*errors.cases(plot)]), SHARE)
    assert len({case.kind for case in chosen}) > len(errors.KINDS) // 2
    assert not [f"{case}: {wrong}" for case in chosen for wrong in errors.attempt(case).wrong]


@pytest.mark.parametrize("state", full.STATES, ids=lambda state: state.__name__)
def test_from_a_card_that_is_suddenly_full_one_docking_leads_out(state: full.State) -> None:
    """With nothing left at all, and with a little: what was recorded is taken over and erased, and a press records."""
    for free in (0, 64 << 10, CLOSING - 4096):
        assert full.attempt(full.Fullness(state, free)).wrong == ()


def test_a_light_that_lies_is_seen() -> None:
    """The judge of all these cases notices a camera that shows recording while nothing becomes durable."""
    shift = PLOTS[0].shift()
    shift.start()
    for act in (*SHIFT[:2], lambda shift: setattr(shift.rig.camera.writer, "step", lambda: False)):
        shift.do(act)
    shift.rig.camera.writer.idle_ns = lambda now_ns: 0  # type: ignore[method-assign]  # and nobody tells
    shift.do(lambda shift: shift.rig.run(4))
    assert [wrong for wrong in shift.wrong if wrong.startswith("recording is shown")]
