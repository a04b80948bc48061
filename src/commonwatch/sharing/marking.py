"""What a message is for: in earnest, in an exercise, or as a test; never to be confused."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a message is for; each has a form and keys of its own on the wire."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"
