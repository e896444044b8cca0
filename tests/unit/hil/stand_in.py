"""A board that is this machine: ssh's place is taken by a local shell, which takes ssh's arguments and drops them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hal.pi import boardfile
from tests.hil.bench import Bench, described
from tests.hil.config import Config
from tests.hil.hands import ACTS, Kind, NoHandsError
from tests.hil.ssh import Ssh

ROOT = Path(__file__).parents[3]
SSH = """\
#!/bin/sh
# Everything up to `--` is for ssh; then come the host and one word, which is a command.
printf '%s\\n' "$*" >>"${0%/*}/asked"
if [ -e "${0%/*}/gone" ]; then echo 'no route to host' >&2; exit 255; fi
while [ "$1" != -- ]; do [ "$1" = -O ] && exit 0; shift; done
PATH="${0%/*}:$PATH"; export PATH
exec sh -c "exec $3"
"""
SUDO = '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n'


def ssh(place: Path) -> tuple[str, ...]:
    """The command that stands in for ssh, and for sudo behind it."""
    for name, text in (("ssh", SSH), ("sudo", SUDO)):
        path = place / name
        path.write_text(text)
        path.chmod(0o755)
    return (str(place / "ssh"),)


def environment(place: Path) -> dict[str, str]:
    """What a run is told: this machine, with this checkout as what is installed there."""
    python = ["env", f"PYTHONPATH={ROOT}:{ROOT / 'tests/stand_ins'}", sys.executable]
    return {
        "HOST": "engineer@board:2222",
        "HIL_BOARD": "pi5",
        "HIL_PYTHON": " ".join(python),
        "HIL_PLACE": str(place / "evidence"),
        "HIL_OUT": str(place / "out"),
        "HIL_CUTS": "2",
    }


@dataclass
class Willing:
    """Hands that do everything, and keep what they were asked; ``says`` has what they answer, or why they cannot."""

    says: Mapping[str, bool | float | str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def do(self, act: str, **given: object) -> bool | float:
        """Do it."""
        ACTS[act].words.format(**given)
        self.asked.append((act, given))
        answer = self.says.get(act, 1.0 if ACTS[act].kind is Kind.NUMBER else True)
        if isinstance(answer, str):
            raise NoHandsError(answer)
        return answer


def reached(place: Path) -> Ssh:
    """The way to it."""
    (place / "evidence").mkdir(exist_ok=True)
    config = Config.read(environment(place))
    root = () if os.geteuid() == 0 else ("sudo", "-n")
    return Ssh(config.host, place, place / "known", program=ssh(place), python=config.python, root=root)


def on_bench(place: Path, hands: Willing, **told: str) -> Bench:
    """This machine on the bench."""
    way = reached(place)
    config = Config.read(environment(place) | told)
    config.out.mkdir(exist_ok=True)
    path = boardfile.shipped()[config.board]
    board = boardfile.load(path)
    facts = way.ask("facts", described(path.read_bytes(), board))
    return Bench(config, way, hands, board, path.read_bytes(), facts)
