"""The signed form on the wire: one for each purpose, and one for heartbeats.

An envelope is DSSE: the payload as it was signed, its type, and signatures over both. The type
names the purpose, and the signature covers the type, so that nothing sealed for an exercise can be
opened as actual, whatever is written inside. Bytes are verified before they are read.

Reference: Secure Systems Lab, *DSSE: Dead Simple Signing Envelope*, protocol and envelope, version
1.0.2, 2024, https://github.com/secure-systems-lab/dsse.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from commonwatch.errors import InputError, InvariantError
from commonwatch.identity import NationId
from commonwatch.sharing.keys import Sign, Verify
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Heartbeat, Message, TestMessage

Reason: TypeAlias = Literal[
    "over the limit",
    "no envelope",
    "another purpose",
    "unknown originator",
    "wrong signature",
    "no message",
    "another originator",
    "mixed marks",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one envelope may hold."""

    envelope_bytes: int = 1_000_000


LIMITS: Final = Limits()

PAYLOAD_TYPES: Final[dict[Purpose, str]] = {
    purpose: f"application/vnd.commonwatch.{purpose}+json" for purpose in Purpose
}
HEARTBEAT_TYPE: Final = "application/vnd.commonwatch.heartbeat+json"

_PURPOSES: Final = {payload_type: purpose for purpose, payload_type in PAYLOAD_TYPES.items()}
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode
_DECODE_MESSAGE: Final = msgspec.json.Decoder(Message).decode
_DECODE_HEARTBEAT: Final = msgspec.json.Decoder(Heartbeat).decode


class Refused(InputError):  # noqa: N818  # an event of every day, no mistake of ours
    """An envelope that is not opened; ``reason`` is one of a few words, fit for counting.

    ``claimed`` is in whose name it came, which nothing proves; empty where no name can be read.
    """

    def __init__(self, reason: Reason, found: str, *, allowed: str, what_to_do: str = "") -> None:
        self.reason: Reason = reason
        self.claimed = NationId("")
        super().__init__(found, allowed=allowed, where="an envelope", what_to_do=what_to_do)


class TooLargeError(InputError):
    """A message that no envelope may hold."""


