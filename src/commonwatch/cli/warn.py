"""``commonwatch warn``: turn tracks into alerts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.errors import InputError, OutputError, TableError

if TYPE_CHECKING:
    from commonwatch.tracking.estimate import Estimates
    from commonwatch.warning.source import Looks

_ROWS_SHOWN: Final = 40
_DEGREES: Final = 180.0 / math.pi


@click.command(
    name="warn",
    epilog="""Examples:

\b
  commonwatch warn tracks.parquet --out alerts.parquet
  commonwatch warn tracks.parquet --detections detections.parquet --sensors sensors.toml --out alerts.parquet
  commonwatch warn tracks.parquet --notices notices.toml --launch-model vacuum --out alerts.parquet
""",  # noqa: E501 - an example stands on one line
)
@click.argument("tracks", metavar="TRACKS.parquet", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="ALERTS.parquet",
    type=Place(),
    help="Write one row for each event in the life of an alert. A missing folder is made.",
)
@click.option(
    "--detections",
    metavar="FILE.parquet",
    type=click.Path(path_type=Path),
    help="What the tracks were made of; needs --sensors. Without it sources are unknown, and "
    "nothing is confirmed.",
)
@click.option(
    "--sensors",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="The sensors of the detections: whose they are and where they stand.",
)
@click.option(
    "--dispositions",
    metavar="FILE.parquet",
    type=click.Path(path_type=Path),
    help="Which track took which detection; dispositions.parquet beside the tracks where it is "
    "left out.",
)
@click.option(
    "--notices",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Notices of launches given in advance.",
)
@click.option(
    "--launch-model",
    type=click.Choice(["vacuum", "powered"]),
    default="powered",
    show_default=True,
    help="How launches start: at full speed on the ground, or with a powered phase whose burn time "
    "and burn-out altitude are assumed intervals.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON, no progress.")
def command(
    *,
    tracks: Path,
    out: Path,
    detections: Path | None,
    sensors: Path | None,
    dispositions: Path | None,
    notices: Path | None,
    launch_model: str,
    as_json: bool,
) -> None:
    """Turn tracks into alerts: what flies, where it came from, where and when it comes down.

    TRACKS.parquet is what "track" writes. Each confirmed track is judged when it is confirmed, each
    10 s, and at last sight; each judgement is a row of its own, and nothing is rewritten.
    docs/how-to/warn.md says how to read them.
    """
    from commonwatch.cli.progress import Stages

    if (detections is None) != (sensors is None):
        raise InputError(
            "--detections and --sensors stand alone",
            allowed="both, or neither",
            what_to_do="Give the sensors whose detections they are",
        )
    if dispositions is not None and detections is None:
        raise InputError(
            "--dispositions stands alone",
            allowed="--dispositions with --detections and --sensors",
            what_to_do="Give the detections that it tells of",
        )
    with Stages(is_shown=not as_json) as bar:
        bar.show("loading (the first time compiles)", 0.0)
        # Importing physics takes a second, and compiling it longer once: not for --help.
        from commonwatch.scenario.notices import load_notices
        from commonwatch.scenario.priors import warning_settings
        from commonwatch.tables.files import write_table
        from commonwatch.tables.schemas import to_table
        from commonwatch.tracking.estimate import read_tracks
        from commonwatch.warning.judgement import LaunchModel
        from commonwatch.warning.rows import to_columns
        from commonwatch.warning.watch import watch

        _check_place(out, (tracks, detections, sensors, dispositions, notices))
        given = () if notices is None else load_notices(notices)
        settings = warning_settings(LaunchModel(launch_model))
        estimates, unsound = _sound(read_tracks(tracks), tracks)
        looks = None
        if detections is not None and sensors is not None:
            beside = dispositions or tracks.with_name("dispositions.parquet")
            looks = _looks(estimates, detections, sensors, beside)
        alerts = watch(estimates, settings=settings, looks=looks, notices=given, report=bar.show)
        columns = to_columns(alerts, class_names=[each.name for each in settings.classes])
        bar.show("writing", 0.95)
        table = to_table("alerts", columns)
        write_table(out, table)
    rows = table.to_pylist()
    if unsound:
        click.echo(
            f"Note: {unsound:,} covariances are not positive; their rows are left out.", err=True
        )
    if as_json:
        facts = _summary(rows, tracks=tracks, out=out, launch_model=launch_model, unsound=unsound)
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _show(_last(rows))
    count = len({row["alert"] for row in rows})
    click.echo(f"Alerts: {count:,}, with {len(rows):,} events in {out}.")
    if looks is None:
        click.echo("Sources unknown, so nothing is confirmed: give --detections and --sensors.")


def _check_place(out: Path, inputs: tuple[Path | None, ...]) -> None:
    """Refuse output that cannot be written or would take the place of an input."""
    from commonwatch.tables.files import place_to_write

    place = place_to_write(out)  # a bad place is said before the work, not after it
    for path in inputs:
        if path is not None and place.exists() and path.exists() and place.samefile(path):
            raise OutputError(
                "it would take the place of the input", allowed="another name", where=f"--out {out}"
            )
    if out.suffix.lower() != ".parquet":
        raise OutputError(
            "the name does not end in .parquet",
            allowed="a name such as alerts.parquet",
            where=f"--out {out}",
        )


def _sound(estimates: Estimates, where: Path) -> tuple[Estimates, int]:
    """Leave out rows whose covariance is not positive; they say nothing. Return how many."""
    from commonwatch.tracking.estimate import is_positive

    is_sound = is_positive(estimates.covariance)
    if len(estimates) and not is_sound.any():
        raise TableError(
            "no covariance is positive",
            allowed="covariances p_00 to p_55, the upper triangle row by row",
            where=str(where),
        )
    return estimates.take(is_sound), len(estimates) - int(is_sound.sum())


def _looks(estimates: Estimates, detections: Path, sensors: Path, dispositions: Path) -> Looks:
    """Read which detection of which sensor each track took."""
    import numpy as np

    from commonwatch.scenario.load import read_sensors
    from commonwatch.sensing.detection import read_detections
    from commonwatch.tables.reading import read_parquet
    from commonwatch.tracking.given_dispositions import refuse_other_rows, refuse_other_tracks
    from commonwatch.warning.source import Looks, sources_of

    read = read_sensors(sensors)
    reading = read_detections(detections, read)
    columns = read_parquet(dispositions, "dispositions")
    refuse_other_rows(columns["row"], reading.row_count, dispositions)
    number = np.full(reading.row_count, np.nan)
    number[np.asarray(columns["row"], dtype=np.int64)] = columns["track"]
    number = number[reading.detections.row]
    taken = reading.detections.take(np.isfinite(number))
    track = number[np.isfinite(number)].astype(np.int64)
    place_m = taken.place_ecef_m(read)
    refuse_other_tracks(estimates, track, taken.time_ns, place_m, dispositions)
    return Looks(
        track=track,
        arrival_ns=taken.arrival_ns,
        sensor=taken.sensor.astype(np.int64),
        sensors=sources_of(read),
    )


def _last(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last event of each alert, by the number of the alert."""
    last = {row["alert"]: row for row in rows}
    return [last[alert] for alert in sorted(last)]


