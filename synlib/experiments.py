"""One plain function per kind of run: keyword arguments in, flat records out.

A record is a dict of numbers and short strings: what went into the run and what came out.
Energies are in a.u., times in steps (presentations of one pattern or image). `synlib.sweep` runs
these functions over grids and seeds.

In one module, under whose name runs are kept and stored; most of its lines say what the arguments
and the entries of a record are.
"""

import hashlib
import platform
import re
from copy import copy
from dataclasses import fields
from functools import cache, partial
from importlib import metadata

import numpy as np
import pandas as pd

from synlib import _tasks, spiking
from synlib._images import images_of
from synlib._random import generator, standard_normal
from synlib._validation import check_choice
from synlib.datasets import random_patterns
from synlib.energy import LEDGER
from synlib.memory import Persistent, SynapticCache
from synlib.mlp import MLP
from synlib.perceptron import Perceptron

# a transition costs a spiking neuron nothing, and its weights all begin at zero
SPIKING_LEDGER = ("consolidation", "maintenance", "outstanding", "total", "minimal", "writes")


def perceptron_run(
    *,
    n_inputs=1000,
    load=1.0,
    memory=None,
    threshold=None,
    scope="neuron",
    decay_time=np.inf,
    maintenance_cost=0.0,
    transition_cost=0.0,
    decay_order=None,
    consolidate="now",
    learning_rate=1.0,
    max_epochs=10_000,
    random_state=None,
):
    """A perceptron learns random patterns.

    Parameters
    ----------
    n_inputs : int
        Number of inputs N.
    load : float
        Patterns per input, P/N.
    memory : optional
        A memory of one's own, as `Perceptron` takes it, instead of the next arguments.
    threshold : float, optional
        Threshold of a synaptic cache; None or 0 for no cache.
    scope, decay_time, maintenance_cost, transition_cost, decay_order, consolidate
        Of the cache, see `SynapticCache`.
    learning_rate, max_epochs
        See `Perceptron`.
    random_state : int, Generator or None
        Source of the patterns.

    Returns
    -------
    dict
        The arguments; n_patterns, converged, n_epochs, n_updates, weight_variance (mean square of
        the final weights), inefficiency, the entries of `Perceptron.energy_`; and what is needed
        to repeat the run, see `provenance`.

    Examples
    --------
    >>> perceptron_run(n_inputs=100, load=0.5, random_state=0)["converged"]
    True
    """
    memory, settings = _memory(
        memory,
        threshold=threshold,
        scope=scope,
        decay_time=decay_time,
        maintenance_cost=maintenance_cost,
        transition_cost=transition_cost,
        decay_order=decay_order,
        consolidate=consolidate,
    )
    task = _random_task(n_inputs, load, random_state)
    return _perceptron_record(memory, settings, learning_rate, max_epochs, *task)


def perceptron_thresholds(
    *,
    thresholds,
    n_inputs=1000,
    load=1.0,
    scope="neuron",
    decay_time=np.inf,
    maintenance_cost=0.0,
    transition_cost=0.0,
    decay_order=None,
    consolidate="now",
    learning_rate=1.0,
    max_epochs=10_000,
    random_state=None,
):
    """A perceptron learns the same patterns with one threshold after another.

    To draw the patterns and to multiply them takes longer than to learn them, so this is several
    times faster than as many calls of `perceptron_run`, with the same results.

    Parameters
    ----------
    thresholds : tuple of float
        Thresholds of a synaptic cache; None or 0 for no cache.
    n_inputs, load, scope, decay_time, maintenance_cost, transition_cost, decay_order, consolidate
        As in `perceptron_run`.
    learning_rate, max_epochs, random_state
        As in `perceptron_run`.

    Returns
    -------
    list of dict
        For each threshold what `perceptron_run` returns.

    Examples
    --------
    >>> records = perceptron_thresholds(thresholds=(None, 5.0), n_inputs=100, random_state=0)
    >>> records[0]["total"] > records[1]["total"]
    True
    """
    task = _random_task(n_inputs, load, random_state)
    records = []
    for threshold in thresholds:
        memory, settings = _memory(
            None,
            threshold=threshold,
            scope=scope,
            decay_time=decay_time,
            maintenance_cost=maintenance_cost,
            transition_cost=transition_cost,
            decay_order=decay_order,
            consolidate=consolidate,
        )
        records.append(_perceptron_record(memory, settings, learning_rate, max_epochs, *task))
    return records


