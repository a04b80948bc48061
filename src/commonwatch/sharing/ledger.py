"""The record of every decision, chained and signed; the only maker of ``Released``.

Each entry holds the digest of the one before it, so that nothing can be changed, left out or put in
between afterwards without the chain saying where. A message that may go is sealed here, once its
entry stands, and nowhere else.

An entry is one line of JSON. Its digest is SHA-256 over the entry without digest and signature, as
this module writes it: keys of the content sorted, no spaces. The signature is over
``commonwatch ledger`` and the digest.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from commonwatch.errors import InputError, invariant
from commonwatch.identity import NationId
from commonwatch.sharing.envelope import LIMITS, Limits, TooLargeError, key_name, seal
from commonwatch.sharing.keys import Sign, Verify
from commonwatch.sharing.marking import Purpose
from commonwatch.sharing.policy import Decision, Verdict
from commonwatch.sharing.released import BY_THE_LEDGER, Released

FORMAT: Final = 1
START: Final = "0" * 64
"""What stands for the digest before the first entry."""
LINE_BYTES_MAX: Final = 4_000_000

NoteKind: TypeAlias = Literal[
    "received", "alert", "notice", "person", "refused", "started", "contributor", "sensor",
    "description", "partner", "answer", "clock",
]  # fmt: skip
EntryKind: TypeAlias = Literal[
    "decision", "received", "alert", "notice", "person", "refused", "started", "contributor",
    "sensor", "description", "partner", "answer", "clock",
]  # fmt: skip
Told: TypeAlias = tuple[tuple[int, tuple[NationId, ...]], ...]
"""Own events, and who was told of each, or may have been."""

_SIGNED_FOR: Final = b"commonwatch ledger "
_EVENT_KINDS: Final = frozenset({"launch report", "alert report", "correction"})
_UNREADABLE: Final = ("a line that is no entry", "a line of JSON as a ledger writes it")
_ENCODE: Final = msgspec.json.Encoder(order="deterministic").encode


class _Chained(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the digest of an entry is over."""

    format: Literal[1]
    owner: NationId
    number: int
    previous: str
    time_ns: int
    kind: EntryKind
    content: dict[str, Any]


class _Outcome(Struct, frozen=True):
    """What becomes of a decision once the ledger has looked at it."""

    verdict: Verdict
    rule: str
    words: str
    envelope: bytes | None


