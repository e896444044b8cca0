"""One camera at the desk, sans-I/O: bytes and the time go in, bytes and, once, the camera's entry in the ledger come out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import TypeVar

from firmware.dock.enrolling import Commit, Enrolled, Introduction, KeyRequest, MakeKey, Sample
from firmware.dock.errors import DockError, RemoteProtocolError
from firmware.dock.link import Link
from firmware.dock.messages import Bye, Error, Message, Refused, SettingsLine
from firmware.dock.plain import Plain
from firmware.dock.protocol import VERSIONS, Side
from firmware.evidence.kinds import words
from tools.provision.factory.admission import DeclinedError, Desk, Order
from tools.provision.factory.ledger import Entry

MessageT = TypeVar("MessageT", bound=Message)
Talk = Generator[Sequence[Message], Message, Entry]


class Station:
    """Enrols whoever is at the other end.  ``entry`` is there once that is done; ``order`` as soon as it is known what it is to become.

    ``turn`` raises what ends it otherwise: ``DeclinedError``, by either side, or a ``DockError`` of the line.
    """

    def __init__(self, desk: Desk, port: str, *, serial: bool, now_ns: int) -> None:
        """Wait for a camera on a serial line, or on a stream."""
        self.channel = Plain(Side.DOCK, Link(None) if serial else None, now_ns)
        self.order: Order | None = None
        self.entry: Entry | None = None
        self._desk, self._port = desk, port
        self._talk = self._converse()
        next(self._talk)

    @property
    def finished(self) -> bool:
        """Whether the camera is enrolled."""
        return self.entry is not None

    def turn(self, data: bytes, now_ns: int) -> None:
        """Take bytes from the wire, let time pass, and answer."""
        self.channel.receive_data(data, now_ns)
        self.channel.tick(now_ns)
        while not self.finished and (message := self.channel.next_event()) is not None:
            try:
                for each in self._talk.send(message):
                    self.channel.send(each)
            except StopIteration as stop:
                self.entry = stop.value

    def close(self, why: Exception | str | None = None) -> None:
        """End it; a camera that still listens is told why, and a name for which nothing went out is free again."""
        self._talk.close()
        if self.order is not None and not self.order.certificate:
            self._desk.given_up(self.order)
        farewell = None
        if isinstance(why, RemoteProtocolError):
            farewell = Error(why.code, words(str(why)))
        elif isinstance(why, DeclinedError):
            with suppress(DockError):
                self.channel.send(Bye())
        elif isinstance(why, str):
            farewell = Error("shutdown", words(why))
        with suppress(DockError):
            self.channel.close(farewell)

    def _converse(self) -> Talk:
        desk = self._desk
        facts = _expect((yield ()), Introduction)
        version = next((each for each in VERSIONS if each in facts.versions), None)
        if version is None:
            raise RemoteProtocolError(f"it speaks the versions {facts.versions}, and none of {VERSIONS}", "version")
        order = self.order = desk.admit(facts, self._port)
        request = _expect((yield [MakeKey(version, order.device)]), KeyRequest)
        papers, settings = desk.certify(order, request.data), desk.authority.settings
        sample = _expect((yield [papers, SettingsLine(settings.line)]), Sample)
        desk.opened(order, sample.data)
        commit = Commit(order.certificate, settings.hash)
        done = _expect((yield [commit]), Enrolled)
        if (done.certificate, done.settings) != (commit.certificate, commit.settings):
            raise RemoteProtocolError("Enrolled: it kept something else than it was given")
        return desk.enrolled(order)


def _expect(answer: Message, kind: type[MessageT]) -> MessageT:
    """The answer; ``DeclinedError`` where the camera does not do it."""
    if isinstance(answer, Refused):
        raise DeclinedError(f"the camera does not do it: {answer.text} ({answer.code})")
    if not isinstance(answer, kind):
        raise RemoteProtocolError(f"{type(answer).__name__} instead of {kind.__name__}")
    return answer
