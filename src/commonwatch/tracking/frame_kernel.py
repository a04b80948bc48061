"""Compiled: the digest of a plot, which names the track that starts there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

FIRST = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio's fraction, and below an odd mixer of high period (Steele, Lea, Flood 2014)."""
MIXER = np.uint64(0xBF58476D1CE4E5B9)


@kernel(
    "void(Array(u8, 1, 'A', True), Array(i4, 1, 'A', True), Array(u8, 2, 'A', True), i8[::1])",
    is_exact=True,
)
def digests(time_ns: U64, sensor: npt.NDArray[np.int32], bits: U64, out: I64) -> None:
    """Write a positive digest of each plot's time, sensor and three measured numbers."""
    for row in range(len(out)):
        mixed = time_ns[row] * FIRST
        mixed ^= np.uint64(sensor[row]) << np.uint64(56)
        for column in range(3):
            mixed = (mixed ^ bits[row, column]) * MIXER
            mixed ^= mixed >> np.uint64(31)
        out[row] = max(np.int64(mixed >> np.uint64(1)), np.int64(1))
