"""Making an authority and enrolling with it."""

from __future__ import annotations

import argparse
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from firmware.evidence.certs import Chain, Trust, read_pem, verify_chain
from firmware.evidence.errors import RevokedError
from firmware.evidence.jws import Signed, from_file
from firmware.evidence.keys import hash_of, key_pem, load_key, new_key, software_sign
from firmware.evidence.roles import FOREVER, Role
from firmware.evidence.second import Issuer, SecondKey
from firmware.evidence.second import key_pem as second_pem
from firmware.evidence.session import Session
from firmware.evidence.settings_doc import recipients, trust_under, verify_settings
from tests.oracles import needs, node
from tools.provision import (
    Authority,
    ProvisionError,
    add_parser,
    create_authority,
    enrol_desk,
    enrol_device,
    enrol_dock,
)
from tools.provision.agekeys import AgeKey
from tools.provision.authority import Changes
from tools.provision.enrol import SECOND
from tools.verify.age import load_keys
from tools.verify.verifier import load_given

NOW = datetime(2026, 11, 23, 12, 30, 15, 999, tzinfo=timezone(timedelta(hours=1)))
Run = Callable[..., int]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A fresh authority."""
    return create_authority(tmp_path / "authority", "Test", now=NOW)


@pytest.fixture
def lapel() -> Run:
    """The command line; the exit status."""

    def run(*arguments: object) -> int:
        root = argparse.ArgumentParser(prog="lapel")
        add_parser(root.add_subparsers(required=True))
        try:
            options = root.parse_args(["provision", *map(str, arguments)])
            return int(options.run(options))
        except SystemExit as end:
            return int(end.code or 0)

    return run


def trust_of(directory: Path) -> Trust:
    """What somebody with this directory goes by."""
    return Trust.load((directory / "root.crt.pem").read_bytes())


def chain_of(directory: Path, title: str, role: Role) -> Chain:
    """The verified chain in a directory."""
    return verify_chain(read_pem((directory / f"{title}.crt.pem").read_bytes()), trust_of(directory), role)


def settings_of(directory: Path) -> Signed:
    """The verified settings in a directory."""
    return verify_settings(from_file((directory / "settings.jws").read_bytes()), trust_of(directory))


def modes(directory: Path) -> dict[str, int]:
    """The rights of everything in a directory."""
    return {str(path.relative_to(directory)): stat.S_IMODE(path.stat().st_mode) for path in directory.rglob("*")}


def test_authority(authority: Authority) -> None:
    """An authority has its certificates and keys, two age keys, and settings that encrypt to them."""
    names = {path.name for path in authority.directory.iterdir()}
    assert names == {
        *(f"{role}.{kind}.pem" for role in ("root", "device-ca", "dock-ca", "settings", "export", "update") for kind in ("crt", "key")),
        "authority.agekey",
        "escrow.agekey",
        "settings.jws",
    }  # fmt: skip
    settings = settings_of(authority.directory)
    assert settings.hash == authority.settings.hash
    assert (settings.payload["authority"], settings.payload["serial"], settings.payload["revoked"]) == ("Test", 1, [])
    assert settings.payload["utc_ms"] == int(NOW.timestamp() * 1000)
    assert [each["role"] for each in settings.payload["recipients"]] == ["authority", "escrow"]
    assert len(recipients(settings).items) == 2


def test_rights(authority: Authority, tmp_path: Path) -> None:
    """Keys are their owner's alone, and so are the directories around them."""
    enrol_device(authority, "cam-1", tmp_path / "made" / "cam-1")
    secret = {name: mode for name, mode in modes(tmp_path).items() if name.endswith((".key.pem", ".agekey"))}
    assert len(secret) == 9
    assert set(secret.values()) == {0o600}
    directories = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert len(directories) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in directories} == {0o700}


def test_reopened(authority: Authority) -> None:
    """An authority that is opened again is the one that was made."""
    again = Authority.open(authority.directory)
    assert (again.name, again.certificates, again.settings.hash) == (
        "Test",
        authority.certificates,
        authority.settings.hash,
    )


