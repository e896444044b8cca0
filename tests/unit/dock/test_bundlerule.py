"""Which firmware a camera takes, and which one a dock offers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.dock.bundlerule import KEPT_FREE, LEAST_PERCENT, Standing, UnwantedError, choose, fits, judge
from firmware.dock.facts import Update
from firmware.evidence.bundle import Bundle

HERE = Update("sim", 3, "none")
NEW = Bundle("sim", "0.2.0", 4, 0, 1000, "ab" * 32, b"line", "cd" * 32)
READY = Standing(HERE, charged=True, free=KEPT_FREE + 1000)


def test_newer_bundle_is_taken() -> None:
    """One for this board, with a higher serial, and room for it to the last byte."""
    judge(NEW, READY)
    judge(replace(NEW, needs=3), READY)
    assert (LEAST_PERCENT, KEPT_FREE) == (30, 16 << 20)


@pytest.mark.parametrize(
    ("bundle", "at", "code", "words"),
    [
        (replace(NEW, board="other"), READY, "board", "this is sim, the bundle is for other"),
        (replace(NEW, serial=3), READY, "serial", "3 is not above 3"),
        (replace(NEW, serial=1), READY, "serial", "1 is not above 3"),
        (replace(NEW, serial=9, needs=4), READY, "serial", "4 has to be installed before"),
        (NEW, replace(READY, charged=False), "battery", "does not charge"),
        (NEW, replace(READY, free=KEPT_FREE + 999), "space", "1000 bytes, and 999 are to be had"),
        (NEW, replace(READY, free=0), "space", "1000 bytes, and 0 are to be had"),
        (replace(NEW, board="other", serial=1), replace(READY, charged=False), "board", "this is sim"),
    ],
)
def test_refusals(bundle: Bundle, at: Standing, code: str, words: str) -> None:
    """Each refusal has its code and names what is wrong."""
    with pytest.raises(UnwantedError, match=f"^[a-z]+: .*{words}") as refused:
        judge(bundle, at)
    assert refused.value.code == code


def test_choice() -> None:
    """The newest that fits; where the newest needs another first, that one; nothing where nothing fits."""
    step, far = replace(NEW, serial=5), replace(NEW, serial=9, needs=5)
    assert choose([NEW, step, far], HERE) is step
    assert choose([NEW, step, far], replace(HERE, serial=5)) is far
    assert choose([NEW, step, far], replace(HERE, serial=9)) is None
    assert choose([replace(NEW, board="other")], HERE) is None
    assert choose([], HERE) is None
    assert choose([NEW, replace(NEW, hash="ef" * 32)], HERE) is NEW, "of two with one serial the first"


_BUNDLES = st.builds(
    lambda board, serial, back: Bundle(board, "1", serial, max(0, serial - back), 1, "0" * 64, b"", f"{serial:064d}"),
    st.sampled_from(("sim", "other")),
    st.integers(1, 30),
    st.integers(1, 8),
)


@given(st.lists(_BUNDLES, max_size=12), st.integers(0, 20))
def test_serials_only_rise(bundles: list[Bundle], serial: int) -> None:
    """Whatever lies in a dock: a camera that takes what it is offered climbs, and comes to an end."""
    update = Update("sim", serial, "none")
    while (bundle := choose(bundles, update)) is not None:
        fits(bundle, update)
        assert bundle.board == "sim"
        assert bundle.serial > update.serial >= bundle.needs
        update = replace(update, serial=bundle.serial)
