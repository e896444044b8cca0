"""Profiles: the processor's time goes to the functions, lines and threads that took it, and the picture shows that."""

from __future__ import annotations

import hashlib
import re
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from tools.bench import sampling
from tools.bench.flame import WIDTH, flame
from tools.bench.sampling import Profile, Stack, sample

SVG = "{http://www.w3.org/2000/svg}"
PROFILE = Profile(
    2.0,
    {
        ("main", "firmware.a.run", "firmware.a.seal", "cipher.encrypt(data)"): 0.6,
        ("main", "firmware.a.run", "firmware.a.seal", "line = spell(line)"): 0.2,
        ("main", "firmware.a.run", "firmware.a.tiny", "pass"): 0.004,
        ("writer", "firmware.b.write", "file.write(data)"): 0.196,
    },
)


def hashes(seconds: float) -> None:
    """Hash for so long, by this thread's own clock of the processor, without the interpreter's lock."""
    data, until = bytes(1 << 20), time.thread_time() + seconds
    while time.thread_time() < until:
        hashlib.sha256(data).digest()


def counts(seconds: float) -> None:
    """Count for so long, with the interpreter's lock."""
    number, until = 0, time.thread_time() + seconds
    while time.thread_time() < until:
        number += 1


def beside(work: Callable[[], None]) -> None:
    """Three times as long in another thread as in this one, while a third one waits."""
    asleep = threading.Event()
    others = [threading.Thread(target=asleep.wait, name="waiting"), threading.Thread(target=work, name="working")]
    for each in others:
        each.start()
    counts(0.2)
    others[1].join()
    asleep.set()
    others[0].join()


def test_time_goes_to_who_took_it() -> None:
    """By thread and function, in shares of the processor and not of the clock: a thread that waits has none."""
    profile = sample(lambda: beside(lambda: hashes(0.6)))
    shares: dict[str, float] = {}
    for function, _, share in profile.lines():
        shares[function] = shares.get(function, 0.0) + share
    threads = {stack[0] for stack, seconds in profile.stacks.items() if seconds > 0.02}
    assert threads == {"MainThread", "working"}
    hashed, counted = (next(shares[name] for name in shares if name.endswith(what)) for what in ("hashes", "counts"))
    assert hashed / counted == pytest.approx(3, rel=0.4)
    assert any("hashlib.sha256(data).digest()" in line for _, line, _ in profile.lines())
    here = "tests.unit.tools.test_bench_profile."
    lambdas = f"{here}test_time_goes_to_who_took_it.<locals>.<lambda>"
    outermost = {stack[:3] for stack in profile.stacks if stack[0] in threads}
    assert {
        ("MainThread", lambdas, f"{here}beside"),
        ("working", f"{lambdas}.<locals>.<lambda>", f"{here}hashes"),
    } <= outermost


def test_the_watched_thread_may_fail() -> None:
    """What it raises goes on to whoever wanted the profile, and nothing is left running."""

    def fails() -> None:
        raise ValueError("no such thing")

    before = threading.active_count()
    with pytest.raises(ValueError, match="no such thing"):
        sample(fails)
    assert threading.active_count() == before


def test_a_thread_that_waits_has_worked_before() -> None:
    """What it took is put down to what it was seen at, and not to waiting."""
    work, idle = ("t", "a.seal", "cipher.encrypt(data)"), ("t", "b.worker", "work_item = work_queue.get(block=True)")
    assert sampling._worked(idle, work) == sampling._worked(work, work) == sampling._worked(work, idle) == work
    assert sampling._worked(idle, idle)[0] == "t"
    assert "a.seal" not in sampling._worked(idle, idle)


def test_a_frame_between_two_lines() -> None:
    """The interpreter has no line for some moments: the function's first one stands for it."""

    class Between:
        """Such a frame."""

        f_code, f_lineno, f_back = hashes.__code__, None, None

    *_, function, line = sampling._stack(Between())  # type: ignore[arg-type] # made up
    assert function.endswith("test_bench_profile.hashes")
    assert line == "def hashes(seconds: float) -> None:"


def test_lines_and_what_is_pruned() -> None:
    """Lines by what they took; stacks that took next to nothing give it to their callers, and no time is lost."""
    assert PROFILE.cpu_s == pytest.approx(1.0)
    assert [(line, round(share, 3)) for _, line, share in PROFILE.lines()][:2] == [
        ("cipher.encrypt(data)", 0.6),
        ("line = spell(line)", 0.2),
    ]
    pruned = PROFILE.pruned(0.01)
    assert sum(pruned.values()) == pytest.approx(1.0)
    assert pruned["main", "firmware.a.run"] == pytest.approx(0.004)
    assert not any("firmware.a.tiny" in stack for stack in pruned)


def test_a_document_keeps_who_took_a_little_here_and_there() -> None:
    """A stack that was cut short has still a line, be it a thread that did next to nothing in any one place: no row of a table is a caller's."""
    scattered: dict[Stack, float] = {("writer", f"firmware.b.f{number}", "x()"): 0.001 for number in range(9)}
    scattered["main", "firmware.a.run", "busy()"] = 1.0
    read = Profile.of(Profile(1.0, scattered).document())
    assert read.cpu_s == pytest.approx(1.009)
    assert [each[:2] for each in read.lines()] == [("firmware.a.run", "busy()"), ("writer", "…")]


def test_boxes_are_as_wide_as_what_they_took() -> None:
    """Threads on top, callers above what they call and around it, names in titles."""
    root = ET.fromstring(flame(PROFILE.stacks, "a profile"))  # noqa: S314 - ours
    boxes = {}
    for group in root.iter(f"{SVG}g"):
        title, rect = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rect is not None
        boxes[str(title.text).partition(":")[0]] = tuple(float(rect.attrib[key]) for key in ("x", "y", "width"))
    assert boxes["main"][2] == pytest.approx(0.804 * WIDTH, abs=0.1)
    assert boxes["writer"][0] == pytest.approx(0.804 * WIDTH, abs=0.1)
    assert boxes["main"][1] < boxes["firmware.a.run"][1] < boxes["firmware.a.seal"][1]
    assert boxes["line = spell(line)"][0] == pytest.approx(0.6 * WIDTH, abs=0.1)
    assert re.search(r"prefers-color-scheme:\s*dark", flame(PROFILE.stacks, "a profile"))
    kinds = re.findall(r"<title>([^<]+): [0-9.]+%</title><rect class=\"(\w+)\"", flame(PROFILE.stacks, "a profile"))
    assert {("main", "thread"), ("firmware.b.write", "ours"), ("file.write(data)", "line")} <= set(kinds)
    assert ("av.codec.encode", "other") in re.findall(
        r"<title>([^<]+): [0-9.]+%</title><rect class=\"(\w+)\"", flame({("m", "av.codec.encode"): 1.0}, "")
    )
    with pytest.raises(ValueError, match="without any time"):
        flame({}, "nothing")
