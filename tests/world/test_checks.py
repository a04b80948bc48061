"""Every invariant finds the bug that breaks it, and nothing in a sound world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect
from commonwatch.centre.events import Event
from commonwatch.centre.intake import Intake, Taken
from commonwatch.centre.joint_picture import JointPicture
from commonwatch.centre.outbox import Outbox
from commonwatch.centre.statements import Statements
from commonwatch.fusion import replay as replaying
from commonwatch.fusion.combination import News
from commonwatch.identity import SensorId
from commonwatch.sharing.messages import Message, TrackReport
from commonwatch.tracking.estimate import Estimates, Status
from commonwatch.world.breach import Breach
from commonwatch.world.checks import BrokenWorldError, breaches_of, require
from commonwatch.world.links import Delay, Manner
from commonwatch.world.liveness import stated_s
from commonwatch.world.replay import replay
from tests.world.planted import (
    CUT,
    LEVELS,
    NORTH,
    NORTH_AHEAD,
    REPEATING,
    SOUTH,
    broken,
    world,
)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("more", ["", CUT, NORTH_AHEAD, REPEATING])
def test_a_sound_centre_breaks_nothing_in_good_or_bad_conditions(level: str, more: str) -> None:
    assert breaches_of(world(more, level=level)) == ()


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


def test_news_that_counts_a_third_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    brought = replaying._news

    def greedy(adding: Any) -> News:
        news = brought(adding)
        for row, each in enumerate(adding):
            if each.what == "news":
                news.information[row] *= 4.0 / 3.0
                news.information_vector[row] *= 4.0 / 3.0
        return news

    monkeypatch.setattr(replaying, "_news", greedy)
    breaches = breaches_of(world())
    assert {breach.invariant for breach in breaches} == {"no double counting"}


def test_an_end_that_is_surer_than_what_it_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times: low in the air the bound lies far above what is believed."""
    changed = JointPicture._changed

    def surer(*given: Any) -> Estimates:
        rows = changed(*given)
        is_end = rows.status == Status.ENDED
        return replace(
            rows, covariance=np.where(is_end[:, None, None], 0.01, 1.0) * rows.covariance
        )

    monkeypatch.setattr(JointPicture, "_changed", surer)
    assert broken(world()) == {"no double counting"}


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
