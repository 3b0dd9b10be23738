"""Many runs: a grid of arguments times a number of seeds, as a tidy table.

Runs are spread over processes (or over a cluster, see `sweep`) and kept on disk as soon as they are
finished, so that a sweep that was stopped goes on where it was.
"""

import ast
import hashlib
import inspect
import itertools
import logging
import os
import tempfile
import warnings
from functools import cache as once
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import platformdirs
from threadpoolctl import ThreadpoolController
from tqdm.auto import tqdm

from synlib._validation import check_count

# what only shows or judges results: another colour is no reason to run everything again
FRONT_END = (
    "claims.py",
    "cli.py",
    "explore.py",
    "notebooks.py",
    "parameters.py",
    "plotting",
    "scorecard.py",
    "up_to_date.py",
)


def sweep(function, *, seeds=1, n_jobs=None, cache=True, **axes):
    """Run a function of `synlib.experiments` over a grid of arguments and a number of seeds.

    Parameters
    ----------
    function : callable
        Keyword arguments in, a record (dict) or a list of records out. It gets a
        ``random_state`` that depends on the number of the seed alone, so that all points of the
        grid see the same randomness, and no result depends on the rest of the grid.
    seeds : int
        Number of runs at each point of the grid.
    n_jobs : int, optional
        Processes; -1 for one on each core. By default ``$SYNLIB_JOBS``, else -1. Inside
        ``joblib.parallel_config(backend="dask")`` the workers of the cluster are used.
    cache : bool or path
        Where finished runs are kept, to be looked up instead of run again: True for
        ``$SYNLIB_CACHE``, else the user's cache folder; False for nowhere. A run is looked up by
        the function, its arguments, and the code of the function and of the whole library, so
        a changed model is never answered from an old cache.
    **axes
        Arguments of the function: a list or array is an axis of the grid, anything else is the
        same for all runs.

    Returns
    -------
    DataFrame
        One row per record, with the column ``seed`` in front. A run that failed has a row with
        its arguments and the column ``error``; a warning tells how many did.

    Raises
    ------
    ValueError
        If ``seeds`` is not a count.
    OSError
        If the cache folder cannot be written.

    Examples
    --------
    >>> from synlib.experiments import perceptron_run
    >>> table = sweep(perceptron_run, n_inputs=50, load=[0.5, 1.0], seeds=2, n_jobs=1, cache=False)
    >>> list(table["seed"]), list(table["load"])
    ([0, 1, 0, 1], [0.5, 0.5, 1.0, 1.0])
    """
    check_count("seeds", seeds)
    if n_jobs is None:
        n_jobs = int(os.environ.get("SYNLIB_JOBS", "-1"))
    names = [name for name, values in axes.items() if isinstance(values, list | np.ndarray)]
    points = [
        axes | dict(zip(names, values, strict=True))
        for values in itertools.product(*(axes[name] for name in names))
    ]
    runs = [(seed, point) for point in points for seed in range(seeds)]
    folder = _cache_folder(cache)
    key = _version(function)
    tasks = (
        joblib.delayed(_attempt)(function, key, folder, point | {"random_state": seed_state(seed)})
        for seed, point in runs
    )
    rows = []
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    # in a notebook tqdm does not look at its variable by itself
    hidden = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    with (
        warnings.catch_warnings(),
        tqdm(total=len(runs), unit="run", delay=2, leave=False, disable=hidden) as progress,
    ):
        # joblib replaces workers that have grown large, and no run is lost
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")
        for (seed, point), result in zip(runs, results, strict=True):
            if isinstance(result, _Failure):
                result = _arguments_of(point) | {"error": result.message}
            records = [result] if isinstance(result, dict) else result
            rows += [{"seed": seed} | record for record in records]
            progress.update()
    table = pd.DataFrame(rows)
    if "error" in table:
        errors = table["error"].dropna()
        warnings.warn(
            f"{len(errors)} of {len(runs)} runs failed; the column 'error' says why. The first: "
            f"{errors.iloc[0]}",
            RuntimeWarning,
            stacklevel=2,
        )
    return table


