"""The undock gate: its table is total, says ready only when everything is so, and names the worst first."""

from __future__ import annotations

import functools
import itertools
import json
import random
import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.specification.rack import NOW_MS, Scene, scene
from tools.dock.events import DockEvent, Kind
from tools.dock.face.board import Board, View
from tools.dock.face.gate import FREE, TABLE, Light, Need, Standing, Verdict, Wanted, judge
from tools.dock.face.gatekeeper import Gatekeeper
from tools.dock.face.roster import Undocking
from tools.dock.face.slot import REFUSED_MS, SILENT_MS

WELL = Standing(
    linked=True, left=0, countersigned=True, firmware="2", assigned=True, percent=95, bundle="taken", update="installed"
)
VALUES: dict[str, tuple[Any, ...]] = {
    "linked": (True, False),
    "conflict": (False, True),
    "refused": (False, True),
    "recalled": (False, True),
    "failed": (False, True),
    "spurned": (0, 2),
    "withheld": (0, 2),
    "recording": (False, True),
    "left": (0, 3, None),
    "countersigned": (True, False),
    "updated": (True, False),
    "bundle": ("taken", "offered", "declined", "failed"),
    "update": ("installed", "waiting", "failed"),
    "firmware": ("2", "1"),
    "assigned": (True, False),
    "percent": (95, 89, None),
}
"""What each may be, the good value first."""
NEEDS = [frozenset(each) for count in range(5) for each in itertools.combinations(Need, count)]


@functools.cache
def standings() -> tuple[Standing, ...]:
    """Every camera that can be."""
    return tuple(Standing(**dict(zip(VALUES, each, strict=True))) for each in itertools.product(*VALUES.values()))


@functools.cache
def some() -> tuple[Standing, ...]:
    """Enough of them, the same each time: the good one, those that lack one thing, and others."""
    one_off = [replace(WELL, **{name: value}) for name, values in VALUES.items() for value in values]
    return (*one_off, *random.Random(1).sample(standings(), 2000))


def test_the_table_is_total() -> None:
    """Each standing has one verdict, with words exactly where something is missing, and ready only where nothing is."""
    every = standings()
    assert len(every) == 2**12 * 4 * 3**3
    for at in every:
        verdict = judge(at, Wanted(firmware="2"))
        assert (verdict.light is Light.READY) is (at == WELL)
        assert bool(verdict.missing) is (at != WELL)
        assert verdict.light is not Light.FREE
        assert all(verdict.missing)


@pytest.mark.parametrize("needs", NEEDS, ids=lambda needs: "+".join(sorted(needs)) or "nothing")
def test_what_is_not_wanted_holds_nothing_back(needs: frozenset[Need]) -> None:
    """Ready is decided by what is wanted, and by trouble, which always is: reckoned here without the table."""
    for at in some():
        trouble = at.conflict or at.refused or at.recalled or at.failed or at.recording or not at.linked
        empty = not at.spurned and not at.withheld and at.left == 0 and at.countersigned
        updated = at.updated and at.firmware == "2" and at.bundle == "taken" and at.update == "installed"
        charged = at.percent is not None and at.percent >= 90
        has = {Need.EMPTY: empty, Need.UPDATED: updated, Need.ASSIGNED: at.assigned, Need.CHARGED: charged}
        ready = not trouble and all(has[need] for need in needs)
        assert (judge(at, Wanted(needs, firmware="2")).light is Light.READY) is ready


def test_nothing_gets_better_by_getting_worse() -> None:
    """Where one thing more is missing, the light is no better."""
    order = [Light.WRONG, Light.WAIT, Light.READY]
    for at in some():
        light = order.index(judge(at, Wanted(firmware="2")).light)
        for name, values in VALUES.items():
            if name != "linked":  # what a camera without a link has is not known
                worse = replace(at, **{name: values[-1]})
                assert order.index(judge(worse, Wanted(firmware="2")).light) <= light, (at, name)


