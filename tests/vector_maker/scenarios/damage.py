"""Each kind of damage to each kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.vector_maker.bases import FIRST
from tests.vector_maker.evidence import OPEN, WHOLE, Scenario
from tests.vector_maker.scenarios.making import Change, changed, copy, edit, flip, put, remove, swap
from tests.vector_maker.tree import FOLDER, Link

SEGMENT, PRIVATE = "000000.mp4.age", "private.age"
JOURNAL, MANIFEST, RECEIPT = "journal.jwsl", "manifest.jws", "receipt.jws"
FILES = {
    SEGMENT: ("4", "a segment"),
    PRIVATE: ("7", "the private part"),
    JOURNAL: ("6", "the journal"),
    MANIFEST: ("8", "the manifest"),
    RECEIPT: ("9", "the receipt"),
}
SECOND = "card/recordings/00000002"


def _at(path: str) -> str:
    return f"{FIRST}/{path}"


DAMAGES: dict[str, tuple[str, Callable[[str], Change]]] = {
    "first-byte": ("a bit of the first byte of", lambda path: flip(path, 0)),
    "middle-byte": ("a bit in the middle of", lambda path: flip(path, 0.5, 4)),
    "last-byte": ("a bit of the last byte of", lambda path: flip(path, -1, 0x20)),
    "cut": ("the last byte is cut off from", lambda path: edit(path, lambda data: data[:-1])),
    "half": ("half is cut off from", lambda path: edit(path, lambda data: data[: len(data) // 2])),
    "empty": ("nothing is left of", lambda path: edit(path, lambda _data: b"")),
    "longer": ("one byte is added to", lambda path: edit(path, lambda data: data + b"\n")),
    "link": ("a symbolic link stands for", lambda path: put(path, Link(b"../00000002"))),
    "folder": ("a folder stands for", lambda path: put(path, FOLDER)),
}

AGE: dict[str, tuple[str, Callable[[bytes], int]]] = {
    "stanza": ("a bit of a stanza of a segment", lambda data: data.index(b"X25519") + 20),
    "mac": ("a bit of the header's MAC of a segment", lambda data: data.index(b"--- ") + 9),
    "nonce": ("a bit of the payload's nonce of a segment", lambda data: data.index(b"--- ") + 50),
    "first-chunk": ("a bit of the first chunk of a segment", lambda data: data.index(b"--- ") + 100),
    "padding": ("a bit of the padding of a segment", lambda data: len(data) - 200),
    "last-chunk": ("a bit of the last chunk of a segment", lambda data: len(data) - 20),
}


def _scenarios() -> Iterator[Scenario]:
    for file, (section, words) in FILES.items():
        stem = file.partition(".")[0].replace("000000", "segment")
        for name, (about, damage) in DAMAGES.items():
            yield Scenario(
                f"{stem}-{name}",
                f"{about} {words}",
                section,
                "card",
                changed("card", damage(_at(file))),
                problems=(f"{file}: ",),
            )
        if file != RECEIPT:
            yield Scenario(
                f"{stem}-of-another", f"{words} of the camera's next recording stands here", section, "card",
                changed("card", copy(f"{SECOND}/{file}", _at(file))), problems=(f"{file}: ",),
            )  # fmt: skip
        if file not in (MANIFEST, RECEIPT):
            yield Scenario(
                f"{stem}-removed", f"{words} is gone", section, "card", changed("card", remove(_at(file))),
                problems=(f"{file}: is missing",),
            )  # fmt: skip
    for name, (about, where) in AGE.items():
        yield Scenario(f"segment-{name}", about, "4", "card", changed("card", _flip(where)), problems=(f"{SEGMENT}: ",))


def _flip(where: Callable[[bytes], int]) -> Change:
    def change(tree: dict[str, bytes]) -> None:
        flip(_at(SEGMENT), where(tree[_at(SEGMENT)]), 2)(tree)

    return change


_EXTRA = {
    "segment-number": ("000007.mp4.age", "a copy of a segment under another number"),
    "notes": ("notes.txt", "a file of another kind"),
    "hidden": (".hidden", "a hidden file"),
    "backup": ("000000.mp4.age~", "a backup copy"),
    "short-number": ("0.mp4.age", "a segment's name with too few digits"),
}

SCENARIOS = (
    *_scenarios(),
    *(
        Scenario(
            f"added-{name}", f"{about} was added", "1", "card", changed("card", copy(_at(SEGMENT), _at(file))), problems=(f"{file}: ",)
        )
        for name, (file, about) in _EXTRA.items()
    ),
    Scenario(
        "receipt-removed", "without its receipt a recording is whole, and no dock vouches for a time", "9", "card",
        changed("card", remove(_at(RECEIPT))), verdict=WHOLE,
    ),
    Scenario(
        "manifest-removed", "a receipt without a manifest", "9", "card", changed("card", remove(_at(MANIFEST))),
        problems=(f"{RECEIPT}: ",),
    ),
    Scenario(
        "manifest-and-receipt-removed", "without both it passes for one that was cut off", "8", "card",
        changed("card", remove(_at(MANIFEST), _at(RECEIPT))), verdict=OPEN,
    ),
    Scenario(
        "segments-swapped", "two segments change places", "6.2", "recording",
        changed("recording", swap(_at("000000.mp4.age"), _at("000001.mp4.age"))),
        problems=("000000.mp4.age: ", "000001.mp4.age: "),
    ),
    Scenario(
        "all-of-another-but-manifest", "everything but the manifest is of the next recording", "8", "card",
        changed("card", *(copy(f"{SECOND}/{file}", _at(file)) for file in (SEGMENT, PRIVATE, JOURNAL))),
        problems=(f"{JOURNAL}: ",),
    ),
)  # fmt: skip
