"""Published launches: the arc of the published apogee and range against the published time.

Burn time, burn-out altitude, direction and ballistic coefficient stand as intervals in the
catalogue, written down before this comparison and never fitted to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination
from commonwatch.flight.ballistic import ArcKind, ArcRequest, Arcs, arc_between
from commonwatch.flight.propagation import free_flight
from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends, low_end
from commonwatch.scenario.schema import Figure, Interval, LaunchEntry
from commonwatch.studies.validation import Check, Listing, read_rows
from commonwatch.units import metres_from_kilometres, radians_from_degrees

F64 = npt.NDArray[np.float64]

COAST_MAX_RATIO: Final = 0.01
"""A coast is held to 1 % of its length, where the burn time is not assumed."""
_PUBLISHED_KEYS: Final = ("apogee_km", "ground_range_km", "flight_time_s")
_PUBLISHED: Final = "published apogee, range and flight time"
_NO_PROOF: Final = (
    "no published burn time was found for any of these; coasts to apogee are judged below"
)
REPORTED: Final = "reported"
_NORTH_AND_EAST_RAD: Final = (0.0, 0.5 * np.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchComparison:
    """One published launch and the arcs that its figures admit; intervals are (low, high), s.

    Parameters
    ----------
    title
        Of the launch.
    published_s
        Published flight time with its rounding and conflicting reports.
    burn_time_s
        Burn time, from the catalogue.
    burn_time_mark
        *found*, *derived* or *assumed*.
    assumed
        Keys of the catalogue whose figures are assumed, of those that the coast hangs on.
    computed_s
        Flight time over burn time, burn-out altitude, drag on and off, direction and the rounding
        of apogee and range.
    computed_coast_s
        Free flight alone, over the same.
    nominal_off_s
        Published time less the computed one, all figures nominal, no drag.
    shortest_s
        Vacuum arc of the least apogee that starts at full speed: no flight can be shorter.
    direction_s
        How far the nominal time moves when the launch goes due north or due east instead.
    arc_count, refused_count
        Arcs computed, and how many of them the powered phase does not admit.
    is_verified
        False where the catalogue holds the launch's own figures for unverified.
    """

    title: str
    published_s: tuple[float, float]
    burn_time_s: tuple[float, float]
    burn_time_mark: str
    assumed: tuple[str, ...]
    computed_s: tuple[float, float]
    computed_coast_s: tuple[float, float]
    nominal_off_s: float
    shortest_s: float
    direction_s: float
    arc_count: int
    refused_count: int
    is_verified: bool

    @property
    def is_proof(self) -> bool:
        """Whether it may count as proof: nothing of it assumed."""
        return self.is_verified and not self.assumed

    @property
    def gap_s(self) -> float:
        """How far the published interval lies outside the computed one; 0 where they meet."""
        return apart(self.published_s, self.computed_s)

    @property
    def published_coast_s(self) -> tuple[float, float]:
        """Published flight time with the burn time taken off."""
        return (
            self.published_s[0] - self.burn_time_s[1],
            self.published_s[1] - self.burn_time_s[0],
        )

    @property
    def coast_ratio(self) -> float:
        """Distance of published from computed coast, as a part of the computed one."""
        middle_s = 0.5 * (self.computed_coast_s[0] + self.computed_coast_s[1])
        return apart(self.published_coast_s, self.computed_coast_s) / middle_s

    @property
    def nominal_ratio(self) -> float:
        """How far the published time is off at nominal figures, as a part of the coast."""
        middle_s = 0.5 * (self.computed_coast_s[0] + self.computed_coast_s[1])
        return abs(self.nominal_off_s) / middle_s

    @property
    def contradicts_itself(self) -> bool:
        """Whether the published time is shorter than any flight of the published apogee."""
        return self.published_s[1] < self.shortest_s


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance between two intervals, 0 where they meet.

    Parameters
    ----------
    one, other
        Least and greatest, in one unit.
    """
    return max(0.0, one[0] - other[1], other[0] - one[1])


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare every launch of the catalogue whose flight time, apogee and range are reported."""
    compared = compare_launches()
    return [*_checks(compared), _contradiction()], [_times(compared), _coasts(compared)]


def compare_launches() -> list[LaunchComparison]:
    """Compare each launch that has what it takes; see the listing's note for the rest."""
    return [
        _comparison(entry, entry.apogee_km, entry.flight_time_s)
        for entry in catalogue.launches().values()
        if entry.apogee_km is not None and entry.flight_time_s is not None and _counts(entry)
    ]


