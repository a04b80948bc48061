"""The machine that a centre runs on: its disk, its clock, what waits; it may fail.

On the disk are the ledger, each entry durable before the next effect is carried out; a snapshot of
the memory, each ``SNAPSHOT_S``; and a journal of the events of each step since. A crash stops the
machine in the middle of a step, after some first part of its effects, and may tear the last line
of the ledger; what had arrived and not been taken in is lost. On restart the steps of the journal
are taken again from the snapshot: a centre is a function of its events, so that it comes to the
same memory and the same entries, and what it had not carried out yet is carried out now. Where the
journal is lost too (crash and *forget*), it goes on from the snapshot and the whole ledger.

================  ==========================================================  =======
figure            source                                                      mark
================  ==========================================================  =======
``SNAPSHOT_S``    often enough that the journal stays short                   assumed
================  ==========================================================  =======
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from commonwatch.centre.core import Centre
from commonwatch.centre.effects import Effect, Record
from commonwatch.centre.events import Event, PersonDecided, Tick
from commonwatch.identity import NationId
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.ledger import DamagedLedgerError, Entry, read_ledger
from commonwatch.units import NS_PER_S
from commonwatch.world.clock import TICK_NS, Clock

SNAPSHOT_S: Final = 10
SNAPSHOT_NS: Final = SNAPSHOT_S * NS_PER_S


StartCentre = Callable[[bytes | None, Sequence[bytes]], Centre]
"""Makes a centre from a snapshot and the lines of its ledger; of None and none, a new one."""


@dataclass(slots=True, kw_only=True, eq=False)
class Life:
    """What a centre lived through without forgetting anything, for replay.

    Parameters
    ----------
    snapshot, lines
        What it started from: None and no lines for a first start.
    steps
        Time on its own clock and events of each step, in order.
    """

    snapshot: bytes | None
    lines: tuple[bytes, ...]
    steps: list[tuple[int, tuple[Event, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Saved:
    """A snapshot, and how many lines and steps there were by then."""

    snapshot: bytes
    line_count: int
    step_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """How a machine fails.

    Parameters
    ----------
    share
        Of the step's effects that are carried out before it stops.
    is_torn
        Whether the last line of the ledger is torn, where nothing was sent on the strength of it.
    forgets
        Whether the journal is lost.
    """

    share: float
    is_torn: bool
    forgets: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Host:
    """One centre and its machine.

    Parameters
    ----------
    name
        The centre's name.
    start
        Makes the centre.
    crashes_ns
        When it is going to fail: snapshots that nobody will ask for are not made.
    """

    name: NationId
    start: StartCentre
    crashes_ns: tuple[int, ...] = ()
    clock: Clock = field(default_factory=Clock)
    inbox: list[Event] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    centre: Centre | None = None
    _saved: _Saved | None = None
    _stepped_ns: int = -1
    _failing: Crash | None = None
    _forgets: bool = False

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self.centre is not None

    def restart(self) -> tuple[Effect, ...]:
        """Start, or start again from the disk; return what is still to be carried out."""
        if self.centre is not None:
            return ()
        saved = self._saved
        if saved is None:
            self.lives.append(Life(snapshot=None, lines=()))
            self.centre = self.start(None, ())
            self._save()
            return ()
        is_whole = self._forgets
        lines = self.lines if is_whole else self.lines[: saved.line_count]
        self.centre = self.start(saved.snapshot, lines)
        kept = len(self.centre.ledger.entries)
        if is_whole:
            self.lives.append(Life(snapshot=saved.snapshot, lines=tuple(self.lines)))
            del self.lines[kept:]  # a damaged end is set aside
            self._forgets = False
            self._save()
            return ()
        if kept < len(lines):
            del self.lines[kept:]
        return self._again(self.centre, self.lives[-1].steps[saved.step_count :], kept)

    def _again(
        self, centre: Centre, journal: Sequence[tuple[int, tuple[Event, ...]]], kept: int
    ) -> tuple[Effect, ...]:
        """Take the journal's steps again; return the effects that lie behind the ledger's end."""
        effects = [effect for now_ns, events in journal for effect in centre.step(events, now_ns)]
        done = len(self.lines) - kept
        places = [k for k, effect in enumerate(effects) if isinstance(effect, Record)]
        first = 0 if done <= 0 else places[done - 1] + 1
        late = tuple(effects[first:])
        self._write(late)
        return late

    def fail(self, crash: Crash) -> None:
        """Have the step of this tick be stopped in its middle."""
        if self.centre is not None:
            self._failing = crash

    def wants_step(self, true_ns: int) -> bool:
        """Whether there is anything to do at a tick."""
        if self.centre is None:
            return False
        if self.inbox:
            return True
        now_ns = self.clock.reading_ns(true_ns)
        if now_ns <= self._stepped_ns:
            return False
        due_ns = self.centre.next_due_ns()
        return due_ns is not None and due_ns <= now_ns

    def step(self, true_ns: int) -> tuple[Effect, ...]:
        """Take a step; return the effects that are carried out: all of them, unless it fails."""
        centre = self.centre
        if centre is None:
            return ()
        now_ns = self.clock.reading_ns(true_ns)
        self._stepped_ns = max(self._stepped_ns, now_ns)
        events = tuple(self.inbox) or (Tick(),)
        self.inbox.clear()
        self.lives[-1].steps.append((now_ns, events))
        effects = centre.step(events, now_ns)
        if self._failing is not None:
            effects = effects[: int(self._failing.share * (len(effects) + 1))]
        self._write(effects)
        return effects

    def end_tick(self, true_ns: int, last: Effect | None) -> None:
        """Fail if it is time to; else take a snapshot if one is wanted."""
        if self.centre is None:
            return
        if self._failing is not None:
            if self._failing.is_torn and isinstance(last, Record):
                torn = self.lines.pop()
                if self._failing.forgets:
                    self.lines.append(torn[: len(torn) // 2])
            self._forgets = self._failing.forgets
            self.inbox = [each for each in self.inbox if isinstance(each, PersonDecided)]
            self.centre, self._failing = None, None
        elif self.crashes_ns and true_ns % SNAPSHOT_NS == 0 and self._is_wanted(true_ns):
            self._save()

    def end(self) -> tuple[Entry, ...]:
        """End with the world; return the ledger."""
        if self.centre is None:
            return tuple(msgspec.json.decode(line, type=Entry) for line in self.lines)
        return tuple(self.centre.ledger.entries)

    def _write(self, effects: Sequence[Effect]) -> None:
        if self.crashes_ns:
            self.lines += [e.entry.line for e in effects if isinstance(e, Record)]

    def _save(self) -> None:
        if self.crashes_ns and self.centre is not None:
            snapshot = self.centre.snapshot()
            self._saved = _Saved(snapshot, len(self.lines), len(self.lives[-1].steps))

    def _is_wanted(self, true_ns: int) -> bool:
        return any(true_ns <= at_ns < true_ns + SNAPSHOT_NS + TICK_NS for at_ns in self.crashes_ns)


def go_on(centre: Centre, snapshot: bytes, lines: Sequence[bytes], key: Verify) -> None:
    """Have a new centre go on from a snapshot and from what is good of its ledger."""
    numbers_from = 0
    try:
        ledger = read_ledger(lines, key=key, owner=centre.configuration.nation)
    except DamagedLedgerError as damaged:
        # Each number that left has a line of its own.
        ledger, numbers_from = damaged.ledger, len(lines)
    centre.restore(snapshot, ledger, numbers_from=numbers_from)
