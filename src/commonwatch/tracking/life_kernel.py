"""Compiled: how tracks begin, are believed, and end.

A track's ``score`` is the logarithm of how much likelier all its looks are with an object there
than with false plots alone (sequential likelihood; Bar-Shalom, Willett, Tian, Tracking and Data
Fusion, 2011, section 7.4.2).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bank_kernel import (
    CONFIRMED,
    DORMANT,
    GONE,
    LIVE,
    SINGLE,
    TENTATIVE,
)
from commonwatch.tracking.kalman_kernel import INFRARED
from commonwatch.tracking.motion_kernel import FREE, POWERED
from commonwatch.tracking.view_kernel import (
    EXPECTED,
    KIND,
    REVISIT,
    altitude,
    detection_probability,
    sure_probability,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]

CONFIRM, END, END_TENTATIVE, END_SINGLE, CEILING, COAST_S, DORMANT_S, AIR_M = range(8)
"""Places in ``rules``: scores to confirm at and to lose before the end, highest score above zero,
longest time in view without a plot, longest time out of every view, and the height of the air."""

LEAD = 3.0
SURE = 6.0
"""Score by which a track in a crowd must lead others that share half their plots with it before
it is believed, unless its own is so far above what is asked."""
CROWDED_HITS = 4
"""Plots that a track needs at least where others stand close: what stood close in a look may have
been missed, and its score then says too much."""
MOTOR_LIKELY = 0.1
"""Probability that a satellite sees an object, above which it counts as in its view: less likely,
the motor is out, and nothing is to be seen."""
MISSED_STDS = math.sqrt(3.0)
"""Standard deviations off along three axes at which a look would have seen an object too, for it to
count as missed (assumed): it would then have seen it anywhere within one (derived). More would keep
tracks of nothing where they are known badly; one that ends too early begins again."""
SINGLE_LOOKS = 2.2
"""Revisits of its sensor that a single plot waits for a second."""

QUIET, CHANGED, ENDED, CONFIRMED_NOW = 0, 1, 2, 3
"""What a frame did to a track."""


@kernel(
    "void(i8, i8, b1, i8, f8[::1], f8[::1], f8[::1], i8[::1], b1[::1], f8[::1], i1[::1], i1[::1],"
    " f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[::1], f8[::1], i4[::1], i8[::1], i8[::1],"
    " i8[::1], i8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], i8[::1], f8[:,::1], f8[::1])",
    is_exact=True,
)
def live_on(
    sensor: int,
    now_ns: int,
    is_whole_look: bool,
    count: int,
    got: F64,
    worth: F64,
    chances: F64,
    cluster: I64,
    is_crowded: npt.NDArray[np.bool_],
    rules: F64,
    phases: I8,
    events: I8,
    states: F64,
    covariances: F64,
    weights: F64,
    scores: F64,
    bests: F64,
    hits: I32,
    homes: I64,
    last_hit_ns: I64,
    unwatched_ns: I64,
    last_look_ns: I64,
    place: F64,
    rotation: F64,
    figures: F64,
    face_from: I64,
    faces: F64,
    field: F64,
) -> None:
    """Score one frame of one sensor for every track and move each along its life.

    ``got`` is the share of plots that a track took, ``worth`` what they gain over a missed look.
    Tracks of one ``cluster`` compete for plots: no more than the worst of them ends at a time. A
    whole look is one around the sensor's entire field; otherwise a look is missed only when none
    came for longer than a revisit.
    """
    revisit = figures[sensor, REVISIT]
    worst = np.full(count, -1, dtype=np.int64)
    for t in range(count):
        c = cluster[t]
        if c >= 0 and (worst[c] < 0 or scores[t] - bests[t] < scores[worst[c]] - bests[worst[c]]):
            worst[c] = t
    for t in range(count):
        events[t] = QUIET
        chance = min(chances[t], 0.999)
        has_missed = False
        since_s = 1e-9 * (now_ns - last_look_ns[t, sensor])
        due_s = 0.25 * revisit if is_whole_look else 1.25 * revisit
        if got[t] > 0.0:
            scores[t] += worth[t] + math.log1p(-min(max(chance, 0.1), 0.999))
            last_look_ns[t, sensor] = now_ns
            last_hit_ns[t] = now_ns
            events[t] = CHANGED
            if phases[t] == SINGLE:
                phases[t] = TENTATIVE
            elif phases[t] == DORMANT:
                phases[t] = CONFIRMED
        elif chance > 0.0 and figures[sensor, EXPECTED] != 0.0 and since_s >= due_s:
            has_missed = True
            last_look_ns[t, sensor] = now_ns
            sure = sure_probability(
                sensor,
                states[t, FREE],
                covariances[t, FREE],
                MISSED_STDS,
                weights[t, POWERED],
                place,
                rotation,
                figures,
                face_from,
                faces,
                field,
            )
            scores[t] += math.log1p(-min(chance, sure))
            if figures[sensor, KIND] == INFRARED:
                # A motor that is not seen burns less likely.
                pd = chance / max(weights[t, POWERED], 1e-12)
                powered = weights[t, POWERED] * (1.0 - min(pd, 0.999))
                weights[t, POWERED] = powered / (powered + weights[t, FREE])
                weights[t, FREE] = 1.0 - weights[t, POWERED]
        bests[t] = max(bests[t], scores[t])
        if bests[t] > rules[CEILING]:
            scores[t] -= bests[t] - rules[CEILING]
            bests[t] = rules[CEILING]
        if phases[t] == SINGLE:
            if bests[t] - scores[t] > rules[END_SINGLE]:
                phases[t] = GONE
            elif 1e-9 * (now_ns - last_hit_ns[t]) > SINGLE_LOOKS * figures[homes[t], REVISIT]:
                phases[t] = GONE
            continue
        height = altitude(states[t, FREE], field)
        climb = (
            states[t, FREE, 0] * states[t, FREE, 3]
            + states[t, FREE, 1] * states[t, FREE, 4]
            + states[t, FREE, 2] * states[t, FREE, 5]
        )
        lost = bests[t] - scores[t]
        unseen_s = 1e-9 * (now_ns - last_hit_ns[t])
        is_over = (
            height < 0.0
            or (
                lost > (rules[END_TENTATIVE] if phases[t] == TENTATIVE else rules[END])
                and (cluster[t] < 0 or worst[cluster[t]] == t)
            )
            or (phases[t] == DORMANT and unseen_s > rules[DORMANT_S])
            or (height < rules[AIR_M] and climb < 0.0 and has_missed)
        )
        if is_over:
            if phases[t] != DORMANT:
                events[t] = ENDED
            phases[t] = GONE
            continue
        enough = CROWDED_HITS if is_crowded[t] else 2
        if (
            phases[t] == TENTATIVE
            and got[t] > 0.0
            and scores[t] > rules[CONFIRM]
            and hits[t] >= enough
        ):
            phases[t] = CONFIRMED
            events[t] = CONFIRMED_NOW
        is_watched = got[t] > 0.0 or (figures[sensor, KIND] != INFRARED and chances[t] > 0.0)
        may_burn = False
        if not is_watched:
            for s in range(figures.shape[0]):
                is_eye = figures[s, KIND] == INFRARED
                # A motor that nobody has seen for long burns no more.
                if is_watched or (is_eye and (may_burn or unseen_s > rules[COAST_S])):
                    continue
                seen = chances[t]
                if s != sensor:
                    seen = detection_probability(
                        s,
                        states[t, FREE],
                        weights[t, POWERED],
                        place,
                        rotation,
                        figures,
                        face_from,
                        faces,
                        field,
                    )
                if is_eye:
                    may_burn = seen > MOTOR_LIKELY
                else:
                    is_watched = seen > 0.0
        # Where nobody looks at all, a dormant track waits for those in whose view it is.
        if not is_watched or (sensor < 0 and phases[t] == DORMANT):
            unwatched_ns[t] = now_ns
        watched_s = 1e-9 * (now_ns - max(last_hit_ns[t], unwatched_ns[t]))
        if watched_s > rules[COAST_S]:
            if phases[t] != DORMANT:
                events[t] = ENDED
            phases[t] = GONE
            continue
        is_seen = is_watched or may_burn
        if height < rules[AIR_M] and climb < 0.0 and got[t] <= 0.0:
            # Below the air's height a falling object is believed in only while it is fed there.
            length = math.sqrt(
                states[t, FREE, 0] ** 2 + states[t, FREE, 1] ** 2 + states[t, FREE, 2] ** 2
            )
            is_seen = is_seen and unseen_s < (rules[AIR_M] - height) * length / -climb
        if not is_seen and phases[t] != DORMANT:
            events[t] = ENDED
            phases[t] = DORMANT if phases[t] == CONFIRMED else GONE
            bests[t] = scores[t]


@kernel("b1(i8[::1], i8[::1], b1[::1])", is_exact=True)
def is_made_of(rows: I64, places: I64, is_used: npt.NDArray[np.bool_]) -> bool:
    """Whether half of a track's plots or more, those at ``places``, are used."""
    own, shared = 0, 0
    for k in range(rows.shape[0]):
        if rows[k] >= 0:
            own += 1
            shared += int(is_used[places[k]])
    return 2 * shared >= own


