"""What one look measures, how well, and how likely it is to see at all.

===========================  ======================================================  =======
figure                       source                                                  mark
===========================  ======================================================  =======
``REFERENCE_SIGNAL_DB``      probability of detection 0.5, false alarms 1e-6,        derived
                             Swerling 1, from Pd = Pfa^(1/(1+SNR))
``FALSE_ALARM_PROBABILITY``  one in a million, the usual choice of textbooks         assumed
``MONOPULSE_SLOPE``          Barton, below                                           found
``BEAM_SPLIT_MAX``           a fiftieth of the beam at best                          assumed
===========================  ======================================================  =======

References
----------
P. Swerling, "Probability of detection for fluctuating targets", IRE Transactions on Information
Theory 6, 1960, 269-308, doi:10.1109/TIT.1960.1057561.
D. K. Barton, Radar System Analysis, Prentice-Hall, 1964.
G. R. Curry, Radar System Performance Modeling, 2nd edition, Artech House, 2005.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.earth.frames import look_angles
from commonwatch.sensing.envelope import boresights_ecef
from commonwatch.sensing.infrared import InfraredSatellite, position_ecef_m
from commonwatch.sensing.radar import REFERENCE_CROSS_SECTION_M2, Radar
from commonwatch.units import SPEED_OF_LIGHT_M_S, ratio_from_decibels

F64 = npt.NDArray[np.float64]

REFERENCE_SIGNAL_DB: Final = 12.8
"""Signal to noise at the catalogue range, reference cross-section, on boresight."""
FALSE_ALARM_PROBABILITY: Final = 1e-6
MONOPULSE_SLOPE: Final = 1.6
BEAM_SPLIT_MAX: Final = 50.0

_LEAST_COSINE: Final = 1e-6


def signal_to_noise(
    radar: Radar, range_m: npt.ArrayLike, off_boresight_cosine: npt.ArrayLike
) -> F64:
    """Signal-to-noise ratio of one look, by the radar equation.

    Parameters
    ----------
    radar
        Its ``cross_section_m2``, or 1 m2 where that is None.
    range_m
        Slant range, shape (...).
    off_boresight_cosine
        Cosine of the angle from the face's boresight, shape (...).

    Returns
    -------
    signal_to_noise_ratio
        Power ratio, shape (...); zero behind the face.

    Notes
    -----
    SNR = SNR0 (sigma / 1 m2) (R0 / R)^4 cos^e(off-boresight), SNR0 = 12.8 dB.

    Examples
    --------
    At half the catalogue range the signal is 16 times as strong.
    """
    cross_section_m2 = (
        REFERENCE_CROSS_SECTION_M2 if radar.cross_section_m2 is None else radar.cross_section_m2
    )
    at_reference = ratio_from_decibels(REFERENCE_SIGNAL_DB)
    closeness = (radar.range_max_m / np.asarray(range_m, dtype=np.float64)) ** 4
    gain = _gain_cosine(radar, off_boresight_cosine) ** radar.scan_loss_exponent
    return np.asarray(
        at_reference * cross_section_m2 / REFERENCE_CROSS_SECTION_M2 * closeness * gain
    )


def detection_probability(signal_to_noise_ratio: npt.ArrayLike) -> F64:
    """Probability of detection in one look of a Swerling 1 object, Pfa^(1/(1+SNR)).

    Examples
    --------
    >>> round(float(detection_probability(18.93)), 3)
    0.5
    """
    ratio = np.asarray(signal_to_noise_ratio, dtype=np.float64)
    return np.asarray(FALSE_ALARM_PROBABILITY ** (1.0 / (1.0 + ratio)))


def range_std_m(radar: Radar, signal_to_noise_ratio: npt.ArrayLike) -> F64:
    """Give the standard deviation of range in metres: max(c / (2 B sqrt(2 SNR)), floor).

    Parameters
    ----------
    radar
        Its bandwidth B and its floor.
    signal_to_noise_ratio
        Power ratio, not decibels, shape (...).

    Returns
    -------
    range_std_m
        Shape (...).
    """
    cell_m = SPEED_OF_LIGHT_M_S / (2.0 * radar.bandwidth_hz)
    return np.maximum(cell_m / _root(signal_to_noise_ratio), radar.range_floor_m)


def angle_std_rad(
    radar: Radar, signal_to_noise_ratio: npt.ArrayLike, off_boresight_cosine: npt.ArrayLike
) -> F64:
    """Give the standard deviation of a direction, each way across the line of sight, radians.

    Parameters
    ----------
    radar
        Its beamwidth theta, and whether its antenna turns.
    signal_to_noise_ratio
        Power ratio, not decibels; shapes of both broadcast to (...).
    off_boresight_cosine
        Of the angle between the face's normal and the line of sight.

    Returns
    -------
    angle_std_rad
        Shape (...). Of azimuth it is so much over the cosine of the elevation.

    Notes
    -----
    max(theta / (1.6 sqrt(2 SNR)), theta / 50) / cos(off-boresight); an antenna that turns
    (``scan_loss_exponent`` 0) does not widen.
    """
    split = np.minimum(MONOPULSE_SLOPE * _root(signal_to_noise_ratio), BEAM_SPLIT_MAX)
    cosine = np.maximum(_gain_cosine(radar, off_boresight_cosine), _LEAST_COSINE)
    return np.asarray(radar.beamwidth_rad / split / cosine)


def best_face(radar: Radar, position_ecef_m: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], F64]:
    """Choose the face whose boresight lies nearest to each position.

    Parameters
    ----------
    radar
        With one face or more.
    position_ecef_m
        Positions, shape (..., 3).

    Returns
    -------
    face
        Index into ``radar.faces``, shape (...).
    off_boresight_cosine
        Cosine of the angle from that face's boresight, shape (...).
    """
    offset_m = np.asarray(position_ecef_m, dtype=np.float64) - radar.site.position_ecef_m
    axes = boresights_ecef(radar.site, radar.faces)
    cosines = offset_m @ axes.T / np.linalg.norm(offset_m, axis=-1, keepdims=True)
    face = np.argmax(cosines, axis=-1)
    return face, np.take_along_axis(cosines, face[..., np.newaxis], axis=-1)[..., 0]


def radar_measurement(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Range, azimuth and elevation of objects, without noise.

    Parameters
    ----------
    radar
        Where it stands.
    state_vector
        ECEF, shape (..., 6); velocity is not used.

    Returns
    -------
    measurement
        Shape (..., 3): range in metres; azimuth clockwise from north in [0, 2 pi); geometric
        elevation.

    Notes
    -----
    Limits: geometric: a radar's own correction for refraction is taken to be right.
    """
    position = np.asarray(state_vector, dtype=np.float64)[..., :3]
    site = radar.site
    angles = look_angles(site.position_ecef_m, site.rotation_enu_from_ecef, position)
    return np.stack(angles, axis=-1)


