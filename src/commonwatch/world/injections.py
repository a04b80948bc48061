"""What comes into the world's channels and is nobody's decision: test data, counts that fill.

==========================  ===============================================================
kind                        history
==========================  ===============================================================
test data                   9 November 1979: a training tape of a mass attack on the live
                            system of the North American air defence command
filled counts               3 June 1980: a failed chip filled zeros of "000 missiles" in the
                            messages that tested a line with twos
==========================  ===============================================================

Reference: Comptroller General of the United States, *NORAD's Missile Warning System: What Went
Wrong?*, report MASAD-81-30, 15 May 1981.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from commonwatch.identity import NationId
from commonwatch.scenario.nations import Injection
from commonwatch.sharing.envelope import key_name, seal
from commonwatch.sharing.keys import Key
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Area, Heartbeat, LaunchReport, Message
from commonwatch.units import NS_PER_S, degrees_from_radians

TEST_DATA: Final = "test data"
FILLED_COUNTS: Final = "filled counts"
LIE: Final = "lie"
NUMBERED_FROM: Final = 2**41
"""No centre's own number comes so far."""
FILLINGS: Final = (2, 22, 222, 2222)
_EARTH_RADIUS_M: Final = 6_371_000.0
"""Of a sphere, to place invented launches within a circle."""


def instants_ns(injection: Injection, epoch_ns: int) -> tuple[int, ...]:
    """Return when each of its messages comes: evenly from beginning to end.

    Parameters
    ----------
    injection
        Its beginning, end and count.
    epoch_ns
        Start of the record, UTC since 1970.
    """
    span_s = injection.until_s - injection.at_s
    return tuple(
        epoch_ns + round((injection.at_s + span_s * k / injection.count) * NS_PER_S)
        for k in range(injection.count)
    )


def purpose_of(injection: Injection) -> Purpose:
    """Return what its messages are marked as."""
    return Purpose(injection.way)


def sealed_tests(
    injection: Injection,
    nation: NationId,
    key: Key,
    times_ns: tuple[int, ...],
    *,
    rng: np.random.Generator,
) -> Iterator[bytes]:
    """Yield sealed launch reports of launches that never were, marked as what they are.

    Parameters
    ----------
    injection
        Its circle, on a sphere, in which the launches lie evenly by area.
    nation
        In whose name.
    key
        That nation's, for what they are marked as.
    times_ns
        When each is made, which is when it says that something was launched, UTC since 1970.
    rng
        Of the injection.
    """
    purpose = purpose_of(injection)
    for number, time_ns in enumerate(times_ns):
        distance_m = injection.radius_m * math.sqrt(rng.random())
        bearing = rng.uniform(0.0, 2.0 * math.pi)
        north = distance_m * math.cos(bearing) / _EARTH_RADIUS_M
        east = distance_m * math.sin(bearing) / _EARTH_RADIUS_M
        latitude = min(max(injection.latitude_rad + north, -math.pi / 2), math.pi / 2)
        longitude = injection.longitude_rad + east / max(math.cos(latitude), 0.01)
        body = LaunchReport(
            event=NUMBERED_FROM + number,
            launch_time_ns=time_ns,
            launch_time_std_s=5.0,
            range_class="",
            launch_area=Area(
                latitude_deg=degrees_from_radians(latitude),
                longitude_deg=(degrees_from_radians(longitude) + 180.0) % 360.0 - 180.0,
                long_half_axis_m=20_000,
                short_half_axis_m=20_000,
                orientation_deg=0.0,
            ),
        )
        message = Message(
            purpose=purpose,
            originator=nation,
            number=NUMBERED_FROM + number,
            made_ns=time_ns,
            body=body,
        )
        yield seal(message, key.sign, key_name(nation, purpose))


def filled_heartbeats(nation: NationId, key: Key, times_ns: tuple[int, ...]) -> Iterator[bytes]:
    """Yield sealed heartbeats whose count a failed part fills with twos.

    Parameters
    ----------
    nation
        In whose name.
    key
        That nation's for actual messages.
    times_ns
        When each is made, UTC since 1970.
    """
    for number, time_ns in enumerate(times_ns):
        beat = Heartbeat(heartbeat=nation, beat=FILLINGS[number % len(FILLINGS)], made_ns=time_ns)
        yield seal(beat, key.sign, key_name(nation, Purpose.ACTUAL))
