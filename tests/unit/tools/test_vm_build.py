"""What the virtual camera is built of: packages, kernel modules, accounts, the service's wheel; without building one."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.vm import build, kernel, lock, machine, rootfs, trouble
from tools.vm.hands import Hands, read_board
from tools.vm.packages import Package, configuration, mirror, parse_fetches
from tools.vm.steps import Steps, key_of
from tools.vm.trouble import UnreachableError, VmError
from tools.vm.wires import Seen

ROOT = Path(__file__).parents[3]
URIS = """Reading package lists...
'http://x.example/debian/pool/main/g/gmp/libgmp10_6.2.1%2bdfsg1-1.1_arm64.deb' libgmp10_2%3a6.2.1+dfsg1-1.1_arm64.deb 537920 SHA256:ab
'http://x.example/debian/pool/main/b/bash/bash_5.2.15-2+b9_arm64.deb' bash_5.2.15-2+b9_arm64.deb 1471604 SHA256:cd
"""


def test_what_apt_would_fetch_is_read() -> None:
    """Name, version, size and hash of each package, in apt's order."""
    assert parse_fetches(URIS) == [
        Package("libgmp10_2%3a6.2.1+dfsg1-1.1_arm64.deb", 537920, "SHA256:ab"),
        Package("bash_5.2.15-2+b9_arm64.deb", 1471604, "SHA256:cd"),
    ]
    assert [(each.name, each.version) for each in parse_fetches(URIS)] == [
        ("libgmp10", "2:6.2.1+dfsg1-1.1"),
        ("bash", "5.2.15-2+b9"),
    ]


def test_nothing_to_fetch_is_no_camera() -> None:
    """A mirror that knows none of the packages is told, and so is one without hashes."""
    with pytest.raises(VmError, match="names no packages"):
        parse_fetches("Reading package lists...\n")
    for none in ("-", ""):
        with pytest.raises(VmError, match="no hash for bash_5"):
            parse_fetches(URIS.replace("SHA256:cd", none))


def test_the_mirror_is_the_hosts() -> None:
    """The first that is Debian's; where there is none the way out is named."""
    told = "http://other.example/ubuntu/\nhttp://one.example/debian/\nhttp://two.example/debian\n"
    assert mirror(told) == "http://one.example/debian/"
    with pytest.raises(VmError, match="make ... VM_MIRROR="):
        mirror("http://other.example/ubuntu/\nhttp://security.example/debian-security/\n")


