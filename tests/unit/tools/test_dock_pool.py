"""The files that a camera's sessions share: whose they are, who may write, and when one changes hands."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firmware.dock.errors import RemoteProtocolError
from firmware.evidence.errors import MismatchError
from tools.dock.face.rate import STALLED_S, TELLING, Hand
from tools.dock.sharing.pool import PATIENCE_S, Batch, Claim, Order, Pool

CONTENT = {f"{index:06d}.mp4.age": bytes([index + 1]) * (TELLING * (index + 2)) for index in range(3)}


class Clock:
    """Seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def batch(folder: Path, item: str = "00000001", counted: list[int] | None = None) -> Batch:
    """A recording that is under way."""
    entries = [
        {"name": name, "length": len(data), "hash": hashlib.sha256(data).hexdigest()} for name, data in CONTENT.items()
    ]
    (folder / item).mkdir(parents=True, exist_ok=True)
    return Batch(item, entries, folder / item, ([] if counted is None else counted).append)


def say(claim: Claim, size: int | None = None) -> None:
    """What the camera says next of that file; all of it without a ``size``."""
    data = CONTENT[claim.order.name][claim.length :]
    claim.add(data if size is None else data[:size])


def end(claim: Claim) -> None:
    """The camera's End."""
    claim.finish(claim.order.hash)
    claim.release()


def taken(pool: Pool, hand: Hand) -> Claim:
    """A claim, opened."""
    claim = pool.claim(hand)
    assert claim is not None
    assert claim.open()
    return claim


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> Iterator[Pool]:
    """Nothing under way."""
    pool = Pool(clock)
    yield pool
    pool.clear()


def test_each_file_is_one_session_s(pool: Pool, tmp_path: Path) -> None:
    """In their order, recording by recording, and nobody gets what another one has."""
    for item in ("00000002", "00000001"):
        pool.put(batch(tmp_path, item))
    hands = [Hand(), Hand()]
    claims = [taken(pool, hands[index % 2]) for index in range(6)]
    assert [(claim.order.item, claim.order.name) for claim in claims] == [
        (item, name) for item in ("00000002", "00000001") for name in CONTENT
    ]
    assert pool.claim(hands[0]) is None
    found: list[str] = []
    for claim in claims:
        say(claim)
        assert pool.settled() is None
        end(claim)
        if settled := pool.settled():
            found.append(settled.item)
    assert found == ["00000002", "00000001"]
    assert not pool.busy
    assert {path.name: path.read_bytes() for path in (tmp_path / "00000001").iterdir()} == CONTENT


def test_what_a_session_gives_back_goes_on_behind_its_last_byte(pool: Pool, tmp_path: Path) -> None:
    """And the progress counts each byte once."""
    counted: list[int] = []
    pool.put(batch(tmp_path, counted=counted))
    claim = taken(pool, Hand())
    say(claim, 5_000)
    claim.release()
    assert sum(counted) == 0
    claim = taken(pool, Hand())
    assert claim.length == sum(counted) == 5_000
    say(claim)
    end(claim)
    assert claim.order.done
    assert sum(counted) == claim.order.length


def test_a_file_changes_hands_at_its_last_byte(pool: Pool, clock: Clock, tmp_path: Path) -> None:
    """From then on what the first one brings goes nowhere, not even at its end; the bytes are those of one file."""
    pool.put(batch(tmp_path))
    fast, slow = Hand(), Hand()
    for _ in range(2):
        claim = taken(pool, fast)
        clock.now += 0.1
        say(claim)
        end(claim)
    held = taken(pool, slow)
    say(held, 1_000)
    assert pool.claim(fast) is None
    clock.now += 2
    assert pool.claim(slow) is None
    other = taken(pool, fast)
    assert (other.order, other.length) == (held.order, 1_000)
    held.fail(RemoteProtocolError("it is another one's by now"))
    say(held, 50_000)
    say(other, 70_000)
    say(held)
    end(held)
    assert not other.order.done
    say(other)
    end(other)
    found = pool.settled()
    assert found is not None
    assert found.error is None
    assert other.order.path.read_bytes() == CONTENT[other.order.name]


