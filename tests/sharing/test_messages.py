"""Every kind of message has a name, and that name only."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest

from commonwatch.sharing.messages import KINDS, Body, Heartbeat, Message, event_of, kind_of
from tests.sharing.build import BODIES, message


def test_every_kind_of_body_is_listed_and_built() -> None:
    assert set(BODIES) == set(KINDS)
    assert len(KINDS) == len(get_args(Body))


def test_the_kind_of_a_body_is_what_its_json_says() -> None:
    for kind, body in BODIES.items():
        assert msgspec.json.decode(msgspec.json.encode(body))["kind"] == kind == kind_of(body)


def test_every_message_reads_as_it_was_written() -> None:
    for body in BODIES.values():
        written = msgspec.json.encode(message(body))
        assert msgspec.json.decode(written, type=Message) == message(body)


@pytest.mark.parametrize("number", [10**400, -(10**30)])
@pytest.mark.parametrize(
    ("row", "key"), [("position_ecef_m", 0), ("velocity_ecef_mm_s", 2), ("pedigree", "after_ns")]
)
def test_a_number_that_no_machine_holds_is_no_message(
    row: str, key: int | str, number: int
) -> None:
    """JSON sets no bound to whole numbers; arrays of 64 bits do, and no reader may stop at one."""
    written = json.loads(msgspec.json.encode(message(BODIES["track report"])))
    place: Any = written["body"][row]
    (place[0] if isinstance(key, str) else place)[key] = number
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(written), type=Message)


def test_what_speaks_of_an_event_says_which() -> None:
    of_events = {kind: event_of(body) for kind, body in BODIES.items()}
    assert {kind: event for kind, event in of_events.items() if event is not None} == {
        "launch report": 7,
        "alert report": 8,
        "correction": 7,
        "cancellation": 7,
    }


def test_a_heartbeat_has_no_room_for_anything_that_an_alert_says() -> None:
    assert set(Heartbeat.__struct_fields__) == {"format", "heartbeat", "beat", "made_ns"}
