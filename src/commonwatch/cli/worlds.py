"""The worlds of a run: flown with progress, kept while not all are done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click
import platformdirs

from commonwatch.cli.progress import Stages
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.schema import SEED_MAX
from commonwatch.studies.ensemble import Standing, forget, study_seeds
from commonwatch.studies.sharing import SeedResult

_SOON_S: Final = 90.0


def kept_folder(scenario: Scenario) -> Path:
    """Return where finished seeds of an interrupted run lie."""
    return Path(platformdirs.user_cache_dir("commonwatch")) / "unfinished" / scenario.name


def drop_kept(scenario: Scenario) -> None:
    """Remove the finished seeds of a run that is done."""
    forget(scenario, kept_folder(scenario))


def fly_worlds(
    scenario: Scenario, seed: int, count: int, stages: Stages, *, begin: float, end: float
) -> dict[int, SeedResult]:
    """Fly the worlds of so many seeds, from one on.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    seed, count
        The first seed, and how many.
    stages
        Told how far it is.
    begin, end
        Parts of the whole, 0 to 1, at which the worlds begin and end.
    """
    if not count:
        return {}
    seeds = [(seed + k) % (SEED_MAX + 1) for k in range(count)]
    progress = WorldsProgress(stages, begin=begin, end=end, place=kept_folder(scenario))
    try:
        return study_seeds(scenario, seeds, folder=kept_folder(scenario), report=progress.report)
    except KeyboardInterrupt:
        progress.say_what_is_kept()
        raise


class WorldsProgress:
    """Says how many seeds are done, and how long the others will take; see ``fly_worlds``."""

    def __init__(self, stages: Stages, *, begin: float, end: float, place: Path) -> None:
        self._stages, self._begin, self._end = stages, begin, end
        self._place = place
        self._since_s = time.monotonic()
        self._from_part = 0.0
        self._standing: Standing | None = None

    def report(self, standing: Standing) -> None:
        """Show how far the study is."""
        if self._standing is None:
            self._from_part = standing.part
            self._say_what_was_found(standing)
        self._standing = standing
        done, count = standing.finished_count, standing.seed_count
        seeds = "seed" if count == 1 else "seeds"
        self._stages.show(
            f"flying worlds: {done} of {count} {seeds} done",
            self._begin + (self._end - self._begin) * standing.part,
            aside=self._left(standing.part),
        )

    def say_what_is_kept(self) -> None:
        """Say that an interrupted study goes on where it was; nothing where no seed is done."""
        standing = self._standing
        if standing is not None and standing.finished_count:
            done, count = standing.finished_count, standing.seed_count
            click.echo(
                f"{done} of {count} seeds are finished and kept: the same command goes on from "
                "there.",
                err=True,
            )

    def _say_what_was_found(self, standing: Standing) -> None:
        if standing.resumed_count:
            self._stages.note(
                f"{standing.resumed_count} of {standing.seed_count} seeds are there from an "
                "interrupted run."
            )
        if standing.stale_count:
            self._stages.note(
                f"{standing.stale_count} finished seeds of another version or another form of this "
                f"scenario are not used: {self._place}"
            )

    def _left(self, part: float) -> str:
        """Return how long the rest takes at the pace so far; nothing while that is unknown."""
        gone = part - self._from_part
        if gone < 0.02:
            return ""
        left_s = (time.monotonic() - self._since_s) * (1.0 - part) / gone
        if left_s < _SOON_S:
            return f"about {left_s:.0f} s left"
        return f"about {left_s / 60.0:.0f} min left"