@pytest.mark.parametrize(
    ("change", "light", "words"),
    [
        ({}, Light.READY, "ready"),
        ({"left": 3}, Light.WAIT, "do not take: 3 recordings not taken over"),
        ({"left": 1, "percent": 34}, Light.WAIT, "do not take: 1 recording not taken over; battery 34 %"),
        ({"left": None}, Light.WAIT, "do not take: not counted yet"),
        ({"countersigned": False}, Light.WAIT, "do not take: its log not taken over"),
        ({"conflict": True, "percent": 3}, Light.WRONG, "do not take: two cameras with one name; battery 3 %"),
        ({"refused": True, "linked": False}, Light.WRONG, "do not take: refused"),
        ({"failed": True}, Light.WRONG, "do not take: the store fails"),
        ({"spurned": 1}, Light.WRONG, "do not take: 1 item not believed"),
        ({"withheld": 2}, Light.WRONG, "do not take: no copy of 2 recordings"),
        ({"recording": True}, Light.WAIT, "do not take: it is recording"),
        ({"linked": False}, Light.WAIT, "do not take: no link"),
        (
            {"linked": False, "countersigned": False, "firmware": "", "assigned": False},
            Light.WAIT,
            "do not take: no link",
        ),
        ({"updated": False}, Light.WRONG, "do not take: settings not taken"),
        ({"bundle": ""}, Light.READY, "ready"),
        ({"bundle": "offered"}, Light.WAIT, "do not take: firmware on its way"),
        ({"update": "waiting"}, Light.WAIT, "do not take: firmware on its way"),
        ({"update": "failed"}, Light.WRONG, "do not take: firmware not taken"),
        ({"bundle": "declined"}, Light.WRONG, "do not take: firmware not taken"),
        ({"update": "none"}, Light.READY, "ready"),
        ({"firmware": "1"}, Light.WAIT, "do not take: firmware 1, not 2"),
        ({"firmware": ""}, Light.WAIT, "do not take: firmware ?, not 2"),
        ({"assigned": False}, Light.WAIT, "do not take: nobody assigned"),
        ({"percent": None}, Light.WAIT, "do not take: battery not known"),
        ({"percent": 89}, Light.WAIT, "do not take: battery 89 %"),
    ],
)
def test_words(change: dict[str, Any], light: Light, words: str) -> None:
    """What a person reads."""
    verdict = judge(replace(WELL, **change), Wanted(firmware="2"))
    assert (verdict.light, verdict.text) == (light, words)


def test_every_rule_can_be_the_worst() -> None:
    """No row of the table is dead: each is first for some camera."""
    wanted = Wanted(firmware="2")
    firsts = {next((row for row, rule in enumerate(TABLE) if rule.lacks(at, wanted)), None) for at in some()}
    assert firsts == {None, *range(len(TABLE))}


# -- the board ---------------------------------------------------------------------------------------------------------


def board_of(events: list[DockEvent]) -> Board:
    """Events, heard."""
    board = Board()
    for event in events:
        board.hear(event)
    return board


def lights(board: Board) -> dict[str, str]:
    """Slot by slot."""
    return {name: board.verdict(name).text for name in board.slots}


def test_the_scene() -> None:
    """Slots, worst first; cameras to look for, those with evidence on them first; nobody else."""
    view = board_of(scene()).view(NOW_MS)
    assert [(row.slot, row.verdict.light.value) for row in view.rows] == [
        ("6", "wrong"),
        ("8", "wrong"),
        ("2", "wait"),
        ("3", "wait"),
        ("4", "wait"),
        ("7", "wait"),
        ("1", "ready"),
        ("5", "ready"),
    ]
    assert [(each.device, each.missing) for each in view.away] == [("cam-31", 2), ("cam-08", 0)]
    three = next(row for row in view.rows if row.slot == "3")
    assert (three.device, three.percent, three.charging, three.offset_ms) == ("cam-05", 63, True, 2200)
    assert three.rate == 19_000_000
    assert three.left_s == pytest.approx((1600 - 930) / 19)
    assert next(row.officer for row in view.rows if row.slot == "2") == "R. Lindqvist"


def test_what_machines_read_is_enough_for_the_table() -> None:
    """Whatever the table shows is in the lines of ``--json``: a board that reads those alone looks the same."""
    printed = [json.loads(event.json()) for event in scene()]
    read = [
        DockEvent(
            Kind(each.pop("event")), each.pop("device"), utc_ms=each.pop("utc_ms"), slot=each.pop("slot"), facts=each
        )
        for each in printed
    ]
    assert board_of(read).view(NOW_MS) == board_of(scene()).view(NOW_MS)


