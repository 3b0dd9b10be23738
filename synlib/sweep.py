"""Many runs: a grid of arguments times a number of seeds, as a tidy table.

Runs are spread over processes (or over a cluster, see `sweep`) and kept on disk as soon as they are
finished, so that a sweep that was stopped goes on where it was. How a run gets from its arguments
to the table, what is kept of it and what is said when it fails belong together, hence the length.
"""

import contextlib
import copy
import itertools
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Mapping
from functools import cache as once
from numbers import Integral
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import platformdirs
from threadpoolctl import ThreadpoolController
from tqdm.auto import tqdm

from synlib import stored
from synlib._described import NotStorable, described_all
from synlib._identity import UnknownIdentity, identity, is_library
from synlib._idx import is_idx_folder
from synlib._images import DATASETS
from synlib._keys import library_name, library_version, run_keys
from synlib._validation import check_count
from synlib.datasets import Dataset

# what it takes to find the data that are asked for by name; workers that are running already must
# be told, since they have the environment of when they were started
DATA = "SYNLIB_DATA"
_FAILED = "run_error"


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
        ``$SYNLIB_CACHE``, else the user's cache folder; False for nowhere. A run is looked up
        only if its arguments are the same, the library and what it builds on, and the function
        with all that it refers to: closures, defaults, globals, its own functions, classes and
        modules. Where that cannot be known, or a run changes it, the run is computed, and a
        warning says that it is not kept. What a function reads from files, the clock or the
        environment is not seen, but for folders of images among its arguments. Runs in the file
        ``$SYNLIB_STORED`` (see `synlib.stored`) are neither computed nor looked up elsewhere.
    **axes
        Arguments of the function: a list, array, range, Series or Index is an axis of the grid,
        anything else is the same for all runs.

    Returns
    -------
    DataFrame
        One row per record, with the column ``seed`` in front. A run that failed has a row with
        its arguments and the column ``error`` (``run_error`` if records have an ``error`` of
        their own); a warning tells how many did.

    Raises
    ------
    ValueError
        If ``seeds`` is not a count, ``n_jobs`` or ``$SYNLIB_JOBS`` no number of processes, an axis
        is empty, or an argument is named ``random_state`` or ``seed``, which are the sweep's own.
    TypeError
        If the function cannot be called.
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
    if not callable(function):
        raise TypeError(f"function must be callable, got {function!r}")
    n_jobs = processes(n_jobs)
    grid, arguments = _grid(axes)
    points = [
        arguments | dict(zip(grid, values, strict=True))
        for values in itertools.product(*grid.values())
    ]
    runs = [(seed, point) for point in points for seed in range(seeds)]
    outcomes = _stored(function, runs)
    missing = [number for number, outcome in enumerate(outcomes) if outcome is None]
    if missing:
        computed = _computed(function, [runs[number] for number in missing], n_jobs, cache)
        for number, outcome in zip(missing, computed, strict=True):
            outcomes[number] = outcome
    _leave_note(function, runs, outcomes, set(missing))
    return _table(runs, outcomes)


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

    Raises
    ------
    ValueError
        If an argument is out of its range or a list, or the records have no such entry.

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
    for name, value in arguments.items():
        if _is_axis(value):
            raise ValueError(f"{name} must be the same for all runs, got {value!r}")

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
    errors = table.get("error", pd.Series([np.nan]))
    if objective not in table and errors.map(lambda entry: isinstance(entry, str)).all():
        return dict.fromkeys(("threshold", "mean", "lower", "upper"), np.nan)  # every run failed
    for name in ("threshold", objective):
        if name not in table:
            known = ", ".join(map(str, table.columns))
            raise ValueError(f"the records have no entry {name!r}; they have {known}")
    if table.duplicated(["threshold", "seed"]).any():
        raise ValueError("the function must give one record per run, got several")
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


class _NotKept(Exception):
    """The result of a run that cannot be kept, past joblib, which would keep it."""

    def __init__(self, result):
        super().__init__(result)
        self.result = result


