"""Places for copies: one suite for a directory, S3 and Swift, the latter two against a real server, and everything that can go wrong on the way."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import swiftclient

from tests.object_store import COMMANDS, KEY, USER, ObjectStore
from tests.oracles import needs
from tests.relay import Relay, relayed
from tools.dock.copying.secured import Wanted, secure
from tools.dock.places import s3, swift
from tools.dock.places.address import check_endpoint, open_place, parse
from tools.dock.places.place import GRACE_S, LEAST_RATE, AddressError, DiffersError, Place, PlaceError, Watch, Watched

pytestmark = pytest.mark.timeout(600)  # a server is started
SERVED = needs(*COMMANDS)
KINDS = ["dir", pytest.param("s3", marks=SERVED), pytest.param("swift", marks=SERVED)]
FAR = [pytest.param("s3", marks=SERVED), pytest.param("swift", marks=SERVED)]
NEVER = threading.Event()


@dataclass
class Around:
    """What a test of one kind of place has: how to open it, and, for those that are reached by a network, a way on which things go wrong."""

    kind: str
    container: str
    relay: Relay
    folder: Path

    def open(self, prefix: str = "docks/main") -> Place:
        """Open it as a dock would."""
        if self.kind == "dir":
            return open_place(f"dir:{self.folder}")
        more = f"?endpoint=http://127.0.0.1:{self.relay.port}" if self.kind == "s3" else ""
        return open_place(f"{self.kind}://{self.container}/{prefix}{more}")


@contextmanager
def around(kind: str, request: pytest.FixtureRequest, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Around]:
    """A place of its own for a test, with a relay before the server."""
    if kind == "dir":
        yield Around(kind, "", Relay(), folder)
        return
    server: ObjectStore = request.getfixturevalue("object_store")
    container = f"c{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"
    with closing(swiftclient.Connection(f"{server.url}/auth/v1.0", USER, KEY)) as owner:
        owner.put_container(container)
    with relayed(server.port) as relay:
        for name, value in server.environment(relay.port).items():
            patch.setenv(name, value)
        yield Around(kind, container, relay, folder)


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    """Every kind of place."""
    with around(request.param, request, tmp_path / "place", monkeypatch) as here:
        here.folder.mkdir()
        yield here


@pytest.fixture(params=FAR)
def far(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Around]:
    """Every kind that is reached by a network."""
    with around(request.param, request, tmp_path / "place", monkeypatch) as here:
        yield here


def put(place: Place, key: str, data: bytes) -> None:
    """Keep these bytes."""
    place.put(key, io.BytesIO(data), len(data))


def got(place: Place, key: str) -> bytes:
    """What is there."""
    return b"".join(place.read(key))


def wanted(path: Path, data: bytes, *, key: str = "store-1/a", signed: bool = True, paper: bool = False) -> Wanted:
    """A file of the store with these bytes."""
    path.write_bytes(data)
    length, sha256 = (len(data), hashlib.sha256(data).hexdigest()) if signed else (None, None)
    return Wanted(key, path, length, sha256, paper=paper)


# -- what every place does ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_001])
def test_what_is_put_comes_back(at: Around, size: int) -> None:
    """Whatever its length, the same bytes come back, in small chunks."""
    data = hashlib.shake_128(b"place").digest(size)
    with closing(at.open()) as place:
        assert place.size("s/cam-1/000000.mp4.age") is None
        put(place, "s/cam-1/000000.mp4.age", data)
        assert place.size("s/cam-1/000000.mp4.age") == size
        chunks = list(place.read("s/cam-1/000000.mp4.age"))
        assert b"".join(chunks) == data
        assert all(len(chunk) <= 65_536 for chunk in chunks)


def test_put_replaces_and_set_aside_keeps(at: Around) -> None:
    """The newest bytes stand under a key; what was set aside stands under the other one."""
    with closing(at.open()) as place:
        put(place, "s/a", b"first, and longer")
        place.set_aside("s/a", "s/DAMAGED/a.1")
        put(place, "s/a", b"second")
        assert (got(place, "s/a"), got(place, "s/DAMAGED/a.1")) == (b"second", b"first, and longer")


def test_keys_are_those_below(at: Around) -> None:
    """What is listed is relative to the place's own prefix, whoever else uses the bucket."""
    with closing(at.open()) as place, closing(at.open("docks/main2") if at.kind != "dir" else at.open()) as other:
        for key in ("s1/cam-1/x/000000.mp4.age", "s1/cam-1/y", "s2/z"):
            put(place, key, b"1")
        if at.kind != "dir":
            put(other, "s1/not-ours", b"1")
        assert sorted(place.keys("s1/")) == ["s1/cam-1/x/000000.mp4.age", "s1/cam-1/y"]
        assert sorted(place.keys("")) == ["s1/cam-1/x/000000.mp4.age", "s1/cam-1/y", "s2/z"]


