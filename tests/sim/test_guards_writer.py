"""The writer's guards, one at a time: in which order it works, what it tells of the storage, and what trouble does to it."""

from __future__ import annotations

import errno
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from firmware.core.forecast import PREPARED, Outlook, outlook
from firmware.evidence.errors import FormatError
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.controller import Quit
from firmware.runtime.work import Before, Begin, Durable, End, Failed, Health, Live, Mounted, Sealed, Stopped, Witness
from firmware.runtime.writer import Call, StorageLostError
from hal.interface import ClockQuality
from tests.rig import NONCE, NS, Rig, receipt_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from firmware.runtime.writer import Writer


def told(rig: Rig, kind: type) -> list[Any]:
    """The writer's answers of a kind."""
    return [answer for answer in rig.answers if isinstance(answer, kind)]


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[int]:
    """Have the calls of a method counted: the length of the list."""
    calls: list[int] = []
    real = getattr(owner, name)

    def call(*values: Any, **named: Any) -> Any:
        calls.append(len(calls))
        return real(*values, **named)

    monkeypatch.setattr(owner, name, call)
    return calls


def fails(error: Exception) -> Callable[..., NoReturn]:
    """What fails whatever it is given."""

    def fail(*_values: object, **_named: object) -> NoReturn:
        raise error

    return fail


def bad() -> OSError:
    """A bad moment of the card."""
    return OSError(errno.EIO, "bad moment")


def kinds(rig: Rig) -> list[str]:
    """The lines of the audit log."""
    return [line["kind"] for line in rig.audit()]


def test_mounting_may_take_a_minute() -> None:
    """A card with much to read is no card that hangs; after that minute it is one."""
    rig = Rig.new()
    now = rig.clock.monotonic_ns()
    writer = type(rig.camera.writer)(
        rig.camera.vault, rig.camera.work, rig.answers.append, rig.clock, rig.camera.writer._log
    )
    assert [writer.idle_ns(now), writer.idle_ns(now + 61 * NS)] == [-60 * NS, NS]


def test_what_is_due_is_looked_for_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the nanosecond; and an idle camera does not ask its card how it does all the time."""
    rig = Rig.new().run(1)
    writer = rig.camera.writer
    calls, health = counted(monkeypatch, writer.due, "all"), counted(monkeypatch, writer, "_health")
    swept_ns = writer._swept_ns
    for after_ns, count in ((NS, 0), (60 * NS, 0), (60 * NS + 1, 1), (61 * NS, 1)):
        monkeypatch.setattr(rig.clock, "monotonic_ns", lambda after_ns=after_ns: swept_ns + after_ns)
        rig.settle()
        assert (len(calls), len(health)) == (count, count)


def test_what_is_due_waits_once_behind_what_is_being_done() -> None:
    """However often it is asked for."""
    rig = Rig.new().run(1)
    for _ in range(5):
        rig.camera.writer.sweep()
    assert len(rig.camera.writer._chores) == 2


def runner(rig: Rig, monkeypatch: pytest.MonkeyPatch, steps: list[bool]) -> tuple[Writer, threading.Event, list[str]]:
    """A writer whose steps do or do not find work; once they are over it is told to stop.  And what it did."""
    writer, stop, did = rig.camera.writer, threading.Event(), list[str]()

    def step() -> bool:
        did.append("step")
        found = steps.pop(0)
        if not steps:
            stop.set()
        return found

    monkeypatch.setattr(writer, "mount", lambda: did.append("mount"))
    monkeypatch.setattr(writer, "step", step)
    monkeypatch.setattr(rig.camera.work, "wait", lambda timeout_s: did.append("wait"))
    return writer, stop, did


def test_the_writer_waits_only_where_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """It mounts, works while there is work, and never waits in front of some."""
    writer, stop, did = runner(Rig.new().run(1), monkeypatch, [True, True, False, True])
    writer.run(stop)
    assert did == ["mount", "step", "step", "step", "wait", "step"]


@pytest.mark.parametrize("left", [True, False])
def test_what_waits_at_the_end_is_written_unless_the_log_has_ended(
    left: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of it, and then it is over; but nothing follows the last line."""
    rig = Rig.new().run(1)
    writer, stop, _ = runner(rig, monkeypatch, [True])
    rig.camera.work.put(Witness("fault", {"code": "one"}))
    rig.camera.work.put(Witness("fault", {"code": "two"}))
    writer._left = left
    writer.run(stop)
    assert [line["data"]["code"] for line in rig.audit() if line["kind"] == "fault"] == ([] if left else ["one", "two"])


