"""The soak: a shift on a virtual clock in which everything may happen, drawn from a seed."""

from tests.fault.soak.hours import run

__all__ = ["run"]
