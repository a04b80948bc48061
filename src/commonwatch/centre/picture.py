"""Between messages and records of estimation: the only place that turns the one into the other.

Whole metres and millimetres a second are said, and nine digits of a covariance. Rounding is never
in a sender's favour: what is said of an estimate is never surer than the estimate, whatever its
shape, and what is said of news never brings more than the news (Notes of ``rounded_up``).

What arrives may be anything. A report that holds no numbers becomes one whose covariance is not
positive, which fusion refuses in words; a plot that no sensor of ours could have made is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.centre.own import OwnNews
from commonwatch.earth import ray_table
from commonwatch.earth.ellipsoid import local_radius
from commonwatch.earth.frames import position_from_look_angles
from commonwatch.fusion import pedigree as pedigrees
from commonwatch.fusion.combination import News, no_news
from commonwatch.fusion.pedigree import Pedigree, pedigree_of
from commonwatch.fusion.report import Reports, empty_reports
from commonwatch.identity import NationId
from commonwatch.sensing.detection import Detections, empty_detections, joined_detections
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.measurement import radar_noise
from commonwatch.sensing.radar import TURN_RAD, Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.messages import (
    DetectionReport,
    Message,
    Plot,
    PreLaunchNotice,
    Span,
    TrackReport,
)
from commonwatch.tracking.estimate import STATUS_WORDS, UPPER, Status
from commonwatch.units import degrees_from_radians, radians_from_degrees
from commonwatch.warning.notice import Notice

F64 = npt.NDArray[np.float64]

DIGITS: Final = 9
_UNIT: Final = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3])
"""What coordinates of a state vector are rounded to."""
_SLACK: Final = 1.0 + 2.0 * 10.0 ** (1 - DIGITS)
"""Enough that a number times this, rounded to so many digits, is not below the number."""
_DIAGONAL: Final = np.flatnonzero(UPPER[0] == UPPER[1])
_SEEN: Final = attrgetter("range_m", "azimuth_rad", "elevation_rad", "range_rate_m_s")
ROOM_M: Final = 1e8
"""Nothing that is watched is further away (*assumed*)."""
SPEED_MAX_M_S: Final = 20_000.0
UNIT_ERROR_MAX: Final = 1e-3
"""By how much the length of a line of sight may differ from one."""
NOT_NUMBERED: Final = -1
"""Row of a detection that came in a message: the tracker's owner numbers it."""


PLOTS_PER_REPORT: Final = 2_000
"""Some 250 bytes each: well below the limit of an envelope."""


def track_reports(news: OwnNews) -> list[TrackReport]:
    """Say what own sensors report, in order.

    Parameters
    ----------
    news
        Of one step.

    Notes
    -----
    A tracklet's vector is said as the pull on the state vector of the report: information times
    what the news says less what the report says. About the Earth's middle it would need sixteen
    digits.
    """
    return [_track_report(news, row) for row in range(len(news.reports))]


def reports_of(messages: Sequence[Message]) -> Reports:
    """Read track reports, one row each, in order; other messages must be left out before."""
    bodies = [(m.originator, m.body) for m in messages if isinstance(m.body, TrackReport)]
    if not bodies:
        return empty_reports()
    count = len(bodies)
    states, covariances = np.zeros((count, 6)), np.zeros((count, 6, 6))
    steps, news = np.zeros((count, 6)), no_news(count)
    for row, (_, body) in enumerate(bodies):
        covariance, step = _matrix(body.covariance), np.array(body.step)
        if not (np.isfinite(covariance).all() and np.isfinite(step).all()):
            continue
        states[row] = np.array([*body.position_ecef_m, *body.velocity_ecef_mm_s]) * _UNIT
        covariances[row], steps[row] = covariance, np.abs(step)
        _read_news(body, states[row], news, row)
    status = [STATUS_WORDS.index(body.status) for _, body in bodies]
    return Reports(
        contributor=tuple(name for name, _ in bodies),
        track=np.array([body.track for _, body in bodies]),
        sequence=np.array([body.sequence for _, body in bodies]),
        status=np.array(status, dtype=np.int8),
        is_free=np.array([body.motor == "coasts" for _, body in bodies]),
        time_ns=np.array([body.time_ns for _, body in bodies]),
        since_ns=np.array([body.since_ns for _, body in bodies]),
        state_vector=states,
        covariance=covariances,
        news=news,
        step=steps,
        pedigree=tuple(_pedigree(body.pedigree) for _, body in bodies),
    )


