"""The simulated cameras in a browser: a server on the loopback, and the page that it serves.

``guard``, ``ranges``, ``web`` and ``viewer`` speak HTTP and WebSocket, ``hub`` keeps what all pages see, ``orders`` is what a page may ask for,
``evidence`` is the desk beside the dock: verdicts and films.  ``panel`` puts it all on top of ``tools.sim.bench``.
"""

from __future__ import annotations
