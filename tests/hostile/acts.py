"""What hostile docks are made of: scripts, spoilt wires, and lines that somebody else signed, or that say something else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

from firmware.dock.messages import Bye, Hello, Message, Raw, ReceiptLine, Welcome
from firmware.dock.tls import Identity
from firmware.dock.wire import encode
from firmware.evidence import documents, jws
from firmware.evidence.certs import Chain
from firmware.evidence.issue import issue
from firmware.evidence.keys import Sign, new_key, software_sign
from firmware.evidence.roles import Role
from tests.docking import Peer
from tests.hostile.bench import UTC_MS, Bench
from tests.hostile.peers import Act, Liar, Script
from tests.pki import Pki
from tests.rig import payload, pki, receipt_for

Talk = Generator[Act, Message | None, Any]
Attempt = Callable[[Bench], Peer]
Make = Callable[[Bench, Hello], Raw]
Signer = Callable[[Bench], tuple[Sign, tuple[bytes, ...]]]


def greet(**changes: Any) -> Talk:
    """Up to READY; the camera's Hello."""
    hello = yield None
    assert isinstance(hello, Hello)
    welcome: dict[str, Any] = {"version": 1, "dock": "dock-1", "utc_ms": UTC_MS, "token": None}
    yield encode(Welcome(**welcome | changes))
    yield None
    return hello


def ask(message: Message) -> Talk:
    """Say something; what is answered to it first."""
    yield encode(message)
    return (yield None)


def says(*lines: Act) -> Attempt:
    """A dock that says these once it is READY, and then nothing more."""

    def script(_liar: Liar) -> Script:
        yield from greet()
        yield from lines

    return lambda bench: bench.liar(script)


def follows(script: Callable[[Bench, Liar], Script]) -> Attempt:
    """A dock that follows a script which knows the camera."""
    return lambda bench: bench.liar(lambda liar: script(bench, liar))


def hands(make: Make) -> Attempt:
    """A dock that hands over one line and says goodbye."""

    def script(bench: Bench, _liar: Liar) -> Script:
        hello = yield from greet()
        yield from ask(make(bench, hello))
        yield encode(Bye())

    return follows(script)


def shows(make: Callable[[Bench], Identity]) -> Attempt:
    """A dock with other certificates, who says nothing."""

    def script(_liar: Liar) -> Script:
        yield None

    return lambda bench: bench.liar(script, make(bench))


class Spoilt:
    """A good dock, and somebody on the wire who spoils what it says: ``spoil`` gets each piece, and how many there were before."""

    def __init__(self, peer: Peer, spoil: Callable[[bytes, int], bytes]) -> None:
        self._peer, self._spoil, self._count = peer, spoil, 0

    def pump(self, data: bytes, now_ns: int) -> bytes:
        """Spoil what is said."""
        out = self._peer.pump(data, now_ns)
        if out:
            self._count += 1
            out = self._spoil(out, self._count - 1)
        return out

    def hang_up(self) -> None:
        """Pass it on."""
        self._peer.hang_up()


def spoils(spoil: Callable[[bytes, int], bytes]) -> Attempt:
    """The reference dock on a spoilt wire."""
    return lambda bench: Spoilt(bench.honest(), spoil)


def breaks_off(after: int) -> Attempt:
    """The reference dock, which hangs up once it has said so many pieces."""

    def spoil(data: bytes, count: int) -> bytes:
        if count == after:
            raise ConnectionResetError("the peer closed the connection")
        return data

    return spoils(spoil)


def late(spoil: Callable[[bytes], bytes], behind: int = 3) -> Callable[[bytes, int], bytes]:
    """Spoil what is said once so many pieces have passed."""
    return lambda data, count: spoil(data) if count >= behind else data


# -- lines


def signed(kind: documents.Kind, payload: Mapping[str, Any]) -> bytes:
    """A line, without LF, by our dock."""
    dock = pki().dock
    return documents.sign(kind, payload, dock.sign, dock.chain.ders)


def receipt(**changes: Any) -> Make:
    """A receipt for recording 1, honest but for these members."""
    return lambda bench, hello: ReceiptLine(receipt_for(bench.rig, 1, **{"nonce": hello.nonce, **changes}))


def resigned(make: Make, signer: Signer) -> Make:
    """The same line, signed by somebody else (who: a signature, and certificates)."""

    def made(bench: Bench, hello: Hello) -> Raw:
        line = make(bench, hello)
        claim = jws.parse(line.data, jws.PAPER_LIMIT)
        sign, ders = signer(bench)
        return type(line)(jws.sign(claim.payload, claim.typ, sign, x5c=ders))

    return made


def stranger_identity(_bench: Bench) -> Identity:
    """A dock of another authority with the same names, to shake hands with."""
    dock = Pki.create().dock
    return Identity(dock.chain, dock.key)


def stranger(_bench: Bench) -> tuple[Sign, tuple[bytes, ...]]:
    """A dock of another authority with the same names."""
    dock = Pki.create().dock
    return dock.sign, dock.chain.ders


def camera_key(bench: Bench) -> tuple[Sign, tuple[bytes, ...]]:
    """The camera's own device key."""
    device = bench.authority.device
    return device.sign, device.chain.ders


def minted(bench: Bench) -> tuple[Sign, tuple[bytes, ...]]:
    """A certificate in the shape of a dock's that a camera issued."""
    made = minted_identity(bench)
    return software_sign(made.key), made.chain.ders


def minted_identity(bench: Bench) -> Identity:
    """The same, to shake hands with."""
    key, device = new_key(), bench.authority.device
    leaf = issue(Role.LINK, "cam-1", key.public_key(), device.chain.leaf, device.sign)
    return Identity(Chain((leaf, *device.chain.certificates[:1])), key)


def altered(make: Make, edit: Callable[[bytes], bytes]) -> Make:
    """The same line with other bytes."""

    def made(bench: Bench, hello: Hello) -> Raw:
        line = make(bench, hello)
        return type(line)(edit(line.data))

    return made


def part(bench: Bench, hello: Hello) -> Raw:
    """A receipt for all files but the first."""
    files: list[dict[str, Any]] = payload(receipt_for(bench.rig, 1))["files"]
    return receipt(files=files[1:])(bench, hello)
