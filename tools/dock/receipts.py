"""Receipts for recordings: signed once everything is durable here and in as many further places as were demanded.

Copies are made beside the conversation, so the next recording is fetched while the one before goes to its places.  Where they lack, the camera
gets no receipt and keeps what it has; everything else of it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from firmware.dock.messages import Error, ReceiptLine
from firmware.evidence import jws
from firmware.evidence.errors import EvidenceError
from firmware.evidence.kinds import RECEIPT, words
from tools.dock import durable
from tools.dock.conversation import DeclinedError, Talk, hand_over, until
from tools.dock.copying.copies import Job
from tools.dock.custody import Papers
from tools.dock.events import Kind
from tools.dock.met import Met
from tools.dock.store import RECEIPT as RECEIPT_FILE
from tools.dock.timing.stamping import Stamping


class Receipts:
    """What one camera may be given receipts for."""

    def __init__(self, met: Met, stamping: Stamping | None = None) -> None:
        """Nothing yet."""
        self.given = 0
        self._met = met
        self._stamping = stamping
        self._copying: dict[Path, tuple[Papers, Job]] = {}
        self._lacking: list[tuple[str, Mapping[str, str]]] = []

    @property
    def lacking(self) -> bool:
        """Whether anything got no receipt for lack of copies in this round."""
        return bool(self._lacking)

    def begin(self) -> None:
        """A round begins."""
        self._lacking = []

    def trouble(self, place: Path) -> bool:
        """Whether no receipt can be signed now, so that there is no sense in reading the store again for one."""
        trouble = {} if self._met.apart else self._met.store.copies.trouble
        if trouble:
            self.lack(place.name, trouble)
        return bool(trouble)

    def expected(self, place: Path) -> bool:
        """Whether this recording, fetched or read again in this session, is on its way already."""
        return place in self._copying

    def prepare(self, place: Path, papers: Papers) -> None:
        """A recording is whole and durable in the store: bring it into all places."""
        copies = self._met.store.copies
        if self._met.apart:
            copies.later(*place.iterdir())
            return
        there = [entry for entry in papers.files if entry["length"] or (place / entry["name"]).exists()]
        files = [copies.wanted(place / entry["name"], entry["length"], entry["hash"]) for entry in there]
        self._copying[place] = papers, copies.secure(place.relative_to(self._met.store.root).as_posix(), files)

    def hand_over(self, *, wait: bool = False) -> Talk[None]:
        """Sign for what has its copies and hand that over; ``wait`` for all that are still being made."""
        for place, (papers, job) in list(self._copying.items()):
            if wait:
                yield from until(job.wait)
            if not job.settled:
                continue
            if not job.enough:
                self.lack(place.name, job.failures)
            elif not self._met.apart:
                try:
                    yield from self._sign(place, papers)
                except (EvidenceError, DeclinedError) as error:
                    self._met.tell(Kind.REJECTED, item=place.name, text=str(error))
            del self._copying[place]

    def lack(self, item: str, failures: Mapping[str, str]) -> None:
        """Something gets no receipt for lack of copies, by place for this reason."""
        self._lacking.append((item, failures))

    def complain(self) -> Talk[None]:
        """Tell people and the camera, whose session this ends, that something got no receipt in this round."""
        item, failures = self._lacking[0]
        text = "; ".join(f"{place}: {why}" for place, why in failures.items())
        self._met.tell(Kind.WITHHELD, items=len(self._lacking), text=f"{item}: {text}")
        # Its log, which anybody can read, need not say where an authority keeps its evidence.
        yield Error("store", words(f"no receipt for lack of copies: {'; '.join(sorted(set(failures.values())))}"))

    def _sign(self, place: Path, papers: Papers) -> Talk[None]:
        """Everything is durable: say so."""
        facts = {**papers.facts, "store": self._met.store.id, **self._met.signing}
        line = self._met.identity.sign(RECEIPT, facts)
        durable.write(place / RECEIPT_FILE, line + b"\n")
        self._met.store.copies.later(place / RECEIPT_FILE, paper=True)
        yield from hand_over(ReceiptLine(line), line)
        self.given += 1
        self._met.tell(Kind.RECEIPTED, item=place.name, hash=jws.line_hash(line))
        if self._stamping:
            self._stamping.ask(place)
