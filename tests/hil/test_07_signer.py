"""The device key is made where it has to be, and signs.

Sixteen digests, with a key that is made for this and taken away again; the signatures are checked at this desk. A board whose file has no TPM keeps its key in a file, and so
says every manifest: `software`.

Wiring:
    {pins: TPM}
    A TPM 2.0 module for SPI with chip select 1, on 3.3 V and ground, its reset on 3.3 V.

When all is well it prints:
    <kind>: <number> signatures verify: median <number> ms, longest <number> ms
    its counter goes up by one
    it has no counter
    what was made for this is gone again

When not, look at:
    - no `/dev/tpmrm0`: the overlay `tpm-slb9670` in `config.txt`; MISO and MOSI swapped; the reset pin held low
    - "locked out": somebody tried passwords; `tpm2_dictionarylockout -c`
    - a signature takes seconds: a chip that slows down on purpose; no frame waits for it, but a recording ends later
    - something could not be taken away: `tpm2_getcap handles-persistent`; `tpm2_clear` empties the chip, together with any key of a camera
"""

from __future__ import annotations

import hashlib
import statistics

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.hil.answers import Answer
from tests.hil.bench import Bench
from tests.hil.plugin import Note

pytestmark = pytest.mark.timeout(600)
DIGESTS = [hashlib.sha256(bytes([number])).digest() for number in range(16)]
LONGEST_MS = 2000.0
"""With a key that takes this no frame, press or light waits (`tests/sim/test_slow_signer.py`)."""


def judge(told: Answer, note: Note) -> None:
    """Every signature verifies under the key that it is said to be of."""
    key = load_der_public_key(bytes.fromhex(told.text("public")))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    signatures = [bytes.fromhex(each) for each in told.facts["signatures"]]
    assert len(signatures) == len(DIGESTS)
    for digest, signature in zip(DIGESTS, signatures, strict=True):
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    took = told.numbers("ms")
    note(
        f"{told.text('kind')}: {len(took)} signatures verify: median {statistics.median(took):.0f} ms, "
        f"longest {max(took):.0f} ms"
    )
    assert max(took) <= LONGEST_MS


def test_the_tpm_signs(board: Bench, note: Note) -> None:
    """A key of the TPM's, and its counter."""
    if board.board.signer.kind != "tpm2":
        pytest.skip("not possible here: this board's file has no TPM")
    with board.start("sign", part="tpm", digests=[each.hex() for each in DIGESTS]) as program:
        told = program.expect("signed", 180)
        left = program.expect("left", 60).facts["why"]
    judge(told, note)
    assert told.whole("counted") == 1
    note("its counter goes up by one")
    assert left == []
    note("what was made for this is gone again")


def test_a_key_file_signs(board: Bench, note: Note) -> None:
    """What is there on a board without a TPM, and on any other while it is developed."""
    told = board.ask("sign", 120, part="file", digests=[each.hex() for each in DIGESTS])
    judge(told, note)
    assert told.whole("counted") == 0
    note("it has no counter")
