"""What a cut leaves behind gets exactly the treatment that its place in the audit log allows."""

from __future__ import annotations

import pytest

from firmware.core.recovery import Action, Found, Step, plan

OPENING, OTHER = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("found", "action"),
    [
        (Found("00000002", used=True, manifest=True, opening=OTHER), Action.KEEP),
        (Found("00000002", used=True, manifest=False, opening=OTHER), Action.QUARANTINE),
        (Found("00000005", used=True, manifest=False, opening=OPENING), Action.RECOVER),
        (Found("00000005", used=True, manifest=True, opening=OPENING), Action.CLOSE),
        (Found("00000005", used=False, manifest=False, opening=None), Action.VOID),
        (Found("00000005", used=True, manifest=True, opening=None), Action.QUARANTINE),
        (Found("00000005", used=False, manifest=True, opening=None), Action.QUARANTINE),
        (Found("00000005", used=True, manifest=False, opening=None), Action.QUARANTINE),
        (Found("00000005", used=True, manifest=False, opening=OTHER), Action.QUARANTINE),
        (Found("00000006", used=False, manifest=False, opening=None), Action.KEEP),
        (Found("00000006", used=True, manifest=False, opening=None), Action.QUARANTINE),
        (Found("00000009", used=True, manifest=True, opening=OTHER), Action.QUARANTINE),
        (Found("6", used=False, manifest=False, opening=None), Action.QUARANTINE),
    ],
)
def test_one_directory(found: Found, action: Action) -> None:
    """Recording 5 was opened and not closed, 6 is the next number."""
    steps = plan({5: OPENING}, 6, [found])
    assert steps[0].action is action
    assert steps[0].name == found.name


def test_what_the_log_opened_and_the_card_lost_is_reported() -> None:
    """A recording that vanished is named, never passed over."""
    assert plan({5: OPENING}, 6, []) == [Step(Action.MISSING, "00000005", 5)]
    stranger = Found("00000005", used=True, manifest=False, opening=OTHER)
    assert [step.action for step in plan({5: OPENING}, 6, [stranger])] == [Action.QUARANTINE, Action.MISSING]
