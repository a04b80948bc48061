"""Which sensors work: own ones by their looks, partners' by what they say."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.centre.configuration import CentreConfiguration
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect
from commonwatch.centre.events import LooksReported
from commonwatch.centre.expectation import Expectations
from commonwatch.centre.sensor_status import (
    KNOWN_MAX,
    SensorStatuses,
    StatusLearned,
    silence_allowed_ns,
)
from commonwatch.flight.propagation import after
from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message, SensorStatus
from tests.centre.test_core import EAST, JOINT, WEST, arrived, bodies, centre_of, configuration
from tests.sharing.build import MADE_NS, SECOND_NS, key_of
from tests.tracking.build import flights, radar_at

RADAR = radar_at("east-radar", 50.0, 10.0, nation="east")
NAME = RADAR.sensor
FROM = MADE_NS
LATE_NS = FROM + 10**6 * SECOND_NS
STATUSES = """
format = 1
title = "Who works"

[[rules]]
name = "statuses"
share = ["sensor status"]
recipients = ["joint"]
"""


def word(seconds: float, looked_s: float | None) -> LooksReported:
    looks = () if looked_s is None else ((NAME, FROM + round(looked_s * SECOND_NS)),)
    return LooksReported(time_ns=FROM + round(seconds * SECOND_NS), looks=looks)


def own() -> SensorStatuses:
    return SensorStatuses.of(EAST, [RADAR])


def told(is_working: bool, since_s: float, number: int, sender: NationId = EAST) -> Message:
    body = SensorStatus(sensor=NAME, is_working=is_working, since_ns=FROM + round(since_s * 1e9))
    return Message(
        purpose=Purpose.ACTUAL, originator=sender, number=number, made_ns=FROM, body=body
    )


def with_radar(text: str) -> CentreConfiguration:
    plain = configuration(EAST, text)
    changed = {name: getattr(plain, name) for name in CentreConfiguration.__slots__}
    return CentreConfiguration(**(changed | {"sensors": (RADAR,)}))


def falls_silent(text: str) -> tuple[Centre, list[Effect]]:
    """A centre whose radar looked once and never again, a minute long."""
    centre = Centre(with_radar(text), sign=key_of(EAST).sign)
    effects: list[Effect] = []
    for seconds in range(0, 61, 10):
        now_ns = FROM + seconds * SECOND_NS
        effects += centre.step([word(seconds, 0.0)], now_ns)
    return centre, effects


def statuses(effects: list[Effect], to: NationId) -> list[SensorStatus]:
    return [b for b in bodies(effects, EAST, to=to) if isinstance(b, SensorStatus)]


def test_a_sensor_that_looks_and_sees_nothing_works() -> None:
    watched = own()
    assert [watched.watch(word(s, s - 2.0)) for s in range(0, 600, 10)] == [[]] * 60


def test_a_sensor_is_out_of_order_once_it_has_been_silent_for_longer_than_is_allowed() -> None:
    watched, allowed_s = own(), silence_allowed_ns(RADAR) / SECOND_NS
    assert watched.watch(word(0.0, -1.0)) == []
    assert watched.watch(word(allowed_s, 0.0)) == []
    (learned,) = watched.watch(word(allowed_s + 0.5, 0.0))
    assert (learned.sensor, learned.is_working, learned.since_ns) == (NAME, False, FROM)
    assert watched.watch(word(allowed_s + 10.0, 0.0)) == []


def test_a_sensor_works_again_at_its_next_look() -> None:
    watched = own()
    for seconds in (0.0, 100.0):
        watched.watch(word(seconds, 0.0))
    (learned,) = watched.watch(word(110.0, 108.0))
    assert learned.is_working
    assert learned.since_ns == FROM + 108 * SECOND_NS
    assert watched.outages(LATE_NS) == {}


def test_a_sensor_that_never_looked_is_found_out_by_the_word_of_the_lines_alone() -> None:
    watched = own()
    learned = [each for s in range(0, 100, 10) for each in watched.watch(word(s, None))]
    assert [each.is_working for each in learned] == [False]


def test_a_centre_that_is_never_told_of_looks_judges_no_sensor() -> None:
    centre = Centre(with_radar(STATUSES), sign=key_of(EAST).sign)
    effects = [e for s in range(0, 600, 10) for e in centre.step([], FROM + s * SECOND_NS)]
    assert statuses(effects, JOINT) == []


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=40))
def test_an_outage_is_told_once_and_ends_with_a_look(steps: list[tuple[int, bool]]) -> None:
    """Against the obvious: out means that the gap was ever too long since the last look."""
    watched, seconds, looked_s, is_out = own(), 0, 0, False
    watched.watch(word(0, 0))
    for wait_s, looks in steps:
        seconds += wait_s
        looked_s = seconds if looks else looked_s
        learned = [each.is_working for each in watched.watch(word(seconds, looked_s))]
        is_late = (seconds - looked_s) * SECOND_NS > silence_allowed_ns(RADAR)
        expected = [True] if is_out and looks else [False] if is_late and not is_out else []
        assert learned == expected
        is_out = learned == [False] or (is_out and learned == [])
        assert bool(watched.outages(LATE_NS)) == is_out


def test_a_status_goes_to_whom_the_policy_allows_and_to_nobody_else() -> None:
    _, effects = falls_silent(STATUSES)
    assert {(s.sensor, s.is_working, s.since_ns) for s in statuses(effects, JOINT)} == {
        (NAME, False, FROM)
    }
    assert statuses(effects, WEST) == []


def test_a_status_goes_to_nobody_where_nothing_is_shared() -> None:
    centre, effects = falls_silent('format = 1\ntitle = "Nothing"\n')
    assert statuses(effects, JOINT) == statuses(effects, WEST) == []
    withheld = [
        e.content["recipient"]
        for e in centre.ledger.entries
        if e.kind == "decision" and e.content["kind"] == "sensor status"
    ]
    assert sorted(withheld) == [JOINT, WEST]


def test_a_right_to_a_status_that_is_withdrawn_stops_what_is_said_again() -> None:
    _, lasting = falls_silent(STATUSES)
    _, ended = falls_silent(STATUSES + "until_utc = 2009-05-20T06:24:35Z\n")
    assert len(statuses(lasting, JOINT)) > len(statuses(ended, JOINT)) > 0


def test_a_right_that_begins_later_brings_the_outage_that_there_is() -> None:
    _, effects = falls_silent(STATUSES + "from_utc = 2009-05-20T06:24:45Z\n")
    assert statuses(effects, JOINT)


def test_a_joint_centre_remembers_and_notes_what_a_partner_says() -> None:
    joint = centre_of(JOINT)
    body = SensorStatus(sensor=NAME, is_working=False, since_ns=FROM)
    joint.step([arrived(EAST, body)], FROM + SECOND_NS)
    notes = [entry.content for entry in joint.ledger.entries if entry.kind == "sensor"]
    assert notes == [
        {"nation": EAST, "sensor": NAME, "is_working": False, "since_ns": FROM, "number": 0}
    ]


def test_the_latest_word_counts_in_whatever_order_words_arrive() -> None:
    words = [told(False, 0.0, 1), told(True, 10.0, 2), told(False, 20.0, 3)]
    for order in permutations(words):
        heard = SensorStatuses.of(JOINT, [])
        for each in order:
            heard.hear([each])
        assert heard.outages(LATE_NS) == {EAST: {NAME: FROM + 20 * SECOND_NS}}


def test_a_partner_speaks_of_its_own_sensors_only() -> None:
    heard = SensorStatuses.of(JOINT, [])
    heard.hear([told(False, 0.0, 1, sender=WEST)])
    assert EAST not in heard.outages(LATE_NS)


@pytest.mark.parametrize(("count", "kept"), [(KNOWN_MAX, KNOWN_MAX), (KNOWN_MAX + 1, KNOWN_MAX)])
def test_no_more_sensors_are_remembered_than_there_is_room_for(count: int, kept: int) -> None:
    heard = SensorStatuses.of(JOINT, [])
    for number in range(count):
        body = SensorStatus(sensor=SensorId(f"s{number}"), is_working=False, since_ns=FROM)
        heard.hear(
            [
                Message(
                    purpose=Purpose.ACTUAL, originator=EAST, number=number, made_ns=FROM, body=body
                )
            ]
        )
    assert len(heard.outages(LATE_NS)[EAST]) == kept


def test_a_sensor_that_works_again_is_not_at_once_expected_to_have_found_everything() -> None:
    heard = SensorStatuses.of(JOINT, [])
    heard.hear([told(False, 0.0, 1), told(True, 50.0, 2)])
    for seconds, is_unsettled in ((51, True), (74, True), (75, False)):
        found = heard.outages(FROM + seconds * SECOND_NS, unsettled_ns=25 * SECOND_NS)
        assert bool(found) == is_unsettled


def test_nothing_is_expected_of_a_sensor_that_is_out_of_order() -> None:
    two = [RADAR, radar_at("other", 50.0, 10.5, nation="east")]
    states = flights(np.random.default_rng(4), 1)
    states, sure = after(states, 120.0), np.diag([100.0] * 3 + [1.0] * 3)[np.newaxis] ** 2

    def expected(*out: str) -> float:
        outages = {EAST: dict.fromkeys(map(SensorId, out), FROM)}
        return float(
            Expectations({EAST: two}).expected((EAST,), states, sure, outages=outages)[0, 0]
        )

    assert expected() > 0.8
    assert expected("east-radar") > 0.8
    assert np.isnan(expected("east-radar", "other"))


def test_what_a_crash_made_a_centre_forget_of_its_sensors_is_in_its_ledger_and_said_again() -> None:
    centre = Centre(with_radar(STATUSES), sign=key_of(EAST).sign)
    centre.step([word(0.0, 0.0)], FROM)
    old = centre.snapshot()
    centre.step([word(60.0, 0.0)], FROM + 60 * SECOND_NS)
    again = Centre(with_radar(STATUSES), sign=key_of(EAST).sign)
    again.restore(old, centre.ledger)
    effects = list(again.step([word(70.0, 0.0)], FROM + 70 * SECOND_NS))
    assert [s.is_working for s in statuses(effects, JOINT)] == [False]
    back = list(again.step([word(80.0, 79.0)], FROM + 80 * SECOND_NS))
    assert [s.is_working for s in statuses(back, JOINT)] == [True]


def test_an_older_ledger_takes_back_nothing_that_a_partner_said_later() -> None:
    centre = centre_of(JOINT)
    centre.step(
        [arrived(EAST, SensorStatus(sensor=NAME, is_working=False, since_ns=FROM), number=1)],
        FROM + SECOND_NS,
    )
    heard = SensorStatuses.of(JOINT, [])
    heard.hear([told(True, 50.0, 2)])
    heard.recall(centre.ledger.entries)
    assert heard.outages(LATE_NS) == {}


def test_a_status_is_learned_with_the_number_of_the_message_where_there_is_one() -> None:
    one = StatusLearned(nation=EAST, sensor=NAME, is_working=True, since_ns=1)
    assert "number" not in one.note()
