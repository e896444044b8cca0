"""Writing a card: what is refused, what ends up on it, and what a person is told; on files, and on a block device of the kernel's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.evidence.jws import FILE_LIMIT
from tests.oracles import needs
from tools.__main__ import main
from tools.flash import card, writing
from tools.flash.disks import LARGEST, Disk, block, refusals
from tools.flash.enrolled import EnrolmentError, read
from tools.provision.authority import create_authority
from tools.provision.enrol import enrol_device
from tools.vm import disk
from tools.vm.layout import MIB, SECTOR, card_bytes, parse

pytestmark = needs("sfdisk", "mke2fs", "debugfs", "e2fsck")
CARD = Disk(Path("/dev/sdb"), "fixed disk", 32 << 30, "sdb", removable=True, readonly=False, model="Reader")
MORE = 20  # MiB more than the smallest card has, of the card that tests write


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cameras' own table, with small partitions."""
    text = card.TABLE.read_text(encoding="utf-8")
    text = re.sub(r"mib = \d+", "mib = 3", text)
    path = tmp_path / "partitions.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(card, "TABLE", path)
    return path


@pytest.fixture
def image(table: Path, tmp_path: Path) -> Path:
    """An image of a camera, its root a pattern."""
    root = tmp_path / "root"
    root.write_bytes(bytes(i % 251 for i in range(2 * MIB + 100)))
    made = tmp_path / "lapel.img"
    disk.make(made, parse(table.read_text(encoding="utf-8")), images={"root-a": root}, trees={})
    return made


@pytest.fixture
def blank(table: Path, tmp_path: Path) -> Path:
    """A card that somebody used before: no byte of it is nought."""
    path = tmp_path / "card"
    path.write_bytes(b"\xa5" * (card_bytes(parse(table.read_text(encoding="utf-8"))) + MORE * MIB))
    return path


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an authority gave two cameras."""
    at = tmp_path_factory.mktemp("people")
    authority = create_authority(at / "authority", "Test")
    for name in ("cam-1", "cam-2"):
        authority = enrol_device(authority, name, at / name)
    return at


@pytest.mark.parametrize(
    ("facts", "says", "forced"),
    [
        ({"whole": "sda", "path": Path("/dev/sda1")}, "is a partition of sda: name the whole disk, /dev/sda", False),
        ({"mounts": ("/", "/srv")}, "carries the system that runs here (/, /srv)", False),
        ({"swaps": ("swap on /dev/sdb2",)}, "carries the system that runs here (swap on /dev/sdb2)", False),
        ({"readonly": True}, "is read-only", False),
        ({"size": 100 << 20}, "is too small: it has 0.1 GB, a camera needs 1.0 GB", False),
        ({"mounts": ("/media/card",)}, "is mounted at /media/card", True),
        ({"removable": False}, "is no removable disk but a fixed disk", True),
        ({"size": LARGEST + 1}, "is larger than any camera's card should be", True),
    ],
)
def test_what_is_refused(facts: dict[str, object], says: str, forced: bool) -> None:  # noqa: FBT001 - a row of the table
    """Each rule says what is wrong; who insists gets past those alone that guard against a mistake."""
    assert refusals(CARD, 10**9) == []
    wrong = replace(CARD, **facts)  # type: ignore[arg-type]  # each row has the right type for its name
    assert refusals(wrong, 10**9)[0].startswith(says)
    assert (refusals(wrong, 10**9, force=True) == []) is forced


def _kernel(root: Path, number: str, *, removable: str, disk_type: str = "") -> tuple[Path, Path]:
    """What the kernel tells of a disk with two partitions, an encrypted volume on the second one, and a swap on the first."""
    sys, proc = root / "sys", root / "proc"
    top = sys / "devices" / "disk" / "sdz"
    files = {
        top: {
            "removable": removable,
            "size": "2000000",
            "ro": "0",
            "dev": number,
            "device/model": "A Card",
            "device/vendor": "0x1af4",
        },
        top / "sdz1": {"partition": "1", "size": "1000", "ro": "0", "dev": "250:1"},
        top / "sdz2": {"partition": "2", "size": "1000", "ro": "0", "dev": "250:2"},
        sys / "devices" / "dm-7": {"dev": "251:7", "size": "1000", "ro": "0"},
    }
    if disk_type:
        files[top]["device/type"] = disk_type
    for at, told in files.items():
        for name, text in told.items():
            (at / name).parent.mkdir(parents=True, exist_ok=True)
            (at / name).write_text(f"{text}\n")
    (top / "sdz2" / "holders").mkdir()
    (top / "sdz2" / "holders" / "dm-7").symlink_to(sys / "devices" / "dm-7")
    (sys / "dev" / "block").mkdir(parents=True)
    (sys / "dev" / "block" / number).symlink_to(top)
    (sys / "dev" / "block" / "250:1").symlink_to(top / "sdz1")
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "mountinfo").write_text(
        "21 1 254:0 / / rw - ext4 /dev/vda rw\n30 21 251:7 / /media/my\\040card rw - ext4 /dev/dm-7 rw\n"
    )
    (proc / "swaps").write_text("Filename Type Size Used Priority\n/dev/sdz1 partition 1000 0 -2\n")
    return sys, proc


@pytest.mark.parametrize(
    ("removable", "disk_type", "is_card"), [("1", "", True), ("0", "SD", True), ("0", "MMC", False), ("0", "", False)]
)
def test_what_the_kernel_tells(tmp_path: Path, removable: str, disk_type: str, is_card: bool) -> None:  # noqa: FBT001 - a row of the table
    """Mounts through volumes upon partitions, swaps, and which disks are cards: an SD slot's is, built-in memory is not."""
    sys, proc = _kernel(tmp_path, "250:0", removable=removable, disk_type=disk_type)
    found = block(Path("/dev/sdz"), "250:0", sys=sys, proc=proc)
    assert (found.size, found.whole, found.removable) == (2000000 * SECTOR, "sdz", is_card)
    assert found.mounts == ("/media/my card",)
    assert found.swaps == ("swap on /dev/sdz1",)
    assert found.title == "/dev/sdz (A Card, 1.0 GB)"
    part = block(Path("/dev/sdz1"), "250:1", sys=sys, proc=proc)
    assert (part.whole, part.size, part.mounts) == ("sdz", 1000 * SECTOR, found.mounts)


