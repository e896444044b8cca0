"""TLS: both chains judged exactly, refusals in words on both sides, nothing said before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from OpenSSL import SSL

from firmware.dock.errors import DockError, LinkLostError, LocalProtocolError, PeerRefusedError, RemoteProtocolError
from firmware.dock.protocol import Side
from firmware.dock.tls import RECORD, Identity, Tls
from firmware.evidence.certs import Chain, Trust
from firmware.evidence.issue import issue
from firmware.evidence.keys import new_key
from firmware.evidence.roles import Role
from firmware.evidence.session import check_proof
from tests.pki import Pki

Outcome = Chain | DockError | None


def camera_identity(pki: Pki, *, chacha: bool = False) -> Identity:
    """What a camera of this authority shows."""
    session = pki.session()
    return Identity(session.link_chain, session.link_key, chacha)


def dock_identity(pki: Pki) -> Identity:
    """What a dock of this authority shows."""
    return Identity(pki.dock.chain, pki.dock.key)


def camera_minted_dock(pki: Pki) -> Identity:
    """A dock certificate that a camera issued, shaped as well as a camera can."""
    key, device = new_key(), pki.device
    leaf = issue(Role.LINK, "cam-1", key.public_key(), device.chain.leaf, device.sign)
    return Identity(Chain((leaf, *device.chain.certificates[:1])), key)


def session_identity(pki: Pki) -> Identity:
    """The certificate that signs journal lines, with a key to it."""
    key, device = new_key(), pki.device
    leaf = issue(Role.SESSION, "cam-1", key.public_key(), device.chain.leaf, device.sign)
    return Identity(Chain((leaf, *device.chain.certificates)), key)


def shake(camera: Tls, dock: Tls) -> tuple[Outcome, Outcome]:
    """Shake hands until both have an outcome; one that is over hears what the other has still to say."""
    outcomes: dict[Tls, Outcome] = {camera: None, dock: None}
    for _ in range(6):
        for end, other in ((camera, dock), (dock, camera)):
            try:
                if not isinstance(outcomes[end], DockError):
                    outcomes[end] = end.handshake() or outcomes[end]
                    if outcomes[end]:
                        assert end.read() == b""
            except DockError as error:
                outcomes[end] = error
            other.receive_data(end.data_to_send())
    return outcomes[camera], outcomes[dock]


@pytest.mark.parametrize(
    ("chacha", "cipher"), [(False, "TLS_AES_256_GCM_SHA384"), (True, "TLS_CHACHA20_POLY1305_SHA256")]
)
def test_both_believe(pki: Pki, *, chacha: bool, cipher: str) -> None:
    """Camera and dock of one authority believe each other, over TLS 1.3 with the post-quantum group and the camera's
    cipher."""
    camera = Tls(Side.CAMERA, camera_identity(pki, chacha=chacha), pki.trust)
    dock = Tls(Side.DOCK, dock_identity(pki), pki.trust)
    at_camera, at_dock = shake(camera, dock)
    assert isinstance(at_camera, Chain)
    assert isinstance(at_dock, Chain)
    assert (at_camera.name, at_dock.name) == ("dock-1", "cam-1")
    assert [certificate.role for certificate in at_dock.certificates] == [Role.LINK, Role.DEVICE, Role.DEVICE_CA]
    assert camera.facts == dock.facts == f"TLSv1.3 {cipher} X25519MLKEM768"
    assert camera.exporter == dock.exporter
    assert len(camera.exporter) == 32


def test_device_key_proof(pki: Pki) -> None:
    """The device key's signature over the exporter holds at the other end."""
    session = pki.session()
    camera = Tls(Side.CAMERA, Identity(session.link_chain, session.link_key), pki.trust)
    dock = Tls(Side.DOCK, dock_identity(pki), pki.trust)
    _, at_dock = shake(camera, dock)
    assert isinstance(at_dock, Chain)
    check_proof(at_dock, dock.exporter, session.prove(camera.exporter))


