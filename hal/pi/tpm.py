"""The device's key inside a TPM 2.0, through tpm2-pytss: it is made there, and nothing can bring it out.

The key is a primary of the owner's hierarchy, under a fixed template, kept at a handle of its own.  ``sign`` alone can be done with it; it
does not sign what the TPM says of itself, and it deciphers nothing.  The counter is one of the TPM's own, in its memory that outlives
power: one that was taken away and made anew goes on above the highest that the TPM has ever counted to.

Neither takes part in the TPM's defence against guessing: whoever guesses other passwords on the same TPM cannot stop the camera.  A
signature takes 76 to 500 ms on chips that others measured; a call waits for whoever uses the connection.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

if TYPE_CHECKING:
    from tpm2_pytss import ESAPI, ESYS_TR, TPM2B_NV_PUBLIC, TPM2B_PUBLIC, TPMA_OBJECT, TSS2_Exception

DEVICE: Final = "device:/dev/tpmrm0"
"""The kernel's own manager of the TPM's few places, so that others may use it too."""
KEY: Final = 0x8101_4C50
"""Among the handles that belong to the owner."""
COUNTER: Final = 0x0180_4C50
"""Among the indices that the TCG leaves to the owner."""

_DIGEST_BYTES: Final = 32
_COUNTER_BYTES: Final = 8
_TPM_LAYERS: Final = 0xFF0000
"""The bits of an answer that are set when it is not the TPM that speaks, but the way to it."""


class TpmSigner:
    """Signs inside the TPM.  One that holds no key yet: each use is an ``OSError``, as is all that the TPM refuses, with the reason."""

    def __init__(self, tcti: str = DEVICE, key: int = KEY, counter: int = COUNTER, password: bytes = b"") -> None:
        """A signer on the TPM that ``tcti`` leads to, as tpm2-tools writes it; opened at first use.

        ``key``: a persistent handle; ``counter``: an NV index; ``password``: the key's, empty for one that ``create`` made.
        """
        self._tcti, self._key, self._index, self._password = tcti, key, counter, password
        self._lock = threading.Lock()
        self._open: ESAPI | None = None

    @property
    def kind(self) -> str:
        """The key lives in a TPM 2.0."""
        return "tpm2"

    def create(self) -> bytes:
        """Make the key and the counter where they are missing, and return the public key; what is there stays.

        ``OSError`` if the handle or the index holds something else.
        """
        from tpm2_pytss import ESYS_TR

        owner = ESYS_TR(ESYS_TR.OWNER)
        with self._tpm() as tpm:
            if not _holds(tpm, self._key):
                made = tpm.create_primary(None, _template(), primary_handle=owner)[0]
                try:
                    tpm.tr_close(tpm.evict_control(owner, made, self._key))
                finally:
                    tpm.flush_context(made)
            if not _holds(tpm, self._index):
                tpm.tr_close(tpm.nv_define_space(b"", _place(self._index)))
            with self._counter(tpm) as (index, begun):
                if (
                    not begun
                ):  # its first step sets it above every counter that there ever was; before that it cannot be read
                    tpm.nv_increment(index)
            with self._signing(tpm) as (_, public):
                return public

    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        with self._tpm() as tpm, self._signing(tpm) as (_, public):
            return public

    def sign_digest(self, digest: bytes) -> bytes:
        """The DER ECDSA signature over a SHA-256 digest of 32 bytes."""
        from tpm2_pytss import TPM2_ALG, TPM2_RH, TPM2_ST, TPM2B_DIGEST, TPMT_SIG_SCHEME, TPMT_TK_HASHCHECK

        if len(digest) != _DIGEST_BYTES:
            raise ValueError(f"a SHA-256 digest has 32 bytes, not {len(digest)}")
        unhashed = TPMT_TK_HASHCHECK(tag=TPM2_ST.HASHCHECK, hierarchy=TPM2_RH.NULL)
        with self._tpm() as tpm, self._signing(tpm) as (handle, _):
            tpm.tr_set_auth(handle, self._password)
            made = tpm.sign(handle, TPM2B_DIGEST(digest), TPMT_SIG_SCHEME(scheme=TPM2_ALG.NULL), unhashed)
        both = made.signature.ecdsa
        return encode_dss_signature(
            *(int.from_bytes(bytes(each), "big") for each in (both.signatureR, both.signatureS))
        )

    def counter(self) -> int | None:
        """The TPM's counter."""
        with self._tpm() as tpm, self._counter(tpm) as (index, _):
            return _value(tpm, index)

    def advance(self) -> int | None:
        """Count one up, inside the TPM."""
        with self._tpm() as tpm, self._counter(tpm) as (index, _):
            tpm.nv_increment(index)
            return _value(tpm, index)

    def close(self) -> None:
        """Let go of the TPM; the next use opens it again."""
        with self._lock:
            self._drop()

    @contextmanager
    def _tpm(self) -> Iterator[ESAPI]:
        """The TPM, for one caller at a time; what it refuses is an ``OSError``.  A connection that broke is made anew at the next use."""
        try:
            from tpm2_pytss import ESAPI, TSS2_Exception
        except ImportError as error:
            raise OSError(errno.ENODEV, f"no tpm2-pytss: {error}") from error
        with self._lock:
            try:
                if self._open is None:
                    self._open = ESAPI(self._tcti)
                yield self._open
            except TSS2_Exception as error:
                if int(error.rc) & _TPM_LAYERS:
                    self._drop()
                raise _refused(error) from error

    def _drop(self) -> None:
        was, self._open = self._open, None
        if was is not None:
            was.close()

    @contextmanager
    def _signing(self, tpm: ESAPI) -> Iterator[tuple[ESYS_TR, bytes]]:
        """The key, and its public half in DER; ``OSError`` unless it is one that was made inside and cannot leave."""
        with _object(tpm, self._key, "key") as handle:
            public = tpm.read_public(handle)[0]
            if not _fits(public):
                raise OSError(
                    errno.EINVAL, f"what the TPM holds at {self._key:#x} is no P-256 key of its own for signing"
                )
            der: bytes = public.to_der()
            yield handle, der

    @contextmanager
    def _counter(self, tpm: ESAPI) -> Iterator[tuple[ESYS_TR, bool]]:
        """The counter, and whether it counts already; ``OSError`` if what is there is something else."""
        from tpm2_pytss import TPM2_NT, TPMA_NV

        with _object(tpm, self._index, "counter") as index:
            answer = tpm.nv_read_public(index)[0]
            attributes = answer.nvPublic.attributes
            if attributes.nt != TPM2_NT.COUNTER:
                raise OSError(errno.EINVAL, f"what the TPM holds at {self._index:#x} is no counter")
            yield index, bool(attributes & TPMA_NV.WRITTEN)


