"""Whatever leaves against a policy is found, and nothing that it lets go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from commonwatch.centre import core
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect, Record, Send
from commonwatch.centre.outbox import Waiting
from commonwatch.identity import NationId
from commonwatch.sharing.messages import Message
from commonwatch.sharing.policy import Decision, Policy, Verdict, decide
from commonwatch.world.checks import breaches_of
from commonwatch.world.history import History
from commonwatch.world.run import WorldOrder, run_world
from tests.world.planted import (
    NORTH,
    SEED,
    SOUTH,
    world,
)
from tests.world.small import common_to, loaded, small


def test_sharing_what_the_policy_withholds_is_a_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(message: Message, recipient: NationId, *rest: Any, **known: Any) -> Decision:
        found = decide(message, recipient, *rest, **known)
        return msgspec.structs.replace(found, verdict=Verdict.SHARE, message=message)

    monkeypatch.setattr(core, "decide", generous)
    breaches = breaches_of(world(level="nothing"))
    assert {breach.invariant for breach in breaches} == {"no leak"}
    assert any("no rule in force shares it" in breach.words for breach in breaches)


def test_a_message_to_a_nation_that_its_entry_does_not_name_is_a_leak() -> None:
    history = world()
    wrong = [replace(p, recipient=SOUTH) if p.recipient == NORTH else p for p in history.passages]
    breaches = breaches_of(replace(history, passages=tuple(wrong)))
    assert any("its entry is for north" in breach.words for breach in breaches)


def test_a_message_whose_entry_is_missing_is_a_leak() -> None:
    history = world()
    first = next(p for p in history.passages if p.kind == "track report")
    kept = tuple(e for e in history.entries[first.sender] if e.digest != first.entry_digest)
    breaches = breaches_of(replace(history, entries={**history.entries, first.sender: kept}))
    assert any("no entry in the ledger" in breach.words for breach in breaches)


def under(rules: str, *, level: str, territory: str = "") -> History:
    """Run the world with more rules in each policy, and a territory where one is given."""
    text = small()
    scenario = loaded(text)
    levels = [
        replace(
            each,
            policies={
                name: replace(policy, text=territory + policy.text + rules)
                for name, policy in each.policies.items()
            },
        )
        for each in scenario.levels
    ]
    order = WorldOrder(
        scenario=replace(scenario, levels=tuple(levels)), laydown="all", level=level, seed=SEED
    )
    return run_world(order, common=common_to(text, SEED))


NEARLY_EVERYWHERE = (
    "[{latitude_min_deg = -89, latitude_max_deg = 89, "
    "longitude_min_deg = -180, longitude_max_deg = 180}]"
)
BY_THE_SHORE = (
    "[{latitude_min_deg = 29, latitude_max_deg = 33, longitude_min_deg = 3, longitude_max_deg = 7}]"
)
WITHHELD = """
[[rules]]
name = "more"
withhold = ["launch report", "track report", "detection report"]
recipients = ["joint"]
"""


@pytest.mark.parametrize("level", ["launch-reports", "tracks", "detections"])
@pytest.mark.parametrize(
    ("asked", "ignored"),
    [
        (f"regions = {NEARLY_EVERYWHERE}", "regions"),
        (f"regions = {BY_THE_SHORE}", "regions"),
        ('sensors = ["north-radar"]', "sensors"),
        ('purposes = ["actual"]', "purposes"),
    ],
)
def test_a_rule_that_withholds_under_a_condition_is_judged(
    asked: str, ignored: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaky(
        message: Message, recipient: NationId, policy: Policy, *rest: Any, **known: Any
    ) -> Any:
        kept = tuple(rule for rule in policy.rules if not getattr(rule, ignored))
        policy = msgspec.structs.replace(policy, rules=kept)
        return decide(message, recipient, policy, *rest, **known)

    assert breaches_of(under(WITHHELD + asked, level=level)) == ()
    monkeypatch.setattr(core, "decide", leaky)
    breaches = breaches_of(under(WITHHELD + asked, level=level))
    assert {breach.invariant for breach in breaches} == {"no leak"}
    assert {breach.centre for breach in breaches} == {NORTH, SOUTH} - (
        {SOUTH} if ignored == "sensors" else set()
    )
    assert all('rule "more" withholds it' in breach.words for breach in breaches)


@pytest.mark.parametrize("level", ["launch-reports", "tracks", "detections"])
def test_launches_from_the_own_territory_are_not_spoken_of_in_any_kind_of_message(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaky(
        message: Message, recipient: NationId, policy: Policy, *rest: Any, **known: Any
    ) -> Any:
        policy = msgspec.structs.replace(policy, territory=())
        return decide(message, recipient, policy, *rest, **known)

    home = f"territory = {BY_THE_SHORE}\n"
    assert breaches_of(under("", level=level, territory=home)) == ()
    monkeypatch.setattr(core, "decide", leaky)
    breaches = breaches_of(under("", level=level, territory=home))
    assert {breach.invariant for breach in breaches} == {"no leak"}
    assert all("a launch from the own territory" in breach.words for breach in breaches)
    kinds = {"launch-reports": "launch report", "tracks": "track report"}
    kind = kinds.get(level, "detection report")
    assert any(breach.words.startswith(kind) for breach in breaches)


TESTS_ON_A_GARBLING_LINK = """
[[injections]]
kind = "test data"
nation = "north"
way = "test"
at_s = 10.0
until_s = 40.0
count = 20
latitude_deg = 40.0
longitude_deg = 40.0

