"""One volume of evidence: opening recordings and sealing them.  Called by the writer alone."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware.core.cutter import live_from
from firmware.core.forecast import Budget
from firmware.core.gauge import reading
from firmware.core.starts import counter_trouble, start_reason
from firmware.evidence.age import AgeWriter
from firmware.evidence.certs import write_pem
from firmware.evidence.errors import EvidenceError
from firmware.evidence.journal import Journal, last_clock
from firmware.evidence.jws import line_hash
from firmware.evidence.kinds import words
from firmware.evidence.log_kinds import MOST_OPEN
from firmware.evidence.manifest import sealed_manifest
from firmware.media.sei import Signatory
from firmware.runtime import durable, names, pending
from firmware.runtime.beside import Beside
from firmware.runtime.custody import Custody
from firmware.runtime.logkeeping import LogKeeping
from firmware.runtime.recalls import Recalls
from firmware.runtime.recording import RESERVE_JOURNAL, RESERVE_SEGMENT, OpenRecording
from firmware.runtime.stamps import Stamps
from firmware.runtime.timekeeping import Timekeeping
from firmware.runtime.volume import Volume
from firmware.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.evidence.certs import Trust
    from firmware.evidence.jws import Signed
    from firmware.evidence.recipients import Random
    from firmware.evidence.session import Session
    from firmware.runtime.enrolment import Enrolment
    from firmware.settings import Settings
    from hal.interface import Directory, File, Hal

MIB: Final = 1 << 20
TAIL: Final = 128 << 10
PER_MS: Final = 10_000
"""Units of 100 ns in a millisecond."""
SINCE_1601: Final = 116_444_736_000_000_000
"""The beginning of 1970 in units of 100 ns since that of 1601."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The next recording's directory, its journal and its first live segment: made, reserved and synced while idle."""

    number: int
    directory: Directory
    journal: File
    segment: File


