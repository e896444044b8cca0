"""What the camera is doing, as small total tables.

Rule 1: everything that moves a state lives in this file.  Rule 2: nothing here does anything; ``step`` returns the effects, and the
controller carries them out.  The diagrams in the documents are drawn from these tables.
"""

from __future__ import annotations

from enum import Enum


class Recording(Enum):
    """Whether a recording is being made."""

    IDLE = "idle"
    STARTING = "starting"
    RECORDING = "recording"
    STOP_ASKED = "stop-asked"
    STOPPING = "stopping"


class Place(Enum):
    """Where the camera is: docked only after an authenticated handshake that has stood for ten seconds."""

    WORN = "worn"
    CONTACT = "contact"
    DOCKED = "docked"
    OFFLOADING = "offloading"
