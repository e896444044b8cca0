"""The export alone: ``python -m tools.export``."""

from __future__ import annotations

import sys

from tools.export.cli import main

if __name__ == "__main__":
    sys.exit(main())
