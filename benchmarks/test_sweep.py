"""Two workers against one on a sweep of a minute that keeps a core busy."""

import pytest

from synlib.experiments import perceptron_run
from synlib.sweep import sweep


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_workers(n_jobs, benchmark):
    grid = dict(n_inputs=1000, load=[1.8, 1.85], threshold=3.0, decay_time=1e4, scope="synapse")
    options = dict(max_epochs=120, seeds=85, cache=False, n_jobs=n_jobs)
    sweep(perceptron_run, n_inputs=10, seeds=2, cache=False, n_jobs=n_jobs)  # start the workers
    engine = "ours" if n_jobs == 2 else "oracle"
    benchmark.extra_info |= dict(
        case="sweep, 2 workers against 1", engine=engine, ratio=1.8, unit="sweep", units=1
    )
    benchmark.pedantic(sweep, (perceptron_run,), grid | options, rounds=1)
