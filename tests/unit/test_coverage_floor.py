"""The coverage floor: lines and branches are held to it apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.coverage_floor import main


@pytest.mark.parametrize(
    ("lines", "branches", "status", "told"),
    [
        (950, 95, 0, "lines 95.0 %, branches 95.0 % (floor 95 % each)"),
        (1000, 94, 1, "lines 100.0 %, branches 94.0 % (floor 95 % each): too low"),
        (949, 100, 1, "lines 94.9 %, branches 100.0 % (floor 95 % each): too low"),
    ],
)
def test_each_has_its_floor(
    lines: int, branches: int, status: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many covered lines do not make up for few covered branches, nor the other way round."""
    totals = {"covered_lines": lines, "num_statements": 1000, "covered_branches": branches, "num_branches": 100}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"totals": totals}), encoding="utf-8")
    assert main([str(report)]) == status
    assert capsys.readouterr().out == f"Coverage of firmware/: {told}\n"
