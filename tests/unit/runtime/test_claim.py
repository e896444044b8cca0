"""How a camera becomes somebody's: whole conversations with the real desk, everything a hostile one can say, and the power cut anywhere."""

from __future__ import annotations

import base64
import random
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from firmware.dock.enrolling import (
    Certificates,
    Commit,
    Enrolled,
    Introduction,
    KeyRequest,
    MakeKey,
    Sample,
    certificates,
)
from firmware.dock.link import Link
from firmware.dock.messages import Bye, Error, Message, Ping, Refused, SettingsLine
from firmware.dock.wire import encode
from firmware.evidence import documents, jws, kinds
from firmware.evidence.certs import read_certificate
from firmware.evidence.errors import FormatError
from firmware.evidence.issue import issue
from firmware.evidence.keys import hash_of, load_public_key, new_key, software_sign
from firmware.evidence.request import read_request
from firmware.evidence.roles import Role
from firmware.runtime import durable
from firmware.runtime.claim import LOCK, Facts, LockedError
from firmware.runtime.enrolment import DEVICE, SETTINGS, Enrolment, NotEnrolledError
from hal.interface import PortKind
from hal.sim.crashes import Survival
from hal.sim.dock import SimDock
from hal.sim.memory import MemoryStorage
from tests.claiming import DeskEnd, MemorySigner, Nobodys, ScriptEnd, files
from tests.docking import Peer, Stop
from tests.pki import Pki
from tests.rig import PkiSigner, enrol
from tools.provision import Authority, create_authority
from tools.provision.factory.admission import DeclinedError, Desk, Names
from tools.provision.factory.ledger import ENROLLED, ISSUED, Ledger
from tools.provision.factory.samples import Keys

NONCE = "ab" * 16


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority; names are given out of one pool."""
    return create_authority(tmp_path_factory.mktemp("authority") / "authority", "Test")


@pytest.fixture
def desk(authority: Authority, tmp_path: Path) -> Desk:
    """Its desk, with a fresh ledger."""
    return Desk(authority, Ledger(tmp_path / "cameras.csv"), Names("cam-####"), Keys.load(authority, []))


def refusal(camera: Nobodys, answer: Callable[[Message], list[Message] | bytes]) -> Message:
    """The last word of a camera to a desk that behaves so."""
    end = ScriptEnd(answer)
    camera.meet(lambda: end)
    assert end.heard, end.error
    return end.heard[-1]


def script(desk: Desk, **changed: Any) -> Callable[[Message], list[Message] | bytes]:
    """What an honest desk says, but for what is ``changed``: ``name``, ``ders`` and ``line`` are made of the honest ones, ``commit`` too."""
    state: dict[str, Any] = {}

    def answer(message: Message) -> list[Message] | bytes:
        if isinstance(message, Introduction):
            state["order"] = desk.admit(message, "wire")
            return [MakeKey(1, state["order"].device)]
        if isinstance(message, KeyRequest):
            ders = desk.certify(state["order"], message.data).ders
            ders = changed.get("ders", lambda each: each)(ders)
            line = changed.get("line", lambda each: each)(desk.authority.settings.line)
            return [certificates(tuple(ders), NONCE), SettingsLine(line)]
        if isinstance(message, Sample):
            commit = Commit(state["order"].certificate, desk.authority.settings.hash)
            return [changed.get("commit", lambda each: each)(commit)]
        return []

    return answer


@pytest.mark.parametrize("kind", PortKind)
def test_a_camera_is_enrolled(desk: Desk, kind: PortKind) -> None:
    """Over either kind of line: what it then holds is an enrolment that the service starts with, and its key was made inside and once."""
    camera, end = Nobodys(facts=Facts("sim", "sim-0123")), None

    def connect() -> Peer:
        nonlocal end
        end = DeskEnd(desk, kind)
        return end

    camera.meet(connect, kind)
    assert end is not None
    assert end.error is None
    assert camera.claims == 1
    enrolment = Enrolment.load(camera.config.root(), camera.signer)
    assert end.station is not None
    entry = end.station.entry
    assert entry is not None
    assert (entry.state, entry.device, entry.serial, entry.board) == (
        ENROLLED,
        enrolment.session.device,
        "sim-0123",
        "sim",
    )
    assert entry.key == hash_of(camera.signer.public_key())
    assert entry.certificate == enrolment.session.chain.issuer(Role.DEVICE).fingerprint
    assert isinstance(camera.signer, MemorySigner)
    assert camera.signer.made == 1
    assert [each.state for each in Ledger(desk.ledger.path).entries()] == [ENROLLED]
    assert entry.key in camera.log.getvalue(), "an operator at the console can compare"


def test_one_that_is_locked_says_no_more(desk: Desk) -> None:
    """Whoever has the lock on its card, be the rest of it there or not, is enrolled by nobody over a link."""
    for missing in ((), (DEVICE,), (SETTINGS,), (DEVICE, SETTINGS)):
        config = MemoryStorage()
        enrol(config, {})
        for name in missing:
            config.root().remove(name)
        camera, before = Nobodys(config=config), files(config)
        end = ScriptEnd(script(desk))
        camera.meet(lambda end=end: end)  # type: ignore[misc]  # mypy knows no type for a lambda's default
        assert [type(each) for each in end.heard] == [Refused]
        assert isinstance(end.heard[0], Refused)
        assert end.heard[0].code == "locked"
        assert files(config) == before
        assert isinstance(camera.signer, MemorySigner)
        assert camera.signer.made == 0


def test_a_second_enrolment_is_refused(desk: Desk) -> None:
    """Once locked it stays with whom it belongs to; the link's thread that did it asks for nothing more."""
    camera = Nobodys()
    camera.meet(lambda: DeskEnd(desk, PortKind.STREAM))
    before = files(camera.config)
    again = Nobodys(camera.signer, camera.config)
    assert isinstance(said := refusal(again, script(desk)), Refused)
    assert said.code == "locked"
    assert files(camera.config) == before