def test_a_clock_that_jumped_is_told_before_what_follows_and_not_behind_the_end() -> None:
    """The line stands where the clock moved; a boot whose log has ended has no line any more."""
    rig = Rig.new().run(1)
    rig.clock.put(rig.clock.utc().utc_ms + 86_400_000, ClockQuality.RTC)
    rig.camera.work.put(Witness("fault", {"code": "later"}))
    rig.settle()
    assert kinds(rig)[-2:] == ["clock", "fault"]
    rig.camera.inbox.put(Quit("shutdown"))
    rig.run(0.1)
    rig.clock.put(rig.clock.utc().utc_ms + 86_400_000, ClockQuality.RTC)
    rig.run(1)
    assert kinds(rig)[-1] == "stop"
    assert len(told(rig, Stopped)) == 1


def test_work_goes_before_notes_tasks_the_end_and_chores(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one step one thing is done, in this order: the end of a service waits for what is to be sealed, and chores for all."""
    rig = Rig.new().run(1)
    writer, did = rig.camera.writer, list[str]()
    has = dict.fromkeys(("_work", "_keep_notes", "_advance", "_leave", "_chore"), 1)

    def takes(name: str) -> Callable[..., bool]:
        def take(*_values: object) -> bool:
            has[name] -= 1
            did.extend([name] if has[name] >= 0 else [])
            return has[name] >= 0

        return take

    for name in has:
        monkeypatch.setattr(writer, name, takes(name))
    assert [writer.step() for _ in range(6)] == [True] * 5 + [False]
    assert did == list(has)


def test_a_mounted_card_says_how_it_does_first() -> None:
    """Room and health are known before the controller hears that it can record."""
    rig = Rig.new()
    first = [type(each) for each in rig.answers if isinstance(each, Health | Mounted)][:2]
    assert first == [Health, Mounted]
    assert not told(rig, Health)[0].fails


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("resume", [True, False])
def test_chores_wait_for_the_recording_that_goes_on(
    full: bool,  # noqa: FBT001 - a case
    resume: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unless none can, on a full card: then a press of before is answered, for good."""
    rig = Rig.new().run(1)
    writer = rig.camera.writer
    monkeypatch.setattr(writer._vault, "mount", lambda: resume)
    monkeypatch.setattr(writer, "_health", lambda: setattr(writer, "_full", full))
    answered, swept = counted(monkeypatch, writer._vault, "answer_press"), counted(monkeypatch, writer, "sweep")
    writer.mount()
    assert (len(answered), len(swept)) == (full, full or not resume)
    assert rig.camera.inbox.take() == Mounted(resume)


def test_a_recording_is_durable_once_and_sealed_once_and_nothing_is_kept_of_it() -> None:
    """Each is told to the controller one time."""
    rig = Rig.new().run(3).tap().run(3).stop()
    assert (len(told(rig, Durable)), len(told(rig, Sealed))) == (1, 1)
    writer = rig.camera.writer
    assert (writer.takes, writer._cut, writer._owed) == ({}, {}, 0)


def test_a_seal_that_fails_is_never_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording failed, the controller hears that, and the file handles are let go."""
    rig = Rig.new().run(3).tap().run(1)
    take = rig.camera.writer.takes[1]
    let_go = counted(monkeypatch, take, "abandon")
    monkeypatch.setattr(rig.camera.vault, "seal", fails(bad()))
    rig.stop()
    assert (told(rig, Sealed), told(rig, Failed)) == ([], [Failed(1, "OSError")])
    assert let_go


def test_what_comes_for_a_recording_that_is_lost_or_over_is_passed_over() -> None:
    """The minute before, a flush, an end: nothing is written, nothing fails."""
    rig = Rig.new().run(3).tap().run(1)
    rig.camera.writer.takes.clear()
    rig.run(2)
    rig.camera.work.put(End(1, "asked", priority=False))
    rig.settle()
    assert (told(rig, Failed), told(rig, Sealed), rig.camera.writer._lost) == ([], [], 0)


def test_the_minute_before_is_kept_room_for_until_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it still takes on the card is no room for anything else."""
    rig = Rig.new().run(6)
    writer, jobs = rig.camera.writer, rig.camera.work
    monkeypatch.setattr(writer, "step", lambda: False)
    rig.tap()
    items = [jobs.take() for _ in range(jobs.held and 12)]
    (before,) = [item for item in items if isinstance(item, Before)]
    writer._take_before(before)
    owed = [writer._owed, *(writer._owed for _ in writer._tasks[0])]
    assert owed[0] > len(before.flushes) * (64 << 10)
    assert owed == sorted(owed, reverse=True)
    assert len(set(owed)) == len(before.flushes) + 1
    assert owed[-1] == 0


def test_receipted_footage_makes_room_below_that_and_not_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte."""
    rig = Rig.new().run(3).tap().run(1)
    writer, swept = rig.camera.writer, counted(monkeypatch, rig.camera.writer, "sweep")
    for less, count in ((0, 0), (1, 1)):
        monkeypatch.setattr(writer, "_health", lambda less=less: writer._vault.budget.emptying - less)
        rig.camera.work.put(next(live(rig)))
        writer.step()
        assert len(swept) == count


def live(rig: Rig) -> Iterator[Live]:
    """Live flushes of the running recording, that wait for the writer."""
    step, rig.camera.writer.step = rig.camera.writer.step, lambda: False  # type: ignore[method-assign]  # replaced by the test
    rig.run(0.6)
    rig.camera.writer.step = step  # type: ignore[method-assign]  # replaced by the test
    while (job := rig.camera.work.take()) is not None:
        if isinstance(job, Live):
            yield job


def test_health_counts_what_the_recording_itself_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Running: less has to stay free, what it prepares counts, and so does the minute before.  Idle: all of the next one has to fit."""
    rig = Rig.new().run(3)
    asked: list[dict[str, int]] = []

    def told_of(**values: int) -> Outlook:
        asked.append(values)
        return outlook(**values)

    monkeypatch.setattr("firmware.runtime.writer.outlook", told_of)
    budget, writer = rig.camera.vault.budget, rig.camera.writer
    writer._lag_ms = 77
    writer._health()
    assert (asked[-1]["kept"], asked[-1]["aside"], asked[-1]["rate"]) == (budget.idle, 0, budget.rate + 1)
    rig.settle()
    assert told(rig, Health)[-1].lag_ms == 0
    rig.tap().run(3)
    writer._owed, writer._lag_ms = 5, 77
    writer._health()
    assert (asked[-1]["kept"], asked[-1]["aside"]) == (budget.running + 5, PREPARED)
    assert asked[-1]["rate"] != budget.rate + 1  # measured by now
    rig.settle()
    assert told(rig, Health)[-1].lag_ms == 77


def test_a_card_that_does_not_say_how_it_does_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown with the room that it had; one that never said so cannot be used at all.  And trouble with a chore is shown too."""
    rig = Rig.new().run(3)
    before, writer = told(rig, Health)[-1], rig.camera.writer
    with monkeypatch.context() as patched:
        patched.setattr(rig.evidence, "space", fails(bad()))
        writer._health()
        rig.settle()
        after = told(rig, Health)[-1]
        assert (after.free, after.fails, before.fails) == (before.free, True, False)
        writer._space = None
        with pytest.raises(OSError, match="bad moment"):
            writer._health()
    writer.due.troubles["prepare"] = "trouble"
    writer._health()
    rig.settle()
    assert told(rig, Health)[-1].fails
    writer.due.troubles.clear()
    writer._lost = 1
    writer._health()
    rig.settle()
    assert told(rig, Health)[-1].fails


def test_the_third_recording_lost_in_a_boot_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two may be a bad moment: what is lost is let go, what is due is looked for, and the next one goes on."""
    rig = Rig.new().run(3).tap().run(1)
    writer = rig.camera.writer
    swept = counted(monkeypatch, writer, "sweep")
    for lost in (1, 2):
        ((number, take),) = writer.takes.items()
        let_go = counted(monkeypatch, take, "abandon")
        monkeypatch.setattr(take, "flush", fails(bad()))
        rig.run(2)
        assert (len(told(rig, Failed)), told(rig, Failed)[-1].take) == (lost, number)
        assert let_go
    assert len(swept) == 2
    ((_, take),) = writer.takes.items()
    monkeypatch.setattr(take, "flush", fails(bad()))
    with pytest.raises(StorageLostError, match="3 takes lost"):
        rig.run(2)


def test_a_line_that_the_log_refuses_costs_no_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to none, so none is told as lost."""
    rig = Rig.new().run(3).tap().run(1)
    with monkeypatch.context() as patched:
        patched.setattr(rig.camera.vault.volume.audit, "write", fails(FormatError("no such line")))
        rig.camera.work.put(Witness("fault", {"code": "x"}))
        rig.settle()
    assert told(rig, Failed) == []
    assert list(rig.camera.writer.takes) == [1]
    assert "take-lost" in rig.log.getvalue()


def test_a_chore_that_fails_is_told_and_the_next_one_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """It never ends the writer."""
    rig = Rig.new().run(1)
    with monkeypatch.context() as patched:
        patched.setattr(rig.camera.vault, "renew_log", fails(bad()))
        rig.camera.writer.sweep()
        rig.run(1)
    assert "chore-failed" in rig.log.getvalue()
    rig.camera.writer.sweep()
    assert not rig.run(1).camera.writer._chores


def test_what_another_thread_asks_for_is_done_and_answered() -> None:
    """Its result or its trouble; and what may have come due is looked for at once."""
    rig = Rig.new(keep_after_receipt_h=0).run(3).tap().run(1).stop()
    receipt = receipt_for(rig, 1)

    def ask(action: Callable[[], object]) -> Future[Any]:
        result: Future[Any] = Future()
        rig.camera.work.put(Call(action, result))
        try:
            rig.settle()
        finally:
            assert result.done()
        return result

    assert ask(lambda: 5).result(0) == 5
    assert isinstance(ask(fails(bad())).exception(0), OSError)
    assert told(rig, Failed) == []
    rig.camera.writer.ask = lambda action: ask(action).result(0)  # type: ignore[method-assign]  # replaced by the test
    rig.camera.shelf.receipt(1, receipt, NONCE)
    assert "00000001" not in rig.evidence.root().enter("recordings").names()
    with pytest.raises(AuditLostError):
        ask(fails(AuditLostError("gone")))


def test_a_question_waits_for_its_answer() -> None:
    """The thread that asks goes on with what the writer found."""
    rig = Rig.new().run(1)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(rig.camera.writer.ask(lambda: 5)))
    thread.start()
    while thread.is_alive():
        rig.camera.work.wait(0.01)
        rig.settle()
    assert answers == [5]


def test_nothing_is_stale_while_nothing_is_recorded() -> None:
    """And it is counted from the newest flush while something is."""
    rig = Rig.new().run(3)
    now = rig.clock.monotonic_ns()
    assert rig.camera.writer.stale_ns(now + 9 * NS) == 0
    rig.tap()
    durable_ns = rig.camera.writer._durable_ns
    assert rig.camera.writer.stale_ns(durable_ns + 9 * NS) == 9 * NS
    assert rig.run(2).camera.writer._durable_ns > durable_ns


def test_a_recording_that_goes_on_names_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is running, the one that storage took away, or none: whatever else the writer knows."""
    rig = Rig.new().run(3).tap().run(1)
    writer = rig.camera.writer
    running = writer.takes[1]
    writer._cut[3] = {"lost": 3}
    seen: list[Any] = []

    def begin(continues: Any, **_: Any) -> Any:
        seen.append(continues)
        return running

    monkeypatch.setattr(writer._vault, "begin", begin)
    for number, continues in ((5, 1), (6, 3), (7, 0), (8, 4)):
        writer._begin(Begin(number, continues))
    assert seen[0]["number"] == 1
    assert seen[1:] == [{"lost": 3}, None, None]
    assert writer._cut == {}
    with monkeypatch.context() as patched:
        patched.setattr(writer._vault, "begin", fails(bad()))
        with pytest.raises(OSError, match="bad moment"):
            writer._begin(Begin(9, 1))
    writer._begin(Begin(10, 9))
    assert seen[4] == seen[0]
