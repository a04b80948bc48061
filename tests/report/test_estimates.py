"""The figures of the first screen against slow and obvious ones."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.report.estimates import half_by, half_for_at_least, seconds_text

TIMES = st.lists(st.one_of(st.just(math.nan), st.floats(0, 4000)), min_size=1, max_size=40)


@given(TIMES)
def test_at_least_half_of_the_arcs_have_the_event_by_then_and_not_a_moment_sooner(
    times: list[float],
) -> None:
    instant = half_by(np.array(times))
    had = [time for time in times if time <= instant] if math.isfinite(instant) else times
    assert 2 * len(had) >= len(times)
    assert 2 * len([time for time in times if time < instant]) < len(times)


@given(TIMES)
def test_at_least_half_of_the_arcs_last_that_long_and_fewer_last_longer(
    durations: list[float],
) -> None:
    known = [0.0 if math.isnan(value) else value for value in durations]
    shown = half_for_at_least(np.array(durations))
    assert 2 * len([value for value in known if value >= shown]) >= len(known)
    assert 2 * len([value for value in known if value > shown]) < len(known)


@given(TIMES, st.floats(0, 4000))
def test_seeing_one_more_arc_never_makes_the_figure_worse(
    times: list[float], found_s: float
) -> None:
    more = [found_s if math.isnan(time) else time for time in times]
    assert half_by(np.array(more)) <= half_by(np.array(times))


def test_never_is_written_as_a_word() -> None:
    assert seconds_text(math.inf) == "never"
    assert seconds_text(1234.4) == "1,234"
