"""What must not be in the repository: paths of somebody's machine, addresses of package indexes, private keys, big files."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PYTHON_LOCKS = [path for path in LOCKS if not path.name.startswith("debian")]
LARGEST = 2_000_000  # bytes

# What no file may contain.  Each pattern is written so that it does not match itself.
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.~/-])/(?:home|Users|root|work)/[\w.]",
    "the address of a package index": r"(?:pypi|pythonhosted)[.](?:org|python)|(?<!emit)-(?:index-url|find-links)[ =]\S",
    "a private key": r"BEGIN [A-Z ]*PRIVATE[ ]KEY-----\s*(?:\\n)?[A-Za-z0-9+/]{40}",
    "an age identity": r"AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50}",
}

# Where one thing may stand, and why: what a camera is built from has to be fetched from somewhere, and a hash beside it says what.
PLACES = {"the address of a package index": re.compile(r"buildroot/package/lapel-[a-z0-9-]+/lapel-[a-z0-9-]+[.]mk")}

# Files that may, and why.
EXCEPTIONS = {
    ("tests/unit/evidence/test_recipients.py", "an age identity"): "the published example of age's own key format",
    **{
        (f"tests/vectors/keys/{name}.agekey", "an age identity"): "made up, so that others can open the vectors"
        for name in ("authority", "escrow", "stranger", "hybrid-authority", "hybrid-escrow")
    },
}

REQUIREMENT = re.compile(r"^(?P<name>[a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(?P<version>\S+)(?: ; [^\\]+)? \\$", re.MULTILINE)


def files() -> list[Path]:
    """Everything that is, or could next be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    """Nothing of a developer's machine, no index address and no private key gets into the repository."""
    pattern = re.compile(FORBIDDEN[what])
    found = {
        f"{name}: {match[0][:60]}"
        for path in files()
        if (name := str(path.relative_to(ROOT)), what) not in EXCEPTIONS
        and not (what in PLACES and PLACES[what].fullmatch(name))
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of somebody's machine", "open('/home" + "/ada/x')"),
        ("a path of somebody's machine", "see /work" + "/main"),
        ("the address of a package index", "https://" + "pypi" + ".org/simple"),
        ("the address of a package index", "--index" + "-url https://x"),
        ("a private key", "-----BEGIN PRIVATE" + " KEY-----\n" + "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"),
        ("an age identity", "AGE-SECRET-KEY-" + "1" + "Q" * 58),
    ],
)
def test_patterns_find_what_they_are_for(what: str, text: str) -> None:
    """A pattern that finds nothing would let everything in."""
    assert re.search(FORBIDDEN[what], text)


def test_no_big_files() -> None:
    """Footage, images and wheels do not belong into the repository."""
    assert [str(path) for path in files() if path.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_name_no_place(lock: Path) -> None:
    """A lock says what, by hash, and never where from: any index or mirror will do."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"\w+://|^\s*-(?!-hash=sha256:)", line)] == []


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda path: path.name)
def test_locks_are_exact(lock: Path) -> None:
    """Each requirement has one version and at least one hash."""
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8").strip())
    assert [
        block.splitlines()[0] for block in blocks if not REQUIREMENT.match(block) or "--hash=sha256:" not in block
    ] == []


def test_locks_pin_what_is_asked_for_with_extras() -> None:
    """Older pips look for `name[extra]` apart from `name`: a lock that pins only the latter breaks with the next release."""
    lock = (ROOT / "requirements" / "desk-dev.txt").read_text(encoding="utf-8")
    pinned = {canonicalize_name(name) for name in dict(REQUIREMENT.findall(lock))}
    wanted = {
        f"{canonicalize_name(need.name)}[{','.join(sorted(need.extras))}]"
        for found in importlib.metadata.distributions()
        if canonicalize_name(found.name) in pinned
        for need in map(Requirement, found.requires or ())
        if need.extras and (need.marker is None or need.marker.evaluate({"extra": ""}))
    }
    assert wanted
    assert {each for each in wanted if not re.search(rf"^{re.escape(each)}==", lock, re.MULTILINE)} == set()


def test_locks_agree() -> None:
    """What camera and desk both use is the same version, and the false `kms` of the index is in neither."""
    locked = [dict(REQUIREMENT.findall(path.read_text(encoding="utf-8"))) for path in PYTHON_LOCKS]
    named = Counter(name for lock in locked for name in lock)
    shared = {name for name, times in named.items() if times > 1}
    assert {"cryptography", "picamera2"} <= shared
    versions = {name: {lock[name] for lock in locked if name in lock} for name in shared}
    assert {name: each for name, each in versions.items() if len(each) > 1} == {}
    assert not any("kms" in lock for lock in locked)
