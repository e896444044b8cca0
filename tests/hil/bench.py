"""One board on the bench: how it is reached, what its file says it has, and whoever lends hands."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from firmware.settings import Settings
from hal.interface import Button
from hal.pi import boardfile
from hal.pi.board import Board
from tests.hil.answers import Answer
from tests.hil.config import Config, ConfigError
from tests.hil.hands import Hands, Machine, Person
from tests.hil.ssh import READY_S, BoardTroubleError, Program, Ssh, UnreachableError
from tests.specification import hardware

REVISION = "/proc/device-tree/system/linux,revision"
TYPE = 0xFF0
"""The bits of a revision code that say which kind of board it is; others say how much memory it has, and who made it."""
AWAY_S = 300.0
"""How long a board may take to be back after its power is."""
FETCHED = 64 << 20
FACTS_S = 180.0
FREE = "! systemctl is-active -q lapel.service 2>/dev/null || systemctl stop lapel.service"
"""Has the service leave its parts to the steps; it may be enabled, and be back with each boot."""
EVIDENCE = "/var/lib/lapel/evidence"


@dataclass(frozen=True)
class Bench:
    """What every step works with."""

    config: Config
    ssh: Ssh
    hands: Hands
    board: Board
    text: bytes
    facts: Answer
    """What the board says it is."""

    def ask(self, program: str, timeout_s: float = READY_S, **given: object) -> Answer:
        """Run a program on the board, to its end."""
        return self.ssh.ask(program, self._given(given), timeout_s)

    def start(self, program: str, **given: object) -> Program:
        """Start one."""
        return self.ssh.start(program, self._given(given))

    def fetch(self, path: str, name: str) -> bytes:
        """What a file of the board's holds, kept under ``name`` here; the board's is removed."""
        data = self.ssh.as_root(["cat", path], timeout_s=120)
        if len(data) > FETCHED:
            raise BoardTroubleError(f"{path} has {len(data)} bytes")
        self.ssh.as_root(["rm", "-f", path])
        self.config.out.mkdir(parents=True, exist_ok=True)
        (self.config.out / name).write_bytes(data)
        return data

    def header(self, pin: str) -> str:
        """Where a pin is on the header, as the hands are told; its name on a board without one."""
        return str(hardware.position(self.board, pin)) if self.board.name in hardware.REVISIONS else pin

    def contact(self, button: Button) -> str:
        """Where a button's pin is."""
        return self.header(self.board.buttons[button].pin)

    @property
    def place(self) -> dict[str, Any]:
        """Where programs write, and whether that has to be a partition: it has, unless another place was named."""
        return {"place": self.config.place, "partition": self.config.place == EVIDENCE}

    @property
    def card(self) -> str:
        """The microphone's name; empty where there is none."""
        own = self.board.microphone
        return self.config.card or (own.card if own else "")

    @cached_property
    def profile(self) -> dict[str, int]:
        """What a camera films by default."""
        chosen = Settings()
        return {"width": chosen.width, "height": chosen.height, "fps": chosen.fps, "bitrate": chosen.bitrate}

    def back(self, timeout_s: float = AWAY_S) -> None:
        """Wait until the board answers, after its power was away, and has its parts free.  ``UnreachableError`` where it does not."""
        wait_for(self.ssh, timeout_s)
        self.ssh.as_root(["sh", "-c", FREE])

    def _given(self, given: dict[str, object]) -> dict[str, object]:
        return {**described(self.text, self.board), **given}


def described(text: bytes, board: Board) -> dict[str, object]:
    """What every program is given of the board."""
    return {"board": text.decode(), "file": f"{board.name}.toml"}


def wait_for(ssh: Ssh, timeout_s: float) -> None:
    """Wait until the board at the other end answers.  ``UnreachableError`` with ssh's last word where it does not."""
    until = time.monotonic() + timeout_s
    while True:
        ssh.leave()
        try:
            ssh.run(["true"], timeout_s=30)
        except UnreachableError:
            if time.monotonic() > until:
                raise
            time.sleep(1)
        else:
            return


@contextmanager
def bench(config: Config, program: Sequence[str] = ("ssh",)) -> Iterator[Bench]:
    """Reach the board, find out which one it is, and have its service leave the parts alone.  ``program`` stands for ssh."""
    with ExitStack() as stack:
        control = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lapel-hil-")))
        config.out.mkdir(parents=True, exist_ok=True)
        known = config.known or config.out / "known_hosts"
        ssh = Ssh(config.host, control, known, config.key, config.known is not None, program, config.python)
        stack.callback(ssh.leave)
        if ssh.run(["id", "-u"]).strip() == b"0":
            ssh = replace(ssh, root=())
        path = _file(config, ssh)
        text = path.read_bytes()
        board = boardfile.parse(text, path.name)
        facts = ssh.ask("facts", described(text, board), FACTS_S)
        ssh.as_root(["sh", "-c", FREE])
        yield Bench(config, ssh, _hands(config, stack), board, text, facts)


def _hands(config: Config, stack: ExitStack) -> Hands:
    return stack.enter_context(Machine(config.hands)) if config.hands else Person.at(stack)


def _file(config: Config, ssh: Ssh) -> Path:
    """The file of the board: the one that was named, or the one for its revision."""
    shipped = boardfile.shipped()
    if config.board:
        path = shipped.get(config.board, Path(config.board))
        if not path.is_file():
            raise ConfigError(f"HIL_BOARD: {config.board} is no file, and none of {', '.join(shipped)}")
        return path
    code = ssh.run(["cat", REVISION])
    name = named(int.from_bytes(code, "big"))
    if name is None:
        raise ConfigError(f"no board's file is for revision {code.hex()}: name one with HIL_BOARD")
    return shipped[name]


def named(code: int) -> str | None:
    """Which board of ours a revision code means."""
    kinds = {int(revision, 16) & TYPE: name for name, revision in hardware.REVISIONS.items()}
    return kinds.get(code & TYPE)
