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
from synlib._validation import each, per_layer
from synlib.memory import Persistent
from synlib.plasticity import AllSynapses, UnitMasks

UNIT_RULES = (
    synlib.GatedNeurons
    | synlib.LargestErrors
    | synlib.SmallestErrors
    | synlib.MostActive
    | synlib.LeastActive
)


def train(net, X, labels, weights, n_steps):
    """Train as ``net`` is set up, from ``weights``, on ``labels`` 0, 1, ...

    Returns a dict: weights, persistent, transient (an array for each layer), ledgers (a dict for
    each layer).
    """
    X = np.asarray(X, net.dtype)
    labels = np.asarray(labels)
    rule = net.plasticity or AllSynapses()
    whole_layer = False
    stages, upkeep = _stages(net.memory)
    _, for_order, for_rule = generator(net.random_state).spawn(3)
    n_outputs = weights[-1].shape[1]
    n_layers = len(weights)
    plastic = *rule.plastic_units(each(net.hidden)), n_outputs
    if isinstance(rule, synlib.Subnetwork):
        units = rule.units if isinstance(rule.units, tuple) else [rule.units] * (n_layers - 1)
        plastic = *map(min, units, each(net.hidden)), n_outputs
        whole_layer = rule.fraction_of == "layer"
        rule = rule.then
    if net.bias:
        X = np.column_stack([X, np.ones(len(X))])
    before = (X.shape[1], *plastic)  # plastic units before each layer
    blocks = [np.s_[:n, :m] for n, m in zip(before[:-1], plastic, strict=True)]
    shapes = [w[block].shape for w, block in zip(weights, blocks, strict=True)]
    of = [w.shape for w in weights] if whole_layer else shapes
    chosen = [_choice(rule, k, shape, n_layers, for_rule) for k, shape in enumerate(of)]
    unit_masks = [_unit_masks(rule, k, shape[1], n_layers) for k, shape in enumerate(shapes)]
    mask_random = for_rule.spawn(n_layers)
    drawn = [_draw_masks(m, n_outputs, r) for m, r in zip(unit_masks, mask_random, strict=True)]
    ledgers = [dict(consolidation=0.0, maintenance=0.0, transition=0.0, writes=0) for _ in weights]
    stores = [[np.zeros(w.shape) for w in weights] for _ in stages]
    stores.append([w.astype(float) for w in weights])
    flagged = [[np.zeros(w.shape, bool) for w in weights] for _ in stages]
    rates = per_layer("learning_rate", net.learning_rate, n_layers)
    order = _order(net, len(X), n_steps, for_order)

    def move(s, k, due):
        """Consolidate what is due from store s of layer k to the next."""
        stores[s + 1][k][due] += stores[s][k][due]
        if s + 1 == len(stages):
            ledgers[k]["consolidation"] += np.abs(stores[s][k][due]).sum()
            ledgers[k]["writes"] += np.count_nonzero(stores[s][k][due])
        stores[s][k][due] = 0

    for step in range(1, n_steps + 1):
        x, label = X[order[step - 1]], labels[order[step - 1]]
        at_start = [[w.copy() for w in store] for store in stores]
        for s in reversed(range(len(stages))):
            for k in range(n_layers):
                move(s, k, flagged[s][k])
                flagged[s][k][:] = False
        for stage, store in zip(stages, stores, strict=False):
            if stage.decay_order == "before":
                _decay(stage, store)
        W = [sum(store[k] for store in stores) for k in range(n_layers)]
        values = [x]
        for k in range(n_layers - 1):
            values.append(_activate(values[k] @ W[k], net.activation))
            if net.bias:
                values[-1][0] = 1
        y = _activate(values[-1] @ W[-1], net.output)
        target = np.full(n_outputs, float(net.targets[0]))
        target[label] = net.targets[1]
        rests = net.error_margin is not None and (
            (np.delete(y, label) < y[label]).all()
            if net.error_margin == "right"
            else np.abs(target - y).max() < net.error_margin
        )

        delta = _output_delta(net, target, y)
        back = target - y if net.gradient == "li2020" else delta
        for k in reversed(range(n_layers)):
            mask = np.ones(delta.size)
            mask[: plastic[k]] = _mask(
                unit_masks[k], drawn[k], mask_random[k], step, label, plastic[k]
            )
            candidates = slice(int(net.bias and k < n_layers - 1), plastic[k])
            activity = y if k == n_layers - 1 else values[k + 1]
            mask[candidates] *= _compete(rule, k, n_layers, delta * mask, activity, candidates)
            delta, back = delta * mask, back * mask
            proposal = np.outer(values[k], rates[k] * delta)[blocks[k]]
            below = (W[k] @ back) * _slope(values[k], net.activation) if k > 0 else None
            inputs, weights_now = values[k][: before[k]], W[k][blocks[k]]
            change = 0 * proposal
            if not rests:
                change = proposal * chosen[k](proposal, inputs, weights_now)
            stores[0][k][blocks[k]] += change
            if not stages:
                ledgers[k]["consolidation"] += np.abs(change).sum()
                ledgers[k]["writes"] += np.count_nonzero(change)
            if k > 0:
                delta = below
                if net.bias:
                    delta[0] = 0
                back = delta

        for s, stage in enumerate(stages):
            due = [_due(stage, w, step) for w in stores[s]]
            if stage.scope == "network" and any(d.any() for d in due):
                due = [np.ones_like(d) for d in due]
            for k in range(n_layers):
                if stage.consolidate == "next":
                    flagged[s][k] = due[k]
                else:
                    move(s, k, due[k])
        for stage, store, earlier in zip(stages, stores, at_start, strict=False):
            for k in range(n_layers):
                ledgers[k]["maintenance"] += stage.maintenance_cost * np.abs(store[k]).sum()
            if stage.decay_order != "before":
                _decay(stage, store)
            for k in range(n_layers):
                moved = np.abs(store[k] - earlier[k]).sum()
                ledgers[k]["transition"] += stage.transition_cost * moved
        for k in range(n_layers):
            ledgers[k]["maintenance"] += upkeep * np.abs(stores[-1][k]).sum()
    transient = [
        sum((store[k] for store in stores[:-1]), np.zeros(w.shape)) for k, w in enumerate(weights)
    ]
    for k in range(n_layers):
        ledgers[k]["outstanding"] = np.abs(transient[k]).sum()
        ledgers[k]["minimal"] = np.abs(stores[-1][k] + transient[k] - weights[k]).sum()
        ledgers[k]["total"] = sum(
            ledgers[k][name]
            for name in ("consolidation", "maintenance", "transition", "outstanding")
        )
    return {
        "weights": [w + s for w, s in zip(stores[-1], transient, strict=True)],
        "persistent": stores[-1],
        "transient": transient,
        "ledgers": ledgers,
    }


