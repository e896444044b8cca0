"""What a service manager hears: real datagrams on a real socket."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hal.pi.watchdog import SystemdWatchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

LIFE = (b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1")


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """A socket as a service manager has one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(5)
        yield listener


def live(watchdog: SystemdWatchdog) -> None:
    """A whole life."""
    watchdog.ready()
    watchdog.feed()
    watchdog.feed()
    watchdog.stopping()


def test_a_manager_at_a_path_hears_each_word(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word is a datagram of its own, and no byte more."""
    monkeypatch.chdir(tmp_path)
    manager.bind("notify")
    live(SystemdWatchdog({"NOTIFY_SOCKET": "notify"}))
    assert tuple(manager.recv(100) for _ in LIFE) == LIFE


def test_a_manager_with_an_abstract_name_hears_each_word(manager: socket.socket) -> None:
    """``@`` stands for the zero byte that begins such a name; the name has no zero at its end."""
    name = f"lapel-{secrets.token_hex(8)}"
    manager.bind(f"\0{name}")
    live(SystemdWatchdog({"NOTIFY_SOCKET": f"@{name}"}))
    assert tuple(manager.recv(100) for _ in LIFE) == LIFE


def test_the_environment_names_the_socket(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is where a service manager puts it."""
    name = f"lapel-{secrets.token_hex(8)}"
    manager.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    SystemdWatchdog().feed()
    assert manager.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}])
def test_without_a_manager_nobody_is_told(environment: dict[str, str]) -> None:
    """Started by hand the service runs all the same."""
    live(SystemdWatchdog(environment))


def test_a_manager_that_does_not_listen_holds_nobody_up(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queue is full, or it is gone: the word is lost, the service neither waits nor ends; the next word arrives."""
    monkeypatch.chdir(tmp_path)
    manager.bind("notify")
    watchdog = SystemdWatchdog({"NOTIFY_SOCKET": "notify"})
    for _ in range(10_000):
        watchdog.feed()
    manager.setblocking(False)
    with suppress(BlockingIOError):
        while manager.recv(100):
            pass
    watchdog.feed()
    assert manager.recv(100) == b"WATCHDOG=1"
    manager.close()
    Path("notify").unlink()
    live(watchdog)