class _Decided(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry holds of a decision."""

    kind: str
    number: int
    purpose: Purpose
    recipient: NationId
    rule: str
    verdict: Verdict
    words: str
    event: int | None = None
    due_ns: int | None = None
    envelope_sha256: str | None = None


class _Started(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry holds of a start from less than everything."""

    words: str
    set_aside_count: int
    told: Told


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry.

    Attributes
    ----------
    format, owner
        Version of the form; whose ledger.
    number
        From 0, without a gap.
    previous, digest
        Digests of the entry before and of this one, hexadecimal.
    time_ns
        When it was made.
    kind
        "decision", or what was noted.
    content
        What happened: of a decision, to whom what went by which rule, or did not.
    signature
        By the owner, over the digest, base64.
    """

    format: Literal[1] = FORMAT
    owner: NationId
    number: int
    previous: str
    time_ns: int
    kind: EntryKind
    content: dict[str, Any]
    digest: str
    signature: str

    @property
    def line(self) -> bytes:
        """The entry as a line of a file, with its end."""
        return _ENCODE(self) + b"\n"


_DECODE: Final = msgspec.json.Decoder(Entry).decode


class DamagedLedgerError(InputError):
    """A ledger that does not hold together; ``ledger`` is the good part before the damage.

    Parameters
    ----------
    line_number
        The first bad line, from 1.
    ledger
        What stands before it.
    """

    def __init__(self, found: str, *, allowed: str, line_number: int, ledger: Ledger) -> None:
        self.line_number = line_number
        self.ledger = ledger
        super().__init__(
            found,
            allowed=allowed,
            where=f"the ledger of {ledger.owner or 'nobody'}, line {line_number}",
            what_to_do=f"The {len(ledger.entries)} entries before it are good: go on from these, "
            "and ask partners for what they have of the rest",
        )


class Ledger:
    """A centre's own record; entries are only ever added.

    Parameters
    ----------
    owner
        Whose.
    limits
        How much an envelope may hold.
    """

    def __init__(self, owner: NationId, *, limits: Limits = LIMITS) -> None:
        self.owner = owner
        self.limits = limits
        self._entries: list[Entry] = []
        self._recipients: dict[int, set[NationId]] = {}

    @property
    def entries(self) -> Sequence[Entry]:
        """All entries in order."""
        return self._entries

    @property
    def head(self) -> str:
        """Digest of the last entry: who knows it knows all that went before."""
        return self._entries[-1].digest if self._entries else START

    def record(self, decision: Decision, sign: Sign) -> tuple[Entry, Released | None]:
        """Enter a decision; where it is to share, seal the message and let it go.

        Parameters
        ----------
        decision
            By ``policy.decide``.
        sign
            The owner's key for the purpose of the message.

        Returns
        -------
        entry, released
            The entry, to be durable before anything leaves; what may leave, or None. A
            cancellation for someone who never had the event does not leave, nor does a message
            over the limit: the entry then says so in place of the decision.
        """
        invariant(
            decision.originator == self.owner,
            "a ledger records its owner's decisions",
            owner=self.owner,
            originator=decision.originator,
        )
        outcome = self._outcome(decision, sign)
        content: dict[str, Any] = {
            "kind": decision.kind,
            "number": decision.number,
            "purpose": decision.purpose,
            "recipient": decision.recipient,
            "rule": outcome.rule,
            "verdict": outcome.verdict,
            "words": outcome.words,
        }
        if decision.event is not None:
            content["event"] = decision.event
        if outcome.verdict is Verdict.LATER:
            content["due_ns"] = decision.due_ns
        if outcome.envelope is not None:
            content["envelope_sha256"] = hashlib.sha256(outcome.envelope).hexdigest()
        entry = self._append("decision", content, decision.decided_ns, sign)
        if outcome.envelope is None:
            return entry, None
        released = Released(
            BY_THE_LEDGER,
            recipient=decision.recipient,
            envelope=outcome.envelope,
            entry_digest=entry.digest,
            kind=decision.kind,
            number=decision.number,
        )
        return entry, released

    def note(self, kind: NoteKind, content: dict[str, Any], now_ns: int, sign: Sign) -> Entry:
        """Enter something that happened; nothing leaves by it.

        Parameters
        ----------
        kind
            What: a "decision" is none.
        content
            What is to be remembered of it: what JSON can hold.
        now_ns
            When.
        sign
            The owner's key.
        """
        invariant(kind in get_args(NoteKind), "a note is no decision", kind=kind)
        return self._append(kind, content, now_ns, sign)

    def has_recipient(self, event: int | None, recipient: NationId) -> bool:
        """Say whether a recipient was told of an own event.

        Parameters
        ----------
        event
            The owner's number of it; None is known to nobody.
        recipient
            A nation, or the joint centre.
        """
        return event is not None and recipient in self._recipients.get(event, ())

    @property
    def told(self) -> Told:
        """Every own event that anyone was told of, and who; in order."""
        return tuple((event, self.recipients_of_event(event)) for event in sorted(self._recipients))

    def remember(self, told: Told) -> None:
        """Take in who was told of what, where the entries that said so are lost."""
        for event, recipients in told:
            if recipients:
                self._recipients.setdefault(event, set()).update(recipients)

    def recipients_of_event(self, event: int) -> tuple[NationId, ...]:
        """Return everyone who was told of an own event, sorted: as far as its cancellation goes."""
        return tuple(sorted(self._recipients.get(event, ())))

    def _outcome(self, decision: Decision, sign: Sign) -> _Outcome:
        """Seal what may go; find what stands against it that only the ledger knows."""
        spoken = decision.message or decision.heartbeat
        if spoken is None:
            return _Outcome(decision.verdict, decision.rule, decision.words, None)
        is_cancellation = decision.kind == "cancellation"
        if is_cancellation and not self.has_recipient(decision.event, decision.recipient):
            words = f"{decision.recipient} never had what this cancels"
            return _Outcome(Verdict.WITHHOLD, "[cancellation]", words, None)
        name = key_name(self.owner, decision.purpose)
        try:
            envelope = seal(spoken, sign, name, limits=self.limits)
        except TooLargeError as error:
            return _Outcome(Verdict.WITHHOLD, "[over the limit]", error.found, None)
        return _Outcome(decision.verdict, decision.rule, decision.words, envelope)

    def _append(self, kind: EntryKind, content: dict[str, Any], time_ns: int, sign: Sign) -> Entry:
        chained = _Chained(
            format=FORMAT,
            owner=self.owner,
            number=len(self._entries),
            previous=self.head,
            time_ns=time_ns,
            kind=kind,
            content=content,
        )
        digest = hashlib.sha256(_ENCODE(chained)).digest()
        entry = Entry(
            owner=self.owner,
            number=chained.number,
            previous=chained.previous,
            time_ns=time_ns,
            kind=kind,
            content=content,
            digest=digest.hex(),
            signature=b64encode(sign(_SIGNED_FOR + digest)).decode(),
        )
        self._take(entry)
        return entry

    def _take(self, entry: Entry) -> None:
        self._entries.append(entry)
        content = entry.content
        is_shared = entry.kind == "decision" and "envelope_sha256" in content
        if is_shared and content["kind"] in _EVENT_KINDS:
            self._recipients.setdefault(content["event"], set()).add(content["recipient"])
        elif entry.kind == "started":
            self.remember(content["told"])


def read_ledger(
    lines: Iterable[bytes],
    *,
    key: Verify,
    owner: NationId | None = None,
    limits: Limits = LIMITS,
) -> Ledger:
    """Read a ledger and verify every digest, number and signature.

    Parameters
    ----------
    lines
        Lines of a file, one an entry.
    key
        What verifies the owner's signatures.
    owner
        Whose it has to be; None: whoever the first line names.
    limits
        How much an envelope may hold.

    Raises
    ------
    DamagedLedgerError
        A line is damaged, missing, added or by somebody else; its ``ledger`` keeps the good part.
    """
    ledger = Ledger(owner or NationId(""), limits=limits)
    for line_number, line in enumerate(lines, 1):
        entry = _entry_of(line)
        if entry is not None and not ledger.owner and owner is None:
            ledger.owner = entry.owner
        fault = _fault(entry, ledger) or _forgery(entry, key)
        if fault is not None or entry is None:
            found, allowed = fault or _UNREADABLE
            raise DamagedLedgerError(found, allowed=allowed, line_number=line_number, ledger=ledger)
        ledger._take(entry)
    return ledger


def _entry_of(line: bytes) -> Entry | None:
    if len(line) > LINE_BYTES_MAX:
        return None
    try:
        return _DECODE(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _fault(entry: Entry | None, ledger: Ledger) -> tuple[str, str] | None:
    """Say where an entry does not follow from those before it."""
    count = len(ledger.entries)
    if entry is None:
        return _UNREADABLE
    if entry.owner != ledger.owner:
        return f"an entry of {entry.owner!r}", f"entries of {ledger.owner!r}"
    if entry.number != count:
        return f"entry {entry.number}", f"entry {count}: none is left out or repeated"
    if entry.previous != ledger.head:
        return "an entry that follows another than the one before it", "the digest of that one"
    shortcoming = _shortcoming(entry)
    return (shortcoming, "entries as a ledger writes them") if shortcoming else None


_FORMS: Final[dict[str, tuple[type[_Decided | _Started], str]]] = {
    "decision": (_Decided, "a decision that does not say who, what and why"),
    "started": (_Started, "a note on a lost part that does not say why, and who was told"),
}


def _shortcoming(entry: Entry) -> str:
    """Say what an entry lacks; empty where nothing."""
    if entry.kind not in _FORMS:
        return ""
    form, words = _FORMS[entry.kind]
    try:
        said = msgspec.convert(entry.content, form)
    except msgspec.ValidationError:
        return words
    is_short = isinstance(said, _Decided) and said.kind in _EVENT_KINDS and said.event is None
    return words if is_short else ""


def _forgery(entry: Entry | None, key: Verify) -> tuple[str, str] | None:
    """Say where an entry is not as its owner signed it."""
    if entry is None:
        return _UNREADABLE
    chained = _Chained(**{name: getattr(entry, name) for name in _Chained.__struct_fields__})
    digest = hashlib.sha256(_ENCODE(chained)).digest()
    if entry.digest != digest.hex():
        return "an entry that does not fit its own digest", "entries as they were written"
    try:
        signature = a2b_base64(entry.signature, strict_mode=True)
    except ValueError:
        return "a signature that is no base64", "the owner's signature"
    if not key(_SIGNED_FOR + digest, signature):
        return "a signature that does not fit", "the owner's signature"
    return None
