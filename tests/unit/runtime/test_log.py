"""The log: one JSON line an event, nothing private, never in its caller's way."""

from __future__ import annotations

import io
import json
import threading
from enum import Enum
from typing import Any

import pytest

from firmware.runtime.log import WITHHELD, Level, Log
from hal.interface import ClockQuality, WallTime


class StoppedClock:
    """A clock that stands at one instant."""

    def monotonic_ns(self) -> int:
        """1.5 s after boot."""
        return 1_500_999_999

    def utc(self) -> WallTime:
        """One second after the epoch."""
        return WallTime(1000, ClockQuality.UNSET)

    def set_utc(self, utc_ms: int) -> None:
        """Nothing sets it."""


class Gone(io.StringIO):
    """A stream whose reader went away."""

    def write(self, text: str, /) -> int:
        """Fail as a broken pipe does."""
        raise BrokenPipeError(text)


def log_to(stream: io.StringIO, **options: Any) -> Log:
    """A log on a stopped clock."""
    return Log(stream, StoppedClock(), **options)


def written(stream: io.StringIO) -> list[dict[str, object]]:
    """The events on a stream."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_an_event() -> None:
    """An event is one line of JSON, stamped by both clocks, and a line break in a fact does not make two."""
    stream = io.StringIO()
    log_to(stream).event("boot", firmware="0.1.0\nx", number=7)
    assert stream.getvalue().count("\n") == 1
    assert written(stream) == [
        {"mono_ms": 1500, "utc_ms": 1000, "level": "info", "event": "boot", "firmware": "0.1.0\nx", "number": 7}
    ]


def test_levels_and_threshold() -> None:
    """What lies below the threshold is not written."""
    stream = io.StringIO()
    for threshold in (Level.DEBUG, Level.WARNING):
        log = log_to(stream, threshold=threshold)
        for method in (log.debug, log.event, log.warning, log.error):
            method("x")
    assert [event["level"] for event in written(stream)] == ["debug", "info", "warning", "error", "warning", "error"]


def test_bind_adds_context_and_leaves_the_log_alone() -> None:
    """A bound log adds its context, facts override it, and the log it came from is unchanged."""
    stream = io.StringIO()
    log = log_to(stream)
    writer = log.bind(part="writer").bind(take=3)
    writer.event("a")
    writer.event("b", take=4)
    log.event("c")
    assert [(event.get("part"), event.get("take")) for event in written(stream)] == [
        ("writer", 3),
        ("writer", 4),
        (None, None),
    ]


def test_bind_keeps_the_threshold() -> None:
    """A bound log is as talkative as the one it came from."""
    stream = io.StringIO()
    log_to(stream, threshold=Level.ERROR).bind(part="x").warning("quiet")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "name", ["officer", "assignment", "shift", "label", "bookmark", "trigger", "file_key", "private_key", "secret"]
)
def test_private_facts_are_withheld(name: str) -> None:
    """Officer data and secrets do not reach the stream, deep inside a fact neither."""
    stream = io.StringIO()
    log_to(stream).bind(**{name: "PC 4711"}).event("x", nested={name: ["PC 4711"]}, list=[{name: "PC 4711"}])
    assert "4711" not in stream.getvalue()
    assert written(stream)[0][name] == WITHHELD


class Colour(Enum):
    """A plain enumeration."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (Colour.RED, "red"),
        (Level.ERROR, 40),
        (b"\x00secret", "7 bytes"),
        (bytearray(3), "3 bytes"),
        (memoryview(bytes(4)), "4 bytes"),
        ((1, "a"), [1, "a"]),
        ({1: [b"k"]}, {"1": ["1 bytes"]}),
        ("x" * 501, "x" * 500 + "..."),
        (object(), "object"),
    ],
)
def test_any_fact_can_be_told(value: object, told: object) -> None:
    """Whatever a caller passes becomes JSON; bytes are told by their length alone."""
    stream = io.StringIO()
    log_to(stream).event("x", fact=value)
    assert written(stream)[0]["fact"] == told


def test_facts_do_not_forge_the_head() -> None:
    """A fact cannot take the place of the level, the event's name or a time; ``name`` is a fact like any other."""
    stream = io.StringIO()
    log_to(stream).warning("real", level="debug", event="fake", utc_ms=0, mono_ms=0, name="n")
    assert written(stream) == [{"mono_ms": 1500, "utc_ms": 1000, "level": "warning", "event": "real", "name": "n"}]


@pytest.mark.parametrize("closed", [False, True])
def test_a_stream_that_is_gone_costs_the_event_alone(closed: bool) -> None:  # noqa: FBT001 - parametrized
    """A broken or closed stream never raises into the caller."""
    stream = io.StringIO() if closed else Gone()
    if closed:
        stream.close()
    log_to(stream).error("lost")


def test_lines_of_threads_do_not_mix() -> None:
    """Events of several threads, also through bound logs, are whole lines."""
    stream = io.StringIO()
    log = log_to(stream)

    def talk(part: int) -> None:
        for n in range(100):
            log.bind(part=part).event("x", n=n)

    threads = [threading.Thread(target=talk, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written(stream)) == 400
