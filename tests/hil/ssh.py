"""The way to a board: OpenSSH's client, as a child process.

It never asks anything (``BatchMode``).  The key of a board that was never met is kept at the first meeting and no other one is taken later,
unless a file of known keys is given: then only those in it.  All commands share one connection (``ControlMaster``), which is made again when the board
was without power.
"""

from __future__ import annotations

import json
import queue
import re
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.hil.answers import LONGEST, Answer, AnswerError, parse
from tests.hil.program import BOOTSTRAP, package

CONNECT_S = 15
READY_S = 240.0
"""How long a program may take to be ready: Python and its libraries come off a slow card, or an emulated one."""
ALIVE_S = 5
"""How often a silent board is asked whether it is there; twice without an answer, and it is gone."""
UNREACHABLE = 255
"""What ssh itself ends with."""
_HOST = re.compile(
    r"(?:(?P<user>[A-Za-z_][A-Za-z0-9_-]{0,31})@)?(?P<name>[A-Za-z0-9][A-Za-z0-9.-]{0,252})(?::(?P<port>\d{1,5}))?"
)
_LAST_PORT = 65_535


class UnreachableError(Exception):
    """The board does not answer; the message is ssh's."""


class BoardTroubleError(Exception):
    """The board answers that something of it does not work, or what no program of ours says."""


@dataclass(frozen=True, slots=True)
class Host:
    """Where a board is: ``[user@]name[:port]``."""

    name: str
    user: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host:
        """``ValueError`` where it is no such place; what ssh would take for an option is none."""
        match = _HOST.fullmatch(text)
        if match is None or (match["port"] is not None and not 0 < int(match["port"]) <= _LAST_PORT):
            raise ValueError(f"HOST: {text!r} is not of the form user@name or user@name:port")
        return cls(match["name"], match["user"], int(match["port"]) if match["port"] else None)

    def __str__(self) -> str:
        return f"{f'{self.user}@' if self.user else ''}{self.name}{f':{self.port}' if self.port else ''}"


