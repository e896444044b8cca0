"""``make hil-vm``: the steps, on the virtual camera in a board's place.

It is booted with its parts free and an ssh server on a disk of its own; pytest runs beside it, as it does for a board, and is lent hands over a socket.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.hil.bench import wait_for
from tests.hil.bench_disk import ADDRESS, bring, make, plugged
from tests.hil.cannot import VIRTUAL
from tests.hil.config import ROOT, VARIABLES
from tests.hil.ssh import Host, Ssh, UnreachableError
from tests.hil.virtual import VirtualHands, serve
from tools.vm import disk
from tools.vm.build import BOARD, PLACE, Build
from tools.vm.hands import read_board
from tools.vm.trouble import VmError

BOOT_S = 300.0
PYTEST = (sys.executable, "-m", "pytest", "-p", "tests.hil.plugin", "-o", "timeout=0", "-p", "no:cacheprovider")
GIVEN = {"HIL_BOARD": str(BOARD), "HIL_PYTHON": "/usr/bin/python3", "HIL_CUTS": "1", "HIL_HOURS": "0.02"}
"""A minute for the last step: that it counts, and takes up again, is what is tried here."""


def main(arguments: list[str]) -> int:
    """What pytest ends with; 2 where the machine cannot be had."""
    mirror = os.environ.get("VM_MIRROR") or None
    try:
        built = Build(PLACE, mirror).run()
        files = bring(PLACE / "bench", mirror)
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lapel-hil-vm-")))
            image, keys = make(files, place, (built.root / "etc/passwd").read_text(encoding="utf-8"))
            card, board = place / "card.img", place / "board.img"
            disk.copy(built.parts.card, card)
            disk.copy(built.parts.board, board)
            parts = plugged(replace(built.parts, card=card, board=board), image, keys.port)
            hands = VirtualHands(parts, PLACE / "bench", read_board(BOARD.read_text(encoding="utf-8")))
            stack.callback(hands.off)
            hands.on()
            host = Host(ADDRESS, "root", keys.port)
            wait_for(Ssh(host, place, keys.known, keys.user, strict=True), BOOT_S)
            listening = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listening.bind(str(place / "hands"))
            listening.listen()
            threading.Thread(target=serve, args=(hands, listening), daemon=True).start()
            (place / "cannot.json").write_text(json.dumps(VIRTUAL), encoding="utf-8")
            told = {name: value for name, value in os.environ.items() if name not in VARIABLES} | GIVEN
            told |= {"HOST": str(host), "HIL_KEY": str(keys.user), "HIL_KNOWN": str(keys.known)}
            told |= {"HIL_HANDS": f"unix:{place / 'hands'}", "HIL_CANNOT": str(place / "cannot.json")}
            told |= {"HIL_OUT": "build/hil-vm", "HIL_DOCK": hands.machine.cable()}
            steps = [] if any(each.startswith("tests/") for each in arguments) else ["tests/hil"]
            return subprocess.run([*PYTEST, *steps, *arguments], cwd=ROOT, env=told, check=False).returncode
    except (VmError, UnreachableError) as error:
        print(f"hil-vm: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
