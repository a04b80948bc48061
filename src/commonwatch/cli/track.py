"""``commonwatch track``: from recorded detections to tracks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from commonwatch.cli.places import Place

if TYPE_CHECKING:
    from commonwatch.cli.recording import Job, Tally


@click.command(
    name="track",
    epilog="""Columns of DETECTIONS.parquet; those in brackets may be missing:

\b
  all       time_ns, sensor [, arrival_ns, kind]
  radar     range_m, azimuth_rad, elevation_rad [, range_rate_m_s, range_std_m,
            azimuth_std_rad, elevation_std_rad, range_rate_std_m_s]
  infrared  sensor_x_m, sensor_y_m, sensor_z_m, line_of_sight_x, line_of_sight_y,
            line_of_sight_z [, line_of_sight_std_rad]

Examples:

\b
  commonwatch track detections.parquet --sensors sensors.toml --out tracks.parquet
  commonwatch track detections.parquet --sensors sensors.toml --out tracks.parquet --association jpda
  commonwatch track detections.parquet --sensors sensors.toml --out tracks.parquet --smoothed smoothed.parquet --json
""",  # noqa: E501 - an example stands on one line
)
@click.argument("detections", metavar="DETECTIONS.parquet", type=click.Path(path_type=Path))
@click.option(
    "--sensors",
    required=True,
    metavar="SENSORS.toml",
    type=click.Path(path_type=Path),
    help="The sensor tables of a scenario file: whose detections they are.",
)
@click.option(
    "--out",
    required=True,
    metavar="TRACKS.parquet",
    type=Place(),
    help="Write a row for each track and time at which it changed, as known then. A missing folder "
    "is made.",
)
@click.option(
    "--dispositions",
    metavar="FILE.parquet",
    type=Place(),
    help="Write what became of each row of detections; dispositions.parquet beside the tracks "
    "where it is left out.",
)
@click.option(
    "--smoothed",
    metavar="FILE.parquet",
    type=Place(),
    help="Write each confirmed track once more, as all its detections together tell it.",
)
@click.option(
    "--biases",
    metavar="FILE.parquet",
    type=Place(),
    help="Write the constant errors of the sensors, as estimated at the end.",
)
@click.option(
    "--filter",
    "filter_name",
    type=click.Choice(["ekf", "ukf"]),
    default="ekf",
    show_default=True,
    help="Extended or unscented Kalman filter.",
)
@click.option(
    "--association",
    type=click.Choice(["gnn", "jpda"]),
    default="gnn",
    show_default=True,
    help="Global nearest neighbour, or joint probabilities of all that may be.",
)
@click.option(
    "--no-registration",
    is_flag=True,
    help="Do not estimate the sensors' constant errors, nor take them off.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON, no progress.")
def command(
    *,
    detections: Path,
    sensors: Path,
    out: Path,
    dispositions: Path | None,
    smoothed: Path | None,
    biases: Path | None,
    filter_name: Literal["ekf", "ukf"],
    association: Literal["gnn", "jpda"],
    no_registration: bool,
    as_json: bool,
) -> None:
    """From recorded detections to tracks.

    DETECTIONS.parquet may come from anyone: its columns stand below, and
    docs/how-to/track-recorded-detections.md says what they mean. What is written of a time is what
    was believed then; nothing is rewritten afterwards.
    """
    from commonwatch.cli.progress import Stages

    with Stages(is_shown=not as_json) as bar:
        bar.show("loading (the first time compiles)", 0.0)
        # Importing physics takes a second, and compiling it longer once: not for --help.
        from commonwatch.cli.recording import Job, track_table
        from commonwatch.tracking.settings import Settings

        job = Job(
            detections=detections,
            sensors=sensors,
            out=out,
            dispositions=dispositions or out.with_name("dispositions.parquet"),
            smoothed=smoothed,
            biases=biases,
            settings=Settings(filter=filter_name, association=association),
            has_registration=not no_registration,
        )
        tally = track_table(job, bar.show)
    for remark in tally.remarks:
        click.echo(f"Note: {_printable(remark)}", err=True)
    if as_json:
        facts = _summary(job, tally)
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _show(job, tally)


def _summary(job: Job, tally: Tally) -> dict[str, Any]:
    written = {
        "out": job.out,
        "dispositions_out": job.dispositions,
        "smoothed": job.smoothed,
        "biases": job.biases if tally.has_biases else None,
    }
    return {
        "format": 1,
        "detections": str(job.detections),
        "sensors": str(job.sensors),
        "filter": job.settings.filter,
        "association": job.settings.association,
        "registration": job.has_registration,
        "rows": tally.rows,
        "dispositions": {word.replace(" ", "_"): n for word, n in tally.dispositions.items()},
        "refused_reasons": {each.kind: each.count for each in tally.refusals},
        "tracks_confirmed": len(tally.confirmed),
        "tracks_ended": len(tally.confirmed & tally.ended),
        "tracks_never_confirmed": len(tally.told - tally.confirmed),
        "track_rows": tally.track_rows,
        "smoothed_rows": tally.smoothed_rows,
        **{name: None if path is None else str(path) for name, path in written.items()},
    }


def _show(job: Job, tally: Tally) -> None:
    parts = ", ".join(f"{count:,} {word}" for word, count in tally.dispositions.items())
    click.echo(f"{tally.rows:,} detections: {parts}.")
    for each in tally.refusals:
        click.echo(f"  {each.count:,} refused: {_printable(each.words)}.")
    ended = len(tally.confirmed & tally.ended)
    click.echo(
        f"Tracks: {len(tally.confirmed):,} confirmed, {ended:,} of them ended; "
        f"{len(tally.told - tally.confirmed):,} never confirmed."
    )
    click.echo(f"{tally.track_rows:,} rows in {job.out}, dispositions in {job.dispositions}.")
    if job.smoothed is not None:
        click.echo(f"{tally.smoothed_rows:,} smoothed rows in {job.smoothed}.")
    if job.biases is not None:
        click.echo(
            f"Biases in {job.biases}."
            if tally.has_biases
            else "No bias could be estimated: no object was seen by two radars."
        )


def _printable(text: str) -> str:
    """Show control characters of other people's names, and do not obey them."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
