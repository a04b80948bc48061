"""Launches as different centres state them: whether two are one, and what they say together.

====================  =======================================================  =======
figure                source                                                   mark
====================  =======================================================  =======
``GATE_PLACE``        chi-square, two degrees of freedom: 1 in 1,000 honest    derived
                      pairs lies further apart
``GATE_ONE``          the same, one degree of freedom: time, and azimuth       derived
``HOLD_RATIO``        hysteresis: a pair parts beyond 1 in 100,000             derived
``SAME_RATIO``        a launch is compared anew when it has moved by 3 % of    assumed
``SAME_STD``          its standard deviation, or that has changed by 2 %
``*_STD_MIN_*``       no burn is known better; clocks and rounding             assumed
``*_STD_MAX_*``       what is vaguer agrees with anything, so with nothing     assumed
``IMPACT_*_MIN_*``    far above what gravity beyond J2 moves an impact; below  assumed
                      what tells one aim point, or half a minute, from another
``THINNEST``          one axis over the other: below a metre of what is not    derived
                      vague, and its square well above the last digit
``HALF_CIRCLE_DEG``   azimuths so well known on both sides agree only if they  derived
                      lie in one half of the circle: 90 degrees are the root
                      of ``GATE_ONE`` times the root of two times this
====================  =======================================================  =======
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from commonwatch.earth.ellipsoid import ECCENTRICITY_SQUARED, SEMI_MAJOR_AXIS_M
from commonwatch.sharing.messages import COUNT_MAX, Area, LaunchReport
from commonwatch.units import NS_PER_S, degrees_from_radians, radians_from_degrees
from commonwatch.warning.ellipse import CHI_SQUARE_95_TWO, Ellipse
from commonwatch.warning.statement import End

GATE_PLACE: Final = 13.816
GATE_ONE: Final = 10.828
HOLD_RATIO: Final = 1.667
"""23.03 / 13.816; of one degree of freedom 1.80."""
SAME_RATIO: Final = 5e-5
SAME_STD: Final = 0.02
TIME_STD_MIN_S: Final = 1.0
TIME_STD_MAX_S: Final = 120.0
AZIMUTH_STD_MIN_DEG: Final = 1.0
AZIMUTH_STD_MAX_DEG: Final = 45.0
HALF_CIRCLE_DEG: Final = 19.34
HALF_AXIS_MIN_M: Final = 1_000.0
HALF_AXIS_MAX_M: Final = 1_000_000.0
THINNEST: Final = 1e-6
IMPACT_STD_MIN_S: Final = 5.0
IMPACT_AXIS_MIN_M: Final = 25_000.0

Triple: TypeAlias = tuple[float, float, float]
Symmetric: TypeAlias = tuple[float, float, float]
"""East-east, north-north, east-north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What comparing takes of a launch, worked out once.

    Parameters
    ----------
    time_variance_s2, azimuth_variance_deg2, covariance_m2
        Of what is stated.
    surface_m
        The middle, ECEF.
    sines, cosines
        Of its latitude and longitude.
    is_vague
        Whether it says too little to agree with anything.
    """

    time_variance_s2: float
    azimuth_variance_deg2: float
    covariance_m2: Symmetric
    surface_m: Triple
    sines: tuple[float, float]
    cosines: tuple[float, float]
    is_vague: bool

    @staticmethod
    def of(launch: Launch) -> _Place:
        area = launch.area
        angles = radians_from_degrees(area.latitude_deg), radians_from_degrees(area.longitude_deg)
        sines = math.sin(angles[0]), math.sin(angles[1])
        cosines = math.cos(angles[0]), math.cos(angles[1])
        azimuth_std_deg = launch.azimuth_std_deg or 0.0
        return _Place(
            time_variance_s2=_between(launch.time_std_s, TIME_STD_MIN_S, TIME_STD_MAX_S) ** 2,
            azimuth_variance_deg2=_between(
                azimuth_std_deg, AZIMUTH_STD_MIN_DEG, AZIMUTH_STD_MAX_DEG
            )
            ** 2,
            covariance_m2=_covariance(area),
            surface_m=_surface_m(sines, cosines),
            sines=sines,
            cosines=cosines,
            is_vague=launch.time_std_s > TIME_STD_MAX_S
            or max(area.long_half_axis_m, area.short_half_axis_m) > HALF_AXIS_MAX_M
            or azimuth_std_deg > AZIMUTH_STD_MAX_DEG,
        )

    def offset_m(self, other: _Place) -> tuple[float, float]:
        """Return east and north of another middle from this one."""
        here, there = self.surface_m, other.surface_m
        x, y, z = there[0] - here[0], there[1] - here[1], there[2] - here[2]
        (sine_lat, sine_lon), (cosine_lat, cosine_lon) = self.sines, self.cosines
        ahead = cosine_lon * x + sine_lon * y
        return cosine_lon * y - sine_lon * x, cosine_lat * z - sine_lat * ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launch as somebody states it, and its impact where that is stated too.

    Parameters
    ----------
    time_ns, time_std_s, area
        When and where, a 95 % ellipse.
    azimuth_deg, azimuth_std_deg
        None where not stated.
    impact_time_ns, impact_time_std_s, impact_area
        None where not stated.
    range_class
        Empty where not stated.
    """

    time_ns: int
    time_std_s: float
    area: Area
    azimuth_deg: float | None
    azimuth_std_deg: float | None
    impact_time_ns: int | None
    impact_time_std_s: float | None
    impact_area: Area | None
    range_class: str
    _place: _Place = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", _Place.of(self))

    @property
    def is_vague(self) -> bool:
        """Whether it says too little to agree with anything."""
        return self._place.is_vague

    @property
    def can_confirm(self) -> bool:
        """Whether it states time, place and azimuth, so well that another might differ."""
        return (
            self.azimuth_deg is not None
            and (self.azimuth_std_deg or 0.0) <= HALF_CIRCLE_DEG
            and not self.is_vague
        )


