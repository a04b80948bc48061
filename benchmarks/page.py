"""The page of results: goals with the ratios measured, then every figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks import tracking_goals, warning_goals, worlds_goals
from benchmarks.free_flight import HEYOKA, SCIPY

Results = Mapping[str, Any]
Row = Mapping[str, Any]

_DENSE_MAX: Final = 1.3
_HEYOKA_MIN: Final = 3.0
_SCIPY_MIN: Final = 100.0
_SWEEP_MAX: Final = 1.5
_SWEEP_MIN_PER_S: Final = 1e9
_HELP_MAX_S: Final = 0.4
_FIRST_RESULT_MAX_S: Final = 60.0
_WHOLE_JOB_MAX_S: Final = 180.0
_WORLDS_JOB_MAX_S: Final = 240.0
_SWEEP_JOB_MAX_S: Final = 60.0
_SWEEP_ARCS_MIN: Final = 20_000
_NEES_OFF_MAX: Final = 0.05
_LIED_ERROR_MAX: Final = 1.2

_HEADS: Final = {
    "to_ground": (
        "To the ground",
        "Minimum-energy arcs of 3,500 km from anywhere to anywhere, J2, to the ellipsoid. The "
        "error is the largest distance at impact from heyoka at its smallest tolerance. heyoka "
        "stops a batch where its first flight is down; the others are sent on, and the rate "
        "without doing so stands beside it. Commonwatch flies through its public function, checks "
        "included.",
    ),
    "samples": (
        "Dense samples",
        "19,968 of these arcs, 81 samples each, 10 s apart, one Runge-Kutta step a sample, into an "
        "array that is used again.",
    ),
    "with_drag": (
        "Through the air",
        "Such arcs with a ballistic coefficient of 1,000 kg/m2 in the 1976 standard atmosphere. "
        "The error is that against a tolerance of 1e-6 m, so it shows the steps only; the physics "
        "is compared in [validation](validation.md).",
    ),
    "coverage": (
        "Coverage",
        "5,000 paths of 80 samples against 20 radars of one face. NumPy computes angles, as most "
        "would write it; C and Commonwatch compare dot products.",
    ),
    **tracking_goals.HEADS,
    **warning_goals.HEADS,
    "fusion": (
        "Fusion",
        "Three centres, 200 objects for 200 s, a look of 1.1 m a second each, an exchange at every "
        "look; random acceleration of 0.02 m2/s3. Error squared over what was stated, a "
        "dimension (1 is honest), and the error in space of the two honest centres. The looks of "
        "one lie 20 m beside the truth, or drift off by 5 cm/s, from 60 s on. A gate stops the lie "
        "and not the drift; judging each contributor by the others stops that too: that row is of "
        "100 objects, each judged by itself. The last two rows exchange each 10 s.",
    ),
    **worlds_goals.HEADS,
    "start_up": ("Start-up", "CPU seconds of the process."),
    "jobs": (
        "The command as a person meets it",
        "Wall time of the whole run, report and tables included, on two busy cores. Arcs are those "
        "between places and those of the grid of the gap map; each is swept over all sensors of "
        "every laydown and case.",
    ),
}


def goals(results: Results) -> list[tuple[str, str, bool]]:
    """Return each goal, what was measured, and whether it is met."""
    found: list[tuple[str, str, bool]] = []
    if "to_ground" in results:
        found += _ground_goals({row["name"]: row for row in results["to_ground"]["rows"]})
    if "samples" in results and (ratio := floor_ratio(results["samples"])) is not None:
        goal = f"dense samples: at most {_DENSE_MAX:g} times the C floor"
        found.append((goal, f"{ratio:.2f} times", ratio <= _DENSE_MAX))
    if "coverage" in results:
        rate = _named(results["coverage"], "Commonwatch")["tests_per_s"]
        goal = "coverage: a thousand million tests a second"
        found.append((goal, f"{rate / 1e6:,.0f} million", rate >= _SWEEP_MIN_PER_S))
        if (ratio := floor_ratio(results["coverage"])) is not None:
            goal = f"coverage: at most {_SWEEP_MAX:g} times the C floor"
            found.append((goal, f"{ratio:.2f} times", ratio <= _SWEEP_MAX))
    found += tracking_goals.goals(results)
    found += warning_goals.goals(results)
    if "fusion" in results:
        found += _fusion_goals({row["name"]: row for row in results["fusion"]["rows"]})
    found += worlds_goals.goals(results)
    if "start_up" in results:
        cpu_s = results["start_up"]["rows"][0]["cpu_s"]
        goal = f"commonwatch --help: at most {_HELP_MAX_S:g} s of CPU"
        found.append((goal, f"{cpu_s:.2f} s", cpu_s <= _HELP_MAX_S))
    for row in results.get("jobs", {"rows": []})["rows"]:
        found.append(_job_goal(row))
    return found


def _ground_goals(rows: Mapping[str, Row]) -> list[tuple[str, str, bool]]:
    own = rows["Commonwatch, 1 m"]
    found = [
        (
            "to the ground: less than 1 m off at impact",
            f"{own['error_m']:.2g} m",
            own["error_m"] < 1.0,
        )
    ]
    first = f"{HEYOKA}, until the first of the 8 is down"
    for name, least in ((HEYOKA, _HEYOKA_MIN), (first, _HEYOKA_MIN), (SCIPY, _SCIPY_MIN)):
        if name in rows:
            ratio = own["flights_per_s"] / rows[name]["flights_per_s"]
            goal = f"to the ground: at least {least:g} times {name}"
            found.append((goal, f"{ratio:,.1f} times", ratio >= least))
    return found


def _fusion_goals(rows: Mapping[str, Row]) -> list[tuple[str, str, bool]]:
    own = rows["own sensors' news only, with pedigree"]
    least = min(row["honest_rms_m"] for row in rows.values())
    gated = rows["own news, gated"]
    ratio = gated["lie_rms_m"] / own["honest_rms_m"]
    return [
        (
            f"fusion: own news is off by at most {100.0 * _NEES_OFF_MAX:g} % in what it states, "
            "and by least in space",
            f"{own['honest_nees']:.2f}, {own['honest_rms_m']:.2f} m",
            abs(own["honest_nees"] - 1.0) <= _NEES_OFF_MAX and own["honest_rms_m"] <= least,
        ),
        (
            f"fusion: gated, one lies: the same, and at most {_LIED_ERROR_MAX:g} times that error",
            f"{gated['lie_nees']:.2f}, {ratio:.2f} times",
            abs(gated["lie_nees"] - 1.0) <= _NEES_OFF_MAX and ratio <= _LIED_ERROR_MAX,
        ),
    ]


def _job_goal(row: Row) -> tuple[str, str, bool]:
    took = f"{row['wall_s']:.1f} s"
    if "globe" in row["name"]:
        goal = f"at most {_SWEEP_JOB_MAX_S:g} s for at least {_SWEEP_ARCS_MIN:,} arcs"
        is_met = row["wall_s"] <= _SWEEP_JOB_MAX_S and row["arcs"] >= _SWEEP_ARCS_MIN
        took += f", {row['arcs']:,} arcs"
    elif "nothing compiled" in row["name"]:
        goal = f"first result within {_FIRST_RESULT_MAX_S:g} s, the whole within "
        goal += f"{_WHOLE_JOB_MAX_S:g} s"
        took += " for the whole"
        is_met = row["wall_s"] <= _FIRST_RESULT_MAX_S
    elif "sight alone" not in row["name"]:
        goal = f"at most {_WORLDS_JOB_MAX_S:g} s"
        is_met = row["wall_s"] <= _WORLDS_JOB_MAX_S
    else:
        goal = f"at most {_WHOLE_JOB_MAX_S:g} s"
        is_met = row["wall_s"] <= _WHOLE_JOB_MAX_S
    if row["exit_code"] != 0:
        took, is_met = "did not run", False
    return f"{row['name']}: {goal}", took, is_met


def _named(section: Results, name: str) -> Row:
    return next(row for row in section["rows"] if row["name"] == name)


def floor_ratio(section: Results) -> float | None:
    """Return Commonwatch's time over that of the fastest C; None without a compiler."""
    floors = [row["cpu_s"] for row in section["rows"] if row["name"].split(",")[0] == "C"]
    return float(_named(section, "Commonwatch")["cpu_s"] / min(floors)) if floors else None


