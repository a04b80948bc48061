"""Which reports are expected of whom."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.centre.expectation import SETTLED_S, Expectations
from commonwatch.flight.propagation import after
from commonwatch.identity import NationId, SensorId
from tests.tracking.build import flights, radar_at

NEAR, FAR = NationId("near"), NationId("far")
RNG_SEED = 4
SURE = np.diag([100.0] * 3 + [1.0] * 3) ** 2


def seen(seconds: float) -> np.ndarray:
    """One object that a radar has followed for some time."""
    return after(flights(np.random.default_rng(RNG_SEED), 1), seconds)


def expectations() -> Expectations:
    return Expectations(
        {
            NEAR: [radar_at("radar-near", 50.0, 10.0, nation="near")],
            FAR: [radar_at("radar-far", -50.0, -170.0, nation="far")],
        }
    )


def test_who_sees_an_object_is_expected_to_report_it_and_who_is_on_the_other_side_is_not() -> None:
    states = seen(120.0)
    found = expectations().expected((NEAR, FAR), states, SURE[np.newaxis])
    assert found.shape == (2, 1)
    assert found[0, 0] > 0.9
    assert np.isnan(found[1, 0])


def test_of_whom_nothing_is_known_nothing_is_expected() -> None:
    found = Expectations({}).expected((NEAR,), seen(120.0), SURE[np.newaxis])
    assert np.isnan(found).all()


def test_an_object_that_may_be_anywhere_is_expected_of_nobody() -> None:
    vague = np.diag([2e6] * 3 + [10.0] * 3) ** 2
    found = expectations().expected((NEAR,), seen(120.0), vague[np.newaxis])
    assert np.isnan(found).all()


@pytest.mark.parametrize("across_m", [1e3, 15e3])
def test_what_may_be_too_far_is_expected_of_nobody_along_whatever_axis_it_is_known_worst(
    across_m: float,
) -> None:
    """It flies away from the radar, 15 km from where its sight ends: one and a half deviations."""
    radar = radar_at("radar-near", 50.0, 10.0, nation="near")
    to_it = radar.site.rotation_enu_from_ecef.T @ np.array([0.0, 0.8, 0.6])
    place = radar.site.position_ecef_m + (radar.range_max_m - 15e3) * to_it
    state_vector = np.concatenate([place, 1e3 * to_it])
    known = Expectations({NEAR: [radar]})
    for along_m, is_expected in ((1e3, True), (10e3, False)):
        covariance = np.diag([across_m] * 3 + [1.0] * 3) ** 2
        covariance[:3, :3] += (along_m**2 - across_m**2) * np.outer(to_it, to_it)
        found = known.expected((NEAR,), state_vector[np.newaxis], covariance[np.newaxis])
        assert (found[0, 0] > 0.9) == is_expected


def test_nothing_is_expected_before_a_track_can_have_been_reported() -> None:
    """At 60 s the radar surely sees the object, and so much earlier it did not yet."""
    one, two = (
        expectations().expected((NEAR,), seen(60.0 + wait_s), SURE[np.newaxis])[0, 0]
        for wait_s in (0.0, 2.0 * SETTLED_S)
    )
    assert np.isnan(one)
    assert two > 0.9


def test_who_has_an_object_in_view_could_report_it_as_soon_as_it_is_there() -> None:
    known = expectations()
    before, after_rise = seen(0.0), seen(60.0)
    np.testing.assert_array_equal(known.could_report((NEAR, FAR), before), 0.0)
    near, far = known.could_report((NEAR, FAR), after_rise)[:, 0]
    assert near > 0.9
    assert far == 0.0
    out = {NEAR: {SensorId("radar-near"): 0}}
    assert known.could_report((NEAR,), after_rise, outages=out)[0, 0] == 0.0


def test_what_a_partner_says_of_its_sensors_takes_the_place_of_what_was_published() -> None:
    known = expectations()
    known.know(FAR, [radar_at("radar-far", 50.0, 10.0, nation="far")])
    found = known.expected((NEAR, FAR), seen(120.0), SURE[np.newaxis])
    assert found[1, 0] == found[0, 0]
