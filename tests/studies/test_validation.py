"""The whole validation: it passes, it can fail, and it is printed whole."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner

from commonwatch.cli import validate
from commonwatch.earth.gravity import Gravity
from commonwatch.errors import OutputError
from commonwatch.studies import validation, validation_flight
from commonwatch.studies.validation import REFERENCE, Check, Validation, figure, run_all
from commonwatch.studies.validation_page import document

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


@pytest.fixture(scope="module")
def whole() -> Validation:
    return run_all()


def check(largest: float | None, allowed: float | None) -> Check:
    return Check(
        what="one | thing",
        against="another",
        case_count=1,
        quantity="length",
        unit="m",
        largest=largest,
        allowed=allowed,
        cause="a planted one",
    )


def test_everything_that_is_judged_passes(whole: Validation) -> None:
    assert [c.what for c in whole.checks if c.passes is False] == []
    assert whole.passes


@pytest.mark.parametrize(
    "words",
    [
        "two-body",
        "j2",
        "drag",
        "samples of free flight",
        "minimum-energy",
        "published launches",
        "BulgariaSat-1",
        "ZUMA",
        "standard atmosphere",
        "lowest visible altitude",
        "geodetic",
    ],
)
def test_each_authority_is_compared(whole: Validation, words: str) -> None:
    assert any(words in c.what and c.case_count > 0 for c in whole.checks)


def test_limits_are_those_that_were_set_beforehand(whole: Validation) -> None:
    allowed = {(c.what, c.quantity): c.allowed for c in whole.checks}
    for gravity in ("two-body", "j2"):
        assert allowed[f"free flight, {gravity}", "place of impact"] == 1.0
        assert allowed[f"free flight, {gravity}", "apogee"] == 0.5
        assert allowed[f"free flight, {gravity}", "time of flight"] == 1e-3
    assert allowed["free flight, j2, drag at 1,000 kg/m2", "place of impact"] == 100.0
    assert allowed["free flight, j2, drag at 1,000 kg/m2", "time of flight"] == 0.1


def test_a_wrong_force_model_does_not_pass() -> None:
    found = validation_flight._same_model("j2_uniform", Gravity.J4, "heyoka, J2")
    assert [c.passes for c in found] == [False, False, False]


def test_what_is_not_judged_neither_passes_nor_fails() -> None:
    assert check(5.0, None).passes is None
    assert check(None, 1.0).passes is False
    assert check(1.0, 1.0).passes is True
    assert check(math.nan, 1.0).passes is False
    assert Validation(checks=(check(5.0, None),), listings=()).passes
    assert not Validation(checks=(check(5.0, 1.0),), listings=()).passes


def test_the_page_shows_every_check_and_every_row(whole: Validation) -> None:
    text = document(whole)
    for c in whole.checks:
        assert c.what in text
        assert c.cause in text
    for listing in whole.listings:
        assert listing.note in text
        assert all(row[0] in text for row in listing.rows)


def test_a_failure_is_named_at_the_head_of_the_page() -> None:
    text = document(Validation(checks=(check(5.0, 1.0),), listings=()))
    assert "1 of 1 comparisons that are judged fail: one | thing." in text
    assert "| one / thing | another | 1 | length | 5 m | 1 m | NO |" in text


def test_the_page_in_the_documents_is_of_this_program(whole: Validation) -> None:
    text = PAGE.read_text("utf-8")
    assert [c.what for c in whole.checks if c.what not in text] == []
    assert [n.title for n in whole.listings if n.title not in text] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.053195, "0.053"), (1500.0, "1,500"), (1e-5, "1e-05"), (0.0, "0"), (38_912.0, "39,000")],
)
def test_figures_are_written_to_two_digits(value: float, text: str) -> None:
    assert figure(value, 2) == text


def test_each_reference_file_is_described_and_all_are_small() -> None:
    described = (REFERENCE / "README.md").read_text("utf-8")
    files = sorted(REFERENCE.glob("*.csv"))
    assert [path.name for path in files if f"`{path.name}`" not in described] == []
    assert sum(path.stat().st_size for path in files) < 600_000


def test_reference_flights_hold_the_models_that_are_used_and_no_other() -> None:
    with (REFERENCE / "summary.csv").open() as file:
        models = {row["model"] for row in csv.DictReader(file)}
    drags = {"j2_drag_b1000_uniform", "j2_drag_b5000_uniform"}
    assert models == {"kepler_uniform", "j2_uniform", "full_itrf"} | drags


def run(*arguments: str) -> tuple[object, str]:
    result = CliRunner().invoke(validate.command, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


def test_the_command_prints_plain_values_for_machines(
    whole: Validation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "run_all", lambda _: whole)
    code, text = run("--json")
    printed = json.loads(text)
    assert code == 0
    assert printed["passes"] is True
    assert printed["format"] == validation.FORMAT
    assert len(printed["checks"]) == len(whole.checks)


def test_the_command_fails_where_one_comparison_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Validation(checks=(check(0.5, 1.0), check(5.0, 1.0)), listings=())
    monkeypatch.setattr(validate, "run_all", lambda _: bad)
    code, text = run()
    assert code == 1
    assert "1 of 2 comparisons that are judged fail" in text


def test_the_command_writes_the_page(
    whole: Validation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(validate, "run_all", lambda _: whole)
    run("--out", str(tmp_path / "page.md"))
    assert (tmp_path / "page.md").read_text("utf-8") == document(whole)


def test_a_page_that_cannot_be_written_is_an_error_in_words(
    whole: Validation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(validate, "run_all", lambda _: whole)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        run("--out", str(tmp_path / "file" / "page.md"))
