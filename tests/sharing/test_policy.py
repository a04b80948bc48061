"""What may go to whom: for every "may go to B" a "must not go to C"."""

from __future__ import annotations

import msgspec
import pytest

from commonwatch.identity import NationId
from commonwatch.sharing.explanation import explain
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Body, Correction, LaunchReport, TrackReport
from commonwatch.sharing.messages import TestMessage as Trial
from commonwatch.sharing.policy import Box, Decision, Policy, Verdict, adopted, decide
from commonwatch.sharing.rule import RULED_KINDS
from commonwatch.sharing.subject import Subject
from tests.sharing.build import (
    BODIES,
    DISH,
    EAST,
    JOINT,
    MADE_NS,
    NATIONS,
    RADAR,
    SECOND_NS,
    SOUTH,
    WEST,
    detection_report,
    launch_report,
    message,
    policy,
    rule,
    track_report,
)

HOME = Box(
    latitude_min_deg=30.0, latitude_max_deg=40.0, longitude_min_deg=50.0, longitude_max_deg=60.0
)
WITHIN, OUTSIDE = (35.0, 55.0), (10.0, 10.0)


def decided(
    body: Body,
    by: Policy,
    *,
    to: NationId = JOINT,
    after_s: int = 0,
    purpose: Purpose = Purpose.ACTUAL,
    known: Subject | None = None,
) -> Decision:
    said = message(body, purpose=purpose)
    now_ns = MADE_NS + after_s * SECOND_NS
    return decide(said, to, by, now_ns, known=known or Subject())


def goes(decision: Decision) -> bool:
    assert (decision.message is None) == (decision.verdict in {Verdict.WITHHOLD, Verdict.LATER}), (
        "what does not go is not in the decision"
    )
    return decision.message is not None


def test_nothing_goes_without_a_rule() -> None:
    for kind in RULED_KINDS:
        decision = decided(BODIES[kind], policy(""))
        assert not goes(decision)
        assert decision.rule == "[default]"


def test_a_rule_shares_its_kinds_with_its_recipients_and_nothing_else() -> None:
    for kind in RULED_KINDS:
        by = policy(rule(f'share = ["{kind}"]', recipients='["west"]'))
        for other in RULED_KINDS:
            for nation in (WEST, SOUTH, JOINT):
                is_meant = other == kind and nation == WEST
                assert goes(decided(BODIES[other], by, to=nation)) is is_meant


def test_whoever_withholds_wins_in_whatever_order() -> None:
    share = rule('share = ["launch report"]', name="yes", recipients='["*"]')
    withhold = rule('withhold = ["launch report"]', name="no", recipients='["west"]')
    for text in (share + withhold, withhold + share):
        by = policy(text)
        assert decided(launch_report(), by, to=WEST).rule == "no"
        assert not goes(decided(launch_report(), by, to=WEST))
        assert goes(decided(launch_report(), by, to=SOUTH))


def test_of_several_rules_the_stricter_of_each_kind_counts() -> None:
    by = policy(
        rule('share = ["track report"]\ndelay_s = 10.0\nposition_step_km = 1.0', name="one")
        + rule('share = ["track report"]\ndelay_s = 5.0\nposition_step_km = 3.0', name="two")
    )
    assert decided(track_report(), by, after_s=9).verdict is Verdict.LATER
    decision = decided(track_report(), by, after_s=10)
    assert decision.verdict is Verdict.SHARE_COARSER
    assert decision.rule == "one; two"
    assert decision.message is not None
    assert isinstance(decision.message.body, TrackReport)
    assert decision.message.body.step[:3] == (3_000.0,) * 3


def test_what_goes_later_says_when_and_goes_then() -> None:
    by = policy(rule('share = ["launch report"]\ndelay_s = 30.0'))
    early = decided(launch_report(), by, after_s=29)
    assert early.verdict is Verdict.LATER
    assert early.due_ns == MADE_NS + 30 * SECOND_NS
    assert not goes(early)
    assert decided(launch_report(), by, after_s=30).verdict is Verdict.SHARE


def test_a_right_withdrawn_while_a_message_waits_is_withdrawn() -> None:
    by = policy(rule('share = ["launch report"]\ndelay_s = 30.0\nuntil_utc = 2009-05-20T06:24:20Z'))
    waiting = decided(launch_report(), by, after_s=19)
    assert waiting.verdict is Verdict.LATER
    due = decide(message(launch_report()), JOINT, by, waiting.due_ns)
    assert due.verdict is Verdict.WITHHOLD
    assert not goes(due)


