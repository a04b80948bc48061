"""``commonwatch warn``: from files to a table of alerts, and every slip in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from commonwatch.earth.frames import look_angles
from commonwatch.scenario.load import read_sensors
from commonwatch.scenario.notices import load_notices
from commonwatch.sensing.radar import Radar
from commonwatch.tables.files import write_table
from commonwatch.tables.schemas import to_table
from commonwatch.tracking.estimate import Estimates, joined
from tests.cli.build import RADARS, call, json_of
from tests.cli.test_how_to import blocks_of
from tests.scenario.test_notices import GOOD
from tests.warning.build import track, truths

NAMES = ("north", "guided")


def tracks_of(folder: Path) -> Estimates:
    """Two missiles, written as tracks."""
    drawn = truths(np.random.default_rng(1), 2, is_powered=True, ground_range_m=(1.9e6, 2.5e6))
    estimates = joined([track(drawn.true_state_vector[k], count=20, number=k) for k in range(2)])
    write_table(folder / "tracks.parquet", to_table("tracks", estimates.to_columns()))
    return estimates


def write_looks(folder: Path, estimates: Estimates) -> None:
    """Two radars of two nations look at track 0 at every row of it; nobody is named for track 1."""
    of_track = estimates.take(np.repeat(np.flatnonzero(estimates.track == 0), 2))
    times, count = of_track.time_ns, len(of_track)
    text = RADARS.replace("\nmark =", "\nrefraction_corrected = true\nmark =")
    (folder / "sensors.toml").write_text("format = 1\n" + text, encoding="utf-8")
    looks = np.empty((count, 3))
    for k, sensor in enumerate(read_sensors(folder / "sensors.toml")[:2]):
        assert isinstance(sensor, Radar)
        site = sensor.site
        angles = look_angles(
            site.position_ecef_m, site.rotation_enu_from_ecef, of_track.state_vector[k::2, :3]
        )
        looks[k::2] = np.stack(angles, axis=-1)
    blank = [None] * count
    columns = {
        "time_ns": times,
        "arrival_ns": times,
        "kind": ["radar"] * count,
        "sensor": list(NAMES) * (count // 2),
        "range_m": looks[:, 0],
        "azimuth_rad": looks[:, 1],
        "elevation_rad": looks[:, 2],
    }
    others = [name for name in to_columns_of("detections") if name not in columns]
    write_table(
        folder / "detections.parquet",
        to_table("detections", columns | dict.fromkeys(others, blank)),
    )
    write_table(
        folder / "dispositions.parquet",
        to_table(
            "dispositions",
            {
                "row": np.arange(count),
                "disposition": ["assigned"] * count,
                "track": [0] * (count - 1) + [None],
                "reason": blank,
            },
        ),
    )


def to_columns_of(table: str) -> list[str]:
    from commonwatch.tables.schemas import TABLES

    return [column.name for column in TABLES[table]]


def test_tracks_become_a_table_of_alerts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracks_of(tmp_path)
    out = tmp_path / "new" / "alerts.parquet"
    assert call("warn", tmp_path / "tracks.parquet", "--out", out) == 0
    table = pq.read_table(out)
    assert table.column_names == to_columns_of("alerts")
    assert set(table["status"].to_pylist()) == {"unconfirmed"}
    shown = capfd.readouterr().out
    assert "Alerts: 2" in shown
    assert "Sources unknown, so nothing is confirmed" in shown


def test_detections_confirm_the_track_that_took_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_looks(tmp_path, tracks_of(tmp_path))
    out = tmp_path / "alerts.parquet"
    looks = ("--detections", tmp_path / "detections.parquet")
    sensors = ("--sensors", tmp_path / "sensors.toml")
    tracks = tmp_path / "tracks.parquet"
    assert call("warn", tracks, *looks, *sensors, "--out", out, "--json") == 0
    facts = json_of(capfd.readouterr().out)
    assert facts["last_status"] == {"confirmed": 1, "unconfirmed": 1}
    rows = pq.read_table(out).to_pylist()
    [confirmed] = [row for row in rows if row["transition"] == "confirmed"]
    assert confirmed["track"] == 0
    assert confirmed["sources"] == "north, guided"
    assert "two nations" in confirmed["evidence"]


OTHERS = {
    "fewer": "38 dispositions of 40 detections",
    "later": "track 0 takes a look 58.0 s after its last row",
    "elsewhere": "39 of 39 looks of radars lie more than 100 km from the tracks",
}


@pytest.mark.parametrize("how", OTHERS)
def test_looks_of_another_recording_confirm_nothing_and_are_refused(
    how: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    estimates = tracks_of(tmp_path)
    write_looks(tmp_path, estimates)
    if how == "fewer":
        path = tmp_path / "dispositions.parquet"
        pq.write_table(pq.read_table(path).slice(0, 38), path)
    else:
        first = estimates.take(estimates.track == 0)
        other = estimates.take(estimates.track == 1)
        if how == "later":  # of a recording in which track 0 ended a minute sooner
            minute_ns = 58 * 10**9
            first = replace(
                first, time_ns=first.time_ns - minute_ns, known_ns=first.known_ns - minute_ns
            )
        else:  # of a recording in which what is track 1 here was track 0
            first = replace(other, track=np.zeros(len(other), np.int64))
        columns = joined([first, other]).to_columns()
        write_table(tmp_path / "tracks.parquet", to_table("tracks", columns))
    given = (
        "--detections",
        tmp_path / "detections.parquet",
        "--sensors",
        tmp_path / "sensors.toml",
    )
    out = tmp_path / "alerts.parquet"
    assert call("warn", tmp_path / "tracks.parquet", *given, "--out", out) == 2
    said = " ".join(capfd.readouterr().err.split())
    assert OTHERS[how] in said
    assert "dispositions.parquet" in said
    assert not out.exists()


def test_tracks_that_are_chosen_or_cut_keep_their_looks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    estimates = tracks_of(tmp_path)
    write_looks(tmp_path, estimates)
    middle_ns = int(np.median(estimates.time_ns))
    cut = estimates.take((estimates.track == 0) & (estimates.time_ns < middle_ns))
    write_table(tmp_path / "tracks.parquet", to_table("tracks", cut.to_columns()))
    given = (
        "--detections",
        tmp_path / "detections.parquet",
        "--sensors",
        tmp_path / "sensors.toml",
    )
    out = tmp_path / "alerts.parquet"
    assert call("warn", tmp_path / "tracks.parquet", *given, "--out", out, "--json") == 0
    assert json_of(capfd.readouterr().out)["last_status"] == {"confirmed": 1}


def test_rows_with_a_covariance_that_is_not_positive_are_left_out_and_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = tracks_of(tmp_path).to_columns()
    is_first = columns["track"] == 0
    tracks, out = tmp_path / "tracks.parquet", tmp_path / "alerts.parquet"
    some = columns | {"p_00": np.where(is_first, -1.0, 1.0) * columns["p_00"]}
    write_table(tracks, to_table("tracks", some))
    assert call("warn", tracks, "--out", out, "--json") == 0
    said = capfd.readouterr()
    assert "Note: 20 covariances are not positive; their rows are left out." in said.err
    facts = json_of(said.out)
    assert (facts["alerts"], facts["rows_left_out"]) == (1, 20)
    write_table(tracks, to_table("tracks", columns | {"p_00": -columns["p_00"]}))
    assert call("warn", tracks, "--out", out) == 2
    assert "tracks.parquet: no covariance is positive" in capfd.readouterr().err


def test_without_notices_nothing_is_said_of_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tracks_of(tmp_path)
    out = tmp_path / "alerts.parquet"
    assert call("warn", tmp_path / "tracks.parquet", "--out", out, "--json") == 0
    assert json_of(capfd.readouterr().out)["last_notice_match"] == {"none given": 2}
    assert not any("otice" in row["evidence"] for row in pq.read_table(out).to_pylist())


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    tracks_of(tmp_path)
    for name in ("one.parquet", "other.parquet"):
        assert call("warn", tmp_path / "tracks.parquet", "--out", tmp_path / name) == 0
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_notices_are_read_and_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracks_of(tmp_path)
    (tmp_path / "notices.toml").write_text(GOOD, encoding="utf-8")
    arguments = ("--notices", tmp_path / "notices.toml", "--launch-model", "vacuum", "--json")
    out = tmp_path / "alerts.parquet"
    assert call("warn", tmp_path / "tracks.parquet", *arguments, "--out", out) == 0
    facts = json_of(capfd.readouterr().out)
    assert facts["last_notice_match"] == {"unmatched": 2}
    assert facts["launch_model"] == "vacuum"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--detections", "detections.parquet"), "both, or neither"),
        (("--sensors", "sensors.toml"), "both, or neither"),
        (("--dispositions", "dispositions.parquet"), "--dispositions stands alone"),
        (("--notices", "nowhere.toml"), "Give the path of a file of notices"),
        (
            ("--detections", "detections.parquet", "--sensors", "nowhere.toml"),
            "Give the path of a sensor file",
        ),
        (("--notices", "tracks.parquet"), "not text in UTF-8"),
        (("--launch-model", "magic"), "'magic' is not one of"),
        (
            ("--detections", "none.parquet", "--sensors", "sensors.toml"),
            "cannot be read",
        ),
        (
            ("--detections", "detections.parquet", "--sensors", "sensors.toml", "--dispositions",
             "none.parquet"),
            "none.parquet: it cannot be read",
        ),
    ],
)  # fmt: skip
def test_every_slip_is_answered_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_looks(tmp_path, tracks_of(tmp_path))
    assert call("warn", "tracks.parquet", *arguments, "--out", "alerts.parquet") == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "alerts.parquet").exists()


def test_tracks_that_are_none_are_refused_and_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("warn", "missing.parquet", "--out", "alerts.parquet") == 2
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and then nothing")
    assert call("warn", "torn.parquet", "--out", "alerts.parquet") == 2
    assert "cannot be read as a Parquet file" in capfd.readouterr().err
    tracks_of(tmp_path)
    before = (tmp_path / "tracks.parquet").read_bytes()
    assert call("warn", "tracks.parquet", "--out", "tracks.parquet") == 2
    assert "take the place of the input" in capfd.readouterr().err
    assert (tmp_path / "tracks.parquet").read_bytes() == before


def test_a_table_is_not_written_under_the_name_of_something_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tracks_of(tmp_path)
    assert call("warn", tmp_path / "tracks.parquet", "--out", tmp_path / "alerts.csv") == 2
    assert "does not end in .parquet" in capfd.readouterr().err
    assert not (tmp_path / "alerts.csv").exists()


def test_tracks_that_nobody_believes_raise_no_alert(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    estimates = tracks_of(tmp_path)
    doubted = replace(estimates, status=np.zeros(len(estimates), np.int8))
    write_table(tmp_path / "tracks.parquet", to_table("tracks", doubted.to_columns()))
    assert call("warn", tmp_path / "tracks.parquet", "--out", tmp_path / "alerts.parquet") == 0
    assert "No alert was raised." in capfd.readouterr().out
    assert pq.read_table(tmp_path / "alerts.parquet").num_rows == 0


def test_the_how_to_page_works_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tracks_of(tmp_path)
    [notices] = blocks_of("warn", "toml")
    (tmp_path / "notices.toml").write_text(notices, encoding="utf-8")
    assert load_notices("notices.toml")[0].delivered_ns is None
    [example] = blocks_of("warn", "python")
    exec(compile(example, "warn.md", "exec"), {})
    assert capfd.readouterr().out.startswith("unconfirmed ")
