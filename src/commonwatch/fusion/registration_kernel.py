"""Compiled: the normal equations of sensor biases, every object's own flight eliminated.

An object's plots are ordered from the latest back; its state vector stands at ``epoch_s``. Biases
have four terms a sensor: range, azimuth, elevation, time.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel
from commonwatch.tracking.bias_kernel import TERMS, TIME
from commonwatch.tracking.kalman_kernel import RADAR, factorised, linearised, wrapped
from commonwatch.tracking.motion_kernel import acceleration, fly_on

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


@kernel(
    "void(i8[::1], f8[:,::1], f8[:,::1], f8[::1], i8[::1], f8[:,::1], f8[:,::1], f8[:,::1],"
    " f8[:,::1], f8[:,::1], f8[:,::1], f8, f8, f8[::1], f8[:,::1], f8[::1], f8[:,:,::1], f8[:,::1],"
    " f8[:,:,::1], i8[::1])",
    is_exact=True,
)
def normal_equations(
    first: I64,
    states: F64,
    prior: F64,
    since_s: F64,
    sensor: I64,
    values: F64,
    stds: F64,
    place: F64,
    rotation: F64,
    bias: F64,
    bias_variance: F64,
    outlier_squared: float,
    misfit: float,
    field: F64,
    matrix: F64,
    vector: F64,
    object_inverse: F64,
    object_vector: F64,
    object_cross: F64,
    used: I64,
) -> None:
    """Add every object's part to the biases' normal equations.

    Parameters are arrays of all plots (``since_s`` from the object's epoch, zero or negative) and
    of all objects (plots ``first[o]`` to ``first[o + 1]``). ``prior`` holds the information on
    each component of a state vector before any plot. Writes what is needed to correct the objects
    afterwards: the inverse of each one's information, its vector and its cross term; ``used`` says
    how many plots of each sensor counted. A plot farther off than ``outlier_squared`` variances,
    its own and its sensor's (``bias_variance``), in any value is left out; so is an object whose
    plots disagree as a whole, whatever its flight.
    """
    objects = states.shape[0]
    size = bias.shape[0] * TERMS
    residual = np.empty(6)
    slope = np.empty((4, 6))
    scratch = np.empty((3, 6))
    phi = np.empty((6, 6))
    work = np.empty((6, 6))
    whole = np.empty((6, 6))
    state_vector = np.empty(6)
    row = np.empty(6)
    own = np.empty((6, 6))
    lower = np.zeros((6, 6))
    by_bias = np.empty(TERMS)
    rates = np.empty(4)
    solved = np.empty((6, size))
    own_matrix = np.empty((size, size))
    own_vector = np.empty(size)
    own_used = np.empty(bias.shape[0], dtype=np.int64)
    for o in range(objects):
        for i in range(6):
            state_vector[i] = states[o, i]
            object_vector[o, i] = 0.0
            for j in range(6):
                whole[i, j] = 1.0 if i == j else 0.0
                own[i, j] = prior[i, i] if i == j else 0.0
            for j in range(size):
                object_cross[o, i, j] = 0.0
        at = 0.0
        chi_square, values_used = 0.0, 0.0
        own_matrix[:, :] = 0.0
        own_vector[:] = 0.0
        own_used[:] = 0
        for p in range(first[o], first[o + 1]):
            fly_on(state_vector, whole, since_s[p] - at, field, phi, work)
            at = since_s[p]
            s = sensor[p]
            count = linearised(
                RADAR,
                state_vector,
                values[p],
                place[s],
                rotation[s],
                -bias[s, TIME],
                field,
                residual,
                slope,
                scratch,
            )
            a, b, c = acceleration(
                state_vector[0],
                state_vector[1],
                state_vector[2],
                state_vector[3],
                state_vector[4],
                state_vector[5],
                0.0,
                field,
            )
            is_far = False
            for k in range(count):
                rates[k] = (
                    slope[k, 0] * state_vector[3]
                    + slope[k, 1] * state_vector[4]
                    + slope[k, 2] * state_vector[5]
                )
                variance = stds[p, k] * stds[p, k]
                if k < 3:
                    residual[k] -= bias[s, k]
                    variance += bias_variance[s, k]
                else:
                    rates[k] += slope[3, 3] * a + slope[3, 4] * b + slope[3, 5] * c
                if k == 1:
                    residual[k] = wrapped(residual[k])
                variance += rates[k] * rates[k] * bias_variance[s, TIME]
                is_far = is_far or residual[k] * residual[k] > outlier_squared * variance
            if is_far:
                continue
            own_used[s] += 1
            for k in range(count):
                chi_square += (residual[k] / stds[p, k]) ** 2
                values_used += 1.0
                weight = 1.0 / (stds[p, k] * stds[p, k])
                for j in range(6):
                    total = 0.0
                    for i in range(6):
                        total += slope[k, i] * whole[i, j]
                    row[j] = total
                for j in range(TERMS):
                    by_bias[j] = 0.0
                if k < 3:
                    by_bias[k] = 1.0
                by_bias[TIME] = -rates[k]
                base = s * TERMS
                for i in range(6):
                    object_vector[o, i] += weight * row[i] * residual[k]
                    for j in range(6):
                        own[i, j] += weight * row[i] * row[j]
                    for j in range(TERMS):
                        object_cross[o, i, base + j] += weight * row[i] * by_bias[j]
                for i in range(TERMS):
                    own_vector[base + i] += weight * by_bias[i] * residual[k]
                    for j in range(TERMS):
                        own_matrix[base + i, base + j] += weight * by_bias[i] * by_bias[j]
        limit = values_used + misfit * math.sqrt(2.0 * values_used)
        is_kept = factorised(own, lower, 6)
        if is_kept:
            # What the object's own flight, fitted better, would explain.
            for i in range(6):
                total = object_vector[o, i]
                for k in range(i):
                    total -= lower[i, k] * row[k]
                row[i] = total / lower[i, i]
                chi_square -= row[i] * row[i]
            is_kept = chi_square <= limit
        if not is_kept:
            for i in range(6):
                object_vector[o, i] = 0.0
                for j in range(6):
                    object_inverse[o, i, j] = 0.0
                for j in range(size):
                    object_cross[o, i, j] = 0.0
            continue
        for s in range(bias.shape[0]):
            used[s] += own_used[s]
        for i in range(size):
            vector[i] += own_vector[i]
            for j in range(size):
                matrix[i, j] += own_matrix[i, j]
        # Inverse of the object's information, column by column.
        for column in range(6):
            for i in range(6):
                total = 1.0 if i == column else 0.0
                for k in range(i):
                    total -= lower[i, k] * row[k]
                row[i] = total / lower[i, i]
            for i in range(5, -1, -1):
                total = row[i]
                for k in range(i + 1, 6):
                    total -= lower[k, i] * object_inverse[o, k, column]
                object_inverse[o, i, column] = total / lower[i, i]
        for i in range(6):
            for j in range(size):
                total = 0.0
                for k in range(6):
                    total += object_inverse[o, i, k] * object_cross[o, k, j]
                solved[i, j] = total
        for i in range(size):
            total = 0.0
            for k in range(6):
                total += solved[k, i] * object_vector[o, k]
            vector[i] -= total
            for j in range(size):
                total = 0.0
                for k in range(6):
                    total += object_cross[o, k, i] * solved[k, j]
                matrix[i, j] -= total
