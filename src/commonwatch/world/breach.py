"""That an invariant did not hold."""

from __future__ import annotations

from dataclasses import dataclass

from commonwatch.identity import NationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """That an invariant did not hold: which, at which centre, when by the true time, and how."""

    invariant: str
    centre: NationId
    time_ns: int
    words: str

    def __str__(self) -> str:
        return f"{self.invariant}, {self.centre}: {self.words}"
