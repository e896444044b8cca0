"""The card's layout: one table, held against sfdisk, fstab and debugfs, which others wrote."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.vm import disk
from tools.vm.layout import MIB, SECTOR, card_bytes, parse, script
from tools.vm.trouble import VmError

TREE = Path(__file__).parents[3] / "buildroot"
TABLE = (TREE / "partitions.toml").read_text(encoding="utf-8")


def test_no_partitions_overlap_and_each_starts_on_a_mebibyte() -> None:
    """Cards erase in large blocks, and what overlaps is lost."""
    partitions = parse(TABLE)
    ends = [0, *(each.offset + each.size for each in partitions)]
    assert all(each.offset >= end + MIB * (each.number > 4) for each, end in zip(partitions, ends, strict=False))
    assert all(each.offset % MIB == 0 == each.size % SECTOR for each in partitions)
    assert [each.number for each in partitions] == [1, 2, 3, 5, 6, 7, 8]


def test_both_slots_hold_the_same() -> None:
    """An update fits where the running system does."""
    sizes = {each.label: each.size for each in parse(TABLE)}
    assert sizes["root-a"] == sizes["root-b"]


def test_fstab_mounts_what_the_table_says() -> None:
    """Each partition that is mounted is in the one fstab, and nothing on it can be a device or a program."""
    rows = [line.split() for line in (TREE / "overlay/etc/fstab").read_text().splitlines() if line.startswith("LABEL")]
    assert {row[0]: row[1:3] for row in rows} == {
        f"LABEL={each.label}": [each.mount, each.filesystem] for each in parse(TABLE) if each.mount
    }
    assert all({"nodev", "nosuid", "noexec"} <= set(row[3].split(",")) for row in rows)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('label = "root-b"', 'label = "root-a"'), "root-a: is there twice"),
        (('label = "boot"', 'label = "Boot!"'), "label: 'Boot!' is none"),
        (('filesystem = "vfat"', 'filesystem = "ntfs"'), "boot: filesystem: one of vfat, squashfs, ext4, not ntfs"),
        (("mib = 32", "mib = 0"), "boot: mib: 0 is no size"),
        (("mib = 32", "mib = true"), "boot: mib: True is no int"),
        (("mount = ", "muont = "), "config: muont: is not known"),
    ],
)
def test_a_wrong_table_is_refused(change: tuple[str, str], says: str) -> None:
    """What is wrong is named, before anything is written."""
    assert change[0] in TABLE
    with pytest.raises(VmError, match=re.escape(says)):
        parse(TABLE.replace(*change))


def test_the_last_partition_takes_what_there_is() -> None:
    """A larger card gives more evidence, a smaller one is refused."""
    assert parse(TABLE, last_mib=4096)[-1].size == 4096 * MIB
    with pytest.raises(VmError, match="evidence: needs 256 MiB, not 100"):
        parse(TABLE, last_mib=100)


@needs("sfdisk", "mke2fs", "debugfs", "e2fsck")
def test_others_read_the_card_as_it_was_meant(tmp_path: Path) -> None:
    """Sfdisk finds each partition where the table puts it, debugfs finds in each ext4 what was put there, and e2fsck nothing."""
    config, root = tmp_path / "config", tmp_path / "root.squashfs"
    config.mkdir()
    (config / "root.pem").write_text("it")
    root.write_bytes(b"hsqs" + bytes(3 * MIB) + b"end")
    card, partitions = tmp_path / "card.img", parse(TABLE)
    disk.make(card, partitions, images={"root-a": root}, trees={"config": config})
    told = json.loads(subprocess.run(["/sbin/sfdisk", "--json", card], capture_output=True, check=True).stdout)
    found = [each for each in told["partitiontable"]["partitions"] if each["type"] != "5"]
    assert [(each["start"] * SECTOR, each["size"] * SECTOR) for each in found] == [
        (each.offset, each.size) for each in partitions
    ]
    assert card.stat().st_size == card_bytes(partitions)
    by_label = {each.label: each for each in partitions}
    assert disk.names(card, offset=by_label["config"].offset) == ["root.pem"]
    assert disk.names(card, offset=by_label["evidence"].offset) == []
    with card.open("rb") as file:
        file.seek(by_label["root-a"].offset)
        assert file.read(root.stat().st_size) == root.read_bytes()
    for each in (by_label["config"], by_label["evidence"]):
        checked = subprocess.run(
            ["/sbin/e2fsck", "-fn", f"{card}?offset={each.offset}"], capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
    copied = tmp_path / "copy.img"
    disk.copy(card, copied)
    assert subprocess.run(["cmp", card, copied], check=False).returncode == 0
    assert copied.stat().st_blocks * 512 < 64 * MIB


@needs("sfdisk")
def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    """A root that is larger than its slot would overwrite the next one."""
    root = tmp_path / "root.squashfs"
    with root.open("wb") as file:
        file.truncate(257 * MIB)
    with pytest.raises(VmError, match="root-a holds"):
        disk.make(tmp_path / "card.img", parse(TABLE), images={"root-a": root}, trees={})


def test_sfdisk_is_told_sectors() -> None:
    """The extended partition holds the tables of the logical ones too."""
    lines = script(parse(TABLE)).splitlines()
    assert lines[3] == "start=2048, size=65536, type=c"
    assert sum("type=5" in line for line in lines) == 1
