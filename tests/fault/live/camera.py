"""One live camera that is killed again and again, on one card: what it must do after each SIGKILL."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.fault.live.card import Journal, Log, Sealed
from tests.fault.live.stall import Stall
from tools.sim.heard import HeardNothingError
from tools.sim.home import Home
from tools.sim.look import meaning, read_lights
from tools.sim.mirror import Mirror
from tools.sim.process import CameraError, SimCamera

SMALL: Final = {
    "width": 160,
    "height": 128,
    "fps": 10,
    "bitrate": 250_000,
    "pre_event_s": 1,
    "segment_s": 2,
    "hold_s": 1,
    "confirm_stop": False,
}
HOLD_S: Final = 1.0
MOST_LOST_MS: Final = 1000
STALL_S: Final = 3.0
READY: Final = frozenset({"ready", "warning"})
RECORDING: Final = frozenset({"recording"})
SETTLED: Final = READY | RECORDING | {"unable"}
PATIENCE_S: Final = 60.0


class Moment(Enum):
    """When a camera is killed: within this many seconds, from the least to the most, after what is said."""

    LIVE = (0.1, 2.0)  # after the light shows recording
    PRESS = (0.0, 0.25)  # after the button went down
    SEALING = (HOLD_S - 0.1, HOLD_S + 0.3)  # after the button went down that stops the recording
    BOOT = (0.0, 0.5)  # after its control socket answers: in the recovery of what the kill before left
    IDLE = (0.0, 0.3)  # after the light shows ready


ROUND: Final = (*(Moment.LIVE,) * 4, *(Moment.SEALING,) * 2, *(Moment.BOOT,) * 2, Moment.PRESS, Moment.IDLE)
"""Each moment's share of ten kills."""


