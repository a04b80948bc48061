"""Every invariant finds the bug that breaks it, and nothing in a sound world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from commonwatch.centre import core
from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect, Record, Send
from commonwatch.centre.events import Event, PersonDecided
from commonwatch.centre.intake import Intake, Taken
from commonwatch.centre.launch_reports import Reports
from commonwatch.centre.outbox import Outbox, Waiting
from commonwatch.centre.statements import Statements
from commonwatch.fusion import replay as replaying
from commonwatch.identity import NationId, SensorId
from commonwatch.sharing.messages import Correction, Message, TrackReport
from commonwatch.sharing.policy import Decision, Policy, Verdict, decide
from commonwatch.warning.source import Source
from commonwatch.world.breach import Breach
from commonwatch.world.checks import BrokenWorldError, breaches_of, require
from commonwatch.world.history import History
from commonwatch.world.links import Delay, Manner
from commonwatch.world.liveness import stated_s
from commonwatch.world.replay import replay
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small

SEED = 11
LEVELS = ("nothing", "launch-reports", "tracks", "detections")
NORTH, SOUTH, JOINT = NationId("north"), NationId("south"), NationId("joint")

CUT = """
[[faults]]
kind = "cut"
at_s = 90.0
until_s = 200.0
"""
NORTH_AHEAD = """
[[faults]]
kind = "clock offset"
at_s = 0.0
until_s = 300.0
centre = "north"
amount = 8.0
"""
REPEATING = """
[[faults]]
kind = "repeat"
at_s = 0.0
until_s = 300.0
amount = 0.9
"""


def world(
    more: str = "", *, level: str = "tracks", make_centre: Callable[..., Centre] = Centre
) -> History:
    text = small(more)
    order = WorldOrder(scenario=loaded(text), laydown="all", level=level, seed=SEED)
    return run_world(order, common=common_to(text, SEED), make_centre=make_centre)


def broken(history: History) -> set[str]:
    return {breach.invariant for breach in breaches_of(history)}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("more", ["", CUT, NORTH_AHEAD, REPEATING])
def test_a_sound_centre_breaks_nothing_in_good_or_bad_conditions(level: str, more: str) -> None:
    assert breaches_of(world(more, level=level)) == ()


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


EVERYWHERE = (
    "[{latitude_min_deg = -90, latitude_max_deg = 90, "
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
        (f"regions = {EVERYWHERE}", "regions"),
        (f"regions = {BY_THE_SHORE}", "regions"),
        ('sensors = ["north-radar", "south-radar"]', "sensors"),
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
    assert {breach.centre for breach in breaches} == {NORTH, SOUTH}
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


class Stammering(Centre):
    """A centre that says each report on a track a second time, as a new one."""

    def _say(self, bodies: list[Any], taken: Taken, now_ns: int) -> None:
        again = [
            msgspec.structs.replace(body, time_ns=body.time_ns + 1, sequence=body.sequence + 1)
            for body in bodies
            if isinstance(body, TrackReport)
        ]
        super()._say([*bodies, *again], taken, now_ns)


class Relaying(Centre):
    """A centre of the south whose tracks rest on the radar of the north."""

    def _say(self, bodies: list[Any], taken: Taken, now_ns: int) -> None:
        if self.configuration.nation == SOUTH:
            bodies = [
                msgspec.structs.replace(
                    body,
                    pedigree=tuple(
                        msgspec.structs.replace(
                            span, originator=NORTH, sensor=SensorId("north-radar")
                        )
                        for span in body.pedigree
                    ),
                )
                if isinstance(body, TrackReport) and body.pedigree
                else body
                for body in bodies
            ]
        super()._say(bodies, taken, now_ns)


@pytest.mark.parametrize("make_centre", [Stammering, Relaying])
def test_nothing_that_partners_repeat_or_relay_is_counted_twice(
    make_centre: Callable[..., Centre],
) -> None:
    assert "no double counting" not in broken(world(make_centre=make_centre))


def test_adding_a_whole_report_to_what_holds_it_already_counts_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(track: Any, word: Any, belief: Any) -> Any:
        return replaying._Adding(track, word, "whole", belief, [])

    monkeypatch.setattr(replaying, "_placed", careless)
    breaches = breaches_of(world())
    assert {breach.invariant for breach in breaches} == {"no double counting"}
    assert all("say together" in breach.words for breach in breaches)


def test_adding_without_asking_whose_looks_they_are_counts_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It shows only where one partner relays what another has seen."""

    def careless(track: Any, word: Any, belief: Any) -> Any:
        others = belief.others(word.contributor)
        return replaying._Adding(track, word, "whole", None, others)

    monkeypatch.setattr(replaying, "_placed", careless)
    assert broken(world()) == set()
    breaches = breaches_of(world(make_centre=Relaying))
    assert any("share looks of north-radar" in breach.words for breach in breaches)


