"""The reference dock: takes evidence over from cameras and signs for it.

``Dock`` and ``Desk`` serve from a program of one's own, with every event handed to a callable; ``lapel dock`` is the
same from a shell.
"""

from __future__ import annotations

from tools.dock.cli import add_parser
from tools.dock.dock import Dock
from tools.dock.events import DockEvent, Kind
from tools.dock.identity import DockIdentity, SetupError
from tools.dock.store import Store, StoreError
from tools.dock.visit import Desk

__all__ = ["Desk", "Dock", "DockEvent", "DockIdentity", "Kind", "SetupError", "Store", "StoreError", "add_parser"]
