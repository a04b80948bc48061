"""What the page says of who was named, and of what a scenario expects."""

from __future__ import annotations

import dataclasses
from typing import Any

import pyarrow as pa

from commonwatch.report import ReportContent
from commonwatch.report.sharing_figures import Sharing
from commonwatch.report.sharing_judged import judged_points
from commonwatch.report.sharing_page import points_for_machines
from commonwatch.tables.known import KNOWN_TABLES
from tests.report.build_known import with_sharing
from tests.report.build_tables import content_of
from tests.report.worlds import falcon


def table(name: str, *rows: dict[str, Any]) -> pa.Table:
    columns = {each.name: [row.get(each.name) for row in rows] for each in KNOWN_TABLES[name]}
    return pa.table(columns)


def judged(**changed: Any) -> ReportContent:
    content = with_sharing(content_of(falcon()), seeds=2)
    world = {"laydown": content.everything, "level": "tracks", "delay": "none", "case": "nominal"}
    named = [
        {"seed": seed, **world, "centre": "joint", "accused": "russia", "kind": "x", "lie_s": late}
        for seed, late in ((content.seed, 20.0), (content.seed + 1, 30.0))
    ]
    tables = {**content.tables, "named": table("named", *named), **changed.pop("tables", {})}
    return dataclasses.replace(content, tables=tables, **changed)


def said(content: ReportContent) -> str:
    return " ".join(s for p in judged_points(Sharing(content), after=3) for s in p.sentences)


def test_of_a_liar_it_is_said_who_named_it_in_how_many_seeds_and_how_soon() -> None:
    words = said(judged(liars=("russia",)))
    assert "Russia, which lies in its track reports, is named by joint centre in 2 of 2 [" in words
    assert "half of them by 20 s [20, 30] after its first lie" in words
    assert "sharing nothing: Russia, which lies in its track reports, is named by nobody." in words
    assert words.endswith("No honest nation is named.")


def test_an_honest_nation_that_is_named_is_called_honest() -> None:
    words = said(judged())
    assert "Russia, which is honest, is named by joint centre in 2 of 2 [" in words
    assert "No honest nation" not in words


def test_nothing_is_said_where_nobody_lies_nobody_is_named_and_nothing_is_expected() -> None:
    content = with_sharing(content_of(falcon()), seeds=2)
    assert not judged_points(Sharing(content), after=3)
    machines = points_for_machines(content)
    assert machines is not None
    assert (machines["named"], machines["unmet"]) == ([], None)


def test_what_was_expected_and_not_met_is_listed_with_the_number_of_seeds() -> None:
    content = judged(has_expected=True)
    assert "Every world ended as the scenario expects." in said(content)
    row = {
        "seed": content.seed, "laydown": content.everything, "level": "tracks", "delay": "none",
        "case": "nominal", "centre": "joint", "object": "falcon", "ended": "unconfirmed",
        "expected": "confirmed",
    }  # fmt: skip
    words = said(judged(has_expected=True, tables={"unmet": table("unmet", row)}))
    assert "falcon ended as unconfirmed, expected confirmed, in 1 of 2 seeds." in words
