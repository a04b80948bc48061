"""Many seeds of one study, in processes of their own; finished ones are kept until all are done.

A seed that is finished lies in a folder of its own, complete or not at all, below the digest of all
that it was made from: an interrupted study goes on where it was. What cannot be kept is flown again
the next time; nothing else comes of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

import commonwatch
from commonwatch.errors import InputError, OutputError
from commonwatch.kernels import core_count
from commonwatch.scenario.description import Scenario
from commonwatch.studies.sharing import SeedResult, study_seed
from commonwatch.tables.files import write_json, write_table

PROCESSES_MAX: Final = 8
"""Each holds a whole world in memory."""
_MARK: Final = "seed.json"
_DIGITS: Final = 16
_SOURCES: Final = (".py", ".toml", ".csv", ".json")


@dataclass(slots=True, kw_only=True)
class Standing:
    """How far a study is.

    Parameters
    ----------
    seed_count
        Seeds that are wanted.
    resumed_count
        Seeds that an interrupted run had finished.
    stale_count
        Seeds that lie there but were made from something else: they are of no use.
    finished_count
        Seeds that are finished.
    parts
        Of each seed that is under way which part is done, 0 to 1.
    """

    seed_count: int
    resumed_count: int = 0
    stale_count: int = 0
    finished_count: int = 0
    parts: dict[int, float] = field(default_factory=dict)

    @property
    def part(self) -> float:
        """Which part of the whole is done, 0 to 1."""
        return (self.finished_count + sum(self.parts.values())) / max(self.seed_count, 1)


class WorkerError(RuntimeError):
    """A process that flew a seed failed; its own words are inside."""


def study_seeds(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    folder: Path,
    report: Callable[[Standing], None],
    process_count: int | None = None,
) -> dict[int, SeedResult]:
    """Run the worlds of all seeds.

    Parameters
    ----------
    scenario
        From ``scenario.load``.
    seeds
        Each seed once; the worlds to show are kept of the first.
    folder
        Where finished seeds lie; those made from the same things are taken as they are.
    report
        Told how far the study is, whenever a world is done.
    process_count
        How many processes; None: one a core, at most ``PROCESSES_MAX``. One seed, or one process,
        runs in this one.

    Returns
    -------
    dict
        By seed, in the order given.

    Raises
    ------
    WorkerError
        A process failed for a reason of its own.
    """
    own = folder / digest_of(scenario)[:_DIGITS]
    order = _Order(scenario=scenario, folder=own, first=seeds[0])
    found = {seed: kept for seed in seeds if (kept := _kept(order, seed)) is not None}
    standing = Standing(
        seed_count=len(seeds),
        resumed_count=len(found),
        finished_count=len(found),
        stale_count=len([*folder.glob(f"*/*/{_MARK}")]) - len([*own.glob(f"*/{_MARK}")]),
    )
    report(standing)

    def under_way(seed: int, part: float) -> None:
        standing.parts[seed] = part
        report(standing)

    missing = [seed for seed in seeds if seed not in found]
    wanted = min(process_count or core_count(), PROCESSES_MAX, len(missing))
    run = _here if wanted <= 1 else _apart
    for seed, result in run(order, missing, wanted, under_way):
        found[seed] = result
        standing.parts.pop(seed, None)
        standing.finished_count += 1
        report(standing)
    return {seed: found[seed] for seed in seeds}


def forget(scenario: Scenario, folder: Path) -> None:
    """Remove the finished seeds of a study that is done.

    Parameters
    ----------
    scenario
        By whose digest they are found.
    folder
        Of all studies; nothing there is no mistake.
    """
    shutil.rmtree(folder / digest_of(scenario)[:_DIGITS], ignore_errors=True)


def digest_of(scenario: Scenario) -> str:
    """Return the digest of all that a seed's result follows from: scenario and program."""
    total = hashlib.sha256(f"{version('commonwatch')} {scenario.sha256}".encode())
    for level in scenario.levels:
        for centre, policy in sorted(level.policies.items()):
            total.update(f"{level.name} {centre} {policy.name} {policy.text}".encode())
    total.update(repr(list(scenario.sensors.items())).encode())
    for path in scenario.recorded:
        for column in (
            path.recording.time_s,
            path.recording.altitude_m,
            path.recording.downrange_m,
        ):
            total.update(column.tobytes())
    total.update(_program())
    return total.hexdigest()


