"""Free flight against other libraries' trajectories; arcs against the closed form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination, geodesic, geodetic_from_ecef
from commonwatch.earth.frames import ecef_from_inertial, inertial_from_ecef
from commonwatch.earth.gravity import Gravity
from commonwatch.flight.ballistic import ArcKind, ArcRequest, arc_between
from commonwatch.flight.propagation import FreeFlight, after, free_flight, sample
from commonwatch.scenario.load import load_scenario
from commonwatch.studies.validation import Check, Listing, column, figure, read_rows
from commonwatch.world.truth import drag_offset, fly

F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

SPHERE_RADIUS_M: Final = 6_371_000.0
"""Of the closed-form table; read off its own figures (*derived*)."""
_STATE: Final = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
_PATH_INTERVAL_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reference:
    """One force model of the reference flights, (n,) each, in the order of ``states.csv``."""

    apogee_altitude_m: F64
    latitude_rad: F64
    longitude_rad: F64
    time_of_flight_s: F64
    ground_range_m: F64


def compare() -> tuple[list[Check], list[Listing]]:
    """Compare free flight and arcs, and list what each force model costs."""
    checks = [
        *_same_model("kepler_uniform", Gravity.TWO_BODY, "heyoka, two-body, uniformly turning"),
        *_same_model("j2_uniform", Gravity.J2, "heyoka, J2, uniformly turning"),
        _path(),
        *_drag(1_000.0),
        *_drag(5_000.0),
        *_closed_form(),
        *_arcs_from_the_pole(),
    ]
    return checks, [_cost_of_models(), _cost_of_air(), _cost_of_air_by_arc()]


def impact_disagreement_m(flown: FreeFlight, latitude_rad: F64, longitude_rad: F64) -> F64:
    """Return the ground distance between impacts, (n,).

    Parameters
    ----------
    flown
        Ends of n flights, ECEF; nan where a flight did not arrive.
    latitude_rad, longitude_rad
        Of the reference, geodetic, shape (n,).
    """
    latitude, longitude, _ = geodetic_from_ecef(flown.state_vector[:, :3])
    distance, _ = geodesic(latitude, longitude, latitude_rad, longitude_rad)
    return distance


def _starts() -> tuple[list[str], F64]:
    rows = read_rows("states.csv")
    return [row["id"] for row in rows], np.column_stack([column(rows, name) for name in _STATE])


def _reference(model: str) -> _Reference:
    by_name = {row["id"]: row for row in read_rows("summary.csv") if row["model"] == model}
    rows = [by_name[name] for name in _starts()[0]]
    return _Reference(
        apogee_altitude_m=np.array(column(rows, "apogee_altitude_m")),
        latitude_rad=np.radians(column(rows, "impact_latitude_deg")),
        longitude_rad=np.radians(column(rows, "impact_longitude_deg")),
        time_of_flight_s=np.array(column(rows, "time_of_flight_s")),
        ground_range_m=np.array(column(rows, "ground_range_m")),
    )


def _at(names: list[str], disagreement: F64) -> str:
    return names[int(np.argmax(disagreement))]


def _same_model(model: str, gravity: Gravity, against: str) -> list[Check]:
    names, state_vectors = _starts()
    reference = _reference(model)
    flown = free_flight(state_vectors, gravity=gravity)
    place_m = impact_disagreement_m(flown, reference.latitude_rad, reference.longitude_rad)
    apogee_m = np.abs(flown.apogee_altitude_m - reference.apogee_altitude_m)
    time_s = np.abs(flown.time_s - reference.time_of_flight_s)
    what = f"free flight, {gravity}"
    cause = "error of the integrator's steps, the greatest for"
    return [
        Check(
            what=what,
            against=against,
            case_count=len(names),
            quantity=quantity,
            unit=unit,
            largest=float(np.max(disagreement)),
            allowed=allowed,
            cause=f"{cause} {_at(names, disagreement)}",
        )
        for quantity, unit, disagreement, allowed in (
            ("place of impact", "m", place_m, 1.0),
            ("apogee", "m", apogee_m, 0.5),
            ("time of flight", "s", time_s, 1e-3),
        )
    ]


def _path() -> Check:
    names, state_vectors = _starts()
    rows = [row for row in read_rows("path_j2_uniform.csv") if float(row["t_s"]) % 10.0 == 0.0]
    count = 1 + max(int(float(row["t_s"]) / _PATH_INTERVAL_S) for row in rows)
    flown = sample(state_vectors, interval_s=_PATH_INTERVAL_S, count=count, gravity=Gravity.J2)
    place = [names.index(row["id"]) for row in rows]
    step = [int(float(row["t_s"]) / _PATH_INTERVAL_S) for row in rows]
    expected = np.column_stack([column(rows, name) for name in _STATE[:3]])
    away_m = np.linalg.norm(flown[place, step, :3] - expected, axis=1)
    worst = rows[int(np.argmax(away_m))]
    return Check(
        what="samples of free flight each 10 s, j2",
        against="heyoka, J2, uniformly turning",
        case_count=len(rows),
        quantity="position",
        unit="m",
        largest=float(away_m.max()),
        allowed=1.0,
        cause=f"one Runge-Kutta step of fourth order a sample; {worst['id']} "
        f"at {float(worst['t_s']):.0f} s",
    )


def _drag(ballistic_coefficient_kg_m2: float) -> list[Check]:
    names, state_vectors = _starts()
    reference = _reference(f"j2_drag_b{ballistic_coefficient_kg_m2:.0f}_uniform")
    flown = free_flight(state_vectors, ballistic_coefficient_kg_m2=ballistic_coefficient_kg_m2)
    place_m = impact_disagreement_m(flown, reference.latitude_rad, reference.longitude_rad)
    time_s = np.abs(flown.time_s - reference.time_of_flight_s)
    cause = (
        "the reference's air above 86 km is an exponential, 1.6 to 2.8 % off the tables there; "
        "the greatest for"
    )
    return [
        Check(
            what=f"free flight, j2, drag at {ballistic_coefficient_kg_m2:,.0f} kg/m2",
            against="SciPy DOP853, 1976 atmosphere",
            case_count=len(names),
            quantity=quantity,
            unit=unit,
            largest=float(np.max(disagreement)),
            allowed=allowed,
            cause=f"{cause} {_at(names, disagreement)}",
        )
        for quantity, unit, disagreement, allowed in (
            ("place of impact", "m", place_m, 100.0),
            ("time of flight", "s", time_s, 0.1),
        )
    ]


def _by_range(names: list[str]) -> list[tuple[str, Index]]:
    """Group the reference flights by ground range in their names; lofted ones stand alone."""
    nominal_km = np.array([int(name[1:6]) for name in names])
    lofted = np.array(["steep" in name for name in names])
    groups = [
        (f"{km:,}", np.flatnonzero((nominal_km == km) & ~lofted))
        for km in np.unique(nominal_km[~lofted])
    ]
    for row in np.flatnonzero(lofted):
        apogee_km = int(names[row].rpartition("ap")[2])
        groups.append((f"{nominal_km[row]:,}, lofted to {apogee_km:,}", np.array([row])))
    return groups


def _cost_of_models() -> Listing:
    """List how far each force model is off at impact against the full field, by range."""
    names, state_vectors = _starts()
    truth = _reference("full_itrf")
    off_m = [
        impact_disagreement_m(
            free_flight(state_vectors, gravity=gravity), truth.latitude_rad, truth.longitude_rad
        )
        for gravity in Gravity
    ]
    return Listing(
        title="What each force model costs at impact",
        note="Distance in metres between the impact under each model and that under the full field "
        "(Orekit 13, EIGEN-6S to 120x120, true rotation, Sun, Moon, tides), in vacuum: mean, and "
        "the greatest in brackets. Not judged: these are limits of the models. Lofted arcs stand "
        "apart, with their apogee.",
        columns=("ground range, km", "flights", *(f"{gravity}, m" for gravity in Gravity)),
        rows=tuple(
            (
                label,
                str(len(rows)),
                *(f"{figure(m[rows].mean(), 2)} ({figure(m[rows].max(), 2)})" for m in off_m),
            )
            for label, rows in _by_range(names)
        ),
    )


def _cost_of_air() -> Listing:
    """List how far and how long drag holds flights back, in the references' own figures."""
    names, _ = _starts()
    vacuum = _reference("j2_uniform")
    short_km, late_s = [], []
    for coefficient in (1_000, 5_000):
        air = _reference(f"j2_drag_b{coefficient}_uniform")
        away_m, _ = geodesic(
            vacuum.latitude_rad, vacuum.longitude_rad, air.latitude_rad, air.longitude_rad
        )
        short_km.append(away_m / 1e3)
        late_s.append(air.time_of_flight_s - vacuum.time_of_flight_s)
    columns = (short_km[0], late_s[0], short_km[1], late_s[1])
    return Listing(
        title="What vacuum leaves out",
        note="Impact with drag against impact in vacuum, mean over the reference flights, for "
        "ballistic coefficients of 1,000 and 5,000 kg/m2; the reference's own figures. Far more "
        "than J2 leaves out: where a vehicle's coefficient is unknown, its impact is by as much.",
        columns=(
            "ground range, km",
            "flights",
            "moved at 1,000, km",
            "late at 1,000, s",
            "moved at 5,000, km",
            "late at 5,000, s",
        ),
        rows=tuple(
            (label, str(len(rows)), *(figure(one[rows].mean(), 2) for one in columns))
            for label, rows in _by_range(names)
        ),
    )


