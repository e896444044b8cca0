"""Boards as files: those that come with the firmware fit real boards, and what breaks a rule is refused by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from gpiozero.pins.pi import PiBoardInfo
from hypothesis import given
from hypothesis import strategies as st

from hal.interface import Button, Colour
from hal.pi import boardfile
from hal.pi.board import Board, Chip, Contact, I2c, Key, Lens, Motion, SoundCard
from hal.pi.boardfile import load, parse, shipped
from hal.pi.strict import BoardError
from tests.specification.hardware import REVISIONS

NAMES = sorted(shipped())
VIRTUAL = Path(__file__).parents[3] / "buildroot" / "vm" / "board.toml"
GOOD = shipped()["zero2w"].read_text(encoding="utf-8")
INTERFACES = {
    "i2c.sda": "i2c",
    "i2c.scl": "i2c",
    "uart.tx": "uart",
    "uart.rx": "uart",
    "microphone.pins": "pcm",
    "signer.pins": "spi",
}
"""What gpiozero has to know of a pin that something else than GPIO drives."""
PULLED_UP = {f"GPIO{number}" for number in range(9)}
"""Pins that the chip pulls up from the moment power comes, and the others down: from Broadcom's table, which holds for all three boards."""

OTHERS = {
    "GPIO0": "a HAT's memory",
    "GPIO1": "a HAT's memory",
    "GPIO8": "the other chip select of SPI0, which the kernel's driver takes too",
    "GPIO16": "SupTronics' UPS boards X1200 to X1209: high stops the charger",
    "GPIO21": "the way out of I2S, which the kernel's driver takes too",
    "GPIO24": "the reset of a LetsTrust TPM: low holds it there",
}
"""Pins that something on a common module drives or reads: https://suptronics.com/Raspberrypi/Power_mgmt/x1209-v1.0_hardware.html,
https://github.com/PaulKissinger/LetsTrust/issues/17, and the kernel's device trees."""

