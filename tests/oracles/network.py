"""The multilayer network as one would write it on a blackboard: dense matrices, no tricks.

Every step forms the outer products, sorts all of their entries where a rule chooses, multiplies
every transient weight by the decay factor, and sums absolute values over whole matrices. What the
library's rules choose is written out here once more, by their definitions; only a rule of a test's
own is asked.
"""

import math

import numpy as np

import synlib
from synlib._kernels.layer import BY_INPUT, BY_UPDATE, BY_WEIGHT, MASK, NONE
from synlib._random import generator
from synlib._validation import per_layer
from synlib.memory import Persistent
from synlib.plasticity import AllSynapses, UnitMasks


def train(net, X, labels, weights, n_steps):
    """Train as ``net`` is set up, from ``weights``, on ``labels`` 0, 1, ...

    Returns a dict: weights (2 arrays), transient (2 arrays), ledgers (2 dicts).
    """
    X = np.asarray(X, net.dtype)
    labels = np.asarray(labels)
    rule = net.plasticity or AllSynapses()
    memory = net.memory or Persistent()
    _, for_order, for_rule = generator(net.random_state).spawn(3)
    plastic = rule.plastic_units(net.hidden)
    if isinstance(rule, synlib.Subnetwork):
        plastic = min(rule.units, net.hidden)
        rule = rule.then
    if net.bias:
        X = np.column_stack([X, np.ones(len(X))])
    persistent = [w.astype(float) for w in weights]
    initial = [w.copy() for w in persistent]
    transient = [np.zeros_like(w) for w in persistent]
    blocks = [(slice(None), slice(0, plastic)), (slice(0, plastic), slice(None))]
    shapes = [w[block].shape for w, block in zip(persistent, blocks, strict=True)]
    chosen = [_choice(rule, k, shape, for_rule) for k, shape in enumerate(shapes)]
    unit_masks = [_unit_masks(rule, k, shape[1]) for k, shape in enumerate(shapes)]
    mask_random = for_rule.spawn(2)
    n_outputs = weights[1].shape[1]
    drawn = [_draw_masks(m, n_outputs, r) for m, r in zip(unit_masks, mask_random, strict=True)]
    ledgers = [dict(consolidation=0.0, maintenance=0.0, transition=0.0, writes=0) for _ in range(2)]
    flagged = [np.zeros(w.shape, bool) for w in persistent]
    rates = per_layer("learning_rate", net.learning_rate)
    order = _order(net, len(X), n_steps, for_order)
    cached = not isinstance(memory, Persistent)
    if cached:
        form = memory.decay_form or "exponential"
        tau = memory.decay_time
        decay = 1 - 1 / tau if form == "discrete" else math.exp(-1 / tau)
        decay_first = memory.decay_order == "before"

    for step in range(1, n_steps + 1):
        x, label = X[order[step - 1]], labels[order[step - 1]]
        W1, W2 = persistent
        if cached:
            before = [s.copy() for s in transient]
            for k in range(2):
                _consolidate(persistent[k], transient[k], flagged[k], ledgers[k])
                flagged[k][:] = False
                if decay_first:
                    transient[k] *= decay
            W1, W2 = (w + s for w, s in zip(persistent, transient, strict=True))
        hidden = _activate(x @ W1, net.activation)
        if net.bias:
            hidden[0] = 1
        y = _activate(hidden @ W2, net.output)
        target = np.full(n_outputs, float(net.targets[0]))
        target[label] = net.targets[1]

        delta_2 = _output_delta(net, target, y)
        back = target - y if net.gradient == "li2020" else delta_2
        mask_2 = _mask(unit_masks[1], drawn[1], mask_random[1], step, label, n_outputs)
        delta_2 = delta_2 * mask_2
        back = back * mask_2
        delta_1 = (W2 @ back) * _slope(hidden, net.activation)
        if net.bias:
            delta_1[0] = 0
        mask_1 = _mask(unit_masks[0], drawn[0], mask_random[0], step, label, plastic)
        delta_1[:plastic] *= mask_1

        due = []
        for k, (inputs, delta) in enumerate([(x, delta_1), (hidden, delta_2)]):
            proposal = np.outer(inputs, rates[k] * delta)[blocks[k]]
            weights_now = (W1, W2)[k][blocks[k]]
            change = proposal * chosen[k](proposal, inputs[blocks[k][0]], weights_now)
            if cached:
                transient[k][blocks[k]] += change
                due.append(_due(memory, transient[k], step))
            else:
                persistent[k][blocks[k]] += change
                ledgers[k]["consolidation"] += np.abs(change).sum()
                ledgers[k]["writes"] += np.count_nonzero(change)
        if not cached:
            continue
        if memory.scope == "network" and (due[0].any() or due[1].any()):
            due = [np.ones_like(d) for d in due]
        for k in range(2):
            if memory.consolidate == "next":
                flagged[k] = due[k]
            else:
                _consolidate(persistent[k], transient[k], due[k], ledgers[k])
            held = np.abs(transient[k]).sum()
            ledgers[k]["maintenance"] += memory.maintenance_cost * held
            if not decay_first:
                transient[k] *= decay
            moved = np.abs(transient[k] - before[k]).sum()
            ledgers[k]["transition"] += memory.transition_cost * moved
    for k in range(2):
        final = persistent[k] + transient[k]
        ledgers[k]["outstanding"] = np.abs(transient[k]).sum()
        ledgers[k]["minimal"] = np.abs(final - initial[k]).sum()
        ledgers[k]["total"] = sum(
            ledgers[k][name]
            for name in ("consolidation", "maintenance", "transition", "outstanding")
        )
    return {
        "weights": [w + s for w, s in zip(persistent, transient, strict=True)],
        "persistent": persistent,
        "transient": transient,
        "ledgers": ledgers,
    }