def _summary(
    rows: list[dict[str, Any]], *, tracks: Path, out: Path, launch_model: str, unsound: int
) -> dict[str, Any]:
    last = _last(rows)

    def counted(key: str, among: list[dict[str, Any]]) -> dict[str, int]:
        values = [str(row[key]) for row in among]
        return {value: values.count(value) for value in sorted(set(values))}

    return {
        "format": 1,
        "tracks": str(tracks),
        "out": str(out),
        "launch_model": launch_model,
        "rows_left_out": unsound,
        "alerts": len(last),
        "events": len(rows),
        "transitions": counted("transition", rows),
        "last_status": counted("status", last),
        "last_assessment": counted("assessment", last),
        "last_notice_match": counted("notice_match", last),
        "last_with_launch": sum(row["launch_latitude_deg"] is not None for row in last),
        "last_with_impact": sum(row["impact_latitude_deg"] is not None for row in last),
    }


def _show(last: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from commonwatch.cli.progress import page

    if not last:
        click.echo("No alert was raised.")
        return
    table = Table(title="Alerts at their last event")
    for name in ("alert", "status", "what", "class"):
        table.add_column(name)
    for name in ("launch", "± km", "azimuth", "impact", "± km", "left s"):
        table.add_column(name, justify="right")
    table.add_column("notice")
    for row in last[:_ROWS_SHOWN]:
        what = f"{row['assessment']} {_largest(row):.0%}"
        table.add_row(
            str(row["alert"]),
            row["status"],
            what,
            row["range_class"] or "-",
            *_end(row, "launch"),
            _number(row["launch_azimuth_rad"], "{:.1f}°", _DEGREES),
            *_end(row, "impact"),
            _number(row["warning_left_s"], "{:,.0f}", 1.0),
            row["notice_match"] + (f": {row['notice']}" if row["notice"] else ""),
        )
    page().print(table)
    if len(last) > _ROWS_SHOWN:
        click.echo(f"and {len(last) - _ROWS_SHOWN:,} more alerts.")


def _largest(row: dict[str, Any]) -> float:
    return float(max(value for key, value in row.items() if _is_answer(key)))


def _is_answer(key: str) -> bool:
    return key.endswith("_probability") and key != "range_class_probability"


def _end(row: dict[str, Any], name: str) -> tuple[str, str]:
    """Write a place in degrees and the long half-axis of its ellipse in kilometres."""
    latitude, longitude = row[f"{name}_latitude_deg"], row[f"{name}_longitude_deg"]
    if latitude is None:
        return "-", "-"
    half_axis = _number(row[f"{name}_long_half_axis_m"], "{:,.1f}", 1e-3)
    return f"{latitude:.2f} {longitude:.2f}", half_axis


def _number(value: float | None, form: str, factor: float) -> str:
    return "-" if value is None else form.format(factor * value)
