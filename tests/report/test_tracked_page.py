"""The page of a tracked file: complete in itself, escaped, readable by everyone, never too long."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from commonwatch.report import tracked_summary, write_tracked_report
from commonwatch.report.tracked_answers import last_rows
from commonwatch.report.tracked_listings import alert_listing
from commonwatch.tracking.estimate import empty_estimates, joined
from tests.report.build_tracked import BARE, MISSILES, findings_of, parts
from tests.report.test_page import Reader
from tests.warning.build import track

CASES: dict[str, dict[str, Any]] = {
    "everything": {},
    "tracks alone": BARE,
    "no track at all": {**BARE, "estimates": empty_estimates()},
    "truth but no track": {
        **BARE,
        "estimates": empty_estimates(),
        "truth": parts()["truth"],
    },
    "alerts, none raised": {"alerts": parts()["alerts"].slice(0, 0)},
    "dispositions alone": {**BARE, "dispositions": parts()["dispositions"]},
}


@functools.cache
def page(name: str) -> str:
    return write_tracked_report(findings_of(**CASES[name]))


@functools.cache
def reader(name: str) -> Reader:
    return Reader(page(name))


everywhere = pytest.mark.parametrize("name", list(CASES))


@everywhere
def test_the_page_loads_nothing(name: str) -> None:
    for _, attributes in reader(name).tags:
        for key in ("src", "href", "xlink:href", "srcset", "action", "background"):
            address = attributes.get(key)
            assert address is None or address.startswith("#")
    assert not re.search(r"url\((?!#)|@import", page(name))


@everywhere
def test_every_element_is_closed_and_every_reference_leads_somewhere(name: str) -> None:
    assert reader(name).open == []
    ids = Counter(a["id"] for _, a in reader(name).tags if "id" in a)
    assert [key for key, count in ids.items() if count > 1] == []
    wanted = {str(a["href"])[1:] for a in reader(name).all("a")}
    wanted |= set(re.findall(r"url\(#([\w-]+)\)", page(name)))
    assert wanted <= set(ids)


@everywhere
def test_headings_tables_and_pictures_are_readable_without_eyes(name: str) -> None:
    assert reader(name).all("html")[0]["lang"] == "en-GB"
    levels = [int(tag[1]) for tag, _ in reader(name).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(a.get("scope") in {"col", "row", "colgroup"} for a in reader(name).all("th"))
    assert len(reader(name).all("caption")) == len(reader(name).all("table"))
    for attributes in reader(name).all("svg"):
        assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


@everywhere
def test_no_number_that_is_none_reaches_a_reader(name: str) -> None:
    words = " ".join(reader(name).words)
    labels = " ".join(str(a.get("aria-label", "")) for _, a in reader(name).tags)
    assert not re.search(r"\b(nan|NaN|inf|None)\b", words + labels)
    assert "nan" not in "".join(str(a.get("d", "")) for a in reader(name).all("path"))


def test_each_part_stands_where_its_file_was_given_and_only_there() -> None:
    for part in ("errors", "ellipses", "alerts", "sensors"):
        assert f'<section id="{part}">' in page("everything")
        assert f'<section id="{part}">' not in page("tracks alone")
        assert f'href="#{part}"' not in page("tracks alone")
    assert "No truth was given" in page("tracks alone")
    assert "No track was confirmed." in page("no track at all")


def test_the_first_screen_counts_everything_with_intervals() -> None:
    said = " ".join(" ".join(reader("everything").words).split()).replace("\xa0", " ")
    assert f"{MISSILES} of {MISSILES} objects followed by {MISSILES} confirmed tracks" in said
    assert "False tracks: 0 [0.0 to 3.7]" in said
    assert f"{MISSILES} alerts: {MISSILES} unconfirmed." in said
    assert "1 ended, 2 were still held at the end" in said
    assert "2 late or refused: 10 s late." in said
    assert "1 of 8 constant errors of sensors lie beyond 3 standard deviations" in said


def test_biases_stand_in_the_table_of_sensors_in_degrees() -> None:
    html = page("everything")
    table = html[html.index('<section id="sensors">') : html.index('<section id="limits">')]
    assert ">80.0 ± 20.0<small>4.0 standard deviations</small>" in table
    assert ">0.0200 ± 0.0100<small>2.0 standard deviations</small>" in table


def test_no_time_of_an_alert_is_said_to_be_known_to_nothing() -> None:
    """A standard deviation of 0.02 s is no "± 0.0 s"; one of 16 s has no tenths."""
    last = last_rows(parts()["alerts"]).to_pylist()
    row = {**last[0], "launch_time_std_s": 15.8, "impact_time_std_s": 0.0234}
    alerts = pa.Table.from_pylist([row], schema=parts()["alerts"].schema)
    listing = alert_listing(findings_of(alerts=alerts))
    assert listing is not None
    launch, impact = (entry.beneath for entry in listing.rows[0][3:5])
    assert re.search(r"at -?\d+ ± 16 s$", launch)
    assert re.search(r"at -?\d+\.\d\d ± 0\.02 s$", impact)


def test_alerts_stand_with_their_evidence() -> None:
    alerts = parts()["alerts"]
    last = {row["alert"]: row["evidence"] for row in alerts.to_pylist()}
    words = "".join(reader("everything").words)
    assert all(evidence in words for evidence in last.values())


def test_odd_names_are_shown_and_never_obeyed() -> None:
    odd = '<script>alert("x")</script> & \'"'
    alerts = parts()["alerts"]
    for column in ("evidence", "notice_match"):
        place = alerts.column_names.index(column)
        alerts = alerts.set_column(
            place, alerts.schema.field(place), pa.array([odd] * alerts.num_rows)
        )
    detections = parts()["detections"]
    named = pa.table({"time_ns": detections["time_ns"], "sensor": [odd] * detections.num_rows})
    sensors = tuple(replace(one, sensor=odd, nation=odd) for one in parts()["sensors"])
    html = write_tracked_report(
        findings_of(alerts=alerts, detections=named, sensors=sensors, name=odd, command=odd)
    )
    assert '<script>alert("x")' not in html
    found = Reader(html)
    assert len(found.all("script")) == 1
    assert found.open == []
    assert odd in "".join(found.words)


def test_many_tracks_stay_a_page_that_opens() -> None:
    rng = np.random.default_rng(3)
    start = np.asarray(parts()["estimates"].state_vector[1])
    one = track(start, count=150)
    many = joined(
        [
            replace(
                one,
                track=np.full(len(one), number),
                state_vector=one.state_vector + rng.normal(0.0, [3e5] * 3 + [300.0] * 3),
            )
            for number in range(400)
        ]
    )
    html = write_tracked_report(findings_of(**{**BARE, "estimates": many}))
    assert len(html.encode()) < 1_000_000
    assert "200 of 400 tracks drawn, evenly taken" in html
    assert "400 tracks confirmed" in html


def test_the_same_files_give_the_same_page() -> None:
    assert write_tracked_report(findings_of()) == page("everything")


def test_the_summary_holds_the_sentences_and_plain_figures() -> None:
    found = tracked_summary(findings_of())
    assert found["format"] == 1
    assert found["tracks_confirmed"] == MISSILES
    assert found["alerts"] == {"unconfirmed": MISSILES}
    assert found["dispositions"]["late"] == 2
    assert found["ellipses"]["impact"]["with_truth_count"] == MISSILES
    assert [point["number"] for point in found["points"]] == [1, 2, 3, 4]
    bare = tracked_summary(findings_of(**BARE))
    assert bare["score"] is bare["alerts"] is bare["dispositions"] is None
