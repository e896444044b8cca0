"""Keys are made once a run."""

from __future__ import annotations

import pytest

from tests.pki import Pki


@pytest.fixture(scope="session")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.fixture(scope="session")
def rogue() -> Pki:
    """Another authority, with the same names on other keys."""
    return Pki.create()
