"""The perceptron with every weight in plain sight, one presentation after another."""

import math

import numpy as np

from synlib.memory import Persistent


def learn(
    X, d, memory, rate=1.0, margin=0.0, exponents=(0, 1), potentiation_only=False,
    max_epochs=10_000,
):  # fmt: skip
    """Learn targets d = -1 or 1. Returns a dict of weights, counts and energies."""
    X = np.column_stack([X, np.ones(len(X))])
    persistent, transient = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    flagged = np.zeros(X.shape[1], bool)
    spent = dict(consolidation=0.0, maintenance=0.0, transition=0.0, correction=0.0, writes=0)
    by_exponent = dict.fromkeys(exponents, 0.0)
    errors = []
    cached = not isinstance(memory, Persistent) and not memory.at_once  # which is no cache
    cost = memory.maintenance_cost if cached else 0
    if cached:
        exponential = memory.decay_form == "exponential"
        tau = memory.decay_time
        decay = math.exp(-1 / tau) if exponential else 1 - 1 / tau

    def size(change):
        return np.maximum(change, 0) if potentiation_only else np.abs(change)

    def power(change, alpha):
        return (size(change)[size(change) > 0] ** alpha).sum()

    def pay(change):
        spent["consolidation"] += size(change).sum()
        spent["writes"] += np.count_nonzero(size(change))
        for alpha in exponents:
            by_exponent[alpha] += power(change, alpha)

    def consolidate(due):
        pay(transient[due])
        spent["correction"] += cost * np.abs(transient[due]).sum()
        persistent[due] += transient[due]
        transient[due] = 0

    step = 0
    history = []
    while len(errors) < max_epochs and (not errors or errors[-1] > 0):
        errors.append(0)
        for x, target in zip(X, d, strict=True):
            step += 1
            before = transient.copy()
            if cached:
                consolidate(flagged)
                flagged[:] = False
                if memory.decay_order != "after":
                    transient *= decay
            output = (persistent + transient) @ x
            if cached:
                spent["maintenance"] += cost * np.abs(transient).sum()
                if memory.decay_order == "after":
                    transient *= decay
            if target * output <= margin:
                errors[-1] += 1
                if cached:
                    transient += rate * target * x
                else:
                    persistent += rate * target * x
                    pay(rate * target * x)
            if not cached:
                continue
            if step % memory.check_every == 0:
                above = np.abs(transient) > memory.threshold
                if memory.scope == "synapse":
                    due = above
                elif memory.scope == "neuron-sum":
                    due = np.full(above.size, np.abs(transient).sum() > memory.threshold)
                else:
                    due = np.full(above.size, above.any())
                if memory.consolidate == "next":
                    flagged = due
                else:
                    consolidate(due)
            spent["transition"] += memory.transition_cost * np.abs(transient - before).sum()
        history.append(dict(spent, errors=errors[-1], outstanding=size(transient).sum()))
    weights = persistent + transient
    return {
        "weights": weights,
        "errors": errors,
        "history": history,
        "by_exponent": by_exponent,
        "outstanding_by_exponent": {alpha: power(transient, alpha) for alpha in exponents},
        **spent,
        "outstanding": size(transient).sum(),
        "minimal": size(weights).sum(),
    }
