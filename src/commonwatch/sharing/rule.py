"""A policy and its rules, as a lawyer writes them: what may be said, to whom, how exactly.

Nothing is shared but by a rule. Of several rules that fit a message, one that withholds wins; else
each of them holds, so that the longest delay and the coarsest step of any of them count.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import KINDS

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one policy may hold, and how far its figures may go."""

    text_bytes: int = 1_000_000
    rule_count: int = 500
    list_count: int = 500
    mistake_count: int = 200
    name_letters: int = 100
    note_letters: int = 2_000
    delay_s: float = 2_592_000.0
    step_least: float = 0.001
    step_km: float = 10_000.0
    step_m_s: float = 10_000.0
    step_s: float = 86_400.0


LIMITS: Final = Limits()

Latitude: TypeAlias = Annotated[float, Meta(ge=-90, le=90)]
Longitude: TypeAlias = Annotated[float, Meta(ge=-180, le=180)]
Note: TypeAlias = Annotated[str, Meta(max_length=LIMITS.note_letters)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=LIMITS.name_letters)]
NationName: TypeAlias = Annotated[NationId, Meta(min_length=1, max_length=LIMITS.name_letters)]
SensorName: TypeAlias = Annotated[SensorId, Meta(min_length=1, max_length=LIMITS.name_letters)]
SEVERAL: Final = Meta(max_length=LIMITS.list_count)

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

    latitude_min_deg: Latitude
    latitude_max_deg: Latitude
    longitude_min_deg: Longitude
    longitude_max_deg: Longitude
    name: Note = ""

    def holds(self, latitude_deg: float, longitude_deg: float) -> bool:
        """Say whether a place lies in the box.

        Parameters
        ----------
        latitude_deg, longitude_deg
            Geodetic; longitude in the interval in which the box has its own, -180 to 180.
        """
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

    name: Name
    share: Annotated[tuple[Name, ...], SEVERAL] = ()
    withhold: Annotated[tuple[Name, ...], SEVERAL] = ()
    recipients: Annotated[tuple[NationName, ...], SEVERAL] = ()
    owners: Annotated[tuple[NationName, ...], SEVERAL] = (EVERYONE,)
    sensors: Annotated[tuple[SensorName, ...], SEVERAL] = ()
    regions: Annotated[tuple[Box, ...], SEVERAL] = ()
    purposes: Annotated[tuple[Purpose, ...], SEVERAL] = ()
    from_utc: datetime.datetime | None = None
    until_utc: datetime.datetime | None = None
    delay_s: Annotated[float, Meta(ge=0, le=LIMITS.delay_s)] = 0.0
    position_step_km: Annotated[float, Meta(ge=0, le=LIMITS.step_km)] = 0.0
    velocity_step_m_s: Annotated[float, Meta(ge=0, le=LIMITS.step_m_s)] = 0.0
    area_step_km: Annotated[float, Meta(ge=0, le=LIMITS.step_km)] = 0.0
    time_step_s: Annotated[float, Meta(ge=0, le=LIMITS.step_s)] = 0.0
    fields_left_out: Annotated[tuple[Name, ...], SEVERAL] = ()
    note: Note = ""


class PolicyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """What the file of a policy says.

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
    """

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)]
    owner: NationName = EVERYONE
    title: Note = ""
    note: Note = ""
    own_launches: Literal["withhold", "share"] = "withhold"
    territory: Annotated[tuple[Box, ...], SEVERAL] = ()
    rules: Annotated[tuple[Rule, ...], Meta(max_length=LIMITS.rule_count)] = ()


class Policy(PolicyFile, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """What one nation, or each of several that have agreed on it, lets out.

    Attributes
    ----------
    name, nations, joint
        The file's name, every nation that is known, and which of them is the joint centre: not in
        the file, set by whoever reads it.
    """

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