def test_the_board_is_a_function_of_events_and_time() -> None:
    """Twice the same; later, the rate is gone, and who was away for less than a day is looked for."""
    board = board_of(scene())
    assert board.view(NOW_MS) == board.view(NOW_MS) == board_of(scene()).view(NOW_MS)
    later = board.view(NOW_MS + 18 * 3_600_000)
    assert [each.device for each in later.away] == ["cam-31", "cam-08", "cam-17"]
    assert all(row.rate is None for row in later.rows)


def test_slots_stand_in_the_order_of_the_rack() -> None:
    """Slot 2 before slot 10, and odd names do no harm."""
    at = Scene()
    for slot in ("10", "2", "A9", "A10", "", "1-1.2", "²", "9" * 40):
        at.tell(Kind.PLUGGED, "", slot, port="x")
    assert [row.slot for row in board_of(at.events).view(NOW_MS).rows] == [
        "1-1.2",
        "2",
        "10",
        "9" * 40,
        "A9",
        "A10",
        "²",
    ]


def a_camera(*, slot: str = "1", device: str = "cam-1") -> Scene:
    """One that is ready."""
    at = Scene()
    at.docked(slot, device, 95, officer="K. Osei")
    at.emptied(slot, device, 2)
    return at


def test_a_camera_becomes_ready() -> None:
    """Step by step, and back to waiting when it records, or has something new."""
    seen: list[str] = []
    board = Board()
    at = a_camera()
    at.tell(Kind.WAITING, "cam-1", "1", text="a recording is being made")
    at.tell(Kind.STATUS, "cam-1", "1", percent=95, charging=False, number=13, busy=False)
    at.tell(Kind.STOCK, "cam-1", "1", items=1, size=5)
    at.tell(Kind.RECEIPTED, "cam-1", "1", item="00000013", hash="00")
    at.tell(Kind.ANCHORED, "cam-1", "1", line=99, number=13)
    for event in at.events:
        board.hear(event)
        if not seen or seen[-1] != board.verdict("1").text:
            seen.append(board.verdict("1").text)
    assert seen == [
        "free",
        "do not take: not counted yet; nobody assigned",
        "do not take: not counted yet",
        "do not take: 2 recordings not taken over",
        "do not take: 1 recording not taken over",
        "do not take: its log not taken over",
        "ready",
        "do not take: it is recording",
        "ready",
        "do not take: 1 recording not taken over",
        "do not take: its log not taken over",
        "ready",
    ]


def test_who_waits_for_any_camera_gets_one_that_lacks_nobody_else() -> None:
    """Empty, charged and countersigned: all but assigned; never one that lacks anything, or that is not there."""
    seen: list[bool] = []
    board, at = Board(), Scene()
    at.docked("1", "cam-1", 95)
    at.emptied("1", "cam-1", 2)
    at.tell(Kind.STATUS, "cam-1", "1", percent=40, charging=True, number=13, busy=False)
    for event in at.events:
        board.hear(event)
        assert not board.lacks_nobody_else("cam-2")
        if not seen or seen[-1] != board.lacks_nobody_else("cam-1"):
            seen.append(board.lacks_nobody_else("cam-1"))
    assert seen == [False, True, False]


def test_another_camera_in_the_slot_starts_from_nothing() -> None:
    """Nothing of the one before it counts for it."""
    at = a_camera()
    at.tell(Kind.LOST, "cam-1", "1", text="silence")
    at.tell(
        Kind.ACCEPTED, "cam-2", "1", volume="00", boot=1, number=0, firmware="1", percent=99, charging=True, text=""
    )
    assert lights(board_of(at.events)) == {"1": "do not take: not counted yet; nobody assigned"}


@pytest.mark.parametrize("slot", ["1", "2"])
def test_one_of_two_links_may_go(slot: str) -> None:
    """A camera that is met over two links stands in its slot as long as one of them does, wherever the other one ends."""
    at = a_camera()
    at.tell(
        Kind.JOINED, "cam-1", slot, volume="00", boot=7, number=12, firmware="1", percent=95, charging=True, text=""
    )
    at.tell(Kind.LEFT, "cam-1", "1", text="silence")
    at.tell(Kind.LEADS, "cam-1", slot, volume="00", boot=7, number=12, firmware="1", percent=95, charging=True, text="")
    assert lights(board_of(at.events)) == {"1": "ready"}
    at.tell(Kind.LOST, "cam-1", slot, text="silence")
    assert lights(board_of(at.events)) == {"1": "do not take: no link"}


