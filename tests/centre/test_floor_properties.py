from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.centre.launch_reports import Body
from commonwatch.centre.statements import Statements
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Area, Cancellation, Correction, LaunchReport
from commonwatch.sharing.messages import Body as AnyBody
from commonwatch.warning.notice import Notice
from commonwatch.warning.statement import Statement
from tests.centre.build_floor import (
    JOINT,
    SECOND_NS,
    A,
    B,
    C,
    Stage,
    alert_report,
    radar,
    report,
    statement,
)
from tests.warning.build import START_NS

Word = tuple[NationId, Body]

places = st.floats(35.0, 37.0).map(lambda x: round(x, 2))
reports = st.builds(
    report,
    st.integers(0, 5),
    time_s=st.integers(-30, 30).map(float),
    latitude_deg=places,
    azimuth_deg=st.sampled_from([None, 295.0, 300.0, 305.0, 320.0]),
    long_half_axis_m=st.sampled_from([20_000, 60_000, 200_000]),
)


def words_of(*nations: NationId) -> st.SearchStrategy[list[Word]]:
    """First words of nations, one on an event."""
    return st.lists(
        st.tuples(st.sampled_from(nations), reports),
        max_size=9,
        unique_by=lambda word: (word[0], word[1].event),
    )


def tracks(*nations: NationId) -> st.SearchStrategy[list[Statement]]:
    """Tracks, each with one radar of some nation, of different launches."""
    one = st.builds(
        lambda number, nation, launch: statement([radar(nation)], track=number, launch=launch),
        st.integers(1, 3),
        st.sampled_from(nations),
        st.builds(report, time_s=st.integers(-30, 30).map(float), latitude_deg=places),
    )
    return st.lists(one, max_size=3, unique_by=lambda said: said.track)


def held(stage: Stage, *, without: NationId | None = None) -> dict[object, str]:
    """Each alert by its track and the launch reports that it rests on, and its status."""
    return {
        (each.track, *(key for key in each.reports if key[0] != without)): str(each.status)
        for each in stage.floor._board.alerts.values()
        if each.stands
    }


def confirmed(stage: Stage) -> set[object]:
    """What the confirmed alerts rest on."""
    return {what for what, status in held(stage).items() if status == "confirmed"}


def told(words: Sequence[Word], said: Sequence[Statement], sizes: Sequence[int]) -> Stage:
    """A joint centre that sees tracks and then hears words, so many a tick."""
    stage, rest = Stage(JOINT), list(words)
    stage.step(said=said)
    for size in (*sizes, len(rest)):
        stage.step(reports=rest[:size])
        rest = rest[size:]
    return stage


@settings(max_examples=300, deadline=None)
@given(words_of(A, B, C), tracks(A, B, C), st.data())
def test_the_order_of_launch_reports_never_changes_what_is_confirmed(
    words: list[Word], said: list[Statement], drawn: st.DataObject
) -> None:
    sizes = st.lists(st.integers(0, 3), max_size=9)
    one = told(words, said, drawn.draw(sizes))
    other = told(drawn.draw(st.permutations(words)), said, drawn.draw(sizes))
    assert confirmed(one) == confirmed(other)


@settings(max_examples=100, deadline=None)
@given(words_of(B), tracks(B), st.permutations([0, 1, 2, 3]))
def test_one_nations_word_never_confirms_alone(
    words: list[Word], said: list[Statement], order: list[int]
) -> None:
    stage = Stage(JOINT)
    for turn in order:
        corrected: list[Word] = [
            (sender, Correction(event=body.event, corrected=body, reason="again"))
            for sender, body in words
            if isinstance(body, LaunchReport)
        ]
        stage.step(said=said if turn % 2 else (), reports=corrected if turn > 1 else words)
    assert {event.status for event in stage.shown} <= {"unconfirmed", "cancelled"}


@settings(max_examples=100, deadline=None)
@given(tracks(A), st.lists(st.sets(st.sampled_from([B, C])), max_size=4))
def test_a_joint_alert_with_ones_own_news_never_confirms_ones_own_alert(
    said: list[Statement], others: list[set[NationId]]
) -> None:
    stage = Stage(A)
    for event, nations in enumerate(others):
        word = alert_report(sorted({A, *nations}), event=event, status="confirmed")
        stage.step(said=said, reports=[(JOINT, word)])
    own = [event.status for event in stage.shown if event.origin == "own"]
    assert set(own) <= {"unconfirmed"}


