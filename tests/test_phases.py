"""A run is billed at any prices, and the map shows what is the cheapest at each."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synlib import AllSynapses, LargestUpdates, Persistent, Subnetwork, SynapticCache
from synlib.book import phases
from synlib.experiments import mlp_passages
from synlib.sweep import sweep

NET = dict(
    dataset="digits", published="vanrossum2024", hidden=20, evaluate_every=100, max_epochs=3,
    accuracies=(0.4, 0.6), seeds=2, n_jobs=1, cache=False,
)  # fmt: skip
RULES = {
    "all synapses": dict(plasticity=AllSynapses()),
    "largest updates": dict(plasticity=LargestUpdates(0.1)),
    "subnetwork": dict(plasticity=Subnetwork(10)),
    "margin": dict(plasticity=AllSynapses(), error_margin=0.5),
}
NOT_BILLED = ["seed", "accuracy", "step", "reached", "consolidation", "outstanding", "writes",
              "minimal_writes"]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("decay_time", [100.0, np.inf])
@pytest.mark.parametrize("rule", RULES)
def test_bill_is_that_of_a_run_with_these_prices(rule, decay_time, dtype):
    net = NET | RULES[rule] | dict(dtype=dtype)
    cache = dict(threshold=0.002, scope="synapse", decay_time=decay_time)
    unit = sweep(mlp_passages, **net, **cache, maintenance_cost=1.0)
    more = SynapticCache(**cache, transition_cost=1.0, then=Persistent(1.0))
    more = sweep(mlp_passages, **net, memory=more)
    done = phases.amounts(unit.assign(rule=rule)).query("accuracy == 0.6")
    done = phases.joined(done, more.query("accuracy == 0.6").assign(rule=rule))
    found = phases.bills(done, "distance", moved=0.03, kept=1e-5)

    memory = SynapticCache(
        **cache, maintenance_cost=0.002, transition_cost=0.03, then=Persistent(1e-5)
    )
    asked = sweep(mlp_passages, **net, memory=memory)
    assert asked["reached"].any()
    for other in (unit, more):  # prices change nothing that a network does
        pd.testing.assert_frame_equal(other[NOT_BILLED], asked[NOT_BILLED])
    total = asked.loc[asked["accuracy"] == 0.6, "total"]
    np.testing.assert_allclose(found["fixed"] + 0.002 * found["held"], total, rtol=1e-9)


def test_upkeep_without_a_cache_is_billed_as_in_a_run():
    unit = sweep(mlp_passages, **NET, memory=Persistent(1.0))
    asked = sweep(mlp_passages, **NET, memory=Persistent(3e-5))
    np.testing.assert_allclose(
        unit["consolidation"] + 3e-5 * unit["maintenance"], asked["total"], rtol=1e-9
    )


def test_only_the_same_networks_are_joined():
    runs = sweep(mlp_passages, **NET, memory=Persistent(1.0))
    runs = runs[runs["accuracy"] == 0.6].assign(rule="all synapses")
    done = phases.amounts(runs)
    kept = phases.joined(done, runs)["kept"]
    np.testing.assert_array_equal(kept, runs["maintenance"])
    for other in (runs[:1], runs.assign(consolidation=1.001 * runs["consolidation"])):
        with pytest.raises(ValueError, match="same networks"):
            phases.joined(done, other)


def test_what_is_left_in_a_cache_is_written_at_the_end():
    runs = sweep(mlp_passages, **NET, threshold=[None, 0.01], maintenance_cost=1.0)
    done = phases.amounts(runs.assign(rule="all synapses"))
    for memory, rows in done.groupby("memory"):
        last = rows["minimal_writes"] if memory == "cache" else 0
        np.testing.assert_array_equal(rows["written"], rows["writes"] + last)
    assert set(done.loc[done["memory"] == "no cache", "held"]) == {0}
    with pytest.raises(ValueError, match="maintenance_cost=1"):
        phases.amounts(runs.assign(maintenance_cost=0.5))


def test_thresholds_end_with_the_first_at_which_not_all_learn():
    settings = {name: value for name, value in NET.items() if name != "seeds"}
    found = phases.climb([100.0, 1e-6, 10.0], 0.6, **settings, decay_time=2.0, seeds=1)
    assert found["threshold"].unique().tolist() == [1e-6, 10.0]
    assert not found.loc[found["threshold"] == 10, "reached"].any()


@pytest.mark.parametrize(
    ("best", "tried"),
    [
        ({1.0: [0.6] * 4, 2.0: [0.6, 0.6, 0.6, 0.5], 3.0: [0.6] * 4}, {1: (4, 4), 2: (4, 4)}),
        ({1.0: [0.6] * 4, 2.0: [0.5, 0.6, 0.6, 0.6], 3.0: [0.6] * 4}, {1: (4, 4), 2: (4, 2)}),
        ({1.0: [0.6] * 4, 2.0: [0.6, 0.4, 0.6, 0.6], 3.0: [0.6] * 4}, {1: (4, 4), 2: (2, 2)}),
        ({1.0: [0.6], 2.0: [0.5], 3.0: [0.6]}, {1: (1, 1), 2: (1, 1)}),
    ],
)
def test_others_are_spared_where_two_networks_do_not_learn(best, tried, monkeypatch):
    """For each threshold, how many networks were asked for 0.5, and how many for 0.6."""
    learned = []

    def sweep(function, threshold, accuracies, seeds):
        learned.extend([accuracies] * (seeds - 2))
        points = itertools.product(enumerate(best[threshold][:seeds]), accuracies)
        return pd.DataFrame(
            [
                dict(threshold=threshold, seed=seed, accuracy=accuracy, reached=accuracy <= up_to)
                for (seed, up_to), accuracy in points
            ]
        )

    monkeypatch.setattr(phases, "sweep", sweep)
    found = phases.climb([3.0, 1.0, 2.0], 0.6, accuracies=(0.5, 0.6), seeds=len(best[1.0]))
    asked = found.groupby("threshold")["accuracy"].value_counts().unstack()
    assert {threshold: tuple(row) for threshold, row in asked.iterrows()} == tried
    assert not found.duplicated(["threshold", "seed", "accuracy"]).any()
    assert learned.count((0.5,)) == (2 if tried[2.0] == (4, 2) else 0)  # not for what they cannot


RANDOM = np.random.default_rng(1)
WAYS = [("A", "no cache", 0.0), ("B", "no cache", 0.0)]
WAYS += [(rule, "cache", threshold) for rule in "AB" for threshold in (0.1, 0.2, 0.3)]
BILLS = pd.DataFrame(
    [
        dict(rule=rule, memory=memory, threshold=threshold, seed=seed,
             fixed=RANDOM.uniform(1, 2) if threshold else RANDOM.uniform(4, 9),
             held=RANDOM.uniform(1, 9) if threshold else 0.0)
        for (rule, memory, threshold), seed in itertools.product(WAYS, range(3))
    ]
)  # fmt: skip


def by_hand(bills, cost):
    """Median energies of the ways: rule and memory, at the best threshold that all learned with."""
    ways = {}
    for (rule, memory, _), rows in bills.groupby(phases.WAY):
        energies = (rows["fixed"] + cost * rows["held"]).to_numpy()
        if not np.isnan(energies).any():
            ways.setdefault((rule, memory), []).append(np.median(energies))
    return sorted((min(energies), *way) for way, energies in ways.items())


@pytest.mark.parametrize("cost", [0.0, 0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("failed", [None, 0, 7, 13, 20])
def test_cheapest_way_is_that_of_the_lowest_median(cost, failed):
    bills = BILLS.copy()
    bills.loc[bills.index == failed, ["fixed", "held"]] = np.nan
    found, (first, second, *_) = phases.cheapest(bills, cost), by_hand(bills, cost)
    assert (found["rule"], found["memory"], found["energy"]) == (*first[1:], first[0])
    assert (found["next_rule"], found["next_memory"]) == second[1:]
    assert found["factor"] == pytest.approx(second[0] / first[0])


def test_a_best_threshold_at_the_end_of_those_tried_is_told():
    bills = BILLS[(BILLS["rule"] == "A") & (BILLS["memory"] == "cache")].copy()
    bills["fixed"] = bills["threshold"].map({0.1: 3, 0.2: 1, 0.3: 2}) + 0.1 * bills["seed"]
    bills["held"] = 0.0
    assert not phases.cheapest(bills, 1)["at_edge"]
    bills.loc[bills["threshold"] == 0.3, "fixed"] = 0.5
    assert phases.cheapest(bills, 1)["at_edge"]
    bills.loc[bills["threshold"] == 0.3, "fixed"] = np.nan  # what fails is no better: no end
    assert not phases.cheapest(bills, 1)["at_edge"]


def test_winner_is_certain_if_it_is_cheaper_with_each_seed():
    bills = pd.DataFrame(
        {"rule": list("AABB"), "memory": "no cache", "threshold": 0.0, "seed": [0, 1, 0, 1],
         "fixed": [1.0, 4.0, 3.0, 4.5], "held": 0.0}
    )  # fmt: skip
    assert phases.cheapest(bills, 0)["certain"]
    bills.loc[3, "fixed"] = 3.5
    assert not phases.cheapest(bills, 0)["certain"]


def test_cache_pays_up_to_the_break_even():
    end = phases.break_even(BILLS)
    assert phases.cheapest(BILLS, 0.999 * end)["memory"] == "cache"
    assert phases.cheapest(BILLS, 1.001 * end)["memory"] == "no cache"
    cached = BILLS["memory"] == "cache"
    assert phases.break_even(BILLS[cached]) == np.inf
    assert phases.break_even(BILLS[~cached]) == 0
    assert phases.break_even(BILLS.assign(fixed=BILLS["fixed"].where(~cached, 99))) == 0
    nothing = BILLS.assign(fixed=np.nan, held=np.nan)
    assert np.isnan(phases.break_even(nothing))
    assert phases.cheapest(nothing, 1)["rule"] is None


def test_diagram_has_a_point_for_each_row_and_cost():
    found = phases.diagram({"one": BILLS, "two": BILLS}, [0.1, 1.0])
    assert found[["row", "cost"]].to_numpy().tolist() == [
        ["one", 0.1], ["one", 1.0], ["two", 0.1], ["two", 1.0],
    ]  # fmt: skip
    assert found.loc[1, "energy"] == phases.cheapest(BILLS, 1.0)["energy"]
