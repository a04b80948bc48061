"""What the page of a tracked file is made from, against slow and outside ways to the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from commonwatch.errors import InputError
from commonwatch.report.tracked_areas import areas_of
from commonwatch.report.tracked_errors import bound_m, errors_of
from commonwatch.report.tracked_fates import FATES, fates_of
from commonwatch.report.tracked_lives import POINTS_MAX, evenly, lives_of, paths_of
from commonwatch.report.tracked_map import TrackedScene, fans_of, tracked_legend, tracked_map
from commonwatch.studies.score_matching import Truth
from commonwatch.tracking.estimate import STATE_COLUMNS, Estimates, Status, joined
from commonwatch.warning.ellipse import outness
from tests.report.build_tracked import MISSILES, ROWS, findings_of, parts, tracked_content
from tests.sensing.build import face, radar
from tests.studies.build_score import beliefs_of, columns_of, run, truth_of

BOUND_OFF_MAX = 0.006


def quiet(_: float) -> None:
    pass


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_stated_bound_holds_95_percent_of_honest_errors(
    seed: int, second: float, third: float
) -> None:
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    root = turn * np.sqrt([1.0, second, third])
    errors = rng.standard_normal((20_000, 3)) @ root.T
    bound = float(bound_m(root @ root.T))
    within = np.mean(np.linalg.norm(errors, axis=1) <= bound)
    assert within == pytest.approx(0.95, abs=0.008)  # five standard deviations of such a mean


def test_the_bound_is_exact_where_a_closed_form_is_known() -> None:
    along = np.diag([9.0, 0.0, 0.0])
    flat = np.diag([4.0, 4.0, 0.0])
    ball = np.eye(3)
    expected = [3.0 * norm.ppf(0.975), 2.0 * chi2.ppf(0.95, 2) ** 0.5, chi2.ppf(0.95, 3) ** 0.5]
    assert bound_m(np.stack([along, flat, ball])) == pytest.approx(expected, rel=1e-5)
    assert np.isnan(bound_m(-ball))


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_bound_is_near_the_exact_distance(second: float, third: float) -> None:
    # Length and direction of a normal draw are independent: the length is chi, the rest is a mean.
    variance = np.array([1.0, second, third])
    height, weight = np.polynomial.legendre.leggauss(64)
    turn = np.linspace(0.0, 2.0 * np.pi, 128, endpoint=False)
    level = np.sqrt(1.0 - height**2)[:, None]
    along = variance[0] * height[:, None] ** 2 + level**2 * (
        variance[1] * np.cos(turn) ** 2 + variance[2] * np.sin(turn) ** 2
    )

    def outside(distance: float) -> float:
        return float(weight @ chi2.sf(distance**2 / along, 3).mean(axis=1) / 2.0 - 0.05)

    exact = brentq(outside, 1.0, 4.0)
    assert float(bound_m(np.diag(variance))) == pytest.approx(exact, rel=BOUND_OFF_MAX)


def test_errors_bounds_and_owners_are_those_of_the_pairs() -> None:
    tracks = beliefs_of((7, 0, 30.0), (7, 1, -40.0), (8, 0, 500_000.0), (8, 1, 500_000.0))
    found = errors_of(tracks, truth_of((1, 0, 0.0), (1, 1, 0.0)), report=quiet)
    assert found.error_m == pytest.approx([30.0, 40.0])
    assert found.bound_m == pytest.approx([500.0 * chi2.ppf(0.95, 3) ** 0.5] * 2, rel=1e-4)
    assert found.owner == {7: 1}
    assert found.false_tracks == {8}
    assert found.score.lives.false_tracks.count == 1
    assert found.within_ratio == 1.0


def test_false_tracks_are_those_that_the_score_counts() -> None:
    for number in range(6):
        truth, tracks = columns_of(run(number))
        order = np.lexsort((truth["object"], truth["time_ns"]))
        vectors = np.stack([truth[name] for name in STATE_COLUMNS], axis=-1)
        objects = Truth(
            time_ns=truth["time_ns"][order],
            number=truth["object"][order],
            state_vector=vectors[order],
        )
        found = errors_of(Estimates.from_columns(tracks), objects, report=quiet)
        assert len(found.false_tracks) == found.score.lives.false_tracks.count


def test_objects_are_ranked_by_their_mean_error() -> None:
    found = findings_of().errors
    assert found is not None
    means = [found.means_of(int(number))[0] for number in found.ranked]
    assert len(means) == MISSILES
    assert means == sorted(means)
    assert found.owner == {track: track + 10 for track in range(MISSILES)}


@pytest.mark.parametrize("number", range(6))
def test_numbers_of_tracks_are_those_of_a_slow_count(number: int) -> None:
    estimates = Estimates.from_columns(columns_of(run(number))[1])
    status = estimates.status.copy()
    status[:: 5 + number] = Status.TENTATIVE
    estimates = replace(estimates, status=status)
    instants = np.unique(np.concatenate([estimates.known_ns, estimates.known_ns + 1]))
    confirmed, tentative = lives_of(estimates).counts(instants)
    for place, now in enumerate(instants.tolist()):
        known = estimates.take(estimates.known_ns <= now)
        words = [set(known.status[known.track == track].tolist()) for track in set(known.track)]
        is_held = [Status.CONFIRMED in each and Status.ENDED not in each for each in words]
        is_young = [each == {Status.TENTATIVE} for each in words]
        assert (confirmed[place], tentative[place]) == (sum(is_held), sum(is_young))


def test_paths_are_thinned_but_begin_and_end_where_the_track_does() -> None:
    estimates = parts()["estimates"]
    found = paths_of(estimates, lives_of(estimates))
    assert [path.track for path in found] == list(range(MISSILES))
    assert len(found[1].time_ns) == ROWS
    assert len(found[0].time_ns) == ROWS - 1  # its last row ends it and is a prediction
    assert evenly(10_000, POINTS_MAX)[[0, -1]].tolist() == [0, 9_999]
    assert len(evenly(10_000, POINTS_MAX)) == POINTS_MAX


def test_fates_are_counted_by_sensor_and_time() -> None:
    content = tracked_content()
    found = fates_of(content)
    assert found is not None
    whole = MISSILES * ROWS
    assert found.counts.tolist() == [whole, 6, 2, 1]
    each = np.array([found.counts_of(name) for name in found.names])
    assert each.sum(axis=0).tolist() == [whole, 6, 2, 1]
    assert found.reasons == (("10 s late", 2), ("negative range", 1))
    edges = np.linspace(0.0, content.end_s, 7)
    for name in found.names:
        assert found.over_time(name, edges).sum(axis=0).tolist() == found.counts_of(name).tolist()
    assert found.counts_of("nobody").tolist() == [0] * len(FATES)


def test_dispositions_of_other_detections_are_refused() -> None:
    with pytest.raises(InputError, match="dispositions of 5 detections"):
        tracked_content(detections=parts()["detections"].slice(0, 5))


def test_ends_without_the_paths_of_the_objects_are_refused() -> None:
    with pytest.raises(InputError, match="without the objects' paths"):
        tracked_content(truth=None)


@pytest.mark.parametrize("end", ["launch", "impact"])
def test_outlines_of_ellipses_lie_on_them(end: str) -> None:
    areas = areas_of(parts()["alerts"], end)
    for row in areas.last.tolist():
        latitude, longitude = (np.radians(each) for each in areas.ring_deg(row))
        own = areas.ellipses
        one = type(own)(
            **{name: np.full(len(latitude), getattr(own, name)[row]) for name in own.__slots__}
        )
        # The outline follows the curved Earth, ``outness`` a plane.
        assert outness(one, latitude, longitude) == pytest.approx(1.0, rel=0.02)


def test_the_last_ellipse_of_each_alert_is_the_one_known_last() -> None:
    areas = findings_of().areas["impact"]
    for row in areas.last.tolist():
        own = areas.alert == areas.alert[row]
        assert areas.known_ns[row] == areas.known_ns[own & areas.has].max()
    assert len(areas.last) == len(np.unique(areas.alert[areas.has]))


def test_ellipses_that_hold_the_truth_are_counted_and_moved_ones_are_not() -> None:
    held = findings_of().areas["impact"].hold()
    assert held.among == MISSILES
    ends = parts()["ends"]
    place = ends.column_names.index("impact_latitude_deg")
    moved = ends.set_column(
        place, ends.schema.field(place), pa.array(np.asarray(ends["impact_latitude_deg"]) * 0.5)
    )
    assert findings_of(ends=moved).areas["impact"].hold().count == 0


def test_a_radar_of_two_faces_has_two_sectors() -> None:
    assert len(fans_of(radar(face(0.0, 90.0), face(200.0, 300.0)))) == 2


def test_tracks_of_one_region_are_shown_there_and_tracks_all_over_the_earth_on_the_world() -> None:
    estimates = parts()["estimates"]
    one = estimates.take(estimates.track == 1)
    position, velocity = np.array([1.0, 1, 1, 0, 0, 0]), np.array([0.0, 0, 0, 1, 1, 1])
    opposite = replace(
        one, track=one.track + 1, state_vector=one.state_vector * (velocity - position)
    )
    for shown, name in ((one, "The region of the tracks"), (joined([one, opposite]), "The world")):
        paths = paths_of(shown, lives_of(shown))
        scene = TrackedScene(paths=paths, sensors=(), areas={})
        assert tracked_map(scene).caption == name


def test_what_follows_nothing_is_drawn_apart_and_named_in_the_key() -> None:
    estimates = parts()["estimates"]
    paths = paths_of(estimates, lives_of(estimates))
    plain, marked = (
        TrackedScene(paths=paths, sensors=(), areas={}, false_tracks=numbers)
        for numbers in (frozenset[int](), frozenset([2]))
    )
    assert "false track" not in tracked_legend(plain)
    assert "false track" in tracked_legend(marked)
    assert [marked.kind(path) for path in paths] == ["confirmed", "confirmed", "false"]
