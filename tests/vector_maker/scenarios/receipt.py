"""Receipts, signed by a dock, that are not for what lies there."""

from __future__ import annotations

from functools import partial

from tests.vector_maker.evidence import Scenario
from tests.vector_maker.forging import RECEIPT, Edit, editing, first_file, having, without
from tests.vector_maker.scenarios.making import forged

NAME = "receipt.jws"

EDITS: dict[str, tuple[str, Edit, str]] = {
    "number": ("for another recording", having(number=2), "number is not"),
    "volume": ("for another volume", having(volume="9" * 32), "volume is not"),
    "device": ("for another device", having(device="cam-1"), "device is not"),
    "manifest": ("for another manifest", having(manifest="1" * 64), "another manifest"),
    "length": ("for other bytes", first_file(length=1), "other bytes"),
    "hash": ("for another hash of a file", first_file(hash="1" * 64), "other bytes"),
    "forgets": ("for a file less", lambda old: {**old, "files": old["files"][1:]}, "000000.mp4.age"),
    "invents": ("for a file more", lambda old: {**old, "files": [*old["files"], {**old["files"][0], "name": "z"}]}, ""),
    "unsorted": ("whose files are not sorted", lambda old: {**old, "files": old["files"][::-1]}, "not sorted"),
    "before": ("from before the certificates", having(utc_ms=1), "not yet valid"),
    "after": ("from after the certificates", having(utc_ms=10**13), "no longer valid"),
    "far-future": ("from a year that no calendar has", having(utc_ms=2**53 - 1), "out of range"),
    "nonce": ("whose nonce is too short", having(nonce="5"), "nonce"),
    "store": ("whose store is no name", having(store="a b"), "store"),
    "dock": ("of another dock than signed it", having(dock="dock-7"), "certificate is dock-1's"),
    "no-store": ("without a store", without("store"), "store: missing"),
    "more": ("with a member more", having(officer="x"), "officer: no member"),
}  # fmt: skip

SCENARIOS = tuple(
    Scenario(
        name,
        f"a receipt {about}",
        "9",
        "card",
        forged("card", partial(editing, RECEIPT, how)),
        problems=(f"{NAME}: {reason}",),
    )
    for name, (about, how, reason) in EDITS.items()
)
