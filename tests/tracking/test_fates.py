"""Each input row has one disposition, with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from commonwatch.errors import InvariantError
from commonwatch.sensing.detection import Reading
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.disposition import Disposition, Dispositions
from commonwatch.tracking.fates import FULL_REASON, LATE_REASON, Fates
from tests.tracking.build import scene


def decided(rows: list[int], disposition: Disposition, track: int = -1) -> Dispositions:
    return Dispositions(
        row=np.array(rows, dtype=np.int64),
        disposition=np.full(len(rows), disposition, dtype=np.int8),
        track=np.full(len(rows), track),
    )


def reading() -> Reading:
    """Eight rows, of which the third and the sixth are refused."""
    detections, _ = scene(1, 3, 2.0, probability=1.0)
    six = detections.take(np.arange(6))
    return Reading(
        detections=six,
        refused_row=np.array([2, 5]),
        refused_reason=("no time", "repeated: as row 1"),
        refused_kind=("no time", "repeated"),
    )


def test_rows_come_out_in_order_with_track_and_reason() -> None:
    fates = Fates(reading())
    fates.add(decided([7, 0], Disposition.ASSIGNED, 4))
    fates.add(decided([3], Disposition.STARTED, 4))
    fates.add(decided([1], Disposition.LATE))
    fates.add(decided([4, 6], Disposition.CLUTTER))
    table = to_table("dispositions", fates.to_columns()).to_pydict()
    assert table["row"] == list(range(8))
    assert table["disposition"] == [
        "assigned", "late", "refused", "started a track", "clutter", "refused", "clutter",
        "assigned",
    ]  # fmt: skip
    assert table["track"] == [4, None, None, 4, None, None, None, 4]
    assert table["reason"] == [
        None,
        LATE_REASON,
        "no time",
        None,
        None,
        "repeated: as row 1",
        None,
        None,
    ]
    assert LATE_REASON == "arrived more than 6 s after later looks"
    assert fates.counts() == {
        "assigned": 2, "started a track": 1, "clutter": 2, "late": 1, "refused": 2
    }  # fmt: skip
    found = {each.kind: (each.count, each.words) for each in fates.refusals()}
    assert found == {"no time": (1, "no time"), "repeated": (1, "repeated: as row 1")}
    assert len(fates) == 8


def test_what_a_tracker_has_no_room_for_is_refused_and_counted_with_its_reason() -> None:
    fates = Fates(reading())
    fates.add(decided([0, 7], Disposition.REFUSED))
    fates.add(decided([1, 3, 4, 6], Disposition.CLUTTER))
    table = to_table("dispositions", fates.to_columns()).to_pydict()
    assert table["disposition"].count("refused") == 4
    assert table["reason"][0] == table["reason"][7] == FULL_REASON
    counts = {each.kind: each.count for each in fates.refusals()}
    assert counts == {FULL_REASON: 2, "no time": 1, "repeated": 1}


@pytest.mark.parametrize("rows", [[2], [0, 0], [1]])
def test_a_second_fate_is_our_mistake(rows: list[int]) -> None:
    fates = Fates(reading())
    fates.add(decided([1], Disposition.CLUTTER))
    with pytest.raises(InvariantError, match="one disposition"):
        fates.add(decided(rows, Disposition.CLUTTER))


def test_a_row_without_a_fate_is_our_mistake() -> None:
    with pytest.raises(InvariantError, match="every detection"):
        Fates(reading()).to_columns()
