"""What came of the worlds beside the flights: who was named a false witness, and what was expected.

Of a scenario in which nobody lies and nobody is named, or that expects nothing, nothing is said.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

import numpy as np
import pyarrow as pa

from commonwatch.report.columns import matching, table_of
from commonwatch.report.sharing_answers import SharingPoint, count_text, spread_text
from commonwatch.report.sharing_figures import Sharing
from commonwatch.report.wording import capital
from commonwatch.studies.known import NONE_MOVED
from commonwatch.studies.score_intervals import binomial_count
from commonwatch.studies.spread import spread_of_instants

UNMET_SHOWN_MAX: Final = 12
_LETTERS: Final = "ABCDEF"
_UNMET: Final = ("laydown", "level", "centre", "object", "ended", "expected")


def judged_points(sharing: Sharing, *, after: int) -> tuple[SharingPoint, ...]:
    """Return the points on who was named and on what was expected, lettered after so many others.

    Parameters
    ----------
    sharing
        Its tables ``named`` and ``unmet`` may lack.
    after
        How many points stand before them.
    """
    wanted = (
        ("Who was found to report falsely", _said_of_named(sharing)),
        ("What the scenario expects", _said_of_unmet(sharing)),
    )
    said = [(heading, sentences) for heading, sentences in wanted if sentences]
    return tuple(
        SharingPoint(letter=letter, heading=heading, sentences=tuple(sentences))
        for letter, (heading, sentences) in zip(_LETTERS[after:], said, strict=False)
    )


def named_rows(sharing: Sharing) -> list[dict[str, Any]]:
    """Say of each liar and whoever else was named, in how many seeds, and when after its first lie.

    Returns
    -------
    list
        A row for each laydown, level, accused and centre. A liar whom nobody names at a level has
        one row, at the joint centre, with no seed.
    """
    content = sharing.content
    found = _rows(sharing, "named")
    joint = next(centre.name for centre in content.centres if centre.is_joint)
    rows = []
    for laydown in content.laydowns:
        for level in content.levels:
            own = [r for r in found if (r["laydown"], r["level"]) == (laydown.name, level.name)]
            pairs = {(row["accused"], row["centre"]) for row in own}
            unnamed = set(content.liars) - {accused for accused, _ in pairs}
            for accused, centre in sorted(pairs | {(name, joint) for name in unnamed}):
                named = [r for r in own if (r["accused"], r["centre"]) == (accused, centre)]
                late_s = {r["seed"]: math.inf if r["lie_s"] is None else r["lie_s"] for r in named}
                rows.append(
                    {
                        "laydown": laydown.name,
                        "level": level.name,
                        "accused": accused,
                        "is_liar": accused in content.liars,
                        "centre": centre,
                        "seeds": binomial_count(len(late_s), len(sharing.seeds)),
                        "after_lie_s": spread_of_instants(np.array(list(late_s.values()))),
                    }
                )
    return rows


def unmet_rows(sharing: Sharing) -> list[dict[str, Any]]:
    """Return what was expected and not met, each with the number of seeds."""
    counts = Counter(tuple(row[name] for name in _UNMET) for row in _rows(sharing, "unmet"))
    return [
        {**dict(zip(_UNMET, key, strict=True)), "seeds": count}
        for key, count in sorted(counts.items())
    ]


def _said_of_named(sharing: Sharing) -> list[str]:
    content = sharing.content
    titles = {centre.name: centre.title for centre in content.centres}
    levels = {level.name: level.title for level in content.levels}
    rows = named_rows(sharing)
    said = []
    for row in rows:
        where = f"{content.laydown(row['laydown']).title}, sharing {levels[row['level']]}"
        accused = titles[row["accused"]]
        whose = (
            f"{accused}, which {'lies in its track reports' if row['is_liar'] else 'is honest'},"
        )
        if not row["seeds"].count:
            said.append(f"{where}: {whose} is named by nobody.")
            continue
        words = f"{where}: {whose} is named by {titles[row['centre']]} in "
        words += f"{count_text(row['seeds'])} seeds"
        if row["is_liar"]:
            words += f", half of them by {spread_text(row['after_lie_s'])} after its first lie"
        said.append(f"{words}.")
    if rows and all(row["is_liar"] for row in rows):
        said.append("No honest nation is named.")
    return [capital(each) for each in said]


def _said_of_unmet(sharing: Sharing) -> list[str]:
    content = sharing.content
    if not content.has_expected:
        return []
    rows = unmet_rows(sharing)
    if not rows:
        return ["Every world ended as the scenario expects."]
    titles = {centre.name: centre.title for centre in content.centres}
    levels = {level.name: level.title for level in content.levels}
    said = [
        f"Not met: {content.laydown(row['laydown']).title}, sharing {levels[row['level']]}, "
        f"{titles[row['centre']]}: {content.place(row['object'])} ended as {row['ended']}, "
        f"expected {row['expected']}, in {row['seeds']:,} of {len(sharing.seeds):,} seeds."
        for row in rows[:UNMET_SHOWN_MAX]
    ]
    more = len(rows) - UNMET_SHOWN_MAX
    return [*said, f"And {more:,} more: see summary.json."] if more > 0 else said


def _rows(sharing: Sharing, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table where no delay is moved; none where the table lacks."""
    table: pa.Table | None = table_of(sharing.content.tables, name)
    return [] if table is None else matching(table, delay=NONE_MOVED).to_pylist()
