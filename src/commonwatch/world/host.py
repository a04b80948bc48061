"""The machine that a centre runs on: its disk, its clock, what waits; it may fail.

On the disk are the ledger, each entry durable before the next effect is carried out; a snapshot of
the memory, each ``SNAPSHOT_S``; and a journal of the events of each step since. A crash stops the
machine in the middle of a step, after some first part of its effects, and may tear the last line
of the ledger; what had arrived and not been taken in is lost. On restart the steps of the journal
are taken again from the snapshot: a centre is a function of its events, so that it comes to the
same memory and the same entries, and what it had not carried out yet is carried out now. Where the
journal is lost too (crash and *forget*), it goes on from the snapshot and the whole ledger. What is
damaged of the ledger is set aside with all that follows, and the centre is told so.

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
from commonwatch.centre.events import Event, PersonDecided, Restarted, Tick
from commonwatch.identity import NationId
from commonwatch.sharing.keys import Verify
from commonwatch.sharing.ledger import DamagedLedgerError, Entry, read_ledger
from commonwatch.units import NS_PER_S
from commonwatch.world.clock import TICK_NS, Clock

SNAPSHOT_S: Final = 10
SNAPSHOT_NS: Final = SNAPSHOT_S * NS_PER_S


StartCentre = Callable[[bytes | None, Sequence[bytes], int], tuple[Centre, str]]
"""Makes a centre as ``go_on`` does, and says what is damaged; of None and no lines, a new one."""


@dataclass(slots=True, kw_only=True, eq=False)
class Life:
    """What a centre lived through without forgetting anything, for replay.

    Parameters
    ----------
    snapshot, lines, numbers_from
        What it started from, as ``go_on`` has it: None and no lines for a first start.
    steps
        Time on its own clock and events of each step, in order.
    """

    snapshot: bytes | None
    lines: tuple[bytes, ...]
    numbers_from: int = 0
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
            self.centre, _ = self.start(None, (), 0)
            self._save()
            return ()
        forgets, self._forgets = self._forgets, False
        begun = len(self.lines) if forgets else saved.line_count
        journal = [] if forgets else self.lives[-1].steps[saved.step_count :]
        lines, written = tuple(self.lines[:begun]), self.lines[begun:]
        numbers_from = begun if forgets else 0
        self.centre, damage = self.start(saved.snapshot, lines, numbers_from)
        kept = len(self.centre.ledger.entries)
        set_aside_count = begun - kept
        if forgets or damage:
            if not forgets:
                del self.lives[-1].steps[saved.step_count :]
            life = Life(
                snapshot=saved.snapshot, lines=lines, numbers_from=numbers_from, steps=journal
            )
            self.lives.append(life)
        del self.lines[kept:]
        late = self._again(self.centre, journal, len(written))
        if self.lines[kept : kept + len(written)] != written and not damage:
            damage = "a line of the ledger had changed, and the journal has made it anew"
        if forgets or damage:
            self._save()
        if damage:
            # An entry is durable before anything leaves by it: nothing left by one without its end.
            is_torn = set_aside_count == 1 and not lines[-1].endswith(b"\n")
            is_in_doubt = forgets and not is_torn
            self.inbox.append(
                Restarted(words=damage, set_aside_count=set_aside_count, is_in_doubt=is_in_doubt)
            )
        return late

    def _again(
        self, centre: Centre, journal: Sequence[tuple[int, tuple[Event, ...]]], done: int
    ) -> tuple[Effect, ...]:
        """Take the journal's steps again; return what lies behind the first entries, as many."""
        effects = [effect for now_ns, events in journal for effect in centre.step(events, now_ns)]
        places = [k for k, effect in enumerate(effects) if isinstance(effect, Record)]
        self._write(effects)
        return tuple(effects[0 if done <= 0 else places[done - 1] + 1 :])

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
        """Fail if it is time to; else take a snapshot if one is wanted.

        Parameters
        ----------
        true_ns
            True time, UTC since 1970.
        last
            The last effect of the tick, which a crash may tear while it is written; None without
            one.
        """
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


def go_on(
    centre: Centre, snapshot: bytes, lines: Sequence[bytes], key: Verify, *, numbers_from: int
) -> str:
    """Have a new centre go on from a snapshot and from what is good of its ledger.

    Parameters
    ----------
    centre
        As it is made.
    snapshot, lines, key
        What is on its disk, and what verifies its own signatures.
    numbers_from
        Where the ledger is damaged, one past every number that may have left; 0 where the steps
        since the snapshot are taken again, for then the same messages have the same numbers.

    Returns
    -------
    str
        What is damaged; empty where nothing is.
    """
    try:
        ledger = read_ledger(lines, key=key, owner=centre.configuration.nation)
    except DamagedLedgerError as damaged:
        centre.restore(snapshot, damaged.ledger, numbers_from=numbers_from)
        return f"{damaged.where}: {damaged.found}; allowed: {damaged.allowed}"
    centre.restore(snapshot, ledger)
    return ""
