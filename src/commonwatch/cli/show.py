"""``commonwatch show``: one page of a tracked file."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from commonwatch.cli.places import Place
from commonwatch.errors import InputError, OutputError, TableError

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.report import TrackedContent

_INDENT: Final = "   "


@click.command(
    name="show",
    epilog="""Examples:

\b
  commonwatch show tracks.parquet --out report.html
  commonwatch show tracks.parquet --sensors sensors.toml --alerts alerts.parquet --biases biases.parquet --out report.html
  commonwatch show tracks.parquet --truth truth.parquet --ends ends.csv --out report.html --json
""",  # noqa: E501 - an example stands on one line
)
@click.argument("tracks", metavar="TRACKS.parquet", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="REPORT.html",
    type=Place(),
    help="Write the page. A missing folder is made.",
)
@click.option(
    "--sensors",
    metavar="SENSORS.toml",
    type=click.Path(path_type=Path),
    help="The sensors, for the map and the table of sensors.",
)
@click.option(
    "--detections",
    metavar="FILE.parquet",
    type=click.Path(path_type=Path),
    help="What was tracked: with it dispositions are shown by sensor and time.",
)
@click.option(
    "--dispositions",
    metavar="FILE.parquet",
    type=click.Path(path_type=Path),
    help="What became of each detection; dispositions.parquet beside the tracks, where it is "
    "there, if --detections is given without it.",
)
@click.option(
    "--alerts",
    metavar="ALERTS.parquet",
    type=click.Path(path_type=Path),
    help='What "warn" wrote: launch and impact ellipses, and the list of alerts.',
)
@click.option(
    "--biases",
    metavar="BIASES.parquet",
    type=click.Path(path_type=Path),
    help='Constant errors of the sensors, as "track --biases" wrote them.',
)
@click.option(
    "--truth",
    metavar="TRUTH.parquet",
    type=click.Path(path_type=Path),
    help='What flew, as "score" takes it: errors with their stated bounds, NEES, OSPA.',
)
@click.option(
    "--ends",
    metavar="ENDS.parquet|ENDS.csv",
    type=click.Path(path_type=Path),
    help="Where the objects started and came down; needs --truth.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, no progress.")
def command(*, tracks: Path, out: Path, as_json: bool, **given: Path | None) -> None:
    """Show a tracked file: one page, complete in itself, that opens in any browser.

    TRACKS.parquet is what "track" writes. Each further file adds its part to the page: the map with
    sensors, detections over time, alerts with ellipses, errors against the truth.
    docs/how-to/show-a-tracked-file.md says how to read it.
    """
    from commonwatch.cli.progress import Stages

    with Stages(is_shown=not as_json) as bar:
        bar.show("loading (the first time compiles)", 0.0)
        # Importing physics takes a second, and compiling it longer once: not for --help.
        from commonwatch.report import gather, tracked_summary, write_tracked_report
        from commonwatch.tables.files import write_text

        _check_place(out, (tracks, *given.values()))
        content = _content(tracks, out, given)
        findings = gather(content, report=lambda part: bar.show("judging", 0.1 + 0.6 * part))
        bar.show("drawing", 0.7)
        page = write_tracked_report(findings)
        bar.show("writing", 0.98)
        write_text(out, page)
        facts = tracked_summary(findings) | {"out": str(out)}
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False))
        return
    _print_points(facts)
    click.echo(f"\nReport: {out}")


def _content(tracks: Path, out: Path, given: Mapping[str, Path | None]) -> TrackedContent:
    """Read all that was given."""
    from importlib.metadata import version

    from commonwatch.report import TrackedContent
    from commonwatch.scenario.load import read_sensors
    from commonwatch.studies.score_matching import read_truth
    from commonwatch.tables.reading import read_arrow
    from commonwatch.tracking.estimate import read_tracks

    if given["ends"] is not None and given["truth"] is None:
        raise InputError(
            "--ends stands alone",
            allowed="--ends with --truth",
            what_to_do="Give the objects' paths too: they say which track is which object",
        )
    estimates = read_tracks(tracks)
    paths = dict(given)
    beside = tracks.with_name("dispositions.parquet")
    if paths["detections"] is not None and paths["dispositions"] is None and beside.exists():
        paths["dispositions"] = beside

    def table(name: str) -> pa.Table | None:
        path = paths[name]
        return None if path is None else read_arrow(path, name)

    sensors, truth, ends = paths["sensors"], paths["truth"], paths["ends"]
    words = ["commonwatch", "show", str(tracks)]
    for name, path in given.items():
        if path is not None:
            words += [f"--{name}", str(path)]
    return TrackedContent(
        name=tracks.name,
        version=version("commonwatch"),
        command=shlex.join([*words, "--out", str(out)]),
        estimates=estimates,
        sensors=() if sensors is None else read_sensors(sensors),
        detections=_looks(paths["detections"]),
        dispositions=table("dispositions"),
        alerts=table("alerts"),
        biases=table("biases"),
        truth=None if truth is None else read_truth(truth),
        ends=None if ends is None else _ends(ends),
    )


def _looks(path: Path | None) -> pa.Table | None:
    """Read time and sensor of each detection; what else is in the rows, ``track`` has judged."""
    from commonwatch.tables.reading import read_arrow
    from commonwatch.tables.schemas import TABLES

    if path is None:
        return None
    others = {column.name for column in TABLES["detections"]} - {"time_ns", "sensor"}
    return read_arrow(path, "detections", may_lack=others).select(["time_ns", "sensor"])


def _ends(path: Path) -> pa.Table:
    """Read launch and impact points, from Parquet or from a table of text."""
    import pyarrow as pa
    from pyarrow import csv

    from commonwatch.tables.reading import read_arrow
    from commonwatch.tables.schemas import TABLES

    if path.suffix.lower() != ".csv":
        return read_arrow(path, "truth_ends")
    wanted = [column.name for column in TABLES["truth_ends"]]
    try:
        table = csv.read_csv(path)
        missing = [name for name in wanted if name not in table.column_names]
        if not missing:
            kinds = [
                pa.int64() if name == "object" or name[-3:] == "_ns" else pa.float64()
                for name in wanted
            ]
            fields = [pa.field(name, kind) for name, kind in zip(wanted, kinds, strict=True)]
            return table.select(wanted).cast(pa.schema(fields))
    except (OSError, pa.ArrowException) as error:
        raise TableError(
            "it cannot be read as a table of launch and impact points",
            allowed=f"comma-separated text with the columns {', '.join(wanted)}",
            where=str(path),
            what_to_do=str(error).split("\n")[0][:200],
        ) from error
    raise TableError(f"no column {', '.join(missing)}", allowed=", ".join(wanted), where=str(path))


def _check_place(out: Path, inputs: tuple[Path | None, ...]) -> None:
    """Refuse output that cannot be written or would take the place of an input."""
    from commonwatch.tables.files import place_to_write

    place = place_to_write(out)  # a bad place is said before the work, not after it
    for path in inputs:
        if path is not None and place.exists() and path.exists() and place.samefile(path):
            raise OutputError(
                "it would take the place of the input", allowed="another name", where=f"--out {out}"
            )
    if out.suffix.lower() not in (".html", ".htm"):
        raise OutputError(
            "the name does not end in .html",
            allowed="a name such as report.html",
            where=f"--out {out}",
        )


def _print_points(facts: Mapping[str, Any]) -> None:
    """Print the sentences of the first screen, as wide as the terminal."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for point in facts["points"]:
        console.print(f"{point['number']}  {point['heading']}", style="bold")
        for sentence in point["sentences"]:
            lines = textwrap.wrap(sentence, console.width - len(_INDENT))
            console.print(textwrap.indent("\n".join(lines), _INDENT), soft_wrap=True)
