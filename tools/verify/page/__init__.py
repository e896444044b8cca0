"""The verdict as one page for somebody without training: ``document.render_page``.

The page shows the findings of the report as they are, whatever they are; only frame, explanations and pictures are
made here.
"""

from __future__ import annotations
