"""What the officer may ask for beside a recording, and what ends it: one total table.

None of them is needed for a recording, and none keeps one from beginning.  All end by themselves: what somebody forgets must not last.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Flag(Enum):
    """What may be in force."""

    HUSH = "hush"  # the wearer's light and sounds are off; what is felt stays
    MUTE = "mute"  # the microphone of the recording is closed
    STANDBY = "standby"  # nothing is buffered; a press still records


class Turn(Enum):
    """What can happen to them."""

    HUSH = "hush"  # the officer asks for it, or for its end
    MUTE = "mute"
    STANDBY = "standby"
    BEGUN = "begun"  # a recording begins
    ENDED = "ended"  # a recording was ended
    OVER = "over"  # and is sealed, or another one begins behind it
    DOCKED = "docked"
    HUSH_OVERDUE = "hush-overdue"  # it has lasted as long as it may
    MUTE_OVERDUE = "mute-overdue"
    STANDBY_OVERDUE = "standby-overdue"
    DOUBTED = "doubted"  # the button that asks for them is stuck: nobody may have meant it


class Act(Enum):
    """What that does to one of them."""

    KEEP = "keep"
    CHANGE = "change"  # set it, or end it
    END = "end"


_MINUTE_NS = 60_000_000_000
LONGEST_NS: Mapping[Flag, int] = {
    Flag.HUSH: 15 * _MINUTE_NS,
    Flag.MUTE: 15 * _MINUTE_NS,
    Flag.STANDBY: 60 * _MINUTE_NS,
}
"""How long each lasts at most.  An hour is a legal visit; whoever needs longer asks again, and knows then that it had ended."""

OVERDUE: Mapping[Flag, Turn] = {
    Flag.HUSH: Turn.HUSH_OVERDUE,
    Flag.MUTE: Turn.MUTE_OVERDUE,
    Flag.STANDBY: Turn.STANDBY_OVERDUE,
}
"""What then happens."""

F, T, A = Flag, Turn, Act

TURNS: Mapping[Turn, Mapping[Flag, Act]] = {
    T.HUSH: {F.HUSH: A.CHANGE, F.MUTE: A.KEEP, F.STANDBY: A.KEEP},
    T.MUTE: {F.HUSH: A.KEEP, F.MUTE: A.CHANGE, F.STANDBY: A.KEEP},
    T.STANDBY: {F.HUSH: A.KEEP, F.MUTE: A.KEEP, F.STANDBY: A.CHANGE},
    T.BEGUN: {F.HUSH: A.KEEP, F.MUTE: A.KEEP, F.STANDBY: A.END},  # hushed before the press means a hushed recording
    T.ENDED: {F.HUSH: A.KEEP, F.MUTE: A.END, F.STANDBY: A.KEEP},
    T.OVER: {
        F.HUSH: A.END,
        F.MUTE: A.KEEP,
        F.STANDBY: A.KEEP,
    },  # so that the cue of a hushed recording's end is not heard either
    T.DOCKED: {F.HUSH: A.END, F.MUTE: A.END, F.STANDBY: A.END},
    T.HUSH_OVERDUE: {F.HUSH: A.END, F.MUTE: A.KEEP, F.STANDBY: A.KEEP},
    T.MUTE_OVERDUE: {F.HUSH: A.KEEP, F.MUTE: A.END, F.STANDBY: A.KEEP},
    T.STANDBY_OVERDUE: {F.HUSH: A.KEEP, F.MUTE: A.KEEP, F.STANDBY: A.END},
    T.DOUBTED: {F.HUSH: A.END, F.MUTE: A.END, F.STANDBY: A.END},
}


def step(flags: frozenset[Flag], turn: Turn) -> frozenset[Flag]:
    """The flags that are in force after ``turn``."""
    return frozenset(flag for flag, act in TURNS[turn].items() if _after(flag in flags, act))


def _after(on: bool, act: Act) -> bool:  # noqa: FBT001 - whether it is on is all there is to know of a flag
    """Whether it is in force then."""
    return {Act.KEEP: on, Act.CHANGE: not on, Act.END: False}[act]