@pytest.mark.skipif(shutil.which("apt-config") is None, reason="apt-config is missing (no Debian)")
def test_apt_reads_nothing_of_the_hosts(tmp_path: Path) -> None:
    """Apt itself says where it would look: below the one directory."""
    for name in ("etc", "state", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "apt.conf").write_text(configuration(tmp_path))
    asked = ["Dir::State::status/f", "Dir::Etc::sourcelist/f", "Dir::Etc::sourceparts/d", "Dir::Cache::archives/d"]
    command = ["apt-config", "shell", *[word for number, each in enumerate(asked) for word in (f"V{number}", each)]]
    told = subprocess.run(
        command,
        env={"APT_CONFIG": str(tmp_path / "apt.conf"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert len(re.findall(rf"='{tmp_path}/", told)) == len(asked)


def test_modules_come_after_what_they_need() -> None:
    """The order of modules.dep is the other way round; what is built in is left out, what is not there is named."""
    told = kernel.parse_dependencies(
        "a/ext4.ko: a/jbd2.ko a/crc16.ko\na/jbd2.ko:\na/crc16.ko:\na/usb-acm.ko: a/jbd2.ko\n"
    )
    assert kernel.order(told, ["k/virtio_pci.ko"], ["virtio_pci", "ext4", "usb_acm"]) == [
        "a/crc16.ko",
        "a/jbd2.ko",
        "a/ext4.ko",
        "a/usb-acm.ko",
    ]
    with pytest.raises(VmError, match="no module squashfs"):
        kernel.order(told, [], ["squashfs"])


def test_the_archive_is_the_kernels_form() -> None:
    """Each header and each content begins at a multiple of four, and the end is marked."""
    packed = kernel.archive({"init": kernel.Entry(0o100755, b"12345"), "bin": kernel.Entry(0o040755)})
    assert len(packed) % 4 == 0
    assert packed[:6] == b"070701"
    names = [packed[at + 110 : at + 114] for at in range(0, len(packed), 4) if packed[at : at + 6] == b"070701"]
    assert names == [b"init", b"bin\0", b"TRAI"]


@needs("cpio")
def test_cpio_unpacks_the_archive(tmp_path: Path) -> None:
    """Another program finds the same files, contents and modes."""
    packed = kernel.archive({"bin": kernel.Entry(0o040755), "bin/it": kernel.Entry(0o100750, b"12345")})
    subprocess.run(["cpio", "-id", "--quiet"], input=packed, cwd=tmp_path, check=True)
    assert (tmp_path / "bin/it").read_bytes() == b"12345"
    assert (tmp_path / "bin/it").stat().st_mode & 0o777 == 0o750


PASSWD = "root:*:0:0:root:/root:/bin/bash\ndaemon:*:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
GROUP = "root:*:0:\ndialout:*:20:\nvideo:*:44:\n"


def test_nobody_can_log_in() -> None:
    """The service's account is in its groups; no account has a password or a shell."""
    users = (ROOT / "buildroot/users.txt").read_text(encoding="utf-8")
    told = rootfs.accounts(users, PASSWD, GROUP)
    people = [line.split(":") for line in told["passwd"].splitlines()]
    assert [each[0] for each in people] == ["root", "daemon", "lapel"]
    assert all(each[1] == "*" and each[6] == "/usr/sbin/nologin" for each in people)
    assert all(line.split(":")[1] == "*" for line in told["shadow"].splitlines())
    assert "dialout:*:20:lapel" in told["group"].splitlines()
    assert "lapel:*:900:" in told["group"].splitlines()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("me 900 me 900 secret /home - - Me", "me: has a password"),
        ("me 900 me 900 * /home -", "is not of the form"),
        ("me x me 900 * / - - Me", "is not of the form"),
    ],
)
def test_a_wrong_account_is_refused(line: str, says: str) -> None:
    """An image with a password would be an open door."""
    with pytest.raises(VmError, match=says):
        rootfs.accounts(line, PASSWD, GROUP)


def test_the_wheel_is_laid_out_without_what_no_camera_has(tmp_path: Path) -> None:
    """What is installed is the wheel's list minus the desk's tools and the simulation; the virtual camera has the latter back."""
    wheel = tmp_path / "lapel-1-py3-none-any.whl"
    names = [
        "firmware/camera.py",
        "hal/interface.py",
        "hal/sim/build.py",
        "tools/__main__.py",
        "lapel-1.dist-info/RECORD",
    ]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    assert rootfs.install(tmp_path / "image", wheel, [], simulated=False) == sorted(
        set(names) - {"hal/sim/build.py", "tools/__main__.py"}
    )
    rootfs.install(tmp_path / "vm", wheel, [], simulated=True)
    installed = {
        str(path.relative_to(tmp_path / "vm" / rootfs.PACKAGES))
        for path in (tmp_path / "vm").rglob("*.*")
        if path.is_file()
    }
    assert installed >= {"hal/sim/build.py"}
    assert not any(name.startswith("tools") for name in installed)


def test_an_overlay_replaces_links_and_follows_none(tmp_path: Path) -> None:
    """A link of Debian's in the way must not lead an overlay's file out of the root."""
    overlay, root, outside = tmp_path / "overlay", tmp_path / "root", tmp_path / "outside"
    (overlay / "etc").mkdir(parents=True)
    (overlay / "etc/fstab").write_text("ours")
    (overlay / "etc/default").symlink_to("fstab")
    (root / "etc").mkdir(parents=True)
    outside.write_text("host's")
    (root / "etc/fstab").symlink_to(outside)
    (root / "etc/default").symlink_to("nothing")
    rootfs.lay_over(overlay, root)
    assert (outside.read_text(), (root / "etc/default").read_text()) == ("host's", "ours")


def test_all_that_the_virtual_camera_needs_is_locked() -> None:
    """Each wheel is pinned by the desk's lock or a camera's, and what the service, its parts and the simulation import is among them."""
    chosen = lock.choose(build.LOCK.read_text(encoding="utf-8"), lock.WANTED)
    chosen += lock.choose(build.PI_LOCK.read_text(encoding="utf-8"), lock.PARTS)
    assert len(re.findall(r"(?m)^[a-z]\S*==", chosen)) == len(lock.WANTED) + len(lock.PARTS)
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z])", chosen.strip()))
    with pytest.raises(VmError, match="the lock lacks nothing-such"):
        lock.choose("av==1 \\\n", ["nothing-such"])


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is enough to mend it."""
    monkeypatch.setattr(trouble, "_find", lambda program: None if program in {"mksquashfs", "sfdisk"} else program)
    with pytest.raises(VmError, match=r"missing Debian packages: fdisk squashfs-tools \(make vm-deps"):
        trouble.need("sfdisk", "tar", "mksquashfs")


def test_make_vm_deps_installs_what_the_tools_need() -> None:
    """The list for apt and the table of programs agree; what each Debian has anyway need not be listed."""
    lines = (ROOT / "requirements/debian-vm.txt").read_text(encoding="utf-8").splitlines()
    listed = {package.strip() for package, _, _ in (line.partition("#") for line in lines) if package.strip()}
    assert listed == set(trouble.PROVIDES.values()) - {"apt", "dpkg", "tar"} | {"debian-archive-keyring"}


def test_a_step_is_done_once_for_a_key(tmp_path: Path) -> None:
    """Again where its key changed, where what it made is gone, and where it was broken off."""
    told: list[str] = []
    steps, made, done = Steps(tmp_path, told.append), tmp_path / "made", []

    def make() -> None:
        done.append(1)
        made.write_text("it")

    assert [steps.step("one", key, [made], make) for key in ("a", "a", "b")] == [True, False, True]
    made.unlink()
    assert steps.step("one", "b", [made], make)

    def fail() -> None:
        raise VmError("broken off")

    with pytest.raises(VmError):
        steps.step("one", "c", [made], fail)
    assert steps.step("one", "b", [made], make)
    assert len(done) == 4
    assert ["cached" in line for line in told] == [False, True, False, False, False]


def test_a_key_changes_with_name_mode_and_content(tmp_path: Path) -> None:
    """Whatever changes what is built changes its key."""
    file = tmp_path / "tree" / "file"
    file.parent.mkdir()
    file.write_text("it")
    keys = [key_of(file.parent)]
    file.chmod(0o700)
    keys.append(key_of(file.parent))
    file.write_text("that")
    keys.append(key_of(file.parent))
    file.rename(file.with_name("other"))
    keys.append(key_of(file.parent))
    assert len(set(keys)) == len(keys)
    assert key_of("a", "bc") != key_of("ab", "c")


def test_qemus_answers_are_read() -> None:
    """The tty of the cable and the GPIO part are found by what QEMU says; without them there is no machine."""
    assert (
        machine.cable_of([{"label": "qmp", "filename": "unix:x"}, {"label": "dock", "filename": "pty:/dev/pts/7"}])
        == "/dev/pts/7"
    )
    parts = [{"name": "device[0]", "type": "child<gicv2>"}, {"name": "device[8]", "type": "child<pl061>"}]
    assert machine.gpio_of(parts) == "/machine/unattached/device[8]"
    with pytest.raises(VmError, match="no tty"):
        machine.cable_of([])
    with pytest.raises(VmError, match="0 PL061"):
        machine.gpio_of(parts[:1])


def test_the_boards_lines_are_each_used_once() -> None:
    """Buttons and lamps are on lines of their own, and none is on the power key's, which is the machine's."""
    board = read_board(build.BOARD.read_text(encoding="utf-8"))
    lines = [*board.buttons.values(), *(line for light in board.lights.values() for line in light.values())]
    assert len(set(lines)) == len(lines)
    assert set(lines) <= set(range(8)) - {3}
    with pytest.raises(VmError, match="the board's file"):
        read_board("[buttons]\nrecord = 4\n")


class Wires:
    """Lines that remember how they were driven."""

    def __init__(self) -> None:
        self.driven: list[tuple[int, bool]] = []
        self.high: dict[int, bool] = {}
        self.changes: list[Seen] = []

    def drive(self, line: int, *, level: bool) -> None:
        """Drive one."""
        self.driven.append((line, level))

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every change."""
        return tuple(self.changes)

    def levels(self) -> dict[int, bool]:
        """The outputs."""
        return self.high


