"""The dock thread: whole dockings on one thread and a virtual clock, cut anywhere, refused, yielded, stopped."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from firmware.core.machine import Move
from firmware.dock.channel import Secured
from firmware.dock.errors import PeerError
from firmware.dock.messages import Bye, Error, Get, Hello, ListItems, Ping, Welcome
from firmware.dock.patience import DROPS_S, PAUSES_S
from firmware.dock.shelf import Item
from firmware.evidence.certs import Trust
from firmware.evidence.roles import Role
from firmware.runtime.docklink import STOOD_NS, Away, Docking, DockLink, DockNews
from hal.interface import ClockQuality, PortKind
from hal.sim.dock import SimDock
from tests.docking import DOCK_UTC_MS, DockEnd, MemoryShelf, Peer, Stop, Wire, camera, desk, parts, stored
from tests.pki import Pki
from tools.dock.conversation import Pause, Talk
from tools.dock.events import Kind
from tools.dock.identity import DockIdentity
from tools.dock.visit import Desk

Y2100 = 4_102_444_800_000


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.fixture(scope="module")
def rogue() -> Pki:
    """Another authority, with the same names on other keys."""
    return Pki.create()


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2, (200_000,))
    return shelf


Script = Callable[[], Talk[None]]


def greet() -> Talk[Hello]:
    """A dock's side up to ``READY``."""
    hello = yield None
    assert isinstance(hello, Hello)
    yield Welcome(1, "dock-1", DOCK_UTC_MS, None)
    return hello


def scripted(pki: Pki, store: Path, script: Script, kind: PortKind = PortKind.STREAM) -> Callable[[], Peer]:
    """A dock that follows a script."""
    at, _ = desk(pki, store)
    return lambda: DockEnd(at, kind, talk=lambda _secured: script())


def dock_once(shelf: MemoryShelf, wire: Wire, trust: Trust | None = None, waits: int = 1) -> list[DockNews]:
    """Run the dock thread for one docking; its news."""
    news: list[DockNews] = []
    DockLink(parts(shelf, wire, news, trust)).run(Stop(shelf.clock, waits))
    return news


def moves(news: list[DockNews]) -> list[Move]:
    """Where the news move the camera."""
    return [each.move for each in news]


@pytest.mark.parametrize("kind", PortKind)
def test_whole_docking(pki: Pki, shelf: MemoryShelf, tmp_path: Path, kind: PortKind) -> None:
    """Everything is offloaded and receipted, the news say so, and only then can it be erased."""
    recordings = dict(shelf.recordings)
    at, _ = desk(pki, tmp_path)
    news = dock_once(shelf, Wire(shelf.clock, lambda: DockEnd(at, kind), kind))
    assert moves(news) == [Move.MET, Move.OFFLOAD, Move.RESTED, Move.GONE]
    assert {each.dock for each in news} == {"dock-1"}
    assert news[-1].text == "the dock is done"
    assert shelf.events == [("dock-1", "accepted")]
    assert len(shelf.anchors) == 1
    shelf.erase()
    assert not shelf.recordings
    assert {number: stored(tmp_path, number) for number in recordings} == recordings


@pytest.mark.parametrize("kind", PortKind)
def test_the_camera_speaks_first(pki: Pki, shelf: MemoryShelf, tmp_path: Path, kind: PortKind) -> None:
    """At once: it waits for nobody who waits for it."""
    at, _ = desk(pki, tmp_path)
    wire = Wire(shelf.clock, lambda: DockEnd(at, kind), kind)
    read, said = wire.read, []

    def watched(limit: int, timeout_s: float) -> bytes:
        said.append(timeout_s)
        return read(limit, timeout_s)

    wire.read = watched  # type: ignore[method-assign]  # to see how long it waits
    dock_once(shelf, wire)
    assert said[0] == 0
    assert max(said) > 0


class Parting(Wire):
    """A connection that the dock closes with its last word."""

    def connected(self) -> bool:
        """Whether the dock still stands there."""
        session = self._peer._session if isinstance(self._peer, DockEnd) else None
        return super().connected() and not (session and session.finished)


