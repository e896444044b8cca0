"""``verify.txt``: how to check a bundle with sha256sum, a JOSE tool and openssl alone.

Its text lies beside this module; what depends on the recording is put in here.  Lines that begin with four spaces are
commands.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tools.verify.model import Opening

NAME = "verify.txt"
_TEMPLATE = Path(__file__).with_name(NAME)

_MANIFEST = """\
    head -c -1 evidence/manifest.jws > "$WORK/line"
    SAID=$(jose jws ver -i "$WORK/line" -k "$WORK/device.jwk" -O-) || fail "the manifest's signature"
    [[ $SAID =~ \\"journal\\":\\{\\"hash\\":\\"([0-9a-f]*)\\",\\"head\\":\\"([0-9a-f]*)\\" ]] && JOURNAL=${BASH_REMATCH[1]} && HEAD=${BASH_REMATCH[2]}
    [[ $SAID =~ \\"opening\\":\\"([0-9a-f]*)\\" ]] && FIRST=${BASH_REMATCH[1]}
    [ "$(hash_of evidence/journal.jwsl)" = "$JOURNAL" ] || fail "the journal is not the one that the manifest names"

"""
_NO_MANIFEST = """
This recording is not closed yet: it has no manifest, and the journal speaks for itself.

"""
_HEAD = """
The manifest names the first line and the last:

    [ "$OPENING" = "$FIRST" ] || fail "the journal begins with another line"
    [ "$BEFORE" = "$HEAD" ] || fail "the journal ends with another line"

"""
_PRIVATE = "  private.jsonl is what is about people and conduct (shift, press, bookmarks, mute), one entry a line."
_RECEIPT = """
6. A DOCK TOOK IT OVER

    certified -untrusted certificates/dock-ca.crt.pem certificates/dock.crt.pem
    may_sign dock-ca 5; may_sign dock 6; key_of dock
    head -c -1 evidence/receipt.jws > "$WORK/line"
    SAID=$(jose jws ver -i "$WORK/line" -k "$WORK/dock.jwk" -O-) || fail "the receipt's signature"
    head -c -1 evidence/manifest.jws > "$WORK/line"
    [[ $SAID =~ \\"manifest\\":\\"$(hash_of "$WORK/line")\\" ]] || fail "the receipt is for another recording"

"""
_STAMP = """
A time-stamping authority signed by when the manifest was there.  With its root certificate in TSA_ROOT that is checked too:

    if [ -n "${TSA_ROOT:-}" ]; then openssl ts -verify -data evidence/manifest.jws -in evidence/manifest.tsr -CAfile "$TSA_ROOT"; fi

"""
_DESK = """
7. THE DESK PUT THIS BUNDLE TOGETHER

    certified certificates/desk.crt.pem; may_sign desk 9
    openssl x509 -in certificates/desk.crt.pem -noout -pubkey > "$WORK/desk.pem"
    openssl dgst -sha256 -verify "$WORK/desk.pem" -signature SHA256SUMS.sig SHA256SUMS

"""


def instructions(opening: Opening, names: Collection[str]) -> str:
    """The text for a bundle that holds the files ``names``."""
    manifest = "evidence/manifest.jws" in names
    parts = {
        "@NUMBER@": str(opening.number),
        "@DEVICE@": opening.device,
        "@MANIFEST@": _MANIFEST if manifest else _NO_MANIFEST,
        "@HEAD@": _HEAD if manifest else "\n",
        "@PRIVATE@": _PRIVATE if "private.jsonl" in names else "",
        "@RECEIPT@": _RECEIPT if "evidence/receipt.jws" in names else "",
        "@STAMP@": _STAMP if "evidence/manifest.tsr" in names else "",
        "@DESK@": _DESK if "certificates/desk.crt.pem" in names else "",
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    for mark, value in parts.items():
        text = text.replace(mark, value)
    return text


def commands(text: str) -> str:
    """The commands of ``verify.txt`` as one script for ``bash -eu``."""
    return "".join(f"{line[4:]}\n" for line in text.splitlines() if line.startswith("    "))
