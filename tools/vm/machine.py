"""The running machine: QEMU as a child process, its console, its control connection, and the way out of it for the dock's cable."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.vm.trouble import VmError, found, run
from tools.vm.wires import Wires

EMULATOR = "qemu-system-aarch64"
_CONNECT_S = 20.0
REVISION = 0x902120
"""A Zero 2 W's: gpiozero asks the device tree which Raspberry Pi it is on, and serves no other board."""
_BOARD = ("-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "768")
_WORDS = "console=ttyAMA0 panic=-1 quiet ro systemd.firstboot=off systemd.show_status=false"


def line(slot: str, root: int) -> str:
    """The kernel's command line for a slot whose root is that partition."""
    return f"root=/dev/vda{root} rauc.slot={slot} {_WORDS}"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a machine is made of: files of the host.  The card and the board's memory are written to; ``more`` is one more disk, which is
    not.  ``line`` is the kernel's command line, a slot's own; ``words`` go to the kernel and to systemd, behind ours; ``extra`` to QEMU.  ``log`` (see ``medium.begin``) gets all that the card is
    told."""

    kernel: Path
    first: Path
    card: Path
    board: Path
    tree: Path
    more: Path | None = None
    words: str = ""
    line: str = line("A", 5)
    extra: tuple[str, ...] = ()
    log: Path | None = None


def describe(into: Path) -> None:
    """Write the device tree that QEMU would give the kernel, with a Raspberry Pi's revision on top."""
    run([EMULATOR, *_BOARD, "-nodefaults", "-display", "none", "-M", f"dumpdtb={into}"])
    run(["fdtput", "-c", into, "/system"])
    run(["fdtput", "-t", "x", into, "/system", "linux,revision", f"{REVISION:x}"])


def command(parts: Parts, sockets: Path) -> list[str]:
    """The command that runs a machine: no network, no screen, its disks, a serial port that leads out, and another one to talk over."""
    machine = [*_BOARD, "-accel", "tcg,thread=multi", "-dtb", str(parts.tree)]
    plain = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-net", "none"]
    start = [
        "-kernel",
        str(parts.kernel),
        "-initrd",
        str(parts.first),
        "-append",
        f"{parts.line} {parts.words}".rstrip(),
    ]
    every: list[tuple[str, Path | str, int]] = [("card", parts.card, 3), ("board", parts.board, 4)]
    every += [("more", f"{parts.more},readonly=on", 6)] if parts.more else []
    disks = [
        argument
        for name, path, address in every
        for argument in (
            *_drive(name, path, parts.log if name == "card" else None),
            *("-device", f"virtio-blk-pci,drive={name},addr={address}"),  # the first address is the first disk
        )
    ]
    cable = ["-device", "virtio-serial-pci,addr=5", "-chardev", "pty,id=dock"]
    cable += ["-device", "virtserialport,chardev=dock,name=dock"]
    cable += ["-chardev", f"socket,id=talk,path={sockets}/talk,server=on,wait=off"]
    cable += ["-device", "virtserialport,chardev=talk,name=talk"]
    talk = ["-serial", "stdio", "-qmp", f"unix:{sockets}/qmp,server=on,wait=off"]
    talk += ["-qtest", f"unix:{sockets}/qtest,server=on,wait=off", "-qtest-log", "none"]
    return [found(EMULATOR), *machine, *plain, *start, *disks, *cable, *talk, *parts.extra]


def _drive(name: str, path: Path | str, log: Path | None) -> list[str]:
    """A disk, and the log of what it is told.  With one the host itself syncs nothing: what is durable is the log's to say."""
    if log is None:
        return ["-drive", f"file={path},if=none,id={name},format=raw"]
    files = {f"{name}-disk": path, f"{name}-log": log}
    nodes = [f"driver=file,node-name={node},filename={file},cache.no-flush=on" for node, file in files.items()]
    nodes.append(f"driver=blklogwrites,node-name={name},file={name}-disk,log={name}-log,log-sector-size=512")
    return [argument for node in nodes for argument in ("-blockdev", node)]


class Console:
    """What a machine says on its serial line, and whoever waits for a word of it."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Keep all of it in ``log`` too."""
        self._text = ""
        self._more = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(process, log), name="console", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """Everything so far."""
        with self._more:
            return self._text

    def wait(self, pattern: str, timeout_s: float) -> re.Match[str]:
        """The first match.  VmError with the last lines where none comes in time, or the machine ends before."""
        with self._more:
            self._more.wait_for(lambda: self._ended or re.search(pattern, self._text), timeout_s)
            match = re.search(pattern, self._text)
            if match is None:
                why = "the machine ended" if self._ended else f"after {timeout_s:g} s it had not said"
                raise VmError(f"{why}: {pattern!r}; last:\n" + "\n".join(self._text.splitlines()[-12:]))
            return match

    def close(self) -> None:
        """Once the machine has ended: wait for its last word."""
        self._thread.join()

    def _read(self, process: subprocess.Popen[bytes], log: Path) -> None:
        stdout = process.stdout
        if stdout is not None:
            with stdout, log.open("wb", buffering=0) as file:
                while data := stdout.read1(65_536):  # type: ignore[attr-defined] # a pipe that Popen buffers has it
                    file.write(data)
                    with self._more:
                        self._text += data.decode(errors="replace")
                        self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()


class Machine:
    """A virtual camera that is switched on, until the end of the ``with``; then it is cut off."""

    def __init__(self, parts: Parts, log: Path) -> None:
        """``log``: where its console goes."""
        self._parts, self._log = parts, log

    def __enter__(self) -> Self:
        """Switch it on."""
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lapel-vm-")))
            self.events: list[dict[str, Any]] = []
            self.process = subprocess.Popen(
                command(self._parts, place), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            self.console = Console(self.process, self._log)
            stack.callback(self._end)
            self._control = stack.enter_context(self._connect(place / "qmp"))
            self._lines = stack.enter_context(self._control.makefile("r", encoding="utf-8"))
            self._lines.readline()  # QEMU greets
            self.ask("qmp_capabilities")
            self.wires = Wires(stack.enter_context(self._connect(place / "qtest")), self._gpio())
            self.talk = stack.enter_context(self._connect(place / "talk"))
            self._open = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Cut it off, if it still runs."""
        self.cut()

    def cut(self) -> None:
        """Take the power away."""
        self._end()
        self._open.close()

    def ends_within(self, seconds: float) -> int | None:
        """How it ended, by itself; None where it still runs after so long."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.console.close()

    def ask(self, what: str, **arguments: object) -> Any:
        """Ask QEMU over its control connection; what it tells unasked until then is added to ``events``.  VmError where it refuses."""
        self._control.sendall(json.dumps({"execute": what, "arguments": arguments}).encode() + b"\n")
        while line := self._lines.readline():
            told = json.loads(line)
            self.events += [told] if "event" in told else []
            if "error" in told:
                raise VmError(f"QEMU: {what}: {told['error'].get('desc')}")
            if "return" in told:
                return told["return"]
        raise VmError(f"QEMU ended: {self.console.text[-400:]}")

    def cable(self) -> str:
        """The tty at the dock's end of the cable: to open it is to plug the camera in."""
        return cable_of(self.ask("query-chardev"))

    def _gpio(self) -> str:
        return gpio_of(self.ask("qom-list", path="/machine/unattached"))

    def _connect(self, path: Path) -> socket.socket:
        until = time.monotonic() + _CONNECT_S
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(str(path))
            except OSError as error:
                connection.close()
                if self.process.poll() is not None or time.monotonic() > until:
                    raise VmError(f"QEMU does not start: {self.console.text[-400:] or error}") from None
                time.sleep(0.05)
            else:
                return connection


def cable_of(chardevs: Sequence[dict[str, Any]]) -> str:
    """The tty among QEMU's character devices.  VmError where there is none."""
    for each in chardevs:
        if each.get("label") == "dock" and str(each.get("filename", "")).startswith("pty:"):
            return str(each["filename"]).removeprefix("pty:")
    raise VmError("QEMU has no tty for the dock's cable")


def gpio_of(parts: Sequence[dict[str, Any]]) -> str:
    """The path of the GPIO part among those of QEMU's tree.  VmError where there is none, or more than one."""
    named = [str(each["name"]) for each in parts if each.get("type") == "child<pl061>"]
    if len(named) != 1:
        raise VmError(f"QEMU has {len(named)} PL061 parts")
    return f"/machine/unattached/{named[0]}"
