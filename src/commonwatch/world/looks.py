"""Single looks drawn from truth: plots of radars, true and false; lines of sight of satellites.

==========================  ==================================================  =======
figure                      source                                              mark
==========================  ==================================================  =======
``FALSE_RANGE_RATE_M_S``    a false plot may seem to move at any speed of       assumed
                            what flies
``GLINTS_PER_HOUR``         sun on clouds, a satellite                          assumed
``GLINT_LOOKS``             looks in a row that one glint lasts                 assumed
==========================  ==================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth import ray_table
from commonwatch.earth.ellipsoid import (
    destination,
    ecef_from_geodetic,
    geodetic_from_ecef,
    local_radius,
)
from commonwatch.flight.trajectory import Trajectories
from commonwatch.scenario.nations import DelaySpan
from commonwatch.sensing.infrared import InfraredSatellite, position_ecef_m
from commonwatch.sensing.measurement import (
    look_probability,
    radar_measurement,
    radar_noise,
    range_rate_measurement,
)
from commonwatch.sensing.radar import TURN_RAD, Radar, Role
from commonwatch.sensing.visibility import Spells
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

FALSE_RANGE_RATE_M_S: Final = 8_000.0
GLINTS_PER_HOUR: Final = 1.0
GLINT_LOOKS: Final = 3
NO_OBJECT: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flown:
    """Flights and when each lifted off.

    Parameters
    ----------
    trajectories
        (n,) flights.
    lift_off_s
        (n,), seconds from the start of the record.
    first_launch_s
        The lift-off that satellites' orbits count from.
    epoch_ns
        Start of the record, UTC since 1970.
    duration_s
        The record ends here, though flights may go on.
    """

    trajectories: Trajectories
    lift_off_s: F64
    first_launch_s: float
    epoch_ns: int
    duration_s: float = math.inf

    @property
    def span_s(self) -> float:
        """Length of the record: to the end of the last flight, or as long as it may be."""
        landed_s = float(np.max(self.lift_off_s + self.trajectories.end_s))
        return min(landed_s, self.duration_s)

    def instant_ns(self, time_s: npt.NDArray[np.floating]) -> I64:
        """Whole nanoseconds since 1970 of seconds from the start of the record."""
        return self.epoch_ns + np.round(time_s * NS_PER_S).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rhythm:
    """When a sensor looks, and how long each look is under way to its centre.

    Parameters
    ----------
    phase_s, interval_s
        Seconds from the start of the record to the first look, and from look to look.
    delay_s
        (k,), of each look of the record.
    """

    phase_s: float
    interval_s: float
    delay_s: F64

    @property
    def look_count(self) -> int:
        """Looks of the whole record."""
        return len(self.delay_s)

    def time_s(self, look: I64) -> F64:
        """Seconds from the start of the record to looks by their number."""
        time_s: F64 = self.phase_s + self.interval_s * look.astype(np.float64)
        return time_s

    def look_in(self, first_s: float, last_s: float) -> I64:
        """Numbers of the looks from one instant to another, both inclusive.

        Parameters
        ----------
        first_s, last_s
            Seconds from the start of the record.

        Returns
        -------
        look
            Rising, shape (m,); none before the first look or after the last.
        """
        first = max(math.ceil((first_s - self.phase_s) / self.interval_s), 0)
        last = min(math.floor((last_s - self.phase_s) / self.interval_s), self.look_count - 1)
        return np.arange(first, last + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """What one sensor reports; not-a-number for what its kind does not measure.

    Parameters
    ----------
    time_ns, arrival_ns
        (m,).
    reported
        (m, 4), range, azimuth, elevation as the radar reports it, range rate.
    eye_ecef_m, line_of_sight
        (m, 3).
    look, path
        (m,), number of the look, and of the flight that it shows, -1 for none: truth, which never
        goes with the rest.
    """

    time_ns: I64
    arrival_ns: I64
    reported: F64
    eye_ecef_m: F64
    line_of_sight: F64
    look: I64
    path: I64


def rhythm(
    sensor: Radar | InfraredSatellite, flown: Flown, delay: DelaySpan, *, rng: np.random.Generator
) -> Rhythm:
    """Draw when a sensor looks, each ``track_interval_s`` or ``revisit_s``, and its delays.

    Parameters
    ----------
    sensor
        How often it looks.
    flown
        How long the record is.
    delay
        From the sensor to its centre, seconds.
    rng
        The sensor's own.
    """
    interval_s = sensor.track_interval_s if isinstance(sensor, Radar) else sensor.revisit_s
    phase_s = float(rng.uniform(0.0, interval_s))
    look_count = max(int((flown.span_s - phase_s) / interval_s) + 1, 0)
    return Rhythm(phase_s=phase_s, interval_s=interval_s, delay_s=delay.drawn(rng, look_count))


def drawn_plots(
    radar: Radar,
    spells: Spells,
    flown: Flown,
    when: Rhythm,
    *,
    range_bias_m: float,
    rng: np.random.Generator,
) -> Looks:
    """Draw the plots of one radar.

    Parameters
    ----------
    radar
        All plots of one of its sweeps have the sweep's time.
    spells
        When it can see which flight.
    flown
        The flights.
    when
        Its sweeps.
    range_bias_m
        Added to each range.
    rng
        Its own generator.

    Notes
    -----
    False plots are Poisson in number and uniform over the searched volume; a cued radar has them
    only in sweeps in which it looks at something.
    """
    path, sweep = looks_at(spells, flown, when)
    states = flown.trajectories.state_vector_at(path, when.time_s(sweep) - flown.lift_off_s[path])
    is_seen = rng.random(len(path)) < look_probability(radar, states)
    plots = _true_plots(radar, states[is_seen], range_bias_m, rng)
    searched = np.arange(when.look_count) if radar.role is Role.SEARCH else np.unique(sweep)
    false_sweep = np.repeat(searched, rng.poisson(radar.false_plots_per_sweep, len(searched)))
    false = _false_plots(radar, len(false_sweep), rng)
    return _plots(
        flown,
        when,
        reported=np.concatenate([plots, false]),
        look=np.concatenate([sweep[is_seen], false_sweep]),
        path=np.concatenate([path[is_seen], np.full(len(false_sweep), NO_OBJECT)]),
    )


def drawn_clutter(
    radar: Radar,
    flown: Flown,
    when: Rhythm,
    *,
    first_s: float,
    last_s: float,
    count: int,
    rng: np.random.Generator,
) -> Looks:
    """Draw false plots more: ``count`` in each sweep between two instants, on the average.

    Parameters
    ----------
    radar
        Over whose searched volume they are uniform.
    flown
        The record.
    when
        Its sweeps.
    first_s, last_s
        Seconds from the start of the record, both inclusive.
    count
        Mean of the Poisson number in a sweep.
    rng
        Its own.
    """
    sweeps = when.look_in(first_s, last_s)
    sweep = np.repeat(sweeps, rng.poisson(count, len(sweeps)))
    false = _false_plots(radar, len(sweep), rng)
    path = np.full(len(sweep), NO_OBJECT)
    return _plots(flown, when, reported=false, look=sweep, path=path)


def drawn_lines(
    satellite: InfraredSatellite, flown: Flown, when: Rhythm, *, rng: np.random.Generator
) -> Looks:
    """Draw the lines of sight of one satellite: burning motors, and the sun on clouds.

    Parameters
    ----------
    satellite
        Which misses nothing that burns above the clouds.
    flown
        The flights.
    when
        Its looks.
    rng
        Its own generator.
    """
    paths = flown.trajectories
    dark_s = np.minimum(paths.burn_out_s, paths.end_s)
    path, look = _instants(
        np.arange(paths.path_count), flown.lift_off_s, flown.lift_off_s + dark_s, flown, when
    )
    place = paths.state_vector_at(path, when.time_s(look) - flown.lift_off_s[path])[:, :3]
    glint_look, glint_place = _glints(satellite, flown, when, rng)
    return _lines(
        satellite,
        flown,
        when,
        look=np.concatenate([look, glint_look]),
        place=np.concatenate([place, glint_place]),
        path=np.concatenate([path, np.full(len(glint_look), NO_OBJECT)]),
        rng=rng,
    )


def drawn_glints(
    satellite: InfraredSatellite,
    flown: Flown,
    when: Rhythm,
    *,
    first_s: F64,
    lasts_s: float,
    latitude_rad: float,
    longitude_rad: float,
    radius_m: float,
    rng: np.random.Generator,
) -> Looks:
    """Draw glints of one region: each stands still on the clouds at a place of its own.

    Parameters
    ----------
    satellite, flown, when
        As for ``drawn_lines``; a glint that the satellite does not see is none.
    first_s, lasts_s
        (g,) when each begins, from the start of the record, and how long each is in view.
    latitude_rad, longitude_rad, radius_m
        The circle over which they are spread evenly.
    rng
        A generator of their own.
    """
    count = len(first_s)
    azimuth = rng.uniform(0.0, TURN_RAD, count)
    distance_m = radius_m * np.sqrt(rng.random(count))
    latitude, longitude = destination(latitude_rad, longitude_rad, azimuth, distance_m)
    places = ecef_from_geodetic(latitude, longitude, satellite.cloud_break_altitude_m + 1.0)
    looks = [when.look_in(start_s, start_s + lasts_s) for start_s in first_s.tolist()]
    counts = [len(look) for look in looks]
    look = np.concatenate([*looks, np.empty(0, dtype=np.int64)])
    return _lines(
        satellite,
        flown,
        when,
        look=look,
        place=np.repeat(places, counts, axis=0),
        path=np.full(len(look), NO_OBJECT),
        rng=rng,
    )


def together(parts: Sequence[Looks]) -> Looks:
    """Put looks of one sensor behind one another."""
    names = Looks.__dataclass_fields__
    return Looks(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def looks_at(spells: Spells, flown: Flown, when: Rhythm) -> tuple[I64, I64]:
    """Return flight and number of every look that falls into a spell of one sensor.

    Parameters
    ----------
    spells
        Of one sensor, seconds from each flight's lift-off.
    flown
        When each flight lifts off, and how long the record is.
    when
        The sensor's looks.

    Returns
    -------
    path, look
        Shapes (m,).
    """
    start_s = flown.lift_off_s[spells.path]
    return _instants(
        spells.path, start_s + spells.first_seen_s, start_s + spells.last_seen_s, flown, when
    )


def _plots(flown: Flown, when: Rhythm, *, reported: F64, look: I64, path: I64) -> Looks:
    """Make looks of a radar's plots."""
    time_s = when.time_s(look)
    blank = np.full((len(look), 3), np.nan)
    return Looks(
        time_ns=flown.instant_ns(time_s),
        arrival_ns=flown.instant_ns(time_s + when.delay_s[look]),
        reported=reported,
        eye_ecef_m=blank,
        line_of_sight=blank,
        look=look,
        path=path,
    )


