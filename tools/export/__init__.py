"""Export: one ordinary MP4 file from a recording, not re-encoded, every sample at its recorded time."""

from __future__ import annotations
