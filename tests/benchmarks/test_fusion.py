"""The exchange of three centres runs, and behaves as theory says on few objects."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import fusion, page
from commonwatch.errors import InputError


def test_a_centre_alone_and_own_news_are_honest_and_sharing_helps() -> None:
    alone = fusion.measured("nothing shared", "honest", objects=60, seconds=120)
    shared = fusion.measured(
        "own sensors' news only, with pedigree", "honest", objects=60, seconds=120
    )
    assert abs(alone[0] - 1.0) < 0.05
    assert abs(shared[0] - 1.0) < 0.1
    # Steady filters of N sensors: position variance goes with N^(-3/4).
    assert abs(shared[1] / alone[1] - 3.0 ** (-3.0 / 8.0)) < 0.05


def test_a_gate_stops_a_lie_and_judging_stops_a_drift_as_well() -> None:
    def error_m(scheme: str, lie: str) -> float:
        return fusion.measured(scheme, lie, objects=15, seconds=160)[1]

    lie, drift = "one lies by 20 m", "one drifts by 5 cm/s"
    assert (
        error_m("own news, gated", lie)
        < 1.1
        < error_m("own sensors' news only, with pedigree", lie)
    )
    judged = error_m("own news, gated, contributors judged", drift)
    assert judged < error_m("own news, gated", drift)


def test_all_schemes_see_the_same_world() -> None:
    first, exchanges = fusion.world(3, 10, lambda _: 5.0)
    again, others = fusion.world(3, 10, lambda _: 0.0)
    np.testing.assert_array_equal(first, again)
    for one, two in zip(exchanges, others, strict=True):
        np.testing.assert_array_equal(one.measured, two.measured)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="gossip"):
        fusion.measured("gossip", "honest")


def test_the_goals_of_fusion_are_judged_by_their_rows() -> None:
    rows = [
        {"name": "own sensors' news only, with pedigree", "honest_nees": 1.02, "honest_rms_m": 0.8},
        {"name": "own news, gated", "honest_rms_m": 0.8, "lie_nees": 1.2, "lie_rms_m": 0.9},
    ]
    assert [met for _, _, met in page.goals({"fusion": {"rows": rows}})] == [True, False]
