"""A group of pictures (GOP) as hashes of its slices, and its comparison with what a SEI says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tools.verify.onvif_sei import Sei

_MAX_LISTED = 2048
"""More hashes than a SEI's list can hold."""

_MAX_COUNTED = 0xFFFF


@dataclass(slots=True)
class Gop:
    """Slices from one keyframe (or, ``anchor`` None, from anywhere) to the next, hashed as they come.

    ``start``: the index of its first frame in the film; ``anchor``: the hash of its first slice.
    """

    start: int
    anchor: bytes | None = None
    frames: int = 0
    count: int = 0
    listed: list[bytes] = field(default_factory=list)
    _owners: list[int] = field(default_factory=list)
    _sum: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, value: bytes, *, first: bool) -> None:
        """The hash of a further slice, and whether it is the first of its frame."""
        self.frames += first
        self.count += 1
        self._sum.update(value)
        if len(self.listed) < _MAX_LISTED:
            self.listed.append(value)
            self._owners.append(self.start + max(self.frames - 1, 0))

    @property
    def span(self) -> tuple[int, int]:
        """Its first and its last frame."""
        return self.start, self.start + max(self.frames - 1, 0)

    def is_exactly(self, sei: Sei) -> bool:
        """Whether it is, slice by slice, what a SEI is about."""
        return min(self.count, _MAX_COUNTED) == sei.count and self._sum.digest() == sei.total

    def begins_like(self, sei: Sei) -> bool:
        """Whether it begins with the slice that a SEI names first: then it is the GOP that is meant."""
        return sei.hashes is not None and self.anchor is not None and sei.hashes[:1] == (self.anchor,)

    def compare(self, sei: Sei) -> Comparison:
        """Slice by slice, in order."""
        if self.is_exactly(sei):
            return Comparison((), 0)
        if sei.hashes is None:
            return Comparison(tuple(range(self.span[0], self.span[1] + 1)), 0)
        at, strange = 0, []
        for value, frame in zip(self.listed, self._owners, strict=True):
            if value in sei.hashes[at:]:
                at = sei.hashes.index(value, at) + 1
            else:
                strange.append(frame)
        strange += [self.span[1]] * (self.count > len(self.listed))
        matched = len(self.listed) - len(strange)
        return Comparison(tuple(dict.fromkeys(strange)), 0 if strange else len(sei.hashes) - matched)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``strange``: frames of which a slice is not the one that was signed (or, without a hash list, all frames, where
    any is not); ``missing``: how many slices are not there, where all others are as they were signed."""

    strange: tuple[int, ...]
    missing: int