@settings(max_examples=200, deadline=None)
@given(words_of(A, B, C), tracks(A, C), st.data())
def test_with_a_liar_excluded_all_is_as_if_it_had_said_nothing(
    words: list[Word], said: list[Statement], drawn: st.DataObject
) -> None:
    mixed: list[Word] = [*words]
    for sender, body in words:
        if sender == B and drawn.draw(st.booleans()):
            mixed.append((B, Cancellation(event=body.event, reason="nothing flew")))
    with_liar, without = Stage(JOINT), Stage(JOINT)
    for start in range(0, len(mixed) + 1, 3):
        part = mixed[start : start + 3]
        with_liar.step(said=said, reports=part, named=frozenset({B}))
        without.step(said=said, reports=[word for word in part if word[0] != B])
    assert held(with_liar) == held(without)
    assert [event.status for event in with_liar.shown] == [e.status for e in without.shown]


@settings(max_examples=200, deadline=None)
@given(words_of(A, B, C), tracks(A, C), st.integers(0, 9))
def test_who_is_found_out_later_takes_no_alert_of_others_away(
    words: list[Word], said: list[Statement], found_at: int
) -> None:
    stage, without = Stage(JOINT), Stage(JOINT)
    for turn in range(len(words) + 2):
        excluded = frozenset({B}) if turn >= found_at or turn > len(words) else frozenset()
        part = words[turn : turn + 1]
        stage.step(said=said, reports=part, named=excluded)
        without.step(said=said, reports=[word for word in part if word[0] != B])
    before, after = held(without), held(stage, without=B)
    assert set(before) == set(after)
    assert {what for what, s in before.items() if s == "confirmed"} <= {
        what for what, s in after.items() if s == "confirmed"
    }


WHOLE = 2**53
AXES = st.sampled_from([0, 1, 20_000, 60_000, WHOLE])
AREAS = st.builds(
    Area,
    latitude_deg=st.sampled_from([-90.0, 35.0, 90.0]),
    longitude_deg=st.sampled_from([-180.0, 53.0, 180.0]),
    long_half_axis_m=AXES,
    short_half_axis_m=AXES,
    orientation_deg=st.sampled_from([0.0, 120.0, 360.0]),
)
STDS = st.sampled_from([0.0, 8.0, 1e9])
INSTANTS = st.sampled_from([0, START_NS, START_NS + 700 * SECOND_NS, 2**63 - 1])
ODD = st.builds(
    LaunchReport,
    event=st.integers(0, 3),
    launch_time_ns=INSTANTS,
    launch_time_std_s=STDS,
    range_class=st.sampled_from(["", "MRBM", "M" * 1_000]),
    launch_area=AREAS,
    azimuth_deg=st.sampled_from([None, 0.0, 300.0, 360.0]),
    azimuth_std_deg=st.sampled_from([None, -1e300, 3.0, 1e300]),
    impact_area=st.none() | AREAS,
    impact_time_ns=st.none() | INSTANTS,
    impact_time_std_s=st.none() | STDS,
)
NOTICE = Notice(
    name="any",
    nation="a",
    kind="space launch",
    window_start_ns=0,
    window_end_ns=2**62,
    latitude_rad=0.6,
    longitude_rad=0.9,
    radius_m=1e5,
    azimuth_min_rad=0.0,
    azimuth_max_rad=1.0,
    delivered_ns=0,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((A, B, C)), ODD), max_size=8), tracks(A, B))
def test_whatever_a_report_states_the_floor_goes_on_and_says_what_can_be_read(
    words: list[tuple[NationId, LaunchReport]], said: list[Statement]
) -> None:
    """All that the form of a message allows: zero, the greatest, and what contradicts itself."""
    stage, statements = Stage(JOINT), Statements(is_joint=True)
    stage.step(notices=[NOTICE], said=said)
    for sender, body in words:
        assert msgspec.json.decode(msgspec.json.encode(body), type=LaunchReport) == body
        for answer in statements.on_alerts(stage.step(reports=[(sender, body)])):
            written = msgspec.json.encode(answer)
            assert msgspec.json.decode(written, type=AnyBody) == answer