@pytest.mark.parametrize("fault", ["not positive", "not symmetric"])
def test_a_covariance_that_is_none_is_found(fault: str) -> None:
    class Wrong(Centre):
        def step(self, events: Sequence[Event], now_ns: int) -> tuple[Effect, ...]:
            effects = super().step(events, now_ns)
            if len(self.believed):
                self.believed = self.believed.take(
                    range(len(self.believed))
                )  # others play the same back
                covariance = self.believed.covariance.copy()
                if fault == "not positive":
                    covariance[:, 0, 0] *= -1.0
                else:
                    covariance[:, 0, 1] += 0.1 * np.sqrt(covariance[:, 0, 0] * covariance[:, 1, 1])
                object.__setattr__(self.believed, "covariance", covariance)
            return effects

    assert "honest uncertainty" in broken(world(make_centre=Wrong))


def test_a_report_whose_covariance_is_not_positive_is_found() -> None:
    class Wrong(Centre):
        def _say(self, bodies: list[Any], taken: Taken, now_ns: int) -> None:
            said = [
                msgspec.structs.replace(body, covariance=(-1.0, *body.covariance[1:]))
                if isinstance(body, TrackReport)
                else body
                for body in bodies
            ]
            super()._say(said, taken, now_ns)

    assert "honest uncertainty" in broken(world(make_centre=Wrong))


def test_a_message_dropped_in_silence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Intake.take

    def deaf(self: Intake, envelopes: Any, now_ns: int) -> Taken:
        taken = take(self, envelopes, now_ns)
        kept = [m for m in taken.messages if m.number % 5]
        return replace(taken, messages=kept)

    monkeypatch.setattr(Intake, "take", deaf)
    breaches = breaches_of(world())
    assert any("dropped in silence" in breach.words for breach in breaches)


def test_believing_what_comes_from_the_future_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Intake, "_ahead", lambda *_: "")
    assert broken(world()) == set()  # where all clocks are right it does not show
    assert "order and time" in broken(world(NORTH_AHEAD))


def test_a_repeated_message_that_is_taken_for_a_new_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Intake, "_is_new", lambda *_: True)
    breaches = breaches_of(world(REPEATING))
    assert any("twice" in breach.words for breach in breaches)


def test_a_ledger_that_goes_back_in_time_is_found() -> None:
    history = world()
    entries = list(history.entries[NORTH])
    entries[5] = msgspec.structs.replace(entries[5], time_ns=entries[4].time_ns - 1)
    found = broken(replace(history, entries={**history.entries, NORTH: tuple(entries)}))
    assert "order and time" in found


def test_an_outbox_that_forgets_shows_only_once_a_link_has_healed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Outbox, "sent", lambda *_: None)
    assert broken(world(level="launch-reports")) == set()
    breaches = breaches_of(world(CUT.replace("200", "300"), level="launch-reports"))
    assert {breach.invariant for breach in breaches} == {"liveness"}