@pytest.mark.parametrize("at", [Introduction, Sample])
def test_locked_between_two_words(desk: Desk, at: type) -> None:
    """A lock that closes while a desk still talks, over the other port, keeps what was first; and no key is made any more."""
    camera, honest, heard = Nobodys(), script(desk), list[type]()

    def answer(message: Message) -> list[Message] | bytes:
        heard.append(type(message))
        if type(message) is at:
            enrol(camera.config, {})
        return honest(message)

    assert isinstance(said := refusal(camera, answer), Refused)
    assert said.code == "locked"
    assert heard == ([Introduction, Refused] if at is Introduction else [Introduction, KeyRequest, Sample, Refused])
    assert isinstance(camera.signer, MemorySigner)
    assert camera.signer.made == (at is Sample)
    assert Enrolment.load(camera.config.root(), PkiSigner()).session.device == "cam-1"


@dataclass
class Fickle(MemorySigner):
    """Signs the request, and then with another key."""

    signed: int = 0

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign."""
        self.signed += 1
        return super().sign_digest(digest) if self.signed == 1 else software_sign(new_key())(digest)


def test_a_signer_that_would_not_do_at_the_next_start_is_found_before_the_lock(desk: Desk) -> None:
    """A camera that is locked and cannot start would be nobody's for ever: what a start signs is signed once before."""
    camera = Nobodys(Fickle())
    said = refusal(camera, script(desk))
    assert isinstance(said, Refused)
    assert said.code == "evidence"
    assert "signing key" in said.text
    assert files(camera.config) == {}


