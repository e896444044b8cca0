"""HTML that cannot be broken from outside: text is escaped where it enters an element, and there is no other way in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest

from tools.verify.files import shown

_BREAKING = frozenset({"section", "article", "table", "tbody", "thead", "tr", "ul", "ol", "dl", "div", "h2", "h3", "p"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Markup


def text(words: str) -> Markup:
    """Words as HTML: nothing in them is markup, and what cannot be printed (also what turns the order of letters) is
    shown as its number."""
    return Markup(escape(shown(words)))


def join(parts: Iterable[Content]) -> Markup:
    """Several parts in a row."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))


def tag(name: str, *content: Content, **attributes: str) -> Markup:
    """An element.  ``kind`` is its class, other names lose a trailing underscore, and the rest become hyphens."""
    named = {"class" if key == "kind" else key.rstrip("_").replace("_", "-"): each for key, each in attributes.items()}
    written = "".join(f' {key}="{text(value)}"' for key, value in named.items() if value)
    end = "\n" if name in _BREAKING else ""
    return Markup(f"<{name}{written}>{join(content)}</{name}>{end}")


def items(rows: Iterable[Content], kind: str = "") -> Markup:
    """A list; nothing where there are no rows."""
    listed = [tag("li", row) for row in rows]
    return tag("ul", *listed, kind=kind) if listed else Markup()


def pairs(rows: Iterable[tuple[Content, Content]], kind: str = "") -> Markup:
    """Terms, each with what is said of it."""
    listed = [tag("div", tag("dt", term), tag("dd", said)) for term, said in rows]
    return tag("dl", *listed, kind=kind) if listed else Markup()


def table(heads: Sequence[str], rows: Iterable[Sequence[Content]], kind: str = "", caption: str = "") -> Markup:
    """A table; each cell knows its head, so that narrow screens can show rows as lists.  Nothing without rows."""
    body = [
        tag("tr", *(tag("td", cell, data_label=head) for head, cell in zip_longest(heads, row, fillvalue="")))
        for row in rows
    ]
    if not body:
        return Markup()
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    above = [tag("caption", caption)] if caption else []
    return tag("table", *above, head, tag("tbody", *body), kind=kind)


def digits(value: str) -> Markup:
    """A hash, to be compared by eye: in groups of eight that stay one word when copied."""
    groups = (value[start : start + 8] for start in range(0, len(value), 8))
    return tag("code", *(tag("span", group) for group in groups), kind="hash")