@pytest.mark.parametrize(
    ("kind", "device"), [(Kind.REFUSED, ""), (Kind.REFUSED, "cam-9"), (Kind.FULL, "cam-1"), (Kind.FULL, "")]
)
def test_who_is_not_let_in_beside_a_camera_does_it_no_harm(kind: Kind, device: str) -> None:
    """A stranger at the same address, or a link too many: the camera that stands there is as ready as before."""
    at = a_camera()
    at.tell(kind, device, "1", text="no")
    assert lights(board_of(at.events)) == {"1": "ready"}


def test_a_camera_that_breaks_the_rules_is_refused() -> None:
    """However well it began."""
    at = a_camera()
    at.tell(Kind.REFUSED, "cam-1", "1", text="a message that may not be said now")
    assert lights(board_of(at.events)) == {"1": "do not take: refused"}


def test_no_copy_no_receipt() -> None:
    """A recording that cannot be copied stays on the camera: somebody has to look, until one can be."""
    at = a_camera()
    at.tell(Kind.STOCK, "cam-1", "1", items=1, size=5)
    at.tell(Kind.WITHHELD, "cam-1", "1", items=1, text="s3: no answer")
    wrong = "do not take: no copy of 1 recording; no link; 1 recording not taken over"
    assert lights(board_of(at.events)) == {"1": wrong}
    at.tell(
        Kind.ACCEPTED, "cam-1", "1", volume="00", boot=7, number=12, firmware="1", percent=95, charging=True, text=""
    )
    at.tell(Kind.STOCK, "cam-1", "1", items=1, size=5)
    assert lights(board_of(at.events))["1"].startswith("do not take: no copy of 1 recording")
    at.tell(Kind.RECEIPTED, "cam-1", "1", item="00000013", hash="00")
    at.tell(Kind.ANCHORED, "cam-1", "1", line=99, number=13)
    assert lights(board_of(at.events)) == {"1": "ready"}


def test_a_forecast_is_shown_until_there_is_a_rate() -> None:
    """Before the first ten seconds somebody has to say how long it takes."""
    at = Scene()
    at.docked("1", "cam-1", 95)
    at.tell(Kind.STOCK, "cam-1", "1", 5, items=1, size=500)
    at.tell(Kind.FORECAST, "cam-1", "1", 5, seconds=77, text="a minute")
    (row,) = board_of(at.events).view(NOW_MS).rows
    assert (row.rate, row.left_s) == (None, 77)
    at.arriving("1", "cam-1", 1, 100_000_000, 1_000_000)
    (row,) = board_of(at.events).view(NOW_MS).rows
    assert (row.rate, row.left_s) == (1_000_000, 300)


def test_firmware_comes_last() -> None:
    """Behind its evidence a camera may get a bundle: it is not ready before that is installed, and what is sent is no evidence."""
    at = a_camera()
    seen: list[str] = []
    at.tell(Kind.BUNDLE, "cam-1", "1", item="b", serial=2, state="offered", text="")
    at.tell(Kind.PROGRESS, "cam-1", "1", done=1, total=7)
    at.tell(Kind.BUNDLE, "cam-1", "1", item="b", serial=2, state="taken", text="")
    at.tell(Kind.STATUS, "cam-1", "1", percent=95, charging=True, number=12, busy=False, update="waiting")
    at.tell(Kind.STATUS, "cam-1", "1", percent=95, charging=True, number=12, busy=False, update="installed")
    board = Board()
    for event in at.events:
        board.hear(event)
        seen.append(board.verdict("1").text)
    assert seen[-6:] == ["ready", *["do not take: firmware on its way"] * 4, "ready"]
    (row,) = board.view(NOW_MS).rows
    assert (row.done, row.total) == (800_000_000, 800_000_000)


@pytest.mark.parametrize("item", ["assignment", "register", "conflict"])
def test_papers_that_are_declined_are_no_footage(item: str) -> None:
    """A camera that declines the dock's own papers has left nothing behind."""
    at = a_camera()
    at.tell(Kind.REJECTED, "cam-1", "1", item=item, text="no")
    assert lights(board_of(at.events)) == {"1": "ready"}


def test_events_without_a_slot_are_about_their_camera() -> None:
    """A dock with one port names no slots."""
    at = a_camera(slot="")
    board = board_of([event for event in at.events if event.kind is not Kind.PLUGGED])
    assert lights(board) == {"cam-1": "ready"}