def rounded_up(covariance: F64) -> F64:
    """Round a covariance to nine digits so that it is nowhere surer than before.

    Parameters
    ----------
    covariance
        Positive, shape (6, 6).

    Notes
    -----
    With R the rounding errors off the diagonal and s the standard deviations, each variance grows
    by s_i sum_j |R_ij| / s_j: the change, in units of s, is then a matrix with a dominant
    diagonal, which is not negative (Gershgorin).
    """
    rounded, slack = _rounded(covariance)
    variance = (np.diag(covariance) + slack) * _SLACK
    np.fill_diagonal(rounded, [_digits(each) for each in variance.tolist()])
    return rounded


def rounded_down(information: F64) -> F64:
    """Round information to nine digits so that it is nowhere more than before.

    Directions about which nothing was known may come out below zero by the last digit.
    """
    rounded, slack = _rounded(information)
    least = (np.diag(information) - slack) / _SLACK
    np.fill_diagonal(rounded, [_digits(each) for each in least.tolist()])
    return rounded


def detection_reports(detections: Detections, sensors: Sequence[Sensor]) -> list[DetectionReport]:
    """Say what sensors saw: reports of one sensor each, in the order of the sensors.

    Parameters
    ----------
    detections
        n rows; ``sensor`` counts in the order of ``sensors``.
    sensors
        Radars and satellites.

    Returns
    -------
    list of DetectionReport
        Rounded as messages are, at most ``PLOTS_PER_REPORT`` plots each; none without a row.
    """
    reports = []
    for index in sorted(set(detections.sensor.tolist())):
        rows = (detections.sensor == index).nonzero()[0]
        time_ns, measured = detections.time_ns[rows].tolist(), detections.measured[rows]
        sensor = sensors[index]
        plots = (
            _lines(time_ns, measured, detections.eye_ecef_m[rows], sensor)
            if isinstance(sensor, InfraredSatellite)
            else _echoes(time_ns, measured, sensor)
        )
        for first in range(0, len(plots), PLOTS_PER_REPORT):
            part = plots[first : first + PLOTS_PER_REPORT]
            reports.append(DetectionReport(plots=tuple(part)))
    return reports


def detections_of(
    own: Sequence[Detections], messages: Sequence[Message], sensors: Sequence[Sensor]
) -> Detections:
    """Put own detections and those of others together.

    Parameters
    ----------
    own
        As they arrived.
    messages
        Any; of detection reports those plots count that come from their sensor's owner. Standard
        deviations are those of the sensor's description, or by the radar equation at the measured
        place.
    sensors
        ``Detections.sensor`` counts in their order; plots of any other are left out.
    """
    index_of = {(sensor.nation, sensor.sensor): index for index, sensor in enumerate(sensors)}
    plots: dict[int, list[Plot]] = {}
    for message in messages:
        for plot in message.body.plots if isinstance(message.body, DetectionReport) else ():
            index = index_of.get((message.originator, plot.sensor))
            if index is not None:
                plots.setdefault(index, []).append(plot)
    parts = [part for part in own if len(part)]
    parts += [_read_plots(plots[index], sensors[index], index) for index in sorted(plots)]
    if not parts:
        return empty_detections()
    return joined_detections(parts)


def notice_report(notice: Notice) -> PreLaunchNotice:
    """Say a notice of a launch to come."""
    return PreLaunchNotice(
        notice=notice.name,
        launching=NationId(notice.nation),
        vehicle_class=notice.kind,
        window_start_ns=notice.window_start_ns,
        window_end_ns=notice.window_end_ns,
        latitude_deg=float(degrees_from_radians(notice.latitude_rad)),
        longitude_deg=(float(degrees_from_radians(notice.longitude_rad)) + 180.0) % 360.0 - 180.0,
        radius_m=math.ceil(notice.radius_m),
        azimuth_min_deg=float(degrees_from_radians(notice.azimuth_min_rad)) % 360.0,
        azimuth_max_deg=float(degrees_from_radians(notice.azimuth_max_rad)) % 360.0,
    )