def test_a_dock_that_leaves_at_once(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that says goodbye and closes the connection in the same moment is done; it was not lost."""
    at, _ = desk(pki, tmp_path)
    news = dock_once(shelf, Parting(shelf.clock, lambda: DockEnd(at, PortKind.STREAM)))
    assert news[-1] == DockNews(Move.GONE, "dock-1", "the dock is done")


@pytest.mark.parametrize("kind", PortKind)
def test_pulled_out_anywhere(pki: Pki, shelf: MemoryShelf, tmp_path: Path, kind: PortKind) -> None:
    """Cut at any byte, again and again: nothing is erased that is not in the store, and the offload goes on where it
    broke off."""
    recordings = dict(shelf.recordings)
    at, events = desk(pki, tmp_path)
    wire = Wire(shelf.clock, lambda: DockEnd(at, kind), kind)
    for step in range(400):
        wire.plugged, wire.cut_after = True, 200 + 7_919 * step % 60_000
        news = dock_once(shelf, wire)
        assert news[-1].move is Move.GONE
        shelf.erase()
        for number, files in recordings.items():
            assert shelf.recordings.get(number) == files or stored(tmp_path, number) == files
        if not shelf.recordings and news[-1].text == "the dock is done":
            break
    assert not shelf.recordings
    assert step > 8
    assert {number: stored(tmp_path, number) for number in recordings} == recordings
    assert not [event for event in events if event.kind in {"conflict", "rejected", "damaged"}]


def test_docked_after_ten_seconds(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock counts once it has stood for ten seconds; what it did before is told again then."""

    def script() -> Talk[None]:
        yield from greet()
        yield ListItems(0)
        yield Get("volume", "volume.jws", 0, 1)
        yield None
        yield Pause(9.0)
        yield ListItems(0)
        yield Pause(1.5)
        yield Ping()
        yield Pause(3.0)
        yield Bye()

    begun = shelf.clock.now_ns
    times: list[tuple[Move, int]] = []
    link = DockLink(
        replace(
            parts(shelf, Wire(shelf.clock, scripted(pki, tmp_path, script)), []),
            report=lambda each: times.append((each.move, shelf.clock.now_ns - begun)),
        )
    )
    link.run(Stop(shelf.clock, 1))
    assert [move for move, _ in times] == [Move.MET, Move.OFFLOAD, Move.STOOD, Move.OFFLOAD, Move.RESTED, Move.GONE]
    assert STOOD_NS <= times[2][1] - times[0][1] < STOOD_NS + 500_000_000


def test_yields_to_a_recording(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A press in the dock breaks the offload off; it goes on when the recording is over."""
    at, events = desk(pki, tmp_path)
    news: list[DockNews] = []
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
    made = parts(shelf, wire, news)
    link = DockLink(made)
    reads = 0
    read = shelf.read

    def pressed(item: str, file: str, offset: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        made.berth.yield_to_recording(recording=reads == 6)
        return read(item, file, offset, size)

    hello, pings = shelf.hello, 0

    def idle_again() -> object:
        nonlocal pings
        pings += 1
        if pings > 6:
            made.berth.yield_to_recording(recording=False)
        return hello()

    shelf.read = pressed  # type: ignore[method-assign]  # in its place for this test
    shelf.hello = idle_again  # type: ignore[method-assign,assignment]  # in its place for this test
    link.run(Stop(shelf.clock, 1))
    assert [event.kind for event in events].count(Kind.WAITING) == 1
    assert (Move.RESTED, "a recording is being made") in [(each.move, each.text) for each in news]
    assert moves(news)[-4:] == [Move.RESTED, Move.OFFLOAD, Move.RESTED, Move.GONE]
    assert set(shelf.receipts) == {1, 2}


@pytest.mark.parametrize("hot", [False, True])
def test_a_camera_that_has_to_cool_down_takes_its_time(pki: Pki, shelf: MemoryShelf, tmp_path: Path, hot: bool) -> None:  # noqa: FBT001 - both
    """A message every tenth of a second, and everything is handed over all the same."""
    at, _ = desk(pki, tmp_path)
    made = parts(shelf, Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM)), [])
    made.berth.hot = lambda: hot
    times: list[int] = []
    read = shelf.read

    def timed(item: str, file: str, offset: int, size: int) -> bytes:
        times.append(shelf.clock.now_ns)
        return read(item, file, offset, size)

    shelf.read = timed  # type: ignore[method-assign]  # in its place for this test
    DockLink(made).run(Stop(shelf.clock, 1))
    assert set(shelf.receipts) == {1, 2}
    assert (times[-1] - times[0] >= 100_000_000 * (len(times) - 1)) is hot


def revoked(pki: Pki, role: Role) -> Trust:
    """Trust that has this role's certificate withdrawn."""
    return Trust(pki.root, frozenset({pki.certificates[role].fingerprint}))


@pytest.mark.parametrize(
    ("who", "why"),
    [("foreign", "dock-ca"), ("role-less", "1 certificates"), ("revoked", "withdrawn"), ("too early", "notBefore")],
)
def test_bad_dock(pki: Pki, rogue: Pki, shelf: MemoryShelf, tmp_path: Path, who: str, why: str) -> None:
    """A bad dock gets nothing; the refusal stands in the audit log, and each one in a row makes the next attempt wait
    longer."""
    holder = {"foreign": rogue.dock, "role-less": pki.settings}.get(who, pki.dock)
    trust = {"revoked": revoked(pki, Role.DOCK), "too early": Trust(pki.root, at=datetime(2020, 1, 1, tzinfo=UTC))}.get(
        who
    )
    at, events = desk(pki, tmp_path)
    at = replace(at, identity=DockIdentity(holder.chain, holder.key, pki.trust))
    news: list[DockNews] = []
    stop = Stop(shelf.clock, 10)
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
    DockLink(parts(shelf, wire, news, trust)).run(stop)
    assert stop.slept == [*PAUSES_S[1:], 60.0, 60.0, 60.0]
    assert moves(news) == [Move.GONE] * 10
    assert len(shelf.events) == 10
    assert all(dock == "" and why in outcome for dock, outcome in shelf.events)
    assert not events
    assert set(shelf.recordings) == {1, 2}


def test_refused_by_the_dock(pki: Pki, rogue: Pki, tmp_path: Path) -> None:
    """A camera of another authority hears that it is not believed, and writes that down."""
    foreign = camera(rogue)
    foreign.trust = pki.trust
    at, _ = desk(pki, tmp_path)
    end = DockEnd(at, PortKind.STREAM)
    news = dock_once(foreign, Wire(foreign.clock, lambda: end))
    assert "device-ca" in str(end.error)
    assert moves(news) == [Move.GONE]
    assert "does not believe" in foreign.events[0][1]


def test_dock_gives_up(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock's last words are heard and written down."""

    def script() -> Talk[None]:
        yield from greet()
        yield Error("store", "disk full")

    news = dock_once(shelf, Wire(shelf.clock, scripted(pki, tmp_path, script)))
    assert news[-1] == DockNews(Move.GONE, "dock-1", "the peer gave up: disk full (store)")
    assert shelf.events[-1] == ("dock-1", "the peer gave up: disk full (store)")


def test_dock_breaks_the_protocol(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that breaks the protocol is told so, and the camera keeps everything."""

    def script() -> Talk[None]:
        yield None
        yield Welcome(9, "dock-1", DOCK_UTC_MS, None)

    at, _ = desk(pki, tmp_path)
    end = DockEnd(at, PortKind.STREAM, talk=lambda _secured: script())
    news = dock_once(shelf, Wire(shelf.clock, lambda: end))
    assert moves(news) == [Move.GONE]
    assert isinstance(end.error, PeerError)
    assert end.error.code == "version"
    assert "version 9" in shelf.events[-1][1]


def test_our_own_mistake(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Facts that no message can carry end the docking, say so on both sides, and are no refusal."""
    shelf.boot = 10**9
    at, _ = desk(pki, tmp_path)
    end = DockEnd(at, PortKind.STREAM)
    news = dock_once(shelf, Wire(shelf.clock, lambda: end))
    assert "boot" in news[-1].text
    assert isinstance(end.error, PeerError)
    assert end.error.code == "internal"
    assert not shelf.events


def test_without_contact(pki: Pki, shelf: MemoryShelf) -> None:
    """Without contact the thread naps and says nothing."""
    wire = Wire(shelf.clock, lambda: pytest.fail("nobody is there"))
    wire.plugged = False
    news: list[DockNews] = []
    stop = Stop(shelf.clock, 5)
    DockLink(parts(shelf, wire, news)).run(stop)
    assert stop.slept == [0.2] * 5
    assert not news


def test_taken_out(shelf: MemoryShelf) -> None:
    """Two seconds without contact, told once each time; a shorter while is a camera that shakes in its slot."""
    wire = Wire(shelf.clock, lambda: pytest.fail("nobody is there"))
    told: list[int] = []
    began_ns = shelf.clock.now_ns
    wire.plugged = False
    link = DockLink(parts(shelf, wire, [], away=lambda _: told.append(shelf.clock.now_ns - began_ns)))
    link.run(Stop(shelf.clock, 9))
    assert told == []
    link.run(Stop(shelf.clock, 50))
    assert [round(each / 1e9, 1) for each in told] == [2.0]


@pytest.mark.parametrize(("gaps_s", "times"), [((1.0, 1.8, 1.9), 0), ((2.2, 1.0, 3.0), 2)])
def test_shaken_in_its_slot(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, gaps_s: tuple[float, ...], times: int
) -> None:
    """Each contact begins the count anew."""
    at, _ = desk(pki, tmp_path)
    told: list[object] = []
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
    link = DockLink(parts(shelf, wire, [], away=told.append))
    for gap_s in gaps_s:
        wire.plugged = False
        link.run(Stop(shelf.clock, round(gap_s / 0.2)))
        wire.plugged = True
        link.run(Stop(shelf.clock, 1))
    assert len(told) == times


@pytest.mark.parametrize("kind", PortKind)
def test_nobody_answers(pki: Pki, shelf: MemoryShelf, kind: PortKind) -> None:
    """Contact alone is no dock: a stream without a handshake is given up after half a minute, a serial line is asked
    on."""

    class Silent:
        """Says nothing, and is pulled out after a hundred seconds."""

        def pump(self, data: bytes, now_ns: int) -> bytes:
            """Say nothing."""
            wire.plugged = now_ns < 100_000_000_000
            return b""

        def hang_up(self) -> None:
            """Do nothing."""

    wire = Wire(shelf.clock, Silent, kind)
    news = dock_once(shelf, wire)
    assert moves(news) == [Move.GONE]
    assert news[0].text == ("no handshake in time" if kind is PortKind.STREAM else "the cable was pulled out")
    assert shelf.events == ([("", "no handshake in time")] if kind is PortKind.STREAM else [])


def test_who_stalls_is_noted_and_waited_for_longer(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A peer that holds the line and says nothing gets no second chance at once; one whose link is lost does."""

    def script() -> Talk[None]:
        yield from greet()
        yield Pause(1000.0)

    stop = Stop(shelf.clock, 4)
    wire = Wire(shelf.clock, scripted(pki, tmp_path, script))
    DockLink(parts(shelf, wire, [])).run(stop)
    assert stop.slept == list(PAUSES_S[1:5])
    assert shelf.events == [("dock-1", "accepted"), ("dock-1", "the peer has stalled")] * 4


def test_contact_goes(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A port that says that nobody is there any more ends the docking, even where reads still work."""
    at, _ = desk(pki, tmp_path)
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM))
    answers = iter([True, True, True, False])
    wire.connected = lambda: next(answers, False)  # type: ignore[method-assign]  # in its place for this test
    news = dock_once(shelf, wire)
    assert news[-1].move is Move.GONE


def test_stop(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera that stops says goodbye to the dock."""
    stop = Event()

    def script() -> Talk[None]:
        yield from greet()
        stop.set()
        yield Ping()

    at, _ = desk(pki, tmp_path)
    end = DockEnd(at, PortKind.STREAM, talk=lambda _secured: script())
    news: list[DockNews] = []
    DockLink(parts(shelf, Wire(shelf.clock, lambda: end), news)).run(stop)
    assert moves(news)[-1] is Move.GONE
    assert isinstance(end.error, PeerError)
    assert end.error.code == "shutdown"


def test_trouble_with_the_log(pki: Pki, rogue: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A refusal that cannot be written down is still a refusal."""

    def broken(dock: str, outcome: str) -> None:
        raise OSError(f"cannot log {dock} {outcome}")

    shelf.dock_event = broken  # type: ignore[method-assign]  # in its place for this test
    at, _ = desk(rogue, tmp_path)
    news = dock_once(shelf, Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM)))
    assert "dock-ca" in news[-1].text


@pytest.mark.parametrize(
    ("utc_ms", "quality", "taken"),
    [
        (0, ClockQuality.UNSET, True),
        (Y2100, ClockQuality.UNSET, True),
        (0, ClockQuality.RTC, False),
        (Y2100, ClockQuality.RTC, False),
        (DOCK_UTC_MS - 3_600_000, ClockQuality.RTC, True),
    ],
)
def test_wrong_clock(pki: Pki, tmp_path: Path, utc_ms: int, quality: ClockQuality, *, taken: bool) -> None:
    """At 1970 and at 2100 a camera docks, gets the time by the rule, and offloads."""
    shelf = camera(pki, utc_ms=utc_ms, quality=quality)
    shelf.record(1)
    at, events = desk(pki, tmp_path)
    dock_once(
        shelf,
        Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM)),
        replace(pki.trust, at=datetime(2026, 2, 1, tzinfo=UTC)),
    )
    (clock,) = [event.facts for event in events if event.kind == "clock"]
    assert clock["taken"] is taken
    assert (abs(shelf.clock.utc().utc_ms - DOCK_UTC_MS) < 60_000) is taken
    assert set(shelf.receipts) == {1}