def test_an_equal_session_takes_nothing(pool: Pool, clock: Clock, tmp_path: Path) -> None:
    """At about the same rate a file stays where it is."""
    pool.put(batch(tmp_path))
    one, two = Hand(), Hand()
    for hand in (one, two):
        claim = taken(pool, hand)
        clock.now += 1 if hand is one else 2
        say(claim)
        end(claim)
    held = taken(pool, two)
    clock.now += 0.5
    assert pool.claim(one) is None
    clock.now += 1.5
    say(held, TELLING * 3)
    assert pool.claim(one) is None


def test_a_session_that_has_stalled_loses_its_file(pool: Pool, clock: Clock, tmp_path: Path) -> None:
    """Also to one of which nothing is known yet."""
    pool.put(batch(tmp_path))
    held = [taken(pool, Hand()) for _ in CONTENT]
    clock.now += STALLED_S - 0.1
    say(held[1], 10)
    clock.now += 0.2
    assert taken(pool, Hand()).order is held[0].order


class AtThatMoment:
    """A lock behind which its holder was just done."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def __enter__(self) -> None:
        """Too late."""
        self._order.done, self._order.claim = True, None

    def __exit__(self, *_: object) -> None:
        """Let go."""


def test_a_file_that_is_done_when_it_would_change_hands(
    pool: Pool, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays done."""
    pool.put(batch(tmp_path))
    held = [taken(pool, Hand()) for _ in CONTENT]
    clock.now += STALLED_S
    with monkeypatch.context() as patch:
        patch.setattr(held[0].order, "lock", AtThatMoment(held[0].order))
        assert pool.claim(Hand()) is None
    assert held[0].order.done
    held[0].order.let_go()


def test_a_slow_session_does_not_keep_the_first_recording(pool: Pool, clock: Clock, tmp_path: Path) -> None:
    """A faster one goes on with the next recording for a while, but not for long."""
    for item in ("00000002", "00000001"):
        pool.put(batch(tmp_path, item))
    fast, slow = Hand(), Hand()
    held = taken(pool, slow)
    for _ in range(2):
        claim = taken(pool, fast)
        clock.now += 1
        say(claim)
        end(claim)
    say(held, TELLING)  # two seconds for a half
    later = taken(pool, fast)
    assert later.order.item == "00000001"
    later.release()
    clock.now += STALLED_S - 0.1
    say(held, 1)
    clock.now += PATIENCE_S
    assert taken(pool, fast).order is held.order


@pytest.mark.parametrize(("theirs", "error"), [("right", False), ("wrong", True)])
def test_wrong_bytes(pool: Pool, tmp_path: Path, theirs: str, *, error: bool) -> None:
    """They are thrown away; fetched once more where the camera has the right ones, and no third time."""
    pool.put(batch(tmp_path))
    for attempt in (1, 2):
        claim = taken(pool, Hand())
        claim.add(b"x" * claim.order.length)
        claim.finish(claim.order.hash if theirs == "right" else "0" * 64)
        assert not claim.order.path.exists()
        found = pool.settled()
        if error or attempt == 2:
            assert found is not None
            assert isinstance(found.error, MismatchError)
            return
        assert found is None


def test_what_the_camera_does_not_give(pool: Pool, tmp_path: Path) -> None:
    """The recording is not taken over, whoever is at another file of it; a later one is."""
    for item in ("00000002", "00000001"):
        pool.put(batch(tmp_path, item))
    one, other = taken(pool, Hand()), taken(pool, Hand())
    one.fail(RemoteProtocolError("no"))
    assert taken(pool, Hand()).order.item == "00000001"
    found = pool.settled()
    assert found is not None
    assert found.item == "00000002"
    say(other)
    end(other)
    assert not other.order.done
    assert other.order.path.read_bytes() == b""