def test_many_keys(at: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing has no page at which it ends."""
    with closing(at.open()) as place:
        for number in range(7):
            put(place, f"s/{number}", b"")
        if isinstance(place, swift.SwiftPlace):
            monkeypatch.setattr(swift, "PAGE", 3)
        elif isinstance(place, s3.S3Place):
            monkeypatch.setattr(s3, "PAGE", 3)
        assert sorted(place.keys("s/")) == [f"s/{number}" for number in range(7)]


def test_a_put_that_breaks_off_leaves_what_was_there(at: Around) -> None:
    """Where the dock's own disk fails in the middle, the place has what it had before."""

    class Breaks(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 200_000:
                raise PlaceError("enough")
            return super().read(size)

    with closing(at.open()) as place:
        put(place, "s/a", b"before")
        with pytest.raises(PlaceError):
            place.put("s/a", Breaks(bytes(1_000_000)), 1_000_000)
        assert got(place, "s/a") == b"before"


def test_from_several_threads(at: Around) -> None:
    """A dock uses one place from several threads at once."""
    with closing(at.open()) as place:
        blobs = {f"s/{number}": hashlib.shake_128(b"%d" % number).digest(300_000) for number in range(6)}
        found: dict[str, bytes] = {}

        def work(key: str) -> None:
            put(place, key, blobs[key])
            found[key] = got(place, key)

        threads = [threading.Thread(target=work, args=(key,)) for key in blobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == blobs


def test_memory_is_bounded(at: Around, tmp_path: Path) -> None:
    """However long a file is, little of it is in memory: 40 MiB there and back within 4."""
    path = tmp_path / "long"
    with path.open("wb") as file:
        for number in range(40):
            file.write(hashlib.shake_128(b"%d" % number).digest(1 << 20))
    with closing(at.open()) as place:
        put(place, "s/first", b"what a library loads once is not counted")
        got(place, "s/first")
        tracemalloc.start()
        try:
            assert secure(place, Wanted("s/long", path), NEVER) == 40 << 20
            assert tracemalloc.get_traced_memory()[1] < 4 << 20
        finally:
            tracemalloc.stop()


# -- one file in one place ---------------------------------------------------------------------------------------------


class Counting:
    """A place that counts what is done to it."""

    def __init__(self, place: Place) -> None:
        self.name = place.name
        self.puts: list[str] = []
        self.reads: list[str] = []
        self.size, self.set_aside, self.keys, self.close = place.size, place.set_aside, place.keys, place.close
        self._place = place

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """Count, and do it."""
        self.puts.append(key)
        self._place.put(key, file, length)

    def read(self, key: str) -> Iterator[bytes]:
        """Count, and do it."""
        self.reads.append(key)
        return self._place.read(key)


def test_put_once_read_each_time(at: Around, tmp_path: Path) -> None:
    """What was put is read back; who asks again causes another reading, and no writing."""
    file = wanted(tmp_path / "a", b"evidence" * 1000)
    with closing(at.open()) as real:
        place = Counting(real)
        for times in (1, 2):
            assert secure(cast("Place", place), file, NEVER) == 8000
            assert (len(place.puts), len(place.reads)) == (1, times)


def test_what_grew_replaces_its_beginning(at: Around, tmp_path: Path) -> None:
    """A log that has grown stands where its beginning stood, and nothing beside it."""
    with closing(at.open()) as place:
        secure(place, wanted(tmp_path / "a", b"line 1\n", signed=False), NEVER)
        secure(place, wanted(tmp_path / "a", b"line 1\nline 2\n", signed=False), NEVER)
        assert got(place, "store-1/a") == b"line 1\nline 2\n"
        assert list(place.keys("")) == ["store-1/a"]


def test_what_grows_meanwhile(tmp_path: Path) -> None:
    """Where a log grows while its older version is on the way (another process may have brought the newer one), the newer one is there in the end."""
    (tmp_path / "place").mkdir()
    path = tmp_path / "a"

    class Slow(Counting):
        def put(self, key: str, file: BinaryIO, length: int) -> None:
            """The store goes on while this is under way."""
            if not self.puts:
                (tmp_path / "new").write_bytes(b"line 1\nline 2\n")
                (tmp_path / "new").replace(path)
            super().put(key, file, length)

    with closing(open_place(f"dir:{tmp_path / 'place'}")) as real:
        place = Slow(real)
        secure(cast("Place", place), wanted(path, b"line 1\n", signed=False), NEVER)
        assert got(real, "store-1/a") == b"line 1\nline 2\n"
        assert len(place.puts) == 2


@pytest.mark.parametrize("there", [b"other bytes", b"line 1\nbut then more than here\n", b"Line 1\n"])
def test_nothing_is_written_over(at: Around, tmp_path: Path, there: bytes) -> None:
    """Other bytes, or more of them, are kept beside, each time under another name."""
    with closing(at.open()) as place:
        for number in (1, 2):
            put(place, "store-1/a", there)
            secure(place, wanted(tmp_path / "a", b"line 1\n"), NEVER)
            assert got(place, "store-1/a") == b"line 1\n"
            assert got(place, f"store-1/DAMAGED/a.{number}") == there


def test_papers_replace_each_other(at: Around, tmp_path: Path) -> None:
    """Of a dock's newest anchor there is one, as in its store."""
    with closing(at.open()) as place:
        secure(place, wanted(tmp_path / "a", b"an anchor", signed=False, paper=True), NEVER)
        secure(place, wanted(tmp_path / "a", b"newer one", signed=False, paper=True), NEVER)
        assert got(place, "store-1/a") == b"newer one"
        assert list(place.keys("")) == ["store-1/a"]


def test_a_place_that_does_not_end(tmp_path: Path) -> None:
    """One that gives back more than it says that it has is left at once."""
    (tmp_path / "place").mkdir()

    class Endless(Counting):
        def read(self, key: str) -> Iterator[bytes]:
            """The bytes, and then more for ever."""
            try:
                yield from super().read(key)
                while len(self.reads) < 1000:
                    self.reads.append("more")
                    yield bytes(10)
            finally:
                self.reads.append("left")

    with closing(open_place(f"dir:{tmp_path / 'place'}")) as real:
        place = Endless(real)
        with pytest.raises(PlaceError, match="more than the 7 bytes"):
            secure(cast("Place", place), wanted(tmp_path / "a", b"line 1\n"), NEVER)
        assert place.reads == ["store-1/a", "more", "left"]


def test_a_file_that_rotted_here_is_no_evidence_there(at: Around, tmp_path: Path) -> None:
    """What the manifest signed is held against what comes back: a store that changed is named, not the place."""
    file = wanted(tmp_path / "a", b"as it was signed")
    file.path.write_bytes(b"as it was singed")
    with closing(at.open()) as place, pytest.raises(DiffersError, match="the dock's own store reads differently"):
        secure(place, file, NEVER)


# -- on the way --------------------------------------------------------------------------------------------------------


def test_altered_on_the_way_back(far: Around, tmp_path: Path) -> None:
    """Where other bytes come back than were given, there is no copy; the next attempt keeps nothing of the doubt."""
    data = b"\x00" * 100_000 + b"the very bytes" + b"\x00" * 100_000
    file = wanted(tmp_path / "a", data)
    with closing(far.open()) as place:
        far.relay.alter = (b"the very bytes", b"the vary bytes")
        with pytest.raises(DiffersError, match="reads back differently"):
            secure(place, file, NEVER)
        assert secure(place, file, NEVER) == len(data)


def test_rotted_in_the_place(far: Around, object_store: ObjectStore, tmp_path: Path) -> None:
    """A bit that turned on the server's disk after the receipt is found when the dock is asked again, and the bytes are put there anew."""
    data = hashlib.shake_128(far.container.encode()).digest(50_000)
    file = wanted(tmp_path / "a", data)
    with closing(far.open()) as real:
        secure(real, file, NEVER)
        (disk,) = [
            path for path in object_store.data_files() if path.stat().st_size == len(data) and path.read_bytes() == data
        ]
        disk.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        place = Counting(real)
        assert secure(cast("Place", place), file, NEVER) == len(data)
        assert place.puts == ["store-1/a"]
        assert got(real, "store-1/a") == data


@pytest.mark.parametrize("way", ["cut_up", "cut_down"])
def test_away_in_the_middle(far: Around, tmp_path: Path, way: str) -> None:
    """A server that goes away while it is written to, or read from, is a failure in words; once it is back, all goes on."""
    file = wanted(tmp_path / "a", hashlib.shake_128(b"middle").digest(2_000_000))
    with closing(far.open()) as place:
        put(place, "s/first", b"signed in")
        setattr(far.relay, way, getattr(far.relay, way.removeprefix("cut_")) + 500_000)
        with pytest.raises(PlaceError, match=r"."):
            secure(place, file, NEVER)
        setattr(far.relay, way, None)
        assert secure(place, file, NEVER) == 2_000_000


def test_nobody_there(far: Around) -> None:
    """So is one that cannot be reached at all."""
    with closing(far.open()) as place:
        far.relay.closed = True
        with pytest.raises(PlaceError, match=r"."):
            place.size("s/a")


def test_one_that_says_nothing(far: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes a request and never answers is given up."""
    monkeypatch.setattr(s3, "READ_S", 0.3)
    monkeypatch.setattr(swift, "TIMEOUT_S", 0.3)
    with closing(far.open()) as place:
        far.relay.hold.set()
        with pytest.raises(PlaceError, match="(?i)time"):
            place.size("s/a")


def test_too_slow() -> None:
    """A transfer that takes longer than a minute and 64 KiB a second ends, and so does one while the dock stops."""
    now = [100.0]
    file = Watched(
        io.BytesIO(bytes(LEAST_RATE * 10)), LEAST_RATE * 10, watch := Watch(LEAST_RATE * 10, NEVER, lambda: now[0])
    )
    now[0] += GRACE_S + 10
    assert len(file.read(1000)) == 1000
    now[0] += 0.1
    for slow in (lambda: file.read(1), watch.check):
        with pytest.raises(PlaceError, match="too slow: not done after 70 s"):
            slow()
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(PlaceError, match="the dock is stopping"):
        Watch(10, stopping).check()


def test_full(far: Around, tmp_path: Path) -> None:
    """A container whose quota is used up says so, and what it holds already still counts."""
    small = wanted(tmp_path / "small", b"1234")
    with closing(far.open()) as place:
        secure(place, small, NEVER)
        with closing(swiftclient.Connection(f"http://127.0.0.1:{far.relay.port}/auth/v1.0", USER, KEY)) as owner:
            owner.post_container(far.container, {"X-Container-Meta-Quota-Bytes": "1000"})
        with pytest.raises(PlaceError, match="full"):
            secure(place, wanted(tmp_path / "large", bytes(2000), key="store-1/b"), NEVER)
        assert secure(place, small, NEVER) == 4


@pytest.mark.parametrize(
    "wrong", [{"AWS_SECRET_ACCESS_KEY": "x", "ST_KEY": "x"}, {"AWS_ACCESS_KEY_ID": "nobody:x", "ST_USER": "nobody:x"}]
)
def test_wrong_credentials(far: Around, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    """A refusal is a failure in words that hold neither the secret nor the name."""
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with closing(far.open()) as place, pytest.raises(PlaceError, match="credentials") as caught:
        put(place, "s/a", b"1")
    assert KEY not in str(caught.value)


def test_no_such_container(far: Around) -> None:
    """A bucket is made by people: a mistyped one is no new one, and nothing that merely lacks the object."""
    far.container += "x"
    with closing(far.open()) as place:
        for act in (lambda: place.size("s/a"), lambda: put(place, "s/a", b"1"), lambda: list(place.keys(""))):
            with pytest.raises(PlaceError, match="no such (bucket|container)"):
                act()


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A place without credentials is refused at once, and what to set is named."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE",
        "OS_AUTH_URL",
        "ST_AUTH",
        "ST_USER",
        "ST_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(AddressError, match="AWS_ACCESS_KEY_ID"):
        open_place("s3://bucket/x?endpoint=http://127.0.0.1:1")
    with pytest.raises(AddressError, match="OS_AUTH_URL.*ST_AUTH"):
        open_place("swift://container")
    monkeypatch.setenv("OS_AUTH_URL", "https://keystone.example/v3")
    with pytest.raises(AddressError, match="OS_PASSWORD"):
        open_place("swift://container")


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_addresses() -> None:
    """An address says kind, root, prefix and settings."""
    address = parse("s3://evidence/docks/main/?endpoint=https://s3.example:9000&region=eu")
    assert (address.kind, address.root, address.prefix) == ("s3", "evidence", "docks/main/")
    assert address.settings == {"endpoint": "https://s3.example:9000", "region": "eu"}
    assert parse("swift://c").prefix == ""
    assert parse("dir:/mnt/other disk").root == "/mnt/other disk"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("evidence", "no place"),
        ("ftp://x/y", "no place"),
        ("/mnt/x", "no place"),
        ("s3:bucket", "letters, digits"),
        ("s3://key:secret@bucket/x", "credentials stand elsewhere"),
        ("s3://bucket/../x", "no prefix"),
        ("s3://bucket/a//b", "no prefix"),
        ("s3://bucket/a b", "no prefix"),
        ("s3:///x", "letters, digits"),
        ("s3://b?key=secret", "unknown: key"),
        ("s3://b?region=a&region=b", "stands twice"),
        ("s3://b?endpoint", "NAME=VALUE"),
        ("swift://c?endpoint=http://x", "unknown: endpoint"),
        ("dir:/x\ny", "unprintable"),
        ("s3://b/" + "x" * 1100, "too long"),
    ],
)
def test_addresses_that_are_none(text: str, said: str) -> None:
    """What is wrong with an address is said, without the secret that somebody may have put into it."""
    with pytest.raises(AddressError, match=said) as caught:
        parse(text)
    assert "secret" not in str(caught.value) or "key=secret" in text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://s3.example", "without TLS"),
        ("http://10.0.0.1:9000", "without TLS"),
        ("https://key:secret@s3.example", "holds credentials"),
        ("ftp://x", "no http"),
        ("https://", "no http"),
        ("https://[::1", "no http"),
        ("https://s3.example:port", "no http"),
    ],
)
def test_endpoints(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    """Nobody on the way may read tokens: without TLS only this machine is spoken to, and no URL holds credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ST_USER", "ST_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("ST_AUTH", url)
    monkeypatch.delenv("OS_AUTH_URL", raising=False)
    with pytest.raises(AddressError, match=said):
        open_place("swift://c")
    with pytest.raises(AddressError):
        open_place(f"s3://bucket/x?endpoint={url}")
    with pytest.raises(AddressError, match=said):
        check_endpoint(url, "endpoint")


def test_another_disk(tmp_path: Path) -> None:
    """A second copy on the same disk is none: it is refused unless somebody says that it is wanted.  A disk that is not mounted is no place."""
    store, other = tmp_path / "store", tmp_path / "other"
    store.mkdir()
    with pytest.raises(AddressError, match="is the disk mounted"):
        open_place(f"dir:{other}", store)
    other.mkdir()
    with pytest.raises(AddressError, match="same file system"):
        open_place(f"dir:{other}", store)
    with closing(open_place(f"dir:{other}?disk=same", store)) as place:
        put(place, "a/b", b"1")
    assert (other / "a/b").read_bytes() == b"1"
    with pytest.raises(AddressError, match="disk=same"):
        open_place(f"dir:{other}?disk=other", store)


def test_what_a_directory_holds_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are synced before they get their name, and the name after it: a cut leaves the old file or the new one."""
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        done.append(f"name {Path(target).name}")
        return replace(path, target)

    with closing(open_place(f"dir:{tmp_path}")) as place:
        put(place, "s/before", b"1")
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", replaced)
        put(place, "s/a", b"12345")
        assert done == ["sync a.unfinished", "name a", "sync s"]
        with pytest.raises(PlaceError, match="3 of 5 bytes"):
            place.put("s/b", io.BytesIO(b"123"), 5)
        assert place.size("s/b") is None


def test_a_disk_that_was_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a disk is unmounted under a dock, the empty directory that it leaves behind takes no copies."""
    with closing(open_place(f"dir:{tmp_path}")) as place:
        put(place, "a", b"1")
        monkeypatch.setattr(place, "_device", -1)
        with pytest.raises(PlaceError, match="another disk"):
            put(place, "b", b"1")
    assert not (tmp_path / "b").exists()