def test_dates(authority: Authority, tmp_path: Path) -> None:
    """Everything is valid from the day before the authority was made: a clock that was never set is no obstacle."""
    began = datetime(2026, 11, 22, tzinfo=UTC)
    enrol_device(authority, "cam-1", tmp_path / "cam-1")
    enrol_dock(authority, "dock-1", tmp_path / "dock-1", years=2)
    device, dock = chain_of(tmp_path / "cam-1", "device", Role.DEVICE), chain_of(tmp_path / "dock-1", "dock", Role.DOCK)
    assert {each.not_before for each in (*device.certificates, *dock.certificates)} == {began}
    assert device.leaf.not_after == FOREVER
    assert timedelta(days=700) < dock.leaf.not_after - datetime.now(UTC) < timedelta(days=732)


def test_device(authority: Authority, tmp_path: Path) -> None:
    """A camera's directory is all that its service needs to begin a session."""
    out = tmp_path / "cam-1"
    enrol_device(authority, "cam-1", out)
    assert set(modes(out)) == {"device.crt.pem", "device.key.pem", "root.crt.pem", "settings.jws"}
    sign = software_sign(load_key((out / "device.key.pem").read_bytes()))
    session = Session.begin(chain_of(out, "device", Role.DEVICE), sign)
    assert verify_chain(session.chain.ders, trust_of(out), Role.SESSION).name == "cam-1"
    assert (out / "settings.jws").read_bytes() == authority.settings_file


def test_hardware_key(authority: Authority, tmp_path: Path) -> None:
    """A camera that keeps its key in hardware is enrolled with its public key; no private key is written."""
    key, pem, out = new_key(), tmp_path / "public.pem", tmp_path / "cam-1"
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    enrol_device(authority, "cam-1", out, public_key=pem)
    assert set(modes(out)) == {"device.crt.pem", "root.crt.pem", "settings.jws"}
    assert Session.begin(chain_of(out, "device", Role.DEVICE), software_sign(key)).device == "cam-1"
    pem.write_bytes(key_pem(key))
    with pytest.raises(ProvisionError, match=r"public.pem: public key: not PEM"):
        enrol_device(authority, "cam-2", tmp_path / "cam-2", public_key=pem)


def test_dock_and_desk(authority: Authority, tmp_path: Path) -> None:
    """A dock has the settings to hand on, a desk has not; each has its own key and chain."""
    enrol_dock(authority, "dock-1", tmp_path / "dock-1")
    enrol_desk(authority, "desk-1", tmp_path / "desk-1")
    assert set(modes(tmp_path / "dock-1")) == {"dock.crt.pem", "dock.key.pem", "root.crt.pem", "settings.jws"}
    assert set(modes(tmp_path / "desk-1")) == {"desk.crt.pem", "desk.key.pem", "root.crt.pem"}
    for title, role in (("dock", Role.DOCK), ("desk", Role.EXPORT)):
        directory = tmp_path / f"{title}-1"
        chain = chain_of(directory, title, role)
        assert load_key((directory / f"{title}.key.pem").read_bytes()).public_key() == chain.leaf.key
        assert chain.name == f"{title}-1"


def test_a_name_is_given_once(authority: Authority, tmp_path: Path) -> None:
    """Two cameras never get one identity; a dock may have a camera's name."""
    enrol_device(authority, "one", tmp_path / "one")
    with pytest.raises(ProvisionError, match="device one was enrolled before"):
        enrol_device(Authority.open(authority.directory), "one", tmp_path / "two")
    assert not (tmp_path / "two").exists()
    enrol_dock(authority, "one", tmp_path / "dock")
    for name in ("", "Cam", "../one", "a" * 33):
        with pytest.raises(ProvisionError, match="cannot be a name"):
            enrol_desk(authority, name, tmp_path / "desk")