def choose(sizes, count, sign):
    """Mask of the ``count`` largest (sign 1) or smallest entries by a full stable sort."""
    order = np.argsort(-sign * sizes.ravel(), kind="stable")
    mask = np.zeros(sizes.size, bool)
    mask[order[:count]] = True
    return mask.reshape(sizes.shape)


def _choice(rule, layer, shape, random):
    """The mask of the expressed synapses as a function of proposal, inputs and weights."""
    fraction = per_layer("fraction", getattr(rule, "fraction", 1.0))[layer]
    count = round(fraction * shape[0] * shape[1])
    if isinstance(rule, synlib.LargestUpdates) and rule.within == "neuron":
        count = round(fraction * shape[0])
        return lambda proposal, inputs, weights: np.column_stack(
            [choose(np.abs(onto_unit), count, 1) for onto_unit in proposal.T]
        )
    if isinstance(rule, synlib.LargestUpdates):
        return lambda proposal, inputs, weights: choose(np.abs(proposal), count, 1)
    if isinstance(rule, synlib.SmallestUpdates):
        return lambda proposal, inputs, weights: choose(np.abs(proposal), count, -1)
    if isinstance(rule, synlib.LargestWeights):
        return lambda proposal, inputs, weights: choose(np.abs(weights), count, 1)
    if isinstance(rule, synlib.SmallestWeights):
        return lambda proposal, inputs, weights: choose(np.abs(weights), count, -1)
    if isinstance(rule, synlib.RandomSynapses):
        fixed = np.isin(np.arange(np.prod(shape)), random.permutation(np.prod(shape))[:count])
        return lambda proposal, inputs, weights: fixed.reshape(shape)
    if isinstance(rule, synlib.ReadoutOnly):
        return lambda proposal, inputs, weights: layer > 0
    if isinstance(rule, synlib.AllSynapses | synlib.RandomNeurons):
        return lambda proposal, inputs, weights: True
    return _as_returned(rule.expressed(layer, shape, random))


def _as_returned(expressed):
    """The mask that an `Expressed` of a rule of one's own describes."""

    def mask(proposal, inputs, weights):
        kind = expressed.kind
        if kind == MASK:
            return expressed.mask
        if kind == BY_INPUT:
            return choose(np.abs(inputs), expressed.count, expressed.sign)[:, None]
        if kind in (BY_UPDATE, BY_WEIGHT):
            sizes = np.abs(proposal if kind == BY_UPDATE else weights)
            return choose(sizes, expressed.count, expressed.sign)
        return kind != NONE

    return mask


def _unit_masks(rule, layer, n_units):
    """The masks of units of a library's rule, or of a rule of one's own."""
    if not isinstance(rule, synlib.RandomNeurons):
        return rule.unit_masks(layer, n_units)
    count = max(1, round(per_layer("fraction", rule.fraction)[layer] * n_units))

    def draw(random, n):
        return np.array([choose(random.random(n_units), count, -1) for _ in range(n)])

    return UnitMasks(draw, rule.redraw)


def _due(memory, transient, step):
    due = np.zeros(transient.shape, bool)
    if step % memory.check_every:
        return due
    above = np.abs(transient) > memory.threshold
    if memory.scope == "synapse":
        return above
    if memory.scope == "neuron":
        due[:, above.any(axis=0)] = True
    elif memory.scope == "neuron-sum":
        due[:, np.abs(transient).sum(axis=0) > memory.threshold] = True
    elif above.any():
        due[:] = True
    return due


def _consolidate(persistent, transient, due, ledger):
    ledger["consolidation"] += np.abs(transient[due]).sum()
    ledger["writes"] += np.count_nonzero(transient[due])
    persistent[due] += transient[due]
    transient[due] = 0


def _order(net, n_samples, n_steps, random):
    epochs = -(-n_steps // n_samples)
    if net.sampling == "shuffled":
        orders = [random.permutation(n_samples) for _ in range(epochs)]
    elif net.sampling == "replacement":
        orders = [random.integers(n_samples, size=n_samples) for _ in range(epochs)]
    else:
        orders = [np.arange(n_samples)] * epochs
    return np.concatenate(orders)[:n_steps]


def _draw_masks(masks, n_labels, random):
    if masks is None or masks.redraw == "step":
        return None
    return masks.draw(random, {"never": 1, "label": n_labels}.get(masks.redraw, masks.redraw))


def _mask(masks, drawn, random, step, label, n_units):
    if masks is None:
        return np.ones(n_units)
    if masks.redraw == "step":
        return masks.draw(random, 1)[0]
    if masks.redraw == "label":
        return drawn[label]
    return drawn[(step - 1) % len(drawn)]


def _activate(x, kind):
    if kind == "logistic":
        return 1 / (1 + np.exp(-x))
    if kind == "relu":
        return np.maximum(x, 0)
    if kind == "leaky_relu":
        return np.where(x > 0, x, 0.1 * x)
    if kind == "tanh":
        return np.tanh(x)
    if kind == "softmax":
        return np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    return x.copy()


def _slope(y, kind):
    return {
        "logistic": lambda: y * (1 - y),
        "relu": lambda: (y > 0).astype(float),
        "leaky_relu": lambda: np.where(y > 0, 1, 0.1),
        "tanh": lambda: 1 - y**2,
        "linear": lambda: np.ones_like(y),
    }[kind]()


def _output_delta(net, target, y):
    error = target - y
    if net.gradient == "nyiro2022":
        return 2 * error / y.size * y * (1 - y)
    if net.loss == "cross_entropy":
        return error
    if net.output == "softmax":
        jacobian = np.diag(y) - np.outer(y, y)
        return jacobian @ error
    return error * _slope(y, net.output)
