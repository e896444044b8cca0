"""A part that is missing as the service starts, vanishes while it records, or answers nonsense: told by its name, and recorded with what is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import libcamera
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from gpiozero import InputDevice

from firmware import service
from firmware.evidence.certs import write_pem
from firmware.evidence.issue import issue
from firmware.evidence.keys import software_sign
from firmware.evidence.roles import Role
from firmware.runtime import lens, unclaimed
from hal.interface import Button
from hal.pi import build, keeper
from hal.pi.board import Board, SoundCard
from hal.pi.tpm import TpmSigner
from tests.contract import pi_chips
from tests.contract.pi_tpm import Chip
from tests.oracles import needs
from tests.pi_bench import AMBER, DARK, RED, Bench, Fragile, bench, lines
from tests.rig import pki
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")]


def no_lens(_camera: Bench) -> None:
    """No camera is plugged in."""
    libcamera.CameraManager.singleton().cameras[:] = []


def no_microphone(camera: Bench) -> None:
    """The kernel knows no such card."""
    camera.board = replace(camera.board, microphone=SoundCard("plughw:CARD=nothing,DEV=0", ()))


def another_name(camera: Bench) -> None:
    """ALSA knows no such name, which a start alone shows."""
    camera.board = replace(camera.board, microphone=SoundCard("nothing", ()))


def no_pins(camera: Bench) -> None:
    """The kernel has no such chip."""
    camera.pins_there = False


def taken(pin: Callable[[Board], str]) -> Callable[[Bench], None]:
    """Somebody else has a pin."""
    return lambda camera: camera.others.append(InputDevice(pin(camera.board), pin_factory=camera.factory))


def cut_off(chip: int) -> Callable[[Bench], None]:
    """A chip on the bus that does not answer."""
    return lambda camera: camera.wires.cut.add(chip)


def no_clock(camera: Bench) -> None:
    """Its driver finds none."""
    camera.clock_there = False


def no_line(camera: Bench) -> None:
    """There is no such tty."""
    camera.line.link.unlink()


def no_manager(_camera: Bench) -> None:
    """Nobody started it who watches."""
    del os.environ["NOTIFY_SOCKET"]


def no_rauc(camera: Bench) -> None:
    """Something else goes by that name."""
    (camera.path / "bin" / "rauc").write_text("#!/bin/sh\necho nonsense\n")


def no_gauge_sense(camera: Bench) -> None:
    """What answers is no gauge."""
    gauge = camera.wires.chips[pi_chips.GAUGE]
    assert isinstance(gauge, pi_chips.Max17048)
    gauge.words[0x08] = 0xFFFF


def another_feeler(camera: Bench) -> None:
    """What answers is another chip."""
    feeler = camera.wires.chips[pi_chips.FEELER]
    assert isinstance(feeler, pi_chips.Lis3dh)
    feeler.registers[0x0F] = 0x00


AT_BOOT: dict[str, tuple[str, Callable[[Bench], None], tuple[int, ...] | None]] = {
    "no sound card": ("microphone", no_microphone, AMBER),
    "another name for the sound card": ("microphone", another_name, None),
    "inputs in others' hands": ("inputs", taken(lambda board: board.inputs["alarm"].pin), AMBER),
    "no answer from the accelerometer": ("accelerometer", cut_off(pi_chips.FEELER), AMBER),
    "another chip than the accelerometer": ("accelerometer", another_feeler, AMBER),
    "no answer from the gauge": ("fuel-gauge", cut_off(pi_chips.GAUGE), AMBER),
    "nonsense from the gauge": ("fuel-gauge", no_gauge_sense, AMBER),
    "a wire of the charger in others' hands": (
        "charging-contacts",
        taken(lambda board: board.power["contact"].pin),
        AMBER,
    ),
    "no clock": ("rtc", no_clock, AMBER),
    "no serial line": ("dock-uart", no_line, AMBER),
    "nobody who watches": ("watchdog", no_manager, AMBER),
    "nonsense from rauc": ("updater", no_rauc, None),
}
"""What is missing, by its name, and which light says so while it waits, if one does.  A microphone is not opened before a press: before it, what is told is
whether there is one."""


@pytest.mark.parametrize("row", AT_BOOT)
def test_it_records_without(row: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named in the log with the reason and in the audit log, shown, and what is recorded is whole."""
    name, take, light = AT_BOOT[row]

    def story(camera: Bench) -> None:
        camera.wait_ready()
        if light is not None:
            camera.wait_light("top", light)
        camera.record()
        camera.wait_fault(f"part-missing {name}")

    with bench(tmp_path) as camera:
        camera.enrol()
        take(camera)
        assert camera.serve(story) == 0
        missing = [line for line in lines(capsys.readouterr().err) if line["event"] == "part-missing"]
        assert [line["part"] for line in missing] == [name]
        assert missing[0]["trouble"]
        whole(camera)