def perceptron_margins(
    *,
    margins,
    thresholds=(None,),
    n_inputs=1000,
    load=1.0,
    scope="neuron",
    maintenance_cost=0.0,
    learning_rate=1.0,
    max_epochs=10_000,
    random_state=None,
):
    """A perceptron learns the same patterns so that all are right by one margin after another.

    Parameters
    ----------
    margins : tuple of float
        Margins to be learned, in units of what an update adds to its own pattern,
        ``learning_rate * (n_inputs + 1)``.
    thresholds : tuple of float
        Thresholds of a synaptic cache; None or 0 for no cache.
    n_inputs, load, scope, maintenance_cost, learning_rate, max_epochs, random_state
        As in `perceptron_run`.

    Returns
    -------
    list of dict
        For each margin and threshold what `perceptron_run` returns, the margin, and the stability:
        the least ``d * (w . x)`` of all patterns when every summed input has variance one, how far
        from the border the neuron keeps them.

    Examples
    --------
    >>> records = perceptron_margins(margins=(0.0, 2.0), n_inputs=100, random_state=0)
    >>> records[0]["stability"] < records[1]["stability"]
    True
    """
    X, d, about, repeat = _random_task(n_inputs, load, random_state)
    records = []
    for margin in margins:
        for threshold in thresholds:
            memory, settings = _memory(
                None, threshold=threshold, scope=scope, maintenance_cost=maintenance_cost
            )
            neuron = Perceptron(
                memory,
                learning_rate=learning_rate,
                margin=margin * learning_rate * (n_inputs + 1),
                max_epochs=max_epochs,
            ).fit(X, d)
            length = np.hypot(np.linalg.norm(neuron.coef_), neuron.intercept_[0])
            stability = float((d * neuron.decision_function(X)).min() / length)
            found = _record_of(neuron, settings, about, repeat)
            records.append({"margin": margin, "stability": stability, **found})
    return records


def _random_task(n_inputs, load, random_state):
    """Random patterns, their targets, and what a record says of them."""
    n_patterns = max(1, round(load * n_inputs))
    X, d = random_patterns(n_patterns, n_inputs, random_state=random_state)
    about = {"n_inputs": n_inputs, "load": load, "n_patterns": n_patterns}
    return X, d, about, provenance("random patterns", _digest(X, d), random_state)


def _perceptron_record(memory, settings, learning_rate, max_epochs, X, d, about, repeat):
    neuron = Perceptron(memory, learning_rate=learning_rate, max_epochs=max_epochs).fit(X, d)
    return _record_of(neuron, settings, about, repeat)


def _record_of(neuron, settings, about, repeat):
    return {
        **about,
        **settings,
        "learning_rate": neuron.learning_rate,
        "converged": neuron.converged_,
        "n_epochs": neuron.n_epochs_,
        "n_updates": neuron.n_updates_,
        "weight_variance": float((neuron.coef_**2).mean()),
        "inefficiency": neuron.energy_["total"] / neuron.energy_["minimal"],
        **neuron.energy_,
        **repeat,
    }


def two_weights(random_state=985):
    """A perceptron with two inputs learns patterns that can just be told apart.

    Parameters
    ----------
    random_state : int
        The default gives a run that is long enough to look at.

    Returns
    -------
    path : array (n_presentations, 2)
        The weights after each presentation; they begin at zero.
    solved : callable
        Whether weights, array (..., 2), get all patterns right with the bias of the end.

    Examples
    --------
    >>> path, solved = two_weights()
    >>> bool(solved(path[0])), bool(solved(path[-1]))
    (False, True)
    """
    random = np.random.default_rng(random_state)
    X = standard_normal(random, (60, 2))
    side = 0.76 * X[:, 0] + 0.65 * X[:, 1]
    clear = np.abs(side) > 0.04 * np.sqrt(X[:, 0] ** 2 + X[:, 1] ** 2)
    X, d = X[clear], np.sign(side[clear])
    neuron = Perceptron().fit(X, d, trace=[0, 1])

    def solved(weights):
        return (d * (weights @ X.T + neuron.intercept_) > 0).all(axis=-1)

    return neuron.trace_.sum(axis=2), solved


