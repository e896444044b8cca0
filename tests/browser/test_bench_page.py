"""The page of a benchmark in a real browser: open to all, on a telephone and in the dark, and it fetches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browsing import judge, overflow, visit
from tests.oracles import needs
from tools.bench.figure import Figure, Series
from tools.bench.page import page
from tools.bench.report import Report

LONG = "what-somebody-measured-and-called-by-a-name-that-has-no-place-to-break-anywhere-at-all-or-so-it-seems"
FIGURES = (
    Figure(
        "sealing",
        "sealing",
        "bare writes",
        (0.8, 0.9),
        least=0.75,
        aim=0.95,
        facts={"bytes_s": 2e8, LONG: 1.0},
        note=LONG,
    ),
    Figure("sealing", LONG, LONG, (2.0, 2.1), most=1.9),
    Figure("sealing", "sealing", "age", skipped=f"age is missing (Debian package {LONG})"),
    Figure("sealing", "nearly", "it", (0.7,), least=0.75),
    Figure("sealing", "memory", "before", (0.0, 0.2)),
    Series("sealing", LONG, "recordings on the card", "ms", ((1, 1.0), (10_000, 1.1)), log_x=True),
)


@needs("chromium", "axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_is_for_everybody(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    """Axe-core finds nothing; at the width of a telephone nothing sticks out."""
    report = Report({"processor": LONG, "cores": 2}, "2026-12-01", quick=True)
    report.add("sealing", 12.0, FIGURES)
    (tmp_path / "report.html").write_text(page(report), encoding="utf-8")
    fetched: list[str] = []
    address = (tmp_path / "report.html").as_uri()
    with visit(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme) as shown:
        shown.on("request", lambda request: fetched.append(request.url))
        shown.reload()
        assert judge(shown) == []
        assert overflow(shown) == 0
    assert fetched == [address]
