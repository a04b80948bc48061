"""Questions and answers between people: by policy, as evidence, and never as a confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from commonwatch.centre import questions as questions_module
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Ask, Effect, Show
from commonwatch.centre.events import PersonDecided
from commonwatch.centre.questions import Questions, about
from commonwatch.centre.remarks import WORDS_MAX, Remark, Remarks
from commonwatch.identity import NationId
from commonwatch.sharing.messages import AlertReport, Answer, Question
from tests.centre.test_core import (
    EAST,
    EVERYTHING,
    JOINT,
    WEST,
    arrived,
    bodies,
    centre_of,
    configuration,
    said,
)
from tests.centre.test_statements import alert
from tests.sharing.build import MADE_NS, SECOND_NS, launch_report

TALK = (
    EVERYTHING
    + """
[[rules]]
name = "talk"
share = ["question", "answer"]
recipients = ["east"]
"""
)
UNTIL = TALK + "until_utc = 2009-05-20T06:24:15Z\n"
ASKED = PersonDecided(decision="ask", number=0, nation=EAST, reason="what is it?")


def alerted(text: str = TALK) -> Centre:
    """A joint centre with alert 0, from a report of west, of which all have been told."""
    joint = centre_of(JOINT, text)
    joint.step([arrived(WEST, launch_report())], MADE_NS)
    return joint


def now(seconds: int) -> int:
    return MADE_NS + seconds * SECOND_NS


def of_kind(effects: Sequence[Effect], kind: type, to: NationId) -> list[object]:
    return [body for body in bodies(effects, JOINT, to=to) if isinstance(body, kind)]


def shown(effects: Sequence[Effect]) -> list[tuple[str, str]]:
    return [(e.alert.status, e.alert.evidence) for e in effects if isinstance(e, Show)]


def notes(centre: Centre) -> list[str]:
    return [e.content["words"] for e in centre.ledger.entries if e.kind == "answer"]


def asked(joint: Centre) -> int:
    """Ask, and return the number of the question."""
    (question,) = [
        m for m in said(joint.step([ASKED], now(1)), JOINT) if isinstance(m.body, Question)
    ]
    return question.number


def test_a_question_goes_to_the_one_who_is_asked_and_says_which_event_is_meant() -> None:
    effects = alerted().step([ASKED], now(1))
    (question,) = of_kind(effects, Question, EAST)
    assert question == Question(
        about="a launch at 2009-05-20T06:23Z near latitude 35, longitude 54", text="what is it?"
    )
    assert of_kind(effects, Question, WEST) == []


def test_a_question_goes_to_nobody_whom_policy_does_not_let_be_asked() -> None:
    effects = alerted().step([replace(ASKED, nation=WEST)], now(1))
    assert of_kind(effects, Question, WEST) == of_kind(effects, Question, EAST) == []


def test_a_right_to_ask_that_is_withdrawn_stops_what_is_said_again() -> None:
    counts = []
    for text in (TALK, UNTIL):
        joint = alerted(text)
        effects = [e for s in range(1, 60, 5) for e in joint.step([ASKED] * (s == 1), now(s))]
        counts.append(len(of_kind(effects, Question, EAST)))
    assert counts[0] > counts[1] == 1


def test_the_answer_is_evidence_on_the_alert_and_no_step_in_its_life() -> None:
    joint = alerted()
    number = asked(joint)
    effects = joint.step([arrived(EAST, Answer(question=number, text="a rocket"))], now(5))
    ((status, evidence),) = shown(effects)
    assert status == "unconfirmed"
    assert evidence.endswith("east answers: a rocket")
    assert of_kind(effects, AlertReport, EAST) == of_kind(effects, AlertReport, WEST) == []


def test_an_answer_stays_on_the_alert_and_never_leaves_with_it() -> None:
    joint = alerted()
    number = asked(joint)
    joint.step([arrived(EAST, Answer(question=number, text="a secret"))], now(5))
    effects = joint.step([arrived(EAST, launch_report(), number=1)], now(9))
    assert shown(effects)[-1][0] == "confirmed"
    assert "a secret" in shown(effects)[-1][1]
    reports = of_kind(effects, AlertReport, WEST)
    assert reports
    assert "a secret" not in repr(reports)


@pytest.mark.parametrize("sender", [WEST, EAST])
def test_an_answer_of_one_who_was_not_asked_or_to_no_question_is_noted_and_no_evidence(
    sender: NationId,
) -> None:
    joint = alerted()
    number = asked(joint) if sender == WEST else 99
    effects = joint.step([arrived(sender, Answer(question=number, text="x"), number=7)], now(5))
    assert shown(effects) == []
    assert notes(joint) == [f"{sender} answers what it was not asked"]


def test_a_question_is_answered_once() -> None:
    joint = alerted()
    number = asked(joint)
    answer = Answer(question=number, text="x")
    first = joint.step([arrived(EAST, answer, number=1)], now(5))
    second = joint.step([arrived(EAST, answer, number=2)], now(6))
    assert [len(shown(effects)) for effects in (first, second)] == [1, 0]


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (replace(ASKED, number=5), "no alert 5 that stands"),
        (replace(ASKED, nation=None), "no partner None to ask"),
        (replace(ASKED, nation=NationId("nobody")), "no partner nobody to ask"),
        (
            PersonDecided(decision="answer", number=3, nation=EAST),
            "no question 3 of east waits for an answer",
        ),
    ],
)
def test_what_cannot_be_asked_or_answered_is_said_in_a_sentence(
    decision: PersonDecided, words: str
) -> None:
    joint = alerted()
    joint.step([decision], now(1))
    assert notes(joint) == [words]


def test_asking_about_an_alert_leaves_it_as_it_is() -> None:
    assert shown(alerted().step([ASKED], now(1))) == []


def test_what_rests_on_the_news_of_others_is_not_asked_about_where_it_was_not_told() -> None:
    untold = TALK.replace('"alert report", ', "")
    joint = alerted(untold)
    effects = joint.step([ASKED], now(1))
    assert of_kind(effects, Question, EAST) == []
    assert "rests on others' news" in notes(joint)[0]


def test_a_launch_from_the_own_territory_is_not_asked_about() -> None:
    text = (
        TALK.replace('own_launches = "share"\n', "")
        + "[[territory]]\nlatitude_min_deg = 30.0\nlatitude_max_deg = 40.0\n"
        + "longitude_min_deg = 50.0\nlongitude_max_deg = 60.0\n"
    )
    here, there = Questions(configuration(EAST, text)), Questions(configuration(EAST, TALK))
    own = alert(launch_area=launch_report().launch_area)
    decision = replace(ASKED, nation=WEST)
    for event in (own, replace(own, launch_area=None)):
        assert isinstance(here.ask(decision, event, is_told=False), str)
        assert isinstance(there.ask(decision, event, is_told=False), Question)
    elsewhere = alert(launch_area=launch_report(0.0, 0.0).launch_area)
    assert isinstance(here.ask(decision, elsewhere, is_told=False), Question)


def test_a_question_comes_before_a_person_who_knows_what_the_asker_was_told() -> None:
    joint = alerted()
    (effect,) = [
        each
        for each in joint.step(
            [arrived(EAST, Question(about="a launch", text="seen?"), number=4)], now(1)
        )
        if isinstance(each, Ask)
    ]
    assert effect == Ask(nation=EAST, number=4, about="a launch", text="seen?", told=(0,))
    answered = PersonDecided(decision="answer", number=4, nation=EAST, reason="yes")
    effects = joint.step([answered], now(2))
    assert of_kind(effects, Answer, EAST) == [Answer(question=4, text="yes")]
    joint.step([answered], now(3))
    assert notes(joint) == ["no question 4 of east waits for an answer"]


def test_an_answer_goes_to_nobody_whom_policy_does_not_let_be_answered() -> None:
    joint = alerted()
    joint.step([arrived(WEST, Question(about="", text="seen?"), number=4)], now(1))
    effects = joint.step(
        [PersonDecided(decision="answer", number=4, nation=WEST, reason="yes")], now(2)
    )
    assert of_kind(effects, Answer, WEST) == []


def test_a_question_and_its_answer_go_on_through_a_restart() -> None:
    joint = alerted()
    number = asked(joint)
    again = centre_of(JOINT, TALK)
    again.restore(joint.snapshot(), joint.ledger)
    effects = again.step([arrived(EAST, Answer(question=number, text="a rocket"))], now(5))
    assert shown(effects)[0][1].endswith("east answers: a rocket")


def test_no_more_questions_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions_module, "OPEN_MAX", 2)
    monkeypatch.setattr(questions_module, "ASKED_MAX", 2)
    talk = Questions(configuration(EAST, TALK))
    assert [talk.hear_question(WEST, number) for number in range(3)] == [True, True, False]
    assert talk.hear_question(JOINT, 0)
    decision = replace(ASKED, nation=WEST)
    for number in range(2):
        assert isinstance(talk.ask(decision, alert(), is_told=False), Question)
        talk.asked(number, WEST, 3)
    assert talk.ask(decision, alert(), is_told=False) == "2 questions wait for an answer"


def test_an_event_is_named_by_its_minute_and_degree_or_not_at_all() -> None:
    assert about(alert(launch_area=None)) == "an event that is not clear"
    assert about(alert(launch_time_ns=None)) == "an event that is not clear"


def test_remarks_add_up_and_stay_within_their_limit() -> None:
    remarks = Remarks()
    remarks.on(alert())
    for words in ("one", "two"):
        event = remarks.add(Remark(alert=3, words=words), MADE_NS)
    assert event is not None
    assert event.evidence == "two looks; one; two"
    assert (event.reason, event.transition, event.known_ns) == ("two", "updated", MADE_NS)
    remarks.add(Remark(alert=3, words="x" * 5_000), MADE_NS)
    assert len(remarks.on(alert()).evidence) <= len("two looks; ") + WORDS_MAX


def test_nothing_is_remarked_on_an_alert_that_is_no_more() -> None:
    remarks = Remarks()
    remarks.on(alert(status="cancelled", transition="cancelled"))
    assert remarks.add(Remark(alert=3, words="x"), MADE_NS) is None
    assert remarks.add(Remark(alert=4, words="x"), MADE_NS) is None
