"""Many runs: a grid of arguments times a number of seeds, as a tidy table."""

import itertools

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from synlib._validation import check_count


def sweep(function, *, seeds=1, n_jobs=-1, **axes):
    """Run a function of `synlib.experiments` over a grid of arguments and a number of seeds.

    Parameters
    ----------
    function : callable
        Keyword arguments in, a record (dict) or a list of records out. It gets a
        ``random_state`` that depends on the number of the seed alone, so that all points of the
        grid see the same randomness, and no result depends on the rest of the grid.
    seeds : int
        Number of runs at each point of the grid.
    n_jobs : int
        Processes; -1 for one on each core.
    **axes
        Arguments of the function: a list or array is an axis of the grid, anything else is the
        same for all runs.

    Returns
    -------
    DataFrame
        One row per record, with the column ``seed`` in front.

    Examples
    --------
    >>> from synlib.experiments import perceptron_run
    >>> table = sweep(perceptron_run, n_inputs=50, load=[0.5, 1.0], seeds=2, n_jobs=1)
    >>> list(table["seed"]), list(table["load"])
    ([0, 1, 0, 1], [0.5, 0.5, 1.0, 1.0])
    """
    check_count("seeds", seeds)
    names = [name for name, values in axes.items() if isinstance(values, list | np.ndarray)]
    fixed = {name: value for name, value in axes.items() if name not in names}
    points = [
        dict(zip(names, values, strict=True)) for values in itertools.product(*map(axes.get, names))
    ]
    runs = [(seed, point) for point in points for seed in range(seeds)]
    results = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(function)(**fixed, **point, random_state=_random_state(seed))
        for seed, point in runs
    )
    rows = []
    for (seed, _), result in zip(
        runs, tqdm(results, total=len(runs), delay=2, leave=False), strict=True
    ):
        records = [result] if isinstance(result, dict) else result
        rows += [{"seed": seed} | record for record in records]
    return pd.DataFrame(rows)


def _random_state(seed):
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
