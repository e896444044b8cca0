"""Forward secrecy, shown on the memory of processes that still run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware.evidence import bech32
from tests.fault.live.camera import SMALL
from tests.memory import Memory, derived, masked, secrets_of
from tests.rig import payload
from tools.provision.agekeys import AgeKey
from tools.sim.home import Home, provision
from tools.sim.look import meaning, read_lights
from tools.sim.process import SimCamera

ROOT = Path(__file__).parents[2]
CLOSED = 3
FILES = 10
PATIENCE_S = 60.0

# Writes files and closes them but the last, tells the files' headers and, masked, all that was drawn, and waits to be looked at.
WRITER = """
import json, sys
from firmware.evidence.age import CHUNK, AgeWriter, Recipients
from firmware.runtime.entropy import draw
from tests.memory import masked

drawn = []

def drawing(size):
    secret = draw(size)
    drawn.append(masked(secret).hex())
    return secret

recipients = Recipients.parse(sys.argv[2:])
headers = []
for index in range(int(sys.argv[1]) + 1):
    writer = AgeWriter(recipients, drawing)
    headers.append(writer.header.hex())
    writer.chunks(bytes(2 * CHUNK))
    if index < int(sys.argv[1]):
        writer.close(b"12345678")
print(json.dumps([headers, drawn]), flush=True)
sys.stdin.read()
"""


def key_of(identity: str) -> X25519PrivateKey:
    """The private key of an age identity."""
    return X25519PrivateKey.from_private_bytes(bech32.decode(identity)[1])


def written(recipients: list[str]) -> tuple[Memory, list[bytes], list[bytes]]:
    """A writer's memory, the headers of its files, of which it closed all but the last, and, masked, what was drawn for them."""
    command = [sys.executable, "-c", WRITER, str(FILES), *recipients]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        headers, drawn = json.loads(writer.stdout.readline())
        memory = Memory.of(writer.pid)
        writer.communicate()
    return memory, [bytes.fromhex(text) for text in headers], [bytes.fromhex(text) for text in drawn]


def test_a_closed_file_leaves_no_secret() -> None:
    """Of a closed file no secret is left in its writer's memory: not what was drawn for it, the ephemeral private keys among it, nor
    what was derived from that.  An open one's payload key is there, and nothing that would tell its file key."""
    identities = [pyrage.x25519.Identity.generate() for _ in range(2)]
    keys = [key_of(str(identity)) for identity in identities]
    memory, headers, drawn = written([str(identity.to_public()) for identity in identities])
    *closed, still_open = [secrets_of(header, keys) for header in headers]
    assert [memory.found(secrets) for secrets in closed] == [set()] * FILES
    assert memory.found(still_open) == {"payload key"}
    random = [masked(each) for each in drawn]
    assert [len(each) for each in random] == [16, 32, 32, 16] * (FILES + 1)
    assert [secrets["file key"] for secrets in (*closed, still_open)] == random[::4]
    assert not any(memory.holds(each) for index, each in enumerate(random) if index % 4 != 3)


def test_nor_does_one_of_the_post_quantum_class() -> None:
    """Neither file key nor payload key, nor what is made on the way.  What HPKE shares with each recipient never leaves the library, and
    is not looked for."""
    memory, headers, drawn = written([AgeKey.generate(post_quantum=True).recipient for _ in range(2)])
    random = [masked(each) for each in drawn]
    assert [len(each) for each in random] == [16, 16] * (FILES + 1)
    assert all(header.endswith(nonce) for header, nonce in zip(headers, random[1::2], strict=True))
    *closed, still_open = [derived(*pair) for pair in zip(random[::2], random[1::2], strict=True)]
    assert [memory.found(secrets) for secrets in closed] == [set()] * FILES
    assert memory.found(still_open) == {"payload key"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A camera with an authority, a small picture, and segments of 2 s."""
    home = Home(tmp_path)
    provision(home, SMALL)
    return home


@pytest.fixture
def camera(home: Home) -> Iterator[SimCamera]:
    """That camera, running; off in the end."""
    camera = SimCamera(home.camera, replay=True)
    camera.start()
    yield camera
    camera.kill()


def flushed(recording: Path) -> list[tuple[str, bool]]:
    """Each flush that the journal vouches for: its file, and whether it closed that."""
    path = recording / "journal.jwsl"
    lines = path.read_bytes().split(b"\n")[1:-1] if path.exists() else []
    return [(told["file"], told["last"]) for told in map(payload, lines)]


def flushes_of_newest(lines: list[tuple[str, bool]]) -> int:
    """How many flushes the file has that was flushed last."""
    return [file for file, _ in lines].count(lines[-1][0])


def freeze(camera: SimCamera, recording: Path) -> list[tuple[str, bool]]:
    """Stop the camera where it is, early in a segment: so that it is not just closing one, and the journal not yet telling.  Returns what
    its journal tells."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        lines = flushed(recording)
        if sum(last for _, last in lines) >= CLOSED and flushes_of_newest(lines) == 1:
            os.kill(camera.process_id, signal.SIGSTOP)
            while "\nState:\tT" not in Path(f"/proc/{camera.process_id}/status").read_text():
                time.sleep(0.001)
            lines = flushed(recording)
            if flushes_of_newest(lines) <= 2:
                return lines
            os.kill(camera.process_id, signal.SIGCONT)
        assert time.monotonic() < deadline, lines
        time.sleep(0.02)


def test_a_recording_camera_holds_no_key_of_a_closed_segment(home: Home, camera: SimCamera) -> None:
    """In the memory of a camera that records are the payload keys of its two open files, the segment and the private part, and of all
    segments that it has closed no file key, no payload key, no shared secret of a recipient, and nothing that leads to one of them."""
    camera.wait("ready", lambda state: meaning(read_lights(state["lights"])).name == "ready")
    camera.tap()
    recording = home.card / "recordings" / "00000001"
    lines = freeze(camera, recording)
    memory = Memory.of(camera.process_id)
    identities = [key_of(path.read_text().split()[-1]) for path in (home.key, home.escrow)]
    closed = {file for file, last in lines if last}
    still_open = {file for file, _ in lines} - closed
    assert (len(closed) >= CLOSED, len(still_open)) == (True, 2)
    for file in closed | still_open:
        secrets = secrets_of((recording / file).read_bytes(), identities)
        assert (file, memory.found(secrets)) == (file, {"payload key"} if file in still_open else set())
