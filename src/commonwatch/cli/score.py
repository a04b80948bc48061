"""``commonwatch score``: judge tracks by the truth."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.errors import OutputError

if TYPE_CHECKING:
    from commonwatch.studies.score import Score, Series
    from commonwatch.studies.score_intervals import Count

_SUFFIXES: Final = (".parquet", ".json")


@click.command(
    name="score",
    epilog="""Examples:

\b
  commonwatch score tracks.parquet truth.parquet
  commonwatch score tracks.parquet truth.parquet --out instants.parquet
  commonwatch score tracks.parquet truth.parquet --json > score.json
""",
)
@click.argument("tracks", metavar="TRACKS.parquet", type=click.Path(path_type=Path))
@click.argument("truth", metavar="TRUTH.parquet", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=Place(),
    metavar="FILE.parquet|FILE.json",
    help="Write the figures of each instant: objects, tracks, OSPA, GOSPA and its parts, NEES.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, no progress.")
def command(*, tracks: Path, truth: Path, out: Path | None, as_json: bool) -> None:
    """Judge tracks by the truth.

    TRACKS.parquet is what "track" writes; TRUTH.parquet has the columns time_ns, object, x_m, y_m,
    z_m, vx_m_s, vy_m_s, vz_m_s (ECEF, WGS-84). At every instant of TRUTH the confirmed tracks, as
    known then and predicted to it, are compared with the objects. docs/how-to/score-tracks.md says
    what each figure means.
    """
    from commonwatch.cli.progress import Stages

    with Stages(is_shown=not as_json) as bar:
        bar.show("loading (the first time compiles)", 0.0)
        # Importing physics takes a second, and compiling it longer once: not for --help.
        from commonwatch.studies.score import score
        from commonwatch.studies.score_matching import read_truth
        from commonwatch.tracking.estimate import read_tracks

        if out is not None:
            _check_place(out, (tracks, truth))
        estimates, objects = read_tracks(tracks), read_truth(truth)
        judged = score(estimates, objects, report=lambda part: bar.show("judging", part))
        if out is not None:
            _write_series(out, judged.series)
    if not judged.track_count:
        click.echo("Note: no track is confirmed at any instant of the truth.", err=True)
    if judged.consistency.refused_count:
        click.echo(
            f"Note: {judged.consistency.refused_count:,} covariances are not positive; "
            "normalised errors are without them.",
            err=True,
        )
    if as_json:
        facts = {"format": 1, "tracks": str(tracks), "truth": str(truth), **judged.to_json()}
        facts["out"] = None if out is None else str(out)
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _show(judged)
    if out is not None:
        click.echo(f"Written: {out}")


def _check_place(out: Path, inputs: tuple[Path, ...]) -> None:
    """Refuse output of an unknown kind, or that would take the place of an input."""
    from commonwatch.tables.files import place_to_write

    if out.suffix.lower() not in _SUFFIXES:
        raise OutputError(
            "the name ends in neither .parquet nor .json",
            allowed="a name such as instants.parquet",
            where=f"--out {out}",
        )
    place = place_to_write(out)  # a bad place is said before the work, not after it
    if any(place.exists() and path.exists() and place.samefile(path) for path in inputs):
        raise OutputError(
            "it would take the place of the input", allowed="another name", where=f"--out {out}"
        )


def _write_series(out: Path, series: Series) -> None:
    """Write the figures of each instant as a table or as a list of objects."""
    columns = series.to_columns()
    if out.suffix.lower() == ".json":
        from commonwatch.tables.files import write_json

        values = [[_plain(value) for value in column.tolist()] for column in columns.values()]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        write_json(out, {"format": 1, "instants": rows})
        return
    import pyarrow as pa

    from commonwatch.tables.columns import unit_of
    from commonwatch.tables.files import write_table
    from commonwatch.tables.schemas import FORMAT, FORMAT_KEY

    arrays = [pa.array(column, from_pandas=True) for column in columns.values()]
    fields = [
        pa.field(name, array.type, metadata={"unit": unit_of(name)})
        for name, array in zip(columns, arrays, strict=True)
    ]
    metadata: dict[bytes | str, bytes | str] = {
        FORMAT_KEY: str(FORMAT).encode(),
        b"commonwatch.table": b"scores",
    }
    write_table(out, pa.table(arrays, schema=pa.schema(fields, metadata=metadata)))


def _plain(value: Any) -> Any:
    """Give a number as JSON has it: none in the place of nan."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _show(judged: Score) -> None:
    from rich.table import Table

    from commonwatch.cli.progress import page

    table = Table(title="Tracks against the truth")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("best", justify="right")
    for group in (_distances(judged), _siap(judged), _consistency(judged), _lives(judged)):
        for row in group:
            table.add_row(*row)
        table.add_section()
    page().print(table)
    click.echo(
        f"{judged.instant_count:,} instants, {judged.object_count:,} objects, "
        f"{judged.track_count:,} confirmed tracks. Intervals and bands are of 95 %."
    )
    if judged.lives.tracks_unseen:
        click.echo(
            f"{judged.lives.tracks_unseen:,} more tracks were confirmed only between instants of "
            "the truth; nothing here judges them."
        )