@dataclass(frozen=True, slots=True)
class Ssh:
    """How a board is reached.  ``control``: a directory of ours alone, with a short path; ``known``: the keys of boards; ``strict``: no key is added."""

    host: Host
    control: Path
    known: Path
    key: Path | None = None
    strict: bool = False
    program: Sequence[str] = ("ssh",)
    python: Sequence[str] = ("python3",)
    """What runs Python there."""
    root: Sequence[str] = ("sudo", "-n")
    """What makes a command root's; empty where whoever logs in is root."""

    def command(self, remote: Sequence[str]) -> list[str]:
        """The command that runs another one there."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(CONNECT_S),
            "ServerAliveInterval": str(ALIVE_S),
            "ServerAliveCountMax": "2",
            "StrictHostKeyChecking": "yes" if self.strict else "accept-new",
            "UserKnownHostsFile": f'"{self.known}"',
            "ControlMaster": "auto",
            "ControlPath": f"{self.control}/c",
            "ControlPersist": "60",
            "LogLevel": "ERROR",
        }
        if self.key is not None:
            options |= {"IdentityFile": f'"{self.key}"', "IdentitiesOnly": "yes"}
        said = [argument for name, value in options.items() for argument in ("-o", f"{name}={value}")]
        said += ["-p", str(self.host.port)] if self.host.port else []
        said += ["-l", self.host.user] if self.host.user else []
        return [*self.program, *said, "-T", "--", self.host.name, shlex.join(remote)]

    def run(self, remote: Sequence[str], given: bytes = b"", timeout_s: float = 60.0) -> bytes:
        """What a command there prints.  ``BoardTroubleError`` where it fails, with what it said; ``UnreachableError`` where there is no board."""
        try:
            done = subprocess.run(
                self.command(remote), input=given, capture_output=True, check=False, timeout=timeout_s
            )
        except subprocess.TimeoutExpired:
            raise UnreachableError(f"{self.host} does not end {remote[0]} within {timeout_s:g} s") from None
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode == UNREACHABLE:
            raise UnreachableError(f"{self.host}: {said or 'no connection'}")
        if done.returncode:
            raise BoardTroubleError(f"{shlex.join(remote)[:200]} ended with {done.returncode}: {said[-2000:]}")
        return done.stdout

    def as_root(self, remote: Sequence[str], given: bytes = b"", timeout_s: float = 60.0) -> bytes:
        """The same, as root."""
        return self.run([*self.root, *remote], given, timeout_s)

    def ask(self, name: str, given: Mapping[str, object], timeout_s: float = 60.0) -> Answer:
        """Run a program of ``on_board/`` to its end: the last thing that it says."""
        with self.start(name, given) as program:
            return program.last(timeout_s)

    def start(self, name: str, given: Mapping[str, object]) -> Program:
        """Start a program of ``on_board/`` as root."""
        command = self.command([*self.root, *self.python, "-P", "-c", BOOTSTRAP])
        return Program(command, package(name, given), f"{name} on {self.host}")

    def leave(self) -> None:
        """Close the shared connection, if there is one."""
        command = self.command([])[:-2]  # without a command, and the host behind the order
        place = command.index("--")
        command[place:place] = ["-O", "exit"]
        subprocess.run([*command, self.host.name], capture_output=True, check=False, timeout=CONNECT_S)


@dataclass
class Program:
    """A program that runs on the board until it ends, or its input does: that is how it is ended."""

    command: Sequence[str]
    packed: bytes
    what: str
    _said: queue.Queue[bytes | None] = field(default_factory=queue.Queue)
    _trouble: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._keep, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._give(self.packed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it, and wait until it has ended: what it held is free then."""
        self._close()
        try:
            self._process.wait(CONNECT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join(CONNECT_S)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def tell(self, **order: object) -> None:
        """Give it an order."""
        self._give(parse_out(order))

    def expect(self, says: str, timeout_s: float = 30.0) -> Answer:
        """The next thing that it says, which has to be of this kind.  ``BoardTroubleError``, ``UnreachableError`` or ``TimeoutError`` where it is not."""
        answer = self.hear(timeout_s)
        if answer is None:
            raise self._ended()
        if answer.says != says:
            raise BoardTroubleError(f"{self.what}: says {answer.says!r} where {says!r} was due")
        return answer

    def hear(self, timeout_s: float = 30.0) -> Answer | None:
        """The next thing that it says; None at its end.  ``BoardTroubleError`` where it tells of trouble, ``TimeoutError`` where it says nothing."""
        try:
            line = self._said.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError(f"{self.what}: says nothing for {timeout_s:g} s") from None
        if line is None:
            self._said.put(None)
            return None
        try:
            answer = parse(line)
        except AnswerError as error:
            raise BoardTroubleError(f"{self.what}: {error}") from None
        if answer.says == "trouble":
            raise BoardTroubleError(f"{self.what}: {answer.text('why')}")
        return answer

    def last(self, timeout_s: float) -> Answer:
        """All that it says up to its end: the last of it."""
        last = None
        while (answer := self.hear(timeout_s)) is not None:
            last = answer
        if last is None:
            raise self._ended()
        return last

    def _ended(self) -> BoardTroubleError | UnreachableError:
        status = self._process.wait(CONNECT_S)
        for thread in self._threads:
            thread.join(CONNECT_S)
        said = b"".join(self._trouble).decode(errors="replace").strip()[-2000:]
        if status == UNREACHABLE:
            return UnreachableError(f"{self.what}: {said or 'the connection is gone'}")
        return BoardTroubleError(f"{self.what}: ended with {status}: {said or 'without a word'}")

    def _give(self, data: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        try:
            stdin.write(data)
            stdin.flush()
        except OSError:  # it has ended, and whoever hears next learns why
            self._close()

    def _close(self) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            try:
                stdin.close()
            except OSError:  # what was still to be said has nobody to hear it
                return

    def _listen(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LONGEST + 1):
            self._said.put(line)
        self._said.put(None)

    def _keep(self, pipe: IO[bytes]) -> None:
        while data := pipe.readline(LONGEST):
            self._trouble.append(data)
            del self._trouble[:-200]


def parse_out(order: Mapping[str, Any]) -> bytes:
    """An order as a line."""
    return json.dumps(order).encode() + b"\n"