def _stored(function, runs):
    """What ``$SYNLIB_STORED`` has of each run; None of those that are not there."""
    path = os.environ.get(stored.FILE)
    if not path or not is_library(function):
        return [None] * len(runs)
    kept = stored.opened(path)
    found = []
    for seed, point in runs:
        try:
            key = stored.key(library_name(function), described_all(point), seed)
        except NotStorable:
            found.append(None)
            continue
        run = kept.find(key)
        found.append(run and (list(map(dict, run.records)), run.seconds))
    return found


def _computed(function, runs, n_jobs, cache):
    """What comes of each run, looked up where finished runs are kept, or computed."""
    folder = _cache_folder(cache)
    captured, keys = None, [None] * len(runs)
    if folder is not None:
        folder /= library_version()
        try:
            captured, keys = run_keys(function, runs)
        except UnknownIdentity as error:
            folder = None
            _say_not_kept(f"runs of {_name(function)} are", error)
    data = os.environ.get(DATA)
    data = data and str(Path(data).expanduser().absolute())
    tasks = (
        joblib.delayed(_attempt)(
            function, captured, key, folder, point | {"random_state": seed_state(seed)}, data
        )
        for (seed, point), key in zip(runs, keys, strict=True)
    )
    outcomes = []
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    # in a notebook tqdm does not look at its variable by itself
    hidden = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    with (
        warnings.catch_warnings(),
        tqdm(total=len(runs), unit="run", delay=2, leave=False, disable=hidden) as progress,
    ):
        # joblib replaces workers that have grown large, and no run is lost
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")
        for result in results:
            outcomes.append(result)
            progress.update()
    changed = sum(isinstance(outcome, _NotKept) for outcome in outcomes)
    if changed:
        reason = f"{_name(function)} is not the same before and after"
        _say_not_kept(f"{changed} of {len(runs)} runs are", reason)
    return [outcome.result if isinstance(outcome, _NotKept) else outcome for outcome in outcomes]


def _attempt(function, captured, key, folder, arguments, data):
    """One run, looked up or computed, in whatever process this is."""
    if data is None:
        os.environ.pop(DATA, None)
    else:
        os.environ[DATA] = data
    try:
        if folder is None:
            return run_once(function, arguments)
        memory = joblib.Memory(folder, verbose=0)
        # the key stands for the others, whose identity would depend on the process
        compute = memory.cache(_compute, ignore=["function", "captured", "arguments"])
        return compute(function, captured, key, arguments)
    except _NotKept as error:
        return error
    except Exception as error:
        return _Failure(f"{type(error).__name__}: {error}")


def _compute(function, captured, key, arguments):
    is_known = _is_still(function, captured)
    result = run_once(function, arguments)
    if not (is_known and _is_still(function, captured)):
        raise _NotKept(result)
    return result


def _is_still(function, captured):
    """Whether a function is the one that was asked for, with all that it refers to."""
    if captured is None:  # the library's own
        return True
    try:
        return identity(function) == captured
    except UnknownIdentity:
        return False


def run_once(function, arguments):
    """The records of one run, which changes no argument of another one, and its processor time."""
    start = time.process_time()
    # sums of several threads come in another order, and would depend on the number of workers
    with _thread_pools().limit(limits=1):
        result = function(**_copy(arguments))
    records = [result] if isinstance(result, Mapping) else result
    if not isinstance(records, list | tuple) or not all(isinstance(r, Mapping) for r in records):
        raise TypeError(
            f"{_name(function)} must return a record (dict) or a list of records, got "
            f"{type(result).__name__}"
        )
    if any("seed" in record for record in records):
        raise ValueError("a record must not have an entry 'seed': it is the number of the run")
    return [dict(record) for record in records], round(time.process_time() - start, 1)


def _leave_note(function, runs, outcomes, missing):
    """Tell who runs a chapter what was stored, and what has been computed."""
    folder = os.environ.get(stored.NOTES)
    if not folder:
        return
    known, finished, others = [], [], 0
    for number, ((seed, point), outcome) in enumerate(zip(runs, outcomes, strict=True)):
        try:
            if isinstance(outcome, _Failure) or not is_library(function):
                raise NotStorable
            arguments = described_all(point)
            run = stored.Run(library_name(function), arguments, seed, *outcome)
        except NotStorable:
            others += 1
        else:
            (finished if number in missing else known).append(run)
    stored.leave_note(folder, stored.Notes([run.key for run in known], finished, others))