def perceptron_exponents(
    *,
    n_inputs=1000,
    load=1.0,
    exponents=(0, 1, 2),
    potentiation_only=False,
    random_state=None,
):
    r"""A perceptron learns random patterns; what that costs if a change costs \|size\|^exponent.

    Parameters
    ----------
    n_inputs, load, random_state
        As in `perceptron_run`.
    exponents : tuple of float
        Exponents alpha; one run answers for all.
    potentiation_only : bool
        Charge only increases of a weight.

    Returns
    -------
    list of dict
        For each exponent: exponent, consolidation, minimal, inefficiency and the arguments.

    Examples
    --------
    >>> records = perceptron_exponents(n_inputs=50, exponents=(1, 3), random_state=0)
    >>> records[0]["inefficiency"] > 1 > records[1]["inefficiency"]
    True
    """
    X, d = random_patterns(max(1, round(load * n_inputs)), n_inputs, random_state=random_state)
    neuron = Perceptron(exponents=exponents, potentiation_only=potentiation_only).fit(X, d)
    repeat = provenance("random patterns", _digest(X, d), random_state)
    return [
        {
            "n_inputs": n_inputs,
            "load": load,
            "potentiation_only": potentiation_only,
            "exponent": exponent,
            "converged": neuron.converged_,
            "consolidation": float(neuron.consolidation_by_exponent_[exponent]),
            "minimal": float(neuron.minimal_by_exponent_[exponent]),
            "inefficiency": float(
                neuron.consolidation_by_exponent_[exponent] / neuron.minimal_by_exponent_[exponent]
            ),
            **repeat,
        }
        for exponent in exponents
    ]


def mlp_run(**arguments):
    """A multilayer network learns images; the record of its end.

    Takes the arguments of `mlp_history`.

    Returns
    -------
    dict
        The last of the records of `mlp_history`, and ``test_accuracy`` and ``train_accuracy`` at
        the end, the latter on as many images (NaN if learning diverged).
    """
    net, records, (X_train, y_train, X_test, y_test) = _learn((), **arguments)
    sets = {"test": (X_test, y_test), "train": (X_train[: len(X_test)], y_train[: len(X_test)])}
    return records[-1] | {
        f"{name}_accuracy": np.nan if net.diverged_ else float(net.score(X, y))
        for name, (X, y) in sets.items()
    }


def mlp_history(**arguments):
    """A multilayer network learns images; one record per evaluation.

    Parameters
    ----------
    dataset : {"mnist-subset", "mnist", "fashion-mnist", "digits"}, path or Dataset
        A path is that of a folder as `load_idx` reads it.
    memory : optional
        A memory of one's own, as `MLP` takes it, instead of the next arguments.
    threshold : float, optional
        Threshold of a synaptic cache; None or 0 for no cache.
    scope, decay_time, maintenance_cost, check_every
        Of the cache, see `SynapticCache`.
    published : {"li2020", "nyiro2022", "vanrossum2024"}, optional
        Parameters other than the memory, and the scaling of the images, as in that source.
    until, evaluate_every, evaluate_growth
        See `MLP.fit`; the last is 0.05 by default.
    accuracy_on : {"test", "train"}
        Images on which the accuracy is measured; of the training images, as many as there are
        test images.
    learning_rates, thresholds : tuple, optional
        A schedule instead of one learning rate or threshold: the first is used in the first of as
        many equal parts of all ``max_epochs``, the next in the next. There is an evaluation
        where a part ends, too; images come in their order. In the records these two are text, and
        ``learning_rate`` that of the end, ``threshold`` that of the beginning.
    random_state : int, Generator or None
        Source of initial weights, order and random rules.
    **parameters
        Of the `MLP`; here ``dtype`` is "float32" by default, which takes half the time.

    Returns
    -------
    list of dict
        For each evaluation: the arguments, step, epoch, accuracy, the ledger so far, whether the
        accuracy ``until`` has been ``reached``, whether learning ``diverged`` in the end, and what
        is needed to repeat the run, see `provenance`.

    Examples
    --------
    >>> records = mlp_history(dataset="digits", hidden=20, max_epochs=2, random_state=0)
    >>> [record["step"] for record in records]
    [1347, 2694]
    """
    return _learn(None, **arguments)[1]


