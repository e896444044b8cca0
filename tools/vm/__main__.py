"""``make vm``: build the virtual camera, switch it on, hold it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.vm.build import BOARD, PLACE, Build
from tools.vm.hands import Hands, read_board
from tools.vm.machine import Machine
from tools.vm.trouble import VmError

READY = frozenset({"green"})
_READY_S = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0 once it was ready, and was ended where somebody holds it; 1 where that cannot be, and the message says why."""
    parser = argparse.ArgumentParser(prog="python -m tools.vm", description="A camera in a virtual machine.")
    parser.add_argument("--place", type=Path, default=PLACE, help="where it is built [build/vm]")
    parser.add_argument("--mirror", help="a Debian mirror, instead of the one that apt is set up with")
    parser.add_argument("--build-only", action="store_true", help="do not switch it on")
    options = parser.parse_args(arguments)
    try:
        build = Build(options.place, options.mirror or None)
        built = build.run()
        if options.build_only:
            return 0
        with Machine(built.parts, options.place / "console.log") as machine:
            hands = Hands(machine.wires, read_board(BOARD.read_text(encoding="utf-8")))
            hands.wait_lit("top", READY, _READY_S)
            build.steps.say("ready: the light is green")
            print(
                f"\nconsole   {options.place / 'console.log'}\ncable     {machine.cable()}  (lapel dock serve --port)"
            )
            print(f"identity  {built.people / 'dock'}")
            if sys.stdin.isatty():
                _hold(hands)
    except VmError as error:
        print(f"vm: {error}", file=sys.stderr)
        return 1
    return 0


def _hold(hands: Hands) -> None:
    print("\nEnter presses the record button, q and Enter ends.")
    try:
        while input("> ").strip() != "q":
            hands.press()
            print(f"top {'+'.join(sorted(hands.lit('top'))) or 'dark'}, front {'+'.join(hands.lit('front')) or 'dark'}")
    except (EOFError, KeyboardInterrupt):
        print()


if __name__ == "__main__":
    sys.exit(main())
