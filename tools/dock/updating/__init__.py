"""Firmware for cameras: the bundles that a dock has, and how it hands them over."""
