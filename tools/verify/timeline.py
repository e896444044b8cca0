"""When the camera was off, on, recording or in a dock, from its audit log, by its own clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.verify.audit_state import Happened
from tools.verify.holdings import Span
from tools.verify.model import Clock
from tools.verify.times import utc


@dataclass(slots=True)
class _Days:
    """What is so at the moment."""

    on: bool = False
    recording: set[int] = field(default_factory=set)
    dock: str | None = None

    @property
    def now(self) -> tuple[str, int | None, str | None]:
        if not self.on:
            return "off", None, None
        if self.recording:
            return "recording", max(self.recording), None
        return ("on", None, None) if self.dock is None else ("docked", None, self.dock)

    def follow(self, event: Happened) -> None:
        data = event.data
        if event.kind == "boot":
            self.on, self.recording = True, {each["number"] for each in data["open"] if data["start"] == "length"}
            if data["start"] != "length":
                self.dock = None
        elif event.kind in ("stop", "cut"):
            self.on = data.get("reason") == "length"
            self.recording = self.recording if self.on else set()
        elif event.kind == "opening":
            self.recording.add(data["number"])
        elif event.kind == "place":
            self.dock = data["dock"] if data["place"] == "docked" else None
        else:
            self.recording.discard(data["number"])


def draw(history: Sequence[Happened], latest: Clock | None) -> tuple[Span, ...]:
    """The spans, in order.  The last one has no end; ``latest`` is the clock of the newest line: what is so at that time is known, and
    no more.  A start of the service alone is no time off."""
    days, spans = _Days(), list[Span]()
    since: int | None = None
    state = days.now
    for event in history:
        days.follow(event)
        if event.kind == "boot" and event.data["start"] == "service" and spans and state[0] == "off":
            state, since = (spans[-1].state, spans[-1].number, spans[-1].dock), spans[-1].from_ms
            spans.pop()
        if days.now != state:
            if since is not None:
                spans.append(Span(state[0], state[1], state[2], since, event.clock.utc_ms))
            state, since = days.now, event.clock.utc_ms
    if since is not None and latest is not None:
        spans.append(Span(state[0], state[1], state[2], since, None))
    return tuple(spans)


def since(spans: Sequence[Span], latest: Clock | None) -> Iterator[str]:
    """Since when it was off, in no dock, or not recording, as far as the log here goes."""
    if latest is None or not spans:
        return
    moment = utc(latest.utc_ms) + (" by a clock that was never set" if latest.quality == "unset" else "")
    now = spans[-1]
    yield f"last heard of at {moment}: {words(now)}"
    for wanted, name in (("recording", "not recording"), ("docked", "in no dock")):
        if now.state == wanted:
            continue
        ended = [span.until_ms for span in spans if span.state == wanted and span.until_ms is not None]
        yield f"{name} since {utc(ended[-1])}" if ended else f"{name} as far back as the log here goes"


def words(span: Span) -> str:
    """A span's state in plain words."""
    if span.state == "recording":
        return f"recording {span.number}"
    return f"in dock {span.dock}" if span.state == "docked" else span.state