@cache
def _program() -> bytes:
    """Return the digest of the program as it was when first asked: it may change while it runs."""
    total = hashlib.sha256()
    root = Path(commonwatch.__file__).parent
    for file in sorted(root.rglob("*")):
        if file.suffix in _SOURCES:
            total.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return total.digest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Order:
    """What a process needs to know to fly seeds: the world to show is kept of the first."""

    scenario: Scenario
    folder: Path
    first: int


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is written last into the folder of a finished seed."""

    seed: int
    known: list[str]
    replay: list[str]


def _fly(order: _Order, seed: int, told: Callable[[float], None]) -> SeedResult:
    """Fly one seed, and keep it where it can be kept."""
    result = study_seed(
        order.scenario,
        seed,
        report=lambda done, among: told(done / among),
        keeps_replay=seed == order.first,
    )
    place = order.folder / str(seed)
    with contextlib.suppress(OutputError):
        for tables in (result.known, result.replay):
            for name, table in tables.items():
                write_table(place / f"{name}.parquet", table)
        mark = _Mark(seed=seed, known=[*result.known], replay=[*result.replay])
        write_json(place / _MARK, msgspec.to_builtins(mark))
    return result


def _kept(order: _Order, seed: int) -> SeedResult | None:
    """Return a finished seed; None where it is not there, or not whole."""
    place = order.folder / str(seed)
    try:
        mark = msgspec.json.decode((place / _MARK).read_bytes(), type=_Mark)
        if mark.seed != seed or (seed == order.first and not mark.replay):
            return None
        return SeedResult(
            known=_tables(place, mark.known),
            replay=_tables(place, mark.replay) if seed == order.first else {},
        )
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, pa.ArrowInvalid):
        return None


def _tables(place: Path, names: Sequence[str]) -> Mapping[str, pa.Table]:
    return {name: pq.read_table(place / f"{name}.parquet") for name in names}


def _here(
    order: _Order, seeds: Sequence[int], wanted: int, under_way: Callable[[int, float], None]
) -> Iterator[tuple[int, SeedResult]]:
    """Fly seeds one after another in this process."""
    del wanted
    for seed in seeds:
        yield seed, _fly(order, seed, partial(under_way, seed))


def _apart(
    order: _Order, seeds: Sequence[int], wanted: int, under_way: Callable[[int, float], None]
) -> Iterator[tuple[int, SeedResult]]:
    """Fly seeds in processes of their own, the next where one is free."""
    context = multiprocessing.get_context("spawn")
    waiting = list(seeds)
    workers: dict[Connection, Any] = {}
    flying: dict[Connection, int] = {}
    try:
        for _ in range(wanted):
            mine, theirs = context.Pipe()
            process = context.Process(target=_work, args=(order, theirs), daemon=True)
            process.start()
            theirs.close()
            workers[mine] = process
            flying[mine] = waiting.pop(0)
            mine.send(flying[mine])
        while flying:
            for ready in wait(list(flying)):
                link: Any = ready
                seed = flying[link]
                try:
                    kind, what = link.recv()
                except EOFError:
                    raise WorkerError(f"the process that flew seed {seed} has died") from None
                if kind == "part":
                    under_way(seed, what)
                elif kind == "failed":
                    raise what
                else:
                    del flying[link]
                    if waiting:
                        flying[link] = waiting.pop(0)
                        link.send(flying[link])
                    yield seed, what
    finally:
        for process in workers.values():
            process.terminate()
        for link, process in workers.items():
            process.join()
            link.close()


def _work(order: _Order, link: Connection) -> None:
    """Fly the seeds that are sent, until nobody sends any more."""
    # Ctrl-C reaches every process of the terminal: the first one alone decides what it means.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            seed = link.recv()
            try:
                result = _fly(order, seed, lambda part: link.send(("part", part)))
            except (BrokenPipeError, ConnectionResetError):
                raise
            except InputError as error:
                link.send(("failed", InputError(str(error))))  # its words alone travel
                return
            except Exception:  # told to the process that waits
                link.send(("failed", WorkerError(f"seed {seed}:\n{traceback.format_exc()}")))
                return
            link.send(("done", result))