def mlp_passages(*, accuracies, **arguments):
    """A multilayer network learns images; what it had spent when it first got to each accuracy.

    Parameters
    ----------
    accuracies : sequence of float
        A tuple, since `sweep` takes a list for an axis.
    **arguments
        As for `mlp_history`; learning ends at the highest of the accuracies unless ``until`` is
        given.

    Returns
    -------
    list of dict
        For each accuracy the record of the first evaluation at or above it (NaN where there is
        none), with ``accuracy`` the one that was asked for, whether it was ``reached``, and the
        ``last_step``, how long the network learned.

    Examples
    --------
    >>> records = mlp_passages(accuracies=(0.5, 1.0), dataset="digits", published="vanrossum2024",
    ...                        hidden=20, max_epochs=2, evaluate_every=100, random_state=0)
    >>> [(record["accuracy"], record["reached"]) for record in records]
    [(0.5, True), (1.0, False)]
    """
    _, records, _ = _learn(accuracies, **{"until": max(accuracies)} | arguments)
    varying = {"step", "epoch"} | {
        name for name in records[0] if re.sub(r"_\d+$", "", name) in LEDGER
    }
    never = records[-1] | dict.fromkeys(varying, np.nan)
    end = {"last_step": records[-1]["step"]}
    passages = []
    for accuracy in accuracies:
        first = next((record for record in records if record["accuracy"] >= accuracy), never)
        is_reached = first is not never
        passages.append(first | {"accuracy": accuracy, "reached": is_reached} | end)
    return passages


def mlp_noise(*, noises, n_draws=3, **arguments):
    """A multilayer network learns images; how accurate it is with noise on its weights.

    Parameters
    ----------
    noises : tuple of float
        Standard deviations of the Gaussian noise that is added to all persistent weights of a
        layer, as shares of their root mean square.
    n_draws : int
        How often noise is drawn at each.
    **arguments
        As for `mlp_history`.

    Returns
    -------
    list of dict
        For each of the noises the last record of `mlp_history`, with ``noise``,
        ``noisy_accuracy``, the mean over the draws, and ``persistent_accuracy``, that without
        noise if all that is transient is lost. All are measured on the same images as
        ``accuracy``.

    Examples
    --------
    >>> records = mlp_noise(noises=(0.0, 5.0), dataset="digits", hidden=20, learning_rate=0.5,
    ...                     max_epochs=5, random_state=0)
    >>> records[0]["accuracy"] > records[1]["noisy_accuracy"] + 0.1
    True
    """
    net, records, (X_train, y_train, *test) = _learn((), **arguments)
    if arguments.get("accuracy_on") == "train":
        test = X_train[: len(test[0])], y_train[: len(test[0])]
    persistent = [w.copy() for w in net.weights_]
    for w, transient in zip(persistent, net.transient_weights_, strict=True):
        n, m = transient.shape
        w[:n, :m] -= transient
    random = generator(arguments.get("random_state")).spawn(4)[-1]  # learning has the others
    units = [[standard_normal(random, w.shape) for w in persistent] for _ in range(n_draws)]
    scales = [float(np.sqrt(np.mean(w.astype(float) ** 2))) for w in persistent]

    def accuracy(weights):
        other = copy(net)
        other.weights_ = tuple(w.astype(net.dtype) for w in weights)
        return float(other.score(*test))

    common = records[-1] | {"persistent_accuracy": accuracy(persistent)}
    noisy = []
    for noise in noises:
        scores = [
            accuracy(
                w + noise * scale * unit
                for w, scale, unit in zip(net.weights_, scales, draw, strict=True)
            )
            for draw in units
        ]
        noisy.append(common | {"noise": float(noise), "noisy_accuracy": float(np.mean(scores))})
    return noisy


