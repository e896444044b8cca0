"""The TPM's side of the device key: on the reference code of a TPM 2.0, looked at with others' tools too."""

from __future__ import annotations

import errno
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.pi.tpm import COUNTER, KEY, TpmSigner
from tests.contract.pi_tpm import Chip
from tests.oracles import needs

pytestmark = needs("tpm2_pytss", "swtpm", "tpm2_readpublic")
DIGEST = hashlib.sha256(b"message").digest()
TRIES = 3


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[Chip]:
    """A TPM as it leaves its factory."""
    chip = Chip(tmp_path / "tpm")
    yield chip
    chip.off()


@pytest.fixture
def signer(chip: Chip) -> Iterator[TpmSigner]:
    """With a key."""
    signer = TpmSigner(chip.tcti)
    signer.create()
    yield signer
    signer.close()


def did(chip: Chip, *command: str) -> str:
    """What one of tpm2-tools says, which has to go well."""
    done = chip.tool(*command)
    assert not done.returncode, done.stderr
    return done.stdout


def test_without_a_key_each_use_says_so(chip: Chip) -> None:
    """A camera that was not enrolled: nothing makes a key by the way."""
    signer = TpmSigner(chip.tcti)
    for use in (signer.public_key, lambda: signer.sign_digest(DIGEST), signer.counter, signer.advance):
        with pytest.raises(OSError, match=r"the TPM holds no (key at 0x81014c50|counter at 0x1804c50)") as raised:
            use()
        assert raised.value.errno == errno.ENOENT
    assert did(chip, "tpm2_getcap", "handles-persistent") == ""


def test_others_tools_see_a_key_that_cannot_leave(chip: Chip, signer: TpmSigner) -> None:
    """Made inside, bound to this TPM, for signing alone, and no part of the defence against guessing."""
    said = did(chip, "tpm2_readpublic", "-c", hex(KEY), "-f", "der", "-o", "public.der")
    assert "value: fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign\n" in said
    assert (chip.memory / "public.der").read_bytes() == signer.public_key()
    out = chip.tool("tpm2_duplicate", "-c", hex(KEY), "-C", "null", "-G", "null", "-r", "private", "-s", "seed")
    assert out.returncode
    assert not (chip.memory / "private").exists()


def test_what_is_there_stays(chip: Chip, signer: TpmSigner) -> None:
    """A second `create` changes neither key nor counter."""
    signer.advance()
    before = signer.public_key(), signer.counter()
    assert (signer.create(), signer.counter()) == before


def test_a_power_cut_between_key_and_counter_is_made_good(chip: Chip, signer: TpmSigner) -> None:
    """A counter that was defined and never stepped cannot be read: `create` steps it."""
    did(chip, "tpm2_nvundefine", hex(COUNTER))
    attributes = "ownerread|ownerwrite|authread|authwrite|no_da|nt=counter"
    did(chip, "tpm2_nvdefine", hex(COUNTER), "-s", "8", "-a", attributes)
    with pytest.raises(OSError, match="uninitialized|initialized"):
        signer.counter()
    signer.create()
    assert signer.counter()


def test_a_counter_that_was_taken_away_goes_on_above(chip: Chip, signer: TpmSigner) -> None:
    """Whoever removes it and makes it anew does not set it back."""
    for _ in range(5):
        before = signer.advance()
    did(chip, "tpm2_nvundefine", hex(COUNTER))
    signer.create()
    after = signer.counter()
    assert before is not None
    assert after is not None
    assert after > before


def test_nobody_writes_the_counter(chip: Chip, signer: TpmSigner) -> None:
    """It steps up, and nothing else."""
    before = signer.counter()
    (chip.memory / "zero").write_bytes(bytes(8))
    assert chip.tool("tpm2_nvwrite", hex(COUNTER), "-i", "zero").returncode
    assert signer.counter() == before


def test_the_same_seed_makes_the_same_key_and_another_none(chip: Chip, signer: TpmSigner) -> None:
    """The key comes of the TPM's own seed: evicted, it can be had again; after a clear it is gone for good."""
    before = signer.public_key()
    did(chip, "tpm2_evictcontrol", "-c", hex(KEY))
    assert signer.create() == before
    did(chip, "tpm2_clear")
    with pytest.raises(OSError, match="the TPM holds no key"):
        signer.sign_digest(DIGEST)
    assert signer.create() != before


