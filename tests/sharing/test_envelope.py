"""Envelopes: exactly what was signed, for one purpose, by whom it says; nothing else opens."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.errors import InvariantError
from commonwatch.identity import NationId
from commonwatch.sharing.envelope import (
    HEARTBEAT_TYPE,
    PAYLOAD_TYPES,
    Limits,
    Refused,
    TooLargeError,
    key_name,
    open_envelope,
    seal,
)
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Body, Heartbeat, Message
from commonwatch.sharing.messages import TestMessage as Trial
from tests.sharing.build import (
    BODIES,
    EAST,
    MADE_NS,
    WEST,
    key_of,
    launch_report,
    message,
    track_report,
)

Verifying = dict[NationId, Verify]


def verifying(purpose: Purpose = Purpose.ACTUAL) -> Any:
    keys: Verifying = {nation: key_of(nation, purpose).verify for nation in (EAST, WEST)}
    return keys.get


def sealed(content: Message | Heartbeat, purpose: Purpose = Purpose.ACTUAL) -> bytes:
    return seal(content, key_of(EAST, purpose).sign, key_name(EAST, purpose))


def opened(envelope: bytes, purpose: Purpose = Purpose.ACTUAL) -> Message | Heartbeat:
    return open_envelope(envelope, purpose=purpose, key_of=verifying(purpose))


def reason_for(envelope: bytes, purpose: Purpose = Purpose.ACTUAL) -> str:
    with pytest.raises(Refused) as refused:
        opened(envelope, purpose)
    assert str(refused.value).count("\n") >= 1, "found, and what is allowed"
    return refused.value.reason


def forged(payload: bytes, payload_type: str, keyid: str, nation: NationId = EAST) -> bytes:
    """Make an envelope by the letter of DSSE, with a good signature, of anything."""
    head = payload_type.encode()
    signed = b" ".join(
        [b"DSSEv1", str(len(head)).encode(), head, str(len(payload)).encode(), payload]
    )
    signature = key_of(nation).sign(signed)
    return json.dumps(
        {
            "payloadType": payload_type,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
        }
    ).encode()


def test_every_message_is_opened_as_it_was_sealed_for_every_purpose() -> None:
    for body, purpose in itertools.product(BODIES.values(), Purpose):
        if isinstance(body, Trial) and purpose is Purpose.ACTUAL:
            continue
        said = message(body, purpose=purpose)
        assert opened(sealed(said, purpose), purpose) == said


def test_an_envelope_is_what_the_letter_of_dsse_asks_for() -> None:
    said = message(launch_report())
    payload = base64.b64decode(json.loads(sealed(said))["payload"])
    other = forged(payload, PAYLOAD_TYPES[Purpose.ACTUAL], "actual east")
    assert json.loads(sealed(said)) == json.loads(other)


def test_the_same_message_gives_the_same_bytes() -> None:
    assert sealed(message(track_report())) == sealed(message(track_report()))


def test_no_mark_ever_opens_as_another() -> None:
    for sealed_for, asked in itertools.permutations(Purpose, 2):
        envelope = sealed(message(launch_report(), purpose=sealed_for), sealed_for)
        assert reason_for(envelope, asked) == "another purpose"


def test_an_exercise_relabelled_as_actual_does_not_open() -> None:
    said = message(launch_report(), purpose=Purpose.EXERCISE)
    outer = json.loads(sealed(said, Purpose.EXERCISE))
    outer["payloadType"] = PAYLOAD_TYPES[Purpose.ACTUAL]
    assert reason_for(json.dumps(outer).encode()) == "unknown originator"
    outer["signatures"][0]["keyid"] = "actual east"
    assert reason_for(json.dumps(outer).encode()) == "wrong signature"


def test_marks_inside_and_outside_have_to_agree_even_under_a_good_signature() -> None:
    payload = msgspec.json.encode(message(launch_report(), purpose=Purpose.EXERCISE))
    envelope = forged(payload, PAYLOAD_TYPES[Purpose.ACTUAL], "actual east")
    assert reason_for(envelope) == "mixed marks"


def test_a_test_message_marked_actual_does_not_open() -> None:
    payload = msgspec.json.encode(message(Trial(text="test")))
    envelope = forged(payload, PAYLOAD_TYPES[Purpose.ACTUAL], "actual east")
    assert reason_for(envelope) == "mixed marks"


def test_a_heartbeat_is_opened_as_a_heartbeat_and_never_as_a_message() -> None:
    beat = Heartbeat(heartbeat=EAST, beat=4, made_ns=MADE_NS)
    assert opened(sealed(beat)) == beat
    as_message = forged(msgspec.json.encode(beat), PAYLOAD_TYPES[Purpose.ACTUAL], "actual east")
    assert reason_for(as_message) == "no message"


def test_a_message_is_never_opened_as_a_heartbeat() -> None:
    payload = msgspec.json.encode(message(launch_report()))
    assert reason_for(forged(payload, HEARTBEAT_TYPE, "actual east")) == "no message"


def test_who_signs_for_another_is_refused() -> None:
    payload = msgspec.json.encode(message(launch_report(), originator=EAST))
    envelope = forged(payload, PAYLOAD_TYPES[Purpose.ACTUAL], "actual west", WEST)
    assert reason_for(envelope) == "another originator"


def test_an_unknown_originator_is_refused() -> None:
    payload = msgspec.json.encode(message(launch_report(), originator=NationId("north")))
    envelope = forged(payload, PAYLOAD_TYPES[Purpose.ACTUAL], "actual north")
    assert reason_for(envelope) == "unknown originator"


def test_a_changed_letter_anywhere_is_refused() -> None:
    envelope = sealed(message(launch_report()))
    for place in range(len(envelope)):
        changed = envelope[:place] + bytes([envelope[place] ^ 1]) + envelope[place + 1 :]
        with pytest.raises(Refused):
            opened(changed)


def test_an_envelope_opens_at_the_limit_and_not_one_byte_past_it() -> None:
    said = message(launch_report())
    size = len(sealed(said))
    for limit, is_allowed in ((size, True), (size - 1, False)):
        limits = Limits(envelope_bytes=limit)
        key, name = key_of(EAST), key_name(EAST, Purpose.ACTUAL)
        if is_allowed:
            envelope = seal(said, key.sign, name, limits=limits)
            assert open_envelope(
                envelope, purpose=Purpose.ACTUAL, key_of=verifying(), limits=limits
            )
        else:
            with pytest.raises(TooLargeError, match=f"{size} bytes"):
                seal(said, key.sign, name, limits=limits)
            with pytest.raises(Refused, match=f"{size} bytes") as refused:
                open_envelope(
                    sealed(said), purpose=Purpose.ACTUAL, key_of=verifying(), limits=limits
                )
            assert refused.value.reason == "over the limit"


def test_a_message_that_breaks_its_own_form_is_never_sealed() -> None:
    broken: list[Body] = [
        msgspec.structs.replace(track_report(), covariance=(float("nan"),) * 21),
        msgspec.structs.replace(launch_report(), azimuth_deg=float("nan")),
        msgspec.structs.replace(launch_report(), event=-1),
        msgspec.structs.replace(track_report(), pedigree=()),
    ]
    for body in broken[:3]:
        with pytest.raises(InvariantError):
            sealed(message(body))
    assert opened(sealed(message(broken[3]))) == message(broken[3])


def test_a_refusal_shows_nothing_of_what_is_inside() -> None:
    payload = msgspec.json.encode({"secret": "Pechora sees it"})
    for payload_type in (*PAYLOAD_TYPES.values(), HEARTBEAT_TYPE, "Pechora/type"):
        with pytest.raises(Refused) as refused:
            opened(forged(payload, payload_type, "actual east"))
        assert "Pechora" not in str(refused.value)
        assert refused.value.__cause__ is None


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(Refused):
        opened(garbage)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), st.lists))
def test_garbage_that_is_json_is_refused_and_nothing_else(garbage: object) -> None:
    with pytest.raises(Refused):
        opened(json.dumps(garbage).encode())


@given(
    st.builds(
        lambda payload, payload_type, keyid, sig: json.dumps(
            {
                "payloadType": payload_type,
                "payload": payload,
                "signatures": [{"keyid": keyid, "sig": sig}],
            }
        ).encode(),
        st.text(max_size=20) | st.binary(max_size=20).map(lambda b: base64.b64encode(b).decode()),
        st.sampled_from([*PAYLOAD_TYPES.values(), HEARTBEAT_TYPE]) | st.text(max_size=9),
        st.sampled_from(["actual east", "actual north", "east"]) | st.text(max_size=9),
        st.text(max_size=20) | st.binary(max_size=64).map(lambda b: base64.b64encode(b).decode()),
    )
)
def test_envelopes_with_garbage_in_them_are_refused_and_nothing_else(envelope: bytes) -> None:
    with pytest.raises(Refused):
        opened(envelope)


@given(st.binary(max_size=200))
def test_signed_garbage_is_refused_and_nothing_else(payload: bytes) -> None:
    for payload_type in (PAYLOAD_TYPES[Purpose.ACTUAL], HEARTBEAT_TYPE):
        assert reason_for(forged(payload, payload_type, "actual east")) == "no message"


def test_deep_nesting_is_refused_and_nothing_else() -> None:
    deep = b"[" * 100_000
    assert reason_for(deep) == "no envelope"
    assert reason_for(forged(deep, PAYLOAD_TYPES[Purpose.ACTUAL], "actual east")) == "no message"
