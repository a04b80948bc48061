"""A policy and its rules, as a lawyer writes them: what may be said, to whom, how exactly.

Nothing is shared but by a rule. Of several rules that fit a message, one that withholds wins; else
each of them holds, so that the longest delay and the coarsest step of any of them count.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import KINDS

FORMAT: Final = 1
EVERYONE: Final = NationId("*")
JOINT: Final = NationId("joint")
"""The joint centre in policies that do not know what it is called."""

RULED_KINDS: Final = tuple(
    kind
    for kind in KINDS
    if kind not in {"correction", "cancellation", "acknowledgement", "test message"}
)
"""Kinds that rules speak of. A correction goes as what it corrects would, a cancellation to whoever
had the original; acknowledgements and test messages go to every known nation."""

LEFT_OUT: Final[dict[str, frozenset[str]]] = {
    "pedigree": frozenset({"track report"}),
    "impact area": frozenset({"launch report", "alert report"}),
    "azimuth": frozenset({"launch report", "alert report"}),
    "evidence": frozenset({"alert report"}),
}
"""Fields that a rule can leave out, and of which kinds."""


class Box(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A box on the map, its edges included; from west to east, through 180 degrees if need be."""

    latitude_min_deg: float
    latitude_max_deg: float
    longitude_min_deg: float
    longitude_max_deg: float
    name: str = ""

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Say whether a place lies in the box."""
        if not self.latitude_min_deg <= latitude_deg <= self.latitude_max_deg:
            return False
        west, east = self.longitude_min_deg, self.longitude_max_deg
        if west <= east:
            return west <= longitude_deg <= east
        return longitude_deg >= west or longitude_deg <= east


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule: shares some kinds of message with some recipients, or withholds them.

    Attributes
    ----------
    name
        By which decisions cite it.
    share, withhold
        Kinds of message; one of the two.
    recipients
        To whom; "*" is every known nation, "joint" the joint centre.
    owners
        Whose messages; "*" those of every nation that holds the policy.
    sensors
        Share: everything that the message rests on is among these. Withhold: anything is. Empty:
        not asked. A message of which this is not known is not shared, and is withheld.
    regions
        The same for the places that the message is about.
    purposes
        In earnest, exercise or test; empty: all.
    from_utc, until_utc
        The rule is in force from the one instant, and no longer at the other.
    delay_s
        How long after it was made a message may go, s.
    position_step_km, velocity_step_m_s
        What coordinates of tracks are rounded to; 0: not.
    area_step_km, time_step_s
        What areas and times of launches are rounded to; 0: not.
    fields_left_out
        What does not go: keys of ``LEFT_OUT``.
    note
        Why, for whoever reads the policy.
    """

    name: str
    share: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()
    recipients: tuple[NationId, ...] = ()
    owners: tuple[NationId, ...] = (EVERYONE,)
    sensors: tuple[SensorId, ...] = ()
    regions: tuple[Box, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    from_utc: datetime.datetime | None = None
    until_utc: datetime.datetime | None = None
    delay_s: float = 0.0
    position_step_km: float = 0.0
    velocity_step_m_s: float = 0.0
    area_step_km: float = 0.0
    time_step_s: float = 0.0
    fields_left_out: tuple[str, ...] = ()
    note: str = ""


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """What one nation, or each of several that have agreed on it, lets out.

    Attributes
    ----------
    format
        Version of the form.
    owner
        Whose policy it is; "*": anyone's.
    title, note
        In words.
    own_launches
        Whether messages about launches from the own territory are withheld before any rule is
        asked. Notices are not among them: to give notice of one's own launches is their purpose.
    territory
        The own territory; without it no launch is known to be one's own.
    rules
        In any order.
    name, nations, joint
        The file's name, every nation that is known, and which of them is the joint centre: not in
        the file, set by whoever reads it.
    """

    format: Literal[1] = FORMAT
    owner: NationId = EVERYONE
    title: str = ""
    note: str = ""
    own_launches: Literal["withhold", "share"] = "withhold"
    territory: tuple[Box, ...] = ()
    rules: tuple[Rule, ...] = ()
    name: str = ""
    nations: tuple[NationId, ...] = ()
    joint: NationId = JOINT


def adopted(policy: Policy, owner: NationId, *, territory: Iterable[Box] = ()) -> Policy:
    """Return a policy as one nation holds it: its own, over its territory as well.

    Parameters
    ----------
    policy
        Anyone's, or the nation's own.
    owner
        The nation.
    territory
        Its territory, beside what the policy itself says of it.
    """
    return msgspec.structs.replace(policy, owner=owner, territory=(*policy.territory, *territory))