def test_nothing_is_overwritten(authority: Authority, tmp_path: Path) -> None:
    """Neither an authority nor an enrolment is ever overwritten, not even in part."""
    before = authority.settings_file
    with pytest.raises(ProvisionError, match="never overwritten"):
        create_authority(authority.directory, "Other")
    enrol_device(authority, "cam-1", tmp_path / "cam-1")
    kept = (tmp_path / "cam-1" / "device.key.pem").read_bytes()
    with pytest.raises(ProvisionError, match=r"device.crt.pem, device.key.pem, root.crt.pem, settings.jws already"):
        enrol_device(authority, "cam-2", tmp_path / "cam-1", changes=Changes({"pre_event_s": 1}))
    assert (tmp_path / "cam-1" / "device.key.pem").read_bytes() == kept
    assert (authority.directory / "settings.jws").read_bytes() == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(ProvisionError, match="never overwritten"):
        create_authority(tmp_path / "file", "Other")
    enrol_device(authority, "cam-2", tmp_path / "cam-2")


def test_authority_into_empty_directory(tmp_path: Path) -> None:
    """An empty directory is as good as none, and a failure leaves nothing behind."""
    (tmp_path / "empty").mkdir()
    assert create_authority(tmp_path / "empty", "Test").name == "Test"
    for name in ("", "x" * 49, "a\nb", "\udcff"):
        with pytest.raises(ProvisionError, match="cannot be an authority's name"):
            create_authority(tmp_path / "other", name)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_settings_change(authority: Authority, tmp_path: Path) -> None:
    """New settings have the next serial, keep what is not named, and are what later enrolments get."""
    extra = str(pyrage.x25519.Identity.generate().to_public())
    new = str(pyrage.x25519.Identity.generate().to_public())
    first = authority.settings.payload
    once = authority.change_settings(
        Changes({"pre_event_s": 60, "pre_event_sound": True}, (("court", extra),)), now=NOW
    )
    twice = Authority.open(authority.directory).change_settings(Changes({"pre_event_sound": False}, (("escrow", new),)))
    payload = twice.settings.payload
    assert [once.settings.payload["serial"], payload["serial"]] == [2, 3]
    assert payload["values"] == {"pre_event_s": 60, "pre_event_sound": False}
    by_role = {each["role"]: each["age"] for each in payload["recipients"]}
    assert by_role == {"authority": first["recipients"][0]["age"], "court": extra, "escrow": new}
    assert settings_of(authority.directory).hash == twice.settings.hash
    enrol_device(twice, "cam-1", tmp_path / "cam-1", changes=Changes({"pre_event_s": 5}))
    assert settings_of(tmp_path / "cam-1").payload["serial"] == 4
    assert [path.name for path in authority.directory.glob(".*")] == []


def test_bad_settings(authority: Authority) -> None:
    """Settings that no camera would take are not signed, and the old ones stay."""
    before = authority.settings_file
    own = authority.settings.payload["recipients"][0]["age"]
    for changes, reason in (
        (Changes(recipients=(("escrow", "age1nonsense"),)), "recipient 'age1nonsense'"),
        (Changes(recipients=(("escrow", own),)), "same key twice"),
        (Changes({"Bad": 1}), "settings: Bad: unknown setting"),
        (Changes(revoke=("device/nobody",)), "device/nobody was never enrolled"),
        (Changes(revoke=("../settings",)), "never enrolled"),
    ):
        with pytest.raises(ProvisionError, match=reason):
            authority.change_settings(changes)
    assert (authority.directory / "settings.jws").read_bytes() == before


def test_revoke(authority: Authority, tmp_path: Path) -> None:
    """A camera that was lost is withdrawn by its name, anything else by its fingerprint."""
    enrol_device(authority, "cam-1", tmp_path / "cam-1")
    enrol_device(authority, "cam-2", tmp_path / "cam-2")
    chain = chain_of(tmp_path / "cam-1", "device", Role.DEVICE)
    changed = authority.change_settings(Changes(revoke=("device/cam-1", "0" * 64), since_ms=7))
    assert changed.settings.payload["revoked"] == [
        {"hash": each, "since_ms": 7} for each in sorted([chain.fingerprint, "0" * 64])
    ]
    trust = trust_under(changed.settings, trust_of(authority.directory))
    with pytest.raises(RevokedError):
        verify_chain(chain.ders, trust, Role.DEVICE)
    assert verify_chain(chain_of(tmp_path / "cam-2", "device", Role.DEVICE).ders, trust, Role.DEVICE).name == "cam-2"