def test_what_is_on_the_card(image: Path, blank: Path, people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Slots, enrolment and an empty evidence partition that takes the whole rest, as sfdisk, debugfs and e2fsck see it."""
    arguments = [
        "flash",
        str(blank),
        "--image",
        str(image),
        "--enrolment",
        str(people / "cam-1"),
        "--force",
        "--yes",
        "--json",
    ]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["device"], told["key"]) == ("cam-1", "on the card")
    seen = json.loads(_said("sfdisk", "--json", str(blank)))["partitiontable"]["partitions"]
    layout = card.Layout.least().on(blank.stat().st_size)
    assert [(row["start"] * SECTOR, row["size"] * SECTOR) for row in seen if row["type"] != "5"] == [
        (each.offset, each.size) for each in layout.partitions
    ]
    assert layout.size == blank.stat().st_size
    data, made = blank.read_bytes(), image.read_bytes()
    config = next(each for each in layout.partitions if each.label == card.CONFIG)
    for each in layout.partitions[: layout.partitions.index(config)]:
        assert data[each.offset : each.offset + each.size] == made[each.offset : each.offset + each.size]
    assert disk.names(blank, offset=config.offset) == sorted(each.name for each in (people / "cam-1").iterdir())
    key = _said("debugfs", "-R", "cat device.key.pem", f"{blank}?offset={config.offset}")
    assert key == (people / "cam-1" / "device.key.pem").read_text()
    assert "Mode:  0600" in _said("debugfs", "-R", "stat device.key.pem", f"{blank}?offset={config.offset}")
    for each in (config, layout.evidence):
        _said("e2fsck", "-fn", f"{blank}?offset={each.offset}")
    assert disk.names(blank, offset=layout.evidence.offset) == []


def test_a_card_pulled_out_half_written_does_not_start(image: Path, blank: Path) -> None:
    """What makes it one that starts is written last."""

    class PulledError(Exception):
        pass

    def pull(_: int) -> None:
        raise PulledError

    with card.planned(image, blank.stat().st_size, None) as (plan, layout), writing.alone(blank) as handle:
        with pytest.raises(PulledError):
            writing.write(plan, layout.evidence.offset, handle, pull)
        assert subprocess.run([_found("sfdisk"), "--dump", blank], capture_output=True, check=False).returncode != 0
        writing.write(plan, layout.evidence.offset, handle, lambda _: None)
        _said("sfdisk", "--dump", str(blank))


@pytest.mark.parametrize("at", [0, 5000, writing.BLOCK, 9 * MIB - 1])
def test_a_card_that_forgets_is_found(image: Path, blank: Path, at: int) -> None:
    """One byte that is not what was written, anywhere, is named; all that was done is heard of."""
    heard: list[int] = []
    with card.planned(image, blank.stat().st_size, None) as (plan, layout), writing.alone(blank) as handle:
        size = layout.evidence.offset
        writing.write(plan, size, handle, heard.append)
        assert sum(heard) == size
        writing.read_back(plan, size, handle, heard.append)
        assert sum(heard) == 2 * size
        byte = os.pread(handle, 1, at)
        os.pwrite(handle, bytes([byte[0] ^ 1]), at)
        with pytest.raises(writing.DifferentError, match=f"byte {at} is not what was written"):
            writing.read_back(plan, size, handle, heard.append)


def test_an_image_that_is_none(image: Path, blank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another system's image, one that was cut short, one that is not what its sum says: nothing is written."""
    before = blank.read_bytes()
    other = tmp_path / "other.img"
    other.write_bytes(bytes(40 * MIB))
    short = tmp_path / "short.img"
    short.write_bytes(image.read_bytes()[: 5 * MIB])
    sums = tmp_path / card.SUMS
    for wrong, told, says in (
        (other, None, "is no image of a Lapel camera"),
        (short, None, "is no image"),
        (image, "0" * 64, "is not what SHA256SUMS says"),
        (other, "0" * 64, "has no sum of other.img"),
    ):
        if told is not None:
            sums.write_text(f"{'1' * 64}  root.img\n{told}  {image.name}\n")
        assert main(["flash", str(blank), "--image", str(wrong), "--force", "--yes"]) == 1
        assert says in capsys.readouterr().err
    assert blank.read_bytes() == before
    sums.write_text(_said("sha256sum", str(image)).replace(f"{image.parent}/", ""))
    card.check(image)


def test_nobody_is_asked_and_nothing_is_written(
    image: Path, blank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal, `--yes` has to be said; with one, the disk's own name."""
    before = blank.read_bytes()
    arguments = ["flash", str(blank), "--image", str(image), "--force"]
    assert main(arguments) == 1
    assert "--yes" in capsys.readouterr().err

    class Terminal:
        def __init__(self, line: str) -> None:
            self.readline, self.isatty = lambda: line, lambda: True

    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert main(arguments) == 1
    assert blank.read_bytes() == before
    monkeypatch.setattr("sys.stdin", Terminal(f"{blank.name}\n"))
    assert main(arguments) == 0
    assert "Not enrolled" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda at, _: (at / "root.crt.pem").unlink(), "root.crt.pem missing"),
        (lambda at, _: (at / "notes.txt").touch(), "notes.txt has no place on a camera"),
        (lambda at, other: shutil.copy(other / "device.key.pem", at), "is not the key that device.crt.pem is for"),
        (lambda at, _: (at / "settings.jws").write_bytes(b"{}"), "settings.jws"),
        (lambda at, _: (at / "settings.jws").write_bytes(b"x" * (FILE_LIMIT + 1)), "has more than"),
        (lambda at, _: shutil.copy(at / "root.crt.pem", at / "device.crt.pem"), "device.crt.pem"),
    ],
)
def test_an_enrolment_that_is_none(people: Path, tmp_path: Path, spoil: object, says: str) -> None:
    """What a camera would not take is refused here."""
    at = shutil.copytree(people / "cam-1", tmp_path / "cam-1")
    assert read(at).device == "cam-1"
    spoil(at, people / "cam-2")  # type: ignore[operator]  # rows of different makes
    with pytest.raises(EnrolmentError, match=re.escape(says)):
        read(at)


