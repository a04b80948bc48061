"""Policies as people write them: every mistake found in one go, each with a sentence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.errors import InputError, ScenarioError
from commonwatch.scenario import catalogue
from commonwatch.sharing.policy import Policy, Rule, read_policy
from commonwatch.sharing.rule import LIMITS
from tests.sharing.build import JOINT, NATIONS, SENSORS, policy, rule


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        policy(text)
    assert all(
        mistake.found and (mistake.allowed or mistake.what_to_do.startswith("Known keys here: "))
        for mistake in refused.value.mistakes
    )
    return [str(mistake) for mistake in refused.value.mistakes]


def only_mistake(text: str) -> str:
    found = mistakes_of(text)
    assert len(found) == 1, found
    return found[0]


def test_bundled_policies_have_no_mistake_and_name_nobody() -> None:
    assert set(catalogue.policy_names()) >= {"nothing", "launch-reports", "tracks", "detections"}
    for name in catalogue.policy_names():
        text = catalogue.policy_path(name).read_text("utf-8")
        read = read_policy(text, name=name, nations=NATIONS, sensors=SENSORS)
        named = {n for r in read.rules for n in (*r.recipients, *r.owners)}
        assert named <= {"*", "joint"}
        assert read.owner == "*"


def test_levels_that_share_more_share_all_that_is_below() -> None:
    def shared(name: str) -> set[tuple[object, ...]]:
        text = catalogue.policy_path(name).read_text("utf-8")
        read = read_policy(text, name=name, nations=NATIONS, sensors=SENSORS)
        return {(k, r.owners, r.recipients) for r in read.rules for k in r.share}

    assert shared("nothing") == set()
    assert shared("launch-reports") < shared("tracks")
    assert shared("launch-reports") < shared("detections")
    assert "track report" not in {kind for kind, *_ in shared("detections")}


def test_everything_that_may_be_said_is_read() -> None:
    read = policy(
        'owner = "east"\ntitle = "Ours"\nnote = "For the file"\nown_launches = "share"\n'
        "[[territory]]\nname = 'home'\nlatitude_min_deg = 1\nlatitude_max_deg = 2\n"
        "longitude_min_deg = 170\nlongitude_max_deg = -170\n"
        + rule(
            'share = ["track report"]\nowners = ["east"]\nsensors = ["radar"]\n'
            "regions = [{ latitude_min_deg = -90, latitude_max_deg = 90, "
            "longitude_min_deg = -180, longitude_max_deg = 180 }]\n"
            'purposes = ["exercise"]\nfrom_utc = 2009-05-20T06:24:00Z\n'
            "until_utc = 2010-05-20T06:24:00+02:00\ndelay_s = 60\nposition_step_km = 0.5\n"
            'velocity_step_m_s = 1\nfields_left_out = ["pedigree"]\nnote = "why"'
        )
    )
    assert isinstance(read, Policy)
    assert read.nations == tuple(sorted(NATIONS))
    assert read.rules[0].position_step_km == 0.5
    assert read.territory[0].holds(1.5, 180.0)
    assert not read.territory[0].holds(1.5, 0.0)


def test_the_joint_centre_is_always_known() -> None:
    read = read_policy("format = 1", name="x", nations=(), sensors=None, joint=JOINT)
    assert read.nations == (JOINT,)


def test_without_a_list_of_nations_those_that_it_names_are_known() -> None:
    text = "format = 1\n" + rule('share = ["question"]', recipients='["utopia", "joint"]')
    assert read_policy(text, name="x", nations=None, sensors=None).nations == ("joint", "utopia")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("owner = 'eats'", 'owner = "eats" is an unknown nation'),
        ("own_launches = 'hide'", 'own_launches = "hide"'),
        ("title = 3", "title = 3"),
        ("rules = 3", "rules = 3 is a whole number"),
        ("rules = [3]", "the entry 3 is a whole number"),
        (
            "territory = [{ latitude_min_deg = 3, longitude_min_deg = 3, longitude_max_deg = 4 }]",
            'missing key "latitude_max_deg"',
        ),
        (
            "territory = [{ latitude_min_deg = 3, latitude_max_deg = 2, longitude_min_deg = 3, "
            "longitude_max_deg = 4 }]",
            "latitude_min_deg = 3 is north of latitude_max_deg = 2",
        ),
        (rule('share = ["track reprot"]'), 'unknown kind of message "track reprot"'),
        (rule('share = ["cancellation"]'), "cancellations to whoever had"),
        (rule('share = ["question"]', recipients='["wets"]'), 'Did you mean "west"?'),
        (rule('share = ["question"]', recipients="[]"), "no recipients"),
        (rule('share = ["question"]', recipients="'west'"), 'recipients = "west"'),
        (rule('share = ["question"]\nowners = ["sotuh"]'), 'Did you mean "south"?'),
        (rule('share = ["track report"]\nsensors = ["raddar"]'), 'Did you mean "radar"?'),
        (rule('share = ["question", "question"]'), "stands twice"),
        (rule('share = ["question"]\npurposes = ["real"]'), 'the entry "real" is unknown'),
        (rule('share = ["track report"]\nfields_left_out = ["course"]'), 'unknown field "course"'),
        (rule("share = []"), "neither share nor withhold"),
        (rule('share = ["question"]\nwithhold = ["answer"]'), "both share and withhold"),
        (rule('share = ["question"]\ndelay_s = -1'), "delay_s = -1"),
        (rule('share = ["question"]\ndelay_s = "1"'), "without quotes"),
        (rule('share = ["question"]\ndelay_s = nan'), "delay_s = nan"),
        (rule('share = ["question"]\ndelay_s = true'), "delay_s = true"),
        (
            rule('share = ["track report"]\nposition_step_km = 0.0001'),
            "0.001 or more",
        ),
        (rule('share = ["question"]\nuntil_utc = 2009-05-20'), "an instant such as 2009-05-20T06"),
        (rule('share = ["question"]\nuntil_utc = 2009-05-20T06:24:00'), "with its zone"),
        (
            rule(
                'share = ["question"]\nfrom_utc = 2009-05-20T06:24:00Z\n'
                "until_utc = 2009-05-20T06:24:00Z"
            ),
            "is not after",
        ),
        (rule('share = ["question"]\nposition_step_km = 1'), "says nothing of a question"),
        (rule('share = ["track report"]\ntime_step_s = 1'), "says nothing of a track report"),
        (rule('share = ["question"]\nsensors = ["radar"]'), "says nothing of a question"),
        (
            rule('share = ["launch report"]\nfields_left_out = ["pedigree"]'),
            "says nothing of a launch report",
        ),
        (rule('withhold = ["question"]\ndelay_s = 3'), "delay_s in a rule that withholds"),
        (rule('share = ["question"]', name="a; b"), 'name = "a; b"'),
        (rule('share = ["question"]', name="[a]"), 'name = "[a]"'),
        ("[[rules]]\nshare = ['question']\nrecipients = ['west']", 'missing key "name"'),
        (rule('share = ["question"]') * 2, "stands twice"),
        (
            'owner = "east"\n' + rule('share = ["question"]\nowners = ["west"]'),
            "a rule for messages of west in the policy of east",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_what_is_allowed(text: str, found: str) -> None:
    said = only_mistake(text)
    assert found in said
    assert "Allowed: " in said


def test_all_mistakes_are_told_in_one_go_with_their_places() -> None:
    said = mistakes_of(
        "ownr = 3\n"
        + rule('share = ["questoin"]\ndelay_s = -3', name="first", recipients='["wst"]')
        + rule('share = ["answer"]\nunti_utc = 3', name="second")
    )
    assert len(said) == 5
    assert sum('rules[0] "first"' in each for each in said) == 3
    assert sum('rules[1] "second"' in each for each in said) == 1


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("", ""),
        ('sensors = ["radar", "dish"]', 'sensors = ["dish", "radar"]'),
        ('purposes = ["actual", "exercise", "test"]', ""),
        ("until_utc = 2009-05-20T06:24:00Z", "until_utc = 2009-05-20T08:24:00+02:00"),
    ],
)
def test_two_rules_that_say_the_opposite_of_the_same_are_both_named(one: str, two: str) -> None:
    said = only_mistake(
        rule(f'share = ["track report"]\n{one}', name="yes")
        + rule(f'withhold = ["track report", "detection report"]\n{two}', name="no")
    )
    assert '"yes"' in said
    assert '"no"' in said
    assert "withholds track report" in said


@pytest.mark.parametrize(
    "difference",
    ['sensors = ["radar"]', 'purposes = ["test"]', "until_utc = 2009-05-20T06:24:00Z"],
)
def test_a_narrower_exception_contradicts_nothing(difference: str) -> None:
    policy(
        rule('share = ["track report"]', name="yes")
        + rule(f'withhold = ["track report"]\n{difference}', name="no")
    )
    policy(
        rule('share = ["track report"]', name="yes", recipients='["*"]')
        + rule('withhold = ["track report"]', name="no", recipients='["west"]')
    )


def test_an_unknown_key_is_told_with_the_known_ones() -> None:
    said = only_mistake("ownr = 'east'")
    assert 'unknown key "ownr"' in said
    assert "own_launches, owner, rules, territory" in said
    assert 'Did you mean "owner"?' in said


@pytest.mark.parametrize("key", ["name", "nations", "joint"])
def test_what_the_reader_sets_cannot_be_written(key: str) -> None:
    assert f'unknown key "{key}"' in only_mistake(f"{key} = 'x'")


@pytest.mark.parametrize("found", ["", "format = 2", "format = true", "format = '1'"])
def test_another_format_or_none_is_refused(found: str) -> None:
    with pytest.raises(ScenarioError, match=r"Allowed: (format = 1|a whole number, namely 1)\."):
        read_policy(found, name="x", nations=NATIONS, sensors=SENSORS)


def test_a_policy_at_the_limit_is_read_and_one_past_it_is_not() -> None:
    rules = [rule('share = ["question"]', name=f"rule {k}") for k in range(LIMITS.rule_count + 1)]
    assert len(policy("".join(rules[:-1])).rules) == LIMITS.rule_count
    assert f"rules has {LIMITS.rule_count + 1} entries" in only_mistake("".join(rules))
    padded = "format = 1\n#"
    padded += "x" * (LIMITS.text_bytes - len(padded))
    read_policy(padded, name="x", nations=NATIONS, sensors=SENSORS)
    with pytest.raises(InputError, match="at most"):
        read_policy(padded + "x", name="x", nations=NATIONS, sensors=SENSORS)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_garbage_is_refused_with_a_sentence(garbage: bytes | str) -> None:
    with pytest.raises(InputError):
        read_policy(garbage, name="x", nations=NATIONS, sensors=SENSORS)


VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "nan",
        "inf",
        "true",
        "''",
        "'*'",
        "[]",
        "[[]]",
        "['east']",
        "[1]",
        "{}",
        "[{}]",
        "2009-05-20",
        "2009-05-20T06:24:00Z",
        "99999999999999999999999",
        "'question'",
    ]
)
KEYS = st.sampled_from([*Rule.__struct_fields__, "unknown"])


@given(st.dictionaries(KEYS, VALUES, max_size=8), st.dictionaries(KEYS, VALUES, max_size=8))
def test_wrong_values_are_never_more_than_mistakes(
    one: dict[str, str], two: dict[str, str]
) -> None:
    text = "".join(
        "[[rules]]\n" + "".join(f"{key} = {value}\n" for key, value in each.items())
        for each in (one, two)
    )
    with contextlib.suppress(ScenarioError):
        policy(text)
