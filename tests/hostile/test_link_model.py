"""Two links over a line that loses, alters, invents and repeats bytes, is pulled out at any byte, and whose ends start anew at any time, against
a model of a reliable stream: what is read is what was written, from its beginning, in this session; and all of it once the line is quiet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firmware.dock.frames import PAYLOAD_LIMIT, WIRE_LIMIT
from firmware.dock.link import WINDOW, Link, LinkState, Lost, Opened, Received

MS = 1_000_000
CALM_MS = 60_000
STEP_MS = 20
MOST_PENDING = 6_000
MOST_WRITTEN = 3_000
MOST_SAID = 60
SIDES = st.sampled_from([0, 1])
"""The camera's, who begins, and the dock's."""
PLACES = st.integers(0, 4_000)


@dataclass
class End:
    """One life of one end: its link, what was written to it and read from it, and, once it opened, the life of the other end that it
    opened with."""

    link: Link
    written: bytearray = field(default_factory=bytearray)
    got: bytearray = field(default_factory=bytearray)
    partner: End | None = None


class Line(RuleBasedStateMachine):
    """A camera's end, a dock's end, and the bytes under way between them, each way."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.lives: dict[int, End] = {}
        """All lives of the camera's end, by their session."""
        self.ends = [self._camera(), End(Link(None))]
        self.wires = [bytearray(), bytearray()]
        self.said: list[list[tuple[int, bytes]]] = [[], []]
        """The last frames that were said each way, with the session that the camera was in."""

    def _camera(self) -> End:
        session = len(self.lives) + 1
        self.lives[session] = End(Link(session))
        return self.lives[session]

    # -- what the ends do

    @initialize(opens=st.integers(0, 3))
    def begin(self, opens: int) -> None:
        """Mostly a link stands before anything goes wrong."""
        if opens:
            self.exchange(4)

    @rule(side=SIDES, size=st.integers(1, MOST_WRITTEN), seed=st.integers(0, 255))
    def write(self, side: int, size: int, seed: int) -> None:
        """Somebody has something to say."""
        end, data = self.ends[side], bytes((seed * 7 + index * 131) % 251 for index in range(size))
        if end.link.state is LinkState.OPEN and end.link.pending < MOST_PENDING:
            end.link.send(data)
            end.written += data
            self._say(side)

    @rule(steps=st.integers(1, 12))
    def exchange(self, steps: int) -> None:
        """All goes well for a while."""
        for _ in range(steps):
            self.wait(STEP_MS)
            for side in (0, 1):
                self.carry(side, 1 << 20, reads=True)

    @rule(ms=st.sampled_from([1, 5, 40, 310, 1_100, 4_000]))
    def wait(self, ms: int) -> None:
        """Time passes, and what is due is said."""
        self.now += ms * MS
        for side in (0, 1):
            self.ends[side].link.tick(self.now)
            self._say(side)

    def _say(self, side: int) -> None:
        data = self.ends[side].link.data_to_send()
        self.wires[side] += data
        said = [(len(self.lives), frame) for frame in data.split(b"\0") if frame]
        self.said[side] = [*self.said[side], *said][-MOST_SAID:]

    @rule(side=SIDES, most=st.one_of(st.just(1 << 20), st.integers(1, 700)), reads=st.booleans())
    def carry(self, side: int, most: int, *, reads: bool) -> None:
        """So many bytes arrive; the other end may be slow to read."""
        data = bytes(self.wires[side][:most])
        del self.wires[side][:most]
        other = self.ends[1 - side]
        other.link.receive_data(data, self.now)
        if reads:
            self._read(1 - side)
        self._say(1 - side)

    def _read(self, side: int) -> None:
        end = self.ends[side]
        while event := end.link.next_event():
            if isinstance(event, Received):
                end.got += event.data
            elif isinstance(event, Opened):
                self._pair(side)
            elif isinstance(event, Lost):
                assert end.link.state is LinkState.LOST

    def _pair(self, side: int) -> None:
        """A dock's end opened with the life that drew its session, which may be over; a camera's with the dock's end that answered."""
        camera, dock = self.ends
        if side == 1:
            dock.partner = self.lives[dock.link._session]
            dock.partner.partner = dock
        elif camera.partner is None:
            camera.partner = dock

    # -- what happens to the line

    @rule(side=SIDES, place=PLACES, count=st.integers(1, 600))
    def lose(self, side: int, place: int, count: int) -> None:
        """Bytes are lost."""
        place %= len(self.wires[side]) or 1
        del self.wires[side][place : place + count]

    @rule(side=SIDES, place=PLACES, mask=st.integers(1, 255))
    def alter(self, side: int, place: int, mask: int) -> None:
        """A byte is altered."""
        if wire := self.wires[side]:
            wire[place % len(wire)] ^= mask

    @rule(side=SIDES, place=PLACES, data=st.binary(min_size=1, max_size=40))
    def invent(self, side: int, place: int, data: bytes) -> None:
        """Bytes are made up."""
        place %= len(self.wires[side]) + 1
        self.wires[side][place:place] = data

    @rule(side=SIDES, place=st.integers(0, MOST_SAID - 1), count=st.integers(1, MOST_SAID))
    def echo(self, side: int, place: int, count: int) -> None:
        """What was said in an earlier session is still in some buffer."""
        said = [frame for session, frame in self.said[side] if session < len(self.lives)]
        heard = said[place % len(said) :][:count] if said else []
        self.wires[side] += b"".join(b"\0" + frame + b"\0" for frame in heard)

    @rule(what=st.sampled_from(["the plug", "the camera", "the dock", "nothing", "nothing", "nothing"]))
    def restart(self, what: str) -> None:
        """The plug is pulled and put back at this byte, or the dock opens its tty anew, and what was under way is gone; or the camera's
        service starts anew, while what it had said still lies in some buffer."""
        if what in ("the plug", "the dock"):
            for wire in self.wires:
                wire.clear()
        if what in ("the plug", "the camera"):
            self.ends[0] = self._camera()
        elif what == "the dock":
            self.ends[1] = End(Link(None))

    @precondition(lambda self: any(end.link.state is LinkState.LOST for end in self.ends))
    @rule()
    def begin_anew(self) -> None:
        """Whoever lost its session begins another one."""
        if self.ends[0].link.state is LinkState.LOST:
            self.ends[0] = self._camera()
        if self.ends[1].link.state is LinkState.LOST:
            self.ends[1] = End(Link(None))

    # -- what holds

    @invariant()
    def nothing_is_made_up(self) -> None:
        """Both read what the other wrote in this session, in its order, and none of it twice."""
        for end in self.ends:
            assert not end.got or end.partner is not None
            assert end.partner is None or end.partner.written.startswith(end.got)

    @invariant()
    def memory_is_bounded(self) -> None:
        """However much garbage comes, and however slow a reader is."""
        for end in self.ends:
            link = end.link
            assert len(link._deframer._rest) <= WIRE_LIMIT
            kept = [*link._receiver._early.values(), *link._receiver._ready]
            assert sum(map(len, kept)) <= WINDOW * PAYLOAD_LIMIT
            assert link.pending <= MOST_PENDING + MOST_WRITTEN

    def teardown(self) -> None:
        """The line is quiet: whatever happened, in a minute both ends are in one session, and all that was written in it was read."""
        self._calm(lambda: False, 1_000)
        both = self.ends[0].partner is self.ends[1]
        if both and all(end.link.state is LinkState.OPEN for end in self.ends):
            camera, dock = self.ends
            self._calm(lambda: not camera.link.pending and not dock.link.pending, CALM_MS)
            if camera is self.ends[0] and dock is self.ends[1]:
                assert camera.got == dock.written
                assert dock.got == camera.written
        self._calm(lambda: all(end.link.state is LinkState.OPEN for end in self.ends), CALM_MS)
        for end in self.ends:
            end.link.send(b"at last")
            end.written += b"at last"
        self._calm(lambda: not any(end.link.pending for end in self.ends), CALM_MS)
        assert self.ends[0].got == self.ends[1].written
        assert self.ends[1].got == self.ends[0].written

    def _calm(self, until: Callable[[], bool], most_ms: int) -> None:
        """A good line, and ends that begin anew where they have to, for so long at most; ``AssertionError`` where it takes longer."""
        for _ in range(most_ms // STEP_MS):
            if until():
                return
            self.wait(STEP_MS)
            for side in (0, 1):
                self.carry(side, 1 << 20, reads=True)
            self.begin_anew()
            self.nothing_is_made_up()
        assert until() or most_ms < CALM_MS, "not within a minute"


Line.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestALine = Line.TestCase
