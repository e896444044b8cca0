"""``python -m tools.bench``: the same as ``lapel bench``."""

from __future__ import annotations

import sys

from tools.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["bench", *sys.argv[1:]]))
