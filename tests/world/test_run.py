"""Worlds: the same seed gives the same bytes, faults heal, centres come back, liars lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from commonwatch.centre.effects import Effect
from commonwatch.centre.events import PersonDecided
from commonwatch.errors import UnknownNameError
from commonwatch.identity import NationId
from commonwatch.sharing.keys import SigningKey
from commonwatch.sharing.ledger import read_ledger
from commonwatch.units import NS_PER_S
from commonwatch.world.centres import Keyring
from commonwatch.world.checks import breaches_of
from commonwatch.world.clock import TICK_NS
from commonwatch.world.facts import Facts
from commonwatch.world.history import History, tables
from commonwatch.world.host import Host
from commonwatch.world.links import LOST_DOWN, RECEIVED
from commonwatch.world.replay import replay
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import common_to, loaded, small
from tests.world.swarms import SMALL, Swarm, flown, in_bundled_scenario, in_small_world, remembered

SEED = 11
ROOT = Path(__file__).parents[2]
SWARMS = range(100)
BUNDLED_SWARMS = range(100, 106)
NORTH, JOINT = NationId("north"), NationId("joint")


def world(more: str = "", *, nations: int = 2, **changes: Any) -> History:
    text = small(more, nations=nations)
    wanted: dict[str, Any] = {"laydown": "all", "level": "tracks", "seed": SEED} | changes
    order = WorldOrder(scenario=loaded(text), **wanted)
    return run_world(order, common=common_to(text, wanted["seed"]))


def crash(centre: str, at_s: float, until_s: float, *, amount: float = 0.0) -> str:
    how = f"amount = {amount}\n" if amount else ""
    return (
        f'[[faults]]\nkind = "crash"\ncentre = "{centre}"\nat_s = {at_s}\n'
        f"until_s = {until_s}\n{how}"
    )


@pytest.mark.parametrize("faults_seed", SWARMS)
def test_nothing_breaks_under_a_swarm_of_faults(faults_seed: int) -> None:
    history = flown(in_small_world(faults_seed))
    assert breaches_of(history) == (), history.command
    if faults_seed % 5 == 0:
        assert list(replay(history)) == [], history.command


@pytest.mark.parametrize("faults_seed", BUNDLED_SWARMS)
def test_nothing_breaks_under_a_swarm_of_faults_in_a_bundled_scenario(faults_seed: int) -> None:
    history = flown(in_bundled_scenario(faults_seed))
    assert breaches_of(history) == (), history.command


@pytest.mark.parametrize("swarm", remembered(), ids=str)
def test_no_seed_that_ever_found_a_bug_finds_one_again(swarm: Swarm) -> None:
    history = flown(swarm)
    assert breaches_of(history) == (), history.command
    if swarm.scenario.startswith(SMALL):
        assert list(replay(history)) == [], history.command


DIGEST = """
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import loaded, small
order = WorldOrder(
    scenario=loaded(small()), laydown="all", level="tracks", seed=11, faults_seed=5
)
print(run_world(order).digest)
"""


def test_two_processes_come_to_the_same_bytes_whatever_the_seed_of_their_hashes() -> None:
    def digest(hash_seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    first = digest("1")
    assert len(first) == 64
    assert digest("4242") == first


@pytest.mark.parametrize("blind", ["reach", "duration"])
def test_a_world_in_which_nobody_sees_anything_runs_to_its_end(blind: str) -> None:
    """Radars whose reach ends before the launch sites, or a world over before anything rises."""
    reach = "low = 900.0, nominal = 1200.0, high = 1500.0"
    text = small().replace(reach, "low = 11.0, nominal = 12.0, high = 15.0")
    if blind == "duration":
        text = small("[world]\nduration_s = 31.0\n")
    order = WorldOrder(scenario=loaded(text), laydown="all", level="detections", seed=11)
    history = run_world(order, common=common_to(text, 11))
    assert not history.shown
    assert not breaches_of(history)


def test_a_recording_of_own_sensors_changes_nothing() -> None:
    """The first world of what is common records, the second plays back."""
    text = small(interval_s=5.0)
    order = WorldOrder(scenario=loaded(text), laydown="all", level="tracks", seed=SEED)
    common = common_to(text, SEED)
    assert run_world(order, common=common).digest == run_world(order, common=common).digest


def test_another_seed_or_swarm_gives_another_history() -> None:
    digests = {
        world().digest,
        world(seed=12).digest,
        world(faults_seed=1).digest,
        world(faults_seed=2).digest,
    }
    assert len(digests) == 4


def test_what_is_shared_grows_with_the_level() -> None:
    kinds = {
        level: {passage.kind for passage in world(level=level).passages}
        for level in ("nothing", "launch-reports", "tracks", "detections")
    }
    assert kinds["nothing"] == {"heartbeat"}
    assert "launch report" in kinds["launch-reports"]
    assert "track report" not in kinds["launch-reports"]
    assert {"launch report", "track report"} <= kinds["tracks"]
    assert "detection report" not in kinds["tracks"]
    assert {"launch report", "detection report"} <= kinds["detections"]
    assert "track report" not in kinds["detections"]


def test_a_launch_report_leaves_only_when_a_person_has_looked() -> None:
    history = world(level="launch-reports")
    delays = loaded(small()).delays.launch_report
    for passage in history.passages:
        if passage.kind == "launch report":
            raised = min(
                shown.time_ns
                for shown in history.shown
                if shown.centre == passage.sender and shown.alert.origin == "own"
            )
            waited_s = (passage.sent_ns - raised) * 1e-9
            assert waited_s >= delays.low_s
            assert waited_s <= delays.high_s + 1.0


@pytest.mark.parametrize("amount", [0.0, 1.0])
@pytest.mark.parametrize("centre", ["north", "joint"])
def test_a_centre_that_crashed_comes_back_and_goes_on(centre: str, amount: float) -> None:
    history = world(crash(centre, 130.0, 160.0, amount=amount))
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    assert any(passage.outcome == LOST_DOWN for passage in history.passages)
    name = NationId(centre)
    later = [shown for shown in history.shown if shown.centre == name]
    assert max(shown.time_ns for shown in later) > history.begin_ns + 170 * 10**9
    said: dict[tuple[str, int], set[str]] = {}
    for entry in history.entries[name]:
        if "envelope_sha256" in entry.content and entry.content["kind"] != "heartbeat":
            key = entry.content["recipient"], entry.content["number"]
            said.setdefault(key, set()).add(entry.content["envelope_sha256"])
    assert said
    # One number never stands for two messages, before and after the crash.
    assert all(len(digests) == 1 for digests in said.values())


@pytest.mark.parametrize(("begin_s", "end_s"), [(150.0, 160.0), (170.0, 205.0), (199.5, 230.0)])
def test_a_centre_that_crashes_while_it_is_down_starts_when_both_crashes_are_over(
    begin_s: float, end_s: float
) -> None:
    """North is down from 130 s to 200 s, and for as long as the second goes beyond."""
    history = world(crash("north", 130.0, 200.0) + crash("north", begin_s, end_s, amount=1.0))
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    since_s = [(entry.time_ns - history.begin_ns) / NS_PER_S for entry in history.entries[NORTH]]
    down_s = 130.0 + 1.0, max(200.0, end_s)
    assert [at_s for at_s in since_s if down_s[0] < at_s < down_s[1]] == []
    assert any(at_s >= down_s[1] for at_s in since_s)
    assert not Facts(history).is_forgotten(NORTH, history.begin_ns + 129 * NS_PER_S)


def test_what_a_centre_says_as_it_starts_again_is_not_forgotten() -> None:
    history = world(crash("north", 196.0, 215.0, amount=1.0))
    facts = Facts(history)
    [again] = [outage.up_ns for outage in facts.outages(NORTH)]
    assert facts.is_forgotten(NORTH, again - 1)
    assert not facts.is_forgotten(NORTH, again)


def test_a_crash_that_forgets_nothing_ends_with_what_a_sound_world_shows() -> None:
    """Down for less than a tick and with nothing arriving meanwhile, it is as if it never was."""
    sound = world(level="launch-reports")
    crashed = world(crash("north", 300.0, 300.1), level="launch-reports")
    last = {}
    for history in (sound, crashed):
        last[id(history)] = {
            (shown.centre, shown.alert.alert): shown.alert.status for shown in history.shown
        }
    assert last[id(sound)] == last[id(crashed)]


def test_a_clock_an_hour_ahead_breaks_nothing_and_is_refused_by_others() -> None:
    more = (
        '[[faults]]\nkind = "clock offset"\ncentre = "north"\nat_s = 0.0\nuntil_s = 350.0\n'
        "amount = 3600.0\n"
    )
    history = world(more)
    assert breaches_of(history) == ()
    refused = [e.content for e in history.entries[JOINT] if e.kind == "refused"]
    assert refused
    assert all("from the future" in content["words"] for content in refused)
    assert set(tables(history)["refused"]["sender"]) == {"north"}


def test_a_clock_that_is_set_back_is_noted_with_by_how_much_and_when_that_was_made_up_for() -> None:
    more = (
        '[[faults]]\nkind = "clock offset"\ncentre = "north"\nat_s = 100.0\nuntil_s = 200.0\n'
        "amount = 60.0\n"
    )
    history = world(more)
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    columns = tables(history)["clock_status"]
    assert columns["centre"] == [NORTH, NORTH]
    assert columns["is_right"] == [False, True]
    assert 50.0 <= columns["back_s"][0] <= 60.0
    assert columns["back_s"][1] == 0.0
    times_s = [(time_ns - history.begin_ns) / 1e9 for time_ns in columns["time_ns"]]
    assert 250.0 <= times_s[0] <= 260.0
    assert times_s[0] <= times_s[1] <= 275.0


def test_a_garbled_message_is_refused_and_counted() -> None:
    more = '[[faults]]\nkind = "garble"\nat_s = 0.0\nuntil_s = 350.0\namount = 0.6\n'
    history = world(more)
    assert breaches_of(history) == ()
    changed = sum(p.is_changed and p.outcome == "received" for p in history.passages)
    counted = sum(
        entry.content["count"]
        for entries in history.entries.values()
        for entry in entries
        if entry.kind == "refused"
    )
    assert counted == changed > 0


@pytest.mark.parametrize("way", ["test", "exercise"])
def test_test_data_on_a_live_channel_is_counted_and_raises_nothing(way: str) -> None:
    more = (
        f'[[injections]]\nkind = "test data"\nnation = "north"\nway = "{way}"\nat_s = 10.0\n'
        "until_s = 40.0\ncount = 20\nlatitude_deg = 40.0\nlongitude_deg = 40.0\n"
    )
    history, quiet = world(more), world()
    assert breaches_of(history) == ()
    assert sum(p.origin == "injected" for p in history.passages) == 20
    # Each stands in the tables: as put on the channel by nobody, and as refused at both ends.
    messages, refused = tables(history)["messages"], tables(history)["refused"]
    assert messages["verdict"].count("injected") == 20
    counts = dict.fromkeys(("north", "joint"), 0)
    for centre, sender, count in zip(
        refused["centre"], refused["sender"], refused["count"], strict=True
    ):
        assert sender == "north"
        counts[centre] += count
    assert counts == {"north": 20, "joint": 20}
    shown = [(s.centre, s.time_ns, s.alert.transition) for s in history.shown]
    assert shown == [(s.centre, s.time_ns, s.alert.transition) for s in quiet.shown]


def test_heartbeats_with_filled_counts_raise_nothing() -> None:
    more = (
        '[[injections]]\nkind = "filled counts"\nnation = "north"\nat_s = 10.0\n'
        "until_s = 60.0\ncount = 10\n"
    )
    history = world(more)
    assert breaches_of(history) == ()
    first = min(s.time_ns for s in history.shown)
    assert first > history.begin_ns + 60 * 10**9
    # Partners take them for signs of life; at home nobody speaks in the own name.
    assert tables(history)["messages"]["verdict"].count("injected") == 10
    refused = tables(history)["refused"]
    assert set(refused["centre"]) == {"north"}
    assert sum(refused["count"]) == 10


@pytest.mark.parametrize(
    "way",
    ["shift", "drift", "repeat", "freeze", "invent one", "invent raid", "deny one", "deny all"],
)
def test_a_lie_breaks_no_invariant_and_confirms_nothing_by_itself(way: str) -> None:
    more = (
        f'[[injections]]\nkind = "lie"\nnation = "north"\nway = "{way}"\nat_s = 150.0\n'
        "until_s = 400.0\nsigmas = 10.0\n"
    )
    history = world(more, nations=4)
    assert breaches_of(history) == ()
    for shown in history.shown:
        if shown.centre == JOINT and shown.alert.status == "confirmed":
            assert set(shown.alert.contributors) - {NORTH}


def test_strong_keys_change_no_decision() -> None:
    quick, strong = world(), world(has_strong_keys=True)
    assert isinstance(strong.keyring.key(NORTH), SigningKey)
    assert breaches_of(strong) == ()
    assert [(s.centre, s.time_ns, s.alert.status) for s in quick.shown] == [
        (s.centre, s.time_ns, s.alert.status) for s in strong.shown
    ]


def test_every_centre_has_a_key_of_its_own_for_each_purpose() -> None:
    ring = Keyring.of((NORTH, JOINT), SEED, is_quick=True)
    signed = {ring.key(*pair).sign(b"words") for pair in ring.keys}
    assert len(signed) == len(ring.keys) == 6


@pytest.mark.parametrize(("field", "kind"), [("laydown", "laydown"), ("level", "level of sharing")])
def test_an_unknown_name_is_answered_in_a_sentence(field: str, kind: str) -> None:
    wanted: dict[str, Any] = {field: "al"}
    with pytest.raises(UnknownNameError, match=f'unknown {kind} "al"'):
        world(**wanted)


@pytest.mark.parametrize("amount", [0.0, 1.0])
def test_a_ledger_damaged_while_the_centre_was_down_is_set_aside_from_there_on(
    amount: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line in its middle rots: the centre keeps what is good and uses no number twice."""
    restart, damaged_at = Host.restart, []

    def rotten(self: Host) -> tuple[Effect, ...]:
        if len(self.lines) > 20:
            self.lines[20] = b"\x00" + self.lines[20][1:]
            damaged_at.append(len(self.lines))
        return restart(self)

    monkeypatch.setattr(Host, "restart", rotten)
    history = world(crash("north", 200.0, 220.0, amount=amount))
    assert damaged_at
    lines = [entry.line for entry in history.entries[NORTH]]
    assert len(read_ledger(lines, key=history.keyring.key(NORTH).verify).entries) == len(lines)
    said: dict[tuple[str, int], set[bytes]] = {}
    for passage in history.passages:
        if passage.sender == NORTH and passage.kind != "heartbeat":
            key = passage.recipient, passage.number
            said.setdefault(key, set()).add(passage.envelope)
    assert all(len(envelopes) == 1 for envelopes in said.values())
    # What can no longer be shown was before the damage; counts over all time miss it too.
    late_ns = history.begin_ns + 225 * 10**9
    assert not [b for b in breaches_of(history) if late_ns < b.time_ns < history.end_ns]


