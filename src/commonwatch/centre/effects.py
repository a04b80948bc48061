"""What a centre does: in order, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from commonwatch.centre.floor import AlertEvent
from commonwatch.identity import NationId
from commonwatch.sharing.ledger import Entry
from commonwatch.sharing.released import Released


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry of the ledger, to be durable before the next ``Send`` is carried out."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message that may leave, to the one recipient that it names."""

    released: Released


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Show:
    """An event in the life of an alert, for the watch floor."""

    alert: AlertEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A partner's question, for a person at the watch floor to answer.

    ``nation`` and ``number`` are whose question it is and its number there; ``told`` the alerts
    here of which it has been told.
    """

    nation: NationId
    number: int
    about: str
    text: str
    told: tuple[int, ...] = ()


Effect: TypeAlias = Record | Send | Show | Ask
