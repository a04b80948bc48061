"""Constant errors of sensors, estimated from the objects that several of them see.

========================  =========================================================  =======
figure                    reason                                                     mark
========================  =========================================================  =======
``BIAS_RATIO``            a bias may be as large as three errors of one plot         assumed
``TIME_STD_S``            clocks kept over a network: some ten milliseconds          assumed
``FREE_OF_BIAS``          half of all sensors have none worth taking off             assumed
========================  =========================================================  =======
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InvariantError
from commonwatch.fusion import clocks, registration_kernel
from commonwatch.sensing.detection import Detections, empty_detections
from commonwatch.sensing.radar import Radar
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking import bank_kernel
from commonwatch.tracking.bank import Bank
from commonwatch.tracking.bias_kernel import TERMS, TIME
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.frame import Frame, found_by_row
from commonwatch.tracking.motion_kernel import FREE
from commonwatch.tracking.plots import Bias
from commonwatch.tracking.settings import WINDOW_S
from commonwatch.tracking.view import sensor_arrays

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BIAS_RATIO: Final = 3.0
TIME_STD_S: Final = 0.010
FREE_OF_BIAS: Final = 0.5
PLOTS_ENOUGH: Final = 40
"""Plots of one object whose news of the biases is kept for good, the plots then forgotten."""
BURNING_MAX: Final = 0.01
"""Probability of power up to which an object counts as in free flight."""
PLOTS_USED: Final = 48
"""The latest plots of one object that one estimate uses."""
FORGOTTEN_S: Final = 120.0
"""How long plots are remembered until then."""
RECALLED_NS: Final = round(1e9 * WINDOW_S)
"""How far back the plots of an object just believed are looked up."""
OBJECTS_MAX: Final = 40
"""Objects that one estimate uses: those with the most plots."""
FIRST_S: Final = 0.6
LATER_RATIO: Final = 1.5
LATER_S: Final = 60.0
"""When the first estimate is made after the first track, and how much later each next one."""
ROUNDS: Final = 3
SETTLED: Final = 0.1
"""Rounds of a fit at most, and the change, in standard deviations, that counts as none."""
OUTLIER: Final = 6.0
"""Errors of a plot beyond which it is left out."""
MISFIT: Final = 4.0
"""Standard deviations of an object's chi-square beyond which all its plots are left out: a mixture
of objects that fly close together."""
_PLACE_STD_M: Final = 1e6
_SPEED_STD_M_S: Final = 1e4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BiasEstimate:
    """Constant errors of all sensors: measured minus true.

    Parameters
    ----------
    value
        Range in metres, azimuth and elevation in radians, time in seconds, shape (sensors, 4).
    covariance
        Of all of them, sensor by sensor, shape (4 sensors, 4 sensors).
    plot_count
        Plots that counted, by sensor.
    object_count
        Flights that several sensors saw; a long one may count several times.
    """

    value: F64
    covariance: F64
    plot_count: I64
    object_count: int

    @property
    def std(self) -> F64:
        """Standard deviations, shape (sensors, 4)."""
        return np.sqrt(np.diag(self.covariance)).reshape(self.value.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plots:
    """Plots of tracks, one row each."""

    track: I64
    time_ns: I64
    sensor: I64
    values: F64
    stds: F64

    def take(self, chosen: npt.NDArray[np.bool_] | I64) -> _Plots:
        """Take some of them."""
        return _Plots(**{name: getattr(self, name)[chosen] for name in self.__slots__})

    @staticmethod
    def joined(parts: Sequence[_Plots]) -> _Plots:
        """All of several."""
        return _Plots(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in _Plots.__slots__
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Flights:
    """Objects with their plots, from the latest back, as the kernel takes them."""

    first: I64
    states: F64
    since_s: F64
    sensor: I64
    values: F64
    stds: F64

    def take(self, chosen: npt.NDArray[np.bool_], states: F64) -> _Flights:
        """Take some of them, at better state vectors."""
        counts = np.diff(self.first)
        plots = np.repeat(chosen, counts)
        return _Flights(
            first=np.concatenate([[0], np.cumsum(counts[chosen])]),
            states=states[chosen],
            since_s=self.since_s[plots],
            sensor=self.sensor[plots],
            values=self.values[plots],
            stds=self.stds[plots],
        )


@dataclass(slots=True, kw_only=True, eq=False)
class _Memory:
    """All that registration has learnt; its fields are replaced, what they hold never changes.

    ``parts`` are plots whose news is not learnt yet, ``recent`` all plots of the last frames, and
    ``matrix`` and ``vector`` the news of plots that were used up.
    """

    prior: F64
    has_prior: npt.NDArray[np.bool_]
    matrix: F64
    vector: F64
    plot_count: I64
    object_count: int = 0
    parts: tuple[_Plots, ...] = ()
    recent: tuple[tuple[int, Detections], ...] = ()
    started_ns: int | None = None
    next_s: float = FIRST_S
    estimate: BiasEstimate | None = None


def _flights(plots: _Plots, tracks: I64, states: F64, time_ns: int) -> _Flights:
    """Sort plots by track in the order of ``tracks`` (rising), each from the latest back."""
    order = np.lexsort((-plots.sensor, -plots.time_ns, plots.track))
    plots = plots.take(order)
    rank = np.arange(len(order)) - np.searchsorted(plots.track, plots.track)
    plots = plots.take(rank < PLOTS_USED)
    first = np.append(np.searchsorted(plots.track, tracks), len(plots.track))
    return _Flights(
        first=first.astype(np.int64),
        states=states,
        since_s=np.asarray(1e-9 * (plots.time_ns - time_ns), dtype=np.float64),
        sensor=plots.sensor,
        values=plots.values,
        stds=plots.stds,
    )


class Registration:
    """Estimates every radar's bias from common objects: a tracker's ``plots.Corrector``.

    Parameters
    ----------
    sensors
        Those of the tracker, in the same order.

    Notes
    -----
    For each object that two radars or more see: its flight (six numbers) and the radars' biases
    are fitted to its plots together, by least squares on free flight; the flights are eliminated
    object by object. After 40 plots or more what an object says of the biases is kept, and the
    plots are forgotten: none counts twice. Range triangulation from known sites is what makes
    angles observable. Biases start from a prior: three errors of a plot, or the range bias of the
    sensor table where that is larger.

    What is taken off is shrunk: half of all sensors are taken to have no bias, and one whose
    estimate agrees with none keeps none; a sensor whose table declares a bias has one. What stays
    uncertain, over all sensors together, is considered in every track (``tracking.bias_kernel``),
    and a new estimate moves all tracks at once.

    An estimate is made after a frame, by the frames' own times, and made again where a late look
    has frames replayed: the order of arrival makes no difference.

    Limits: biases that are constant; no range rate bias; satellites are left as they are.
    """

    def __init__(self, sensors: Sequence[Sensor]) -> None:
        self.sensors = tuple(sensors)
        self._arrays = sensor_arrays(self.sensors)
        self._is_radar = np.array([isinstance(sensor, Radar) for sensor in self.sensors])
        self._declared = np.zeros((len(self.sensors), TERMS))
        for index, sensor in enumerate(self.sensors):
            if isinstance(sensor, Radar):
                self._declared[index, 0] = sensor.range_bias_std_m
        size = self._declared.size
        self._memory = _Memory(
            prior=self._declared,
            has_prior=np.zeros(len(self.sensors), dtype=np.bool_),
            matrix=np.zeros((size, size)),
            vector=np.zeros(size),
            plot_count=np.zeros(len(self.sensors), dtype=np.int64),
        )

    @property
    def estimate(self) -> BiasEstimate | None:
        """The latest estimate; None before there is one."""
        return self._memory.estimate

    @property
    def _possible_std(self) -> F64:
        """How far each bias may be from nothing before anything is known of it."""
        std = self._memory.prior.copy()
        std[self._memory.has_prior, TIME] = clocks.possible_time_std_s(TIME_STD_S)
        return std

    def memory(self) -> object:
        """All that was learnt."""
        return replace(self._memory)

    def recall(self, memory: object) -> None:
        """Go back to what was learnt then."""
        if not isinstance(memory, _Memory):
            raise InvariantError("broken invariant: a memory is what was taken from registration")
        self._memory = replace(memory)

    def take(self, frame: Frame, bank: Bank) -> Bias | None:
        """Take the plots of a frame; estimate when it is time.

        Parameters
        ----------
        frame
            With its outcome.
        bank
            The tracks, as the frame left them.

        Returns
        -------
        bias
            What to take off from now on; None where nothing new is known of it.
        """
        taken, keys, burning = self._taken(frame)
        is_new = len(taken) > 0 and self._learn_prior(taken)
        if is_new and self.estimate is not None:
            # Who is new is registered soon, whatever is known of others.
            self._memory.started_ns, self._memory.next_s = frame.time_ns, FIRST_S
        if len(self.sensors) > 1:
            if len(taken):
                self._remember(taken, keys, burning)
            if self._is_time(frame.time_ns, has_plots=len(taken) > 0):
                estimate = self._estimated(bank, frame.time_ns)
                if estimate is not None:
                    self._memory.estimate = estimate
                    is_new = True
        # A bias that nothing can find is still told of.
        return self._correction() if is_new else None

    def _is_time(self, time_ns: int, *, has_plots: bool) -> bool:
        """Say whether an estimate is due, and when the next one will be."""
        started_ns = self._memory.started_ns
        if started_ns is None:
            if has_plots:
                self._memory.started_ns = time_ns
            return False
        since_s = 1e-9 * (time_ns - started_ns)
        if since_s < self._memory.next_s:
            return False
        self._memory.next_s = min(LATER_RATIO * since_s, since_s + LATER_S)
        return True

    def _taken(self, frame: Frame) -> tuple[Detections, I64, F64]:
        """List plots that this frame showed to be of believed objects, whose, and their power."""
        recent = (*self._memory.recent, (frame.time_ns, frame.detections))
        first = 0
        while recent[first][0] < frame.time_ns - RECALLED_NS:
            first += 1
        self._memory.recent = recent[first:]
        outcome = frame.outcome
        if outcome is None or not len(outcome.row):
            return empty_detections(), np.empty(0, dtype=np.int64), np.empty(0)
        if (outcome.place >= 0).all():
            return frame.detections.take(outcome.place), outcome.key, outcome.burning
        # A track just believed has plots of earlier frames.
        found, is_held = found_by_row([each for _, each in self._memory.recent], outcome.row)
        return found, outcome.key[is_held], outcome.burning[is_held]

    def _remember(self, taken: Detections, keys: I64, burning: F64) -> None:
        """Keep plots of radars in free flight until their object's news is learnt."""
        is_free = ~taken.is_infrared & (burning < BURNING_MAX)
        if not is_free.all():
            taken, keys = taken.take(is_free), keys[is_free]
        if not len(taken):
            return
        plots = _Plots(
            track=keys,
            time_ns=taken.time_ns,
            sensor=taken.sensor.astype(np.int64),
            values=taken.measured,
            stds=taken.std,
        )
        self._memory.parts = (*self._memory.parts, plots)

    def _learn_prior(self, taken: Detections) -> bool:
        """Set a sensor's prior from its first plots; say whether any was new."""
        memory = self._memory
        if memory.has_prior[self._is_radar].all():
            return False
        found = np.unique(taken.sensor[~taken.is_infrared])
        found = found[~memory.has_prior[found]]
        if not len(found):
            return False
        prior, has_prior = memory.prior.copy(), memory.has_prior.copy()
        for sensor in found.tolist():
            std = np.median(taken.std[taken.sensor == sensor][:, :TIME], axis=0)
            prior[sensor, :TIME] = np.maximum(self._declared[sensor, :TIME], BIAS_RATIO * std)
            prior[sensor, TIME] = TIME_STD_S
            has_prior[sensor] = True
        memory.prior, memory.has_prior = prior, has_prior
        return True

    def _correction(self) -> Bias:
        """Tell what to take off and what to leave open, by the latest estimate."""
        if self.estimate is not None:
            return self._shrunk(self.estimate)
        return Bias(
            value=np.zeros_like(self._declared),
            covariance=np.diag(self._declared.ravel() ** 2),
            possible=np.diag(self._possible_std.ravel() ** 2),
        )

    def _estimated(self, bank: Bank, time_ns: int) -> BiasEstimate | None:
        if not self._memory.parts:
            return None
        plots = _Plots.joined(self._memory.parts)
        held = (bank.phase[: bank.count] == bank_kernel.CONFIRMED).nonzero()[0]
        held = held[np.argsort(bank.key[held])]
        names = bank.key[held]
        if not len(names):
            self._memory.parts = ()
            return None
        oldest_ns = time_ns - round(1e9 * FORGOTTEN_S)
        index = np.minimum(np.searchsorted(names, plots.track), len(names) - 1)
        is_kept = (names[index] == plots.track) & (plots.time_ns >= oldest_ns)
        plots, index = plots.take(is_kept), index[is_kept]
        self._memory.parts = (plots,)
        # Objects that several sensors saw, those with the most plots first.
        seen = np.zeros((len(names), len(self.sensors)), dtype=np.int64)
        np.add.at(seen, (index, plots.sensor), 1)
        count = seen.sum(axis=1)
        common = np.flatnonzero((seen > 0).sum(axis=1) > 1)
        if not len(common):
            return None
        common = np.sort(common[np.lexsort((names[common], -count[common]))][:OBJECTS_MAX])
        tracks = names[common]
        is_common = np.zeros(len(names), dtype=np.bool_)
        is_common[common] = True
        flights = _flights(
            plots.take(is_common[index]), tracks, bank.states[held[common], FREE], time_ns
        )
        estimate, states = self._fitted(flights)
        full = count[common] >= PLOTS_ENOUGH
        if full.any():
            self._learn(flights.take(full, states), estimate)
            self._memory.parts = (plots.take(~np.isin(plots.track, tracks[full])),)
        return estimate

    def _learn(self, flights: _Flights, estimate: BiasEstimate) -> None:
        """Keep what these flights say of the biases; their plots are used up."""
        memory = self._memory
        matrix, vector = np.zeros_like(memory.matrix), np.zeros_like(memory.vector)
        used = self._solve(
            flights, flights.states, estimate.value, estimate.std**2, matrix=matrix, vector=vector
        )[3]
        memory.plot_count = memory.plot_count + used
        memory.object_count += len(flights.states)
        memory.matrix = memory.matrix + matrix
        memory.vector = memory.vector + vector + matrix @ estimate.value.ravel()

    def _solve(
        self,
        flights: _Flights,
        states: F64,
        bias: F64,
        variance: F64,
        *,
        matrix: F64,
        vector: F64,
        is_first: bool = False,
    ) -> tuple[F64, F64, F64, I64]:
        """Add flights to the normal equations; return what corrects them, and plots used.

        ``variance`` is of each bias as it stands; the first time no object is left out as a whole.
        """
        count = len(states)
        inverse = np.empty((count, 6, 6))
        vectors = np.empty((count, 6))
        cross = np.empty((count, 6, bias.size))
        used = np.zeros(len(self.sensors), dtype=np.int64)
        registration_kernel.normal_equations(
            flights.first,
            np.ascontiguousarray(states),
            np.diag(1.0 / np.array([_PLACE_STD_M**2] * 3 + [_SPEED_STD_M_S**2] * 3)),
            flights.since_s,
            flights.sensor,
            flights.values,
            flights.stds,
            self._arrays.place,
            self._arrays.rotation,
            bias,
            np.ascontiguousarray(variance),
            OUTLIER**2,
            np.inf if is_first else MISFIT,
            FIELD.copy(),
            matrix,
            vector,
            inverse,
            vectors,
            cross,
            used,
        )
        return inverse, vectors, cross, used

    def _fitted(self, flights: _Flights) -> tuple[BiasEstimate, F64]:
        """Gauss-Newton over biases and these flights, on what earlier flights said."""
        memory = self._memory
        before = memory.estimate
        bias = np.zeros_like(memory.prior) if before is None else before.value
        # Tracks stand under biases that are no better known than by the last estimate.
        variance = np.full_like(bias, np.inf) if before is None else before.std**2
        states = flights.states
        for turn in range(ROUNDS):
            matrix = memory.matrix.copy()
            vector = memory.vector - matrix @ bias.ravel()
            inverse, vectors, cross, used = self._solve(
                flights,
                states,
                bias,
                variance,
                matrix=matrix,
                vector=vector,
                is_first=turn == 0,
            )
            vector += matrix @ bias.ravel()
            found, covariance = clocks.weighed(matrix, vector, memory.prior)
            change = (found - bias).ravel()
            bias, variance = found, np.diag(covariance).reshape(bias.shape)
            states = states + np.einsum("oij,oj->oi", inverse, vectors - cross @ change)
            if turn > 0 and (change**2 < SETTLED**2 * np.diag(covariance)).all():
                break
        estimate = BiasEstimate(
            value=bias,
            covariance=covariance,
            plot_count=memory.plot_count + used,
            object_count=memory.object_count + len(states),
        )
        return estimate, states

    def _shrunk(self, estimate: BiasEstimate) -> Bias:
        """Choose what the tracker takes off: nothing where nothing is likelier.

        Which clocks are off is weighed already: their share is whole.
        """
        share = np.zeros_like(estimate.value)
        known = (estimate.plot_count > 0) & self._is_radar
        share[known, TIME] = 1.0
        for sensor in np.flatnonzero(known).tolist():
            part = slice(TERMS * sensor, TERMS * sensor + TIME)
            covariance = estimate.covariance[part, part]
            found = estimate.value[sensor, :TIME]
            prior = np.diag(self._memory.prior[sensor, :TIME] ** 2)
            # Evidence of a bias against none: both Gaussians at the estimate's likelihood.
            squared = float(found @ np.linalg.solve(covariance, found))
            _, log_ratio = np.linalg.slogdet(np.linalg.solve(prior, covariance))
            log_odds = 0.5 * squared + 0.5 * log_ratio
            odds = FREE_OF_BIAS / (1.0 - FREE_OF_BIAS)
            if self._declared[sensor].any():
                odds = 0.0
            share[sensor, :TIME] = 1.0 / (1.0 + odds * np.exp(-log_odds))
        value = share * estimate.value
        # Each sensor has its bias or none, by itself.
        each = share.ravel()
        covariance = estimate.covariance * np.outer(each, each)
        for sensor in np.flatnonzero(known).tolist():
            part = slice(TERMS * sensor, TERMS * sensor + TIME)
            own, found = share[sensor, 0], estimate.value[sensor, :TIME]
            covariance[part, part] += (
                own * (1.0 - own) * (estimate.covariance[part, part] + np.outer(found, found))
            )
        unknown = np.where(known[:, np.newaxis], 0.0, 1.0)
        return Bias(
            value=value,
            covariance=covariance + np.diag((unknown * self._declared).ravel() ** 2),
            possible=covariance + np.diag((unknown * self._possible_std).ravel() ** 2),
        )