# -- the gatekeeper ----------------------------------------------------------------------------------------------------


class Kept:
    """A gatekeeper on a clock of its own, and all that it does."""

    def __init__(self, wanted: Wanted | None = None, error: OSError | None = None) -> None:
        self.now_ms = NOW_MS
        self.told: list[DockEvent] = []
        self.kept: list[Undocking] = []
        self.lit: list[tuple[str, Verdict]] = []
        self._error = error
        self.gatekeeper = Gatekeeper(
            Board(wanted), self.told.append, utc_ms=lambda: self.now_ms, lights=self, keep=self.keep
        )

    def show(self, slot: str, verdict: Verdict) -> None:
        """The rack's lights."""
        self.lit.append((slot, verdict))

    def keep(self, undocking: Undocking) -> None:
        """The store's list."""
        if self._error:
            raise self._error
        self.kept.append(undocking)

    def hear(self, at: Scene) -> Kept:
        """Take events."""
        for event in at.events:
            self.gatekeeper(event)
        return self

    def texts(self, kind: Kind) -> list[str]:
        """What was told."""
        return [event.text for event in self.told if event.kind is kind]


def out(at: Scene, *, slot: str = "1", device: str = "cam-1") -> Scene:
    """The camera is pulled out of a serial slot."""
    at.tell(Kind.LOST, device, slot, 0, text="the cable was pulled out")
    at.tell(Kind.UNPLUGGED, "", slot, 0, port=f"/dev/ttyACM{slot}")
    return at


def test_a_light_is_told_when_it_changes() -> None:
    """As an event, and to the rack; once each time."""
    kept = Kept().hear(a_camera())
    assert kept.texts(Kind.GATE) == [verdict.text for _, verdict in kept.lit]
    assert kept.texts(Kind.GATE)[-1] == "ready"
    assert len(set(kept.texts(Kind.GATE))) == len(kept.texts(Kind.GATE))
    kept.gatekeeper.tick()
    assert kept.texts(Kind.GATE)[-1] == "ready"
    assert kept.lit[-1][0] == "1"


def test_a_camera_that_was_ready_leaves_without_a_word() -> None:
    """Taken out, not early; the light goes out."""
    kept = Kept().hear(out(a_camera()))
    assert kept.kept == [Undocking("cam-1", "1", NOW_MS, early=False, text="ready", missing=0)]
    assert kept.lit[-1] == ("1", Verdict(Light.FREE))
    assert kept.told[-1].facts["light"] == "free"
    told = len(kept.told)
    kept.gatekeeper.tick()
    assert len(kept.told) == told, "and it is out from then on"


def test_taken_out_before_anything_was_counted() -> None:
    """What nobody counted is no number of recordings; it was early all the same."""
    at = Scene()
    at.docked("1", "cam-1", 99, officer="K. Osei")
    kept = Kept().hear(out(at))
    assert [(each.early, each.missing) for each in kept.kept] == [(True, 0)]
    assert [event.facts["missing"] for event in kept.told if event.kind is Kind.UNDOCKED] == [0]


def test_what_happens_at_one_slot_shows_what_became_of_the_others() -> None:
    """Whichever event comes first once a camera was silent for long enough: the light of its slot goes out with it."""
    at = a_camera()
    at.events = [event for event in at.events if event.kind is not Kind.PLUGGED]
    at.tell(Kind.LOST, "cam-1", "1", 0, text="silence")
    kept = Kept().hear(at)
    kept.now_ms += SILENT_MS
    kept.gatekeeper(DockEvent(Kind.PLUGGED, "", {"port": "/dev/ttyACM9"}, "9", kept.now_ms))
    assert ("1", Verdict(Light.FREE)) in kept.lit


def test_readers_ask_who_lacks_nobody_else() -> None:
    """From their own threads."""
    at = Scene()
    at.docked("1", "cam-1", 99)
    for kind, facts in ((Kind.STOCK, {"items": 0, "size": 0}), (Kind.ANCHORED, {"line": 1, "number": 1})):
        at.tell(kind, "cam-1", "1", 5, **facts)
    kept = Kept().hear(at)
    assert kept.gatekeeper.lacks_nobody_else("cam-1")
    assert not kept.gatekeeper.lacks_nobody_else("cam-2")


