"""Faults of the world: planned by the scenario, or a swarm drawn from a seed; all of a swarm heal.

===================  =======================================================  =======
figure               source                                                   mark
===================  =======================================================  =======
``FAULTS_MAX``       few enough that every kind is met alone and in company   assumed
``BEGIN_BEFORE``     shares of the world's time: the last part is left for    assumed
``HEALED_BY``        what shows only once all has healed
``LENGTH_S``         longer than any time-out of a centre, and shorter        assumed
``AMOUNTS``          from hardly felt to nearly all; an hour is a clock that  assumed
                     was set by hand
``OUTAGE_SHARE``     of swarms in which a sensor falls silent as well         assumed
===================  =======================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from commonwatch.identity import NationId, SensorId
from commonwatch.scenario.nations import PlannedFault
from commonwatch.world.links import CUT, DELAY, GARBLE, LOSE, REORDER, REPEAT, generator

CLOCK_OFFSET: Final = "clock offset"
CRASH: Final = "crash"
SWIZZLE: Final = "swizzle"
SENSOR_OUT: Final = "sensor out"
LINK_KINDS: Final = (CUT, DELAY, LOSE, REPEAT, REORDER, GARBLE)
KINDS: Final = (*LINK_KINDS, SWIZZLE, CLOCK_OFFSET, CRASH)

FAULTS_MAX: Final = 6
BEGIN_BEFORE: Final = 0.6
HEALED_BY: Final = 0.75
LENGTH_S: Final = (3.0, 240.0)
AMOUNTS: Final = {
    CUT: (0.0, 0.0),
    DELAY: (1.0, 90.0),
    LOSE: (0.1, 0.95),
    REPEAT: (0.1, 0.95),
    REORDER: (0.1, 0.95),
    GARBLE: (0.1, 0.95),
    SWIZZLE: (0.3, 1.0),
    CLOCK_OFFSET: (-5.0, 5.0),
    CRASH: (-1.0, 1.0),
}
"""Of a crash: above 0 the journal of events is lost too."""
CLOCK_HOUR_S: Final = 3_600.0
CLOCK_HOUR_SHARE: Final = 0.2
OUTAGE_SHARE: Final = 0.3


def swarm(
    seed: int,
    *,
    links: Sequence[str],
    centres: Sequence[NationId],
    sensors: Sequence[SensorId],
    span_s: float,
) -> tuple[PlannedFault, ...]:
    """Draw a swarm of faults.

    Parameters
    ----------
    seed
        Of the swarm alone: one world can be run under many swarms.
    links, centres, sensors
        What can fail, by name.
    span_s
        Length of the world's record.

    Returns
    -------
    tuple of PlannedFault
        In order of beginning; each has healed by ``HEALED_BY`` of the span.
    """
    rng = generator(seed, "swarm of faults")
    drawn = [_one(rng, links, centres, span_s) for _ in range(int(rng.integers(1, FAULTS_MAX + 1)))]
    drawn += _outages(generator(seed, "swarm of outages"), sensors, span_s)
    return tuple(sorted(drawn, key=lambda fault: fault.at_s))


def _outages(
    rng: np.random.Generator, sensors: Sequence[SensorId], span_s: float
) -> list[PlannedFault]:
    """Draw at most one, from a generator apart: seeds of swarms keep all that they had."""
    if not sensors or rng.random() >= OUTAGE_SHARE:
        return []
    at_s = float(rng.uniform(0.0, BEGIN_BEFORE * span_s))
    return [
        PlannedFault(
            kind=SENSOR_OUT,
            at_s=at_s,
            until_s=min(at_s + float(rng.uniform(*LENGTH_S)), HEALED_BY * span_s),
            links=(),
            centre=None,
            amount=0.0,
            sensor=sensors[int(rng.integers(len(sensors)))],
        )
    ]


def _one(
    rng: np.random.Generator, links: Sequence[str], centres: Sequence[NationId], span_s: float
) -> PlannedFault:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    at_s = float(rng.uniform(0.0, BEGIN_BEFORE * span_s))
    until_s = min(at_s + float(rng.uniform(*LENGTH_S)), HEALED_BY * span_s)
    amount = float(rng.uniform(*AMOUNTS[kind]))
    is_hour = bool(rng.random() < CLOCK_HOUR_SHARE)
    if kind in (CLOCK_OFFSET, CRASH):
        if kind == CLOCK_OFFSET and is_hour:
            amount = float(np.copysign(CLOCK_HOUR_S, amount))
        centre = centres[int(rng.integers(len(centres)))]
        return PlannedFault(
            kind=kind, at_s=at_s, until_s=until_s, links=(), centre=centre, amount=amount
        )
    count = len(links) if kind == SWIZZLE else int(rng.integers(1, len(links) + 1))
    chosen = sorted(rng.permutation(len(links))[:count].tolist())
    return PlannedFault(
        kind=kind,
        at_s=at_s,
        until_s=until_s,
        links=tuple(links[k] for k in chosen),
        centre=None,
        amount=amount,
    )


def in_single_faults(
    faults: Sequence[PlannedFault], *, seed: int, span_s: float
) -> tuple[PlannedFault, ...]:
    """Write each fault as faults of single links, centres and sensors, each with its end.

    Parameters
    ----------
    faults
        As planned. A *swizzle* stops a random share of its links one by one and restores them in
        another random order: here that is a cut of each.
    seed
        Of the world.
    span_s
        When a fault without an end ends.
    """
    single: list[PlannedFault] = []
    for number, fault in enumerate(faults):
        until_s = span_s if fault.until_s is None else fault.until_s
        if fault.kind == SWIZZLE:
            rng = generator(seed, f"swizzle {number}")
            single += _swizzled(replace(fault, until_s=until_s), until_s, rng)
        elif not fault.links:
            single.append(replace(fault, until_s=until_s))
        else:
            single += [replace(fault, until_s=until_s, links=(link,)) for link in fault.links]
    return tuple(single)


def _swizzled(fault: PlannedFault, until_s: float, rng: np.random.Generator) -> list[PlannedFault]:
    count = max(1, round(fault.amount * len(fault.links)))
    stopped = rng.permutation(len(fault.links))[:count]
    middle_s = 0.5 * (fault.at_s + until_s)
    stops_s = np.sort(rng.uniform(fault.at_s, middle_s, count))
    restores_s = rng.permutation(np.sort(rng.uniform(middle_s, until_s, count)))
    return [
        replace(
            fault,
            kind=CUT,
            at_s=float(stop_s),
            until_s=float(restore_s),
            links=(fault.links[int(place)],),
            amount=0.0,
        )
        for place, stop_s, restore_s in zip(stopped, stops_s, restores_s, strict=True)
    ]


def healed_s(faults: Sequence[PlannedFault], *, span_s: float) -> float:
    """Return when the last fault has ended, seconds from the start of the record.

    Parameters
    ----------
    faults
        One that has no end lasts as long as the record.
    span_s
        Length of the record, seconds.

    Returns
    -------
    float
        0 without a fault.
    """
    return max((span_s if f.until_s is None else f.until_s for f in faults), default=0.0)
