"""The two runs of a study, side by side and never mixed."""

from __future__ import annotations

from typing import Final

PUBLISHED_RANGE: Final = "published-range"
"""Radars see what lies inside their published envelope, as at 1 m2."""
CROSS_SECTION: Final = "cross-section"
"""The radar equation decides, with the catalogue's cross-sections."""
RUNS: Final = (PUBLISHED_RANGE, CROSS_SECTION)