def test_carries_data(pki: Pki) -> None:
    """More than a record travels whole, in both directions, and a close is told."""
    camera, dock = Tls(Side.CAMERA, camera_identity(pki), pki.trust), Tls(Side.DOCK, dock_identity(pki), pki.trust)
    shake(camera, dock)
    for end, other in ((camera, dock), (dock, camera)):
        end.send(b"x" * 100_000)
        other.receive_data(end.data_to_send())
        got = b""
        while piece := other.read():
            got += piece
        assert got == b"x" * 100_000
    camera.close()
    dock.receive_data(camera.data_to_send())
    with pytest.raises(LinkLostError):
        dock.read()


def test_reads_as_many_records_as_are_wanted(pki: Pki) -> None:
    """And are here; what broke the connection is told behind what came before it, and ever again."""
    camera, dock = Tls(Side.CAMERA, camera_identity(pki), pki.trust), Tls(Side.DOCK, dock_identity(pki), pki.trust)
    shake(camera, dock)
    camera.send(b"x" * 70_000)
    sent = camera.data_to_send()
    dock.receive_data(sent[:60_000])
    assert len(dock.read(20_000)) == 2 * RECORD
    assert len(dock.read(70_000)) == RECORD
    assert dock.read(70_000) == b""
    dock.receive_data(sent[60_000:])
    dock.receive_data(bytes(100))
    assert len(dock.read(70_000)) == 70_000 - 3 * RECORD
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="bad record type"):
            dock.read()


def test_nothing_before_belief(pki: Pki) -> None:
    """Before the handshake is over nothing can be said, heard or closed."""
    camera = Tls(Side.CAMERA, camera_identity(pki), pki.trust)
    with pytest.raises(LocalProtocolError):
        camera.send(b"x")
    with pytest.raises(LocalProtocolError):
        camera.read()
    camera.close()
    assert camera.data_to_send() == b""


def revoke(pki: Pki, role: Role) -> Trust:
    """Trust that has this role's certificate withdrawn."""
    return Trust(pki.root, frozenset({pki.certificates[role].fingerprint}))


Maker = Callable[[Pki, Pki], tuple[Identity, Trust]]
BAD_DOCKS: dict[str, tuple[Maker, str]] = {
    "foreign": (lambda pki, rogue: (dock_identity(rogue), pki.trust), "dock-ca"),
    "role-less": (lambda pki, rogue: (Identity(pki.settings.chain, pki.settings.key), pki.trust), "1 certificates"),
    "camera-minted": (lambda pki, rogue: (camera_minted_dock(pki), pki.trust), "dock-ca certificate"),
    "camera": (lambda pki, rogue: (camera_identity(pki), pki.trust), "3 certificates"),
    "revoked": (lambda pki, rogue: (dock_identity(pki), revoke(pki, Role.DOCK)), "withdrawn"),
    "revoked issuer": (lambda pki, rogue: (dock_identity(pki), revoke(pki, Role.DOCK_CA)), "withdrawn"),
    "not yet": (
        lambda pki, rogue: (dock_identity(pki), Trust(pki.root, at=datetime(2020, 1, 1, tzinfo=UTC))),
        "notBefore",
    ),
}


@pytest.mark.parametrize("case", BAD_DOCKS)
def test_bad_dock(pki: Pki, rogue: Pki, case: str) -> None:
    """A camera refuses a bad dock before it shows its own certificate, says why, and the dock hears of it."""
    identity, trust = BAD_DOCKS[case][0](pki, rogue)
    at_camera, at_dock = shake(
        Tls(Side.CAMERA, camera_identity(pki), trust),
        dock := Tls(Side.DOCK, identity, pki.trust),
    )
    assert isinstance(at_camera, PeerRefusedError)
    assert BAD_DOCKS[case][1] in str(at_camera)
    assert isinstance(at_dock, PeerRefusedError)
    assert "does not believe" in str(at_dock)
    assert dock._ssl.get_peer_certificate() is None