def mlp_writes(*, dataset="mnist-subset", published=None, n_quantiles=51, random_state=None,
               **parameters):  # fmt: skip
    """A multilayer network learns images; how its writes are spread over the synapses.

    Parameters
    ----------
    dataset, published, random_state, **parameters
        As in `mlp_history`, but in double precision by default.
    n_quantiles : int
        Number of points of the distribution.

    Returns
    -------
    list of dict
        For each layer and each of the quantiles: ``layer`` (1 or 2), ``share`` of synapses that
        have at most as many ``writes``; ``simpson`` of the layer, the inverse Simpson index of
        the writes, sum(n)^2 / (N sum(n^2)) for N synapses of which each is written n times: 1 if
        all are written as often, and the share that is written at all if those are; the
        arguments, and `provenance`.

    Examples
    --------
    >>> from synlib import RandomSynapses
    >>> records = mlp_writes(dataset="digits", hidden=10, max_epochs=1, random_state=0,
    ...                      plasticity=RandomSynapses(0.5))
    >>> len(records), records[0]["writes"]
    (102, 0.0)
    """
    # in single precision some changes are too small to change a weight, and would not be counted
    parameters = {"dtype": "float64"} | parameters
    net = _network(published, random_state=random_state, **parameters)
    name, checksum, (X_train, y_train, *_) = images_of(dataset, published, net.dtype)
    net.fit(X_train, y_train, count_writes=True)
    arguments = _arguments_of(net) | provenance(name, checksum, random_state)
    shares = np.linspace(0, 1, n_quantiles)
    records = []
    for layer, writes in enumerate(net.writes_, start=1):
        n = writes.astype(float)
        simpson = float(n.sum() ** 2 / (n.size * (n**2).sum())) if n.any() else np.nan
        common = arguments | {"layer": layer, "steps": net.n_steps_, "simpson": simpson}
        quantiles = np.quantile(writes, shares)
        records += [
            common | {"share": float(share), "writes": float(count)}
            for share, count in zip(shares, quantiles, strict=True)
        ]
    return records


def task_sequence(
    *,
    tasks="permuted",
    n_tasks=5,
    criterion=0.9,
    max_images=10_000,
    evaluate_every=250,
    replay=0,
    between="go on",
    dataset="mnist-subset",
    memory=None,
    threshold=None,
    scope="neuron",
    decay_time=np.inf,
    maintenance_cost=0.0,
    published=None,
    random_state=None,
    **parameters,
):
    """A multilayer network learns one task after another; one record per task.

    The labels of all tasks are outputs of the same network from the start, and while it learns
    nothing tells it which task an image belongs to.

    Parameters
    ----------
    tasks : {"permuted", "split"}
        The same images in each task, from the second on with their pixels in an order drawn for it;
        or, in each, images of other classes, as many in each, or nearly.
    n_tasks : int
    criterion : float
        A task is learned until the accuracy on its test images, among all classes, is this high; in
        (0, 1].
    max_images : int
        Or for so many images, at most.
    evaluate_every : int
        Images between looks at the accuracy.
    replay : int
        Images of each earlier task that are kept, the first it was learned from. Each of the new
        images is then followed by one of those kept, all tasks alike. 0 for none.
    between : {"go on", "consolidate", "move on"}
        What happens between two tasks: nothing; all transient weights are consolidated, and that is
        paid; or, after that, other hidden units become plastic, for a `Subnetwork`: those of two
        tasks have no unit in common, but the one that is clamped if there is a bias. Rules that
        draw begin their draws again, but for "go on".
    dataset, memory, threshold, scope, decay_time, maintenance_cost, published
        As in `mlp_history`.
    random_state : int, Generator or None
        Source of tasks, initial weights, order, images that are replayed, and random rules.
    **parameters
        Of the `MLP`, with ``dtype`` "float32" by default. The order of the images is the run's own.

    Returns
    -------
    list of dict
        After each task: the arguments, ``task`` (1, 2, ...), ``step``, the number of images so far;
        of this task ``images``, those of them that were new, ``new_images``, whether the criterion
        was ``reached``, and what was ``spent``, the growth of the total; the ledger so far;
        ``accuracy_1``, ... on the test images of each task, and ``told_1``, ... if only the
        classes of that task are compared; whether learning ``diverged``, and `provenance`.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> records = task_sequence(tasks="split", dataset="digits", hidden=20, learning_rate=0.5,
    ...                         init_scale=0.1, random_state=0)
    >>> [record["reached"] for record in records], records[-1]["accuracy_1"]
    ([True, True, True, True, True], 0.0)
    """
    memory, settings = _memory(
        memory,
        threshold=threshold,
        scope=scope,
        decay_time=decay_time,
        maintenance_cost=maintenance_cost,
    )
    for_network, for_tasks = generator(random_state).spawn(2)
    parameters |= {"memory": memory, "sampling": "sequential"}
    net = _network(published, random_state=for_network, **parameters)
    name, checksum, images = images_of(dataset, published, net.dtype)
    how = dict(
        tasks=tasks, n_tasks=n_tasks, criterion=criterion, max_images=max_images,
        evaluate_every=evaluate_every, replay=replay, between=between,
    )  # fmt: skip
    records = _tasks.learn(images, net, random=for_tasks, **how)
    described = _arguments_of(net) | settings | provenance(name, checksum, random_state)
    described |= {name: _plain(value) for name, value in how.items()}
    return [described | {"published": published or ""} | record for record in records]


