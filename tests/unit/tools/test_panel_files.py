"""The page's files: all of them get into the wheel, and the start page names those that it needs."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "tools/panel/page"


def test_the_wheel_holds_every_file() -> None:
    """What is served from a checkout is served from a wheel too."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]["tools.panel"]
    names = sorted(f"page/{path.name}" for path in PAGE.iterdir())
    assert [name for name in names if not any(fnmatchcase(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)] == []


def test_no_file_is_without_use() -> None:
    """Each file is named by another one of the page: nothing lies there that nobody asks for."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in PAGE.iterdir()}
    named = {name for of, text in texts.items() for name in re.findall(r"[\w-]+\.(?:css|js|svg)\b", text) if name != of}
    assert set(texts) - {"index.html"} == named & set(texts)
    assert named - set(texts) == set()
