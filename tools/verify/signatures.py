"""What the signatures in a film's picture prove, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tools.verify.onvif_key import Signer

UNCOVERED = 3
"""GOPs without a signature that a film of a camera of ours may end with, wherever it was cut off: two, and the beginning of
a third."""


class Picture(StrEnum):
    """The verdict on a film's signatures, in the words of ONVIF's reference validator where it has some.

    ``UNDECIDED``: there are signatures, and none could be judged.
    """

    VALID = "valid"
    MISSING = "valid, but frames are missing"
    UNTRUSTED = "key not trusted"
    UNDECIDED = "cannot be judged"
    UNSIGNED = "not signed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is amiss at one place: the GOP's number in its signature (None: nothing names it), the film's frames from
    the first to the last (counted from 0; None: none are there), and why."""

    gop: int | None
    frames: tuple[int, int] | None
    reason: str

    def __str__(self) -> str:
        places = [] if self.gop is None else [f"GOP {self.gop}"]
        if self.frames is not None:
            first, last = self.frames
            places.append(f"frame {first}" if first == last else f"frames {first} to {last}")
        return f"{', '.join(places)}: {self.reason}" if places else self.reason


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the SEIs of a film prove.

    ``frames`` are all that are there; ``proven`` those under a valid signature, in ``gops`` GOPs; ``pending`` those at
    the end that no signature covers, in ``pending_gops`` GOPs; ``missing`` counts slices that were signed and are not
    there.  ``signer`` is None where there is no certificate; ``distrust`` says why certificates are not trusted.
    ``begin`` and ``end``: milliseconds since 1970, by the camera's clock, of what is proven.  ``findings`` are the
    first of what is amiss, ``more`` counts the others.
    """

    verdict: Picture
    frames: int
    proven: int
    gops: int
    pending: int
    pending_gops: int
    missing: int
    signer: Signer | None
    distrust: str | None
    begin: int | None
    end: int | None
    findings: tuple[Finding, ...]
    more: int

    def to_json(self) -> dict[str, Any]:
        """The machine form (``docs/verify.md``)."""
        signer = self.signer
        return {
            "verdict": self.verdict.value,
            "frames": self.frames,
            "proven": self.proven,
            "gops": self.gops,
            "pending": self.pending,
            "pending_gops": self.pending_gops,
            "missing": self.missing,
            "device": None if signer is None else signer.device,
            "session": None if signer is None else signer.session,
            "distrust": self.distrust,
            "begin_ms": self.begin,
            "end_ms": self.end,
            "findings": [
                {"gop": each.gop, "frames": None if each.frames is None else list(each.frames), "reason": each.reason}
                for each in self.findings
            ],
            "more": self.more,
        }
