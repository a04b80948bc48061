"""Whether tracks and truth that people hand in are in the units that their columns say.

=====================  ============================================================  =======
figure                 reason                                                        mark
=====================  ============================================================  =======
``_KILOMETRES``        so far from the Earth's centre, in metres, nothing flies; in  derived
                       kilometres all that does
``_ALIKE``             what a change of position may be off from the velocity by     assumed
=====================  ============================================================  =======
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import TableError
from commonwatch.sensing.detection_checks import refuse_wrong_times
from commonwatch.units import NS_PER_S

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_KILOMETRES: Final = (6e3, 1e6)
_ALIKE: Final = 0.5


def refuse_wrong_states(
    number: I64, time_ns: I64, state_vector: F64, where: Path | str, *, known_ns: I64 | None = None
) -> None:
    """Refuse a table of state vectors that are most likely in other units.

    Parameters
    ----------
    number
        Of the track or object of each row, (n,).
    time_ns, known_ns
        Its instants, (n,).
    state_vector
        ECEF, (n, 6).
    where
        Name of the file, for the sentence.

    Raises
    ------
    TableError
        Times look like seconds, milliseconds or microseconds; positions like kilometres: half of
        them are a thousandth as far from the Earth's centre as they should be; or velocities like
        kilometres a second: positions change a thousand times as fast.

    Notes
    -----
    Limits: velocities need two rows or more of one object. Positions and velocities that are both
    off by less than a thousand are not told apart.
    """
    refuse_wrong_times(time_ns, "time_ns", str(where))
    if known_ns is not None:
        refuse_wrong_times(known_ns, "known_ns", str(where))
    away = np.linalg.norm(state_vector[:, :3], axis=-1)
    middle = float(np.median(away)) if len(away) else 0.0
    if _KILOMETRES[0] <= middle <= _KILOMETRES[1]:
        raise TableError(
            f"positions look like kilometres: half lie within {middle:,.0f} of the Earth's centre",
            allowed="ECEF metres",
            where=str(where),
            what_to_do="Convert positions to metres, and velocities to metres a second",
        )
    order = np.lexsort((time_ns, number))
    is_next = np.diff(number[order]) == 0
    one, other = state_vector[order[:-1]][is_next], state_vector[order[1:]][is_next]
    span_s = (np.diff(time_ns[order]) / NS_PER_S)[is_next, np.newaxis]
    moved_m = other[:, :3] - one[:, :3]
    meant_m = 0.5e3 * (one[:, 3:] + other[:, 3:]) * span_s
    is_off = np.abs(moved_m - meant_m).sum(axis=0) < _ALIKE * np.abs(moved_m).sum(axis=0)
    if is_off.any():
        names = [f"v{axis}_m_s" for axis, is_wrong in zip("xyz", is_off, strict=True) if is_wrong]
        raise TableError(
            f"{', '.join(names)} looks like kilometres a second: positions change a thousand times "
            "as fast",
            allowed="metres a second",
            where=str(where),
            what_to_do="Convert the velocities to metres a second",
        )
