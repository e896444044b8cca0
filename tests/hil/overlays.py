"""What a board's firmware has to be told in ``config.txt``, so that the kernel has the devices that the board's file names."""

from __future__ import annotations

from hal.pi.board import Board
from tests.specification import hardware

TPM_PINS = 4
"""A TPM on SPI is on as many pins; one without pins is on another bus, and needs other lines."""


def lines(board: Board) -> list[str]:
    """The lines, each reason before what it is for: the firmware knows no comment behind a value."""
    told = ["# the lens", "camera_auto_detect=1"] if board.camera else []
    if board.i2c:
        told += [f"# {board.i2c.device}", "dtparam=i2c_arm=on"]
    if board.signer.kind == "tpm2" and len(board.signer.pins) == TPM_PINS:
        told += [f"# {board.signer.device}", "dtparam=spi=on", "dtoverlay=tpm-slb9670"]
    if board.microphone and "CARD=adau7002" in board.microphone.card:
        told += ["# a microphone on I2S", "dtoverlay=adau7002-simple"]
    if board.rtc and board.rtc.chip:
        told += [f"# {board.rtc.device}", f"dtoverlay=i2c-rtc,{board.rtc.chip.chip}"]
    if board.uart:
        own = ["dtparam=uart0=on"] if board.name == "pi5" else ["enable_uart=1", "dtoverlay=disable-bt"]
        told += [f"# {board.uart.device} on the header", *own]
    if board.gadget:
        told += ["# the USB gadget", "dtoverlay=dwc2,dr_mode=peripheral"]
    return told


def markdown() -> str:
    """One block for all boards that need the same."""
    parts: list[str] = []
    for names, told in hardware._alike(lambda board: tuple(lines(board))):
        parts += [f"On {names}:", "", "```", *told, "```", ""]
    return "\n".join(parts).rstrip()
