"""How a command of ``lapel provision`` ends: done, or not done with a message that says why."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tools.provision.files import ProvisionError


def tried(act: Callable[[], int]) -> int:
    """The exit status of an act; what keeps it from being done is told."""
    try:
        return act()
    except ProvisionError as error:
        sys.stderr.write(f"lapel provision: {error}\n")
    except OSError as error:
        sys.stderr.write(f"lapel provision: {error.filename or 'storage'}: {error.strerror}\n")
    return 1