def _stages(memory):
    """The caches of a memory, one after another, and the upkeep of the persistent weights."""
    stages = []
    while memory is not None and not isinstance(memory, Persistent):
        stages.append(memory)
        memory = memory.then
    return stages, 0.0 if memory is None else memory.maintenance_cost


def _decay(stage, store):
    discrete = stage.decay_form == "discrete"
    factor = 1 - 1 / stage.decay_time if discrete else math.exp(-1 / stage.decay_time)
    for w in store:
        w *= factor


def choose(sizes, count, sign):
    """Mask of the ``count`` largest (sign 1) or smallest entries by a full stable sort."""
    order = np.argsort(-sign * sizes.ravel(), kind="stable")
    mask = np.zeros(sizes.size, bool)
    mask[order[:count]] = True
    return mask.reshape(sizes.shape)


def _choice(rule, layer, shape, n_layers, random):
    """The mask of the expressed synapses as a function of proposal, inputs and weights."""
    fraction = per_layer("fraction", getattr(rule, "fraction", 1.0), n_layers)[layer]
    count = round(fraction * (shape[0] * shape[1]))
    if isinstance(rule, synlib.LargestUpdates) and rule.within == "neuron":
        count = round(fraction * shape[0])
        return lambda proposal, inputs, weights: np.column_stack(
            [choose(np.abs(onto_unit), count, 1) for onto_unit in proposal.T]
        )
    if isinstance(rule, synlib.LargestUpdates):
        return lambda proposal, inputs, weights: choose(np.abs(proposal), count, 1)
    if isinstance(rule, synlib.SmallestUpdates):
        return lambda proposal, inputs, weights: choose(np.abs(proposal), count, -1)
    if isinstance(rule, synlib.LargestWeights | synlib.SmallestWeights):
        sign = 1 if isinstance(rule, synlib.LargestWeights) else -1
        if rule.within == "neuron":
            count = round(fraction * shape[0])
            return lambda proposal, inputs, weights: np.column_stack(
                [choose(np.abs(onto_unit), count, sign) for onto_unit in weights.T]
            )
        return lambda proposal, inputs, weights: choose(np.abs(weights), count, sign)
    if isinstance(rule, synlib.RandomSynapses):
        fixed = np.isin(np.arange(np.prod(shape)), random.permutation(np.prod(shape))[:count])
        return lambda proposal, inputs, weights: fixed.reshape(shape)
    if isinstance(rule, synlib.ReadoutOnly):
        return lambda proposal, inputs, weights: layer == n_layers - 1
    if isinstance(rule, synlib.AllSynapses | synlib.RandomNeurons | UNIT_RULES):
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


def _compete(rule, layer, n_layers, error, activity, candidates):
    """Mask of the candidates that win an error."""
    by_error = isinstance(rule, synlib.LargestErrors | synlib.SmallestErrors)
    if not by_error and not isinstance(rule, synlib.MostActive | synlib.LeastActive):
        return True
    fraction = per_layer("fraction", rule.fraction, n_layers)[layer]
    sizes = np.abs(error if by_error else activity)[candidates]
    sign = 1 if isinstance(rule, synlib.LargestErrors | synlib.MostActive) else -1
    return choose(sizes, max(1, round(fraction * candidates.stop)), sign)


def _unit_masks(rule, layer, n_units, n_layers):
    """The masks of units of a library's rule, or of a rule of one's own."""
    if isinstance(rule, synlib.GatedNeurons):
        probability = per_layer("probability", rule.probability, n_layers)[layer]
        return UnitMasks(lambda random, n: random.random((n, n_units)) < probability, "step")
    if not isinstance(rule, synlib.RandomNeurons):
        return rule.unit_masks(layer, n_units)
    count = max(1, round(per_layer("fraction", rule.fraction, n_layers)[layer] * n_units))

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
    if kind == "elu":
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
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
        "elu": lambda: np.where(y > 0, 1, y + 1),
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
