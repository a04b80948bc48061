"""Every envelope of a world, opened once and by hand: JSON, base64 and a signature, nothing else.

Written apart from ``sharing.envelope``, which the checks judge.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

import msgspec

from commonwatch.identity import NationId
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.messages import Heartbeat, Message
from commonwatch.world.centres import Keyring


@dataclass(slots=True, eq=False)
class Envelopes:
    """Opens envelopes and remembers what was in them.

    Parameters
    ----------
    keyring
        All keys of the world.
    """

    keyring: Keyring
    _opened: dict[bytes, Message | Heartbeat | None] = field(default_factory=dict)

    def content(self, envelope: bytes) -> Message | Heartbeat | None:
        """Return what is in it; None where it is not in earnest, or not whole and signed."""
        if envelope not in self._opened:
            self._opened[envelope] = self._open(envelope)
        return self._opened[envelope]

    def message(self, envelope: bytes) -> Message | None:
        """Return the message in it; None where there is none."""
        content = self.content(envelope)
        return content if isinstance(content, Message) else None

    def _open(self, envelope: bytes) -> Message | Heartbeat | None:
        try:
            outer = json.loads(envelope)
            payload = base64.b64decode(outer["payload"], validate=True)
            signature = base64.b64decode(outer["signatures"][0]["sig"], validate=True)
            name = NationId(outer["signatures"][0]["keyid"].removeprefix("actual "))
            payload_type = outer["payloadType"]
            if set(outer) != {"payloadType", "payload", "signatures"}:
                return None
            head = f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode()
            if not self.keyring.key(name).verify(head + payload, signature):
                return None
            return _read(json.loads(payload), payload_type, name)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None


def _read(payload: object, payload_type: str, signer: NationId) -> Message | Heartbeat | None:
    if payload_type == "application/vnd.commonwatch.heartbeat+json":
        beat = msgspec.convert(payload, Heartbeat)
        return beat if beat.heartbeat == signer else None
    if payload_type != "application/vnd.commonwatch.actual+json":
        return None
    message = msgspec.convert(payload, Message)
    is_sound = message.originator == signer and message.purpose is Purpose.ACTUAL
    return message if is_sound else None
