"""The tutorials run, print what stands on them, show what they draw, and what they say is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "tutorials"
FIRST, SECOND = "1-one-missile-one-radar", "2-three-radars-and-fusion"

Names = dict[str, Any]


@pytest.fixture(scope="module")
def tutorials() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        import tutorials  # type: ignore[import-not-found]

        yield tutorials


@pytest.fixture(scope="module")
def done(tutorials: Any) -> dict[str, Any]:
    """Every page, run when a test first asks for it."""

    class Done(dict[str, Any]):
        def __missing__(self, page: str) -> Any:
            self[page] = tutorials.done(FOLDER / f"{page}.md")
            return self[page]

    return Done()


@pytest.fixture(scope="module")
def first(done: dict[str, Any]) -> Names:
    names: Names = done[FIRST].names
    return names


@pytest.fixture(scope="module")
def second(done: dict[str, Any]) -> Names:
    names: Names = done[SECOND].names
    return names


def test_every_tutorial_is_one_of_these(tutorials: Any) -> None:
    assert [page.stem for page in tutorials.pages()] == [FIRST, SECOND]
    assert list(tutorials.PICTURES) == [FIRST, SECOND]


@pytest.mark.parametrize("page", [FIRST, SECOND])
def test_a_page_prints_what_stands_on_it(page: str, done: dict[str, Any]) -> None:
    stands = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    assert stands.splitlines() == done[page].text.splitlines(), "scripts/docs writes it anew"


@pytest.mark.parametrize("page", [FIRST, SECOND])
def test_the_pictures_are_those_that_the_page_makes(
    page: str, tutorials: Any, done: dict[str, Any]
) -> None:
    for name, drawn in done[page].pictures.items():
        stands = (FOLDER / name).read_text(encoding="utf-8")
        assert tutorials.is_same_picture(stands, drawn), f"{name}: scripts/docs draws it anew"


@pytest.mark.parametrize("page", [FIRST, SECOND])
def test_a_page_shows_every_picture_and_no_other(page: str, tutorials: Any) -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (FOLDER / f"{page}.md").read_text("utf-8"))
    assert sorted(shown) == sorted(tutorials.PICTURES[page])


def test_a_picture_that_differs_in_more_than_rounding_is_noticed(tutorials: Any) -> None:
    assert tutorials.is_same_picture('<path d="M1.0 2.0"/>', '<path d="M1.1 2.0"/>')
    assert not tutorials.is_same_picture('<path d="M1.0 2.0"/>', '<path d="M9.0 2.0"/>')
    assert not tutorials.is_same_picture('<path d="M1.0 2.0"/>', '<path d="M1.0 2.0 3.0"/>')
    assert not tutorials.is_same_picture("<text>one</text>", "<text>two</text>")


def test_the_filter_of_the_first_page_is_honest(first: Names) -> None:
    """Errors of one instant are independent from run to run: chi-square, six times the runs."""
    last = first["nees"][-1] * first["runs"]
    low, high = stats.chi2.ppf([0.0005, 0.9995], 6 * first["runs"])
    assert low < last < high


def test_the_band_of_the_first_page_is_that_of_chi_square(first: Names) -> None:
    expected = stats.chi2.ppf([0.025, 0.975], 6 * first["runs"]) / first["runs"]
    assert (first["low"], first["high"]) == pytest.approx(tuple(expected), rel=1e-6)


def test_the_impact_ellipses_of_the_first_page_hold_the_truth(first: Names) -> None:
    runs = first["runs"]
    low, high = stats.binom.ppf([0.0005, 0.9995], runs, 0.95)
    for area in first["shown"].values():
        held = first["outness"](area, *(np.full(runs, each) for each in first["impact"])) <= 1.0
        assert low <= held.sum() <= high


def test_the_vacuum_launch_point_is_sure_and_wrong_and_the_powered_one_wide_and_right(
    first: Names,
) -> None:
    held, axis = {}, {}
    for name, answer in first["answers"].items():
        place = (np.full(first["runs"], each) for each in first["launch"])
        held[name] = np.mean(first["outness"](answer.area, *place) <= 1.0)
        axis[name] = np.median(answer.area.long_half_axis_m)
    assert held["vacuum"] < 0.05
    assert held["powered"] > 0.9
    assert axis["powered"] > 5.0 * axis["vacuum"]


def test_a_tracker_for_three_radars_takes_less_than_fifteen_lines() -> None:
    page = (FOLDER / f"{SECOND}.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^This is a whole tracker.*?```python\n(.*?)```", page, re.S | re.M)
    assert len(block.strip().splitlines()) < 15


def test_the_tracker_of_the_second_page_finds_every_missile_and_nothing_else(
    second: Names,
) -> None:
    lives = second["plain"].lives
    assert second["plain"].track_count == second["plain"].object_count == second["count"]
    assert (lives.false_tracks.count, lives.switches.count, lives.never_tracked.count) == (0, 0, 0)


def test_hardly_a_plot_of_the_second_page_is_put_down_as_what_it_is_not(second: Names) -> None:
    is_taken, is_true = second["fate"] < 2, second["whose"] >= 0
    assert np.mean(is_taken == is_true) > 0.99


def test_a_second_radar_makes_the_angles_of_the_first_observable(second: Names) -> None:
    one, two = (second["bias_std"](names)[0] for names in (("isle",), ("isle", "cape")))
    assert one[1] > 0.9 * second["prior"][1]
    assert (two[1:] < 0.2 * one[1:]).all()


def test_registration_helps_and_states_its_errors_honestly(second: Names) -> None:
    assert second["squared"] < stats.chi2.ppf(0.99, 9)
    ospa = [
        second["score"](second[name], second["late"], report=lambda part: None)
        for name in ("corrected", "without")
    ]
    assert ospa[0].distances.ospa_mean_m < 0.8 * ospa[1].distances.ospa_mean_m


def test_naive_sharing_is_too_sure_and_own_news_is_not(second: Names) -> None:
    ways, runs = second["ways"], second["runs"]
    low, high = stats.chi2.ppf([0.0005, 0.9995], 6 * runs) / (6 * runs)
    assert ways["naive"][-1, 0] > 5.0
    assert low < ways["nothing shared"][-1, 0] < high
    assert low < ways["own news"][-1, 0] < high
    assert ways["intersection"][-1, 0] < 1.0
    assert ways["own news"][-1, 1] < ways["naive"][-1, 1]


def test_own_news_is_as_good_as_one_centre_with_both_radars(second: Names) -> None:
    first, spread = second["first"], second["first_P"]
    both = 0.5 * (first["A"] + first["B"]), 0.5 * spread
    for k in range(1, second["looks"] + 1):
        both = second["looked"]("A", k, *both)
        # The second look is of the same instant: go back, and forward with it.
        back = second["predict"](*both, -2.0, process_noise_m2_s3=0.0)
        both = second["looked"]("B", k, *back)
    error = both[0][:, :3] - second["path"][-1, :3]
    together = np.sqrt((error**2).sum(axis=1).mean())
    assert second["ways"]["own news"][-1, 1] == pytest.approx(together, rel=0.05)


def test_the_pairs_of_the_two_centres_are_one_object_each(second: Names) -> None:
    pairs, near = second["pairs"], second["object_near"]
    assert len(pairs) == min(len(second["mine"]), len(second["yours"]))
    for one, two in zip(pairs.first_track, pairs.second_track, strict=True):
        assert near(second["mine"], one) == near(second["yours"], two)


def test_the_alert_is_confirmed_only_when_the_other_nation_has_seen_it(second: Names) -> None:
    alerts, rows = second["alerts"], second["rows"]
    nations = {str(radar.sensor): radar.nation for radar in second["radars"]}
    for k in rows:
        seen_by = {nations[name] for name in alerts.sources[k].split(", ")}
        assert alerts.status[k] != "confirmed" or seen_by == {"A", "B"}
    assert alerts.status[rows[0]] == "unconfirmed"
    assert alerts.status[rows[-1]] == "confirmed"
