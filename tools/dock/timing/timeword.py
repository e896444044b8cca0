"""Somebody's word for the time, over a camera's nonce: asked for when a set clock is more than a day off.

A time-stamping authority (RFC 3161), or whoever signs for the authority: a command that prints a ``lapel.time.1`` line.
What came is believed here first by the camera's own rules, so that a camera is sent nothing that it must refuse.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from firmware.dock.clockrule import LARGEST_STEP_MS
from firmware.dock.facts import ClockReading
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.timestamp import Stamper
from firmware.evidence.timetoken import stamped, verify_stamp, verify_word
from tools.dock.identity import SetupError
from tools.dock.timing.tsa import StampError, TimeStamper

TIMEOUT_S = 10.0

Ask = Callable[[str], bytes]
"""Takes a nonce of 32 hexadecimal digits and returns the token's bytes; ``StampError`` where none is to be had."""

Voucher = Callable[[str], Future[bytes]]
"""The same, without waiting for the answer."""


def wants_token(clock: ClockReading, utc_ms: int) -> bool:
    """Whether a camera moves this clock only where somebody vouches for the time."""
    return clock.quality != "unset" and abs(clock.utc_ms - utc_ms) > LARGEST_STEP_MS


def beside(ask: Ask) -> Voucher:
    """Have somebody asked on a thread of its own each time: a link must not fall silent meanwhile."""

    def voucher(nonce: str) -> Future[bytes]:
        answer: Future[bytes] = Future()
        threading.Thread(target=fulfil, args=(answer, ask, nonce), name="dock-time", daemon=True).start()
        return answer

    return voucher


def fulfil(answer: Future[bytes], ask: Ask, nonce: str) -> None:
    """Ask, and keep what came of it."""
    try:
        answer.set_result(ask(nonce))
    except StampError as error:
        answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class StampVoucher:
    """A time-stamping authority's word."""

    stamper: TimeStamper

    def __call__(self, nonce: str) -> bytes:
        """Ask, and check as a camera does; which root the settings name is the camera's to know."""
        token = self.stamper.stamp(stamped(nonce))
        policy = self.stamper.policy.dotted_string if self.stamper.policy else None
        refusal: EvidenceError | None = None
        for root in self.stamper.roots:
            try:
                verify_stamp(token, nonce, Stamper(root, policy))
            except EvidenceError as error:
                refusal = error
            else:
                return token
        raise StampError(f"{self.stamper.url}: no camera would believe its time stamp: {refusal}")


@dataclass(frozen=True, slots=True)
class CommandVoucher:
    """The authority's own word: what a command prints that is given the nonce as its last argument."""

    command: tuple[str, ...]
    trust: Trust
    timeout_s: float = TIMEOUT_S

    @classmethod
    def load(cls, command: str, trust: Trust) -> CommandVoucher:
        """Read a command line; ``SetupError`` where it is none."""
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise SetupError(f"--time-signer: {error}") from None
        if not words:
            raise SetupError("--time-signer: no command")
        return cls(words, trust)

    def __call__(self, nonce: str) -> bytes:
        """Run it, and check what it prints as a camera does."""
        try:
            done = subprocess.run(
                [*self.command, nonce],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StampError(f"{self.command[0]}: did not answer in {self.timeout_s:g} s") from None
        except OSError as error:
            raise StampError(f"{self.command[0]}: {error.strerror}") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise StampError(f"{self.command[0]}: ended with {done.returncode}: {said}")
        token = done.stdout.removesuffix(b"\n")
        try:
            verify_word(token, nonce, self.trust)
        except EvidenceError as error:
            raise StampError(f"{self.command[0]}: no camera would believe its word: {error}") from None
        return token