def test_taking_one_out_early_is_told_and_written_down() -> None:
    """What was missing is said: on the screen, for machines, and in the store; nothing holds the camera back."""
    at = Scene()
    at.docked("1", "cam-1", 40)
    at.tell(Kind.STOCK, "cam-1", "1", 5, items=3, size=5)
    kept = Kept().hear(out(at))
    words = "too early: 3 recordings not taken over; nobody assigned; battery 40 %"
    assert kept.kept == [Undocking("cam-1", "1", NOW_MS, early=True, text=words, missing=3)]
    (undocked,) = [event for event in kept.told if event.kind is Kind.UNDOCKED]
    assert (undocked.device, undocked.slot, undocked.facts["early"], undocked.text) == ("cam-1", "1", True, words)
    assert undocked.facts["missing"] == 3
    (away,) = kept.gatekeeper.board.view(NOW_MS).away
    assert (away.device, away.missing) == ("cam-1", 3)


def test_before_its_log_was_taken_over_is_early() -> None:
    """A lost link is no reason to forget what was missing when it stood."""
    at = Scene()
    at.docked("1", "cam-1", 99, officer="K. Osei")
    at.tell(Kind.STOCK, "cam-1", "1", 5, items=0, size=0)
    assert [each.text for each in Kept().hear(out(at)).kept] == ["too early: its log not taken over"]


def test_a_network_that_falls_silent() -> None:
    """Nobody says that it was unplugged: it is out when it did not come back for a while, and not before."""
    at = a_camera()
    at.events = [event for event in at.events if event.kind is not Kind.PLUGGED]
    at.tell(Kind.LOST, "cam-1", "1", 0, text="silence")
    kept = Kept().hear(at)
    kept.now_ms += SILENT_MS - 1
    kept.gatekeeper.tick()
    assert not kept.kept
    kept.now_ms += 1
    kept.gatekeeper.tick()
    kept.gatekeeper.tick()
    assert [each.early for each in kept.kept] == [False]


def test_a_link_that_breaks_and_comes_back_is_no_undocking() -> None:
    """The camera did not move."""
    at = a_camera()
    at.tell(Kind.LOST, "cam-1", "1", 0, text="garbage")
    kept = Kept().hear(at)
    kept.now_ms += SILENT_MS - 1
    kept.gatekeeper.tick()
    again = Scene()
    again.tell(
        Kind.ACCEPTED, "cam-1", "1", 0, volume="00", boot=7, number=12, firmware="1", percent=95, charging=True, text=""
    )
    kept.hear(again)
    assert not kept.kept
    assert kept.gatekeeper.board.verdict("1").light is Light.READY


def test_a_uart_has_no_plug() -> None:
    """Its port stays open: the camera is out once it was silent for a while, and then no camera answers there."""
    at = a_camera()
    at.tell(Kind.LOST, "cam-1", "1", 0, text="silence")
    kept = Kept().hear(at)
    kept.now_ms += SILENT_MS
    kept.gatekeeper.tick()
    assert [each.device for each in kept.kept] == ["cam-1"]
    assert [(row.slot, row.device, row.verdict) for row in kept.gatekeeper.board.view(NOW_MS).rows] == [("1", "", FREE)]
    kept.gatekeeper(DockEvent(Kind.UNPLUGGED, "", {"port": "/dev/ttyACM1"}, "1", NOW_MS))
    assert kept.gatekeeper.board.view(NOW_MS).rows == ()


def test_a_port_at_which_nobody_answers_is_no_trouble() -> None:
    """An empty slot with a UART, or a camera that hangs: neither is ready, and nobody was taken out of it."""
    at = Scene()
    at.tell(Kind.PLUGGED, "", "1", 5, port="/dev/ttyAMA0")
    kept = Kept().hear(at)
    kept.now_ms += 10 * SILENT_MS
    kept.gatekeeper.tick()
    assert [row.verdict for row in kept.gatekeeper.board.view(NOW_MS).rows] == [FREE]
    assert [event.kind for event in kept.told] == [Kind.PLUGGED]


def test_a_refused_one_without_a_plug_is_forgotten_later() -> None:
    """Over a network nobody says that it went away."""
    at = Scene()
    at.tell(Kind.REFUSED, "", "1", 0, text="foreign")
    kept = Kept().hear(at)
    kept.now_ms += REFUSED_MS - 1
    kept.gatekeeper.tick()
    assert kept.gatekeeper.board.verdict("1").text == "do not take: refused"
    kept.now_ms += 1
    kept.gatekeeper.tick()
    assert kept.gatekeeper.board.slots == {}