def test_revoked_since(authority: Authority) -> None:
    """What a withdrawn certificate signed counts for nothing from now on, or from a time that was named; naming it
    again without a time changes nothing, with one it does."""
    zeros, ones, now = "0" * 64, "1" * 64, datetime(2026, 3, 4, tzinfo=UTC)
    now_ms = round(now.timestamp() * 1000)
    first = authority.change_settings(Changes(revoke=(zeros,)), now)
    again = first.change_settings(Changes(revoke=(zeros, ones)), now + timedelta(hours=1))
    told = {each["hash"]: each["since_ms"] for each in again.settings.payload["revoked"]}
    assert told == {zeros: now_ms, ones: now_ms + 3_600_000}
    earlier = again.change_settings(Changes(revoke=(zeros,), since_ms=5))
    assert {each["hash"]: each["since_ms"] for each in earlier.settings.payload["revoked"]} == {**told, zeros: 5}


def test_since_on_the_command_line(authority: Authority, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """``--since`` takes a time in UTC, and only beside ``--revoke``."""
    begin = ["settings", "--authority", str(authority.directory)]
    assert lapel(*begin, "--revoke", "0" * 64, "--since", "2026-03-04T05:06:07Z") == 0
    (entry,) = Authority.open(authority.directory).settings.payload["revoked"]
    assert entry == {"hash": "0" * 64, "since_ms": 1_772_600_767_000}
    for wrong in (["--since", "2026-03-04T05:06:07Z"], ["--revoke", "0" * 64, "--since", "yesterday"],
                  ["--revoke", "0" * 64, "--since", "1969-03-04T05:06:07Z"]):  # fmt: skip
        assert lapel(*begin, *wrong) == 2
    assert "--since" in capsys.readouterr().err


def test_own_recipients(tmp_path: Path) -> None:
    """Where the age keys were made elsewhere, no secret key is written here."""
    keys = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2)]
    changes = Changes(recipients=(("escrow", keys[1]), ("authority", keys[0])))
    made = create_authority(tmp_path / "authority", "Test", changes)
    assert [each["age"] for each in made.settings.payload["recipients"]] == keys
    assert list(made.directory.glob("*.agekey")) == []


