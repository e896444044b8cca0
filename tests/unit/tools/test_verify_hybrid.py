"""age's post-quantum class: the verifier's own reader, against published vectors, our writer, and other hands' code."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.evidence.age import CHUNK, SEALED_CHUNK, AgeWriter
from firmware.evidence.recipients import Recipients
from tests.oracles import needs, node
from tests.unit.tools.test_verify_age import Sink
from tools.provision.agekeys import AgeKey
from tools.verify import age, hybrid
from tools.verify.findings import Refused

# From the published vectors (C2SP CCTV, age/testdata/hybrid): a key, the SHA-256 of the plaintext, and a file to that key.
VECTOR_KEY = "AGE-SECRET-KEY-" + "PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E522W0A7PU2LHT8EH9W6YLNC3SW78XKG"
VECTOR_PLAIN = "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab"
VECTOR_FILE_KEY = b"YELLOW SUBMARINE"
VECTOR_SHARE = """\
NfLcgAbzvNgf0aRb4PANBvyDtIDDQKf84JhhFlnvT1NUAcbGNrArRZ/T+bc9l4xmK1DSl+PXk6nqqGBhaM1dUiT7X17TU1/b9haZZPzEalvZHF
DMSevfiZshlnSgcpWh0qnpgTyboWTU+zbrH6YD2uhshbJoiuqh+PpXtDMstXx4CgxASrNVlfSl/caRTi24QjIXpCNwEE4FwHrmAwUqSHLUzGOH
fiW/chOCTtDX591x41o6eZ4/Dt92VhoYKFcpiaWbRhbenZXUJxPS1C1sK84CVwkDH7LJjbYCnkxt3meul8kKWihZsStZYd/6bozqczOX7zN5Pb
aYD1XpYwMwedzWmPmQzxBybD8ZodcR7hF7WUxSmFVH7ExiYH3ZNbDAVcgGwlkTFmUmaTCbjGZTv8M+ejmvStQHgCtPi4GGRdJFr3HzvRzm6bvr
dF/rdSPRFtRVM7D9o7ZAAquD1PByE0Y5YCR4/vmTlIlRwFXk4be+TsAI+Gotujou6nrigwnfqoGiNSvi/ZVvSKnDoZPIE5qwONCeeJB8CeRhqX
Ejvgtwc2zcWUBtjSJgNL+j887k2h0xlXpQqlmDDHsBOCP3/VoM+NZURqI+RoTudcwTl8TgmhGrQytnovuWFDvE9HgPAs67dPRC64/3RES3hF2C
6/R1pQAnC7S2iSijJnyFlaDJWfcZvvNoamphDv63kUNb7b9V8E+xwqF8GkuXJnBFDo0PuJz8qWH7sDMEOhIInmanDiu6K/9jOCubYNdNcXrjQk
nlvk1kFdjZ2xYnC6QuqA5+qHMBpgrg301PX154X4KUcxA3PoFyYNexaBK3njks7PNxl7HyZIWjjDlz50WrQnEqBjl8RVVuneL3vgVyU45GSVWQ
VOH4K6aepWP0+p7WUD52rhdVH5HPZWQL3v8TjEz80Aeb87+1s1wgM+5skNX4LpOyuhRxQ/ChXsVZrVJ8SRsBlO4K+CJ271rHj8l8NEhRE2O/ZK
Hst8Be/6j5c9SUmRRqvI+6bcg0Bcq7Wi7d08vDQqjC2cOi112CGra5mazd/NCICC81oYkMmTxtM9ficfIhvt9nHaZSQh27tzJ3xRWOegwzDOaN
jrtJ7yvCXbV9iQ6boiCl6wdmIn7k9sI30wIuHcVU1Cr+ENWhqVyRiAKktgvxegDnqvRB2n1aHKovp60Fs7YIDrclscRFikV45x0RNBdVtUkWD4
30vZgekkZdnwpeHxGV9TIe2FCNooQzUzx6v4ft0sZ5SYI490F2sYZu/sig4IB/KOzVfPXBX9dkftLgZTWtfP7GI9NjEitLn/lYTh2jfSKTYZSM
+BQt16m2yg/4X7xftA2P3fSyU1zWineocz4DKyilWmVhPRjy9LrTPtQWVVNGrVfUsNYwWHJX6FwkF7JNbCqLEQueMjPhc9cnr66uF+Wt1IsuTj
278MgyZqYlr7mkW91zyWJMSIXTKmqv5um9ypc3IJUmkvs67A91XA8vspARsUM4Jw"""
VECTOR_BODY = "jYPfilNAMjF0zGRYMYJqR/cTTzbiGxQMhG+8zZaitic"
VECTOR_MAC = "7wCgKc4t8kKmKJTNrYs7MoLKHk8Sqt8Y3oTZc08sQjM"
VECTOR_PAYLOAD = "3d9y0G+8q1ffPQ0xJJatIYzX/W+AeLv4gS3YeUcVXre9Xog="

MORE = b"-> other AAAA\n\n"


def header(*stanzas: bytes, mac: str = "A" * 43) -> bytes:
    """A header, as it is spelt."""
    return b"age-encryption.org/v1\n" + b"".join(stanzas) + f"--- {mac}\n".encode()


def stanza(share: bytes | str = bytes(1120), body: bytes | str = bytes(32), *, more: str = "") -> bytes:
    """One stanza, of raw bytes or of text."""
    share, body = (
        each if isinstance(each, str) else base64.b64encode(each).rstrip(b"=").decode() for each in (share, body)
    )
    return f"-> mlkem768x25519 {share}{more}\n{body}\n".encode()


def write(path: Path, plain: bytes, *keys: AgeKey) -> int:
    """A file of our writer, whose last chunk holds 8 bytes; the length of its header and nonce."""
    writer = AgeWriter(Recipients.parse([key.recipient for key in keys]), os.urandom)
    path.write_bytes(writer.header + writer.chunks(plain[:-8]) + writer.close(plain[-8:]))
    return len(writer.header)


def opened(path: Path, key: age.Key) -> tuple[bytes, bool]:
    """What comes out, and whether it is whole."""
    sink = Sink()
    found = age.decrypt(path, [key], sink)
    assert found.length == len(sink.data)
    return bytes(sink.data), found.whole


@pytest.fixture(scope="module")
def pair() -> tuple[AgeKey, AgeKey]:
    """Authority and escrow."""
    return AgeKey.generate(post_quantum=True), AgeKey.generate(post_quantum=True)


@pytest.fixture(scope="module")
def file(pair: tuple[AgeKey, AgeKey], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, int]:
    """Three whole chunks and one of 8 bytes: the file, its plaintext, and where its chunks begin."""
    path, plain = tmp_path_factory.mktemp("hybrid") / "000000.mp4.age", os.urandom(3 * CHUNK + 8)
    return path, plain, write(path, plain, *pair)


def load(folder: Path, text: str) -> age.Key:
    """The key of a file that holds this text."""
    path = folder / "some.agekey"
    path.write_text(text)
    return age.load_keys([path])[0]


def test_published_file(tmp_path: Path) -> None:
    """The published file opens with the published key, with its file key and to its plaintext."""
    identity = hybrid.read_identity(VECTOR_KEY)
    share, body = VECTOR_SHARE.replace("\n", ""), VECTOR_BODY
    assert hybrid.unwrap([hybrid.Stanza((b"x", share.encode()), body.encode())], [identity]) == VECTOR_FILE_KEY
    head = header(stanza(share, body), mac=VECTOR_MAC)
    hybrid.check_mac(VECTOR_FILE_KEY, head[: head.index(b"--- ") + 3], VECTOR_MAC.encode())
    sealed, plain = tmp_path / "payload", bytearray()
    sealed.write_bytes(base64.b64decode(VECTOR_PAYLOAD))
    with sealed.open("rb") as source:
        assert hybrid.open_payload(source, VECTOR_FILE_KEY, plain.extend)
    assert hashlib.sha256(plain).hexdigest() == VECTOR_PLAIN


def test_a_point_that_keeps_nothing_secret_opens_nothing() -> None:
    """A share whose X25519 half is of low order is no share: nothing is derived from it."""
    identity = hybrid.read_identity(VECTOR_KEY)
    share = base64.b64decode(VECTOR_SHARE.replace("\n", "") + "==")
    for point in (bytes(32), b"\1" + bytes(31)):
        text = base64.b64encode(share[:1088] + point).rstrip(b"=")
        assert hybrid.unwrap([hybrid.Stanza((b"x", text), VECTOR_BODY.encode())], [identity]) is None


def test_ours_opens_with_either_key(pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """What the camera writes opens with the authority's key and with escrow's, which are told by their recipients."""
    path, plain, _ = file
    for made in pair:
        key = load(tmp_path, made.file(datetime.now(UTC)).decode())
        assert (key.kind, key.recipient) == ("mlkem768x25519", made.recipient)
        assert opened(path, key) == (plain, True)
    assert age.read_header(path).recipients == ("mlkem768x25519",) * 2


def test_another_key_opens_nothing(file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """A key of the class, or one of the other class, that no recipient has is named, shortly, beside the file's class."""
    for post_quantum in (True, False):
        made = AgeKey.generate(post_quantum=post_quantum)
        key = load(tmp_path, made.identity)
        with pytest.raises(
            Refused, match=r"2 recipients, none of which is the key given .*: mlkem768x25519"
        ) as refusal:
            age.decrypt(file[0], [key], Sink())
        assert made.recipient[:60] in str(refusal.value)
        assert len(str(refusal.value)) < 250


