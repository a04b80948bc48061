"""``commonwatch world``: one world by its seed, judged and written."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from commonwatch.cli.main import commonwatch, main
from commonwatch.tables.manifest import read_manifest
from commonwatch.tables.reading import read_parquet
from tests.world.small import small


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(small(), encoding="utf-8")
    return path


def test_the_same_words_give_the_same_digest_and_the_command_that_gives_it_again(
    scenario: Path,
) -> None:
    words = ["world", str(scenario), "--level", "launch-reports", "--faults", "1", "--json"]
    first, second = (CliRunner().invoke(commonwatch, words, catch_exceptions=False) for _ in "12")
    facts = json.loads(first.stdout)
    assert facts == json.loads(second.stdout)
    assert facts["breaches"] is None

    again = facts["command"].split()[1:]
    shown = CliRunner().invoke(commonwatch, again, catch_exceptions=False)
    assert shown.exit_code == 0
    assert facts["digest"] in shown.stdout
    assert "Everything that must hold holds." in shown.stdout


def test_a_replay_holds_every_table_the_ledgers_and_apart_the_truth(
    scenario: Path, tmp_path: Path
) -> None:
    out = tmp_path / "replay"
    words = ["world", str(scenario), "--level", "tracks", "--out", str(out)]
    assert CliRunner().invoke(commonwatch, words, catch_exceptions=False).exit_code == 0
    written = {file.name for file in read_manifest(out).files}
    assert {
        "messages.parquet",
        "centre_tracks.parquet",
        "centre_alerts.parquet",
        "sensor_status.parquet",
        "link_status.parquet",
        "partner_status.parquet",
        "clock_status.parquet",
        "refused.parquet",
        "restarts.parquet",
        "sensors.toml",
        "contributors.parquet",
        "detections.parquet",
        "truth/truth_objects.parquet",
        "truth/trajectories.parquet",
        "ledgers/joint.ndjson",
        "ledgers/north.ndjson",
    } <= written
    record = read_manifest(out)
    assert (record.laydown, record.level, record.faults_seed) == ("all", "tracks", None)
    assert "faults" not in record.limits
    assert record.limits["message_bytes"] == 2**20
    assert tomllib.loads((out / "sensors.toml").read_text())["radars"]
    messages = read_parquet(out / "messages.parquet", "messages")
    decisions = [
        (out / "ledgers" / f"{name}.ndjson").read_bytes().count(b'"kind":"decision"')
        for name in ("joint", "north", "south")
    ]
    assert len(messages["time_ns"]) == sum(decisions)


def test_a_replay_takes_the_place_of_an_earlier_one_whole(scenario: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(small().replace('"south"', '"coast"'), encoding="utf-8")
    out = tmp_path / "replay"
    (out / "mine").mkdir(parents=True)
    (out / "mine" / "notes.txt").write_text("mine")
    for each in (scenario, other):
        words = ["world", str(each), "--level", "nothing", "--out", str(out)]
        assert CliRunner().invoke(commonwatch, words, catch_exceptions=False).exit_code == 0
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    recorded = {file.name for file in read_manifest(out).files}
    assert there == recorded | {"run.json", "mine/notes.txt"}
    assert "ledgers/coast.ndjson" in there
    assert "ledgers/south.ndjson" not in there


def test_an_unknown_level_is_answered_in_a_sentence(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["world", str(scenario), "--level", "track"])
    assert ended.value.code == 2
    assert 'Did you mean "tracks"?' in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused_before_the_world_runs(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "mine"
    place.write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["world", str(scenario), "--out", str(place)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "it is a file, not a folder" in said
    assert "running" not in said
    assert place.read_text() == "mine"


def test_what_was_refused_is_shown_and_is_not_among_what_nations_sent(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    injected = (
        '[[injections]]\nkind = "test data"\nnation = "north"\nway = "test"\nat_s = 10.0\n'
        "until_s = 40.0\ncount = 20\nlatitude_deg = 40.0\nlongitude_deg = 40.0\n"
    )
    path.write_text(small(injected), encoding="utf-8")
    words = ["world", str(path), "--level", "nothing"]
    shown = CliRunner().invoke(commonwatch, words, catch_exceptions=False).stdout
    assert "Messages: launch report, injected, received: 20\n" in shown
    for centre in ("joint", "north"):
        assert f"Refused: {centre} refused 20 messages in the name of north: " in shown
    assert "Messages: launch report, received" not in shown


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("nothing", ["It ends as its scenario expects."]),
        (
            "confirmed",
            [
                "Expected and not met:",
                "  all, sharing nothing, joint: shore/near/minimum-energy ended as nothing, "
                "expected confirmed",
            ],
        ),
    ],
)
def test_judged_it_says_what_its_scenario_expects_of_it_and_was_not_met(
    outcome: str, said: list[str], tmp_path: Path
) -> None:
    # Where nothing is shared the joint centre, which has no sensor, hears of no flight.
    path = tmp_path / "small.toml"
    expected = f'[[expected]]\nobject = "each flight"\ncentre = "joint"\noutcomes = ["{outcome}"]\n'
    path.write_text(small(expected), encoding="utf-8")
    words = ["world", str(path), "--level", "nothing", "--checks"]
    shown = CliRunner().invoke(commonwatch, words, catch_exceptions=False)
    assert shown.exit_code == 0  # what a scenario expects is no invariant
    lines = shown.stdout.splitlines()
    assert lines[lines.index("Everything that must hold holds.") + 1 :] == said