def best_threshold(
    function, *, low, high, coarse=7, fine=5, objective="total", seeds=3, n_jobs=None, cache=True,
    **arguments,
):  # fmt: skip
    """The threshold of a synaptic cache at which learning costs least.

    A coarse grid is run first, then a finer one around its best point. Thresholds at which a run
    does not converge are no candidates.

    Parameters
    ----------
    function : callable
        As in `sweep`; it takes a ``threshold``, and its records may have ``converged``.
    low, high : float
        Range of thresholds; 0 < low < high.
    coarse, fine : int
        Thresholds in each grid; >= 3. Both grids are even on a logarithmic scale.
    objective : str
        The entry of a record that is to be small.
    seeds, n_jobs, cache
        As in `sweep`.
    **arguments
        Other arguments of the function, the same for all runs.

    Returns
    -------
    best : dict
        ``threshold``; ``mean`` of the objective there; ``lower`` and ``upper``, the range of
        thresholds that are not worse by more than one standard error of the difference between
        runs with the same seed. All are NaN if no threshold converges.
    table : DataFrame
        All runs.

    Examples
    --------
    >>> from synlib.experiments import perceptron_run
    >>> best, _ = best_threshold(perceptron_run, low=1, high=30, n_inputs=50, cache=False,
    ...                          maintenance_cost=1e-3, n_jobs=1)
    >>> best["lower"] <= best["threshold"] <= best["upper"]
    True
    """
    if not 0 < low < high:
        raise ValueError(f"low and high must be such that 0 < low < high, got {low!r}, {high!r}")
    check_count("coarse", coarse, 3)
    check_count("fine", fine, 3)

    def run(thresholds):
        return sweep(
            function,
            seeds=seeds,
            n_jobs=n_jobs,
            cache=cache,
            threshold=[float(threshold) for threshold in thresholds],
            **arguments,
        )

    grid = np.geomspace(low, high, coarse)
    table = run(grid)
    centre = _compare(table, objective)["threshold"]
    if np.isnan(centre):
        return _compare(table, objective), table
    position = int(np.abs(grid - centre).argmin())
    around = grid[max(position - 1, 0)], grid[min(position + 1, coarse - 1)]
    inner = np.geomspace(*around, fine + 2)[1:-1]
    inner = inner[~np.isclose(inner[:, None], grid).any(axis=1)]
    table = pd.concat([table, run(inner)], ignore_index=True)
    return _compare(table, objective), table


def seed_state(seed):
    """The ``random_state`` of the run with this number."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _compare(table, objective):
    costs = table.pivot(index="threshold", columns="seed", values=objective)
    if "converged" in table:
        converged = table.pivot(index="threshold", columns="seed", values="converged")
        costs = costs[(converged == True).all(axis=1)]  # noqa: E712 (failed runs hold NaN)
    costs = costs.dropna()
    if costs.empty:
        return dict.fromkeys(("threshold", "mean", "lower", "upper"), np.nan)
    best = costs.mean(axis=1).idxmin()
    excess = costs - costs.loc[best]
    error = excess.std(axis=1, ddof=1).fillna(0) / np.sqrt(costs.shape[1])
    equal = excess.index[excess.mean(axis=1) <= error]
    return {
        "threshold": float(best),
        "mean": float(costs.loc[best].mean()),
        "lower": float(equal.min()),
        "upper": float(equal.max()),
    }


def _shorten(record):
    """Say in one line what joblib says in fifty when it cannot read a finished run."""
    message = record.getMessage()
    if "Exception while loading results" in message:
        reason = message.strip().splitlines()[-1]
        record.msg = f"a damaged cache entry is ignored and the run is repeated ({reason})"
        record.args = ()
    return True


logging.getLogger("joblib").addFilter(_shorten)


class _Failure:
    """What is left of a run that failed: it goes from a worker to the table."""

    def __init__(self, message):
        self.message = message


def _attempt(function, key, folder, arguments):
    """One run, looked up or computed, in whatever process this is."""
    try:
        if folder is None:
            return _compute(function, key, arguments)
        memory = joblib.Memory(folder, verbose=0)
        # the key stands for the function, whose identity would depend on the process
        return memory.cache(_compute, ignore=["function"])(function, key, arguments)
    except Exception as error:
        return _Failure(f"{type(error).__name__}: {error}")


def _compute(function, key, arguments):
    # sums of several threads come in another order, and would depend on the number of workers
    with _thread_pools().limit(limits=1):
        return function(**arguments)


@once
def _thread_pools():
    """Those of NumPy and SciPy; to look for them takes longer than a small run."""
    return ThreadpoolController()


def _arguments_of(point):
    plain = (int, float, str, bool, np.integer, np.floating, type(None))
    return {k: v if isinstance(v, plain) else repr(v) for k, v in point.items()}


def _cache_folder(cache):
    if cache is False or cache is None:
        return None
    if cache is True:
        cache = os.environ.get("SYNLIB_CACHE") or platformdirs.user_cache_path("synlib") / "runs"
    try:
        Path(cache).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache) as file:
            file.write(b"can this folder be written?")
    except OSError as error:
        raise OSError(
            f"finished runs cannot be kept in {cache} ({error.strerror}): name another folder with "
            "cache=... or $SYNLIB_CACHE, or keep nothing with cache=False"
        ) from error
    return Path(cache)


def _version(function):
    """Names a function by what it says and what the library says."""
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):  # defined where no source is kept
        source = repr(function)
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    return f"{function.__module__}.{function.__qualname__} {digest} {_library_version()}"


@once
def _library_version():
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        name = source.relative_to(folder).as_posix()
        if name.split("/")[0] not in FRONT_END:
            digest.update(name.encode() + _code(source.read_text("utf-8")).encode())
    return digest.hexdigest()[:16]


def _code(source):
    """What a module does: without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