def _lines(
    satellite: InfraredSatellite,
    flown: Flown,
    when: Rhythm,
    *,
    look: I64,
    place: F64,
    path: I64,
    rng: np.random.Generator,
) -> Looks:
    """Make looks of a satellite at places, those that are in its view."""
    time_s = when.time_s(look)
    eye = position_ecef_m(satellite.orbit, time_s - flown.first_launch_s)
    is_seen = _in_view(satellite, place, eye)
    place, eye, look, time_s = place[is_seen], eye[is_seen], look[is_seen], time_s[is_seen]
    return Looks(
        time_ns=flown.instant_ns(time_s),
        arrival_ns=flown.instant_ns(time_s + when.delay_s[look]),
        reported=np.full((len(look), 4), np.nan),
        eye_ecef_m=eye,
        line_of_sight=_spread(place - eye, satellite.line_of_sight_std_rad, rng),
        look=look,
        path=path[is_seen],
    )


def _instants(
    path: npt.NDArray[np.integer], first_s: F64, last_s: F64, flown: Flown, when: Rhythm
) -> tuple[I64, I64]:
    """Path and number of every look of the record that falls into a stretch of time."""
    last_s = np.minimum(last_s, flown.span_s)
    first = np.ceil((first_s - when.phase_s) / when.interval_s).astype(np.int64)
    last = np.floor((last_s - when.phase_s) / when.interval_s).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(path)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
    return path[row].astype(np.int64), number


