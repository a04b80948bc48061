"""What was believed when, and which track is matched to which object."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from commonwatch.errors import TableError
from commonwatch.flight.propagation import sample
from commonwatch.studies.score_matching import (
    COAST_MAX_S,
    KEEP_M,
    NEW_M,
    Pictures,
    match,
    pictures_of,
    read_truth,
)
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates
from tests.flight.build import start_at
from tests.studies.build_score import beliefs_of, columns_of, instant_ns, run, truth_of

A, B = 100, 200
METRE = 1.0


def matched(pictures: Pictures) -> list[tuple[int, int, int]]:
    """Return step, object and track of every matched pair."""
    row = match(pictures, report=lambda _: None).track_row
    steps = (pictures.time_ns[pictures.object_instant] - instant_ns(0)) // 2_000_000_000
    return [
        (int(steps[k]), int(pictures.number[k]), int(pictures.track[row[k]]))
        for k in np.flatnonzero(row >= 0)
    ]


def switched(pictures: Pictures) -> list[tuple[int, int]]:
    """Return instant and object of every identity switch."""
    rows = np.flatnonzero(match(pictures, report=lambda _: None).is_switch)
    return [(int(pictures.object_instant[k]), int(pictures.number[k])) for k in rows]


def test_only_confirmed_tracks_are_in_the_picture() -> None:
    truth = truth_of(*((1, step, 0.0) for step in range(5)))
    beliefs = beliefs_of(
        (A, 1, 0.0, Status.TENTATIVE), (A, 2, 0.0), (A, 3, 0.0), (A, 4, 0.0, Status.ENDED)
    )
    assert np.diff(pictures_of(beliefs, truth).track_start).tolist() == [0, 0, 1, 1, 0]


def test_what_became_known_later_changes_no_earlier_picture() -> None:
    truth = truth_of(*((1, step, 0.0) for step in range(4)))
    beliefs = beliefs_of((A, 0, 0.0), (A, 1, 50.0))
    late = replace(beliefs, known_ns=np.array([instant_ns(0), instant_ns(2)]))
    x_m = pictures_of(late, truth).track_state_vector[:, 0] - truth.state_vector[0, 0]
    assert x_m[0] == 0.0
    # Still the first belief, two seconds on: it falls by some 10 m, and is not yet 50 m away.
    assert abs(x_m[1]) < 20.0
    assert abs(x_m[2] - 50.0) < 20.0


def test_of_two_beliefs_of_one_moment_the_last_in_the_file_counts() -> None:
    beliefs = beliefs_of((A, 0, 10.0), (A, 0, 20.0))
    x_m = pictures_of(beliefs, truth_of((1, 0, 0.0))).track_state_vector[:, 0]
    assert x_m.tolist() == [truth_of((1, 0, 20.0)).state_vector[0, 0]]


def test_a_track_is_predicted_along_its_free_flight() -> None:
    start = start_at(35.0, 53.0, 150e3, 310.0, 2_000.0, 1_500.0)
    path = sample(start[None], interval_s=20.0, count=7)[0, ::3]
    beliefs = beliefs_of((A, 0, 0.0))
    beliefs = replace(beliefs, state_vector=start[None])
    truth = truth_of((1, 0, 0.0), (1, 30, 0.0), (1, 60, 0.0))
    predicted = pictures_of(beliefs, truth).track_state_vector
    assert np.abs(predicted[:, :3] - path[:, :3]).max() < METRE


def test_a_track_not_heard_of_for_hours_counts_but_is_nowhere() -> None:
    steps = int(COAST_MAX_S / 2.0)
    pictures = pictures_of(beliefs_of((A, 0, 0.0)), truth_of((1, steps, 0.0), (1, steps + 1, 0.0)))
    assert np.isfinite(pictures.track_state_vector).all(axis=-1).tolist() == [True, False]


def test_a_pair_is_kept_while_close_though_another_track_is_closer() -> None:
    truth = truth_of(*((1, step, 0.0) for step in range(3)))
    far = KEEP_M - 1.0
    beliefs = beliefs_of((A, 0, 10.0), (A, 1, far), (B, 1, 5.0), (A, 2, KEEP_M), (B, 2, 5.0))
    pictures = pictures_of(beliefs, truth)
    assert matched(pictures) == [(0, 1, A), (1, 1, A), (2, 1, B)]
    assert switched(pictures) == [(2, 1)]


def test_a_pair_too_wide_to_be_kept_may_be_made_again_without_a_switch() -> None:
    truth = truth_of((1, 0, 0.0), (1, 1, 0.0))
    pictures = pictures_of(beliefs_of((A, 0, 10.0), (A, 1, NEW_M - 1.0)), truth)
    assert matched(pictures) == [(0, 1, A), (1, 1, A)]
    assert switched(pictures) == []


def test_no_pair_is_made_at_the_limit() -> None:
    assert matched(pictures_of(beliefs_of((A, 0, NEW_M)), truth_of((1, 0, 0.0)))) == []


def test_new_pairs_are_the_best_together_not_one_after_the_other() -> None:
    truth = truth_of((1, 0, 0.0), (2, 0, 6_000.0))
    # B is nearest to both objects; A can only have the first.
    beliefs = beliefs_of((A, 0, -4_500.0), (B, 0, 2_900.0))
    assert matched(pictures_of(beliefs, truth)) == [(0, 1, A), (0, 2, B)]


def test_two_tracks_that_change_places_are_two_switches() -> None:
    truth = truth_of(*((number, step, number * 20e3) for step in (0, 1) for number in (1, 2)))
    beliefs = beliefs_of((A, 0, 20e3), (B, 0, 40e3), (A, 1, 40e3), (B, 1, 20e3))
    assert switched(pictures_of(beliefs, truth)) == [(1, 1), (1, 2)]


def test_an_object_tracked_anew_under_another_number_is_a_switch_whatever_the_pause() -> None:
    truth = truth_of(*((1, step, 0.0) for step in range(4)))
    beliefs = beliefs_of((A, 0, 0.0), (A, 1, 0.0, Status.ENDED), (B, 3, 0.0))
    assert switched(pictures_of(beliefs, truth)) == [(3, 1)]


def test_an_object_out_of_sight_keeps_its_track_unless_another_has_taken_it() -> None:
    here = [(1, 0, 0.0), (2, 0, 20e3), (2, 1, 20e3), (1, 2, 0.0), (2, 2, 20e3)]
    stays = beliefs_of(*((A, step, 2_500.0) for step in range(3)), (B, 2, 0.0))
    assert matched(pictures_of(stays, truth_of(*here))) == [(0, 1, A), (2, 1, A)]
    # A follows the second object while the first is away.
    leaves = beliefs_of((A, 0, 0.0), (A, 1, 20e3), (A, 2, 20e3), (B, 2, 100.0))
    pairs = matched(pictures_of(leaves, truth_of(*here)))
    assert pairs == [(0, 1, A), (1, 2, A), (2, 1, B), (2, 2, A)]


def test_a_second_track_on_an_object_is_on_it_but_not_matched() -> None:
    pictures = pictures_of(beliefs_of((A, 0, 0.0), (B, 0, 400.0)), truth_of((1, 0, 0.0)))
    matching = match(pictures, report=lambda _: None)
    assert matching.object_row.tolist() == [0, 0]
    assert matching.is_matched.tolist() == [True, False]


def test_without_any_track_nothing_is_matched() -> None:
    pictures = pictures_of(empty_estimates(), truth_of((1, 0, 0.0), (1, 1, 0.0)))
    assert matched(pictures) == []
    assert switched(pictures) == []


def slow_pairs(
    beliefs: Estimates, rows: list[tuple[int, int, float]]
) -> list[tuple[int, int, int]]:
    """Match by the words of the rule, with dictionaries and SciPy."""
    held: dict[int, int] = {}
    pairs = []
    for step in sorted({row[1] for row in rows}):
        objects = {
            number: truth_of(row).state_vector[0]
            for row in rows
            for number in row[:1]
            if row[1] == step
        }
        known = beliefs.known_ns == instant_ns(step)
        tracks = dict(zip(beliefs.track[known].tolist(), beliefs.state_vector[known], strict=True))
        apart = {
            (o, t): float(np.linalg.norm(p[:3] - q[:3]))
            for o, p in objects.items()
            for t, q in tracks.items()
        }
        kept = {o: t for o, t in held.items() if apart.get((o, t), np.inf) < KEEP_M}
        free = [o for o in objects if o not in kept]
        left = [t for t in tracks if t not in kept.values()]
        cost = np.array([[min(apart[o, t], NEW_M) ** 2 for t in left] for o in free])
        cost = cost.reshape(len(free), len(left))
        for i, j in zip(*linear_sum_assignment(cost), strict=True):
            if apart[free[i], left[j]] < NEW_M:
                kept[free[i]] = left[j]
        pairs += [(step, o, t) for o, t in sorted(kept.items())]
        gone = {o: t for o, t in held.items() if o not in objects and t not in kept.values()}
        held = kept | gone
    return pairs


@given(st.integers(0, 2**32 - 1))
def test_matching_is_that_of_the_rule_done_slowly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps, objects, tracks = range(6), range(1, 5), range(101, 106)

    def wander(numbers: range) -> list[tuple[int, int, float]]:
        places = np.cumsum(rng.normal(size=(len(steps), len(numbers))) * 2_500.0, axis=0)
        places += rng.random(len(numbers)) * 20e3
        is_here = rng.random(places.shape) < 0.8
        return [
            (number, step, float(places[step, k]))
            for step in steps
            for k, number in enumerate(numbers)
            if is_here[step, k]
        ]

    rows, believed = wander(objects), wander(tracks)
    absent = [(t, s, 0.0) for t in tracks for s in steps if (t, s) not in {r[:2] for r in believed}]
    ended = [(*row, Status.ENDED) for row in absent]
    if not rows:
        return
    found = matched(pictures_of(beliefs_of(*believed, *ended), truth_of(*rows)))
    expected = slow_pairs(beliefs_of(*believed) if believed else empty_estimates(), rows)
    assert found == expected


def write_truth(path: Path, **changed: npt.NDArray[np.generic] | list[object]) -> Path:
    columns = columns_of(run(1))[0] | changed
    pq.write_table(pa.table(columns), path)
    return path


def test_a_table_of_objects_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    columns = columns_of(run(1))[0]
    order = np.random.default_rng(1).permutation(len(columns["object"]))
    shuffled = write_truth(tmp_path / "t.parquet", **{k: v[order] for k, v in columns.items()})
    truth = read_truth(shuffled)
    assert (np.diff(truth.time_ns) >= 0).all()
    first = truth.number == 0
    assert truth.state_vector[first, 0].tolist() == columns["x_m"][columns["object"] == 0].tolist()


def test_objects_that_cannot_be_judged_by_are_refused_with_a_sentence(tmp_path: Path) -> None:
    columns = columns_of(run(1))[0]
    bad = columns["x_m"].copy()
    bad[3] = np.nan
    with pytest.raises(TableError, match="row 3: a field is empty or no number"):
        read_truth(write_truth(tmp_path / "nan.parquet", x_m=bad))
    nobody = [None, *columns["object"].tolist()[1:]]
    with pytest.raises(TableError, match="row 0: a field is empty or no number"):
        read_truth(write_truth(tmp_path / "none.parquet", object=nobody))
    with pytest.raises(TableError, match="object 0 stands twice at time_ns"):
        read_truth(write_truth(tmp_path / "twice.parquet", object=columns["object"] * 0))
    with pytest.raises(TableError, match="no row"):
        read_truth(
            write_truth(tmp_path / "empty.parquet", **{k: v[:0] for k, v in columns.items()})
        )
    (tmp_path / "text.parquet").write_text("time_ns,object\n")
    with pytest.raises(TableError, match="cannot be read as a Parquet file"):
        read_truth(tmp_path / "text.parquet")
