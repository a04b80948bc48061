"""One frame taken into all tracks: predict, gate, associate, update, live on, begin."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from commonwatch.tracking import (
    association_kernel,
    bank_kernel,
    bias_kernel,
    gate_kernel,
    kalman_kernel,
    life_kernel,
)
from commonwatch.tracking.bank import ROWS_KEPT, Bank
from commonwatch.tracking.beginning import begin
from commonwatch.tracking.ending import Ends, ends_of
from commonwatch.tracking.estimate import FIELD
from commonwatch.tracking.frame import Frame, Outcome, mixed_keys
from commonwatch.tracking.giving_up_kernel import HIDDEN, KEPT, LOST, give_up
from commonwatch.tracking.motion_kernel import POWERED
from commonwatch.tracking.plots import Bias, Plots, no_bias, plots_of
from commonwatch.tracking.settings import Settings
from commonwatch.tracking.view import SensorArrays
from commonwatch.tracking.view_kernel import REVISIT

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

BRANCHES: Final = 4
TENTATIVE_BRANCHES: Final = 1
"""Plots that a single plot, and a tentative track, are tried with at most in one frame."""
LIKELY: Final = 5.0
"""Gain below the best plot's that another may have."""
LEAST_SHARE: Final = 1e-3
"""Share below which a plot is not taken in."""
QUIET_S: Final = 20.0
"""Longest time between two frames without a silence: twice what a turning satellite needs for one
look (*derived*)."""
STEP_S: Final = 5.0
"""A silence is gone through in such steps: how late an end in it is known (*assumed*)."""
STEP_NS: Final = round(1e9 * STEP_S)
NOBODY: Final = -1
"""In place of the sensor that looked, where none did: every chance of a look is zero then."""
_NONE: Final = np.empty(0, dtype=np.int64)


class _News:
    """What a frame brought each track."""

    def __init__(self, count: int) -> None:
        self.got, self.worth, self.chances = np.zeros((3, count))
        self.cluster, self.row, self.plot = np.full((3, count), -1, dtype=np.int64)
        self.is_crowded, self.is_accompanied = np.zeros((2, count), dtype=np.bool_)

    def grown(self, count: int) -> _News:
        """Make room for tracks that were added."""
        larger = _News(count)
        for name, array in vars(self).items():
            getattr(larger, name)[: len(array)] = array
        return larger


