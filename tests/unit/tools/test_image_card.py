"""A board's card: made by Buildroot's own script with the real programs, and read by others."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.oracles import needs
from tools.image import card, root
from tools.image.trouble import ROOT, TREE, ImageError
from tools.vm import machine
from tools.vm.layout import MIB, SECTOR

EPOCH = "1700000000"
PATHS = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin", "/sbin"))
"""The scripts call a python3 of their own, which is Buildroot's on a build host: here it is the one that runs the tests."""
MAKES = ("genimage", "mcopy", "mke2fs", "mkfs.vfat", "sfdisk", "veritysetup")


def said(*command: str | Path, **more: str) -> str:
    """What a program prints."""
    environment = {**os.environ, "PATH": PATHS, "SOURCE_DATE_EPOCH": EPOCH, **more}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(place: Path) -> Path:
    """What Buildroot leaves of a Pi 4, in small: a root of 3 MiB, a kernel, the firmware."""
    (place / "rpi-firmware/overlays").mkdir(parents=True)
    (place / "rootfs.squashfs").write_bytes(b"hsqs" + bytes(range(256)) * 12_288 + bytes(4092))
    for name in ("Image", "bcm2711-rpi-4-b.dtb", "rpi-firmware/start4.elf", "rpi-firmware/overlays/dwc2.dtbo"):
        (place / name).write_text(name)
    (place / "rpi-firmware/bootcode.bin").write_text("only a Zero reads it")
    shutil.copy(TREE / "board/pi4/config.txt", place / "rpi-firmware/config.txt")
    return place


def written(path: Path) -> str:
    """A hash over what is written in a sparse file, and where: nearly all of a new card is not."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        at = 0
        while True:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return digest.hexdigest()
            at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            for place in range(begin, at, card.BLOCK):  # what is zero may be written or not
                if (data := os.pread(file.fileno(), card.BLOCK, place)).strip(b"\0"):
                    digest.update(f"{place}".encode() + data)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card and its parts, made once."""
    place = built(tmp_path_factory.mktemp("images"))
    said(TREE / "board/post-image.sh", place)
    return place


@needs(*MAKES)
def test_the_card_is_the_tables(images: Path) -> None:
    """Sfdisk finds each partition of the one table, which the virtual machine's card is made from too."""
    told = json.loads(said("sfdisk", "--json", images / "card.img"))["partitiontable"]
    found = [each for each in told["partitions"] if each["type"] not in {"5", "f"}]
    wanted = card.partitions()
    assert [(each["start"] * SECTOR, each["size"] * SECTOR) for each in found] == [
        (each.offset, each.size) for each in wanted
    ]
    assert [int(each["node"].rpartition("img")[2]) for each in found] == [each.number for each in wanted]
    assert told["id"] == f"{card.SIGNATURE:#x}"


@needs(*MAKES)
def test_the_same_files_give_the_same_card(images: Path, tmp_path: Path) -> None:
    """Byte for byte, whenever it is made."""
    place = built(tmp_path / "again")
    for path in place.rglob("*"):
        os.utime(path, (1, 1))
    said(TREE / "board/post-image.sh", place)
    for name in ("card.img", "root.img", "slot.img"):
        assert written(place / name) == written(images / name), name


@needs(*MAKES)
def test_each_slot_mounts_its_own_root_by_its_hashes(images: Path, tmp_path: Path) -> None:
    """Veritysetup agrees with what the kernel is told, block for block, and finds a byte that was changed."""
    for slot, end in card.SLOTS.items():
        line = said("mtype", "-i", images / "slot.img", f"::cmdline-{end}.txt")
        table = re.search(
            r'dm-mod.create="root,,,ro,0 (\d+) verity 1 (\S+) (\S+) 4096 4096 (\d+) (\d+) sha256 (\S+) (\S+)"', line
        )
        assert table is not None
        sectors, data, hashes, blocks, first, digest, salt = table.groups()
        assert data == hashes == card.device(f"root-{end}")
        assert int(sectors) * SECTOR == int(blocks) * card.BLOCK == (images / "rootfs.squashfs").stat().st_size
        assert f"rauc.slot={slot}" in line
        assert "console" not in line
        verify = ["veritysetup", "verify", "--no-superblock", f"--data-blocks={blocks}", f"--salt={salt}"]
        verify += [f"--hash-offset={int(first) * card.BLOCK}", "--data-block-size=4096", "--hash-block-size=4096"]
        said(*verify, images / "root.img", images / "root.img", digest)
        other = bytearray((images / "root.img").read_bytes())
        other[1_000_000] ^= 1
        (tmp_path / "root.img").write_bytes(other)
        with pytest.raises(AssertionError, match="Verification failed"):
            said(*verify, tmp_path / "root.img", tmp_path / "root.img", digest)