[[faults]]
kind = "garble"
at_s = 0.0
until_s = 300.0
amount = 0.6
"""


def test_what_a_link_garbles_of_test_data_was_still_given_to_the_own_centre_whole() -> None:
    history = world(TESTS_ON_A_GARBLING_LINK)
    assert any(p.origin == "injected" and p.is_changed for p in history.passages)
    assert breaches_of(history) == ()


def test_what_leaves_unlike_its_entry_is_a_leak_even_where_a_link_garbles_it() -> None:
    history = world(TESTS_ON_A_GARBLING_LINK)
    garbled = next(p for p in history.passages if p.kind == "track report" and p.is_changed)
    other = next(p for p in history.passages if p.kind == "track report" and p is not garbled)
    wrong = [replace(p, sealed=other.sealed) if p is garbled else p for p in history.passages]
    breaches = breaches_of(replace(history, passages=tuple(wrong)))
    assert [breach.words.split(": ")[1] for breach in breaches] == [
        "what left is not what its entry allowed"
    ]


class Rash(Centre):
    """A centre that decides once about each message and goes on sending what was allowed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.allowed: dict[tuple[int, NationId], Decision] = {}

    def _decide(self, waiting: Waiting, now_ns: int, effects: list[Effect]) -> None:
        key = waiting.message.number, waiting.recipient
        policy = self.configuration.policy
        decision = self.allowed.get(key) or decide(
            waiting.message, waiting.recipient, policy, now_ns
        )
        self.allowed[key] = decision
        entry, released = self.ledger.record(
            msgspec.structs.replace(decision, decided_ns=now_ns), self._sign
        )
        effects.append(Record(entry=entry))
        if released is not None:
            effects.append(Send(released=released))
            self._memory.outbox.sent(waiting, now_ns)


def without_rules_after(scenario_text: str, until: str) -> Any:
    """Return the scenario with every rule of every policy ending at an instant."""
    scenario = loaded(scenario_text)
    levels = []
    for level in scenario.levels:
        policies = {
            name: replace(
                policy,
                text=policy.text.replace("share = [", f"until_utc = {until}\nshare = ["),
            )
            for name, policy in level.policies.items()
        }
        levels.append(replace(level, policies=policies))
    return replace(scenario, levels=tuple(levels))


ACKNOWLEDGEMENTS_LOST = """
[[faults]]
kind = "cut"
at_s = 112.0
until_s = 140.0
"""


@pytest.mark.parametrize("make_centre", [Centre, Rash])
def test_a_right_withdrawn_in_mid_flight_counts_for_what_is_sent_again(
    make_centre: Callable[..., Centre],
) -> None:
    """What was lost in the cut is sent again once it has healed: only then does it show."""
    text = small(ACKNOWLEDGEMENTS_LOST)
    scenario = without_rules_after(text, "2020-01-01T00:02:00Z")
    order = WorldOrder(scenario=scenario, laydown="all", level="tracks", seed=SEED)
    history = run_world(order, common=common_to(text, SEED), make_centre=make_centre)
    breaches = breaches_of(history)
    if make_centre is Centre:
        assert breaches == ()
        assert any(p.kind == "alert report" for p in history.passages)
    else:
        assert {breach.invariant for breach in breaches} == {"no leak"}
