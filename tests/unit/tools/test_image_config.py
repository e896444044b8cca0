"""The images' configuration: what is merged, pinned and refused, without a Buildroot.  ``make image-check`` holds it against a real one."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firmware.__main__ import main
from tools.image import config, kernel, packages, release
from tools.image.check import Check, shell_scripts
from tools.image.trouble import ROOT, TREE, ImageError

DOCK = "tcp:fe80::d0c%usb0:7411"
"""Where every dock listens on the network of each camera's gadget (docs/dock-protocol.md)."""
LOCK = (ROOT / "requirements/pi.txt").read_text(encoding="utf-8")


def test_there_is_an_image_for_each_board() -> None:
    """Whoever adds a board adds its image, its firmware's file and the word on its parts."""
    assert config.boards() == sorted(path.stem for path in (ROOT / "hal/pi/boards").glob("*.toml"))
    for board in config.boards():
        assert (TREE / "board" / board / "config.txt").is_file()
        parts = (TREE / "board" / board / "parts.env").read_text(encoding="utf-8")
        (words,) = re.findall(r"^LAPEL_PARTS=(--hal pi --board \S+ --dock \S+)$", parts, re.MULTILINE)
        assert words.split()[3:] == [board, "--dock", DOCK]
        with pytest.raises(SystemExit) as ended:  # the service knows these words
            main([*words.split(), "--version"])
        assert ended.value.code == 0


@pytest.mark.parametrize("board", config.boards())
def test_a_boards_own_configuration_is_short(board: str) -> None:
    """What all share stands once; a board says what it is, and little else."""
    own = config.parse((TREE / f"configs/lapel_{board}_defconfig").read_text(encoding="utf-8"), board)
    shared = config.parse((TREE / "fragments/common.config").read_text(encoding="utf-8"), "common")
    assert len(own) <= 12
    assert own.keys().isdisjoint(shared)
    assert config.parse(config.merged(board), board) == shared | own


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("BR2_TARGET_ENABLE_ROOT_LOGIN", config.OFF),
        ("BR2_TARGET_GENERIC_GETTY", config.OFF),
        ("BR2_TARGET_GENERIC_REMOUNT_ROOTFS_RW", config.OFF),
        ("BR2_PACKAGE_SYSTEMD_NETWORKD", config.OFF),
        ("BR2_PACKAGE_SYSTEMD_TIMESYNCD", config.OFF),
        ("BR2_DOWNLOAD_FORCE_CHECK_HASHES", "y"),
        ("BR2_REPRODUCIBLE", "y"),
        ("BR2_TARGET_ROOTFS_SQUASHFS", "y"),
        ("BR2_RELRO_FULL", "y"),
        ("BR2_PACKAGE_RAUC_JSON", "y"),  # the service asks RAUC in it
    ],
)
def test_no_board_opens_a_door(option: str, value: str) -> None:
    """Nobody logs in, nothing writes to the root, nothing is fetched unhashed: on every board."""
    assert {config.parse(config.merged(board), board).get(option) for board in config.boards()} == {value}


def test_what_is_wrong_in_a_configuration_is_named(tmp_path: Path) -> None:
    """A line that is none, an option twice, a board that is not there, a file that says another board."""
    with pytest.raises(ImageError, match=r"it:2: 'BR2_X: y' is no option"):
        config.parse("# words\nBR2_X: y\n", "it")
    with pytest.raises(ImageError, match="it:2: BR2_X is there twice"):
        config.parse("BR2_X=y\n# BR2_X is not set\n", "it")
    with pytest.raises(ImageError, match="board: one of pi4, pi5, zero2w, not pi3"):
        config.merged("pi3")
    (tmp_path / "configs").mkdir()
    (tmp_path / "fragments").mkdir()
    (tmp_path / "fragments/common.config").write_text("BR2_LAPEL_COMMON=y\n")
    (tmp_path / "configs/lapel_pi9_defconfig").write_text('BR2_LAPEL_BOARD="pi8"\n')
    with pytest.raises(ImageError, match="lapel_pi9_defconfig: BR2_LAPEL_BOARD: is not pi9"):
        config.merged("pi9", tmp_path)


