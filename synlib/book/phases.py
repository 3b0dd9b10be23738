"""Which way of learning is the cheapest at which prices: one set of runs, billed many times.

What networks do does not depend on prices: what they have spent is a straight line in each of
them. So a run with a price of 1 for what is to be priced answers for all prices.

Tables of *bills* have one row for each network that learned in some way: ``rule``, ``memory``
(``"no cache"`` or ``"cache"``), ``threshold`` (0 without a cache), ``seed``, and its energy as a
straight line in the price of holding: ``fixed``, and ``held``, the sum over all steps of the sizes
of transient weights. Both are NaN where the accuracy was not reached.
"""

import numpy as np
import pandas as pd

from synlib.experiments import mlp_passages
from synlib.sweep import sweep

WAY = ["rule", "memory", "threshold"]


def climb(thresholds, criterion, *, accuracies, seeds, **settings):
    """Networks with higher and higher thresholds, up to the first at which not all learn.

    Parameters
    ----------
    thresholds : sequence of float
    criterion : float
        Which of the ``accuracies`` has to be reached.
    accuracies : tuple of float
    seeds : int
        Networks for each threshold. If one of the first two does not learn, the others are asked
        only for accuracies that both of them reach: it takes longest not to learn.
    **settings
        Of a sweep of `experiments.mlp_passages`.

    Returns
    -------
    DataFrame
        The records of all networks, those that did not learn among them.
    """
    tables = []
    for threshold in sorted(thresholds):
        settings["threshold"] = threshold
        table = sweep(mlp_passages, accuracies=accuracies, seeds=min(2, seeds), **settings)
        reached = _all_reached(table) if seeds > 2 else ()  # there may be no others
        if criterion in reached:
            table = sweep(mlp_passages, accuracies=accuracies, seeds=seeds, **settings)
        elif reached:
            others = table[~table["accuracy"].isin(reached)]
            table = sweep(mlp_passages, accuracies=reached, seeds=seeds, **settings)
            table = pd.concat([table, others])
        tables.append(table)
        if criterion not in _all_reached(table):
            break
    return pd.concat(tables, ignore_index=True)


def amounts(runs):
    """What networks did until they had learned, in things that can have a price.

    Parameters
    ----------
    runs : DataFrame
        Records of `experiments.mlp_passages` with a column ``rule``. The caches had the maintenance
        cost 1.

    Returns
    -------
    DataFrame
        The same rows, with the columns of a way; ``distance``, how far persistent weights moved,
        and ``written``, how often they were written. What is in caches at the end is consolidated:
        that is as many more writes as there are synapses that differ from the start, at most.

    Raises
    ------
    ValueError
        If a cache had another maintenance cost.
    """
    cached = runs["threshold"] > 0
    if not (runs.loc[cached, "maintenance_cost"] == 1).all():
        raise ValueError("runs must have caches with maintenance_cost=1")
    return runs.assign(
        memory=np.where(cached, "cache", "no cache"),
        threshold=runs["threshold"].where(cached, 0.0),
        distance=runs["consolidation"] + runs["outstanding"],
        written=runs["writes"] + runs["minimal_writes"].where(cached, 0.0 * runs["writes"]),
        held=runs["maintenance"],
    )


def joined(done, more):
    """What networks did, and of the same networks what takes a price of its own to be seen.

    Parameters
    ----------
    done : DataFrame
        From `amounts`, of one accuracy.
    more : DataFrame
        The same networks with a cache ``SynapticCache(..., transition_cost=1, then=Persistent(1))``
        that costs nothing else, or without one, ``Persistent(1)``; and a column ``rule``.

    Returns
    -------
    DataFrame
        ``done`` with the columns ``moved``, the changes of transient weights, summed over all
        steps, and ``kept``, the sum of the sizes of persistent weights.

    Raises
    ------
    ValueError
        If one of them is not in ``more``, or did something else there.
    """
    keys = [*WAY, "seed"]
    known = amounts(more.assign(maintenance_cost=1)).rename(columns={"transition": "moved"})
    known = known.assign(kept=known["maintenance"]).set_index(keys)
    same = known.reindex(pd.MultiIndex.from_frame(done[keys]))
    if not np.allclose(same["distance"], done["distance"], rtol=1e-9, atol=0, equal_nan=True):
        raise ValueError("more must have the same networks as done, which learn in the same way")
    return done.assign(moved=same["moved"].to_numpy(), kept=same["kept"].to_numpy())


def bills(done, charge, size=1.0, **prices):
    """What networks spent, as a straight line in the price of holding.

    Parameters
    ----------
    done : DataFrame
        From `amounts`.
    charge : {"distance", "written"}
        What a write costs: its size, or the same whatever its size.
    size : float
        What a write costs in the latter case.
    **prices : float
        Of other columns, such as ``moved=0.1`` where `joined` has added what moved.

    Returns
    -------
    DataFrame
        See the module.

    Examples
    --------
    >>> done = pd.DataFrame({"rule": "all synapses", "memory": "cache", "threshold": [0.1],
    ...                      "seed": 0, "distance": 4.0, "moved": 3.0, "held": 7.0})
    >>> bills(done, "distance", moved=0.5)[["fixed", "held"]].to_numpy()
    array([[5.5, 7. ]])
    """
    fixed = done[charge] * (size if charge == "written" else 1.0)
    for column, price in prices.items():
        fixed = fixed + price * done[column]
    return done[[*WAY, "seed"]].assign(fixed=fixed, held=done["held"])


