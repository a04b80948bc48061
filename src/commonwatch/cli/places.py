"""The names of files and folders, as the command line takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Place(click.Path):
    """A file or folder to write. An empty name is refused: it would mean the folder one is in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the path; a usage error where the name is empty.

        Parameters
        ----------
        value, param, ctx
            As click gives them.
        """
        if not str(value).strip():
            self.fail("the name is empty. Allowed: the name of a file or folder.", param, ctx)
        return super().convert(value, param, ctx)
