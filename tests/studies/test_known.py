"""What centres knew, from beliefs written down by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from scipy.stats import binom

from commonwatch.studies.known import Beliefs, Rows, known
from commonwatch.studies.known_first import first_at_nations, first_at_partner
from commonwatch.studies.spread import median_rank, spread_of_durations, spread_of_instants
from tests.studies.build_known import (
    ALERT_NAMES,
    FLIGHT_S,
    LATITUDES,
    NS,
    TRACK_NAMES,
    alert_row,
    columns,
    launch_ns,
    never,
    track_row,
    truth,
)


def judged(
    alerts: list[dict[str, Any]],
    tracks: list[dict[str, Any]] | None = None,
    first_ns: dict[str, Any] | None = None,
) -> Rows:
    return known(
        Beliefs(
            centres=("a", "b"),
            alerts=columns(alerts, ALERT_NAMES),
            tracks=columns(tracks or [], TRACK_NAMES),
            first_ns={"a": never(), "b": never()} | (first_ns or {}),
        ),
        truth(),
    )


def row_of(rows: Rows, flight: int, centre: str = "a") -> dict[str, Any]:
    [row] = [r for r in rows.known if (r["centre"], r["object"]) == (centre, flight)]
    return row


def counts_of(rows: Rows, centre: str = "a") -> dict[str, Any]:
    [row] = [r for r in rows.counts if r["centre"] == centre]
    return row


def test_every_flight_has_a_row_at_every_centre_even_if_nobody_said_anything() -> None:
    rows = judged([])
    assert {(r["centre"], r["object"]) for r in rows.known} == {
        (centre, flight) for centre in "ab" for flight in range(len(LATITUDES))
    }
    assert {r["outcome"] for r in rows.known} == {"missed: nobody looked"}
    assert counts_of(rows)["missed_count"] == counts_of(rows)["flight_count"] == len(LATITUDES)


def test_each_event_is_its_first_time_of_knowing_after_lift_off() -> None:
    told = [
        alert_row(7, 1, 70.0, track=3),
        alert_row(7, 1, 90.0, track=3, status="confirmed, single kind"),
        alert_row(7, 1, 120.0, track=3, status="confirmed", half_axis_m=3e5),
        alert_row(7, 1, 200.0, track=3, status="confirmed", half_axis_m=9.9e4),
        alert_row(7, 1, 300.0, track=3, status="confirmed", half_axis_m=2e4),
    ]
    row = row_of(judged(told, [track_row(3, 1, s) for s in range(60, 300, 5)]), 1)
    assert row["unconfirmed_s"] == 70.0
    assert row["single_kind_s"] == 90.0
    assert row["confirmed_s"] == 120.0
    assert row["impact_area_s"] == 200.0
    assert row["warning_left_s"] == FLIGHT_S - 200.0
    assert row["warning_left_confirmed_s"] == FLIGHT_S - 120.0
    assert row["outcome"] == "confirmed"
    assert row["track_s"] == 62.0
    assert row["impact_half_axis_m"] == 2e4


def test_an_alert_is_given_to_the_flight_that_its_track_follows_whatever_its_words_are() -> None:
    rows = judged(
        [alert_row(1, 1, 70.0, track=3, latitude_off_deg=-5.0)],
        [track_row(3, 1, s) for s in range(60, 200, 5)],
    )
    assert row_of(rows, 1)["unconfirmed_s"] == 70.0
    assert row_of(rows, 0)["unconfirmed_s"] is None


def test_an_alert_from_reports_alone_is_given_to_the_launch_that_it_fits() -> None:
    rows = judged([alert_row(1, 0, 100.0, origin="launch reports", half_axis_m=5e4, late_s=4.0)])
    assert row_of(rows, 0)["unconfirmed_from"] == "launch reports"
    assert row_of(rows, 1)["unconfirmed_s"] is None
    assert counts_of(rows)["false_count"] == 0


@pytest.mark.parametrize("words", [{"late_s": 60.0}, {"late_s": -60.0}, {"latitude_off_deg": 2.5}])
def test_an_alert_that_fits_no_launch_is_false(words: dict[str, Any]) -> None:
    rows = judged([alert_row(1, 1, 100.0, status="confirmed", **words)])
    counts = counts_of(rows)
    assert (counts["alert_count"], counts["false_count"]) == (1, 1)
    assert counts["false_confirmed_count"] == 1
    assert counts["missed_count"] == len(LATITUDES)


def test_an_alert_on_a_track_that_follows_nothing_is_false_even_if_its_words_fit() -> None:
    rows = judged(
        [alert_row(1, 0, 100.0, track=9)],
        [track_row(9, 0, s, off_m=5e5) for s in range(60, 200, 5)],
    )
    assert counts_of(rows)["false_count"] == 1


def test_an_alert_on_a_track_astray_among_flights_is_about_the_launch_that_it_fits() -> None:
    rows = [track_row(9, k % 2, s) for k, s in enumerate(range(60, 160, 5))]
    rows += [track_row(9, 0, s, off_m=5e5) for s in range(160, 180, 5)]
    fitting = judged([alert_row(1, 1, 100.0, track=9)], rows)
    assert row_of(fitting, 1)["unconfirmed_s"] == 100.0
    assert row_of(fitting, 0)["unconfirmed_s"] is None
    assert row_of(fitting, 1)["track_s"] is None
    assert counts_of(fitting)["false_count"] == 0
    off = judged([alert_row(1, 1, 100.0, track=9, latitude_off_deg=2.5)], rows)
    assert counts_of(off)["false_count"] == 1


def test_a_second_alert_of_a_flight_is_repeated_and_not_false() -> None:
    rows = judged([alert_row(1, 0, 80.0), alert_row(2, 0, 60.0, origin="joint alert report")])
    assert counts_of(rows)["repeated_count"] == 1
    assert row_of(rows, 0)["unconfirmed_s"] == 60.0
    assert row_of(rows, 0)["unconfirmed_from"] == "joint alert report"


def test_what_a_cancelled_alert_said_counts_no_more() -> None:
    rows = judged(
        [
            alert_row(1, 0, 80.0, half_axis_m=5e4),
            alert_row(1, 0, 150.0, half_axis_m=4e4, status="cancelled"),
        ]
    )
    row = row_of(rows, 0)
    assert row["outcome"] == "cancelled"
    assert row["impact_half_axis_120_m"] == 5e4
    assert row["impact_half_axis_180_m"] is None
    assert {area["time_s"] for area in rows.areas if area["centre"] == "a"} == {
        80.0, 100.0, 120.0, 140.0,
    }  # fmt: skip


def test_the_smallest_of_the_latest_ellipses_is_what_a_centre_knows() -> None:
    rows = judged(
        [
            alert_row(1, 0, 80.0, half_axis_m=5e4),
            alert_row(1, 0, 130.0, half_axis_m=9e4),
            alert_row(2, 0, 100.0, half_axis_m=7e4),
        ]
    )
    row = row_of(rows, 0)
    assert row["impact_half_axis_60_m"] is None
    assert row["impact_half_axis_120_m"] == 5e4
    assert row["impact_half_axis_180_m"] == 7e4


def test_launch_error_is_the_geodesic_from_the_last_named_place() -> None:
    row = row_of(judged([alert_row(1, 0, 80.0, latitude_off_deg=0.1)]), 0)
    _, _, away_m = Geod(ellps="WGS84").inv(50.0, LATITUDES[0], 50.0, LATITUDES[0] + 0.1)
    assert row["launch_error_m"] == pytest.approx(away_m, rel=1e-9)
    assert row["impact_error_m"] is None


def test_a_track_that_broke_and_began_anew_is_less_continuous() -> None:
    tracks = [track_row(1, 0, s) for s in range(60, 161, 5)]
    tracks += [track_row(2, 0, s) for s in range(200, 501, 5)]
    row = row_of(judged([], tracks), 0)
    assert row["tracked_s"] == 100.0 + 300.0
    assert row["track_count"] == 2
    assert row["continuity_ratio"] == 300.0 / 400.0
    assert row["outcome"] == "missed: tracked, no alert"


def test_why_a_flight_was_missed_is_said() -> None:
    first = never()
    first[0] = launch_ns(0) + 50 * NS
    rows = judged([], first_ns={"a": first})
    assert row_of(rows, 0)["outcome"] == "missed: seen, not tracked"
    assert row_of(rows, 0)["detection_s"] == 50.0
    assert row_of(rows, 0, "b")["outcome"] == "missed: known elsewhere"
    assert row_of(rows, 1, "b")["outcome"] == "missed: nobody looked"


def test_first_detections_leave_out_false_plots_and_sensors_that_are_not_there() -> None:
    detections = {
        "arrival_ns": [10, 20, 30, 40, 50],
        "sensor": ["north", "north", "south", "south", "west"],
    }
    found = first_at_nations(
        detections,
        np.array([-1, 0, 0, 1, 1]),
        is_reported=np.array([True, True, True, True, False]),
        sensors_of={"a": {"north"}, "b": {"south", "west"}, "c": set()},
        flight_count=2,
    )
    assert {name: first.tolist() for name, first in found.items()} == {
        "a": [20, 0], "b": [30, 40], "c": [0, 0],
    }  # fmt: skip


def test_the_joint_centre_has_a_detection_when_the_report_of_it_arrives() -> None:
    messages = {
        "time_ns": [15, 25, 25, 45, 60],
        "sender": ["a", "a", "b", "b", "a"],
        "recipient": ["joint"] * 4 + ["b"],
        "kind": ["detection report", "detection report", "track report", *["detection report"] * 2],
        "received_ns": [16, 28, 26, None, 61],
    }
    nations = {"a": np.array([20, 0]), "b": np.array([21, 40])}
    assert first_at_partner(nations, messages, partner="joint").tolist() == [28, 0]


TIMES = st.lists(st.one_of(st.just(math.nan), st.floats(0, 4000)), min_size=1, max_size=60)


@given(TIMES)
def test_half_of_the_flights_have_the_event_by_the_median_and_it_lies_in_its_interval(
    times: list[float],
) -> None:
    found = spread_of_instants(np.array(times))
    had = [time for time in times if time <= found.median]
    if math.isfinite(found.median):
        assert 2 * len(had) >= len(times)
    assert found.median_low <= found.median <= found.median_high
    assert found.low <= found.median <= found.high


@given(TIMES)
def test_durations_that_are_not_there_count_as_nothing(durations: list[float]) -> None:
    filled = [0.0 if math.isnan(value) else value for value in durations]
    found = spread_of_durations(np.array(durations))
    assert 2 * len([value for value in filled if value >= found.median]) >= len(filled)
    assert found.median_low <= found.median <= found.median_high
    assert found.count == len([value for value in durations if not math.isnan(value)])


@pytest.mark.parametrize("count", [6, 7, 20, 26, 121, 2_000])
def test_the_interval_of_a_median_covers_it_in_95_of_100_and_no_narrower_one_would(
    count: int,
) -> None:
    rank = median_rank(count)
    assert binom.cdf(rank - 1, count, 0.5) <= 0.025 < binom.cdf(rank, count, 0.5)
