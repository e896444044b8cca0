"""The simulated camera as a whole: it keeps what a board keeps, and comes up in every condition."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hal.interface import ClockQuality, Trial, VideoFormat
from hal.sim.build import build
from hal.sim.clock import NS, VirtualClock
from hal.sim.memory import MemoryStorage
from hal.sim.signer import SoftwareSigner
from hal.sim.storage import FileStorage
from hal.sim.updater import SimUpdater
from hal.sim.watchdog import SimWatchdog

VIDEO = VideoFormat(width=64, height=48, fps=30, bitrate=100_000, gop=30)


def test_switching_on_again(tmp_path: Path) -> None:
    """Evidence, configuration, counter and time are there after a power cycle, the time without a voucher."""
    first = build(tmp_path, video=VIDEO, replay=True).hal
    for storage, name in ((first.evidence, "e"), (first.config, "c")):
        storage.root().create(name).close()
    first.clock.set_utc(1_800_000_000_000)
    assert first.signer.advance() == 1
    second = build(tmp_path, video=VIDEO, replay=True).hal
    assert (second.evidence.root().names(), second.config.root().names()) == (["e"], ["c"])
    assert second.signer.counter() == 1
    assert second.clock.utc().quality is ClockQuality.RTC
    assert 0 <= second.clock.utc().utc_ms - 1_800_000_000_000 < 2000


def test_camera_that_was_not_enrolled(tmp_path: Path) -> None:
    """A camera without a key comes up; its signer says ``OSError`` at each use until there is one."""
    signer = build(tmp_path, video=VIDEO, replay=True).hal.signer
    with pytest.raises(FileNotFoundError):
        signer.public_key()
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "config" / "device.key.pem").write_bytes(pem)
    assert signer.sign_digest(hashlib.sha256(b"x").digest())


def test_keys_of_the_wrong_kind(tmp_path: Path) -> None:
    """What is no P-256 key is told apart from a missing one, and the path is named."""
    edwards = ed25519.Ed25519PrivateKey.generate()
    larger = ec.generate_private_key(ec.SECP384R1())
    contents = (
        (b"", "PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "PEM"),
        (edwards.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "P-256"),
        (larger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "P-256"),
    )
    for content, said in contents:
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(OSError, match=said) as caught:
            SoftwareSigner(tmp_path / "key").public_key()
        assert caught.value.filename == str(tmp_path / "key")


def test_broken_counter(tmp_path: Path) -> None:
    """A counter that cannot be read is trouble, never zero."""
    (tmp_path / "counter").write_text("many")
    with pytest.raises(OSError, match="counter"):
        SoftwareSigner(tmp_path / "key", tmp_path / "counter").counter()


def test_source_that_cannot_be_opened(tmp_path: Path) -> None:
    """A camera with a wrong scene does not come up, and says which."""
    with pytest.raises(OSError, match="cannot open the video source"):
        build(tmp_path, source=str(tmp_path / "missing.mp4"))


def test_camera_without_a_microphone(tmp_path: Path) -> None:
    """A camera may have no sound at all."""
    assert build(tmp_path, video=VIDEO, replay=True, sound=False).hal.audio is None


def test_capacity_is_that_of_the_evidence(tmp_path: Path) -> None:
    """The evidence partition is as large as it is told to be."""
    hal = build(tmp_path, video=VIDEO, replay=True, capacity=1 << 20).hal
    assert hal.evidence.space().total == 1 << 20
    assert hal.config.space().total > 1 << 20


def test_installed_bundle_is_kept_whole(tmp_path: Path) -> None:
    """An installed bundle is in the other slot byte for byte, also when it is larger than one read."""
    bundle = MemoryStorage().root().create("bundle")
    bundle.append(bytes(range(256)) * 5000)
    updater = SimUpdater(FileStorage(tmp_path / "slots"))
    updater.install(bundle, lambda: None)
    assert (tmp_path / "slots" / "other.bundle").read_bytes() == bytes(range(256)) * 5000
    updater = SimUpdater(FileStorage(tmp_path / "slots"))
    assert (updater.pending(), updater.trial(), updater.confirmed) == (False, Trial.RUNNING, False)
    updater.confirm()
    assert (updater.trial(), updater.confirmed) == (Trial.NONE, True)
    assert (tmp_path / "slots" / "running.bundle").stat().st_size == 256 * 5000
    assert SimUpdater(FileStorage(tmp_path / "slots")).trial() is Trial.NONE


def test_a_trial_that_is_not_confirmed_has_failed(tmp_path: Path) -> None:
    """The next start says so, until something else is installed."""
    bundle = MemoryStorage().root().create("bundle")
    bundle.append(b"it")
    SimUpdater(FileStorage(tmp_path)).install(bundle, lambda: None)
    assert SimUpdater(FileStorage(tmp_path)).trial() is Trial.RUNNING
    for _ in range(2):
        assert SimUpdater(FileStorage(tmp_path)).trial() is Trial.FAILED
    updater = SimUpdater(FileStorage(tmp_path))
    updater.install(bundle, lambda: None)
    assert (updater.pending(), updater.trial()) == (True, Trial.NONE)


def test_watchdog_remembers_the_longest_hunger() -> None:
    """A test can ask how long the service was silent at most."""
    clock = VirtualClock()
    watchdog = SimWatchdog(clock)
    watchdog.ready()
    for seconds in (0, 1, 3, 2):
        clock.advance(seconds * NS)
        watchdog.feed()
    watchdog.stopping()
    assert (watchdog.state, watchdog.feeds, watchdog.longest_ns) == ("stopping", 4, 3 * NS)


def test_most_parts_need_no_codec() -> None:
    """Without PyAV and numpy everything but lens and microphone can be imported, and importing opens nothing."""
    parts = "calls clock connection control disk disturbance dock memory noise panel power signer sources storage"
    code = "import sys; sys.modules.update(av=None, numpy=None)\nimport hal.files, hal.lines, hal.tty\n" + "".join(
        f"import hal.sim.{part}\n" for part in [*parts.split(), "updater", "verbs", "volume", "watchdog"]
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
