from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.centre.launch_reports import Body
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Cancellation, Correction, LaunchReport
from commonwatch.warning.statement import Statement
from tests.centre.build_floor import JOINT, A, B, C, Stage, alert_report, radar, report, statement

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
