"""Checks of what a whole run has left behind, called by name: ``pytest tests/acceptance/demo_output.py``."""
