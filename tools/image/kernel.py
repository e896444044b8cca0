"""What each image's kernel must have and must not, and where its fragments say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.image.config import OFF, parse

_COMMON = {
    **dict.fromkeys(("BLK_DEV_DM", "DM_INIT", "DM_VERITY", "SQUASHFS", "SQUASHFS_ZSTD", "EXT4_FS"), "y"),
    **dict.fromkeys(("USB_GADGET", "USB_CONFIGFS_ACM", "USB_CONFIGFS_NCM", "USB_DWC2_PERIPHERAL", "IPV6"), "y"),
    **dict.fromkeys(("GPIO_CDEV", "I2C_CHARDEV", "BCM2835_WDT", "TCG_TIS_SPI", "SECCOMP_FILTER"), "y"),
    **dict.fromkeys(("WLAN", "WIRELESS", "CFG80211", "BT", "NFC", "HAMRADIO", "IEEE802154", "WWAN"), OFF),
    **dict.fromkeys(("ETHERNET", "USB", "USB_CONFIGFS_MASS_STORAGE", "USB_CONFIGFS_F_FS"), OFF),
    **dict.fromkeys(("SWAP", "ZSWAP", "ZRAM", "HIBERNATION", "COREDUMP", "DEVMEM", "KEXEC", "KEXEC_FILE"), OFF),
    **dict.fromkeys(("VT", "MAGIC_SYSRQ", "SERIAL_AMBA_PL011_CONSOLE", "SERIAL_8250_CONSOLE", "KGDB"), OFF),
}
_OF_PIPELINE = {
    "rpi/vc4": dict.fromkeys(("VIDEO_ISP_BCM2835", "VIDEO_CODEC_BCM2835", "VIDEO_BCM2835_UNICAM_LEGACY"), "m"),
    "rpi/pisp": dict.fromkeys(("VIDEO_RP1_CFE", "VIDEO_RASPBERRYPI_PISP_BE"), "m") | {"ARM64_4K_PAGES": "y"},
}
PIPELINE_OF: Mapping[str, str] = {"bcm2710": "rpi/vc4", "bcm2711": "rpi/vc4", "bcm2712": "rpi/pisp"}
"""libcamera's pipeline for the chip whose device tree a board has."""
RASPBERRY_PI_ALONE = frozenset(
    [
        *("RTC_DRV_RPI", "VIDEO_BCM2835_UNICAM_LEGACY", "VIDEO_CODEC_BCM2835", "VIDEO_IMX477", "VIDEO_IMX708"),
        *("VIDEO_ISP_BCM2835", "VIDEO_RP1_CFE"),
    ]
)
"""Options of Raspberry Pi's kernel that no other has: where another tree is asked, it cannot know these."""
_KNOWN = re.compile(r"^\s*(?:menu)?config\s+([A-Za-z0-9_]+)", re.MULTILINE)


def fragments(paths: Iterable[Path]) -> dict[str, str]:
    """All options of several fragments, without their ``CONFIG_``.  ImageError where a line is none, or two set the same."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return {name.removeprefix("CONFIG_"): value for name, value in parse(text, "kernel fragments").items()}


def lacking(options: Mapping[str, str], pipeline: str) -> list[str]:
    """What the fragments do not ask for and each camera with this pipeline needs, or must not have: each a line."""
    wanted = _COMMON | _OF_PIPELINE[pipeline]
    return [
        f"kernel: {name}: has to be {value}, is {options.get(name, 'not asked for')}"
        for name, value in wanted.items()
        if options.get(name) != value
    ]


def unknown(options: Iterable[str], kernel: Path) -> tuple[list[str], int]:
    """Options that a kernel's tree does not know, each a line; and how many were let pass, since only Raspberry Pi's has them and the tree is
    another one."""
    known: set[str] = set()
    for path in kernel.rglob("Kconfig*"):
        known.update(_KNOWN.findall(path.read_text(encoding="utf-8", errors="replace")))
    passed = frozenset() if RASPBERRY_PI_ALONE & known else RASPBERRY_PI_ALONE
    strange = [name for name in options if name not in known]
    told = [f"kernel: {name}: {kernel.name} has no such option" for name in strange if name not in passed]
    return told, len(strange) - len(told)


def pipeline_of(device_trees: str) -> str | None:
    """The pipeline for a board, by the names of its device trees; None where the chip is not known, or there are several."""
    found = {pipeline for chip, pipeline in PIPELINE_OF.items() if chip in device_trees}
    return found.pop() if len(found) == 1 else None
