"""Has a board's signer make a key and sign; what it made for this is taken away again, where that can be done."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hal.interface import Signer
from hal.pi.keyfile import KeyFile
from hal.pi.tpm import TpmSigner
from tests.hil.on_board import parts, talk

KEY, COUNTER = 0x8101_4C51, 0x0180_4C51
"""Beside those of the service: a board's own key is not touched, and none is made before it is enrolled."""
UNDO = (("tpm2_evictcontrol", "-C", "o", "-c", f"{KEY:#x}"), ("tpm2_nvundefine", "-C", "o", f"{COUNTER:#x}"))


def sign(signer: Signer, public: bytes, digests: list[str]) -> None:
    """Sign all, one after another."""
    signatures, took = [], []
    before = signer.counter()
    for digest in digests:
        began = time.monotonic()
        signatures.append(signer.sign_digest(bytes.fromhex(digest)).hex())
        took.append(round((time.monotonic() - began) * 1000, 3))
    after = signer.advance()
    counted = 0 if before is None or after is None else after - before
    talk.say("signed", kind=signer.kind, public=public.hex(), signatures=signatures, ms=took, counted=counted)


def left(way: str) -> list[str]:
    """What could not be taken away again: why."""
    told = []
    for command in UNDO:
        try:
            done = subprocess.run([*command, "-T", way], capture_output=True, text=True, check=False, timeout=30)
        except (OSError, subprocess.TimeoutExpired) as error:
            told.append(f"{command[0]}: {error}")
        else:
            told += [f"{command[0]}: {done.stderr.strip()[:200]}"] if done.returncode else []
    return told


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """``part``: ``tpm``, or ``file`` for a key file.  Signs ``digests``, in hex."""
    if given["part"] == "file":
        with tempfile.TemporaryDirectory(prefix="lapel-hil-") as place:
            file = KeyFile(Path(place) / "device.key.pem")
            sign(file, file.create(), given["digests"])
        return
    way = f"device:{parts.board(given).signer.device}"
    tpm = TpmSigner(way, KEY, COUNTER)
    try:
        sign(tpm, tpm.create(), given["digests"])
    finally:
        tpm.close()
        talk.say("left", why=left(way))
