"""The root of the virtual camera: Debian's files, the service's wheel, and what images take from ``buildroot/`` too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools.vm import lock
from tools.vm.trouble import VmError, run

UNWANTED = (
    "./usr/share/doc/*",
    "./usr/share/info/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
    "./usr/share/lintian/*",
    "./usr/share/bash-completion/*",
    "./usr/share/zoneinfo/*",
    "./usr/lib/aarch64-linux-gnu/gconv/*",
    "./usr/lib/udev/hwdb.d/*",
    "./lib/udev/hwdb.d/*",
    # What asks questions, writes to the root, opens a login, or looks for disks that no camera has: each costs a second at boot.
    "*/tmpfiles.d/*",
    "*/systemd-fsckd.*",
    "*/timers.target.wants/*",
    "*/sockets.target.wants/systemd-initctl.socket",
    *(
        f"*/system-generators/systemd-{name}-generator"
        for name in (
            "cryptsetup",
            "debug",
            "getty",
            "gpt-auto",
            "hibernate-resume",
            "integritysetup",
            "rc-local",
            "run",
            "system-update",
            "sysv",
            "veritysetup",
        )
    ),
    *(
        f"*/sysinit.target.wants/{name}"
        for name in (
            "cryptsetup.target",
            "dev-hugepages.mount",
            "dev-mqueue.mount",
            "integritysetup.target",
            "proc-sys-fs-binfmt_misc.automount",
            "sys-fs-fuse-connections.mount",
            "sys-kernel-debug.mount",
            "sys-kernel-tracing.mount",
            "systemd-ask-password-console.path",
            "systemd-binfmt.service",
            "systemd-firstboot.service",
            "systemd-machine-id-commit.service",
            "systemd-pcrphase-sysinit.service",
            "systemd-pcrphase.service",
            "systemd-random-seed.service",
            "systemd-repart.service",
            "systemd-sysusers.service",
            "systemd-update-utmp.service",
            "veritysetup.target",
        )
    ),
)
"""Files of packages that no camera needs, as tar's patterns."""
NOT_ON_A_CAMERA = ("tools/", "hal/sim/")
"""What of the wheel no camera has.  The virtual one has ``hal/sim/`` on top, for the parts that no machine can stand in for."""
PACKAGES = Path("usr/lib/python3/dist-packages")
EMPTY = ("dev", "proc", "sys", "run", "tmp", "var/tmp", "var/log")
_MAGIC_OF = (3, 11)


def accounts(users: str, passwd: str, group: str) -> Mapping[str, str]:
    """``/etc/passwd``, ``group`` and ``shadow``: Debian's own, and those of a table in Buildroot's form (``name uid group gid password home
    shell groups comment``).  Nobody has a password.  VmError where a line is wrong, or gives somebody one."""
    people = [line.split(":") for line in passwd.splitlines()]
    groups = {line.split(":")[0]: line.split(":") for line in group.splitlines()}
    for line in users.splitlines():
        fields = line.split(maxsplit=8)
        if not line.strip() or line.startswith("#"):
            continue
        if len(fields) < 9 or not (fields[1].isdigit() and fields[3].isdigit()):
            raise VmError(f"users: {line!r} is not of the form: name uid group gid * home shell groups comment")
        name, uid, own, gid, password, home, shell, more, comment = fields
        if password != "*":  # noqa: S105 - the sign for none
            raise VmError(f"users: {name}: has a password")
        people.append([name, "*", uid, gid, comment, home, "/usr/sbin/nologin" if shell == "-" else shell])
        groups[own] = [own, "*", gid, ""]
        for each in [] if more == "-" else more.split(","):
            if each in groups:
                groups[each][3] = ",".join(filter(None, [groups[each][3], name]))
    people = [[*each[:6], "/usr/sbin/nologin"] if each[6].endswith("sh") else each for each in people]
    shadow = "".join(f"{each[0]}:*:1::::::\n" for each in people)
    lines = {"passwd": people, "group": list(groups.values())}
    return {
        **{name: "".join(":".join(each) + "\n" for each in table) for name, table in lines.items()},
        "shadow": shadow,
    }


def furnish(root: Path, overlays: Iterable[Path], users: str) -> None:
    """Lay the overlays over Debian's files, later ones over earlier ones, and write who there is."""
    for overlay in overlays:
        lay_over(overlay, root)
    masters = root / "usr/share/base-passwd"
    told = accounts(users, (masters / "passwd.master").read_text(), (masters / "group.master").read_text())
    for name, text in told.items():
        (root / "etc" / name).write_text(text)
    for name in EMPTY:
        (root / name).mkdir(parents=True, exist_ok=True)
    runtime = (
        root / "var/run"
    )  # where who asks over D-Bus looks for the bus; elsewhere a script of Debian's makes it a link
    if runtime.is_dir() and not runtime.is_symlink():
        runtime.rmdir()
    if not runtime.is_symlink():
        runtime.symlink_to("/run")
    if not (root / "usr/bin/sh").exists():
        (root / "usr/bin/sh").symlink_to("dash")


def lay_over(overlay: Path, root: Path) -> None:
    """Lay the files of one directory over another one's; a link or file in the way is replaced, never followed."""
    for path in sorted(overlay.rglob("*")):
        target = root / path.relative_to(overlay)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)


def install(root: Path, service: Path, wheels: Sequence[Path], *, simulated: bool) -> list[str]:
    """Install the service's wheel and those below it: what of the service's is there now.  ``simulated``: ``hal/sim/`` too."""
    leave_out = [part for part in NOT_ON_A_CAMERA if not (simulated and part == "hal/sim/")]
    for wheel in wheels:
        lock.lay_out(wheel, root / PACKAGES)
    return lock.lay_out(service, root / PACKAGES, leave_out)


def compile_all(*directories: Path) -> bool:
    """Compile Python's files, where this Python writes what the camera's reads: an emulated machine takes long for it.  Whether it did."""
    if sys.version_info[:2] != _MAGIC_OF:
        return False
    how = ["-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "-x", r"lib2to3/tests|/test/"]
    for directory in directories:
        run([sys.executable, "-m", "compileall", *how, "-s", directory, "-p", "/", directory])
    return True


def pack(root: Path, into: Path) -> None:
    """Make a squashfs of it, the same for the same files; all belongs to root, whoever packs it."""
    same = ["-all-root", "-mkfs-time", "0", "-all-time", "0", "-no-xattrs"]
    fresh = into.with_suffix(".new")
    run(["mksquashfs", root, fresh, "-noappend", "-quiet", "-no-progress", *same, "-comp", "lz4", "-processors", "2"])
    fresh.replace(into)
