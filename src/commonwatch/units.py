"""Conversions at the edge: files, the command line and screens use degrees and kilometres."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", float, npt.NDArray[np.float64])

NS_PER_S: Final = 1_000_000_000
SPEED_OF_LIGHT_M_S: Final = 299_792_458.0
"""Exact by the definition of the metre (SI Brochure, 9th edition, 2019)."""


def radians_from_degrees(angle_deg: Number) -> Number:
    """Convert degrees to radians."""
    return angle_deg * (math.pi / 180.0)


def degrees_from_radians(angle_rad: Number) -> Number:
    """Convert radians to degrees."""
    return angle_rad * (180.0 / math.pi)


def metres_from_kilometres(length_km: Number) -> Number:
    """Convert kilometres to metres."""
    return length_km * 1e3


def kilometres_from_metres(length_m: Number) -> Number:
    """Convert metres to kilometres."""
    return length_m / 1e3


def seconds_from_hours(time_h: float) -> float:
    """Convert hours to seconds."""
    return time_h * 3_600.0


def hertz_from_megahertz(frequency_mhz: float) -> float:
    """Convert megahertz to hertz."""
    return frequency_mhz * 1e6


def ratio_from_decibels(level_db: float) -> float:
    """Convert decibels of power to a ratio."""
    return float(10.0 ** (level_db / 10.0))


def decibels_from_ratio(level_ratio: float) -> float:
    """Convert a positive ratio of powers to decibels."""
    return 10.0 * math.log10(level_ratio)


def ns_from_datetime(instant: datetime) -> int:
    """Convert an aware datetime to integer nanoseconds of UTC since the Unix epoch."""
    since = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1_000


def utc_text(time_ns: int) -> str:
    """Write integer nanoseconds since the Unix epoch as an ISO 8601 instant, to the second."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