def cheapest(bills, cost):
    """The cheapest way to learn at a price of holding, and the next one.

    A way is a rule with or without a cache, the cache at the threshold that is best for it. A
    threshold at which a network did not learn is no candidate.

    Parameters
    ----------
    bills : DataFrame
        From `bills`.
    cost : float
        Of holding a transient weight of 1 for a step.

    Returns
    -------
    dict
        ``rule``, ``memory``, ``threshold`` and the median ``energy`` of the cheapest; ``next_rule``
        and ``next_memory``; ``factor``, how many times more the next costs; ``certain``, whether it
        costs more with each of the seeds; ``at_edge``, whether the best threshold is the lowest or
        the highest of all, so that one beyond it may be better. None or NaN where nothing learned.

    Examples
    --------
    >>> bills = pd.DataFrame({"rule": "all synapses", "memory": ["no cache", "cache"],
    ...                       "threshold": [0, 0.1], "seed": 0, "fixed": [9, 1], "held": [0, 5]})
    >>> cheapest(bills, 1)["memory"], cheapest(bills, 1)["factor"], cheapest(bills, 2)["memory"]
    ('cache', 1.5, 'no cache')
    """
    return _cheapest(*_lines(bills), cost, _ends(bills))


def diagram(rows, costs):
    """The cheapest way to learn, for each row and each price of holding.

    Parameters
    ----------
    rows : dict
        Name of each row, such as a decay time, and its bills.
    costs : sequence of float

    Returns
    -------
    DataFrame
        A line for each point: ``row``, ``cost``, and what `cheapest` says.
    """
    cells = []
    for name, bills in rows.items():
        lines, ends = _lines(bills), _ends(bills)
        cells += [{"row": name, "cost": cost} | _cheapest(*lines, cost, ends) for cost in costs]
    return pd.DataFrame(cells)


def break_even(bills):
    """The price of holding from which on no cache pays.

    Parameters
    ----------
    bills : DataFrame
        From `bills`.

    Returns
    -------
    float
        The best cache costs as much there as the best way without one; 0 if a cache never pays,
        infinity if nothing learns without one, NaN if nothing learns at all.

    Examples
    --------
    >>> bills = pd.DataFrame({"rule": "all synapses", "memory": ["no cache", "cache"],
    ...                       "threshold": [0, 0.1], "seed": 0, "fixed": [9, 1], "held": [0, 5]})
    >>> round(break_even(bills), 9)
    1.6
    """
    fixed, held = _lines(bills)
    cached = fixed.columns.get_level_values("memory") == "cache"
    if cached.all() or not cached.any():
        return np.nan if fixed.empty else np.inf if cached.any() else 0.0
    without = fixed.loc[:, ~cached].median().min()
    fixed, held = fixed.loc[:, cached].to_numpy(), held.loc[:, cached].to_numpy()

    def pays(cost):
        return np.median(fixed + cost * held, axis=0).min() < without

    low, high = 1e-9, 1e9
    if not pays(low):
        return 0.0
    for _ in range(100):  # what the best cache costs grows with the price
        middle = np.sqrt(low * high)
        low, high = (middle, high) if pays(middle) else (low, middle)
    return float(high)


def _lines(bills):
    """Fixed energies, and what is held: rows are seeds, columns the ways in which all learned."""
    lines = bills.pivot(index="seed", columns=WAY, values=["fixed", "held"])
    learned = lines["fixed"].notna().all() & lines["held"].notna().all()
    return lines["fixed"].loc[:, learned], lines["held"].loc[:, learned]


def _ends(bills):
    """The lowest and the highest threshold of each rule that were tried, learned or not."""
    tried = bills.loc[bills["memory"] == "cache"].groupby("rule")["threshold"]
    return pd.concat([tried.min(), tried.max()])


def _cheapest(fixed, held, cost, ends):
    energies = fixed.to_numpy() + cost * held.to_numpy()
    found = dict.fromkeys(("rule", "memory", "threshold", "energy", "next_rule", "next_memory"))
    found |= {"factor": np.nan, "certain": False, "at_edge": False}
    if not energies.shape[1]:
        return found
    middle = np.median(energies, axis=0)
    order = np.argsort(middle, kind="stable")
    first = order[0]
    rule, memory, threshold = fixed.columns[first]
    found |= {"rule": rule, "memory": memory, "threshold": threshold}
    found["energy"] = float(middle[first])
    found["at_edge"] = memory == "cache" and threshold in ends[[rule]].to_numpy()
    others = [place for place in order if fixed.columns[place][:2] != (rule, memory)]
    if others:
        found["next_rule"], found["next_memory"], _ = fixed.columns[others[0]]
        found["factor"] = float(middle[others[0]] / middle[first])
        found["certain"] = bool((energies[:, first] < energies[:, others[0]]).all())
    return found


def _all_reached(runs):
    """The accuracies that all networks reach."""
    learned = runs.groupby("accuracy")["reached"].all()
    return tuple(map(float, learned.index[learned]))