def torch_history(
    *,
    dataset="mnist-subset",
    network="mlp",
    optimizer="sgd",
    learning_rate=0.05,
    batch_size=10,
    plasticity=None,
    memory=None,
    until=None,
    max_epochs=2,
    evaluations=24,
    random_state=None,
):
    """A network in PyTorch learns images under any optimizer; one record per evaluation.

    Parameters
    ----------
    dataset : str, path or Dataset
        As in `mlp_history`; images of 28 by 28 pixels.
    network : {"mlp", "cnn"}
        50 hidden units between two layers of weights; or two layers of convolutions, of 8 and 16
        filters, below one of weights. With biases, in double precision.
    optimizer : {"sgd", "adam"}
        With the defaults of PyTorch but for the rate.
    learning_rate : float
    batch_size : int
        Images at a step.
    plasticity, memory : optional
        As `synlib.torch.Plastic` takes them.
    until : float, optional
        Accuracy that ends learning at the first look at or above it.
    max_epochs : int
        Passes through the training images, in an order drawn for each.
    evaluations : int
        How often to look in all that time, evenly.
    random_state : int, Generator or None
        Source of initial weights, order and random rules.

    Returns
    -------
    list of dict
        For each evaluation: the arguments, step, accuracy on the test images, the ledger so far;
        ``cells``, the number of weights; ``final_writes`` of all of them and ``most_written``,
        those of the most written one, if what the network sees in caches is written now;
        ``transient_writes``, the changes that entered caches; what is needed to repeat the run,
        see `provenance`, and the version of PyTorch.

    Raises
    ------
    ModuleNotFoundError
        Without PyTorch: ``pip install "synlib[torch]"``.

    Examples
    --------
    >>> import pytest; _ = pytest.importorskip("torch")
    >>> records = torch_history(network="cnn", max_epochs=1, batch_size=1000, evaluations=2,
    ...                         random_state=0)
    >>> [record["step"] for record in records], records[-1]["most_written"]
    ([3, 6], 6)
    """
    from synlib.torch import training

    name, checksum, images = images_of(dataset, None, np.dtype(np.float64))
    arguments = dict(
        network=network, optimizer=optimizer, learning_rate=learning_rate, batch_size=batch_size,
        plasticity=plasticity, memory=memory, until=until, max_epochs=max_epochs,
        evaluations=evaluations,
    )  # fmt: skip
    records = training.train(images, **arguments, random_state=random_state)
    described = {name: _plain(value) for name, value in arguments.items()}
    described |= provenance(name, checksum, random_state) | {"torch": _version("torch")}
    return [described | record for record in records]


# what it needs besides the packages of the library
torch_history.packages = ("torch",)  # type: ignore[attr-defined]


