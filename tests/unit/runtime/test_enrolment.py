"""Whose camera it is: everything that can be wrong with an enrolment is refused, with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from firmware.evidence import documents, kinds
from firmware.runtime import durable
from firmware.runtime.enrolment import (
    ASSIGNMENT,
    ON_DUTY,
    Enrolment,
    Given,
    NotEnrolledError,
    on_duty_file,
    read_assignment,
    read_on_duty,
)
from firmware.version import BUILT_MS
from hal.sim.memory import MemoryStorage
from tests.pki import Holder, Pki
from tests.rig import PkiSigner, enrol, pki, settings_line


@pytest.fixture
def config() -> MemoryStorage:
    """A good enrolment."""
    storage = MemoryStorage()
    enrol(storage, {})
    return storage


def load(config: MemoryStorage) -> Enrolment:
    """Read it as a camera does."""
    return Enrolment.load(config.root(), PkiSigner())


def test_a_good_enrolment_loads(config: MemoryStorage) -> None:
    """Device, session and recipients are there."""
    enrolment = load(config)
    assert enrolment.session.device == "cam-1"
    assert len(enrolment.recipients.items) == 2
    assert (enrolment.second, enrolment.trouble) == (None, None), "nobody meant to have a second signature"


@pytest.mark.parametrize("name", ["root.crt.pem", "device.crt.pem", "settings.jws"])
def test_what_is_missing_is_named(config: MemoryStorage, name: str) -> None:
    """The engineer learns which file it is."""
    config.root().remove(name)
    with pytest.raises(NotEnrolledError, match=f"^no enrolled authority: {name} missing$"):
        load(config)


@pytest.mark.parametrize("name", ["root.crt.pem", "device.crt.pem", "settings.jws"])
def test_what_is_damaged_is_refused(config: MemoryStorage, name: str) -> None:
    """Half a file enrols nothing."""
    root = config.root()
    data = durable.read(root, name)
    durable.replace(root, name, data[: len(data) // 2])
    with pytest.raises(NotEnrolledError):
        load(config)


def test_the_certificates_of_another_authority_are_refused(config: MemoryStorage) -> None:
    """Same names, other keys."""
    durable.replace(config.root(), "device.crt.pem", Pki.create().device.pem)
    with pytest.raises(NotEnrolledError):
        load(config)


def test_settings_that_a_camera_signed_are_refused(config: MemoryStorage) -> None:
    """Only a settings certificate may say whom to encrypt to."""
    payload = documents.verify(kinds.SETTINGS, settings_line({}), pki().trust).payload
    device = pki().device
    line = documents.sign(kinds.SETTINGS, payload, device.sign, device.chain.ders)
    durable.replace(config.root(), "settings.jws", line + b"\n")
    with pytest.raises(NotEnrolledError, match="settings"):
        load(config)


def test_another_devices_key_is_refused(config: MemoryStorage) -> None:
    """A certificate without its key is nobody's."""
    with pytest.raises(NotEnrolledError):
        Enrolment.load(config.root(), PkiSigner(holder=pki().dock))


def test_an_oversized_file_is_not_read(config: MemoryStorage) -> None:
    """A reader bounds what it takes."""
    durable.replace(config.root(), "root.crt.pem", b"x" * (durable.LIMIT + 1))
    with pytest.raises(NotEnrolledError, match="larger"):
        load(config)


def test_dates_are_judged_at_what_is_past_for_certain(config: MemoryStorage) -> None:
    """At the later of the firmware's release and what the authority signed last: no clock has a say, and so nobody who sets one."""
    enrolment = load(config)
    assert enrolment.trust_now.at == datetime.fromtimestamp(BUILT_MS / 1000, UTC)
    later = replace(enrolment.settings, payload={**enrolment.settings.payload, "utc_ms": BUILT_MS + 1000})
    assert replace(enrolment, settings=later).trust_now.at == datetime.fromtimestamp(BUILT_MS / 1000 + 1, UTC)


def test_an_assignment_counts_for_its_device_alone(config: MemoryStorage) -> None:
    """Another camera's shift, or a forged one, assigns nobody; the camera records unassigned."""
    enrolment = load(config)
    root, dock, device = config.root(), pki().dock, pki().device

    def assigned(name: str, signer: Holder = dock) -> Given | None:
        payload = {"device": name, "shift": "S-1", "utc_ms": 1}
        line = documents.sign(kinds.ASSIGNMENT, payload, signer.sign, signer.chain.ders)
        durable.replace(root, ASSIGNMENT, line + b"\n")
        return read_assignment(root, enrolment)

    assert read_assignment(root, enrolment) is None
    given = assigned("cam-1")
    assert given is not None
    assert given.shift == "S-1"
    assert assigned("cam-2") is None
    assert assigned("cam-1", device) is None


def test_what_says_that_a_shift_had_begun_is_believed_as_a_dock_s_word_alone(config: MemoryStorage) -> None:
    """Another camera's, an altered one, or what is no such file: nobody is on duty, and the camera records unassigned."""
    enrolment, root = load(config), config.root()
    began = {"mono_ms": 5, "utc_ms": 7, "quality": "rtc"}

    def kept(data: bytes) -> object:
        durable.replace(root, ON_DUTY, data)
        found = read_on_duty(root, enrolment)
        return found and (found.given.shift, dict(found.began))

    def line(name: str = "cam-1") -> bytes:
        payload = {"device": name, "shift": "S-1", "utc_ms": 1}
        return documents.sign(kinds.ASSIGNMENT, payload, pki().dock.sign, pki().dock.chain.ders)

    assert read_on_duty(root, enrolment) is None
    good = on_duty_file(Given("S-1", line()), began)
    assert kept(good) == ("S-1", began)
    for wrong in (
        on_duty_file(Given("S-1", line("cam-2")), began),
        on_duty_file(Given("S-1", line()[:-4] + b"AAAA"), began),
        on_duty_file(Given("S-1", line()), {**began, "quality": "best"}),
        good + b"\n",
        good.replace(b'"line"', b'"lime"'),
        b"",
        b"{}",
        b'{"began":1,"line":"x"}',
    ):
        assert kept(wrong) is None
