"""What makes a camera somebody's: the authority's root, the device's certificates, the authority's signed settings."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from firmware.evidence import canonical
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.certs import Trust, read_pem, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import FILE_LIMIT, LINE_LIMIT, from_file
from firmware.evidence.kinds import CLOCK
from firmware.evidence.roles import Role
from firmware.evidence.schema import record, text
from firmware.evidence.second import SecondKey
from firmware.evidence.session import Session
from firmware.evidence.settings_doc import recipients, trust_under, verify_settings
from firmware.runtime import durable
from firmware.version import BUILT_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.evidence.jws import Signed
    from firmware.evidence.recipients import Recipients
    from hal.interface import Directory, Signer

ROOT: Final = "root.crt.pem"
DEVICE: Final = "device.crt.pem"
SETTINGS: Final = "settings.jws"
ASSIGNMENT: Final = "assignment.jws"
ON_DUTY: Final = "on-duty.json"
SECOND: Final = ("device-pq.crt.pem", "device-pq.key.pem")


class NotEnrolledError(Exception):
    """The camera belongs to no authority, or its enrolment cannot be believed: it does not record, and says so."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A verified enrolment.

    ``trust`` judges no dates and serves for what this camera made itself; ``trust_now`` serves for whoever it meets.
    ``second``: the key that signs manifests again, None without one; ``trouble``: why one that is there is of no use.
    """

    trust: Trust
    session: Session
    settings: Signed
    recipients: Recipients
    second: SecondKey | None = None
    trouble: str | None = None

    @classmethod
    def load(cls, config: Directory, signer: Signer) -> Enrolment:
        """Read and verify the enrolment; ``NotEnrolledError`` says what is missing or wrong.

        Two signatures of the device key are made on the way: for the session and for the link.
        """
        try:
            missing = sorted({ROOT, DEVICE, SETTINGS} - set(config.names()))
            if missing:
                message = f"no enrolled authority: {', '.join(missing)} missing"
                raise NotEnrolledError(message)
            unjudged = Trust.load(durable.read(config, ROOT))
            settings = verify_settings(from_file(durable.read(config, SETTINGS, FILE_LIMIT), SETTINGS), unjudged)
            own = verify_chain(read_pem(durable.read(config, DEVICE)), unjudged, Role.DEVICE, DEVICE)
            session = Session.begin(own, signer.sign_digest)
            again = _second(config, own.name)
            return cls(trust_under(settings, unjudged), session, settings, recipients(settings), *again)
        except (EvidenceError, OSError) as error:
            message = f"the enrolment cannot be used: {error}"
            raise NotEnrolledError(message) from error

    def under(self, settings: Signed) -> Enrolment:
        """The same enrolment under newer settings."""
        return replace(
            self, trust=trust_under(settings, self.trust), settings=settings, recipients=recipients(settings)
        )

    @property
    def known_ms(self) -> int:
        """A time that is past for certain, whatever the clock says: the later of this firmware's release and the last time that the
        authority signed."""
        signed_ms: int = self.settings.payload["utc_ms"]
        return max(BUILT_MS, signed_ms)

    @property
    def trust_now(self) -> Trust:
        """The trust for somebody met now: it judges dates at ``known_ms``, whatever the clock says and whoever set it.

        No certificate begins later than its root, so a later time could only refuse more: one dock that lied about the time would keep out
        all others, with their settings and what these withdraw.
        """
        return replace(self.trust, at=datetime.fromtimestamp(self.known_ms / 1000, UTC))


def _second(config: Directory, device: str) -> tuple[SecondKey | None, str | None]:
    """The key for second signatures, or why there is none although one was meant to be: no incident is refused for that."""
    if not set(SECOND) & set(config.names()):
        return None, None
    try:
        return SecondKey.load(durable.read(config, SECOND[0]), durable.read(config, SECOND[1]), device), None
    except (EvidenceError, OSError) as error:
        return None, f"no second signature: {error}"


@dataclass(frozen=True, slots=True)
class Given:
    """An assignment that a dock gave: the shift's id, and the line that says so."""

    shift: str
    line: bytes


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An assignment that has begun, and what both clocks showed then."""

    given: Given
    began: Mapping[str, Any]


def read_assignment(config: Directory, enrolment: Enrolment) -> Given | None:
    """The assignment that was given and has not begun; None when there is none, or when it is not to be believed."""
    with suppress(EvidenceError, OSError):
        return _given(from_file(durable.read(config, ASSIGNMENT), ASSIGNMENT), enrolment)
    return None


def read_on_duty(config: Directory, enrolment: Enrolment) -> OnDuty | None:
    """The assignment that had begun and not ended, by the same measure."""
    with suppress(EvidenceError, OSError):
        kept = canonical.decode(durable.read(config, ON_DUTY), LINE_LIMIT, ON_DUTY)
        record({"line": text(r"[!-~]+", "a line"), "began": CLOCK})(kept, "")
        return OnDuty(_given(kept["line"].encode(), enrolment), kept["began"])
    return None


def on_duty_file(given: Given, began: Mapping[str, Any]) -> bytes:
    """What ``read_on_duty`` reads."""
    return canonical.encode({"line": given.line.decode(), "began": dict(began)}, ON_DUTY)


def _given(line: bytes, enrolment: Enrolment) -> Given:
    signed = verify_assignment(line, enrolment.trust, device=enrolment.session.device)
    return Given(signed.payload["shift"], signed.line)
