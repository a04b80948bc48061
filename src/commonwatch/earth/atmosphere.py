"""The US Standard Atmosphere 1976, from 5 km below sea level to 1,000 km.

Source of every figure here: *U.S. Standard Atmosphere, 1976*, NOAA-S/T 76-1562, NASA-TM-X-74335,
Washington 1976 (*found*). Below 86 km its equations are used (part 1, tables 3 and 4, equations
18 to 42). Above, where it rests on the diffusion of each gas, its published pressure and mean
molar mass (table I; digits from the transcription in COESA.jl, Daniel Matz, 2017) are used at the
heights below, with its own equations for the temperature (27 to 31), and interpolated between.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

STANDARD_GRAVITY_M_S2: Final = 9.80665
GAS_CONSTANT_J_KMOL_K: Final = 8314.32
SEA_LEVEL_MOLAR_MASS_KG_KMOL: Final = 28.9644
SEA_LEVEL_PRESSURE_PA: Final = 101325.0
SEA_LEVEL_TEMPERATURE_K: Final = 288.15
GEOPOTENTIAL_RADIUS_M: Final = 6356766.0

LOWEST_HEIGHT_M: Final = -5_000.0
MIXED_TOP_M: Final = 86_000.0
HIGHEST_HEIGHT_M: Final = 1_000_000.0

TABLE_STEP_M: Final = 100.0
TABLE_TOP_M: Final = 120_000.0

_BASE_M: Final = 1e3 * np.array([0.0, 11.0, 20.0, 32.0, 47.0, 51.0, 71.0])
"""Geopotential heights at which the seven layers begin."""
_LAPSE_K_M: Final = 1e-3 * np.array([-6.5, 0.0, 1.0, 2.8, 0.0, -2.8, -2.0])
_BASE_K: Final = SEA_LEVEL_TEMPERATURE_K + np.concatenate(
    [[0.0], np.cumsum(_LAPSE_K_M[:-1] * np.diff(_BASE_M))]
)
_HYDROSTATIC_K_M: Final = (
    STANDARD_GRAVITY_M_S2 * SEA_LEVEL_MOLAR_MASS_KG_KMOL / GAS_CONSTANT_J_KMOL_K
)

_UPPER_M: Final = 1e3 * np.concatenate(
    [
        [86.0, 87, 88, 89, 90, 91, 93, 95, 97, 99, 100, 101, 103, 105, 107, 109],
        np.arange(110.0, 120.0),
        np.arange(120.0, 150.0, 5.0),
        np.arange(150.0, 500.0, 10.0),
        np.arange(500.0, 1001.0, 25.0),
    ]
)
_UPPER_PA: Final = np.array(
    [
        *(3.7338e-1, 3.1259e-1, 2.6173e-1, 2.1919e-1, 1.8359e-1, 1.5381e-1, 1.0801e-1, 7.5966e-2),
        *(5.3571e-2, 3.7948e-2, 3.2011e-2, 2.7192e-2, 1.9742e-2, 1.4477e-2, 1.0751e-2, 8.1142e-3),
        *(7.1042e-3, 6.2614e-3, 5.5547e-3, 4.9570e-3, 4.4473e-3, 4.0096e-3, 3.6312e-3, 3.3022e-3),
        *(3.0144e-3, 2.7615e-3, 2.5382e-3, 1.7354e-3, 1.2505e-3, 9.3568e-4, 7.2028e-4, 5.6691e-4),
        *(4.5422e-4, 3.0395e-4, 2.1210e-4, 1.5271e-4, 1.1266e-4, 8.4736e-5, 6.4756e-5, 5.0149e-5),
        *(3.9276e-5, 3.1059e-5, 2.4767e-5, 1.9894e-5, 1.6083e-5, 1.3076e-5, 1.0683e-5, 8.7704e-6),
        *(7.2285e-6, 5.9796e-6, 4.9630e-6, 4.1320e-6, 3.4498e-6, 2.8878e-6, 2.4234e-6, 2.0384e-6),
        *(1.7184e-6, 1.4518e-6, 1.2291e-6, 1.0427e-6, 8.8645e-7, 7.5517e-7, 6.4468e-7, 5.5155e-7),
        *(4.7292e-7, 4.0642e-7, 3.5011e-7, 3.0236e-7, 2.1200e-7, 1.5137e-7, 1.1028e-7, 8.2130e-8),
        *(6.2601e-8, 4.8865e-8, 3.9048e-8, 3.1908e-8, 2.6611e-8, 2.2599e-8, 1.9493e-8, 1.7036e-8),
        *(1.5051e-8, 1.3415e-8, 1.2043e-8, 1.0873e-8, 9.8635e-9, 8.9816e-9, 8.2043e-9, 7.5138e-9),
    ]
)
_UPPER_KG_KMOL: Final = np.array(
    [
        *(28.95, 28.95, 28.94, 28.93, 28.91, 28.89, 28.82, 28.73, 28.62, 28.48, 28.40),
        *(28.30, 28.10, 27.88, 27.64, 27.39, 27.27, 27.14, 27.02, 26.90, 26.79, 26.68),
        *(26.58, 26.48, 26.38, 26.29, 26.20, 25.80, 25.44, 25.09, 24.75, 24.42, 24.10),
        *(23.49, 22.90, 22.34, 21.81, 21.30, 20.83, 20.37, 19.95, 19.56, 19.19, 18.85),
        *(18.53, 18.24, 17.97, 17.73, 17.50, 17.29, 17.09, 16.91, 16.74, 16.57, 16.42),
        *(16.27, 16.13, 15.98, 15.84, 15.70, 15.55, 15.40, 15.25, 15.08, 14.91, 14.73),
        *(14.54, 14.33, 13.76, 13.09, 12.34, 11.51, 10.62, 9.72, 8.83, 8.00, 7.24),
        *(6.58, 6.01, 5.54, 5.16, 4.85, 4.60, 4.40, 4.25, 4.12, 4.02, 3.94),
    ]
)


def temperature_k(height_m: npt.ArrayLike) -> F64:
    """Temperature of the air.

    Parameters
    ----------
    height_m
        Geometric height above sea level, any shape (...).

    Returns
    -------
    temperature_k
        Kelvins, shape (...).

    Notes
    -----
    Limits: a mean year at 45 degrees north, moderate sun. Between 80 and 86 km it is the
    molecular-scale temperature, which the lighter air up there puts a little above the kinetic one.
    Below -5 km the value at -5 km, above 1,000 km the value at 1,000 km. Held to the last printed
    digits by ``tests/earth/test_atmosphere.py``.

    Examples
    --------
    >>> float(temperature_k(0.0))
    288.15
    """
    height = np.asarray(height_m, dtype=np.float64)
    lower, _ = _mixed_air(height)
    return np.where(height < MIXED_TOP_M, lower, _thermosphere_k(height))


def pressure_pa(height_m: npt.ArrayLike) -> F64:
    """Pressure of the air.

    Parameters
    ----------
    height_m
        Geometric height above sea level, any shape (...).

    Returns
    -------
    pressure_pa
        Pascals, shape (...), zero above 1,000 km.

    Notes
    -----
    Limits: as for ``density_kg_m3``.
    """
    height = np.asarray(height_m, dtype=np.float64)
    _, lower = _mixed_air(height)
    return _joined(height, lower, _UPPER_LOG_PA)


def density_kg_m3(height_m: npt.ArrayLike) -> F64:
    """Density of the air.

    Parameters
    ----------
    height_m
        Geometric height above sea level, any shape (...).

    Returns
    -------
    density_kg_m3
        Shape (...), zero above 1,000 km, the value at -5 km below that.

    Notes
    -----
    Below 86 km: hydrostatic layers of constant lapse rate in geopotential height. Above: the
    logarithm interpolated by cubics between published heights.

    Limits: the standard, not the weather, nor the Sun's, from which real air differs the more the
    higher. Against the published table: to its last digit up to 90 km, within 0.1 % above, where
    the molar mass is printed to two decimals (``tests/earth/test_atmosphere.py``).

    Examples
    --------
    >>> round(float(density_kg_m3(0.0)), 4)
    1.225
    """
    height = np.asarray(height_m, dtype=np.float64)
    temperature, pressure = _mixed_air(height)
    lower = pressure * SEA_LEVEL_MOLAR_MASS_KG_KMOL / (GAS_CONSTANT_J_KMOL_K * temperature)
    return _joined(height, lower, _UPPER_LOG_KG_M3)


def density_table() -> F64:
    """Density as cubics, for compiled code.

    Returns
    -------
    coefficients
        Shape (1201, 4), kg/m^3. Row i holds c0 to c3 for heights from 100 i metres up to
        100 (i + 1): density = c0 + c1 u + c2 u^2 + c3 u^3 with u = height/100 m - i in [0, 1).
        Row 1200 is zero: there is no air above 120 km. Below sea level use row 0 with u < 0.

    Notes
    -----
    Each cubic passes through four equally spaced heights of its interval.

    Limits: relative error below 1e-6, but in the six intervals that hold the edge of a layer, where
    the lapse rate jumps: 2e-4 there. Row 0 continued to -1 km is good to 1e-6, to -5 km to 3e-4
    (``tests/earth/test_atmosphere.py``).
    """
    starts = np.arange(0.0, TABLE_TOP_M, TABLE_STEP_M)
    thirds = np.arange(4.0) / 3.0
    samples = density_kg_m3(starts[:, np.newaxis] + TABLE_STEP_M * thirds)
    to_coefficients = np.linalg.inv(np.vander(thirds, 4, increasing=True))
    return np.ascontiguousarray(np.vstack([samples @ to_coefficients.T, np.zeros((1, 4))]))


def _mixed_air(height_m: F64) -> tuple[F64, F64]:
    """Molecular-scale temperature and pressure up to 86 km, held at the ends."""
    height = np.clip(height_m, LOWEST_HEIGHT_M, MIXED_TOP_M)
    geopotential = GEOPOTENTIAL_RADIUS_M * height / (GEOPOTENTIAL_RADIUS_M + height)
    layer = np.clip(np.searchsorted(_BASE_M, geopotential, side="right") - 1, 0, len(_BASE_M) - 1)
    above_base = geopotential - _BASE_M[layer]
    temperature = _BASE_K[layer] + _LAPSE_K_M[layer] * above_base
    return temperature, _BASE_PA[layer] * _fall(layer, above_base)


def _fall(layer: npt.NDArray[np.intp], above_base_m: F64) -> F64:
    """Ratio of the pressure to that at the base of the layer."""
    base_k, lapse = _BASE_K[layer], _LAPSE_K_M[layer]
    is_even = lapse == 0.0
    even = np.exp(-_HYDROSTATIC_K_M * above_base_m / base_k)
    sloped = np.exp(
        -_HYDROSTATIC_K_M / np.where(is_even, 1.0, lapse) * np.log1p(lapse * above_base_m / base_k)
    )
    return np.where(is_even, even, sloped)


def _thermosphere_k(height_m: F64) -> F64:
    """Kinetic temperature above 86 km (equations 25, 27, 29 and 31)."""
    km = np.clip(height_m, MIXED_TOP_M, HIGHEST_HEIGHT_M) / 1e3
    radius_km = GEOPOTENTIAL_RADIUS_M / 1e3
    ellipse = 263.1905 - 76.3232 * np.sqrt(1.0 - (np.clip(km - 91.0, 0.0, 19.0) / 19.9429) ** 2)
    line = 240.0 + 12.0 * (km - 110.0)
    lift = np.maximum(km - 120.0, 0.0) * (radius_km + 120.0) / (radius_km + km)
    exponential = 1000.0 - 640.0 * np.exp(-0.01875 * lift)
    return np.select([km <= 91.0, km <= 110.0, km <= 120.0], [186.8673, ellipse, line], exponential)


def _joined(height_m: F64, lower: F64, upper_log: F64) -> F64:
    """Lower values up to 86 km, the interpolated table above, nothing above 1,000 km."""
    upper = np.exp(_cubic(np.clip(height_m, MIXED_TOP_M, HIGHEST_HEIGHT_M), upper_log))
    return np.select([height_m < MIXED_TOP_M, height_m <= HIGHEST_HEIGHT_M], [lower, upper], 0.0)


def _cubic(height_m: F64, values: F64) -> F64:
    """Cubic through the published heights, its slope at each that of the parabola through three."""
    slopes = np.gradient(values, _UPPER_M, edge_order=2)
    row = np.clip(np.searchsorted(_UPPER_M, height_m, side="right") - 1, 0, len(_UPPER_M) - 2)
    step = _UPPER_M[row + 1] - _UPPER_M[row]
    u = (height_m - _UPPER_M[row]) / step
    return np.asarray(
        (1.0 + 2.0 * u) * (1.0 - u) ** 2 * values[row]
        + u * (1.0 - u) ** 2 * step * slopes[row]
        + u**2 * (3.0 - 2.0 * u) * values[row + 1]
        - u**2 * (1.0 - u) * step * slopes[row + 1]
    )


def _base_pressures_pa() -> F64:
    """Pressure at the base of each layer, from the sea upwards."""
    falls = _fall(np.arange(len(_BASE_M) - 1), np.diff(_BASE_M))
    return SEA_LEVEL_PRESSURE_PA * np.concatenate([[1.0], np.cumprod(falls)])


_BASE_PA: Final = _base_pressures_pa()


def _upper_logarithms() -> tuple[F64, F64]:
    """Logarithms of pressure and density at the published heights."""
    pressure, molar_mass = _UPPER_PA.copy(), _UPPER_KG_KMOL.copy()
    # At 86 km the lower layers' own values, which round to the published ones: nothing jumps.
    pressure[0] = _mixed_air(_UPPER_M[:1])[1][0]
    molar_mass[0] = 0.999579 * SEA_LEVEL_MOLAR_MASS_KG_KMOL
    density = pressure * molar_mass / (GAS_CONSTANT_J_KMOL_K * _thermosphere_k(_UPPER_M))
    return np.log(pressure), np.log(density)


_UPPER_LOG_PA, _UPPER_LOG_KG_M3 = _upper_logarithms()
