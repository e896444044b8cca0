"""The keys of one boot.

The device key is slow and may live in hardware; it signs two certificates at the start, and after that only manifests,
the volume and proofs to a dock.  Everything else is signed by software keys that are gone when the power is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware.evidence import jws
from firmware.evidence.certs import Chain
from firmware.evidence.errors import ChainError, SignatureError
from firmware.evidence.issue import issue
from firmware.evidence.keys import (
    PrivateKey,
    Sign,
    check_signature,
    der_signature,
    digest,
    new_key,
    raw_signature,
    software_sign,
)
from firmware.evidence.roles import Role

_PROOF = b"lapel link 1"
_EXPORTER = 32


@dataclass(frozen=True, slots=True)
class Session:
    """What one boot signs with.  ``Session.begin`` makes it.

    ``chain``: session, device, device CA; ``link_chain``: link, device, device CA, and ``link_key``, for TLS.
    """

    device_chain: Chain
    chain: Chain
    link_chain: Chain
    link_key: PrivateKey = field(repr=False)
    _sign: Sign = field(repr=False)
    _device_sign: Sign = field(repr=False)

    @classmethod
    def begin(cls, device_chain: Chain, device_sign: Sign) -> Session:
        """Make this boot's keys and certify them (two signatures of the device key).

        ``ChainError`` unless the chain is a device's, ``KeyFileError`` if ``device_sign`` is not its key's.
        """
        device = device_chain.leaf
        if device.role is not Role.DEVICE:
            raise ChainError(f"device certificate: is one of a {device.role}")
        key, link_key = new_key(), new_key()

        def certify(role: Role, key: PrivateKey) -> Chain:
            leaf = issue(role, device.name, key.public_key(), device, device_sign)
            return Chain((leaf, *device_chain.certificates))

        chain, link_chain = certify(Role.SESSION, key), certify(Role.LINK, link_key)
        return cls(device_chain, chain, link_chain, link_key, software_sign(key), device_sign)

    @property
    def device(self) -> str:
        """The device's name."""
        return self.device_chain.name

    def sign_line(self, payload: Mapping[str, Any], typ: str, *, chained: bool) -> bytes:
        """A line, without LF, of the session key: with the whole chain, or with the certificate's hash alone."""
        if chained:
            return jws.sign(payload, typ, self._sign, x5c=self.chain.ders)
        return jws.sign(payload, typ, self._sign, kid=self.chain.fingerprint)

    def sign_picture(self, sha256: bytes) -> bytes:
        """The session key's signature over a SEI's digest of 32 bytes, in DER with a low s.  No JWS begins like a SEI."""
        return der_signature(raw_signature(self._sign(sha256)))

    def sign_as_device(self, payload: Mapping[str, Any], typ: str) -> bytes:
        """A line, without LF, of the device key, with its chain.  Takes as long as the device key does."""
        return jws.sign(payload, typ, self._device_sign, x5c=self.device_chain.ders)

    def prove(self, exporter: bytes) -> bytes:
        """The device key's signature, in DER: it stands behind the TLS connection with this exporter value of 32 bytes."""
        return self._device_sign(_proof_digest(exporter))


def check_proof(chain: Chain, exporter: bytes, proof: bytes) -> None:
    """``SignatureError`` unless the device of this verified link chain stands behind the TLS connection with this
    exporter value."""
    if chain.leaf.role is not Role.LINK:
        raise SignatureError(f"proof: the peer's certificate is one of a {chain.leaf.role}, not a link's")
    check_signature(chain.issuer(Role.DEVICE).key, proof, _proof_digest(exporter), "proof")


def _proof_digest(exporter: bytes) -> bytes:
    """What the device key signs: no JWS and no certificate begins like this."""
    if len(exporter) != _EXPORTER:
        raise ValueError(f"the exporter value has {_EXPORTER} bytes")
    return digest(_PROOF + exporter)