class Advance:
    """Takes frames into a bank of tracks; holds scratch, no belief."""

    def __init__(self, sensors: SensorArrays, settings: Settings) -> None:
        self.sensors = sensors
        self.settings = settings
        self._is_unscented = int(settings.filter == "ukf")
        self._motion = np.array(
            [
                settings.process_noise_m2_s3,
                settings.powered_noise_m2_s3,
                settings.thrust_m_s2,
                settings.burn_time_s,
                0.0,
            ]
        )
        self._rules = np.array(
            [
                settings.confirm_score,
                settings.end_score,
                settings.end_tentative_score,
                0.9 * settings.end_tentative_score,
                settings.confirm_score + 3.0 * settings.end_score,
                settings.coast_s,
                settings.dormant_s,
                settings.air_m,
            ]
        )
        self._rules_of_silence = self._rules.copy()
        self._rules_of_silence[life_kernel.CONFIRM] = np.inf  # only a plot confirms
        self._field = FIELD.copy()
        self.bias = no_bias(len(sensors.kind))
        self._room(1024)

    def _room(self, pairs: int) -> None:
        self._pair_row = np.empty(pairs, dtype=np.int64)
        self._pair_plot = np.empty(pairs, dtype=np.int64)
        self._gain = np.empty(pairs)
        self._log = np.empty((pairs, 2))
        self._share = np.empty(pairs)

    def predict(self, bank: Bank, seconds: float) -> None:
        """Move every track on.

        Parameters
        ----------
        bank
            Changed in place.
        seconds
            Ahead, not negative.
        """
        if seconds > 0.0 and bank.count:
            bank_kernel.predict_bank(
                bank.count,
                bank.states,
                bank.covariances,
                bank.weights,
                bank.by_bias,
                bank.fed,
                seconds,
                self._motion,
                self._field,
            )
        bank.companies.move(seconds, self._field)

    def settle(self, bank: Bank, value: F64) -> None:
        """Move tracks to where they would stand had these constant errors been taken off.

        Parameters
        ----------
        bank
            Changed in place, ``taken_off`` too.
        value
            Range in metres, azimuth and elevation in radians, time in seconds of each sensor,
            measured less true, shape (sensors, 4).
        """
        change = value - bank.taken_off
        if change.any():
            bias_kernel.move_by_bias(
                bank.count, bank.states, bank.by_bias, bank.fed, change.ravel()
            )
            bank.taken_off = value.copy()

    def take(self, bank: Bank, frame: Frame, bias: Bias, *, is_whole_look: bool) -> Outcome:
        """Take a frame into tracks that stand at its time.

        Confirmed tracks divide the plots among themselves; tentative ones take the best of what
        they leave, and single plots branch over it, whatever others take. The likelihood of all
        their plots decides later.

        Parameters
        ----------
        bank
            Tracks at the frame's time; changed in place.
        frame
            Plots of one sensor.
        bias
            Constant errors of the sensors, taken off the plots.
        is_whole_look
            Whether the frame begins a look of its sensor, so that who is not seen was missed.

        Returns
        -------
        Outcome
            Which plots went where, which tracks ended, and for which plots there was no room.
        """
        self.bias = bias
        plots = plots_of(frame, bias, bank, self.sensors)
        count = bank.count
        news = _News(count)
        phase = bank.phase[:count]
        lost, hidden, kept = self._given_up(bank, frame.time_ns)
        held = phase == bank_kernel.CONFIRMED
        held[lost], held[kept] = False, True
        held_rows = held.nonzero()[0]
        self._share_out(bank, plots, frame, held_rows, news)
        self._note_company(bank, plots, held_rows, news)
        tentative = (phase == bank_kernel.TENTATIVE).nonzero()[0]
        single = (phase == bank_kernel.SINGLE).nonzero()[0]
        news = self._branch(bank, plots, frame, tentative, news, most=TENTATIVE_BRANCHES)
        news = self._branch(bank, plots, frame, single, news, most=BRANCHES)
        count = bank.count
        phase = bank.phase[:count].copy()
        self._live_on(bank, news, plots.sensor, frame.time_ns, is_whole_look=is_whole_look)
        _let_go(bank, lost, hidden)
        self._thin_out(bank, news)
        if bank.companies.look(bank, frame.time_ns, len(self.sensors.kind)):
            bank.companies.deal(bank)
        outcome = self._outcome(bank, phase, news, frame.time_ns)
        bank.is_changed[:count] |= bank.event[:count] == life_kernel.CHANGED
        bank.forget()
        outcome.refused = begin(bank, frame, plots, self.sensors, self.settings)
        return outcome

    def wait(
        self, bank: Bank, bias: Bias, *, time_ns: int, until_ns: int
    ) -> tuple[int, list[Ends]]:
        """Go through a silence, as far as there are tracks; return where it was left, and ends.

        Nobody looks, so no look is missed. Tracks leave every view, come to the ground, or are
        unseen for too long; a dormant one stays so until it is seen.

        Parameters
        ----------
        bank
            Tracks at ``time_ns``; changed in place.
        bias
            Constant errors of the sensors.
        time_ns
            Where the silence begins, UTC since 1970.
        until_ns
            Up to when nobody looks, likewise.

        Returns
        -------
        time_ns, ended
            Where the tracks stand now: at most a step before ``until_ns``, or where the last one
            ended; and the ends.
        """
        self.bias = bias
        ended: list[Ends] = []
        while bank.count and until_ns - time_ns > STEP_NS:
            self.predict(bank, STEP_S)
            time_ns += STEP_NS
            lost, hidden, _ = self._given_up(bank, time_ns)
            self._live_on(bank, _News(bank.count), NOBODY, time_ns, is_whole_look=False)
            _let_go(bank, lost, hidden)
            bank.companies.look(bank, time_ns, len(self.sensors.kind))
            ended += self._ended(bank, bank.count, time_ns)
            bank.forget()
        return time_ns, ended

    def _live_on(
        self, bank: Bank, news: _News, sensor: int, now_ns: int, *, is_whole_look: bool
    ) -> None:
        """Move every track along its life."""
        life_kernel.live_on(
            sensor,
            now_ns,
            is_whole_look,
            bank.count,
            news.got,
            news.worth,
            news.chances,
            news.cluster,
            news.is_crowded,
            self._rules_of_silence if sensor == NOBODY else self._rules,
            bank.phase,
            bank.event,
            bank.states,
            bank.covariances,
            bank.weights,
            bank.score,
            bank.best,
            bank.hits,
            bank.home,
            bank.last_hit_ns,
            bank.unwatched_ns,
            bank.last_look_ns,
            self.sensors.place,
            self.sensors.rotation,
            self.sensors.figures,
            self.sensors.face_from,
            self.sensors.faces,
            self._field,
        )

    def _share_out(self, bank: Bank, plots: Plots, frame: Frame, rows: I64, news: _News) -> None:
        """Divide the plots among tracks that are believed."""
        pairs = self._gate(bank, plots, rows, news.chances)
        if not pairs:
            return
        worth = np.empty(len(rows))
        own_cluster = np.empty(len(rows), dtype=np.int64)
        pair_row, pair_plot = self._pair_row[:pairs], self._pair_plot[:pairs]
        gain, share = self._gain[:pairs], self._share[:pairs]
        sizes = pairs, len(rows), len(plots.density)
        association_kernel.nearest_neighbours(
            *sizes, pair_row, pair_plot, gain, share, worth, own_cluster
        )
        if self.settings.association == "jpda":
            association_kernel.beliefs(*sizes, pair_row, pair_plot, gain, share)
        else:
            association_kernel.soften(*sizes, pair_row, pair_plot, gain, share)
        news.worth[rows] = worth
        news.cluster[rows] = np.where(own_cluster >= 0, rows[own_cluster], -1)
        self._update(bank, plots, frame, rows[pair_row], news)
        total = np.bincount(pair_plot, share, minlength=len(plots.density))
        plots.is_taken |= total > 0.5

    def _note_company(self, bank: Bank, plots: Plots, rows: I64, news: _News) -> None:
        """Keep what a radar said of tracks that fly in company."""
        if plots.kind != kalman_kernel.RADAR or not bank.companies.list:
            return
        took = rows[news.plot[rows] >= 0]
        bank.companies.take(
            bank.key[took],
            news.plot[took],
            sensor=plots.sensor,
            arrays=(plots.values, plots.stds, plots.eyes, plots.offsets),
            rotation=self.sensors.rotation[plots.sensor],
            constants=self._field,
        )

    def _branch(
        self, bank: Bank, plots: Plots, frame: Frame, rows: I64, news: _News, *, most: int
    ) -> _News:
        """Give tracks that are not believed yet the plots that may be theirs, each its own branch.

        A tentative track itself takes its likeliest plot, and copies of it the next ones; a single
        plot stays single, and all its seconds go to copies.
        """
        pairs = self._gate(bank, plots, rows, news.chances)
        if not pairs:
            return news
        pair_row, gain = self._pair_row[:pairs], self._gain[:pairs]
        if not (gain > 0.0).any():
            return news
        # The likeliest few of each row: pairs come sorted by row.
        by_gain = np.lexsort((-gain, pair_row))
        first = np.searchsorted(pair_row[by_gain], pair_row[by_gain])
        place = np.arange(pairs) - first
        is_likely = (gain[by_gain] > 0.0) & (gain[by_gain] > gain[by_gain][first] - LIKELY)
        chosen = by_gain[(place < most) & is_likely]
        is_own = (place == 0)[(place < most) & is_likely]
        is_own &= bank.phase[rows[pair_row[chosen]]] == bank_kernel.TENTATIVE
        room = max(self.settings.limits.track_count - bank.count, 0)
        fits = is_own | (np.cumsum(~is_own) <= room)
        chosen, is_own = chosen[fits], is_own[fits]
        if not len(chosen):
            return news
        track = rows[pair_row[chosen]]
        plot, gains, logs = self._pair_plot[chosen], gain[chosen], self._log[chosen]
        start = bank.count
        parents = track[~is_own]
        bank.copy_rows(parents)
        new = np.arange(start, bank.count)
        track[~is_own] = new
        bank.key[new] = mixed_keys(bank.key[new], frame.key[plot[~is_own]])
        bank.label[new] = 0
        news = news.grown(bank.count)
        news.chances[new] = news.chances[parents]
        order = np.argsort(track, kind="stable")
        count = len(order)
        self._pair_plot[:count] = plot[order]
        self._log[:count] = logs[order]
        self._share[:count] = 1.0
        self._update(bank, plots, frame, track[order], news)
        news.worth[track] = gains
        return news

    def _update(self, bank: Bank, plots: Plots, frame: Frame, track: I64, news: _News) -> None:
        """Take the first pairs, one for each entry of ``track``, in by their shares."""
        pairs = len(track)
        share, pair_plot = self._share[:pairs], self._pair_plot[:pairs]
        share[share < LEAST_SHARE] = 0.0
        bank_kernel.update_tracks(
            plots.kind,
            plots.sensor,
            pairs,
            self._is_unscented,
            LEAST_SHARE,
            track,
            pair_plot,
            share,
            self._log[:pairs],
            bank.states,
            bank.covariances,
            bank.weights,
            bank.by_bias,
            bank.fed,
            self.bias.covariance,
            bank.hits,
            plots.values,
            plots.stds,
            plots.eyes,
            plots.offsets,
            self.sensors.rotation,
            self._field,
        )
        news.got += np.bincount(track, share, minlength=len(news.got))
        is_main = share > 0.5
        owner = track[is_main]
        row = frame.detections.row[pair_plot[is_main]]
        bank.rows[owner, (bank.hits[owner] - 1) % ROWS_KEPT] = row
        news.row[owner] = row
        news.plot[owner] = pair_plot[is_main]
        news.is_accompanied[owner] = plots.is_accompanied[news.plot[owner]]
        news.is_crowded[owner] = plots.is_crowded[news.plot[owner]]

    def _thin_out(self, bank: Bank, news: _News) -> None:
        """Drop doubles of tentative tracks, and what rivals one that is confirmed now."""
        count = bank.count
        phase, hits, rows = bank.phase[:count], bank.hits[:count], bank.rows[:count]
        new = (bank.event[:count] == life_kernel.CONFIRMED_NOW).nonzero()[0]
        if len(new):
            bank.event[new] = life_kernel.CHANGED
            new = new[np.lexsort((bank.key[new], -bank.score[new]))]
            unsure = ((phase == bank_kernel.TENTATIVE) | (phase == bank_kernel.SINGLE)).nonzero()[0]
            found, places = np.unique(rows, return_inverse=True)
            life_kernel.settle_rivals(
                new,
                unsure,
                rows,
                places.reshape(rows.shape),
                len(found),
                news.is_accompanied,
                news.is_crowded,
                self.settings.confirm_score,
                bank.score,
                bank.phase,
                bank.event,
            )
        tentative = (phase == bank_kernel.TENTATIVE).nonzero()[0]
        if len(tentative) > 1:
            last = rows[tentative, (hits[tentative] - 1) % ROWS_KEPT]
            before = rows[tentative, (hits[tentative] - 2) % ROWS_KEPT]
            order = np.lexsort((bank.key[tentative], -bank.score[tentative], before, last))
            same = (np.diff(last[order]) == 0) & (np.diff(before[order]) == 0)
            double = tentative[order[1:][same]]
            bank.event[double] = life_kernel.ENDED
            phase[double] = bank_kernel.GONE

    def _gate(self, bank: Bank, plots: Plots, rows: I64, chances: F64) -> int:
        if not len(rows):
            return 0
        while True:
            pairs = gate_kernel.gate(
                plots.kind,
                rows,
                plots.sensor,
                self._is_unscented,
                self.settings.gate_squared,
                bank.states,
                bank.covariances,
                bank.weights,
                bank.by_bias,
                bank.fed,
                self.bias.possible,
                plots.values,
                plots.stds,
                plots.eyes,
                plots.offsets,
                plots.keys,
                plots.order,
                plots.density,
                plots.is_taken,
                chances,
                self.sensors.place,
                self.sensors.rotation,
                self.sensors.figures,
                self.sensors.face_from,
                self.sensors.faces,
                self._field,
                self._pair_row,
                self._pair_plot,
                self._gain,
                self._log,
            )
            if pairs >= 0:
                return int(pairs)
            self._room(2 * len(self._pair_row))

    def _outcome(
        self, bank: Bank, before: npt.NDArray[np.int8], news: _News, now_ns: int
    ) -> Outcome:
        """Rows that confirmed tracks took in this frame, or before they were confirmed."""
        count = len(before)
        phase = bank.phase[:count]
        is_held = (before == bank_kernel.CONFIRMED) | (before == bank_kernel.DORMANT)
        old = (is_held & (news.row >= 0)).nonzero()[0]
        new = (~is_held & (phase == bank_kernel.CONFIRMED)).nonzero()[0]
        track, row, place = old, news.row[old], news.plot[old]
        is_start = np.zeros(len(old), dtype=np.bool_)
        if len(new):
            hits = bank.hits[new].astype(np.int64)[:, np.newaxis]
            number = np.maximum(hits - ROWS_KEPT, 0) + np.arange(ROWS_KEPT)
            which, column = np.nonzero(number < hits)
            number, last, believed = number[which, column], hits[which, 0] - 1, new[which]
            track = np.concatenate([track, believed])
            row = np.concatenate([row, bank.rows[believed, number % ROWS_KEPT]])
            place = np.concatenate([place, np.where(number == last, news.plot[believed], -1)])
            is_start = np.concatenate([is_start, number == 0])
        return Outcome(
            row=row,
            key=bank.key[track],
            label=bank.label[track],
            place=place,
            is_start=is_start,
            burning=bank.weights[track, POWERED],
            ended=self._ended(bank, count, now_ns),
            refused=np.empty(0, dtype=np.int64),
        )

    def _ended(self, bank: Bank, count: int, now_ns: int) -> list[Ends]:
        """Those of the first ``count`` tracks that ended just now, if any did."""
        rows = (bank.event[:count] == life_kernel.ENDED).nonzero()[0]
        if not len(rows):
            return []
        told = self.told(bank, rows, self.bias)
        last_plot_ns = bank.last_hit_ns[rows]
        return [ends_of(bank.key[rows], *told, now_ns=now_ns, last_plot_ns=last_plot_ns)]

    def told(self, bank: Bank, rows: I64, bias: Bias) -> tuple[F64, F64]:
        """State vectors and covariances as told: with what the biases leave open.

        Parameters
        ----------
        bank
            The tracks.
        rows
            Which of them, shape (n,).
        bias
            What is not known of the sensors' constant errors.

        Returns
        -------
        state_vector, covariance
            ECEF, m and m/s, shapes (n, 6) and (n, 6, 6): both motion models in one.
        """
        mean, spread = np.empty((len(rows), 6)), np.empty((len(rows), 6, 6))
        if len(rows):
            bank_kernel.combined(rows, bank.states, bank.covariances, bank.weights, mean, spread)
            bias_kernel.add_bias(
                rows, bank.weights, bank.by_bias, bank.fed, bias.covariance, spread
            )
        return mean, spread

    def revisit_s(self, sensor: int) -> float:
        """Seconds between two looks of a sensor at one place."""
        return float(self.sensors.figures[sensor, REVISIT])

    def _given_up(self, bank: Bank, now_ns: int) -> tuple[I64, I64, I64]:
        """Find tracks known too badly and unseen, the dormant of them, and all other dormant."""
        fates = np.empty(bank.count, dtype=np.int8)
        if not give_up(
            now_ns,
            round(1e9 * self.settings.coast_s),
            self.settings.gate_squared,
            self.settings.air_m,
            bank.count,
            bank.phase,
            bank.states,
            bank.covariances,
            bank.last_hit_ns,
            bank.is_mistakable,
            fates,
        ):
            return _NONE, _NONE, _NONE
        hidden = (fates == HIDDEN).nonzero()[0]
        return (fates >= LOST).nonzero()[0], hidden, (fates == KEPT).nonzero()[0]


def _let_go(bank: Bank, lost: I64, hidden: I64) -> None:
    """End tracks; those that were out of view are told to have ended already."""
    bank.phase[lost], bank.event[lost] = bank_kernel.GONE, life_kernel.ENDED
    bank.event[hidden] = life_kernel.QUIET