def test_a_stranger_leaves_no_trace_in_the_list() -> None:
    """What was refused was never docked; its slot is free again."""
    at = Scene()
    at.tell(Kind.PLUGGED, "", "1", 5, port="/dev/ttyACM1")
    at.tell(Kind.REFUSED, "", "1", 4, text="foreign")
    at.tell(Kind.UNPLUGGED, "", "1", 3, port="/dev/ttyACM1")
    kept = Kept().hear(at)
    assert (kept.kept, kept.texts(Kind.UNDOCKED), kept.gatekeeper.board.slots) == ([], ["was not taken in"], {})


def test_a_list_that_cannot_be_written_is_told() -> None:
    """The camera goes all the same."""
    kept = Kept(error=OSError(28, "No space left on device")).hear(out(a_camera()))
    assert kept.texts(Kind.UNUSABLE) == ["not written down: No space left on device"]
    assert kept.lit[-1] == ("1", Verdict(Light.FREE))


def test_what_this_rack_wants() -> None:
    """No assignment, half a battery: another camera is ready."""
    at = Scene()
    at.docked("1", "cam-1", 50)
    at.emptied("1", "cam-1", 1)
    assert Kept().hear(at).texts(Kind.GATE)[-1] == "do not take: nobody assigned; battery 50 %"
    wanted = Wanted(frozenset({Need.EMPTY, Need.CHARGED}), percent=50)
    assert Kept(wanted).hear(at).texts(Kind.GATE)[-1] == "ready"


def test_every_kind_of_event_is_borne() -> None:
    """Whatever the dock tells, in whatever order, with a slot and without: the board has a view of it."""
    facts: dict[str, Any] = {
        "port": "x", "volume": "00", "boot": 1, "number": 1, "firmware": "1", "percent": 5, "charging": True, "text": "t",
        "before_ms": 1, "after_ms": 1, "dock_ms": 1, "quality": "dock", "taken": False, "serial": 1, "shift": "s",
        "items": 2, "size": 9, "item": "00000001", "done": 5, "total": 9, "hash": "00", "line": 1, "seen_ms": 1,
        "missing": 1, "light": "wait", "early": True, "busy": True,
        "seconds": 5, "rate": 5, "loss": 0, "basis": "measured", "slow": False, "place": "s3", "files": 1,
        "state": "offered", "update": "waiting", "order": "recall", "recalled": True,
    }  # fmt: skip
    kept = Kept()
    for first, second in itertools.product(Kind, Kind):
        for slot in ("1", ""):
            for kind in (first, second):
                kept.gatekeeper(DockEvent(kind, "cam-1", facts, slot, NOW_MS))
                kept.gatekeeper(DockEvent(kind, "", facts, slot, NOW_MS))
            assert all(re.fullmatch("t|ready|free|do not take: .+", text) for text in kept.texts(Kind.GATE))
            kept.gatekeeper.board.view(NOW_MS)
            kept.told.clear()


def test_the_view_is_looked_at_when_time_passes() -> None:
    """The screen is drawn anew twice a second, not with each event."""
    seen: list[int] = []
    gatekeeper = Gatekeeper(
        Board(), lambda _: None, utc_ms=lambda: NOW_MS, look=lambda view: seen.append(len(view.rows))
    )
    for event in a_camera().events:
        gatekeeper(event)
    assert seen == []
    gatekeeper.tick()
    assert seen == [1]


def test_a_screen_that_takes_nothing_keeps_no_camera_waiting() -> None:
    """Somebody stopped the terminal: events are heard all the same, lights change, undockings are kept."""
    stuck, going = threading.Event(), threading.Event()

    def look(_view: View) -> None:
        stuck.set()
        assert going.wait(60)

    lit: list[str] = []
    board = Board()
    gatekeeper = Gatekeeper(board, lambda event: lit.append(event.text), utc_ms=lambda: NOW_MS, look=look)
    thread = threading.Thread(target=gatekeeper.tick)
    thread.start()
    assert stuck.wait(60)
    for event in a_camera().events:
        gatekeeper(event)
    assert board.verdict("1").light is Light.READY
    assert "ready" in lit
    going.set()
    thread.join(60)
    assert not thread.is_alive()