def _true_plots(radar: Radar, states: F64, range_bias_m: float, rng: np.random.Generator) -> F64:
    """Return what the radar reports of objects, (m, 4)."""
    plots = np.full((len(states), 4), np.nan)
    plots[:, :3] = radar_measurement(radar, states)
    if not radar.is_refraction_corrected:
        radius_m = float(local_radius(radar.site.latitude_rad))
        rays = ray_table.ray_table(radar.site.altitude_m, radius_m)
        plots[:, 2] = ray_table.apparent_elevation(rays, plots[:, 2], plots[:, 0])
    plots[:, :3] += radar_noise(radar, states) * rng.standard_normal((len(states), 3))
    plots[:, 0] += range_bias_m
    plots[:, 1] = np.mod(plots[:, 1], TURN_RAD)
    plots[:, 2] = np.minimum(plots[:, 2], 0.25 * TURN_RAD)
    if radar.range_rate_std_m_s is not None:
        noise = radar.range_rate_std_m_s * rng.standard_normal(len(states))
        plots[:, 3] = range_rate_measurement(radar, states) + noise
    return plots


def _false_plots(radar: Radar, count: int, rng: np.random.Generator) -> F64:
    """Draw plots uniform over the searched volume, (count, 4)."""
    faces = radar.faces
    width = np.array([face.width_rad for face in faces])
    start = np.array([face.azimuth_min_rad for face in faces])
    low = np.sin([face.elevation_min_rad for face in faces])
    high = np.sin([face.elevation_max_rad for face in faces])
    volume = width * (high - low)
    face = rng.choice(len(faces), size=count, p=volume / volume.sum())
    near, far = radar.range_min_m**3, radar.range_max_m**3
    plots = np.full((count, 4), np.nan)
    plots[:, 0] = np.cbrt(rng.uniform(near, far, count))
    plots[:, 1] = np.mod(start[face] + width[face] * rng.random(count), TURN_RAD)
    plots[:, 2] = np.arcsin(rng.uniform(low[face], high[face]))
    if radar.range_rate_std_m_s is not None:
        plots[:, 3] = rng.uniform(-FALSE_RANGE_RATE_M_S, FALSE_RANGE_RATE_M_S, count)
    return plots


