"""TLS 1.3 between a camera (client) and a dock (server), sans-I/O: the only file that imports pyOpenSSL.

OpenSSL checks that each end holds the key of the certificate that it sent.  Whether that certificate is believed is
decided by ``firmware.evidence.certs.verify_chain`` alone: the exact chain for the peer's role, revocation, and dates by
the caller's time, not by the wall clock.  The chain is judged twice: while OpenSSL looks at it, so that a camera
refuses a foreign dock before it shows its own certificate and the peer gets an alert; and once more, exactly as it was
sent, when the handshake is over.  Until that second judgement nothing is sent and nothing is read.  There are no
tickets that could be used, no session is ever resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from OpenSSL import SSL, crypto

from firmware.dock.errors import DockError, LinkLostError, LocalProtocolError, PeerRefusedError, RemoteProtocolError
from firmware.dock.protocol import Side
from firmware.evidence.certs import Chain, Trust, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import PrivateKey
from firmware.evidence.roles import Role

EXPORTER_LABEL = b"EXPERIMENTAL-lapel-dock-1"
"""RFC 8446 7.5 with RFC 5705 4: a label that is not registered begins with ``EXPERIMENTAL``.  The context is empty."""
EXPORTER_SIZE = 32
RECORD = 16 * 1024
_DRAIN = 128 * 1024

_AES_FIRST = b"TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
_CHACHA_FIRST = b"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
_PEER_ROLE = {Side.CAMERA: Role.DOCK, Side.DOCK: Role.LINK}


@dataclass(frozen=True, slots=True)
class Identity:
    """What one side shows: its chain (``link`` for a camera, ``dock`` for a dock) and the leaf's key.

    ``chacha`` prefers ChaCha20, which is faster where the processor has no AES instructions; the camera's preference
    counts.
    """

    chain: Chain
    key: PrivateKey = field(repr=False)
    chacha: bool = False


class Tls:
    """One end of one TLS connection."""

    def __init__(self, side: Side, identity: Identity, trust: Trust) -> None:
        """Be ready to shake hands as a camera or a dock, believing what ``trust`` believes."""
        self._role = _PEER_ROLE[side]
        self._trust = trust
        self._seen: dict[int, bytes] = {}
        self._peer: Chain | None = None
        self._broken: DockError | None = None
        self._ssl = SSL.Connection(_context(identity, self._look))
        if side is Side.CAMERA:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()

    @property
    def exporter(self) -> bytes:
        """32 bytes that only the two ends of this connection know."""
        return self._ssl.export_keying_material(EXPORTER_LABEL, EXPORTER_SIZE, b"")

    @property
    def facts(self) -> str:
        """Version, cipher and key exchange, for the log."""
        names = (self._ssl.get_protocol_version_name(), self._ssl.get_cipher_name(), self._ssl.get_group_name())
        return " ".join(filter(None, names))

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the wire; call ``handshake`` or ``read`` next."""
        if data:
            self._ssl.bio_write(data)

    def handshake(self) -> Chain | None:
        """Go on with the handshake; the peer's chain once it is over and believed.

        ``PeerRefusedError`` if either side does not believe the other, ``RemoteProtocolError`` if the peer does not
        speak TLS 1.3.
        """
        if self._peer is None:
            try:
                self._ssl.do_handshake()
            except SSL.WantReadError:
                return None
            except SSL.Error as error:
                raise _in_words(error) from None
            self._peer = self._judge(self._sent_chain())
        return self._peer

    def read(self, least: int = 0) -> bytes:
        """What the peer sent, a record (16 KiB) or less at a time, or, where so much is here, records until ``least`` bytes; empty if there is
        none yet.  ``LinkLostError`` once the peer closed: by then everything before was read."""
        self._check_believed()
        if self._broken is not None:
            raise self._broken
        found: list[bytes] = []
        size = 0
        try:
            while not found or size < least:
                found.append(self._ssl.recv(RECORD))
                size += len(found[-1])
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self._broken = _in_words(error)
            if not found:
                raise self._broken from None
        return found[0] if len(found) == 1 else b"".join(found)

    def send(self, data: bytes) -> None:
        """Encrypt ``data``."""
        self._check_believed()
        try:
            self._ssl.sendall(data)
        except SSL.Error as error:
            raise _in_words(error) from None

    def close(self) -> None:
        """Say that nothing follows."""
        if self._peer is not None:
            with suppress(SSL.Error):
                self._ssl.shutdown()

    def data_to_send(self) -> bytes:
        """The bytes for the wire."""
        out: list[bytes] = []
        while not out or len(out[-1]) == _DRAIN:
            try:
                out.append(self._ssl.bio_read(_DRAIN))
            except SSL.WantReadError:
                break
        return out[0] if len(out) == 1 else b"".join(out)

    def _check_believed(self) -> None:
        if self._peer is None:
            raise LocalProtocolError("the handshake is not over")

    def _look(self, _connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, _ok: int) -> bool:
        """OpenSSL shows the chain that it built, top first: judge it at the leaf.  Its own opinion does not count."""
        self._seen[depth] = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)
        if depth == 0 and error == 0:
            self._judge([self._seen[place] for place in sorted(self._seen)])
        return True

    def _sent_chain(self) -> list[bytes]:
        """What the peer sent, leaf first.  A server's list lacks the leaf, a client's has it."""
        leaf = self._ssl.get_peer_certificate()
        rest = self._ssl.get_peer_cert_chain()
        ders = [
            crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in (leaf, *(rest or ())) if each is not None
        ]
        return ders[1:] if len(ders) > 1 and ders[0] == ders[1] else ders

    def _judge(self, ders: list[bytes]) -> Chain:
        try:
            return verify_chain(ders, self._trust, self._role, f"the {self._role}'s certificates")
        except EvidenceError as error:
            raise PeerRefusedError(str(error)) from None


_Look = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]


def _context(identity: Identity, look: _Look) -> SSL.Context:
    """What both ends speak: TLS 1.3 with these certificates.  ``look`` sees each certificate of the peer, and judges."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(_CHACHA_FIRST if identity.chacha else _AES_FIRST)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    leaf, *above = identity.chain.certificates
    context.use_certificate(leaf.x509)
    for certificate in above:
        context.add_extra_chain_cert(certificate.x509)
    context.use_privatekey(identity.key)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, look)
    return context


def _in_words(error: SSL.Error) -> DockError:
    """OpenSSL's error in our words: whose fault it is, by the reasons that it gives (triples of library, function, reason).

    An alert is the peer's refusal, and says little more than that: OpenSSL's word for what our judgement did not like
    is ``internal error``.  The reason in words stands in the peer's own log.
    """
    if isinstance(error, SSL.ZeroReturnError):
        return LinkLostError("the peer closed the connection")
    words = "; ".join(str(reason[-1]) for reason in error.args[0]) if error.args else ""
    if "alert" in words:
        return PeerRefusedError(
            f"the peer does not believe this side's certificate, or cannot speak with it (TLS: {words})"
        )
    if "did not return a certificate" in words:
        return PeerRefusedError("the peer has no certificate")
    return RemoteProtocolError(f"TLS: {words}", "tls")
