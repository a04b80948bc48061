"""Comparison with what Commonwatch did not compute: the records, and the run over all of them.

===========================  ===================================================================
``validation_flight``        reference trajectories by other libraries, closed-form arcs
``validation_launches``      published launches, lift-off to the ground
``validation_coasts``        published coasts whose engine is known to be off, held to 1 %
``validation_telemetry``     recorded webcast telemetry
``validation_earth``         standard atmosphere, horizon, geodesy
``validation_turning``       one arc of 2009 over an Earth that stands still
``validation_page``          the result as a document
===========================  ===================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REFERENCE: Final = Path(__file__).parent / "reference"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One comparison: many cases, one quantity, the largest disagreement.

    Parameters
    ----------
    what
        What was compared.
    against
        With what: the other program, publication or closed form.
    case_count
        Number of cases.
    quantity
        What disagrees, with the unit in ``unit``.
    largest
        Largest disagreement; None where there was no case.
    allowed
        Largest that passes; None shows the disagreement and judges nothing.
    cause
        Where the largest one is, and why.
    """

    what: str
    against: str
    case_count: int
    quantity: str
    unit: str
    largest: float | None
    allowed: float | None
    cause: str

    @property
    def passes(self) -> bool | None:
        """Whether it passes; None where nothing was to be judged."""
        if self.allowed is None:
            return None
        return self.largest is not None and self.largest <= self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Figures that stand beside the checks, row by row.

    Parameters
    ----------
    title, note
        A heading, and what must be said about the figures.
    columns
        Names of the columns, units in them.
    rows
        Cells as text, in the order of the columns.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Every comparison.

    Parameters
    ----------
    checks
        One a row of the table.
    listings
        Figures behind them.
    """

    checks: tuple[Check, ...]
    listings: tuple[Listing, ...]

    @property
    def passes(self) -> bool:
        """Whether every check that judges passes."""
        return all(check.passes is not False for check in self.checks)

    @property
    def verdict(self) -> str:
        """Whether all pass, in a sentence that names those which do not."""
        judged = [check for check in self.checks if check.passes is not None]
        failed = [check.what for check in judged if not check.passes]
        if not failed:
            return f"All {len(judged)} comparisons that are judged pass."
        return (
            f"{len(failed)} of {len(judged)} comparisons that are judged fail: {'; '.join(failed)}."
        )

    def to_json(self) -> dict[str, object]:
        """Return the checks and listings as plain values with stable keys."""
        return {
            "format": FORMAT,
            "passes": self.passes,
            "checks": [
                {
                    "what": check.what,
                    "against": check.against,
                    "cases": check.case_count,
                    "quantity": check.quantity,
                    "unit": check.unit,
                    "largest": check.largest,
                    "allowed": check.allowed,
                    "passes": check.passes,
                    "cause": check.cause,
                }
                for check in self.checks
            ],
            "listings": [
                {
                    "title": listing.title,
                    "note": listing.note,
                    "rows": [dict(zip(listing.columns, row, strict=True)) for row in listing.rows],
                }
                for listing in self.listings
            ],
        }


def run_all(progress: Callable[[str], None] = lambda _: None) -> Validation:
    """Run every comparison.

    Parameters
    ----------
    progress
        Called with the name of each part before it begins.
    """
    # Imported here: the parts import the records above.
    from commonwatch.studies import (  # noqa: PLC0415
        validation_coasts,
        validation_earth,
        validation_flight,
        validation_launches,
        validation_telemetry,
        validation_turning,
    )

    parts: Mapping[str, Callable[[], tuple[list[Check], list[Listing]]]] = {
        "reference trajectories": validation_flight.compare,
        "published launches": validation_launches.compare,
        "published coasts": validation_coasts.compare,
        "recorded telemetry": validation_telemetry.compare,
        "air, horizon, geodesy": validation_earth.compare,
        "an Earth that stands still": validation_turning.compare,
    }
    checks: list[Check] = []
    listings: list[Listing] = []
    for name, compare in parts.items():
        progress(name)
        more_checks, more_listings = compare()
        checks += more_checks
        listings += more_listings
    return Validation(checks=tuple(checks), listings=tuple(listings))


def read_rows(name: str) -> list[dict[str, str]]:
    """Read a reference table; lines that begin with # are comments."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def column(rows: Sequence[Mapping[str, str]], name: str) -> list[float]:
    """Return one column of a table as numbers.

    Parameters
    ----------
    rows
        Of a table, as text.
    name
        Of the column.
    """
    return [float(row[name]) for row in rows]


def figure(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, thousands separated.

    Parameters
    ----------
    value
        Finite.
    digits
        How many count.
    """
    text = f"{value:.{digits}g}"
    return text if abs(value) < 1e-3 else f"{float(text):,.10g}"
