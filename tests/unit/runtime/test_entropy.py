"""Randomness for keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware.runtime import entropy


def test_draws_into_a_buffer() -> None:
    """As many bytes as asked for, never the same, in a buffer that can be overwritten."""
    drawn = [entropy.draw(32) for _ in range(3)]
    assert [type(each) for each in drawn] == [bytearray] * 3
    assert {len(each) for each in drawn} == {32}
    assert len({bytes(each) for each in drawn}) == 3


def test_too_little_is_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that runs dry fails loudly: no key is made of zeros."""
    (tmp_path / "source").write_bytes(bytes(31))
    monkeypatch.setattr(entropy, "SOURCE", tmp_path / "source")
    with pytest.raises(OSError, match="fewer than 32 bytes"):
        entropy.draw(32)
