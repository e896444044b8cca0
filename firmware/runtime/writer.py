"""Owns every evidence file: takes immutable work in order, live flushes first, and does chores behind them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeVar

from firmware.core.forecast import PREPARED, Rate, on_card, outlook
from firmware.evidence.errors import EvidenceError
from firmware.evidence.transcript import TICKS
from firmware.media.errors import MediaError
from firmware.runtime.auditlog import AuditLostError
from firmware.runtime.chores import Chores
from firmware.runtime.lognotes import BATCH_NS, SPARING_NS
from firmware.runtime.probe import probe
from firmware.runtime.work import (
    Before,
    Begin,
    Durable,
    End,
    Failed,
    Health,
    Live,
    Mounted,
    Note,
    Probe,
    Remark,
    Sealed,
    Stop,
    Stopped,
    Witness,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from firmware.core.cutter import Flush
    from firmware.runtime.log import Log
    from firmware.runtime.mailbox import Mailbox
    from firmware.runtime.recording import OpenRecording
    from firmware.runtime.vault import Vault
    from firmware.runtime.work import Answer, Job, Overlap
    from hal.interface import Clock, Space

T = TypeVar("T")

SWEEP_NS: Final = 60_000_000_000
MOUNTING_NS: Final = 60_000_000_000
"""How long mounting may take."""
MOST_LOST: Final = 3
"""Takes that storage may take away in one boot."""

LOSSES = (OSError, EvidenceError, MediaError)
"""What can end a take without ending the writer."""


class StorageLostError(Exception):
    """Storage takes away one take after the other: the service starts anew, recovers what is there, and resumes."""


@dataclass(frozen=True, slots=True)
class Call:
    """Something that another thread wants done by the owner of the files."""

    action: Callable[[], Any]
    result: Future[Any]


class Writer:
    """Carries out work on a vault.

    ``step`` does one piece and returns; jobs come before *tasks* (the pre-event part, sealing), tasks before *chores* (recovery,
    inventory, erasure, preparing the next recording).  Tasks and chores are iterators that are advanced one piece at a time, so that
    a live flush never waits for more than one piece of theirs.
    """

    def __init__(
        self, vault: Vault, box: Mailbox[Job | Call], answer: Callable[[Answer], None], clock: Clock, log: Log
    ) -> None:
        self._vault = vault
        self.due = Chores(vault)
        self._clock = clock
        self._swept_ns = self._durable_ns = self._lag_ms = self._lost = 0
        self._rate = Rate(vault.budget.rate)
        self._owed = 0
        """Bytes that the pre-event parts still take."""
        self._space: Space | None = None
        self._beat_ns = clock.monotonic_ns() + MOUNTING_NS
        self._box = box
        self._answer = answer
        self._log = log
        self.takes: dict[int, OpenRecording] = {}
        self._confirmed: set[int] = set()
        self._cut: dict[int, Mapping[str, Any] | None] = {}
        """What the opening of a take says that goes on where this one was lost."""
        self._opened: dict[int, tuple[int, str]] = {}
        """Number and opening of each take of this boot."""
        self._tasks: deque[Iterator[None]] = deque()
        self._chores: deque[Iterator[None]] = deque()
        self._resuming = self._full = False
        self._stopping: Stop | None = None
        self._left = False  # once the audit log has its last line, nothing follows it
        self._jobs: dict[type, Callable[[Any], None]] = {
            Begin: self._begin,
            Live: self._live,
            Before: self._take_before,
            Note: self._note,
            End: lambda job: self._tasks.append(self._end(job)),
            Witness: lambda job: self._vault.volume.audit.write(job.kind, job.data),
            Remark: lambda job: self._vault.volume.audit.remark(job.kind, job.facts, job.time_ns),
            Stop: self._stop,
            Call: self._call,
            Probe: lambda job: self._tasks.append(
                probe(job, vault, clock, lambda: bool(self._full or self.takes), answer)
            ),
        }

    def run(self, stop: threading.Event) -> None:
        """Mount, then work until ``stop``."""
        self.mount()
        while not stop.is_set():
            if not self.step():
                self._box.wait(0.2)
        while not self._left and self._work():
            pass  # another part was lost: what had been captured by then is written all the same

    def mount(self) -> None:
        """Open the volume; ``OSError`` or ``EvidenceError`` when it cannot be used."""
        self._resuming = resume = self._vault.mount()
        self._health()
        if self._full:
            self._vault.answer_press()  # it is refused, loudly: nobody wants a recording to begin of itself once the card is emptied
        if self._full or not resume:  # on a full card nothing goes on, and what was cut off is not kept waiting for it
            self.sweep()
        self._answer(Mounted(resume))

    def step(self) -> bool:
        """Do one piece of work; False when there was none."""
        self._beat_ns = self._clock.monotonic_ns()
        if self._left:
            return False
        self._vault.timekeeping.jumped()
        if self._work():
            return True
        if self._clock.monotonic_ns() - self._swept_ns > SWEEP_NS:
            self.sweep()
        return (
            self._keep_notes() or self._keep_remarks() or self._advance(self._tasks) or self._leave() or self._chore()
        )

    def _work(self) -> bool:
        job = self._box.take()
        if job is not None:
            self._guard(getattr(job, "take", None), lambda: self._jobs[type(job)](job))
        return job is not None

    def idle_ns(self, now_ns: int) -> int:
        """For how long it has done nothing, not even looked for work: then storage hangs.  For other threads."""
        return now_ns - self._beat_ns

    def stale_ns(self, now_ns: int) -> int:
        """For how long nothing of a recording became durable; 0 while none is written.  For other threads."""
        return now_ns - self._durable_ns if self.takes else 0

    def ask(self, action: Callable[[], T]) -> T:
        """Run ``action`` on the writer's thread and return its result or raise what it raised.  For other threads."""
        result: Future[T] = Future()
        self._box.put(Call(action, result))
        return result.result()

    def _begin(self, job: Begin) -> None:
        running = self.takes.get(job.continues)
        continues = running.so_far if running else self._cut.pop(job.continues, None)
        self._cut[job.take] = continues  # holds until it is open: the next one may have to do it
        overlaps = tuple(self._overlap(each) for each in job.overlaps if each.take in self._opened)
        take = self._vault.begin(continues, live_from=job.live_from, overlaps=overlaps)
        self._durable_ns = self._clock.monotonic_ns()
        self.takes[job.take] = take
        self._opened[job.take] = (take.number, take.journal.transcript.opening_hash)
        del self._cut[job.take]
        if self._resuming:
            # Closed any sooner, and a cut right then would leave nothing that says that a recording has to go on.
            self._resuming = False
            self.sweep()

    def _overlap(self, shared: Overlap) -> Mapping[str, Any]:
        """As an opening says it."""
        number, opening = self._opened[shared.take]
        return {"number": number, "opening": opening, "first": shared.first, "last": shared.last, "at": shared.at}

    def _live(self, job: Live) -> None:
        take = self.takes.get(job.take)
        if take is None:
            return
        waits = self._box.peek()  # where storage lags, the next flush is put together meanwhile
        following = waits.flush if isinstance(waits, Live) and waits.take == job.take else None
        flushed = take.flush(job.origin, job.flush, job.gaps, following)
        self._durable_ns = self._clock.monotonic_ns()
        self._rate.add(flushed.size, flushed.ticks / TICKS)
        if job.take not in self._confirmed:
            self._confirmed.add(job.take)
            self._answer(Durable(job.take, take.number))
        self._lag_ms = flushed.lag_ms
        if self._health() < self._vault.budget.emptying:
            self.sweep()  # receipted footage makes room for what is being recorded

    def _take_before(self, job: Before) -> None:
        flushes = job.flushes
        self._owed += sum(on_card(flush.size, 1) for flush in flushes)
        self._tasks.append(self._before(job, flushes))

    def _before(self, job: Before, flushes: Sequence[Flush]) -> Iterator[None]:
        for flush, following in zip_longest(flushes, flushes[1:]):
            self._owed -= on_card(flush.size, 1)
            take = self.takes.get(job.take)
            if take is not None:
                self._guard(job.take, partial(take.flush, job.origin, flush, None, following))
            yield

    def _note(self, job: Note) -> None:
        take = self.takes.get(job.take)
        if take is not None:
            take.note(job.kind, job.facts, job.time_ns)

    def _keep_notes(self) -> bool:
        """Make durable what was noted, all of it at once: a note is less urgent than the picture."""
        kept: list[bool] = []
        for number, take in list(self.takes.items()):
            self._guard(number, lambda take=take: kept.append(take.keep_notes()))  # type: ignore[misc]  # a lambda with a default has no type
        return any(kept)

    def _keep_remarks(self) -> bool:
        """Make durable what the audit log's private part was told, a batch at a time."""
        size = self._vault.volume.audit.keep_remarks(SPARING_NS if self._full else BATCH_NS)
        if size and self.takes:
            self._rate.add(size, 0.0)
        return size > 0

    def _end(self, job: End) -> Iterator[None]:
        take = self.takes.pop(job.take, None)  # it has ended: nothing will ever continue it
        if take is not None:
            self._guard(job.take, lambda: self._seal(job, take))
        yield

    def _seal(self, job: End, take: OpenRecording) -> None:
        try:
            self._vault.seal(take, priority=job.priority, resume=job.resumes)
        finally:
            take.abandon()
        self._answer(Sealed(job.take, take.number))
        self.sweep()

    def _stop(self, job: Stop) -> None:
        self._stopping = job

    def _leave(self) -> bool:
        if self._stopping is None:
            return False
        stopping, self._stopping, self._left = self._stopping, None, True
        self._vault.leave(stopping.reason, resume=stopping.resume)
        self._answer(Stopped())
        return True

    def _call(self, job: Call) -> None:
        try:
            job.result.set_result(job.action())
        except LOSSES as error:
            job.result.set_exception(error)
        except AuditLostError as error:
            job.result.set_exception(error)
            raise
        self.sweep()

    def sweep(self) -> None:
        """Have the chores done once more, behind what is being done: something may have come due."""
        self._swept_ns = self._clock.monotonic_ns()
        if len(self._chores) < 2:
            self._chores.append(self.due.all())

    def _guard(self, take: int | None, piece: Callable[[], object]) -> None:
        """Do a piece of a take's work; trouble ends that take, and what is durable of it is recovered by the next boot.

        After a failed sync nobody can say in this boot what of it is on the card.
        """
        try:
            piece()
        except LOSSES as error:
            self._log.error("take-lost", take=take, trouble=f"{type(error).__name__}: {error}")
            if take is not None:
                self._let_go(take)
                self._answer(Failed(take, type(error).__name__))
            self.sweep()
            self._lost += 1
            if self._lost >= MOST_LOST:
                message = f"{self._lost} takes lost in one boot"
                raise StorageLostError(message) from error

    def _let_go(self, number: int) -> None:
        """Write nothing more of a take that is lost."""
        take = self.takes.pop(number, None)
        if take is not None:
            take.abandon()
            self._cut[number] = self._vault.cut(take.number)

    def _chore(self) -> bool:
        """Do a piece of the chores.  What they changed is told, above all that there is room again."""
        done = self._advance(self._chores)
        if done and not self._chores:
            self._health()
        return done

    def _advance(self, pieces: deque[Iterator[None]]) -> bool:
        if not pieces:
            return False
        try:
            next(pieces[0])
        except StopIteration:
            pieces.popleft()
        except LOSSES as error:
            self._log.error("chore-failed", trouble=f"{type(error).__name__}: {error}")
            pieces.popleft()
        return True

    def _health(self) -> int:
        """Tell how the storage does; its free bytes.  One that does not even say so has as many as it had."""
        silent, space = False, self._space
        try:
            space = self._space = self._vault.volume.storage.space()
        except OSError:
            if space is None:
                raise
            silent = True
        budget, busy = self._vault.budget, bool(self.takes)
        look = outlook(
            free=space.free,
            returnable=self.due.returnable,
            kept=budget.running + self._owed if busy else budget.idle,
            aside=PREPARED if busy else 0,
            rate=self._rate.per_second,
            segment_s=budget.segment_s,
        )
        self._full = look.full
        fails = silent or self._lost > 0 or bool(self.due.troubles)
        self._answer(Health(space.free, space.total, look.left_s, look.full, self._lag_ms if busy else 0, fails))
        return space.free
