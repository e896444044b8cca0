"""A Raspberry Pi's microphone on the real ALSA and the real encoder: what is heard, when, and what happens when a card does not do as it should."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Never, Self

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from firmware.runtime.microphone import RETRY_NS, SILENT_NS, Microphone, Sound
from hal.interface import AudioFormat, Clock, PartName, Unit
from hal.pi.instep import NS, RATE, UNIT
from hal.pi.keeper import Keeper
from hal.pi.microphone import BLOCK, WIDTH, Alsa, Device, PiMicrophone, absent
from hal.pi.sources import KeptAudio
from hal.sim.clock import VirtualClock
from tests.contract import pi_sound
from tests.oracles import needs

Samples = NDArray[np.float64]
ROOT = Path(__file__).parents[3]
MS = 1_000_000
PATIENCE_S = 60.0
PIECE = RATE // 4
"""Short, so that a crystal that is still being learnt does not blur it."""
WORDS = "Central, this is unit four two seven. One person is leaving by the back door, towards the river."


@pytest.fixture(autouse=True)
def _one_card() -> Iterator[None]:
    yield
    pi_sound.give_back()


def made(card: pi_sound.Card) -> PiMicrophone:
    """The microphone on ``card``."""
    return PiMicrophone(card.clock, pi_sound.NAME, card.open, PATIENCE_S, PATIENCE_S)


def decoded(form: AudioFormat, units: list[Unit]) -> Samples:
    """What a player hears."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = form.config
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)


def likeness(
    heard: Samples, sound: Callable[[Samples], Samples], start_ns: int, most: int = 960
) -> tuple[float, float]:
    """How far ``heard``, which says that it began at ``start_ns`` of ``sound``, is behind it, in ms, and how alike they are there (1: the same)."""
    true = sound((start_ns / NS) + np.arange(-most, len(heard) + most) / RATE)
    products = np.fft.irfft(np.fft.rfft(true) * np.conj(np.fft.rfft(heard, len(true))), len(true))[: 2 * most + 1]
    power = np.concatenate([[0.0], np.cumsum(true**2)])
    likes = products / np.sqrt((power[len(heard) :] - power[: -len(heard)])[: len(products)] * (heard @ heard) + 1e-12)
    at = int(np.argmax(likes))
    return (most - at) * 1000 / RATE, float(likes[at])


def spoken(folder: Path) -> Callable[[Samples], Samples]:
    """Speech as a function of time in seconds; silence before and after."""
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-w", path, WORDS], check=True, timeout=30)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(data, "<i2") / 65536

    def sound(times: Samples) -> Samples:
        heard: Samples = np.interp(times, np.arange(len(samples)) / rate, samples, left=0, right=0)
        return heard

    return sound


@needs("espeak-ng")
@pytest.mark.parametrize("ppm", [0, 200, -300])
def test_speech_is_itself_and_on_time(tmp_path: Path, ppm: float) -> None:
    """A sentence through ALSA, the grid and the encoder, decoded again: the same, within two milliseconds of where its time says it was."""
    speech = spoken(tmp_path)
    card = pi_sound.plugged(speech, ppm)
    microphone, units = made(card), list[Unit]()
    microphone.start(units.append)
    card.run(3.0)
    microphone.stop()
    heard, looked = decoded(microphone.format, units), 0
    assert len(heard) > 2.8 * RATE
    for first in range(2 * UNIT, len(heard) - PIECE, PIECE):
        piece = heard[first : first + PIECE]
        if np.sqrt(np.mean(piece**2)) < 0.02:
            continue  # a pause between words
        start_ns = units[0].time_ns + first * NS // RATE - card.born_ns
        behind_ms, alike = likeness(piece, speech, start_ns)
        assert abs(behind_ms) < 2, f"at {first / RATE} s"
        assert alike > 0.95, f"at {first / RATE} s"
        looked += 1
    assert looked > 5


