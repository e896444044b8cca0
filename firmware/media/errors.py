"""The refusal of everything in this package."""

from __future__ import annotations


class MediaError(Exception):
    """Media that is malformed or cannot be expressed in the file; the message names what is wrong."""
