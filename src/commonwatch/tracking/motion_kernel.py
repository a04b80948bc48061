"""Compiled: how a state vector and its covariance move, in free flight and under power.

Every number that a centre decides with passes through here, so nothing is reordered: the same
input gives the same bytes. ``field`` is that of ``flight.dynamics_kernel``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from commonwatch.kernels import kernel

F64 = npt.NDArray[np.float64]

FREE = 0
POWERED = 1

STEP_MAX_S = 10.0
"""Longest single step: fourth order keeps it within millimetres."""


@kernel("UniTuple(f8, 3)(f8, f8, f8, f8, f8, f8, f8, f8[::1])", is_exact=True)
def acceleration(
    x: float, y: float, z: float, u: float, v: float, w: float, thrust_m_s2: float, field: F64
) -> tuple[float, float, float]:
    """Gravity to J2, Coriolis and centrifugal, and a thrust along the velocity.

    Slower than 50 m/s the thrust turns upward, as at lift-off.
    """
    gm, radius, rate, oblate = field[0], field[1], field[2], field[3]
    inverse2 = 1.0 / (x * x + y * y + z * z)
    inverse = math.sqrt(inverse2)
    pull = gm * inverse2 * inverse
    second = 1.5 * oblate * radius * radius * inverse2
    sine2 = 5.0 * z * z * inverse2
    outward = rate * rate - pull * (1.0 + second * (1.0 - sine2))
    a = outward * x + 2.0 * rate * v
    b = outward * y - 2.0 * rate * u
    c = -pull * (1.0 + second * (3.0 - sine2)) * z
    if thrust_m_s2 != 0.0:
        speed = math.sqrt(u * u + v * v + w * w)
        upward = max(0.0, 1.0 - speed / 50.0)
        du = u / max(speed, 1e-6) * (1.0 - upward) + upward * x * inverse
        dv = v / max(speed, 1e-6) * (1.0 - upward) + upward * y * inverse
        dw = w / max(speed, 1e-6) * (1.0 - upward) + upward * z * inverse
        a += thrust_m_s2 * du
        b += thrust_m_s2 * dv
        c += thrust_m_s2 * dw
    return a, b, c


@kernel("void(f8[::1], f8, f8, f8[::1])", is_exact=True)
def step_state_vector(state_vector: F64, seconds: float, thrust_m_s2: float, field: F64) -> None:
    """Move one state vector by one step of the classical fourth-order rule, in place."""
    h = seconds
    x, y, z, u, v, w = (
        state_vector[0],
        state_vector[1],
        state_vector[2],
        state_vector[3],
        state_vector[4],
        state_vector[5],
    )
    a1, b1, c1 = acceleration(x, y, z, u, v, w, thrust_m_s2, field)
    u2, v2, w2 = u + 0.5 * h * a1, v + 0.5 * h * b1, w + 0.5 * h * c1
    a2, b2, c2 = acceleration(
        x + 0.5 * h * u, y + 0.5 * h * v, z + 0.5 * h * w, u2, v2, w2, thrust_m_s2, field
    )
    u3, v3, w3 = u + 0.5 * h * a2, v + 0.5 * h * b2, w + 0.5 * h * c2
    a3, b3, c3 = acceleration(
        x + 0.5 * h * u2, y + 0.5 * h * v2, z + 0.5 * h * w2, u3, v3, w3, thrust_m_s2, field
    )
    u4, v4, w4 = u + h * a3, v + h * b3, w + h * c3
    a4, b4, c4 = acceleration(x + h * u3, y + h * v3, z + h * w3, u4, v4, w4, thrust_m_s2, field)
    sixth = h / 6.0
    state_vector[0] = x + sixth * (u + 2.0 * u2 + 2.0 * u3 + u4)
    state_vector[1] = y + sixth * (v + 2.0 * v2 + 2.0 * v3 + v4)
    state_vector[2] = z + sixth * (w + 2.0 * w2 + 2.0 * w3 + w4)
    state_vector[3] = u + sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
    state_vector[4] = v + sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
    state_vector[5] = w + sixth * (c1 + 2.0 * c2 + 2.0 * c3 + c4)


@kernel(
    "void(i8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8, f8[:,::1])", is_exact=True
)
def _free_rows(
    i: int,
    a: float,
    b: float,
    c: float,
    ca: float,
    cb: float,
    cc: float,
    ga: float,
    gb: float,
    gc: float,
    turn_x: float,
    turn_y: float,
    turned: float,
    turn: float,
    h: float,
    phi: F64,
) -> None:
    """Write rows ``i`` and ``3 + i`` of a transition in free flight from those of its parts.

    ``a`` to ``c`` stand in G, ``ca`` to ``cc`` in C G and ``ga`` to ``gc`` in G G; ``turn_x`` and
    ``turn_y`` in C, whose other entries are zero, and ``turned`` on the diagonal of C C.
    """
    second, third = 0.5 * h * h, h * h * h / 6.0
    x, y, z = 1.0 if i == 0 else 0.0, 1.0 if i == 1 else 0.0, 1.0 if i == 2 else 0.0
    phi[i, 0] = x + a * second + ca * third
    phi[i, 1] = y + b * second + cb * third
    phi[i, 2] = z + c * second + cc * third
    phi[i, 3] = x * h + turn_x * second + (a + turned * x) * third
    phi[i, 4] = y * h + turn_y * second + (b + turned * y) * third
    phi[i, 5] = z * h + (c + turned * z) * third
    phi[3 + i, 0] = a * h + ca * second + ga * third
    phi[3 + i, 1] = b * h + cb * second + gb * third
    phi[3 + i, 2] = c * h + cc * second + gc * third
    phi[3 + i, 3] = x + turn_x * h + (a + turned * x) * second + (ca - turn * b) * third
    phi[3 + i, 4] = y + turn_y * h + (b + turned * y) * second + (cb + turn * a) * third
    phi[3 + i, 5] = z + (c + turned * z) * second + cc * third


@kernel("void(f8[::1], f8, f8[::1], f8[:,::1])", is_exact=True)
def _free_transition(state_vector: F64, seconds: float, field: F64, phi: F64) -> None:
    """Write ``transition`` without thrust: the same, product by product, but for those with 0."""
    h = seconds
    gm, rate = field[0], field[2]
    half = 0.5 * h
    x, y, z = (
        state_vector[0] + half * state_vector[3],
        state_vector[1] + half * state_vector[4],
        state_vector[2] + half * state_vector[5],
    )
    inverse2 = 1.0 / (x * x + y * y + z * z)
    pull = gm * inverse2 * math.sqrt(inverse2)
    xx = 3.0 * pull * x * x * inverse2 - pull + rate * rate
    yy = 3.0 * pull * y * y * inverse2 - pull + rate * rate
    zz = 3.0 * pull * z * z * inverse2 - pull
    xy, xz, yz = (
        3.0 * pull * x * y * inverse2,
        3.0 * pull * x * z * inverse2,
        3.0 * pull * y * z * inverse2,
    )
    turn = 2.0 * rate
    one, two, three = (
        xx * xy + xy * yy + xz * yz,
        xx * xz + xy * yz + xz * zz,
        xy * xz + yy * yz + yz * zz,
    )
    _free_rows(
        0,
        xx,
        xy,
        xz,
        turn * xy,
        turn * yy,
        turn * yz,
        xx * xx + xy * xy + xz * xz,
        one,
        two,
        0.0,
        turn,
        -turn * turn,
        turn,
        h,
        phi,
    )
    _free_rows(
        1,
        xy,
        yy,
        yz,
        -turn * xx,
        -turn * xy,
        -turn * xz,
        one,
        xy * xy + yy * yy + yz * yz,
        three,
        -turn,
        0.0,
        -turn * turn,
        turn,
        h,
        phi,
    )
    _free_rows(
        2,
        xz,
        yz,
        zz,
        0.0,
        0.0,
        0.0,
        two,
        three,
        xz * xz + yz * yz + zz * zz,
        0.0,
        0.0,
        0.0,
        turn,
        h,
        phi,
    )


@kernel("void(f8[::1], f8, f8, f8[::1], f8[:,::1])", is_exact=True)
def transition(state_vector: F64, seconds: float, thrust_m_s2: float, field: F64, phi: F64) -> None:
    """Write how a small change of the state vector moves on, 6 x 6, over one step from ``state``.

    The exponential of A h to third order, A = [[0, I], [G, C]] taken in the middle of the step,
    with the point mass's gradient and the Earth's turning in G and Coriolis in C; J2 changes G by
    a thousandth and is left out. Under power the turning of the thrust with the velocity adds
    thrust / speed to C, across the velocity.
    """
    if thrust_m_s2 == 0.0:
        _free_transition(state_vector, seconds, field, phi)
        return
    h = seconds
    gm, rate = field[0], field[2]
    half = 0.5 * h
    x, y, z = (
        state_vector[0] + half * state_vector[3],
        state_vector[1] + half * state_vector[4],
        state_vector[2] + half * state_vector[5],
    )
    inverse2 = 1.0 / (x * x + y * y + z * z)
    pull = gm * inverse2 * math.sqrt(inverse2)
    g = np.empty((3, 3))
    p = (x, y, z)
    for i in range(3):
        for j in range(3):
            g[i, j] = 3.0 * pull * p[i] * p[j] * inverse2
        g[i, i] -= pull
    g[0, 0] += rate * rate
    g[1, 1] += rate * rate
    c = np.zeros((3, 3))
    c[0, 1] = 2.0 * rate
    c[1, 0] = -2.0 * rate
    speed2 = (
        state_vector[3] * state_vector[3]
        + state_vector[4] * state_vector[4]
        + state_vector[5] * state_vector[5]
    )
    turning = thrust_m_s2 / max(math.sqrt(speed2), 300.0)
    for i in range(3):
        for j in range(3):
            c[i, j] -= turning * state_vector[3 + i] * state_vector[3 + j] / max(speed2, 1.0)
        c[i, i] += turning
    second, third = 0.5 * h * h, h * h * h / 6.0
    for i in range(3):
        for j in range(3):
            cg = c[i, 0] * g[0, j] + c[i, 1] * g[1, j] + c[i, 2] * g[2, j]
            cc = c[i, 0] * c[0, j] + c[i, 1] * c[1, j] + c[i, 2] * c[2, j]
            gc = g[i, 0] * c[0, j] + g[i, 1] * c[1, j] + g[i, 2] * c[2, j]
            gg = g[i, 0] * g[0, j] + g[i, 1] * g[1, j] + g[i, 2] * g[2, j]
            one = 1.0 if i == j else 0.0
            phi[i, j] = one + g[i, j] * second + cg * third
            phi[i, 3 + j] = one * h + c[i, j] * second + (g[i, j] + cc) * third
            phi[3 + i, j] = g[i, j] * h + cg * second + gg * third
            phi[3 + i, 3 + j] = one + c[i, j] * h + (g[i, j] + cc) * second + (gc + cg) * third


@kernel("void(f8[:,::1], f8[:,::1], f8[:,::1])", is_exact=True)
def sandwich(phi: F64, matrix: F64, work: F64) -> None:
    """Turn a symmetric matrix into phi matrix phi', in place; ``work`` is 6 x 6 scratch."""
    for i in range(6):
        # Three columns side by side: sums that do not wait for each other.
        for j in range(0, 6, 3):
            one, two, three = 0.0, 0.0, 0.0
            for k in range(6):
                part = phi[i, k]
                one += part * matrix[k, j]
                two += part * matrix[k, j + 1]
                three += part * matrix[k, j + 2]
            work[i, j], work[i, j + 1], work[i, j + 2] = one, two, three
    for i in range(6):
        a, b, c, d, e, f = work[i, 0], work[i, 1], work[i, 2], work[i, 3], work[i, 4], work[i, 5]
        for j in range(i + 1):
            total = (
                a * phi[j, 0]
                + b * phi[j, 1]
                + c * phi[j, 2]
                + d * phi[j, 3]
                + e * phi[j, 4]
                + f * phi[j, 5]
            )
            matrix[i, j] = total
            matrix[j, i] = total