@needs("espeak-ng")
def test_speech_elsewhere_is_told_from_it(tmp_path: Path) -> None:
    """That the test above can fail: half a millisecond is seen, and other words are not alike."""
    speech = spoken(tmp_path)
    heard = speech(1.0 + np.arange(PIECE) / RATE)
    behind_ms, alike = likeness(heard, speech, round(1.0005 * NS))
    assert behind_ms == pytest.approx(0.5, abs=0.05)
    assert alike > 0.999
    assert likeness(heard, speech, 2 * NS)[1] < 0.8


def test_an_overrun_is_a_gap() -> None:
    """Half a second that the card's buffer did not hold is missing in the times; the sound after it is where it belongs."""
    card = pi_sound.plugged(lambda times: 0.3 * np.sin(2 * np.pi * 300 * times + 60 * np.sin(times)))
    microphone, units = made(card), list[Unit]()
    microphone.start(units.append)
    card.run(1.0)
    card.lost = True
    card.run(0.5)
    card.lost = False
    card.run(1.5)
    microphone.stop()
    steps = [after.time_ns - before.time_ns for before, after in pairwise(units)]
    even = UNIT * NS // RATE
    assert sum(abs(step - even) > 1 for step in steps) == 1
    assert 0.5 * NS <= max(steps) < 0.5 * NS + 2 * even
    assert microphone.gaps == 1
    after = steps.index(max(steps)) + 1
    heard = decoded(microphone.format, units)[(after + 1) * UNIT :]
    behind_ms, alike = likeness(heard, card.sound, units[after + 1].time_ns - card.born_ns)
    assert abs(behind_ms) < 1
    assert alike > 0.97


def test_stopped_it_reads_nothing_and_has_nothing_open() -> None:
    """Before the first start and after a stop no device is open, and the next start opens one anew."""
    card = pi_sound.plugged()
    microphone, units = made(card), list[Unit]()
    assert (card.opened, card.device) == (0, None)
    microphone.start(units.append)
    card.run(0.3)
    microphone.stop()
    assert card.device is None
    count = len(units)
    card.run(1.0)
    assert len(units) == count > 0
    microphone.start(units.append)
    assert card.opened == 2
    card.run(0.3)
    microphone.stop()
    assert units[count].time_ns - units[count - 1].time_ns >= NS, "nothing of the second in which it was stopped"


def test_starting_twice_is_a_wrong_call() -> None:
    """Who does so has lost count."""
    card = pi_sound.plugged()
    microphone = made(card)
    microphone.start(lambda _: None)
    with pytest.raises(ValueError, match="runs already"):
        microphone.start(lambda _: None)
    microphone.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_card_is_an_oserror() -> None:
    """ALSA itself says that it knows none of that name; the next start may find it."""
    card = pi_sound.plugged()
    microphone = PiMicrophone(card.clock, "nobody", patience_s=PATIENCE_S, prompt_s=PATIENCE_S)
    for _ in range(2):
        with pytest.raises(OSError, match="nobody"):
            microphone.start(lambda _: None)


def test_ffmpeg_stamps_by_the_wall_clock() -> None:
    """Which docks set, so ours reckons for itself.  If this fails, a stamp of the monotonic clock may be had for nothing."""
    card = pi_sound.plugged()
    card.pipe.write(np.zeros(BLOCK))
    with av.open(pi_sound.NAME, format="alsa", options={"sample_rate": str(RATE), "channels": "1"}) as device:
        packet = next(device.demux(audio=0))
    assert packet.pts is not None
    assert packet.time_base is not None
    assert abs(float(packet.pts * packet.time_base) - time.time()) < 60


def test_periods_are_put_together() -> None:
    """The plugin's period is one sample; a block is a hundredth of a second, with the time of its end."""
    card = pi_sound.plugged()
    card.pipe.write(np.zeros(3 * BLOCK))
    device = Alsa(pi_sound.NAME, card.clock)
    assert [len(device.read()[0]) for _ in range(3)] == [BLOCK * WIDTH] * 3
    device.close()


class Fails:
    """FFmpeg's packets, of which the first is an error."""

    def __init__(self, error: av.FFmpegError) -> None:
        self._error = error

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Never:
        raise self._error