@contextmanager
def _object(tpm: ESAPI, handle: int, what: str) -> Iterator[ESYS_TR]:
    """The library's place for what the TPM holds there, given back at the end."""
    from tpm2_pytss import TPM2_HANDLE

    if not _holds(tpm, handle):
        raise OSError(errno.ENOENT, f"the TPM holds no {what} at {handle:#x}")
    place = tpm.tr_from_tpmpublic(TPM2_HANDLE(handle))
    try:
        yield place
    finally:
        tpm.tr_close(place)


def _value(tpm: ESAPI, index: ESYS_TR) -> int:
    return int.from_bytes(bytes(tpm.nv_read(index, _COUNTER_BYTES)), "big")


def _holds(tpm: ESAPI, handle: int) -> bool:
    """Whether something is there.  The TPM is asked for handles, since its refusals look alike."""
    from tpm2_pytss import TPM2_CAP

    answer = tpm.get_capability(TPM2_CAP(TPM2_CAP.HANDLES), handle, 1)[1]
    found = answer.data.handles  # part of the answer's memory: whoever keeps the part alone reads what was freed
    return len(found) > 0 and int(found[0]) == handle


def _must() -> TPMA_OBJECT:
    """Made inside by the TPM's own dice, bound to this TPM and to its parent, for signing, with the key's password."""
    from tpm2_pytss import TPMA_OBJECT

    bound = TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT | TPMA_OBJECT.SENSITIVEDATAORIGIN
    return TPMA_OBJECT(bound | TPMA_OBJECT.USERWITHAUTH | TPMA_OBJECT.SIGN_ENCRYPT)


def _template() -> TPM2B_PUBLIC:
    from tpm2_pytss import TPM2B_PUBLIC, TPMA_OBJECT

    return TPM2B_PUBLIC.parse("ecc256:ecdsa-sha256:null", objectAttributes=_must() | TPMA_OBJECT.NODA)


def _fits(public: TPM2B_PUBLIC) -> bool:
    from tpm2_pytss import TPM2_ALG, TPM2_ECC, TPMA_OBJECT

    area = public.publicArea
    if area.type != TPM2_ALG.ECC or area.parameters.eccDetail.curveID != TPM2_ECC.NIST_P256:
        return False
    must, never = _must(), TPMA_OBJECT.RESTRICTED | TPMA_OBJECT.DECRYPT
    return bool(area.objectAttributes & (must | never) == must)


def _place(index: int) -> TPM2B_NV_PUBLIC:
    from tpm2_pytss import TPM2_ALG, TPM2_NT, TPM2B_NV_PUBLIC, TPMA_NV, TPMS_NV_PUBLIC

    access = TPMA_NV.OWNERREAD | TPMA_NV.OWNERWRITE | TPMA_NV.AUTHREAD | TPMA_NV.AUTHWRITE | TPMA_NV.NO_DA
    counting = access | TPM2_NT.COUNTER << TPMA_NV.TPM2_NT_SHIFT
    place = TPMS_NV_PUBLIC(nvIndex=index, nameAlg=TPM2_ALG.SHA256, attributes=counting, dataSize=_COUNTER_BYTES)
    return TPM2B_NV_PUBLIC(nvPublic=place)


def _refused(error: TSS2_Exception) -> OSError:
    """What the TPM refuses, as an ``OSError`` that says why."""
    from tpm2_pytss import TPM2_RC

    words = {
        int(TPM2_RC.LOCKOUT): (errno.EBUSY, "the TPM is locked out after wrong passwords; it recovers with time"),
        int(TPM2_RC.AUTH_FAIL): (errno.EACCES, "the key's password is wrong, and the TPM counts that"),
        int(TPM2_RC.BAD_AUTH): (errno.EACCES, "the key's password is wrong"),
        int(TPM2_RC.NV_RATE): (errno.EBUSY, "the TPM's memory must not be written to so often"),
        int(TPM2_RC.RETRY): (errno.EBUSY, "the TPM is busy"),
        int(TPM2_RC.NV_SPACE): (errno.ENOSPC, "the TPM's memory is full"),
    }
    number, said = words.get(int(error.error), (errno.EIO, "the TPM does not do it"))
    return OSError(number, f"{said} ({error})")