def test_a_press_is_two_edges_and_a_light_its_channels() -> None:
    """What a person does, in lines."""
    wires = Wires()
    hands = Hands(wires, read_board(build.BOARD.read_text(encoding="utf-8")))  # type: ignore[arg-type] # as far as they are used
    hands.press("function", hold_s=0)
    assert wires.driven == [(1, True), (1, False)]
    hands.stop(hold_s=0, rest_s=0)
    assert wires.driven[2:] == [(0, True), (0, False)] * 2
    wires.high = {4: True, 5: True, 6: False, 7: False}
    assert hands.lit("top") == {"red", "green"}
    assert hands.lit("front") == set()


def test_a_light_that_blinks_is_not_dark() -> None:
    """Dark for a while is what counts; a lamp that has just gone out may be lit again."""
    wires = Wires()
    hands = Hands(wires, read_board(build.BOARD.read_text(encoding="utf-8")))  # type: ignore[arg-type] # as far as they are used
    hands.wait_dark("front", 1.0, 0)
    wires.changes = [Seen(time.monotonic(), 7, level=False), Seen(time.monotonic(), 4, level=True)]
    with pytest.raises(VmError, match="the front light is still lit, or blinks"):
        hands.wait_dark("front", 60.0, 0)
    wires.changes = [Seen(time.monotonic() - 61, 7, level=False)]
    hands.wait_dark("front", 60.0, 0)
    wires.high = {7: True}
    with pytest.raises(VmError, match="still lit"):
        hands.wait_dark("front", 60.0, 0)