def reported(body: LaunchReport) -> Launch:
    """Return the launch that a report states."""
    return Launch(
        time_ns=body.launch_time_ns,
        time_std_s=body.launch_time_std_s,
        area=body.launch_area,
        azimuth_deg=body.azimuth_deg,
        azimuth_std_deg=body.azimuth_std_deg,
        impact_time_ns=body.impact_time_ns,
        impact_time_std_s=body.impact_time_std_s,
        impact_area=body.impact_area,
        range_class=body.range_class,
    )


def estimated(launch: End, impact: End | None, range_class: str) -> Launch:
    """Return the launch that an estimate gives, rounded as messages are.

    Parameters
    ----------
    launch
        Where and when it began; an azimuth that is not finite is left out.
    impact
        Where and when it comes down; None where that is not known.
    range_class
        Its name; empty where it is not known.

    Returns
    -------
    Launch
        Angles in degrees, to three digits, seconds likewise.
    """
    turned = launch.azimuth_rad, launch.azimuth_std_rad
    has_azimuth = all(map(math.isfinite, turned))
    return Launch(
        time_ns=launch.time_ns,
        time_std_s=round(launch.time_std_s, 3),
        area=area_of(launch.area),
        azimuth_deg=round(degrees_from_radians(turned[0]), 3) if has_azimuth else None,
        azimuth_std_deg=round(degrees_from_radians(turned[1]), 3) if has_azimuth else None,
        impact_time_ns=None if impact is None else impact.time_ns,
        impact_time_std_s=None if impact is None else round(impact.time_std_s, 3),
        impact_area=None if impact is None else area_of(impact.area),
        range_class=range_class,
    )


def area_of(ellipse: Ellipse) -> Area:
    """Return an ellipse as messages have it: whole metres outward, places to a metre."""
    return Area(
        latitude_deg=round(float(degrees_from_radians(ellipse.latitude_rad)), 5),
        longitude_deg=round(float(degrees_from_radians(ellipse.longitude_rad)), 5),
        long_half_axis_m=math.ceil(ellipse.long_half_axis_m),
        short_half_axis_m=math.ceil(ellipse.short_half_axis_m),
        orientation_deg=round(float(degrees_from_radians(ellipse.orientation_rad)), 2),
    )


def apart_ratio(one: Launch, other: Launch) -> float:
    """Say how far apart two launches are stated: the first of what ``apart`` returns.

    Parameters
    ----------
    one, other
        In either order.

    Returns
    -------
    float
        They agree below 1; infinite where either is vague.
    """
    return apart(one, other)[0]


