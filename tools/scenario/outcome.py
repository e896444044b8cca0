"""What came of a scenario: the recordings that the dock has of it, held against what was expected.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def not_as_expected(
    expected: Sequence[Mapping[str, Any]], report: Mapping[str, Any], before: Mapping[str, int]
) -> list[str]:
    """What is wrong.  ``expected``: of each camera's recordings in their order; ``report``: what the verifier says of the store;
    ``before``: by camera, the newest number that was there before."""
    problems: list[str] = []
    for name, number in before.items():
        made = [
            recording
            for volume in report["volumes"]
            for recording in volume["recordings"]
            if recording["device"] == name and (recording["number"] or 0) > number
        ]
        made.sort(key=lambda recording: recording["number"])
        wanted = [each for each in expected if each["camera"] == name]
        if len(made) != len(wanted):
            problems.append(f"{name}: {len(wanted)} recordings were expected in the dock, there are {len(made)}")
        for each, recording in zip(wanted, made, strict=False):
            problems += [f"{name}, recording {recording['number']}: {what}" for what in _wrong(each, recording)]
    return problems


def _wrong(wanted: Mapping[str, Any], recording: Mapping[str, Any]) -> list[str]:
    """What is not as expected of one recording."""
    problems: list[str] = []
    if recording["verdict"] != wanted["verdict"]:
        reasons = "; ".join(each["reason"] for each in recording["problems"])
        problems.append(
            f"the verdict is {recording['verdict']}, not {wanted['verdict']}{f': {reasons}' if reasons else ''}"
        )
    seconds = recording["seconds"] or 0
    if not wanted["least_s"] <= seconds <= wanted["most_s"]:
        problems.append(f"it has {seconds:.1f} s, not {wanted['least_s']} to {wanted['most_s']}")
    if wanted["marked"] is not None and recording["priority"] is not wanted["marked"]:
        problems.append(f"it is {'' if recording['priority'] else 'not '}marked")
    said = [each["text"] for each in recording["private"] or ()]
    problems += [
        f"nothing in it says {each!r}: {said}" for each in wanted["says"] if not any(each in text for text in said)
    ]
    return problems
