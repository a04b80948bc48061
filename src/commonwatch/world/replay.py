"""The last invariant: what a centre was given, given again, comes to the same ledger and beliefs.

Own sensors are followed anew, though the world may have played a recording of them back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from commonwatch.centre.core import Centre
from commonwatch.identity import NationId
from commonwatch.sharing.ledger import DamagedLedgerError, read_ledger
from commonwatch.tracking.estimate import Estimates
from commonwatch.world.breach import Breach
from commonwatch.world.history import History
from commonwatch.world.host import Life, go_on


def replay(history: History, *, make_centre: Callable[..., Centre] = Centre) -> Iterator[Breach]:
    """Yield where a centre, given the same events at the same times, does anything else.

    Parameters
    ----------
    history
        Of a world.
    make_centre
        What its centres were made by.
    """
    for name in sorted(history.entries):
        believed = [hashlib.sha256() for _ in range(2)]
        for each in history.believed:
            if each.centre == name:
                believed[0].update(_bytes(each.estimates))
        lives = history.lives[name]
        for number, life in enumerate(lives):
            centre = _started(history, name, life, make_centre)
            for now_ns, events in life.steps:
                centre.step(events, now_ns)
                believed[1].update(_bytes(centre.believed))
            written = [entry.line for entry in centre.ledger.entries]
            is_last = number + 1 == len(lives)
            if is_last:
                recorded = [entry.line for entry in history.entries[name]]
            else:
                recorded = _whole(history, name, lives[number + 1].lines)
            # A life that ended in a crash may have written less.
            count = len(recorded)
            if written[:count] != recorded[:count] or (is_last and len(written) != count):
                yield _breach(history, name, "its ledger differs", written, recorded)
        if believed[0].digest() != believed[1].digest():
            yield Breach(
                invariant="replay",
                centre=name,
                time_ns=history.end_ns,
                words="given the same events again, it believes something else",
            )


def _started(
    history: History, name: NationId, life: Life, make_centre: Callable[..., Centre]
) -> Centre:
    key = history.keyring.key(name)
    centre = make_centre(history.configurations[name], sign=key.sign)
    if life.snapshot is not None:
        go_on(centre, life.snapshot, life.lines, key.verify, numbers_from=life.numbers_from)
    return centre


def _whole(history: History, name: NationId, lines: Sequence[bytes]) -> list[bytes]:
    """Return the lines of a ledger before anything that is damaged."""
    try:
        ledger = read_ledger(lines, key=history.keyring.key(name).verify, owner=name)
    except DamagedLedgerError as damaged:
        ledger = damaged.ledger
    return [entry.line for entry in ledger.entries]


def _bytes(estimates: Estimates) -> bytes:
    columns = (
        estimates.track,
        estimates.time_ns,
        estimates.known_ns,
        estimates.status,
        estimates.state_vector,
        estimates.covariance,
    )
    return b"".join(np.ascontiguousarray(column).tobytes() for column in columns)


def _breach(
    history: History, name: NationId, what: str, written: list[bytes], recorded: list[bytes]
) -> Breach:
    pairs = enumerate(zip(written, recorded, strict=False))
    first = next((k for k, (one, two) in pairs if one != two), min(len(written), len(recorded)))
    return Breach(
        invariant="replay",
        centre=name,
        time_ns=history.end_ns,
        words=f"given the same events again, {what} from entry {first} on",
    )