def foreign(ders: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The certificates, below another root."""
    return (*ders[:2], Pki.create().root.der)


def another_key(desk: Desk) -> Callable[[tuple[bytes, ...]], tuple[bytes, ...]]:
    """The genuine certificate of another camera, replayed."""
    other = Nobodys()
    end = DeskEnd(desk, PortKind.STREAM)
    other.meet(lambda: end)
    enrolment = Enrolment.load(other.config.root(), other.signer)
    return lambda ders: (*enrolment.session.chain.ders[1:], ders[2])


def a_dock(desk: Desk) -> Callable[[tuple[bytes, ...]], tuple[bytes, ...]]:
    """A dock's certificate, over the camera's own key."""

    def made(ders: tuple[bytes, ...]) -> tuple[bytes, ...]:

        leaf = read_certificate(ders[0], Role.DEVICE, desk.authority.certificates[Role.DEVICE_CA], "x")

        above = desk.authority.certificates[Role.DOCK_CA]
        dock = issue(Role.DOCK, leaf.name, leaf.key, above, software_sign(desk.authority.keys[Role.DOCK_CA]))
        return (dock.der, above.der, ders[2])

    return made


def renamed(desk: Desk) -> Callable[[tuple[bytes, ...]], tuple[bytes, ...]]:
    """A certificate for the camera's own key in another name than it asked for."""

    def made(ders: tuple[bytes, ...]) -> tuple[bytes, ...]:

        above = desk.authority.certificates[Role.DEVICE_CA]
        leaf = read_certificate(ders[0], Role.DEVICE, above, "x")
        other = issue(Role.DEVICE, "cam-other", leaf.key, above, software_sign(desk.authority.keys[Role.DEVICE_CA]))
        return (other.der, *ders[1:])

    return made


def resigned(desk: Desk, **changes: Any) -> Callable[[bytes], bytes]:
    """Settings that the authority's own key signed, with other content; or, with ``role``, that another of its keys signed."""
    role = changes.pop("role", Role.SETTINGS)
    payload = {**desk.authority.settings.payload, **changes}
    sign, der = software_sign(desk.authority.keys[role]), desk.authority.certificates[role].der
    return lambda _line: documents.sign(kinds.SETTINGS, payload, sign, [der])


def one_recipient(desk: Desk) -> Callable[[bytes], bytes]:
    """Settings that name one recipient twice, which no desk of ours would sign."""
    first = desk.authority.settings.payload["recipients"][0]
    payload = {**desk.authority.settings.payload, "recipients": [first, {**first, "role": "escrow"}]}
    sign, der = software_sign(desk.authority.keys[Role.SETTINGS]), desk.authority.certificates[Role.SETTINGS].der
    return lambda _line: jws.sign(payload, "lapel.settings.1", sign, x5c=[der])


def withdrawn(desk: Desk) -> Callable[[Message], list[Message] | bytes]:
    """Settings that withdraw the very certificate that comes with them."""
    held: list[str] = []

    def ders(each: tuple[bytes, ...]) -> tuple[bytes, ...]:
        held.append(hash_of(each[0]))
        return each

    def line(_line: bytes) -> bytes:
        return resigned(desk, revoked=[{"hash": held[0], "since_ms": 0}])(b"")

    return script(desk, ders=ders, line=line)


LIES: dict[str, tuple[Callable[[Desk], Callable[[Message], list[Message] | bytes]], str]] = {
    "a foreign root": (lambda desk: script(desk, ders=foreign), "settings"),
    "another camera's certificate": (lambda desk: script(desk, ders=another_key(desk)), "name that was asked for"),
    "a dock's certificate": (lambda desk: script(desk, ders=a_dock(desk)), "certificates"),
    "another name": (lambda desk: script(desk, ders=renamed(desk)), "name that was asked for"),
    "no root": (lambda desk: script(desk, ders=lambda ders: ders[:2]), "2 instead of 3"),
    "no certificates": (lambda desk: script(desk, ders=lambda _: ()), "0 instead of 3"),
    "an intermediate for a root": (
        lambda desk: script(desk, ders=lambda ders: (*ders[:2], ders[1])),
        "root certificate",
    ),
    "an altered certificate": (
        lambda desk: script(desk, ders=lambda ders: (ders[0][:-1] + b"\0", *ders[1:])),
        "certificate",
    ),
    "garbage for a certificate": (
        lambda desk: script(desk, ders=lambda ders: (b"\x30\x03abc", *ders[1:])),
        "not a certificate",
    ),
    "altered settings": (lambda desk: script(desk, line=lambda line: line[:-4] + b"AAAA"), "signature"),
    "no settings": (lambda desk: script(desk, line=lambda _: b""), "lapel.settings.1|line"),
    "settings of another's": (lambda desk: script(desk, line=resigned(desk, role=Role.UPDATE)), "settings"),
    "settings with wrong values": (
        lambda desk: script(desk, line=resigned(desk, values={"pre_event_s": 500})),
        "pre_event_s",
    ),
    "one recipient twice": (lambda desk: script(desk, line=one_recipient(desk)), "same key twice"),
    "a certificate that is withdrawn": (withdrawn, "withdrawn"),
    "another certificate to commit to": (
        lambda desk: script(desk, commit=lambda each: replace(each, certificate="0" * 64)),
        "commit",
    ),
    "other settings to commit to": (
        lambda desk: script(desk, commit=lambda each: replace(each, settings="0" * 64)),
        "commit",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_refused(desk: Desk, lie: str) -> None:
    """Each is named, nothing of it is kept, and an honest desk can still enrol the camera."""
    make, says = LIES[lie]
    camera = Nobodys()
    said = refusal(camera, make(desk))
    assert isinstance(said, Refused), said
    assert said.code == "evidence"
    assert re.search(says, said.text), said.text
    assert files(camera.config) == {}
    assert camera.claims == 0
    assert says.split("|")[0] in camera.log.getvalue() or said.text[:40] in camera.log.getvalue()
    camera.meet(lambda: DeskEnd(desk, PortKind.STREAM))
    assert Enrolment.load(camera.config.root(), camera.signer).session.device


def test_another_key_under_the_right_name_is_refused(desk: Desk) -> None:
    """A certificate in this camera's name and for a key that it does not hold: the most plausible mistake of a tray with crossed cables."""
    other = MemorySigner()
    other.create()

    def swapped(ders: tuple[bytes, ...]) -> tuple[bytes, ...]:

        above = desk.authority.certificates[Role.DEVICE_CA]
        name = read_certificate(ders[0], Role.DEVICE, above, "x").name
        key = load_public_key(other.public_key())
        leaf = issue(Role.DEVICE, name, key, above, software_sign(desk.authority.keys[Role.DEVICE_CA]))
        return (leaf.der, *ders[1:])

    camera = Nobodys()
    said = refusal(camera, script(desk, ders=swapped))
    assert isinstance(said, Refused)
    assert said.text == "certificates: public key: is not this camera's"
    assert files(camera.config) == {}


BREACHES: dict[str, list[Message] | bytes] = {
    "garbage": b"\xff" * 100,
    "a length without end": b"\x1d\xff\xff\xff\xff",
    "half a message": b"\x1d\x00\x00\x00\x20{",
    "a docking's word": [Ping()],
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a commit at once": b"\x21\x00\x00\x00\x02{}",
    "an oversized one": b"\x1d\x00\x02\x00\x00" + b"x" * 0x20000,
    "a version that nobody offered": [MakeKey(9, "cam-1")],
    "no name": b'\x1d\x00\x00\x00\x1b{"device":"","version":1}  ',
}


@pytest.mark.parametrize("kind", PortKind)
@pytest.mark.parametrize("breach", BREACHES)
def test_breaches(desk: Desk, breach: str, kind: PortKind) -> None:
    """What is no word of this conversation ends it; the camera makes no key, keeps nothing, waits longer each time, and goes on."""
    said = BREACHES[breach]

    class Rude:
        """Says it at once, below every check of its own."""

        def __init__(self) -> None:

            self.link, self.out, self.told = Link(None), b"", False

        def pump(self, data: bytes, now_ns: int) -> bytes:
            """Say it as soon as the camera has introduced itself."""
            raw = said if isinstance(said, bytes) else b"".join(map(encode, said))
            if kind is PortKind.STREAM:
                out, self.told = (raw if data and not self.told else b""), self.told or bool(data)
                return out
            self.link.receive_data(data, now_ns)
            while (event := self.link.next_event()) is not None:
                if hasattr(event, "data") and not self.told:
                    self.link.send(raw)
                    self.told = True
            return self.link.data_to_send()

        def hang_up(self) -> None:
            """Nothing."""

    camera = Nobodys()
    begun = camera.clock.now_ns
    camera.meet(Rude, kind, waits=3)
    assert files(camera.config) == {}
    assert isinstance(camera.signer, MemorySigner)
    assert camera.signer.made == 0
    assert camera.clock.now_ns - begun < 200e9
    assert "enrolment-broke-off" in camera.log.getvalue()
    camera.meet(lambda: DeskEnd(desk, kind), kind)
    assert camera.claims == 1


@pytest.mark.parametrize("kind", PortKind)
def test_pulled_out_anywhere(authority: Authority, tmp_path: Path, kind: PortKind) -> None:
    """Cut at any byte: it is enrolled or it is not, goes on with the same key, and at last has one certificate and one name."""
    desk = Desk(authority, Ledger(tmp_path / "cameras.csv"), Names("pulled-####"), Keys.load(authority, []))
    signer, config, cut = MemorySigner(), MemoryStorage(), 40
    while True:
        camera = Nobodys(signer, config)
        wire = camera.meet(lambda: DeskEnd(desk, kind), kind, cut=cut)
        if LOCK in config.root().names():
            break
        assert not camera.claims
        assert wire.carried > 0
        cut += 173
    assert cut > 1000
    enrolment = Enrolment.load(config.root(), signer)
    assert signer.made == 1
    (entry,) = Ledger(desk.ledger.path).entries()
    assert entry.device == enrolment.session.device
    assert entry.certificate == enrolment.session.chain.issuer(Role.DEVICE).fingerprint


def test_the_power_goes_at_any_moment(desk: Desk) -> None:
    """Whatever of the writes the card has kept: the camera is enrolled in full, or it is nobody's, and can be enrolled again."""
    camera = Nobodys()
    camera.meet(lambda: DeskEnd(desk, PortKind.STREAM))
    whole, chance = files(camera.config), random.Random(7)
    seen = {True: 0, False: 0}
    crashes = Survival()
    for operation in (None, *camera.memory.log):
        if operation is not None:
            crashes.follow(operation)
        for image in crashes.images(64, chance):
            config = MemoryStorage.holding(image)
            try:
                Enrolment.load(config.root(), camera.signer)
            except NotEnrolledError:
                seen[False] += 1
                assert LOCK not in config.root().names(), "locked, and of no use"
                again = Nobodys(camera.signer, config)
                again.unowned.keep(whole[LOCK], whole[DEVICE], whole[SETTINGS])
                assert Enrolment.load(config.root(), camera.signer).session.device
            else:
                seen[True] += 1
                assert {name: data for name, data in files(config).items() if name in whole} == whole
    assert seen[True] >= 2, seen
    assert seen[False] > 20, seen


def test_the_lock_is_the_last_thing_that_is_written(desk: Desk) -> None:
    """And what is behind it was synced before: the order is the promise."""
    camera = Nobodys()
    camera.meet(lambda: DeskEnd(desk, PortKind.STREAM))
    told = [repr(each) for each in camera.memory.log]
    renames = [text for text in told if "Rename" in text]
    assert [name for text in renames for name in (DEVICE, SETTINGS, LOCK) if f"'{name}'" in text] == [
        DEVICE,
        SETTINGS,
        LOCK,
    ]


def test_a_card_that_fails_is_told_and_locks_nothing(desk: Desk) -> None:
    """Until the lock is there the camera is nobody's, and says what failed."""
    camera = Nobodys()
    camera.memory.trouble.capacity = 100
    said = refusal(camera, script(desk))
    assert isinstance(said, Refused)
    assert said.code == "storage"
    assert LOCK not in camera.config.root().names()
    assert camera.claims == 0


def test_in_doubt_it_starts_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last sync fails behind the rename: nobody knows what the card holds, so the camera starts again and looks."""
    camera = Nobodys()
    genuine = durable.replace

    def failing(directory: Any, name: str, data: bytes) -> None:
        genuine(directory, name, data)
        if name == LOCK:
            raise OSError("the sync failed")

    monkeypatch.setattr(durable, "replace", failing)
    said = refusal(camera, script(desk))
    assert isinstance(said, Refused)
    assert said.code == "storage"
    assert camera.claims == 1


def test_whoever_looks_meanwhile_leaves_it_to_the_desk(desk: Desk) -> None:
    """The service looks now and then whether the camera is enrolled by now, as by a card that was put in.  What a desk is about to lock is
    the link's to tell: the desk has not heard of it yet."""
    camera = Nobodys()
    seen: list[tuple[bool, bool]] = []
    camera.memory.before = lambda _: seen.append((camera.unowned.locked, camera.unowned.closing))
    camera.meet(lambda: DeskEnd(desk, PortKind.STREAM))
    assert seen
    assert all(closing for _, closing in seen), "whatever is on the card, from the first byte on"
    assert camera.unowned.closing


def test_a_signer_that_fails_is_told(desk: Desk) -> None:
    """A TPM that is not there: the desk hears of it, and nothing was certified."""
    camera = Nobodys(MemorySigner(trouble=OSError("the TPM does not answer")))
    said = refusal(camera, script(desk))
    assert isinstance(said, Refused)
    assert said.code == "storage"
    assert "TPM does not answer" in said.text
    assert desk.ledger.entries() == []


def test_the_request_is_for_the_key_inside(desk: Desk) -> None:
    """Signed by the key that the signer holds, in the name that was asked for; a key that is there is not made anew."""
    signer = MemorySigner()
    signer.create()
    heard: list[Message] = []

    def answer(message: Message) -> list[Message]:
        heard.append(message)
        return [MakeKey(1, "cam-7")] if isinstance(message, Introduction) else [Bye()]

    camera = Nobodys(signer)
    camera.meet(lambda: ScriptEnd(answer))
    assert isinstance(heard[0], Introduction)
    assert heard[0].key == hash_of(signer.public_key())
    assert isinstance(heard[1], KeyRequest)
    assert read_request(heard[1].data).name == "cam-7"
    assert signer.made == 1
    assert files(camera.config) == {}


def test_a_connection_that_broke_before_it_was_used(desk: Desk) -> None:
    """A desk that ends while a camera waits for its next attempt leaves a connection behind that is dead: it is made anew, and not looked at
    for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SimDock()
        port.plug(f"tcp:127.0.0.1:{server.getsockname()[1]}")
        server.accept()[0].close()
        while port.connected():
            time.sleep(0.001)
        camera = Nobodys()
        camera.link(port).run(Stop(camera.clock, 1))
        assert port.connected()
        port.unplug()


def test_an_error_of_the_desk_ends_it(desk: Desk) -> None:
    """The desk gives up: nothing is kept, and the camera's log has why."""
    camera = Nobodys()
    camera.meet(lambda: ScriptEnd(lambda message: [Error("shutdown", "lunch")]))
    assert "lunch" in camera.log.getvalue()
    assert files(camera.config) == {}


def test_two_ports_enrol_it_once(desk: Desk) -> None:
    """What one link has locked another one's commit does not change."""
    camera = Nobodys()
    camera.unowned.keep(b"root", b"device", b"settings")
    with pytest.raises(LockedError):
        camera.unowned.keep(b"other", b"other", b"other")
    assert files(camera.config)[LOCK] == b"root"


def test_a_sample_is_not_what_it_should_be(desk: Desk) -> None:
    """A desk that has the keys opens what the camera seals before it commits: here to a nonce that was never said."""
    camera, heard = Nobodys(), list[Message]()
    honest = script(desk)

    def answer(message: Message) -> list[Message] | bytes:
        heard.append(message)
        return [Bye()] if isinstance(message, Sample) else honest(message)

    camera.meet(lambda: ScriptEnd(answer))
    assert isinstance(heard[-1], Sample)
    (entry,) = desk.ledger.entries()
    assert entry.state == ISSUED
    order = desk.admit(replace_key(heard[0], entry.key), "wire")
    order.certificate = entry.certificate
    with pytest.raises(DeclinedError, match="something else"):
        desk.opened(order, heard[-1].data)
    order.nonce = NONCE
    desk.opened(order, heard[-1].data)


def replace_key(message: Message, key: str) -> Introduction:
    """The introduction of a camera that has made its key by now."""
    assert isinstance(message, Introduction)
    return replace(message, key=key)


@pytest.mark.parametrize("text", ["", "!", "QUJ", "QUJD\n", "QUJD=", "QR==", base64.b64encode(b"x" * 5000).decode(), 7])
def test_certificates_have_one_spelling(text: Any) -> None:
    """No second base64 of the same bytes, and none without bounds."""
    with pytest.raises(FormatError):
        Certificates((text,), NONCE).body()
    with pytest.raises(FormatError):
        Certificates(("QUJD",) * 4, NONCE).body()
    assert Certificates(("QUJD",) * 3, NONCE).ders == (b"ABC",) * 3


def test_what_was_kept_is_named(desk: Desk) -> None:
    """The camera's last word names what is durable."""
    heard: list[Message] = []
    honest = script(desk)

    def answer(message: Message) -> list[Message] | bytes:
        heard.append(message)
        return honest(message)

    camera = Nobodys()
    camera.meet(lambda: ScriptEnd(answer))
    assert isinstance(heard[-1], Enrolled)
    assert heard[-1].settings == desk.authority.settings.hash
