"""Rivals of tracks that are believed from now on, against sets of plots compared in turn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.tracking.bank_kernel import CONFIRMED, GONE, SINGLE, TENTATIVE
from commonwatch.tracking.life_kernel import CHANGED, ENDED, LEAD, QUIET, SURE, settle_rivals

CONFIRM = 9.0


def is_made_of(own: set[int], used: set[int]) -> bool:
    """Whether half of a track's plots or more are used."""
    return 2 * len(own & used) >= len(own)


def settled_in_turn(
    new: list[int], unsure: list[int], plots: list[set[int]], hard: list[bool], scores: list[float]
) -> dict[int, int]:
    """Phases by the rule as it is said: the best first, whoever shares half its plots ends."""
    phases = dict.fromkeys(unsure, TENTATIVE)
    used: set[int] = set()
    for track in new:
        rivals = [
            other
            for other in (*unsure, *new)
            if other != track
            and scores[other] > scores[track] - LEAD
            and is_made_of(plots[other], plots[track])
        ]
        if hard[track] and scores[track] <= CONFIRM + SURE and rivals:
            phases[track] = TENTATIVE
        elif is_made_of(plots[track], used):
            phases[track] = GONE
        else:
            phases[track] = CONFIRMED
            used |= plots[track]
    for track in unsure:
        if is_made_of(plots[track], used):
            phases[track] = GONE
    return phases


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 12))
def test_the_best_is_believed_and_those_on_its_plots_end(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.full((count, 8), -1)
    for own in rows:
        chosen = rng.choice(10, size=rng.integers(1, 6), replace=False)
        own[rng.permutation(8)[: len(chosen)]] = chosen
    scores = CONFIRM + rng.uniform(-3.0, 9.0, size=count)
    is_new = rng.random(count) < 0.5
    new = np.flatnonzero(is_new)[np.argsort(-scores[is_new])]
    unsure = np.flatnonzero(~is_new)
    is_crowded, is_accompanied = rng.random((2, count)) < 0.5
    phases = np.where(is_new, CONFIRMED, rng.choice([SINGLE, TENTATIVE], size=count)).astype(
        np.int8
    )
    before = phases.copy()
    events = np.where(is_new, CHANGED, QUIET).astype(np.int8)
    found, places = np.unique(rows, return_inverse=True)
    settle_rivals(
        *(new, unsure, rows, places.reshape(rows.shape), len(found), is_accompanied, is_crowded),
        *(CONFIRM, scores, phases, events),
    )
    wanted = settled_in_turn(
        new.tolist(),
        unsure.tolist(),
        [{row for row in own if row >= 0} for own in rows.tolist()],
        (is_crowded & ~is_accompanied).tolist(),
        scores.tolist(),
    )
    for track, phase in wanted.items():
        stays = phase == TENTATIVE and not is_new[track]
        assert phases[track] == (before[track] if stays else phase)
        assert (events[track] == ENDED) == (phase == GONE)
