"""The independent verifier: what a recording proves, told from ``docs/evidence-format.md`` alone.

It shares no code with the camera.  ``verify_path`` judges recordings, volumes, device folders, stores and cards;
``verify_export`` judges an exported film against the recording it was made from.
"""

from __future__ import annotations

VERSION = "0.1.0"
"""The verifier's own version: it also runs without being installed."""
