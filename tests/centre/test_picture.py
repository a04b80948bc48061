"""Messages say what is estimated, never more surely, and whatever arrives can be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.centre.own import OwnNews, OwnSensors
from commonwatch.centre.picture import (
    detection_reports,
    detections_of,
    notice_of,
    notice_report,
    reports_of,
    rounded_down,
    rounded_up,
    track_reports,
)
from commonwatch.fusion.combination import add_news, tracklets
from commonwatch.fusion.system_tracks import (
    ADDED,
    REFUSED_COVARIANCE,
    REFUSED_PLACE,
    SystemTracks,
)
from commonwatch.identity import NationId, SensorId
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.sensing.infrared import InfraredSatellite
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import DetectionReport, Message, Plot, Span, TrackReport
from commonwatch.warning.notice import Notice
from tests.centre.build_own import NATIONS, World, recorded, said
from tests.fusion.build import covariance_of, flights
from tests.sensing.build import face, radar, satellite
from tests.tracking.build import EPOCH_NS, RADARS, lines, seen, together

F64 = npt.NDArray[np.float64]

STATE_ROUNDING_M = 0.5
RANGE_SAME_M = 1e-3
ANGLE_SAME_RAD = 1e-6


def one_step() -> OwnNews:
    """A step in which confirmed tracks are reported, with news."""
    own = OwnSensors(World(0).radars, nation=NATIONS[0])
    news = [own.step(detections, now_ns) for now_ns, detections in recorded(4, 40)]
    return next(each for each in news if each.reports.news.is_news.any())


NEWS = one_step()


def sent(message: Message) -> Message:
    """The message after it has gone over the wire."""
    return msgspec.json.decode(msgspec.json.encode(message), type=Message)


def test_a_report_that_has_gone_over_the_wire_is_the_report_but_for_rounding() -> None:
    found = reports_of([sent(message) for message in said(NEWS, NATIONS[0])])
    wanted = NEWS.reports
    for name in ("track", "sequence", "status", "is_free", "time_ns", "since_ns", "step"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), name)
    assert found.contributor == wanted.contributor
    assert found.pedigree == wanted.pedigree
    gap = np.abs(found.state_vector - wanted.state_vector)
    assert gap[:, :3].max() <= STATE_ROUNDING_M
    assert gap[:, 3:].max() <= 1e-3 * STATE_ROUNDING_M + 1e-9
    rounding = np.diag([1.0 / 12.0] * 3 + [1e-6 / 12.0] * 3)
    np.testing.assert_allclose(found.covariance, wanted.covariance + rounding, rtol=1e-6, atol=1e-9)


def test_news_says_the_same_of_an_estimate_before_and_after_the_wire() -> None:
    found = reports_of([sent(message) for message in said(NEWS, NATIONS[0])])
    wanted = NEWS.reports
    rows = np.flatnonzero(wanted.news.is_news)
    np.testing.assert_array_equal(rows, np.flatnonzero(found.news.is_news))
    for row in rows.tolist():
        before = wanted.state_vector[row : row + 1] + np.array([100.0, 0, 0, 1.0, 0, 0])
        spread = 4.0 * wanted.covariance[row : row + 1]
        one = add_news(before, spread, wanted.take([row]).news)
        two = add_news(before, spread, found.take([row]).news)
        std = np.sqrt(np.diagonal(one.covariance[0]))
        assert (np.abs(one.state_vector - two.state_vector)[0] / std).max() < 1e-3
        np.testing.assert_allclose(np.diagonal(two.covariance[0]), std**2, rtol=1e-5)


def random_shape(seed: int, spread: float) -> F64:
    """A covariance with deviations that differ by up to 10 to the power ``spread``."""
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    deviation = 10.0 ** rng.uniform(0.0, spread, 6)
    whole = (axes * deviation**2) @ axes.T
    unit = np.array([1.0, 1.0, 1.0, 1e-2, 1e-2, 1e-2])
    return np.asarray(0.5 * (whole + whole.T) * np.outer(unit, unit))


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.floats(0.0, 4.0))
def test_a_rounded_covariance_is_positive_and_nowhere_surer(seed: int, spread: float) -> None:
    covariance = random_shape(seed, spread)
    rounded = rounded_up(covariance)
    scale = np.sqrt(np.diag(covariance))
    grown = (rounded - covariance) / np.outer(scale, scale)
    assert np.linalg.eigvalsh(grown)[0] >= -1e-15
    assert np.linalg.eigvalsh(grown)[-1] < 1e-7
    assert np.linalg.eigvalsh(rounded / np.outer(scale, scale))[0] > 0.0
    assert all(each == float(f"{each:.8e}") for each in rounded.ravel().tolist())


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_rounded_news_brings_nowhere_more_than_the_news(seed: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(rank, 6)) * 10.0 ** rng.uniform(-3.0, 0.0, (rank, 1))
    information = rows.T @ rows
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    less = (information - rounded_down(information)) / np.outer(scale, scale)
    assert np.linalg.eigvalsh(less)[0] >= -1e-15


def test_a_tracklet_of_a_rounded_estimate_stays_news() -> None:
    rng = np.random.default_rng(2)
    mean, before = flights(20), covariance_of(500.0, 5.0, 20)
    after = before.copy()
    for row in range(20):
        line = rng.normal(size=6) * [1e-2] * 6
        after[row] = np.linalg.inv(np.linalg.inv(before[row]) + np.outer(line, line))
        after[row] = rounded_up(after[row])
    assert tracklets(mean, after, mean, before).is_news.all()


def altered(**changes: object) -> Message:
    [first, *_] = said(NEWS, NATIONS[0])
    assert isinstance(first.body, TrackReport)
    return msgspec.structs.replace(first, body=msgspec.structs.replace(first.body, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"covariance": (float("inf"),) + (0.0,) * 20}, REFUSED_COVARIANCE),
        ({"covariance": (0.0,) * 21}, REFUSED_COVARIANCE),
        ({"covariance": (1e300,) * 21}, REFUSED_COVARIANCE),
        ({"step": (float("nan"),) * 6}, REFUSED_COVARIANCE),
        ({"position_ecef_m": (0, 0, 0)}, REFUSED_PLACE),
        ({"position_ecef_m": (10**15, 0, 0)}, REFUSED_PLACE),
        ({"velocity_ecef_mm_s": (10**9, 0, 0)}, REFUSED_PLACE),
    ],
)
def test_a_report_of_nothing_that_flies_is_refused_in_words(
    changes: dict[str, object], words: str
) -> None:
    outcome = SystemTracks().step(reports_of([altered(**changes)]), NEWS.now_ns).outcome
    assert outcome == (words,)


def test_a_pedigree_that_cannot_be_counts_as_none() -> None:
    span = Span(originator=NATIONS[0], sensor=SensorId("x"), after_ns=5, until_ns=5, look_count=1)
    found = reports_of([altered(pedigree=(span,)), altered(pedigree=None), altered()])
    assert found.pedigree[0] is found.pedigree[1] is None
    assert found.pedigree[2] is not None


def test_news_of_no_numbers_is_no_news() -> None:
    broken = altered(information=(float("nan"),) * 21, information_vector=(0.0,) * 6)
    reports = reports_of([broken])
    assert not reports.news.is_news.any()
    assert SystemTracks().step(reports, NEWS.now_ns).outcome == (ADDED,)


def looks(sensors: tuple[Sensor, ...]) -> Detections:
    """Plots of two radars and lines of a satellite."""
    rng = np.random.default_rng(1)
    states = World(0, count=5).start
    eye = np.array([4.2e7, 0.0, 0.0])
    parts = [seen(states, 1.0, sensors, k, rng) for k in range(2)]
    return together([*parts, lines(states, 2.0, eye, 2, rng)])


def told(reports: Sequence[DetectionReport], by: str = "a") -> list[Message]:
    """Detection reports as a nation sends them."""
    return [
        Message(
            purpose=Purpose.ACTUAL,
            originator=NationId(by),
            number=number,
            made_ns=EPOCH_NS,
            body=report,
        )
        for number, report in enumerate(reports)
    ]


def owned(*sensors: Radar | InfraredSatellite) -> tuple[Sensor, ...]:
    """Sensors that all belong to the nation that tells of them."""
    return tuple(replace(each, nation=NationId("a")) for each in sensors)


@pytest.mark.parametrize("is_corrected", [True, False])
def test_detections_that_have_gone_over_the_wire_are_the_same(is_corrected: bool) -> None:
    two = tuple(replace(each, is_refraction_corrected=is_corrected) for each in RADARS[:2])
    sensors = owned(*two, satellite())
    plots = looks(sensors)
    reports = detection_reports(plots, sensors)
    assert [{plot.sensor for plot in each.plots} for each in reports] == [
        {sensor.sensor} for sensor in sensors
    ]
    found = detections_of([], [sent(each) for each in told(reports)], sensors)
    for name in ("time_ns", "sensor", "is_infrared", "eye_ecef_m"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plots, name), name)
    gap = np.abs(np.nan_to_num(found.measured) - np.nan_to_num(plots.measured))
    assert gap[:, 0].max() < RANGE_SAME_M
    assert gap[:, 1:3].max() < ANGLE_SAME_RAD
    np.testing.assert_array_equal(np.isnan(found.measured), np.isnan(plots.measured))
    radar_rows = ~plots.is_infrared
    np.testing.assert_allclose(found.std[radar_rows], plots.std[radar_rows])
    assert (found.std[~radar_rows, 0] == satellite().line_of_sight_std_rad).all()
    assert (found.row == -1).all()


def test_own_detections_and_those_of_others_stand_together() -> None:
    sensors = owned(*RADARS[:2], satellite())
    plots = looks(sensors)
    mine, others = plots.take(plots.sensor == 0), plots.take(plots.sensor > 0)
    found = detections_of([mine], told(detection_reports(others, sensors)), sensors)
    assert len(found) == len(plots)
    assert found.row.tolist() == [*mine.row.tolist(), *[-1] * len(others)]
    assert len(detections_of([], [], sensors)) == 0


def test_nobody_tells_of_anothers_sensors() -> None:
    """What a partner says that our own radar saw, our own radar has not said."""
    sensors = owned(*RADARS[:2])
    reports = detection_reports(looks((*sensors, satellite())).take(slice(0, 2)), sensors)
    assert len(detections_of([], told(reports), sensors)) == 2
    assert len(detections_of([], told(reports, by="b"), sensors)) == 0


def test_plots_that_no_sensor_could_have_made_are_left_out() -> None:
    one, eye = owned(radar(face(azimuth_min_deg=0.0, azimuth_max_deg=90.0)), satellite())
    good = Plot(time_ns=1, sensor=one.sensor, range_m=1e6, azimuth_rad=0.5, elevation_rad=0.3)
    bad = [
        msgspec.structs.replace(good, **change)
        for change in (
            {"range_m": None},
            {"range_m": -1.0},
            {"range_m": float("inf")},
            {"elevation_rad": 3.0},
            {"azimuth_rad": float("nan")},
            {"range_rate_m_s": 1e9},
            {"sensor": SensorId("unheard of")},
            {"sensor": eye.sensor},
        )
    ]
    found = detections_of([], told([DetectionReport(plots=(*bad, good))]), (one, eye))
    assert found.measured[:, 0].tolist() == [1e6]
    assert np.isfinite(found.std[:, :3]).all()


def test_a_notice_that_has_gone_over_the_wire_is_the_notice() -> None:
    notice = Notice(
        name="norway-1995-01-25",
        nation="NO",
        kind="sounding rocket",
        window_start_ns=EPOCH_NS,
        window_end_ns=EPOCH_NS + 1,
        latitude_rad=1.2,
        longitude_rad=-0.3,
        radius_m=12_345.0,
        azimuth_min_rad=6.2,
        azimuth_max_rad=0.1,
        delivered_ns=None,
    )
    found = notice_of(notice_report(notice), delivered_ns=7)
    assert found.delivered_ns == 7
    for field in fields(Notice):
        wanted = getattr(notice, field.name)
        if field.name != "delivered_ns":
            assert getattr(found, field.name) == pytest.approx(wanted, abs=1e-12)
    east = replace(notice, longitude_rad=math.radians(200.0))
    assert notice_report(east).longitude_deg == pytest.approx(-160.0)
    with pytest.raises(ValueError, match="the window ends before it begins"):
        msgspec.structs.replace(notice_report(notice), window_end_ns=EPOCH_NS)


def test_nothing_to_say_is_said_by_no_message() -> None:
    own = OwnSensors(World(0).radars, nation=NationId("a"))
    nothing = own.step(empty_detections(), EPOCH_NS)
    assert track_reports(nothing) == []
    assert len(reports_of([])) == 0