BAD_CAMERAS: dict[str, tuple[Maker, str]] = {
    "foreign": (lambda pki, rogue: (camera_identity(rogue), pki.trust), "device-ca"),
    "dock": (lambda pki, rogue: (dock_identity(pki), pki.trust), "2 certificates"),
    "session key": (lambda pki, rogue: (session_identity(pki), pki.trust), "extendedKeyUsage"),
    "device key": (lambda pki, rogue: (Identity(pki.device.chain, pki.device.key), pki.trust), "2 certificates"),
    "revoked": (lambda pki, rogue: (camera_identity(pki), revoke(pki, Role.DEVICE)), "withdrawn"),
}


@pytest.mark.parametrize("case", BAD_CAMERAS)
def test_bad_camera(pki: Pki, rogue: Pki, case: str) -> None:
    """A dock refuses a bad camera, says why, and the camera hears of it."""
    identity, trust = BAD_CAMERAS[case][0](pki, rogue)
    at_camera, at_dock = shake(Tls(Side.CAMERA, identity, pki.trust), Tls(Side.DOCK, dock_identity(pki), trust))
    assert isinstance(at_dock, PeerRefusedError)
    assert BAD_CAMERAS[case][1] in str(at_dock)
    assert isinstance(at_camera, PeerRefusedError)
    assert "does not believe" in str(at_camera)


def test_extra_certificate(pki: Pki) -> None:
    """A chain that is longer than its role's is refused even where OpenSSL would find a good one in it."""
    genuine = camera_identity(pki)
    padded = Identity(Chain((*genuine.chain.certificates, pki.root)), genuine.key)
    _, at_dock = shake(Tls(Side.CAMERA, padded, pki.trust), Tls(Side.DOCK, dock_identity(pki), pki.trust))
    assert isinstance(at_dock, PeerRefusedError)
    assert "4 certificates" in str(at_dock)


def test_no_certificate(pki: Pki) -> None:
    """A client without a certificate is refused."""
    context = SSL.Context(SSL.TLS_METHOD)
    client = SSL.Connection(context)
    client.set_connect_state()
    dock = Tls(Side.DOCK, dock_identity(pki), pki.trust)
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    dock.receive_data(client.bio_read(65536))
    assert dock.handshake() is None
    client.bio_write(dock.data_to_send())
    client.do_handshake()
    dock.receive_data(client.bio_read(65536))
    with pytest.raises(PeerRefusedError, match="no certificate"):
        dock.handshake()


def test_old_tls(pki: Pki) -> None:
    """TLS 1.2 is refused."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    client = SSL.Connection(context)
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    dock = Tls(Side.DOCK, dock_identity(pki), pki.trust)
    dock.receive_data(client.bio_read(65536))
    with pytest.raises(RemoteProtocolError, match="version|protocol"):
        dock.handshake()


def test_garbage(pki: Pki) -> None:
    """What is no TLS is the peer's fault, before the handshake and after."""
    dock = Tls(Side.DOCK, dock_identity(pki), pki.trust)
    dock.receive_data(b"GET / HTTP/1.1\r\n\r\n" * 4)
    with pytest.raises(RemoteProtocolError):
        dock.handshake()
    camera, dock = Tls(Side.CAMERA, camera_identity(pki), pki.trust), Tls(Side.DOCK, dock_identity(pki), pki.trust)
    shake(camera, dock)
    camera.receive_data(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(RemoteProtocolError):
        camera.read()
    camera.close()


def test_never_resumed(pki: Pki) -> None:
    """A second connection that offers the first one's session gets a full handshake: both chains are shown and judged
    again."""
    identity = camera_identity(pki)
    first = Tls(Side.CAMERA, identity, pki.trust)
    shake(first, Tls(Side.DOCK, dock_identity(pki), pki.trust))
    ticket = first._ssl.get_session()
    assert ticket is not None
    for trust, outcome in ((pki.trust, Chain), (revoke(pki, Role.DEVICE), PeerRefusedError)):
        again = Tls(Side.CAMERA, identity, pki.trust)
        again._ssl = SSL.Connection(first._ssl.get_context())
        again._ssl.set_connect_state()
        again._ssl.set_session(ticket)
        at_camera, at_dock = shake(again, Tls(Side.DOCK, dock_identity(pki), trust))
        assert isinstance(at_camera, outcome)
        assert isinstance(at_dock, outcome)
