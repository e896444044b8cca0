"""Which Buildroot: a release by its commit, and a tree of it held against what git calls that tree."""

from __future__ import annotations

import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.image.trouble import TREE, ImageError, run

_ID = re.compile(r"[0-9a-f]{40}")
_KEYS = ("version", "url", "commit", "tree")


@dataclass(frozen=True, slots=True)
class Release:
    """A release: version, where it is cloned from, and what git names its commit and its tree."""

    version: str
    url: str
    commit: str
    tree: str


def read(path: Path = TREE / "release.toml") -> Release:
    """The release that images are built with.  ImageError where a key is missing, unknown or none."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    for key in told.keys() ^ set(_KEYS):
        raise ImageError(f"{path.name}: {key}: is missing or not known")
    for key in _KEYS:
        if not isinstance(told[key], str) or (key in {"commit", "tree"} and _ID.fullmatch(told[key]) is None):
            raise ImageError(f"{path.name}: {key}: {told[key]!r} is none")
    return Release(**told)


def tree_of(directory: Path) -> str:
    """What git names this directory's content: each file's bytes, name and whether it may be run.  What its own
    ``.gitignore`` passes over is: what Buildroot builds and fetches where nothing else was said.  Takes seconds for a large one."""
    directory = directory.resolve()
    with tempfile.TemporaryDirectory(prefix="lapel-tree-") as place:
        git = [
            "git",
            "--git-dir",
            f"{place}/git",
            "-c",
            "core.autocrlf=false",
            "-c",
            "core.fileMode=true",
            "-c",
            "core.excludesFile=",
        ]
        run([*git, "init", "--quiet", "--bare"])
        run([*git, "--work-tree", directory, "-C", directory, "add", "--all", "."])
        return run([*git, "write-tree"])[0].strip()


def held(directory: Path, release: Release) -> None:
    """ImageError where this is no tree of the release, unchanged."""
    if not (directory / "package" / "Makefile.in").is_file():
        raise ImageError(f"{directory} is no Buildroot")
    found = tree_of(directory)
    if found != release.tree:
        raise ImageError(
            f"{directory} is not Buildroot {release.version} as released (tree {found}, not {release.tree})"
        )
