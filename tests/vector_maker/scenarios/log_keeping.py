"""Logs that a dock took over, logs that were turned back or copied, and their private part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.evidence_maker import Camera
from tests.vector_maker.bases import CARD, SMALL, THEIRS, kept, tell
from tests.vector_maker.evidence import REFUSED, UNPROVEN, WHOLE, Scenario
from tests.vector_maker.scenarios.making import (
    Change,
    Make,
    as_it_is,
    changed,
    copy,
    edit,
    flip,
    move,
    put,
    remove,
    then,
)
from tests.vector_maker.scenarios.whole import volume_id

FIRST_LOG, PRIVATE = "card/audit/00000001.jwsl", "card/audit/00000002.private.age"
STORE = f"store/cam-0042/{volume_id()}"


def _cleared(camera: Camera, **forged: Any) -> None:
    camera.boot()
    camera.clear(camera.log_receipt(**forged))


def _log_receipted(camera: Camera) -> None:
    camera.boot()
    camera.log_receipt()


def _receipt_for(forged: dict[str, Any], camera: Camera) -> None:
    camera.log_receipt(**forged)


def _receipted(**forged: Any) -> Make:
    """A receipt for the first boot's file, which is gone."""

    def story(camera: Camera) -> None:
        kept(camera)
        camera.log_receipt(**forged)

    return _then(lambda: tell(story), remove(FIRST_LOG))


def _then(make: Make, *changes: Change) -> Make:
    def more() -> dict[str, bytes]:
        tree = dict(make())
        for change in changes:
            change(tree)
        return tree

    return more


def _with_anchor(story: Callable[[Camera], object], *changes: Change) -> Make:
    """The base, changed, and beside it the anchor of the same camera some time later."""

    def make() -> dict[str, bytes]:
        later = then("kept", story)()
        return _then(as_it_is("kept"), *changes, put("newest.jws", later["card/anchor.jws"]))()

    return make


def _docked_again(camera: Camera) -> None:
    camera.boot()
    camera.record(SMALL)
    camera.countersign(utc_ms=1_780_000_000_000 + 77_000_000)


def _copied() -> dict[str, bytes]:
    """A copy that went on by itself, and the original's anchor."""
    original = then("kept", _docked_again)()

    def alone(camera: Camera) -> None:
        camera.boot()
        for _ in range(4):
            camera.log("fault", {"code": "x"})

    return _then(then("kept", alone), put("newest.jws", original["card/anchor.jws"]))()


def _counting(ahead: int, **options: Any) -> Make:
    """A camera whose hardware counted so many openings more than its log has, in a store."""

    def story(camera: Camera) -> None:
        camera.record(SMALL)
        camera.counter = 5 + ahead
        camera.boot()
        camera.countersign()

    return _then(
        lambda: tell(story, counter=4, **options), move("card", f"store/cam-0042/{options.get('volume', volume_id())}")
    )


def _two_counting() -> dict[str, bytes]:
    return {**_counting(1)(), **_counting(0, volume="8" * 32)()}


def _goes_on(camera: Camera) -> None:
    camera.boot()
    camera.remark({"kind": "mute", "on": True}, last=True)
    camera.remark({"kind": "mute", "on": False})


def _cut_off(camera: Camera) -> None:
    camera.boot()
    camera.remark({"kind": "mute", "on": True})
    path = camera.path / "audit" / "00000003.private.age"
    path.write_bytes(path.read_bytes() + bytes(500))


def _noted(*records: dict[str, Any]) -> Make:
    """A boot in whose private part these records stand."""

    def story(camera: Camera) -> None:
        camera.boot()
        camera.remark(*records)

    return then("kept", story)


WAITED: dict[str, Any] = {"kind": "latency", "number": 1, "starting_ms": 4, "recording_ms": 312}
FLAGS: list[dict[str, Any]] = [{"kind": kind, "on": on} for on in (True, False) for kind in ("hush", "standby")]