def test_what_was_dropped_is_found() -> None:
    """An option that Buildroot took otherwise, one that it does not know, one that came on although it was to be off."""
    asked = {"A": "y", "B": '"x"', "C": config.OFF, "D": "y"}
    assert config.dropped(asked, {"A": "y", "B": '"y"', "C": "y"}) == [
        'B: asked for "x", got "y"',
        "C: asked for n, got y",
        "D: asked for y, got nothing",
    ]
    assert config.dropped(asked, {"A": "y", "B": '"x"', "D": "y"}) == []


def test_packages_are_what_the_service_is_tested_with() -> None:
    """Each file that an image takes from an index has a version and a hash of the camera's lock, and nothing of that lock is forgotten."""
    ours = packages.ours()
    assert len(ours) == 10
    assert packages.against_lock(ours, LOCK) == []
    other = re.sub(r"(?m)^gpiozero==\S+", "gpiozero==3", LOCK)
    assert packages.against_lock(ours, other) == ["lapel-gpiozero: is 2.0.1.post3, the lock has 3"]
    (digest,) = (package.hashes[package.source] for package in ours if package.name == "lapel-av")
    (line,) = packages.against_lock(ours, LOCK.replace(digest, "0" * 64))
    assert line.startswith("lapel-av: av-18.1.0-cp311-abi3-manylinux_2_28_aarch64.whl: the lock has other hashes")
    more = f"{LOCK}\nnothing-such==1 \\\n    --hash=sha256:{'0' * 64}\n"
    assert packages.against_lock(ours, more) == ["nothing-such: is in the lock, and in no image"]


def test_a_package_without_a_hash_is_refused(tmp_path: Path) -> None:
    """What its recipe lacks is named."""
    folder = tmp_path / "lapel-x"
    folder.mkdir()
    (folder / "lapel-x.mk").write_text("LAPEL_X_VERSION = 1\nLAPEL_X_SOURCE = x-$(LAPEL_X_VERSION).tar.gz\n")
    with pytest.raises(ImageError, match=r"lapel-x.mk: LAPEL_X_SITE: is missing"):
        packages.read(folder)
    (folder / "lapel-x.mk").write_text((folder / "lapel-x.mk").read_text() + "LAPEL_X_SITE = https://x\n")
    (folder / "lapel-x.hash").write_text(f"sha256  {'0' * 64}  x-2.tar.gz\n")
    with pytest.raises(ImageError, match=r"lapel-x.hash: has none of x-1.tar.gz"):
        packages.read(folder)
    with pytest.raises(ImageError, match="is no sha256"):
        packages.hashes(f"md5  {'0' * 32}  x\n", "it")


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [("2.4.0", "==2.4.*", True), ("2.40", "==2.4.*", False), ("3.5", "==3.5", True), ("0.6.1", "==0.*", True)],
)
def test_versions_are_held_against_what_is_required(version: str, wanted: str, *, fits: bool) -> None:
    """By whole numbers between dots, not by letters."""
    assert packages.fits(version, wanted) is fits
    with pytest.raises(ImageError, match="only == is understood"):
        packages.fits(version, ">=1")


def fragments_of(board: str) -> list[Path]:
    """A board's kernel fragments."""
    named = config.parse(config.merged(board), board)["BR2_LINUX_KERNEL_CONFIG_FRAGMENT_FILES"].strip('"').split()
    return [TREE / each.replace("$(BR2_EXTERNAL_LAPEL_PATH)/", "") for each in named]


@pytest.mark.parametrize("board", config.boards())
def test_each_kernel_has_what_it_needs_and_no_radio(board: str) -> None:
    """A root by its hashes, a gadget, the board's camera; no radio, no swap, no core dump, no console, no host for what is plugged in."""
    trees = config.parse(config.merged(board), board)["BR2_LINUX_KERNEL_INTREE_DTS_NAME"]
    pipeline = kernel.pipeline_of(trees)
    assert pipeline is not None
    options = kernel.fragments(fragments_of(board))
    assert kernel.lacking(options, pipeline) == []
    worse = options | {"WLAN": "y", "SWAP": "y"}
    del worse["DM_VERITY"]
    assert kernel.lacking(worse, pipeline) == [
        "kernel: DM_VERITY: has to be y, is not asked for",
        "kernel: WLAN: has to be n, is y",
        "kernel: SWAP: has to be n, is y",
    ]


