"""The JSON Schema agrees with the files that the program reads."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from commonwatch.scenario import catalogue
from commonwatch.scenario.scenario_file import json_schema
from commonwatch.scenario.schema import PlaceEntry, Service
from tests.scenario.build import SCENARIO, changed

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def parsed(text: str) -> Any:
    """Parse TOML as JSON would hold it: dates are text there."""
    return json.loads(json.dumps(tomllib.loads(text), default=date.isoformat))


def test_the_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema()))["title"] == "Commonwatch scenario"


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_every_bundled_scenario_fits_the_schema(name: str) -> None:
    VALIDATOR.validate(parsed(catalogue.scenario_path(name).read_text("utf-8")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 7", "sede = 7"),
        ("format = 1", "format = 2"),
        ("latitude_deg = 70.0", "latitude_deg = 91"),
        ('role = "search"', 'role = "seek"'),
        ("latitude_deg = 70.0\n", ""),
        ('["north"]', "[]"),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(old: str, new: str) -> None:
    VALIDATOR.validate(parsed(SCENARIO))
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(parsed(changed(old, new)))


def test_a_place_or_a_service_without_a_mark_is_not_said_to_be_found() -> None:
    place = PlaceEntry(name="a", title="A", nation="A", latitude_deg=0.0, longitude_deg=0.0)
    service = Service(status="in service", since=date(2000, 1, 1))
    assert place.mark == service.mark == "assumed"