@kernel("void(f8[:,::1], f8[:,::1], f8[:,::1])", is_exact=True)
def chain(phi: F64, whole: F64, work: F64) -> None:
    """Turn a transition into that of one more step, phi whole, in place."""
    for i in range(6):
        for j in range(6):
            total = 0.0
            for k in range(6):
                total += phi[i, k] * whole[k, j]
            work[i, j] = total
    for i in range(6):
        for j in range(6):
            whole[i, j] = work[i, j]


@kernel("void(f8[::1], f8[:,::1], f8, f8[::1], f8[:,::1], f8[:,::1])", is_exact=True)
def fly_on(state_vector: F64, whole: F64, seconds: float, field: F64, phi: F64, work: F64) -> None:
    """Move a state vector in free flight, either way, and how it hangs on its epoch, in place.

    ``phi`` and ``work`` are 6 x 6 scratch.
    """
    count = int(math.ceil(abs(seconds) / STEP_MAX_S))  # noqa: RUF046
    for _ in range(count):
        h = seconds / count
        transition(state_vector, h, 0.0, field, phi)
        step_state_vector(state_vector, h, 0.0, field)
        chain(phi, whole, work)


@kernel("void(f8[:,::1], f8[:,::1], b1[::1])", is_exact=True)
def turn_by_bias(phi: F64, by_bias: F64, fed: npt.NDArray[np.bool_]) -> None:
    """Turn by a transition how a track hangs on four constant errors of each sensor, in place."""
    for c in range(by_bias.shape[1]):
        if not fed[c // 4]:
            continue
        x, y, z = by_bias[0, c], by_bias[1, c], by_bias[2, c]
        u, v, w = by_bias[3, c], by_bias[4, c], by_bias[5, c]
        for i in range(6):
            by_bias[i, c] = (
                phi[i, 0] * x
                + phi[i, 1] * y
                + phi[i, 2] * z
                + phi[i, 3] * u
                + phi[i, 4] * v
                + phi[i, 5] * w
            )


@kernel(
    "void(f8[::1], f8[:,::1], f8[:,::1], b1[::1], f8, f8, f8, f8[::1], f8[:,::1], f8[:,::1])",
    is_exact=True,
)
def predict_one(
    state_vector: F64,
    covariance: F64,
    by_bias: F64,
    fed: npt.NDArray[np.bool_],
    seconds: float,
    thrust_m_s2: float,
    noise_m2_s3: float,
    field: F64,
    phi: F64,
    work: F64,
) -> None:
    """Move one state vector and its covariance by ``seconds``, either way, in place.

    ``by_bias``, 6 x 4 for each sensor that ``fed`` names, moves with them (see ``bias_kernel``).
    ``noise_m2_s3`` is the spectral density of white acceleration; it widens forward and backward
    alike. ``phi`` and ``work`` are 6 x 6 scratch.
    """
    if seconds == 0.0:
        return
    count = int(math.ceil(abs(seconds) / STEP_MAX_S))  # noqa: RUF046
    h = seconds / count
    long = abs(h)
    for _ in range(count):
        transition(state_vector, h, thrust_m_s2, field, phi)
        step_state_vector(state_vector, h, thrust_m_s2, field)
        sandwich(phi, covariance, work)
        turn_by_bias(phi, by_bias, fed)
        for i in range(3):
            covariance[i, i] += noise_m2_s3 * long * long * long / 3.0
            covariance[i, 3 + i] += 0.5 * noise_m2_s3 * h * long
            covariance[3 + i, i] += 0.5 * noise_m2_s3 * h * long
            covariance[3 + i, 3 + i] += noise_m2_s3 * long


@kernel("void(f8[:,::1], f8[:,:,::1], f8[::1], f8, f8[::1])", is_exact=True)
def predict_free(
    states: F64, covariances: F64, seconds: F64, noise_m2_s3: float, field: F64
) -> None:
    """Move a batch in free flight, each row by its own time, in place."""
    phi = np.empty((6, 6))
    work = np.empty((6, 6))
    none, nobody = np.empty((6, 0)), np.empty(0, dtype=np.bool_)
    for row in range(states.shape[0]):
        predict_one(
            states[row],
            covariances[row],
            none,
            nobody,
            seconds[row],
            0.0,
            noise_m2_s3,
            field,
            phi,
            work,
        )
