"""Debian packages for a root of their own, first of all the virtual camera's: which, in which versions, and where they are kept once fetched.

apt resolves, fetches and checks, from a state of its own in which nothing is installed: the host's packages do not matter, and no root is
needed.  The mirror is the one that the host is set up with, unless another is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from tools.vm.steps import Steps, key_of
from tools.vm.trouble import UnreachableError, VmError, pipe, run

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
    "dbus",
    "e2fsprogs",
    "kmod",
    "libc-bin",
    "libstdc++6",
    "linux-image-arm64",
    "mount",
    "python3",
    "rauc",
    "rauc-service",
    "sed",
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
_FETCH = re.compile(r"'(?P<uri>[^']+)' (?P<file>\S+\.deb) (?P<bytes>\d+) (?P<hash>\S*)")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a root is made of: Debian's releases, the last of which is preferred; the processor; packages, and which of those that they
    depend on are left out."""

    suites: tuple[str, ...]
    architecture: str
    wanted: tuple[str, ...]
    left_out: frozenset[str] = frozenset()


CAMERA = Choice((SUITE,), ARCHITECTURE, WANTED, LEFT_OUT)
"""The virtual camera's."""


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
    """The first Debian mirror among the places that apt was set up with.  UnreachableError where there is none."""
    match = _MIRROR_AT.search(told)
    if match is None:
        raise UnreachableError(
            "apt is not set up with a Debian mirror here; name one: make ... VM_MIRROR=http://.../debian"
        )
    return match[0].rstrip("/") + "/"


class Packages:
    """Everything that apt keeps for one root, in one directory."""

    def __init__(self, directory: Path, place: str | None = None, choice: Choice = CAMERA) -> None:
        """``place``: the mirror's address, where the host's is not wanted."""
        self._at = directory
        self._place = place
        self._choice = choice

    @property
    def archives(self) -> Path:
        """Where the packages lie."""
        return self._at / "cache" / "archives"

    def bring(self, steps: Steps, listed: Path) -> list[Package]:
        """All packages that are needed, fetched: a step, which writes into ``listed`` which these are."""

        def resolve() -> None:
            chosen = self.resolve()
            self.fetch()
            listed.write_text(json.dumps([asdict(each) for each in chosen], indent=1))

        key = key_of(
            Path(__file__), self._place or "", repr(replace(self._choice, left_out=frozenset()))
        )  # a set's order varies
        steps.step("Debian packages", key, [listed], resolve)
        return [Package(**each) for each in json.loads(listed.read_text())]

    def resolve(self) -> list[Package]:
        """All packages that are needed, in the versions that the mirror has today.  UnreachableError where it does not answer."""
        self._prepare()
        try:
            self._apt("update")
        except VmError as error:
            raise UnreachableError(str(error)) from error
        return [
            each
            for each in parse_fetches(self._install("--print-uris", "-o", "Dir::Cache::archives=nothing/"))
            if each.name not in self._choice.left_out
        ]

    def fetch(self) -> None:
        """Bring those that are not here yet; apt holds each against its hash."""
        self._install("--download-only")

    def path(self, package: Package) -> Path:
        """Where one of them lies; VmError where it does not."""
        path = self.archives / package.file
        if not path.is_file() or path.stat().st_size != package.size:
            raise VmError(f"{path} is not there as the mirror's index has it; without {self._at} all is fetched afresh")
        return path

    def _prepare(self) -> None:
        for name in ("state/lists/partial", "cache/archives/partial", "cache/nothing/partial", "etc"):
            (self._at / name).mkdir(parents=True, exist_ok=True)
        (self._at / "state" / "status").write_text("")
        if not KEYRING.is_file():
            raise UnreachableError("missing Debian packages: debian-archive-keyring (make vm-deps installs them)")
        place = self._place or mirror(run(["apt-get", "indextargets", "--format", "$(REPO_URI)"]))
        lines = [f"deb [signed-by={KEYRING}] {place} {suite} main\n" for suite in self._choice.suites]
        (self._at / "etc" / "sources.list").write_text("".join(lines))
        (self._at / "apt.conf").write_text(configuration(self._at, self._choice))

    def _install(self, *how: str) -> str:
        return self._apt("install", "--yes", *how, *self._choice.wanted)

    def _apt(self, *arguments: str) -> str:
        return run(["apt-get", "-q", *arguments], environment={"APT_CONFIG": str(self._at / "apt.conf")})


def configuration(directory: Path, choice: Choice = CAMERA) -> str:
    """What apt reads instead of the host's: everything below ``directory``, nothing installed, the architecture of ``choice`` alone."""
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
        "APT::Architecture": choice.architecture,
        "APT::Architectures": choice.architecture,
        "APT::Default-Release": choice.suites[-1],
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
        "Acquire::ForceHash": "SHA256",
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
