"""Whether the authority has this camera record nothing more, kept on the small partition.  Changed by the writer alone.

A recalled camera hands over what it holds as ever; it begins no recording, and goes on with none.  Whoever has the card in hand can take the
papers away: then the log says that it was recalled and not that it was released, and the verifier names what it recorded since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble
from firmware.evidence.errors import EvidenceError, FormatError, MismatchError, SequenceError
from firmware.evidence.jws import from_file
from firmware.evidence.kinds import RECALL, words
from firmware.evidence.recall import FILES, UNDO, expect_of, verify_order
from firmware.runtime import durable
from firmware.runtime.custody import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.evidence.documents import Kind
    from firmware.evidence.jws import Signed
    from firmware.runtime.enrolment import Enrolment
    from hal.interface import Directory

_BARRED: Final = frozenset({Trouble.RECALLED})


class Recalls:
    """The papers about this camera's recall.  ``standing`` may be read from any thread."""

    def __init__(
        self, config: Directory, enrolment: Callable[[], Enrolment], note: Callable[[str, Mapping[str, object]], None]
    ) -> None:
        """``enrolment``: what holds now; ``note`` writes a line of the audit log."""
        self._config = config
        self._enrolment = enrolment
        self._note = note
        self._troubles: list[str] = []
        self._papers = self._read()

    @property
    def standing(self) -> Signed | None:
        """The recall that is in force."""
        papers = self._papers
        recall = papers.get(RECALL)
        return None if recall is None or _undone(papers) else recall

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What it bars."""
        return _BARRED if self.standing is not None else frozenset()

    def take(self, line: bytes) -> None:
        """Keep a recall, a release or a consent.  Docks offer each one again and again: the same one changes nothing."""
        enrolment = self._enrolment()
        kind, signed = verify_order(line, enrolment.trust_now, device=enrolment.session.device)
        mine = self._papers.get(kind)
        if mine is not None and mine.hash == signed.hash:
            return
        (self._recall if kind is RECALL else self._undo)(kind, signed)

    def tell(self) -> None:
        """Have this file of the log say that the recall stands, and what among the papers cannot be believed."""
        for trouble in self._troubles:
            self._note("fault", {"code": trouble})
        self._troubles.clear()
        self._say("stands")

    def _recall(self, kind: Kind, signed: Signed) -> None:
        known = self._papers.get(RECALL)
        if known is not None and signed.payload["utc_ms"] <= known.payload["utc_ms"]:
            message = f"{kind.typ}: utc_ms: is not newer than that of the recall that is known"
            raise SequenceError(message)
        durable.replace(self._config, FILES[RECALL], signed.line + b"\n")
        self._papers = {RECALL: signed}  # what undid an older one names that one
        self._say("recalled")

    def _undo(self, kind: Kind, signed: Signed) -> None:
        recall = self._papers.get(RECALL)
        if recall is None:
            message = f"{kind.typ}: recall: this camera was not recalled"
            raise MismatchError(message)
        expect_of(recall, kind, signed)
        papers = {**self._papers, kind: signed}
        if _undone(papers) and self.standing is not None:
            self._note("recall", _facts("released", recall))  # first: what is recorded from then on has the log's word
        durable.replace(self._config, FILES[kind], signed.line + b"\n")
        self._papers = papers

    def _say(self, state: str) -> None:
        if (recall := self.standing) is not None:
            self._note("recall", _facts(state, recall))

    def _read(self) -> dict[Kind, Signed]:
        """The papers that are there and hold.  What cannot be believed counts as nothing, and is told: a card that rots must not keep
        an officer's press from being recorded."""
        found: dict[Kind, Signed] = {}
        here = set(self._config.names())
        for kind, name in FILES.items():
            if name not in here:
                continue
            try:
                signed = self._verified(kind, name)
            except (EvidenceError, OSError) as error:
                self._troubles.append(words(f"{name}: {error}"))
                continue
            if kind is RECALL or (RECALL in found and signed.payload["recall"] == found[RECALL].hash):
                found[kind] = signed  # what is about an older recall lies there until it is replaced
        return found

    def _verified(self, kind: Kind, name: str) -> Signed:
        enrolment = self._enrolment()
        line = from_file(durable.read(self._config, name, LIMIT), name)
        read, signed = verify_order(line, enrolment.trust, device=enrolment.session.device)
        if read is not kind:
            message = f"is a {read.typ}"
            raise FormatError(message)
        return signed


def _undone(papers: Mapping[Kind, Signed]) -> bool:
    return all(kind in papers for kind in UNDO)


def _facts(state: str, recall: Signed) -> Mapping[str, object]:
    return {"state": state, "recall": recall.hash, "reason": recall.payload["reason"]}
