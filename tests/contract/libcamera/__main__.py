"""``make contract-libcamera``: the lens on the real libcamera, whose virtual camera takes the pictures."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.contract.libcamera.root import PLACE, Root
from tools.vm.trouble import UnreachableError, VmError

SERVICE = "service"
SUITES = ("contract", "real", "library", SERVICE, "faithful")
_PYTEST = ("python3", "-m", "pytest", "--rootdir=.", "-o", "pythonpath=.", "-p", "no:cacheprovider")
_AT = "tests/contract/libcamera"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where all went well, or nothing could be tried here, and a line says why; pytest's word else; 2 where the root cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.libcamera", description=__doc__)
    parser.add_argument("--place", type=Path, default=PLACE, help="where the root is made [build/libcamera]")
    parser.add_argument("--mirror", help="a Debian mirror, instead of the one that apt is set up with")
    parser.add_argument("--must", action="store_true", help="fail where nothing can be tried here")
    parser.add_argument("pytest", nargs="*", help="what pytest is told, behind --")
    options = parser.parse_args(arguments)
    try:
        root = Root(options.place, options.mirror or None)
        root.build()
        root.bring_tree()
    except UnreachableError as error:
        sys.stdout.write(f"contract-libcamera: SKIPPED, nothing was tried: {error}\n")
        return int(options.must)
    except VmError as error:
        sys.stderr.write(f"contract-libcamera: {error}\n")
        return 2
    names = SUITES if root.bound else [name for name in SUITES if name != SERVICE]
    suites = [f"{_AT}/{name}.py" for name in names]
    if not root.bound:
        root.steps.say("the whole service: SKIPPED, since nobody may bind the kernel's files into another root here")
    command = root.enter(*_PYTEST, f"--confcutdir={_AT}", *options.pytest, *suites)
    code = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
    root.steps.say("contract-libcamera: passed" if code == 0 else f"contract-libcamera: FAILED ({code})")
    return code


if __name__ == "__main__":
    sys.exit(main())