def test_dock_that_takes_nothing(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A dock that asks for a file and then takes nothing is given up; a silent one too."""

    def script() -> Talk[None]:
        yield from greet()
        yield Pause(1000.0)

    news = dock_once(shelf, Wire(shelf.clock, scripted(pki, tmp_path, script)))
    assert news[-1].text == "the peer has stalled"


def test_dock_hears_who_it_is(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """The dock knows the device's name, and what was agreed on, before anything is said."""
    seen: list[Secured] = []

    def talk(secured: Secured) -> Talk[None]:
        seen.append(secured)
        yield from greet()
        yield Bye()

    at, _ = desk(pki, tmp_path)
    dock_once(shelf, Wire(shelf.clock, lambda: DockEnd(at, PortKind.SERIAL, talk=talk), PortKind.SERIAL))
    assert seen[0].peer.name == "cam-1"
    assert "X25519MLKEM768" in seen[0].facts


def test_the_end_of_the_thread_is_the_end_of_the_docking(shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends it: the lights never go on saying that the camera stands in a dock."""

    def defect(*_arguments: object) -> None:
        message = "nobody expects this one"
        raise ZeroDivisionError(message)

    told: list[DockNews] = []
    monkeypatch.setattr(Docking, "run", defect)
    with pytest.raises(ZeroDivisionError):
        DockLink(parts(shelf, Wire(shelf.clock, defect), told)).run(Event())  # type: ignore[arg-type]  # nobody connects
    assert [news.move for news in told] == [Move.GONE]


def test_a_dock_that_is_done_is_left_in_peace(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """A camera that stays in its slot does not dock again and again: its log would grow by every goodbye."""
    at, _ = desk(pki, tmp_path)
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM), PortKind.STREAM)
    news = dock_once(shelf, wire, waits=200)
    assert moves(news).count(Move.MET) == 1
    assert shelf.events == [("dock-1", "accepted")]


def taken_out(shelf: MemoryShelf, at: Desk, *, cut_after: int | None) -> list[str]:
    """A docking, the camera being pulled out, three seconds later; what its log says of docks."""
    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM), cut_after=cut_after)
    link = DockLink(parts(shelf, wire, []))
    link.run(Stop(shelf.clock, 1))
    wire.plugged = False
    link.run(Stop(shelf.clock, 30))
    return [outcome for _, outcome in shelf.events]


def test_the_log_says_what_was_unfinished(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Taken out with recordings that the dock did not take over: their number and bytes, once, with the dock's name."""
    at, _ = desk(pki, tmp_path)
    accepted, early = taken_out(shelf, at, cut_after=40_000)
    left = [files for number, files in shelf.recordings.items() if number not in shelf.receipts]
    size = sum(len(data) for files in left for data in files.values())
    assert accepted == "accepted"
    assert left
    assert early == f"taken out early: recordings not taken over: {len(left)}, bytes: {size}"
    assert shelf.events[-1][0] == "dock-1"


def test_nothing_is_said_of_a_camera_that_was_done(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Nor of one that met no dock."""
    at, _ = desk(pki, tmp_path)
    assert taken_out(shelf, at, cut_after=None) == ["accepted"]
    assert not [outcome for _, outcome in shelf.events if "early" in outcome]
    stranger = Wire(shelf.clock, lambda: pytest.fail("nobody is there"))
    stranger.plugged = False
    shelf.record(3)
    DockLink(parts(shelf, stranger, [])).run(Stop(shelf.clock, 30))
    assert [outcome for _, outcome in shelf.events] == ["accepted"]


def test_a_storage_that_fails_while_it_is_taken_out(
    pki: Pki, shelf: MemoryShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dock thread goes on."""
    at, _ = desk(pki, tmp_path)

    def fails() -> list[Item]:
        raise OSError(5, "Input/output error")

    wire = Wire(shelf.clock, lambda: DockEnd(at, PortKind.STREAM), cut_after=40_000)
    link = DockLink(parts(shelf, wire, []))
    link.run(Stop(shelf.clock, 1))
    wire.plugged = False
    monkeypatch.setattr(shelf, "items", fails)
    stop = Stop(shelf.clock, 30)
    link.run(stop)
    assert len(stop.slept) == 30
    assert [outcome for _, outcome in shelf.events] == ["accepted"]


def drops(pki: Pki, store: Path) -> Callable[[], Peer]:
    """A dock that is accepted, and then hangs up."""

    def script() -> Talk[None]:
        yield from greet()
        raise ConnectionResetError("the dock hung up")

    return scripted(pki, store, script)


def meeting(shelf: MemoryShelf, wire: Wire) -> tuple[DockLink, list[int]]:
    """A link over this wire, and when it met a dock, in nanoseconds."""
    met: list[int] = []

    def report(news: DockNews) -> None:
        if news.move is Move.MET:
            met.append(shelf.clock.now_ns)

    return DockLink(replace(parts(shelf, wire, []), report=report)), met


def test_a_dock_that_lets_the_link_drop(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Each further docking that breaks off waits longer, and never longer than a few seconds."""
    link, met = meeting(shelf, Wire(shelf.clock, drops(pki, tmp_path)))
    link.run(Stop(shelf.clock, 100))
    pauses = [(later - sooner) / 1e9 for sooner, later in pairwise(met)]
    assert len(pauses) > 5
    for turn, pause in enumerate(pauses, 1):
        due = DROPS_S[min(turn, len(DROPS_S) - 1)] + PAUSES_S[0]
        assert due <= pause <= due + 0.5


def test_pulled_out_of_a_dock_that_lets_the_link_drop(pki: Pki, shelf: MemoryShelf, tmp_path: Path) -> None:
    """Whoever takes the camera out of such a dock, and puts it into an honest one, waits no longer than ever."""
    at, _ = desk(pki, tmp_path)
    wire = Wire(shelf.clock, drops(pki, tmp_path))
    link, met = meeting(shelf, wire)

    class Hand(Stop):
        """Takes the camera out while it waits longest, and has it in the other dock at the second look."""

        put_ns = 0

        def wait(self, timeout: float | None = None) -> bool:
            stopped = super().wait(timeout)
            if not wire.plugged:
                wire.plugged, self.put_ns = True, shelf.clock.now_ns
            elif len(met) == 6 and not self.put_ns:
                wire.plugged, wire._connect = False, lambda: DockEnd(at, PortKind.STREAM)
            return stopped

    hand = Hand(shelf.clock, 60)
    link.run(hand)
    assert 0 <= met[6] - hand.put_ns <= (PAUSES_S[0] + 0.5) * 1e9
    assert set(shelf.receipts) == {1, 2}


def test_a_connection_that_broke_while_nobody_used_it(pki: Pki, shelf: MemoryShelf) -> None:
    """A dock that is started anew closes connections on which it was not spoken to yet.  The camera comes again, and was not taken out."""
    gone: list[Away] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SimDock()
        port.plug(f"tcp:127.0.0.1:{server.getsockname()[1]}")
        server.accept()[0].close()
        while port.connected():
            time.sleep(0.001)
        link = DockLink(replace(parts(shelf, port, [], pki.trust), away=gone.append))
        link.run(Stop(shelf.clock, 1))
        assert port.connected()
        assert gone == []
        port.unplug()
