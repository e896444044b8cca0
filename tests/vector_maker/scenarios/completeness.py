"""Cards and stores in which recordings are missing, moved or added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.evidence_maker import Authority, Camera, Identity, issue
from tests.vector_maker.bases import FIRST, SMALL, base, tell
from tests.vector_maker.evidence import UNPROVEN, Scenario
from tests.vector_maker.scenarios.making import Change, Make, changed, copy, move, put, remove, swap, then
from tests.vector_maker.scenarios.whole import in_store, volume_id
from tests.vector_maker.tree import FOLDER, Link

STORE = f"store/cam-0042/{volume_id()}"
RECORDINGS = "card/recordings"


class Twins(Authority):
    """Issues the same name on another key."""

    def device(self, name: str, **forged: object) -> Identity:
        """A twin."""
        return issue("device", name, self.device_ca, "a twin", **forged)


def _number(number: int) -> str:
    return f"{RECORDINGS}/{number:08d}"


def _one(camera: Camera) -> None:
    camera.record(SMALL)


def _other(**options: Any) -> dict[str, bytes]:
    """A card with one small recording of another volume or camera."""
    return tell(_one, **options)


def _instead(**options: Any) -> Change:
    """Recording 1 is that of another card."""

    def change(tree: dict[str, bytes]) -> None:
        remove(FIRST)(tree)
        tree |= {path: data for path, data in _other(**options).items() if path.startswith(FIRST)}

    return change


def _beside(**options: Any) -> Make:
    """A store with another card's volume beside ours."""

    def make() -> dict[str, bytes]:
        other = _other(**options)
        name, volume = str(options.get("name", "cam-0042")), str(options.get("volume", volume_id()))
        move("card", f"store/{name}/{volume}")(other)
        return {**in_store(), **other}

    return make


def _moved(target: str) -> Make:
    def make() -> dict[str, bytes]:
        tree = in_store()
        move(STORE, target)(tree)
        return tree

    return make


def _cut_then(camera: Camera, kind: str | None) -> None:
    """A fourth recording that is cut off and whose folder is gone; with ``kind`` the camera found that out."""
    recorder = camera.open(SMALL)
    recorder.record(SMALL, 1)
    if kind:
        camera.boot()
        camera.log(kind, {"number": 4})
        del camera.unclosed[4]


def _voided(camera: Camera) -> None:
    recorder = camera.open(SMALL)
    (recorder.directory / "journal.jwsl").write_bytes(b"eyJhbG")
    camera.boot()
    camera.log("void", {"number": 4})
    del camera.unclosed[4]
    camera.record(SMALL)


def _resumes_unknown(camera: Camera) -> None:
    ended = camera.recorders[3].clock(0)
    camera.record(replace(SMALL, continues={"number": 3, "opening": "1" * 64, "ended": ended}))


def _gone(story: Make, *paths: str) -> Make:
    def make() -> dict[str, bytes]:
        tree = dict(story())
        remove(*paths)(tree)
        return tree

    return make


def _erased_with(receipt: str | None) -> Make:
    def story(camera: Camera) -> None:
        if receipt:
            camera.receipts[3] = receipt
        camera.erase(3 if receipt else 1)

    return then("card", story)


def _card(
    name: str, about: str, make: Make, *problems: str, section: str = "11", path: str = "card", **options: object
) -> Scenario:
    return Scenario(name, about, section, "card", make, path=path, problems=problems, **options)  # type: ignore[arg-type]  # a table


