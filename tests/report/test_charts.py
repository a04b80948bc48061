"""Axes and lines against what a reader would expect of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.report.charts import (
    PLAIN,
    Band,
    Line,
    chart,
    linear_axis,
    log_axis,
    round_step,
    time_axis,
)

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20).map(np.array)


def drawn(line: Line, *, is_log: bool = False) -> str:
    everything = np.concatenate([up for _, up in line.parts])
    y = log_axis("m", everything) if is_log else linear_axis("m", everything)
    return str(chart([line], x=time_axis("s", 0.0, 10.0), y=y, caption="c", alternative="a").svg)


@given(st.floats(1e-9, 1e9))
def test_a_round_step_is_one_two_or_five_and_no_more_than_it_must_be(least: float) -> None:
    step = round_step(least)
    assert least * (1 - 1e-9) <= step <= 2.5 * least * (1 + 1e-9)
    assert f"{step:.6e}"[0] in "125"
    assert f"{step:.6e}"[1:8] == ".000000"


@given(VALUES)
def test_a_linear_axis_holds_every_value_between_its_ticks(values: np.ndarray) -> None:
    axis = linear_axis("m", values, low=None)
    tolerance = 1e-9 * max(1.0, abs(axis.low), abs(axis.high))
    assert axis.low - tolerance <= values.min()
    assert values.max() <= axis.high + tolerance
    assert 2 <= len(axis.ticks) <= 9


@given(st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=20).map(np.array))
def test_a_logarithmic_axis_holds_every_value_and_ends_at_powers_of_ten(values: np.ndarray) -> None:
    axis = log_axis("m", values)
    part = axis.part(values)
    assert part.min() >= -1e-9
    assert part.max() <= 1 + 1e-9
    assert np.log10([axis.low, axis.high]) == pytest.approx(
        np.round(np.log10([axis.low, axis.high]))
    )


def test_equal_ratios_are_equally_long_on_a_logarithmic_axis() -> None:
    axis = log_axis("m", np.array([1.0, 100.0]))
    assert axis.part(np.array([1.0, 10.0, 100.0])) == pytest.approx([0.0, 0.5, 1.0])
    assert axis.part(np.array([0.0]))[0] == 0.0


def test_nothing_to_show_still_gives_axes() -> None:
    nothing = np.array([np.nan])
    for axis in (linear_axis("m", nothing), log_axis("m", nothing), time_axis("s", 0.0, 0.0)):
        assert axis.high > axis.low


def test_a_missing_point_breaks_the_line() -> None:
    x = np.arange(7.0)
    whole = Line(parts=[(x, x + 1.0)], style=PLAIN)
    broken = Line(parts=[(x, np.array([1, 2, 3, np.nan, 5, 6, 7]))], style=PLAIN)
    moves = [
        re.findall(rf'<path d="([^"]*)" fill="none" {re.escape(PLAIN)}', drawn(line))[0].count("M")
        for line in (whole, broken)
    ]
    assert moves == [1, 2]


def test_the_key_names_lines_and_bands_and_the_words_are_escaped() -> None:
    x = np.array([0.0, 10.0])
    figure = chart(
        [Line(parts=[(x, x)], style=PLAIN, title="error <m>")],
        bands=[Band(x=x, low=x, high=x + 1, title="its band")],
        x=time_axis("s", 0.0, 10.0),
        y=linear_axis("m", x),
        caption="c",
        alternative='a "picture"',
    )
    assert "error &lt;m&gt;" in figure.svg
    assert ">its band<" in figure.svg
    assert "a &#34;picture&#34;" in figure.svg
