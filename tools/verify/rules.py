"""What the members of a signed object have to be to each other, which no table of ``documents`` can say (sections 6 to 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.verify.findings import need

_ROLES = {"authority", "escrow"}
_FEWEST = 2


def check_rules(typ: str, payload: Mapping[str, Any]) -> None:
    """``Refused`` unless the members of this payload, each of which is good, fit each other."""
    rule = _RULES.get(typ)
    if rule is not None:
        rule(payload)


def _opening(payload: Mapping[str, Any]) -> None:
    shared = payload["overlaps"]
    numbers = [each["number"] for each in shared]
    need(numbers == sorted(set(numbers)), "overlaps is not sorted by number, each once")
    need(all(each < payload["number"] for each in numbers), "overlaps names no earlier recording")
    need(all(each["first"] <= each["last"] for each in shared), "overlaps: one ends before it begins")
    need(all(0 in (each["first"], each["at"]) for each in shared), "overlaps: one begins where neither recording does")


def _flush(payload: Mapping[str, Any]) -> None:
    segment = payload["file"] != "private.age"
    need((payload["tracks"] is not None) == segment, "tracks stand where they must not, or are missing")
    need((payload["until"] is not None) == segment, "until stands where it must not, or is missing")


def _sorted_files(payload: Mapping[str, Any]) -> None:
    names = [each["name"] for each in payload["files"]]
    need(names == sorted(set(names)), "files are not sorted by name, each once")


def _manifest(payload: Mapping[str, Any]) -> None:
    _sorted_files(payload)
    missing, later = payload["missing"], payload["signed_boot"] - payload["boot"]
    need(missing == sorted(set(missing)), "missing is not sorted, each once")
    need(later > 0 if payload["state"] == "recovered" else later == 0, "state and signed_boot do not fit each other")
    # That each of its files is what the journal vouches for is said where they are looked at, file by file.
    need(
        not missing or payload["state"] == "recovered",
        f"sealed, and yet pre-event segments {missing} are not there in full",
    )


def _settings(payload: Mapping[str, Any]) -> None:
    """Who encrypts to them has to read the recipients; here it is enough that they can be counted."""
    missing = sorted(_ROLES - {each["role"] for each in payload["recipients"]})
    need(not missing, f"recipients: none with the role {' or '.join(missing)}")
    need(len(payload["recipients"]) >= _FEWEST, f"recipients: fewer than {_FEWEST}")
    hashes = [each["hash"] for each in payload["revoked"]]
    need(hashes == sorted(set(hashes)), "revoked is not sorted by hash, each once")


_RULES = {
    "lapel.opening.1": _opening,
    "lapel.flush.1": _flush,
    "lapel.manifest.1": _manifest,
    "lapel.receipt.1": _sorted_files,
    "lapel.log-receipt.1": _sorted_files,
    "lapel.settings.1": _settings,
}
