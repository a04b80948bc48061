"""Two tracks found to be one object: one alert goes on, the other is cancelled wherever it was."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect, Send, Show
from commonwatch.centre.events import MessageArrived, PersonDecided
from commonwatch.identity import NationId
from commonwatch.sharing.envelope import key_name, open_envelope, seal
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import AlertReport, Body, Cancellation, Message
from commonwatch.sharing.policy import read_policy
from tests.centre.build_floor import (
    JOINT,
    SECOND_NS,
    A,
    B,
    C,
    Stage,
    infrared,
    radar,
    report,
    statement,
)
from tests.centre.test_joint_picture import BURN, COAST, NAMES, messages, off, watched
from tests.sharing.build import key_of
from tests.tracking.build import EPOCH_NS, radar_at
from tests.warning.build import POWERED

SAME = "the same object as alert 0"


def two_alerts(*, younger_has: Sequence[NationId] = (A,)) -> Stage:
    """A joint floor with alerts on two tracks that were seen beside one another."""
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)])], contributors={1: (A,)})
    stage.step(
        said=[statement([radar(each) for each in younger_has], track=2)],
        contributors={2: tuple(younger_has)},
    )
    assert len(stage.status) == 2
    return stage


def test_the_older_alert_is_corrected_and_the_younger_cancelled_with_the_reason() -> None:
    stage = two_alerts()
    corrected, cancelled = stage.step(merged={2: 1}, ended=(2,))
    assert (corrected.alert, corrected.transition) == (0, "corrected")
    assert "track 2 of alert 1 is the same object as track 1" in corrected.reason
    assert (cancelled.alert, cancelled.transition, cancelled.reason) == (1, "cancelled", SAME)
    assert stage.status == {0: "unconfirmed", 1: "cancelled"}


@pytest.mark.parametrize("is_confirmed", [(False, True), (True, False)])
def test_a_confirmation_of_either_stays(is_confirmed: tuple[bool, bool]) -> None:
    stage = Stage(JOINT)
    for track, sure in enumerate(is_confirmed, start=1):
        seen = [radar(A, name=f"a {track}"), *([radar(B, name=f"b {track}")] if sure else [])]
        stage.step(said=[statement(seen, track=track), statement(seen, track=track, time_s=121.0)])
    assert sorted(stage.status.values()) == ["confirmed", "unconfirmed"]
    stage.step(merged={2: 1})
    assert stage.status == {0: "confirmed", 1: "cancelled"}


def test_two_that_saw_one_object_each_under_its_number_confirm_it_together() -> None:
    stage = two_alerts(younger_has=(B,))
    shown = stage.step(merged={2: 1})
    assert [each.transition for each in shown] == ["corrected", "confirmed", "cancelled"]
    assert "two nations" in shown[1].reason
    assert shown[1].contributors == (A, B)


def test_a_last_word_on_the_number_that_is_no_more_raises_nothing() -> None:
    stage = two_alerts()
    stage.step(merged={2: 1})
    assert stage.step(said=[statement([radar(A)], track=2)], ended=(2,)) == []
    # What the older track shows from then on is the alert's.
    [event] = stage.step(said=[statement([radar(A, looks=20), radar(C)], time_s=140.0)])
    assert (event.alert, event.transition) == (0, "confirmed")


def test_the_alert_goes_on_where_only_the_younger_number_had_one() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)], track=2)])
    assert stage.step(merged={2: 1}, ended=(2,)) == []
    [event] = stage.step(said=[statement([radar(A), radar(B)], track=1, time_s=130.0)])
    assert (event.alert, event.track, event.status) == (0, 1, "confirmed")


def test_where_the_older_number_never_had_an_alert_the_youngers_goes_on() -> None:
    stage = Stage(JOINT)
    stage.step(said=[statement([radar(A)], probability=0.1)])
    stage.step(said=[statement([radar(A)], track=2)])
    assert stage.status == {0: "unconfirmed"}
    stage.step(merged={2: 1})
    stage.step(said=[statement([radar(A, looks=20)], time_s=130.0)])
    assert stage.status == {0: "unconfirmed"}
    assert stage.shown[-1].track == 1


def test_a_satellites_track_beside_the_younger_goes_on_with_the_older() -> None:
    stage = Stage(JOINT)
    other = report(5, latitude_deg=35.1)
    stage.step(said=[statement([radar(A)], launch=other, time_s=100.0)])
    stage.step(said=[statement([infrared(B)], track=3)])
    stage.step(said=[statement([radar(A)], track=2, time_s=125.0)])
    before = {each for each, status in stage.status.items() if status != "cancelled"}
    stage.step(merged={2: 1})
    left = {each for each, status in stage.status.items() if status != "cancelled"}
    assert before - left == {max(before)}


@pytest.mark.parametrize(
    ("younger_has", "expected"),
    [((A,), "cancelled"), ((A, B), "confirmed")],
)
def test_what_a_person_cancelled_comes_back_only_with_better_support(
    younger_has: Sequence[NationId], expected: str
) -> None:
    stage = two_alerts()
    stage.step(decisions=[PersonDecided(decision="cancel", number=0)])
    seen = [radar(each, looks=20) for each in younger_has]
    stage.step(said=[statement(seen, track=2, time_s=130.0)])
    stage.step(merged={2: 1})
    assert stage.status == {0: "cancelled", 1: expected}


def test_three_numbers_of_one_object_are_one_alert() -> None:
    stage = two_alerts()
    stage.step(said=[statement([radar(A)], track=3)])
    stage.step(merged={2: 1, 3: 1})
    assert stage.status == {0: "unconfirmed", 1: "cancelled", 2: "cancelled"}


SHARING = """
format = 1
title = "Alerts go round"

