"""Who is answered: a browser on this machine, on a page of ours, and nobody that another site sent.

A name of somebody else's that was made to point here (DNS rebinding) shows in ``Host``; a request from a page of somebody else's shows in
``Origin``, or, where a browser sends none of that, in ``Sec-Fetch-Site``.  Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; media-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer."""
_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_OURS: Final = frozenset({"same-origin", "none"})
_NAVIGATION: Final = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}

Headers = Sequence[tuple[str, str]]
"""Names in lower case."""


def refusal(headers: Headers, port: int, *, front: bool) -> str | None:
    """Why a request is not answered; None for one that is.  ``front``: it is for the front page, to which any site may link."""
    hosts = [f"{name}:{port}" for name in _NAMES] + ([*_NAMES] if port == 80 else [])
    named = _all(headers, "host")
    if len(named) != 1 or named[0].lower() not in hosts:
        return "this address is not one of ours: use the one that was printed"
    origins = _all(headers, "origin")
    if any(origin.lower() not in {f"http://{host}" for host in hosts} for origin in origins):
        return "the page of another site may not ask for this"
    if all(site in _OURS for site in _all(headers, "sec-fetch-site")):
        return None
    if front and all(_all(headers, name) == [value] for name, value in _NAVIGATION.items()):
        return None
    return "another site may not ask for this"


def _all(headers: Headers, name: str) -> list[str]:
    return [value.strip() for key, value in headers if key == name]
