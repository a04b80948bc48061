"""The impact bound against Fisher information summed look by look through another integrator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import solve_ivp

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.earth.frames import look_angles
from commonwatch.earth.gravity import Gravity, acceleration_ecef
from commonwatch.flight.ballistic import ArcKind, ArcRequest, arc_between
from commonwatch.flight.trajectory import whole_flights
from commonwatch.sensing.measurement import radar_noise
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.site import Site
from commonwatch.sensing.visibility import spells_of_sight
from commonwatch.studies.impact_bound import gather, impact_area_s, impact_slopes
from tests.sensing.build import face, radar

F64 = npt.NDArray[np.float64]

GROWTH_RATIO = 0.05
"""Agreement wanted between spreading looks evenly and counting them one by one."""


def one(value: float) -> F64:
    return np.array([value])


ARC = arc_between(
    ArcRequest(
        latitude_rad=one(0.0),
        longitude_rad=one(0.0),
        altitude_m=one(0.0),
        aim_latitude_rad=one(0.1),
        aim_longitude_rad=one(0.2),
        kind=ArcKind.MINIMUM_ENERGY,
        wanted=one(np.nan),
        burn_time_s=one(80.0),
        burn_out_altitude_m=one(60e3),
        burn_out_altitude_low_m=one(20e3),
        burn_out_altitude_high_m=one(200e3),
    )
)
FLIGHTS = whole_flights(ARC, interval_s=5.0)
NORTH = radar(
    face(70.0, 240.0, elevation_min_deg=2.0),
    site=Site(latitude_rad=0.08, longitude_rad=0.05, altitude_m=0.0),
    range_min_m=0.0,
    range_bias_std_m=200.0,
    track_interval_s=5.0,
)


def flown(state_vector: F64, times: F64) -> F64:
    def slope(_: float, y: F64) -> F64:
        return np.concatenate([y[3:], acceleration_ecef(y[:3], y[3:], Gravity.J2)])

    result = solve_ivp(
        slope, (0.0, times[-1]), state_vector, "DOP853", t_eval=times, rtol=1e-12, atol=1e-6
    )
    return np.asarray(result.y.T)


def impact_by(state_vector: F64) -> F64:
    """Impact latitude and longitude, radians, by a root search on SciPy's dense output."""

    def slope(_: float, y: F64) -> F64:
        return np.concatenate([y[3:], acceleration_ecef(y[:3], y[3:], Gravity.J2)])

    def height(_: float, y: F64) -> float:
        return float(geodetic_from_ecef(y[None, :3])[2][0])

    height.terminal = True  # type: ignore[attr-defined]
    height.direction = -1.0  # type: ignore[attr-defined]
    end = solve_ivp(
        slope, (0.0, 3_000.0), state_vector, "DOP853", events=height, rtol=1e-12, atol=1e-6
    ).y_events[0][0]
    latitude, longitude, _ = geodetic_from_ecef(end[None, :3])
    return np.array([latitude[0], longitude[0]])


def long_half_axis_m(sensor: Radar, looks_s: F64) -> float:
    """Half-axis of the 95 % ellipse after these looks, by differences of the whole chain."""
    burn_out = ARC.burn_out_state_vector[0]
    after = looks_s - 80.0
    nudge = np.array([50.0] * 3 + [0.05] * 3)

    def seen(state_vector: F64) -> F64:
        path = flown(state_vector, after)
        angles = look_angles(
            sensor.site.position_ecef_m, sensor.site.rotation_enu_from_ecef, path[:, :3]
        )
        return np.stack(angles, axis=1)

    slopes = np.stack(
        [(seen(burn_out + n) - seen(burn_out - n)) / (2.0 * n.sum()) for n in np.diag(nudge)],
        axis=-1,
    )
    noise = radar_noise(sensor, flown(burn_out, after))
    rows = (slopes / noise[..., None]).reshape(-1, 6)
    bias = np.zeros_like(noise)
    bias[:, 0] = 1.0 / noise[:, 0]
    whole = np.column_stack([rows, bias.ravel()])
    information = whole.T @ whole
    information[6, 6] += 1.0 / sensor.range_bias_std_m**2
    information[:6, :6] += np.diag([1e-12] * 3 + [1e-8] * 3)
    covariance = np.linalg.inv(information)[:6, :6]
    middle = impact_by(burn_out)

    def offset(state_vector: F64) -> F64:
        latitude, longitude = impact_by(state_vector)
        distance, azimuth = geodesic(middle[0], middle[1], latitude, longitude)
        return float(distance) * np.array([np.sin(azimuth), np.cos(azimuth)])

    by_state = np.stack(
        [(offset(burn_out + n) - offset(burn_out - n)) / (2.0 * n.sum()) for n in np.diag(nudge)],
        axis=-1,
    )
    ellipse = by_state @ covariance @ by_state.T
    return float(np.sqrt(5.991464547107979 * np.linalg.eigvalsh(ellipse)[-1]))


