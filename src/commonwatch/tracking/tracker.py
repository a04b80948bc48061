"""The tracker of one centre: detections in, beliefs and dispositions out, step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commonwatch.errors import InputError, InvariantError
from commonwatch.sensing.detection import Detections, empty_detections, joined_detections
from commonwatch.sensing.visibility import Sensor
from commonwatch.tracking import bank_kernel
from commonwatch.tracking.advance import QUIET_S, Advance
from commonwatch.tracking.bank import Bank, empty_bank
from commonwatch.tracking.disposition import Disposition, Dispositions, joined_dispositions
from commonwatch.tracking.ending import Ends, ends_of
from commonwatch.tracking.estimate import Estimates, Status, empty_estimates, joined
from commonwatch.tracking.frame import (
    Checkpoint,
    Frame,
    Outcome,
    found_by_row,
    frames_of,
    slices_ns,
)
from commonwatch.tracking.plots import Bias, Corrector, declared_bias
from commonwatch.tracking.settings import SLICE_S, WINDOW_S, Settings
from commonwatch.tracking.view import sensor_arrays
from commonwatch.tracking.view_kernel import REVISIT

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

WINDOW_NS: Final = round(1e9 * WINDOW_S)
SLICE_NS: Final = round(1e9 * SLICE_S)
QUIET_NS: Final = round(1e9 * QUIET_S)
UNDECIDED_NS: Final = round(1e9 * 60.0)
"""How long a plot may wait for a track that is believed; then it is clutter."""
LABELS_SPARE: Final = 16
"""Numbers of tracks gone by that are kept before they are looked through."""
SETTLED_EACH_NS: Final = round(1e9 * 5.0)
CHECKPOINT_NS: Final = round(1e9 * 1.0)
"""Least time between two copies of all tracks that late detections are replayed from."""


_ASSIGNED: Final = np.int8(Disposition.ASSIGNED)
_STARTED: Final = np.int8(Disposition.STARTED)
_CLUTTER: Final = np.int8(Disposition.CLUTTER)
_TENTATIVE: Final = np.int8(Status.TENTATIVE)
_CONFIRMED: Final = np.int8(Status.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """What a step of the tracker tells.

    Parameters
    ----------
    estimates
        One row for each track that the step changed, at the tracker's time.
    dispositions
        Detections whose fate is decided for good.
    taken, taken_track, taken_burning
        Detections newly known to belong to confirmed tracks, the numbers of those, and the
        probability that each was under power, (K,).
    """

    estimates: Estimates
    dispositions: Dispositions
    taken: Detections
    taken_track: I64
    taken_burning: F64


class Tracker:
    """Tracks from the detections of some sensors.

    Parameters
    ----------
    sensors
        Whose detections it takes: ``Detections.sensor`` counts in this order.
    settings
        How it works.
    corrector
        Who says what constant errors of the sensors to take off; the table's where there is none.

    Notes
    -----
    A detection may come up to 6 s after a later one. Tracks are copied once a second; a late
    detection is sorted in by (time, sensor, values) and everything since the copy before it is
    done again, the corrector's learning included, so that the order of arrival cannot matter.
    A correction moves tracks to where they would stand had it been made from the first.

    What was told is never taken back: a track that late news undoes ends; one that late news
    changes goes on under its number.

    Where nothing is seen for 20 s and more, tracks live on all the same, and end: in the time
    between two frames, and at steps without detections as the clock goes on. What is seen next
    undoes the silence after it.

    Limits: ``settings.limits``. No two plots of one look belong to one track.

    Examples
    --------
    >>> tracker = Tracker(sensors)  # doctest: +SKIP
    >>> step = tracker.step(detections, now_ns=now_ns)  # doctest: +SKIP
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        settings: Settings | None = None,
        *,
        corrector: Corrector | None = None,
    ) -> None:
        if not sensors:
            raise InputError("no sensor", allowed="at least one")
        self.sensors = tuple(sensors)
        self.settings = settings or Settings()
        arrays = sensor_arrays(self.sensors)
        self._advance = Advance(arrays, self.settings)
        self._slice_ns = slices_ns(arrays.figures[:, REVISIT])
        self._bank = empty_bank(len(self.sensors))
        self._bias = declared_bias(self.sensors)
        self._corrector = corrector
        self._time_ns = self._frame_ns = self._arrived_ns = 0
        self._before_silence: Bank | None = None
        self._looked_ns = np.full(len(self.sensors), -(2**62), dtype=np.int64)
        self._frames: list[Frame] = []
        self._labels: dict[int, int] = {}
        self._shown: set[int] = set()
        self._open: deque[tuple[int, Dispositions]] = deque()
        self._recalled: list[tuple[int, Dispositions]] = []
        self._next_label = 1

    @property
    def time_ns(self) -> int:
        """Time that all tracks stand at: that of the latest frame, or in the silence after it."""
        return self._time_ns

    @property
    def track_count(self) -> int:
        """Number of tracks that ``picture`` shows."""
        return int(self._is_shown().sum())

    @property
    def bias(self) -> Bias:
        """Constant errors that are taken off every plot."""
        return self._bias

    def step(self, detections: Detections, *, now_ns: int) -> Step:
        """Take detections that have arrived by now.

        Parameters
        ----------
        detections
            Any number, in any order; each row once.
        now_ns
            The time of this step, not before the last one's.

        Returns
        -------
        Step
            What changed.
        """
        limit = self.settings.limits.plots_per_frame
        if len(detections) > limit:
            looks = np.unique(
                np.stack([detections.sensor, detections.time_ns]), axis=1, return_counts=True
            )[1]
            if looks.max() > limit:
                raise InputError(
                    f"{looks.max()} plots in one look",
                    allowed=f"at most {limit}",
                    what_to_do="Raise settings.limits.plots_per_frame or thin the plots out",
                )
        late = detections.time_ns < self._frame_ns - WINDOW_NS
        late_rows = detections.row[late]
        if late.any():
            detections = detections.take(~late)
        fresh: list[Frame] = []
        undone: list[Frame] = []
        before = None
        if len(detections):
            self._arrived_ns = now_ns
            self._end_silence()
            fresh = frames_of(detections, self._slice_ns)
            if not self._is_in_order(fresh):
                before = self._bank.copy(), self._time_ns
                fresh, undone = self._rewind(detections)
            ended = [each for frame in fresh for each in self._process(frame)]
        else:
            ended = self._go_on(now_ns)
        estimates = self._tell(fresh, undone, before, ended, now_ns)
        taken, label, burning = self._taken(fresh, undone)
        return Step(
            estimates=estimates,
            dispositions=self._decided(late_rows),
            taken=taken,
            taken_track=label,
            taken_burning=burning,
        )

    def finish(self) -> Dispositions:
        """Decide what is still open: plots that no confirmed track took are clutter."""
        self._note(self._frames)
        self._frames = []
        return self._settle(None)

    def picture(self) -> Estimates:
        """Every track in view that is told of, as believed now, at the tracker's time."""
        return self._estimates(self._is_shown().nonzero()[0], self._time_ns)

    def _is_shown(self) -> npt.NDArray[np.bool_]:
        """Which tracks are told of: confirmed ones, and tentative ones likelier than clutter."""
        count = self._bank.count
        phase = self._bank.phase[:count]
        likely = (phase == bank_kernel.TENTATIVE) & (self._bank.score[:count] > 0.0)
        return np.asarray(likely | (phase == bank_kernel.CONFIRMED))

    def _is_in_order(self, fresh: list[Frame]) -> bool:
        last = self._frames[-1] if self._frames else None
        first = fresh[0]
        if last is None:
            return True
        if (first.time_ns, first.sensor) <= (last.time_ns, last.sensor):
            return False
        # A plot that would have stood in a frame already done.
        return not any(
            frame.sensor == other.sensor
            and frame.time_ns <= other.time_ns + self._slice_ns[frame.sensor]
            for frame in fresh
            for other in self._frames[-8 * len(self.sensors) :]
            if other.time_ns >= first.time_ns - SLICE_NS
        )

    def _rewind(self, detections: Detections) -> tuple[list[Frame], list[Frame]]:
        """Go back to before the earliest new detection; return frames to do, and undone."""
        earliest = int(detections.time_ns.min()) - SLICE_NS
        index = 0
        for place, frame in enumerate(self._frames):
            if frame.before is not None and frame.time_ns <= earliest:
                index = place
        undone = self._frames[index:]
        copied = undone[0].before
        if copied is None:
            raise InvariantError("broken invariant: the first frame kept has a checkpoint")
        self._go_back(copied.bank.copy(), copied.time_ns)
        self._looked_ns = copied.looked_ns.copy()
        self._advance.sensors.place[:] = copied.place
        self._bias = copied.bias
        if self._corrector is not None:
            self._corrector.recall(copied.learnt)
        self._frames = self._frames[:index]
        parts = [frame.detections for frame in undone]
        fresh = frames_of(joined_detections([*parts, detections]), self._slice_ns)
        fresh[0].before = copied
        return fresh, undone

    def _go_back(self, bank: Bank, time_ns: int) -> None:
        bank.label[:] = np.maximum(self._labels_of(bank.key), 0)  # what was told since stays
        self._bank, self._time_ns, self._frame_ns = bank, time_ns, time_ns

    def _wait(self, until_ns: int) -> list[Ends]:
        """Go through a silence, if it is one; return tracks that ended in it."""
        if until_ns - self._frame_ns <= QUIET_NS:
            return []
        self._time_ns, ended = self._advance.wait(
            self._bank, self._bias, time_ns=self._time_ns, until_ns=until_ns
        )
        return ended

    def _go_on(self, now_ns: int) -> list[Ends]:
        """Go through a silence as the clock goes on, but for what may still be on its way."""
        until_ns = self._frame_ns + now_ns - self._arrived_ns - WINDOW_NS
        if self._before_silence is None and until_ns - self._frame_ns > QUIET_NS:
            self._before_silence = self._bank.copy()
        return self._wait(until_ns)

    def _end_silence(self) -> None:
        """Undo the silence: it is gone through again up to what was seen."""
        if self._before_silence is not None:
            self._go_back(self._before_silence, self._frame_ns)
            self._before_silence = None

    def _process(self, frame: Frame) -> list[Ends]:
        """Take a frame into all tracks; return those that ended since the last one."""
        bank = self._bank
        last_copy = next((f.time_ns for f in reversed(self._frames) if f.before is not None), None)
        if frame.before is None and (
            last_copy is None or frame.time_ns - last_copy >= CHECKPOINT_NS
        ):
            frame.before = Checkpoint(
                bank=bank.copy(),
                time_ns=self._time_ns,
                looked_ns=self._looked_ns.copy(),
                place=self._advance.sensors.place.copy(),
                bias=self._bias,
                learnt=None if self._corrector is None else self._corrector.memory(),
            )
        ended = self._wait(frame.time_ns)
        self._advance.predict(bank, 1e-9 * (frame.time_ns - self._time_ns))
        self._time_ns = self._frame_ns = frame.time_ns
        since_s = 1e-9 * (frame.time_ns - int(self._looked_ns[frame.sensor]))
        is_whole_look = since_s >= 0.5 * self._advance.revisit_s(frame.sensor)
        self._looked_ns[frame.sensor] = frame.time_ns
        frame.outcome = self._advance.take(bank, frame, self._bias, is_whole_look=is_whole_look)
        self._frames.append(frame)
        bias = None if self._corrector is None else self._corrector.take(frame, bank)
        if bias is not None:
            self._bias = bias
            self._advance.settle(bank, bias.value)
        return ended + frame.outcome.ended

    def _tell(
        self,
        fresh: list[Frame],
        undone: list[Frame],
        before: tuple[Bank, int] | None,
        ended: list[Ends],
        now_ns: int,
    ) -> Estimates:
        """Rows for every track that changed, and an end for every one that is no more."""
        bank = self._bank
        count = bank.count
        rows = (bank.is_changed[:count] & self._is_shown()).nonzero()[0]
        bank.is_changed[:count] = False
        if undone:
            self._inherit(undone, fresh)
        told = [self._ends(each, now_ns) for each in ended]
        if before is not None:
            told.append(self._vanished(*before, now_ns))
        for row in rows[bank.label[rows] == 0].tolist():
            key = int(bank.key[row])
            if key not in self._labels:
                self._labels[key] = self._next_label
                self._next_label += 1
            bank.label[row] = self._labels[key]
        for frame in fresh:
            if frame.outcome is not None:
                self._number(frame.outcome)
        shown = self._estimates(rows, now_ns)
        self._shown.update(shown.track.tolist())
        return joined([*(part for part in told if len(part)), shown])

    def _number(self, outcome: Outcome) -> None:
        """Fill in the numbers of tracks that had none when the frame was taken."""
        lacks = outcome.label == 0
        if lacks.any():
            outcome.label[lacks] = self._labels_of(outcome.key[lacks])

    def _estimates(self, rows: I64, now_ns: int) -> Estimates:
        if not len(rows):
            return empty_estimates()
        mean, spread = self._advance.told(self._bank, rows, self._bias)
        status = np.where(self._bank.phase[rows] == bank_kernel.TENTATIVE, _TENTATIVE, _CONFIRMED)
        return Estimates(
            track=self._bank.label[rows],
            time_ns=np.full(len(rows), self._time_ns),
            known_ns=np.full(len(rows), now_ns),
            status=status,
            state_vector=mean,
            covariance=spread,
        )

    def _ends(self, ends: Ends, now_ns: int) -> Estimates:
        """Rows for tracks that ended, where they were told of and not told to have ended."""
        chosen = []
        labels = []
        for place, key in enumerate(ends.key.tolist()):
            label = self._labels.get(key)
            if label is None or label not in self._shown:
                continue
            chosen.append(place)
            labels.append(label)
            self._shown.remove(label)
        if not chosen:
            return empty_estimates()
        index = np.array(chosen)
        return Estimates(
            track=np.array(labels),
            time_ns=ends.time_ns[index],
            known_ns=np.full(len(index), now_ns),
            status=np.full(len(index), Status.ENDED),
            state_vector=ends.state_vector[index],
            covariance=ends.covariance[index],
        )

    def _vanished(self, bank: Bank, time_ns: int, now_ns: int) -> Estimates:
        """Tell the end of tracks that late news undid."""
        live = set(self._bank.key[: self._bank.count].tolist())
        labels_of_live = {self._labels.get(key) for key in live}
        keys = bank.key[: bank.count]
        gone = [
            place
            for place, key in enumerate(keys.tolist())
            if key not in live and key in self._labels and self._labels[key] not in labels_of_live
        ]
        if not gone:
            return empty_estimates()
        told = self._advance.told(bank, np.array(gone), self._bias)
        last_plot_ns = bank.last_hit_ns[gone]
        return self._ends(
            ends_of(keys[gone], *told, now_ns=time_ns, last_plot_ns=last_plot_ns), now_ns
        )

    def _inherit(self, undone: list[Frame], fresh: list[Frame]) -> None:
        """Hand numbers on from tracks that late news undid to those that took their plots."""
        count = self._bank.count
        phase = self._bank.phase[:count]
        shown = phase != bank_kernel.SINGLE
        live = set(self._bank.key[:count].tolist())
        new = [key for key in self._bank.key[:count][shown].tolist() if key not in self._labels]
        if not new:
            return
        old_key_of_row: dict[int, int] = {}
        for frame in undone:
            if frame.outcome is not None:
                old_key_of_row.update(
                    zip(frame.outcome.row.tolist(), frame.outcome.key.tolist(), strict=True)
                )
        rows_of: dict[int, list[int]] = {key: [] for key in new}
        for frame in fresh:
            if frame.outcome is not None:
                for row, key in zip(
                    frame.outcome.row.tolist(), frame.outcome.key.tolist(), strict=True
                ):
                    if key in rows_of:
                        rows_of[key].append(row)
        for key in new:
            votes: dict[int, int] = {}
            for row in rows_of[key]:
                old = old_key_of_row.get(row, 0)
                if old in self._labels and old not in live:
                    votes[old] = votes.get(old, 0) + 1
            if votes:
                old = max(votes, key=lambda k: (votes[k], -k))
                self._labels[key] = self._labels.pop(old)

    def _taken(self, fresh: list[Frame], undone: list[Frame]) -> tuple[Detections, I64, F64]:
        """List plots that these frames gave to confirmed tracks, but for those told of before."""
        outcomes = [frame.outcome for frame in fresh if frame.outcome is not None]
        if not any(len(outcome.row) for outcome in outcomes):
            return empty_detections(), np.empty(0, dtype=np.int64), np.empty(0)
        row, label, place, burning = (
            _joined_arrays([getattr(outcome, name) for outcome in outcomes])
            for name in ("row", "label", "place", "burning")
        )
        lengths = [len(frame.detections) for frame in fresh]
        first = np.cumsum([0, *lengths[:-1]]).repeat([len(each.row) for each in outcomes])
        if undone:
            told = [frame.outcome.row for frame in undone if frame.outcome is not None]
            is_new = ~np.isin(row, np.concatenate(told))
            row, label, place = row[is_new], label[is_new], place[is_new]
            burning, first = burning[is_new], first[is_new]
        if (place >= 0).all():
            if len(fresh) == 1:
                return fresh[0].detections.take(place), label, burning
            together = joined_detections([frame.detections for frame in fresh])
            return together.take(place + first), label, burning
        # A track just believed has plots of earlier frames.
        found, is_held = found_by_row([frame.detections for frame in self._frames], row)
        return found, label[is_held], burning[is_held]

    def _decided(self, late_rows: I64) -> Dispositions:
        """Dispositions of plots that nothing can change any more, and of late rows."""
        limit = self._frame_ns - WINDOW_NS - SLICE_NS
        index = 0
        for place, frame in enumerate(self._frames):
            if frame.before is not None and frame.time_ns <= limit:
                index = place
        self._note(self._frames[:index])
        self._frames = self._frames[index:]
        if len(self._labels) > LABELS_SPARE + 2 * len(self._shown):
            self._forget_labels()
        parts = []
        if self._open and self._frame_ns - self._open[0][0] > UNDECIDED_NS + SETTLED_EACH_NS:
            parts.append(self._settle(self._frame_ns - UNDECIDED_NS))
        if len(late_rows):
            parts.append(
                Dispositions(
                    row=late_rows,
                    disposition=np.full(len(late_rows), Disposition.LATE, dtype=np.int8),
                    track=np.full(len(late_rows), -1),
                )
            )
        return joined_dispositions(parts)

    def _forget_labels(self) -> None:
        """Forget the numbers of tracks that nothing refers to any more."""
        kept = set(self._bank.key[: self._bank.count].tolist())
        if self._before_silence is not None:
            kept.update(self._before_silence.key.tolist())
        for frame in self._frames:
            if frame.before is not None:
                kept.update(frame.before.bank.key.tolist())
            if frame.outcome is not None:
                kept.update(frame.outcome.key.tolist())
        self._labels = {key: label for key, label in self._labels.items() if key in kept}
        self._shown.intersection_update(self._labels.values())

    def _note(self, frames: list[Frame]) -> None:
        """Remember the plots of frames that no late detection can undo, and who took them."""
        for frame in frames:
            row = frame.detections.row
            disposition = np.full(len(row), _CLUTTER)
            track = np.full(len(row), -1)
            self._open.append(
                (frame.time_ns, Dispositions(row=row, disposition=disposition, track=track))
            )
            outcome = frame.outcome
            if outcome is None:
                continue
            disposition[outcome.refused] = Disposition.REFUSED
            fate = np.where(outcome.is_start, _STARTED, _ASSIGNED)
            place = outcome.place
            is_here = place >= 0
            if is_here.all():
                disposition[place], track[place] = fate, outcome.label
                continue
            place = place[is_here]
            disposition[place], track[place] = fate[is_here], outcome.label[is_here]
            earlier = Dispositions(
                row=outcome.row[~is_here],
                disposition=fate[~is_here],
                track=outcome.label[~is_here],
            )
            self._recalled.append((frame.time_ns, earlier))

    def _settle(self, until_ns: int | None) -> Dispositions:
        """Tell the fate of plots up to a time: those without one are clutter."""
        parts = []
        while self._open and (until_ns is None or self._open[0][0] <= until_ns):
            parts.append(self._open.popleft()[1])
        settled = joined_dispositions(parts)
        order = np.argsort(settled.row)
        rows = settled.row[order]
        # Tracks believed only later took these plots; the last word on a row counts.
        for _, known in self._recalled if len(rows) else ():
            place = np.minimum(np.searchsorted(rows, known.row), len(rows) - 1)
            has = rows[place] == known.row
            settled.disposition[order[place[has]]] = known.disposition[has]
            settled.track[order[place[has]]] = known.track[has]
        self._recalled = [
            each for each in self._recalled if until_ns is not None and each[0] > until_ns
        ]
        return settled

    def _labels_of(self, keys: I64) -> I64:
        """Numbers of tracks, -1 for those that were never told of."""
        labels = self._labels
        return np.array([labels.get(key, -1) for key in keys.tolist()], dtype=np.int64)


def arrivals(detections: Detections) -> Iterator[tuple[int, Detections]]:
    """Split detections by arrival: what came at each instant, in order."""
    if not len(detections):
        return
    if (np.diff(detections.arrival_ns) < 0).any():
        detections = detections.take(np.argsort(detections.arrival_ns, kind="stable"))
    times, starts = np.unique(detections.arrival_ns, return_index=True)
    for time_ns, start, stop in zip(times, starts, [*starts[1:], len(detections)], strict=True):
        yield int(time_ns), detections.take(slice(start, stop))


def _joined_arrays(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
