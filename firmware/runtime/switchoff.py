"""The last thing that a camera does of itself: switch off, at the last reserve of its battery or a limit of its temperature."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from firmware.core.indications import LIGHTS, Look

if TYPE_CHECKING:
    from firmware.runtime.log import Log
    from hal.interface import Hal


def switched_off(hal: Hal, log: Log) -> bool:
    """Switch the board off, now that the service has ended.  False where that must not be, or does not work: then the service starts again
    and resumes.

    A charger that came since the end was decided keeps the camera on.
    """
    with suppress(OSError):  # whatever the lights said is no longer true
        hal.indicators.show(LIGHTS[Look.UNABLE])
    try:
        powered = hal.power.contact()
    except OSError:
        powered = False
    if powered:
        log.event("charger-came")
        return False
    try:
        hal.power.off()
    except OSError as error:
        log.error("not-switched-off", trouble=str(error))  # noqa: TRY400 - told in full
        return False
    log.event("off")
    return True
