"""``make image-check``: everything about the images that can be known without building one, on a real tree of Buildroot."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.image import config, kernel, packages, release
from tools.image.buildroot import Buildroot
from tools.image.trouble import ROOT, TREE, ImageError, run

DOORS = frozenset(
    [
        *("avahi", "bluez5_utils", "connman", "dhcpcd", "dropbear", "hostapd", "iw", "iwd", "modem-manager"),
        *(
            "network-manager",
            "ntp",
            "openssh",
            "rpi-wifi-firmware",
            "samba4",
            "telnetd",
            "wireless_tools",
            "wpa_supplicant",
        ),
    ]
)
"""Packages by which somebody could come in, or the camera go out."""
TWICE: Mapping[str, str] = {
    "python-cryptography": "lapel-cryptography",
    "python-pyopenssl": "lapel-pyopenssl",
    "python-tpm2-pytss": "lapel-tpm2-pytss",
}
"""Packages of Buildroot's that install the same modules as one of ours."""


class Check:
    """One run: each step says a line, or what is wrong."""

    def __init__(self, source: Path, place: Path, kernel_tree: Path | None, say: Callable[[str], None]) -> None:
        """``source``: a tree of Buildroot; ``place``: what is made goes there; ``kernel_tree``: a kernel's sources, if there are any."""
        self._source, self._place, self._kernel, self._say = source, place, kernel_tree, say
        self.troubles: list[str] = []

    def run(self) -> bool:
        """Do all steps; whether nothing was wrong."""
        self._step(self._release)
        self._step(self._lock)
        for board in config.boards():
            self._step(lambda board=board: self._board(board))  # type: ignore[misc] # a default binds the loop's value
        self._step(self._style)
        self._step(self._shell)
        return not self.troubles

    def _step(self, step: Callable[[], Iterator[str]]) -> None:
        try:
            found = list(step())
        except ImageError as error:
            found = [str(error)]
        for line in found:
            self._say(f"WRONG {line}")
        self.troubles += found

    def _release(self) -> Iterator[str]:
        told = release.read()
        release.held(self._source, told)
        self._say(
            f"ok    Buildroot {told.version}, commit {told.commit[:12]}: the tree is git's {told.tree[:12]}, unchanged"
        )
        yield from ()

    def _lock(self) -> Iterator[str]:
        ours = packages.ours()
        found = packages.against_lock(ours, (ROOT / "requirements/pi.txt").read_text(encoding="utf-8"))
        if not found:
            self._say(
                f"ok    {len(ours)} packages of ours from an index: versions and hashes are those of requirements/pi.txt"
            )
        yield from found

    def _board(self, board: str) -> Iterator[str]:
        tree = Buildroot(self._source, board, self._place / board)
        resolved = tree.configure()
        asked = config.parse(config.merged(board), board)
        told = tree.packages()
        pipeline = kernel.pipeline_of(resolved["BR2_LINUX_KERNEL_INTREE_DTS_NAME"])
        built = re.findall(r"-Dpipelines=(\S+)", tree.variable("LIBCAMERA_CONF_OPTS"))
        found = [
            *config.dropped(asked, resolved),
            *_unhashed(told, self._source),
            *_requirements(told),
            *(f"{name}: is in the image" for name in DOORS & told.keys()),
            *(f"{theirs}: is there beside {mine}" for theirs, mine in TWICE.items() if theirs in told and mine in told),
            *(f"{name}: is selected, and no package" for name in _selected(resolved) if name not in told),
        ]
        if pipeline is None or pipeline not in ",".join(built).split(","):
            found.append(
                f"no camera: libcamera is built for {', '.join(built) or 'nothing'}, the board needs {pipeline}"
            )
        else:
            found += self._fragments(resolved, pipeline)
        if not found:
            self._say(
                f"ok    {board}: {len(asked)} options asked for, none dropped, nothing unmet; {len(told)} packages, each download with a "
                f"hash; camera by {pipeline}"
            )
        yield from (f"{board}: {line}" for line in found)

    def _fragments(self, resolved: Mapping[str, str], pipeline: str) -> list[str]:
        named = resolved["BR2_LINUX_KERNEL_CONFIG_FRAGMENT_FILES"].strip('"').split()
        paths = [TREE / each.replace("$(BR2_EXTERNAL_LAPEL_PATH)/", "") for each in named]
        options = kernel.fragments(paths)
        found = kernel.lacking(options, pipeline)
        against = "no kernel tree to ask"
        if self._kernel is not None:
            strange, passed = kernel.unknown(options, self._kernel)
            found += strange
            against = f"known to {self._kernel.name} but for {passed} that only Raspberry Pi's kernel has"
        if not found:
            named_here = ", ".join(path.name for path in paths)
            self._say(f"ok    {named_here}: {len(options)} options, all that are needed; {against}")
        return found

    def _style(self) -> Iterator[str]:
        files = sorted(
            path for path in (TREE / "package").rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
        files += [TREE / "Config.in", TREE / "external.mk", TREE / "external.desc"]
        quiet = {"PYTHONDONTWRITEBYTECODE": "1"}  # the tree stays as it is
        run([sys.executable, self._source / "utils" / "check-package", "--br2-external", *files], environment=quiet)
        self._say(f"ok    Buildroot's check-package: silent on {len(files)} files")
        yield from ()

    def _shell(self) -> Iterator[str]:
        if shutil.which("shellcheck") is None:
            raise ImageError("shellcheck is not here (make deps installs it)")
        scripts = shell_scripts()
        run(["shellcheck", *scripts])
        self._say(f"ok    shellcheck: silent on {len(scripts)} scripts")
        yield from ()


def shell_scripts(tree: Path = TREE) -> list[Path]:
    """The shell scripts of the tree, by their first line."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if re.match(rb"#!/bin/(?:ba)?sh\b", path.read_bytes()[:16])]


def _selected(resolved: Mapping[str, str]) -> Iterator[str]:
    """Our packages that are in a resolved configuration."""
    for option, value in resolved.items():
        if option.startswith("BR2_PACKAGE_LAPEL") and value == "y":
            yield option.removeprefix("BR2_PACKAGE_").lower().replace("_", "-")


def _unhashed(told: Mapping[str, Any], source: Path) -> Iterator[str]:
    """Downloads that no file of hashes knows: what would be built of them is anybody's guess."""
    for name, package in told.items():
        paths = [source / path for path in package.get("hashes", [])]  # below the tree, or from the root
        known = "".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
        listed = {line.split()[-1] for line in known.splitlines() if line.strip() and not line.startswith("#")}
        for download in package.get("downloads", []):
            here = all(uri.startswith("local+") for uri in download["uris"][:1])
            if not here and download["source"] not in listed:
                yield f"{name}: {download['source']}: has no hash"


def _requirements(told: Mapping[str, Any]) -> Iterator[str]:
    """What the service requires and the image lacks, or has in another version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["pi"]):
        name, wanted = re.fullmatch(r"([\w.-]+)(==.*)", requirement).groups()  # type: ignore[union-attr] # == is all that there is
        name = name.lower()
        package = packages.IN_BUILDROOT.get(name, f"{packages.PREFIX}{name}")
        version = told.get(package, {}).get("version")
        if version is None:
            yield f"{package}: is missing, and the service requires {requirement}"
        elif not packages.fits(version, wanted):
            yield f"{package}: is {version}, and the service requires {requirement}"