[[rules]]
name = "alerts"
share = ["alert report"]
recipients = ["a", "b"]
"""


def joint_centre() -> Centre:
    nations = tuple(NationId(name) for name in NAMES)
    return Centre(
        CentreConfiguration(
            nation=JOINT,
            title=JOINT,
            sensors=(),
            partners=tuple(
                Partner(
                    nation=nation,
                    title=nation,
                    verify=key_of(nation).verify,
                    sensors=(radar_at(f"{nation}-radar", 0.0, float(place), nation=nation),),
                    reports_tracks=True,
                )
                for place, nation in enumerate(nations)
            ),
            policy=read_policy(SHARING, name="test.toml", nations=nations, sensors=None),
            warning=POWERED,
            is_joint=True,
        ),
        sign=key_of(JOINT).sign,
    )


def said_to(effects: Sequence[Effect], recipient: NationId) -> list[Body]:
    opened = [
        open_envelope(
            each.released.envelope, purpose=Purpose.ACTUAL, key_of=lambda n: key_of(n).verify
        )
        for each in effects
        if isinstance(each, Send) and each.released.recipient == recipient
    ]
    return [each.body for each in opened if isinstance(each, Message)]


def test_the_cancellation_goes_to_everyone_who_had_the_alert_and_to_nobody_else() -> None:
    periods = watched(NAMES, 80)
    periods[0] = [off(each, 30e3) if k > 1 else each for k, each in enumerate(periods[0])]
    centre, heard, shown = joint_centre(), {name: list[Body]() for name in NAMES}, []
    for index, parts in enumerate(periods):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        motors = COAST if index else BURN
        effects = centre.step(
            [
                MessageArrived(
                    envelope=seal(
                        message,
                        key_of(message.originator).sign,
                        key_name(message.originator, Purpose.ACTUAL),
                    )
                )
                for part, motor in zip(parts, motors, strict=True)
                for message in messages(part, motor, 10 * index)
            ],
            now_ns,
        )
        shown += [each.alert for each in effects if isinstance(each, Show)]
        for name in NAMES:
            heard[name] += said_to(effects, NationId(name))
    assert {each.alert: each.status for each in shown} == {0: "confirmed", 1: "cancelled"}
    for name in NAMES:
        alerts = {each.event for each in heard[name] if isinstance(each, AlertReport)}
        back = {each.event: each.reason for each in heard[name] if isinstance(each, Cancellation)}
        assert alerts == ({0, 1} if name in "ab" else set())
        assert back == ({1: SAME} if name in "ab" else {})
