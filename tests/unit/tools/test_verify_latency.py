"""What the verifier says of the time that starts took."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.evidence_maker import RECIPIENTS, Camera
from tools.verify.latency import Start, start_of, summary
from tools.verify.page.document import render_page
from tools.verify.render import render
from tools.verify.verifier import verify_path

if TYPE_CHECKING:
    from pathlib import Path


def waited(number: int, starting_ms: int | None, recording_ms: int) -> Start:
    """A start."""
    return Start(number, 1_790_000_000_000, starting_ms, recording_ms)


def test_median_and_worst_of_a_card() -> None:
    """Each beside what is promised, with how many were later."""
    starts = [waited(1, 3, 300), waited(2, 61, 2100), waited(3, 5, 280), waited(4, None, 290)]
    assert list(summary(starts)) == [
        "from the press to starting: median 5 ms, worst 61 ms; promised 50 ms, 1 of 3 later than that",
        "from the press to recording: median 295 ms, worst 2100 ms; promised 1500 ms, 1 of 4 later than that",
    ]


def test_nothing_noted_is_nothing_said() -> None:
    """A card of an earlier firmware has no figures, and a card whose starts were all hushed none of the first kind."""
    assert list(summary([])) == []
    assert len(list(summary([waited(1, None, 5)]))) == 1


@pytest.mark.parametrize(
    ("starting_ms", "recording_ms", "words"),
    [
        (50, 1500, "starting after 50 ms, recording after 1500 ms"),
        (51, 1500, "starting after 51 ms, recording after 1500 ms (starting late)"),
        (50, 1501, "starting after 50 ms, recording after 1501 ms (recording late)"),
        (51, 1501, "starting after 51 ms, recording after 1501 ms (starting and recording late)"),
        (None, 12, "no light could say starting, recording after 12 ms"),
    ],
)
def test_in_words(starting_ms: int | None, recording_ms: int, words: str) -> None:
    """What is promised is in time, a ms more is not."""
    record = {"number": 1, "clock": {"utc_ms": 5}, "starting_ms": starting_ms, "recording_ms": recording_ms}
    assert start_of(record).words == words


def test_a_card_prints_each_start(tmp_path: Path) -> None:
    """With the authority's key: in text, on the page and for machines; without it nobody can say."""
    camera = Camera(tmp_path / "card")
    for number, starting_ms, recording_ms in ((1, 4, 311), (2, 9, 1702)):
        record = {"kind": "latency", "number": number, "starting_ms": starting_ms, "recording_ms": recording_ms}
        camera.remark(record)
    root, key = tmp_path / "root.pem", tmp_path / "authority.key"
    root.write_bytes(camera.authority.root_pem)
    key.write_text(RECIPIENTS[0].key_file)
    told = verify_path(tmp_path / "card", root, [key])
    text, page = render(told), render_page(told, datetime(2026, 12, 1, tzinfo=UTC))
    for shown in (text, page):
        assert "from the press to starting: median 6.5 ms, worst 9 ms; promised 50 ms" in " ".join(shown.split())
        assert "from the press to recording: median 1006.5 ms, worst 1702 ms" in " ".join(shown.split())
    assert "recording 1: starting after 4 ms, recording after 311 ms" in text
    assert "recording 2: starting after 9 ms, recording after 1702 ms (recording late)" in " ".join(text.split())
    assert "How long a start took" in page
    assert "1702 ms" in page
    (volume,) = told.to_json()["volumes"]
    assert [(each["number"], each["starting_ms"], each["recording_ms"]) for each in volume["starts"]] == [
        (1, 4, 311),
        (2, 9, 1702),
    ]
    closed = verify_path(tmp_path / "card", root)
    assert "latency" not in render(closed)
    assert "How long a start took" not in render_page(closed, datetime(2026, 12, 1, tzinfo=UTC))
    assert closed.to_json()["volumes"][0]["starts"] is None
