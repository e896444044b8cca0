"""What the documents say is so: drawn pages are fresh, commands and targets exist, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from firmware.core.indications import Look
from tools.__main__ import COMMANDS
from tools.dock.face.slot import HEARD

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def generator() -> ModuleType:
    """The script that draws pages."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_drawn_pages_show_what_the_code_says() -> None:
    """``make docs`` would change nothing."""
    assert generator().stale() == []


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above can fail."""
    module = generator()
    monkeypatch.setitem(module.PAGES, "states.md", lambda: "something else")
    assert module.stale() == ["states.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of this repository."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_each_event_of_the_docks_table_is_explained() -> None:
    """Whoever reads the events of `lapel dock serve --json` finds what moves the table on its page."""
    rows = re.findall(r"^\| (`[^|]+`) \|", (ROOT / "docs/dock.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert {kind.value for kind in HEARD} <= told


def test_each_look_is_shown() -> None:
    """A photograph of each is on some page; `make docs-pictures` takes them."""
    shown = {name for page in PAGES for name in re.findall(r"page-([a-z-]+)\.png", page.read_text(encoding="utf-8"))}
    assert {look.value for look in Look} <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_that_are_named_exist(page: Path) -> None:
    """No page sends anybody to a target that is not there."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))) <= targets


def test_the_readme_names_every_command() -> None:
    """Somebody who reads it once knows what there is."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`lapel {command}" in readme
