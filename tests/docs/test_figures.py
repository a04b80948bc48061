"""Limits that the documents state are those that the tests hold and the program keeps.

A figure of a page that a test holds, or that is a constant of the program, is read here from where
it stands; whoever changes one of them is told of the page. What was measured in a run stands on
pages that scripts write, and in records of decisions, with its day.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.centre.launches import (
    AZIMUTH_STD_MAX_DEG,
    HALF_AXIS_MAX_M,
    HALF_CIRCLE_DEG,
    TIME_STD_MAX_S,
)
from commonwatch.fusion.system_tracks import Settings
from commonwatch.tracking.settings import WINDOW_S
from commonwatch.warning.source import LOOKS_MIN, LOOKS_MIN_SINGLE_KIND
from tests.centre import test_own as own
from tests.centre import test_same_launch as same_launch
from tests.earth import test_ray_table as ray_table
from tests.earth import test_refraction as refraction
from tests.fusion import build_contributors as contributors
from tests.fusion import test_contributor as contributor
from tests.fusion import test_contributor_lies as lies
from tests.fusion import test_correlation as correlation
from tests.report import test_tracked as tracked
from tests.warning import test_origin as origin

ROOT = Path(__file__).parents[2]
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def percent(share: float) -> str:
    return f"{100.0 * share:g}"


SILENT_LOOKS = round(lies.silent_s(1) / contributors.PERIOD_S) + 1
ZENITH_M, LOW_M, HORIZON_M = refraction.FEIGNED_M.values()
FEIGNED = f"{ZENITH_M} m in the zenith, {LOW_M} m at 3 degrees"
STATED = {
    "docs/explanation/fusion.md": [
        f"two objects {correlation.CLOSE_M:.0f} m apart and parallel, tracks good to "
        f"{correlation.GOOD_M:.0f} m: false pairs below {percent(correlation.FALSE_MAX)} % with "
        f"{percent(correlation.CONFIDENCE)} % confidence, over {2 * correlation.TRIALS} pairs; at "
        f"{correlation.POOR_M:.0f} m as many exchanges",
        "constant range errors of {:.0f} and of {:.0f} m".format(*own.BIASES_STD_M),
        "is between {} and {}".format(*own.HONEST),
        f"News within the window ({Settings().window_s:.0f} s)",
        f"{len(contributors.NAMES)} centres, a look of {contributors.STD_M:.0f} m a second, "
        f"reports each {contributors.PERIOD_S} s, each there with {lies.EXPECTED}; {lies.RUNS} "
        f"runs of each of {WORDS[len(lies.WAYS)]} ways): named within "
        f"{contributors.NAMED_WITHIN_S} s in at least {lies.NAMED_MIN * lies.RUNS:.0f} of "
        f"{lies.RUNS} from",
        f"where two others would have seen it with {lies.EXPECTED_OF_INVENTED} each",
        f"named in no more than {lies.HONEST_NAMED_MAX * lies.RUNS:.0f} of {lies.RUNS} runs",
        f"off by less than {contributor.ERROR_RATIO_MAX} times their error",
        f"a perfect test takes {WORDS[SILENT_LOOKS]} looks at {lies.EXPECTED}",
    ],
    "docs/explanation/models-and-limits.md": [
        f"passes over the ray by less than {refraction.OVER_THE_RAY_ABOVE_60_KM_M:.0f} m above "
        f"60 km of altitude, {refraction.OVER_THE_RAY_M[20e3]:.0f} m at 20 km, "
        f"{refraction.OVER_THE_RAY_M[5e3]:.0f} m at 5 km",
        f"within {ray_table.ABOVE_60_KM_RAD:.0e} rad of the traced ray above 60 km of altitude, "
        f"{ray_table.BELOW_60_KM_RAD:.0e} rad below".replace("e-0", "e-"),
        f"{FEIGNED}, {HORIZON_M} m at the horizon",
    ],
    "docs/explanation/tracking.md": [f"within a window of {WINDOW_S:.0f} s"],
    "docs/explanation/warning.md": [
        f"holds between {percent(origin.LEAST_HELD)} and {percent(origin.MOST_HELD)} % of the "
        "launch points",
        f"two nations, {WORDS[LOOKS_MIN]} looks each",
        f"two sites of one nation, {WORDS[LOOKS_MIN_SINGLE_KIND]} looks each",
        f"vaguer than {TIME_STD_MAX_S:.0f} s, {HALF_AXIS_MAX_M / 1e3:,.0f} km or "
        f"{AZIMUTH_STD_MAX_DEG:.0f} degrees",
        f"known to worse than {HALF_CIRCLE_DEG:.0f} degrees",
        f"launches from one site {same_launch.APART_S:.0f} s apart",
        f"stated to {same_launch.TOLD_APART_STD_S:.0f} s or better, more than "
        f"{percent(same_launch.RIGHT_MIN)} of a hundred launches",
        f"of a hundred fewer than {percent(same_launch.WRONG_MAX)} are put together wrongly",
        f"stated to {same_launch.HARDLY_STD_S:.0f} s",
    ],
    "docs/how-to/show-a-tracked-file.md": [f"[within {percent(tracked.BOUND_OFF_MAX)} %]"],
    "docs/how-to/track-recorded-detections.md": [
        f"{FEIGNED} and {HORIZON_M} m at the horizon",
        f"in any order within {WINDOW_S:.0f} s",
    ],
}


@pytest.mark.parametrize(
    ("page", "stated"), [(page, each) for page, every in STATED.items() for each in every]
)
def test_a_limit_that_a_page_states_is_the_one_that_is_kept(page: str, stated: str) -> None:
    assert stated in " ".join((ROOT / page).read_text("utf-8").split())