# (what is replaced, by what, what the message has to say)
BREACHES = [
    ("GPIO5", "GPIO28", "zero2w.toml: buttons.record.pin: is 'GPIO28'; it has to be a pin, GPIO0 to GPIO27"),
    ("GPIO5", "GPIO05", "buttons.record.pin: is 'GPIO05'"),
    ("GPIO5", "BOARD29", "buttons.record.pin"),
    ("GPIO5", "GPIO5\\n", "buttons.record.pin"),
    ('pin = "GPIO5"', "pin = 5", "buttons.record.pin: is 5"),
    ("GPIO4", "GPIO5", "zero2w.toml: buttons.function: GPIO5 is taken by buttons.record"),
    ("GPIO23", "GPIO17", "lights.front.red: GPIO17 is taken by lights.top.red"),
    ("GPIO13", "GPIO20", "microphone.pins: GPIO20 is taken by vibration"),
    ("GPIO13", "GPIO2", "i2c.sda: GPIO2 is taken by vibration"),
    ('alarm = { pin = "GPIO25"', 'alarm = { pin = "GPIO15"', "uart.rx: GPIO15 is taken by inputs.alarm"),
    ("0x18", "0x36", "gauge.address: 0x36 is taken by accelerometer"),
    ("0x18", "0x78", "accelerometer.address: is 120; it has to be a whole number from 8 to 119"),
    ("0x18", "true", "accelerometer.address: is True"),
    ("lis3dh", "mpu6050", "accelerometer.chip: is 'mpu6050'; it has to be one of lis3dh"),
    ("i2c = {", "# i2c = {", "accelerometer: is on the I2C bus, and there is no i2c"),
    ("alarm = {", "tamper = {", "inputs.tamper: is not known"),
    ("function = {", "mute = {", "buttons.function: is missing"),
    ("front = {", "rear = {", "lights.front: is missing"),
    ('blue = "GPIO22", ', "", "lights.top.blue: is missing"),
    ('red = "GPIO23"', 'green = "GPIO23"', "lights.front.red: is missing"),
    ('red = "GPIO23"', 'red = "GPIO23", white = "GPIO25"', "lights.front.white: is not known"),
    ("pwm_hz = 400", "pwm_hz = 50", "lights.pwm_hz: is 50"),
    ("pwm_hz = 400", "pwm_hz = 400.0", "lights.pwm_hz: is 400.0"),
    ("amber = [100, 30, 0]", "amber = [100, 0, 0]", "colours.amber: is the same as red"),
    ("amber = [100, 30, 0]", "amber = [0, 0, 0]", "colours.amber"),
    ("amber = [100, 30, 0]", "amber = [100, 30]", "colours.amber"),
    ("amber = [100, 30, 0]", "amber = [100, 30, 101]", "colours.amber"),
    ("amber = [100, 30, 0]", "amber = [100, 30, true]", "colours.amber"),
    ("amber = [100, 30, 0]", "", "colours.amber: is missing"),
    ("amber = [", "off = [0, 0, 0]\namber = [", "colours.off: is not known"),
    ('pull = "up", active = "low" }\nfunction', 'pull = "weak", active = "low" }\nfunction', "buttons.record.pull"),
    ('active = "high" }    #', 'active = "yes" }    #', "buzzer.active"),
    ("gadget = true", "gadget = 1", "gadget: is 1; it has to be true or false"),
    ("gadget = true", "gadget = true\nradio = true", "zero2w.toml: radio: is not known"),
    ("/dev/i2c-1", "/dev/../i2c-1", "i2c.device"),
    ("3000000", "9600", "uart.baud"),
    ('["GPIO18", "GPIO19", "GPIO20"]', "[]", "microphone.pins"),
    ('["GPIO18", "GPIO19", "GPIO20"]', '["GPIO18", 19]', "microphone.pins"),
    ('["GPIO18", "GPIO19", "GPIO20"]', '["GPIO18", "GPIO18"]', "microphone.pins: GPIO18 is taken by microphone.pins"),
    ("plughw:CARD=adau7002,DEV=0", "", "microphone.card: is ''"),
    ("plughw:CARD=adau7002,DEV=0", "file:'/etc/passwd'", "microphone.card"),
    ("plughw:CARD=adau7002,DEV=0", "x" * 65, "microphone.card"),
    ("card = ", "name = ", "microphone.card: is missing"),
    ("GPIO6", "GPIO5", "power.contact: GPIO5 is taken by buttons.record"),
    ("contact = {", "battery = {", "power.battery: is not known"),
    (', axes = ["+x", "+y", "+z"]', "", "accelerometer.axes: is missing; it has to be x, y and z in the order of"),
    ('["+x", "+y", "+z"]', '["+x", "+y"]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '["+x", "+y", "-x"]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '["+x", "+y", "+z", "+z"]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '["+x", "+y", "z"]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '["+x", "+y", "--z"]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '["+x", "+y", 3]', "accelerometer.axes"),
    ('["+x", "+y", "+z"]', '"xyz"', "accelerometer.axes"),
    ("number = 0, ", "number = 4, ", "camera.number: is 4; it has to be a whole number from 0 to 3"),
    ("turn = 0", "turn = 90", "camera.turn: is 90; it has to be 0 or 180"),
    ("turn = 0", "turn = false", "camera.turn: is False"),
    ("turn = 0", 'turn = 0, encoder = "x265"', "camera.encoder: is 'x265'; it has to be one of hardware, libx264"),
    ('kind = "tpm2"', 'kind = "firmware"', "signer.kind: is 'firmware'; it has to be one of tpm2, software"),
    ('kind = "tpm2"', 'kind = "software"', "signer.device: is not known"),
    ("/dev/tpmrm0", "/etc/tpm", "signer.device"),
    ("signer = {", "# signer = {", "zero2w.toml: signer: is missing"),
    ("description = ", "notes = ", "description: is missing; it has to be 1 to 200 characters on one line"),
    ('description = "', 'description = "\\n', "description: is '\\nCamera"),
    ('description = "', 'description = "' + "w" * 200, "description"),
    ("gadget = true", "gadget = true\ngpiochip = 16", "gpiochip: is 16; it has to be a whole number from 0 to 15"),
    ('scl = "GPIO3"', 'clock = "GPIO3"', "i2c.scl: is missing"),
    ("[buttons]", "[buttons", "zero2w.toml: is no TOML"),
    ("[buttons]", "buttons = 1\n[other]", "buttons: is 1; it has to be a table"),
]


def file_of(text: str) -> Board:
    """What is made of a changed file."""
    return parse(text.encode(), "zero2w.toml")


@pytest.mark.parametrize("name", NAMES)
def test_each_board_is_read(name: str) -> None:
    """It is called what its file is called, and has all that a camera must have."""
    board = load(shipped()[name])
    assert board.name == name
    assert set(board.buttons) == set(Button)
    assert set(board.colours) == set(Colour)
    assert set(board.lights) == {"top", "front"}
    pins = [pin for _, pin in board.pins()]
    assert len(pins) == len(set(pins))


def test_all_three_boards_are_there() -> None:
    """Those that the service is made for, and gpiozero knows the revision of each."""
    assert NAMES == ["pi4", "pi5", "zero2w"]
    assert sorted(REVISIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_real_boards_have_these_pins(name: str) -> None:
    """The description that gpiozero has of that board names each pin once, on its 40-pin header, able to do what it is for."""
    real = PiBoardInfo.from_revision(int(REVISIONS[name], 16))
    for key, pin in load(shipped()[name]).pins():
        ((header, info),) = real.find_pin(pin)
        assert header.name == "J8"
        assert INTERFACES.get(key, "gpio") in info.interfaces, key


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lit_or_pressed_before_the_service_runs(name: str) -> None:
    """From power on until then the chip's own pulls hold: lights, motor and buzzer are off, and both buttons are up."""
    board = load(shipped()[name])
    outputs = [(pin, light.high) for light in board.lights.values() for pin in light.channels.values()]
    outputs += [(part.pin, part.high) for part in (board.buzzer, board.vibration) if part]
    assert [pin for pin, high in outputs if high is (pin in PULLED_UP)] == []
    assert [each.pin for each in board.buttons.values() if each.high is (each.pin in PULLED_UP)] == []


@pytest.mark.parametrize("name", NAMES)
def test_common_modules_may_be_plugged_on(name: str) -> None:
    """No part is on a pin that a module needs for something else, and what shares one agrees with the module: SupTronics' boards tell of power
    on GPIO6 by a high level, and a LetsTrust TPM pulls up GPIO25, which it may pull down for an interrupt that the kernel does not ask for."""
    board = load(shipped()[name])
    assert sorted({pin for _, pin in board.pins()} & set(OTHERS)) == []
    assert board.power["contact"] == Contact("GPIO6", pull=None, high=True)
    assert board.inputs["alarm"] == Contact("GPIO25", pull=True, high=False)


@pytest.mark.parametrize(("old", "new", "says"), BREACHES)
def test_what_breaks_a_rule_is_refused(old: str, new: str, says: str) -> None:
    """The message names the file, the key and the rule."""
    assert old in GOOD
    with pytest.raises(BoardError) as caught:
        file_of(GOOD.replace(old, new, 1))
    assert says in str(caught.value)
    assert str(caught.value).startswith("zero2w.toml: ")


def test_where_things_are_and_how() -> None:
    """What no part can find out by itself: the sound card, which way up chip and lens are, who encodes, who signs, and on which chip pins are."""
    board = file_of(GOOD)
    assert board.microphone == SoundCard("plughw:CARD=adau7002,DEV=0", ("GPIO18", "GPIO19", "GPIO20"))
    assert board.accelerometer == Motion(Chip("lis3dh", 0x18), ("+x", "+y", "+z"))
    assert board.camera == Lens(0, turned=False, hardware=None)
    assert board.signer == Key("tpm2", "/dev/tpmrm0", ("GPIO7", "GPIO9", "GPIO10", "GPIO11"))
    assert board.power == {"contact": Contact("GPIO6", pull=None, high=True)}
    assert board.gpiochip is None


@pytest.mark.parametrize(("word", "hardware"), [("hardware", True), ("libx264", False)])
def test_a_board_may_say_who_encodes(word: str, hardware: bool) -> None:  # noqa: FBT001 - a row
    """Where picamera2 is not to be asked, and a lens may be mounted upside down."""
    board = file_of(GOOD.replace("turn = 0", f'turn = 180, encoder = "{word}"'))
    assert board.camera == Lens(0, turned=True, hardware=hardware)


def test_a_board_without_a_tpm_says_so() -> None:
    """A key in a file is named as such: a board that says nothing of its signer is refused, and none falls back by itself."""
    before, _, after = GOOD.partition("signer = {")
    board = file_of(before + 'signer = { kind = "software" }' + after[after.index("}") + 1 :])
    assert board.signer == Key("software")
    assert "GPIO7" not in [pin for _, pin in board.pins()]


def test_parts_that_hang_on_no_pins() -> None:
    """A microphone on USB and a bus that is none of the header's claim none."""
    board = file_of(
        GOOD.replace(', pins = ["GPIO18", "GPIO19", "GPIO20"]', "").replace(', sda = "GPIO2", scl = "GPIO3"', "")
    )
    assert (board.microphone, board.i2c) == (SoundCard("plughw:CARD=adau7002,DEV=0", ()), I2c("/dev/i2c-1", ()))


def test_the_virtual_board_is_a_board() -> None:
    """The virtual machine's file keeps the same rules, and says on which chip its lines are."""
    board = load(VIRTUAL)
    assert (board.name, board.gpiochip, board.signer.kind) == ("virtual", 0, "software")
    assert (board.camera, board.microphone, board.gauge) == (None, None, None)


@pytest.mark.parametrize(
    "part", ["camera", "microphone", "buzzer", "vibration", "accelerometer", "gauge", "rtc", "uart"]
)
def test_what_a_board_lacks_is_left_out(part: str) -> None:
    """These parts need not be there."""
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{part} = "))
    assert getattr(file_of(GOOD), part) is not None
    assert getattr(file_of(text), part) is None


@pytest.mark.parametrize("table", ["inputs", "power"])
def test_whole_tables_that_may_be_missing(table: str) -> None:
    """A camera without wired inputs, or without a wire from its contacts, is one."""
    before, _, after = GOOD.partition(f"[{table}]")
    rest = after.partition("\n\n")[2]
    assert dict(getattr(file_of(before + rest), table)) == {}


def test_files_are_bounded(tmp_path: Path) -> None:
    """No more is read than a board's file may have, and bytes that are no text are refused."""
    path = tmp_path / "big.toml"
    path.write_text(GOOD + "#" * boardfile.LARGEST, encoding="utf-8")
    with pytest.raises(BoardError, match=r"big\.toml: has more than 16384 bytes"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BoardError, match=r"big\.toml: is no TOML"):
        load(path)
    path.write_text("a = " + "[" * 8000, encoding="utf-8")
    with pytest.raises(BoardError, match=r"big\.toml: is no TOML"):
        load(path)


def test_a_board_cannot_be_changed() -> None:
    """Nor any of its tables."""
    board = file_of(GOOD)
    with pytest.raises(AttributeError):
        setattr(board, "name", "other")  # noqa: B010 - that it cannot be assigned to, the type checker knows
    with pytest.raises(TypeError):
        board.buttons[Button.RECORD] = board.buttons[Button.FUNCTION]  # type: ignore[index]  # that it cannot be done is the point


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 6), st.text(max_size=6))
def test_any_change_is_taken_or_refused(at: int, length: int, put: str) -> None:
    """Whatever is put in place of something, it is a board or a BoardError, and never a pin that is used twice."""
    try:
        board = file_of(GOOD[:at] + put + GOOD[at + length :])
    except BoardError:
        return
    pins = [pin for _, pin in board.pins()]
    assert len(pins) == len(set(pins))
