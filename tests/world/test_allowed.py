"""What a policy let go is judged like the policy's own engine, and any over-release is found."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.sharing.messages import AlertReport, Body, Correction, Message, kind_of
from commonwatch.sharing.policy import Policy, decide
from commonwatch.sharing.subject import SENSED_KINDS
from commonwatch.world.allowed import why_not
from commonwatch.world.beside import Beside, Spot
from tests.sharing.build import (
    BODIES,
    EAST,
    JOINT,
    MADE_NS,
    SECOND_NS,
    WEST,
    alert_report,
    launch_report,
    message,
    policy,
    rule,
)
from tests.sharing.test_cedar import CASES, Case, asked, is_possible, policies


def judged(said: Message, case: Case, chosen: Policy) -> str:
    """Say why a message must not have gone, with all that its sender knew beside it."""
    _, known, _ = asked(case)
    beside = Beside(
        places=tuple(Spot(*place) for place in known.places or ()),
        sensors=frozenset(str(name) for name in known.sensors or ()),
    )
    return why_not(said, case[2], chosen, now_ns=case[6], before=(), beside=beside)


def cases_of(cases: list[Case]) -> Iterator[Case]:
    # A cancellation is judged by the ledger; what has no known place or sensor, in part only.
    for case in cases:
        if is_possible(case) and case[0] != "cancellation":
            yield case


@settings(max_examples=60, deadline=None)
@given(policies(), st.lists(CASES, min_size=40, max_size=80))
def test_what_any_policy_lets_go_is_allowed_and_what_it_withholds_is_not(
    chosen: Policy, cases: list[Case]
) -> None:
    for case in cases_of(cases):
        kind, _, recipient, sensors, place, _, now_ns = case
        said, known, _ = asked(case)
        decision = decide(said, recipient, chosen, now_ns, known=known)
        if decision.message is not None:
            assert judged(decision.message, case, chosen) == "", (case, decision)
        is_known = (sensors or kind not in SENSED_KINDS) and (
            place is not None or kind != "detection report"
        )
        if decision.message != said and is_known:
            assert judged(said, case, chosen), (case, decision)


LEFT_OUT = st.lists(st.sampled_from(["impact area", "azimuth", "evidence"]), unique=True)
LAUNCHED = st.sampled_from(
    [launch_report(), alert_report(), Correction(event=7, corrected=launch_report(), reason="x")]
)
STEPS_KM = st.sampled_from([0.0, 0.5, 7.0, 50.0, 900.0, 5000.0])
STEPS_S = st.sampled_from([0.0, 7.0, 60.0, 3_600.0])


@settings(max_examples=200, deadline=None)
@given(
    LAUNCHED,
    st.lists(st.tuples(STEPS_KM, STEPS_S, LEFT_OUT), min_size=1, max_size=3),
    st.floats(-90.0, 90.0),
    st.floats(-180.0, 180.0),
)
def test_launches_made_coarser_are_allowed_and_the_same_as_they_were_are_not(
    body: AlertReport | Correction,
    asked_for: list[tuple[float, float, list[str]]],
    latitude_deg: float,
    longitude_deg: float,
) -> None:
    said = message(moved(body, latitude_deg, longitude_deg))
    kind = kind_of(body.corrected if isinstance(body, Correction) else body)
    text = "".join(
        rule(
            f'share = ["{kind}"]\narea_step_km = {km}\ntime_step_s = {s}\n'
            f"fields_left_out = {[n for n in names if n != 'evidence' or kind == 'alert report']}",
            name=f"rule {k}",
        )
        for k, (km, s, names) in enumerate(asked_for)
    )
    chosen = policy(text)
    decision = decide(said, JOINT, chosen, MADE_NS)
    assert decision.message is not None
    assert why_not(decision.message, JOINT, chosen, now_ns=MADE_NS, before=()) == ""
    if decision.message != said:
        assert why_not(said, JOINT, chosen, now_ns=MADE_NS, before=())


def moved(body: Body, latitude_deg: float, longitude_deg: float) -> Body:
    launch = launch_report(latitude_deg, longitude_deg)
    match body:
        case AlertReport():
            return msgspec.structs.replace(body, launch=launch)
        case Correction():
            return msgspec.structs.replace(body, corrected=launch)
    return launch


@pytest.mark.parametrize(
    ("left_out", "kept", "found"),
    [
        ("evidence", "evidence", "the evidence that is left out"),
        ("impact area", "impact_area", "an impact that is left out"),
        ("impact area", "impact_time_ns", "an impact that is left out"),
        ("azimuth", "azimuth_deg", "an azimuth that is left out"),
    ],
)
def test_each_field_that_is_left_out_and_goes_all_the_same_is_found(
    left_out: str, kept: str, found: str
) -> None:
    chosen = policy(rule(f'share = ["alert report"]\nfields_left_out = ["{left_out}"]'))
    whole = alert_report()
    said = decide(message(whole), JOINT, chosen, MADE_NS).message
    assert said is not None
    assert isinstance(said.body, AlertReport)
    if kept == "evidence":
        body = msgspec.structs.replace(said.body, evidence=whole.evidence)
    else:
        again = {kept: getattr(whole.launch, kept)}
        launch = msgspec.structs.replace(said.body.launch, **again)
        body = msgspec.structs.replace(said.body, launch=launch)
    assert why_not(message(body), JOINT, chosen, now_ns=MADE_NS, before=()) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"latitude_deg": 35.23}, "an area more exact than 50000 m"),
        ({"longitude_deg": 53.92}, "an area more exact than 50000 m"),
        ({"long_half_axis_m": 60_000}, "an area more exact than 50000 m"),
    ],
)
@pytest.mark.parametrize("field", ["launch_area", "impact_area"])
def test_an_area_that_is_off_the_grid_is_found(
    field: str, change: dict[str, float], found: str
) -> None:
    chosen = policy(rule('share = ["launch report"]\narea_step_km = 50.0'))
    said = decide(message(launch_report()), JOINT, chosen, MADE_NS).message
    assert said is not None
    area = msgspec.structs.replace(getattr(said.body, field), **change)
    body = msgspec.structs.replace(said.body, **{field: area})
    assert why_not(message(body), JOINT, chosen, now_ns=MADE_NS, before=()) == found


def test_a_time_of_impact_that_is_not_rounded_is_found() -> None:
    chosen = policy(rule('share = ["launch report"]\ntime_step_s = 60.0'))
    said = decide(message(launch_report()), JOINT, chosen, MADE_NS).message
    assert said is not None
    body = msgspec.structs.replace(said.body, impact_time_ns=MADE_NS + 701 * SECOND_NS)
    found = why_not(message(body), JOINT, chosen, now_ns=MADE_NS, before=())
    assert found == "a time more exact than 60000000000 ns"


def test_what_another_originated_is_not_let_out_under_ones_own_policy() -> None:
    chosen = policy(rule('share = ["launch report"]'), owner=EAST)
    said = message(launch_report(), originator=WEST)
    found = why_not(said, JOINT, chosen, now_ns=MADE_NS, before=())
    assert found == "a message of west under the policy of east"


@pytest.mark.parametrize("kind", ["launch report", "detection report"])
def test_a_box_around_the_whole_earth_holds_every_place(kind: str) -> None:
    everywhere = (
        "[{latitude_min_deg = -90, latitude_max_deg = 90, "
        "longitude_min_deg = -180, longitude_max_deg = 180}]"
    )
    both = [
        policy(rule(f'share = ["{kind}"]')),
        policy(rule(f'withhold = ["{kind}"]\nregions = {everywhere}', name="two")),
    ]
    # A file that says this is refused: nothing leaves by it.
    chosen = msgspec.structs.replace(both[0], rules=both[0].rules + both[1].rules)
    said = message(BODIES[kind])
    beside = Beside(places=(Spot(12.0, 34.0, 0.1, 0.1),)) if kind != "launch report" else Beside()
    found = why_not(said, JOINT, chosen, now_ns=MADE_NS, before=(), beside=beside)
    assert found == 'rule "two" withholds it'
