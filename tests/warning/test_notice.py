from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from commonwatch.errors import InputError
from commonwatch.warning.notice import NOT_KNOWN, Match, Notice, Seen, match, outside_rad
from tests.warning.build import SECOND_NS, START_NS

HOUR_NS = 3_600 * SECOND_NS

NOTICE = Notice(
    name="andoya",
    nation="Norway",
    kind="sounding rocket",
    window_start_ns=START_NS - HOUR_NS,
    window_end_ns=START_NS + HOUR_NS,
    latitude_rad=math.radians(69.294),
    longitude_rad=math.radians(16.021),
    radius_m=20e3,
    azimuth_min_rad=math.radians(-20.0),
    azimuth_max_rad=math.radians(20.0),
    delivered_ns=START_NS - 10 * HOUR_NS,
)
SEEN = Seen(
    now_ns=START_NS + 200 * SECOND_NS,
    launch_ns=START_NS,
    launch_std_s=10.0,
    latitude_rad=math.radians(69.4),
    longitude_rad=math.radians(16.0),
    half_axis_m=30e3,
    azimuth_rad=0.1,
    azimuth_std_rad=0.02,
    below_latitude_rad=math.radians(73.0),
    below_longitude_rad=math.radians(16.0),
    position_std_m=500.0,
)


def test_a_launch_as_announced_is_matched() -> None:
    found = match((NOTICE,), SEEN)
    assert (found.match, found.name) == (Match.MATCHED, "andoya")


@pytest.mark.parametrize("delivered_ns", [None, SEEN.now_ns + SECOND_NS])
def test_a_notice_that_never_reached_the_watch_floor_is_said_to_be_so(
    delivered_ns: int | None,
) -> None:
    found = match((replace(NOTICE, delivered_ns=delivered_ns),), SEEN)
    assert found.match is Match.NOT_DELIVERED
    assert "had not reached the watch floor" in found.reason


@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, launch_ns=START_NS + 2 * HOUR_NS),
        replace(SEEN, latitude_rad=math.radians(71.0)),
        replace(SEEN, launch_ns=None),
        replace(SEEN, latitude_rad=math.nan),
    ],
)
def test_another_time_or_place_is_unmatched(seen: Seen) -> None:
    assert match((NOTICE,), seen) == NOT_KNOWN


@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, azimuth_rad=1.5),
        replace(SEEN, below_latitude_rad=math.radians(69.3), below_longitude_rad=0.45),
    ],
)
def test_a_launch_that_leaves_its_corridor_contradicts(seen: Seen) -> None:
    found = match((NOTICE,), seen)
    assert found.match is Match.CONTRADICTING
    assert "outside the corridor" in found.reason


def test_an_azimuth_that_nobody_knows_contradicts_nothing() -> None:
    assert match((NOTICE,), replace(SEEN, azimuth_rad=1.5, azimuth_std_rad=1.0)).match is (
        Match.MATCHED
    )


def test_of_two_notices_the_one_that_fits_counts() -> None:
    other = replace(NOTICE, name="a", azimuth_min_rad=2.0, azimuth_max_rad=3.0)
    for order in ((NOTICE, other), (other, NOTICE)):
        assert match(order, SEEN).name == "andoya"


def test_corridors_run_clockwise_and_may_pass_north() -> None:
    for low, high in ((-20.0, 20.0), (340.0, 20.0), (100.0, 300.0), (0.0, 360.0)):
        notice = replace(
            NOTICE, azimuth_min_rad=math.radians(low), azimuth_max_rad=math.radians(high)
        )
        steps = np.arange(low, low + ((high - low) % 360.0 or 360.0) + 1e-9, 1.0) % 360.0
        for azimuth in range(360):
            slow = min(min(abs(azimuth - s), 360.0 - abs(azimuth - s)) for s in steps)
            found = math.degrees(outside_rad(notice, math.radians(azimuth)))
            assert found == pytest.approx(slow, abs=1e-6)


def test_a_class_that_no_message_could_say_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="weather balloon"):
        replace(NOTICE, kind="weather balloon")  # type: ignore[arg-type]


def test_an_empty_window_or_circle_is_refused_by_name() -> None:
    with pytest.raises(InputError, match='notice "andoya": the window ends'):
        replace(NOTICE, window_end_ns=NOTICE.window_start_ns)
    with pytest.raises(InputError, match="empty circle"):
        replace(NOTICE, radius_m=0.0)