def _scenarios() -> Iterator[Scenario]:
    forged: dict[str, Any]

    def row(name: str, about: str, section: str, make: Make, *problems: str, **options: Any) -> Scenario:
        return Scenario(name, about, section, "kept", make, problems=problems, **{"path": "card", **options})

    yield row(
        "two-boots",
        "a log of two boots with a private part, countersigned to its end",
        "11",
        as_it_is("kept"),
        verdict=WHOLE,
    )
    yield row(
        "private-with-key",
        "the private part opens",
        "11.2",
        as_it_is("kept"),
        verdict=WHOLE,
        keys=("authority.agekey",),
    )
    yield row("cleared", "a card whose log a dock took over", "11.3", then("kept", _cleared), verdict=UNPROVEN)
    yield row(
        "cleared-and-erased",
        "and a recording that only the lines in the store tell of is gone",
        "11.3",
        _then(then("kept", _cleared), remove("card/recordings/00000001")),
        verdict=UNPROVEN,
    )
    yield row(
        "cleared-store",
        "the store that took the log over has all of it",
        "11.3",
        _then(then("kept", _log_receipted), move("card", STORE)),
        path="store",
        verdict=UNPROVEN,
    )
    yield row(
        "half-cleared",
        "a cut in the middle of the clearing",
        "11.3",
        _then(then("kept", _cleared), _from_base("card/audit/00000002.jwsl")),
        verdict=UNPROVEN,
    )
    yield row(
        "beginning-gone",
        "the log's beginning is gone, and nobody took it over",
        "11.3",
        changed("kept", remove(FIRST_LOG)),
        "audit: ",
    )
    for name, about, forged in (
        ("stranger", "of another authority's dock", {"signer": THEIRS.dock}),
        ("line", "for another line", {"audit": {"line": 2, "head": "1" * 64}}),
        ("volume", "for another volume", {"volume": "8" * 32}),
        ("device", "for another device", {"device": "cam-1"}),
    ):
        yield row(
            f"receipt-{name}",
            f"the log's beginning is gone, and its receipt is {about}",
            "11.3",
            _receipted(**forged),
            "",
        )
    for name, about, forged in (
        ("files", "for other bytes", {"files": [{"name": "00000001.jwsl", "length": 5, "hash": "1" * 64}]}),
        ("too-far", "for more lines than there are", {"files": [], "audit": {"line": 99, "head": "1" * 64}}),
    ):
        yield row(
            f"receipt-{name}",
            f"a receipt for the log {about}",
            "11.3",
            then("kept", partial(_receipt_for, forged)),
            "",
        )
    yield row(
        "turned-back",
        "a card that was turned back is found by the anchor that the dock has",
        "10",
        _with_anchor(_docked_again),
        ": it was turned back",
        anchors=("newest.jws",),
    )
    yield row(
        "turned-back-unasked",
        "the same card by itself looks well up to its own anchor",
        "10",
        _with_anchor(_docked_again),
        verdict=WHOLE,
    )
    yield row(
        "copied-camera",
        "a copy that went on by itself is found by the original's anchor",
        "10",
        _copied,
        ": two continuations of one log",
        anchors=("newest.jws",),
    )
    yield row(
        "anchor-from-outside",
        "an anchor from outside proves further than the card's own",
        "10",
        _then(then("kept", _docked_again), move("card/anchor.jws", "newest.jws")),
        verdict=WHOLE,
        anchors=("newest.jws",),
    )
    yield row(
        "anchor-taken-away",
        "without it nobody outside vouches for the log",
        "10",
        changed("kept", remove("card/anchor.jws")),
        verdict=UNPROVEN,
    )
    yield row(
        "anchor-nonsense",
        "an anchor from outside that is none",
        "10",
        changed("kept", put("newest.jws", b"a.b.c\n")),
        verdict=REFUSED,
        anchors=("newest.jws",),
    )
    for name in ("audit/00000002.jwsl", "audit/00000002.private.age", "volume.jws"):
        target = f"{STORE}/{name}.conflict-0123abcd"
        yield row(
            f"aside-{name.replace('/', '-')}",
            f"a dock set another {name} aside",
            "1",
            _then(as_it_is("kept"), move("card", STORE), copy(f"{STORE}/volume.jws", target)),
            ": ",
            path="store",
        )
    yield row(
        "counter",
        "the hardware's counter ran as far as the log",
        "11.1",
        _counting(0),
        path="store/cam-0042",
        verdict=WHOLE,
    )
    yield row(
        "counter-ahead",
        "the hardware's counter saw an opening that no log here has",
        "11.1",
        _counting(1),
        "",
        path="store/cam-0042",
    )
    yield row(
        "counter-elsewhere",
        "that opening is on the device's other card",
        "11.1",
        _two_counting,
        path="store/cam-0042",
        verdict=WHOLE,
    )
    yield row("counter-back", "the hardware's counter ran back", "11.1", _counting(-2), "", path="store/cam-0042")
    yield row(
        "private-cut",
        "the private part is cut off",
        "11.2",
        changed("kept", edit(PRIVATE, lambda data: data[:-1])),
        "audit/00000002.private.age: is cut off",
    )
    yield row(
        "private-flipped",
        "a changed bit in the private part",
        "11.2",
        changed("kept", flip(PRIVATE, 900)),
        "audit/00000002.private.age: ",
    )
    yield row(
        "private-longer",
        "something stands behind the private part",
        "11.2",
        changed("kept", edit(PRIVATE, lambda data: data + b"x")),
        "audit/00000002.private.age: ",
    )
    yield row(
        "private-gone",
        "the private part is gone",
        "11.2",
        changed("kept", remove(PRIVATE)),
        "audit/00000002.private.age: is missing",
    )
    yield row(
        "private-unknown",
        "a private part of a boot that no line is of",
        "11.2",
        changed("kept", put(f"{CARD}audit/00000007.private.age", b"x")),
        "audit/00000007.private.age: ",
    )
    yield row("private-goes-on", "a private part that goes on after it was closed", "11.2", then("kept", _goes_on), "")
    for name, about, records, problems in (
        ("kinds", "how long a start took; hush and standby, begun and ended", [WAITED, *FLAGS], ()),
        (
            "latency-member",
            "a start without its first figure",
            [{each: WAITED[each] for each in WAITED if each != "starting_ms"}],
            ("audit/00000003.private.age: ",),
        ),
    ):
        given: dict[str, Any] = {} if problems else {"verdict": UNPROVEN}
        yield row(
            f"private-{name}",
            about,
            "11.2",
            _noted(*records),
            *problems,
            keys=("authority.agekey",),
            **given,
        )
    yield row(
        "private-cut-off",
        "what a cut left of a private part is told, and not signed",
        "11.2",
        then("kept", _cut_off),
        verdict=UNPROVEN,
    )


def _from_base(path: str) -> Change:
    def change(tree: dict[str, bytes]) -> None:
        tree[path] = as_it_is("kept")()[path]

    return change


SCENARIOS = tuple(_scenarios())