@dataclass
class Tally:
    """What came of a camera's kills: ``lost_ms`` of live footage in each kill of an acknowledged recording, ``resumed_s`` from the start of
    the process to the light that says recording."""

    kills: int = 0
    recordings: int = 0
    lost_ms: list[int] = field(default_factory=list)
    resumed_s: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class Life:
    """One camera in one home, killed ``kills`` times at moments that ``seed`` draws, and then ended in good order.

    The seed gives the moments; what the kernel and the threads make of them differs from run to run.
    """

    def __init__(self, home: Home, kills: int, seed: str, stall: Stall, heard: Callable[[], None]) -> None:
        self.tally = Tally()
        self.home = home
        self._kills = kills
        self._seed = seed
        self._stall = stall
        self._heard = heard
        self._random = random.Random(seed)
        self._mirror = Mirror()
        self._camera = SimCamera(home.camera, replay=True, on_event=self._mirror.hear)
        self.sealed = Sealed(home.card, home.certificate, home.key)
        self._mark = 0
        self._offset_ns = 0
        self._owed = False  # it showed recording when it was killed, and did not show so since
        self._vouched: dict[int, float] = {}
        self._continued: set[int] = set()
        self._stop_ns: int | None = None
        self._acts: Mapping[Moment, Callable[[float], None]] = {
            Moment.LIVE: self._live,
            Moment.PRESS: self._press,
            Moment.SEALING: self._sealing,
            Moment.BOOT: time.sleep,
            Moment.IDLE: self._idle,
        }

    def run(self) -> None:
        """Everything.  A camera that does not do what it must ends its life, and that is a violation."""
        try:
            for moment in self._moments():
                self._one(moment)
                self._heard()
            self._end()
        except (CameraError, HeardNothingError, OSError, ValueError) as error:
            self._wrong(f"{type(error).__name__}: {error}")
        finally:
            with suppress(CameraError):
                self._camera.kill()
        self.tally.recordings = len(self.sealed.files)

    def _moments(self) -> Iterator[Moment]:
        rounds = (self._random.sample(ROUND, len(ROUND)) for _ in itertools.count())
        return itertools.islice(itertools.chain.from_iterable(rounds), self._kills)

    def _one(self, moment: Moment) -> None:
        self._start(wait=moment is not Moment.BOOT)
        self._acts[moment](self._random.uniform(*moment.value))
        self._mark = len(self._mirror.events)
        shown, killed_ns = self._shown(), _now_ns()
        self._camera.kill()
        self._mirror.events.wait("the end", lambda event: event["event"] == "off", after=self._mark)
        self.tally.kills += 1
        self._judge(moment, shown, killed_ns)

    def _start(self, *, wait: bool) -> None:
        """Switch it on.  If it was cut off in a recording it must record again by itself, else it must not."""
        owed = self._owed or Log.read(self.home.card).cut is not None
        began = time.monotonic()
        self._mark, self._stop_ns = len(self._mirror.events), None
        self._camera.start()
        before_ns = _now_ns()
        camera_ns = self._camera.tell("state")["time_ns"]
        self._offset_ns = camera_ns - (before_ns + _now_ns()) // 2
        if not wait:
            return
        shown = self._see(SETTLED)
        if shown not in (RECORDING if owed else READY):
            raise CameraError(f"it shows {shown} at its start, and a recording was {'' if owed else 'not '}cut off")
        self._owed = False
        if owed:
            self.tally.resumed_s.append(time.monotonic() - began)

    # What is done to it until it is killed.

    def _live(self, seconds: float) -> None:
        self._record()
        time.sleep(seconds)

    def _press(self, seconds: float) -> None:
        self._rest()
        self._camera.tell("press", button="record")
        time.sleep(seconds)

    def _sealing(self, seconds: float) -> None:
        self._record()
        time.sleep(0.3)
        self._stop_ns = self._camera.tell("press", button="record")["time_ns"] + round(HOLD_S * 1e9)
        time.sleep(seconds)

    def _idle(self, seconds: float) -> None:
        self._rest()
        time.sleep(seconds)

    def _record(self) -> None:
        """Have it record, if it does not yet."""
        if self._shown() not in RECORDING:
            self._mark = len(self._mirror.events)
            self._camera.tell("tap", button="record")
            self._see(RECORDING)

    def _rest(self) -> None:
        """Have it stop, if it records."""
        if self._shown() in RECORDING:
            self._mark = len(self._mirror.events)
            self._camera.hold(HOLD_S + 0.1)
            self._see(READY)
            time.sleep(0.1)  # sooner, and it would be the same press still

    def _shown(self) -> str:
        """What its lights say."""
        return meaning(self._mirror.face.lights).name

    def _see(self, names: frozenset[str]) -> str:
        """Wait until its lights say one of these; which one."""
        event = self._mirror.events.wait(
            f"lights that say {' or '.join(sorted(names))}",
            lambda event: event["event"] == "lights" and meaning(read_lights(event)).name in names,
            after=self._mark,
            timeout_s=PATIENCE_S,
        )
        return meaning(read_lights(event)).name

    # What must be true once it is dead.

    def _judge(self, moment: Moment, shown: str, killed_ns: int) -> None:
        cut = Log.read(self.home.card).cut
        for wrong in self.sealed.look():
            self._wrong(wrong)
        if shown in RECORDING and cut is None and moment is not Moment.SEALING:
            self._wrong("it showed recording, and nothing is open")
        if shown in READY and (cut is not None or self._owed) and moment is not Moment.PRESS:
            self._wrong(f"it showed {shown}, and recording {cut or 'that was cut off'} is open")
        if shown in RECORDING or moment is not Moment.BOOT:
            self._owed = shown in RECORDING and moment is not Moment.SEALING
        if shown in RECORDING and cut is not None:
            self._measure(cut, killed_ns + self._offset_ns)

    def _measure(self, number: int, ended_ns: int) -> None:
        """How much of the live footage before the kill, or before the stop, is missing."""
        journal = Journal.read(self.home.card / "recordings" / f"{number:08d}")
        self._vouched[number] = journal.seconds
        self._continued.add(number)
        ended_ns = min(ended_ns, self._stop_ns or ended_ns)
        lost_ms = max(0, ended_ns // 1_000_000 - journal.captured_ms)
        self.tally.lost_ms.append(lost_ms)
        stall_ms = self._stall.last_ms(STALL_S)
        if lost_ms > MOST_LOST_MS + stall_ms:
            self._wrong(
                f"{lost_ms} ms of recording {number} are lost, and the machine stood for no more than {stall_ms} ms"
            )

    def _end(self) -> None:
        """One more start: everything is recovered, and ended in good order."""
        self._start(wait=True)
        self._rest()
        self._camera.stop()
        for wrong in itertools.chain(self.sealed.look(), self.sealed.judge()):
            self._wrong(wrong)
        for number, seconds in self._vouched.items():
            if self.sealed.seconds.get(number, 0) < seconds - 0.001:
                self._wrong(f"recording {number} had {seconds} s, and has {self.sealed.seconds.get(number)} s")
        for number in self._continued:
            following = min(each for each in self.sealed.files if each > number)
            opening = Journal.read(self.home.card / "recordings" / f"{following:08d}").opening
            if (opening["continues"] or {}).get("number") != number:
                self._wrong(f"recording {following} does not continue {number}, which was cut off")

    def _wrong(self, what: str) -> None:
        self.tally.violations.append(f"seed {self._seed}, kill {self.tally.kills}: {what}")


def _now_ns() -> int:
    """The clock from which the simulated camera's comes."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