def put(chip: Chip, handle: int, algorithm: str, attributes: str, *more: str) -> None:
    """Another's tool makes a key and keeps it there."""
    did(chip, "tpm2_createprimary", "-C", "o", "-c", "theirs", "-G", algorithm, "-a", attributes, *more)
    did(chip, "tpm2_evictcontrol", "-c", "theirs", hex(handle))
    did(chip, "tpm2_flushcontext", "-t")


def guess(chip: Chip) -> None:
    """Somebody guesses passwords until the TPM locks out."""
    did(chip, "tpm2_dictionarylockout", "-s", "-n", str(TRIES), "-t", "1000", "-l", "1000")
    attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
    put(chip, KEY + 1, "ecc256:ecdsa-sha256", attributes, "-p", "right")
    theirs = TpmSigner(chip.tcti, key=KEY + 1, password=b"wrong")
    for _ in range(TRIES):
        with pytest.raises(OSError, match="the key's password is wrong") as raised:
            theirs.sign_digest(DIGEST)
        assert raised.value.errno == errno.EACCES


def test_lock_out_is_said_in_words(chip: Chip) -> None:
    """With a key that takes part in the defence: locked out, the right password helps no more, and the reason is told."""
    guess(chip)
    with pytest.raises(OSError, match="the TPM is locked out after wrong passwords") as raised:
        TpmSigner(chip.tcti, key=KEY + 1, password=b"right").sign_digest(DIGEST)
    assert raised.value.errno == errno.EBUSY
    did(chip, "tpm2_dictionarylockout", "-c")
    assert TpmSigner(chip.tcti, key=KEY + 1, password=b"right").sign_digest(DIGEST)


def test_lock_out_does_not_stop_the_camera(chip: Chip, signer: TpmSigner) -> None:
    """Whoever guesses others' passwords locks out others: our key signs and our counter counts."""
    before = signer.counter()
    guess(chip)
    assert signer.sign_digest(DIGEST)
    assert before is not None
    assert signer.advance() == before + 1


@pytest.mark.parametrize(
    ("algorithm", "attributes"),
    [
        ("ecc256:ecdsa-sha256", "userwithauth|sign|sensitivedataorigin"),  # may leave
        ("ecc384:ecdsa-sha384", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"),
        ("rsa2048:rsassa-sha256", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"),
        ("ecc256:ecdsa-sha256:null", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|restricted"),
    ],
)
def test_another_key_at_the_handle_is_not_used(chip: Chip, algorithm: str, attributes: str) -> None:
    """Not one that may leave, nor one of another kind: and `create` does not replace it."""
    put(chip, KEY, algorithm, attributes)
    signer = TpmSigner(chip.tcti)
    for use in (signer.public_key, lambda: signer.sign_digest(DIGEST), signer.create):
        with pytest.raises(OSError, match="no P-256 key of its own for signing") as raised:
            use()
        assert raised.value.errno == errno.EINVAL


def test_another_thing_at_the_index_is_not_used(chip: Chip) -> None:
    """Memory that anybody writes as they like is no counter."""
    did(chip, "tpm2_nvdefine", hex(COUNTER), "-s", "8", "-a", "ownerread|ownerwrite")
    with pytest.raises(OSError, match="is no counter") as raised:
        TpmSigner(chip.tcti).create()
    assert raised.value.errno == errno.EINVAL


def test_a_tpm_that_vanished_comes_back(chip: Chip, signer: TpmSigner) -> None:
    """While it is gone each use is an error; the same signer finds it where it was."""
    before = signer.public_key()
    chip.off()
    for _ in range(2):
        with pytest.raises(OSError, match="the TPM does not do it") as raised:
            signer.sign_digest(DIGEST)
        assert raised.value.errno == errno.EIO
    chip.power_cycle(same=True)
    assert signer.public_key() == before


def test_no_tpm_is_an_error_with_words() -> None:
    """A board without one, or a service that may not open it."""
    with pytest.raises(OSError, match="the TPM does not do it"):
        TpmSigner("device:/dev/null/tpm").public_key()


def test_no_library_is_an_error_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing ours needs none; using it says what is missing."""
    monkeypatch.setitem(sys.modules, "tpm2_pytss", None)
    with pytest.raises(OSError, match="no tpm2-pytss") as raised:
        TpmSigner().public_key()
    assert raised.value.errno == errno.ENODEV
