"""Which firmware this is."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
BUILT_MS: Final = 1_795_392_000_000
"""When it was released, in ms since 1970 (2026-11-23): a camera whose clock is not to be believed knows that it is later than this."""
