"""Rules that share and let nothing out: told by a look at the rules, and by asking everything."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.errors import ScenarioError
from commonwatch.identity import NationId
from commonwatch.scenario import catalogue
from commonwatch.sharing import overruled as module
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.overruled import names_of, overruled
from commonwatch.sharing.policy import Policy, Rule, Verdict, decide, read_policy
from commonwatch.sharing.rule import FORMAT, Box
from commonwatch.sharing.subject import Place, Subject
from tests.sharing.build import (
    DISH,
    EAST,
    JOINT,
    MADE_NS,
    RADAR,
    SECOND_NS,
    SENSORS,
    WEST,
    detection_report,
    message,
    policy,
    rule,
)

T = TypeVar("T")
KIND = "detection report"
THREE = (EAST, WEST, JOINT)
MADE = datetime.fromtimestamp(MADE_NS // SECOND_NS, tz=UTC)
LATITUDES = (-5.0, 5.0, 10.0, 15.0)
LONGITUDES = (*LATITUDES, 175.0)
"""Between the edges of the boxes below, on one that is also a box of no width, and beyond."""
PLACES: tuple[tuple[Place, ...], ...] = (
    (),
    *((place,) for place in itertools.product(LATITUDES, LONGITUDES)),
    ((5.0, 5.0), (15.0, 15.0)),
)
SENSOR_SETS = ((), (RADAR,), (DISH,), (RADAR, DISH))
INSTANTS = tuple(MADE_NS + 10 * step * SECOND_NS for step in (-1, 0, 1))


def released(asked: Policy) -> set[str]:
    """Ask about a message of every label, and name the rules by which any of them went."""
    by: set[str] = set()
    for owner, recipient in itertools.permutations(THREE, 2):
        for sensors, purpose, now_ns in itertools.product(SENSOR_SETS, Purpose, INSTANTS):
            said = message(
                detection_report(sensors), originator=owner, purpose=purpose, made_ns=INSTANTS[0]
            )
            for places in PLACES:
                answer = decide(
                    said, recipient, asked, now_ns, known=Subject(places=places or None)
                )
                if answer.verdict in {Verdict.SHARE, Verdict.SHARE_COARSER}:
                    by |= set(answer.rule.split("; "))
    return by


def held(*rules: Rule, owner: str = "*", territory: tuple[Box, ...] = ()) -> Policy:
    return Policy(
        format=FORMAT,
        owner=NationId(owner),
        rules=rules,
        territory=territory,
        nations=THREE,
        joint=JOINT,
    )


def called_idle(asked: Policy) -> set[str]:
    names = names_of(
        asked.rules, owner=asked.owner, joint=JOINT, nations=asked.nations, sensors=SENSORS
    )
    faults = overruled(tuple(enumerate(asked.rules)), names, withheld_territory=asked.territory)
    return {asked.rules[int(fault.keys[1])].name for fault in faults}


def some(things: Sequence[T], least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    few = st.lists(st.sampled_from(things), min_size=least, max_size=3, unique=True)
    return few.map(tuple)


SPANS = st.sampled_from([(0.0, 10.0), (0.0, 20.0), (10.0, 20.0), (10.0, 10.0), (-90.0, 90.0)])
BOXES = st.builds(
    lambda latitude, longitude: Box(
        latitude_min_deg=latitude[0],
        latitude_max_deg=latitude[1],
        longitude_min_deg=longitude[0],
        longitude_max_deg=longitude[1],
    ),
    SPANS,
    SPANS | st.sampled_from([(20.0, 0.0), (-180.0, 180.0), (10.0, -180.0)]),
)
NAMED = some((EAST, WEST, NationId("joint"), NationId("*")), 1)
MOMENTS = st.sampled_from([None, MADE, MADE + timedelta(seconds=10)])


@st.composite
def a_rule(draw: st.DrawFn, name: str) -> Rule:
    """Draw a rule; many conditions are left out, or rules would seldom have to do with others."""

    def seldom(strategy: st.SearchStrategy[tuple[T, ...]]) -> tuple[T, ...]:
        return draw(strategy) if draw(st.integers(0, 2)) == 0 else ()

    shares = name.startswith("yes")
    from_utc, until_utc = draw(MOMENTS), draw(MOMENTS)
    if from_utc and until_utc and until_utc <= from_utc:
        until_utc = None
    return Rule(
        name=name,
        recipients=draw(NAMED),
        owners=draw(st.one_of(NAMED, st.just((NationId("*"),)))),
        sensors=seldom(some(SENSORS)),
        regions=seldom(st.lists(BOXES, max_size=2).map(tuple)),
        purposes=seldom(some(tuple(Purpose))),
        from_utc=from_utc,
        until_utc=until_utc,
        share=(KIND,) if shares else (),
        withhold=() if shares else (KIND,),
    )


@settings(max_examples=100, deadline=None)
@given(
    a_rule("yes"),
    st.integers(0, 3).flatmap(lambda count: st.tuples(*(a_rule(f"no {k}") for k in range(count)))),
    st.sampled_from(["*", EAST]),
    st.just(()) | st.lists(BOXES, max_size=1).map(tuple),
)
def test_a_rule_is_called_idle_if_and_only_if_no_message_of_any_label_goes_by_it(
    yes: Rule, no: tuple[Rule, ...], owner: str, territory: tuple[Box, ...]
) -> None:
    asked = held(yes, *no, owner=owner, territory=territory)
    speaks = "yes" in released(held(yes, owner=owner))
    assert called_idle(asked) == ({"yes"} if speaks and "yes" not in released(asked) else set())


def only_mistake(text: str) -> str:
    with pytest.raises(ScenarioError) as refused:
        policy(text)
    (mistake,) = refused.value.mistakes
    return str(mistake)


def test_a_rule_that_a_wider_one_overrules_is_refused_with_both_names() -> None:
    said = only_mistake(
        rule('share = ["track report"]\nsensors = ["radar"]', name="tracks of the radar")
        + rule('withhold = ["track report", "question"]', name="no tracks", recipients='["*"]')
    )
    assert said == (
        'rules[0] "tracks of the radar": nothing leaves by this rule: wherever it shares track '
        'report, rule "no tracks" withholds track report.\n'
        "  Allowed: rules that let something out; of several that fit, one that withholds wins.\n"
        "  Leave one out, or say in which case it holds."
    )


def test_rules_that_overrule_one_only_together_are_all_named_and_others_not() -> None:
    said = only_mistake(
        rule('share = ["question", "answer"]', name="yes", recipients='["west", "joint"]')
        + rule('withhold = ["question"]', name="west", recipients='["west"]')
        + rule('withhold = ["question"]', name="south", recipients='["south"]')
        + rule('withhold = ["question"]', name="joint")
    )
    assert 'shares question, rule "west" and rule "joint" withhold question' in said


def test_one_rule_that_suffices_is_named_alone() -> None:
    said = only_mistake(
        rule('withhold = ["question"]', name="west", recipients='["west"]')
        + rule('withhold = ["question"]', name="all", recipients='["*"]')
        + rule('share = ["question"]', name="yes", recipients='["west", "joint"]')
    )
    assert 'rules[2] "yes": nothing leaves by this rule' in said
    assert 'rule "all" withholds question' in said
    assert '"west"' not in said


def test_a_rule_for_the_own_territory_alone_says_that_own_launches_are_withheld() -> None:
    box = (
        "{ latitude_min_deg = 1, latitude_max_deg = 2, longitude_min_deg = 3, "
        "longitude_max_deg = %d }"
    )
    text = f"territory = [{box % 5}]\n" + rule(
        f'share = ["launch report"]\nregions = [{box % 4}]', name="home"
    )
    said = only_mistake(text)
    assert 'own_launches = "withhold" withholds launch report' in said
    assert 'or set own_launches = "share"' in said
    policy('own_launches = "share"\n' + text)
    policy(text.replace(box % 4, box % 6))


def test_nations_and_sensors_that_are_not_known_are_not_taken_to_be_none() -> None:
    text = "format = 1\n" + rule('share = ["track report"]', name="yes", recipients='["*"]')
    for each in (
        rule('withhold = ["track report"]', name="no", recipients='["west", "joint"]'),
        rule('withhold = ["track report"]\nsensors = ["radar"]', name="no", recipients='["*"]'),
    ):
        read_policy(text + each, name="x", nations=None, sensors=None)
        with pytest.raises(ScenarioError, match="nothing leaves by this rule"):
            read_policy(text + each, name="x", nations=(WEST, JOINT), sensors=(RADAR,))


def test_no_bundled_policy_has_a_rule_that_lets_nothing_out() -> None:
    for name in catalogue.policy_names():
        text = catalogue.policy_path(name).read_text("utf-8")
        for nations in (None, THREE):
            read_policy(text, name=name, nations=nations, sensors=None)


def test_a_rule_that_takes_more_cuts_than_the_limit_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = ", ".join(
        f"{{ latitude_min_deg = {south}, latitude_max_deg = {south + 1}, "
        f"longitude_min_deg = {south}, longitude_max_deg = {south + 1} }}"
        for south in range(0, 40, 2)
    )
    text = rule('share = ["track report"]', name="yes")
    text += rule(f'withhold = ["track report"]\nregions = [{boxes}]', name="some")
    policy(text)
    text += rule('withhold = ["track report"]\npurposes = ["test"]', name="tests")
    text += rule('withhold = ["track report"]\npurposes = ["actual", "exercise"]', name="others")
    said = only_mistake(text)
    assert 'rule "some", rule "tests" and rule "others" withhold track report' in said
    monkeypatch.setattr(module, "_STEPS_MAX", 30)
    policy(text)
