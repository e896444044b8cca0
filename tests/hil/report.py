"""What came of a run: a report for people and one for machines, of which board, kernel and firmware it was, and what of each step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.hil.page import Step

PASSED, FAILED, SKIPPED, IMPOSSIBLE, UNTRIED = "passed", "failed", "skipped", "not possible here", "not tried"
OUTCOMES = (FAILED, UNTRIED, SKIPPED, IMPOSSIBLE, PASSED)
"""The worst first: a step is what its worst test is."""
NOT_POSSIBLE = "not possible here: "
NOT_TRIED = "not tried: "


@dataclass(frozen=True, slots=True)
class Result:
    """One test: of which step, its name, what came of it and why, and what it printed."""

    step: int
    test: str
    outcome: str
    why: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Report:
    """A run: facts of the board, and results in order."""

    day: str
    facts: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def outcome(self, step: int) -> str:
        """What came of a step."""
        came = {result.outcome for result in self.results if result.step == step}
        return next((outcome for outcome in OUTCOMES if outcome in came), UNTRIED)

    def summary(self, step: int) -> str:
        """The same, and where its tests differ how many came to what."""
        came = [result.outcome for result in self.results if result.step == step]
        if len(set(came)) <= 1:
            return self.outcome(step)
        return ", ".join(f"{came.count(outcome)} {outcome}" for outcome in OUTCOMES if outcome in came)

    def write(self, place: Path, steps: Sequence[Step]) -> tuple[Path, Path]:
        """Write both."""
        place.mkdir(parents=True, exist_ok=True)
        told = {"day": self.day, "board": self.facts, "steps": self._told(steps)}
        machines, people = place / "report.json", place / "report.md"
        machines.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        people.write_text(self.page(steps), encoding="utf-8")
        return people, machines

    def _told(self, steps: Sequence[Step]) -> list[dict[str, Any]]:
        return [
            {
                "step": step.number,
                "name": step.name,
                "outcome": self.outcome(step.number),
                "tests": [asdict(each) for each in self.results if each.step == step.number],
            }
            for step in steps
        ]

    def page(self, steps: Sequence[Step]) -> str:
        """The report for people."""
        lines = [f"# Bring-up, {self.day}", "", "| | |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in self.facts.items()]
        lines += ["", "| step | | came of it |", "|---|---|---|"]
        lines += [f"| {step.number} | {step.title} | **{self.summary(step.number)}** |" for step in steps]
        for step in steps:
            mine = [result for result in self.results if result.step == step.number]
            if not mine:
                continue
            lines += ["", f"## {step.number}. {step.title}", ""]
            for result in mine:
                why = f": {result.why.splitlines()[0]}" if result.why else ""
                lines.append(f"- {result.test} ({result.seconds:.1f} s): **{result.outcome}**{why}")
                lines += [f"  - {note}" for note in result.notes]
            if self.outcome(step.number) == FAILED:
                lines += ["", "Look at:", "", *step.trouble]
        return "\n".join(lines) + "\n"


def told(outcome: str, why: str) -> tuple[str, str]:
    """A skip by its reason: what it was, and the reason without that word."""
    for prefix, name in ((NOT_POSSIBLE, IMPOSSIBLE), (NOT_TRIED, UNTRIED)):
        if outcome == SKIPPED and why.startswith(prefix):
            return name, why.removeprefix(prefix)
    return outcome, why


def facts(answer: Mapping[str, Any], board: str, host: str) -> dict[str, str]:
    """What a report says of the board, from what ``on_board/facts.py`` told."""
    wanted = ("model", "revision", "release", "kernel", "firmware", "python", "service")
    return {"board's file": board, "reached at": host} | {name: str(answer.get(name) or "unknown") for name in wanted}
