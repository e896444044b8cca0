"""The demo, step by step: what is done, and what has to follow from it.

Everything here happens in real time, to a real process and real files.  A step that cannot go on raises; what merely turned out
other than promised is noted as a check that failed, and the story goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tools.demo import finale, handover, takes
from tools.demo.report import write_report
from tools.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title, what must come of it, and how it is played."""

    title: str
    expects: str
    play: Callable[[Stage], None]


STORY: Final = (
    Step(
        "An authority, a camera, a dock and an export desk are set up",
        "certificates, keys and settings for all of them are written",
        takes.set_up,
    ),
    Step(
        "The camera is switched on; from now on it keeps the last ten seconds in memory",
        "the light turns green",
        takes.switch_on,
    ),
    Step(
        "A short docking before the shift: the dock sets the clock and says for which shift the camera records",
        "the dock believes the camera, and the camera the dock",
        takes.begin_shift,
    ),
    Step(
        "The officer presses record, marks the moment, and stops",
        "the light says recording only once the first second is safe; a held button and one more press stop it",
        takes.record,
    ),
    Step(
        "A second recording, and the power goes in the middle of it",
        "the camera records, and then is gone",
        takes.record_and_cut,
    ),
    Step(
        "The power is back: the camera goes on recording by itself",
        "it records again without a press, and closes the cut recording behind that",
        takes.resume,
    ),
    Step(
        "Somebody who finds the camera looks for names on it",
        "neither the officer nor the bookmark is found in any file",
        handover.look_for_names,
    ),
    Step(
        "Docked over a serial line; the camera is pulled out in the middle, and put back",
        "all recordings arrive, the dock signs receipts, and only then the camera erases",
        handover.offload,
    ),
    Step(
        "Everything that the dock has is verified, by a program that shares no code with the camera",
        "two recordings are whole, one is recovered",
        finale.verify,
    ),
    Step(
        "Each recording is exported to an ordinary film, and the film is proven to be the recorded one",
        "every sample of every film is vouched for by the camera's signatures",
        finale.export,
    ),
    Step(
        "The report is written",
        "one page that needs nothing else to be read",
        write_report,
    ),
)


class StepFailedError(Exception):
    """A step could not go on; ``number`` counts from 1."""

    def __init__(self, number: int, step: Step, reason: Exception) -> None:
        super().__init__(str(reason))
        self.number = number
        self.step = step


def play(stage: Stage, failures: tuple[type[Exception], ...]) -> None:
    """Play all steps; one of ``failures`` in a step ends the story with ``StepFailedError``."""
    for number, step in enumerate(STORY, 1):
        stage.begin(number, len(STORY), step.title)
        try:
            step.play(stage)
        except failures as error:
            raise StepFailedError(number, step, error) from error
