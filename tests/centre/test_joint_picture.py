"""A joint centre's picture: looks counted once, motors by what most say, nobody judged by power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.centre.joint_picture import JointPicture, JointStep, _says_something_near
from commonwatch.centre.own import Motor, OwnNews
from commonwatch.centre.picture import reports_of, track_reports
from commonwatch.fusion.combination import no_news
from commonwatch.fusion.contributor import Finding
from commonwatch.fusion.pedigree import Span, pedigree_of
from commonwatch.fusion.report import Reports
from commonwatch.fusion.system_tracks import REFUSED_PLACE
from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.tracking.disposition import Dispositions
from commonwatch.tracking.estimate import empty_estimates, predict
from commonwatch.warning.rounds import Supported
from commonwatch.warning.source import Looks, Support
from tests.centre.build_floor import JOINT, POLICY, never
from tests.fusion.build import Filter, covariance_of, flights
from tests.tracking.build import EPOCH_NS, SECOND_NS, radar_at
from tests.warning.build import POWERED

F64 = npt.NDArray[np.float64]

NAMES = ("a", "b", "c", "d")
ALL = tuple(NationId(name) for name in NAMES)
BURN: tuple[Motor, ...] = ("burns",) * 4
COAST: tuple[Motor, ...] = ("coasts",) * 4
STD_M = 100.0
PERIOD_S = 10
NOTHING = Dispositions(
    row=np.empty(0, dtype=np.int64),
    disposition=np.empty(0, dtype=np.int8),
    track=np.empty(0, dtype=np.int64),
)
NO_LOOKS = Looks(
    track=np.empty(0, dtype=np.int64),
    arrival_ns=np.empty(0, dtype=np.int64),
    sensor=np.empty(0, dtype=np.int64),
    sensors=(),
)


def picture_of(names: Sequence[str]) -> JointPicture:
    """The picture of a joint centre to which nations with a radar each report."""
    return JointPicture(
        CentreConfiguration(
            nation=JOINT,
            title=JOINT,
            sensors=(),
            partners=tuple(
                Partner(
                    nation=NationId(name),
                    title=name,
                    verify=never,
                    sensors=(radar_at(f"{name}-radar", 0.0, float(place), nation=name),),
                    reports_tracks=True,
                )
                for place, name in enumerate(names)
            ),
            policy=POLICY,
            warning=POWERED,
            is_joint=True,
        )
    )


def messages(reports: Reports, motor: Motor, number: int) -> list[Message]:
    """What a nation says of its tracks, with a look a second since it began."""
    count, sender = len(reports), reports.contributor[0]
    time_ns = reports.time_ns + EPOCH_NS
    pedigrees = tuple(
        pedigree_of(
            [
                Span(
                    originator=sender,
                    sensor=SensorId(f"{sender}-radar"),
                    after_ns=EPOCH_NS - SECOND_NS,
                    until_ns=each,
                    look_count=(each - EPOCH_NS) // SECOND_NS + 1,
                )
            ]
        )
        for each in time_ns.tolist()
    )
    news = OwnNews(
        now_ns=int(time_ns[0]),
        estimates=empty_estimates(),
        reports=replace(
            reports,
            time_ns=time_ns,
            since_ns=reports.since_ns + EPOCH_NS,
            news=no_news(count),
            pedigree=pedigrees,
        ),
        begun_ns=np.full(count, EPOCH_NS),
        motor=(motor,) * count,
        coasting=frozenset(),
        looks=NO_LOOKS,
        dispositions=NOTHING,
        biases=None,
    )
    return [
        Message(
            purpose=Purpose.ACTUAL,
            originator=sender,
            number=number + place,
            made_ns=news.now_ns,
            body=body,
        )
        for place, body in enumerate(track_reports(news))
    ]


LOW = np.array([[6.378e6 + 90e3, 0.0, 0.0, 1_000.0, 900.0, 1_200.0]])
"""Where a motor may well burn."""


def watched(names: Sequence[str], seconds: int, *, truth: F64 | None = None) -> list[list[Reports]]:
    """Reports of several filters on one object each period."""
    rng = np.random.default_rng(0)
    truth = flights(1) if truth is None else truth
    filters = [Filter.begun(name, truth, rng) for name in names]
    found = []
    for second in range(seconds + 1):
        if second:
            truth, _ = predict(truth, covariance_of(1.0, 1.0), 1.0)
        for each in filters:
            each.advance(float(second))
            each.measure(truth[:, :3] + rng.normal(size=(1, 3)) * STD_M, STD_M)
        if second % PERIOD_S == 0 and second:
            found.append([each.report() for each in filters])
    return found


def stepped(
    joint: JointPicture, periods: list[list[Reports]], motors: Sequence[Motor]
) -> list[JointStep]:
    steps = []
    for index, parts in enumerate(periods):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        said = [
            message
            for part, motor in zip(parts, motors, strict=True)
            for message in messages(part, motor, 10 * index)
        ]
        steps.append(joint.step(said, [], now_ns, steady=dict.fromkeys(ALL, now_ns)))
    return steps


def off(report: Reports, metres: float) -> Reports:
    shift = np.array([0.0, 0.0, metres, 0.0, 0.0, 0.0])
    return replace(report, state_vector=report.state_vector + shift)


def test_looks_move_along_when_two_numbers_become_one() -> None:
    periods = watched(NAMES, 80)
    periods[0] = [off(p, 30e3) if k > 1 else p for k, p in enumerate(periods[0])]
    joint = picture_of(NAMES)
    steps = stepped(joint, periods[:1], BURN) + stepped(joint, periods[1:], COAST)
    assert [step.merged for step in steps if step.merged] == [{2: 1}]
    assert [step.ended for step in steps if step.ended] == [(2,)]
    last = steps[-1]
    assert last.contributors == {1: NAMES}
    final_s = int(periods[-1][0].time_ns[0]) // SECOND_NS
    found = {each.name: each.look_count for each in joint._book.sources(1, last_ns(periods))}
    assert found == {f"{name}-radar": final_s + 1 for name in NAMES}
    assert joint._book.sources(2, last_ns(periods)) == ()


def test_a_track_never_reported_at_the_instant_of_a_round_is_judged_all_the_same() -> None:
    """Two nations, an object each, reporting each 10 s, and one of them 3 s after the other."""
    here, there = watched(NAMES[:1], 120), watched(NAMES[:2], 120, truth=LOW)
    joint = picture_of(NAMES[:2])
    heard: dict[int, list[int]] = {}
    for index, ((one,), (_, two)) in enumerate(zip(here, there, strict=True)):
        for report, late_s in ((one, 1), (two, 4)):
            now_ns = int(report.time_ns[0]) + EPOCH_NS + late_s * SECOND_NS
            well = dict.fromkeys(ALL, now_ns)
            step = joint.step(messages(report, "coasts", 10 * index), [], now_ns, steady=well)
            for said in step.statements:
                heard.setdefault(said.track, []).append(now_ns)
    assert sorted(heard) == [1, 2]
    for times in heard.values():
        gaps_s = np.diff(times) / SECOND_NS
        assert len(times) >= 5
        assert gaps_s.max() <= 2.0 * PERIOD_S


def last_ns(periods: list[list[Reports]]) -> int:
    return int(periods[-1][0].time_ns[0]) + EPOCH_NS + SECOND_NS


@pytest.mark.parametrize(
    ("motors", "coasts"),
    [
        (("coasts", "coasts", "coasts"), True),
        (("coasts", "coasts", "burns"), True),
        (("coasts", "unknown", "burns"), False),
    ],
)
def test_a_motor_coasts_at_the_first_judgement_where_most_reports_say_so(
    motors: tuple[Motor, ...], coasts: bool
) -> None:
    [step] = stepped(picture_of(NAMES[:3]), watched(NAMES[:3], PERIOD_S, truth=LOW), motors)
    [said] = step.statements
    assert (said.motor == "coasts") is coasts


def test_an_estimate_is_judged_as_of_the_newest_word_and_known_now() -> None:
    periods = watched(NAMES[:1], PERIOD_S)
    [step] = stepped(picture_of(NAMES[:1]), periods, BURN[:1])
    assert step.estimates.time_ns.tolist() == [EPOCH_NS + PERIOD_S * SECOND_NS]
    assert step.estimates.known_ns.tolist() == [EPOCH_NS + (PERIOD_S + 1) * SECOND_NS]
    told = periods[0][0].covariance[0]
    np.testing.assert_allclose(np.diag(step.estimates.covariance[0]), np.diag(told), rtol=1e-3)


@pytest.mark.parametrize(("motor", "named"), [("burns", []), ("coasts", ["d"])])
def test_nobody_is_judged_by_words_of_a_burning_motor(motor: Motor, named: list[str]) -> None:
    joint, periods = picture_of(NAMES), watched(NAMES, 60)
    before = stepped(joint, periods[:3], COAST)
    assert not any(step.findings for step in before)
    lied = [[*parts[:3], off(parts[3], 2_000.0)] for parts in periods[3:]]
    after = stepped(joint, lied, (*COAST[:3], motor))
    assert [finding.accused for step in after for finding in step.findings] == named


@pytest.mark.parametrize("speakers", [1, 2])
def test_whoever_could_see_what_one_alone_reports_and_does_not_is_told_to_the_floor(
    speakers: int,
) -> None:
    joint = picture_of(NAMES)
    parts = watched(NAMES, PERIOD_S)[0][:speakers]
    said = [each for part in parts for each in messages(part, "burns", 0)]
    now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
    step = joint.step(said, [], now_ns, steady=dict.fromkeys(ALL[:3], now_ns))
    # Of the fourth no sign of life has come.
    assert step.silent == {1: ALL[1:3] if speakers == 1 else ()}


def silence_found(steady: tuple[NationId, ...] = ALL, *, last: Motor = "coasts") -> list[Finding]:
    """Have the last of four say no more after its fourth report, of such a motor."""
    joint, found = picture_of(NAMES), list[Finding]()
    for index, parts in enumerate(watched(NAMES, 150)):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        motors = (*COAST[:3], last if index == 3 else "coasts")
        speaking = list(zip(parts, motors, strict=True))[: 4 if index < 4 else 3]
        said = [each for part, motor in speaking for each in messages(part, motor, 10 * index)]
        found += joint.step(said, [], now_ns, steady=dict.fromkeys(steady, now_ns)).findings
    return found


@pytest.mark.parametrize(("steady", "named"), [(ALL, {"d"}), (ALL[:3], set())])
def test_silence_is_denial_only_of_one_whose_signs_of_life_have_come(
    steady: tuple[NationId, ...], named: set[str]
) -> None:
    found = silence_found(steady)
    assert {each.accused for each in found} == named
    assert {each.kind for each in found} <= {"denial"}


def test_silence_is_judged_at_once_whatever_the_last_word_was_of() -> None:
    (coasting,), (burning,) = silence_found(), silence_found(last="burns")
    assert burning.time_ns == coasting.time_ns


def named_of(lie_m: float, *, bystander_m: float | None = None) -> set[tuple[NationId, str]]:
    """Who is named where the last displaces its object from the first word on, and as what."""
    joint, found = picture_of(NAMES), set()
    for index, parts in enumerate(watched(NAMES, 80)):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        spoken = [*parts[:3], off(parts[3], lie_m)]
        if bystander_m is not None:
            other = off(parts[0], bystander_m)
            spoken.append(replace(other, track=other.track + 50))
        said = [
            each
            for place, part in enumerate(spoken)
            for each in messages(part, "coasts", 100 * index + 10 * place)
        ]
        step = joint.step(said, [], now_ns, steady=dict.fromkeys(ALL, now_ns))
        found |= {(finding.accused, finding.kind) for finding in step.findings}
    return found


def test_one_who_displaces_an_object_from_the_first_word_on_is_named_for_it() -> None:
    """It stands beside that of the others, as a track that nobody else has."""
    assert {name for name, _ in named_of(8_000.0)} == {"d"}
    assert named_of(0.0) == set()


def test_where_more_than_two_tracks_are_near_one_another_nobody_is_judged_by_which_is_which() -> (
    None
):
    assert named_of(8_000.0, bystander_m=-9_000.0) == set()


def test_who_has_a_track_where_any_other_says_that_an_object_is_does_not_deny_it() -> None:
    """The first who speaks of it says where it is not; what counts is the second's word."""
    place = LOW[0] + np.array([0.0, 0.0, 1_000.0, 0.0, 0.0, 0.0])
    false = LOW[0] + np.array([0.0, 36e3, 0.0, 0.0, 0.0, 0.0])
    there = np.array([[True, False], [True, False], [False, True]])
    mean = np.where(there[..., None], LOW[0], np.nan)
    mean[0, 0], mean[2, 1] = false, place
    covariance = np.where(there[..., None, None], covariance_of(STD_M, 1.0), np.nan)
    none = [(np.empty((0, 6)), np.empty((0, 6, 6)))] * 3
    near = _says_something_near(mean, covariance, there, none)
    assert near[2].tolist() == [True, False]
    mean[1, 0] = false
    assert not _says_something_near(mean, covariance, there, none)[2].any()


