"""Who we are measured against: a program that is missing is named with the package that brings it, and CI brings all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench import peers
from tools.bench.figure import Figure
from tools.bench.peers import PEERS, MissingError, Peer, find, found, skipped
from tools.bench.words import fact

ROOT = Path(__file__).parents[3]
FIGURE = Figure("sealing", "sealing", "age and one sync", (0.5,), least=0.5, facts={"bytes_s": 1.0})


def test_a_peer_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure stays, says why there is none, and what to install; no promise is judged."""
    monkeypatch.setitem(peers.PEERS, "no-such-age", Peer("no-such-age", "age", "encrypts"))
    with pytest.raises(MissingError) as missing:
        find("no-such-age")
    told = skipped(FIGURE, missing.value)
    assert told.skipped == "no-such-age is missing (Debian package age)"
    assert (told.value, told.kept, told.least, told.facts) == (None, None, 0.5, {})
    assert not found("no-such-age")


def test_a_program_that_is_there() -> None:
    """It is found as a shell finds it, and where only root's shell looks."""
    assert Path(find("sh")).is_absolute()
    assert found("sh", "env")


def test_every_peers_package_is_known() -> None:
    """`make deps` brings it, and the README names it."""
    lines = (ROOT / "requirements/debian.txt").read_text(encoding="utf-8").splitlines()
    packages = {line.partition("#")[0].strip() for line in lines}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for peer in PEERS.values():
        assert peer.package in packages, peer
        assert f"`{peer.package}`" in readme, peer


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("bytes_s", 212_400_000.0, "212 MB/s"),
        ("against_bytes_s", 1.5e6, "against 1.5 MB/s"),
        ("camera_ns_byte", 3.14159, "camera 3.14 ns a byte"),
        ("median_ms", 12.0, "median 12 ms"),
        ("ours_cpu_s", 1.25, "ours 1.25 s of the processor"),
        ("s", 2.0, "2 s"),
        ("peak_bytes", float(3 << 20), "peak 3 MiB"),
        ("syncs", 120.0, "syncs 120"),
    ],
)
def test_facts_in_words(name: str, value: float, words: str) -> None:
    """The unit is in the name."""
    assert fact(name, value) == words
