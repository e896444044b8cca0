"""The reference dock: takes evidence over from cameras and signs for it.

``Dock`` and ``Desk`` serve from a program of one's own, with every event handed to a callable; ``lapel dock`` is the
same from a shell.

``rack``      where cameras stand, and who is let in
``visit`` (with ``session``, ``conversation``, ``offload``, ``logs``, ``custody``): what is done with one that was
``sharing``   several sessions of one camera
``copying``, ``places``  copies of what is stored, in further places
``timing``    who vouches for the time
``shifts``    whose shift it is
``updating``  firmware for cameras
``face``      what people and lights see
``planning``  how many docks and links a prison needs
"""

from __future__ import annotations

from tools.dock.cli import add_parser
from tools.dock.dock import Dock
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity, SetupError
from tools.dock.store import Store, StoreError
from tools.dock.visit import Desk

__all__ = ["Desk", "Dock", "DockEvent", "DockIdentity", "Kind", "SetupError", "Store", "StoreError", "add_parser"]