_Row = tuple[str, str, str]


def _distances(judged: Score) -> list[_Row]:
    distances = judged.distances
    return [
        ("OSPA, mean", f"{distances.ospa_mean_m:,.0f} m", "0"),
        ("GOSPA, mean", f"{distances.gospa_mean_m:,.0f} m", "0"),
        ("GOSPA, root mean square", f"{distances.gospa_rms_m:,.0f} m", "0"),
        ("  of which localisation", f"{distances.localisation_rms_m:,.0f} m", "0"),
        ("  of which missed objects", f"{distances.missed_rms_m:,.0f} m", "0"),
        ("  of which false tracks", f"{distances.false_rms_m:,.0f} m", "0"),
    ]


def _siap(judged: Score) -> list[_Row]:
    siap = judged.siap
    return [
        ("SIAP completeness", _text(siap.completeness, "{:.2%}"), "100 %"),
        ("SIAP ambiguity", _text(siap.ambiguity, "{:.4f}"), "1"),
        ("SIAP spuriousness", _text(siap.spuriousness, "{:.2%}"), "0 %"),
        ("SIAP position accuracy", _text(siap.position_accuracy_m, "{:,.1f} m"), "0"),
        ("SIAP velocity accuracy", _text(siap.velocity_accuracy_m_s, "{:,.2f} m/s"), "0"),
        ("SIAP track number changes", _text(siap.track_changes_hz, "{:.2e} a second"), "0"),
        ("SIAP longest track segment", _text(siap.longest_segment, "{:.2%}"), "100 %"),
    ]


def _consistency(judged: Score) -> list[_Row]:
    found = judged.consistency
    band = "no pair"
    if found.band_low is not None and found.band_high is not None:
        band = f"6, in {found.band_low:.2f} to {found.band_high:.2f}"
    return [
        ("NEES, 6 degrees of freedom, mean", _text(found.nees_mean, "{:,.2f}"), band),
        ("  median", _text(found.nees_median, "{:,.2f}"), "5.35"),
        ("NEES a dimension", _text(found.nees_per_dimension, "{:,.3f}"), "1"),
        ("  position alone", _text(found.position_nees_per_dimension, "{:,.3f}"), "1"),
        ("  velocity alone", _text(found.velocity_nees_per_dimension, "{:,.3f}"), "1"),
        ("instants with NEES in its band", _text(found.instants_in_band_ratio, "{:.1%}"), "95 %"),
    ]


def _lives(judged: Score) -> list[_Row]:
    lives = judged.lives
    never = "never" if judged.object_count else "-"
    return [
        ("identity switches", _counted(lives.switches), "0"),
        ("  objects 1 km apart", _counted(lives.switches_apart), "0"),
        ("  after leaving all sight", _counted(lives.switches_after_absence), "0"),
        ("false tracks", _counted(lives.false_tracks), "0"),
        ("objects never tracked", _counted(lives.never_tracked), "0"),
        ("delay to track, median", _text(lives.delay_median_s, "{:,.1f} s", empty=never), "0"),
        ("  95 % of objects", _text(lives.delay_95_s, "{:,.1f} s", empty=never), "0"),
    ]


def _text(value: float | None, form: str, *, empty: str = "-") -> str:
    return empty if value is None else form.format(value)


def _counted(count: Count) -> str:
    among = "" if count.among is None else f" of {count.among:,}"
    return f"{count.count:,}{among} ({count.low:,.1f} to {count.high:,.1f})"
