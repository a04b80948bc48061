"""``commonwatch scenarios`` and ``commonwatch schema``: what there is, and its form."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from commonwatch.scenario import catalogue
from tests.cli.build import SCENARIO, call, json_of

Validator = jsonschema.Draft202012Validator


def printed(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert call(*arguments) == 0
    return capfd.readouterr().out


def parsed(text: str) -> Any:
    """Parse TOML as JSON would hold it: dates are text there."""
    return json.loads(json.dumps(tomllib.loads(text), default=date.isoformat))


def test_every_bundled_scenario_is_listed_with_what_to_look_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    rows = json_of(printed(capfd, "scenarios", "--json"))["scenarios"]
    assert [row["name"] for row in rows] == list(catalogue.scenario_names())
    assert all(row["title"] and row["look_for"].endswith(".") for row in rows)

    words = set(printed(capfd, "scenarios").split())
    for row in rows:
        assert row["name"] in words
        assert set(row["look_for"].split()) <= words


@pytest.mark.parametrize("options", [[], ["--sensors"]])
def test_the_printed_schema_is_a_json_schema(
    options: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    schema = json_of(printed(capfd, "schema", *options))
    assert schema["$schema"] == Validator.META_SCHEMA["$id"]
    Validator.check_schema(schema)


def test_the_printed_schema_accepts_every_bundled_scenario(
    capfd: pytest.CaptureFixture[str],
) -> None:
    validator = Validator(json_of(printed(capfd, "schema")))
    for name in catalogue.scenario_names():
        validator.validate(parsed(catalogue.scenario_path(name).read_text("utf-8")))
    validator.validate(parsed(SCENARIO))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(parsed(SCENARIO.replace("seed = 7", "sede = 7")))


def test_the_printed_schema_of_sensors_accepts_the_catalogue(
    capfd: pytest.CaptureFixture[str],
) -> None:
    validator = Validator(json_of(printed(capfd, "schema", "--sensors")))
    path = catalogue.LIBRARY / "catalogue" / "sensors.toml"
    validator.validate(parsed(path.read_text("utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(parsed(SCENARIO))
