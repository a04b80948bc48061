"""Post-launch notices: said by whose launch it was and whose sensors saw it, and compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.centre import launch_notices
from commonwatch.centre.alert import AlertEvent
from commonwatch.centre.launch_notices import MATCHED, STDS, LaunchNotices
from commonwatch.identity import NationId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message, PostLaunchNotice, PreLaunchNotice
from commonwatch.units import NS_PER_S
from commonwatch.warning.notice import Notice
from tests.centre.test_core import EAST, JOINT, NOTICE, WEST, configuration
from tests.centre.test_statements import alert as plain
from tests.sharing.build import MADE_NS

NAME = NOTICE.name
STD_S = 4.0


def notices(nation: NationId = EAST, notice: Notice = NOTICE) -> LaunchNotices:
    made = LaunchNotices.of(configuration(nation))
    made.learn([notice], [])
    return made


def seen(second: float = 60.0, **changes: Any) -> AlertEvent:
    """An alert that the notice explains, of a launch at a second."""
    launch = {
        "notice": NAME,
        "notice_match": MATCHED,
        "launch_time_ns": MADE_NS + round(second * NS_PER_S),
        "launch_time_std_s": STD_S,
    }
    return plain(**(launch | changes))


def told(second: float | None, number: int = 0, sender: NationId = EAST) -> Message:
    launched_ns = None if second is None else MADE_NS + round(second * NS_PER_S)
    return Message(
        purpose=Purpose.ACTUAL,
        originator=sender,
        number=number,
        made_ns=MADE_NS,
        body=PostLaunchNotice(notice=NAME, launched_ns=launched_ns),
    )


def announced(sender: NationId, launching: NationId) -> Message:
    body = PreLaunchNotice(
        notice=NAME,
        launching=launching,
        vehicle_class="space launch",
        window_start_ns=MADE_NS,
        window_end_ns=MADE_NS + 1,
        latitude_deg=0.0,
        longitude_deg=0.0,
        radius_m=1,
        azimuth_min_deg=0.0,
        azimuth_max_deg=1.0,
    )
    return Message(purpose=Purpose.ACTUAL, originator=sender, number=9, made_ns=MADE_NS, body=body)


def said(made: LaunchNotices, event: AlertEvent) -> list[int | None]:
    return [each.launched_ns for each in made.on_alert(event)[0]]


def remarked(made: LaunchNotices, message: Message) -> tuple[int, str]:
    ((_, remark),) = made.hear([message])
    return remark.alert, remark.words


def test_an_own_launch_that_was_announced_and_seen_is_said_once() -> None:
    made, event = notices(), seen()
    assert said(made, event) == [event.launch_time_ns]
    assert said(made, event) == []


@pytest.mark.parametrize(
    "event",
    [
        seen(notice="", notice_match="unmatched"),
        seen(notice_match="contradicting"),
        seen(notice_match="noticed, not delivered"),
        seen(launch_time_ns=None),
        seen(origin="launch reports"),
        seen(origin="joint alert report"),
        seen(notice="another"),
    ],
)
def test_nothing_is_said_of_what_was_not_announced_or_own_sensors_did_not_see(
    event: AlertEvent,
) -> None:
    assert said(notices(), event) == []


@pytest.mark.parametrize("nation", [WEST, JOINT])
def test_nothing_is_said_of_the_launches_of_others(nation: NationId) -> None:
    assert said(notices(nation), seen()) == []


def test_a_nation_is_known_by_its_title_as_well_in_any_letters() -> None:
    assert said(notices(notice=replace(NOTICE, nation="EAST")), seen())
    assert not said(notices(notice=replace(NOTICE, nation="Eastern Republic")), seen())


@given(st.floats(-100.0, 100.0))
def test_a_time_is_said_anew_only_where_it_has_changed(later_s: float) -> None:
    made = notices()
    made.on_alert(seen(200.0))
    later = seen(200.0 + later_s)
    off_s = abs((later.launch_time_ns or 0) - MADE_NS - 200 * NS_PER_S) / NS_PER_S
    assert bool(said(made, later)) == (off_s > STDS * STD_S)


def test_an_alert_that_is_taken_back_takes_the_notice_back_and_once() -> None:
    made = notices()
    made.on_alert(seen())
    over = seen(transition="cancelled", status="cancelled")
    assert said(made, over) == [None]
    assert said(made, over) == []
    assert said(made, seen(alert=4)) == [seen().launch_time_ns]


def test_an_alert_that_was_cancelled_before_anything_was_said_says_nothing() -> None:
    assert said(notices(), seen(transition="cancelled", status="cancelled")) == []


def test_what_is_told_is_a_remark_on_the_alert_that_the_notice_explains() -> None:
    made = notices(JOINT)
    made.on_alert(seen())
    number, words = remarked(made, told(62.0))
    assert number == seen().alert
    assert "agrees with what is seen here: +2 s" in words


def test_a_time_that_does_not_agree_is_said_to_disagree() -> None:
    made = notices(JOINT)
    made.on_alert(seen())
    assert "does not agree" in remarked(made, told(60.0 + STDS * STD_S + 1.0))[1]


def test_what_is_told_before_there_is_an_alert_is_remarked_when_there_is_one() -> None:
    made = notices(JOINT)
    assert remarked(made, told(62.0))[0] == -1
    remarks = made.on_alert(seen())[1]
    assert [(each.alert, "+2 s" in each.words) for each in remarks] == [(3, True)]
    assert made.on_alert(seen())[1] == []


def test_only_the_nation_whose_launch_it_was_may_speak_of_it() -> None:
    made = notices(JOINT)
    made.on_alert(seen())
    assert remarked(made, told(62.0, sender=WEST)) == (
        -1,
        'no notice "n-1" of west is known here',
    )


@pytest.mark.parametrize(("sender", "counts"), [(EAST, True), (WEST, False)])
def test_a_notice_that_came_as_a_message_counts_where_the_launching_nation_gave_it(
    sender: NationId, counts: bool
) -> None:
    made = LaunchNotices.of(configuration(JOINT))
    made.learn([], [announced(sender, EAST)])
    made.on_alert(seen())
    assert (remarked(made, told(62.0, sender=EAST))[0] >= 0) == counts
    assert remarked(made, told(62.0, 1, sender=WEST))[0] == -1


def test_an_earlier_word_that_comes_later_is_not_taken() -> None:
    made = notices(JOINT)
    made.on_alert(seen())
    made.hear([told(None, 5)])
    assert remarked(made, told(62.0, 4))[0] == -1


def test_a_launch_that_was_called_off_is_a_remark_on_what_looks_like_it() -> None:
    made = notices(JOINT)
    made.on_alert(seen())
    assert remarked(made, told(None)) == (
        3,
        'east says that "n-1" was not launched; this alert is of it',
    )


def test_no_more_notices_are_remembered_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch_notices, "KNOWN_MAX", 2)
    made = LaunchNotices.of(configuration(JOINT))
    for number in range(3):
        made.learn([replace(NOTICE, name=f"n-{number}")], [])
    known = [
        not remarked(made, _named(f"n-{number}", number))[1].startswith("no notice")
        for number in range(3)
    ]
    assert known == [True, True, False]


def _named(name: str, number: int) -> Message:
    body = PostLaunchNotice(notice=name, launched_ns=MADE_NS)
    return Message(
        purpose=Purpose.ACTUAL, originator=EAST, number=number, made_ns=MADE_NS, body=body
    )
