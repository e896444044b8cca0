"""Buttons, inputs, lights, battery and signer of a board as the firmware sees them, whether they are there or not.

While a part is missing an input is at rest, a level or a battery cannot be read, and a light cannot be shown: each is what ``hal.interface`` lets
it be.  What was asked of a part before is asked of it again as soon as it is back.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from hal.interface import Battery, Button, Cue, Edge, Indicators, Lights, PartName, Signal, Signer, Space
from hal.pi.buttons import PiButtons, PiTriggers
from hal.pi.gpio import Line
from hal.pi.keeper import Held, Keeper
from hal.pi.power import ASKED, OFF, THERMAL, PiPower, processor, switch_off
from hal.pi.storage import PiDirectory, PiStorage


class KeptButtons:
    """The buttons.  A level that cannot be read is an ``OSError``."""

    def __init__(self, keeper: Keeper, open_: Callable[[], PiButtons]) -> None:
        self._sinks: tuple[Callable[[Edge], None], ...] = ()
        self._held = Held(keeper, PartName.BUTTONS, open_, PiButtons.close, lambda part: part.listen(self._tell))

    def listen(self, sink: Callable[[Edge], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def is_down(self, button: Button) -> bool:
        """The level now."""
        with self._held.used() as part:
            return part.is_down(button)

    def _tell(self, edge: Edge) -> None:
        for sink in self._sinks:
            sink(edge)


class KeptTriggers:
    """The wired inputs.  One that cannot be read is at rest."""

    def __init__(self, keeper: Keeper, names: Sequence[str], open_: Callable[[], PiTriggers]) -> None:
        self._names = tuple(names)
        self._sinks: tuple[Callable[[Signal], None], ...] = ()
        self._held = Held(keeper, PartName.INPUTS, open_, PiTriggers.close, lambda part: part.listen(self._tell))

    def listen(self, sink: Callable[[Signal], None]) -> None:
        """Send every edge from now on to ``sink``."""
        self._sinks += (sink,)

    def names(self) -> Sequence[str]:
        """The inputs that this camera has."""
        return self._names

    def is_active(self, name: str) -> bool:
        """The level now; ``ValueError`` if there is no such input."""
        if name not in self._names:
            raise ValueError(f"unknown input {name!r}; known: {', '.join(self._names) or 'none'}")
        with suppress(OSError), self._held.used() as part:
            return part.is_active(name)
        return False

    def _tell(self, signal: Signal) -> None:
        for sink in self._sinks:
            sink(signal)


class Closing(Indicators, Protocol):
    """Indicators that can be given back."""

    def close(self) -> None:
        """Dark and still."""


class KeptIndicators:
    """Lights, motor and buzzer.  Lights that come back show what they were last told."""

    def __init__(self, keeper: Keeper, open_: Callable[[], Closing]) -> None:
        self._lights: Lights | None = None
        self._held = Held(keeper, PartName.LIGHTS, open_, lambda part: part.close(), self._again)

    def show(self, lights: Lights) -> None:
        """Show this until told otherwise."""
        self._lights = lights
        with self._held.used() as part:
            part.show(lights)

    def play(self, cue: Cue) -> None:
        """Begin a cue."""
        with self._held.used() as part:
            part.play(cue)

    def _again(self, part: Closing) -> None:
        if self._lights is not None:
            part.show(self._lights)


class Contacts:
    """A wire that tells of power, where there is one; without it there is none."""

    def __init__(self, keeper: Keeper, name: PartName, open_: Callable[[], Line] | None) -> None:
        self._held = None if open_ is None else Held(keeper, name, open_, Line.close)

    def __call__(self) -> bool:
        """Whether it has power, as far as anybody can tell."""
        if self._held is not None:
            with suppress(OSError), self._held.used() as line:
                return line.is_active()
        return False


class KeptPower:
    """Battery and charger: a gauge that is missing takes nothing but the battery's word with it."""

    def __init__(
        self,
        keeper: Keeper,
        gauge: Callable[[], PiPower] | None,
        contact: Callable[[], bool],
        *,
        thermal: Path = THERMAL,
        off: Sequence[str] = OFF,
        asked: Path = ASKED,
    ) -> None:
        """``gauge`` None: the board has none, and nobody misses it."""
        self._contact, self._thermal, self._off, self._asked = contact, thermal, tuple(off), asked
        self._held = None if gauge is None else Held(keeper, PartName.GAUGE, gauge, PiPower.close)

    def battery(self) -> Battery:
        """The battery now; ``OSError`` where nobody can read it."""
        if self._held is None:
            raise OSError(errno.ENODEV, "this board has no fuel gauge")
        with self._held.used() as part:
            return part.battery()

    def contact(self) -> bool:
        """Whether the charging contacts have power."""
        return self._contact()

    def processor(self) -> float | None:
        """The processor's temperature."""
        return processor(self._thermal)

    def off(self) -> None:
        """Have the board switched off."""
        switch_off(self._off, self._asked)


class KeptSigner:
    """Whoever holds the device's key; each use says whether that is there."""

    def __init__(self, keeper: Keeper, signer: Signer) -> None:
        self._keeper, self._signer = keeper, signer

    @property
    def kind(self) -> str:
        """Where the key lives."""
        return self._signer.kind

    def create(self) -> bytes:
        """Make the key where there is none, and return the public key."""
        with self._used():
            return self._signer.create()

    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        with self._used():
            return self._signer.public_key()

    def sign_digest(self, digest: bytes) -> bytes:
        """The DER ECDSA signature over a SHA-256 digest of 32 bytes."""
        with self._used():
            return self._signer.sign_digest(digest)

    def counter(self) -> int | None:
        """The counter."""
        with self._used():
            return self._signer.counter()

    def advance(self) -> int | None:
        """Count one up."""
        with self._used():
            return self._signer.advance()

    @contextmanager
    def _used(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._keeper.tell(PartName.SIGNER, error.strerror or str(error))
            raise
        self._keeper.tell(PartName.SIGNER, None)


class KeptStorage:
    """A partition that may not be mounted: then each use of it is an ``OSError``, and never of another partition's directory below it."""

    def __init__(self, path: Path, *, partition: bool) -> None:
        self._path, self._partition = path, partition

    def root(self) -> PiDirectory:
        """Its top directory, which is looked for at each use."""
        return _Root(self._path, self._found)

    def space(self) -> Space:
        """What there is, and what is left."""
        return self._found().space()

    def _found(self) -> PiStorage:
        return PiStorage(self._path, partition=self._partition)


class _Root(PiDirectory):
    """The top of a partition, as long as that is there."""

    def __init__(self, path: Path, look: Callable[[], object]) -> None:
        super().__init__(path)
        self._look = look

    def names(self) -> list[str]:
        """The names in it, sorted."""
        self._look()
        return super().names()

    def at(self, name: str) -> Path:
        """Where a name in it is."""
        self._look()
        return super().at(name)

    def sync(self) -> None:
        """Make the names durable."""
        self._look()
        super().sync()
