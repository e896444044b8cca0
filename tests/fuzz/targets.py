"""The table of all parsers.  A new parser is one more row, beside those of its side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.fuzz.camera_rows import ROWS as CAMERA
from tests.fuzz.desk_rows import ROWS as DESK
from tests.fuzz.target import Target

TARGETS: Final[Mapping[str, Target]] = {target.name: target for target in (*CAMERA, *DESK)}