def test_a_board_of_two_chips_has_no_pipeline() -> None:
    """Nor has one that is not known."""
    assert kernel.pipeline_of("broadcom/bcm2712-rpi-5-b broadcom/bcm2712d0-rpi-5-b") == "rpi/pisp"
    assert kernel.pipeline_of("broadcom/bcm2711-rpi-4-b broadcom/bcm2712-rpi-5-b") is None
    assert kernel.pipeline_of("rockchip/rk3588") is None


def test_options_are_asked_of_a_kernels_tree(tmp_path: Path) -> None:
    """One that it does not know is named; what only Raspberry Pi's has is let pass elsewhere, and asked there."""
    (tmp_path / "Kconfig").write_text("config WLAN\n\tbool\nmenuconfig BT\n")
    assert kernel.unknown(["WLAN", "BT", "VIDEO_RP1_CFE"], tmp_path) == ([], 1)
    assert kernel.unknown(["WLUN"], tmp_path) == ([f"kernel: WLUN: {tmp_path.name} has no such option"], 0)
    (tmp_path / "Kconfig.more").write_text("config VIDEO_IMX708\n")
    wanted = [f"kernel: VIDEO_RP1_CFE: {tmp_path.name} has no such option"]
    assert kernel.unknown(["VIDEO_RP1_CFE"], tmp_path) == (wanted, 0)


def test_a_tree_is_named_as_git_names_it(tmp_path: Path) -> None:
    """The pin is git's own name of the content: one changed byte, mode or file is another tree."""
    source = tmp_path / "source"
    (source / "package").mkdir(parents=True)
    (source / "package/Makefile.in").write_text("all:\n")
    (source / "run").write_text("#!/bin/sh\n")
    (source / "run").chmod(0o755)
    (source / ".gitignore").write_text("/output*\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=source, check=True, capture_output=True)
    asked = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=source, check=True, capture_output=True, text=True)
    pinned = release.Release("1", "https://x", "0" * 40, asked.stdout.strip())
    (source / "output").write_text("built here")
    release.held(source, pinned)
    (source / "run").chmod(0o644)
    with pytest.raises(ImageError, match="is not Buildroot 1 as released"):
        release.held(source, pinned)
    with pytest.raises(ImageError, match="is no Buildroot"):
        release.held(tmp_path, pinned)


def test_the_pinned_release_is_read_strictly(tmp_path: Path) -> None:
    """A missing or unknown key, and an id that is none."""
    told = release.read()
    assert re.fullmatch(r"\d{4}\.\d{2}(\.\d+)?", told.version)
    text = (TREE / "release.toml").read_text(encoding="utf-8")
    for old, new, says in (
        (told.commit, "cafe", "commit: 'cafe' is none"),
        ("url =", "uri =", "is missing or not known"),
    ):
        (tmp_path / "release.toml").write_text(text.replace(old, new))
        with pytest.raises(ImageError, match=says):
            release.read(tmp_path / "release.toml")


MAKE = """#!/bin/sh
# In place of make: answers as Buildroot does, from files.
for word; do
  case $word in
    O=*) out=${word#O=} ;;
    BR2_DEFCONFIG=*) asked=${word#BR2_DEFCONFIG=} ;;
    VARS=*) echo "LIBCAMERA_CONF_OPTS=-Dpipelines=$(cat "$STAND_IN/pipelines")" && exit ;;
    show-info) cat "$STAND_IN/packages" && exit ;;
  esac
done
grep -v -f "$STAND_IN/unknown" "$asked" >"$out/.config" || true
cat "$STAND_IN/says"
echo "  GEN  $out/Makefile"
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``make`` that answers as a Buildroot in which all is well; its files are the test's to spoil."""
    place = tmp_path / "stand-in"
    place.mkdir()
    (place / "make").write_text(MAKE)
    (place / "make").chmod(0o755)
    (place / "pipelines").write_text("rpi/vc4")
    (place / "unknown").write_text("^BR2_NOTHING_SUCH=\n")
    (place / "says").write_text("")
    (place / "hash").write_text("sha256  0  it.tar.gz\n")
    told: dict[str, Any] = {name: {"version": version} for name, version in versions().items()}
    told |= {name: {} for name in packages.NOT_OF_AN_INDEX}
    told["it"] = {"downloads": [{"source": "it.tar.gz", "uris": ["https+https://x"]}], "hashes": [str(place / "hash")]}
    (place / "packages").write_text(json.dumps(told))
    monkeypatch.setenv("STAND_IN", str(place))
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