def test_cut_everywhere(pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """A file cut at, before or behind any border of a chunk yields its whole chunks before the cut, and nothing else."""
    path, plain, begin = file
    data, key = path.read_bytes(), load(tmp_path, pair[1].identity)
    cut = tmp_path / "cut.age"
    for chunks, more in itertools.product(range(4), (-1, 0, 1, 17)):
        cut.write_bytes(data[: begin + chunks * SEALED_CHUNK + more])
        whole = chunks - (more < 0)
        assert opened(cut, key) == (plain[: max(0, whole) * CHUNK], False)


def test_flipped_and_lengthened(pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """Nothing from an altered chunk on is believed, and nothing may follow the last one."""
    path, plain, begin = file
    key, bad = load(tmp_path, pair[0].identity), tmp_path / "bad.age"
    for at, chunks in ((begin - 1, 0), (begin, 0), (begin + SEALED_CHUNK + 9, 1), (begin + 3 * SEALED_CHUNK, 3)):
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        bad.write_bytes(data)
        assert opened(bad, key) == (plain[: chunks * CHUNK], False)
    bad.write_bytes(path.read_bytes() + b"\0")
    assert opened(bad, key) == (plain[: 3 * CHUNK], False)
    bad.write_bytes(path.read_bytes()[:begin] + path.read_bytes()[begin + SEALED_CHUNK :])
    assert opened(bad, key) == (b"", False)


def test_an_empty_last_chunk(pair: tuple[AgeKey, AgeKey], tmp_path: Path) -> None:
    """Age forbids an empty chunk behind others: a file that ends in one has no end."""
    writer = AgeWriter(Recipients.parse([key.recipient for key in pair]), os.urandom)
    path, key = tmp_path / "x.age", load(tmp_path, pair[0].identity)
    chunk, empty = writer.chunks(bytes(CHUNK)), bytearray(16)
    writer._seal(memoryview(b""), memoryview(empty), last=True)
    path.write_bytes(writer.header + chunk + empty)
    assert opened(path, key) == (bytes(CHUNK), False)


def test_a_mac_of_another_header(pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """A header from which a recipient was taken, or whose MAC was changed, opens nothing, also for who remains."""
    data, key, bad = file[0].read_bytes(), load(tmp_path, pair[0].identity), tmp_path / "bad.age"
    second, end = data.index(b"->", 30), data.index(b"--- ")
    bad.write_bytes(data[:second] + data[second:end] + data[second:end] + data[end:])
    with pytest.raises(Refused, match="MAC is wrong"):
        age.decrypt(bad, [key], Sink())
    bad.write_bytes(data[: end + 4] + (b"B" if data[end + 4 : end + 5] == b"A" else b"A") + data[end + 5 :])
    with pytest.raises(Refused, match="MAC is wrong"):
        age.decrypt(bad, [key], Sink())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header(stanza()), "fewer than two"),
        (header(stanza(), MORE), "mixed or unknown"),
        (header(stanza(), b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"), "mixed or unknown"),
        (header(stanza(), stanza(more=" AAAA")), "2 arguments instead of one"),
        (header(stanza(), b"-> mlkem768x25519\n" + b"A" * 43 + b"\n"), "0 arguments instead of one"),
        (header(stanza(), stanza(bytes(1119))), "share .* not 1120 bytes"),
        (header(stanza(), stanza(bytes(1121))), "share .* not 1120 bytes"),
        (header(stanza(), stanza(body=bytes(31))), "body .* not 32 bytes"),
        (header(stanza(), stanza(body=bytes(33))), "body .* not 32 bytes"),
        (header(stanza(), stanza(body="")), "not canonical"),
        (header(stanza(), stanza(body="A" * 42 + "B")), "not canonical"),
        (header(stanza(), stanza("A" * 1493 + "B")), "not canonical"),
        (header(stanza(), stanza("!" * 1494)), "not canonical"),
    ],
)
def test_malformed_headers(tmp_path: Path, data: bytes, reason: str) -> None:
    """A header that is not the format's to the letter is refused without any key, as it is with one."""
    (tmp_path / "x.age").write_bytes(data)
    with pytest.raises(Refused, match=reason):
        age.read_header(tmp_path / "x.age")
    with pytest.raises(Refused, match=reason):
        age.decrypt(tmp_path / "x.age", [load(tmp_path, VECTOR_KEY)], Sink())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (VECTOR_KEY[:-1], "checksum"),
        (VECTOR_KEY[:-1] + "Q", "checksum"),
        (VECTOR_KEY.lower(), "not a file of age keys"),
        (VECTOR_KEY[:30] + VECTOR_KEY[30:].lower(), "character"),
        (VECTOR_KEY.replace("PQ-1", "PQ-2"), "does not begin"),
        (VECTOR_KEY + "Q" * 300, "does not begin"),
        (VECTOR_KEY[:18], "does not begin"),
        (VECTOR_KEY[:19], "checksum"),
        (VECTOR_KEY[:30] + "B" + VECTOR_KEY[31:], "character"),
        (VECTOR_KEY[:30] + "\u0130" + VECTOR_KEY[31:], "character"),
    ],
)
def test_damaged_identities(tmp_path: Path, text: str, reason: str) -> None:
    """A key file with a damaged key is named; nothing of the key is repeated."""
    with pytest.raises(Refused, match=rf"some\.agekey: .*{reason}") as refusal:
        load(tmp_path, text)
    assert VECTOR_KEY[20:40].lower() not in str(refusal.value).lower()