def _glints(
    satellite: InfraredSatellite, flown: Flown, when: Rhythm, rng: np.random.Generator
) -> tuple[I64, F64]:
    """Draw looks and places of glints: each at one place on the clouds, uniform over the Earth."""
    count = int(rng.poisson(GLINTS_PER_HOUR * flown.span_s / 3_600.0))
    first = rng.integers(0, max(when.look_count, 1), count)
    places = np.empty((count, 3))
    for k in range(count):
        time_s = when.phase_s + first[k] * when.interval_s - flown.first_launch_s
        eye = position_ecef_m(satellite.orbit, time_s)
        below = ecef_from_geodetic(
            np.arcsin(rng.uniform(-1.0, 1.0, 256)),
            rng.uniform(-math.pi, math.pi, 256),
            satellite.cloud_break_altitude_m + 1.0,
        )
        in_view = np.flatnonzero(_in_view(satellite, below, np.broadcast_to(eye, below.shape)))
        places[k] = below[in_view[0]] if len(in_view) else below[0]
    look = (first[:, np.newaxis] + np.arange(GLINT_LOOKS)).ravel()
    in_time = look < when.look_count
    return look[in_time], np.repeat(places, GLINT_LOOKS, axis=0)[in_time]


def _in_view(satellite: InfraredSatellite, place: F64, eye: F64) -> npt.NDArray[np.bool_]:
    """Whether places are above the clouds and below a satellite that stands high enough."""
    latitude, longitude, height_m = geodetic_from_ecef(place)
    level = np.cos(latitude)
    up = np.stack([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)], axis=-1)
    line = eye - place
    sine = np.einsum("ij,ij->i", up, line) / np.linalg.norm(line, axis=-1)
    return np.asarray(
        (height_m >= satellite.cloud_break_altitude_m)
        & (sine >= math.sin(satellite.elevation_min_rad))
    )


def _spread(line: F64, std_rad: float, rng: np.random.Generator) -> F64:
    """Return unit vectors along lines, each turned by a normal angle either way across it."""
    unit = line / np.linalg.norm(line, axis=-1, keepdims=True)
    noise = std_rad * rng.standard_normal(line.shape)
    # Of an isotropic error what lies along the line only stretches it.
    across = noise - np.einsum("ij,ij->i", unit, noise)[:, np.newaxis] * unit
    turned = unit + across
    return np.asarray(turned / np.linalg.norm(turned, axis=-1, keepdims=True))