@needs(*MAKES)
def test_the_boot_partitions_hold_what_the_firmware_reads(images: Path) -> None:
    """The first one chooses, in one sector; a slot's has the kernel and both command lines, and the firmware takes its own."""
    chooser = said("mtype", "-i", images / "boot.vfat", "::autoboot.txt")
    assert chooser == card.autoboot()
    assert len(chooser) < SECTOR
    listed = said("mdir", "-b", "-/", "-i", images / "slot.img", "::").splitlines()
    assert set(listed) >= {
        f"::/{name}" for name in ("Image", "cmdline-a.txt", "cmdline-b.txt", "config.txt", "start4.elf")
    }
    assert "::/overlays/dwc2.dtbo" in listed
    assert "::/bootcode.bin" not in listed
    assert "::/bootcode.bin" in said("mdir", "-b", "-i", images / "boot.vfat", "::").splitlines()


@needs(*MAKES)
def test_secure_boot_finds_one_signed_file(tmp_path: Path) -> None:
    """Kernel, firmware and both command lines are inside what is signed; beside it stands what a Pi 5 looks for, empty."""
    place = built(tmp_path / "images")
    (tmp_path / "sign").write_text('#!/bin/sh\nsha256sum <"$1" >"$2"\n')
    (tmp_path / "sign").chmod(0o755)
    said(TREE / "board/post-image.sh", place, LAPEL_SIGN_BOOT=str(tmp_path / "sign"))
    assert said("mdir", "-b", "-i", place / "slot.img", "::").splitlines() == [
        "::/boot.img",
        "::/boot.sig",
        "::/config.txt",
    ]
    for name in ("boot.img", "boot.sig", "config.txt"):
        said("mcopy", "-i", place / "slot.img", f"::{name}", tmp_path)
    signed = (tmp_path / "boot.img").read_bytes()
    assert (tmp_path / "boot.sig").read_text().split()[0] == hashlib.sha256(signed).hexdigest()
    assert (tmp_path / "config.txt").read_bytes() == b""
    listed = said("mdir", "-b", "-i", tmp_path / "boot.img", "::").splitlines()
    assert {"::/Image", "::/cmdline-a.txt", "::/cmdline-b.txt", "::/config.txt"} <= set(listed)


@pytest.mark.parametrize("board", ["zero2w", "pi4", "pi5"])
def test_the_firmware_chooses_the_command_line_by_the_slot(board: str) -> None:
    """By the partition that it was started from; and nothing stands behind a filter by mistake."""
    lines = (TREE / "board" / board / "config.txt").read_text(encoding="utf-8").splitlines()
    assert lines[-5:] == [
        f"[boot_partition={card.by_label('boot-a').number}]",
        "cmdline=cmdline-a.txt",
        f"[boot_partition={card.by_label('boot-b').number}]",
        "cmdline=cmdline-b.txt",
        "[all]",
    ]
    assert not any(line.startswith("[") for line in lines[:-5])
    assert {
        "dtoverlay=disable-wifi",
        "dtoverlay=disable-bt",
        "dtoverlay=dwc2,dr_mode=peripheral",
        "kernel=Image",
    } <= set(lines)
    assert all(len(line) <= 98 for line in lines if not line.startswith("#"))  # the firmware reads no further


def test_each_board_is_told_what_its_wiring_needs() -> None:
    """The page on wiring says which lines: they stand in what the firmware of these boards reads, and charging a cell stands in none."""
    page = (ROOT / "docs/wiring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*=[^|]*) \| [^|]* \| ([^|]*) \|$", page, re.MULTILINE)
    assert len(rows) >= 9
    names = {"zero2w": "Zero 2 W", "pi4": "Pi 4", "pi5": "Pi 5"}
    for board, name in names.items():
        told = (TREE / "board" / board / "config.txt").read_text(encoding="utf-8").splitlines()
        wanted = {
            line
            for lines, boards in rows
            if boards == "all" or name in boards
            for line in re.findall(r"`([^`]+)`", lines)
        }
        charging = {line for line in wanted if "rtc_bbat_vchg" in line}
        assert wanted - charging <= set(told), board
        assert charging.isdisjoint(told)