# Other hands' code.


@needs("node", "age-encryption")
def test_other_hands_open_ours(pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path) -> None:
    """age-encryption opens what the camera wrote: closed, all of it; cut off, its whole chunks and then an error."""
    path, plain, begin = file
    key = tmp_path / "escrow.agekey"
    key.write_bytes(pair[1].file(datetime.now(UTC)))
    whole = node("decrypt", key, stdin=path.read_bytes())
    assert (whole.returncode, whole.stdout) == (0, plain)
    cut = node("decrypt", key, stdin=path.read_bytes()[: begin + 2 * SEALED_CHUNK + 999])
    assert (cut.returncode, cut.stdout) == (1, plain[: 2 * CHUNK])
    assert node("recipient", key).stdout.decode().strip() == pair[1].recipient


@needs("node", "age-encryption")
def test_we_open_other_hands(pair: tuple[AgeKey, AgeKey], tmp_path: Path) -> None:
    """An identity that age-encryption made is ours to encrypt to and to open with, and what it encrypts opens here."""
    theirs, path, plain = load(tmp_path, node("keygen").stdout.decode()), tmp_path / "x.age", os.urandom(2 * CHUNK + 8)
    path.write_bytes(node("encrypt", theirs.recipient, pair[0].recipient, stdin=plain).stdout)
    assert opened(path, theirs) == (plain, True)
    write(path, plain, pair[0], AgeKey(theirs.recipient, ""))
    assert opened(path, theirs) == (plain, True)


