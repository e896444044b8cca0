"""Each edge of buttons and wired inputs arrives, and soon.

A press is an edge down and one up; contacts bounce, and how long is printed, since the firmware takes edges within some milliseconds for one. Then a light's pin
drives a button's pin through a jumper, and the time until that edge has reached Python is taken a hundred times.

Wiring:
    {pins: button, input}
    For the last test a resistor of 1 kilohm between the front light's red and the function button, which nobody presses meanwhile: pressed, it would short the pin to
    ground, and the resistor is what bears that.

When all is well it prints:
    at rest no button is pressed
    <name>: down and up, <number> edges, bounced for <number> ms
    <name>: raised and lowered, <number> edges
    no wired input on this board
    from pin to Python: median <number> ms, longest <number> ms, <number> of <number> edges

When not, look at:
    - pressed at rest: the contact is wired to 3.3 V, or closed at rest; `pull` and `active` in the board's file
    - no edge: the pin at the header, `gpiomon` on it; ground
    - dozens of edges, or many milliseconds of bounce: a worn contact, or a long wire without ground beside it
    - edges that are lost or late: what else runs (`top`), and whether `lgpio` is the pin factory
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from hal.interface import Button
from tests.hil.answers import Answer
from tests.hil.bench import Bench
from tests.hil.plugin import Note
from tests.hil.ssh import READY_S, Program

pytestmark = pytest.mark.timeout(1800)
HEAR_S = 10.0
REST_S = 1.0
BOUNCE_MS = 30.0
"""What the firmware takes for one press, and no more."""
TIMES = 50
LATE_MS = 50.0
"""An edge has to be there by then, in the middle of all: an emulated board was seen to take 10 to 30 ms.  The light's promise is 50 ms with all that
comes after, which a real board has to keep by less than this."""


def heard(program: Program, name: str, active: bool) -> list[Answer]:  # noqa: FBT001 - as edges say it
    """All edges of a contact until it rests, of which the last says so; ``AssertionError`` where it does not come to that."""
    edges = []
    wait_s = HEAR_S
    while True:
        try:
            edge = program.hear(wait_s)
        except TimeoutError:
            break
        assert edge is not None, "the program on the board ended"
        if edge.says == "edge" and edge.text("name") == name:
            edges.append(edge)
            wait_s = REST_S
    assert edges, f"no edge of {name} for {HEAR_S:g} s"
    assert edges[-1].truth("active") is active, f"{name}: its last edge says {edges[-1].truth('active')}"
    return edges


def span_ms(edges: Sequence[Answer]) -> float:
    """From the first to the last of them."""
    return (edges[-1].whole("time_ns") - edges[0].whole("time_ns")) / 1e6


def test_at_rest_no_button_is_pressed(board: Bench, note: Note) -> None:
    """By their levels."""
    with board.start("contacts") as program:
        levels = program.expect("levels", READY_S).facts["levels"]
    assert [button.value for button in Button if levels[button.value]] == []
    note("at rest no button is pressed")


@pytest.mark.parametrize("button", list(Button), ids=lambda button: button.value)
def test_a_press_is_two_edges(board: Bench, note: Note, button: Button) -> None:
    """Down when pressed, up when let go, and settled soon."""
    with board.start("contacts") as program:
        program.expect("levels", READY_S)
        board.hands.do("press", button=button.value, header=board.contact(button))
        down = heard(program, button.value, True)
        board.hands.do("release", button=button.value)
        up = heard(program, button.value, False)
    bounced = max(span_ms(down), span_ms(up))
    note(f"{button.value}: down and up, {len(down) + len(up)} edges, bounced for {bounced:.1f} ms")
    assert bounced <= BOUNCE_MS


def test_wired_inputs_tell(board: Bench, note: Note) -> None:
    """Each input is raised and lowered."""
    if not board.board.inputs:
        note("no wired input on this board")
    for name, contact in board.board.inputs.items():
        with board.start("contacts") as program:
            levels = program.expect("levels", READY_S).facts["levels"]
            raised = not levels[name]
            board.hands.do("raise", name=name, header=board.header(contact.pin))
            first = heard(program, name, raised)
            board.hands.do("lower", name=name)
            last = heard(program, name, not raised)
        note(f"{name}: raised and lowered, {len(first) + len(last)} edges")


def test_edges_reach_python_soon(board: Bench, note: Note) -> None:
    """Through a jumper from a light's pin to a button's."""
    light, button = board.board.lights["front"].channels["red"], Button.FUNCTION
    joined = {"out": board.header(light), "back": board.contact(button)}
    with board.start("jumper", button=button.value, times=TIMES) as program:
        program.expect("ready", READY_S)
        board.hands.do("jumper", **joined)
        program.tell(go=True)
        took = program.expect("took", 60 + TIMES * 2)
    board.hands.do("unjumper", **joined)
    ms = took.numbers("ms")
    assert ms, "no edge came back"
    middle = statistics.median(ms)
    note(f"from pin to Python: median {middle:.2f} ms, longest {max(ms):.2f} ms, {len(ms)} of {2 * TIMES} edges")
    assert took.whole("lost") == 0
    assert middle <= LATE_MS
