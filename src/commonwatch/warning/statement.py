"""What is said of one track at one instant, as plain values: what alerts live on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import geodetic_from_ecef
from commonwatch.units import NS_PER_S
from commonwatch.warning.assessment import in_words
from commonwatch.warning.coasting import Motor
from commonwatch.warning.ellipse import Ellipse, Ellipses
from commonwatch.warning.notice import Seen
from commonwatch.warning.rounds import Judged, Supported


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of an arc.

    Parameters
    ----------
    time_ns, time_std_s
        When, and one standard deviation.
    area
        95 % ellipse on the ground.
    azimuth_rad, azimuth_std_rad
        Of a launch; nan for an impact.
    """

    time_ns: int
    time_std_s: float
    area: Ellipse
    azimuth_rad: float
    azimuth_std_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is said of a track.

    Parameters
    ----------
    track, time_ns, known_ns
        Of the estimate that was judged.
    is_last_sight
        Whether the track had ended.
    answer_probability
        In the order of ``assessment.ANSWERS``.
    motor
        What it does.
    range_class
        The likeliest; empty for none.
    launch, impact
        None where not given.
    supported
        Which of this centre's sensors it rests on.
    seen
        As notices are compared with.
    evidence
        What is behind the answer, in words.
    """

    track: int
    time_ns: int
    known_ns: int
    is_last_sight: bool
    answer_probability: tuple[float, ...]
    motor: Motor
    range_class: str
    launch: End | None
    impact: End | None
    supported: Supported
    seen: Seen
    evidence: str


def statements(judged: Judged, *, class_names: Sequence[str]) -> tuple[Statement, ...]:
    """Put judgements into plain values, one each.

    Parameters
    ----------
    judged
        From ``rounds``.
    class_names
        Of the range classes, in their order.
    """
    if not len(judged):
        return ()
    estimates, said = judged.estimates, judged.judgements
    times, known = estimates.time_ns.tolist(), estimates.known_ns.tolist()
    launches = _ends(times, said.origins)
    impacts = _ends(times, said.impacts)
    latitude, longitude, _ = geodetic_from_ecef(estimates.state_vector[:, :3])
    place = np.trace(estimates.covariance[:, :3, :3], axis1=1, axis2=2)
    below = zip(
        latitude.tolist(),
        longitude.tolist(),
        np.sqrt(np.maximum(place, 0.0)).tolist(),
        strict=True,
    )
    words = in_words(said.features)
    return tuple(
        Statement(
            track=track,
            time_ns=times[row],
            known_ns=known[row],
            is_last_sight=judged.is_last_sight[row],
            answer_probability=tuple(shares),
            motor=said.motor[row],
            range_class=range_class,
            launch=launches[row],
            impact=impacts[row],
            supported=judged.supported[row],
            seen=_seen(known[row], launches[row], under),
            evidence=f"{said.motor_reason[row]}; {words[row]}",
        )
        for row, (track, shares, range_class, under) in enumerate(
            zip(
                estimates.track.tolist(),
                said.answer_probability.tolist(),
                _classes(said.class_probability, class_names),
                below,
                strict=True,
            )
        )
    )


def _ends(times: list[int], said: Any) -> list[End | None]:
    """Make ends of origins or impacts."""
    area: Ellipses = said.area
    count = len(times)
    azimuth = getattr(said, "azimuth_rad", np.full(count, np.nan))
    azimuth_std = getattr(said, "azimuth_std_rad", np.full(count, np.nan))
    columns = [said.is_given, said.time_s, said.time_std_s, azimuth, azimuth_std]
    columns += [getattr(area, name) for name in Ellipses.__slots__]
    return [
        End(
            time_ns=time_ns + round(since_s * NS_PER_S),
            time_std_s=std_s,
            area=Ellipse(
                latitude_rad=rest[0],
                longitude_rad=rest[1],
                long_half_axis_m=rest[2],
                short_half_axis_m=rest[3],
                orientation_rad=rest[4],
            ),
            azimuth_rad=azimuth_rad,
            azimuth_std_rad=azimuth_std_rad,
        )
        if is_given
        else None
        for time_ns, (is_given, since_s, std_s, azimuth_rad, azimuth_std_rad, *rest) in zip(
            times, zip(*(column.tolist() for column in columns), strict=True), strict=True
        )
    ]


def _classes(shares: npt.NDArray[np.float64], names: Sequence[str]) -> list[str]:
    best = np.where(np.isfinite(shares).all(axis=1), np.argmax(np.nan_to_num(shares), axis=1), -1)
    return [names[k] if k >= 0 else "" for k in best.tolist()]


def _seen(known_ns: int, launch: End | None, below: tuple[float, float, float]) -> Seen:
    nothing = float("nan")
    area = None if launch is None else launch.area
    return Seen(
        now_ns=known_ns,
        launch_ns=None if launch is None else launch.time_ns,
        launch_std_s=nothing if launch is None else launch.time_std_s,
        latitude_rad=nothing if area is None else area.latitude_rad,
        longitude_rad=nothing if area is None else area.longitude_rad,
        half_axis_m=nothing if area is None else area.long_half_axis_m,
        azimuth_rad=nothing if launch is None else launch.azimuth_rad,
        azimuth_std_rad=nothing if launch is None else launch.azimuth_std_rad,
        below_latitude_rad=below[0],
        below_longitude_rad=below[1],
        position_std_m=below[2],
    )
