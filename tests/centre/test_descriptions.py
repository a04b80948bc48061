"""Sensors as their owners describe them: said to those who may know, used by those who heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.centre.core import Centre
from commonwatch.centre.descriptions import KNOWN_MAX, Descriptions
from commonwatch.centre.effects import Effect
from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import load_scenario, read_description
from commonwatch.scenario.sensors import sensor
from commonwatch.scenario.writing import sensor_file
from commonwatch.sensing.radar import Radar
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message, SensorDescription
from tests.centre.test_core import EAST, JOINT, WEST, arrived, bodies, configuration
from tests.sharing.build import MADE_NS, SECOND_NS, key_of
from tests.tracking.build import radar_at
from tests.world.small import loaded, small

ENTRIES = loaded(small()).sensors
NORTH = SensorId("north-radar")
TEXT = sensor_file([ENTRIES[NORTH]])
PUBLISHED = radar_at("north-radar", 1.0, 1.0, nation="east")
OTHER = radar_at("other", 2.0, 2.0, nation="east")
TO_JOINT = """
format = 1
title = "What sensors are"

[[rules]]
name = "sensors"
share = ["sensor description"]
recipients = ["joint"]
"""
NOTHING = 'format = 1\ntitle = "Nothing"\n'


def owner_of(text: str) -> Centre:
    """East, which owns the radar, under a policy."""
    described = {"sensors": (PUBLISHED,), "descriptions": {NORTH: TEXT}}
    return Centre(changed(EAST, text, **described), sign=key_of(EAST).sign)


def changed(name: NationId, text: str, **changes: object) -> CentreConfiguration:
    plain = configuration(name, text)
    kept = {field.name: getattr(plain, field.name) for field in dataclasses.fields(plain)}
    return CentreConfiguration(**(kept | changes))


def listener(published: Sequence[Radar] = (PUBLISHED, OTHER)) -> CentreConfiguration:
    """The joint centre, which reads descriptions."""
    partners = tuple(
        Partner(
            nation=name,
            title=name,
            verify=key_of(name).verify,
            sensors=tuple(published) if name == EAST else (),
            reports_tracks=True,
        )
        for name in (EAST, WEST)
    )
    return changed(JOINT, NOTHING, partners=partners, read_sensor=read_description)


def lives(centre: Centre, until_s: int, begin_s: int = 0) -> list[Effect]:
    return [
        effect
        for seconds in range(begin_s, until_s, 5)
        for effect in centre.step([], MADE_NS + seconds * SECOND_NS)
    ]


def descriptions(effects: Sequence[Effect], to: NationId) -> list[SensorDescription]:
    return [b for b in bodies(effects, EAST, to=to) if isinstance(b, SensorDescription)]


def told(table: str, number: int = 0, name: SensorId = NORTH) -> Message:
    body = SensorDescription(sensor=name, table=table)
    return Message(
        purpose=Purpose.ACTUAL, originator=EAST, number=number, made_ns=MADE_NS, body=body
    )


def test_a_sensor_is_described_at_the_start_to_whom_the_policy_allows() -> None:
    effects = owner_of(TO_JOINT).step([], MADE_NS)
    assert [each.table for each in descriptions(effects, JOINT)] == [TEXT]
    assert descriptions(effects, WEST) == []


def test_nothing_is_described_where_nothing_is_shared() -> None:
    effects = lives(owner_of(NOTHING), 60)
    assert descriptions(effects, JOINT) == descriptions(effects, WEST) == []


def test_a_right_withdrawn_before_it_has_arrived_stops_what_is_said_again() -> None:
    lasting = lives(owner_of(TO_JOINT), 60)
    ended = lives(owner_of(TO_JOINT + "until_utc = 2009-05-20T06:24:10Z\n"), 60)
    assert len(descriptions(lasting, JOINT)) > len(descriptions(ended, JOINT)) == 1


def test_when_a_rule_begins_sensors_are_described_to_whom_it_names() -> None:
    effects = lives(owner_of(TO_JOINT + "from_utc = 2009-05-20T06:24:25Z\n"), 35)
    assert [each.table for each in descriptions(effects, JOINT)] == [TEXT]


def test_a_restart_under_another_policy_describes_sensors_to_whom_that_allows() -> None:
    before = owner_of(NOTHING)
    lives(before, 30)
    after, same = owner_of(TO_JOINT), owner_of(NOTHING)
    for centre in (after, same):
        centre.restore(before.snapshot(), before.ledger)
    assert descriptions(lives(after, 45, begin_s=30), JOINT)
    count = len(same.ledger.entries)
    lives(same, 45, begin_s=30)
    said = [e for e in same.ledger.entries[count:] if e.content.get("kind") == "sensor description"]
    assert said == []


def test_what_is_described_is_the_very_sensor_that_the_owner_has() -> None:
    entries = load_scenario("iran-2009").sensors.values()
    for entry in entries:
        assert repr(read_description(sensor_file([entry]))) == repr(sensor(entry, Case.NOMINAL))


def test_a_described_sensor_takes_the_place_of_the_published_one_and_of_no_other() -> None:
    heard = Descriptions(listener())
    assert heard.sensors_of(EAST) == (PUBLISHED, OTHER)
    (note,) = heard.hear([told(TEXT)])
    assert note.words == "described"
    first, second = heard.sensors_of(EAST)
    assert (first.sensor, first.nation) == (NORTH, EAST)
    assert isinstance(first, Radar)
    own = sensor(ENTRIES[NORTH], Case.NOMINAL)
    assert isinstance(own, Radar)
    assert first.site.latitude_rad == own.site.latitude_rad
    assert second is OTHER


def test_a_sensor_that_no_literature_has_is_known_once_it_is_described() -> None:
    heard = Descriptions(listener([OTHER]))
    heard.hear([told(TEXT)])
    assert [each.sensor for each in heard.sensors_of(EAST)] == ["other", NORTH]


def test_an_earlier_description_that_arrives_later_is_not_taken() -> None:
    nearer = TEXT.replace("range_max_km = 1200.0", "range_max_km = 600.0")
    assert nearer != TEXT
    heard = Descriptions(listener())
    heard.hear([told(nearer, 5)])
    (note,) = heard.hear([told(TEXT, 4)])
    assert "earlier" in note.words
    known = heard.sensors_of(EAST)[0]
    assert isinstance(known, Radar)
    assert known.range_max_m == 600e3


@pytest.mark.parametrize(
    "table",
    [
        "",
        "format = 1\n",
        "format = 9\n",
        "= = =",
        "\ud800",
        TEXT.replace("[[radars]]", "[[radar]]"),
        TEXT.replace("range_max_km = 1200.0", "range_max_km = -1.0"),
        TEXT + TEXT.replace("format = 1", "").replace("north-radar", "south-radar"),
        TEXT.replace("north-radar", "south-radar"),
    ],
)
def test_a_description_that_cannot_be_read_changes_nothing_and_is_noted(table: str) -> None:
    heard = Descriptions(listener())
    (note,) = heard.hear([told(table)])
    assert note.words.startswith("not ")
    assert heard.sensors_of(EAST) == (PUBLISHED, OTHER)


@pytest.mark.parametrize(("count", "kept"), [(KNOWN_MAX, KNOWN_MAX), (KNOWN_MAX + 1, KNOWN_MAX)])
def test_no_more_sensors_are_kept_than_there_is_room_for(count: int, kept: int) -> None:
    heard = Descriptions(listener([]))
    names = [SensorId(f"radar-{k}") for k in range(count)]
    heard.hear([told(TEXT.replace("north-radar", name), name=name) for name in names])
    assert len(heard.sensors_of(EAST)) == kept


def test_a_joint_centre_remembers_descriptions_through_a_restart() -> None:
    centre = Centre(listener(), sign=key_of(JOINT).sign)
    body = SensorDescription(sensor=NORTH, table=TEXT)
    centre.step([arrived(EAST, body)], MADE_NS)
    assert [e.content["words"] for e in centre.ledger.entries if e.kind == "description"] == [
        "described"
    ]
    again = Centre(listener(), sign=key_of(JOINT).sign)
    again.restore(centre.snapshot(), centre.ledger)
    again.step([arrived(EAST, SensorDescription(sensor=NORTH, table=""), number=1)], MADE_NS)
    words = [e.content["words"] for e in again.ledger.entries if e.kind == "description"]
    assert len(words) == 2
