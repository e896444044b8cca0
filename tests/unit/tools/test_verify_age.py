"""age files: the header anybody can judge, and a beginning that a cut file still yields."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyrage
import pytest

from tests.evidence_maker import RECIPIENTS
from tests.evidence_maker.agefile import AgeFile, Recipient
from tests.oracles import needs
from tools.verify import age, x25519
from tools.verify.findings import Refused

CHUNK = 65536


class Sink:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        """Keep it."""
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


@pytest.fixture
def key(tmp_path: Path) -> age.Key:
    """The authority's key."""
    path = tmp_path / "authority.key"
    path.write_text(RECIPIENTS[0].key_file)
    return age.load_keys([path])[0]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """Three chunks and a last one of 8 bytes."""
    file = AgeFile(RECIPIENTS, "x")
    file.chunks(bytes(range(256)) * 768)
    file.close(b"the end.")
    path = tmp_path / "000000.mp4.age"
    path.write_bytes(file.data)
    return path


def test_opens_to_the_end(sealed: Path, key: age.Key) -> None:
    """A whole file opens to its end; the key is known by its recipient."""
    sink = Sink()
    assert age.decrypt(sealed, [key], sink) == age.Opened(3 * CHUNK + 8, whole=True)
    assert sink.data.endswith(b"the end.")
    assert key.recipient == RECIPIENTS[0].address


def test_header(sealed: Path) -> None:
    """Length and recipients stand in the clear."""
    header = age.read_header(sealed)
    assert header.recipients == ("X25519", "X25519")
    assert sealed.stat().st_size == header.length + 16 + 3 * CHUNK + 8 + 4 * 16


@pytest.mark.parametrize(("cut", "chunks"), [(1, 3), (24, 3), (25, 2), (CHUNK, 2), (2 * CHUNK, 1), (3 * CHUNK + 40, 0)])
def test_a_cut_file_yields_its_beginning(sealed: Path, key: age.Key, cut: int, chunks: int) -> None:
    """Whole chunks before a cut are authentic and come out; nothing else does."""
    sealed.write_bytes(sealed.read_bytes()[:-cut])
    sink = Sink()
    assert age.decrypt(sealed, [key], sink) == age.Opened(chunks * CHUNK, whole=False)
    assert bytes(sink.data) == (bytes(range(256)) * 768)[: chunks * CHUNK]


def test_a_flipped_chunk_ends_what_is_authentic(sealed: Path, key: age.Key) -> None:
    """Nothing behind an altered chunk is believed."""
    data = bytearray(sealed.read_bytes())
    data[len(data) - 8 - 16 - CHUNK] ^= 1
    sealed.write_bytes(data)
    assert age.decrypt(sealed, [key], Sink()) == age.Opened(2 * CHUNK, whole=False)


def test_a_sink_that_refuses(sealed: Path, key: age.Key) -> None:
    """A refusal in the middle of a file arrives as it is."""

    class Refusing(Sink):
        def write(self, data: bytes) -> int:
            raise Refused(f"{len(data)} are too many")

    with pytest.raises(Refused, match="too many"):
        age.decrypt(sealed, [key], Refusing())


def test_wrong_key(sealed: Path, tmp_path: Path) -> None:
    """A key that opens nothing is named beside how many recipients there are."""
    (tmp_path / "other").write_text(Recipient("other").key_file)
    with pytest.raises(Refused, match=f"2 recipients, none of which is the key given .{Recipient('other').address}"):
        age.decrypt(sealed, age.load_keys([tmp_path / "other"]), Sink())


def test_several_keys(sealed: Path, tmp_path: Path) -> None:
    """Of several keys one is enough; a file may hold more than one."""
    (tmp_path / "keys").write_text(Recipient("other").key_file + RECIPIENTS[1].key_file)
    assert age.decrypt(sealed, age.load_keys([tmp_path / "keys"]), Sink()).whole


def test_altered_header(sealed: Path, key: age.Key) -> None:
    """A header whose MAC does not fit opens nothing."""
    data = bytearray(sealed.read_bytes())
    at = data.index(b"--- ") + 6
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    sealed.write_bytes(data)
    with pytest.raises(Refused, match="cannot be decrypted|none of which"):
        age.decrypt(sealed, [key], Sink())


