"""A board's configuration for Buildroot: what all share, and the little that is the board's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tools.image.trouble import TREE, ImageError

_SET = re.compile(r"([A-Za-z]\w*)=(.*)")
_UNSET = re.compile(r"# ([A-Za-z]\w*) is not set")
_SUFFIX = "_defconfig"
_PREFIX = "lapel_"
OFF = "n"
"""How an option reads that is switched off."""


def boards(tree: Path = TREE) -> list[str]:
    """The boards that there are images for, by the names of their files in ``hal/pi/boards`` too."""
    found = sorted(path.name for path in (tree / "configs").glob(f"{_PREFIX}*{_SUFFIX}"))
    return [name.removeprefix(_PREFIX).removesuffix(_SUFFIX) for name in found]


def parse(text: str, name: str) -> dict[str, str]:
    """Options and their values as they are written, OFF for those that are switched off.  ImageError for a line that is neither option nor
    comment, and for an option that is there twice: the second one would win without a word."""
    options: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        off = _UNSET.fullmatch(line)
        match = off or _SET.fullmatch(line)
        if match is None:
            if line.strip() and not line.startswith("#"):
                raise ImageError(f"{name}:{number}: {line!r} is no option")
            continue
        if match[1] in options:
            raise ImageError(f"{name}:{number}: {match[1]} is there twice")
        options[match[1]] = OFF if off else match[2]
    return options


def merged(board: str, tree: Path = TREE) -> str:
    """The text of a board's whole defconfig.  ImageError where there is no such board, or what it adds stands in what all share."""
    if board not in boards(tree):
        raise ImageError(f"board: one of {', '.join(boards(tree))}, not {board}")
    parts = [tree / "fragments" / "common.config", tree / "configs" / f"{_PREFIX}{board}{_SUFFIX}"]
    text = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    if parse(text, f"{board}, merged").get("BR2_LAPEL_BOARD") != f'"{board}"':
        raise ImageError(f"{_PREFIX}{board}{_SUFFIX}: BR2_LAPEL_BOARD: is not {board}")
    return text


def dropped(asked: Mapping[str, str], resolved: Mapping[str, str]) -> list[str]:
    """What was asked for and did not come so: each a line that says what came instead."""
    found = []
    for option, value in asked.items():
        got = resolved.get(option, OFF)
        if got != value:
            found.append(f"{option}: asked for {value}, got {'nothing' if option not in resolved else got}")
    return found