@kernel("void(i8[::1], i8[::1], b1[::1], b1)", is_exact=True)
def note_use(rows: I64, places: I64, is_used: npt.NDArray[np.bool_], use: bool) -> None:
    """Note whether a track's plots are used."""
    for k in range(rows.shape[0]):
        if rows[k] >= 0:
            is_used[places[k]] = use


@kernel(
    "void(i8[::1], i8[::1], i8[:,::1], i8[:,::1], i8, b1[::1], b1[::1], f8, f8[::1], i1[::1],"
    " i1[::1])",
    is_exact=True,
)
def settle_rivals(
    new: I64,
    unsure: I64,
    rows: I64,
    places: I64,
    place_count: int,
    is_accompanied: npt.NDArray[np.bool_],
    is_crowded: npt.NDArray[np.bool_],
    confirm: float,
    scores: F64,
    phases: I8,
    events: I8,
) -> None:
    """Believe tracks confirmed just now, the best first, and end what lives on their plots.

    ``new`` are those tracks, ``unsure`` the tentative ones and single plots, ``rows`` the plots of
    each track, and ``places`` numbers those below ``place_count``. A track that stands in a crowd
    stays tentative while a rival that shares its plots is nearly as good.
    """
    is_used = np.zeros(place_count, dtype=np.bool_)
    is_own = np.zeros(place_count, dtype=np.bool_)
    rivals = np.concatenate((unsure, new))
    for t in new:
        has_rival = False
        if scores[t] <= confirm + SURE and is_crowded[t] and not is_accompanied[t]:
            note_use(rows[t], places[t], is_own, use=True)
            for rival in rivals:
                if rival != t and scores[rival] > scores[t] - LEAD:
                    has_rival = has_rival or is_made_of(rows[rival], places[rival], is_own)
            note_use(rows[t], places[t], is_own, use=False)
        if has_rival:
            phases[t] = TENTATIVE
        elif is_made_of(rows[t], places[t], is_used):
            phases[t] = GONE
            events[t] = ENDED
        else:
            note_use(rows[t], places[t], is_used, use=True)
    for t in unsure:
        if is_made_of(rows[t], places[t], is_used):
            phases[t] = GONE
            events[t] = ENDED