def apart(one: Launch, other: Launch) -> tuple[float, float]:
    """Say how far apart two launches are stated, by what each says of its own errors.

    Parameters
    ----------
    one, other
        In either order.

    Returns
    -------
    apart_ratio
        The largest of the squared differences in time, place and azimuth, each in units of its
        gate: they agree below 1, and a pair that has agreed parts above ``HOLD_RATIO``. Infinite
        where either is too vague to agree with anything.
    log_density
        Logarithm of the probability density of these differences, per second, square metre and
        degree, for one and the same launch: what is vague fits many launches, and none of them
        well. Minus infinity beyond ``HOLD_RATIO``.

    Notes
    -----
    An azimuth that either does not state is not compared: such a pair belongs together but confirms
    nothing, nor does one of which any azimuth would agree (``Launch.can_confirm``).
    """
    mine, theirs = one._place, other._place
    if mine.is_vague or theirs.is_vague:
        return math.inf, -math.inf
    since_s = (one.time_ns - other.time_ns) / NS_PER_S
    variance_s2 = mine.time_variance_s2 + theirs.time_variance_s2
    time = since_s * since_s / variance_s2
    worst = time / GATE_ONE
    if worst > HOLD_RATIO:
        return worst, -math.inf
    azimuth, level_deg2 = 0.0, 360.0 * 360.0 / (2.0 * math.pi)
    if one.azimuth_deg is not None and other.azimuth_deg is not None:
        turned = (one.azimuth_deg - other.azimuth_deg + 180.0) % 360.0 - 180.0
        level_deg2 = mine.azimuth_variance_deg2 + theirs.azimuth_variance_deg2
        azimuth = turned * turned / level_deg2
        worst = max(worst, azimuth / GATE_ONE)
        if worst > HOLD_RATIO:
            return worst, -math.inf
    if (other.time_ns, theirs.surface_m) < (one.time_ns, mine.surface_m):
        mine, theirs = theirs, mine  # the plane is that of the earlier: the same both ways
    east, north = mine.offset_m(theirs)
    (a, b, c), (d, e, f) = mine.covariance_m2, theirs.covariance_m2
    a, b, c = a + d, b + e, c + f
    size = a * b - c * c
    place = (b * east * east - 2.0 * c * east * north + a * north * north) / size
    worst = max(worst, place / GATE_PLACE)
    if worst > HOLD_RATIO:
        return worst, -math.inf
    squares, sizes = time + azimuth + place, math.log(variance_s2 * level_deg2) + math.log(size)
    return worst, -0.5 * (squares + sizes) - 2.0 * math.log(2.0 * math.pi)


def impacts_apart_ratio(one: Launch, other: Launch) -> float:
    """Say how far apart two impacts are stated, over what one in 1,000 honest pairs would be.

    Parameters
    ----------
    one, other
        Two statements of launches, which may state impacts.

    Returns
    -------
    float
        The larger ratio of squares, of time and of place; zero where either states no impact.
    """
    mine, theirs = one.impact_area, other.impact_area
    if mine is None or theirs is None or one.impact_time_ns is None or other.impact_time_ns is None:
        return 0.0
    since_s = (one.impact_time_ns - other.impact_time_ns) / NS_PER_S
    stds_s = one.impact_time_std_s or 0.0, other.impact_time_std_s or 0.0
    time = since_s * since_s / sum(max(each, IMPACT_STD_MIN_S) ** 2 for each in stds_s)
    spreads = (_covariance(each, least_m=IMPACT_AXIS_MIN_M) for each in (mine, theirs))
    a, b, c = (x + y for x, y in zip(*spreads, strict=True))
    east, north = _offset_m(mine, theirs)
    place = (b * east * east - 2.0 * c * east * north + a * north * north) / (a * b - c * c)
    return float(max(time / GATE_ONE, place / GATE_PLACE))