def test_a_lens_that_is_missing_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No loop of starts: the light says that it cannot record, systemd hears that all is well, a press waits, and is answered by the first frame."""
    monkeypatch.setattr(lens, "PATIENCE_NS", (300_000_000,) * 3)

    def story(camera: Bench) -> None:
        camera.wait_light("top", AMBER)
        camera.wait_word(b"READY=1")
        camera.words.clear()
        camera.wait_word(b"WATCHDOG=1")
        camera.wait_fault("part-missing lens")
        camera.press()
        camera.wait_fault("fault")
        assert camera.glance("front") == DARK
        libcamera.CameraManager.singleton().cameras[:] = [camera.sensor.camera]
        camera.wait_light("front", RED)
        camera.wait_fault("part-back lens")

    with bench(tmp_path) as camera:
        camera.enrol()
        no_lens(camera)
        assert camera.serve(story) == 0
        whole(camera)


def test_a_lens_that_vanishes_costs_one_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service ends once, with the status for that; the next one goes on without, and resumes as soon as there is a frame."""
    monkeypatch.setattr(lens, "PATIENCE_NS", (300_000_000,) * 3)

    def first(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()
        camera.frames = False
        camera.wait_light("top", AMBER)  # nothing else ends this service

    def second(camera: Bench) -> None:
        camera.wait_light("top", AMBER)
        camera.frames = True
        camera.wait_light("front", RED)

    with bench(tmp_path) as camera:
        camera.enrol()
        assert camera.serve(first, end=False) == service.LOST
        assert camera.serve(second) == 0
        assert len(camera.evidence("manifest.jws")) == 2


@pytest.mark.parametrize("row", ["pins", "buttons", "lights"])
def test_pins_that_come_back_are_taken_again(row: str, tmp_path: Path) -> None:
    """Those that somebody else had, or all of them: as soon as they can be had it is as if nothing had been."""
    take = {
        "pins": no_pins,
        "buttons": taken(lambda board: board.buttons[Button.RECORD].pin),
        "lights": taken(lambda board: board.lights["front"].channels["red"]),
    }[row]

    def story(camera: Bench) -> None:
        camera.wait_fault(f"part-missing {row}")
        camera.pins_there = True
        while camera.others:
            camera.others.pop().close()
        camera.wait_fault(f"part-back {row}")
        camera.wait_ready()
        camera.record()

    with bench(tmp_path) as camera:
        camera.enrol()
        take(camera)
        assert camera.serve(story) == 0
        whole(camera)


@pytest.mark.parametrize(("place", "light"), [("config", AMBER), ("evidence", AMBER), ("config/device.key.pem", AMBER)])
def test_what_it_cannot_do_without_is_waited_for(
    place: str, light: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses aloud, tells systemd that it is well, and begins anew as soon as it is there: once, and then it records."""
    monkeypatch.setattr(unclaimed, "FIRST_S", 0.2)
    away = tmp_path / "away"

    def story(camera: Bench) -> None:
        camera.wait_light("top", light)
        camera.wait_word(b"READY=1")
        camera.press()
        camera.wait_light("top", light)
        assert camera.glance("front") == DARK
        away.rename(tmp_path / place)

    def then(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()

    with bench(tmp_path) as camera:
        camera.enrol()
        (tmp_path / place).rename(away)
        assert camera.serve(story, end=False) == service.LOST
        assert camera.serve(then) == 0
        whole(camera)


def test_parts_come_and_go_while_it_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told as it goes and as it comes back, and through all of it the front light says that it records, which is true."""
    monkeypatch.setattr(keeper, "PATIENCE_NS", 200_000_000)
    monkeypatch.setattr(keeper, "FIRST_NS", 200_000_000)

    def story(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()
        camera.wires.cut.add(pi_chips.GAUGE)
        camera.wait_fault("part-missing fuel-gauge")
        camera.wires.cut.clear()
        camera.wait_fault("part-back fuel-gauge")
        camera.wait_light("front", RED)
        Fragile.cut = True
        camera.wait_fault("part-missing buttons")
        Fragile.cut = False
        camera.wait_fault("part-back buttons")
        camera.wait_light("front", RED)
        camera.stop()

    with bench(tmp_path) as camera:
        camera.enrol()
        assert camera.serve(story) == 0
        whole(camera)


def test_evidence_that_vanishes_while_it_records_costs_starts_and_no_recording_that_was(tmp_path: Path) -> None:
    """The card is gone: the service ends with the status for that, and the next one says that it cannot record until it is back; then it resumes."""
    card, away = tmp_path / "evidence", tmp_path / "away"

    def first(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()
        camera.stop()
        camera.record()
        card.rename(away)

    def second(camera: Bench) -> None:
        camera.wait_light("top", AMBER)
        assert camera.glance("front") == DARK
        away.rename(card)

    def third(camera: Bench) -> None:
        camera.wait_light("front", RED)

    with bench(tmp_path) as camera:
        camera.enrol()
        assert camera.serve(first, end=False) == service.LOST
        assert camera.serve(second, end=False) == service.LOST
        assert camera.serve(third) == 0
        root = tmp_path / "root.pem"
        root.write_bytes(pki().root_pem)
        verdicts = [each.verdict for each in verify_path(card, root).every_recording]
        assert verdicts.count(Verdict.WHOLE) >= 2
        assert len(verdicts) == 3


def test_a_config_partition_that_vanishes_while_it_records_costs_nothing(tmp_path: Path) -> None:
    """What a recording needs of it is in memory."""

    def story(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()
        (tmp_path / "config").rename(tmp_path / "away")
        camera.stop()

    with bench(tmp_path) as camera:
        camera.enrol()
        assert camera.serve(story) == 0
        whole(camera)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # picamera2's loop
def test_frames_without_a_time_are_no_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lens that says nothing of when: picamera2's loop ends of it, and it is had anew as soon as it makes sense again."""
    monkeypatch.setattr(lens, "PATIENCE_NS", (1_000_000_000,) * 3)

    def story(camera: Bench) -> None:
        camera.wait_light("top", AMBER)
        camera.nonsense = False
        camera.wait_ready()
        camera.record()

    with bench(tmp_path) as camera:
        camera.enrol()
        camera.nonsense = True
        assert camera.serve(story) == 0
        whole(camera)


def whole(camera: Bench) -> None:
    """An independent judge is content with what is there."""
    root = camera.path / "root.pem"
    root.write_bytes(pki().root_pem)
    report = verify_path(camera.path / "evidence", root)
    assert report.worst is Verdict.WHOLE
    assert len(report.every_recording) == 1


@needs("swtpm", "tpm2_pytss")
def test_a_tpm_that_dies_costs_no_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone while it records, this boot's keys go on, and what ends without it is closed by the start that has it again; gone at the start, the
    camera is nobody's until then."""
    monkeypatch.setattr(unclaimed, "FIRST_S", 0.2)
    chip = Chip(tmp_path / "tpm")
    key = load_der_public_key(TpmSigner(chip.tcti).create())
    assert isinstance(key, EllipticCurvePublicKey)
    monkeypatch.setattr(build, "_signer", lambda *_: TpmSigner(chip.tcti))

    def first(camera: Bench) -> None:
        camera.wait_ready()
        camera.record()
        chip.off()
        camera.wait(lambda: len(camera.evidence("*.mp4.age")) >= 2, "segments")

    def second(camera: Bench) -> None:
        camera.wait_light("top", AMBER)
        chip.power_cycle(same=True)

    with bench(tmp_path) as camera:
        camera.enrol()
        (tmp_path / "config" / "device.key.pem").unlink()
        (tmp_path / "config" / "device.crt.pem").write_bytes(certified(key))
        assert camera.serve(first) == 0
        assert not camera.evidence("manifest.jws")
        assert camera.serve(second, end=False) == service.LOST
        assert camera.serve(lambda camera: camera.wait(lambda: any(camera.evidence("manifest.jws")), "a manifest")) == 0
        root = tmp_path / "root.pem"
        root.write_bytes(pki().root_pem)
        report = verify_path(tmp_path / "evidence", root)
        assert report.every_recording[0].verdict is Verdict.RECOVERED
    chip.off()


def certified(key: EllipticCurvePublicKey) -> bytes:
    """The chain of a device with that key, as the test authority issues it."""
    parent, signs = pki().certificates[Role.DEVICE_CA], software_sign(pki().keys[Role.DEVICE_CA])
    return write_pem((issue(Role.DEVICE, "cam-1", key, parent, signs).der, parent.der))
