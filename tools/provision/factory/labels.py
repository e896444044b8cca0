"""Labels for enrolled cameras: name, and a QR code of the certificate's fingerprint, forty on a sheet of A4 or one by itself.

A page of HTML that any browser prints, with nothing in it that is fetched from elsewhere.  Sheets are those that stationers sell as
48.5 x 25.4 mm, four by ten on A4; on other paper the lines between labels are for cutting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from tools.provision.factory.ledger import Entry

SHEET: Final = 40
_ROW: Final = 16
"""Digits of the fingerprint in a line."""

_STYLE: Final = """\
@page { size: A4; margin: 0 }
@page single { size: 48.5mm 25.4mm; margin: 0 }
* { box-sizing: border-box }
body { margin: 0; color: #000; background: #fff; font-family: "Liberation Sans", Arial, Helvetica, sans-serif }
.sheet { width: 210mm; height: 297mm; padding: 21.5mm 8mm; break-after: page; display: grid; overflow: hidden;
  grid-template-columns: repeat(4, 48.5mm); grid-auto-rows: 25.4mm }
.single { page: single; break-after: page }
.label { width: 48.5mm; height: 25.4mm; padding: 1.7mm 1mm; display: flex; overflow: hidden }
.sheet .label { outline: 0.1mm dotted #999 }
.label svg { width: 22mm; height: 22mm; flex: none }
.words { padding: 1.4mm 0 0 0.4mm; min-width: 0 }
.name { font-weight: bold; font-size: 8pt; overflow-wrap: anywhere; line-height: 1.05 }
.name.long { font-size: 5.5pt }
.facts { font-size: 4.5pt; overflow-wrap: anywhere; line-height: 1.2 }
.hash { font-family: "Liberation Mono", "Courier New", monospace; font-size: 5.5pt; line-height: 1.15; white-space: pre }
"""
_SHORT: Final = 12
MARGIN: Final = 4
"""Modules of white around a code."""


def page(entries: Sequence[Entry], *, single: bool = False) -> str:
    """All labels, forty on a sheet, or with ``single`` each on a page of its own size."""
    if single:
        body = "".join(f'<section class="single">{label(each)}</section>\n' for each in entries)
    else:
        sheets = ("".join(label(each) for each in sheet) for sheet in _sheets(entries))
        body = "".join(f'<section class="sheet">\n{each}</section>\n' for each in sheets)
    head = f'<meta charset="utf-8"><title>Camera labels</title>\n<style>\n{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'


def label(entry: Entry) -> str:
    """One label.  The code holds the fingerprint in 64 hexadecimal digits, as the ledger and the documents write it, and nothing else."""
    rows = "\n".join(entry.certificate[at : at + _ROW] for at in range(0, len(entry.certificate), _ROW))
    size = "name" if len(entry.device) <= _SHORT else "name long"
    facts = " ".join(filter(None, (entry.board, entry.serial)))
    return (
        f'<div class="label">{code(entry.certificate)}<div class="words"><div class="{size}">{escape(entry.device)}</div>'
        f'<div class="facts">{escape(facts)}</div><div class="hash">{escape(rows)}</div></div></div>\n'
    )


def code(text: str) -> str:
    """A QR code as a drawing, with the margin that readers want.  It is one filled shape: strokes, one a row, leave hairlines between."""
    import segno  # noqa: PLC0415 - what prints no label does not need it

    rows = [bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix]
    runs = "".join(
        f"M{run.start() + MARGIN} {y + MARGIN}h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for y, row in enumerate(rows)
        for run in re.finditer(rb"\x01+", row)
    )
    size = len(rows) + 2 * MARGIN
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{runs}"/></svg>'


def _sheets(entries: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    for at in range(0, len(entries), SHEET):
        yield tuple(entries[at : at + SHEET])
