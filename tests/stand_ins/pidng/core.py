"""See the package."""

from __future__ import annotations


class PICAM2DNG:
    """Never made."""