def spiking_run(
    *,
    n_patterns=10,
    threshold=None,
    decay_time=np.inf,
    maintenance_cost=0.0,
    max_rounds=1000,
    random_state=None,
):
    """A spiking neuron learns pairs of inputs, see `synlib.spiking.learn`.

    Parameters
    ----------
    n_patterns, max_rounds, random_state
        As in `synlib.spiking.learn`.
    threshold : float, optional
        Threshold of the cache of each synapse, in nS; None or 0 for no cache.
    decay_time, maintenance_cost
        Of the cache, in ms, and per ms and nS.

    Returns
    -------
    dict
        The arguments, rounds, settled, success, the `SPIKING_LEDGER` of `Learned.energy`;
        early_total and early_minimal, both `spiking.SETTLED_ROUNDS` before the end, where the
        published program reads them (NaN where there are fewer); and `provenance`.

    Examples
    --------
    >>> spiking_run(n_patterns=2, max_rounds=5, random_state=0)["rounds"]
    5
    """
    memory, settings = _memory(
        None,
        threshold=threshold,
        scope="synapse",
        decay_time=decay_time,
        maintenance_cost=maintenance_cost,
    )
    learned = spiking.learn(
        n_patterns, memory=memory, max_rounds=max_rounds, random_state=random_state
    )
    cache = ("threshold", "decay_time", "maintenance_cost")
    early = learned.rounds - spiking.SETTLED_ROUNDS
    return {
        "n_patterns": n_patterns,
        **{name: settings[name] for name in cache},
        "max_rounds": max_rounds,
        "rounds": learned.rounds,
        "settled": learned.settled,
        "success": learned.success,
        **{name: learned.energy[name] for name in SPIKING_LEDGER},
        "early_total": float(learned.spent[early]) if early >= 0 else np.nan,
        "early_minimal": float(learned.weights[early].sum()) if early >= 0 else np.nan,
        **provenance("random patterns", "", random_state),
    }


def at_costs(table, costs):
    """The same runs at other maintenance costs: they change nothing but the bill.

    Parameters
    ----------
    table : DataFrame
        From a sweep with ``maintenance_cost=1``.
    costs : sequence of float
        Maintenance costs, in a.u. per step and unit of weight.

    Returns
    -------
    DataFrame
        The rows once for each cost, with ``maintenance_cost``, ``maintenance``, ``total``,
        ``inefficiency`` and, where there is one, ``corrected_maintenance`` to match.

    Examples
    --------
    >>> runs = pd.DataFrame({"maintenance_cost": [1.0], "maintenance": [50.0], "total": [60.0],
    ...                      "corrected_maintenance": [55.0], "minimal": [10.0]})
    >>> at_costs(runs, [0, 0.1])["total"].tolist()
    [10.0, 15.0]
    """
    if not (table["maintenance_cost"] == 1).all():
        raise ValueError("table must be from a sweep with maintenance_cost=1")
    tables = []
    for cost in costs:
        total = table["total"] + (cost - 1) * table["maintenance"]
        kept_up = [part for part in ("maintenance", "corrected_maintenance") if part in table]
        tables.append(
            table.assign(
                maintenance_cost=float(cost),
                **{part: cost * table[part] for part in kept_up},
                total=total,
                inefficiency=total / table["minimal"],
            )
        )
    return pd.concat(tables, ignore_index=True)


def provenance(dataset, checksum, random_state):
    """What a record needs, besides its arguments, to be reproduced.

    Parameters
    ----------
    dataset : str
        Name of the data set.
    checksum : str
        SHA-256 of its images and labels.
    random_state : int, Generator or None

    Returns
    -------
    dict
        dataset, checksum, random_state, and the versions of synlib, NumPy, Numba and Python.

    Examples
    --------
    >>> provenance("digits", "0", 7)["random_state"]
    '7'
    """
    return {
        "dataset": dataset,
        "checksum": checksum,
        "random_state": repr(random_state),
        "synlib": _version("synlib"),
        "numpy": _version("numpy"),
        "numba": _version("numba"),
        "python": platform.python_version(),
    }


_version = cache(metadata.version)  # to ask takes longer than a small run