def known_s(sensor: Radar, *, from_s: float = 0.0) -> float:
    slopes = impact_slopes(ARC, FLIGHTS, gravity=Gravity.J2)
    spells = spells_of_sight(FLIGHTS, [sensor])
    return float(
        impact_area_s(
            slopes,
            gather(slopes, [sensor], spells),
            is_member=np.ones(1, bool),
            from_s=np.full((1, 1), from_s),
        )[0]
    )


def test_the_half_axis_is_100_km_when_the_bound_says_so() -> None:
    wide = radar(
        face(70.0, 240.0, elevation_min_deg=2.0),
        site=NORTH.site,
        range_min_m=0.0,
        range_bias_std_m=200.0,
        track_interval_s=1.0,
        beamwidth_rad=np.radians(25.0),
    )
    moment = known_s(wide)
    assert 110.0 < moment < 400.0
    first = spells_of_sight(FLIGHTS, [wide]).first_seen_s[0]
    begin = max(5.0 * np.ceil(first / 5.0), 80.0)
    axes = [
        long_half_axis_m(wide, np.arange(begin + 0.5, end, 1.0))
        for end in (5.0 * np.floor(moment / 5.0), 5.0 * np.ceil(moment / 5.0))
    ]
    assert axes[1] * (1.0 - GROWTH_RATIO) <= 100e3 <= axes[0] * (1.0 + GROWTH_RATIO)


def test_more_looks_make_the_area_known_sooner() -> None:
    rare = radar(NORTH.faces[0], site=NORTH.site, range_min_m=0.0, track_interval_s=20.0)
    often = radar(NORTH.faces[0], site=NORTH.site, range_min_m=0.0, track_interval_s=1.0)
    assert known_s(often) < known_s(rare)


def test_no_impact_area_is_given_while_the_motor_burns() -> None:
    perfect = radar(
        NORTH.faces[0],
        site=NORTH.site,
        range_min_m=0.0,
        beamwidth_rad=1e-6,
        bandwidth_hz=1e10,
        range_floor_m=1e-3,
        range_bias_std_m=1e-3,
        track_interval_s=0.1,
    )
    assert known_s(perfect) >= 80.0


def test_a_radar_that_begins_later_knows_later() -> None:
    assert known_s(NORTH, from_s=300.0) > 300.0
    assert np.isnan(known_s(NORTH, from_s=np.inf))


def test_slopes_of_the_impact_agree_with_another_integrator() -> None:
    slopes = impact_slopes(ARC, FLIGHTS, gravity=Gravity.J2)
    burn_out = ARC.burn_out_state_vector[0]
    middle = impact_by(burn_out)
    for column, nudge in ((0, 50.0), (4, 0.05)):
        shift = np.zeros(6)
        shift[column] = nudge
        ends = [impact_by(burn_out + sign * shift) for sign in (1.0, -1.0)]
        offsets = []
        for latitude, longitude in ends:
            distance, azimuth = geodesic(middle[0], middle[1], latitude, longitude)
            offsets.append(float(distance) * np.array([np.sin(azimuth), np.cos(azimuth)]))
        expected = (offsets[0] - offsets[1]) / (2.0 * nudge)
        scale = 1e3 if column < 3 else 1.0
        assert slopes.impact_slope[0, :, column] / scale == pytest.approx(
            expected, rel=1e-3, abs=1e-3
        )
