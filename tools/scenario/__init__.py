"""Scenarios: what happens to cameras and to whoever wears them, as timed steps in a file, for training and for tests.

``read`` makes a ``Scenario`` of a file and says what is wrong with it; ``player`` plays one on a bench of simulated cameras and says whether
everything came as the file expects; ``docs/simulator.md`` has the format.
"""

from __future__ import annotations
