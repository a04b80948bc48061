from __future__ import annotations

import pytest

from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends
from commonwatch.scenario.priors import warning_settings
from commonwatch.warning.judgement import LaunchModel
from tests.warning.build import CLASSES, COEFFICIENTS

OUTSIDE_ANY_CLASS = {"black-brant-xii", "new-shepard"}
"""Sounding rockets: steep, and slower or higher than missiles of their ground range."""


def test_every_range_class_of_the_catalogue_has_its_prior() -> None:
    settings = warning_settings(LaunchModel.POWERED)
    assert [each.name for each in settings.classes] == list(catalogue.range_classes())
    lows = [each.ground_range_min_m for each in settings.classes]
    assert lows == sorted(lows)


def test_the_tests_of_warning_assume_what_the_catalogue_does() -> None:
    settings = warning_settings(LaunchModel.VACUUM)
    assert settings.classes == CLASSES
    assert settings.coefficients == COEFFICIENTS
    assert settings.launch_model is LaunchModel.VACUUM


@pytest.mark.parametrize("name", sorted(set(catalogue.vehicles()) - OUTSIDE_ANY_CLASS))
def test_a_missile_of_the_catalogue_lies_within_the_prior_of_its_class(name: str) -> None:
    vehicle = catalogue.vehicles()[name]
    reach_m = 1e3 * ends(vehicle.ground_range_max_km)[1]
    [found] = [
        each
        for each in warning_settings(LaunchModel.POWERED).classes
        if each.ground_range_min_m <= reach_m < each.ground_range_max_m
    ]
    low, _, high = ends(vehicle.burn_time_s)
    assert found.burn_time_low_s <= low <= high <= found.burn_time_high_s
    low, _, high = (1e3 * end for end in ends(vehicle.burn_out_altitude_km))
    assert found.burn_out_altitude_low_m <= low <= high <= found.burn_out_altitude_high_m