def versions() -> Mapping[str, str]:
    """Packages that meet all that the service requires, by the lock."""
    pinned = packages.locked(LOCK)
    names = [*((name, packages.IN_BUILDROOT[name]) for name in packages.IN_BUILDROOT)]
    names += [(each.index_name, each.name) for each in packages.ours()]
    return {package: pinned[name][0] for name, package in names}


def judged(place: Path, board: str) -> list[str]:
    """What a check says of one board that is wrong."""
    check = Check(place, place / "out", None, lambda line: None)
    check._step(lambda: check._board(board))
    return check.troubles


def spoil(place: Path, change: Mapping[str, Any]) -> None:
    """Change what the stand-in tells of packages: a value of None takes one away."""
    told = json.loads((place / "packages").read_text()) | change
    (place / "packages").write_text(json.dumps({name: each for name, each in told.items() if each is not None}))


def test_a_sound_board_passes(stand_in: Path) -> None:
    """Otherwise none of the refusals below would show anything."""
    assert judged(stand_in, "pi4") == []


def test_a_board_without_its_camera_is_refused(stand_in: Path) -> None:
    """A Pi 5 whose libcamera lacks that board's pipeline builds and boots, and sees nothing."""
    assert judged(stand_in, "pi5") == ["pi5: no camera: libcamera is built for rpi/vc4, the board needs rpi/pisp"]
    (stand_in / "pipelines").write_text("uvcvideo,rpi/pisp")
    assert judged(stand_in, "pi5") == []


def test_whatever_buildroot_says_is_trouble(stand_in: Path) -> None:
    """A warning of its configuration scrolls by otherwise."""
    (stand_in / "says").write_text("warning: (BR2_X) selects Y which has unmet direct dependencies (BR2_arm [=n])\n")
    assert "unmet direct dependencies" in judged(stand_in, "pi4")[0]


def test_a_dropped_symbol_is_refused(stand_in: Path) -> None:
    """Buildroot leaves out what it does not know without a word."""
    (stand_in / "unknown").write_text("^BR2_PACKAGE_RAUC=\n")
    assert judged(stand_in, "pi4") == ["pi4: BR2_PACKAGE_RAUC: asked for y, got nothing"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dropbear": {}}, "dropbear: is in the image"),
        ({"wpa_supplicant": {}}, "wpa_supplicant: is in the image"),
        ({"python-cryptography": {}}, "python-cryptography: is there beside lapel-cryptography"),
        ({"lapel-cryptography": {"version": "47.0.0"}}, "is 47.0.0, and the service requires cryptography==50.*"),
        ({"python-serial": None}, "python-serial: is missing, and the service requires pyserial==3.5"),
        ({"it": {"downloads": [{"source": "it.zip", "uris": ["https+x"]}]}}, "it: it.zip: has no hash"),
    ],
)
def test_a_package_that_is_wrong_is_named(stand_in: Path, change: Mapping[str, Any], says: str) -> None:
    """A door, the same modules twice, another version than is required, nothing at all, a download that nobody can check."""
    spoil(stand_in, change)
    (line,) = judged(stand_in, "pi4")
    assert says in line


def test_scripts_are_found_by_their_first_line() -> None:
    """So that none escapes shellcheck by its name."""
    found = {str(path.relative_to(TREE)) for path in shell_scripts()}
    assert found >= {"board/post-build.sh", "board/overlay/usr/lib/lapel/slot", "overlay/usr/lib/lapel/usb-gadget"}
