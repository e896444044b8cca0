"""Runs inside the virtual camera: the contract suites on this kernel's parts, and what only a kernel can pass; then switches it off."""

from __future__ import annotations

import subprocess

import pytest

from hal.pi.power import OFF
from tests.vm.inside import asks, report, suites


def main() -> None:
    """Run them all, tell each outcome, and have systemd switch off: outside that is seen too."""
    line = asks.line()
    plugins = [argument for name in suites.PARTS for argument in ("-p", f"tests.vm.inside.{name}")]
    how = ["--noconftest", "-p", "no:cacheprovider", "-o", "timeout=300", "--tb=short", "-q", *plugins]
    code = pytest.main([*how, *suites.FILES], plugins=[report.Report(line)])
    line.tell(ended=int(code))
    subprocess.run(OFF, check=True)


if __name__ == "__main__":
    main()