def _learn(
    passages,
    /,
    *,
    dataset="mnist-subset",
    memory=None,
    threshold=None,
    scope="neuron",
    decay_time=np.inf,
    maintenance_cost=0.0,
    check_every=1,
    published=None,
    until=None,
    evaluate_every=None,
    evaluate_growth=0.05,
    accuracy_on="test",
    learning_rates=None,
    thresholds=None,
    random_state=None,
    **parameters,
):
    """The network after learning, the records of its history, and the images and labels."""
    check_choice("accuracy_on", accuracy_on, ("test", "train"))
    schedule = _schedule(
        learning_rate=(learning_rates, parameters.get("learning_rate")),
        threshold=(thresholds, threshold),
    )
    memory, settings = _memory(
        memory,
        threshold=thresholds[0] if thresholds else threshold,
        scope=scope,
        decay_time=decay_time,
        maintenance_cost=maintenance_cost,
        check_every=check_every,
    )
    net = _network(published, memory=memory, random_state=random_state, **parameters)
    name, checksum, images = images_of(dataset, published, net.dtype)
    X_train, y_train, X_test, y_test = images
    if accuracy_on == "train":
        X_test, y_test = X_train[: len(X_test)], y_train[: len(y_test)]
    fit = partial(net.fit, passages=passages)
    if schedule:
        fit = partial(_fit_in_parts, net, schedule)
    fit(
        X_train, y_train, (X_test, y_test), until=until, evaluate_every=evaluate_every,
        evaluate_growth=evaluate_growth,
    )  # fmt: skip
    arguments = {
        **settings,
        "published": published or "",
        "accuracy_on": accuracy_on,
        **{name: value for name, value in _arguments_of(net).items() if name != "memory"},
        **{f"{name}s": repr(values) for name, values in schedule.items()},
        **provenance(name, checksum, random_state),
    }
    reached = until or np.inf
    history = net.history_
    history["epoch"] = history["step"] / len(X_train)  # with a schedule it was the number of calls
    records = [
        arguments | row | {"reached": bool(row["accuracy"] >= reached), "diverged": net.diverged_}
        for row in history.to_dict("records")
    ]
    return net, records, images


def _schedule(**settings):
    """The values of each setting that changes while a network learns."""
    schedule = {name: values for name, (values, _) in settings.items() if values is not None}
    for name, values in schedule.items():
        if not isinstance(values, tuple) or not values:
            raise ValueError(
                f"{name}s must be a tuple, one value for each part of learning, got {values!r}"
            )
        if settings[name][1] is not None:
            raise ValueError(f"{name} must be left out where {name}s are given")
    return schedule


def _fit_in_parts(net, schedule, X, y, test, *, until, evaluate_every, evaluate_growth):
    """As `MLP.fit`, with settings that are others in each part of learning."""
    if net.sampling != "sequential":
        raise ValueError(
            f"sampling must be 'sequential' where a setting changes, got {net.sampling!r}"
        )
    n_steps = net.max_epochs * len(X)
    every = evaluate_every or len(X)
    parameters = {"learning_rate": "learning_rate", "threshold": "memory__threshold"}
    ends = [
        -(-n_steps * part // len(values))
        for values in schedule.values()
        for part in range(1, len(values) + 1)
    ]
    classes, step = np.unique(y), 0
    while step < n_steps:
        now = {
            parameters[name]: values[step * len(values) // n_steps]
            for name, values in schedule.items()
        }
        apart = max(1, int(evaluate_growth * step) // every)
        stop = min((step // every + apart) * every, min(end for end in ends if end > step))
        images = np.arange(step, stop) % len(X)
        net.set_params(**now).partial_fit(X[images], y[images], classes, test)
        step = stop
        if net.diverged_ or (until and net.history_["accuracy"].iloc[-1] >= until):
            break


def _network(published, **parameters):
    parameters = {"dtype": "float32"} | parameters
    if published is None:
        return MLP(**parameters)
    return MLP.as_published(published, **({"memory": None} | parameters))


def _arguments_of(net):
    """The parameters of a network as they go into records; stored runs are older than ``l2``."""
    return {
        name: _plain(value)
        for name, value in net.get_params(deep=False).items()
        if name != "l2" or value
    }


def _memory(memory, *, threshold, **settings):
    """A memory, and its settings as they go into a record."""
    has_threshold = threshold is not None and not np.isnan(threshold)
    if memory is None:
        memory = SynapticCache(threshold if has_threshold else None, **settings)
        if not has_threshold and memory.at_once:
            memory = Persistent()
        described = {"threshold": threshold if has_threshold else np.nan} | settings
    else:
        usual = {entry.name: entry.default for entry in fields(SynapticCache)}
        if has_threshold or any(value != usual[name] for name, value in settings.items()):
            raise ValueError(
                f"threshold, {', '.join(settings)} are of the memory that is used by default: "
                "leave them out where memory= is given"
            )
        described = {"threshold": getattr(memory, "threshold", np.nan)}
        described |= {name: getattr(memory, name, usual[name]) for name in settings}
    described = {name: "" if value is None else _plain(value) for name, value in described.items()}
    return memory, described | {"memory": repr(memory)}


def _digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def _plain(value):
    """A parameter as it goes into a table."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, int | float | str) else repr(value)