@pytest.mark.parametrize(
    ("at_s", "amount", "rots"),
    [(205.0, 0.0, "early"), (205.0, 1.0, "early"), (196.0, 1.0, "report")],
)
def test_a_cancellation_reaches_who_had_the_original_though_the_ledger_is_damaged(
    at_s: float, amount: float, rots: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line rots while the centre is down: an early one, or the one that says who was told."""
    restart, rotten_at = Host.restart, []

    def rotten(self: Host) -> tuple[Effect, ...]:
        if not self.lines:
            return restart(self)
        told = next(k for k, line in enumerate(self.lines) if b'"kind":"launch report"' in line)
        rotten_at.append(20 if rots == "early" else told)
        self.lines[rotten_at[0]] = b"\x00" + self.lines[rotten_at[0]][1:]
        late = restart(self)
        self.inbox.append(PersonDecided(decision="cancel", number=0, reason="a test"))
        return late

    monkeypatch.setattr(Host, "restart", rotten)
    history = world(crash("north", at_s, 215.0, amount=amount), level="launch-reports")
    assert history.lives[NORTH][-1].snapshot is not None
    said = [(p.kind, p.recipient, p.outcome) for p in history.passages if p.sender == NORTH]
    assert ("launch report", JOINT, RECEIVED) in said
    assert ("cancellation", JOINT, RECEIVED) in said
    ended = [s for s in history.shown if s.centre == JOINT and s.alert.status == "cancelled"]
    assert [s.alert.alert for s in ended] == [0]
    # It is said, counted and shown, and the new ledger knows by itself who was told.
    starts = [entry for entry in history.entries[NORTH] if entry.kind == "started"]
    assert [e.content["told"] for e in starts] == [[[0, [JOINT]]]]
    assert f"line {rotten_at[0] + 1}" in starts[0].content["words"]
    shown = tables(history)["restarts"]
    assert shown["centre"] == ["north"]
    assert shown["set_aside_count"] == [e.content["set_aside_count"] for e in starts]
    assert shown["set_aside_count"][0] >= 1
    assert list(replay(history)) == []


def test_a_cancellation_reaches_who_had_the_original_though_its_release_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Released after the snapshot, and the journal is lost: the whole ledger alone knows of it."""
    restart = Host.restart

    def cancelled(self: Host) -> tuple[Effect, ...]:
        late = restart(self)
        if self.lines:
            self.inbox.append(PersonDecided(decision="cancel", number=0, reason="a test"))
        return late

    monkeypatch.setattr(Host, "restart", cancelled)
    history = world(crash("north", 196.0, 215.0, amount=1.0), level="launch-reports")
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    ended = [s for s in history.shown if s.centre == JOINT and s.alert.status == "cancelled"]
    assert [s.alert.alert for s in ended] == [0]


@pytest.mark.parametrize("earlier", ["", crash("north", 180.0, 192.5)])
def test_checks_take_for_forgotten_what_came_after_the_last_snapshot_and_no_more(
    earlier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host itself says when it kept what; while it was down it kept nothing."""
    end_tick, save, kept_ns, saves = Host.end_tick, Host._save, [0], [0]

    def counted(self: Host) -> None:
        saves[0] += self.name == NORTH
        save(self)

    def noted(self: Host, true_ns: int, last: Effect | None) -> None:
        before = saves[0]
        end_tick(self, true_ns, last)
        if saves[0] > before:
            kept_ns[0] = true_ns

    monkeypatch.setattr(Host, "_save", counted)
    monkeypatch.setattr(Host, "end_tick", noted)
    history = world(earlier + crash("north", 196.0, 215.0, amount=1.0))
    facts = Facts(history)
    assert 0 < kept_ns[0] < history.begin_ns + 196 * NS_PER_S
    assert not facts.is_forgotten(NORTH, kept_ns[0])
    assert facts.is_forgotten(NORTH, kept_ns[0] + TICK_NS)


def test_a_line_that_rots_and_is_still_in_the_journal_is_made_anew_and_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restart = Host.restart

    def rotten(self: Host) -> tuple[Effect, ...]:
        if self.lines:
            self.lines[-1] = b"\x00" + self.lines[-1][1:]
        return restart(self)

    monkeypatch.setattr(Host, "restart", rotten)
    history = world(crash("north", 205.0, 215.0))
    assert breaches_of(history) == ()
    assert list(replay(history)) == []
    restarts = tables(history)["restarts"]
    assert restarts["set_aside_count"] == [0]
    assert "made it anew" in restarts["words"][0]


ALERTS = """
import json
from commonwatch.world.history import tables
from commonwatch.world.run import WorldOrder, run_world
from tests.world.small import loaded, small
order = WorldOrder(scenario=loaded(small(nations=4)), laydown="all", level="tracks", seed=11)
found = tables(run_world(order))["centre_alerts"]
names = ("centre", "alert", "track", "transition", "status", "known_ns")
print(json.dumps([list(row) for row in zip(*(found[name] for name in names), strict=True)]))
"""


def test_another_processor_comes_to_the_same_alerts_in_the_same_order(tmp_path: Path) -> None:
    """Compiled anew for a processor without the vector units of this one."""

    def alerts(**environment: str) -> list[list[Any]]:
        done = subprocess.run(
            [sys.executable, "-c", ALERTS],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return list(json.loads(done.stdout))

    here = alerts()
    there = alerts(NUMBA_CPU_NAME="generic", NUMBA_CACHE_DIR=str(tmp_path))
    assert len(here) > 4
    assert [row[:-1] for row in there] == [row[:-1] for row in here]
    steps = [abs(one[-1] - two[-1]) for one, two in zip(here, there, strict=True)]
    assert max(steps) <= TICK_NS
