"""A light that stands still is no object until it has outlasted a glint; a motor waits one look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking.estimate import Status
from commonwatch.tracking.lights import Lights, no_lights
from commonwatch.tracking.tracker import Tracker
from commonwatch.world.looks import GLINT_LOOKS
from tests.tracking.build import EYE, F64, above, lines

EYE_M = np.array([42_164e3, 0.0, 0.0])
SENSORS: list[Sensor] = [EYE]
REVISIT_S = EYE.revisit_s


def still(place_m: F64) -> F64:
    return np.concatenate([place_m, np.zeros(3)])[np.newaxis]


def confirmed_at(states: list[F64], seed: int) -> int | None:
    """Which look first confirms a track, from 1; None where none does."""
    rng = np.random.default_rng(seed)
    tracker = Tracker(SENSORS)
    for look, state_vector in enumerate(states):
        found = lines(state_vector, REVISIT_S * look, EYE_M, 0, rng)
        step = tracker.step(found, now_ns=int(found.arrival_ns[0]))
        if (step.estimates.status == Status.CONFIRMED).any():
            return look + 1
    return None


def climbing(seed: int, looks: int) -> list[F64]:
    """A motor that rises at 20 m/s2 above 10 km and leans over, as the satellite sees it."""
    rng = np.random.default_rng(seed)
    ground = above(rng.uniform(-50.0, 50.0), rng.uniform(-50.0, 50.0), 0.0)
    up = ground / np.linalg.norm(ground)
    level = np.cross(up, rng.standard_normal(3))
    level /= np.linalg.norm(level)
    first_s = 32.0 + rng.uniform(0.0, REVISIT_S)
    states = []
    for look in range(looks):
        seconds = first_s + REVISIT_S * look
        way = 10.0 * seconds**2 * up + 0.06 * seconds**3 * level
        speed = 20.0 * seconds * up + 0.18 * seconds**2 * level
        states.append(np.concatenate([ground + way, speed])[np.newaxis])
    return states


@pytest.mark.parametrize("seed", range(20))
def test_a_glint_of_one_satellite_makes_no_confirmed_track(seed: int) -> None:
    place_m = above(20.0, 30.0, 8e3)
    assert confirmed_at([still(place_m)] * GLINT_LOOKS, seed) is None


def test_a_light_that_outlasts_a_glint_is_confirmed_with_its_next_look() -> None:
    looks = [confirmed_at([still(above(20.0, 30.0, 8e3))] * 8, seed) for seed in range(20)]
    assert looks == [GLINT_LOOKS + 1] * 20


def test_no_motor_waits_for_longer_than_one_look_more(monkeypatch: pytest.MonkeyPatch) -> None:
    states = [climbing(seed, 8) for seed in range(40)]
    after = np.array([confirmed_at(each, seed) for seed, each in enumerate(states)], dtype=float)
    monkeypatch.setattr(
        Lights, "seen", lambda self, *_, lines, **__: (np.zeros(len(lines), bool), self)
    )
    before = np.array([confirmed_at(each, seed) for seed, each in enumerate(states)], dtype=float)
    assert np.isfinite(before).all()
    assert (after - before <= 1.0).all()
    assert (after == before).mean() > 0.5


def test_a_light_is_met_at_the_next_look_only_and_where_it_was() -> None:
    line = np.array([[-1.0, 0.0, 0.0]])
    std = np.array([50e-6])
    revisits_s = np.array([10.0, 10.0])

    def look(
        held: Lights, sensor: int, seconds: float, turned_rad: float
    ) -> tuple[npt.NDArray[np.bool_], Lights]:
        turned = np.array([[-np.cos(turned_rad), np.sin(turned_rad), 0.0]])
        return held.seen(
            sensor,
            round(1e9 * seconds),
            lines=turned if turned_rad else line,
            eyes_m=EYE_M[np.newaxis],
            stds_rad=std,
            revisits_s=revisits_s,
        )

    stands, held = look(no_lights(), 0, 0.0, 0.0)
    assert not stands[0]
    assert look(held, 0, 10.0, 0.0)[0][0]
    assert look(held, 0, 10.0, 100e-6)[0][0]  # 1.4 standard deviations of a difference
    assert not look(held, 0, 10.0, 400e-6)[0][0]
    assert not look(held, 1, 10.0, 0.0)[0][0]  # another satellite's
    assert not look(held, 0, 2.0, 0.0)[0][0]  # still the same look
    assert not look(held, 0, 20.0, 0.0)[0][0]  # it was gone in between
    assert len(look(held, 1, 30.0, 0.0)[1].sensor) == 1  # and is forgotten
