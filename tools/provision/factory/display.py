"""What the operator sees: a bar and a line for each camera on a terminal, plain lines elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.provision.factory.tray import FAILURES, News, Tally, What

Show = Callable[[News], None]
_WORDS: Final[Mapping[What, str]] = {
    What.LISTENING: "waiting for cameras",
    What.UNUSABLE: "CANNOT BE USED: {text}",
    What.PLUGGED: "plugged in",
    What.UNPLUGGED: "pulled out",
    What.FAILED: "NOT ENROLLED: {text}",
    What.LOST: "broke off: {text}; put back, it goes on",
    What.MET: "docks: enrolled, and the camera that the ledger has",
    What.KNOWN: "not touched: {text}",
}
_QUIET: Final = frozenset({What.PLUGGED, What.UNPLUGGED})
_STYLES: Final[Mapping[What, str]] = {
    What.ENROLLED: "green",
    What.MET: "green",
    What.LOST: "yellow",
    What.KNOWN: "yellow",
    What.FAILED: "red",
    What.UNUSABLE: "red",
}


@contextmanager
def shown(stream: TextIO, count: int, *, as_json: bool) -> Iterator[Show]:
    """Whoever is told the news, for as long as the block lasts."""
    if as_json:
        yield lambda news: write(stream, as_record(news))
    elif not stream.isatty():
        yield lambda news: _plain(stream, news)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=stream)) as progress:
            task, done = progress.add_task("enrolled", total=count), set[str]()

            def tell(news: News) -> None:
                if news.what not in _QUIET:
                    progress.console.print(escape(in_words(news)), style=_STYLES.get(news.what), highlight=False)
                done.add(news.device if news.what in (What.ENROLLED, What.MET) else "")
                progress.update(task, completed=len(done - {""}))

            yield tell


def in_words(news: News) -> str:
    """One line for people."""
    where = f"[{news.port}] " if news.port else ""
    if news.entry is not None:
        entry = news.entry
        where_key = {"software": "in a file", "tpm2": "in a TPM"}.get(entry.signer, f"in {entry.signer}")
        return f"{where}{entry.device}: enrolled; its key is {where_key}, {entry.key}; certificate {entry.certificate}"
    device = f"{news.device}: " if news.device else ""
    return _clean(f"{where}{device}{_WORDS[news.what].format(text=news.text)}")


def as_record(news: News) -> dict[str, Any]:
    """One line for machines."""
    more = {} if news.entry is None else {"entry": asdict(news.entry)}
    return {"event": news.what.value, "port": news.port, "device": news.device, "text": news.text, **more}


def summary(tally: Tally, wanted: int) -> str:
    """What came of all of it, for people."""
    before = tally.met - {each.device for each in tally.enrolled}
    lines = [f"{len(tally.enrolled)} of {wanted} enrolled" + (f", {len(before)} had been" if before else "")]
    lines += [
        f"  {in_words(each)}" for each in tally.failed.values() if each.what in FAILURES or each.what is What.UNUSABLE
    ]
    return "\n".join(lines) + "\n"


def summary_record(tally: Tally, wanted: int) -> dict[str, Any]:
    """The same for machines."""
    return {
        "event": "summary",
        "wanted": wanted,
        "enrolled": [each.device for each in tally.enrolled],
        "met": sorted(tally.met),
        "failed": [as_record(each) for each in tally.failed.values()],
    }


def _plain(stream: TextIO, news: News) -> None:
    if news.what not in _QUIET:
        stream.write(in_words(news) + "\n")
        stream.flush()


def write(stream: TextIO, record: Mapping[str, Any]) -> None:
    """One JSON line."""
    stream.write(json.dumps(record) + "\n")
    stream.flush()


def _clean(text: str) -> str:
    """What others said, without what moves a cursor."""
    return "".join(each if each.isprintable() else "?" for each in text)