def test_a_rule_holds_from_its_first_instant_and_not_at_its_last() -> None:
    by = policy(
        rule(
            'share = ["launch report"]\nfrom_utc = 2009-05-20T06:24:10Z\n'
            "until_utc = 2009-05-20T06:24:20Z"
        )
    )
    at = {after_s: goes(decided(launch_report(), by, after_s=after_s)) for after_s in range(25)}
    assert [after_s for after_s, is_shared in at.items() if is_shared] == list(range(10, 20))


def test_sensors_count_all_for_sharing_and_any_for_withholding() -> None:
    share = policy(rule('share = ["track report"]\nsensors = ["radar"]'))
    assert goes(decided(track_report((RADAR,)), share))
    assert not goes(decided(track_report((RADAR, DISH)), share))
    withhold = policy(
        rule('share = ["track report"]', name="yes")
        + rule('withhold = ["track report"]\nsensors = ["dish"]', name="no")
    )
    assert goes(decided(track_report((RADAR,)), withhold))
    assert not goes(decided(track_report((RADAR, DISH)), withhold))


def test_sensors_that_are_not_known_count_against_sharing() -> None:
    without = msgspec.structs.replace(track_report(), pedigree=None)
    assert not goes(decided(without, policy(rule('share = ["track report"]\nsensors = ["radar"]'))))
    withhold = policy(
        rule('share = ["track report"]', name="yes")
        + rule('withhold = ["track report"]\nsensors = ["dish"]', name="no")
    )
    assert not goes(decided(without, withhold))


def test_sensors_behind_a_launch_report_are_for_its_centre_to_say() -> None:
    by = policy(rule('share = ["launch report"]\nsensors = ["radar"]'))
    assert not goes(decided(launch_report(), by))
    assert goes(decided(launch_report(), by, known=Subject(sensors=frozenset({RADAR}))))
    assert not goes(decided(launch_report(), by, known=Subject(sensors=frozenset({RADAR, DISH}))))


REGION = (
    "regions = [{ latitude_min_deg = 30, latitude_max_deg = 40, longitude_min_deg = 50, "
    "longitude_max_deg = 60 }]"
)


def test_regions_count_every_known_place_and_unknown_ones_against_sharing() -> None:
    by = policy(rule(f'share = ["launch report", "detection report"]\n{REGION}'))
    assert goes(decided(launch_report(*WITHIN), by))
    assert not goes(decided(launch_report(*OUTSIDE), by))
    assert not goes(decided(launch_report(*WITHIN), by, known=Subject(places=(OUTSIDE,))))
    assert not goes(decided(detection_report(), by))
    assert goes(decided(detection_report(), by, known=Subject(places=(WITHIN,))))


def test_launches_from_the_own_territory_are_not_spoken_of() -> None:
    by = adopted(policy(rule('share = ["launch report"]')), EAST, territory=(HOME,))
    assert decided(launch_report(*WITHIN), by).rule == "[own launches]"
    assert not goes(decided(launch_report(*WITHIN), by))
    assert goes(decided(launch_report(*OUTSIDE), by))
    assert goes(decided(launch_report(*WITHIN), msgspec.structs.replace(by, own_launches="share")))


def test_a_track_that_began_at_home_is_not_spoken_of_wherever_it_is_now() -> None:
    by = adopted(policy(rule('share = ["track report"]')), EAST, territory=(HOME,))
    away = msgspec.structs.replace(track_report(), position_ecef_m=(7_000_000, 0, 0))
    assert goes(decided(away, by))
    assert not goes(decided(away, by, known=Subject(places=(WITHIN,))))


def test_detections_of_unknown_place_may_be_of_an_own_launch() -> None:
    by = adopted(policy(rule('share = ["detection report"]')), EAST, territory=(HOME,))
    assert not goes(decided(detection_report(), by))
    assert goes(decided(detection_report(), by, known=Subject(places=(OUTSIDE,))))


def test_a_notice_of_an_own_launch_is_no_secret() -> None:
    body = msgspec.structs.replace(
        BODIES["pre-launch notice"], latitude_deg=WITHIN[0], longitude_deg=WITHIN[1]
    )
    by = adopted(policy(rule('share = ["pre-launch notice"]')), EAST, territory=(HOME,))
    assert goes(decided(body, by))


def test_a_correction_goes_as_what_it_corrects_would() -> None:
    by = policy(rule('share = ["launch report"]\narea_step_km = 50.0', recipients='["west"]'))
    correction = BODIES["correction"]
    decision = decided(correction, by, to=WEST)
    original = decided(launch_report(), by, to=WEST)
    assert decision.kind == "correction"
    assert decision.message is not None
    assert original.message is not None
    assert isinstance(decision.message.body, Correction)
    assert isinstance(original.message.body, LaunchReport)
    assert decision.message.body.corrected == original.message.body
    assert not goes(decided(correction, by, to=SOUTH))


