"""What a board is, and what of what its file names is there."""

from __future__ import annotations

import importlib
import os
import platform
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from firmware.version import VERSION
from tests.hil.on_board import parts, talk

LIBRARIES = {
    "gpiozero": "gpiozero",
    "lgpio": "lgpio",
    "smbus2": "smbus2",
    "serial": "pyserial",
    "av": "av",
    "numpy": "numpy",
}
LENS = {"libcamera": "", "picamera2": "picamera2"}
TPM = {"tpm2_pytss": "tpm2-pytss"}


def version(module: str, distribution: str) -> str:
    """The version of a library; behind ``missing:`` why it cannot be used."""
    try:
        importlib.import_module(module)
    except (ImportError, OSError) as error:
        return f"missing: {error}"
    try:
        return metadata.version(distribution or module)
    except metadata.PackageNotFoundError:
        return "there"


def devices(given: Mapping[str, Any]) -> dict[str, str]:
    """Each device that the board's file speaks of: whether it is there."""
    board = parts.board(given)
    named = {"GPIO": f"/dev/gpiochip{board.gpiochip or 0}"}
    named |= {"I2C": board.i2c.device} if board.i2c else {}
    named |= {"dock UART": board.uart.device} if board.uart else {}
    named |= {"clock that runs on": board.rtc.device} if board.rtc else {}
    named |= {"TPM": board.signer.device} if board.signer.kind == "tpm2" else {}
    told = {what: path if Path(path).exists() else f"missing: {path}" for what, path in named.items()}
    if board.gadget:
        controllers = sorted(path.name for path in Path("/sys/class/udc").glob("*"))
        told["USB gadget"] = controllers[0] if controllers else "missing: /sys/class/udc has no controller"
    return told


def release() -> str:
    """The system's name for itself."""
    lines = parts.text("/etc/os-release").splitlines()
    named = dict(line.split("=", 1) for line in lines if "=" in line)
    return named.get("PRETTY_NAME", "unknown").strip('"')


def wanted(given: Mapping[str, Any]) -> dict[str, str]:
    """The libraries that this board's parts need."""
    board = parts.board(given)
    return LIBRARIES | (LENS if board.camera else {}) | (TPM if board.signer.kind == "tpm2" else {})


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """Say all of it at once."""
    revision = Path("/proc/device-tree/system/linux,revision")
    with tempfile.TemporaryDirectory(prefix="lapel-hil-") as place:
        os.environ["LG_WD"] = place  # lgpio leaves a file where it is imported, and goes there
        libraries = {module: version(module, name) for module, name in wanted(given).items()}
        os.chdir("/")
    talk.say(
        "facts",
        model=parts.text("/proc/device-tree/model"),
        revision=revision.read_bytes().hex() if revision.is_file() else "",
        kernel=f"{platform.release()} {platform.machine()}",
        boot=parts.text("/proc/sys/kernel/random/boot_id"),
        release=release(),
        firmware=parts.said("vcgencmd", "version").replace("\n", ", "),
        python=platform.python_version(),
        service=VERSION,
        uptime_s=float(parts.text("/proc/uptime").split()[0]),
        throttled=parts.said("vcgencmd", "get_throttled").removeprefix("throttled="),
        failed=parts.said("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines(),
        active=parts.said("systemctl", "show", "--property=ActiveState", "--value", "lapel.service"),
        libraries=libraries,
        devices=devices(given),
    )
