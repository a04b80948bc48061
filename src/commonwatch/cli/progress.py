"""What a command shows while it works, on the error stream; and where it prints its tables."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

WIDTH_OFF_SCREEN: Final = 150
"""Columns of printed tables where the output is no screen."""


def page() -> Console:
    """Return the output stream for tables; wide where it is no screen and COLUMNS is not set."""
    console = Console()
    is_told = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    return console if is_told else Console(width=WIDTH_OFF_SCREEN)


class Stages:
    """One bar from 0 to 1 with the name of the present stage.

    On a terminal the bar moves; elsewhere each new stage is one line, so that a log shows where a
    long run is.

    Parameters
    ----------
    is_shown
        False shows nothing at all.
    """

    def __init__(self, *, is_shown: bool = True) -> None:
        self._console = Console(stderr=True, quiet=not is_shown)
        self._stage = ""
        self._bar = Progress(
            TextColumn("{task.description:<36}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not (is_shown and self._console.is_terminal),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=1.0)

    def __enter__(self) -> Stages:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, stage: str, part: float, *, aside: str = "") -> None:
        """Show the stage in words and the part of the whole, 0 to 1, that is done.

        What is said aside changes within a stage: where no bar moves it makes no line of its own.

        Parameters
        ----------
        stage
            In words.
        part
            Of the whole.
        aside
            Empty for nothing.
        """
        said = f"{stage}{aside and f', {aside}'}"
        self._bar.update(self._task, description=said, completed=part)
        if stage != self._stage and self._bar.disable:
            self._console.print(f"{part:4.0%} {said}", highlight=False)
        self._stage = stage

    def note(self, words: str) -> None:
        """Say something that stays."""
        self._console.print(words, highlight=False, markup=False)