def test_a_release_that_nothing_comes_of_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Statements, "release", lambda *_: [])
    breaches = breaches_of(world(level="launch-reports"))
    assert any("nothing was decided" in breach.words for breach in breaches)


def test_an_alert_that_cites_what_never_came_is_found() -> None:
    class Inventive(Centre):
        def _show(self, alert: Any, effects: list[Effect]) -> None:
            self._memory.cited[SOUTH] = 999_999
            super()._show(alert, effects)

    breaches = breaches_of(world(make_centre=Inventive))
    assert any(breach.invariant == "evidence" and "999999" in breach.words for breach in breaches)


def test_an_alert_without_an_entry_is_found() -> None:
    history = world()
    kept = tuple(e for e in history.entries[JOINT] if e.kind != "alert")
    assert "evidence" in broken(replace(history, entries={**history.entries, JOINT: kept}))


class Sure(Centre):
    """A centre that shows every alert as confirmed."""

    def _show(self, alert: Any, effects: list[Effect]) -> None:
        if alert.status == "unconfirmed":
            alert = replace(alert, status="confirmed")
        super()._show(alert, effects)


class SureTogether(Sure):
    """A joint centre that shows every alert as confirmed; the others are sound."""

    def _show(self, alert: Any, effects: list[Effect]) -> None:
        show = super()._show if self.configuration.is_joint else super(Sure, self)._show
        show(alert, effects)


@pytest.mark.parametrize("level", ["launch-reports", "tracks"])
@pytest.mark.parametrize("make_centre", [Sure, SureTogether])
def test_an_alert_that_is_confirmed_on_one_source_is_found(
    make_centre: Callable[..., Centre], level: str
) -> None:
    breaches = breaches_of(world(level=level, make_centre=make_centre))
    assert {breach.invariant for breach in breaches} == {"evidence"}
    words = "is confirmed and no two of its sources confirm one another: "
    assert any(breach.words.split(words)[-1].count(",") == 0 for breach in breaches)


def test_a_joint_alert_that_is_shown_as_more_than_it_says_is_found() -> None:
    breaches = breaches_of(world(level="launch-reports", make_centre=Sure))
    assert any("the joint centre has not said so" in breach.words for breach in breaches)


def test_own_news_that_comes_back_and_confirms_itself_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def taken_for_anothers(self: Reports, key: Any, sensors: Any) -> Source:
        name = self.held[key].name
        return Source(
            name=name,
            nation=key[0],
            kind="",
            site=name,
            look_count=9,
            pedigree=frozenset({name}),
        )

    monkeypatch.setattr(Reports, "confirms", lambda *_: True)
    monkeypatch.setattr(Reports, "source", taken_for_anothers)
    breaches = breaches_of(world(level="launch-reports"))
    assert {breach.invariant for breach in breaches} == {"evidence"}
    assert {breach.centre for breach in breaches} >= {NORTH}


def test_an_alert_that_names_a_sensor_of_which_nothing_came_is_found() -> None:
    class Inventive(Centre):
        def _show(self, alert: Any, effects: list[Effect]) -> None:
            if self.configuration.nation == NORTH and alert.origin == "own":
                alert = replace(alert, sources=f"{alert.sources}, south-radar")
            super()._show(alert, effects)

    breaches = breaches_of(world(level="launch-reports", make_centre=Inventive))
    assert {breach.invariant for breach in breaches} == {"evidence"}
    assert all("of which nothing had arrived" in breach.words for breach in breaches)


class Doubtful(Centre):
    """A centre at which a person cancels the first alert half a minute after its release."""

    released_ns = 0

    def step(self, events: Sequence[Event], now_ns: int) -> tuple[Effect, ...]:
        if any(isinstance(event, PersonDecided) for event in events):
            self.released_ns = now_ns
        if self.released_ns and now_ns - self.released_ns >= 30 * 10**9 and now_ns > 0:
            self.released_ns = 0
            events = [*events, PersonDecided(decision="cancel", number=0, reason="a test")]
        return super().step(events, now_ns)


