"""The centre as a whole: what goes in, what comes out, in which order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect, Record, Send
from commonwatch.centre.events import (
    Event,
    MessageArrived,
    NoticeEntered,
    PersonDecided,
    Restarted,
    Tick,
)
from commonwatch.errors import InputError
from commonwatch.identity import NationId
from commonwatch.sharing.envelope import key_name, open_envelope, seal
from commonwatch.sharing.ledger import Ledger, read_ledger
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import (
    Acknowledgement,
    AlertReport,
    Body,
    Cancellation,
    Correction,
    LaunchReport,
    Message,
    PreLaunchNotice,
)
from commonwatch.sharing.policy import Policy, read_policy
from commonwatch.warning.notice import Notice
from tests.sharing.build import MADE_NS, SECOND_NS, key_of, launch_report
from tests.warning.build import POWERED

EAST, WEST, JOINT = (NationId(name) for name in ("east", "west", "joint"))
NATIONS = (EAST, WEST, JOINT)
EVERYTHING = """
format = 1
title = "Launch reports and alerts go round"
own_launches = "share"

[[rules]]
name = "reports"
share = ["launch report", "alert report", "pre-launch notice"]
recipients = ["*"]
"""
UNTIL = EVERYTHING + "until_utc = 2009-05-20T06:24:05Z\n"
NOTHING = 'format = 1\ntitle = "Nothing"\n'
NOTICE = Notice(
    name="n-1",
    nation="East",
    kind="space launch",
    window_start_ns=MADE_NS,
    window_end_ns=MADE_NS + 3_600 * SECOND_NS,
    latitude_rad=0.6,
    longitude_rad=0.9,
    radius_m=10_000.0,
    azimuth_min_rad=0.1,
    azimuth_max_rad=0.2,
    delivered_ns=MADE_NS,
)


def policy(text: str) -> Policy:
    return read_policy(text, name="test.toml", nations=NATIONS, sensors=())


def configuration(name: NationId, text: str = EVERYTHING) -> CentreConfiguration:
    return CentreConfiguration(
        nation=name,
        title=name,
        sensors=(),
        partners=tuple(
            Partner(
                nation=other,
                title=other,
                verify=key_of(other).verify,
                is_joint=other == JOINT,
            )
            for other in NATIONS
            if other != name
        ),
        policy=policy(text),
        warning=POWERED,
        is_joint=name == JOINT,
    )


def centre_of(name: NationId, text: str = EVERYTHING) -> Centre:
    return Centre(configuration(name, text), sign=key_of(name).sign)


def arrived(sender: NationId, body: Body, number: int = 0, made_ns: int = MADE_NS) -> Event:
    message = Message(
        purpose=Purpose.ACTUAL, originator=sender, number=number, made_ns=made_ns, body=body
    )
    return MessageArrived(
        envelope=seal(message, key_of(sender).sign, key_name(sender, Purpose.ACTUAL))
    )


def said(effects: Sequence[Effect], by: NationId, *, to: NationId | None = None) -> list[Message]:
    """What leaves, opened; signs of life left out."""
    opened = [
        open_envelope(
            effect.released.envelope, purpose=Purpose.ACTUAL, key_of=lambda n: key_of(n).verify
        )
        for effect in effects
        if isinstance(effect, Send) and (to is None or effect.released.recipient == to)
    ]
    return [each for each in opened if isinstance(each, Message) and each.originator == by]


def bodies(effects: Sequence[Effect], by: NationId, *, to: NationId | None = None) -> list[Body]:
    return [each.body for each in said(effects, by, to=to)]


def test_a_launch_report_becomes_an_alert_of_the_joint_centre_and_goes_back_to_both() -> None:
    joint = centre_of(JOINT)
    effects = joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    for nation in (EAST, WEST):
        alerts = [b for b in bodies(effects, JOINT, to=nation) if isinstance(b, AlertReport)]
        assert [alert.status for alert in alerts] == ["unconfirmed"]
    assert [
        b.number for b in bodies(effects, JOINT, to=EAST) if isinstance(b, Acknowledgement)
    ] == [0]


def test_every_message_that_leaves_stands_in_the_ledger_before_it() -> None:
    effects = centre_of(JOINT).step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    digests: set[str] = set()
    for effect in effects:
        if isinstance(effect, Record):
            digests.add(effect.entry.digest)
        elif isinstance(effect, Send):
            assert effect.released.entry_digest in digests


def test_a_repeated_message_is_acknowledged_again_and_changes_nothing() -> None:
    joint = centre_of(JOINT)
    joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    effects = joint.step([arrived(EAST, launch_report())], MADE_NS + 2 * SECOND_NS)
    assert [type(body) for body in bodies(effects, JOINT)] == [Acknowledgement]


def test_what_is_not_acknowledged_is_said_again_and_what_is_is_not() -> None:
    joint = centre_of(JOINT)
    first = joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    alert = next(m for m in said(first, JOINT, to=EAST) if isinstance(m.body, AlertReport))
    joint.step(
        [arrived(EAST, Acknowledgement(number=alert.number), 1, MADE_NS + SECOND_NS)],
        MADE_NS + 2 * SECOND_NS,
    )
    later = joint.step([Tick()], MADE_NS + 40 * SECOND_NS)
    assert not [b for b in bodies(later, JOINT, to=EAST) if isinstance(b, AlertReport)]
    again = [m for m in said(later, JOINT, to=WEST) if isinstance(m.body, AlertReport)]
    assert [m.number for m in again] == [alert.number]


def test_a_right_that_is_withdrawn_stops_what_is_said_again() -> None:
    joint = centre_of(JOINT, UNTIL)
    first = joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    assert [b for b in bodies(first, JOINT, to=WEST) if isinstance(b, AlertReport)]
    later = joint.step([Tick()], MADE_NS + 40 * SECOND_NS)
    assert not [b for b in bodies(later, JOINT, to=WEST) if isinstance(b, AlertReport)]


def test_a_correction_that_may_no_longer_go_is_a_cancellation_to_those_who_had_the_original() -> (
    None
):
    joint = centre_of(JOINT, UNTIL)
    joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    moved = launch_report(latitude_deg=36.0)
    correction = Correction(event=moved.event, corrected=moved, reason="more is known")
    effects = joint.step(
        [arrived(EAST, correction, 1, MADE_NS + 20 * SECOND_NS)], MADE_NS + 21 * SECOND_NS
    )
    sent = bodies(effects, JOINT, to=WEST)
    assert not [b for b in sent if isinstance(b, AlertReport | Correction)]
    assert [b.reason for b in sent if isinstance(b, Cancellation)] == ["no longer shared"]


def test_a_cancelled_report_cancels_the_joint_alert_everywhere() -> None:
    joint = centre_of(JOINT)
    joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    cancellation = Cancellation(event=launch_report().event, reason="a meteor")
    effects = joint.step(
        [arrived(EAST, cancellation, 1, MADE_NS + SECOND_NS)], MADE_NS + 2 * SECOND_NS
    )
    for nation in (EAST, WEST):
        assert [b for b in bodies(effects, JOINT, to=nation) if isinstance(b, Cancellation)]


def test_an_earlier_word_that_comes_later_is_not_taken() -> None:
    joint = centre_of(JOINT)
    cancellation = Cancellation(event=launch_report().event, reason="a meteor")
    joint.step([arrived(EAST, cancellation, 5)], MADE_NS + SECOND_NS)
    effects = joint.step([arrived(EAST, launch_report(), 4)], MADE_NS + 2 * SECOND_NS)
    assert not [b for b in bodies(effects, JOINT) if isinstance(b, AlertReport)]


def test_nothing_leaves_a_nation_that_shares_nothing_but_signs_of_life_and_receipts() -> None:
    west = centre_of(WEST, NOTHING)
    effects = west.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    assert {type(body) for body in bodies(effects, WEST)} <= {Acknowledgement}


def test_a_notice_that_is_entered_is_passed_on() -> None:
    effects = centre_of(EAST).step([NoticeEntered(notice=NOTICE)], MADE_NS)
    sent = [b for b in bodies(effects, EAST, to=JOINT) if isinstance(b, PreLaunchNotice)]
    assert [b.notice for b in sent] == ["n-1"]


def test_a_message_an_hour_ahead_is_refused_and_noted_and_the_next_one_is_taken() -> None:
    joint = centre_of(JOINT)
    ahead = arrived(EAST, launch_report(), 0, MADE_NS + 3600 * SECOND_NS)
    effects = joint.step([ahead, arrived(WEST, launch_report())], MADE_NS + SECOND_NS)
    notes = [
        e.entry.content for e in effects if isinstance(e, Record) and e.entry.kind == "refused"
    ]
    assert [note["count"] for note in notes] == [1]
    assert "from the future" in notes[0]["words"]
    assert [b for b in bodies(effects, JOINT) if isinstance(b, AlertReport)]


@pytest.mark.parametrize("envelope", [b"", b"\x00" * 40, b"{}", b'{"payload":1}'])
def test_garbage_is_counted_and_nothing_else_happens(envelope: bytes) -> None:
    joint = centre_of(JOINT)
    effects = joint.step([MessageArrived(envelope=envelope)], MADE_NS)
    kinds = {e.entry.kind for e in effects if isinstance(e, Record)}
    assert kinds == {"refused", "decision"}
    assert bodies(effects, JOINT) == []


def test_an_exercise_is_not_opened_in_earnest() -> None:
    joint = centre_of(JOINT)
    message = Message(
        purpose=Purpose.EXERCISE,
        originator=EAST,
        number=0,
        made_ns=MADE_NS,
        body=launch_report(),
    )
    key = key_of(EAST, Purpose.EXERCISE)
    sealed = seal(message, key.sign, key_name(EAST, Purpose.EXERCISE))
    effects = joint.step([MessageArrived(envelope=sealed)], MADE_NS)
    assert not [b for b in bodies(effects, JOINT) if isinstance(b, AlertReport)]


def test_a_release_of_an_alert_that_there_is_not_says_nothing() -> None:
    effects = centre_of(EAST).step([PersonDecided(decision="release", number=3)], MADE_NS)
    assert not [b for b in bodies(effects, EAST) if isinstance(b, LaunchReport)]


def test_a_clock_set_back_by_an_hour_stops_time_and_not_the_centre() -> None:
    joint = centre_of(JOINT)
    joint.step([Tick()], MADE_NS + 3_600 * SECOND_NS)
    effects = joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    assert [b for b in bodies(effects, JOINT) if isinstance(b, AlertReport)]
    assert {m.made_ns for m in said(effects, JOINT)} == {MADE_NS + 3_600 * SECOND_NS}


def test_a_clock_that_goes_back_is_noted_once_with_by_how_much_and_once_when_it_has_caught_up() -> (
    None
):
    joint = centre_of(JOINT)
    for second in (0, 100, 40, 50, 99, 100, 101, 102):
        joint.step([Tick()], MADE_NS + second * SECOND_NS)
    notes = [entry for entry in joint.ledger.entries if entry.kind == "clock"]
    assert [entry.content for entry in notes] == [
        {"is_right": False, "back_s": 60.0},
        {"is_right": True, "back_s": 0.0},
    ]
    assert {entry.time_ns for entry in notes} == {MADE_NS + 100 * SECOND_NS}


def test_a_clock_that_is_right_is_not_spoken_of() -> None:
    joint = centre_of(JOINT)
    for second in (0, 0, 5, 3_605):
        joint.step([Tick()], MADE_NS + second * SECOND_NS)
    assert not [entry for entry in joint.ledger.entries if entry.kind == "clock"]


def test_numbers_go_on_where_a_lost_part_of_the_ledger_may_have_ended() -> None:
    joint = centre_of(JOINT)
    joint.restore(joint.snapshot(), joint.ledger, numbers_from=70)
    effects = joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    assert min(m.number for m in said(effects, JOINT)) == 70


def test_a_centre_restored_in_the_middle_goes_on_as_if_nothing_had_been() -> None:
    events = [arrived(EAST, launch_report()), arrived(WEST, launch_report())]
    whole = centre_of(JOINT)
    for k, event in enumerate(events):
        expected = whole.step([event], MADE_NS + (k + 1) * SECOND_NS)
    first = centre_of(JOINT)
    first.step([events[0]], MADE_NS + SECOND_NS)
    second = centre_of(JOINT)
    lines = [entry.line for entry in first.ledger.entries]
    second.restore(first.snapshot(), read_ledger(lines, key=key_of(JOINT).verify))
    effects = second.step([events[1]], MADE_NS + 2 * SECOND_NS)
    assert said(effects, JOINT) == said(expected, JOINT)
    assert second.ledger.head == whole.ledger.head


def test_a_number_is_never_used_again_though_the_snapshot_is_older_than_the_ledger() -> None:
    joint = centre_of(JOINT)
    old = joint.snapshot()
    first = said(joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS), JOINT)
    lines = [entry.line for entry in joint.ledger.entries]
    again = centre_of(JOINT)
    again.restore(old, read_ledger(lines, key=key_of(JOINT).verify))
    second = said(again.step([arrived(WEST, launch_report())], MADE_NS + 2 * SECOND_NS), JOINT)
    used = {m.number for m in first}
    assert used
    assert used.isdisjoint({m.number for m in second})


def test_time_never_goes_behind_the_ledger_though_snapshot_and_clock_are_older() -> None:
    joint = centre_of(JOINT)
    old = joint.snapshot()
    joint.step([arrived(EAST, launch_report())], MADE_NS + 9 * SECOND_NS)
    lines = [entry.line for entry in joint.ledger.entries]
    again = centre_of(JOINT)
    again.restore(old, read_ledger(lines, key=key_of(JOINT).verify))
    again.step([arrived(WEST, launch_report())], MADE_NS + 2 * SECOND_NS)
    times = [entry.time_ns for entry in again.ledger.entries]
    assert len(times) > len(lines)
    assert times == sorted(times)


def test_a_damaged_snapshot_is_refused_and_the_centre_is_as_it_was() -> None:
    joint = centre_of(JOINT)
    joint.step([arrived(EAST, launch_report())], MADE_NS + SECOND_NS)
    head, snapshot = joint.ledger.head, bytearray(joint.snapshot())
    snapshot[-1] ^= 1
    with pytest.raises(InputError):
        joint.restore(bytes(snapshot), joint.ledger)
    assert joint.ledger.head == head


def test_a_partner_that_stands_twice_is_refused() -> None:
    one = configuration(EAST)
    with pytest.raises(InputError, match="stands twice"):
        CentreConfiguration(
            nation=EAST,
            title="east",
            sensors=(),
            partners=(*one.partners, one.partners[0]),
            policy=one.policy,
            warning=POWERED,
        )


@pytest.mark.parametrize(
    ("rights", "goes_to"),
    [
        ('recipients = ["*"]', {EAST, WEST}),
        ('recipients = ["east"]', {EAST}),
        # In force when the snapshot was made, and no longer now.
        ('recipients = ["east"]\nuntil_utc = 2009-05-20T06:24:05Z', {EAST}),
        ('recipients = ["*"]\nuntil_utc = 2009-05-20T06:24:00Z', set()),
        ('recipients = ["*"]\ndelay_s = 7200.0', set()),
    ],
)
@pytest.mark.parametrize("is_in_doubt", [True, False])
def test_where_it_is_in_doubt_who_had_an_alert_its_end_goes_to_all_whom_the_policy_let_have_it(
    rights: str, goes_to: set[NationId], *, is_in_doubt: bool
) -> None:
    """The ledger and all word of who was told are lost; nobody hears that never might have."""
    text = EVERYTHING.replace('recipients = ["*"]', rights)
    joint = centre_of(JOINT, text)
    joint.step([arrived(EAST, launch_report())], MADE_NS + 2 * SECOND_NS)
    joint.ledger = Ledger(JOINT)
    snapshot = joint.snapshot()
    again = centre_of(JOINT, text)
    again.restore(snapshot, Ledger(JOINT), numbers_from=100)
    events: list[Event] = [
        PersonDecided(decision="cancel", number=0),
        Restarted(words="line 1: gone", set_aside_count=9, is_in_doubt=is_in_doubt),
    ]
    effects = again.step(events, MADE_NS + 10 * SECOND_NS)
    heard = {
        nation
        for nation in (EAST, WEST)
        if any(isinstance(body, Cancellation) for body in bodies(effects, JOINT, to=nation))
    }
    assert heard == (goes_to if is_in_doubt else set())
    (note,) = [entry.content for entry in again.ledger.entries if entry.kind == "started"]
    assert note["words"] == "line 1: gone"
    assert {name for _, names in note["told"] for name in names} == heard
