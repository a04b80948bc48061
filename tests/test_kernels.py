"""Compiled kernels: the same numbers as Python, never stale, safe on every core."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch import kernels
from commonwatch.kernels import core_count, kernel, run_in_chunks

compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="what the compiler does"
)


@kernel("void(float64[::1], float64[::1], int64, int64)")
def _square(values: npt.NDArray[np.float64], out: npt.NDArray[np.float64], a: int, b: int) -> None:
    for i in range(a, b):
        out[i] = values[i] * values[i]


@kernel("boolean(float64)")
def _is_nan(value: float) -> bool:
    return bool(np.isnan(value))


@kernel("float64(float64, float64)")
def _divide(above: float, below: float) -> float:
    return above / below


@given(st.lists(st.floats(-1e6, 1e6), max_size=40), st.integers(1, 50))
def test_a_kernel_run_in_chunks_gives_what_numpy_gives(numbers: list[float], chunk: int) -> None:
    values = np.array(numbers)
    out = np.full_like(values, np.nan)
    run_in_chunks(lambda a, b: _square(values, out, a, b), len(values), chunk=chunk)
    np.testing.assert_array_equal(out, values**2)


@given(st.integers(0, 500), st.integers(1, 600))
def test_every_row_is_worked_on_exactly_once(count: int, chunk: int) -> None:
    visits = np.zeros(count, dtype=np.int64)

    def work(start: int, stop: int) -> None:
        visits[start:stop] += 1

    run_in_chunks(work, count, chunk=chunk)
    assert (visits == 1).all()


def test_a_mistake_in_one_chunk_reaches_the_caller() -> None:
    def work(start: int, stop: int) -> None:
        if start == 20:
            raise ArithmeticError("planted")

    with pytest.raises(ArithmeticError, match="planted"):
        run_in_chunks(work, 100, chunk=10)


@pytest.mark.skipif(core_count() == 1, reason="one core works through the rows in order")
def test_an_interruption_leaves_out_the_chunks_that_have_not_begun() -> None:
    """Ctrl-C reaches the main thread while it waits for a chunk."""
    begun: list[int] = []
    may_end = threading.Event()

    def work(start: int, stop: int) -> None:
        begun.append(start)
        if start == 0:
            signal.raise_signal(signal.SIGINT)
            may_end.wait(10.0)

    def interrupted(number: int, frame: object) -> None:
        may_end.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_in_chunks(work, 1_000_000, chunk=1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(begun) < 1_000_000


def test_two_threads_may_call_one_kernel_at_once() -> None:
    values = np.arange(200_000, dtype=np.float64)
    outs = [np.empty_like(values) for _ in range(4)]
    count = 2_000 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else len(values)
    threads = [threading.Thread(target=_square, args=(values, out, 0, count)) for out in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for out in outs:
        np.testing.assert_array_equal(out[:count], values[:count] ** 2)


def test_not_a_number_is_still_seen_under_fast_arithmetic() -> None:
    assert _is_nan(np.nan)
    assert not _is_nan(np.inf)
    assert not _is_nan(0.0)


@compiled_only
def test_a_division_by_zero_gives_infinity_as_in_numpy() -> None:
    assert _divide(1.0, 0.0) == np.inf


def test_at_least_one_core_is_counted_and_no_more_than_exist() -> None:
    assert 1 <= core_count() <= (os.cpu_count() or 1)


def _digest_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(kernels, "__file__", str(folder / "kernels.py"))
    return kernels.cache_digest()


def test_the_digest_changes_with_any_kernel_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "flight" / "fall_kernel.py"
    source.parent.mkdir()
    source.write_text("one = 1\n")
    before = _digest_of(tmp_path, monkeypatch)
    source.write_text("one = 2\n")
    changed = _digest_of(tmp_path, monkeypatch)
    (tmp_path / "other_kernel.py").write_text("")
    (tmp_path / "other.py").write_text("two = 2\n")
    assert before != changed
    source.write_text("one = 1\n")
    assert _digest_of(tmp_path, monkeypatch) == before


def test_the_digest_ignores_what_is_not_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fall_kernel.py").write_text("one = 1\n")
    before = _digest_of(tmp_path, monkeypatch)
    (tmp_path / "words.py").write_text("two = 2\n")
    assert _digest_of(tmp_path, monkeypatch) == before


def test_a_home_that_cannot_be_written_gives_a_cache_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _: str(in_the_way))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    chosen = Path(kernels._choose_cache_folder())
    assert chosen.is_relative_to(tmp_path / "temporary")


@compiled_only
def test_a_second_process_takes_the_kernel_from_the_cache(tmp_path: Path) -> None:
    (tmp_path / "twice_kernel.py").write_text(
        textwrap.dedent("""
            from commonwatch.kernels import kernel

            @kernel("float64(float64)")
            def twice(value):
                return 2.0 * value
        """)
    )
    script = "from twice_kernel import twice as f; print(sum(f.stats.cache_hits.values()), f(2.0))"
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(tmp_path),
    }
    said = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    assert said == [["0", "4.0"], ["1", "4.0"]]


@compiled_only
@pytest.mark.parametrize("damage", ["full disk", "torn file"])
def test_a_cache_that_fails_costs_time_and_nothing_else(damage: str, tmp_path: Path) -> None:
    (tmp_path / "twice_kernel.py").write_text(
        textwrap.dedent("""
            from commonwatch.kernels import kernel

            @kernel("float64(float64)")
            def twice(value):
                return 2.0 * value
        """)
    )
    script = "from twice_kernel import twice; print(twice(2.0))"
    if damage == "full disk":
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        script = limit + script
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(tmp_path),
    }
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "4.0\n", done.stderr
        for path in (tmp_path / "cache").rglob("*.nbi"):
            path.write_bytes(path.read_bytes()[:10])


def beside(folder: Path, other: str, body: str) -> None:
    """Run a body that may have the module ``other`` compiled beside it, with a cache of its own."""
    (folder / "other.py").write_text("from pathlib import Path\n" + other)
    code = """
        from pathlib import Path
        from commonwatch import kernels
        kernels.core_count = lambda: 2
    """
    environment = dict(os.environ) | {
        "NUMBA_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join([str(folder), *map(os.path.abspath, sys.path)]),
    }
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code) + textwrap.dedent(body)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_what_is_compiled_beside_is_there_when_the_block_is_done(tmp_path: Path) -> None:
    body = """
        with kernels.compiling_beside("other"):
            pass
        assert Path("imported").exists()
    """
    beside(tmp_path, "Path('imported').touch()", body)


def test_where_something_is_compiled_already_nothing_is_begun_beside(tmp_path: Path) -> None:
    (tmp_path / "cache" / "some").mkdir(parents=True)
    (tmp_path / "cache" / "some" / "kernel.nbi").touch()
    body = """
        with kernels.compiling_beside("other"):
            pass
        assert not Path("imported").exists()
    """
    beside(tmp_path, "Path('imported').touch()", body)


def test_an_error_ends_what_is_compiled_beside(tmp_path: Path) -> None:
    """The block waits for the other, which would never end by itself."""
    body = """
        try:
            with kernels.compiling_beside("other"):
                while not Path("begun").exists():
                    pass
                raise KeyError
        except KeyError:
            pass
    """
    beside(tmp_path, "import threading; Path('begun').touch(); threading.Event().wait()", body)