def notice_of(body: PreLaunchNotice, *, delivered_ns: int) -> Notice:
    """Read a notice that was delivered at a time.

    Parameters
    ----------
    body
        As it was heard: degrees and whole metres.
    delivered_ns
        When it was on the watch floor, UTC since 1970.

    Raises
    ------
    InputError
        Its window or area is empty.
    """
    return Notice(
        name=body.notice,
        nation=body.launching,
        kind=body.vehicle_class,
        window_start_ns=body.window_start_ns,
        window_end_ns=body.window_end_ns,
        latitude_rad=float(radians_from_degrees(body.latitude_deg)),
        longitude_rad=float(radians_from_degrees(body.longitude_deg)),
        radius_m=float(body.radius_m),
        azimuth_min_rad=float(radians_from_degrees(body.azimuth_min_deg)),
        azimuth_max_rad=float(radians_from_degrees(body.azimuth_max_deg)),
        delivered_ns=delivered_ns,
    )


def _track_report(news: OwnNews, row: int) -> TrackReport:
    reports = news.reports
    said = np.rint(reports.state_vector[row] / _UNIT)
    covariance = rounded_up(reports.covariance[row] + np.diag(_UNIT**2 / 12.0))
    information: tuple[float, ...] | None = None
    vector: tuple[float, ...] | None = None
    if reports.news.is_news[row]:
        whole = reports.news.information[row]
        pull = reports.news.information_vector[row] - whole @ (said * _UNIT)
        information = _triangle(rounded_down(whole))
        vector = tuple(_digits(each) for each in pull.tolist())
    pedigree = reports.pedigree[row]
    place, speed = (tuple(int(each) for each in part) for part in (said[:3], said[3:]))
    return TrackReport(
        track=int(reports.track[row]),
        sequence=int(reports.sequence[row]),
        time_ns=int(reports.time_ns[row]),
        since_ns=int(reports.since_ns[row]),
        begun_ns=int(news.begun_ns[row]),
        status=STATUS_WORDS[Status(int(reports.status[row]))],  # type: ignore[arg-type]
        motor=news.motor[row],
        position_ecef_m=(place[0], place[1], place[2]),
        velocity_ecef_mm_s=(speed[0], speed[1], speed[2]),
        covariance=_triangle(covariance),
        information=information,
        information_vector=vector,
        pedigree=None if pedigree is None else tuple(_span(each) for each in pedigree.spans),
    )


def _span(span: pedigrees.Span) -> Span:
    return Span(
        originator=span.originator,
        sensor=span.sensor,
        after_ns=span.after_ns,
        until_ns=span.until_ns,
        look_count=span.look_count,
    )


def _pedigree(spans: Sequence[Span] | None) -> Pedigree | None:
    """Read a pedigree; None where it is not said, or cannot be."""
    if spans is None or any(span.after_ns >= span.until_ns for span in spans):
        return None
    return pedigree_of(
        pedigrees.Span(
            originator=span.originator,
            sensor=span.sensor,
            after_ns=span.after_ns,
            until_ns=span.until_ns,
            look_count=span.look_count,
        )
        for span in spans
    )


def _read_news(body: TrackReport, state_vector: F64, news: News, row: int) -> None:
    if body.information is None or body.information_vector is None:
        return
    information = _matrix(body.information)
    vector = np.array(body.information_vector) + information @ state_vector
    if np.isfinite(information).all() and np.isfinite(vector).all():
        news.information[row], news.information_vector[row] = information, vector
        news.is_news[row] = True


def _matrix(triangle: Sequence[float]) -> F64:
    matrix = np.empty((6, 6))
    matrix[UPPER] = triangle
    matrix.T[UPPER] = triangle
    return matrix


def _triangle(matrix: F64) -> tuple[float, ...]:
    return tuple(matrix[UPPER].tolist())


def _digits(number: float) -> float:
    return float(f"{number:.{DIGITS - 1}e}")


def _rounded(matrix: F64) -> tuple[F64, F64]:
    """Round all entries; return with it how much the diagonal must give for the others."""
    rounded = _matrix([_digits(each) for each in matrix[UPPER].tolist()])
    scale = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    error = np.abs(rounded - matrix)
    np.fill_diagonal(error, 0.0)
    slack = np.divide(error, scale, out=np.zeros((6, 6)), where=scale > 0.0)
    return rounded, scale * slack.sum(axis=1)


def _echoes(times_ns: list[int], measured: F64, radar: Radar) -> list[Plot]:
    if not radar.is_refraction_corrected:
        measured[:, 2] = ray_table.apparent_elevation(_rays(radar), measured[:, 2], measured[:, 0])
    return [
        Plot(
            time_ns=time_ns,
            sensor=radar.sensor,
            range_m=range_m,
            azimuth_rad=azimuth_rad,
            elevation_rad=elevation_rad,
            range_rate_m_s=None if math.isnan(rate_m_s) else rate_m_s,
        )
        for time_ns, (range_m, azimuth_rad, elevation_rad, rate_m_s) in zip(
            times_ns, measured.tolist(), strict=True
        )
    ]


