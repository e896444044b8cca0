"""The panel answers a browser on this machine, on a page of ours, and nobody that another site sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.panel.guard import HEADERS, Headers, refusal

PORT = 8047
OURS = ("host", f"127.0.0.1:{PORT}")


@pytest.mark.parametrize("name", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}", f"[::1]:{PORT}"])
def test_our_own_addresses(name: str) -> None:
    """By each name that this machine has for itself, with the page's own origin and without one."""
    for extra in (
        [],
        [("origin", f"http://{name}")],
        [("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
    ):
        assert refusal([("host", name), *extra], PORT, front=False) is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("host", "rebound.example:8047")],
        [("host", "127.0.0.1")],
        [("host", "127.0.0.1:80")],
        [("host", "127.0.0.1:8047.example")],
        [("host", "127.0.0.1:8047@evil.example")],
        [("host", "")],
        [OURS, OURS],
        [OURS, ("host", "evil.example")],
        [OURS, ("origin", "http://evil.example")],
        [OURS, ("origin", "null")],
        [OURS, ("origin", "")],
        [OURS, ("origin", "http://127.0.0.1")],
        [OURS, ("origin", "http://127.0.0.1:9000")],
        [OURS, ("origin", "https://127.0.0.1:8047")],
        [OURS, ("origin", "http://127.0.0.1:8047.evil.example")],
        [OURS, ("origin", "http://127.0.0.1:8047"), ("origin", "http://evil.example")],
        [OURS, ("sec-fetch-site", "cross-site")],
        [OURS, ("sec-fetch-site", "same-site")],
        [OURS, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "video")],
    ],
)
def test_foreign_names_and_pages(headers: Headers) -> None:
    """Another name for our address, and a request from another site's page, each in every spelling, also for the front page."""
    assert refusal(headers, PORT, front=False)
    assert refusal(headers, PORT, front=True)


def test_a_link_to_the_front_page() -> None:
    """Whoever follows a link comes from elsewhere, and may see the page, but nothing behind it; nor may it stand in another's frame."""
    link = [OURS, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
    assert refusal(link, PORT, front=True) is None
    assert refusal(link, PORT, front=False)
    assert refusal([*link[:3], ("sec-fetch-dest", "iframe")], PORT, front=True)


def test_port_80_needs_no_number() -> None:
    """A browser leaves it out."""
    assert refusal([("host", "localhost"), ("origin", "http://localhost")], 80, front=False) is None


@given(st.text(max_size=40), st.text(max_size=60))
def test_nothing_else_passes(host: str, origin: str) -> None:
    """Whatever the two say, only our own names do."""
    names = {f"{name}:{PORT}" for name in ("127.0.0.1", "localhost", "[::1]")}
    passed = refusal([("host", host), ("origin", origin)], PORT, front=True) is None
    assert passed == (host.strip().lower() in names and origin.strip().lower() in {f"http://{name}" for name in names})


def test_policy_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    """Each source that the policy names is our own, or a picture that the page made itself."""
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert {source for sources in policy.values() for source in sources.split()} == {"'self'", "'none'", "blob:"}
    assert policy["img-src"] == "'self' blob:"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
