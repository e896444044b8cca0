"""One camera's visit, told as it happens: greeting, clock, settings, shift, then rounds of offload, each closed by an
anchor."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.dock.channel import Secured
from firmware.dock.errors import PeerRefusedError, RemoteProtocolError
from firmware.dock.facts import Facts
from firmware.dock.messages import AssignmentLine, Bye, ClockSet, Hello, Ping, Pong, SettingsLine, Welcome
from firmware.dock.protocol import VERSIONS
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import Signed
from firmware.evidence.kinds import ASSIGNMENT
from firmware.evidence.session import check_proof
from tools.dock.conversation import PING_S, DeclinedError, Pause, Talk, YieldedError, ask, expect, hand_over
from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.identity import DockIdentity
from tools.dock.met import Met
from tools.dock.offload import Offload
from tools.dock.orders import Giving, Orders
from tools.dock.sharing.claims import Claims, Seat
from tools.dock.sharing.helping import BUSY_S, Helper
from tools.dock.shifts.register import Assignment, Register, RegisterError
from tools.dock.store import INCOMING, Store, StoreError
from tools.dock.timing.stamping import Stamping
from tools.dock.timing.timeword import Voucher, wants_token
from tools.dock.timing.tsa import StampError
from tools.dock.updating.bundles import BundleStock
from tools.dock.updating.handing import Handing

VOUCHING_S = 0.1
READY_PERCENT = 80


def system_utc_ms() -> int:
    """Read the dock's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What all visits to a dock share.

    ``stamping`` gets time stamps for what was receipted; ``voucher`` gives the word that a clock needs which is more than a day off; ``orders`` has what is ordered of single cameras; ``bundles`` has
    firmware to offer; ``shift`` is given to every camera that nobody is assigned to; ``ready`` says of one with nothing left to take over whether it may be handed
    to an officer who waits for any; ``stay`` keeps a camera in conversation after its
    offload, until it is taken out.
    """

    identity: DockIdentity
    store: Store
    emit: Emit
    utc_ms: Callable[[], int] = system_utc_ms
    shift: str | None = None
    stay: bool = False
    stamping: Stamping | None = None
    voucher: Voucher | None = None
    bundles: BundleStock | None = None
    orders: Orders | None = None
    ready: Callable[[str, Facts], bool] = lambda _device, facts: facts.battery.percent >= READY_PERCENT
    claims: Claims = field(default_factory=Claims)


class Visit:
    """The dock's side of one session, as a talk."""

    def __init__(self, desk: Desk, secured: Secured) -> None:
        """Begin with a camera whose certificates were believed."""
        self.device = secured.peer.name
        self._desk = desk
        self._secured = secured
        self._register = Register(desk.store.root)
        self._shift: str | None = None
        self._offered = 0
        self._giving = Giving(self.device, desk.orders, self._tell) if desk.orders is not None else None
        self._status: dict[str, str | int | bool] = {}

    def talk(self) -> Talk[None]:
        """Go through the visit.  ``StoreError`` if the store fails, ``PeerRefusedError`` for a camera that is not who
        it says."""
        try:
            hello = expect((yield None), Hello)
            self._check(hello)
            with self._desk.claims.hold(self.device, hello.facts.volume, self._secured.peer.fingerprint) as seat:
                leads = seat.lead()
                self._welcomed(hello, Kind.ACCEPTED if leads else Kind.JOINED)
                yield from self._set_clock(hello, told=leads)
                if not leads:
                    yield from Helper(seat).talk()
                    leads = seat.lead()
                    if leads:  # those who led before are gone
                        self._welcomed(hello, Kind.LEADS)
                if leads:
                    yield from self._host(hello, seat)
                yield Bye()
        except OSError as error:
            raise StoreError.of(error) from None

    def _tell(self, kind: Kind, **facts: str | int | bool) -> None:
        self._desk.emit(DockEvent(kind, self.device, facts))

    def _check(self, hello: Hello) -> None:
        """Make sure that it is the device that its link certificate names, and that it speaks our language."""
        if hello.facts.device != self.device:
            raise PeerRefusedError(f"it calls itself {hello.facts.device}, its certificate says {self.device}")
        if self.device == INCOMING:
            raise PeerRefusedError(f"no camera can be named {INCOMING}: the store has a directory of that name")
        try:
            check_proof(self._secured.peer, self._secured.exporter, bytes.fromhex(hello.proof))
        except (EvidenceError, ValueError) as error:
            raise PeerRefusedError(f"it does not have the device key: {error}") from None
        if not set(VERSIONS) & set(hello.versions):
            raise RemoteProtocolError(f"it speaks versions {hello.versions}, this dock {VERSIONS}", "version")

    def _welcomed(self, hello: Hello, kind: Kind) -> None:
        facts = hello.facts
        self._tell(
            kind,
            volume=facts.volume,
            boot=facts.boot,
            number=facts.number,
            firmware=facts.firmware,
            percent=facts.battery.percent,
            charging=facts.battery.charging,
            update=facts.update.state,
            text=self._secured.facts,
        )

    def _host(self, hello: Hello, seat: Seat) -> Talk[None]:
        at = self._desk
        met = Met(at.identity, at.store, self._tell, at.utc_ms, hello)
        yield from met.look()
        offload = Offload(met, seat, at.stamping)
        while True:
            try:
                yield from self._offer_settings()
                yield from self._give_orders()
                yield from self._assign()
                yield from offload.talk()
                if (yield from self._offer_bundle()):
                    continue  # the camera's log has grown by it
                yield from offload.part()
            except YieldedError as error:
                self._tell(Kind.WAITING, text=str(error))
                yield from self._wait_until_idle()
                continue
            self._tell(Kind.DONE, items=offload.receipted)
            if not self._desk.stay:
                seat.finish()
                return
            yield from self._wait_for_news(offload.anchored)

    def _set_clock(self, hello: Hello, *, told: bool) -> Talk[None]:
        """Tell the time; the camera decides what to make of it, and where another session of it stands it makes nothing of it."""
        version = max(set(VERSIONS) & set(hello.versions))
        token = (yield from self._vouched(hello)) if told else None
        now = self._desk.utc_ms()
        clock = yield from ask(Welcome(version, self._desk.identity.name, now, token), ClockSet)
        if told:
            self._tell(
                Kind.CLOCK,
                before_ms=clock.before.utc_ms,
                after_ms=clock.after.utc_ms,
                dock_ms=now,
                quality=clock.after.quality,
                taken=clock.taken,
                text=clock.reason,
            )

    def _vouched(self, hello: Hello) -> Talk[str | None]:
        """What vouches for the time, where this camera needs that and somebody can be asked; without it the visit goes on all the
        same."""
        voucher = self._desk.voucher
        if voucher is None or not wants_token(hello.facts.clock, self._desk.utc_ms()):
            return None
        answer = voucher(hello.nonce)
        while not answer.done():
            yield Pause(VOUCHING_S)
        try:
            return base64.b64encode(answer.result()).decode()
        except StampError as error:
            self._tell(Kind.UNSTAMPED, item="clock", text=str(error))
            return None

    def _offer_settings(self) -> Talk[None]:
        """Hand on the authority's settings, and newer ones that the dock got meanwhile; a camera that has newer ones declines, and one
        that records takes them when it is done."""
        settings = self._newer_settings()
        if settings is None:
            return
        serial = settings.payload["serial"]
        try:
            yield from hand_over(SettingsLine(settings.line), settings.line)
        except DeclinedError as error:
            self._tell(Kind.SETTINGS, serial=serial, taken=False, text=str(error))
        else:
            self._tell(Kind.SETTINGS, serial=serial, taken=True, text="taken")
        self._offered = serial

    def _newer_settings(self) -> Signed | None:
        """The dock's settings, unless this camera was offered them in this docking; a file that is of no use is told of."""
        identity = self._desk.identity.now()
        if identity.renewal is not None and (trouble := identity.renewal.trouble()):
            self._tell(Kind.REJECTED, item="settings", text=trouble)
        settings = identity.settings
        return None if settings is None or settings.payload["serial"] <= self._offered else settings

    def _give_orders(self) -> Talk[None]:
        """Hand on what the authority orders of this camera."""
        if self._giving is not None:
            yield from self._giving.talk(self._trust())

    def _trust(self) -> Trust:
        return self._desk.identity.now().trust(self._desk.utc_ms())

    def _ordered(self) -> bool:
        """Whether there is an order that this camera has not heard."""
        return self._giving is not None and bool(self._giving.due(self._trust()))

    def _offer_bundle(self) -> Talk[bool]:
        """Give the camera firmware, behind the evidence; whether it took any."""
        if self._desk.bundles is None:
            return False
        return (yield from Handing(self.device, self._desk.bundles, self._tell).talk(self._trust()))

    def _assign(self) -> Talk[None]:
        """Tell the camera for which shift it records, once."""
        now = self._desk.utc_ms()
        pending = self._pending()
        shift = pending.shift if pending else self._desk.shift
        if shift is None or shift == self._shift:
            return
        payload = {"device": self.device, "shift": shift, "utc_ms": now}
        line = self._desk.identity.sign(ASSIGNMENT, payload)
        try:
            yield from hand_over(AssignmentLine(line), line)
        except DeclinedError as error:
            self._tell(Kind.REJECTED, item="assignment", text=str(error))
            return
        self._shift = shift
        self._tell(Kind.ASSIGNED, shift=shift, officer=self._officer(shift))
        if pending:
            try:
                self._register.given(self.device, shift, now)
            except RegisterError as error:
                self._tell(Kind.REJECTED, item="register", text=str(error))

    def _wait_until_idle(self) -> Talk[None]:
        """Let the camera record."""
        while True:
            yield Pause(BUSY_S)
            if not (yield from self._ping()).busy:
                return

    def _wait_for_news(self, line: int | None) -> Talk[None]:
        """Keep in touch until the camera's log has grown beyond ``line``, which this dock countersigned (None: beyond what it is now), or
        somebody is assigned to it."""
        while True:
            pong = yield from self._ping()
            line = pong.facts.audit.line if line is None else line
            news = pong.facts.audit.line != line or self._newer_settings() or self._pending() or self._ordered()
            if not pong.busy and (news or self._claimed(pong.facts)):
                return
            yield Pause(PING_S)

    def _officer(self, shift: str) -> str:
        """Whose shift it is, as far as the register knows."""
        try:
            return self._register.officer(shift) or ""
        except RegisterError:
            return ""

    def _ping(self) -> Talk[Pong]:
        """Ask how it is, and tell what changed."""
        pong = yield from ask(Ping(), Pong)
        battery = pong.facts.battery
        status: dict[str, str | int | bool] = {
            "percent": battery.percent,
            "charging": battery.charging,
            "number": pong.facts.number,
            "update": pong.facts.update.state,
            "busy": pong.busy,
        }
        if status != self._status:
            self._status = status
            self._tell(Kind.STATUS, **status)
        return pong

    def _claimed(self, facts: Facts) -> bool:
        """Whether somebody waits for a camera, and this one is ready and nobody's."""
        if self._shift is not None or not self._desk.ready(self.device, facts):
            return False
        try:
            return self._register.claim(self.device, self._desk.utc_ms())
        except RegisterError as error:
            self._tell(Kind.REJECTED, item="register", text=str(error))
            return False

    def _pending(self) -> Assignment | None:
        """The shift that the register has for this camera; a register that cannot be read is told of, and stops
        nothing."""
        try:
            return self._register.pending(self.device, self._desk.utc_ms())
        except RegisterError as error:
            self._tell(Kind.REJECTED, item="register", text=str(error))
            return None