def _counts(entry: LaunchEntry) -> bool:
    is_reported = entry.flight_time_status == REPORTED and entry.apogee_km is not None
    return is_reported and entry.descent == "free"


def _comparison(entry: LaunchEntry, apogee_km: Figure, flight_time_s: Figure) -> LaunchComparison:
    corners, middle = corner_cases(entry, apogee_km)
    ways = np.vstack([middle, middle, middle])
    ways[1:, 4] = np.degrees(_NORTH_AND_EAST_RAD)
    impulsive = np.array([[0.0, 0.0, low_end(apogee_km), *middle[3:]]])
    burn, top = ends(entry.burn_time_s), ends(entry.burn_out_altitude_km)
    arcs = solve(
        entry.latitude_deg, entry.longitude_deg, np.vstack([corners, ways, impulsive]), top
    )
    count = len(corners)
    solved = arcs.is_solved[:count]
    coasts = [arcs.free.time_s[:count][solved]]
    for coefficient in ends(catalogue.vehicles()[entry.vehicle].ballistic_coefficient_kg_m2):
        dragged = free_flight(
            arcs.burn_out_state_vector[:count][solved], ballistic_coefficient_kg_m2=coefficient
        )
        coasts.append(dragged.time_s)
    coast = np.stack(coasts)
    whole = coast + corners[solved, 0]
    by_way = arcs.time_of_flight_s[count : count + 3]
    published = ends(flight_time_s)
    return LaunchComparison(
        title=entry.title,
        published_s=(published[0], published[2]),
        burn_time_s=(burn[0], burn[2]),
        burn_time_mark=mark(entry.burn_time_s),
        assumed=assumed_keys(entry, ("burn_time_s", "burn_out_altitude_km", *_PUBLISHED_KEYS)),
        computed_s=(float(whole.min()), float(whole.max())),
        computed_coast_s=(float(coast.min()), float(coast.max())),
        nominal_off_s=float(published[1] - by_way[0]),
        shortest_s=float(arcs.time_of_flight_s[-1]),
        direction_s=float(np.max(np.abs(by_way - by_way[0]))),
        arc_count=coast.size,
        refused_count=int(np.sum(~solved)),
        is_verified=entry.used_for_validation,
    )


def corner_cases(entry: LaunchEntry, apogee_km: Figure) -> tuple[F64, F64]:
    """Return every corner of a launch's intervals, (n, 5), and the nominal figures, (5,).

    Columns are burn time, burn-out altitude, apogee, ground range and azimuth, in file units.

    Parameters
    ----------
    entry
        Of the catalogue of launches; without an azimuth it goes due east.
    apogee_km
        Its published apogee, or what rounding makes of it.
    """
    burn, top, apogee, ground, azimuth = (
        ends(figure)
        for figure in (
            entry.burn_time_s,
            entry.burn_out_altitude_km,
            apogee_km,
            entry.ground_range_km,
            90.0 if entry.azimuth_deg is None else entry.azimuth_deg,
        )
    )
    corners = itertools.product(burn, top, apogee[::2], ground[::2], azimuth)
    return np.array(list(corners)), np.array([burn[1], top[1], apogee[1], ground[1], azimuth[1]])


def mark(figure: Figure) -> str:
    """Return the mark of a figure; a plain number is *found*."""
    return figure.mark if isinstance(figure, Interval) else "found"


def assumed_keys(entry: LaunchEntry, keys: Iterable[str]) -> tuple[str, ...]:
    """Return those keys of a launch whose figures are assumed.

    Parameters
    ----------
    entry
        Of the catalogue of launches.
    keys
        Of figures in it.
    """
    return tuple(key for key in keys if mark(getattr(entry, key)) == "assumed")