def test_a_cancellation_reaches_who_had_the_original() -> None:
    history = world(CUT, level="launch-reports", make_centre=Doubtful)
    assert broken(history) == set()
    assert any(p.kind == "cancellation" for p in history.passages)


def test_a_cancellation_that_does_not_follow_the_original_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Statements, "_cancelled", lambda *_: [])
    assert broken(world(level="launch-reports", make_centre=Doubtful)) == {"withdrawal"}


class Stubborn(Centre):
    """A centre that never takes back what it has said."""

    def _say(self, bodies: list[Any], taken: Taken, now_ns: int) -> None:
        super()._say([b for b in bodies if not isinstance(b, Correction)], taken, now_ns)


class Partial(Centre):
    """A centre that corrects what it has said for everyone but the south."""

    def _decide(self, waiting: Waiting, now_ns: int, effects: list[Effect]) -> None:
        if isinstance(waiting.message.body, Correction) and waiting.recipient == SOUTH:
            return
        super()._decide(waiting, now_ns, effects)


@pytest.mark.parametrize("level", ["launch-reports", "tracks"])
@pytest.mark.parametrize("make_centre", [Stubborn, Partial])
def test_a_correction_that_does_not_follow_the_original_is_found(
    make_centre: Callable[..., Centre], level: str
) -> None:
    assert any(p.kind == "correction" for p in world(level=level).passages)
    breaches = breaches_of(world(level=level, make_centre=make_centre))
    assert {breach.invariant for breach in breaches} == {"withdrawal"}
    passed_over = any("was corrected for north, and south" in each.words for each in breaches)
    assert passed_over == (make_centre is Partial)


@pytest.mark.parametrize("more", ["", CUT, REPEATING])
def test_a_replay_comes_to_the_same(more: str) -> None:
    assert list(replay(world(more))) == []


def test_a_centre_that_depends_on_anything_else_is_found_by_replay() -> None:
    drawn = iter(range(10**6))

    class Fickle(Centre):
        def _message(self, body: Any, now_ns: int) -> Message:
            message = super()._message(body, now_ns)
            return msgspec.structs.replace(message, made_ns=message.made_ns - next(drawn) % 3)

    history = world(make_centre=Fickle)
    assert {b.invariant for b in replay(history, make_centre=Fickle)} == {"replay"}


def test_a_centre_that_believes_anything_else_is_found_by_replay() -> None:
    drawn = iter(range(10**6))

    class Fickle(Centre):
        def step(self, events: Sequence[Event], now_ns: int) -> tuple[Effect, ...]:
            effects = super().step(events, now_ns)
            if len(self.believed):
                self.believed = self.believed.take(range(len(self.believed)))
                moved = self.believed.state_vector + next(drawn)
                object.__setattr__(self.believed, "state_vector", moved)
            return effects

    history = world(make_centre=Fickle)
    assert any("believes" in b.words for b in replay(history, make_centre=Fickle))


def test_a_broken_world_says_its_seed_and_the_command_that_runs_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Statements, "release", lambda *_: [])
    with pytest.raises(BrokenWorldError) as caught:
        require(world(level="launch-reports"))
    said = str(caught.value)
    assert "seed 11" in said
    assert "commonwatch world small --laydown all --level launch-reports --seed 11 --checks" in said
    assert all(isinstance(each, Breach) for each in caught.value.breaches)


def test_the_stated_time_covers_as_many_tries_as_a_lossy_link_needs() -> None:
    delay = Delay(0.5, 1.0, 2.0)
    sound = stated_s(Manner(delay={}, other=delay))
    lossy = stated_s(Manner(delay={}, other=delay, loss_probability=0.1))
    # A tenth lost: nine tries lose one in a thousand million.
    assert (lossy - sound) / 15.0 == pytest.approx(8.0)
