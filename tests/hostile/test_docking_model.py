"""A camera's weeks between honest docks, hostile ones, power cuts and hands that pull it out, against a model of which recordings there are: each
of them is on the card byte for byte, or whole in an honest store that signed for it.  Never neither."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from firmware.core.machine import Move, Recording
from firmware.runtime.docklink import DockLink, DockNews, DockParts
from hal.interface import PortKind
from tests.docking import Peer, Wire
from tests.fault.soak.dockings import Passing
from tests.fault.soak.shift import _ask
from tests.hostile.bench import Bench, camera
from tests.hostile.docks import LINES, TALKS, Row
from tests.rig import Rig, read

Files = dict[str, bytes]
ROWS = [row for row in (*LINES, *TALKS) if PortKind.STREAM in row.over and not row.done]
NEEDY = ("receipt", "anchor", "forges", "file", "log", "offset")
"""Rows with these words are about recordings 1 and 2, which have to be there."""
PAPERS = [row for row in TALKS if row.codes == ("evidence",) and "receipt" in str(row)]
HONEST_S = 200.0


def on_card(rig: Rig) -> dict[int, Files]:
    """All sealed recordings on the card, receipts left out."""
    recordings = rig.evidence.root().enter("recordings")
    found = {}
    for name in recordings.names():
        directory = recordings.enter(name)
        names = directory.names()
        if "manifest.jws" in names:
            found[int(name)] = {each: read(directory.open(each)) for each in names if each != "receipt.jws"}
    return found


class Weeks(RuleBasedStateMachine):
    """One camera, and the store of the honest docks."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.rig = camera()
        self.known: dict[int, Files] = {}
        self._draws = 1

    # -- the camera's life

    @rule(seconds=st.integers(1, 4), marked=st.booleans())
    def record(self, seconds: int, *, marked: bool) -> None:
        """An incident."""
        self.rig.tap().run(seconds)
        if marked:
            self.rig.tap().run(0.5)
        self._stop()

    @rule(seconds=st.integers(0, 3), films=st.booleans())
    def power_cut(self, seconds: int, *, films: bool) -> None:
        """The battery falls out, perhaps in the middle of an incident, which then goes on."""
        if films:
            self.rig.tap().run(seconds)
        rig = self.rig = self.rig.power_cut()
        rig.camera.writer.ask = lambda action: _ask(rig, action)  # type: ignore[method-assign]  # one thread here
        rig.run(2)
        self._stop()

    def _stop(self) -> None:
        if self.rig.state is not Recording.IDLE:
            self.rig.stop()
        self.rig.run(1)

    # -- docks

    @rule(after=st.one_of(st.none(), st.integers(1, 120_000)), press=st.booleans())
    def honest_dock(self, after: int | None, *, press: bool) -> None:
        """It hands everything over, unless somebody pulls it out after so many bytes, or presses."""
        self._dock(Bench.honest, after, press=press)

    @rule(row=st.sampled_from(ROWS), after=st.one_of(st.none(), st.none(), st.integers(1, 20_000)), press=st.booleans())
    def hostile_dock(self, row: Row, after: int | None, *, press: bool) -> None:
        """One of those in the table."""
        if any(word in str(row) for word in NEEDY) and not {1, 2} <= on_card(self.rig).keys():
            return
        self._dock(row.attempt, after, press=press)

    @precondition(lambda self: {1, 2} <= on_card(self.rig).keys())
    @rule(row=st.sampled_from(PAPERS))
    def forged_paper(self, row: Row) -> None:
        """A dock with a good key, and a paper that is not."""
        self._dock(row.attempt, None, press=False)

    def _dock(self, attempt: Callable[[Bench], Peer], after: int | None, *, press: bool) -> None:
        rig = self.rig
        passing = Passing(rig, HONEST_S, {0.05: rig.tap} if press else {})
        bench = Bench(rig, self.folder, PortKind.STREAM)
        wire = Wire(passing, lambda: attempt(bench), PortKind.STREAM, after)
        news: list[DockNews] = []

        def report(each: DockNews) -> None:
            news.append(each)
            rig.camera.inbox.put(each)
            if each.move is Move.GONE:
                passing.set()

        def draw(size: int) -> bytes:
            self._draws += 1
            return (self._draws << 8 | 1).to_bytes(size, "big")

        vault, at = rig.camera.vault, rig.camera
        made = DockParts(wire, rig.clock, vault.session, at.shelf, vault.trust, draw, report, berth=at.berth)
        DockLink(made).run(passing)
        assert news[-1].move is Move.GONE
        self._stop()
        rig.run(1)

    # -- what holds

    def _stored(self, number: int) -> Files | None:
        """What an honest store has of a recording, and has signed for."""
        place = self.folder / "store" / "cam-1" / self.rig.camera.vault.volume.id / "recordings" / f"{number:08d}"
        if not (place / "receipt.jws").exists():
            return None
        return {each.name: each.read_bytes() for each in place.iterdir() if each.name != "receipt.jws"}

    @invariant()
    def never_neither(self) -> None:
        """Every recording that was ever whole is here or there, as it was."""
        here = on_card(self.rig)
        for number, files in here.items():
            self.known.setdefault(number, files)
        for number, files in self.known.items():
            assert files in (here.get(number), self._stored(number)), f"recording {number} is neither here nor there"

    def teardown(self) -> None:
        """Whatever happened: one honest dock has it all in the end."""
        try:
            self._dock(Bench.honest, None, press=False)
            self.never_neither()
            for number, files in self.known.items():
                assert self._stored(number) == files, f"recording {number} was never handed over"
        finally:
            self._folder.cleanup()


Weeks.TestCase.settings = settings(max_examples=20, stateful_step_count=8, deadline=None)
TestWeeks = Weeks.TestCase