def is_same(before: Launch, now: Launch) -> bool:
    """Whether a launch is stated as before, as far as comparing goes.

    Parameters
    ----------
    before, now
        One launch as it was compared last, and as it is stated.

    Returns
    -------
    bool
        False where it has moved, or has become surer or less sure, by more than ``SAME_RATIO`` and
        ``SAME_STD`` allow, or may confirm now and could not before.
    """
    is_as_sure = abs(now.time_std_s - before.time_std_s) <= SAME_STD * before.time_std_s
    is_as_narrow = (
        abs(now.area.long_half_axis_m - before.area.long_half_axis_m)
        <= SAME_STD * before.area.long_half_axis_m
        and abs(now.area.short_half_axis_m - before.area.short_half_axis_m)
        <= SAME_STD * before.area.short_half_axis_m
    )
    if not (is_as_sure and is_as_narrow and before.can_confirm is now.can_confirm):
        return False
    turned = (before.azimuth_std_deg or 0.0), (now.azimuth_std_deg or 0.0)
    return (
        abs(turned[1] - turned[0]) <= SAME_STD * turned[0] and apart_ratio(before, now) < SAME_RATIO
    )


def distance_m(one: Launch, other: Launch) -> float:
    """Say how far apart the middles of two areas are, along the plane of the first.

    Parameters
    ----------
    one, other
        Their areas' ellipses do not count.

    Returns
    -------
    float
        Metres in the plane that is level at the first; the Earth's curve is left out.
    """
    return math.hypot(*one._place.offset_m(other._place))


def together(launches: Sequence[Launch]) -> Launch:
    """Return what launches that agree say together, whether or not they share news.

    Parameters
    ----------
    launches
        One or more, in a fixed order.

    Notes
    -----
    Covariance intersection: of areas the mixture of both informations with the least area, of
    times and azimuths the better one. Safe whatever the sources have in common, as the assumed burn
    is common to all.
    """
    area = launches[0].area
    for other in launches[1:]:
        area = _intersected(area, other.area)
    first = min(launches, key=_time_std)
    turned = min(launches, key=_azimuth_std)
    best = min(launches, key=_area_m2)
    ends = [each for each in launches if each.impact_area is not None]
    impact = ends[0].impact_area if ends else None
    for each in ends[1:]:
        if impact is not None and each.impact_area is not None:
            impact = _intersected(impact, each.impact_area)
    sooner = min(ends, key=_impact_std, default=None)
    return Launch(
        time_ns=first.time_ns,
        time_std_s=first.time_std_s,
        area=area,
        azimuth_deg=turned.azimuth_deg,
        azimuth_std_deg=turned.azimuth_std_deg,
        impact_time_ns=None if sooner is None else sooner.impact_time_ns,
        impact_time_std_s=None if sooner is None else sooner.impact_time_std_s,
        impact_area=impact,
        range_class=best.range_class,
    )


def _time_std(launch: Launch) -> float:
    return launch.time_std_s


def _azimuth_std(launch: Launch) -> float:
    has_azimuth = launch.azimuth_deg is not None and launch.azimuth_std_deg is not None
    return launch.azimuth_std_deg or 0.0 if has_azimuth else math.inf


def _impact_std(launch: Launch) -> float:
    return math.inf if launch.impact_time_std_s is None else launch.impact_time_std_s


def _area_m2(launch: Launch) -> float:
    return float(launch.area.long_half_axis_m * launch.area.short_half_axis_m)


def _between(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def _covariance(area: Area, *, least_m: float = HALF_AXIS_MIN_M) -> Symmetric:
    """Return the covariance of a 95 % ellipse, east and north."""
    # What others state may be thinner than numbers hold: then no inverse is left of it.
    thin_m = THINNEST * max(area.long_half_axis_m, area.short_half_axis_m)
    along = max(area.long_half_axis_m, least_m, thin_m) ** 2 / CHI_SQUARE_95_TWO
    across = max(area.short_half_axis_m, least_m, thin_m) ** 2 / CHI_SQUARE_95_TWO
    turn = radians_from_degrees(area.orientation_deg)
    sine, cosine = math.sin(turn), math.cos(turn)
    return (
        along * sine * sine + across * cosine * cosine,
        along * cosine * cosine + across * sine * sine,
        (along - across) * sine * cosine,
    )


def _surface_m(sines: tuple[float, float], cosines: tuple[float, float]) -> Triple:
    normal = SEMI_MAJOR_AXIS_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sines[0] * sines[0])
    level = normal * cosines[0]
    return (
        level * cosines[1],
        level * sines[1],
        normal * (1.0 - ECCENTRICITY_SQUARED) * sines[0],
    )


