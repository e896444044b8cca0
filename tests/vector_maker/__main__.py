"""Make all vectors: ``python -m tests.vector_maker`` (``make vectors``), bases and keys first.

Where one changes, git shows it; a vector whose scenario is gone is removed.
"""

from __future__ import annotations

import shutil
import sys

from tests.vector_maker import onvif, pinned
from tests.vector_maker.bases import BASES, KEYS, STORIES, base, key_files, make_base
from tests.vector_maker.dock_scenarios import write_dock
from tests.vector_maker.evidence import FOLDER
from tests.vector_maker.readme import write_readme
from tests.vector_maker.tree import write_tar


def write_bases() -> None:
    """Bases and keys."""
    for folder in (BASES, KEYS):
        folder.mkdir(parents=True, exist_ok=True)
    for name in STORIES:
        write_tar(make_base(name), BASES / f"{name}.tar")
    for name, data in key_files().items():
        (KEYS / name).write_bytes(data)
    base.cache_clear()


def write_evidence() -> None:
    """The vectors of evidence."""
    from tests.vector_maker.scenarios import GROUPS  # noqa: PLC0415 - reads the bases

    shutil.rmtree(FOLDER, ignore_errors=True)
    for group in GROUPS:
        (FOLDER / group.name).mkdir(parents=True)
        for scenario in group.scenarios:
            path = FOLDER / group.name / f"{scenario.name}.vector"
            assert not path.exists(), path
            path.write_text(scenario.text(), encoding="utf-8", newline="\n")


def main() -> int:
    """Write everything."""
    write_bases()
    write_evidence()
    write_dock()
    pinned.keep()
    wrong = onvif.write_vectors(None)
    write_readme()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
