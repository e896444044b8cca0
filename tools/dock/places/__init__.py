"""Where a dock keeps copies: one module a kind of place, all behind one small protocol.

A module is imported when a place of its kind is named, so that a desk without object stores needs none of their libraries.
"""
