"""The two specifications, and the pages on privacy and on real cameras: what stands between marks in them is made here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.hil import cannot, config, hands, overlays
from tests.hil import page as steps
from tests.specification import (
    annotated,
    boxes,
    diagrams,
    dock_limits,
    hardware,
    kept,
    limits,
    officer,
    operations,
    performance,
    power_page,
    privacy,
    registry,
    shopping,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"<!-- made: ([a-z-]+) -->\n.*?<!-- end of \1 -->", re.DOTALL)
_HEADING = re.compile(r"^(##|###) (.+)$", re.MULTILINE)

EVIDENCE: Mapping[str, Callable[[], str]] = {
    "volume": diagrams.volume,
    "roles": registry.roles,
    "tree": diagrams.certificates,
    "boxes": boxes.boxes,
    "chain": diagrams.chain,
    "limits": limits.limits,
    "types": registry.types,
    "purposes": registry.purposes,
    "ages": registry.ages,
    "audit-kinds": registry.audit_kinds,
    "private-kinds": registry.private_kinds,
    "gaps": registry.gaps,
    "faults": registry.faults,
    "settings": registry.settings,
    "names": registry.files,
    **{
        f"example-{name}": partial(annotated.jws, name)
        for name in ("opening", "flush", "manifest", "receipt", "anchor")
    },
    "example-age": annotated.age_header,
    "example-sei": annotated.sei,
}
DOCK: Mapping[str, Callable[[], str]] = {
    "link": diagrams.link,
    "states": registry.states,
    "drawn-states": diagrams.conversation,
    "docking": diagrams.docking,
    "limits": dock_limits.limits,
    "times": dock_limits.times,
    "versions": registry.versions,
    "frames": registry.frame_types,
    "messages": registry.message_types,
    "codes": registry.codes,
    "example-frame": annotated.frame,
    "example-proof": annotated.proof,
    "example-exchange": annotated.exchange,
}
PRIVACY: Mapping[str, Callable[[], str]] = {
    "files": kept.files,
    "records": privacy.records,
    "withheld": privacy.withheld,
    "lengths": privacy.lengths,
    "settings": privacy.settings,
    "said": privacy.said,
}


def evidence() -> str:
    """The evidence format."""
    return _page("evidence-format.md", EVIDENCE)


def dock() -> str:
    """The dock protocol."""
    return _page("dock-protocol.md", DOCK)


def impact() -> str:
    """The data-protection impact assessment."""
    return _page("privacy.md", PRIVACY)


def guide() -> str:
    """The officer's guide."""
    return _page("officer.md", officer.MADE)


def running() -> str:
    """How a fleet is operated."""
    return _page("operations.md", operations.MADE)


def boards() -> str:
    """What real cameras are made of, and what their boards have."""
    return _page("hardware.md", {**hardware.MADE, "shopping": shopping.parts_list})


def wiring() -> str:
    """How they are wired."""
    return _page("wiring.md", hardware.WIRING)


def bringing_up() -> str:
    """How a board is brought up."""
    made = {
        "steps": steps.markdown,
        "overlays": overlays.markdown,
        "variables": config.variables,
        "acts": hands.table,
        "virtual": cannot.markdown,
    }
    return _page("bring-up.md", made)


def measured() -> str:
    """How fast it is beside its peers and its limits."""
    return _page("performance.md", performance.made((DOCS / "performance.md").read_text(encoding="utf-8")))


def budget() -> str:
    """What they take of a battery."""
    return _page("power-budget.md", power_page.MADE)


def _page(name: str, made: Mapping[str, Callable[[], str]]) -> str:
    text = (DOCS / name).read_text(encoding="utf-8")
    found = _BLOCK.findall(text)
    if sorted(found) != sorted({*made, "contents"}):
        raise ValueError(f"{name}: its marks are {', '.join(sorted(found))}, not contents, {', '.join(sorted(made))}")

    def block(match: re.Match[str]) -> str:
        what = match[1]
        body = contents(text) if what == "contents" else made[what]()
        return f"<!-- made: {what} -->\n\n{body}\n\n<!-- end of {what} -->"

    return _BLOCK.sub(block, text)


def contents(text: str) -> str:
    """The headings of a page, each with a link to its place."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = []
    for level, title in _HEADING.findall(prose):
        place = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        lines.append(f"{'  ' * (len(level) - 2)}- [{title.replace('`', '')}](#{place})")
    return "\n".join(lines)
