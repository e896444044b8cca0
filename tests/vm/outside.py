"""Whoever is outside while the contract suites run in the virtual camera: drives and watches its pins, and keeps what came of each test."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.vm.machine import Machine
from tools.vm.trouble import VmError

LONGEST = 1 << 20  # bytes of a line: a failure is told in full
SILENCE_S = 330.0
"""Longer than any test may take in there."""
MOST_MS = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test."""

    outcome: str
    seconds: float
    why: str


@dataclass
class Told:
    """What was told: which tests there are, what came of each, and what pytest ended with, once it has."""

    collected: list[str] = field(default_factory=list)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    ended: int | None = None


class Outside:
    """Obeys one request after another."""

    def __init__(self, machine: Machine, heard: Callable[[str], object]) -> None:
        """``heard`` gets a line for each test."""
        self._machine, self._heard = machine, heard
        self._rest = b""
        self.told = Told()
        self._does: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
            "drive": self._drive,
            "look": self._look,
            "mark": lambda _: len(machine.wires.seen),
            "since": self._since,
            "wait": self._wait,
            "clock": self._clock,
        }

    def serve(self) -> Told:
        """Until the suites have ended.  VmError where nothing is heard for too long, or the machine ends before."""
        for line in self._lines():
            said = json.loads(line)
            if "do" in said:
                self._answer(said)
            else:
                self._keep(said)
            if self.told.ended is not None:
                break
        return self.told

    def _lines(self) -> Iterator[bytes]:
        while True:
            if not select.select([self._machine.talk], [], [], SILENCE_S)[0]:
                raise VmError(f"nothing was heard for {SILENCE_S:g} s; last:\n{self._machine.console.text[-2000:]}")
            data = self._machine.talk.recv(65_536)
            if not data:
                raise VmError(f"the machine ended; last:\n{self._machine.console.text[-2000:]}")
            *lines, self._rest = (self._rest + data).split(b"\n")
            if len(self._rest) > LONGEST:
                raise VmError(f"a line of more than {LONGEST} bytes")
            yield from lines

    def _keep(self, said: Mapping[str, Any]) -> None:
        if "collected" in said:
            self.told.collected = list(said["collected"])
        elif "test" in said:
            outcome = Outcome(said["outcome"], said["seconds"], said["why"])
            self.told.outcomes.setdefault(said["test"], []).append(outcome)
            self._heard(f"{outcome.outcome:<8} {outcome.seconds:7.2f} s  {said['test']}\n")
        elif "ended" in said:
            self.told.ended = said["ended"]

    def _answer(self, said: Mapping[str, Any]) -> None:
        try:
            told: Mapping[str, object] = {"value": self._does[said["do"]](said)}
        except (KeyError, TypeError, ValueError, VmError) as error:
            told = {"refused": f"{type(error).__name__}: {error}"}
        self._machine.talk.sendall(json.dumps(told).encode() + b"\n")

    def _drive(self, said: Mapping[str, Any]) -> None:
        self._machine.wires.drive(int(said["line"]), level=bool(said["level"]))

    def _look(self, said: Mapping[str, Any]) -> Mapping[int, float]:
        """Which share of the time each output is high, once it has had time to settle."""
        time.sleep(_ms(said["settle_ms"]))
        return self._machine.wires.shares(_ms(said["for_ms"]))

    def _since(self, said: Mapping[str, Any]) -> list[tuple[float, bool]]:
        """Changes of an output since the mark: when, in milliseconds, and to which level."""
        seen = self._machine.wires.seen[said["mark"] :]
        return [(each.at_s * 1000, each.level) for each in seen if each.line == said["line"]]

    def _wait(self, said: Mapping[str, Any]) -> int:
        """Until an output has changed so often since the mark, or for so long; how often it did."""
        until = time.monotonic() + _ms(said["for_ms"])
        while (found := len(self._since(said))) < said["changes"] and time.monotonic() < until:
            time.sleep(0.02)
        return found

    def _clock(self, _: Mapping[str, Any]) -> float | None:
        """What QEMU says that the machine's RTC was set to last, in seconds since 1970 by now; None where it was not."""
        self._machine.ask("query-status")
        changes = [each["data"]["offset"] for each in self._machine.events if each["event"] == "RTC_CHANGE"]
        return time.time() + changes[-1] if changes else None


def _ms(value: Any) -> float:
    """Milliseconds, within reason, as seconds."""
    if not 0 <= value <= MOST_MS:
        raise ValueError(f"{value} ms are not from 0 to {MOST_MS}")
    return float(value) / 1000
