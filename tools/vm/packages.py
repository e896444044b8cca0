"""The virtual camera's Debian packages: which, in which versions, and where they are kept once fetched.

apt resolves, fetches and checks, from a state of its own in which nothing is installed: the host's packages do not matter, and no root is
needed.  The mirror is the one that the host is set up with, unless another is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tools.vm.trouble import VmError, pipe, run

SUITE = "bookworm"
"""The release: its Python is 3.11, the oldest that Lapel runs on, and the last for which lgpio has a wheel for this machine."""
ARCHITECTURE = "arm64"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
WANTED = (
    "base-files",
    "base-passwd",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "e2fsprogs",
    "kmod",
    "libc-bin",
    "libstdc++6",
    "linux-image-arm64",
    "mount",
    "python3",
    "systemd",
    "udev",
    "util-linux",
)
LEFT_OUT = frozenset(
    [
        "adduser",
        "apt",
        "cpio",
        "debconf",
        "dpkg",
        "initramfs-tools",
        "initramfs-tools-core",
        "klibc-utils",
        "libklibc",
        "libdb5.3",
        "linux-base",
        "logsave",
        "tar",
    ]
)
"""What packages depend on for being installed or removed, which happens to none of them here."""
_MIRROR_AT = re.compile(r"^https?://\S+/debian/?$", re.MULTILINE)
_FETCH = re.compile(r"'(?P<uri>[^']+)' (?P<file>\S+\.deb) (?P<bytes>\d+) (?P<hash>\S+)")


@dataclass(frozen=True, slots=True)
class Package:
    """One file of the mirror: its name there (``libc6_2.36_arm64.deb``), bytes, and the hash that the signed index has for it."""

    file: str
    size: int
    hash: str

    @property
    def name(self) -> str:
        """The package's name."""
        return self.file.split("_", 1)[0]

    @property
    def version(self) -> str:
        """Its version."""
        return unquote(self.file.split("_")[1])


def parse_fetches(told: str) -> list[Package]:
    """What ``apt-get --print-uris`` tells, in its order: no package depends on a later one alone.  VmError where it tells of none, or of
    one without a hash."""
    found = [Package(match["file"], int(match["bytes"]), match["hash"]) for match in _FETCH.finditer(told)]
    if not found:
        raise VmError("apt-get names no packages to fetch")
    for package in found:
        if ":" not in package.hash:
            raise VmError(f"the mirror's index has no hash for {package.file}")
    return found


def mirror(told: str) -> str:
    """The first Debian mirror among the places that apt was set up with.  VmError where there is none."""
    match = _MIRROR_AT.search(told)
    if match is None:
        raise VmError("apt is not set up with a Debian mirror here; name one: make vm VM_MIRROR=http://.../debian")
    return match[0].rstrip("/") + "/"


class Packages:
    """Everything that apt keeps for the virtual camera, in one directory."""

    def __init__(self, directory: Path, place: str | None = None) -> None:
        """``place``: the mirror's address, where the host's is not wanted."""
        self._at = directory
        self._place = place

    @property
    def archives(self) -> Path:
        """Where the packages lie."""
        return self._at / "cache" / "archives"

    def resolve(self) -> list[Package]:
        """All packages that are needed, in the versions that the mirror has today."""
        self._prepare()
        self._apt("update")
        return [
            each
            for each in parse_fetches(self._install("--print-uris", "-o", "Dir::Cache::archives=nothing/"))
            if each.name not in LEFT_OUT
        ]

    def fetch(self) -> None:
        """Bring those that are not here yet; apt holds each against its hash."""
        self._install("--download-only")

    def path(self, package: Package) -> Path:
        """Where one of them lies; VmError where it does not."""
        path = self.archives / package.file
        if not path.is_file() or path.stat().st_size != package.size:
            raise VmError(f"{path} is not there as the mirror's index has it; make vm-clean starts afresh")
        return path

    def _prepare(self) -> None:
        for name in ("state/lists/partial", "cache/archives/partial", "cache/nothing/partial", "etc"):
            (self._at / name).mkdir(parents=True, exist_ok=True)
        (self._at / "state" / "status").write_text("")
        if not KEYRING.is_file():
            raise VmError("missing Debian packages: debian-archive-keyring (make vm-deps installs them)")
        place = self._place or mirror(run(["apt-get", "indextargets", "--format", "$(REPO_URI)"]))
        (self._at / "etc" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {place} {SUITE} main\n")
        (self._at / "apt.conf").write_text(configuration(self._at))

    def _install(self, *how: str) -> str:
        return self._apt("install", "--yes", *how, *WANTED)

    def _apt(self, *arguments: str) -> str:
        return run(["apt-get", "-q", *arguments], environment={"APT_CONFIG": str(self._at / "apt.conf")})


def configuration(directory: Path) -> str:
    """What apt reads instead of the host's: everything below ``directory``, nothing installed, this machine's architecture alone."""
    values: Mapping[str, str] = {
        "Dir": f"{directory}/",
        "Dir::Etc": "etc/",
        "Dir::Etc::main": "none",
        "Dir::Etc::parts": "none/",
        "Dir::Etc::preferences": "none",
        "Dir::Etc::preferencesparts": "none/",
        "Dir::Etc::sourcelist": "sources.list",
        "Dir::Etc::sourceparts": "none/",
        "Dir::State": "state/",
        "Dir::State::status": "state/status",
        "Dir::Cache": "cache/",
        "APT::Architecture": ARCHITECTURE,
        "APT::Architectures": ARCHITECTURE,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
    }
    return "#clear APT::Architectures;\n" + "".join(f'{key} "{value}";\n' for key, value in values.items())


def unpack(debs: Iterable[Path], root: Path, leave_out: Iterable[str] = ()) -> None:
    """Lay the files of packages out below ``root``, no script of theirs run.  /bin and the like are links, as on any Debian; ``leave_out``
    has tar's patterns."""
    for name in ("bin", "sbin", "lib"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    exclude = [f"--exclude={pattern}" for pattern in leave_out]

    def one(deb: Path) -> None:
        pipe(
            ["dpkg-deb", "--fsys-tarfile", deb],
            ["tar", "-xf", "-", "-C", root, "--keep-directory-symlink", "--no-same-owner", *exclude],
        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, debs))