def _closed_form() -> list[Check]:
    """Fly the closed form's speeds and elevations: they must come down where and when it says."""
    rows = read_rows("minimum_energy.csv")
    range_m = 1e3 * np.array(column(rows, "range_km"))
    speed = 1e3 * np.array(column(rows, "speed_km_s"))
    elevation = np.radians(column(rows, "fpa_deg"))
    flight_s = 60.0 * np.array(column(rows, "tof_min"))
    # In the plane of the prime meridian, from the equator north: nothing there turns with the Earth
    # once the start is given in the inertial frame.
    start = np.zeros((len(rows), 6))
    start[:, 0] = SPHERE_RADIUS_M
    start[:, 3], start[:, 5] = speed * np.sin(elevation), speed * np.cos(elevation)
    turning = ecef_from_inertial(start, 0.0)
    steps = 401
    times = np.linspace(0.0, 1.0, steps)[:, None] * flight_s
    flown = np.stack([after(turning, time, gravity=Gravity.TWO_BODY) for time in times[1:]])
    inertial = inertial_from_ecef(flown, times[1:])
    radius = np.linalg.norm(inertial[..., :3], axis=-1)
    swept_m = SPHERE_RADIUS_M * np.arctan2(inertial[-1, :, 2], inertial[-1, :, 0])
    swept_m = np.where(swept_m < 0.0, swept_m + 2.0 * np.pi * SPHERE_RADIUS_M, swept_m)
    apogee_m = np.abs(
        radius.max(axis=0) - SPHERE_RADIUS_M - 1e3 * np.array(column(rows, "apogee_km"))
    )
    fallen_m = np.abs(radius[-1] - SPHERE_RADIUS_M)
    cause = "the table's last digit (0.1 m/s, 0.001 deg, 0.06 s)"
    return [
        Check(
            what="arcs of the closed form, flown",
            against="closed form: two-body, sphere, minimum energy",
            case_count=len(rows),
            quantity=quantity,
            unit="m",
            largest=float(np.max(off_m)),
            allowed=allowed,
            cause=f"{cause}; the greatest at {range_m[int(np.argmax(off_m))] / 1e3:,.0f} km",
        )
        for quantity, off_m, allowed in (
            ("ground range", np.abs(swept_m - range_m), 500.0),
            ("apogee", apogee_m, 100.0),
            ("height at the end", fallen_m, 300.0),
        )
    ]