@kernel(
    "void(i8, i8, i8[::1], i8, f8[:,::1], f8[:,::1], f8[::1], f8[::1], f8, f8, f8, i8,"
    " i1[::1], f8[:,:,::1], f8[:,:,:,::1], f8[:,::1], f8[::1], f8[::1], i4[::1],"
    " i8[::1], i8[:,::1], f8[:,::1], f8[:,::1], f8[::1])",
    is_exact=True,
)
def start_from_radar(
    sensor: int,
    now_ns: int,
    plots: I64,
    count: int,
    values: F64,
    stds: F64,
    densities: F64,
    offsets: F64,
    uniform: float,
    speed_std_m_s: float,
    newness: float,
    never_ns: int,
    phases: I8,
    states: F64,
    covariances: F64,
    weights: F64,
    scores: F64,
    bests: F64,
    hits: I32,
    last_hit_ns: I64,
    last_look_ns: I64,
    place: F64,
    rotation: F64,
    field: F64,
) -> None:
    """Start a track from each of some plots of a radar, in the rows from ``count``.

    The position has the plot's covariance; the velocity is known along the line where the radar
    measures its rate, and otherwise as little as ``speed_std_m_s`` says. A plot that is off the
    frame's time is moved there by its velocity, and is known less for that.
    """
    direction = np.empty((3, 3))
    for index in range(plots.shape[0]):
        p = plots[index]
        t = count + index
        r, azimuth, elevation = values[p, 0], values[p, 1], values[p, 2]
        ce, se = math.cos(elevation), math.sin(elevation)
        ca, sa = math.cos(azimuth), math.sin(azimuth)
        turn = rotation[sensor]
        for j in range(3):
            east, north, up = turn[j], turn[3 + j], turn[6 + j]
            direction[0, j] = ce * sa * east + ce * ca * north + se * up
            direction[1, j] = ca * east - sa * north
            direction[2, j] = -se * sa * east - se * ca * north + ce * up
        across = r * ce * stds[p, 1]
        along = r * stds[p, 2]
        a2, b2 = across * across, along * along
        # The place is on a sphere (``kalman_kernel.allow_for_bending``).
        range_variance = stds[p, 0] * stds[p, 0] + (
            0.5 * (a2 * a2 + b2 * b2) + 0.25 * (a2 + b2) * (a2 + b2)
        ) / (r * r)
        has_rate = not math.isnan(values[p, 3])
        rate = values[p, 3] if has_rate else 0.0
        rate_std = speed_std_m_s
        if has_rate:
            tilt = math.sqrt(stds[p, 1] * stds[p, 1] + stds[p, 2] * stds[p, 2])
            rate_std = math.sqrt(stds[p, 3] * stds[p, 3] + (tilt * speed_std_m_s) ** 2)
        for m in range(2):
            for i in range(3):
                states[t, m, i] = place[sensor, i] + r * direction[0, i]
                states[t, m, 3 + i] = rate * direction[0, i]
            for i in range(6):
                for j in range(6):
                    covariances[t, m, i, j] = 0.0
            for i in range(3):
                for j in range(3):
                    one = direction[0, i] * direction[0, j]
                    covariances[t, m, i, j] = (
                        range_variance * one
                        + a2 * direction[1, i] * direction[1, j]
                        + b2 * direction[2, i] * direction[2, j]
                    )
                    other = (1.0 if i == j else 0.0) - one
                    covariances[t, m, 3 + i, 3 + j] = (
                        rate_std * rate_std * one + speed_std_m_s * speed_std_m_s * other
                    )
            for i in range(3):
                states[t, m, i] -= offsets[p] * states[t, m, 3 + i]
                for j in range(3):
                    speed = covariances[t, m, 3 + i, 3 + j]
                    covariances[t, m, i, j] += offsets[p] * offsets[p] * speed
                    covariances[t, m, i, 3 + j] -= offsets[p] * speed
                    covariances[t, m, 3 + i, j] -= offsets[p] * speed
        height = altitude(states[t, FREE], field)
        powered = 0.5 if height < 80e3 else max(0.5 - 0.48 * (height - 80e3) / 320e3, 0.0)
        weights[t, POWERED] = powered if powered > LIVE else 0.0
        weights[t, FREE] = 1.0 - weights[t, POWERED]
        scores[t] = max(newness + math.log(uniform / densities[p]), 1.4 * newness)
        bests[t] = scores[t]
        phases[t] = SINGLE
        hits[t] = 1
        last_hit_ns[t] = now_ns
        for s in range(last_look_ns.shape[1]):
            last_look_ns[t, s] = never_ns
        last_look_ns[t, sensor] = now_ns
