"""The list of refusals, and files of the store that several write at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tools.dock.rack.refusals import FILE, LONGEST_FILE, MOST, Refusal, Refusals, RefusalsError, dump, parse
from tools.dock.shifts.register import Register
from tools.dock.store import Store

GOOD = Refusal("1-1.2", "cam-1", "its certificate was withdrawn", 5, 9, 3)


def test_refusals_are_kept(tmp_path: Path) -> None:
    """Each is written down with slot, device, reason and time; the same again counts up, and is the newest then."""
    listed = Refusals(tmp_path)
    assert listed.entries() == []
    listed.add("1-1.2", "", "foreign", 1000)
    listed.add("1-1.3", "cam-3", "withdrawn", 2000)
    listed.add("1-1.2", "", "foreign", 3000)
    assert Refusals(tmp_path).entries() == [
        Refusal("1-1.3", "cam-3", "withdrawn", 2000, 2000, 1),
        Refusal("1-1.2", "", "foreign", 1000, 3000, 2),
    ]
    for line in (tmp_path / FILE).read_text().splitlines():
        assert set(json.loads(line)) == {"slot", "device", "text", "first_ms", "last_ms", "count"}


def test_the_list_is_bounded(tmp_path: Path) -> None:
    """The oldest goes; the longest list that there can be is read again."""
    full = [Refusal("s" * 256, "d" * 256, f"{number:04d}" + "\U0001f512" * 252, 0, 0, 1) for number in range(MOST)]
    (tmp_path / FILE).write_bytes(dump(full))
    listed = Refusals(tmp_path)
    listed.add("s" * 300, "d" * 300, "\U0001f512" * 300, 1)
    assert listed.entries()[:-1] == full[1:]
    assert (tmp_path / FILE).stat().st_size < LONGEST_FILE


def test_what_cannot_be_printed(tmp_path: Path) -> None:
    """What a peer said does not write into the list as it likes."""
    Refusals(tmp_path).add("a\nb", "", 'quoted "\x1b[2J\x00', 0)
    assert Refusals(tmp_path).entries() == [Refusal("a?b", "", 'quoted "?[2J?', 0, 0, 1)]


GOOD_LINE = dump([GOOD]).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x\n", "line 1"),
        ("[]\n", "members"),
        (GOOD_LINE[:-1], "no end"),
        (GOOD_LINE + "\n", "line 2"),
        (GOOD_LINE.replace('"count":3', '"count":3,"more":1'), "members"),
        (GOOD_LINE.replace('"count":3,', ""), "members"),
        (GOOD_LINE.replace('"count":3', '"count":0'), "count"),
        (GOOD_LINE.replace('"count":3', '"count":true'), "count"),
        (GOOD_LINE.replace('"count":3', '"count":3.0'), "count"),
        (GOOD_LINE.replace('"count":3', '"count":"3"'), "count"),
        (GOOD_LINE.replace('"first_ms":5', f'"first_ms":{1 << 53}'), "first_ms"),
        (GOOD_LINE.replace('"last_ms":9', '"last_ms":-1'), "last_ms"),
        (GOOD_LINE.replace('"cam-1"', "null"), "device"),
        (GOOD_LINE.replace('"1-1.2"', '"a\\nb"'), "slot"),
        (GOOD_LINE.replace("withdrawn", "x" * 250), "text"),
        (GOOD_LINE.replace('"count":3', '"count": 3'), "written"),
        (GOOD_LINE.replace('"count":3', '"count":3,"count":3'), "written"),
        (GOOD_LINE * (MOST + 1), "lines"),
        (" " * (LONGEST_FILE + 1), "bytes"),
        ("[" * 100_000 + "\n", "line 1"),
    ],
)
def test_lists_that_are_refused(tmp_path: Path, text: str, why: str) -> None:
    """The reader takes what the writer writes; anything else is put aside, and the next refusal is kept all the same."""
    assert parse(GOOD_LINE.encode()) == [GOOD]
    with pytest.raises(RefusalsError, match=why):
        parse(text.encode())
    (tmp_path / FILE).write_text(text)
    Refusals(tmp_path).add("1-1", "", "foreign", 7)
    assert Refusals(tmp_path).entries() == [Refusal("1-1", "", "foreign", 7, 7, 1)]
    assert (tmp_path / f"{FILE}.damaged").read_text() == text


def test_many_write_at_once(tmp_path: Path) -> None:
    """Slots that enter something at the same moment do not lose each other's lines."""
    begin = threading.Barrier(8)
    ids: list[str] = []

    def enter(number: int) -> None:
        begin.wait()
        store = Store(tmp_path)
        ids.append(store.id)
        for round_ in range(5):
            Register(tmp_path).assign(f"cam-{number}", f"s-{round_}", "o", round_)
            store.note_conflict({"device": f"cam-{number}", "utc_ms": round_})
            Refusals(tmp_path).add(f"slot {number}", "", f"reason {round_}", round_)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert len((tmp_path / "register.jsonl").read_text().splitlines()) == 40
    assert len((tmp_path / "conflicts.jsonl").read_text().splitlines()) == 40
    assert len(Refusals(tmp_path).entries()) == 40
