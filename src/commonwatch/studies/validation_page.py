"""The result of a validation as a document: every figure in it comes from the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from commonwatch.studies.validation import Check, Listing, Validation, figure

COLUMNS: Final = (
    "what",
    "with what",
    "cases",
    "quantity",
    "largest",
    "allowed",
    "passes",
    "cause",
)
NUMBERS: Final = frozenset({"cases", "largest", "allowed"})
"""Columns that are set to the right."""

_HEAD: Final = """# Validation

Written by `commonwatch validate --out docs/validation.md`; do not edit. Everything here was
compared with something that Commonwatch did not compute: other libraries, publications, recorded
telemetry, closed forms. What each model is good for stands in
[models and limits](explanation/models-and-limits.md).
"""
_TAIL: Final = """## What is compared with nothing outside

- **Radars and satellites.** No public measurement says what a named warning radar or satellite saw
  of a named flight to the second. Geometry is tested against slow, obvious implementations;
  ranges, sectors and accuracy are published or assumed intervals, and results are given at both
  ends.
- **The powered phase.** A kinematic curve through published figures. The published launches above
  hold it to some tens of seconds, not to a proof, since every burn time is assumed.
- **Refraction.** Against figures from the literature for one standard atmosphere; no ducts, no
  weather.
- **Values of sensors.** Arithmetic on visibility, tested against enumeration.
"""


def document(validation: Validation) -> str:
    """Write the validation as Markdown.

    Parameters
    ----------
    validation
        Checks and listings.
    """
    parts = [
        _HEAD,
        validation.verdict + "\n",
        "## Comparisons\n",
        _table(
            COLUMNS,
            [cells(check) for check in validation.checks],
        ),
        *(_section(listing) for listing in validation.listings),
        _TAIL,
    ]
    return "\n".join(parts)


def cells(check: Check) -> tuple[str, str, str, str, str, str, str, str]:
    """Return one check as the cells of a row, in the order of ``COLUMNS``."""
    return (
        check.what,
        check.against,
        f"{check.case_count:,}",
        check.quantity,
        "none" if check.largest is None else f"{figure(check.largest, 2)} {check.unit}",
        "not judged" if check.allowed is None else f"{figure(check.allowed, 3)} {check.unit}",
        {True: "yes", False: "NO", None: "not judged"}[check.passes],
        check.cause,
    )


def _section(listing: Listing) -> str:
    return f"## {listing.title}\n\n{listing.note}\n\n{_table(listing.columns, listing.rows)}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
