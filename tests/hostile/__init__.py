"""Peers that do everything wrong, and models of what has to hold all the same.

``docks`` and ``cameras`` are tables: one row a behaviour, with the refusal that it has to meet; ``bench`` puts the whole camera in front of
the one, and ``counter`` the reference dock in front of the other.  After each row the footage is still there byte for byte, memory and
time were bounded, the reason stands in the log, and the next honest peer takes everything over.
"""
