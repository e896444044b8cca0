"""Manifests, signed by the device, that are not what the journal and the files say."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.vector_maker.evidence import Scenario
from tests.vector_maker.forging import MANIFEST, Edit, deep, editing, having
from tests.vector_maker.scenarios.making import forged

NAME = "manifest.jws"


def _signed(**members: object) -> Edit:
    """Of the first file that is listed, what the journal is said to vouch for."""

    def how(old: dict[str, Any]) -> dict[str, Any]:
        first, *rest = old["files"]
        return {**old, "files": [{**first, "signed": {**first["signed"], **members}}, *rest]}

    return how


def _files(change: Any) -> Edit:
    return lambda old: {**old, "files": change(old["files"])}


EDITS: dict[str, tuple[str, Edit, str]] = {
    "volume": ("of another volume", having(volume="9" * 32), f"{NAME}: volume is not"),
    "number": ("of another number", having(number=2), f"{NAME}: number is not"),
    "boot": ("of another boot", having(boot=2, signed_boot=2), f"{NAME}: boot is not"),
    "device": ("of another device", having(device="cam-1"), f"{NAME}: device is cam-1"),
    "opening": ("of another opening", having(opening="1" * 64), f"{NAME}: is of another recording"),
    "journal-lines": ("that counts fewer lines", deep("journal", lines=2), f"{NAME}: journal is not"),
    "journal-hash": ("with another hash of the journal", deep("journal", hash="1" * 64), "journal.jwsl: "),
    "journal-length": ("with another length of the journal", deep("journal", length=9), "journal.jwsl: "),
    "journal-head": ("with another last line", deep("journal", head="1" * 64), f"{NAME}: journal is not"),
    "samples-video": ("that counts other frames", deep("samples", video=3), f"{NAME}: samples is not"),
    "samples-audio": ("that counts other sound", deep("samples", audio=3), f"{NAME}: samples is not"),
    "span-until": ("with another end", deep("span", until=3), f"{NAME}: span is not"),
    "span-from": ("with another begin", deep("span", **{"from": 3}), f"{NAME}: span is not"),
    "span-null": ("without a span", having(span=None), f"{NAME}: span is not"),
    "gaps": ("with other gaps", deep("gaps", video=3), f"{NAME}: gaps is not"),
    "state": ("that calls itself recovered in its own boot", having(state="recovered"), f"{NAME}: state and signed_boot do not fit"),
    "signed-boot": ("that was sealed by a later boot", having(signed_boot=2), f"{NAME}: state and signed_boot do not fit"),
    "missing": ("that knows missing segments, and is sealed", having(missing=[0]), f"{NAME}: "),
    "unsorted": ("whose files are not sorted", _files(lambda rows: rows[::-1]), f"{NAME}: "),
    "twice": ("that lists a file twice", _files(lambda rows: [rows[0], *rows]), f"{NAME}: "),
    "forgets": ("that forgets a file", _files(lambda rows: rows[1:]), "000000.mp4.age: "),
    "invents": ("that lists a file more",
                _files(lambda rows: [*rows[:-1], {**rows[0], "name": "000009.mp4.age"}, rows[-1]]), "000009.mp4.age: "),
    "signed-hash": ("that says that the journal signs other bytes", _signed(hash="1" * 64), "000000.mp4.age: "),
    "signed-length": ("that says that the journal signs fewer bytes", _signed(length=5), "000000.mp4.age: "),
    "file-path": ("with a path for a name",
                  _files(lambda rows: [{**rows[0], "name": "../000000.mp4.age"}, *rows[1:]]), f"{NAME}: "),
    "settings": ("whose settings are no hash", having(settings="x"), f"{NAME}: settings"),
    "signer": ("with a signer of no known kind", having(signer="paper"), f"{NAME}: signer"),
    "second": ("that names a second signature that is not there", having(second="1" * 64), "manifest.pq.jws: "),
    "priority": ("whose mark is neither true nor false", having(priority=1), f"{NAME}: priority"),
    "clock": ("whose clock is no clock", having(clock=5), f"{NAME}: clock"),
}  # fmt: skip

SCENARIOS = tuple(
    Scenario(
        name,
        f"a manifest {about}",
        "8",
        "card",
        forged("card", partial(editing, MANIFEST, how)),
        problems=(problem,),
    )
    for name, (about, how, problem) in EDITS.items()
)
