"""What warning assumes of a launch, from the catalogues of range classes and of priors."""

from __future__ import annotations

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from commonwatch.scenario import catalogue
from commonwatch.scenario.figures import ends
from commonwatch.scenario.schema import Interval, Line
from commonwatch.units import metres_from_kilometres
from commonwatch.warning.impact import BallisticCoefficients
from commonwatch.warning.judgement import LaunchModel, Settings
from commonwatch.warning.range_class import RangeClass


class PriorEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is assumed of the powered phase of one range class."""

    range_class: Line
    burn_time_s: Interval
    burn_out_altitude_km: Interval


class PriorFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue of priors."""

    format: int
    ballistic_coefficient_kg_m2: Interval
    priors: Annotated[tuple[PriorEntry, ...], Meta(min_length=1)]


def warning_settings(launch_model: LaunchModel) -> Settings:
    """Return what warning assumes: the range classes with their priors, and drag.

    Parameters
    ----------
    launch_model
        Vacuum or powered.
    """
    path = catalogue.LIBRARY / "catalogue" / "priors.toml"
    file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), PriorFile)
    low, nominal, high = ends(file.ballistic_coefficient_kg_m2)
    return Settings(
        classes=tuple(_range_class(entry) for entry in file.priors),
        coefficients=BallisticCoefficients(low_kg_m2=low, nominal_kg_m2=nominal, high_kg_m2=high),
        launch_model=launch_model,
    )


def _range_class(entry: PriorEntry) -> RangeClass:
    found = catalogue.range_classes()[entry.range_class]
    return RangeClass(
        name=found.name,
        ground_range_min_m=metres_from_kilometres(found.ground_range_min_km),
        ground_range_max_m=metres_from_kilometres(found.ground_range_max_km),
        burn_time_low_s=entry.burn_time_s.low,
        burn_time_high_s=entry.burn_time_s.high,
        burn_out_altitude_low_m=metres_from_kilometres(entry.burn_out_altitude_km.low),
        burn_out_altitude_high_m=metres_from_kilometres(entry.burn_out_altitude_km.high),
    )
