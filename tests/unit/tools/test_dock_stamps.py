"""Time stamps at the dock: got after the receipt, checked before they are stored, and never waited for."""

from __future__ import annotations

import argparse
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from firmware.runtime.docklink import DockLink
from hal.interface import PortKind
from tests.docking import VOLUME, DockEnd, MemoryShelf, Stop, Wire, camera, desk, parts
from tests.evidence_maker import TimeAuthority as Forger
from tests.oracles import needs
from tests.pki import Pki
from tools.demo.tsa import POLICY, TimeAuthority, TimeServer
from tools.dock.cli import add_parser
from tools.dock.events import TROUBLE, DockEvent, Kind
from tools.dock.identity import SetupError
from tools.dock.store import Store
from tools.dock.timing.stamping import Stamping, everything_wanting, stamp
from tools.dock.timing.tsa import StampError, TimeStamper
from tools.verify.timestamp import LARGEST, load_tsa_roots, parse_stamp

DATA = b"a manifest\n"
Answer = Callable[[bytes], tuple[int, str, bytes]]


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2)
    return shelf


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    """An authority built on ``openssl ts``."""
    return TimeAuthority(tmp_path_factory.mktemp("tsa") / "here")


def stamper(tsa: TimeAuthority, url: str) -> TimeStamper:
    """Asks there, and believes that authority."""
    return TimeStamper(url, load_tsa_roots(tsa.root), timeout_s=5)


def visit(shelf: MemoryShelf, pki: Pki, store: Path, asked: TimeStamper | None) -> list[DockEvent]:
    """One docking, to its end, with whatever time stamps were to be had."""
    at, events = desk(pki, store)
    stamping = None if asked is None else Stamping(asked, at.store, events.append)
    wire = Wire(shelf.clock, lambda: DockEnd(replace(at, stamping=stamping), PortKind.STREAM))
    DockLink(parts(shelf, wire, [])).run(Stop(shelf.clock, 1))
    if stamping:
        stamping.close()
    return events


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that answers as it is told to; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, kind, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@needs("openssl")
def test_after_the_receipts(pki: Pki, shelf: MemoryShelf, tsa: TimeAuthority, tmp_path: Path) -> None:
    """Each recording gets a token beside it in the store, which stock OpenSSL verifies over the manifest's file; the
    camera gets none of it."""
    store = tmp_path / "store"
    with TimeServer(tsa) as server:
        events = visit(shelf, pki, store, stamper(tsa, server.url))
    assert sorted(event.facts["item"] for event in events if event.kind is Kind.STAMPED) == ["00000001", "00000002"]
    assert set(shelf.receipts) == {1, 2}
    for place in (store / "cam-1" / VOLUME / "recordings").iterdir():
        command = f"openssl ts -verify -data {place}/manifest.jws -in {place}/manifest.tsr -CAfile {tsa.root}"
        assert b"OK" in subprocess.run(command.split(), capture_output=True, check=True).stdout
        parse_stamp((place / "manifest.tsr").read_bytes(), (place / "manifest.jws").read_bytes())
    assert not [path for path in (store / "incoming").rglob("*") if path.is_file()]


def test_receipts_wait_for_nobody(pki: Pki, shelf: MemoryShelf, tsa: TimeAuthority, tmp_path: Path) -> None:
    """With an authority that cannot be reached everything is taken over and receipted, it is said that the time stamps
    lack, and the dock's exit status stays good."""
    events = visit(shelf, pki, tmp_path, stamper(tsa, "http://127.0.0.1:1/"))
    assert set(shelf.receipts) == {1, 2}
    lacking = [event for event in events if event.kind is Kind.UNSTAMPED]
    assert lacking
    assert "cannot be asked" in lacking[0].text
    assert not {event.kind for event in events} & TROUBLE
    assert len(everything_wanting(Store(tmp_path))) == 2


@needs("openssl")
def test_again_at_the_next_docking(pki: Pki, shelf: MemoryShelf, tsa: TimeAuthority, tmp_path: Path) -> None:
    """What lacks a time stamp gets one at the next docking, also what the camera has erased since; nothing is asked
    for twice."""
    visit(shelf, pki, tmp_path, None)
    shelf.recordings.clear()
    with TimeServer(tsa) as server:
        asked = stamper(tsa, server.url)
        first = visit(shelf, pki, tmp_path, asked)
        again = visit(shelf, pki, tmp_path, asked)
    assert [event.kind for event in first].count(Kind.STAMPED) == 2
    assert [event.kind for event in again].count(Kind.STAMPED) == 0


