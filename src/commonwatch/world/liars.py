"""A nation that lies: its reports on tracks rewritten on their way out, and signed by it again.

The nation's own centre is honest with itself; what it records as said is not what it says. Whether
the lie is meant or a fault of a machine does not matter here.

===================  =====================================================================  =======
figure               source                                                                 mark
===================  =====================================================================  =======
``DRIFT_S``          a drift reaches the size of the sudden lie after six reports           assumed
``TURN_RAD``         some 60 km at middle latitudes: within the same fields of view, and    assumed
                     no track of anything real
``RAID_COUNT``       a raid that a centre cannot put down to chance                         assumed
===================  =====================================================================  =======

==============  ===================================================================================
way             what is said
==============  ===================================================================================
shift           every object displaced by a number of its stated standard deviations, one way
drift           the same, growing from nothing
repeat          the first report of each object after the lie begins, again and again as a new one
freeze          the estimate in it, under ever new times
invent one      one more object: a real one turned about the Earth's axis, which moves as freely
invent raid     ten such
deny one        nothing on the first object reported
deny all        nothing at all
==============  ===================================================================================

Limits: who has no track of anything cannot invent one here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]

SHIFT: Final = "shift"
DRIFT: Final = "drift"
REPEAT: Final = "repeat"
FREEZE: Final = "freeze"
INVENT_ONE: Final = "invent one"
INVENT_RAID: Final = "invent raid"
DENY_ONE: Final = "deny one"
DENY_ALL: Final = "deny all"
LIES: Final = (SHIFT, DRIFT, REPEAT, FREEZE, INVENT_ONE, INVENT_RAID, DENY_ONE, DENY_ALL)

DRIFT_S: Final = 60.0
TURN_RAD: Final = 0.013
RAID_COUNT: Final = 10
INVENTED: Final = 2**40
"""Numbers from here on are of invented messages and tracks: no honest one comes so far."""
_UPPER: Final = np.triu_indices(6)


@dataclass(slots=True, eq=False)
class Liar:
    """One nation's way of lying.

    Parameters
    ----------
    nation
        Who.
    way
        One of ``LIES``.
    at_ns, until_ns
        When; before and after it is honest.
    sigmas
        Size of a shift, and of a drift after ``DRIFT_S``, in the report's own standard deviations.
    """

    nation: NationId
    way: str
    at_ns: int
    until_ns: int
    sigmas: float
    _first: dict[int, TrackReport] = field(default_factory=dict)
    _ways: dict[int, F64] = field(default_factory=dict)
    _chosen: int | None = None

    def said(self, message: Message) -> tuple[Message, ...]:
        """Return what is said in place of a message: it, something else, more, or nothing."""
        body = message.body
        if not isinstance(body, TrackReport) or not self.at_ns <= message.made_ns < self.until_ns:
            return (message,)
        if self._chosen is None:
            self._chosen = body.track
        if self.way == DENY_ALL or (self.way == DENY_ONE and body.track == self._chosen):
            return ()
        if self.way in (SHIFT, DRIFT):
            return (_with(message, self._displaced(message.made_ns, body)),)
        if self.way in (REPEAT, FREEZE):
            return (_with(message, self._stuck(body)),)
        if self.way in (INVENT_ONE, INVENT_RAID) and body.track == self._chosen:
            count = 1 if self.way == INVENT_ONE else RAID_COUNT
            return (message, *(_invented(message, body, k) for k in range(count)))
        return (message,)

    def _displaced(self, made_ns: int, body: TrackReport) -> TrackReport:
        way = self._ways.setdefault(body.track, worst_axis(body))
        grown = (made_ns - self.at_ns) / (DRIFT_S * NS_PER_S) if self.way == DRIFT else 1.0
        return displaced(body, self.sigmas * grown, way)

    def _stuck(self, body: TrackReport) -> TrackReport:
        first = self._first.setdefault(body.track, body)
        if self.way == REPEAT:
            return msgspec.structs.replace(first, sequence=body.sequence)
        return msgspec.structs.replace(
            first, sequence=body.sequence, time_ns=body.time_ns, since_ns=body.since_ns,
            pedigree=body.pedigree,
        )  # fmt: skip


def worst_axis(report: TrackReport) -> F64:
    """Return the direction in which a report knows its object's position worst, shape (3,)."""
    _, vector = np.linalg.eigh(full(report.covariance)[:3, :3])
    axis = vector[:, -1]
    return np.asarray(axis * np.sign(axis[np.argmax(np.abs(axis))]))


def displaced(report: TrackReport, sigmas: float, way: F64) -> TrackReport:
    """Return a report whose object is elsewhere; its news is said relative to it, and goes along.

    Parameters
    ----------
    report
        An honest one.
    sigmas
        How far, in standard deviations of its position that way.
    way
        Unit vector, shape (3,).
    """
    std_m = math.sqrt(float(way @ full(report.covariance)[:3, :3] @ way))
    moved_m = np.round(sigmas * std_m * way)
    return msgspec.structs.replace(
        report, position_ecef_m=_whole(np.array(report.position_ecef_m) + moved_m)
    )


def turned(report: TrackReport, angle_rad: float) -> TrackReport:
    """Return a report of an object turned about the Earth's axis: as free a flight as the real.

    Parameters
    ----------
    report
        ECEF, whole metres and millimetres a second, with covariance and news.
    angle_rad
        Eastwards.

    Returns
    -------
    TrackReport
        Rounded as reports are; nothing but place, velocity and what is said of their errors has
        changed.
    """
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    both = np.kron(np.eye(2), turn)
    changed = msgspec.structs.replace(
        report,
        position_ecef_m=_whole(turn @ np.array(report.position_ecef_m)),
        velocity_ecef_mm_s=_whole(turn @ np.array(report.velocity_ecef_mm_s)),
        covariance=upper(both @ full(report.covariance) @ both.T),
    )
    if report.information is None or report.information_vector is None:
        return changed
    return msgspec.structs.replace(
        changed,
        information=upper(both @ full(report.information) @ both.T),
        information_vector=tuple((both @ np.array(report.information_vector)).tolist()),
    )


def full(triangle: tuple[float, ...]) -> F64:
    """Return the symmetric matrix of an upper triangle, row by row."""
    matrix = np.zeros((6, 6))
    matrix[_UPPER] = triangle
    matrix.T[_UPPER] = triangle
    return matrix


def upper(matrix: F64) -> tuple[float, ...]:
    """Return the upper triangle of a matrix, row by row."""
    return tuple(matrix[_UPPER].tolist())


def _with(message: Message, body: TrackReport) -> Message:
    return msgspec.structs.replace(message, body=body)


def _invented(message: Message, body: TrackReport, number: int) -> Message:
    report = msgspec.structs.replace(
        turned(body, TURN_RAD * (number + 1)), track=INVENTED + RAID_COUNT * body.track + number
    )
    return msgspec.structs.replace(
        message, number=INVENTED + RAID_COUNT * message.number + number, body=report
    )


def _whole(vector: F64) -> tuple[int, int, int]:
    x, y, z = (round(value) for value in vector.tolist())
    return x, y, z
