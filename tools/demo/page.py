"""The report's page: a template, and the pieces of HTML that go into it.

Pure: whatever is said is escaped here, once.  The page needs nothing but itself: style and pictures are inside, there is no script.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from tools.demo.checks import Check
from tools.demo.chronicle import Entry
from tools.demo.contact_sheet import Moment
from tools.demo.evidence import Footage
from tools.verify.report import Verdict
from tools.verify.times import size, span

_BADGES: Final = {Verdict.WHOLE: "good", Verdict.RECOVERED: "warn"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fill(pieces: Mapping[str, str]) -> str:
    """The page with these pieces of HTML in it; ``KeyError`` names one that is missing."""
    here = Path(__file__).parent
    style = (here / "page.css").read_text(encoding="utf-8")
    return Template((here / "page.html").read_text(encoding="utf-8")).substitute({**pieces, "style": style})


def clock(utc_ms: float) -> str:
    """The time of day to a tenth of a second."""
    moment = _EPOCH + timedelta(milliseconds=round(utc_ms / 100) * 100)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"


def figures(pairs: Iterable[tuple[str, str]]) -> str:
    """Big numbers, each with what it counts below it."""
    return "".join(f"<div><dd>{escape(number)}</dd><dt>{escape(what)}</dt></div>" for number, what in pairs)


def check_rows(checks: Iterable[Check]) -> str:
    """A row for each check."""
    rows = []
    before = ""
    for check in checks:
        badge = '<span class="badge good">ok</span>' if check.ok else '<span class="badge bad">NO</span>'
        area = check.area if check.area != before else ""
        rows.append([f"<td>{badge}</td>", f'<td class="area">{area}</td>', _cell(check.what), _cell(check.found)])
        before = check.area
    return _rows(rows)


def recording(footage: Footage, pictures: Mapping[Moment, bytes], film: str, sync: str) -> str:
    """Everything on one recording: pictures, what is proven and what is not, its files."""
    report = footage.report
    badge = f'<span class="badge {_BADGES.get(report.verdict, "bad")}">{report.verdict.value}</span>'
    facts = [*report.facts, *([sync] if sync else [])]
    private = [_private(entry.at_s, entry.text) for entry in report.private or ()]
    problems = [f"{problem.file}: {problem.reason}" for problem in report.problems]
    return f"""
<article class="recording">
  <div class="head"><h3>Recording {footage.number}</h3>{badge}<span class="soft">{clock(footage.origin_ms)} to
    {clock(footage.utc_ms(footage.end_s))} UTC, {footage.end_s:.1f} s, film: <a href="export/{film}">export/{film}</a></span></div>
  <div class="sheet">{"".join(_figure(footage, moment, data) for moment, data in sorted(pictures.items(), key=lambda each: each[0].at_s))}</div>
  {_words("wrong", "Wrong", problems)}
  <div class="columns">
    <div>{_words("proven", "Proven", report.proven)}{_words("unproven", "Not proven", report.not_proven)}</div>
    <div>{_words("private", "The camera says", facts)}{_words("private", "In its private part, which only a key opens", private)}</div>
  </div>
  <details><summary>its {len(footage.manifest.files)} evidence files, with hashes</summary><div class="wide">{_files(footage)}</div></details>
</article>"""


def receipt_rows(recordings: Iterable[Footage], erased: Mapping[int, str]) -> str:
    """What the dock signed for, and what the camera erased against it.  ``erased``: the receipt's hash by recording, as the camera logged it."""
    rows = []
    for each in recordings:
        total = sum(entry["length"] for entry in each.receipt.payload["files"])
        same = erased.get(each.number) == each.receipt.hash
        told = '<span class="badge good">this receipt</span>' if same else '<span class="badge bad">not erased</span>'
        rows.append(
            [
                f'<td class="number">{each.number}</td>',
                f'<td class="number">{total:,}</td>',
                f'<td class="hash"><code>{each.receipt.hash}</code></td>',
                _cell(each.receipt.dock),
                _cell(clock(each.receipt.utc_ms)),
                f"<td>{told}</td>",
            ]
        )
    return _rows(rows)


def story(steps: Iterable[Entry]) -> str:
    """What was done, step by step."""
    return "\n".join(f"<li><time>{clock(step.utc_ms)}</time>{escape(step.text)}</li>" for step in steps)


def commands(pairs: Iterable[tuple[str, str]]) -> str:
    """Commands, each with what it shows."""
    return "\n".join(f"<p>{escape(what)}</p>\n<pre>{escape(command)}</pre>" for what, command in pairs)


def happenings(entries: Sequence[Entry]) -> str:
    """A row for each entry of the chronicle."""
    return _rows([_cell(clock(entry.utc_ms)), _cell(entry.who.value), _cell(entry.text)] for entry in entries)


def _figure(footage: Footage, moment: Moment, data: bytes) -> str:
    kind = ' class="before"' if moment.before else ""
    uri = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    when = f"{clock(footage.utc_ms(moment.at_s))}, {span(moment.at_s)} in"
    label = escape(moment.label)
    return (
        f'<figure{kind}><img src="{uri}" alt="{label}"><figcaption>{label}<br><span>{when}</span></figcaption></figure>'
    )


def _files(footage: Footage) -> str:
    head = (
        '<thead><tr><th>file</th><th class="number">bytes</th><th>signed at capture</th><th>SHA-256</th></tr></thead>'
    )
    rows = [
        [
            _cell(each.name),
            f'<td class="number">{each.now.length:,}</td>',
            _cell("all" if each.signed == each.now else f"the first {size(each.signed.length)}"),
            f'<td class="hash"><code>{each.now.hash}</code></td>',
        ]
        for each in footage.manifest.files
    ]
    return f"<table>{head}<tbody>{_rows(rows)}</tbody></table>"


def _words(kind: str, title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<h4>{escape(title)}</h4><ul class="words {kind}">{items}</ul>' if items else ""


def _private(at_s: float | None, text: str) -> str:
    return text if at_s is None else f"at {span(at_s)}: {text}"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
