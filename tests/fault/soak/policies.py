"""What an authority may have set, drawn from a number: everything that decides what hands, docks and sensors come to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.rig import VALUES

USUAL: Final[Mapping[str, object]] = MappingProxyType(
    {
        **VALUES,
        "keep_after_receipt_h": 0,
        "mute_allowed": True,
        "hush_allowed": True,
        "standby_allowed": True,
    }
)
"""What a soak begins with, and number 0."""

CHOICES: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "pre_event_s": (0, 4, 10),
        "pre_event_sound": (False, True),
        "post_event_s": (0, 3, 30),
        "max_length_min": (1, 2, 720),
        "start_press": ("single", "double"),
        "confirm_stop": (True, False),
        "record_on_undock": (False, True),
        "record_in_dock": (True, False),
        "mute_allowed": (True, False),
        "hush_allowed": (True, False),
        "hush_front": (False, True),
        "standby_allowed": (True, False),
        "remind_s": (0, 30, 120),
        "alert_alarm": (True, False),
        "alert_fall": (False, True),
        "alert_man_down": (False, True),
    }
)


def policy(number: int) -> dict[str, object]:
    """The settings that this number stands for."""
    if number == 0:
        return dict(USUAL)
    chance = random.Random(number)
    return {**USUAL, **{key: chance.choice(values) for key, values in CHOICES.items()}}