class Vault:
    """Opens and seals recordings on a volume."""

    def __init__(self, hal: Hal, chosen: Settings, enrolment: Enrolment, *, random: Random) -> None:
        self.hal = hal
        self.settings = chosen
        self.enrolment = enrolment
        self.budget = Budget(chosen.bitrate, chosen.pre_event_s, chosen.queue_s, chosen.segment_s)
        self.stamps = Stamps(hal.clock)
        self.writing: set[int] = set()
        """Numbers that belong to this boot: being written, or lost in the middle."""
        self.custody = Custody(self)
        self.recalls = Recalls(hal.config.root(), lambda: self.enrolment, self._log)
        self.kept_log = LogKeeping(self)
        self.timekeeping = Timekeeping(self)
        self._random = random
        self._beside = Beside("muxing"), Beside("hashing")
        self._live_from = live_from(chosen.pre_event_s, chosen.segment_s)
        self._prepared: Prepared | None = None
        self._continues: Mapping[str, Any] | None = None
        self._pending = False
        self._volume: Volume | None = None

    @property
    def session(self) -> Session:
        """The keys of this boot."""
        return self.enrolment.session

    def trust(self) -> Trust:
        """What to believe of somebody met now."""
        return self.enrolment.trust_now

    @property
    def volume(self) -> Volume:
        """The mounted volume; ``OSError`` before ``mount``."""
        if self._volume is None:
            message = "the volume is not mounted"
            raise OSError(message)
        return self._volume

    def mount(self) -> bool:
        """Open the volume and begin this boot's audit log; True when a recording was cut off and has to go on, or was wanted when the
        service ended."""
        self._volume = volume = Volume.mount(
            self.hal.evidence,
            self.enrolment,
            self.stamps,
            reserve=self.settings.reserve_mib * MIB,
            random=self._random,
            age=self._age,
        )
        ledger = volume.audit.ledger
        newest = ledger.upcoming - 1
        resume = newest in ledger.unclosed or ledger.resume  # an older one had been taken over already
        if resume:
            self._continues = self._cut_off(newest)
        facts = self._boot_facts(start_reason(ledger.clock, self.stamps.now()))
        trouble = counter_trouble(facts["counter"], ledger.counter, ledger.opened)
        volume.audit.begin(facts)
        for code in (*(f"audit-damaged {name}" for name in volume.audit.damaged), *([trouble] if trouble else ())):
            volume.audit.write("fault", {"code": code})
        if self.enrolment.trouble is not None:
            volume.audit.write("fault", {"code": words(self.enrolment.trouble)})
        self.custody.tell_settings()
        self.recalls.tell()
        self.custody.read_anchor()
        self.kept_log.read()
        self._pending = pending.kept(self.hal.config.root())
        if self.recalls.standing is not None:
            self.answer_press()  # by a refusal, as any other one
            return False
        return resume or self._pending

    def _log(self, kind: str, facts: Mapping[str, object]) -> None:
        self.volume.audit.write(kind, dict(facts))

    def answer_press(self) -> None:
        """The press that an earlier boot had to leave has its answer: a recording, or a refusal."""
        if self._pending:
            self._pending = False
            pending.settle(self.hal.config.root())

    def renew_log(self) -> None:
        """Go on in another file of the audit log, once this one is long and nothing is being recorded: a boot reads the newest file
        before it can record.  What is told there is what an end on purpose and a new start would tell."""
        if self.volume.audit.long and not self.writing:
            facts = self._boot_facts("length")
            self.leave("length", resume=False)
            self.volume.audit.begin(facts)
            self.custody.tell_settings()
            self.recalls.tell()

    def _boot_facts(self, start: str) -> dict[str, Any]:
        signer, power, counter = self.hal.signer, None, None
        with suppress(OSError):  # a gauge that cannot be read stops nothing
            power = reading(self.hal.power.battery())
        with suppress(OSError):  # nor does a counter: that it says nothing any more is a fault of its own
            counter = signer.counter()
        return {"firmware": VERSION, "signer": signer.kind, "counter": counter, "start": start, "power": power}

    def _age(self) -> AgeWriter:
        """Begin an encrypted file, to the recipients in force."""
        return AgeWriter(self.enrolment.recipients, self._random)

    def begin(
        self,
        continues: Mapping[str, Any] | None = None,
        *,
        live_from: int | None = None,
        overlaps: tuple[Mapping[str, Any], ...] = (),
    ) -> OpenRecording:
        """Open the next recording; ``continues``: what its opening says of the one that it goes on with, by default of the one
        that an earlier boot left; ``live_from``: its first live segment, by default the one that was prepared; ``overlaps``: what it says of earlier
        ones that have some of its frames too.

        The audit log has the opening first, then the journal.  Names, files and their room are there before, made by ``prepare`` while
        idle, so that a press costs two syncs and the first flush.
        """
        audit, video = self.volume.audit, self.hal.video.format
        audio = self.hal.audio.format if self.hal.audio is not None else None
        ready, self._prepared = self.prepare(), None
        live_from = self._live_from if live_from is None else live_from
        if len(audit.ledger.unclosed) >= MOST_OPEN:
            message = f"{MOST_OPEN} recordings could not be closed: the next boot could not list them"
            raise OSError(message)
        journal = Journal(
            self.session,
            volume=self.volume.id,
            boot=audit.ledger.boot,
            number=ready.number,
            previous=audit.ledger.opening,
            anchor=self.custody.anchored,
            settings=self.enrolment.settings.hash,
            firmware=VERSION,
            signer=self.hal.signer.kind,
            clock=self.stamps.now(),
            live_from=live_from,
            continues=continues or self._continues,
            overlaps=list(overlaps),
            video={"width": video.width, "height": video.height, "fps": video.fps},
            audio=audio and {"rate": audio.rate, "channels": audio.channels},
        )
        self.writing.add(ready.number)  # whatever becomes of it now, this boot does not recover it
        audit.write("opening", {"number": ready.number, "opening": line_hash(journal.opening)})
        self._count()
        ready.journal.append(journal.opening + b"\n")
        ready.journal.sync()
        self._continues = None
        self.answer_press()
        return OpenRecording(
            ready.number,
            ready.directory,
            journal,
            ready.journal,
            spare=self._spare(ready, live_from),
            age=self._age,
            stamps=self.stamps,
            clock=self.hal.clock,
            formats=(video, audio),
            beside=self._beside,
            signatory=self._signatory(journal.transcript.clock),
        )

    def _spare(self, ready: Prepared, live_from: int) -> tuple[str, File] | None:
        """The prepared segment, if it is the first live one; else it goes: an empty file of that number would be missed as cut off."""
        name = names.segment(self._live_from)
        if live_from == self._live_from:
            return name, ready.segment
        ready.segment.close()
        ready.directory.remove(name)
        return None

    def _signatory(self, opened: Mapping[str, Any]) -> Signatory:
        """Who signs the picture: this boot's session, with the time that the opening has."""
        return Signatory(
            sign=self.session.sign_picture,
            chain=write_pem(self.session.chain.ders),
            firmware=VERSION,
            device=self.session.device,
            zero=(opened["utc_ms"] - opened["mono_ms"]) * PER_MS + SINCE_1601,
        )

    def _count(self) -> None:
        """Advance the hardware's counter.  One that fails is told, and refuses no incident."""
        try:
            self.hal.signer.advance()
        except OSError as error:
            self.volume.audit.write("fault", {"code": words(f"counter: {error}")})

    def prepare(self) -> Prepared:
        """Make the next recording's directory ready, unless it is."""
        number = self.volume.audit.ledger.upcoming
        if self._prepared is None or self._prepared.number != number:
            directory = self._empty_directory(names.recording(number))
            journal, segment = directory.create(names.JOURNAL), directory.create(names.segment(self._live_from))
            journal.reserve(RESERVE_JOURNAL)
            segment.reserve(RESERVE_SEGMENT)
            directory.sync()
            self.volume.recordings.sync()
            self._prepared = Prepared(number, directory, journal, segment)
        return self._prepared

    def _empty_directory(self, name: str) -> Directory:
        """A recording's directory with nothing in it.  What an earlier boot prepared is empty and goes; anything else is put away."""
        recordings = self.volume.recordings
        try:
            durable.clear(recordings.enter(name))
        except FileNotFoundError:
            pass  # the usual case, found without a look at all the others
        except OSError:
            self.quarantine(name)
        return recordings.enter(name, create=True)

    def quarantine(self, name: str) -> None:
        """Put a directory away that the audit log does not know, and say so."""
        volume = self.volume
        number = volume.audit.ledger.line + 1
        volume.audit.write("quarantine", {"name": words(name)})
        volume.recordings.rename(name, f"{name[:40]}-{number}", volume.quarantine)  # a name has room for 255 bytes
        volume.quarantine.sync()
        volume.recordings.sync()

    def seal(self, take: OpenRecording, *, priority: bool, resume: bool = False) -> None:
        """Close a recording with its manifest, then note the closing.  ``resume``: it has to go on, also where the power goes before the
        log's last line says so."""
        if resume:
            pending.keep(self.hal.config.root())
        take.close()
        journal = take.journal
        line = sealed_manifest(self.session, journal.transcript, journal.extent, **self.signing(priority=priority))
        self.close(take.number, take.directory, line)
        self.writing.discard(take.number)

    def signing(self, *, priority: bool) -> dict[str, Any]:
        """The members that every manifest made now has."""
        return {
            "priority": priority,
            "settings": self.enrolment.settings.hash,
            "signer": self.hal.signer.kind,
            "second": self.enrolment.second and self.enrolment.second.fingerprint,
            "clock": self.stamps.now(),
        }

    def close(self, number: int, directory: Directory, manifest: bytes) -> None:
        """Put a manifest in place, and its closing into the audit log.

        What signs the manifest again comes first: wherever a manifest is, that is, too.
        """
        second = self.enrolment.second
        if second is not None:
            durable.replace(directory, names.SECOND, second.sign(self.volume.id, number, manifest) + b"\n")
        durable.replace(directory, names.MANIFEST, manifest + b"\n")
        self.note_closing(self.custody.register(number, directory))

    def note_closing(self, manifest: Signed) -> None:
        """The closing line of a recording whose manifest is durable."""
        state, number = manifest.payload["state"], manifest.payload["number"]
        self.volume.audit.write("closing", {"number": number, "manifest": manifest.hash, "state": state})

    def cut(self, number: int) -> Mapping[str, Any] | None:
        """What an opening says about a recording that was cut off and that it continues; None if nothing is left of that one."""
        ledger = self.volume.audit.ledger
        opening = ledger.unclosed[number].hash if number in ledger.unclosed else ledger.opening
        try:
            directory = self.volume.recordings.enter(names.recording(number))
            with closing(directory.open(names.JOURNAL)) as journal:
                tail = journal.read(max(0, journal.size() - TAIL), TAIL)
                ended = last_clock(journal.read(0, TAIL), tail, self.enrolment.trust)
        except (OSError, EvidenceError):
            return None
        return {"number": number, "opening": opening, "ended": ended}

    def _cut_off(self, newest: int) -> Mapping[str, Any] | None:
        """What goes on at this start: the newest recording, or the one before it where the newest was to go on with that one and was
        cut off itself before its opening was durable."""
        said = self.cut(newest)
        while said is None and newest - 1 in self.volume.audit.ledger.unclosed:
            newest -= 1
            said = self.cut(newest)
        return said

    def leave(self, reason: str, *, resume: bool) -> None:
        """The end of this boot's audit log: what its private part still lacks, then the last line."""
        self.volume.audit.keep_remarks(last=True)
        self.volume.audit.write("stop", {"reason": reason, "resume": resume})
