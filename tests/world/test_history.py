"""The history of a world: tables that fit their schemas and agree with one another."""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import lru_cache

import pytest

from commonwatch.identity import NationId
from commonwatch.tables.schemas import to_table
from commonwatch.world.history import History, tables
from commonwatch.world.links import RECEIVED, WORKS
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SEED = 11
CUT = '[[faults]]\nkind = "cut"\nat_s = 120.0\nuntil_s = 160.0\nlinks = ["north+joint"]\n'
LEVELS = ("nothing", "launch-reports", "tracks", "detections")


@lru_cache(maxsize=8)
def history(level: str = "tracks", more: str = CUT) -> History:
    text = small(more)
    order = WorldOrder(scenario=loaded(text), laydown="all", level=level, seed=SEED)
    return run_world(order, common=common_to(text, SEED))


@pytest.mark.parametrize("level", LEVELS)
def test_every_table_fits_its_schema(level: str) -> None:
    written = {name: to_table(name, columns) for name, columns in tables(history(level)).items()}
    assert set(written) == {
        "messages",
        "refused",
        "restarts",
        "centre_tracks",
        "centre_alerts",
        "sensor_status",
        "link_status",
        "partner_status",
        "clock_status",
        "contributors",
    }
    assert written["messages"].num_rows > 0
    assert written["centre_tracks"].num_rows > 0
    assert written["sensor_status"].num_rows == 2


def test_messages_holds_every_decision_of_every_ledger_whether_shared_or_withheld() -> None:
    columns = tables(history("nothing"))["messages"]
    decisions = [
        entry
        for entries in history("nothing").entries.values()
        for entry in entries
        if entry.kind == "decision"
    ]
    assert len(columns["time_ns"]) == len(decisions)
    rows = zip(columns["kind"], columns["verdict"], columns["sent_ns"], strict=True)
    for kind, verdict, sent_ns in rows:
        assert (verdict == "withhold") == (kind != "heartbeat") == (sent_ns is None)
    assert all(columns["rule"])
    assert all(columns["words"])
    assert columns["time_ns"] == sorted(columns["time_ns"])


def test_messages_tells_what_was_lost_while_the_link_was_cut_and_what_came_through() -> None:
    columns = tables(history())["messages"]
    begin_ns, sent = history().begin_ns, set()
    for sender, sent_ns, received_ns, outcome in zip(
        columns["sender"],
        columns["sent_ns"],
        columns["received_ns"],
        columns["outcome"],
        strict=True,
    ):
        if sent_ns is None:
            continue
        is_cut = 120 * 10**9 <= sent_ns - begin_ns < 160 * 10**9 and sender == "north"
        sent.add(is_cut)
        assert (outcome == RECEIVED) == (received_ns is not None)
        if is_cut:
            assert outcome == "lost: the link was cut"
        if received_ns is not None:
            assert received_ns > sent_ns
    assert sent == {True, False}


def test_links_tell_when_they_were_cut_and_when_they_healed_both_ways() -> None:
    rows = [
        (each.sender, each.recipient, (each.time_ns - history().begin_ns) // 10**9, each.status)
        for each in history().links
    ]
    for ends in (("north", "joint"), ("joint", "north")):
        assert [row[2:] for row in rows if row[:2] == ends] == [
            (0, WORKS),
            (120, "cut"),
            (160, WORKS),
        ]
    assert [row[2:] for row in rows if row[:2] == ("south", "joint")] == [(0, WORKS)]


def test_what_a_floor_shows_is_in_the_order_in_which_it_was_known() -> None:
    columns = tables(history())["centre_alerts"]
    for centre in ("north", "south", "joint"):
        known = [
            known_ns
            for name, known_ns in zip(columns["centre"], columns["known_ns"], strict=True)
            if name == centre
        ]
        assert known == sorted(known)
        assert known
    assert columns["transition"][0] == "raised"


def test_tracks_tell_whose_belief_they_are() -> None:
    columns = tables(history())["centre_tracks"]
    assert set(columns["centre"]) == {"north", "south", "joint"}
    nothing = tables(history("nothing"))["centre_tracks"]
    assert set(nothing["centre"]) == {"north", "south"}


def test_the_digest_depends_on_everything_that_is_shown() -> None:
    digests = {history(level).digest for level in LEVELS}
    digests.add(history("tracks", "").digest)
    assert len(digests) == 5
    assert history().digest == history().digest


def test_the_command_names_what_was_run() -> None:
    assert history().command == (
        "commonwatch world small --laydown all --level tracks --seed 11 --checks"
    )


def test_the_command_can_be_given_to_a_shell_whatever_the_file_is_called() -> None:
    odd = 'my "own" $case.toml'
    assert shlex.split(replace(history(), scenario=odd).command)[2] == odd


def test_a_ledger_is_of_its_centre_and_has_no_gap() -> None:
    for centre, entries in history().entries.items():
        assert {entry.owner for entry in entries} == {centre}
        assert [entry.number for entry in entries] == list(range(len(entries)))
        assert entries[0].owner == NationId(centre)


@pytest.mark.parametrize("level", LEVELS)
def test_sensors_are_described_once_to_the_joint_centre_where_detections_are_shared(
    level: str,
) -> None:
    columns = tables(history(level))["messages"]
    rows = zip(*(columns[name] for name in ("kind", "sender", "recipient", "outcome")), strict=True)
    described = {row[1:] for row in rows if row[0] == "sensor description"}
    outcome = RECEIVED if level == "detections" else "withheld"
    assert described == {(nation, "joint", outcome) for nation in ("north", "south")}