STANZA = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
HYBRID = b"-> mlkem768x25519 " + b"A" * 64 + b"\n" + b"A" * 43 + b"\n"
VERSION, END = b"age-encryption.org/v1\n", b"--- " + b"A" * 43 + b"\n"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "does not begin"),
        (b"age-encryption.org/v2\n" + STANZA * 2 + END, "does not begin"),
        (VERSION + STANZA + END, "fewer than two"),
        (VERSION + END, "fewer than two"),
        (VERSION + STANZA + HYBRID + END, "mixed or unknown"),
        (VERSION + STANZA.replace(b"X25519", b"scrypt") * 2 + END, "mixed or unknown"),
        (VERSION + STANZA * 2 + b"---\n", "malformed"),
        (VERSION + STANZA * 2 + b"-> \n", "malformed"),
        (VERSION + STANZA[:-10] + b"!\n" + END, "malformed"),
        (VERSION + STANZA * 2, "no end"),
        (VERSION + STANZA * 2 + b"--- " + b"A" * 43, "no end"),
        (VERSION + STANZA * 1000, "no end"),
    ],
)
def test_malformed_header(tmp_path: Path, header: bytes, reason: str) -> None:
    """A header that is none of the format is refused with the reason."""
    (tmp_path / "x.age").write_bytes(header)
    with pytest.raises(Refused, match=reason):
        age.read_header(tmp_path / "x.age")


def test_file_of_the_stock_tool(tmp_path: Path, key: age.Key) -> None:
    """A grease stanza, as some writers add it, is no recipient of the format."""
    recipients = [pyrage.x25519.Recipient.from_str(each.address) for each in RECIPIENTS]
    (tmp_path / "x.age").write_bytes(pyrage.encrypt(b"x", recipients))
    assert age.decrypt(tmp_path / "x.age", [key], Sink()).whole
    with pytest.raises(Refused, match="mixed or unknown"):
        age.read_header(tmp_path / "x.age")


@pytest.mark.parametrize("text", ["", "# nothing\n", "AGE-SECRET-KEY-1XXX\n", "age1abc\n", "\x00" * 70_000, "\udcff"])
def test_unusable_key_file(tmp_path: Path, text: str) -> None:
    """A file that holds no key is named."""
    path = tmp_path / "my.key"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Refused, match=r"my\.key"):
        age.load_keys([path])
    with pytest.raises(Refused, match="nowhere"):
        age.load_keys([tmp_path / "nowhere"])


@needs("age")
@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_stock_age_opens_what_the_maker_writes(sealed: Path, tmp_path: Path, recipient: Recipient) -> None:
    """What these tests are made on is age's own format: the stock tool opens it with either key."""
    (tmp_path / "key").write_text(recipient.key_file)
    command = ["age", "-d", "-i", str(tmp_path / "key"), str(sealed)]
    assert subprocess.run(command, capture_output=True, check=True).stdout.endswith(b"the end.")


@pytest.mark.parametrize(("count", "good"), [(1, False), (2, True), (16, True), (17, False)])
def test_number_of_recipients(tmp_path: Path, count: int, good: bool) -> None:  # noqa: FBT001
    """Two to sixteen recipients are the format's; no other number is."""
    path = tmp_path / "private.age"
    path.write_bytes(AgeFile(tuple(Recipient(str(index)) for index in range(count)), "x").data)
    if good:
        assert len(age.read_header(path).recipients) == count
    else:
        with pytest.raises(Refused, match="recipients"):
            age.read_header(path)


def test_stanzas_have_one_shape(sealed: Path) -> None:
    """A stanza with another argument, or another body, is none of the format, also to who holds no key."""
    data = sealed.read_bytes()
    for old, new in ((b"-> X25519 ", b"-> X25519 more "), (b"\n--- ", b"AAAA\n--- ")):
        sealed.write_bytes(data.replace(old, new, 1))
        with pytest.raises(Refused, match="X25519"):
            age.read_header(sealed)


def test_two_implementations_open_the_header(sealed: Path, key: age.Key, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the one does not open, the other does not decrypt."""
    data = sealed.read_bytes()
    sealed.write_bytes(data.replace(b"\n--- ", b"\n-> joint oil and steel\n\n--- ", 1))
    with pytest.raises(Refused, match="cannot be decrypted"):
        age.decrypt(sealed, [key], Sink())
    sealed.write_bytes(data)
    monkeypatch.setattr(x25519, "unwrap", lambda _stanzas, _identities: None)
    with pytest.raises(Refused, match="none of which"):
        age.decrypt(sealed, [key], Sink())
    monkeypatch.setattr(x25519, "unwrap", lambda _stanzas, _identities: bytes(16))
    with pytest.raises(Refused, match="MAC"):
        age.decrypt(sealed, [key], Sink())


def test_an_empty_file(tmp_path: Path, key: age.Key) -> None:
    """A payload of nothing is whole, and no payload is not."""
    file = AgeFile(RECIPIENTS, "x")
    header = bytes(file.data)
    file.close(b"")
    path = tmp_path / "x.age"
    for data, opened in ((bytes(file.data), age.Opened(0, whole=True)), (header, age.Opened(0, whole=False))):
        path.write_bytes(data)
        assert age.decrypt(path, [key], Sink()) == opened
