"""A second writer of evidence, made from ``docs/evidence-format.md`` alone: whole, cut off, and forged in every way.

Everything that is drawn at random on a camera comes from seeds here, so that the same calls write the same bytes.
"""

from __future__ import annotations

from tests.evidence_maker import mp4
from tests.evidence_maker.camera import DOCK_MS, RECIPIENTS, Camera
from tests.evidence_maker.pki import Authority, Identity, issue
from tests.evidence_maker.recording import Plan
from tests.evidence_maker.tsp import TimeAuthority

__all__ = ["DOCK_MS", "RECIPIENTS", "Authority", "Camera", "Identity", "Plan", "TimeAuthority", "issue", "mp4"]
