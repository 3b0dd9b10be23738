"""The runs of chapter 13: what a record says, and that stored ones are what is computed."""

import os
import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import synlib  # noqa: E402
from synlib import LargestUpdates, SynapticCache, stored  # noqa: E402
from synlib._described import of_library, revived  # noqa: E402
from synlib.experiments import torch_history  # noqa: E402
from synlib.sweep import run_once, seed_state  # noqa: E402
from synlib.torch import training  # noqa: E402

# Runs are the same to the last bit on one processor. With the vector units of another (AVX2 for
# AVX-512) sums come in another order: seven kinds of runs then differed by 5e-14 at most, and in no
# whole number. Without either PyTorch draws initial weights that differ in the eighth digit, and
# what is learned drifts apart.
TOLERANCE = 1e-9
RUNS = Path(__file__).parents[2] / "book" / "runs" / "13_joules.json.gz"
SHORT = dict(max_epochs=1, batch_size=200, evaluations=3, random_state=3)
CACHE = SynapticCache(0.01, "synapse", decay_time=50)


@pytest.mark.skipif(
    not torch.backends.cpu.get_cpu_capability().startswith("AVX"),
    reason="PyTorch draws other initial weights on processors without AVX2",
)
def test_some_stored_runs_are_what_is_computed():
    """Drawn anew each time; the seed is at the top of what pytest prints."""
    kept = stored.StoredRuns(RUNS)
    for key in random.Random(int(os.environ["SYNLIB_DRAW"])).sample(list(kept), 3):
        run = kept.find(key)
        arguments = {name: revived(value) for name, value in run.arguments.items()}
        function = of_library(run.function)
        records, _ = run_once(function, arguments | {"random_state": seed_state(run.seed)})
        assert stored.differences(run, records, TOLERANCE) == [], key


@pytest.mark.parametrize("network", training.NETWORKS)
@pytest.mark.parametrize("optimizer", training.OPTIMIZERS)
def test_looking_changes_nothing(network, optimizer):
    settings = SHORT | dict(network=network, optimizer=optimizer, memory=CACHE)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    often = torch_history(**settings)
    once = torch_history(**settings | {"evaluations": 1})
    assert [record["step"] for record in often] == [10, 20, 30]
    assert often[-1] == once[-1] | {"evaluations": 3}
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_learning_ends_when_an_accuracy_is_reached():
    whole = torch_history(**SHORT | {"evaluations": 6})
    wanted = whole[2]["accuracy"]
    ended = torch_history(**SHORT | {"evaluations": 6}, until=wanted)
    assert 1 < len(ended) < 6
    assert all(record["accuracy"] < wanted for record in ended[:-1])
    assert ended == [record | {"until": wanted} for record in whole[: len(ended)]]


def test_what_is_in_a_cache_that_is_seen_is_written_in_the_end():
    whole = torch_history(**SHORT, memory=SynapticCache(1e9, "synapse"))[-1]
    assert whole["writes"] == 0
    assert whole["final_writes"] == whole["minimal_writes"] > 0
    assert whole["most_written"] == 1
    plain = torch_history(**SHORT)[-1]
    assert plain["final_writes"] == plain["writes"] == whole["transient_writes"]
    assert (plain["most_written"], plain["transient_writes"]) == (30, 0)
    assert plain["accuracy"] == whole["accuracy"]
    hidden = torch_history(**SHORT, memory=SynapticCache(1e9, "synapse", hidden=True))[-1]
    assert hidden["final_writes"] == hidden["most_written"] == 0
    assert hidden["accuracy"] < 0.3  # nothing was ever shown to the network


def test_the_ledger_is_that_of_a_loop_written_out():
    """Weights compared one with another after each step, without any of what the library has."""
    memory = SynapticCache(0.004, "synapse")
    last = torch_history(**SHORT, plasticity=LargestUpdates(0.2), memory=memory)[-1]
    of_weights, of_order, _ = np.random.default_rng(3).spawn(3)
    torch.manual_seed(int(of_weights.integers(2**31)))
    model = training.two_layers().double()
    mnist = synlib.load_mnist()
    X, y = torch.from_numpy(mnist.X_train), torch.from_numpy(mnist.y_train).long()
    lasting = [p.detach().clone() for p in model.parameters()]
    writes = [torch.zeros_like(p) for p in lasting]
    for batch in torch.from_numpy(of_order.permutation(len(X))).split(200):
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
        with torch.no_grad():
            for p, persistent, count in zip(model.parameters(), lasting, writes, strict=True):
                change = -0.05 * p.grad
                least = change.abs().flatten().sort().values[-max(1, round(0.2 * p.numel()))]
                held = p - persistent + torch.where(change.abs() >= least, change, 0)
                due = held.abs() > 0.004
                count += due
                persistent += torch.where(due, held, 0)
                p.copy_(persistent + torch.where(due, 0, held))
    left = [p.detach() != q for p, q in zip(model.parameters(), lasting, strict=True)]
    of_cells = torch.cat([(w + q).flatten() for w, q in zip(writes, left, strict=True)])
    assert last["writes"] == sum(int(w.sum()) for w in writes)
    assert last["most_written"] == of_cells.max()
    # what is left by rounding where a cache has just been emptied is no change
    assert last["final_writes"] == pytest.approx(float(of_cells.sum()), rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(network="rnn"), "network must be"),
        (dict(optimizer="lbfgs"), "optimizer must be"),
        (dict(learning_rate=0), "learning_rate must be a finite number > 0"),
        (dict(evaluations=0), "evaluations must be"),
        (dict(until=90), "until must be a number from 0 to 1"),
        (dict(batch_size=2.5), "batch_size must be"),
        (dict(dataset="digits"), "dataset must have images of 28 by 28"),
    ],
)
def test_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        torch_history(**SHORT | arguments)
