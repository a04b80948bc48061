"""What centres refused and what they lost of their ledgers, in sentences for people.

A refusal that nobody counts looks like silence; here each stands once, with how often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

SENTENCES_MAX: Final = 20
"""Of refusals, the most frequent first; the others are added up in one more."""
Columns = Mapping[str, Sequence[Any]]


def refused_sentences(refused: Columns, restarts: Columns) -> tuple[str, ...]:
    """Return a sentence for each centre, sender and reason, and one for each damaged ledger.

    Parameters
    ----------
    refused, restarts
        Columns of the tables of these names.
    """
    counts: dict[tuple[str, str, str], int] = {}
    for *key, count in _rows(refused, "centre", "sender", "words", "count"):
        centre, sender, words = key
        counts[centre, sender, words] = counts.get((centre, sender, words), 0) + count
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    sentences = [
        f"{centre} refused {count:,} {'message' if count == 1 else 'messages'} in the name of "
        f"{sender or 'nobody that it knows'}: {words}"
        for (centre, sender, words), count in ranked[:SENTENCES_MAX]
    ]
    if rest := ranked[SENTENCES_MAX:]:
        count = sum(each for _, each in rest)
        sentences.append(f"{count:,} more were refused in {len(rest):,} other ways")
    sentences += [
        f"{centre} went on without {count:,} {'entry' if count == 1 else 'entries'} of its ledger: "
        f"{words}"
        for centre, count, words in _rows(restarts, "centre", "set_aside_count", "words")
    ]
    return tuple(sentences)


def _rows(columns: Columns, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[name] for name in names), strict=True))
