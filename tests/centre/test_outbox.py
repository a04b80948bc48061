"""What waits to be said."""

from __future__ import annotations

from commonwatch.centre.outbox import GIVE_UP_S, RESEND_S, Outbox
from commonwatch.identity import NationId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Body, Cancellation, Message, PostLaunchNotice, Question
from commonwatch.sharing.subject import NOT_SAID
from tests.sharing.build import MADE_NS, SECOND_NS, detection_report, launch_report

EAST, WEST = NationId("east"), NationId("west")


def message(body: Body, number: int = 0) -> Message:
    return Message(
        purpose=Purpose.ACTUAL, originator=NationId("a"), number=number, made_ns=MADE_NS, body=body
    )


def put(outbox: Outbox, body: Body, number: int = 0, *, to: NationId = EAST) -> None:
    outbox.put(message(body, number), to, due_ns=MADE_NS, known=NOT_SAID)


def test_what_is_due_comes_out_in_the_order_in_which_it_was_made() -> None:
    outbox = Outbox(limit=10)
    for number in (2, 0, 1):
        put(outbox, Question(about="x", text="?"), number)
    assert [each.message.number for each in outbox.due(MADE_NS)] == [2, 0, 1]
    assert outbox.due(MADE_NS) == []


def test_a_later_word_on_an_event_takes_the_place_of_an_earlier_one() -> None:
    outbox = Outbox(limit=10)
    put(outbox, launch_report(), 0)
    put(outbox, launch_report(), 0, to=WEST)
    put(outbox, Cancellation(event=launch_report().event, reason="none"), 1)
    waiting = [(each.recipient, each.message.number) for each in outbox.due(MADE_NS)]
    assert waiting == [(WEST, 0), (EAST, 1)]


def test_an_earlier_word_does_not_take_the_place_of_a_later_one() -> None:
    outbox = Outbox(limit=10)
    put(outbox, Cancellation(event=launch_report().event, reason="none"), 1)
    put(outbox, launch_report(), 0)
    assert 1 in [each.message.number for each in outbox.due(MADE_NS)]


def test_what_must_arrive_is_kept_until_it_is_acknowledged_or_history() -> None:
    outbox = Outbox(limit=10)
    put(outbox, launch_report(), 5)
    (waiting,) = outbox.due(MADE_NS)
    outbox.sent(waiting, MADE_NS)
    again_ns = MADE_NS + round(RESEND_S * SECOND_NS)
    assert outbox.next_due_ns() == again_ns
    outbox.acknowledged(5, EAST)
    assert outbox.next_due_ns() is None
    outbox.sent(waiting, MADE_NS + round(GIVE_UP_S * SECOND_NS))
    assert outbox.next_due_ns() is None


def test_a_report_of_detections_is_not_kept() -> None:
    outbox = Outbox(limit=10)
    put(outbox, detection_report())
    (waiting,) = outbox.due(MADE_NS)
    outbox.sent(waiting, MADE_NS)
    assert outbox.next_due_ns() is None


def test_at_the_limit_nothing_is_dropped_and_one_past_it_the_oldest_report_is() -> None:
    outbox = Outbox(limit=2)
    put(outbox, PostLaunchNotice(notice="n", launched_ns=None), 0)
    put(outbox, detection_report(), 1)
    assert outbox.dropped_count == 0
    put(outbox, Question(about="x", text="?"), 2)
    assert outbox.dropped_count == 1
    assert [each.message.number for each in outbox.due(MADE_NS)] == [0, 2]
