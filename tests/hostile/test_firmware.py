"""The whole camera in front of docks of ours that would have it run other firmware: nothing but whole bundles of our update signer reach the
updater, and all that the camera promises of its footage holds meanwhile."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from firmware.dock.bundling import BundleLine, Piece
from firmware.dock.messages import Bye, Error, Message, Refused
from firmware.dock.wire import encode
from firmware.evidence import documents
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.roles import Role
from hal.interface import PortKind
from tests import samples
from tests.hostile.acts import Attempt, ask, greet, says
from tests.hostile.bench import MOST_BYTES, Bench, camera
from tests.hostile.docks import HEAD, NOBODY, STALLED
from tests.hostile.peers import Act, Liar, Script
from tests.hostile.test_docks import MOST_LINES
from tests.pki import Pki
from tests.rig import pki

if TYPE_CHECKING:
    from pathlib import Path

DATA = bytes(range(256)) * 500
_FLIPPED = DATA[:-1] + b"?"


def paper(role: Role = Role.UPDATE, authority: Callable[[], Pki] = pki, **changes: Any) -> BundleLine:
    """A paper for ``DATA``."""
    signer = authority().holder(role)
    return BundleLine(documents.sign(BUNDLE, samples.bundle(DATA, **changes), signer.sign, signer.chain.ders))


@functools.cache
def good() -> BundleLine:
    """One that our update signer signed: a dock has those that there are, and cannot make another."""
    return paper()


def wrong() -> list[Callable[[], Message]]:
    """That paper, and other bytes than it says."""
    return [good, lambda: Piece(_FLIPPED[:64_000]), lambda: Piece(_FLIPPED[64_000:])]


def offers(*lines: Callable[[], Message], after: tuple[Act, ...] = (encode(Bye()),)) -> Attempt:
    """A dock that says these, hears the answer to each, and then says what comes ``after``."""

    def script(_liar: Liar) -> Script:
        yield from greet()
        for line in lines:
            yield from ask(line())
        yield from after

    return lambda bench: bench.liar(script)


@dataclass(frozen=True)
class Row:
    """One behaviour, what the camera's log says of it, and the codes that the dock heard."""

    name: str
    attempt: Attempt
    says: str
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


ROWS: tuple[Row, ...] = (
    Row("a paper that a dock signed", offers(lambda: paper(Role.DOCK)), "BundleLine refused: ", ("evidence",)),
    Row("a paper that a settings signer signed", offers(lambda: paper(Role.SETTINGS)), "BundleLine refused: ", ("evidence",)),
    Row("a paper that the camera signed", offers(lambda: paper(Role.DEVICE)), "BundleLine refused: ", ("evidence",)),
    Row("a paper of another authority", offers(lambda: paper(authority=Pki.create)), "BundleLine refused: ", ("evidence",)),
    Row("a paper with another byte", offers(lambda: BundleLine(paper().data[:-3] + b"AAA")), "BundleLine refused: signature", ("evidence",)),
    Row("forged papers without end", offers(*[functools.partial(paper, Role.DOCK)] * 40), "more than 16", ("evidence",) * 16 + ("refused",)),
    Row("for another board", offers(lambda: paper(board="other")), NOBODY, ("board",)),
    Row("for a camera that has another before", offers(lambda: paper(needs=3)), NOBODY, ("serial",)),
    Row("larger than there is room", offers(lambda: paper(length=1 << 28)), NOBODY, ("space",)),
    Row("other bytes than the paper says", offers(*wrong()), NOBODY, ("hash",)),
    Row("other bytes, again and again", offers(*wrong(), *wrong(), *wrong(), good), NOBODY, ("hash",) * 3 + ("failed",)),
    Row("more bytes than the paper says", offers(good, lambda: Piece(DATA[:65_536]), lambda: Piece(bytes(65_536))), NOBODY, ("range",)),
    Row("a piece that nobody asked for", says(encode(Piece(b"x"))), "cannot say Piece", ("protocol",)),
    Row("pieces without waiting for an answer", offers(good, after=(encode(Piece(b"x")) * 200,)), "cannot say Piece", ("protocol",)),
    Row("a piece of 4 GiB", offers(good, after=(b"\x1a" + HEAD[1:],)), "4294967295 bytes", ("protocol",)),
    Row("a paper of 4 GiB", says(b"\x18" + HEAD[1:]), "4294967295 bytes", ("protocol",)),
    Row("a piece without bytes", offers(good, after=(b"\x1a\0\0\0\0",)), "no bytes", ("protocol",)),
    Row("what only a camera says", says(b'\x19\0\0\0\x0c{"offset":0}'), "cannot say Wanted", ("protocol",)),
    Row("stalls in the middle", offers(good, lambda: Piece(DATA[:9]), after=()), STALLED, ()),
    Row("stalls in the middle of a piece", offers(good, after=(encode(Piece(DATA[:999]))[:500],)), STALLED, ()),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_other_firmware_never_gets_in(row: Row, tmp_path: Path) -> None:
    """Each is refused, noted within bounds, and leaves the camera with its firmware, its footage, and ready for an honest dock."""
    bench = Bench(camera(), tmp_path, PortKind.STREAM)
    bench.rig.config.trouble.capacity = 64 << 20
    told = bench.meet(row.attempt)
    codes = tuple(said.code for liar in bench.liars for said in liar.heard if isinstance(said, Error | Refused))
    assert codes == row.codes
    blamed = [outcome for outcome in told.outcomes if outcome != NOBODY]
    assert any(re.search(row.says, outcome) for outcome in blamed) if row.says != NOBODY else not blamed
    assert told.lines <= MOST_LINES
    assert told.peak <= MOST_BYTES
    assert not bench.rig.camera.shelf.bundles.step(Event())
    assert not bench.rig.hal.updater.pending()
    assert not {"received", "handed-over", "installed"} & {
        each["data"]["state"] for each in bench.rig.audit() if each["kind"] == "update"
    }
    bench.handed_over()
