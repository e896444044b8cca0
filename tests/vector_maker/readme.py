"""The lists of scenarios in ``tests/vectors/README.md``, drawn from the vectors themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.vector_maker import dock, evidence
from tests.vector_maker.files import VECTORS, read_vector

README = VECTORS / "README.md"
_MARKED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return _row(*titles) + "|" + "---|" * len(titles) + "\n" + "".join(_row(*row) for row in sorted(rows))


def _evidence() -> Iterator[str]:
    for folder in sorted(each for each in evidence.FOLDER.iterdir() if each.is_dir()):
        headers = [evidence.read(path.read_text(encoding="utf-8"))[0] for path in folder.glob("*.vector")]
        yield f"\n**{folder.name}** ({len(headers)})\n\n"
        rows = [(each["scenario"], each["about"], each["section"], each["verdict"]) for each in headers]
        yield _table(("scenario", "what it is", "section", "verdict"), rows)


def _dock() -> Iterator[str]:
    headers = [dock.read(path)[0] for path in dock.FOLDER.glob("*.vector")]
    rows = [(each["scenario"], each["about"], each["kind"], each["outcome"]) for each in headers]
    yield f"\n{len(headers)} in all.\n\n" + _table(("scenario", "what it is", "kind", "outcome"), rows)


def _onvif() -> Iterator[str]:
    headers = [read_vector(path).header for path in (VECTORS / "onvif").glob("*.vector")]
    rows = [(each["scenario"], each["about"], each["verdict"]) for each in headers]
    yield f"\n{len(headers)} in all.\n\n" + _table(("scenario", "what it is", "verdict"), rows)


_LISTS = {"evidence": _evidence, "dock": _dock, "onvif": _onvif}


def render_readme(text: str) -> str:
    """The page with its lists as they are now."""
    return _MARKED.sub(lambda found: found[1] + "".join(_LISTS[found[2]]()) + found[3], text)


def write_readme(path: Path = README) -> None:
    """Draw the lists anew."""
    path.write_text(render_readme(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