def test_acknowledgements_and_tests_go_to_every_known_nation_and_no_other() -> None:
    for body in (BODIES["acknowledgement"], Trial(text="test")):
        for nation in (WEST, SOUTH, JOINT):
            assert goes(decided(body, policy(""), to=nation, purpose=Purpose.TEST))
        assert not goes(decided(body, policy(""), to=NationId("north"), purpose=Purpose.TEST))
        assert not goes(decided(body, policy(""), to=EAST, purpose=Purpose.TEST))


def test_a_test_message_never_goes_marked_actual() -> None:
    assert not goes(decided(Trial(text="test"), policy("")))


def test_nothing_goes_to_who_is_not_known_even_if_everyone_is_named() -> None:
    by = policy(rule('share = ["launch report"]', recipients='["*"]'))
    decision = decided(launch_report(), by, to=NationId("soutth"))
    assert not goes(decision)
    assert 'did you mean "south"?' in decision.words


def test_a_policy_lets_out_nothing_of_another_nation() -> None:
    by = policy('owner = "west"\n' + rule('share = ["launch report"]'))
    assert decided(launch_report(), by).rule == "[another's message]"


def test_owners_of_a_rule_are_the_only_ones_whose_messages_it_shares() -> None:
    by = policy(rule('share = ["alert report"]\nowners = ["joint"]', recipients='["*"]'))
    assert goes(decide(message(BODIES["alert report"], originator=JOINT), WEST, by, MADE_NS))
    assert not goes(decide(message(BODIES["alert report"], originator=EAST), WEST, by, MADE_NS))


def test_a_decision_says_nothing_of_what_it_withholds_but_kind_and_number() -> None:
    decision = decided(launch_report(), policy(""))
    text = msgspec.json.encode(decision).decode()
    for secret in ("35.23", "53.92", "medium", "310"):
        assert secret not in text


def test_the_same_question_has_the_same_answer() -> None:
    by = policy(rule('share = ["track report"]\nposition_step_km = 1.0'))
    assert decided(track_report(), by) == decided(track_report(), by)


@pytest.mark.parametrize("kind", RULED_KINDS)
def test_explaining_agrees_with_deciding(kind: str) -> None:
    by = policy(
        rule('share = ["track report"]\nsensors = ["radar"]', name="radar")
        + rule('share = ["launch report", "track report"]\ndelay_s = 9.0', name="later")
        + rule('withhold = ["track report"]\nsensors = ["dish"]', name="no dish")
        + rule('share = ["launch report"]\npurposes = ["exercise"]', name="exercise")
        + rule('share = ["question"]', name="west", recipients='["west"]')
    )
    for nation in NATIONS:
        decision = decided(BODIES[kind], by, to=nation)
        said = dict(explain(message(BODIES[kind]), nation, by, MADE_NS))
        assert list(said) == [each.name for each in by.rules]
        sharing = [name for name, words in said.items() if words == "shares"]
        withholding = [name for name, words in said.items() if words == "withholds"]
        if nation == EAST:
            continue
        if withholding:
            assert decision.rule == withholding[0]
        elif sharing:
            assert decision.rule == "; ".join(sharing)
        else:
            assert decision.rule == "[default]"


def test_explaining_names_the_condition_that_fails() -> None:
    by = policy(
        rule('share = ["track report"]\nsensors = ["radar"]', name="sensors")
        + rule('share = ["launch report"]', name="kind")
        + rule('share = ["track report"]', name="recipient", recipients='["west"]')
        + rule('share = ["track report"]\nowners = ["west"]', name="owner")
        + rule('share = ["track report"]\npurposes = ["test"]', name="mark")
        + rule('share = ["track report"]\nuntil_utc = 2009-05-20T06:24:00Z', name="until")
        + rule('share = ["track report"]\nfrom_utc = 2009-05-20T06:24:01Z', name="from")
        + rule(f'share = ["track report"]\n{REGION}', name="place")
    )
    away = msgspec.structs.replace(track_report(), position_ecef_m=(7_000_000, 0, 0))
    assert dict(explain(message(away), JOINT, by, MADE_NS)) == {
        "sensors": "not about these sensors",
        "kind": "not about a track report",
        "recipient": "not about joint as recipient",
        "owner": "not about messages of east",
        "mark": "not about what is marked actual",
        "until": "no longer in force since 2009-05-20T06:24:00Z",
        "from": "not in force before 2009-05-20T06:24:01Z",
        "place": "not about this place",
    }