def test_begun_anew(pool: Pool, tmp_path: Path) -> None:
    """A new round leaves what is on its way without effect: even a claim that was not opened yet."""
    pool.put(batch(tmp_path))
    opened, unopened = taken(pool, Hand()), pool.claim(Hand())
    assert unopened is not None
    say(opened, 3_000)
    pool.clear()
    assert not unopened.open()
    say(opened)
    end(opened)
    opened.fail(RemoteProtocolError("no"))
    pool.put(batch(tmp_path))
    again = taken(pool, Hand())
    assert again.length == 3_000
    say(again)
    end(again)
    assert again.order.done
    assert again.order.path.read_bytes() == CONTENT[again.order.name]


def test_a_file_that_is_too_long(pool: Pool, tmp_path: Path) -> None:
    """It is none of ours: from the start."""
    made = batch(tmp_path)
    made.orders[0].path.write_bytes(b"x" * (made.orders[0].length + 1))
    pool.put(made)
    assert taken(pool, Hand()).length == 0


def test_more_is_wanted_while_a_session_would_find_nothing(pool: Pool, tmp_path: Path) -> None:
    """One recording ahead for one session is the one that it is at."""
    with pool.worked_by(Hand()):
        assert pool.wants_more()
        pool.put(batch(tmp_path))
        assert not pool.wants_more()
        claims = [taken(pool, Hand()) for _ in CONTENT]
        assert pool.wants_more()
        claims[0].release()
        assert not pool.wants_more()
        with pool.worked_by(Hand()):
            assert pool.wants_more()
        assert not pool.wants_more()


class Sessions(RuleBasedStateMachine):
    """Three sessions that claim, say, stall, end and die in any order, and a leader that begins anew: a file is never anything but a
    beginning of itself, and what counts as here is whole."""

    @initialize()
    def begin(self) -> None:
        """A pool with one recording."""
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.pool = Pool(self.clock)
        self.hands = [Hand() for _ in range(3)]
        self.claims: dict[int, Claim] = {}
        self.made = batch(Path(self.folder.name))
        self.pool.put(self.made)

    @rule(who=st.integers(0, 2))
    def claim(self, who: int) -> None:
        """Take a file, if this one has none."""
        if who not in self.claims and (claim := self.pool.claim(self.hands[who])):
            self.claims[who] = claim

    @rule(who=st.integers(0, 2), size=st.integers(1, TELLING * 2))
    def say(self, who: int, size: int) -> None:
        """The camera says some of it, and End behind the last byte."""
        if claim := self.claims.get(who):
            if claim.length == 0:
                claim.open()
            say(claim, size)
            if claim.length == claim.order.length:
                end(self.claims.pop(who))

    @rule(who=st.integers(0, 2))
    def die(self, who: int) -> None:
        """The link is gone."""
        if claim := self.claims.pop(who, None):
            claim.release()

    @rule(seconds=st.sampled_from([0.1, 1.5, 6.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.now += seconds

    @precondition(lambda self: self.clock.now > 110)
    @rule()
    def anew(self) -> None:
        """Another one leads."""
        self.pool.clear()
        self.made = batch(Path(self.folder.name))
        self.pool.put(self.made)

    @invariant()
    def beginnings(self) -> None:
        """Whatever is on the disk is a beginning of the file; whole where it counts as here."""
        for order in self.made.orders:
            found = order.path.read_bytes() if order.path.exists() else b""
            assert CONTENT[order.name].startswith(found)
            assert not order.done or found == CONTENT[order.name]
        assert self.made.error is None

    def teardown(self) -> None:
        """Everybody goes."""
        for claim in self.claims.values():
            claim.release()
        self.pool.clear()
        self.folder.cleanup()


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
