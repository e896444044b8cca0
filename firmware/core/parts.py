"""What it means that a part is missing: what the officer is shown.  What the camera then does, docs/design.md says."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble
from hal.interface import PartName

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANS: Final[Mapping[PartName, Trouble | None]] = MappingProxyType(
    {
        PartName.LENS: Trouble.FAULT,
        PartName.MICROPHONE: Trouble.NO_SOUND,
        PartName.PINS: Trouble.FAULT,
        PartName.BUTTONS: Trouble.FAULT,
        PartName.INPUTS: Trouble.SENSOR_FAILS,
        PartName.LIGHTS: Trouble.PART_FAILS,
        PartName.ACCELEROMETER: Trouble.SENSOR_FAILS,
        PartName.GAUGE: Trouble.GAUGE_FAILS,
        PartName.CONTACT: Trouble.PART_FAILS,
        PartName.CHARGER: Trouble.PART_FAILS,
        PartName.CLOCK: Trouble.PART_FAILS,
        PartName.SIGNER: Trouble.SIGNATURE_FAILS,
        PartName.UART: Trouble.PART_FAILS,
        PartName.GADGET: Trouble.PART_FAILS,
        PartName.WATCHDOG: Trouble.PART_FAILS,
        PartName.UPDATER: None,
    }
)
"""The trouble for each.  Firmware that cannot be renewed harms no recording, so the logs alone have it."""
