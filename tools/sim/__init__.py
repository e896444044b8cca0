"""Holding a simulated camera in one's hands: ``lapel sim``, and the parts of it that the demo uses too.

``process`` runs the camera as a child process and presses its buttons; ``cable`` and ``bay`` are a dock to plug it into; ``look``
says in words what it shows, and ``drawing`` draws it on a terminal.  ``bench`` is everything on one table: several cameras and a rack.
"""

from __future__ import annotations
