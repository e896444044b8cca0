"""The system's watchdog, fed as ``sd_notify(3)`` describes it: datagrams to the socket that the service manager names.

``READY=1`` once, ``WATCHDOG=1`` while all is well, ``STOPPING=1`` at an end on purpose.  A manager that hears nothing for ``WatchdogSec``
kills the service and starts it again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class SystemdWatchdog:
    """Tells the service manager how the service is; without one (``NOTIFY_SOCKET`` is not set) it tells nobody.

    A word never waits and never raises: one that finds the manager's queue full, or the manager being replaced, is lost, and the next feed
    says the same again.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Find the socket: a path, or with ``@`` before it a name in the abstract namespace."""
        named = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + named[1:] if named.startswith("@") else named

    def ready(self) -> None:
        """The service buffers."""
        self._tell(b"READY=1")

    def feed(self) -> None:
        """The service is well."""
        self._tell(b"WATCHDOG=1")

    def stopping(self) -> None:
        """The service ends on purpose."""
        self._tell(b"STOPPING=1")

    def _tell(self, word: bytes) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(word, socket.MSG_DONTWAIT, self._address)
