"""Make the vectors of ONVIF Media Signing: ``python -m tests.vector_maker.onvif [--validator PROGRAM]``.

With ``--validator``, ONVIF's reference validator (github.com/onvif/media-signing-framework), its verdicts are recorded
too; without, those in the files are kept.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.vector_maker.files import VECTORS, Vector, read_vector, write_vector
from tests.vector_maker.onvif_films import authority
from tests.vector_maker.onvif_scenarios import SCENARIOS, UNTRUSTED, VALID, Scenario

FOLDER = VECTORS / "onvif"
ROOTS = ("authority", "stranger")
_KEYS = {"IS VALID": "valid", "IS NOT VALID": "not valid", "COULD NOT BE VALIDATED": "not judged"}
_PICTURES = {
    "VIDEO IS VALID!": "valid",
    "VIDEO IS VALID, BUT HAS MISSING FRAMES!": "valid, but frames are missing",
    "VIDEO IS INVALID!": "invalid",
    "VIDEO IS NOT SIGNED!": "not signed",
}


def reference(validator: Path, film: bytes, container: str, root: Path) -> dict[str, str]:
    """What the reference validator says: ``reference`` (the picture), ``reference-key`` and ``reference-pending``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"film.{container}")
        path.write_bytes(film)
        command = [str(validator.resolve()), "-b", "-C", str(root.resolve()), "-c", "h264", str(path)]
        status = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60).returncode
        if status < 0:
            return {"reference": "crashed", "reference-key": "-", "reference-pending": "-"}
        result = Path(folder, "validation_results.txt")
        said = result.read_text(encoding="utf-8") if result.exists() else ""
    lines = said.splitlines()
    key = next((words for mark, words in _KEYS.items() if f"PUBLIC KEY {mark}!" in lines[:3]), "not judged")
    picture = next((words for mark, words in _PICTURES.items() if mark in lines), "cannot be judged")
    pending = re.search(r"Number of pending frames *: (\d+)", said)
    return {
        "reference": picture,
        "reference-key": key,
        "reference-pending": pending[1] if pending else "-",
    }


def agrees(header: Mapping[str, str]) -> bool:
    """Whether the reference's verdict is ours: it judges picture and key apart."""
    if header["verdict"] == UNTRUSTED:
        return (header["reference"], header["reference-key"]) == (VALID, "not valid")
    key = (
        header["reference-key"] == "valid"
        or header["root"] != "authority"
        or not header["reference"].startswith("valid")
    )
    return header["reference"] == header["verdict"] and key


def build(scenario: Scenario, film: bytes, said: Mapping[str, str]) -> Vector:
    """The vector of a scenario."""
    header = {
        "scenario": scenario.name,
        "about": scenario.about,
        "film": scenario.container,
        "root": scenario.root,
        "verdict": scenario.verdict,
        "pending": str(scenario.pending),
        **said,
    }
    if scenario.differs:
        header["differs"] = scenario.differs
    return Vector(header, film)


def write_roots() -> None:
    """The root certificates beside the vectors."""
    for name in ROOTS:
        (FOLDER / f"{name}.crt.pem").write_bytes(authority(name).root_pem)


def main() -> int:
    """As ``make vectors`` does for all; 1 where the reference differs and nobody says why, or the other way round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--validator", type=Path)
    return write_vectors(parser.parse_args().validator)


def write_vectors(validator: Path | None) -> int:
    """Write all files; without ``validator`` its recorded verdicts are kept."""
    write_roots()
    wrong = 0
    for scenario in SCENARIOS:
        path = FOLDER / f"{scenario.name}.vector"
        film = scenario.make()
        if validator is not None:
            said = reference(validator, film, scenario.container, FOLDER / f"{scenario.root}.crt.pem")
        else:
            said = {name: value for name, value in read_vector(path).header.items() if name.startswith("reference")}
        vector = build(scenario, film, said)
        write_vector(path, vector)
        if agrees(vector.header) == bool(scenario.differs):
            why = scenario.differs or "unsaid"
            sys.stderr.write(f"{scenario.name}: we {scenario.verdict}, the reference {said}; differs: {why}\n")
            wrong += 1
    for path in set(FOLDER.glob("*.vector")) - {FOLDER / f"{each.name}.vector" for each in SCENARIOS}:
        path.unlink()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
