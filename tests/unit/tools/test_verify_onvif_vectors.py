"""Each vector of ONVIF Media Signing gets its verdict, from us and (recorded, or asked again) from ONVIF's reference."""

from __future__ import annotations

import os
from pathlib import Path

import av
import pytest

from tests.vector_maker.files import read_vector
from tests.vector_maker.onvif import FOLDER, ROOTS, agrees, reference
from tests.vector_maker.onvif_films import authority
from tests.vector_maker.onvif_scenarios import SCENARIOS, Scenario
from tools.verify.certs import Trust, load_root
from tools.verify.film import read_film
from tools.verify.signatures import Picture, Signatures

VALIDATOR = os.environ.get("LAPEL_ONVIF_VALIDATOR")
"""The reference validator's program; without it its recorded verdicts stand."""

NAMES = sorted(path.stem for path in FOLDER.glob("*.vector"))
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def film_of(name: str, folder: Path) -> Path:
    """The film of a vector, as a file."""
    vector = read_vector(FOLDER / f"{name}.vector")
    path = folder / f"film.{vector.header['film']}"
    path.write_bytes(vector.body)
    return path


def judged(name: str, folder: Path) -> Signatures:
    """Our verdict."""
    root = read_vector(FOLDER / f"{name}.vector").header["root"]
    return read_film(film_of(name, folder), Trust(load_root((FOLDER / f"{root}.crt.pem").read_bytes())))


@pytest.mark.parametrize("name", NAMES)
def test_verdict(name: str, tmp_path: Path) -> None:
    """The verdict, what is pending at the end, and that whatever is wrong is named."""
    header = read_vector(FOLDER / f"{name}.vector").header
    found = judged(name, tmp_path)
    assert (found.verdict, str(found.pending)) == (header["verdict"], header["pending"])
    assert bool(found.findings) == (found.verdict in {Picture.INVALID, Picture.MISSING} or name == "certificates-never")
    assert (found.verdict is Picture.VALID) <= (found.proven + found.pending == found.frames)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_says_the_same_or_the_header_says_why(name: str) -> None:
    """No difference to the reference validator is without a reason, and no reason without a difference."""
    header = read_vector(FOLDER / f"{name}.vector").header
    assert agrees(header) != ("differs" in header)


@pytest.mark.skipif(VALIDATOR is None, reason="LAPEL_ONVIF_VALIDATOR names no reference validator")
def test_the_reference_still_says_so() -> None:
    """What is recorded is what ONVIF's own program says."""
    differ = {}
    for name in NAMES:
        vector = read_vector(FOLDER / f"{name}.vector")
        root = FOLDER / f"{vector.header['root']}.crt.pem"
        said = reference(Path(VALIDATOR or ""), vector.body, vector.header["film"], root)
        if not said.items() <= vector.header.items():
            differ[name] = said
    assert differ == {}


def test_all_scenarios_are_there() -> None:
    """The folder holds what the maker makes, no more and no less, small enough for a repository."""
    assert sorted(BY_NAME) == NAMES
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000
    for name in ROOTS:
        assert (FOLDER / f"{name}.crt.pem").read_bytes() == authority(name).root_pem


@pytest.mark.parametrize("name", NAMES)
def test_the_maker_makes_the_same(name: str, tmp_path: Path) -> None:
    """Each film is what the maker makes today (other containers may be written by another FFmpeg: their frames are)."""
    scenario: Scenario = BY_NAME[name]
    vector = read_vector(FOLDER / f"{name}.vector")
    made = scenario.make()
    stated = {"scenario": name, "about": scenario.about, "root": scenario.root, "verdict": scenario.verdict}
    assert stated.items() <= vector.header.items()
    if made != vector.body:
        (tmp_path / "made").write_bytes(made)
        assert "remuxed" in name
        assert packets(tmp_path / "made") == packets(film_of(name, tmp_path))


def packets(film: Path) -> list[bytes]:
    """The frames of a film."""
    with av.open(film) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]
