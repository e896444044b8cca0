"""Whole dockings with an object store behind the dock: a real one, and stock clients that bring home what verifies."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import swiftclient

from tests.docking import VOLUME, MemoryShelf, camera, desk, visit
from tests.object_store import COMMANDS, KEY, USER, ObjectStore
from tests.oracles import needs
from tests.pki import Pki
from tests.relay import Relay, relayed
from tests.unit.tools.conftest import Desk as Evidence
from tests.unit.tools.test_dock_forty import check, each_from_its_own_address, rack_of
from tools.dock.cli import add_parser
from tools.dock.copying.copy_cli import keeping, run_fetch
from tools.dock.copying.route import LONGEST_PAUSE_S
from tools.dock.events import DockEvent, Kind
from tools.dock.places.address import open_place
from tools.dock.visit import Desk, system_utc_ms
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path

pytestmark = [pytest.mark.timeout(600), needs(*COMMANDS)]
BUCKET = "evidence"
__all__ = ["each_from_its_own_address"]  # a fixture of every test here, for the rack's sake


@pytest.fixture
def shelf(pki: Pki) -> MemoryShelf:
    """A camera with two recordings and two boots."""
    shelf = camera(pki)
    shelf.record(1)
    shelf.record(2, (3_000_000, 100_000))
    shelf.reboot(shelf.session)
    return shelf


@pytest.fixture
def bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """An empty bucket, reached over a relay, with the environment in which one may use it."""
    with closing(swiftclient.Connection(f"{object_store.url}/auth/v1.0", USER, KEY)) as owner:
        owner.put_container(BUCKET, {"X-Container-Meta-Quota-Bytes": ""})
        for entry in owner.get_container(BUCKET, full_listing=True)[1]:
            owner.delete_object(BUCKET, entry["name"])
    with relayed(object_store.port) as relay:
        for name, value in object_store.environment(relay.port).items():
            monkeypatch.setenv(name, value)
        yield relay


def spec(kind: str, relay: Relay) -> str:
    """The place, as it is named to a dock."""
    return f"swift://{BUCKET}/main" if kind == "swift" else f"s3://{BUCKET}/main?endpoint=http://127.0.0.1:{relay.port}"


@contextmanager
def dock(
    pki: Pki, store: Path, place: str, clock: Callable[[], float] | None = None
) -> Iterator[tuple[Desk, list[DockEvent]]]:
    """A dock as ``lapel dock serve --copy`` opens it."""
    at, events = desk(pki, store)
    with keeping(at.store, [place], None, events.append):
        if clock is not None:
            for route in at.store.copies._routes:
                route._monotonic = clock
        yield at, events


def tree(folder: Path) -> dict[str, bytes]:
    """All files below."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_s3cmd(relay: Relay, folder: Path) -> Path:
    """What s3cmd, which shares no code with botocore, brings home."""
    config = folder / "s3cmd.ini"
    host = f"127.0.0.1:{relay.port}"
    lines = (
        f"access_key = {USER}",
        f"secret_key = {KEY}",
        f"host_base = {host}",
        f"host_bucket = {host}",
        "use_https = False",
    )
    folder.mkdir(exist_ok=True)
    config.write_text("\n".join(("[default]", *lines, "")))
    (folder / "home").mkdir()
    command: list[str | Path] = ["s3cmd", "-q", "-c", config, "sync", f"s3://{BUCKET}/main/", f"{folder}/home/"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "home"


def with_swift(_relay: Relay, folder: Path) -> Path:
    """What OpenStack's own command brings home."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("swift"),
        "-q",
        "download",
        BUCKET,
        "-D",
        folder,
        "-p",
        "main/",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "main"


@pytest.mark.parametrize(
    ("kind", "client"), [pytest.param("s3", with_s3cmd, marks=needs("s3cmd")), pytest.param("swift", with_swift)]
)
def test_there_and_home_again(
    pki: Pki, shelf: MemoryShelf, bucket: Relay, tmp_path: Path, kind: str, client: Callable[[Relay, Path], Path]
) -> None:
    """A docking with receipts for recordings and log; then the place has the store's tree, and a stock client and `lapel dock fetch` bring it
    home, file by file."""
    with dock(pki, tmp_path / "store", spec(kind, bucket)) as (at, events):
        visit(shelf, at)
    assert set(shelf.receipts) == {1, 2}
    assert shelf.log_receipts
    assert not [event for event in events if event.kind is Kind.UNCOPIED]
    mine = tree(at.store.root / "cam-1")
    home = client(bucket, tmp_path)
    options = argparse.Namespace(place=spec(kind, bucket), into=tmp_path / "ours", id="", device="")
    assert run_fetch(options) == 0
    for folder in (home, tmp_path / "ours"):
        assert tree(folder / at.store.id / "cam-1") == mine
        assert (folder / at.store.id / "store.id").read_text().strip() == at.store.id


@pytest.mark.parametrize(
    ("kind", "client"), [pytest.param("s3", with_s3cmd, marks=needs("s3cmd")), pytest.param("swift", with_swift)]
)
def test_what_comes_home_verifies(
    made: Evidence, bucket: Relay, tmp_path: Path, kind: str, client: Callable[[Relay, Path], Path]
) -> None:
    """A card's evidence in a store, in a place, and home again by a stock client: each recording has the verdict that the card had."""
    said = verify_path(made.card, made.root, [made.key])
    (reported,) = said.volumes
    volume = Path(reported.device or "", reported.volume or "")
    shutil.copytree(made.card, tmp_path / "store" / volume)
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    command = ["dock", "copy", "--store", str(tmp_path / "store"), "--copy", spec(kind, bucket)]
    options = parser.parse_args(command)
    assert options.run(options) == 0
    (store,) = client(bucket, tmp_path / "client").iterdir()
    report = verify_path(store / volume, made.root, [made.key])
    assert report.verdict is said.verdict
    assert {each.verdict for each in report.every_recording} >= {Verdict.WHOLE, Verdict.RECOVERED}
    assert [(each.number, each.verdict) for each in report.every_recording] == [
        (each.number, each.verdict) for each in said.every_recording
    ]


@pytest.mark.parametrize("kind", ["s3", "swift"])
def test_away_in_the_middle(pki: Pki, shelf: MemoryShelf, bucket: Relay, tmp_path: Path, kind: str) -> None:
    """The server goes away while a recording is on its way: everything is fetched, nothing is receipted, the camera hears `store`.  Once it is
    back, the same dock signs, and fetches nothing again."""
    now = [0.0]
    with dock(pki, tmp_path / "store", spec(kind, bucket), lambda: now[0]) as (at, events):
        bucket.cut_up = bucket.up + 1_000_000
        visit(shelf, at)
        assert not shelf.receipts
        assert not shelf.log_receipts
        assert shelf.events[-1][1].endswith("(store)")
        assert len([event for event in events if event.kind is Kind.STORED]) == 2
        bucket.cut_up = None
        now[0] += LONGEST_PAUSE_S
        fetched = len([event for event in events if event.kind is Kind.FETCHING])
        visit(shelf, at)
        assert set(shelf.receipts) == {1, 2}
        assert shelf.log_receipts
        assert len([event for event in events if event.kind is Kind.FETCHING]) == fetched == 2


@pytest.mark.parametrize("kind", ["s3", "swift"])
def test_a_rack_whose_place_is_away(pki: Pki, bucket: Relay, tmp_path: Path, kind: str) -> None:
    """Four cameras on real links: all are fetched while the place cannot be reached, none is receipted; once it is back all are, and the
    place has everything."""
    at, _ = desk(pki, tmp_path / "store", utc_ms=system_utc_ms, stay=True)
    with keeping(at.store, [spec(kind, bucket)], None, lambda _event: None):
        bucket.closed = True
        with rack_of(4, pki, at) as (bench, told, door):
            for each in bench.standing:
                bench.plug(each, door)
            for each in bench.standing:
                told.wait(Kind.WITHHELD, device=each.name)
            assert not [each.name for each in bench.standing if each.shelf.receipts]
            bucket.closed = False
            for each in bench.standing:
                told.wait(Kind.DONE, device=each.name)
        check(bench, told, pki, tmp_path / "store")
    with closing(open_place(spec(kind, bucket))) as place:
        for key in (key for key in place.keys(f"{at.store.id}/cam-") if "/recordings/" in key):
            assert b"".join(place.read(key)) == (at.store.root / key.partition("/")[2]).read_bytes()
        assert len(list(place.keys(f"{at.store.id}/cam-"))) >= 4 * 2 * 6


@pytest.mark.parametrize("kind", ["s3", "swift"])
@pytest.mark.parametrize("trouble", ["credentials", "full", "altered", "no bucket"])
def test_what_stops_receipts(
    pki: Pki,
    shelf: MemoryShelf,
    bucket: Relay,
    object_store: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    trouble: str,
) -> None:
    """Wrong credentials, a quota that is used up, other bytes on the way back, no bucket: the dock takes everything, signs nothing, and says
    why, to people and to the camera, without a secret."""
    place = spec(kind, bucket)
    if trouble == "credentials":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        monkeypatch.setenv("ST_KEY", "wrong")
    elif trouble == "full":
        with closing(swiftclient.Connection(f"{object_store.url}/auth/v1.0", USER, KEY)) as owner:
            owner.post_container(BUCKET, {"X-Container-Meta-Quota-Bytes": "20000"})
    elif trouble == "altered":
        bucket.alter = (shelf.recordings[2]["000000.mp4.age"][-20:], bytes(20))
    else:
        place = place.replace(f"//{BUCKET}/", "//elsewhere/")
    with dock(pki, tmp_path / "store", place) as (at, events):
        visit(shelf, at)
    why = {"credentials": "credentials", "full": "full", "altered": "reads back", "no bucket": "no such"}[trouble]
    assert 2 not in shelf.receipts
    assert len(list((at.store.root / "cam-1" / VOLUME / "recordings").iterdir())) == 2
    assert why in shelf.events[-1][1]
    texts = [event.text for event in events if event.kind in (Kind.UNCOPIED, Kind.WITHHELD)]
    assert any(why in text for text in texts)
    assert not [text for text in texts if KEY in text]
