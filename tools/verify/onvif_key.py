"""Who signed a film's picture: the key in its certificates, and whether they lead to the root."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tools.verify import certs
from tools.verify.certs import Chain, Role, Trust
from tools.verify.findings import Refused
from tools.verify.onvif_sei import Sei

_PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its certificates as DER, leaf first.

    ``verified`` is None where the certificates are not those of a camera under the root; then ``distrust`` says why.
    """

    chain: tuple[bytes, ...]
    key: ec.EllipticCurvePublicKey
    verified: Chain | None
    session: str
    distrust: str | None

    @property
    def device(self) -> str | None:
        """The camera's name, where it is believed."""
        return None if self.verified is None else self.verified.name

    def signed(self, sei: Sei) -> bool:
        """Whether this key signed the SEI."""
        try:
            self.key.verify(sei.signature, sei.digest, _PREHASHED)
        except InvalidSignature:
            return False
        return True


def read_signer(chain: tuple[bytes, ...], trust: Trust) -> Signer:
    """Judge a chain (session, device, device-ca; section 3); ``Refused`` where there is not even a P-256 key in it."""
    session = certs.fingerprint(chain[0])
    try:
        found = certs.verify_chain(chain, Role.SESSION, trust)
    except Refused as refused:
        return Signer(chain, certs.read_key(chain[0]), None, session, str(refused))
    return Signer(chain, found.key, found, session, None)
