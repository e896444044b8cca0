"""Handing firmware to a camera: choose, offer, send from where it was, piece by piece."""

from __future__ import annotations

from firmware.dock.bundlerule import choose
from firmware.dock.bundling import BundleLine, Piece, Taken, Wanted
from firmware.dock.errors import RemoteProtocolError
from firmware.dock.messages import DATA_LIMIT, Message, Ping, Pong, Refused, Stored
from firmware.evidence.certs import Trust
from tools.dock.conversation import DeclinedError, Talk, YieldedError, ask, expect
from tools.dock.events import Kind
from tools.dock.met import Tell
from tools.dock.updating.bundles import BundleStock, Offer

PIECE = DATA_LIMIT
"""Bytes of one piece."""

_PROGRESS_EVERY = 1 << 20


PASSING = frozenset({"battery", "space", "storage", "waiting", "hash"})
"""Refusals that may be other ones in a minute."""


class Handing:
    """Gives one camera the newest bundle that it can take."""

    def __init__(self, device: str, stock: BundleStock, tell: Tell) -> None:
        """``tell`` hears how it goes."""
        self._device = device
        self._stock = stock
        self._tell = tell

    def talk(self, trust: Trust) -> Talk[bool]:
        """Offer what fits and is believed by ``trust``; whether the camera took a bundle.  ``YieldedError`` where it begins to record."""
        pong = yield from ask(Ping(), Pong)
        if pong.busy:
            raise YieldedError("a recording is being made")
        offers = self._stock.for_camera(self._device, trust)
        bundle = choose((offer.bundle for offer in offers), pong.facts.update)
        if bundle is None or pong.facts.update.state == "waiting":
            return False
        offer = next(each for each in offers if each.bundle is bundle)
        try:
            stored = yield from self._send(offer)
            if stored is None:  # a rest of an earlier attempt was damaged, and is gone now
                stored = yield from self._send(offer)
        except DeclinedError as error:
            self._told(offer, "declined", str(error))
            return False
        except OSError as error:
            self._told(offer, "failed", f"it cannot be read: {error.strerror}")
            return False
        if stored is None:
            self._told(offer, "failed", "twice other bytes arrived than the paper says")
            return False
        self._told(offer, "taken", "the camera installs it, and starts it next time")
        return True

    def _send(self, offer: Offer) -> Talk[Stored | None]:
        """Send what the camera lacks; None where what it has in the end is not what the paper says."""
        bundle, answer = offer.bundle, (yield BundleLine(offer.bundle.line))
        place = 0
        with offer.path.open("rb") as file:
            while not isinstance(answer, Stored):
                if isinstance(answer, Refused) and answer.code == "hash":
                    return None
                if isinstance(answer, Refused) and answer.code not in PASSING:
                    self._stock.spurn(self._device, bundle.paper)
                before, place = place, _next_offset(answer)
                if place < before or place >= bundle.length:
                    raise RemoteProtocolError(f"it asks for byte {place} of {bundle.length} bytes of a bundle")
                if isinstance(answer, Wanted):
                    self._told(offer, "offered", f"version {bundle.version}, from byte {place} of {bundle.length} on")
                elif place // _PROGRESS_EVERY != before // _PROGRESS_EVERY:
                    self._tell(Kind.PROGRESS, done=place, total=bundle.length)
                file.seek(place)
                piece = file.read(PIECE)
                if not piece:
                    raise OSError(0, "it has become shorter")
                answer = yield Piece(piece)
                if isinstance(answer, Taken) and answer.offset != place + len(piece):
                    raise RemoteProtocolError(f"it asks for byte {answer.offset} behind {place + len(piece)}")
        if answer.hash != bundle.paper:
            raise RemoteProtocolError("the camera stored another bundle")
        return answer

    def _told(self, offer: Offer, state: str, text: str) -> None:
        self._tell(Kind.BUNDLE, item=offer.name, serial=offer.bundle.serial, state=state, text=text)


def _next_offset(answer: Message | None) -> int:
    """Where the camera wants to go on."""
    if isinstance(answer, Wanted | Taken):
        return answer.offset
    expect(answer, Wanted)  # says what it is instead
    raise AssertionError
