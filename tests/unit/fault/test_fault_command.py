"""What `make fault` says at its end, and with which status."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fault import __main__ as command
from tests.fault.determined import remembered, same_each_time
from tests.fault.outcome import Outcome
from tests.fault.power.cuts import sample
from tests.fault.power.cutter import Tally
from tests.fault.power.stock import StockTools
from tests.fault.power.stories import press, stop
from tests.fault.power.world import EMPTY, World
from tests.oracles import needs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hal.sim.crashes import Image
    from tests.fault.outcome import Progress

GOOD = Outcome("one", {"cases": 1234, "seed": 20261124})
BAD = Outcome("two", {"cases": 2}, ("first-press:3:1: resumed: not at all",))


def parts(monkeypatch: pytest.MonkeyPatch, folder: Path, *outcomes: Outcome) -> None:
    """Parts that come to this at once, in a folder of their own."""

    def came_to(outcome: Outcome) -> Callable[[int, int, Progress], Outcome]:
        return lambda _seed, _share, _hear: outcome

    found = tuple(command.Part(each.part, "something", came_to(each)) for each in outcomes)
    monkeypatch.setattr(command, "PARTS", found)
    monkeypatch.chdir(folder)
    (folder / "docs").mkdir()


def test_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures are printed and kept, and the status is 0."""
    parts(monkeypatch, tmp_path, GOOD)
    assert command.main(["--keep"]) == 0
    told = capsys.readouterr().out
    assert "1,234" in told
    assert "0 violations" in told
    for path in (command.FIGURES, command.KEPT):
        assert json.loads(path.read_text())["parts"] == {"one": {"cases": 1234, "seed": 20261124, "violations": 0}}


def test_what_is_broken_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what leads back to it, and the status is 1."""
    parts(monkeypatch, tmp_path, GOOD, BAD)
    assert command.main([]) == 1
    assert "broken: two: first-press:3:1: resumed: not at all" in capsys.readouterr().out
    assert not command.KEPT.exists()


def test_one_part_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what was asked for runs."""
    parts(monkeypatch, tmp_path, GOOD, BAD)
    assert command.main(["--part", "one"]) == 0
    assert list(json.loads(command.FIGURES.read_text())["parts"]) == ["one"]


def test_a_share_is_handed_on_and_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept and shown is the whole."""
    asked: list[int] = []
    parts(monkeypatch, tmp_path, GOOD)
    part = command.Part("one", "something", lambda _seed, share, _hear: (asked.append(share), GOOD)[1])  # type: ignore[func-returns-value]  # `append` is called for its effect
    monkeypatch.setattr(command, "PARTS", (part,))
    assert command.main([]) == 0
    assert command.main(["--share", "4"]) == 0
    assert asked == [1, 4]
    with pytest.raises(SystemExit):
        command.main(["--share", "4", "--keep"])


def test_a_sample_holds_every_outcome() -> None:
    """However rare one is; the rest is drawn."""
    cards = {f"outcome {index}": [(f"{index}:{each}", EMPTY) for each in range(1 + index % 3)] for index in range(30)}
    chosen = [name for name, _ in sample(Tally(samples=cards), 7, 40)]
    assert {name.split(":")[0] for name in chosen} == {str(index) for index in range(30)}
    assert len(chosen) == len(set(chosen)) == 40


def card() -> Image:
    """A card with one sealed recording."""
    with same_each_time(), remembered():
        rig, diary, _ = World().start(boot=1)
        stop(press(rig.run(0.4)).run(0.3))
        return diary.survival(len(diary.operations)).nothing()


@needs("age", "ffmpeg")
def test_stock_tools_find_what_is_damaged(tmp_path: Path) -> None:
    """A segment opens and plays; one with a changed byte, or cut short of what is signed, does not."""
    whole = card()
    assert StockTools(tmp_path).check(whole) == []
    (name,) = (each for each in whole.names("recordings", "00000001") if each.endswith(".mp4.age"))
    number = whole.find("recordings", "00000001", name)
    assert number is not None
    data = bytearray(whole.files[number])
    data[random.Random(1).randrange(1000, len(data))] ^= 1
    for spoilt in (bytes(data), whole.files[number][:40_000]):
        image = replace(whole, files={**whole.files, number: spoilt})
        assert len(StockTools(tmp_path).check(image)) == 1
