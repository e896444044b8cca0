"""A simulated camera as a child process, and the hand that presses its buttons through the control socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

START_S = 20.0
STOP_S = 20.0
LINE_LIMIT = 1 << 20
TAP_S = 0.2
_ADDRESS_BYTES = 107
_TAIL_BYTES = 4096


class CameraError(Exception):
    """The simulated camera did not start, ended, or refused an order; the message says which and why."""


class Control:
    """One connection to a control socket: JSON lines, one answer an order.  Orders may come from any thread."""

    def __init__(self, path: Path) -> None:
        """Connect; ``OSError`` when nobody listens."""
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            with _address(path) as address:
                self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def tell(self, do: str, **facts: Any) -> dict[str, Any]:
        """Give one order and return its answer; ``CameraError`` if it was refused, or nobody answers."""
        try:
            with self._lock:
                self._socket.sendall(json.dumps({"do": do, **facts}).encode() + b"\n")
                answer = self.read()
        except (OSError, ValueError) as error:
            raise CameraError(f"{do}: the camera is gone: {error}") from None
        if not answer.get("ok"):
            raise CameraError(f"{do}: {answer.get('error', 'no answer')}")
        return answer

    def read(self) -> dict[str, Any]:
        """The next line; empty once the camera has gone."""
        line = self._lines.readline(LINE_LIMIT)
        parsed: dict[str, Any] = json.loads(line) if line else {}
        return parsed

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


class SimCamera:
    """Starts ``python -m firmware --hal sim`` and watches what the officer would see and feel.

    ``on_event`` is called, on a thread of its own, with each change of the lights, each cue, and each plug and pull, and with
    ``{"event": "off"}`` once the camera is gone, for whatever reason.  The camera
    ends with the thread that started it, if nothing else ends it; a terminal's ctrl-C is not for it to hear.  With ``replay`` it encodes a
    second once and repeats it, which costs next to nothing; with ``log`` each line of its audit log is an event too.
    ``capacity``: bytes on its card from the next start on (None: what the host has).
    """

    def __init__(
        self,
        state: Path,
        *,
        source: str | None = None,
        replay: bool = False,
        on_event: Callable[[Mapping[str, Any]], None] | None = None,
        log: bool = False,
        capacity: int | None = None,
    ) -> None:
        self.log = state / "camera.log"
        self.socket = state / "control"
        self._state = state
        self._source = source
        self._replay = replay
        self._on_event = on_event or (lambda _event: None)
        self._log = log
        self.capacity = capacity
        self._watcher: threading.Thread | None = None
        self.status: int | None = None  # how the last one ended: its exit status, or minus the number of a signal
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None

    def start(self) -> None:
        """Start it and wait until its control socket answers; ``CameraError`` where one runs already, or this one does not."""
        left, self._control = self._control, None
        if left is not None:
            left.close()  # of one that ended by itself
        with suppress(OSError), closing(Control(self.socket)):
            raise CameraError(f"another camera is running in {self._state}")
        command = [sys.executable, "-m", "tools.sim.tether", str(os.getpid()), "-m", "firmware", "--hal", "sim"]
        command += ["--control", str(self.socket), "--state", str(self._state)]
        if self._source:
            command += ["--source", self._source]
        command += ["--replay"] if self._replay else []
        command += [] if self.capacity is None else ["--capacity", str(self.capacity)]
        with self.log.open("ab") as log:
            self._process = process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._control = self._connect()
            watching = self._connect()
        except CameraError:
            self.kill()
            raise
        self._watcher = threading.Thread(target=self._watch, args=(watching, process), name="camera-watch", daemon=True)
        self._watcher.start()

    def tell(self, do: str, **facts: Any) -> dict[str, Any]:
        """Give one order."""
        if self._control is None:
            raise CameraError(f"{do}: the camera is off")
        return self._control.tell(do, **facts)

    def connect(self) -> Control:
        """A connection of one's own; ``CameraError`` where nobody answers."""
        try:
            return Control(self.socket)
        except OSError as error:
            raise CameraError(f"the camera cannot be reached: {error.strerror}") from None

    def tap(self) -> int:
        """Press the record button shortly; the camera's monotonic time of the press, in ns."""
        return self.hold(TAP_S)

    def hold(self, seconds: float) -> int:
        """Hold the record button; the camera's monotonic time of the press, in ns."""
        pressed: int = self.tell("press", button="record")["time_ns"]
        time.sleep(seconds)
        self.tell("release", button="record")
        return pressed

    def wait(self, what: str, ready: Callable[[dict[str, Any]], bool], timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait until the camera's state is as asked; ``CameraError`` names ``what`` did not come."""
        deadline = time.monotonic() + timeout_s
        while True:
            state = self.tell("state")
            if ready(state):
                return state
            if time.monotonic() > deadline:
                raise CameraError(f"waited {timeout_s:.0f} s in vain: {what}; the camera's state: {state}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Cut it off, as a flat battery would: SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end in good order, and wait; one that does not is cut off, and ``CameraError`` says so."""
        self._end(signal.SIGTERM)

    @property
    def process_id(self) -> int:
        """Of the running camera; ``CameraError`` if it is off."""
        if self._process is None:
            raise CameraError("the camera is off")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        control, self._control = self._control, None
        if process is None:
            return
        process.send_signal(sign)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise CameraError(f"the camera did not end within {STOP_S:.0f} s; its log is {self.log}") from None
        finally:
            if control is not None:
                control.close()
            watcher = self._watcher
            if watcher is not None and watcher is not threading.current_thread():
                watcher.join(STOP_S)  # what it has to tell of this one is told before another one starts

    def _connect(self) -> Control:
        deadline = time.monotonic() + START_S
        while self.running and time.monotonic() < deadline:
            try:
                return Control(self.socket)
            except OSError:
                time.sleep(0.02)
        how = "does not answer" if self.running else "did not start"
        raise CameraError(f"the simulated camera {how}: {self._last_words()} (its log: {self.log})")

    def _last_words(self) -> str:
        """The last line of the log, or the trouble that it tells of."""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        with suppress(ValueError, TypeError, KeyError):
            return str(json.loads(last)["trouble"])
        return last

    def _watch(self, control: Control, process: subprocess.Popen[bytes]) -> None:
        with closing(control):
            try:
                control.tell("watch", log=self._log)
                while event := control.read():
                    self._on_event(event)
            except (OSError, ValueError, CameraError):
                pass  # the camera was cut off
            with suppress(subprocess.TimeoutExpired):
                self.status = process.wait(STOP_S)
            self._on_event({"event": "off"})


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """A socket address for a path of any length."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