def _lines(
    times_ns: list[int], lines: F64, eyes_ecef_m: F64, satellite: InfraredSatellite
) -> list[Plot]:
    return [
        Plot(
            time_ns=time_ns,
            sensor=satellite.sensor,
            sensor_ecef_m=(eye[0], eye[1], eye[2]),
            line_of_sight=(line[0], line[1], line[2]),
        )
        for time_ns, eye, line in zip(times_ns, eyes_ecef_m.tolist(), lines.tolist(), strict=True)
    ]


def _read_plots(plots: list[Plot], sensor: Sensor, index: int) -> Detections:
    """Read the plots of one sensor, without those that it could not have made."""
    if isinstance(sensor, InfraredSatellite):
        return _read_lines(plots, sensor, index)
    return _read_echoes(plots, sensor, index)


def _read_echoes(plots: list[Plot], radar: Radar, index: int) -> Detections:
    measured = np.array([_SEEN(plot) for plot in plots], dtype=np.float64)
    is_good = np.isfinite(measured[:, :3]).all(axis=1) & (measured[:, 0] > 0.0)
    is_good &= (measured[:, 0] < ROOM_M) & (np.abs(measured[:, 2]) <= math.pi / 2.0)
    is_good &= (np.abs(measured[:, 1]) <= TURN_RAD) & ~(np.abs(measured[:, 3]) > SPEED_MAX_M_S)
    measured = measured[is_good]
    measured[:, 1] = np.mod(measured[:, 1], TURN_RAD)
    measured[measured[:, 1] >= TURN_RAD, 1] = 0.0
    if not radar.is_refraction_corrected:
        measured[:, 2] = ray_table.geometric_elevation(_rays(radar), measured[:, 2], measured[:, 0])
    std = np.full(measured.shape, np.nan)
    if len(measured):
        place = position_from_look_angles(
            radar.site.position_ecef_m, radar.site.rotation_enu_from_ecef, *measured[:, :3].T
        )
        std[:, :3] = radar_noise(radar, np.concatenate([place, np.zeros_like(place)], axis=1))
    if radar.range_rate_std_m_s is None:
        measured[:, 3] = np.nan
    else:
        std[:, 3] = np.where(np.isnan(measured[:, 3]), np.nan, radar.range_rate_std_m_s)
    time_ns = np.array([plot.time_ns for plot in plots])[is_good]
    is_seen = np.isfinite(std[:, :3]).all(axis=1)  # in front of some face
    return _detections(time_ns[is_seen], index, measured[is_seen], std[is_seen], None)


def _read_lines(plots: list[Plot], satellite: InfraredSatellite, index: int) -> Detections:
    nothing = (math.nan, math.nan, math.nan)
    eye = np.array([plot.sensor_ecef_m or nothing for plot in plots])
    line = np.array([plot.line_of_sight or nothing for plot in plots])
    length = np.linalg.norm(line, axis=1)
    is_good = np.isfinite(eye).all(axis=1) & (np.abs(length - 1.0) < UNIT_ERROR_MAX)
    is_good &= np.linalg.norm(eye, axis=1) < ROOM_M
    measured = np.full((int(is_good.sum()), 4), np.nan)
    measured[:, :3] = line[is_good] / length[is_good, None]
    std = np.full(measured.shape, np.nan)
    std[:, 0] = satellite.line_of_sight_std_rad
    time_ns = np.array([plot.time_ns for plot in plots])[is_good]
    return _detections(time_ns, index, measured, std, eye[is_good])


def _detections(
    time_ns: npt.NDArray[np.int64], index: int, measured: F64, std: F64, eye: F64 | None
) -> Detections:
    count = len(time_ns)
    return Detections(
        row=np.full(count, NOT_NUMBERED),
        time_ns=time_ns,
        arrival_ns=time_ns,
        sensor=np.full(count, index, dtype=np.int32),
        is_infrared=np.full(count, eye is not None),
        measured=measured,
        std=std,
        eye_ecef_m=np.full((count, 3), np.nan) if eye is None else eye,
    )


def _rays(radar: Radar) -> ray_table.RayTable:
    return ray_table.ray_table(radar.site.altitude_m, _radius_m(radar.site.latitude_rad))


@lru_cache(maxsize=512)
def _radius_m(latitude_rad: float) -> float:
    return float(local_radius(latitude_rad))
