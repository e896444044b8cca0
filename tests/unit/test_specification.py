"""The specifications stand alone: they name all there is, their references lead somewhere, and their examples hold before other hands' tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.evidence.kinds import PRIVATE
from firmware.evidence.log_kinds import AUDIT_DATA, LOG_PRIVATE
from tests.oracles import needs
from tests.specification import pages, registry, walkthrough
from tests.specification.example import RECIPIENTS
from tests.specification.tables import members
from tools.verify import documents as desk
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = (ROOT / "docs/evidence-format.md").read_text(encoding="utf-8")
DOCK = (ROOT / "docs/dock-protocol.md").read_text(encoding="utf-8")
BY_HAND = re.sub(r"<!-- made: ([a-z-]+) -->.*?<!-- end of \1 -->", "", EVIDENCE, flags=re.DOTALL)
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for folder in ("firmware", "tools/dock") for path in (ROOT / folder).rglob("*.py")
)


def section(number: str) -> str:
    """What is written by hand under a heading, those below it included."""
    begin = re.search(rf"^(##+) {re.escape(number)}\.? ", BY_HAND, re.MULTILINE)
    assert begin is not None, number
    end = re.compile(rf"^#{{2,{len(begin[1])}}} ", re.MULTILINE).search(BY_HAND, begin.end())
    return BY_HAND[begin.start() : end.start() if end else None]


@pytest.mark.parametrize("typ", registry.WHERE)
def test_every_member_is_explained(typ: str) -> None:
    """Each member of each signed object stands in the section of that object, or is explained where that one says."""
    kind = registry.signed_objects().get(typ)
    if kind is None:
        return
    text = section(registry.WHERE[typ][1].split(".")[0])
    assert [name for name in members(kind.table) if not re.search(rf'[`"]{name}[`"]', text)] == []


@pytest.mark.parametrize(("number", "kinds"), [("11.1", AUDIT_DATA), ("7", PRIVATE), ("11.2", LOG_PRIVATE)])
def test_every_kind_is_explained(number: str, kinds: dict[str, object]) -> None:
    """Each kind of line and record has a row."""
    assert [kind for kind in kinds if f"| `{kind}` |" not in section(number)] == []


def test_both_readers_know_the_same_names() -> None:
    """Types and kinds are the same in the firmware and in the verifier, which knows nothing that is said and no evidence, and alone knows derivatives."""
    said = {
        "lapel.assignment.1",
        "lapel.time.1",
        "lapel.bundle.1",
        "lapel.recall.1",
        "lapel.release.1",
        "lapel.consent.1",
    }
    known = {*registry.signed_objects(), *registry.ELSEWHERE} - said
    assert known == {*desk.PAYLOADS, desk.AUDIT}
    assert set(registry.WHERE) == {*known, *said}
    assert [*AUDIT_DATA] == [*desk.AUDIT_KINDS]
    assert [*PRIVATE] == [*desk.PRIVATE_KINDS]
    assert [*LOG_PRIVATE] == [*desk.LOG_PRIVATE_KINDS]


@pytest.mark.parametrize("page", [EVIDENCE, DOCK], ids=["evidence", "dock"])
def test_sections_that_are_named_exist(page: str) -> None:
    """A reader who follows a reference arrives."""
    mine = set(re.findall(r"^##+ ([0-9.]+?)\.? ", page, re.MULTILINE))
    other = set(re.findall(r"^##+ ([0-9.]+?)\.? ", EVIDENCE if page is DOCK else DOCK, re.MULTILINE))
    named = set(re.findall(r"\b[Ss]ections? ([0-9]+(?:\.[0-9]+)?)", page))
    assert named - mine - other == set()


def test_sections_that_the_code_names_exist() -> None:
    """The code refers to the page by numbers that stay."""
    there = set(re.findall(r"^##+ ([0-9.]+?)\.? ", EVIDENCE, re.MULTILINE))
    assert set(re.findall(r"evidence-format\.md``, section ([0-9.]+[0-9])", SOURCES)) <= there


def test_every_code_is_registered() -> None:
    """What the code says in Refused, Error and faults stands in the registry, and the registry has no other words."""
    assert set(re.findall(r'(?:Refused|UnwantedError)\(\s*"([a-z]+)"', SOURCES)) == set(registry.REFUSED)
    assert [word for word in registry.ERRORS if f'"{word}"' not in SOURCES] == []
    assert set(re.findall(r'(?<![A-Za-z])Error\("([a-z]+)"', SOURCES)) <= set(registry.ERRORS)
    for word in registry.FAULTS:
        assert re.search(rf'"{word}[ :"]', SOURCES), word


def test_marks_and_makers_fit() -> None:
    """A page with a mark that nobody fills, or without one that somebody would, is refused."""
    with pytest.raises(ValueError, match="its marks are"):
        pages._page("evidence-format.md", pages.DOCK)


@needs("age", "jose", "openssl")
def test_examples_hold_before_other_hands_tools(tmp_path: Path) -> None:
    """Each command of the examples prints what stands below it, with stock openssl, jose and age."""
    folder = tmp_path / "examples"
    shutil.copytree(ROOT / "docs/examples", folder)
    steps = walkthrough.steps()
    script = "".join(f"{step.command}\nprintf '\\0'\n" for step in steps)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split("\0")[:-1] == [step.prints for step in steps]


def test_the_example_is_whole(tmp_path: Path) -> None:
    """The verifier finds nothing wrong with it, with the key in hand too; a changed byte it does find."""
    folder = tmp_path / "examples"
    shutil.copytree(ROOT / "docs/examples", folder)
    key = tmp_path / "authority.key"
    key.write_text(RECIPIENTS[0].key_file)
    root, card = folder / "root.crt.pem", folder / "card"
    assert verify_path(card, root, [key], revoked=folder / "settings.jws").verdict is Verdict.WHOLE
    segment = card / "recordings/00000001/000000.mp4.age"
    segment.write_bytes(segment.read_bytes()[:-1] + b"\0")
    assert verify_path(card, root).verdict is Verdict.NOT_WHOLE