class _Signature(Struct, frozen=True, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Envelope(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    payload_type: str
    payload: str
    signatures: tuple[_Signature, ...]


_DECODE_ENVELOPE: Final = msgspec.json.Decoder(_Envelope).decode


def key_name(nation: NationId, purpose: Purpose) -> str:
    """Name the key of a nation for a purpose.

    Parameters
    ----------
    nation
        Whose key it is.
    purpose
        Actual, exercise or test data: each has a key of its own.
    """
    return f"{purpose} {nation}"


def seal(
    content: Message | Heartbeat, sign: Sign, key_name: str, *, limits: Limits = LIMITS
) -> bytes:
    """Put a message or heartbeat into a signed envelope.

    Parameters
    ----------
    content
        What is said.
    sign
        The originator's key for the message's purpose.
    key_name
        Its name, a hint for whoever verifies; see ``key_name``.
    limits
        How much an envelope may hold.

    Returns
    -------
    bytes
        The envelope, JSON. The same message and key give the same bytes.

    Raises
    ------
    TooLargeError
        The envelope would be over the limit.
    InvariantError
        The message breaks its own form, so that nobody could open it.
    """
    payload = _ENCODE(content)
    payload_type = HEARTBEAT_TYPE
    if isinstance(content, Message):
        payload_type = PAYLOAD_TYPES[content.purpose]
    _check_it_opens(payload, content)
    signature = b64encode(sign(_signed_bytes(payload_type, payload))).decode()
    envelope = _ENCODE(
        _Envelope(payload_type, b64encode(payload).decode(), (_Signature(key_name, signature),))
    )
    if len(envelope) > limits.envelope_bytes:
        raise TooLargeError(
            f"an envelope of {len(envelope)} bytes",
            allowed=f"at most {limits.envelope_bytes} bytes",
            what_to_do="Divide the message",
        )
    return envelope


def open_envelope(
    envelope: bytes,
    *,
    purpose: Purpose,
    key_of: Callable[[NationId], Verify | None],
    limits: Limits = LIMITS,
) -> Message | Heartbeat:
    """Verify an envelope and read what is in it.

    Parameters
    ----------
    envelope
        Bytes from anywhere.
    purpose
        The one purpose that is opened; heartbeats are opened beside it.
    key_of
        What verifies a nation's signatures for this purpose; None for an unknown nation.
    limits
        How much an envelope may hold.

    Raises
    ------
    Refused
        Nothing is to be believed; says why, and nothing of what is inside.
    """
    if len(envelope) > limits.envelope_bytes:
        raise Refused(
            "over the limit",
            f"{len(envelope)} bytes",
            allowed=f"at most {limits.envelope_bytes} bytes",
            what_to_do="The sender has to divide the message",
        )
    outer = _outer(envelope)
    try:
        return _opened(outer, purpose, key_of)
    except Refused as refused:
        refused.claimed = _claimed(outer)
        raise


def _opened(
    outer: _Envelope, purpose: Purpose, key_of: Callable[[NationId], Verify | None]
) -> Message | Heartbeat:
    if outer.payload_type not in (PAYLOAD_TYPES[purpose], HEARTBEAT_TYPE):
        other = _PURPOSES.get(outer.payload_type)
        raise Refused(
            "another purpose",
            f'a message marked "{other}"' if other else "content of an unknown type",
            allowed=f'messages marked "{purpose}", and heartbeats',
        )
    payload, key_holder = _verified(outer, purpose, key_of)
    return _read(payload, outer.payload_type, purpose, key_holder)


def _claimed(outer: _Envelope) -> NationId:
    """Read the name of a nation from that of a key, whatever its purpose."""
    name = outer.signatures[0].keyid if outer.signatures else ""
    purpose, _, nation = name.partition(" ")
    return NationId(nation if purpose in list(Purpose) else "")


def digest_of(content: Message | Heartbeat) -> str:
    """SHA-256 of a message as it would be signed, hexadecimal."""
    return hashlib.sha256(_ENCODE(content)).hexdigest()


def _signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Join type and payload so that neither can pass for part of the other (DSSE's PAE)."""
    head = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(head), head, len(payload), payload)


def _check_it_opens(payload: bytes, content: Message | Heartbeat) -> None:
    """Behind the policy stands this check, which must never fire."""
    decode = _DECODE_MESSAGE if isinstance(content, Message) else _DECODE_HEARTBEAT
    try:
        is_same = decode(payload) == content
    except msgspec.ValidationError as error:
        raise InvariantError(
            "broken invariant: a message is of its own form", where=str(error)
        ) from error
    if not is_same:
        raise InvariantError("broken invariant: a message reads as it was written")


def _outer(envelope: bytes) -> _Envelope:
    try:
        return _DECODE_ENVELOPE(envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(
            "no envelope",
            f"{len(envelope)} bytes that are no envelope",
            allowed="a DSSE envelope: JSON with payloadType, payload and signatures",
        ) from None


def _verified(
    outer: _Envelope, purpose: Purpose, key_of: Callable[[NationId], Verify | None]
) -> tuple[bytes, NationId]:
    """Return the payload, and who has signed it; a second signature is not looked at."""
    if not outer.signatures:
        raise Refused("wrong signature", "no signature", allowed="the originator's signature")
    first = outer.signatures[0]
    prefix = f"{purpose} "
    nation = NationId(first.keyid.removeprefix(prefix))
    verify = key_of(nation) if first.keyid.startswith(prefix) else None
    if verify is None:
        raise Refused(
            "unknown originator",
            "a signature by a key that is not known here for this purpose",
            allowed=f'keys of known nations for "{purpose}"',
            what_to_do="Exchange keys with the nation first",
        )
    try:
        payload = binascii.a2b_base64(outer.payload, strict_mode=True)
        signature = binascii.a2b_base64(first.sig, strict_mode=True)
    except ValueError:
        raise Refused("no envelope", "a payload that is no base64", allowed="base64") from None
    if not verify(_signed_bytes(outer.payload_type, payload), signature):
        raise Refused(
            "wrong signature",
            "a signature that does not fit what was signed",
            allowed="the originator's signature of exactly these bytes",
        )
    return payload, nation


def _read(
    payload: bytes, payload_type: str, purpose: Purpose, key_holder: NationId
) -> Message | Heartbeat:
    """Read a payload whose signature is good: what is inside must say the same as outside."""
    content: Message | Heartbeat
    try:
        if payload_type == HEARTBEAT_TYPE:
            content = _DECODE_HEARTBEAT(payload)
        else:
            content = _DECODE_MESSAGE(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(
            "no message",
            "signed bytes that are no message of a known form",
            allowed="messages of format 1",
            what_to_do="One of the two centres is of another version",
        ) from None
    said_by = content.originator if isinstance(content, Message) else content.heartbeat
    if said_by != key_holder:
        raise Refused(
            "another originator",
            "a message of one nation under the signature of another",
            allowed="a nation's own messages",
        )
    if isinstance(content, Message):
        if content.purpose is not purpose:
            raise Refused(
                "mixed marks",
                "a message marked otherwise inside than outside",
                allowed=f'"{purpose}" in both places',
            )
        if isinstance(content.body, TestMessage) and purpose is Purpose.ACTUAL:
            raise Refused(
                "mixed marks", "a test message marked actual", allowed="test messages marked so"
            )
    return content