def _scenarios() -> Iterator[Scenario]:
    for number in (1, 2, 3):
        reason = f"recordings/{number:08d}: recording {number} is missing"
        yield _card(
            f"missing-{number}",
            f"recording {number} is gone from the card",
            changed("card", remove(_number(number))),
            reason,
        )
        make = _gone(in_store, f"{STORE}/recordings/{number:08d}")
        yield _card(f"store-missing-{number}", f"recording {number} is gone from the store", make, reason, path="store")
    yield _card("missing-all", "all recordings are gone", changed("card", remove(RECORDINGS)), "recordings")
    yield _card(
        "missing-opened",
        "a recording that was opened and never closed is gone",
        _gone(then("card", lambda camera: _cut_then(camera, None)), _number(4)),
        "recordings/00000004: recording 4 is missing",
    )
    yield _card(
        "missed-by-the-camera",
        "a recording that the camera itself found missing",
        _gone(then("card", lambda camera: _cut_then(camera, "missing")), _number(4)),
        "recordings/00000004: ",
    )
    yield _card(
        "voided",
        "an opening that never became durable, and the recording after it",
        then("card", _voided),
        verdict=UNPROVEN,
        unproven=("anything was recorded as 4",),
    )
    yield _card(
        "voided-recording",
        "a log that voids what was recorded",
        then("card", lambda camera: _cut_then(camera, "void")),
        "recordings/00000004/journal.jwsl: ",
    )
    yield _card(
        "erased-in-store",
        "erased on the card, and at the dock it has to be",
        _in_store(_erased_with(None)),
        "recordings/00000001: recording 1 is missing",
        path="store",
    )
    yield _card(
        "erased-without-receipt",
        "erased without the receipt that the log names",
        _erased_with("1" * 64),
        ": recording 3 was erased without that receipt",
    )
    yield _card(
        "receipt-gone",
        "the log knows of a receipt that is not there",
        changed("card", remove(f"{_number(2)}/receipt.jws")),
        "recordings/00000002/journal.jwsl: the audit log knows of a receipt",
    )
    yield _card(
        "manifest-gone",
        "the log knows of a manifest that is not there",
        changed("card", remove(f"{_number(3)}/manifest.jws")),
        "recordings/00000003/journal.jwsl: the audit log says that it was sealed",
    )
    yield _card(
        "swapped",
        "two recordings change places",
        changed("card", swap(_number(1), _number(2))),
        "recordings/00000001/journal.jwsl: it is recording 2",
        "recordings/00000002/journal.jwsl: it is recording 1",
    )
    yield _card(
        "renumbered",
        "a recording under another number",
        changed("card", move(_number(3), _number(9))),
        "recordings/00000009",
        "recordings/00000003: recording 3 is missing",
    )
    yield _card(
        "copied",
        "a copy of a recording under another number",
        changed("card", *(copy(path, path.replace("/00000003/", "/00000004/")) for path in _files(3))),
        "recordings/00000004",
    )
    yield _card(
        "of-another-volume",
        "a recording of the same camera's other card",
        changed("card", _instead(volume="8" * 32)),
        "recordings/00000001/journal.jwsl: it was recorded on another volume",
    )
    yield _card(
        "of-another-camera",
        "a recording of another camera",
        changed("card", _instead(name="cam-0043")),
        "recordings/00000001/journal.jwsl: it is cam-0043's",
    )
    yield _card(
        "of-a-twin",
        "a recording of a second camera of that name",
        changed("card", _instead(authority=Twins())),
        "recordings/00000001",
    )
    yield _card(
        "resumes-unknown",
        "a recording that resumes another than the one there",
        then("card", _resumes_unknown),
        "recordings/00000004/journal.jwsl: it resumes another recording",
        section="6.1",
    )
    for name, stranger in (("short", "3"), ("suffix", "00000003.bak"), ("word", "notes")):
        yield _card(
            f"stranger-{name}",
            f"a folder {stranger} among the recordings",
            changed("card", put(f"{RECORDINGS}/{stranger}", FOLDER)),
            f"recordings/{stranger}: ",
            section="1",
        )
    yield _card(
        "linked-recording",
        "a symbolic link among the recordings",
        changed("card", put(_number(8), Link(b"00000001"))),
        "recordings/00000008: ",
        section="1",
    )
    yield _card(
        "linked-audit",
        "a symbolic link for the log's folder",
        changed("card", move("card/audit", "elsewhere"), put("card/audit", Link(b"../elsewhere"))),
        "audit: is a symbolic link",
        section="1",
    )
    yield _card(
        "conflict-aside",
        "a dock set other evidence for the same number aside",
        _conflict(),
        "recordings/00000001.conflict-0123abcd: other evidence claims the same number",
        section="1",
        path="store",
    )
    yield _card(
        "wrong-device-folder",
        "a volume in another device's folder",
        _moved(f"store/cam-0043/{volume_id()}"),
        ": it is volume",
        section="1",
        path="store",
    )
    yield _card(
        "wrong-volume-folder",
        "a volume under another id",
        _moved(f"store/cam-0042/{'8' * 32}"),
        ": it is volume",
        section="1",
        path="store",
    )
    yield _card(
        "two-volumes",
        "a device with two cards",
        _beside(volume="8" * 32),
        path="store/cam-0042",
        verdict=UNPROVEN,
        section="1",
    )
    yield _card(
        "two-cameras", "a store of two cameras", _beside(name="cam-0043"), path="store", verdict=UNPROVEN, section="1"
    )
    yield _card(
        "empty", "nothing to judge", changed("card", put("empty", FOLDER)), path="empty", verdict="refused", section="1"
    )
    yield _card(
        "newer-than-the-log",
        "in a store a recording may be newer than the copy of the log",
        _newer(),
        path="store",
        verdict=UNPROVEN,
    )
    yield _card(
        "newer-with-a-hole",
        "and a hole below it is still seen",
        _gone(_newer(5), f"{STORE}/recordings/00000004"),
        "recordings: recording 4 is missing",
        path="store",
    )


def _files(number: int) -> list[str]:
    return [path for path in base("card") if path.startswith(f"{_number(number)}/")]


def _in_store(story: Make) -> Make:
    def make() -> dict[str, bytes]:
        tree = dict(story())
        move("card", STORE)(tree)
        return tree

    return make


def _conflict() -> Make:
    def make() -> dict[str, bytes]:
        tree = in_store()
        copy(
            f"{STORE}/recordings/00000002/journal.jwsl", f"{STORE}/recordings/00000001.conflict-0123abcd/journal.jwsl"
        )(tree)
        return tree

    return make


def _newer(newest: int = 4) -> Make:
    def more(camera: Camera) -> None:
        for _ in range(4, newest + 1):
            camera.record(SMALL)

    def make() -> dict[str, bytes]:
        grown = then("card", more)()
        new = {
            path: data
            for path, data in grown.items()
            if path.startswith(tuple(_number(each) for each in range(4, newest + 1)))
        }
        move("card", STORE)(new)
        return {**in_store(), **new}

    return make


SCENARIOS = tuple(_scenarios())
