"""What a step tells the engineer is its docstring, and nothing else is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hal.pi import boardfile
from tests.hil import config, overlays, page
from tests.specification import hardware
from tests.unit.hil import stand_in

GOOD = '''"""Title.

About.

Wiring:
    {pins: button}
    a line

When all is well it prints:
    <name>: <number> ms

When not, look at:
    - a thing
"""
'''


def test_a_docstring_has_its_parts() -> None:
    """Each section by its lines, without their indentation."""
    step = page.parse(3, "x", GOOD)
    assert (step.title, step.about, step.trouble) == ("Title", ("About.",), ("- a thing",))
    assert step.wiring == ("{pins: button}", "a line")
    assert step.file == "test_03_x.py"


@pytest.mark.parametrize(
    ("line", "may"),
    [("record: 2.5 ms", True), ("record: 2.5", False), (": 2 ms", False), ("a: 1 ms more", False), ("", False)],
)
def test_it_prints_what_it_announces_alone(line: str, *, may: bool) -> None:
    """A hole stands for something, the rest for itself."""
    assert page.parse(3, "x", GOOD).prints(line) is may


@pytest.mark.parametrize(
    "source",
    [
        "",
        '"""Title."""',
        GOOD.replace("Wiring:", "Wires:"),
        GOOD.replace("    - a thing\n", ""),
        GOOD.replace("About.\n", ""),
        GOOD.replace("When not, look at:", "Wiring:"),
    ],
)
def test_a_docstring_of_another_form_is_refused(source: str) -> None:
    """So no step is without wiring, or without what to look at."""
    with pytest.raises(page.PageError):
        page.parse(3, "x", source)


def test_the_steps_stand_in_the_order_in_which_a_board_is_brought_up() -> None:
    """All eleven."""
    assert [step.name for step in page.steps()] == [
        *("boot", "light", "button", "camera", "microphone", "storage", "signer", "dock"),
        *("power_cut", "power_draw", "twelve_hours"),
    ]


def test_a_step_that_is_missing_is_noticed(tmp_path: Path) -> None:
    """Each builds on the one before."""
    for name in ("test_01_a.py", "test_03_b.py"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(page.PageError, match=r"\[1, 3\]"):
        page.steps(tmp_path)


@pytest.mark.parametrize("step", page.steps(), ids=lambda step: step.name)
def test_every_line_of_wiring_is_of_the_boards_files(step: page.Step) -> None:
    """Each ``{pins: ...}`` finds pins, with their places at the header, in the file of at least one board; none is written by hand."""
    boards = hardware.boards()
    for line in step.wiring:
        if line.startswith("{"):
            words = line.removeprefix("{pins: ").removesuffix("}").split(", ")
            for word in words:
                assert any(page.rows(board, [word]) for board in boards), word
        else:
            assert re.findall(r"GPIO ?\d|\bpin \d", line) == []


@pytest.mark.parametrize("name", sorted(boardfile.shipped()))
def test_the_instruction_for_a_board_names_the_header(name: str) -> None:
    """As the board's file has it: what is not in the file is in no instruction."""
    board = boardfile.load(boardfile.shipped()[name])
    told = page.plain(page.steps()[2], board)
    for contact in board.buttons.values():
        assert f"header pin {hardware.position(board, contact.pin)} ({contact.pin})" in told


def test_a_board_without_a_header_has_its_pins() -> None:
    """As the virtual machine's."""
    board = boardfile.load(boardfile.shipped()["pi4"])
    told = page.plain(
        page.steps()[2], type(board)(**{field: getattr(board, field) for field in board.__slots__} | {"name": "mine"})
    )
    assert f"button record: {next(iter(board.buttons.values())).pin}: " in told


def test_each_line_that_a_step_prints_is_announced() -> None:
    """By the texts in its source, with what differs as holes: the plugin holds to it at run time, and this before."""
    for step in page.steps():
        tree = ast.parse((page.PLACE / step.file).read_text(encoding="utf-8"))
        calls = [
            node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note"
        ]
        lines = [_shown(call.args[0]) for call in calls]
        assert lines
        assert [line for line in lines if not step.prints(line)] == [], step.file
        for announced in step.well:
            assert any(page._pattern(announced).fullmatch(line) for line in lines), (step.file, announced)


def _shown(node: ast.expr) -> str:
    """A text with something in each of its holes."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)


def test_every_variable_is_in_the_makefile_or_the_page() -> None:
    """The table is the page's, and has all of them."""
    table = config.variables()
    for name in config.VARIABLES:
        assert f"| `{name}` |" in table


@pytest.mark.parametrize("name", sorted(boardfile.shipped()))
def test_what_the_firmware_is_told_is_what_the_page_on_wiring_explains(name: str) -> None:
    """Each line for `config.txt` that a board's file makes needed; no comment stands behind a value, where the firmware would take it for one."""
    explained = (stand_in.ROOT / "docs/wiring.md").read_text(encoding="utf-8")
    told = overlays.lines(boardfile.load(boardfile.shipped()[name]))
    assert told
    for line in told:
        assert line.startswith("#") or f"`{line}`" in explained
        assert "#" not in line[1:]
