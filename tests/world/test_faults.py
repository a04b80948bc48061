"""Faults: a swarm is drawn from its seed, every kind is met, and all heal in good time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.nations import PlannedFault
from commonwatch.world.faults import (
    AMOUNTS,
    CRASH,
    HEALED_BY,
    KINDS,
    SENSOR_OUT,
    SWIZZLE,
    healed_s,
    in_single_faults,
    swarm,
)
from commonwatch.world.links import CUT

LINKS = ("north+joint", "south+joint", "west+joint")
CENTRES = tuple(NationId(name) for name in ("joint", "north", "south", "west"))
SENSORS = tuple(SensorId(name) for name in ("north-radar", "south-radar"))
SPAN_S = 900.0


def drawn(seed: int, links: tuple[str, ...] = LINKS) -> tuple[PlannedFault, ...]:
    return swarm(seed, links=links, centres=CENTRES, sensors=SENSORS, span_s=SPAN_S)


def planned(kind: str, **changes: object) -> PlannedFault:
    known = {"at_s": 10.0, "until_s": 60.0, "links": LINKS, "centre": None, "amount": 0.0}
    return PlannedFault(kind=kind, **(known | changes))  # type: ignore[arg-type]


@given(st.integers(0, 2**40))
def test_every_fault_of_a_swarm_begins_and_has_healed_before_the_end(seed: int) -> None:
    for fault in drawn(seed):
        assert fault.until_s is not None
        assert 0.0 <= fault.at_s < fault.until_s <= HEALED_BY * SPAN_S
        assert set(fault.links) <= set(LINKS)
        struck = [bool(fault.links), fault.centre is not None, fault.sensor is not None]
        assert struck.count(True) == 1
        assert (fault.sensor in SENSORS) == (fault.kind == SENSOR_OUT)


def test_a_hundred_swarms_meet_every_kind_alone_and_in_company() -> None:
    swarms = [drawn(seed) for seed in range(100)]
    kinds = Counter(fault.kind for each in swarms for fault in each)
    assert set(kinds) == {*KINDS, SENSOR_OUT}
    assert any(len(each) == 1 for each in swarms)
    assert any(len({fault.kind for fault in each}) >= 4 for each in swarms)


def test_amounts_lie_within_what_is_assumed_but_for_clocks_an_hour_off() -> None:
    faults = [fault for seed in range(200) for fault in drawn(seed)]
    hours = [fault for fault in faults if abs(fault.amount) == 3_600.0]
    assert {fault.kind for fault in hours} == {"clock offset"}
    assert {fault.amount for fault in hours} == {-3_600.0, 3_600.0}
    for fault in faults:
        low, high = AMOUNTS.get(fault.kind, (0.0, 0.0))
        assert fault in hours or low <= fault.amount <= high


def test_the_same_seed_gives_the_same_swarm_and_another_seed_another() -> None:
    assert drawn(4) == drawn(4)
    assert drawn(4) != drawn(5)


@given(st.integers(0, 1_000), st.floats(0.05, 1.0))
def test_a_swizzle_stops_links_one_by_one_and_restores_each_within_its_time(
    seed: int, share: float
) -> None:
    single = in_single_faults([planned(SWIZZLE, amount=share)], seed=seed, span_s=SPAN_S)
    assert len(single) == max(1, round(share * len(LINKS)))
    assert {fault.kind for fault in single} == {CUT}
    names = [fault.links for fault in single]
    assert len(set(names)) == len(names)
    assert all(len(links) == 1 for links in names)
    for fault in single:
        assert fault.until_s is not None
        assert 10.0 <= fault.at_s <= 35.0 <= fault.until_s <= 60.0


def test_some_swizzle_restores_in_another_order_than_it_stopped() -> None:
    def orders(seed: int) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        single = in_single_faults([planned(SWIZZLE, amount=1.0)], seed=seed, span_s=SPAN_S)
        stopped = sorted(single, key=lambda fault: fault.at_s)
        restored = sorted(single, key=lambda fault: fault.until_s or 0.0)
        return [f.links for f in stopped], [f.links for f in restored]

    assert any(stopped != restored for stopped, restored in map(orders, range(20)))


def test_a_fault_of_several_links_is_one_of_each_and_one_without_end_ends_with_the_world() -> None:
    single = in_single_faults([planned(CUT, until_s=None)], seed=1, span_s=SPAN_S)
    assert [fault.links for fault in single] == [(link,) for link in LINKS]
    assert {fault.until_s for fault in single} == {SPAN_S}


def test_an_outage_of_a_sensor_changes_no_other_fault_of_the_swarm() -> None:
    for seed in range(50):
        without = swarm(seed, links=LINKS, centres=CENTRES, sensors=(), span_s=SPAN_S)
        kept = tuple(fault for fault in drawn(seed) if fault.kind != SENSOR_OUT)
        assert kept == without


def test_an_outage_stays_one_fault_of_its_sensor() -> None:
    out = planned(SENSOR_OUT, links=(), sensor=SENSORS[0])
    assert in_single_faults([out], seed=1, span_s=SPAN_S) == (out,)


def test_a_crash_stays_one_fault_of_its_centre() -> None:
    crash = planned(CRASH, links=(), centre=CENTRES[1])
    assert in_single_faults([crash], seed=1, span_s=SPAN_S) == (crash,)


@pytest.mark.parametrize(("faults", "expected"), [((), 0.0), ((planned(CUT),), 60.0)])
def test_the_world_is_healed_when_its_last_fault_has_ended(
    faults: tuple[PlannedFault, ...], expected: float
) -> None:
    assert healed_s(faults, span_s=SPAN_S) == expected