_COLUMNS: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    ("flights_per_s", "flights a CPU second", lambda rate: f"{rate:,.0f}"),
    ("error_m", "largest error at impact, m", lambda error: f"{error:.2g}"),
    ("tests_per_s", "million tests a CPU second", lambda rate: f"{rate / 1e6:,.1f}"),
    ("wall_s", "wall, s", lambda wall: f"{wall:.2f}"),
    ("cpu_s", "CPU, s", lambda cpu: f"{cpu:.4f}"),
    *tracking_goals.COLUMNS,
    *warning_goals.COLUMNS,
    *worlds_goals.COLUMNS,
    ("noise_ratio", "median above best", lambda noise: f"{100.0 * noise:.0f} %"),
    ("honest_nees", "all honest: error squared", lambda nees: f"{nees:,.2f}"),
    ("honest_rms_m", "m", lambda error: f"{error:.2f}"),
    ("lie_nees", "one lies: error squared", lambda nees: f"{nees:,.2f}"),
    ("lie_rms_m", "m", lambda error: f"{error:.2f}"),
    ("drift_nees", "one drifts: error squared", lambda nees: f"{nees:,.2f}"),
    ("drift_rms_m", "m", lambda error: f"{error:.2f}"),
    ("arcs", "arcs", lambda arcs: f"{arcs:,}"),
    ("exit_code", "exit code", str),
)


