"""Whether the keys that footage is encrypted to can open it: tried before the first camera is enrolled, and never after that for a key.

A sample is sealed by the code with which cameras seal.  It is opened here with the keys that are at hand, by code that is not the camera's;
a key that never comes to this desk is asked for the word in a sample that goes out as a file, and that stock ``age`` opens.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from firmware.evidence.age import AgeWriter
from firmware.evidence.recipients import Recipients, parse_recipient
from tools.provision import files
from tools.provision.authority import Authority
from tools.provision.files import ProvisionError
from tools.verify import age
from tools.verify.findings import Refused

RECORD: Final = "opened.json"
"""In the authority's directory: which recipients' keys have opened a sample, and what is asked of the others (hashes of the words)."""
_WORD_BYTES: Final = 16
_ANSWER_LIMIT: Final = 4096


@dataclass(frozen=True, slots=True)
class Keys:
    """Decryption keys at hand, by the recipient that they open for.  None of them is shown."""

    by_recipient: Mapping[str, age.Key] = field(repr=False)

    @classmethod
    def load(cls, authority: Authority, paths: Sequence[Path]) -> Keys:
        """Those of these files, and those that lie in the authority's directory; ``ProvisionError`` for one that opens nothing here."""
        wanted = recipients_of(authority)
        beside = [authority.directory / f"{role}.agekey" for role in wanted.values()]
        try:
            given = {key.recipient: key for key in age.load_keys(paths)}
            found = {key.recipient: key for key in age.load_keys([each for each in beside if each.is_file()])}
        except Refused as refused:
            raise ProvisionError(str(refused)) from None
        for recipient, key in given.items():
            if recipient not in wanted:
                raise ProvisionError(
                    f"the key of {key.shown} is that of no recipient in the settings: nothing is encrypted to it"
                )
        return cls({each: key for each, key in {**found, **given}.items() if each in wanted})

    def open(self, sealed: bytes, expected: bytes) -> None:
        """Open a file with each of the keys alone; ``ProvisionError`` unless each finds exactly this."""
        for key in self.by_recipient.values():
            if opened(sealed, key) != expected:
                raise ProvisionError(f"the key of {key.shown} opened a sample, and found something else in it")


def recipients_of(authority: Authority) -> dict[str, str]:
    """The role of each recipient in the settings in force."""
    return {each["age"]: each["role"] for each in authority.settings.payload["recipients"]}


def opened(sealed: bytes, key: age.Key) -> bytes:
    """What a file of ours holds, by one key; ``ProvisionError`` where that does not open it to its end."""
    plain = io.BytesIO()
    with tempfile.NamedTemporaryFile(suffix=".age") as file:
        file.write(sealed)
        file.flush()
        try:
            whole = age.decrypt(Path(file.name), [key], plain).whole
        except Refused as refused:
            raise ProvisionError(f"the key of {key.shown} does not open a sample: {refused}") from None
    if not whole:
        raise ProvisionError(f"the key of {key.shown} does not open a sample to its end")
    return plain.getvalue()


def prove(authority: Authority, keys: Keys, out: Path | None = None) -> list[str]:
    """See to it that each recipient's key has opened a sample; says of which roles that was seen now.

    What no key at hand opens is asked for by files in ``out``: ``ROLE.age`` goes to who holds the key, and ``ROLE.txt``, what they found in
    it, comes back.  ``ProvisionError`` says what is missing, and what to do.
    """
    wanted, record = recipients_of(authority), _read(authority)
    fresh = [each for each in wanted if each not in record["opened"]]
    text = f"lapel sample {secrets.token_hex(_WORD_BYTES)}\n".encode()
    at_hand = Keys({each: key for each, key in keys.by_recipient.items() if each in fresh})
    at_hand.open(_sealed(Recipients.parse(list(wanted)), text), text)
    seen = {
        each for each in fresh if each in at_hand.by_recipient or (out and _answered(record, each, wanted[each], out))
    }
    asked = {each: wanted[each] for each in fresh if each not in seen}
    for recipient, role in asked.items():
        if out is not None and not (out / f"{role}.age").exists():
            word = secrets.token_hex(_WORD_BYTES)
            files.make_directory(out)
            record["asked"][recipient] = hashlib.sha256(word.encode()).hexdigest()
            _write(authority, record)
            files.write_new(
                out / f"{role}.age", _sealed(Recipients((parse_recipient(recipient),)), f"{word}\n".encode())
            )
    record["opened"] = sorted({*record["opened"], *seen})
    if seen:
        _write(authority, record)
    if asked:
        raise ProvisionError(_missing(asked, out))
    return sorted(wanted[each] for each in seen)


def _missing(asked: Mapping[str, str], out: Path | None) -> str:
    roles = " and ".join(sorted(asked.values()))
    if out is None:
        return (
            f"whether the key of {roles} opens footage was never tried, and no camera is enrolled before that: name the key with "
            "--recipient-key FILE, or, where it never comes here, ask whoever holds it with --sample-opened DIR"
        )
    steps = "; ".join(f"age -d -i KEY {out}/{role}.age > {out}/{role}.txt" for role in sorted(asked.values()))
    return f"whoever holds the key of {roles} has to open a sample first: {steps}; bring back what it prints, and run this again"


def _answered(record: Mapping[str, Any], recipient: str, role: str, out: Path) -> bool:
    """Whether the word came back; ``ProvisionError`` where it is another one."""
    answer, expected = out / f"{role}.txt", record["asked"].get(recipient)
    if expected is None or not answer.exists():
        return False
    with answer.open("rb") as file:
        word = file.read(_ANSWER_LIMIT).strip()
    if hashlib.sha256(word).hexdigest() != expected:
        raise ProvisionError(
            f"{answer}: is not what {role}.age holds: open that very file, and bring back what it prints"
        )
    return True


def _sealed(recipients: Recipients, text: bytes) -> bytes:
    """As a camera seals."""
    writer = AgeWriter(recipients, os.urandom)
    return writer.header + bytes(writer.close(text))


def _read(authority: Authority) -> dict[str, Any]:
    path = authority.directory / RECORD
    if not path.exists():
        return {"opened": [], "asked": {}}
    try:
        record = json.loads(path.read_bytes())
        opened_, asked = record["opened"], record["asked"]
        sound = all(isinstance(each, str) for each in opened_) and all(
            re.fullmatch("[0-9a-f]{64}", value) for value in asked.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise ProvisionError(f"{path} is damaged: remove it, and the samples are opened once more")
    return {"opened": list(opened_), "asked": dict(asked)}


def _write(authority: Authority, record: Mapping[str, Any]) -> None:
    files.replace(authority.directory / RECORD, json.dumps(record, indent=1, sort_keys=True).encode() + b"\n")