@needs("openssl")
def test_by_command(
    pki: Pki, shelf: MemoryShelf, tsa: TimeAuthority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``lapel dock stamp`` gets what lacks, and leaves what was set aside as damaged alone."""
    visit(shelf, pki, tmp_path, None)
    place = tmp_path / "cam-1" / VOLUME / "recordings" / "00000002"
    place.rename(place.with_name("00000002.damaged-1"))
    assert lapel("stamp", "--store", tmp_path, "--tsa", "http://127.0.0.1:1/", "--tsa-root", tsa.root) == 1
    with TimeServer(tsa) as server:
        arguments = ["stamp", "--store", tmp_path, "--tsa", server.url, "--tsa-root", tsa.root]
        assert lapel(*arguments) == 0
        assert lapel(*arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        f"cam-1/{VOLUME}/recordings/00000001: time stamp stored", "1 time stamps stored; none lacks", "no time stamp lacks"
    ]  # fmt: skip


def lapel(*arguments: object) -> int:
    """The command line; the exit status."""
    root = argparse.ArgumentParser(prog="lapel")
    add_parser(root.add_subparsers(required=True))
    options = root.parse_args(["dock", *map(str, arguments)])
    return int(options.run(options))


@needs("openssl")
def test_policy(tsa: TimeAuthority) -> None:
    """A time stamp under another policy than the one that was named is not taken."""
    with TimeServer(tsa) as server:
        asked = stamper(tsa, server.url)
        replace(asked, policy=x509.ObjectIdentifier(POLICY)).stamp(DATA)
        with pytest.raises(StampError, match="Policy"):
            replace(asked, policy=x509.ObjectIdentifier("1.2.3.4.2")).stamp(DATA)


@needs("openssl")
def test_another_answer(tsa: TimeAuthority) -> None:
    """An answer to another request (its nonce), over other bytes, or of an authority under another root is not taken."""
    kept: list[bytes] = []

    def replay(request: bytes) -> tuple[int, str, bytes]:
        kept.append(tsa.reply(request))
        return 200, "application/timestamp-reply", kept[0]

    with answering(replay) as url:
        asked = stamper(tsa, url)
        asked.stamp(DATA)
        with pytest.raises(StampError, match="Nonce"):
            asked.stamp(DATA)
        with pytest.raises(StampError, match="cannot be used"):
            asked.stamp(b"other bytes")
        kept.clear()
        with pytest.raises(StampError, match="cannot be used"):
            replace(asked, roots=(Forger().root,)).stamp(DATA)


BAD: dict[str, tuple[int, str, bytes]] = {
    "an error": (500, "application/timestamp-reply", b""),
    "a page": (200, "text/html", b"<html>"),
    "a redirect": (302, "application/timestamp-reply", b""),
    "nothing": (200, "application/timestamp-reply", b""),
    "no time stamp": (200, "application/timestamp-reply", b"\x30\x05\x30\x03\x02\x01\x02"),
    "too much": (200, "application/timestamp-reply", b"x" * (LARGEST + 1)),
    "rubbish": (200, "application/timestamp-reply; charset=x", b"\x30\x80\xff"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_answers(tsa: TimeAuthority, name: str) -> None:
    """Whatever else an authority answers is not taken, and bounded."""
    with answering(lambda _request: BAD[name]) as url, pytest.raises(StampError, match=url):
        stamper(tsa, url).stamp(DATA)


def test_one_that_drips(tsa: TimeAuthority) -> None:
    """An answer that does not end in time is given up."""
    ticks = iter(range(0, 1000, 4))
    with answering(lambda _request: (200, "application/timestamp-reply", b"x" * 50_000)) as url:
        asked = replace(stamper(tsa, url), monotonic=lambda: next(ticks))
        with pytest.raises(StampError, match="did not answer in 5 s"):
            asked.stamp(DATA)


def test_whole_or_not_at_all(
    pki: Pki, shelf: MemoryShelf, tsa: TimeAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails in the middle leaves no half token among the evidence."""
    visit(shelf, pki, tmp_path, None)
    store = Store(tmp_path)
    place = everything_wanting(store)[0]
    asked = stamper(tsa, "http://127.0.0.1:1/")
    monkeypatch.setattr(TimeStamper, "stamp", lambda _self, _data: b"token")
    names = sorted(path.name for path in place.iterdir())
    with monkeypatch.context() as broken:
        broken.setattr("tools.dock.durable.move", _fails)
        with pytest.raises(OSError, match="broken"):
            stamp(asked, store, place)
    assert sorted(path.name for path in place.iterdir()) == names
    stamp(asked, store, place)
    assert (place / "manifest.tsr").read_bytes() == b"token"


def _fails(_source: Path, _target: Path) -> None:
    raise OSError("broken")


@pytest.mark.parametrize(
    "url", ["ftp://x/", "file:///etc/passwd", "http://", "x", "http://h:0/", "http://h:99999/", "http://\u00e9/"]
)
def test_addresses(tsa: TimeAuthority, url: str) -> None:
    """Only an address of the web is asked."""
    with pytest.raises(SetupError):
        TimeStamper.load(url, tsa.root)


def test_options(tsa: TimeAuthority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A root that is none, a policy that is none, and one option without the other are told before anything begins."""
    (tmp_path / "none.pem").write_text("none")
    for root, policy in ((tmp_path / "none.pem", None), (tmp_path / "missing.pem", None), (tsa.root, "x.y")):
        with pytest.raises(SetupError):
            TimeStamper.load("http://127.0.0.1/", root, policy)
    arguments = ("serve", "--identity", tmp_path, "--store", tmp_path / "store", "--port", "tcp:[::1]:0")
    assert lapel(*arguments, "--tsa", "http://127.0.0.1/") == 1
    assert capsys.readouterr().err