@pytest.mark.parametrize(
    "error", [av.error.OSError(5, "Input/output error"), av.error.EOFError(1, "End of file"), None]
)
def test_whatever_ffmpeg_says_is_an_oserror(error: av.FFmpegError | None) -> None:
    """Also what is none by itself, and the end of what cannot end."""
    card = pi_sound.plugged()
    card.pipe.write(np.zeros(BLOCK))
    device = Alsa(pi_sound.NAME, card.clock)
    device._packets = Fails(error) if error else iter(())
    with pytest.raises(OSError, match="the sound card is gone"):
        device.read()
    device.close()


class Jumps(VirtualClock):
    """A clock that jumps as it is read for the tenth time."""

    reads = 0

    def monotonic_ns(self) -> int:
        """Where it stands."""
        self.reads += 1
        if self.reads == 10:
            self.advance(200 * MS)
        return super().monotonic_ns()


def test_periods_with_a_pause_between_are_not_put_together() -> None:
    """An overrun within a block ends it, and no sample of it is lost."""
    card, clock = pi_sound.plugged(), Jumps()
    card.pipe.write(np.zeros(2 * BLOCK))
    device = Alsa(pi_sound.NAME, clock)
    (torn, before_ns), (whole, after_ns) = device.read(), device.read()
    device.close()
    assert 0 < len(torn) < BLOCK * WIDTH == len(whole)
    assert after_ns - before_ns == 200 * MS


class Trouble:
    """A card on which something goes wrong."""

    def __init__(self) -> None:
        self.working, self.hung, self.closed = True, threading.Event(), 0
        self.hung.set()

    def open(self, _name: str, clock: Clock) -> Device:
        """For ``PiMicrophone``."""
        self._clock = clock
        if not self.working:
            raise OSError("no such device")
        return self

    def read(self) -> tuple[bytes, int]:
        """Nothing, an error, or no answer."""
        self.hung.wait(PATIENCE_S)
        if not self.working:
            raise OSError("unplugged")
        time.sleep(0.001)
        return b"", self._clock.monotonic_ns()

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_a_card_that_vanishes_is_silence_that_the_firmware_sees() -> None:
    """It is closed, found to be silent, tried again, and heard again once it is back."""
    card = pi_sound.plugged()
    pulled = threading.Event()

    class Pulled(pi_sound.Held):
        def read(self) -> tuple[bytes, int]:
            if pulled.is_set():
                raise OSError("unplugged")
            return super().read()

    def plug(name: str, clock: Clock) -> Device:
        if pulled.is_set():
            raise OSError("no such device")
        card.device = Pulled(card, name, clock)
        return card.device

    source, units = PiMicrophone(card.clock, pi_sound.NAME, plug, PATIENCE_S, PATIENCE_S), list[Unit]()
    microphone = Microphone(source, card.clock, units.append, always=False)
    microphone.open(card.clock.monotonic_ns())
    card.run(0.5)
    assert units
    for unit in units:
        microphone.heard(unit)
    pulled.set()
    while any(thread.name == "pi-microphone" for thread in threading.enumerate()):
        time.sleep(0.001)
    card.clock.advance(SILENT_NS + RETRY_NS)
    microphone.tick(card.clock.monotonic_ns())
    states = [microphone.state]
    count = len(units)
    pulled.clear()
    card.clock.advance(RETRY_NS)
    microphone.tick(card.clock.monotonic_ns())
    card.run(0.5)
    assert len(units) > count
    microphone.heard(units[-1])
    assert [*states, microphone.state] == [Sound.FAILED, Sound.ON]
    microphone.close()


