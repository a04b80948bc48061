"""The ledger: whole, in order, by its owner; it alone lets anything go."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.errors import InvariantError
from commonwatch.identity import NationId
from commonwatch.sharing.envelope import Limits, open_envelope
from commonwatch.sharing.ledger import START, DamagedLedgerError, Ledger, read_ledger
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Body, Cancellation, Heartbeat
from commonwatch.sharing.policy import Policy, Verdict, decide, decide_heartbeat
from commonwatch.sharing.released import Released
from tests.sharing.build import (
    BODIES,
    EAST,
    JOINT,
    MADE_NS,
    SECOND_NS,
    SOUTH,
    WEST,
    detection_report,
    key_of,
    launch_report,
    message,
    policy,
    rule,
    track_report,
)

KEY = key_of(EAST)
OPEN = policy(rule('share = ["launch report", "track report", "detection report"]'))
LATER = policy(rule('share = ["launch report"]\ndelay_s = 30.0'))


def entered(
    ledger: Ledger,
    body: Body,
    *,
    by: Policy = OPEN,
    recipient: str = "joint",
    number: int = 12,
    now_ns: int = MADE_NS,
) -> Released | None:
    said = message(body, number=number)
    decision = decide(said, {n: n for n in (JOINT, WEST, SOUTH)}[recipient], by, now_ns)  # type: ignore[index]
    return ledger.record(decision, KEY.sign)[1]


def filled() -> Ledger:
    ledger = Ledger(EAST)
    started = {"words": "line 3: an entry 4", "set_aside_count": 9, "told": [[2, ["west"]]]}
    ledger.note("started", started, MADE_NS, KEY.sign)
    for number, body in enumerate(BODIES.values()):
        entered(ledger, body, number=number)
    ledger.note("alert", {"alert": 1, "status": "unconfirmed"}, MADE_NS, KEY.sign)
    return ledger


def lines_of(ledger: Ledger) -> list[bytes]:
    return [entry.line for entry in ledger.entries]


def test_a_share_is_released_to_its_one_recipient_with_its_entry() -> None:
    ledger = Ledger(EAST)
    released = entered(ledger, launch_report())
    assert released is not None
    assert (released.recipient, released.kind, released.number) == (JOINT, "launch report", 12)
    assert released.entry_digest == ledger.entries[-1].digest == ledger.head
    content = ledger.entries[-1].content
    assert content["envelope_sha256"] == hashlib.sha256(released.envelope).hexdigest()
    assert content["rule"] == "one"
    opened = open_envelope(released.envelope, purpose=Purpose.ACTUAL, key_of={EAST: KEY.verify}.get)
    assert opened == message(launch_report())


def test_what_is_withheld_is_entered_with_its_reason_and_nothing_leaves() -> None:
    ledger = Ledger(EAST)
    assert entered(ledger, launch_report(), recipient="west") is None
    content = ledger.entries[-1].content
    assert content["verdict"] == "withhold"
    assert content["words"] == "no rule in force lets this launch report go to west"
    assert b"latitude" not in ledger.entries[-1].line


def test_what_goes_later_is_entered_with_the_time_and_nothing_leaves_yet() -> None:
    ledger = Ledger(EAST)
    assert entered(ledger, launch_report(), by=LATER) is None
    assert ledger.entries[-1].content["due_ns"] == MADE_NS + 30 * SECOND_NS
    assert ledger.recipients_of_event(7) == ()
    due_ns = MADE_NS + 30 * SECOND_NS
    assert entered(ledger, launch_report(), by=LATER, now_ns=due_ns) is not None
    assert ledger.recipients_of_event(7) == (JOINT,)


def test_the_chain_is_sha256_over_the_lines_as_written() -> None:
    previous = START
    for number, line in enumerate(lines_of(filled())):
        entry = json.loads(line)
        assert entry["number"] == number
        assert entry["previous"] == previous
        chained = {k: v for k, v in entry.items() if k not in {"digest", "signature"}}
        chained["content"] = dict(sorted(chained["content"].items()))
        text = json.dumps(chained, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert entry["digest"] == previous


def test_a_heartbeat_is_released_to_every_known_nation_and_to_no_other() -> None:
    ledger = Ledger(EAST)
    beat = Heartbeat(heartbeat=EAST, beat=4, made_ns=MADE_NS)
    for nation, goes in ((JOINT, True), (WEST, True), (EAST, False), (NationId("north"), False)):
        decision = decide_heartbeat(beat, nation, OPEN, MADE_NS, purpose=Purpose.ACTUAL)
        released = ledger.record(decision, KEY.sign)[1]
        assert (released is not None) is goes
        if released is not None:
            assert released.kind == "heartbeat"
            keys = {EAST: KEY.verify}.get
            assert open_envelope(released.envelope, purpose=Purpose.ACTUAL, key_of=keys) == beat


def test_a_ledger_reads_as_it_was_written() -> None:
    ledger = filled()
    read = read_ledger(lines_of(ledger), key=KEY.verify)
    assert read.owner == EAST
    assert list(read.entries) == list(ledger.entries)
    assert read.head == ledger.head
    assert read.recipients_of_event(7) == ledger.recipients_of_event(7) == (JOINT,)


def test_an_empty_ledger_has_no_entry_and_a_known_head() -> None:
    assert read_ledger([], key=KEY.verify, owner=EAST).head == START


def test_a_changed_letter_is_found_in_its_line_and_the_good_part_kept() -> None:
    lines = lines_of(filled())
    for place in range(0, len(lines[5]) - 1, 7):
        damaged = lines[5][:place] + bytes([lines[5][place] ^ 1]) + lines[5][place + 1 :]
        with pytest.raises(DamagedLedgerError, match="line 6") as found:
            read_ledger([*lines[:5], damaged, *lines[6:]], key=KEY.verify)
        assert found.value.line_number == 6
        assert lines_of(found.value.ledger) == lines[:5]
        assert "go on from these" in str(found.value)


def test_lines_left_out_repeated_or_exchanged_are_found() -> None:
    lines = lines_of(filled())
    wrong = [
        [*lines[:3], *lines[4:]],
        [*lines[:4], *lines[3:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        lines[1:],
    ]
    for each, line_number in zip(wrong, (4, 5, 4, 1), strict=True):
        with pytest.raises(DamagedLedgerError, match=f"line {line_number}"):
            read_ledger(each, key=KEY.verify)


def test_a_whole_chain_made_anew_by_somebody_else_is_found() -> None:
    forged = Ledger(EAST)
    forged.note("person", {}, MADE_NS, key_of(WEST).sign)
    with pytest.raises(DamagedLedgerError, match="signature that does not fit"):
        read_ledger(lines_of(forged), key=KEY.verify)


def test_a_ledger_of_another_owner_is_refused() -> None:
    with pytest.raises(DamagedLedgerError, match="entries of 'west'"):
        read_ledger(lines_of(filled()), key=KEY.verify, owner=WEST)


def test_only_the_owners_decisions_are_entered() -> None:
    decision = decide(message(launch_report(), originator=WEST), JOINT, OPEN, MADE_NS)
    with pytest.raises(InvariantError, match="its owner's decisions"):
        Ledger(EAST).record(decision, KEY.sign)


def test_a_cancellation_reaches_whoever_had_the_original_and_nobody_else() -> None:
    ledger = Ledger(EAST)
    wide = policy(rule('share = ["launch report"]', recipients='["joint", "west"]'))
    assert entered(ledger, launch_report(), by=wide) is not None
    assert entered(ledger, launch_report(), by=wide, recipient="west") is not None
    assert entered(ledger, launch_report(), by=wide, recipient="south") is None
    withdrawn = policy("")
    cancellation = Cancellation(event=7, reason="no missile")
    assert ledger.recipients_of_event(7) == (JOINT, WEST)
    assert entered(ledger, cancellation, by=withdrawn) is not None
    assert entered(ledger, cancellation, by=withdrawn, recipient="west") is not None
    assert entered(ledger, cancellation, by=withdrawn, recipient="south") is None
    assert ledger.entries[-1].content["words"] == "south never had what this cancels"


def test_a_cancellation_of_another_event_does_not_go_on_the_strength_of_this_one() -> None:
    ledger = Ledger(EAST)
    entered(ledger, launch_report())
    assert entered(ledger, Cancellation(event=6, reason="")) is None


def test_a_message_over_the_limit_is_entered_as_such_and_does_not_leave() -> None:
    size = len(entered(Ledger(EAST), track_report()).envelope)  # type: ignore[union-attr]
    for limit, leaves in ((size, True), (size - 1, False)):
        ledger = Ledger(EAST, limits=Limits(envelope_bytes=limit))
        assert (entered(ledger, track_report()) is not None) is leaves
        assert (ledger.entries[-1].content["rule"] == "[over the limit]") is not leaves


def test_a_decision_cannot_be_turned_into_a_share_by_forgetting_its_message() -> None:
    decision = decide(message(detection_report()), WEST, OPEN, MADE_NS)
    assert decision.verdict is Verdict.WITHHOLD
    assert decision.message is None
    assert Ledger(EAST).record(decision, KEY.sign)[1] is None


def test_released_is_made_by_nobody_else_and_never_changes() -> None:
    with pytest.raises(InvariantError, match="other than the ledger"):
        Released(
            object(), recipient=WEST, envelope=b"x", entry_digest="", kind="track report", number=1
        )
    released = entered(Ledger(EAST), launch_report())
    assert released is not None
    with pytest.raises(AttributeError, match="never changes"):
        released.recipient = WEST


def test_a_snapshot_keeps_what_was_released() -> None:
    released = entered(Ledger(EAST), launch_report())
    kept = pickle.loads(pickle.dumps(released, protocol=5))
    assert released is not None
    for name in Released.__slots__:
        assert getattr(kept, name) == getattr(released, name)


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=4))
def test_garbage_is_refused_with_a_sentence(lines: list[bytes]) -> None:
    with pytest.raises(DamagedLedgerError, match="line 1"):
        read_ledger(lines, key=KEY.verify)


@given(
    st.dictionaries(
        st.sampled_from(["format", "owner", "number", "kind", "content", "x"]),
        st.none() | st.integers() | st.text(max_size=5),
    )
)
def test_garbage_that_is_json_is_refused_with_a_sentence(entry: dict[str, object]) -> None:
    with pytest.raises(DamagedLedgerError, match="line 1"):
        read_ledger([json.dumps(entry).encode()], key=KEY.verify)


def test_deep_nesting_and_endless_lines_are_refused_with_a_sentence() -> None:
    for line in (b"[" * 100_000, b'{"format":' * 50_000, b" " * 5_000_000):
        with pytest.raises(DamagedLedgerError, match="no entry"):
            read_ledger([line], key=KEY.verify)


@pytest.mark.parametrize("missing", ["words", "recipient", "kind", "event"])
def test_a_signed_decision_that_says_less_than_it_has_to_is_refused(missing: str) -> None:
    ledger = Ledger(EAST)
    entered(ledger, launch_report())
    content = {k: v for k, v in ledger.entries[0].content.items() if k != missing}
    short = Ledger(EAST)
    short.note("received", content, MADE_NS, KEY.sign)
    lines = [line.replace(b'"received"', b'"decision"') for line in lines_of(short)]
    chained, _, _ = lines[0].partition(b',"digest"')
    digest = hashlib.sha256(chained + b"}").digest()
    signature = base64.b64encode(KEY.sign(b"commonwatch ledger " + digest)).decode()
    line = b'%b,"digest":"%b","signature":"%b"}' % (
        chained,
        digest.hex().encode(),
        signature.encode(),
    )
    with pytest.raises(DamagedLedgerError, match="who, what and why"):
        read_ledger([line], key=KEY.verify)


def test_a_note_cannot_pass_for_a_decision() -> None:
    with pytest.raises(InvariantError, match="a note is no decision"):
        Ledger(EAST).note("decision", {}, MADE_NS, KEY.sign)  # type: ignore[arg-type]


def test_who_was_told_before_a_part_was_lost_is_known_from_the_note_on_it() -> None:
    """By the ledger that made the note, and by one that reads it."""
    ledger = filled()
    again = read_ledger(lines_of(ledger), key=KEY.verify)
    for each in (ledger, again):
        assert each.told == ((2, (WEST,)), (7, (JOINT,)))
    released = entered(again, Cancellation(event=2, reason="no missile"), recipient="west")
    assert released is not None
    assert entered(again, Cancellation(event=2, reason="no missile")) is None


@pytest.mark.parametrize("told", [None, 3, [[1]], [["1", ["west"]]], [[1, "west"]]])
def test_a_note_on_a_lost_part_that_does_not_say_who_was_told_is_refused(told: object) -> None:
    ledger = Ledger(EAST)
    content = {"words": "", "set_aside_count": 1, "told": told}
    ledger.note("received", content, MADE_NS, KEY.sign)
    line = ledger.entries[0].line.replace(b'"received"', b'"started"')
    with pytest.raises(DamagedLedgerError, match="who was told"):
        read_ledger([line], key=KEY.verify)
