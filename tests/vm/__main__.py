"""``make vm-test`` and ``make vm-update``: the virtual camera is built, boots, is pressed, cut off and docked; or it is updated."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.vm.build import PLACE, Build
from tools.vm.trouble import UnreachableError, VmError

STORIES = ("boots", "updates")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all went well, or no Debian mirror is in reach, and a line says so; pytest's word else; 2 where nothing can be built."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm", description=__doc__)
    parser.add_argument("--mirror", help="a Debian mirror, instead of the one that apt is set up with")
    parser.add_argument("--story", choices=STORIES, default=STORIES[0], help="which tests are run")
    parser.add_argument("--must", action="store_true", help="fail where no mirror is in reach")
    parser.add_argument("pytest", nargs="*", help="what pytest is told, behind --")
    options, began = parser.parse_args(arguments), time.monotonic()
    try:
        Build(mirror=options.mirror or None).run()
    except UnreachableError as error:
        sys.stdout.write(f"vm-test: SKIPPED, nothing was tried: {error}\n")
        return int(options.must)
    except VmError as error:
        sys.stderr.write(f"vm-test: {error}\n")
        return 2
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", Path(__file__).with_name(f"{options.story}.py"), *options.pytest],
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "VM_MIRROR": options.mirror or ""},
    ).returncode
    figures = PLACE / f"{options.story}.json"
    told = figures.read_text(encoding="utf-8") if figures.exists() else ""
    sys.stdout.write(f"{told}{options.story}: {time.monotonic() - began:.0f} s\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