def test_the_virtual_machine_starts_the_same_slot() -> None:
    """Its root is the table's too."""
    it = Path("/x")
    parts = machine.Parts(kernel=it, first=it, card=it, board=it, tree=it)
    assert f"root=/dev/vda{card.by_label('root-a').number} " in " ".join(machine.command(parts, it))


def test_a_root_that_fits_no_slot_is_refused() -> None:
    """So is a hash that is none."""
    with pytest.raises(ImageError, match=r"verity: root: 'x' is no SHA-256"):
        card.Hashed(1, "x", "0" * 64)
    with pytest.raises(ImageError, match="verity: blocks: 65536 do not fit a slot"):
        card.Hashed(256 * MIB // card.BLOCK, "0" * 64, "0" * 64)


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Who signs firmware, by a root of its own, and somebody else of that root."""
    place = tmp_path_factory.mktemp("signers")
    made = {name: place / name for name in ("root.pem", "code.pem", "code.key", "other.pem")}
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    said("openssl", "req", "-x509", *key, "-keyout", place / "root.key", "-subj", "/CN=root", "-out", made["root.pem"])
    said("openssl", "req", *key, "-keyout", made["code.key"], "-subj", "/CN=firmware", "-out", place / "request")
    for name, purpose in (("code.pem", "codeSigning"), ("other.pem", "clientAuth")):
        (place / "extensions").write_text(f"extendedKeyUsage=critical,{purpose}\n")
        ca: list[str | Path] = ["-CA", made["root.pem"], "-CAkey", place / "root.key", "-extfile", place / "extensions"]
        said("openssl", "x509", "-req", "-in", place / "request", *ca, "-out", made[name])
    return made


@needs("openssl", "rauc", *MAKES)
def test_rauc_takes_a_bundle_of_the_firmwares_signer_alone(
    images: Path, signers: Mapping[str, Path], tmp_path: Path
) -> None:
    """RAUC reads our system.conf, holds both images, and refuses whoever else that root has certified."""
    output = tmp_path / "out"
    (output / "images").mkdir(parents=True)
    for name in ("root.img", "slot.img"):
        os.link(images / name, output / "images" / name)
    (tmp_path / "system.conf").write_text(card.rauc("pi4"))
    info: list[str | Path] = [
        "rauc",
        "-c",
        tmp_path / "system.conf",
        f"--keyring={signers['root.pem']}",
        "info",
        "--output-format=json",
    ]
    made = (
        said(TREE / "board/bundle.sh", "pi4", output, "1", signers["code.pem"], signers["code.key"])
        .strip()
        .splitlines()[-1]
    )
    told = json.loads(said(*info, made).splitlines()[-1])
    assert (told["compatible"], told["version"]) == ("lapel-pi4", "1")
    named = {name: image["filename"] for each in told["images"] for name, image in each.items()}
    assert named == {"rootfs": "root.img", "boot": "slot.img"}
    foreign = (
        said(TREE / "board/bundle.sh", "pi4", output, "2", signers["other.pem"], signers["code.key"])
        .strip()
        .splitlines()[-1]
    )
    with pytest.raises(AssertionError, match="unsuitable certificate purpose"):
        said(*info, foreign)


def test_each_slot_is_raucs_too() -> None:
    """Root and boot partition of a slot are one to RAUC, and no two slots share a device."""
    text = card.rauc("zero2w")
    devices = re.findall(r"^device=(\S+)$", text, re.MULTILINE)
    assert devices == [card.device(label) for label in ("root-a", "boot-a", "root-b", "boot-b")]
    assert len(set(devices)) == 4
    assert "compatible=lapel-zero2w\n" in text
    handler = re.search(r"bootloader-custom-backend=(\S+)", text)
    assert handler is not None
    assert os.access(TREE / "board/overlay" / handler[1].lstrip("/"), os.X_OK)


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def pem_key() -> str:
    """A private key as OpenSSL writes it."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()


def a_root(place: Path) -> Path:
    """A root as Buildroot would hand it over, in small."""
    files = {
        "etc/shadow": "root:*:::::::\nlapel:!:::::::\n",
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "usr/lib/python3.14/site-packages/firmware/__main__.py": "",
        "usr/lib/systemd/system-generators/systemd-getty-generator": "",
        "usr/lib/tmpfiles.d/lapel.conf": "",
        "usr/lib/tmpfiles.d/etc.conf": "",
        "usr/sbin/agetty": "",
        "usr/sbin/rauc": "",
        "usr/lib/libcrypto.so.3": "-----BEGIN PRIVATE KEY-----\0AGE-SECRET-KEY-1\0",  # words of a program
        "etc/rauc/keyring.pem": CERTIFICATE,
    }
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    (place / "usr/sbin/telnetd").symlink_to("../bin/busybox")
    return place


def test_what_no_camera_has_is_taken_out(tmp_path: Path) -> None:
    """By the virtual camera's list, so that both start the same; what partitions are mounted on is made."""
    place = a_root(tmp_path)
    gone = root.tidy(place)
    root.mount_points(place)
    assert gone == [
        "usr/lib/systemd/system-generators/systemd-getty-generator",
        "usr/lib/tmpfiles.d/etc.conf",
        "usr/sbin/agetty",
        "usr/sbin/telnetd",
    ]
    assert (place / "usr/lib/tmpfiles.d/lapel.conf").is_file()
    assert (place / "var/lib/lapel/evidence").is_dir()
    root.held_closed(place)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("etc/shadow", "root::::::::\n", "etc/shadow: root: can log in"),
        ("etc/shadow", "root:$5$x$y:::::::\n", "etc/shadow: root: can log in"),
        ("etc/passwd", "root::0:0:root:/root:/bin/sh\n", "etc/passwd: root: has a password"),
        ("usr/sbin/dropbear", "", "usr/sbin/dropbear: is there"),
        ("etc/rauc/keyring.pem", f"{CERTIFICATE}{pem_key()}", "etc/rauc/keyring.pem: holds a private key"),
        ("usr/share/x", f"# {pyrage.x25519.Identity.generate()}", "usr/share/x: holds a private key"),
        ("usr/lib/python3.14/site-packages/tools/__init__.py", "", "tools/: is there"),
        ("usr/lib/python3.14/site-packages/hal/sim/build.py", "", "hal/sim/: is there"),
    ],
    ids=lambda text: text[:18],  # no key is the same the next time
)
def test_a_root_with_an_open_door_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    """The build ends there, and says which."""
    place = a_root(tmp_path)
    root.tidy(place)
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text)
    with pytest.raises(ImageError, match=re.escape(says)):
        root.held_closed(place)


