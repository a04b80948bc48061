"""Whoever was told hears of the change and of the end, and it is found where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect
from commonwatch.centre.events import Event, PersonDecided
from commonwatch.centre.intake import Taken
from commonwatch.centre.outbox import Waiting
from commonwatch.centre.statements import Statements
from commonwatch.sharing.messages import Correction
from commonwatch.world.checks import breaches_of
from tests.world.planted import (
    CUT,
    SOUTH,
    broken,
    world,
)


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