@pytest.fixture
def looped(blank: Path) -> Iterator[Path]:
    """The card as a block device of this kernel's."""
    made = subprocess.run(["losetup", "--find", "--show", blank], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip("no loop device can be made here: that needs root")
    device = Path(made.stdout.strip())
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


def test_a_block_device(
    image: Path, looped: Path, blank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real one: refused as no removable disk, and while it is mounted; unmounted, written and read back for who insists."""
    arguments = ["flash", str(looped), "--image", str(image), "--yes"]
    assert main(arguments) == 1
    assert "is no removable disk" in capsys.readouterr().err
    subprocess.run([_found("mke2fs"), "-q", "-F", looped], check=True)
    mounted = tmp_path / "mounted here"
    mounted.mkdir()
    subprocess.run(["mount", looped, mounted], check=True)
    try:
        assert main(arguments) == 1
        assert f"is mounted at {mounted}" in capsys.readouterr().err
        with pytest.raises(OSError, match="busy"), writing.alone(looped):
            pass
        assert main([*arguments, "--force"]) == 0
    finally:
        subprocess.run(["umount", mounted], check=False, capture_output=True)
    layout = card.Layout.least().on(blank.stat().st_size)
    _said("e2fsck", "-fn", f"{looped}?offset={layout.evidence.offset}")


def _found(program: str) -> str:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or program


def _said(program: str, *arguments: str) -> str:
    return subprocess.run([_found(program), *arguments], capture_output=True, text=True, check=True).stdout