def test_a_word_outside_its_gate_is_no_silence_where_it_is() -> None:
    """Its track was let go for it, and the next word has not come yet."""
    there = np.array([[True], [True], [False]])
    mean = np.where(there[..., None], LOW[0], np.nan)
    covariance = np.where(there[..., None, None], covariance_of(STD_M, 1.0), np.nan)
    none = (np.empty((0, 6)), np.empty((0, 6, 6)))
    stray = (
        LOW + np.array([[0.0, 0.0, 1_000.0, 0.0, 0.0, 0.0]]),
        covariance_of(STD_M, 1.0).reshape(1, 6, 6),
    )
    for word, is_near in ((none, False), (stray, True)):
        near = _says_something_near(mean, covariance, there, [none, none, word])
        assert near[2].tolist() == [is_near]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("is_at_once", [True, False])
def test_a_stray_word_is_remembered_whenever_an_earlier_one_comes(
    order: tuple[int, int], is_at_once: bool
) -> None:
    said = [messages(part, "coasts", k)[0] for k, (part,) in enumerate(watched(NAMES[:1], 20))]
    outcome, now_ns = ("added", "outside the gate"), EPOCH_NS + 21 * SECOND_NS
    steps = [order] if is_at_once else [(each,) for each in order]
    joint = picture_of(NAMES)
    for rows in steps:
        reports = reports_of([said[row] for row in rows])
        joint._note_strays(reports, [outcome[row] for row in rows], now_ns)
    [(mean, _), *others] = joint._stray_words(now_ns)
    assert len(mean) == 1
    assert not any(len(each) for each, _ in others)


