"""Whether a world ended as its scenario says that it must, for each centre and level of sharing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commonwatch.scenario.description import Scenario
from commonwatch.scenario.nations import Expected
from commonwatch.scenario.sharing_schema import EACH_FLIGHT, FALSE_ALARM, TEST_DATA
from commonwatch.studies.known import (
    CANCELLED,
    CONFIRMED,
    SINGLE_KIND,
    UNCONFIRMED,
    Beliefs,
    Rows,
    known,
)
from commonwatch.studies.known_matching import true_flights
from commonwatch.world.history import History, tables
from commonwatch.world.sightings import Sightings

NOTHING = "nothing"
TEST_ONLY = "test only"
RISING = (NOTHING, UNCONFIRMED, SINGLE_KIND, CONFIRMED)
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one centre came to believe of one object.

    Parameters
    ----------
    centre, object
        Which; a flight's name, "false alarm" or "test data".
    highest
        What its alert was at its highest.
    is_cancelled
        Whether it was raised and is no more.
    """

    centre: str
    object: str
    highest: str
    is_cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """An expectation that a world did not meet."""

    expected: Expected
    level: str
    ended: Ended

    def __str__(self) -> str:
        wanted = " or ".join(self.expected.outcomes)
        where = f"{self.expected.laydown}, sharing {self.level}, {self.ended.centre}"
        return f"{where}: {self.ended.object} ended as {self.ended.highest}, expected {wanted}"


def unmet(
    scenario: Scenario, sightings: Sightings, history: History, *, rows: Rows | None = None
) -> tuple[Unmet, ...]:
    """Compare a world with what its scenario expects of its laydown and level.

    Parameters
    ----------
    scenario, sightings
        Whose world it is, and what its sensors saw.
    history
        Of a world of that scenario.
    rows
        What ``known`` said of it, where that is there already.

    Notes
    -----
    1. Alerts are given to flights as ``known`` does. 2. Of each object the highest status counts
    that any of its alerts had at the centre. 3. Of false alarms an outcome is the most that may be
    believed: how often the sun glints is chance. 4. "Test only": something was refused there, and
    nothing that does not fly was confirmed.
    """
    wanted = expected_of(scenario, history)
    ends = tuple(ended(scenario, sightings, history, rows=rows)) if wanted else ()
    return tuple(
        Unmet(expected=expected, level=history.level, ended=each)
        for expected in wanted
        for each in ends
        if expected.centre in {None, each.centre}
        and _is_meant(expected.object, each.object)
        and not _is_met(expected, each)
    )


def known_of(scenario: Scenario, sightings: Sightings, history: History) -> Rows:
    """Judge one world by its truth, as ``known`` does.

    Parameters
    ----------
    scenario, sightings
        Whose world it is, and the truth of it.
    history
        What came of it.
    """
    columns = tables(history)
    return known(
        Beliefs(
            centres=tuple(str(name) for name in scenario.centres),
            alerts=columns["centre_alerts"],
            tracks=columns["centre_tracks"],
            first_ns={},
        ),
        true_flights(sightings.ends, sightings.objects),
    )


def expected_of(scenario: Scenario, history: History) -> tuple[Expected, ...]:
    """Return what a scenario expects of the laydown and level of a world.

    Parameters
    ----------
    scenario
        What it expects, whatever the laydown and level.
    history
        Of a world of it.
    """
    return tuple(
        expected
        for expected in scenario.expected
        if expected.laydown == history.laydown and expected.level in {None, history.level}
    )


def ended(
    scenario: Scenario, sightings: Sightings, history: History, *, rows: Rows | None = None
) -> Iterator[Ended]:
    """Yield what each centre came to believe of each flight, of nothing, and of test data.

    Parameters
    ----------
    scenario, sightings
        Whose world it is, and the truth of it.
    history
        What came of it.
    rows
        What ``known`` said of it, where that is there already.
    """
    rows = known_of(scenario, sightings, history) if rows is None else rows
    for row in rows.known:
        yield Ended(
            centre=row["centre"],
            object=sightings.flight_names[row["object"]],
            highest=_highest(row),
            is_cancelled=row["outcome"] == CANCELLED,
        )
    refused = _refused(history)
    for counts in rows.counts:
        centre = counts["centre"]
        false = UNCONFIRMED if counts["false_count"] else NOTHING
        false = CONFIRMED if counts["false_confirmed_count"] else false
        yield Ended(centre=centre, object=FALSE_ALARM, highest=false, is_cancelled=False)
        if refused[centre]:
            seen = CONFIRMED if counts["false_confirmed_count"] else TEST_ONLY
            yield Ended(centre=centre, object=TEST_DATA, highest=seen, is_cancelled=False)


def _highest(row: Mapping[str, Any]) -> str:
    for status, key in (
        (CONFIRMED, "confirmed_s"),
        (SINGLE_KIND, "single_kind_s"),
        (UNCONFIRMED, "unconfirmed_s"),
    ):
        if row[key] is not None:
            return status
    return NOTHING


def _refused(history: History) -> dict[str, int]:
    """Count what each centre refused to open."""
    return {
        str(centre): sum(int(e.content["count"]) for e in entries if e.kind == REFUSED)
        for centre, entries in history.entries.items()
    }


def _is_meant(wanted: str, name: str) -> bool:
    return wanted == name or (wanted == EACH_FLIGHT and name not in {FALSE_ALARM, TEST_DATA})


def _is_met(expected: Expected, found: Ended) -> bool:
    if found.is_cancelled and CANCELLED in expected.outcomes:
        return True
    if found.object == FALSE_ALARM:
        return any(_rank(found.highest) <= _rank(each) for each in expected.outcomes)
    return found.highest in expected.outcomes


def _rank(outcome: str) -> int:
    return RISING.index(outcome) if outcome in RISING else -1