def solve(
    latitude_deg: float, longitude_deg: float, cases: F64, top_km: tuple[float, float, float]
) -> Arcs:
    """Solve arcs; rows of burn time, burn-out altitude, apogee, range, azimuth in file units.

    Parameters
    ----------
    latitude_deg, longitude_deg
        Of the launch, geodetic.
    cases
        Shape (n, 5): seconds, kilometres and degrees; see ``corner_cases``.
    top_km
        Low, nominal and high burn-out altitude: outside it an arc is refused.

    Returns
    -------
    Arcs
        n arcs of these apogees, impact at the end of the ground range.
    """
    count = len(cases)
    latitude = np.full(count, radians_from_degrees(latitude_deg))
    longitude = np.full(count, radians_from_degrees(longitude_deg))
    aim_latitude, aim_longitude = destination(
        latitude,
        longitude,
        radians_from_degrees(cases[:, 4]),
        metres_from_kilometres(cases[:, 3]),
    )
    return arc_between(
        ArcRequest(
            latitude_rad=latitude,
            longitude_rad=longitude,
            altitude_m=np.zeros(count),
            aim_latitude_rad=aim_latitude,
            aim_longitude_rad=aim_longitude,
            kind=ArcKind.APOGEE,
            wanted=metres_from_kilometres(cases[:, 2]),
            burn_time_s=np.ascontiguousarray(cases[:, 0]),
            burn_out_altitude_m=metres_from_kilometres(cases[:, 1]),
            burn_out_altitude_low_m=np.full(count, metres_from_kilometres(top_km[0])),
            burn_out_altitude_high_m=np.full(count, metres_from_kilometres(top_km[2])),
        )
    )


def _checks(compared: list[LaunchComparison]) -> list[Check]:
    proof = [one for one in compared if one.is_proof]
    shown = [one for one in compared if not one.is_proof]
    return [*_coast_checks(shown, proof), *_time_checks(shown, proof)]


def _coast_checks(shown: list[LaunchComparison], proof: list[LaunchComparison]) -> list[Check]:
    quantity = "flight time less burn time, outside the computed coast"
    worst = max(shown, key=lambda one: one.coast_ratio, default=None)
    nominal = max(shown, key=lambda one: one.nominal_ratio, default=None)
    cause = "none"
    if worst is not None and nominal is not None:
        cause = (
            "all meet, but the assumed burn times leave wide intervals: at nominal figures "
            f"{nominal.title} is {100.0 * nominal.nominal_ratio:.1f} % off"
            if worst.coast_ratio == 0.0
            else f"{worst.title}; published times are whole minutes"
        )
    return [
        Check(
            what="coasts to the ground, burn time assumed: shown, not proof",
            against=_PUBLISHED,
            case_count=len(shown),
            quantity=quantity,
            unit="%",
            largest=None if worst is None else 100.0 * worst.coast_ratio,
            allowed=None,
            cause=cause,
        ),
        Check(
            what="coasts to the ground, burn time found: proof",
            against=_PUBLISHED,
            case_count=len(proof),
            quantity="flight time less burn time, against the coast at nominal figures",
            unit="%",
            largest=max((100.0 * one.nominal_ratio for one in proof), default=None),
            allowed=100.0 * COAST_MAX_RATIO if proof else None,
            cause=_NO_PROOF if not proof else max(proof, key=lambda one: one.nominal_ratio).title,
        ),
    ]


def _time_checks(shown: list[LaunchComparison], proof: list[LaunchComparison]) -> list[Check]:
    farthest = max(shown, key=lambda one: one.gap_s, default=None)
    count = len(shown)
    cause = "none"
    if farthest is not None:
        cause = (
            f"all {count} published times lie in intervals "
            f"{min(_width(one) for one in shown):.0f} to "
            f"{max(_width(one) for one in shown):.0f} s wide, most of it the assumed burn time"
            if farthest.gap_s == 0.0
            else farthest.title
        )
    return [
        Check(
            what="flight times, burn time assumed: shown, not proof",
            against=_PUBLISHED,
            case_count=count,
            quantity="published time outside the computed interval",
            unit="s",
            largest=None if farthest is None else farthest.gap_s,
            allowed=None,
            cause=cause,
        ),
        Check(
            what="flight times, burn time found: proof",
            against=_PUBLISHED,
            case_count=len(proof),
            quantity="published time outside the computed interval",
            unit="s",
            largest=max((one.gap_s for one in proof), default=None),
            allowed=0.0 if proof else None,
            cause=_NO_PROOF if not proof else max(proof, key=lambda one: one.gap_s).title,
        ),
    ]


def _width(one: LaunchComparison) -> float:
    return one.computed_s[1] - one.computed_s[0]