def modern_age() -> bool:
    """Whether an ``age`` that knows the class is on the path: it makes such keys from 1.3 on."""
    program = shutil.which("age-keygen")
    done = program and subprocess.run([program, "-pq"], capture_output=True, check=False, timeout=10)
    return bool(done and b"AGE-SECRET-KEY-PQ-1" in done.stdout)


def test_stock_age_where_it_is_new_enough(
    pair: tuple[AgeKey, AgeKey], file: tuple[Path, bytes, int], tmp_path: Path
) -> None:
    """Where ``age`` is 1.3 or later it opens ours, we open its, and the key files are the same; an older one is not asked."""
    if not modern_age():
        pytest.skip("age 1.3 or later is missing: an older one does not know the class")
    path, plain, begin = file
    key, theirs, sealed = (tmp_path / name for name in ("k", "theirs.agekey", "x.age"))
    key.write_bytes(pair[0].file(datetime.now(UTC)))
    assert subprocess.run(["age", "-d", "-i", key, path], capture_output=True, check=True).stdout == plain
    sealed.write_bytes(path.read_bytes()[: begin + SEALED_CHUNK + 5])
    cut = subprocess.run(["age", "-d", "-i", key, sealed], capture_output=True, check=False)
    assert (cut.returncode, cut.stdout) == (1, plain[:CHUNK])
    subprocess.run(["age-keygen", "-pq", "-o", theirs], capture_output=True, check=True)
    (found,) = age.load_keys([theirs])
    assert theirs.read_text().splitlines()[1] == f"# public key: {found.recipient}"
    command: list[str | Path] = ["age", "-r", found.recipient, "-r", pair[0].recipient, "-o", sealed]
    subprocess.run(command, input=plain, capture_output=True, check=True)
    assert opened(sealed, found) == (plain, True)