def test_who_reports_tracks_though_it_never_agreed_to_stops_nothing_and_is_not_judged() -> None:
    """A partner's policy may change, or its centre be wrong: what it says is still a message."""
    joint = picture_of(NAMES)
    other, found = NationId("e"), list[Finding]()
    for index, parts in enumerate(watched((*NAMES, other), 60)):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        parts[4] = off(parts[4], 30e3)
        said = [each for part in parts for each in messages(part, "coasts", 10 * index)]
        step = joint.step(said, [], now_ns, steady=dict.fromkeys(ALL, now_ns))
        found += step.findings
    assert set(step.contributors.values()) == {ALL, (other,)}
    assert found == []


def test_what_is_refused_brings_no_looks() -> None:
    joint = picture_of(NAMES[:1])
    first, second = watched(NAMES[:1], 20)
    stepped(joint, [first], COAST[:1])
    before = joint._book.sources(1, last_ns([second]))
    [step] = stepped(joint, [[off(second[0], 1e9)]], COAST[:1])
    assert set(step.outcome.values()) == {REFUSED_PLACE}
    assert joint._book.sources(1, last_ns([second])) == before != ()
    assert not len(step.estimates)


def test_nobody_confirms_by_anothers_sensors() -> None:
    """A nation that names another's radar in its pedigree would be two nations by itself."""
    joint, rests_on = picture_of(NAMES), list[Supported]()
    for index, parts in enumerate(watched(NAMES[:2], 40)):
        now_ns = int(parts[0].time_ns[0]) + EPOCH_NS + SECOND_NS
        said = messages(parts[1], "coasts", 10 * index)
        for place, message in enumerate(said):
            assert isinstance(message.body, TrackReport)
            assert message.body.pedigree is not None
            [own] = message.body.pedigree
            forged = msgspec.structs.replace(own, originator=ALL[0], sensor=SensorId("a-radar"))
            body = msgspec.structs.replace(message.body, pedigree=(own, forged))
            said[place] = msgspec.structs.replace(message, body=body)
        step = joint.step(said, [], now_ns, steady=dict.fromkeys(ALL, now_ns))
        rests_on += [each.supported for each in step.statements]
    assert {source.name for each in rests_on for source in each.sources} == {"b-radar"}
    assert {each.support for each in rests_on} == {Support.NONE}