def test_image_and_machine_take_the_same_unit() -> None:
    """The virtual camera changes the unit only where a machine has no such part: the program that brings a lens, and for how long it may."""
    changed = (ROOT / "buildroot/vm/overlay/usr/lib/systemd/system/lapel.service.d/virtual.conf").read_text()
    settings = {line.split("=")[0] for line in changed.splitlines() if "=" in line and not line.startswith("#")}
    assert settings == {"ExecStart", "TimeoutStartSec"}


def test_the_packed_first_file_system_loads_what_it_lists(tmp_path: Path) -> None:
    """Every module of the order is in the archive."""
    modules = tmp_path / "6.1"
    modules.mkdir()
    names = [f"{name}.ko" for name in kernel.FIRST]
    (modules / "modules.dep").write_text("".join(f"{name}:\n" for name in names))
    (modules / "modules.builtin").write_text("")
    for name in names:
        (modules / name).write_bytes(b"ELF")
    packed = gzip.decompress(kernel.first(b"busybox", modules))
    assert all(f"modules/{name}\0".encode() in packed for name in names)
    assert "\n".join(names).encode() in packed


def test_boards_colours_are_those_of_the_interface() -> None:
    """The lights can show each colour, and no two look the same."""
    colours = tomllib.loads(build.BOARD.read_text(encoding="utf-8"))["colours"]
    assert set(colours) == {"green", "red", "amber", "blue", "white"}
    assert len({tuple(mix) for mix in colours.values()}) == len(colours)


@pytest.mark.parametrize(
    ("says", "away"),
    [
        ("ERROR: No matching distribution found for av==18.1.0", True),
        ("ERROR: Could not find a version that satisfies the requirement lgpio", True),
        ("Max retries exceeded with url: /simple/av/", True),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", False),
    ],
)
def test_an_index_without_the_wheels_is_out_of_reach_and_a_wrong_hash_is_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: str,
    away: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """The one is told as skipped, the other fails."""

    def refuse(*_: object) -> str:
        raise VmError(f"python failed (1):\n  {says}")

    monkeypatch.setattr(lock, "run", refuse)
    with pytest.raises(VmError, match=re.escape(says)) as error:
        lock.fetch("av==18.1.0\n", tmp_path)
    assert isinstance(error.value, UnreachableError) is away