def _times(compared: list[LaunchComparison]) -> Listing:
    rows = tuple(
        (
            one.title,
            _interval(one.published_s),
            f"{_interval(one.burn_time_s)} ({one.burn_time_mark})",
            _interval(one.computed_s),
            f"{_width(one):.0f}",
            f"{one.nominal_off_s:+.0f}",
            "yes" if one.gap_s == 0.0 else f"no: {one.gap_s:.0f} s apart",
            "yes" if one.is_proof else "no",
        )
        for one in compared
    )
    left_out = "; ".join(
        f"{entry.title} ({entry.reason})"
        for entry in catalogue.launches().values()
        if not _counts(entry)
    )
    unverified = ", ".join(one.title for one in compared if not one.is_verified)
    own = ", ".join(one.title for one in compared if one.contradicts_itself)
    flights = sum(one.arc_count for one in compared)
    refused = sum(one.refused_count for one in compared)
    assumed = sum(one.burn_time_mark == "assumed" for one in compared)
    verdict = (
        "No burn time of a particular missile was found: all are class figures, assumed, so **no "
        "row here is proof**."
        if assumed == len(compared)
        else f"{assumed} burn times are assumed: those rows are no proof."
    )
    note = (
        f"{verdict} The computed interval spans burn time, burn-out altitude, drag off "
        "and on (the vehicle's ballistic coefficients), azimuth, and the rounding of apogee "
        "and ground range; the published one spans rounding and conflicting reports. A row "
        "contains its published time where the two meet. Nominal: published less computed at the "
        f"catalogue's nominal figures, without drag. {flights:,} flights; the powered phase "
        f"refused {refused} arcs. Not verified by the catalogue either: {unverified or 'none'}. "
        f"Published time shorter than its own arc: {own or 'none of these'}. "
        f"Left out: {left_out}."
    )
    return Listing(
        title="Published launches: flight times",
        note=note,
        columns=(
            "launch",
            "published, s",
            "burn time, s",
            "computed, s",
            "width, s",
            "nominal off, s",
            "contains",
            "proof",
        ),
        rows=rows,
    )


def _coasts(compared: list[LaunchComparison]) -> Listing:
    return Listing(
        title="Published launches: coasts",
        note="Published time less burn time (both intervals), against free flight from burn-out to "
        "the ground, drag off and on. Apart: the distance between the two intervals as a part of "
        "the coast; it would be held to 1 % where a burn time is found. Azimuths are "
        "derived from reported places of splash-down or assumed: North Korean lofted tests went "
        "east-north-east into the Sea of Japan, the sounding rocket north. Turned: how far the "
        "nominal flight time moves if the launch goes due north or due east instead; the "
        "intervals allow for azimuths within some 10 degrees.",
        columns=(
            "launch",
            "published less burn, s",
            "computed coast, s",
            "apart, %",
            "turned north or east, s",
        ),
        rows=tuple(
            (
                one.title,
                _interval(one.published_coast_s),
                _interval(one.computed_coast_s),
                f"{100.0 * one.coast_ratio:.2f}",
                f"{one.direction_s:.0f}",
            )
            for one in compared
        ),
    )


def _interval(ends_s: tuple[float, float]) -> str:
    digits = 1 if ends_s[1] - ends_s[0] < 10.0 else 0
    return f"{ends_s[0]:,.{digits}f} to {ends_s[1]:,.{digits}f}"


def contradiction_s(row: dict[str, str]) -> float:
    """Return by how much a published time falls short of its own arc; negative where it does not.

    Parameters
    ----------
    row
        Place, azimuth, apogee, ground range and flight time, as in ``contradictory_launches.csv``.
    """
    case = [
        0.0,
        0.0,
        float(row["apogee_km"]),
        float(row["ground_range_km"]),
        float(row["azimuth_deg"]),
    ]
    arcs = solve(
        float(row["latitude_deg"]), float(row["longitude_deg"]), np.array([case]), (0.0, 0.0, 0.0)
    )
    return float(arcs.time_of_flight_s[0]) - float(row["flight_time_s"])


def _contradiction() -> Check:
    rows = read_rows("contradictory_launches.csv")
    short_s = [contradiction_s(row) for row in rows]
    return Check(
        what="published time shorter than its own arc: a source can be wrong",
        against=_PUBLISHED,
        case_count=len(rows),
        quantity="short of the vacuum arc without a powered phase",
        unit="s",
        largest=max(short_s),
        allowed=None,
        cause=f"{rows[int(np.argmax(short_s))]['title']}: one of its figures must be wrong",
    )
