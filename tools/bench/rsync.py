"""What rsync over ssh takes for the same files on the same loopback: a stock sshd of an ordinary user, with keys that live as long as the run."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.bench.pair import Took
from tools.bench.peers import MissingError, find

PROGRAMS = ("sshd", "ssh", "ssh-keygen", "rsync")
_PATIENCE_S = 10.0
_ENDING_S = 2.0
_PRIVILEGE = Path("/run/sshd")


@dataclass(frozen=True, slots=True)
class Server:
    """A running sshd: the command that reaches it, as rsync's ``-e`` wants it, and its process."""

    ssh: str
    process: int

    def processor(self) -> float:
        """Seconds of the processor that those took whom it began and who have ended; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(directory: Path) -> Iterator[Server]:
    """A running sshd with throw-away keys in ``directory``."""
    programs = {name: find(name) for name in PROGRAMS}
    if os.geteuid() == 0:  # started by root it wants this, which a service manager would have made
        _PRIVILEGE.mkdir(mode=0o755, exist_ok=True)
    for name in ("host", "user"):
        command = [programs["ssh-keygen"], "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", str(directory / name)]
        subprocess.run(command, check=True)
    shutil.copy(directory / "user.pub", directory / "authorized")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = directory / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nAuthorizedKeysFile {directory}/authorized\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\n"
    )
    log = directory / "sshd.log"
    daemon = subprocess.Popen([programs["sshd"], "-D", "-f", str(config), "-E", str(log)])
    try:
        _wait(port, daemon, log)
        options = [
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            f"UserKnownHostsFile={directory}/known",
            "-o",
            "LogLevel=ERROR",
        ]
        command = [programs["ssh"], "-F", "none", "-p", str(port), "-i", str(directory / "user"), *options]
        yield Server(" ".join(command), daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()


def _wait(port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    """Until it listens."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if daemon.poll() is not None or time.monotonic() > until:
                raise MissingError(f"sshd does not run here: {log.read_text()[-200:].strip()}") from None
            time.sleep(0.02)
        else:
            return


def fetch(served: Server, source: Path, target: Path, *, sync: bool) -> tuple[Took, Took]:
    """Copy a directory whole; what the sending and the receiving side took.  ``sync``: every file is on the disk at the end, as a dock has it."""
    target.mkdir(parents=True, exist_ok=True)
    where = f"{getpass.getuser()}@127.0.0.1:{source}/"
    command = [
        find("rsync"),
        "-a",
        "--whole-file",
        *(["--fsync"] if sync else []),
        "-e",
        served.ssh,
        where,
        str(target),
    ]
    sending, before, began = served.processor(), os.times(), time.perf_counter()
    subprocess.run(command, check=True)
    seconds, after = time.perf_counter() - began, os.times()
    receiving = after.children_user + after.children_system - before.children_user - before.children_system
    until = began + seconds + _ENDING_S
    while (sent := served.processor() - sending) == 0 and time.perf_counter() < until:
        time.sleep(0.02)  # the other side ends a moment later
    return Took(seconds, sent, 0), Took(seconds, receiving, 0)
