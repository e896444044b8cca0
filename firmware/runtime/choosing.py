"""Which settings a camera has, and why: those that its authority signed, over the defaults of this firmware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware import settings
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import from_file
from firmware.evidence.settings_doc import verify_settings
from firmware.runtime.enrolment import ROOT, SETTINGS
from firmware.settings import Settings, SettingsError
from firmware.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from firmware.settings import Problem

AUTHORITY: Final = "authority"
_WIDEST: Final = 40


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings in force.  ``problems``: why what the authority signed is not, as a whole; then the defaults are."""

    settings: Settings
    problems: tuple[Problem, ...] = ()


def choose(values: Mapping[str, object]) -> Chosen:
    """The signed ``values`` over the defaults.  Where they are wrong the defaults stand: a mistake at a desk stops no recording."""
    try:
        return Chosen(settings.load((AUTHORITY, values)))
    except SettingsError as error:
        return Chosen(Settings(), error.problems)


def short(value: str) -> str:
    """A value for a table: a certificate is longer than any line."""
    return value if len(value) <= _WIDEST else value[: _WIDEST - 3] + "..."


@dataclass(frozen=True, slots=True)
class Effective:
    """What a start with a config partition would have in force.  ``serial`` and ``hash`` are of the signed settings, None where ``trouble``
    says why there are none that can be believed."""

    chosen: Chosen
    serial: int | None = None
    hash: str | None = None
    trouble: str | None = None

    @property
    def refused(self) -> bool:
        """Whether it has not what an authority signed."""
        return self.trouble is not None or bool(self.chosen.problems)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "firmware": VERSION,
            "settings": None if self.hash is None else {"serial": self.serial, "hash": self.hash},
            "trouble": self.trouble,
            "problems": [str(problem) for problem in self.chosen.problems],
            "values": {
                row.key: {"value": getattr(self.chosen.settings, row.key), "source": row.source, "meaning": row.meaning}
                for row in self.chosen.settings.describe()
            },
        }

    def as_text(self) -> Iterator[str]:
        """For people: what it goes by, what is wrong with that, and a line for each setting."""
        yield f"firmware  {VERSION}"
        yield f"settings  {'none' if self.hash is None else f'serial {self.serial}, hash {self.hash}'}"
        if self.trouble is not None:
            yield f"trouble   {self.trouble}: the defaults stand, and it does not record"
        for problem in self.chosen.problems:
            yield f"refused   {problem}"
        if self.chosen.problems:
            yield "          so the defaults stand, for all of them, and it records"
        rows = [row._replace(value=short(row.value)) for row in self.chosen.settings.describe()]
        wide = [max(len(row[column]) for row in rows) for column in range(3)]
        yield ""
        for row in rows:
            yield "  ".join([*(cell.ljust(width) for cell, width in zip(row[:3], wide, strict=True)), row.meaning])


def effective(files: Mapping[str, bytes]) -> Effective:
    """What a config partition with these ``files`` says.  It opens no hardware and needs no key, so that a card can be read at a desk."""
    missing = sorted({ROOT, SETTINGS} - files.keys())
    if missing:
        return Effective(Chosen(Settings()), trouble=f"no enrolled authority: {', '.join(missing)} missing")
    try:
        signed = verify_settings(from_file(files[SETTINGS], SETTINGS), Trust.load(files[ROOT]))
    except EvidenceError as error:
        return Effective(Chosen(Settings()), trouble=f"the settings cannot be believed: {error}")
    return Effective(choose(signed.payload["values"]), signed.payload["serial"], signed.hash)