def ellipse_of(area: Area) -> Ellipse:
    """Return an area, as messages have it, in radians."""
    return Ellipse(
        latitude_rad=radians_from_degrees(area.latitude_deg),
        longitude_rad=radians_from_degrees(area.longitude_deg),
        long_half_axis_m=float(area.long_half_axis_m),
        short_half_axis_m=float(area.short_half_axis_m),
        orientation_rad=radians_from_degrees(area.orientation_deg),
    )


def _offset_m(origin: Area, other: Area) -> tuple[float, float]:
    """Return east and north of the middle of one area from that of another."""
    return ellipse_of(origin).offset_m(
        radians_from_degrees(other.latitude_deg), radians_from_degrees(other.longitude_deg)
    )


def _intersected(one: Area, other: Area) -> Area:
    """Return the covariance intersection of two areas: the least ellipse of their mixtures.

    Parameters
    ----------
    one, other
        In a fixed order: the plane is that of the first.
    """
    mine = _inverse(_covariance(one, least_m=1.0))
    theirs = _inverse(_covariance(other, least_m=1.0))

    share = _least_share(mine, theirs)
    covariance = _inverse(_mixed(mine, theirs, share))
    east, north = _offset_m(one, other)
    pull = (
        (1.0 - share) * (theirs[0] * east + theirs[2] * north),
        (1.0 - share) * (theirs[2] * east + theirs[1] * north),
    )
    return _moved(
        one,
        covariance[0] * pull[0] + covariance[2] * pull[1],
        covariance[2] * pull[0] + covariance[1] * pull[1],
        covariance,
    )


def _least_share(one: Symmetric, other: Symmetric) -> float:
    """Return the share of the first with which the mixture of two informations is the greatest.

    The determinant of the mixture is a square polynomial in the share.
    """
    a, b, c = (x - y for x, y in zip(one, other, strict=True))
    bend = a * b - c * c
    slope = a * other[1] + b * other[0] - 2.0 * c * other[2]
    if bend < 0.0:
        return _between(-0.5 * slope / bend, 0.0, 1.0)
    return 1.0 if bend + slope >= 0.0 else 0.0


def _mixed(one: Symmetric, other: Symmetric, weight: float) -> Symmetric:
    rest = 1.0 - weight
    return (
        weight * one[0] + rest * other[0],
        weight * one[1] + rest * other[1],
        weight * one[2] + rest * other[2],
    )


def _inverse(matrix: Symmetric) -> Symmetric:
    a, b, c = matrix
    size = a * b - c * c
    return b / size, a / size, -c / size


def _moved(area: Area, east_m: float, north_m: float, covariance: Symmetric) -> Area:
    """Return the ellipse of a covariance about a point near the middle of an area.

    Limits: the step goes along meridian and parallel of the area's own middle: for steps that are
    short against the distance to a pole.
    """
    latitude = radians_from_degrees(area.latitude_deg)
    sine = math.sin(latitude)
    square = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    normal = SEMI_MAJOR_AXIS_M / math.sqrt(square)
    along_m = normal * (1.0 - ECCENTRICITY_SQUARED) / square
    a, b, c = covariance
    half = 0.5 * (b - a)
    reach, middle = math.hypot(half, c), 0.5 * (a + b)
    longitude = area.longitude_deg + degrees_from_radians(
        east_m / (normal * max(math.cos(latitude), 1e-6))
    )
    northward = area.latitude_deg + degrees_from_radians(north_m / along_m)
    return Area(
        latitude_deg=round(min(max(float(northward), -90.0), 90.0), 5),
        longitude_deg=round((float(longitude) + 180.0) % 360.0 - 180.0, 5),
        long_half_axis_m=_half_axis_m(middle + reach),
        short_half_axis_m=_half_axis_m(max(middle - reach, 0.0)),
        orientation_deg=round(math.degrees(0.5 * math.atan2(c, half)) % 180.0, 2),
    )


def _half_axis_m(variance_m2: float) -> int:
    """Return a half-axis of 95 % as messages can have it."""
    return min(math.ceil(math.sqrt(CHI_SQUARE_95_TWO * variance_m2)), COUNT_MAX)