def _arcs_from_the_pole() -> list[Check]:
    """Let the solver find arcs where the Earth's turning gives nothing: from the pole."""
    rows = read_rows("minimum_energy.csv")
    range_m = 1e3 * np.array(column(rows, "range_km"))
    count = len(rows)
    pole = np.full(count, np.radians(90.0 - 1e-9))
    zero = np.zeros(count)
    latitude, longitude = destination(pole, zero, np.full(count, np.pi), range_m)
    arcs = arc_between(
        ArcRequest(
            latitude_rad=pole,
            longitude_rad=zero,
            altitude_m=zero,
            aim_latitude_rad=latitude,
            aim_longitude_rad=longitude,
            kind=ArcKind.MINIMUM_ENERGY,
            wanted=np.full(count, np.nan),
            burn_time_s=zero,
            burn_out_altitude_m=zero,
            burn_out_altitude_low_m=zero,
            burn_out_altitude_high_m=zero,
        ),
        gravity=Gravity.TWO_BODY,
    )
    speed = np.hypot(arcs.powered.speed_along_m_s, arcs.powered.speed_up_m_s) / 1e3
    cause = "ellipsoid against sphere: the pole lies 14 km lower, the equator 7 km higher"
    return [
        Check(
            what="minimum-energy arcs found from the pole, two-body",
            against="closed form: two-body, sphere, minimum energy",
            case_count=count,
            quantity=quantity,
            unit="%",
            largest=float(np.max(off)),
            allowed=allowed,
            cause=f"{cause}; the greatest at {range_m[int(np.argmax(off))] / 1e3:,.0f} km",
        )
        for quantity, off, allowed in (
            ("speed", 100.0 * np.abs(speed / column(rows, "speed_km_s") - 1.0), 0.5),
            (
                "time of flight",
                100.0 * np.abs(arcs.time_of_flight_s / 60.0 / column(rows, "tof_min") - 1.0),
                0.5,
            ),
        )
    ]


def _cost_of_air_by_arc() -> Listing:
    """List by how much drag moves the arcs of the 2009 case, by the kind of arc."""
    truth = fly(load_scenario("iran-2009"), interval_s=30.0)
    arcs = np.array([flight.arc for flight in truth.flights])
    kinds = tuple(dict.fromkeys(arcs))
    offsets = []
    for coefficient in (1_000.0, 5_000.0):
        every = np.full((3, len(arcs)), coefficient)
        offset_m, offset_s = drag_offset(replace(truth, ballistic_coefficient_kg_m2=every))
        offsets += [offset_m[0] / 1e3, offset_s[0]]
    return Listing(
        title="What vacuum leaves out, by the kind of arc",
        note="Least and greatest over the arcs of iran-2009, for ballistic coefficients of 1,000 "
        "and 5,000 kg/m2: own figures, compared with nothing outside. The means above hide them.",
        columns=(
            "arc",
            "flights",
            "moved at 1,000, km",
            "late at 1,000, s",
            "moved at 5,000, km",
            "late at 5,000, s",
        ),
        rows=tuple(
            (
                kind,
                str(int((arcs == kind).sum())),
                *(
                    f"{figure(one[arcs == kind].min(), 2)} to {figure(one[arcs == kind].max(), 2)}"
                    for one in offsets
                ),
            )
            for kind in kinds
        ),
    )
