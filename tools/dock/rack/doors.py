"""A listening socket: lets connections in, each on a thread of its own, and not more of them than it should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from tools.dock.events import Kind
from tools.dock.face.reminders import Reminders
from tools.dock.rack.crowd import MOST_AT_A_SLOT
from tools.dock.rack.ports import TcpPort, address, interface, interface_index, listen, peer_place, remedy
from tools.dock.rack.reception import NAP_S, Host

RETRY_S = 1.0


class Door:
    """Listens at ``tcp:[ADDRESS]:PORT``.

    An address that names an interface goes and comes with it: it is waited for, and listened at anew.
    """

    def __init__(self, reception: Host, spec: str) -> None:
        """``ValueError`` where it is not of that form."""
        address(spec)
        self._at = reception
        self._spec = spec
        self._interface = interface(spec)
        self._threads: list[threading.Thread] = []
        self._plugged: dict[str, int] = {}
        self._said = ""
        self._reminders = Reminders()

    def run(self) -> None:
        """Listen until the dock stops."""
        while not self._at.stopping.is_set():
            index = interface_index(self._interface) if self._interface else 0
            door = self._open(index)
            if door is None:
                self._at.stopping.wait(RETRY_S)
                continue
            with door:
                self._let_in(door, index)
        for thread in self._threads:
            thread.join()

    def _open(self, index: int) -> socket.socket | None:
        """Begin to listen; None while that cannot be done, which is told once."""
        if self._interface and not index:
            return None  # nothing is wrong: it is not plugged in
        try:
            door = listen(self._spec)
        except OSError as error:
            self._complain(error)
            return None
        self._said = ""
        door.settimeout(NAP_S)
        self._at.emit(Kind.LISTENING, "", port=f"tcp:{door.getsockname()[1]}")
        return door

    def _complain(self, error: OSError) -> None:
        text = remedy(self._spec, error)
        if text != self._said:
            self._said = text
            self._at.emit(Kind.UNUSABLE, "", port=self._spec, text=text)

    def _let_in(self, door: socket.socket, index: int) -> None:
        """Let in who comes, for as long as the address is the one that is listened at."""
        while not self._at.stopping.is_set():
            if self._interface and interface_index(self._interface) != index:
                return
            try:
                end, peer = door.accept()
            except (TimeoutError, ConnectionAbortedError):
                continue
            except OSError as error:
                self._complain(error)
                self._at.stopping.wait(RETRY_S)
                return
            self._receive(end, *peer_place(peer))

    def _receive(self, end: socket.socket, place: str, came_by: str) -> None:
        """Give a connection a thread, or turn it away."""
        slot = self._at.rack.slot(place)
        index = interface_index(came_by) if came_by else 0
        if came_by and self._plugged.get(slot) != index:
            self._plugged[slot] = index
            self._at.attempts.forget(slot)  # something else is plugged in
        most = 1 if self._at.attempts.suspicious(slot) else MOST_AT_A_SLOT
        why = self._at.crowd.enter(slot, most=most)
        if not why:
            port = partial(TcpPort, end, lambda: bool(came_by) and interface_index(came_by) != index)
            thread = threading.Thread(target=self._attend, args=(end, port, slot), name=f"dock {slot}")
            try:
                thread.start()
            except RuntimeError as error:  # the system has no thread left
                self._at.crowd.leave(slot)
                why = str(error)
            else:
                self._threads = [*(each for each in self._threads if each.is_alive()), thread]
                return
        end.close()
        if self._reminders.due(slot, self._at.clock()):
            self._at.emit(Kind.FULL, slot, text=why)

    def _attend(self, end: socket.socket, make: Callable[[], TcpPort], slot: str) -> None:
        with ExitStack() as stack, suppress(OSError):
            stranger = stack.enter_context(ExitStack())
            stranger.callback(self._at.crowd.leave, slot)
            stack.callback(end.close)
            port = make()
            self._at.hold(port, slot)
            self._at.attend(port, slot, believed=stranger.close)
