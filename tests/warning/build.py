"""Truth for the tests of warning: powered or impulsive arcs, and estimates with honest errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonwatch.earth.ellipsoid import destination, geodetic_from_ecef
from commonwatch.flight.ballistic import ArcKind, ArcRequest, Arcs, arc_between
from commonwatch.flight.propagation import after
from commonwatch.tracking.estimate import Estimates, Status, predict
from commonwatch.warning.impact import BallisticCoefficients
from commonwatch.warning.judgement import LaunchModel, Settings
from commonwatch.warning.range_class import RangeClass
from commonwatch.warning.source import Looks, Source

F64 = npt.NDArray[np.float64]

CLASSES = (
    RangeClass(
        name="CRBM",
        ground_range_min_m=0.0,
        ground_range_max_m=300e3,
        burn_time_low_s=20.0,
        burn_time_high_s=80.0,
        burn_out_altitude_low_m=8e3,
        burn_out_altitude_high_m=50e3,
    ),
    RangeClass(
        name="SRBM",
        ground_range_min_m=300e3,
        ground_range_max_m=1_000e3,
        burn_time_low_s=50.0,
        burn_time_high_s=105.0,
        burn_out_altitude_low_m=25e3,
        burn_out_altitude_high_m=90e3,
    ),
    RangeClass(
        name="MRBM",
        ground_range_min_m=1_000e3,
        ground_range_max_m=3_000e3,
        burn_time_low_s=80.0,
        burn_time_high_s=130.0,
        burn_out_altitude_low_m=68e3,
        burn_out_altitude_high_m=150e3,
    ),
    RangeClass(
        name="IRBM",
        ground_range_min_m=3_000e3,
        ground_range_max_m=5_500e3,
        burn_time_low_s=110.0,
        burn_time_high_s=180.0,
        burn_out_altitude_low_m=110e3,
        burn_out_altitude_high_m=260e3,
    ),
    RangeClass(
        name="ICBM",
        ground_range_min_m=5_500e3,
        ground_range_max_m=20_040e3,
        burn_time_low_s=120.0,
        burn_time_high_s=330.0,
        burn_out_altitude_low_m=135e3,
        burn_out_altitude_high_m=350e3,
    ),
)
"""As the catalogue has them, written out: the tests of warning stand below the scenario."""

COEFFICIENTS = BallisticCoefficients(low_kg_m2=1_000.0, nominal_kg_m2=2_000.0, high_kg_m2=5_000.0)


@dataclass(frozen=True, eq=False)
class Truth:
    """Arcs that exist, and estimates of them some time after burn-out."""

    arcs: Arcs
    time_s: F64
    true_state_vector: F64
    state_vector: F64
    covariance: F64
    ground_range_m: F64
    impact_latitude_rad: F64
    impact_longitude_rad: F64


def truths(
    rng: np.random.Generator,
    count: int,
    *,
    is_powered: bool,
    ground_range_m: tuple[float, float] = (1_000e3, 3_000e3),
    burn_time_s: tuple[float, float] = (80.0, 130.0),
    burn_out_altitude_m: tuple[float, float] = (68e3, 150e3),
    after_s: tuple[float, float] = (40.0, 200.0),
    position_std_m: float = 300.0,
    velocity_std_m_s: float = 3.0,
) -> Truth:
    """Draw arcs of least energy, and one estimate of each with an error from its own covariance."""
    latitude, longitude = rng.uniform(-1.0, 1.0, count), rng.uniform(-3.0, 3.0, count)
    azimuth, ground = rng.uniform(0.0, 2.0 * np.pi, count), rng.uniform(*ground_range_m, count)
    aim = destination(latitude, longitude, azimuth, ground)
    burn = rng.uniform(*burn_time_s, count) if is_powered else np.zeros(count)
    height = rng.uniform(*burn_out_altitude_m, count) if is_powered else np.zeros(count)
    request = ArcRequest(
        latitude_rad=latitude,
        longitude_rad=longitude,
        altitude_m=np.zeros(count),
        aim_latitude_rad=aim[0],
        aim_longitude_rad=aim[1],
        kind=ArcKind.MINIMUM_ENERGY,
        wanted=np.full(count, np.nan),
        burn_time_s=burn,
        burn_out_altitude_m=height,
        burn_out_altitude_low_m=np.full(count, burn_out_altitude_m[0] if is_powered else 0.0),
        burn_out_altitude_high_m=np.full(count, burn_out_altitude_m[1] if is_powered else 0.0),
    )
    arcs = arc_between(request)
    kept = np.flatnonzero(arcs.is_solved)
    since = rng.uniform(*after_s, count)
    true = after(arcs.burn_out_state_vector, since)
    covariance = covariances(rng, count, true, (position_std_m, velocity_std_m_s))
    root = np.linalg.cholesky(covariance)
    drawn = true + np.einsum("nij,nj->ni", root, rng.standard_normal((count, 6)))
    impact = geodetic_from_ecef(arcs.free.state_vector[:, :3])
    powered = type(arcs.powered)(
        **{n: getattr(arcs.powered, n)[kept] for n in arcs.powered.__slots__}
    )
    free = type(arcs.free)(**{n: getattr(arcs.free, n)[kept] for n in arcs.free.__slots__})
    solved = Arcs(
        powered=powered,
        burn_out_state_vector=arcs.burn_out_state_vector[kept],
        free=free,
        miss_m=arcs.miss_m[kept],
        is_solved=arcs.is_solved[kept],
        reason=tuple(arcs.reason[k] for k in kept),
    )
    return Truth(
        arcs=solved,
        time_s=(burn + since)[kept],
        true_state_vector=true[kept],
        state_vector=drawn[kept],
        covariance=covariance[kept],
        ground_range_m=ground[kept],
        impact_latitude_rad=impact[0][kept],
        impact_longitude_rad=impact[1][kept],
    )


def covariances(
    rng: np.random.Generator, count: int, state_vector: F64, std: tuple[float, float]
) -> F64:
    """Random covariances, correlated as those of a track are: 20 s after they were independent."""
    turn = np.linalg.qr(rng.standard_normal((count, 3, 3)))[0]
    spread = rng.uniform(0.1, 1.0, (count, 2, 3)) * np.array(std)[:, None]
    out = np.zeros((count, 6, 6))
    for k in range(2):
        block = np.einsum("nij,nj,nkj->nik", turn, spread[:, k] ** 2, turn)
        out[:, 3 * k : 3 * k + 3, 3 * k : 3 * k + 3] = block
    moved = predict(state_vector, out, 20.0, process_noise_m2_s3=0.0)[1]
    return np.asarray(0.5 * (moved + moved.transpose(0, 2, 1)))


POWERED = Settings(classes=CLASSES, coefficients=COEFFICIENTS)
VACUUM = Settings(classes=CLASSES, coefficients=COEFFICIENTS, launch_model=LaunchModel.VACUUM)
START_NS = 790_928_640_000_000_000
"""1995-01-25 06:24:00 UTC."""
SECOND_NS = 1_000_000_000


def orbit_covariance(position_std_m: float, velocity_std_m_s: float) -> F64:
    """A covariance without correlation."""
    return np.diag(np.repeat([position_std_m**2, velocity_std_m_s**2], 3))


def track(
    start: F64,
    *,
    count: int = 30,
    interval_s: float = 2.0,
    number: int = 0,
    first_ns: int = START_NS,
    std: tuple[float, float] = (200.0, 2.0),
) -> Estimates:
    """A confirmed track in free flight from a state vector on, with perfect estimates."""
    seconds = interval_s * np.arange(count)
    states = np.concatenate([after(start[None], s) if s else start[None] for s in seconds])
    time_ns = first_ns + (seconds * 1e9).astype(np.int64)
    return Estimates(
        track=np.full(count, number),
        time_ns=time_ns,
        known_ns=time_ns + SECOND_NS,
        status=np.full(count, Status.CONFIRMED, dtype=np.int8),
        state_vector=states,
        covariance=np.tile(orbit_covariance(*std), (count, 1, 1)),
    )


def sensor(
    name: str, *, nation: str = "A", kind: str = "radar", site: str = "", looks: int = 0
) -> Source:
    """A sensor as a source, on a site of its own unless told otherwise."""
    return Source(
        name=name,
        nation=nation,
        kind=kind,
        site=site or name,
        look_count=looks,
        pedigree=frozenset({name}),
    )


def looks_of(
    estimates: Estimates, sensors: tuple[Source, ...], seen_by: dict[int, tuple[int, ...]]
) -> Looks:
    """Every sensor named for a track looks whenever the track has a row, and is heard at once."""
    rows = [
        (int(number), int(arrival), index)
        for number, arrival in zip(estimates.track, estimates.known_ns, strict=True)
        for index in seen_by.get(int(number), ())
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Looks(track=columns[0], arrival_ns=columns[1], sensor=columns[2], sensors=sensors)