def _copy(arguments):
    large = [value for value in arguments.values() if isinstance(value, Dataset | np.ndarray)]
    try:
        return copy.deepcopy(arguments, {id(value): value for value in large})
    except Exception:  # some things cannot be copied
        return arguments


def _table(runs, outcomes):
    failures = [outcome.message for outcome in outcomes if isinstance(outcome, _Failure)]
    records = [outcome[0] for outcome in outcomes if not isinstance(outcome, _Failure)]
    column = _FAILED if any("error" in r for each in records for r in each) else "error"
    rows, left = [], iter(records)
    for (seed, point), outcome in zip(runs, outcomes, strict=True):
        if isinstance(outcome, _Failure):
            rows.append({"seed": seed} | _arguments_of(point) | {column: outcome.message})
        else:
            rows += [{"seed": seed} | record for record in next(left)]
    if failures:
        warnings.warn(
            f"{len(failures)} of {len(runs)} runs failed; the column {column!r} says why. The "
            f"first: {failures[0]}",
            RuntimeWarning,
            stacklevel=3,
        )
    return pd.DataFrame(rows)


@once
def _thread_pools():
    """Those of NumPy and SciPy; to look for them takes longer than a small run."""
    return ThreadpoolController()


def _arguments_of(point):
    plain = (int, float, str, bool, np.integer, np.floating, type(None))
    return {k: v if isinstance(v, plain) else repr(v) for k, v in point.items()}


def _is_axis(value):
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, list | range | pd.Series | pd.Index)


def _grid(axes):
    """The values of each axis, and the arguments that all runs have, with one value of each."""
    for name, why in (("random_state", "it is drawn for each seed"), ("seed", "it counts runs")):
        if name in axes:
            raise ValueError(f"{name} cannot be an argument of a sweep: {why}; see seeds=")
    grid = {name: list(map(_resolve, value)) for name, value in axes.items() if _is_axis(value)}
    for name, values in grid.items():
        if not values:
            raise ValueError(f"{name} must have at least one value, got an empty axis")
    return grid, {
        name: grid[name][0] if name in grid else _resolve(value) for name, value in axes.items()
    }


def _resolve(value):
    """An argument as a worker understands it, which may have been started in another folder."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    is_folder = isinstance(value, str | Path) and value not in DATASETS and is_idx_folder(value)
    return type(value)(Path(value).expanduser().absolute()) if is_folder else value


def processes(n_jobs=None):
    """How many processes are asked for, -1 for one on each core; None asks ``$SYNLIB_JOBS``."""
    name = "n_jobs"
    if n_jobs is None:
        name, n_jobs = "SYNLIB_JOBS", os.environ.get("SYNLIB_JOBS", "-1")
        with contextlib.suppress(ValueError):
            n_jobs = int(n_jobs)
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs == 0:
        raise ValueError(
            f"{name} must be a number of processes, or -1 for one on each core, got {n_jobs!r}"
        )
    return int(n_jobs)


def runs_folder():
    """Where finished runs are kept by default."""
    given = os.environ.get("SYNLIB_CACHE")
    return Path(given).expanduser() if given else platformdirs.user_cache_path("synlib") / "runs"


def _cache_folder(cache):
    if cache is False or cache is None:
        return None
    folder = runs_folder() if cache is True else Path(cache).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"can this folder be written?")
    except OSError as error:
        raise OSError(
            f"finished runs cannot be kept in {folder} ({error.strerror}): name another folder "
            "with cache=... or $SYNLIB_CACHE, or keep nothing with cache=False"
        ) from error
    return folder


def _say_not_kept(what, reason):
    warnings.warn(f"{what} not kept: {reason}", UserWarning, stacklevel=3)


def _name(function):
    return getattr(function, "__qualname__", None) or repr(function)
