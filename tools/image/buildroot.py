"""A Buildroot tree that is asked things: it configures a board, lists its packages, tells a variable.  Nothing is built, nothing fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.image import config
from tools.image.trouble import TREE, ImageError, run

_USUAL = re.compile(r"|#|# configuration written to \S+|\s*GEN\s+\S+")


class Buildroot:
    """One tree, for one board, with a directory of its own for what it makes."""

    def __init__(self, source: Path, board: str, place: Path, tree: Path = TREE) -> None:
        """``source`` stays as it is; ``place`` is made."""
        self.board, self.place = board, place.resolve()
        self.place.mkdir(parents=True, exist_ok=True)
        self._make: list[str | Path] = [
            "make",
            "-s",
            "-C",
            source.resolve(),
            f"O={self.place}",
            f"BR2_EXTERNAL={tree.resolve()}",
        ]
        self._tree = tree

    def configure(self) -> Mapping[str, str]:
        """Resolve the board's configuration, and return it.  ImageError if anything is said: a symbol that is not known, one that was
        selected although what it depends on is missing, one that is set twice."""
        asked = self.place / "asked_defconfig"
        asked.write_text(config.merged(self.board, self._tree), encoding="utf-8")
        said = "".join(run([*self._make, f"BR2_DEFCONFIG={asked}", "defconfig"]))
        unusual = [line for line in said.splitlines() if _USUAL.fullmatch(line) is None]
        if unusual:
            raise ImageError("\n  ".join([f"{self.board}: Buildroot says:", *unusual]))
        return config.parse((self.place / ".config").read_text(encoding="utf-8"), f"{self.board}/.config")

    def packages(self) -> Mapping[str, Any]:
        """What ``make show-info`` tells of each package that is in the configuration, the host's too."""
        told: Mapping[str, Any] = json.loads(run([*self._make, "show-info"])[0])
        return told

    def variable(self, name: str) -> str:
        """A variable's value, as it is when something is built."""
        return run([*self._make, "printvars", f"VARS={name}"])[0].strip().removeprefix(f"{name}=")
