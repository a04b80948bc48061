"""The policies of a scenario's levels of sharing."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.errors import ScenarioError
from commonwatch.identity import NationId
from commonwatch.scenario import catalogue
from commonwatch.scenario.load import load_scenario
from commonwatch.scenario.policies import lone_centres, policies_of
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


ALONE = """
[[nations]]
name = "norway"
title = "Norway"
owners = ["NO"]

[[nations]]
name = "britain"
title = "Britain"
owners = ["GB"]
has_no_sensors = true

[[links]]
between = ["norway", "joint"]
"""
CHOSEN = """
[[sharing]]
name = "own"
title = "Our own"
policy = "tracks"

[sharing.policies]
britain = "nothing"
"""


def test_a_centre_that_shares_and_that_no_link_joins_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, MINE, SCENARIO + ALONE)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value) == (
        f'{path}: links: no link joins "britain", and rule "launch reports to the joint centre" of '
        'launch-reports.toml at the level "launch-reports" has it share launch report.\n'
        "  Allowed: links to every centre that shares anything or is named as a recipient.\n"
        '  Add a link with between = ["britain", "joint"], or have the policies say that nothing '
        "is shared."
    )
    joined = ALONE + '[[links]]\nbetween = ["britain", "norway"]\n'
    assert lone_centres(load_scenario(written(tmp_path, MINE, SCENARIO + joined))) == ()


def test_a_nation_that_shares_nothing_by_choice_may_be_joined_by_no_link(tmp_path: Path) -> None:
    # The joint centre's alerts go to "*": to every known nation, and to none by name.
    scenario = load_scenario(written(tmp_path, MINE, SCENARIO + ALONE + CHOSEN))
    assert lone_centres(scenario) == ("britain",)


@pytest.mark.parametrize(
    ("alone", "named", "said"),
    [
        ('"norway", "joint"', "britain", 'mine.toml at the level "own" norway shares track report'),
        ('"norway", "britain"', "joint", 'no link joins "joint", and by rule'),
    ],
)
def test_a_centre_that_is_named_as_a_recipient_has_to_have_a_link(
    tmp_path: Path, alone: str, named: str, said: str
) -> None:
    text = ALONE.replace('"norway", "joint"', alone) + CHOSEN.replace('"tracks"', '"nothing"')
    text += 'norway = "mine.toml"\n'
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(tmp_path, MINE.replace('"joint"', f'"{named}"'), SCENARIO + text))
    assert said in str(caught.value)
    assert "shares track report with it" in str(caught.value)


def test_without_a_list_of_links_nobody_is_alone(tmp_path: Path) -> None:
    text = ALONE[: ALONE.index("[[links]]")]
    assert lone_centres(load_scenario(written(tmp_path, MINE, SCENARIO + text))) == ()
