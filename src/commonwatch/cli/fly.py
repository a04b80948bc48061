"""``commonwatch fly``: fly a table of states freely to the ground, an altitude or apogee."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click

from commonwatch.cli.places import Place


def _stop_km(context: click.Context, option: click.Parameter, words: str) -> float:
    """Read where flights stop, as a height in kilometres; infinite at apogee."""
    del context, option
    if words in {"ground", "apogee"}:
        return 0.0 if words == "ground" else math.inf
    key, _, number = words.partition("=")
    try:
        altitude_km = float(number)
    except ValueError:
        altitude_km = math.nan
    if key != "altitude_km" or not 0.0 <= altitude_km <= 1e6:
        raise click.BadParameter(
            f'found "{words}". Allowed: ground, apogee or altitude_km=X, X from 0 to 1,000,000.'
        )
    return altitude_km


def _stop_words(stop_km: float) -> str:
    if math.isinf(stop_km):
        return "apogee"
    return f"altitude_km={stop_km:.12g}" if stop_km else "ground"


@click.command(
    name="fly",
    epilog="""Examples:

\b
  commonwatch fly states.csv --out arcs.parquet --summary ends.csv
  commonwatch fly states.csv --out arcs.parquet --stop altitude_km=100 --gravity j4
  commonwatch fly states.csv --out arcs.parquet --drag --json
""",
)
@click.argument("states", metavar="STATES.csv", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="ARCS.parquet",
    type=Place(),
    help="Write positions and velocities each 10 s and at the end: "
    "id,time_s,x_m..vz_m_s,reason. A missing folder is made.",
)
@click.option(
    "--summary",
    metavar="FILE.csv",
    type=Place(),
    help="Write apogee and end of each flight. impact_* is the point below the stop: on the "
    "ellipsoid where the stop is the ground.",
)
@click.option(
    "--stop",
    "stop_km",
    metavar="ground|apogee|altitude_km=X",
    callback=_stop_km,
    default="ground",
    show_default=True,
    help="Where flights stop: on the WGS-84 ellipsoid, at apogee (the greatest height above it), "
    "or at a height on the way down.",
)
@click.option(
    "--gravity",
    type=click.Choice(["two-body", "j2", "j4"]),
    default="j2",
    show_default=True,
    help="How much of the Earth's gravity is used.",
)
@click.option(
    "--drag",
    "has_drag",
    is_flag=True,
    help="Fly through the 1976 standard atmosphere; needs the column ballistic_coefficient_kg_m2.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(
    *,
    states: Path,
    out: Path,
    summary: Path | None,
    stop_km: float,
    gravity: str,
    has_drag: bool,
    as_json: bool,
) -> None:
    """Fly a table of states freely to the ground, an altitude or apogee.

    STATES.csv has the columns id, time_ns (UTC since 1970), x_m, y_m, z_m, vx_m_s, vy_m_s, vz_m_s
    (ECEF, WGS-84) and, for drag, ballistic_coefficient_kg_m2; others are ignored. Times of the
    results are seconds after the state. A flight that does not arrive, being in orbit for instance,
    has one row of empty fields and a reason.
    """
    from commonwatch.cli.progress import Stages

    with Stages(is_shown=not as_json) as bar:
        bar.show("loading", 0.0)
        # Importing physics takes a second, and compiling it longer once: not for --help.
        from commonwatch.cli.flights import Job, fly_table
        from commonwatch.earth.gravity import Gravity
        from commonwatch.flight.propagation import Stop
        from commonwatch.units import metres_from_kilometres

        job = Job(
            states=states,
            out=out,
            summary=summary,
            stop=Stop(None if math.isinf(stop_km) else metres_from_kilometres(stop_km)),
            gravity=Gravity(gravity),
            has_drag=has_drag,
        )
        size = states.stat().st_size if states.is_file() else 0
        tally = fly_table(job, lambda count: bar.show("flying", count / max(size, count, 1)))
    if tally.unused:
        click.echo(f"Note: columns not used: {', '.join(tally.unused)}.", err=True)
    arrived = tally.reasons.pop("", 0)
    if as_json:
        facts = {
            "format": 1,
            "flights": tally.flights,
            "arrived": arrived,
            "did_not_arrive": dict(sorted(tally.reasons.items())),
            "rows": tally.rows,
            "out": str(out),
            "summary": None if summary is None else str(summary),
            "stop": _stop_words(stop_km),
            "stop_altitude_m": job.stop.altitude_m,
            "gravity": gravity,
            "drag": has_drag,
            "columns_not_used": list(tally.unused),
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(f"{arrived:,} of {tally.flights:,} flights arrived; {tally.rows:,} rows in {out}.")
    for reason, count in sorted(tally.reasons.items()):
        click.echo(f"  {count:,}: {reason}.")
    if summary is not None:
        click.echo(f"Apogees and ends in {summary}.")