def test_post_quantum_authority(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """``--post-quantum`` makes both age keys of age's hybrid class, in the files that ``age-keygen -pq`` writes, and a
    camera takes its settings."""
    assert lapel("authority", tmp_path / "a", "--post-quantum") == 0
    capsys.readouterr()
    made = Authority.open(tmp_path / "a")
    assert {item.kind.name for item in recipients(made.settings).items} == {"mlkem768x25519"}
    for each in made.settings.payload["recipients"]:
        text = (tmp_path / "a" / f"{each['role']}.agekey").read_text().splitlines()
        assert text[0].startswith("# created: 20")
        assert text[1] == f"# public key: {each['age']}"
        assert text[2].startswith("AGE-SECRET-KEY-PQ-1")
        (key,) = load_keys([tmp_path / "a" / f"{each['role']}.agekey"])
        assert key.recipient == each["age"]
    enrol_device(made, "cam-1", tmp_path / "cam-1")
    assert settings_of(tmp_path / "cam-1").hash == made.settings.hash


def test_classes_are_never_mixed(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """An authority with keys of both classes is not made, nor is one turned into it; nothing is left behind, and the message
    names the member.  All recipients at once may change the class."""
    hybrids = [AgeKey.generate(post_quantum=True).recipient for _ in range(2)]
    old = AgeKey.generate().recipient
    mixed = "recipients: the classes X25519 and mlkem768x25519 are mixed"
    assert lapel("authority", tmp_path / "a", "--post-quantum", "--recipient", f"escrow={old}") == 1
    assert mixed in capsys.readouterr().err
    assert lapel("authority", tmp_path / "a", "--recipient", f"escrow={hybrids[0]}") == 1
    assert mixed in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    made = create_authority(tmp_path / "a", "Test")
    with pytest.raises(ProvisionError, match=mixed):
        made.change_settings(Changes(recipients=(("escrow", hybrids[0]),)))
    changed = made.change_settings(Changes(recipients=(("escrow", hybrids[0]), ("authority", hybrids[1]))))
    assert {item.kind.name for item in recipients(changed.settings).items} == {"mlkem768x25519"}


def _second_files(directory: Path) -> tuple[bytes, bytes]:
    """Certificate and key for second signatures."""
    return (directory / SECOND[0]).read_bytes(), (directory / SECOND[1]).read_bytes()


def test_second_signatures(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """An enrolled camera gets a key for second signatures, once; the first one makes the authority's post-quantum root, which
    the next ones stand on; its certificate is in the register and can be withdrawn."""
    directory = tmp_path / "a"
    assert lapel("authority", directory) == 0
    assert not (directory / "pq-root.crt.pem").exists()
    second = ("--authority", directory, "--out")
    assert lapel("second", "cam-1", *second, tmp_path / "cam-1") == 1
    assert "was never enrolled" in capsys.readouterr().err
    for name in ("cam-1", "cam-2"):
        assert lapel("device", name, "--authority", directory, "--out", tmp_path / name) == 0
        assert lapel("second", name, *second, tmp_path / name) == 0
    assert modes(tmp_path / "cam-1")["device-pq.key.pem"] == modes(directory)["pq-root.key.pem"] == 0o600
    for where in (tmp_path / "elsewhere", tmp_path / "cam-2"):
        assert lapel("second", "cam-1", *second, where) == 1
    told = capsys.readouterr().err
    assert "cam-1 has a key for second signatures already" in told
    assert "device-pq.crt.pem, device-pq.key.pem already" in told
    made = Authority.open(directory)
    assert made.pq_root is not None
    for name in ("cam-1", "cam-2"):
        key = SecondKey.load(*_second_files(tmp_path / name), name)
        x509.load_der_x509_certificate(key.der).verify_directly_issued_by(made.pq_root.certificate)
    revoked = made.change_settings(Changes(revoke=["device-pq/cam-1"])).settings.payload["revoked"]
    (certificate,) = read_pem((tmp_path / "cam-1" / SECOND[0]).read_bytes())
    assert [each["hash"] for each in revoked] == [hash_of(certificate)]
    assert load_given(None, pq_root=directory / "pq-root.crt.pem").pq_root is not None


def test_damaged_post_quantum_root(tmp_path: Path) -> None:
    """Half of a post-quantum root, or one that does not fit its key, is said before anything is done with the authority."""
    made = create_authority(tmp_path / "a", "Test", post_quantum=True)
    assert made.pq_root is not None
    other = Issuer.create("Other", datetime(2026, 1, 1, tzinfo=UTC))
    key = made.directory / "pq-root.key.pem"
    key.write_bytes(second_pem(other.key))
    with pytest.raises(
        ProvisionError, match=r"pq-root\.crt\.pem: not the certificate of a post-quantum root and its key"
    ):
        Authority.open(made.directory)
    key.unlink()
    with pytest.raises(ProvisionError, match=r"pq-root\.key\.pem: one of them is missing"):
        Authority.open(made.directory)


@needs("node", "age-encryption")
def test_other_hands_read_hybrid_keys(tmp_path: Path) -> None:
    """age-encryption finds the recipients of the settings in our key files, and its keys serve as recipients."""
    theirs = tmp_path / "theirs.agekey"
    theirs.write_bytes(node("keygen").stdout)
    (key,) = load_keys([theirs])
    changes = Changes(recipients=(("escrow", key.recipient),))
    made = create_authority(tmp_path / "a", "Test", changes, post_quantum=True)
    for role, file in (("authority", made.directory / "authority.agekey"), ("escrow", theirs)):
        (told,) = [each["age"] for each in made.settings.payload["recipients"] if each["role"] == role]
        assert node("recipient", file).stdout.decode().strip() == told
    assert not (made.directory / "escrow.agekey").exists()


def test_damaged_authority(authority: Authority, tmp_path: Path) -> None:
    """What is wrong with an authority's directory is said before anything is done with it."""
    directory = authority.directory
    for name, data, reason in (
        ("settings.jws", b"junk\n", "settings.jws|line"),
        ("export.crt.pem", (directory / "update.crt.pem").read_bytes(), r"export.crt.pem: extendedKeyUsage"),
        ("export.crt.pem", (directory / "export.crt.pem").read_bytes() * 2, r"export.crt.pem: 2 certificates"),
        ("export.key.pem", (directory / "update.key.pem").read_bytes(), r"export.key.pem: not the key"),
        ("export.key.pem", b"", "private key"),
    ):
        kept = (directory / name).read_bytes()
        (directory / name).write_bytes(data)
        with pytest.raises(ProvisionError, match=f"cannot be used.*({reason})"):
            Authority.open(directory)
        (directory / name).write_bytes(kept)
    (directory / "root.key.pem").unlink()
    with pytest.raises(ProvisionError, match=r"is no authority, root.key.pem is missing: make one with 'lapel"):
        Authority.open(directory)


def test_age_key_file() -> None:
    """A key file is what age-keygen writes, line by line, and opens what was encrypted to its recipient."""
    key = AgeKey.generate()
    lines = key.file(datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)).decode().split("\n")
    assert lines[:2] == ["# created: 2026-11-23T01:02:03Z", f"# public key: {key.recipient}"]
    assert lines[3:] == [""]
    identity = pyrage.x25519.Identity.from_str(lines[2])
    assert str(identity.to_public()) == key.recipient
    assert key.identity not in repr(key)


@needs("age-keygen")
def test_age_keygen_reads_it(authority: Authority) -> None:
    """age-keygen reads our key files and finds the recipients of the settings."""
    for each in authority.settings.payload["recipients"]:
        file = authority.directory / f"{each['role']}.agekey"
        done = subprocess.run(["age-keygen", "-y", file], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == each["age"]


@needs("openssl")
def test_openssl_reads_it(authority: Authority, tmp_path: Path) -> None:
    """OpenSSL verifies an enrolled camera's chain from its files, and reads its key."""
    out = tmp_path / "cam-1"
    enrol_device(authority, "cam-1", out)
    verify = [
        "openssl",
        "verify",
        "-x509_strict",
        "-CAfile",
        "root.crt.pem",
        "-untrusted",
        "device.crt.pem",
        "device.crt.pem",
    ]
    subprocess.run(verify, cwd=out, check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", "device.key.pem", "-noout"], cwd=out, check=True, capture_output=True)


def test_command_line(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands do what the functions do, and say what they made."""
    home, cam, dock = tmp_path / "authority", tmp_path / "cam-1", tmp_path / "dock-1"
    sets = (
        "--set",
        "pre_event_s=10",
        "--set",
        "mute_allowed=true",
        "--set",
        "bookmark_label=a=b",
        "--set",
        "reserve_mib=64",
    )
    assert lapel("authority", home, "--name", "North", *sets) == 0
    assert "authority.agekey and escrow.agekey open all footage" in capsys.readouterr().out
    assert lapel("device", "cam-1", "--authority", home, "--out", cam, "--set", "pre_event_s=20") == 0
    assert lapel("dock", "dock-1", "--authority", home, "--out", dock, "--years", 3) == 0
    assert lapel("desk", "desk-1", "--authority", home, "--out", tmp_path / "desk-1") == 0
    said = capsys.readouterr().out
    assert f"lapel dock serve --identity {dock}" in said
    settings = settings_of(cam).payload
    assert (settings["authority"], settings["serial"]) == ("North", 2)
    assert settings["values"] == {
        "pre_event_s": 20,
        "mute_allowed": True,
        "bookmark_label": "a=b",
        "reserve_mib": 64,
    }
    escrow = str(pyrage.x25519.Identity.generate().to_public())
    change = ("--revoke", "device/cam-1", "--recipient", f"escrow={escrow}", "--into", dock)
    assert lapel("settings", "--authority", home, *change) == 0
    assert "serial 3" in capsys.readouterr().out
    assert settings_of(dock).payload["recipients"][1] == {"role": "escrow", "age": escrow}
    assert lapel("settings", "--authority", home, "--into", cam) == 0
    assert settings_of(cam).hash == settings_of(home).hash


def test_recipients_from_elsewhere(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Without secret keys of its own, making an authority says nothing of any."""
    keys = [f"{role}={pyrage.x25519.Identity.generate().to_public()}" for role in ("authority", "escrow")]
    assert lapel("authority", tmp_path / "a", "--recipient", keys[0], "--recipient", keys[1]) == 0
    assert "agekey" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["device", "cam-1", "--authority", "nowhere", "--out", "x"], 1, "nowhere is no authority"),
        (["settings", "--authority", "nowhere", "--set", "pre_event_s=1"], 1, "nowhere is no authority"),
        (["settings", "--authority", "nowhere"], 2, "nothing to do"),
        (["device", "Cam", "--authority", "a", "--out", "x"], 2, "'Cam' is not 1 to 32"),
        (["device", "cam-1", "--out", "x"], 2, "--authority"),
        (["dock", "d", "--authority", "a", "--out", "x", "--years", "0"], 2, "'0' is not a whole number"),
        (["authority", "a", "--set", "pre_event_s"], 2, "'pre_event_s' is not KEY=VALUE"),
        (["authority", "a", "--set", "Pre=1"], 2, "'Pre=1' is not KEY=VALUE"),
        (["authority", "a", "--recipient", "age1abc"], 2, "is not ROLE=KEY"),
        (["authority", "a", "--recipient", "escrow=age1abc"], 1, "recipient 'age1abc'"),
        (["party"], 2, "party"),
        ([], 2, "WHAT"),
    ],
)
def test_wrong_commands(
    arguments: list[str],
    status: int,
    reason: str,
    *,
    lapel: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong command is told from a right one that cannot be done; each message names what is wrong."""
    monkeypatch.chdir(tmp_path)
    assert lapel(*arguments) == status
    assert reason in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_command_trouble(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Trouble with files is said in words, with the file's name."""
    home = tmp_path / "authority"
    assert lapel("authority", home) == 0
    (tmp_path / "file").write_text("x")
    assert lapel("device", "cam-1", "--authority", home, "--out", tmp_path / "file" / "cam-1") == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
    assert lapel("settings", "--authority", home, "--set", "pre_event_s=1", "--into", tmp_path) == 1
    assert "has no settings.jws" in capsys.readouterr().err
    assert Authority.open(home).settings.payload["serial"] == 1


def test_settings_that_no_camera_would_take(tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """All problems at once, each with its key, before anything is made: a camera would fall back to the defaults for all of them."""
    home = tmp_path / "authority"
    wrong = ("--set", "pre_event_s=9999", "--set", "colour=red", "--set", "segment=5", "--set", "segment_s=5")
    assert lapel("authority", home, *wrong) == 1
    told = capsys.readouterr().err
    assert all(words in told for words in ("pre_event_s: expected", "colour: unknown", "did you mean segment_s?"))
    assert not home.exists()
    assert lapel("authority", home) == 0
    assert lapel("settings", "--authority", home, *wrong) == 1
    assert lapel("device", "cam-1", "--authority", home, "--out", tmp_path / "cam-1", *wrong) == 1
    assert Authority.open(home).settings.payload["serial"] == 1
    assert not (tmp_path / "cam-1").exists()


def test_settings_are_judged_together_with_those_from_before(
    tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is asked for now is allowed by itself, and too much with what was asked for last year."""
    home = tmp_path / "authority"
    assert lapel("authority", home, "--set", "pre_event_s=120") == 0
    capsys.readouterr()
    assert lapel("settings", "--authority", home, "--set", "bitrate=8000000") == 1
    told = capsys.readouterr().err
    assert "pre_event_s, queue_s, bitrate: buffer and queues would take 270 MiB of memory, and 160 may be spent" in told
    assert Authority.open(home).settings.payload["serial"] == 1
    assert lapel("settings", "--authority", home, "--set", "profile=1080p", "--set", "pre_event_s=30") == 0
    assert Authority.open(home).settings.payload["values"] == {"pre_event_s": 30, "profile": "1080p"}


def test_help(lapel: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Help shows a newcomer the whole way, and each command explains its options."""
    assert lapel("--help") == 0
    about = capsys.readouterr().out
    for what in ("authority", "device", "dock", "desk", "settings", "update", "bundle"):
        assert f"lapel provision {what} " in about
        assert lapel(what, "--help") == 0
        assert len(capsys.readouterr().out) > 300
