"""A TPM 2.0 for tests: the reference code as swtpm runs it, on sockets of this machine, with its memory in a folder."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from pathlib import Path

ATTEMPTS = 20
PATIENCE_S = 60


class Chip:
    """A TPM that has power.  ``tcti`` leads to it, in tpm2-tools' words, and is another after a power cycle."""

    def __init__(self, memory: Path) -> None:
        """Switch a new one on that keeps what it knows in ``memory``, which must not be there yet."""
        self.memory = memory.absolute()  # swtpm finds no other
        self.memory.mkdir()
        self._process: int | None = None
        self.tcti = ""
        self._on()

    def power_cycle(self, *, same: bool = False) -> None:
        """Take its power without a word, and give it back; with ``same``, where it was."""
        self.off()
        self._on(int(self.tcti.rpartition("=")[2]) if same else 0)

    def off(self) -> None:
        """Take its power."""
        if self._process is None:
            return
        signal.pidfd_send_signal(self._process, signal.SIGKILL)
        gone = select.select([self._process], [], [], PATIENCE_S)[0]
        os.close(self._process)
        self._process = None
        assert gone, "it lives on"

    def tool(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of tpm2-tools, which are others' eyes and hands on the same TPM."""
        return subprocess.run(
            [command, "-T", self.tcti, *arguments],
            cwd=self.memory,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def _on(self, port: int = 0) -> None:
        said = ""
        for _ in range(ATTEMPTS):  # somebody else may take a port that was free
            with socket.create_server(("127.0.0.1", port)) as free:
                found = free.getsockname()[1]
            started = subprocess.run(
                [
                    *("swtpm", "socket", "--tpm2", "--daemon", "--pid", f"file={self.memory}/pid"),
                    *("--tpmstate", f"dir={self.memory}", "--flags", "not-need-init,startup-clear"),
                    # libtss2 takes it that these are neighbours
                    *("--server", f"type=tcp,port={found}", "--ctrl", f"type=tcp,port={found + 1}"),
                ],
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_S,
            )
            if not started.returncode:
                self._process = os.pidfd_open(int((self.memory / "pid").read_text()))
                self.tcti = f"swtpm:host=127.0.0.1,port={found}"
                return
            said = started.stderr
        raise AssertionError(f"swtpm does not start: {said}")
