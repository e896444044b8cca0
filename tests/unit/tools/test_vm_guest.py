"""What runs inside the virtual camera, as far as it runs anywhere: the rest is `make vm-test`."""

from __future__ import annotations

import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tools.vm.guest import cable, report


@contextmanager
def tty_pair() -> Iterator[tuple[int, int]]:
    """Both ends of a raw pseudo-terminal, whichever of them is still open being closed at the end."""
    near, far = pty.openpty()
    tty.setraw(far)
    with ExitStack() as stack:
        stack.callback(os.close, near)
        stack.callback(os.close, far)
        yield near, far


def read(handle: int, size: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < size:
        data += os.read(handle, size - len(data))
    return data


def test_the_cable_carries_every_byte_until_it_is_let_go() -> None:
    """Both ways, more than fits into a buffer, any byte; and its end is the end of carrying."""
    sent = bytes(range(256)) * 64
    with tty_pair() as (outside, port):
        camera, line = pty.openpty()
        tty.setraw(line)
        thread = threading.Thread(target=cable.carry, args=(port, line), daemon=True)
        thread.start()
        for source, target in ((outside, camera), (camera, outside)):
            writer = threading.Thread(target=os.write, args=(source, sent[:4000]), daemon=True)
            writer.start()
            assert read(target, 4000) == sent[:4000]
            writer.join()
        os.close(camera)
        thread.join(60)
        assert not thread.is_alive()
        os.close(line)


def test_a_device_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for until it is there."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    found = iter([None, None, Path(os.devnull)])
    assert cable.wait("it", lambda: next(found)) == Path(os.devnull)
    assert len(waited) == 2


def test_open_ports_are_found() -> None:
    """By what this kernel says of them: whatever TCP listens on, and any socket of UDP, which nobody has to ask."""

    def told() -> set[str]:
        return {port for name in ("tcp", "udp") for port in report.ports(name, Path("/proc/net", name).read_text())}

    with socket.socket() as listening, socket.socket(type=socket.SOCK_DGRAM) as bound, socket.socket() as silent:
        for each in (listening, bound, silent):
            each.bind(("127.0.0.1", 0))
        listening.listen()
        names = [
            f"{kind} 0100007F:{each.getsockname()[1]:04X}"
            for kind, each in (("tcp", listening), ("udp", bound), ("tcp", silent))
        ]
        assert [name in told() for name in names] == [True, True, False]
    assert not set(names) & told()


def test_mounts_are_read_with_both_kinds_of_options() -> None:
    """Those of the place and those of the file system: proc(5)'s example, and what this kernel says."""
    line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
    assert list(report.mounts(line)) == [
        {"at": "/mnt2", "kind": "ext3", "source": "/dev/root", "options": "rw,noatime,rw,errors=continue"}
    ]
    here = {each["at"]: each for each in report.mounts(Path("/proc/self/mountinfo").read_text())}
    assert here["/proc"]["kind"] == "proc"


def test_accounts_are_told_with_what_stands_for_a_password() -> None:
    """Also those that stand in one file alone."""
    passwd, shadow = "root:x:0:0:root:/root:/bin/sh\nnew:x:1:1::/:/bin/false\n", "root:*:1::::::\nold:$y$hash:1::::::\n"
    assert report.accounts(passwd, shadow) == {
        "root": {"shell": "/bin/sh", "password": "*"},
        "new": {"shell": "/bin/false", "password": ""},
        "old": {"shell": "", "password": "$y$hash"},
    }


def test_what_the_camera_says_of_its_boot_waits_until_it_has_booted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks until nothing is to be started any more, and says so where that never comes."""
    jobs, now = [["1 lapel.service start running"], []], [0.0]
    monkeypatch.setattr(report, "said", lambda *_: jobs.pop(0) if jobs else ["2 stuck.service start waiting"])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now[-1] + seconds))
    monkeypatch.setattr(time, "monotonic", lambda: now[-1])
    assert report.settled()
    assert not report.settled()
    assert 200 < now[-1] < 300
