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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

START_S = 20.0
LINE_LIMIT = 1 << 20


class CameraError(Exception):
    """The simulated camera did not start, ended, or refused an order; the message says which and why."""


class Control:
    """One connection to a control socket: JSON lines, one answer an order."""

    def __init__(self, path: Path) -> None:
        """Connect; ``OSError`` when nobody listens."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(os.fspath(path))
        self._lines = self._socket.makefile("rb")

    def tell(self, do: str, **facts: Any) -> dict[str, Any]:
        """Give one order and return its answer; ``CameraError`` if it was refused."""
        self._socket.sendall(json.dumps({"do": do, **facts}).encode() + b"\n")
        answer = self.read()
        if not answer.get("ok"):
            message = f"{do}: {answer.get('error', 'no answer')}"
            raise CameraError(message)
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

    ``on_event`` is called, on a thread of its own, with each change of the lights and each cue.
    """

    def __init__(
        self,
        state: Path,
        *,
        source: str | None = None,
        on_event: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._state = state
        self._socket = state / "control"
        self._source = source
        self._on_event = on_event or (lambda _event: None)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None

    def start(self) -> None:
        """Start it and wait until its control socket answers."""
        command = [sys.executable, "-m", "firmware", "--hal", "sim", "--control", str(self._socket)]
        command += ["--state", str(self._state)]
        if self._source:
            command += ["--source", self._source]
        with (self._state / "camera.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._control = self._connect()
        threading.Thread(target=self._watch, args=(self._connect(),), daemon=True).start()

    def tell(self, do: str, **facts: Any) -> dict[str, Any]:
        """Give one order."""
        if self._control is None:
            message = "the camera is off"
            raise CameraError(message)
        return self._control.tell(do, **facts)

    def tap(self) -> None:
        """Press the record button shortly."""
        self.tell("press", button="record")
        time.sleep(0.2)
        self.tell("release", button="record")

    def hold(self, seconds: float) -> None:
        """Hold the record button."""
        self.tell("press", button="record")
        time.sleep(seconds)
        self.tell("release", button="record")

    def wait(self, what: str, ready: Callable[[dict[str, Any]], bool], timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait until the camera's state is as asked; ``CameraError`` names ``what`` did not come."""
        deadline = time.monotonic() + timeout_s
        while True:
            state = self.tell("state")
            if ready(state):
                return state
            if time.monotonic() > deadline:
                message = f"waited {timeout_s:.0f} s in vain: {what}; the camera's state: {state}"
                raise CameraError(message)
            time.sleep(0.05)

    def kill(self) -> None:
        """Cut it off, as a flat battery would: SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end in good order, and wait."""
        self._end(signal.SIGTERM)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def _end(self, sign: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(sign)
        if self._process is not None:
            self._process.wait(START_S)
        if self._control is not None:
            self._control.close()
            self._control = None

    def _connect(self) -> Control:
        deadline = time.monotonic() + START_S
        while self.running and time.monotonic() < deadline:
            try:
                return Control(self._socket)
            except OSError:
                time.sleep(0.02)
        message = f"the simulated camera did not start; its log is {self._state / 'camera.log'}"
        raise CameraError(message)

    def _watch(self, control: Control) -> None:
        try:
            control.tell("watch")
            while event := control.read():
                self._on_event(event)
        except (OSError, ValueError, CameraError):
            return  # the camera was cut off
        finally:
            control.close()
