"""``lapel``: the desk side of the camera, one command."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

COMMANDS = ("demo", "sim", "provision", "dock", "verify", "export")
"""Each is a package under ``tools`` with ``add_parser(subparsers)``; it sets ``run``, a callable that takes the parsed arguments."""

EPILOG = """\
A newcomer's path:  lapel demo              see the whole life of a recording in a minute and a half
                    lapel sim               hold a simulated camera in your hands
                    lapel verify --help     check evidence with nothing but the root certificate

Exit status: 0 all is well, 1 something is not (it is said what), 2 the command was wrong.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="lapel",
        description="Tools around the Lapel body-worn camera: try it, enrol it, dock it, verify and export what it recorded.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        import_module(f"tools.{command}").add_parser(subparsers)
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
