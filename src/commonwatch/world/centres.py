"""The centres of a scenario: what each is at a laydown and a level of sharing, and its keys.

A centre's own sensors are those of the laydown that its nation owns, as published, nominal case.
Of partners' sensors it knows what is published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from commonwatch.centre.configuration import CentreConfiguration, Partner
from commonwatch.identity import NationId
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.figures import Case
from commonwatch.scenario.load import read_description
from commonwatch.scenario.policies import policies_of
from commonwatch.scenario.priors import warning_settings
from commonwatch.scenario.sensors import sensor
from commonwatch.scenario.writing import sensor_file
from commonwatch.sensing.radar import Role
from commonwatch.sensing.visibility import Sensor
from commonwatch.sharing.conditions import is_named
from commonwatch.sharing.keys import Key, SigningKey, quick_key, seed_for
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.policy import Policy
from commonwatch.warning.judgement import LaunchModel
from commonwatch.warning.notice import Notice

DETECTIONS = "detection report"
TRACKS = "track report"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keyring:
    """Every centre's key for every purpose; a world knows them all.

    Parameters
    ----------
    keys
        By nation and purpose.
    """

    keys: Mapping[tuple[NationId, Purpose], Key]

    @staticmethod
    def of(centres: tuple[NationId, ...], seed: int, *, is_quick: bool) -> Keyring:
        """Make the keys of a world: quick ones that only studies may use, or Ed25519.

        Parameters
        ----------
        centres
            All nations and the joint centre.
        seed
            Of the world: the same seed gives the same keys.
        is_quick
            Whether whoever verifies may be able to sign.
        """
        make = quick_key if is_quick else SigningKey.from_seed
        return Keyring(
            keys={
                (name, purpose): make(seed_for(seed, name, purpose))
                for name in centres
                for purpose in Purpose
            }
        )

    def key(self, name: NationId, purpose: Purpose = Purpose.ACTUAL) -> Key:
        """Return one key.

        Parameters
        ----------
        name
            A nation's, or the joint centre's.
        purpose
            For what.
        """
        return self.keys[name, purpose]


def sensors_of(scenario: Scenario, laydown: str) -> dict[NationId, tuple[Sensor, ...]]:
    """Return each nation's own sensors in a laydown, owned by its centre; dishes are left out.

    Parameters
    ----------
    scenario
        Of its sensors the nominal figures.
    laydown
        Its name.

    Returns
    -------
    dict
        By nation, in the scenario's order; a nation without a sensor in the laydown has none.
    """
    entries = list(scenario.sensors.values())
    names = list(scenario.sensors)
    members = scenario.laydown(laydown).members
    working = {
        names[k]: sensor(entries[k], Case.NOMINAL)
        for k in members
        if getattr(entries[k], "role", "") != Role.DISH
    }
    return {
        nation.name: tuple(
            replace(working[name], nation=nation.name) for name in nation.sensors if name in working
        )
        for nation in scenario.nations
    }


def configurations(
    scenario: Scenario, *, laydown: str, level: str, keyring: Keyring
) -> dict[NationId, CentreConfiguration]:
    """Return what every centre is, by name.

    Parameters
    ----------
    scenario
        The scenario.
    laydown, level
        Names of the set of sensors and of the level of sharing.
    keyring
        Keys of all centres.
    """
    own = sensors_of(scenario, laydown)
    policies = policies_of(scenario, level)
    warning = replace(warning_settings(LaunchModel.POWERED), coefficients=None)
    titles = {nation.name: nation.title for nation in scenario.nations}
    titles[scenario.joint.name] = scenario.joint.title
    return {
        name: CentreConfiguration(
            nation=name,
            title=titles[name],
            is_joint=name == scenario.joint.name,
            sensors=own[name] if name in own else _released_to(name, own, policies),
            partners=tuple(
                Partner(
                    nation=other,
                    title=titles[other],
                    verify=keyring.key(other).verify,
                    is_joint=other == scenario.joint.name,
                    sensors=own.get(other, ()),
                    reports_tracks=may_say(policies[other], TRACKS, other, name),
                )
                for other in partners_of(scenario, name)
            ),
            policy=policies[name],
            warning=warning,
            notices=_held(scenario, name),
            descriptions={
                each.sensor: sensor_file([scenario.sensors[each.sensor]])
                for each in own.get(name, ())
            },
            read_sensor=read_description,
        )
        for name in scenario.centres
    }


def partners_of(scenario: Scenario, name: NationId) -> tuple[NationId, ...]:
    """Return whom a centre has a link with, in the scenario's order.

    Parameters
    ----------
    scenario
        Its links, which carry both ways.
    name
        Of a nation or the joint centre.
    """
    linked = {end for link in scenario.links if name in link.between for end in link.between}
    return tuple(other for other in scenario.centres if other in linked and other != name)


def may_say(policy: Policy, kind: str, originator: NationId, recipient: NationId) -> bool:
    """Say whether any rule shares a kind of message, be it under conditions.

    Parameters
    ----------
    policy
        The originator's.
    kind
        As ``messages.kind_of`` names it.
    originator, recipient
        Who says it, and to whom.
    """
    return any(
        kind in rule.share
        and is_named(originator, rule.owners, policy)
        and is_named(recipient, rule.recipients, policy)
        for rule in policy.rules
    )


def _released_to(
    joint: NationId, own: Mapping[NationId, tuple[Sensor, ...]], policies: Mapping[NationId, Policy]
) -> tuple[Sensor, ...]:
    return tuple(
        each
        for name, sensors in own.items()
        if may_say(policies[name], DETECTIONS, name, joint)
        for each in sensors
    )


def _held(scenario: Scenario, name: NationId) -> tuple[Notice, ...]:
    """Notices that exist and never reach a centre: it holds them as not delivered."""
    return tuple(
        given.notice
        for given in scenario.notices
        if name in given.centres and given.notice.delivered_ns is None
    )
