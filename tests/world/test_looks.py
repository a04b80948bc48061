"""When a sensor looks, and what is put into its view: glints of a region, clutter for a while."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodesic, geodetic_from_ecef
from commonwatch.scenario.nations import DelaySpan
from commonwatch.world.looks import (
    NO_OBJECT,
    Flown,
    Looks,
    Rhythm,
    drawn_clutter,
    drawn_glints,
    rhythm,
)
from tests.sensing.build import face, parabolas, radar, satellite

F64 = npt.NDArray[np.float64]
SECOND_NS = 10**9
DELAY = DelaySpan(low_s=1.0, nominal_s=2.0, high_s=3.0, mark="assumed", source="test")


def dark(span_s: float) -> Flown:
    """A record in which nothing flies in view."""
    path = parabolas((-7e6, 0.0, 0.0), (0.0, 0.0, 0.0), end_s=span_s)
    return Flown(trajectories=path, lift_off_s=np.zeros(1), first_launch_s=0.0, epoch_ns=0)


def glints(count: int, *, radius_m: float = 50e3, lasts_s: float = 60.0) -> Looks:
    """Glints below a satellite that stands over the equator and sees without error."""
    flown = dark(20_000.0)
    eye = satellite(revisit_s=10.0, line_of_sight_std_rad=1e-9)
    rng = np.random.default_rng(5)
    return drawn_glints(
        eye,
        flown,
        rhythm(eye, flown, DELAY, rng=rng),
        first_s=100.0 * np.arange(count, dtype=np.float64),
        lasts_s=lasts_s,
        latitude_rad=math.radians(10.0),
        longitude_rad=math.radians(5.0),
        radius_m=radius_m,
        rng=rng,
    )


def on_the_clouds(looks: Looks) -> tuple[F64, F64]:
    """Latitude and longitude where lines of sight meet a sphere that is near the clouds."""
    eye, line = looks.eye_ecef_m, looks.line_of_sight
    radius_m = 6_378_137.0 - 21_385.0 * math.sin(math.radians(10.0)) ** 2 + 10e3
    along = np.einsum("ij,ij->i", eye, line)
    height = np.sum(eye**2, axis=1) - radius_m**2
    place = eye + (-along - np.sqrt(along**2 - height))[:, np.newaxis] * line
    latitude, longitude, _ = geodetic_from_ecef(place)
    return latitude, longitude


def test_glints_lie_within_their_circle_and_show_no_object() -> None:
    looks = glints(50)
    latitude, longitude = on_the_clouds(looks)
    distance_m, _ = geodesic(math.radians(10.0), math.radians(5.0), latitude, longitude)
    # The sphere stands for the ellipsoid to within a kilometre here.
    assert distance_m.max() < 52e3
    assert distance_m.max() > 30e3
    assert set(looks.path.tolist()) == {NO_OBJECT}


def test_a_glint_stands_still_for_as_long_as_it_lasts() -> None:
    looks = glints(20)
    for k in range(20):
        begins_s = 100.0 * k
        time_s = looks.time_ns / SECOND_NS
        own = np.flatnonzero((time_s >= begins_s) & (time_s <= begins_s + 60.0))
        assert len(own) in {6, 7}
        latitude, longitude = on_the_clouds(looks)
        assert np.ptp(latitude[own]) < 1e-6
        assert np.ptp(longitude[own]) < 1e-6


def test_a_glint_that_the_satellite_cannot_see_is_none() -> None:
    flown = dark(1_000.0)
    eye = satellite(revisit_s=10.0)
    rng = np.random.default_rng(5)
    looks = drawn_glints(
        eye,
        flown,
        rhythm(eye, flown, DELAY, rng=rng),
        first_s=np.array([100.0]),
        lasts_s=60.0,
        latitude_rad=0.0,
        longitude_rad=math.pi,
        radius_m=0.0,
        rng=rng,
    )
    assert len(looks.time_ns) == 0


def test_clutter_comes_only_while_it_lasts_and_as_dense_as_wanted() -> None:
    flown = dark(20_000.0)
    sensor = radar(face(elevation_min_deg=3.0, elevation_max_deg=85.0), track_interval_s=2.0)
    rng = np.random.default_rng(6)
    when = rhythm(sensor, flown, DELAY, rng=rng)
    looks = drawn_clutter(sensor, flown, when, first_s=1_000.0, last_s=5_000.0, count=7, rng=rng)
    time_s = looks.time_ns / SECOND_NS
    assert time_s.min() >= 1_000.0
    assert time_s.max() <= 5_000.0
    assert abs(len(time_s) - 7 * 2_000) < 4.0 * np.sqrt(7 * 2_000) + 7
    assert set(looks.path.tolist()) == {NO_OBJECT}


def test_looks_are_numbered_from_the_first_and_end_with_the_record() -> None:
    when = Rhythm(phase_s=3.0, interval_s=10.0, delay_s=np.zeros(5))  # at 3, 13, 23, 33, 43 s
    assert when.look_in(0.0, 23.0).tolist() == [0, 1, 2]
    assert when.look_in(13.5, 33.0).tolist() == [2, 3]
    assert when.look_in(40.0, 900.0).tolist() == [4]
    assert when.look_in(44.0, 46.0).tolist() == []
    assert when.time_s(np.array([0, 4])).tolist() == [3.0, 43.0]


def test_a_sensor_looks_until_the_world_ends_and_not_longer() -> None:
    flown = Flown(
        trajectories=dark(1_000.0).trajectories,
        lift_off_s=np.zeros(1),
        first_launch_s=0.0,
        epoch_ns=0,
        duration_s=200.0,
    )
    when = rhythm(satellite(revisit_s=10.0), flown, DELAY, rng=np.random.default_rng(1))
    assert when.look_count in {20, 21}
    assert when.time_s(np.array([when.look_count - 1]))[0] <= 200.0
    assert ((when.delay_s >= 1.0) & (when.delay_s <= 3.0)).all()