def radar_jacobian(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Differentiate ``radar_measurement`` by the state vector.

    Parameters
    ----------
    radar
        Where it stands.
    state_vector
        ECEF, shape (..., 6); velocity is not used.

    Returns
    -------
    jacobian
        Shape (..., 3, 6), ECEF; its last three columns are zero.

    Notes
    -----
    Limits: undefined in the zenith, where azimuth is.
    """
    east, north, up = _offset_enu_m(radar, state_vector)
    level_squared = east**2 + north**2
    level = np.sqrt(level_squared)
    squared = level_squared + up**2
    length = np.sqrt(squared)
    zero = np.zeros_like(east)
    by_enu = np.stack(
        [
            np.stack([east / length, north / length, up / length], axis=-1),
            np.stack([north / level_squared, -east / level_squared, zero], axis=-1),
            np.stack(
                [-up * east / (squared * level), -up * north / (squared * level), level / squared],
                axis=-1,
            ),
        ],
        axis=-2,
    )
    return _with_velocity(by_enu @ radar.site.rotation_enu_from_ecef)


def range_rate_measurement(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Rate at which objects recede from a radar, without noise.

    Parameters
    ----------
    radar
        Where it stands, at rest on the turning Earth.
    state_vector
        ECEF, shape (..., 6): velocity relative to the turning Earth.

    Returns
    -------
    range_rate_m_s
        Shape (...), positive receding: the velocity along the line of sight.

    Examples
    --------
    What falls towards the radar at 2 km/s along the line of sight has -2,000 m/s.
    """
    state_vectors = np.asarray(state_vector, dtype=np.float64)
    unit, _ = _line_to(radar, state_vectors)
    return np.asarray(np.einsum("...i,...i->...", unit, state_vectors[..., 3:]))


def range_rate_jacobian(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Differentiate ``range_rate_measurement`` by the state vector, shape (..., 6).

    Parameters
    ----------
    radar
        Where it stands.
    state_vector
        ECEF, m and m/s over the turning Earth, shape (..., 6), not at the radar itself.

    Returns
    -------
    jacobian
        Shape (..., 6): in 1/s by position, without unit by velocity.

    Notes
    -----
    With u the unit vector to the object and R its range: (v - (u . v) u) / R by position, u by
    velocity.
    """
    state_vectors = np.asarray(state_vector, dtype=np.float64)
    unit, length_m = _line_to(radar, state_vectors)
    velocity = state_vectors[..., 3:]
    rate = np.einsum("...i,...i->...", unit, velocity)[..., np.newaxis]
    return np.concatenate([(velocity - rate * unit) / length_m[..., np.newaxis], unit], axis=-1)


def radar_noise(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Give the standard deviations of range, azimuth and elevation in one look.

    Parameters
    ----------
    radar
        As for ``signal_to_noise``.
    state_vector
        ECEF, shape (..., 6).

    Returns
    -------
    noise
        Shape (..., 3): metres, radians, radians: the radar's constants where it has them, else by
        the radar equation; then azimuth is the angle across the line of sight divided by the cosine
        of elevation. Constant errors (``range_bias_std_m``) are not in it.
    """
    state_vectors = np.asarray(state_vector, dtype=np.float64)
    measured = radar_measurement(radar, state_vectors)
    _, cosine = best_face(radar, state_vectors[..., :3])
    ratio = signal_to_noise(radar, measured[..., 0], cosine)
    across_rad = angle_std_rad(radar, ratio, cosine)
    level = np.maximum(np.cos(measured[..., 2]), _LEAST_COSINE)
    noise = np.stack([range_std_m(radar, ratio), across_rad / level, across_rad], axis=-1)
    constants = (radar.range_std_m, radar.azimuth_std_rad, radar.elevation_std_rad)
    for k, constant in enumerate(constants):
        if constant is not None:
            noise[..., k] = constant
    return noise


def look_probability(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Probability that one look at objects within the radar's limits detects them.

    Parameters
    ----------
    radar
        As for ``signal_to_noise``; its ``detection_probability``, where it has one, counts alone.
    state_vector
        ECEF, shape (..., 6).

    Returns
    -------
    probability
        Shape (...). Whether an object is within the limits is not asked here.
    """
    state_vectors = np.asarray(state_vector, dtype=np.float64)
    if radar.detection_probability is not None:
        return np.full(state_vectors.shape[:-1], radar.detection_probability)
    _, length_m = _line_to(radar, state_vectors)
    _, cosine = best_face(radar, state_vectors[..., :3])
    return detection_probability(signal_to_noise(radar, length_m, cosine))


def information(radar: Radar, state_vector: npt.ArrayLike) -> F64:
    """Information that one look at each state vector gives, H' R^-1 H.

    Parameters
    ----------
    radar
        As for ``radar_noise``.
    state_vector
        ECEF, shape (..., 6).

    Returns
    -------
    information
        Shape (..., 6, 6), in 1/m2; its velocity part is zero.
    """
    scaled = (
        radar_jacobian(radar, state_vector) / radar_noise(radar, state_vector)[..., :, np.newaxis]
    )
    return np.asarray(np.swapaxes(scaled, -1, -2) @ scaled)


def line_of_sight_measurement(
    satellite: InfraredSatellite, time_s: npt.ArrayLike, state_vector: npt.ArrayLike
) -> F64:
    """Angles east and north of the satellite's nadir at which it sees objects, without noise.

    Parameters
    ----------
    satellite
        Its orbit gives the frame: nadir, east, north.
    time_s
        Seconds from lift-off, shape (...).
    state_vector
        ECEF, shape (..., 6).

    Returns
    -------
    measurement
        Radians, shape (..., 2): angle east of nadir in the plane of nadir and east, then angle
        north of that plane.
    """
    nadir, east, north = _offset_nadir_m(satellite, time_s, state_vector)[0]
    return np.stack([np.arctan2(east, nadir), np.arctan2(north, np.hypot(nadir, east))], axis=-1)


def line_of_sight_jacobian(
    satellite: InfraredSatellite, time_s: npt.ArrayLike, state_vector: npt.ArrayLike
) -> F64:
    """Differentiate ``line_of_sight_measurement`` by the state vector, shape (..., 2, 6).

    Parameters
    ----------
    satellite
        Its orbit gives the frame: nadir, east, north.
    time_s
        Seconds from lift-off, shape (...).
    state_vector
        ECEF, shape (..., 6); velocity is not used.

    Returns
    -------
    jacobian
        Radians a metre, ECEF, shape (..., 2, 6); its last three columns are zero.
    """
    (nadir, east, north), frame = _offset_nadir_m(satellite, time_s, state_vector)
    plane_squared = nadir**2 + east**2
    plane = np.sqrt(plane_squared)
    squared = plane_squared + north**2
    by_frame = np.stack(
        [
            np.stack([-east / plane_squared, nadir / plane_squared, np.zeros_like(east)], axis=-1),
            np.stack(
                [
                    -north * nadir / (squared * plane),
                    -north * east / (squared * plane),
                    plane / squared,
                ],
                axis=-1,
            ),
        ],
        axis=-2,
    )
    return _with_velocity(by_frame @ frame)


def line_of_sight_noise(
    satellite: InfraredSatellite, time_s: npt.ArrayLike, state_vector: npt.ArrayLike
) -> F64:
    """Give the standard deviations of a line of sight's two angles, radians, shape (..., 2).

    Parameters
    ----------
    satellite
        Its standard deviation, each way across the line.
    time_s
        Seconds from lift-off, shape (...).
    state_vector
        ECEF, shape (..., 6); velocity is not used.

    Returns
    -------
    std_rad
        East and north of nadir, as ``line_of_sight_measurement`` has them: the angle east is the
        wider the farther north, by the cosine.
    """
    north_rad = line_of_sight_measurement(satellite, time_s, state_vector)[..., 1]
    std_rad = satellite.line_of_sight_std_rad
    return np.stack([std_rad / np.cos(north_rad), np.full_like(north_rad, std_rad)], axis=-1)


def _gain_cosine(radar: Radar, off_boresight_cosine: npt.ArrayLike) -> F64:
    """Cosine that counts for gain and width: one for an antenna that turns."""
    cosine = np.maximum(np.asarray(off_boresight_cosine, dtype=np.float64), 0.0)
    return np.ones_like(cosine) if radar.antenna_turns else cosine


def _root(signal_to_noise_ratio: npt.ArrayLike) -> F64:
    """Square root of twice the signal-to-noise ratio, kept above zero."""
    ratio = np.asarray(signal_to_noise_ratio, dtype=np.float64)
    return np.sqrt(2.0 * np.maximum(ratio, 1e-12))


def _offset_enu_m(radar: Radar, state_vector: npt.ArrayLike) -> tuple[F64, F64, F64]:
    """East, north and up of objects from a radar."""
    position = np.asarray(state_vector, dtype=np.float64)[..., :3]
    offset = (position - radar.site.position_ecef_m) @ radar.site.rotation_enu_from_ecef.T
    return offset[..., 0], offset[..., 1], offset[..., 2]


def _line_to(radar: Radar, state_vectors: F64) -> tuple[F64, F64]:
    """Return unit vectors from a radar to objects, ECEF, and their ranges."""
    offset = state_vectors[..., :3] - radar.site.position_ecef_m
    length_m = np.linalg.norm(offset, axis=-1)
    return offset / length_m[..., np.newaxis], length_m


def _offset_nadir_m(
    satellite: InfraredSatellite, time_s: npt.ArrayLike, state_vector: npt.ArrayLike
) -> tuple[tuple[F64, F64, F64], F64]:
    """Offsets from a satellite towards nadir, east and north; and that frame, (..., 3, 3)."""
    eye = position_ecef_m(satellite.orbit, time_s)
    nadir = -eye / np.linalg.norm(eye, axis=-1, keepdims=True)
    east = np.stack([-eye[..., 1], eye[..., 0], np.zeros_like(eye[..., 0])], axis=-1)
    east = east / np.linalg.norm(east, axis=-1, keepdims=True)
    frame = np.stack([nadir, east, np.cross(east, nadir)], axis=-2)
    offset = np.asarray(state_vector, dtype=np.float64)[..., :3] - eye
    turned = np.einsum("...ij,...j->...i", frame, offset)
    return (turned[..., 0], turned[..., 1], turned[..., 2]), frame


def _with_velocity(by_position: F64) -> F64:
    """Widen derivatives by position with zeros for velocity."""
    return np.concatenate([by_position, np.zeros_like(by_position)], axis=-1)
