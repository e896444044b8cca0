"""Making an authority and enrolling cameras, docks and desks: ``lapel provision``, and the same as functions.

An authority is a directory that holds its certificates, keys and settings.  Who holds that directory holds everything:
it belongs on a machine that is not connected to anything, and the escrow key in a second place.
"""

from __future__ import annotations

from tools.provision.authority import Authority, create_authority
from tools.provision.cli import add_parser
from tools.provision.enrol import enrol_desk, enrol_device, enrol_dock, enrol_second, enrol_update
from tools.provision.files import ProvisionError

__all__ = [
    "Authority",
    "ProvisionError",
    "add_parser",
    "create_authority",
    "enrol_desk",
    "enrol_device",
    "enrol_dock",
    "enrol_second",
    "enrol_update",
]
