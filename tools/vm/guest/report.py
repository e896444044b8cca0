"""What the virtual camera says of itself once it has booted: one line of JSON on its console, for whoever is outside to judge.

Facts only, as kernel and systemd tell them: failed units, taint, mounts, open ports, accounts, errors of the journal, and when the service was
ready.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

MARK = "report:"
SERVICE = "lapel.service"
_PORTS = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "packet")
_LISTENS = "0A"
_LOOK_S = 1.0
_PATIENCE_S = 240.0


def mounts(mountinfo: str) -> Iterator[dict[str, str]]:
    """``/proc/self/mountinfo``: where, what file system, from what, and both kinds of options together (proc(5))."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, source, options) = before.split(), after.split(maxsplit=2)
        yield {"at": fields[4], "kind": kind, "source": source, "options": f"{fields[5]},{options}"}


def ports(name: str, table: str) -> Iterator[str]:
    """A table of ``/proc/net``: of TCP what listens, of all else whatever is open."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if not name.startswith("tcp") or fields[3] == _LISTENS:
            yield f"{name} {fields[1]}"


def accounts(passwd: str, shadow: str) -> dict[str, dict[str, str]]:
    """Each account's shell, and what stands where its password's hash would."""
    shells = {fields[0]: fields[6] for fields in (line.split(":") for line in passwd.splitlines())}
    hashes = {fields[0]: fields[1] for fields in (line.split(":") for line in shadow.splitlines())}
    return {
        name: {"shell": shells.get(name, ""), "password": hashes.get(name, "")}
        for name in shells.keys() | hashes.keys()
    }


def said(*command: str) -> list[str]:
    """The lines of what a program of systemd's says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def read(path: str) -> str:
    """A file's text."""
    return Path(path).read_text()


def settled() -> bool:
    """Whether nothing is about to be started any more, or has not become so in a long time."""
    until = time.monotonic() + _PATIENCE_S
    while said("systemctl", "list-jobs", "--no-legend", "--plain"):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True


def report() -> Mapping[str, object]:
    """All of it."""
    done = settled()
    show = dict(line.split("=", 1) for line in said("systemctl", "show", SERVICE) if "=" in line)
    status = read(f"/proc/{show['MainPID']}/status")
    return {
        "settled": done,
        "failed": said("systemctl", "list-units", "--state=failed", "--no-legend", "--plain"),
        "errors": said("journalctl", "--boot", "--quiet", "--no-pager", "--output=cat", "--priority=err"),
        "tainted": int(read("/proc/sys/kernel/tainted")),
        "mounts": list(mounts(read("/proc/self/mountinfo"))),
        "swaps": read("/proc/swaps").splitlines()[1:],
        "ports": [
            each
            for name in _PORTS
            if Path("/proc/net", name).exists()
            for each in ports(name, read(f"/proc/net/{name}"))
        ],
        "accounts": accounts(read("/etc/passwd"), read("/etc/shadow")),
        "service": {
            "state": show["ActiveState"],
            "ready_us": int(show["ActiveEnterTimestampMonotonic"]),
            "restarts": int(show["NRestarts"]),
        },
        "user": next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1],
    }


if __name__ == "__main__":
    sys.stderr.write(f"{MARK} {json.dumps(report())}\n")