def test_a_card_that_hangs_holds_nobody_up() -> None:
    """A stop says so, a start too while it lasts; what the card says later is not delivered, and it is closed."""
    card, units = Trouble(), list[Unit]()
    microphone = PiMicrophone(VirtualClock(), "hangs", card.open, patience_s=0.05, prompt_s=PATIENCE_S)
    card.hung.clear()
    microphone.start(units.append)
    with pytest.raises(OSError, match="hangs"):
        microphone.stop()
    with pytest.raises(OSError, match="hangs"):
        microphone.start(units.append)
    card.hung.set()
    thread = next((each for each in threading.enumerate() if each.name == "pi-microphone"), None)
    if thread is not None:
        thread.join(PATIENCE_S)
    assert card.closed == 1
    microphone.start(units.append)
    microphone.stop()
    assert (card.closed, units) == (2, [])


def test_a_card_that_takes_long_to_open_is_not_waited_for() -> None:
    """ALSA waits for a card that another has; the controller does not."""
    card, free = Trouble(), threading.Event()

    def taken(name: str, clock: Clock) -> Device:
        free.wait(PATIENCE_S)
        return card.open(name, clock)

    microphone = PiMicrophone(VirtualClock(), "taken", taken, PATIENCE_S)
    microphone.start(lambda _: None)
    assert not free.is_set()
    free.set()
    microphone.stop()
    assert card.closed == 1


def test_importing_needs_no_driver() -> None:
    """Neither PyAV nor ALSA is loaded before a microphone is made."""
    code = "import sys; sys.modules['av'] = None; import hal.pi.microphone"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=30)


def test_no_pyav_is_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service says which part is missing, and records without."""
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OSError, match="no PyAV"):
        PiMicrophone(VirtualClock())


@pytest.mark.parametrize(
    ("name", "cards", "said"),
    [
        ("plughw:CARD=mic,DEV=0", "mic/pcm0c", None),
        ("hw:CARD=mic", "mic/pcm0c", None),
        ("hw:mic,1", "mic/pcm1c", None),
        ("plughw:2,0", "card2/pcm0c", None),
        ("plughw:CARD=mic,DEV=0", "other/pcm0c", "there is no sound card mic"),
        ("plughw:CARD=mic,DEV=0", "mic/pcm0p", "the sound card mic hears nothing"),
        ("plughw:CARD=mic,DEV=1", "mic/pcm0c", "the sound card mic hears nothing"),
        ("hw:2", "card1/pcm0c", "there is no sound card 2"),
        ("default", "card1/pcm0p", None),
        ("dsnoop:CARD=mic", "other/pcm0c", None),
    ],
)
def test_whether_there_is_a_card_is_known_without_opening_it(
    tmp_path: Path, name: str, cards: str, said: str | None
) -> None:
    """From the kernel's list, as it lies in /proc/asound; a name that ALSA's configuration explains is not guessed at."""
    (tmp_path / cards).mkdir(parents=True)
    assert absent(name, tmp_path) == said


class Shy:
    """A source that starts, or does not."""

    format = AudioFormat(RATE, 1, UNIT, b"")

    def __init__(self) -> None:
        self.fails = ""

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver nothing."""
        if self.fails:
            raise OSError(self.fails)

    def stop(self) -> None:
        """It delivers nothing anyway."""


def test_a_card_that_is_missing_is_told_before_any_press() -> None:
    """At once, and again when it comes and goes while nothing is recorded; what a start found wrong with a card that is there stands."""
    keeper, source, gone = Keeper(VirtualClock().monotonic_ns, paced=False), Shy(), ["no card"]
    kept = KeptAudio(keeper, source, lambda: gone[0] if gone else None)

    def told() -> str | None:
        keeper.poll()
        return keeper.missing().get(PartName.MICROPHONE)

    assert keeper.missing() == {PartName.MICROPHONE: "no card"}
    source.fails = "ALSA's own words"
    with pytest.raises(OSError, match="own words"):
        kept.start(lambda _: None)
    assert told() == "no card", "it is one trouble, whoever finds it"
    gone.clear()
    assert told() is None
    with pytest.raises(OSError, match="own words"):
        kept.start(lambda _: None)
    assert told() == "ALSA's own words"
    source.fails = ""
    kept.start(lambda _: None)
    gone.append("pulled out")
    assert told() is None, "while it runs, its silence tells"
    kept.stop()
    assert told() == "pulled out"
