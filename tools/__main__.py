"""``lapel``: the desk side of the camera, one command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "demo": "see the whole life of a recording in about a minute",
    "sim": "hold a simulated camera in your hands",
    "provision": "make an authority; enrol cameras, docks and desks",
    "flash": "write a camera's image onto a card, and read it back",
    "dock": "serve docked cameras; assign them to shifts; plan racks",
    "verify": "judge recordings, volumes, stores and exports",
    "export": "decrypt a recording into one ordinary MP4 file, or a bundle for disclosure",
    "bench": "measure it against peers and limits, in the same run",
}
"""Each is a package under ``tools`` whose ``cli`` has ``add_parser(subparsers)``, which sets ``run``: a callable that takes the parsed
arguments and returns the exit status.  Only the one that is wanted is loaded."""

EPILOG: Final = """\
A newcomer's path:  lapel demo              see what a camera does, and open the report
                    lapel sim               press its buttons yourself
                    lapel verify --help     check evidence with nothing but the root certificate

Exit status: 0 all is well, 1 something is not (it is said what), 2 the command was wrong.
"""


def parser(wanted: str | None) -> argparse.ArgumentParser:
    """The command line; of the commands only ``wanted`` knows its arguments, the others only say what they do."""
    root = argparse.ArgumentParser(
        prog="lapel",
        description="Tools around the Lapel body-worn camera: try it, enrol it, dock it, verify and export what it recorded.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command, summary in COMMANDS.items():
        if command == wanted:
            import_module(f"tools.{command}.cli").add_parser(subparsers)
        else:
            subparsers.add_parser(command, help=summary)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    wanted = next((each for each in given if not each.startswith("-")), None)
    try:
        options = parser(wanted).parse_args(given)
        status: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
