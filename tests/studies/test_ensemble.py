"""Seeds in processes: the same rows as in one, kept while not all are done, never mixed up."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from commonwatch.errors import InputError
from commonwatch.scenario.description import Scenario
from commonwatch.scenario.load import load_scenario
from commonwatch.studies import ensemble
from commonwatch.studies.ensemble import Standing, WorkerError, forget, study_seeds
from commonwatch.studies.sharing import SeedResult, study_seed
from tests.studies.build_sharing import write_small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return load_scenario(str(write_small(tmp_path_factory.mktemp("scenario"))))


def silent(standing: Standing) -> None:
    del standing


def counting(flown: list[int], *, fails_at: int | None = None) -> Callable[..., SeedResult]:
    """What stands in for the worlds of a seed: a row that names it."""

    def fly(
        scenario: Scenario, seed: int, *, report: Callable[[int, int], None], keeps_replay: bool
    ) -> SeedResult:
        if seed == fails_at:
            raise KeyboardInterrupt
        report(1, 2)
        flown.append(seed)
        table = pa.table({"seed": [seed]})
        return SeedResult(
            known={"known": table}, replay={"messages": table} if keeps_replay else {}
        )

    return fly


def seeds_in(found: dict[int, SeedResult]) -> list[object]:
    return [result.known["known"]["seed"].to_pylist()[0] for result in found.values()]


def test_an_interrupted_study_goes_on_with_the_seeds_that_are_missing(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flown: list[int] = []
    monkeypatch.setattr(ensemble, "study_seed", counting(flown, fails_at=9))
    with pytest.raises(KeyboardInterrupt):
        study_seeds(small, [7, 8, 9, 10], folder=tmp_path, report=silent, process_count=1)
    assert flown == [7, 8]

    monkeypatch.setattr(ensemble, "study_seed", counting(flown))
    told: list[tuple[int, int]] = []
    found = study_seeds(
        small,
        [7, 8, 9, 10],
        folder=tmp_path,
        report=lambda at: told.append((at.resumed_count, at.finished_count)),
        process_count=1,
    )
    assert flown == [7, 8, 9, 10]
    assert told[0] == (2, 2)
    assert told[-1] == (2, 4)
    assert seeds_in(found) == [7, 8, 9, 10]
    assert found[7].replay
    assert not found[8].replay


def test_a_seed_made_from_another_scenario_is_not_used_and_is_counted(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flown: list[int] = []
    monkeypatch.setattr(ensemble, "study_seed", counting(flown))
    study_seeds(small, [7, 8], folder=tmp_path, report=silent, process_count=1)
    told: list[Standing] = []
    other = dataclasses.replace(small, sha256="0" * 64)
    study_seeds(
        other, [7], folder=tmp_path, report=lambda at: told.append(copy.copy(at)), process_count=1
    )
    assert flown == [7, 8, 7]
    assert (told[0].stale_count, told[0].resumed_count) == (2, 0)


def test_a_changed_policy_makes_another_study(small: Scenario) -> None:
    level = small.levels[0]
    policies = {
        name: dataclasses.replace(policy, text=policy.text + "\n# changed")
        for name, policy in level.policies.items()
    }
    changed = dataclasses.replace(level, policies=policies)
    other = dataclasses.replace(small, levels=(changed, *small.levels[1:]))
    assert ensemble.digest_of(other) != ensemble.digest_of(small)
    assert ensemble.digest_of(small) == ensemble.digest_of(small)


@pytest.mark.parametrize("damage", ["mark", "table", "missing"])
def test_a_damaged_seed_is_flown_again(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    flown: list[int] = []
    monkeypatch.setattr(ensemble, "study_seed", counting(flown))
    study_seeds(small, [7], folder=tmp_path, report=silent, process_count=1)
    [mark] = tmp_path.glob("*/7/seed.json")
    if damage == "mark":
        mark.write_text(mark.read_text()[:-9])
    elif damage == "table":
        (mark.parent / "known.parquet").write_bytes(b"PAR1")
    else:
        (mark.parent / "messages.parquet").unlink()
    found = study_seeds(small, [7], folder=tmp_path, report=silent, process_count=1)
    assert flown == [7, 7]
    assert seeds_in(found) == [7]


def test_a_first_seed_without_its_replay_is_flown_again(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flown: list[int] = []
    monkeypatch.setattr(ensemble, "study_seed", counting(flown))
    study_seeds(small, [7, 8], folder=tmp_path, report=silent, process_count=1)
    found = study_seeds(small, [8, 7], folder=tmp_path, report=silent, process_count=1)
    assert flown == [7, 8, 8]
    assert found[8].replay


def test_a_place_that_cannot_be_written_keeps_nothing_and_stops_nothing(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(ensemble, "study_seed", counting([]))
    found = study_seeds(small, [7], folder=tmp_path / "file", report=silent, process_count=1)
    assert seeds_in(found) == [7]


def test_what_is_forgotten_is_of_this_study_alone(
    small: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "study_seed", counting([]))
    other = dataclasses.replace(small, sha256="0" * 64)
    for scenario in (small, other):
        study_seeds(scenario, [7], folder=tmp_path, report=silent, process_count=1)
    forget(small, tmp_path)
    [mark] = tmp_path.glob("*/*/seed.json")
    assert json.loads(mark.read_text())["seed"] == 7
    assert ensemble.digest_of(other).startswith(mark.parts[-3])


def test_seeds_in_processes_of_their_own_give_the_same_rows(
    small: Scenario, tmp_path: Path
) -> None:
    told: list[float] = []
    found = study_seeds(
        small, [7, 8], folder=tmp_path, report=lambda at: told.append(at.part), process_count=2
    )
    alone = study_seed(small, 8, report=lambda done, among: None, keeps_replay=False)
    for name, table in alone.known.items():
        assert found[8].known[name].equals(table), name
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_process_that_fails_says_which_seed_and_why(small: Scenario, tmp_path: Path) -> None:
    broken = dataclasses.replace(small, levels=(dataclasses.replace(small.levels[0], policies={}),))
    with pytest.raises(WorkerError, match=r"seed [78]"):
        study_seeds(broken, [7, 8], folder=tmp_path, report=silent, process_count=2)


def test_what_is_wrong_with_the_input_keeps_its_sentence_from_process_to_process(
    small: Scenario, tmp_path: Path
) -> None:
    level = dataclasses.replace(
        small.levels[0],
        policies={
            name: dataclasses.replace(policy, text='format = 1\nunheard = "of"')
            for name, policy in small.levels[0].policies.items()
        },
    )
    broken = dataclasses.replace(small, levels=(level,))
    with pytest.raises(InputError, match="unheard"):
        study_seeds(broken, [7, 8], folder=tmp_path, report=silent, process_count=2)
