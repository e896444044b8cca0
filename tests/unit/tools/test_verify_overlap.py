"""Only recordings of one session can share frames: a buffer outlives the log's files, and no start of the service."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from tools.verify.findings import Refused
from tools.verify.model import Overlap
from tools.verify.overlap import Reach, check_overlaps

if TYPE_CHECKING:
    from tools.verify.model import Journal

FIRST, CLAIM = "f" * 64, Overlap(number=1, opening="f" * 64, first=0, last=90_000, at=90_000)
EARLIER = {1: Reach(1, "session", FIRST, 0, (0, 90_000), 180_000, 3_000, 0.0, complete=True)}


def claiming(session: str) -> Journal:
    """A journal without a flush, signed in this session, whose opening says that it shares frames with recording 1."""
    opening = SimpleNamespace(number=2, boot=7, fps=30, overlaps=(CLAIM,))
    return cast("Journal", SimpleNamespace(session=session, opening=opening, flushes=()))


def test_frames_of_the_same_session_may_be_shared() -> None:
    """Whatever file of the log it was opened in."""
    check_overlaps(claiming("session"), EARLIER, {1: FIRST})


def test_frames_of_another_session_are_refused() -> None:
    """No memory outlives a start."""
    with pytest.raises(Refused, match="another session"):
        check_overlaps(claiming("another"), EARLIER, {1: FIRST})
