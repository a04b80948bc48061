"""One step of DOP853 for a block of lanes.

The workspace ``w`` is one flat array: the state at the start, the stage, the step (repeated for
each component), a scratch row and the twelve slopes, ``BLOCK`` numbers each. One array with
constant offsets lets the compiler see that nothing overlaps, and vectorise without checks at run
time.

Coefficients: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd
edition, Springer 1993, section II.10 (the method of order 8 with error estimates of order 5 and 3).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.flight.dynamics_kernel import BLOCK, LANES, drag_lanes, gravity_lanes
from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

START = 0 * BLOCK
STAGE = 1 * BLOCK
STEP = 2 * BLOCK
SCRATCH = 3 * BLOCK
SLOPE_00 = 4 * BLOCK
SLOPE_01 = 5 * BLOCK
SLOPE_02 = 6 * BLOCK
SLOPE_03 = 7 * BLOCK
SLOPE_04 = 8 * BLOCK
SLOPE_05 = 9 * BLOCK
SLOPE_06 = 10 * BLOCK
SLOPE_07 = 11 * BLOCK
SLOPE_08 = 12 * BLOCK
SLOPE_09 = 13 * BLOCK
SLOPE_10 = 14 * BLOCK
SLOPE_11 = 15 * BLOCK
WORKSPACE = 16 * BLOCK

A01_00 = 0.05260015195876773
A02_00 = 0.0197250569845379
A02_01 = 0.0591751709536137
A03_00 = 0.02958758547680685
A03_02 = 0.08876275643042054
A04_00 = 0.2413651341592667
A04_02 = -0.8845494793282861
A04_03 = 0.924834003261792
A05_00 = 0.037037037037037035
A05_03 = 0.17082860872947386
A05_04 = 0.12546768756682242
A06_00 = 0.037109375
A06_03 = 0.17025221101954405
A06_04 = 0.06021653898045596
A06_05 = -0.017578125
A07_00 = 0.03709200011850479
A07_03 = 0.17038392571223998
A07_04 = 0.10726203044637328
A07_05 = -0.015319437748624402
A07_06 = 0.008273789163814023
A08_00 = 0.6241109587160757
A08_03 = -3.3608926294469414
A08_04 = -0.868219346841726
A08_05 = 27.59209969944671
A08_06 = 20.154067550477894
A08_07 = -43.48988418106996
A09_00 = 0.47766253643826434
A09_03 = -2.4881146199716677
A09_04 = -0.590290826836843
A09_05 = 21.230051448181193
A09_06 = 15.279233632882423
A09_07 = -33.28821096898486
A09_08 = -0.020331201708508627
A10_00 = -0.9371424300859873
A10_03 = 5.186372428844064
A10_04 = 1.0914373489967295
A10_05 = -8.149787010746927
A10_06 = -18.52006565999696
A10_07 = 22.739487099350505
A10_08 = 2.4936055526796523
A10_09 = -3.0467644718982196
A11_00 = 2.273310147516538
A11_03 = -10.53449546673725
A11_04 = -2.0008720582248625
A11_05 = -17.9589318631188
A11_06 = 27.94888452941996
A11_07 = -2.8589982771350235
A11_08 = -8.87285693353063
A11_09 = 12.360567175794303
A11_10 = 0.6433927460157636
B_00 = 0.054293734116568765
B_05 = 4.450312892752409
B_06 = 1.8915178993145003
B_07 = -5.801203960010585
B_08 = 0.3111643669578199
B_09 = -0.1521609496625161
B_10 = 0.20136540080403034
B_11 = 0.04471061572777259
E3_00 = -0.18980075407240762
E3_05 = 4.450312892752409
E3_06 = 1.8915178993145003
E3_07 = -5.801203960010585
E3_08 = -0.4226823213237919
E3_09 = -0.1521609496625161
E3_10 = 0.20136540080403034
E3_11 = 0.02265179219836082
E5_00 = 0.01312004499419488
E5_05 = -1.2251564463762044
E5_06 = -0.4957589496572502
E5_07 = 1.6643771824549864
E5_08 = -0.35032884874997366
E5_09 = 0.3341791187130175
E5_10 = 0.08192320648511571
E5_11 = -0.022355307863886294


@kernel("f8[::1](i8)")
def aligned(
    count: int,
) -> F64:
    """Return an array of zeros that starts on a cache line."""
    buffer = np.zeros(count + 8)
    skip = (-(buffer.ctypes.data // 8)) % 8
    return buffer[skip : skip + count]


@kernel("void(f8[::1], f8[::1], f8[::1], i8, f8[::1], f8[:,::1])", is_inlined=True)
def slope_lanes(
    stage: F64,
    slope: F64,
    field: F64,
    degree: int,
    inverse_ballistic: F64,
    air: F64,
) -> None:
    """Write the slope of each lane: gravity, and drag where the table of air is not empty."""
    gravity_lanes(stage, slope, field, degree)
    if air.shape[0] > 0:
        drag_lanes(stage, slope, field, inverse_ballistic, air)


@kernel("void(f8[::1], f8[::1], i8, f8[::1], f8[:,::1])", is_inlined=True)
def stages_lanes(
    w: F64,
    field: F64,
    degree: int,
    inverse_ballistic: F64,
    air: F64,
) -> None:
    """Fill the twelve slopes of a step."""
    stage = w[STAGE : STAGE + BLOCK]
    slope_lanes(
        w[START : START + BLOCK],
        w[SLOPE_00 : SLOPE_00 + BLOCK],
        field,
        degree,
        inverse_ballistic,
        air,
    )
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (w[SLOPE_00 + i] * A01_00)
    slope_lanes(stage, w[SLOPE_01 : SLOPE_01 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A02_00 + w[SLOPE_01 + i] * A02_01
        )
    slope_lanes(stage, w[SLOPE_02 : SLOPE_02 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A03_00 + w[SLOPE_02 + i] * A03_02
        )
    slope_lanes(stage, w[SLOPE_03 : SLOPE_03 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A04_00 + w[SLOPE_02 + i] * A04_02 + w[SLOPE_03 + i] * A04_03
        )
    slope_lanes(stage, w[SLOPE_04 : SLOPE_04 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A05_00 + w[SLOPE_03 + i] * A05_03 + w[SLOPE_04 + i] * A05_04
        )
    slope_lanes(stage, w[SLOPE_05 : SLOPE_05 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A06_00
            + w[SLOPE_03 + i] * A06_03
            + w[SLOPE_04 + i] * A06_04
            + w[SLOPE_05 + i] * A06_05
        )
    slope_lanes(stage, w[SLOPE_06 : SLOPE_06 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A07_00
            + w[SLOPE_03 + i] * A07_03
            + w[SLOPE_04 + i] * A07_04
            + w[SLOPE_05 + i] * A07_05
            + w[SLOPE_06 + i] * A07_06
        )
    slope_lanes(stage, w[SLOPE_07 : SLOPE_07 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A08_00
            + w[SLOPE_03 + i] * A08_03
            + w[SLOPE_04 + i] * A08_04
            + w[SLOPE_05 + i] * A08_05
            + w[SLOPE_06 + i] * A08_06
            + w[SLOPE_07 + i] * A08_07
        )
    slope_lanes(stage, w[SLOPE_08 : SLOPE_08 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A09_00
            + w[SLOPE_03 + i] * A09_03
            + w[SLOPE_04 + i] * A09_04
            + w[SLOPE_05 + i] * A09_05
            + w[SLOPE_06 + i] * A09_06
            + w[SLOPE_07 + i] * A09_07
            + w[SLOPE_08 + i] * A09_08
        )
    slope_lanes(stage, w[SLOPE_09 : SLOPE_09 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A10_00
            + w[SLOPE_03 + i] * A10_03
            + w[SLOPE_04 + i] * A10_04
            + w[SLOPE_05 + i] * A10_05
            + w[SLOPE_06 + i] * A10_06
            + w[SLOPE_07 + i] * A10_07
            + w[SLOPE_08 + i] * A10_08
            + w[SLOPE_09 + i] * A10_09
        )
    slope_lanes(stage, w[SLOPE_10 : SLOPE_10 + BLOCK], field, degree, inverse_ballistic, air)
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * A11_00
            + w[SLOPE_03 + i] * A11_03
            + w[SLOPE_04 + i] * A11_04
            + w[SLOPE_05 + i] * A11_05
            + w[SLOPE_06 + i] * A11_06
            + w[SLOPE_07 + i] * A11_07
            + w[SLOPE_08 + i] * A11_08
            + w[SLOPE_09 + i] * A11_09
            + w[SLOPE_10 + i] * A11_10
        )
    slope_lanes(stage, w[SLOPE_11 : SLOPE_11 + BLOCK], field, degree, inverse_ballistic, air)


@kernel("void(f8[::1], f8, f8[::1])", is_inlined=True)
def finish_lanes(
    w: F64,
    tolerance_m: float,
    factor: F64,
) -> None:
    """Write the state after the step to the stage, and the factor that its error allows the next.

    A factor below 0.9 says that the error of this step exceeds the tolerance. A position may be
    wrong by ``tolerance_m`` in a step, a velocity by a thousandth of that per second (about the
    angular rate of a low orbit).
    """
    for i in range(BLOCK):
        w[STAGE + i] = w[START + i] + w[STEP + i] * (
            w[SLOPE_00 + i] * B_00
            + w[SLOPE_05 + i] * B_05
            + w[SLOPE_06 + i] * B_06
            + w[SLOPE_07 + i] * B_07
            + w[SLOPE_08 + i] * B_08
            + w[SLOPE_09 + i] * B_09
            + w[SLOPE_10 + i] * B_10
            + w[SLOPE_11 + i] * B_11
        )
    for i in range(BLOCK):
        fifth = (
            w[SLOPE_00 + i] * E5_00
            + w[SLOPE_05 + i] * E5_05
            + w[SLOPE_06 + i] * E5_06
            + w[SLOPE_07 + i] * E5_07
            + w[SLOPE_08 + i] * E5_08
            + w[SLOPE_09 + i] * E5_09
            + w[SLOPE_10 + i] * E5_10
            + w[SLOPE_11 + i] * E5_11
        )
        third = (
            w[SLOPE_00 + i] * E3_00
            + w[SLOPE_05 + i] * E3_05
            + w[SLOPE_06 + i] * E3_06
            + w[SLOPE_07 + i] * E3_07
            + w[SLOPE_08 + i] * E3_08
            + w[SLOPE_09 + i] * E3_09
            + w[SLOPE_10 + i] * E3_10
            + w[SLOPE_11 + i] * E3_11
        )
        w[SCRATCH + i] = fifth * fifth
        w[SLOPE_01 + i] = third * third  # that slope is no longer needed
    speed_weight = 1e6
    for lane in range(LANES):
        fifth = (
            w[SCRATCH + lane] + w[SCRATCH + LANES + lane] + w[SCRATCH + 2 * LANES + lane]
        ) + speed_weight * (
            w[SCRATCH + 3 * LANES + lane]
            + w[SCRATCH + 4 * LANES + lane]
            + w[SCRATCH + 5 * LANES + lane]
        )
        third = (
            w[SLOPE_01 + lane] + w[SLOPE_01 + LANES + lane] + w[SLOPE_01 + 2 * LANES + lane]
        ) + speed_weight * (
            w[SLOPE_01 + 3 * LANES + lane]
            + w[SLOPE_01 + 4 * LANES + lane]
            + w[SLOPE_01 + 5 * LANES + lane]
        )
        both = 6.0 * (fifth + 0.01 * third) + 1e-300
        error = w[STEP + lane] * fifth / (tolerance_m * math.sqrt(both))
        factor[lane] = 0.9 / math.sqrt(math.sqrt(math.sqrt(error + 1e-12)))