def test_a_root_without_its_service_is_refused(tmp_path: Path) -> None:
    """An image that starts and records nothing would be the worst of all."""
    place = a_root(tmp_path)
    root.tidy(place)
    shutil.rmtree(place / "usr/lib/python3.14/site-packages/firmware")
    with pytest.raises(ImageError, match="the service is not there"):
        root.held_closed(place)


def test_buildroots_script_makes_a_root_a_cameras(tmp_path: Path) -> None:
    """Post-build.sh with a stand-in for the host's Python: RAUC's configuration, the certificate, what the system says it is."""
    place = a_root(tmp_path / "target")
    (tmp_path / "host/bin").mkdir(parents=True)
    (tmp_path / "host/bin/python3").symlink_to(sys.executable)
    (tmp_path / "config").write_text('BR2_LAPEL_BOARD="pi5"\nBR2_LAPEL_VERSION="0.1.0"\n')
    (tmp_path / "root.pem").write_text("certificate")
    told = {"HOST_DIR": str(tmp_path / "host"), "BR2_CONFIG": str(tmp_path / "config"), "LAPEL_COMMIT": "cafe"}
    run: Sequence[str | Path] = [TREE / "board/post-build.sh", place]
    assert "this image takes no update" in said(*run, **told)
    assert not (place / "etc/rauc/keyring.pem").exists()
    said(*run, **told, LAPEL_KEYRING=str(tmp_path / "root.pem"))
    assert (place / "etc/rauc/keyring.pem").read_text() == "certificate"
    assert (place / "etc/rauc/system.conf").read_text() == card.rauc("pi5")
    assert "BUILD_ID=cafe\nVARIANT_ID=pi5\n" in (place / "usr/lib/os-release").read_text()
    (place / "etc/shadow").write_text("root::::::::\n")
    with pytest.raises(AssertionError, match="this root is open"):
        said(*run, **told)
