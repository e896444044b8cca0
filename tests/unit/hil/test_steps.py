"""Steps of which this machine can do the board's part, done; and what the others make of what a board says."""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
import pytest

from hal.interface import Unit
from hal.pi.instep import RATE, UNIT
from hal.pi.microphone import Encoder
from tests.hil import (
    test_01_boot,
    test_03_button,
    test_04_camera,
    test_05_microphone,
    test_06_storage,
    test_07_signer,
    test_09_power_cut,
    test_10_power_draw,
    test_11_twelve_hours,
)
from tests.hil.answers import Answer
from tests.hil.bench import Bench, bench, named
from tests.hil.config import Config
from tests.hil.on_board import cuts
from tests.hil.ssh import BoardTroubleError
from tests.unit.hil import stand_in
from tests.unit.hil.stand_in import Willing


@pytest.fixture(scope="module")
def bench_here(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """This machine, with a Raspberry Pi 5's file."""
    return stand_in.on_bench(tmp_path_factory.mktemp("board"), Willing())


@pytest.fixture
def evidence(bench_here: Bench) -> Path:
    """Where it writes."""
    return Path(bench_here.config.place)


@dataclass
class Scripted:
    """A bench on which the board says what a test wants."""

    real: Bench
    answers: dict[str, list[dict[str, Any]]]
    files: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    profile: dict[str, int] = field(default_factory=dict)

    def ask(self, program: str, timeout_s: float = 60.0, **given: object) -> Answer:
        """The next answer of a program."""
        self.asked.append(program)
        return Answer("x", self.answers[program].pop(0))

    def fetch(self, path: str, name: str) -> bytes:
        """The next file."""
        return self.files.pop(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def h264(pictures: list[np.ndarray], rate: int = 10) -> bytes:
    """A film as an encoder of a board gives it."""
    codec = av.CodecContext.create("libx264", "w")
    codec.height, codec.width = pictures[0].shape[:2]
    codec.pix_fmt, codec.time_base, codec.framerate = "yuv420p", Fraction(1, rate), Fraction(rate)
    codec.options = {"tune": "zerolatency", "x264-params": f"keyint={rate}:scenecut=0"}
    frames = [av.VideoFrame.from_ndarray(each, format="rgb24") for each in pictures]
    packets = [packet for frame in (*frames, None) for packet in codec.encode(frame)]
    return b"".join(bytes(packet) for packet in packets)


def grey(level: int, count: int = 10) -> list[np.ndarray]:
    """Pictures of one brightness."""
    return [np.full((48, 64, 3), level, np.uint8)] * count


# What this machine can do itself.


def test_storage_is_measured_and_read_back(bench_here: Bench, monkeypatch: pytest.MonkeyPatch, evidence: Path) -> None:
    """The step on storage, on a directory of this machine."""
    monkeypatch.setattr(test_06_storage, "SECONDS", 1)
    for limit in ("TYPICAL_MS", "LONGEST_MS"):  # this machine may be busy
        monkeypatch.setattr(test_06_storage, limit, math.inf)
    notes: list[str] = []
    test_06_storage.test_a_minute_of_flushes(bench_here, notes.append)
    assert re.search(r"GiB free$", notes[0])
    assert notes[1].startswith("2 flushes of ")
    assert list((evidence).iterdir()) == []


class Stored:
    """A program that stored with these times."""

    def __init__(self, ms: list[float], *, whole: bool = True, lost: int = 0) -> None:
        size = int(test_06_storage.FLUSH_S * 4_000_000 / 8)
        stored = {"ms": ms, "bytes": size * len(ms) - lost, "whole": whole}
        self._answers = {"ready": {"free": 1 << 30, "mounted": "/dev/x ext4 rw"}, "stored": stored}

    def __enter__(self) -> Self:
        """It runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """It ended."""

    def expect(self, says: str, timeout_s: float) -> Answer:
        """What it says."""
        return Answer(says, self._answers[says])


@pytest.mark.parametrize(
    ("program", "well"),
    [
        (Stored([20.0] * 120), True),
        (Stored([20.0] * 119 + [4000.0]), True),
        (Stored([20.0] * 119 + [6000.0]), False),
        (Stored([300.0] * 120), False),
        (Stored([20.0] * 120, whole=False), False),
        (Stored([20.0] * 120, lost=1), False),
    ],
    ids=["well", "one stall", "too long a stall", "too slow", "not what was written", "shorter"],
)
def test_a_cards_times_are_judged(bench_here: Bench, program: Stored, *, well: bool) -> None:
    """A stall that a recording outlives is none of a bad card; what was lost or altered is, at any speed."""
    board = Scripted(bench_here, {}, profile={"bitrate": 4_000_000})
    board.start = lambda *_, **__: program  # type: ignore[attr-defined] # a stand-in for the board, or its machine
    if well:
        test_06_storage.test_a_minute_of_flushes(board, lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    else:
        with pytest.raises(AssertionError):
            test_06_storage.test_a_minute_of_flushes(board, lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def test_a_place_that_is_no_partition_is_refused(bench_here: Bench, evidence: Path) -> None:
    """The service would refuse it too: evidence would land beside the system."""
    with pytest.raises(BoardTroubleError, match="no partition is mounted there"):
        bench_here.ask("store", place=str(evidence), partition=True, bytes=1, seconds=1)


def test_signatures_are_judged_at_the_desk(bench_here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real key file signs, and one signature that is another's does not pass."""
    monkeypatch.setattr(test_07_signer, "LONGEST_MS", math.inf)
    notes: list[str] = []
    test_07_signer.test_a_key_file_signs(bench_here, notes.append)
    assert notes[0].startswith("software: 16 signatures verify")
    told = bench_here.ask("sign", part="file", digests=[each.hex() for each in test_07_signer.DIGESTS])
    swapped = [*told.facts["signatures"][1:], told.facts["signatures"][0]]
    with pytest.raises(Exception, match="^$") as caught:
        test_07_signer.judge(Answer("signed", {**told.facts, "signatures": swapped}), notes.append)
    assert type(caught.value).__name__ == "InvalidSignature"


def test_a_tpm_that_is_not_there_is_trouble(bench_here: Bench) -> None:
    """With what was left behind told first, since somebody has to look."""
    with pytest.raises(BoardTroubleError), bench_here.start("sign", part="tpm", digests=[]) as program:
        program.expect("signed", 60)


class Plug(Willing):
    """Somebody at the plug of this machine: the program that writes is killed, and with it what it had not synced."""

    def __init__(self, evidence: Path, spoil: Callable[[Path], None]) -> None:
        super().__init__()
        self._evidence, self._spoil = evidence, spoil
        self.programs: list[Any] = []

    def do(self, act: str, **given: object) -> bool | float:
        """``cut`` kills."""
        if act == "cut":
            self.programs[-1]._process.kill()
        if act == "power":
            self._spoil(self._evidence / cuts.NAME)
        return super().do(act, **given)


def cut_short(
    bench_here: Bench, evidence: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> list[str]:
    """The step on power cuts, on this machine."""
    hands = Plug(evidence, spoil)
    board = Bench(bench_here.config, bench_here.ssh, hands, bench_here.board, bench_here.text, bench_here.facts)
    begun = Bench.start

    def start(self: Bench, program: str, **given: object) -> Any:
        hands.programs.append(begun(self, program, **given))
        return hands.programs[-1]

    monkeypatch.setattr(Bench, "start", start)
    notes: list[str] = []
    test_09_power_cut.test_what_was_acknowledged_is_there(board, notes.append)
    return notes


def test_a_card_that_keeps_what_it_acknowledged_passes(
    bench_here: Bench, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cuts, each in the middle of writing; nothing is left behind."""
    notes = cut_short(bench_here, evidence, monkeypatch, lambda path: None)
    assert len([note for note in notes if note.startswith("cut ")]) == 2
    assert list((evidence).iterdir()) == []


def _shorten(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(cuts.BLOCK * 3)


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(cuts.BLOCK * 2 + 5)
        file.write(b"\0")


@pytest.mark.parametrize("spoil", [_shorten, _flip, Path.unlink], ids=["shorter", "flipped", "gone"])
def test_a_card_that_lies_is_found_out(
    bench_here: Bench, evidence: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None]
) -> None:
    """It had said that it keeps them."""
    with pytest.raises(AssertionError):
        cut_short(bench_here, evidence, monkeypatch, spoil)


def test_a_board_without_pins_says_so(bench_here: Bench) -> None:
    """This machine: the real gpiozero, and its words."""
    for program in ("lights", "contacts", "jumper"):
        with pytest.raises(BoardTroubleError, match=f"{program} on engineer@board:2222: OSError: GPIO"):
            bench_here.ask(program, button="function", times=1)


def test_hours_go_on_without_the_desk(bench_here: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four seconds of a shift, begun, left, and taken up again."""
    told = {**stand_in.environment(tmp_path), "HIL_HOURS": "0.001", "HIL_BOARD": str(_bare(tmp_path))}
    (tmp_path / "evidence").mkdir()
    monkeypatch.setattr(test_11_twelve_hours, "LONGEST_MS", math.inf)
    monkeypatch.setattr(test_11_twelve_hours, "PLACE", str(tmp_path / "run"))
    monkeypatch.setattr(
        test_11_twelve_hours, "START", test_11_twelve_hours.START.replace("/run/lapel-hil", str(tmp_path / "run"))
    )
    with bench(Config.read(told), stand_in.ssh(tmp_path)) as board:
        boot, path = test_11_twelve_hours.booted(board), board.config.out / test_11_twelve_hours.KEPT
        test_11_twelve_hours.begin(board, 3.6, 0.6)
        test_11_twelve_hours.keep(path, boot, 0.001, [])
        while not test_11_twelve_hours.samples(board):
            threading.Event().wait(0.05)
        notes: list[str] = []
        test_11_twelve_hours.test_a_shift(board, notes.append)
        assert notes[0].startswith("taken up again after ")
        assert re.fullmatch(r"0.00 h of 0.00 h: [1-6] samples", notes[1])
        assert "it never started again" in notes
        kept = path.read_text().splitlines()
        assert boot in kept[0]
        assert '"over"' in kept[-1]
        monkeypatch.setattr(test_11_twelve_hours, "booted", lambda _: "another boot")
        assert not test_11_twelve_hours.kept(path, "another boot", 0.001)
        with pytest.raises(AssertionError, match="started again"):
            test_11_twelve_hours.watched(board, path, boot)


def _bare(place: Path) -> Path:
    """A board's file without lens and microphone."""
    text = (stand_in.ROOT / "buildroot/vm/board.toml").read_text()
    path = place / "bare.toml"
    path.write_text(text)
    return path


def test_a_board_is_known_by_its_revision() -> None:
    """Whatever its memory, maker and issue are; one that we have no file for is none."""
    assert (named(0x902120), named(0xC03115), named(0xC04170)) == ("zero2w", "pi4", "pi5")
    assert (named(0xA03111), named(0xB04171)) == ("pi4", "pi5")  # a Pi 4 of 1 GB, a Pi 5 of 4 GB
    assert named(0xA020D3) is None  # a Pi 3 B+


@pytest.mark.parametrize("active", [True, False])
def test_the_service_leaves_its_parts_to_the_steps(tmp_path: Path, *, active: bool) -> None:
    """Where it runs it is stopped, at the first meeting and whenever the board was without power; where it does not, nothing is done."""
    asked = tmp_path / "systemctl-asked"
    (tmp_path / "evidence").mkdir()
    program = stand_in.ssh(tmp_path)
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{asked}\n[ "$1" != is-active ] || exit {0 if active else 3}\n')
    systemctl.chmod(0o755)
    with bench(Config.read(stand_in.environment(tmp_path)), program) as board:
        board.back(1)
    told = [line for line in asked.read_text().splitlines() if line.startswith("stop")]
    assert told == ["stop lapel.service"] * (2 if active else 0)


def test_what_is_missing_at_boot_is_named(bench_here: Bench) -> None:
    """This machine has none of a Raspberry Pi's devices."""
    with pytest.raises(AssertionError, match="missing: /dev/"):
        test_01_boot.test_the_devices_of_its_file_are_there(bench_here, lambda _: None)


@pytest.mark.parametrize(
    ("word", "well"), [("0x0", True), ("0x20002", True), ("0x50005", False), ("0x10000", False), ("", True)]
)
def test_a_weak_supply_is_found(bench_here: Bench, word: str, *, well: bool) -> None:
    """By the firmware's bits for voltage and throttling; a cap on the frequency is none of these."""
    board = Bench(
        bench_here.config,
        bench_here.ssh,
        bench_here.hands,
        bench_here.board,
        bench_here.text,
        Answer("facts", {"throttled": word}),
    )
    if well:
        test_01_boot.test_the_supply_is_strong_enough(board, lambda _: None)
    else:
        with pytest.raises(AssertionError, match=word):
            test_01_boot.test_the_supply_is_strong_enough(board, lambda _: None)


# What a board says, judged.


def frames(count: int = 100, rate: int = 10, missing: int | None = None) -> dict[str, Any]:
    """What the lens's program says of so many frames."""
    times = [index * 1000 / rate for index in range(count) if index != missing]
    return {
        "times_ms": times,
        "late_ms": [40.0] * len(times),
        "keys": [*range(0, len(times), rate)],
        "bytes": 100_000,
        "unburnt": 0,
    }


@pytest.fixture
def filmed(bench_here: Bench) -> Callable[..., Scripted]:
    """A bench whose lens gave this."""
    small = {"width": 64, "height": 48, "fps": 10, "bitrate": 100_000}
    return lambda said, *films: Scripted(bench_here, {"camera": said}, [h264(each) for each in films], profile=small)


def test_a_film_of_every_frame_passes(filmed: Callable[..., Scripted]) -> None:
    """Counted by its times, decoded by somebody else's decoder, with a picture for whoever looks."""
    board = filmed([frames()], grey(100, 100))
    notes: list[str] = []
    test_04_camera.test_every_frame_comes(board, notes.append)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    assert notes[0] == "100 frames in 9.9 s, 0 gaps, longest 100.0 ms"
    assert notes[-1] == "all 100 frames decode at 64x48"
    assert (board.config.out / "lens.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("said", "film", "why"),
    [
        (frames(missing=50), grey(100, 99), "1 == 0"),
        (frames(count=40), grey(100, 40), "40 frames"),
        ({**frames(), "keys": [0, 30, 60]}, grey(100, 100), "all"),
        ({**frames(), "late_ms": [900.0] * 100}, grey(100, 100), "900.0 <= 500.0"),
        ({**frames(), "late_ms": [-1.0] * 100}, grey(100, 100), "-1.0 >= 0"),
        (frames(), grey(100, 98), "98 == 100"),
    ],
    ids=["a gap", "too few", "few keyframes", "late", "from the future", "frames that do not decode"],
)
def test_a_film_that_is_not_well_fails(
    filmed: Callable[..., Scripted], said: dict[str, Any], film: list[np.ndarray], why: str
) -> None:
    """Each by itself."""
    with pytest.raises(AssertionError, match=why):
        test_04_camera.test_every_frame_comes(filmed([said], film), lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def test_a_lens_that_was_covered_is_dark(filmed: Callable[..., Scripted]) -> None:
    """One that shows the same is another one, or an old film."""
    said = [frames(), frames()]
    test_04_camera.test_covered_it_is_dark(filmed([*said], grey(160), grey(20)), lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    with pytest.raises(AssertionError):
        test_04_camera.test_covered_it_is_dark(filmed([*said], grey(160), grey(150)), lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def sound(loud: float, seconds: int = test_05_microphone.SECONDS) -> tuple[dict[str, Any], bytes]:
    """What the microphone's program says and keeps of a tone."""
    encoder = Encoder()
    units: list[Unit] = []
    count = seconds * RATE // UNIT
    for index in range(count):
        at = np.arange(index * UNIT, (index + 1) * UNIT) / RATE
        units += encoder.put(int(index * UNIT * 1e9 / RATE), loud * np.sin(2 * np.pi * 440 * at))
    units += encoder.rest()
    data = b"".join(len(unit.data).to_bytes(4, "big") + unit.data for unit in units)
    return {"times_ms": [unit.time_ns / 1e6 for unit in units], "gaps": 0}, data


@pytest.mark.parametrize(("quiet", "speech", "well"), [(0.001, 0.1, True), (0.05, 0.06, False), (0.0, 0.0, False)])
def test_speech_is_told_from_silence(bench_here: Bench, quiet: float, speech: float, *, well: bool) -> None:
    """By others' decoder: a dead microphone gives units too."""
    (first, one), (second, other) = sound(quiet), sound(speech)
    board = Scripted(bench_here, {"sound": [first, second]}, [one, other])
    notes: list[str] = []
    if well:
        test_05_microphone.test_it_hears_speech(board, notes.append)  # type: ignore[arg-type] # a stand-in for the board, or its machine
        assert "0 gaps" in notes[0]
        assert re.fullmatch("the clock is off by -?0 ppm", notes[1])
    else:
        with pytest.raises(AssertionError):
            test_05_microphone.test_it_hears_speech(board, notes.append)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def test_sound_with_a_gap_fails(bench_here: Bench) -> None:
    """A unit that is missing."""
    (first, one), (second, other) = sound(0.001), sound(0.1)
    del first["times_ms"][100]
    board = Scripted(bench_here, {"sound": [first, second]}, [one, other])
    with pytest.raises(AssertionError):
        test_05_microphone.test_it_hears_speech(board, lambda _: None)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def test_framed_units_are_what_others_decode() -> None:
    """ADTS, by FFmpeg's reader: as many frames as went in, at their rate."""
    _, data = sound(0.1, 1)
    with av.open(io.BytesIO(test_05_microphone.framed(data)), mode="r", format="aac") as opened:
        decoded = [*opened.decode(audio=0)]
    assert len(decoded) == RATE // UNIT
    assert decoded[0].sample_rate == RATE


class Edges:
    """A program that tells of edges: each a contact, whether it is active, and ms."""

    def __init__(self, *edges: tuple[str, bool, float]) -> None:
        self._left = [Answer("edge", {"name": n, "active": a, "time_ns": int(ms * 1e6)}) for n, a, ms in edges]

    def hear(self, timeout_s: float) -> Answer:
        """The next one."""
        if not self._left:
            raise TimeoutError
        return self._left.pop(0)


def test_edges_of_one_contact_are_gathered_until_it_rests() -> None:
    """Others' are not its own; its bounce is the time from its first to its last."""
    program = Edges(("record", True, 0), ("function", True, 1), ("record", False, 2), ("record", True, 3.5))
    edges = test_03_button.heard(program, "record", True)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    assert len(edges) == 3
    assert test_03_button.span_ms(edges) == 3.5
    with pytest.raises(AssertionError, match="no edge of record"):
        test_03_button.heard(Edges(("function", True, 1)), "record", True)  # type: ignore[arg-type] # a stand-in for the board, or its machine
    with pytest.raises(AssertionError, match="its last edge says False"):
        test_03_button.heard(Edges(("record", True, 0), ("record", False, 1)), "record", True)  # type: ignore[arg-type] # a stand-in for the board, or its machine


def test_watts_that_cannot_be_are_refused(bench_here: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comma in the wrong place, a meter that is not in the supply."""
    monkeypatch.setattr(test_10_power_draw, "SETTLE_S", 0)
    hands = Willing({"meter": 300.0})
    board = Bench(bench_here.config, bench_here.ssh, hands, bench_here.board, bench_here.text, bench_here.facts)
    with pytest.raises(AssertionError, match="300"):
        test_10_power_draw.metered(board)
    hands.says = {"meter": 1.25}
    assert test_10_power_draw.metered(board) == 1.25
