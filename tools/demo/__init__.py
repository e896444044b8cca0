"""The camera's whole job on a desktop: ``lapel demo``, or ``make demo``.

``story`` tells it step by step; read that first.  ``stage`` is where it is played, ``screen`` shows it, ``report`` writes it down.
"""

from __future__ import annotations
