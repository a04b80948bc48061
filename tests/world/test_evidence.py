"""An alert that rests on too little, or on nothing that came, is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect
from commonwatch.centre.launch_reports import Reports
from commonwatch.centre.track_alerts import TrackAlerts
from commonwatch.scenario.load import load_scenario
from commonwatch.warning.source import Source
from commonwatch.world.checks import breaches_of
from commonwatch.world.recordings import Common
from commonwatch.world.run import WorldOrder, run_world
from tests.world.planted import (
    JOINT,
    NORTH,
    SOUTH,
    broken,
    world,
)


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


def test_two_sites_of_one_nation_that_confirm_at_a_joint_centre_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In 1980 two satellites of one nation see the launch, and a joint centre hears of both."""
    scenario = load_scenario("norad-1980")
    order = WorldOrder(scenario=scenario, laydown="us", level="tracks", seed=scenario.seed)
    common = Common.of(scenario, seed=scenario.seed)
    assert breaches_of(run_world(order, common=common)) == ()
    monkeypatch.setattr(TrackAlerts, "_alone", lambda *_: "")
    breaches = breaches_of(run_world(order, common=common))
    assert {(breach.invariant, breach.centre) for breach in breaches} == {("evidence", JOINT)}
