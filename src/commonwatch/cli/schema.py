"""``commonwatch schema``: the JSON Schema of the files that people write."""

from __future__ import annotations

import json

import click
import msgspec

from commonwatch.scenario.scenario_file import json_schema
from commonwatch.scenario.schema import SensorFile


@click.command(
    "schema",
    epilog="\b\nExamples:\n  commonwatch schema > scenario.schema.json\n"
    "  commonwatch schema --sensors > sensors.schema.json",
)
@click.option("--sensors", is_flag=True, help="The schema of a file of sensors alone.")
def command(*, sensors: bool) -> None:
    """Print the JSON Schema (draft 2020-12) of scenario files.

    Editors that know JSON Schema complete keys and mark mistakes in TOML with it. What a schema
    cannot say (names that must exist, intervals in order) is found by "commonwatch check".
    """
    schema = json_schema()
    if sensors:
        schema = {
            "$schema": schema["$schema"],
            "title": "Commonwatch sensors",
            **msgspec.json.schema(SensorFile),
        }
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
