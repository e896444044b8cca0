"""The whole service as a child process, fed with a film, and what the kernel says of it: processor time, memory, wake-ups, by thread."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tools.sim.home import Home, provision
from tools.sim.process import CameraError, Control

NS: Final = 1_000_000_000
START_S: Final = 90.0
STOP_S: Final = 20.0
LOOK_S: Final = 0.005
SETTINGS: Final[Mapping[str, object]] = MappingProxyType(
    {"width": 1920, "height": 1080, "fps": 30, "bitrate": 8_000_000, "pre_event_s": 30, "confirm_stop": False}
)
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Thread:
    """What one thread has used so far: ns on a processor, and how often it slept and was woken."""

    name: str
    cpu_ns: int
    wakes: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has used so far, all threads that live together, and when that was by the monotonic clock."""

    time_ns: int
    threads: Mapping[int, Thread] = field(repr=False)

    @property
    def cpu_ns(self) -> int:
        """On a processor, in user and kernel mode."""
        return sum(thread.cpu_ns for thread in self.threads.values())

    @property
    def wakes(self) -> int:
        """Of all threads."""
        return sum(thread.wakes for thread in self.threads.values())

    def share_of(self, earlier: Used) -> float:
        """The share of one processor since then."""
        return (self.cpu_ns - earlier.cpu_ns) / (self.time_ns - earlier.time_ns)

    def by_thread(self, earlier: Used) -> Mapping[str, tuple[float, float]]:
        """By the name of a thread that was there then: its share of one processor since, and how often it was woken a second.  What has no name of
        its own is called as the program is: the simulated parts."""
        span_s, found = (self.time_ns - earlier.time_ns) / NS, dict[str, tuple[float, float]]()
        for number, now in self.threads.items():
            if (was := earlier.threads.get(number)) is not None:
                share, wakes = found.get(now.name, (0.0, 0.0))
                more = (now.cpu_ns - was.cpu_ns) / NS / span_s, (now.wakes - was.wakes) / span_s
                found[now.name] = share + more[0], wakes + more[1]
        return found


@dataclass(frozen=True, slots=True)
class Memory:
    """A process's memory in bytes: ``resident`` of all kinds, of which ``private`` is nobody else's, and the most that was ever resident."""

    resident: int
    private: int
    most: int


def used(process: int) -> Used:
    """What the kernel has counted of a process."""
    threads: dict[int, Thread] = {}
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # one that ended meanwhile
            ran = int((task / "schedstat").read_text().split()[0])
            status = _fields(task / "status")
            wakes = int(status["voluntary_ctxt_switches"])
            threads[int(task.name)] = Thread((task / "comm").read_text().strip(), ran, wakes)
    return Used(time.monotonic_ns(), threads)


def memory(process: int | str = "self") -> Memory:
    """How much memory a process has; without a number this one."""
    status, rollup = _fields(Path(f"/proc/{process}/status")), _fields(Path(f"/proc/{process}/smaps_rollup"))
    private = _bytes(rollup["Private_Clean"]) + _bytes(rollup["Private_Dirty"])
    return Memory(_bytes(status["VmRSS"]), private, _bytes(status["VmHWM"]))


def _bytes(field_: str) -> int:
    return int(field_.split(maxsplit=1)[0]) * _KIB


def _fields(path: Path) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return {name: value.strip() for name, value in pairs}


class Service:
    """A camera that runs: ``python -m firmware --hal sim --film``."""

    def __init__(self, process: subprocess.Popen[bytes], control: Control, began_ns: int) -> None:
        self.id = process.pid
        self.began_ns = began_ns
        self._process = process
        self._control = control

    def tell(self, do: str, **facts: Any) -> dict[str, Any]:
        """Give one order on its control socket."""
        return self._control.tell(do, **facts)

    def told(self) -> dict[str, Any]:
        """What the service says of itself."""
        facts: dict[str, Any] = self.tell("state")["service"]
        return facts

    def wait(self, what: str, ready: Any, timeout_s: float = 60.0) -> int:
        """Wait for what it says of itself; the monotonic time at which it did, in ns.  ``CameraError`` names ``what`` did not come."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if ready(self.told()):
                return time.monotonic_ns()
            time.sleep(LOOK_S)
        raise CameraError(f"waited {timeout_s:.0f} s in vain: {what}")

    def press(self) -> int:
        """Press the record button shortly; the monotonic time of the press, in ns."""
        pressed = time.monotonic_ns()
        self.tell("tap", button="record")
        return pressed

    def record(self) -> int:
        """Press, and wait until it says that it records; the ns between."""
        pressed = self.press()
        return self.wait("a recording", lambda told: told["recording"] == "recording") - pressed

    def stop(self) -> None:
        """Hold the button until the recording is sealed."""
        self.tell("press", button="record")
        self.wait("an end", lambda told: told["recording"] != "recording")
        self.tell("release", button="record")
        self.wait("the seal", lambda told: told["recording"] == "idle")


def home(root: Path, **settings: object) -> Home:
    """An authority and one camera, with the benchmark's settings and these."""
    made = Home(root)
    provision(made, {**SETTINGS, **settings})
    return made


@contextmanager
def running(state: Path, film: Path) -> Iterator[Service]:
    """Start a camera that lives in ``state``; it ends in good order, or is cut off where it does not."""
    socket, log = state / "control", state / "camera.log"
    command = [sys.executable, "-m", "tools.sim.tether", str(os.getpid()), "-m", "firmware", "--hal", "sim"]
    command += ["--control", str(socket), "--state", str(state), "--film", str(film)]
    with log.open("ab") as out:
        began_ns = time.monotonic_ns()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        control = _connected(socket, process)
        try:
            yield Service(process, control, began_ns)
        finally:
            control.close()
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connected(socket: Path, process: subprocess.Popen[bytes]) -> Control:
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        try:
            return Control(socket)
        except OSError:
            time.sleep(LOOK_S)
    raise CameraError(f"the camera does not answer: its log is beside {socket}")
