"""What every lens must do, on the real libcamera: the same tests, with the rigs of conftest.py."""

from __future__ import annotations

from tests.contract.test_video_contract import *  # noqa: F403 - pytest finds them here
