"""What the demo notes, and the table that it ends with."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tools.demo.checks import AREAS, Checks, table
from tools.demo.chronicle import Chronicle, Who
from tools.demo.handover import look_for_names
from tools.demo.stage import OFFICER, Stage
from tools.sim.home import Home
from tools.sim.screen import PlainScreen


def printed(checks: Checks) -> str:
    """The table as text."""
    out = io.StringIO()
    Console(file=out, width=120).print(table(checks, checks.missing))
    return out.getvalue()


def test_all_held_only_if_everything_was_checked_and_held() -> None:
    """An area that was not reached, or one check that failed, is enough."""
    checks = Checks()
    for area in reversed(AREAS):
        assert not checks.all_held
        checks.hold(area, "a promise", "kept", ok=True)
    assert checks.all_held
    assert [check.area for check in checks] == list(AREAS)
    checks.hold("erased", "another promise", "broken", ok=None)
    assert not checks.all_held


def test_the_table_names_what_failed_and_what_was_not_reached() -> None:
    """Nobody has to read a log to see it."""
    checks = Checks()
    checks.hold("recorded", "a promise", "kept", ok=True)
    checks.hold("recorded", "another one", "broken", ok=False)
    rows = [" ".join(line.split()) for line in printed(checks).splitlines()]
    assert "ok recorded a promise kept" in rows
    assert "NO another one broken" in rows
    assert "-- erased was not reached" in rows


def test_the_chronicle_is_in_order_of_time() -> None:
    """Whoever noted it first; names find their times again."""
    chronicle = Chronicle()
    chronicle.note(30, Who.CAMERA, "stopped")
    chronicle.note(10, Who.OFFICER, "press", "press")
    chronicle.note(20, Who.OFFICER, "press again", "press")
    assert [entry.utc_ms for entry in chronicle.entries] == [10, 20, 30]
    assert chronicle.at("press") == 10
    assert chronicle.all("press") == (10, 20)
    with pytest.raises(LookupError, match="cut did not happen"):
        chronicle.at("cut")


HIDDEN = base64.urlsafe_b64encode(json.dumps({"officer": OFFICER, "more": "x" * 40}).encode()).rstrip(b"=")


@pytest.mark.parametrize(
    ("content", "clean"),
    [
        (b"nothing of the kind", True),
        (b"\x00\xff" * 5000, True),
        (f"shift of {OFFICER}".encode(), False),
        (b"ELLIS", False),
        (b'{"kind": "bookmark"}', False),
        (b"header." + HIDDEN + b".signature", False),
    ],
)
def test_names_are_found_wherever_they_are(content: bytes, clean: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """In the clear, in other letters, and inside signed lines."""
    home = Home(tmp_path)
    (home.camera / "evidence" / "deep").mkdir(parents=True)
    (home.camera / "evidence" / "deep" / "file").write_bytes(content)
    stage = Stage(home, PlainScreen(Console(file=io.StringIO())), None)
    look_for_names(stage)
    (check,) = stage.checks
    assert check.ok is clean
    assert ("found in file" in check.found) is not clean