def _table(rows: list[Row]) -> list[str]:
    columns = [column for column in _COLUMNS if any(column[0] in row for row in rows)]
    lines = [
        "| | " + " | ".join(title for _, title, _ in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for row in rows:
        cells = ["" if row.get(key) is None else show(row[key]) for key, _, show in columns]
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return lines


def text(results: Results) -> str:
    """Return the page in Markdown."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/bench`; do not edit. Others used the machine too, so read ratios. "
        "Where a column says how far the median lies above the best, rivals ran in turns, in one "
        "process, and each time is CPU time of all threads, the best of several turns; every other "
        "section says how it was measured.",
        "",
        f"Measured {results['date']} on {results['machine']}.",
        "",
        "Versions: " + ", ".join(f"{n} {v}" for n, v in results["versions"].items()) + ".",
        "",
        "## Goals",
        "",
        *goals_table(goals(results)),
        "",
        "What tracking does not reach, and why: "
        "[tracking](explanation/tracking.md#what-is-not-reached).",
    ]
    for key in _HEADS:
        if key in results:
            lines += ["", *section(results, key)]
    return "\n".join(lines) + "\n"


def goals_table(found: list[tuple[str, str, bool]]) -> list[str]:
    """Return the lines of a table of goals."""
    rows = [f"| {goal} | {took} | {'yes' if is_met else 'NO'} |" for goal, took, is_met in found]
    return ["| goal | measured | met |", "|---|---|---|", *rows]


def section(results: Results, key: str) -> list[str]:
    """Return the lines of one section."""
    title, sentence = _HEADS[key]
    measured = results[key].get("date", results.get("date"))
    day = "" if measured == results.get("date") else f" Measured {measured}."
    lines = [f"## {title}", "", sentence + day, "", *_table(results[key]["rows"])]
    for name, reason in results[key].get("missing", {}).items():
        lines += ["", f"{name} did not run here: {reason}."]
    for name, count in results[key].get("differ", {}).items():
        lines += ["", f"Answers of {name} that differ from Commonwatch's: {count}."]
    return lines
