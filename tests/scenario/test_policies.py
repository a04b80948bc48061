"""The policies of a scenario's levels of sharing."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.errors import ScenarioError
from commonwatch.identity import NationId
from commonwatch.scenario import catalogue
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.policies import policies_of
from tests.scenario.build import SCENARIO

LEVEL = """
[[sharing]]
name = "own"
title = "Our own"
policy = "tracks"

[sharing.policies]
no = "mine.toml"
"""
MINE = """
format = 1
title = "Mine"

[[rules]]
name = "everything to the joint centre"
share = ["track report"]
recipients = ["joint"]
"""


def written(folder: Path, policy: str, text: str = SCENARIO + LEVEL) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    (folder / "mine.toml").write_text(policy, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", catalogue.scenario_names())
def test_every_bundled_scenario_has_a_policy_for_each_centre_at_each_level(name: str) -> None:
    scenario = load_scenario(name)
    for level in scenario.levels:
        policies = policies_of(scenario, level.name)
        assert list(policies) == list(scenario.centres)
        assert {policy.owner for policy in policies.values()} == set(scenario.centres)


def test_a_policy_beside_the_scenario_is_its_owners_and_nobody_elses(tmp_path: Path) -> None:
    scenario = load_scenario(written(tmp_path, MINE))
    policies = policies_of(scenario, "own")
    assert policies[NationId("no")].title == "Mine"
    assert policies[NationId("joint")].title == "Tracks"


def test_a_policy_is_held_over_the_territory_of_the_nation(tmp_path: Path) -> None:
    scenario = load_scenario("norway-1995")
    policies = policies_of(scenario, "tracks")
    [box] = policies[NationId("russia")].territory
    assert box.holds(67.0, 33.0)
    assert not box.holds(69.3, 16.0)
    assert policies[NationId("joint")].territory == ()


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (MINE.replace('["joint"]', '["jiont"]'), 'Did you mean "joint"?'),
        (MINE.replace("track report", "trak report"), 'Did you mean "track report"?'),
        (MINE.replace("format = 1", 'format = 1\nowner = "joint"'), 'a policy of "joint"'),
        ("= 1", "policy mine.toml"),
        (
            MINE + '[[rules]]\nname = "none"\nwithhold = ["track report"]\nrecipients = ["*"]\n',
            'rule "none" withholds track report',
        ),
    ],
)
def test_a_policy_with_a_mistake_refuses_the_scenario_and_names_the_policy(
    tmp_path: Path, policy: str, said: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(tmp_path, policy))
    assert said in str(caught.value)
    assert "policy mine.toml" in str(caught.value)


def test_a_policy_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, MINE, SCENARIO + LEVEL.replace("mine.toml", "yours.toml"))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert 'no = "yours.toml": there is no such policy' in str(caught.value)
