"""What a centre knows beside its messages, for its policy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from commonwatch.centre.subjects import Subjects
from commonwatch.earth.ellipsoid import ecef_from_geodetic
from commonwatch.earth.frames import look_angles
from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.messages import DetectionReport, Plot
from tests.centre.build_floor import report
from tests.centre.test_core import configuration
from tests.centre.test_statements import alert
from tests.tracking.build import radar_at

SHARING = """
format = 1
title = "Detections and launch reports"
own_launches = "share"

[[rules]]
name = "all"
share = ["detection report", "launch report"]
recipients = ["*"]
"""
EAST = NationId("east")


def subjects(text: str = SHARING) -> Subjects:
    from dataclasses import replace

    plain = configuration(EAST, text)
    return Subjects(replace(plain, sensors=(radar_at("radar-a", 50.0, 10.0, nation="east"),)))


def test_the_place_of_an_echo_is_the_place_below_the_object() -> None:
    radar = radar_at("radar-a", 50.0, 10.0, nation="east")
    latitude_deg, longitude_deg = 52.0, 14.0
    place = ecef_from_geodetic(math.radians(latitude_deg), math.radians(longitude_deg), 200_000.0)
    range_m, azimuth_rad, elevation_rad = look_angles(
        radar.site.position_ecef_m, radar.site.rotation_enu_from_ecef, np.asarray(place)
    )
    plot = Plot(
        time_ns=1,
        sensor=SensorId("radar-a"),
        range_m=float(range_m),
        azimuth_rad=float(azimuth_rad),
        elevation_rad=float(elevation_rad),
    )
    (found,) = subjects().of(DetectionReport(plots=(plot,))).places or ()
    assert found == pytest.approx((latitude_deg, longitude_deg), abs=1e-4)


def test_the_place_of_a_line_of_sight_is_where_it_comes_to_the_ground() -> None:
    ground = np.asarray(ecef_from_geodetic(math.radians(35.0), math.radians(53.0), 42_000.0))
    eye = np.asarray(ecef_from_geodetic(0.0, math.radians(60.0), 35_786_000.0))
    line = (ground - eye) / np.linalg.norm(ground - eye)
    plot = Plot(
        time_ns=1,
        sensor=SensorId("satellite"),
        sensor_ecef_m=tuple(eye.tolist()),
        line_of_sight=tuple(line.tolist()),
    )
    (found,) = subjects().of(DetectionReport(plots=(plot,))).places or ()
    assert found == pytest.approx((35.0, 53.0), abs=0.5)


def test_of_a_plot_without_a_line_the_place_is_not_known() -> None:
    plot = Plot(time_ns=1, sensor=SensorId("nobody's"))
    assert subjects().of(DetectionReport(plots=(plot,))).places is None


def test_a_launch_report_rests_on_the_own_sensors_behind_its_alert() -> None:
    known = subjects()
    known.learn_alert(alert(sources="radar-a, b launch report"))
    said = report(event=3)
    assert known.of(said).sensors == frozenset({"radar-a"})


def test_nothing_is_worked_out_for_what_no_rule_shares() -> None:
    plot = Plot(
        time_ns=1, sensor=SensorId("radar-a"), range_m=1e6, azimuth_rad=0.0, elevation_rad=0.1
    )
    nothing = subjects('format = 1\ntitle = "Nothing"\n').of(DetectionReport(plots=(plot,)))
    assert nothing.places is None
    assert nothing.sensors is None
