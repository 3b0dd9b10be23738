"""One network and one task after another, for `synlib.experiments.task_sequence`."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from synlib import energy
from synlib._forward import network_output
from synlib._inputs import Inputs
from synlib._looking import HeldOut
from synlib._validation import check_choice, check_count, check_number
from synlib.energy import LEDGER
from synlib.plasticity import Subnetwork

# what is added up over networks; the rest of a ledger follows from the weights
PAID = ("consolidation", "maintenance", "transition", "writes")


class Task(NamedTuple):
    """Some of the images of a data set, all with their pixels in the same order."""

    images: tuple  # of array X_train, y_train, X_test, y_test
    train: np.ndarray  # which of the images
    test: np.ndarray
    pixels: np.ndarray

    def to_learn(self, which):
        X, y, _, _ = self.images
        chosen = self.train[which]
        return X[np.ix_(chosen, self.pixels)], y[chosen]

    def to_test(self):
        _, _, X, y = self.images
        return X[np.ix_(self.test, self.pixels)], y[self.test]


def permuted(images, n_tasks, random):
    """All classes in each task; from the second on the pixels come in an order drawn for it."""
    X, _, X_test, _ = images
    pixels = np.arange(X.shape[1])
    orders = [pixels, *(random.permutation(pixels.size) for _ in range(1, n_tasks))]
    return [Task(images, np.arange(len(X)), np.arange(len(X_test)), order) for order in orders]


def split(images, n_tasks, random):
    """The same number of classes in each task, or nearly, in the order of the labels."""
    X, y, _, y_test = images
    classes = np.unique(y)
    check_number("n_tasks", n_tasks, f"at most {classes.size}, the number of classes",
                 lambda v: v <= classes.size)  # fmt: skip
    return [
        Task(images, *(np.flatnonzero(np.isin(of, own)) for of in (y, y_test)),
             np.arange(X.shape[1]))
        for own in np.array_split(classes, n_tasks)
    ]  # fmt: skip


TASKS = {"permuted": permuted, "split": split}


def learn(images, network, *, tasks, n_tasks, criterion, max_images, evaluate_every, replay,
          between, random):  # fmt: skip
    """What a network had spent, and what it could do, after each of its tasks.

    Parameters
    ----------
    images : tuple of array
        X_train, y_train, X_test, y_test.
    network : MLP
        With its parameters, not fitted; it is left as it is.
    random : Generator
        Source of the tasks, of the order of the images, and of that of those kept.
    tasks, n_tasks, criterion, max_images, evaluate_every, replay, between
        As of `synlib.experiments.task_sequence`.

    Returns
    -------
    list of dict
        A record for each task.
    """
    check_choice("tasks", tasks, tuple(TASKS))
    for name, value in (("n_tasks", n_tasks), ("max_images", max_images),
                        ("evaluate_every", evaluate_every)):  # fmt: skip
        check_count(name, value)
    check_number("criterion", criterion, "in the range (0, 1]", lambda v: 0 < v <= 1)
    check_count("replay", replay, minimum=0)
    for_tasks, for_order, for_kept = random.spawn(3)
    sequence = TASKS[tasks](images, n_tasks, for_tasks)
    learner = Learner(network, np.unique(images[1]), between, sequence)
    kept, records, spent = [], [], 0.0
    for number, task in enumerate(sequence):
        if number:
            learner.turn_to_next_task()
        begun, n_new, reached = learner.step, 0, False
        order, test = Stream(len(task.train), for_order), None
        old = Stream(sum(len(y) for _, y in kept), for_kept)
        while not reached and learner.step < begun + max_images and not learner.diverged:
            count = min(evaluate_every, begun + max_images - learner.step)
            n_old = count // 2 if kept else 0
            n_new += count - n_old
            X, y = task.to_learn(order.upcoming(count - n_old))
            if n_old:
                all_kept = map(np.concatenate, zip(*kept, strict=True))
                X, y = mixed((X, y), all_kept, old.upcoming(n_old))
            learner.learn(X, y)
            test = test or learner.held_out(number)
            reached = test.accuracy(learner.net.weights_, criterion) is not None
        if replay:
            kept.append(task.to_learn(order.first(min(replay, n_new))))
        ledger = learner.ledger()
        records.append(
            {"task": number + 1, "step": learner.step, "images": learner.step - begun,
             "new_images": n_new, "reached": reached, "diverged": learner.diverged,
             "spent": ledger["total"] - spent}
            | ledger | learner.accuracies()
        )  # fmt: skip
        spent = ledger["total"]
    return records


class Stream:
    """Numbers below ``size``, in an order drawn anew whenever all have come."""

    def __init__(self, size, random):
        self.size, self.random = size, random
        self.order = np.empty(0, int)
        self.position = 0

    def upcoming(self, count):
        while self.order.size < self.position + count:
            self.order = np.append(self.order, self.random.permutation(self.size))
        self.position += count
        return self.order[self.position - count : self.position]

    def first(self, count):
        return self.order[: min(count, self.size)]


def mixed(new, kept, which):
    """Of the images kept, those asked for, each after one of the new ones."""
    places = np.arange(1, 1 + len(which))
    return tuple(
        np.insert(fresh, places, old[which], axis=0) for fresh, old in zip(new, kept, strict=True)
    )


class Learner:
    """A network that goes from task to task, and the ledger of all that it learned.

    It goes on by `MLP.partial_fit`. Where all transient weights are to be consolidated, or other
    units are to be plastic, another network begins with its weights.
    """

    def __init__(self, network, classes, between, sequence):
        check_choice("between", between, ("go on", "consolidate", "move on"))
        self.network, self.classes, self.between = network, classes, between
        self.sequence, self.tests = sequence, {}
        self.net, self.begin_with = clone(network), {}
        self.first_weights = None  # of the network that the first task found
        self.paid, self.earlier_steps = dict.fromkeys(PAID, 0), 0
        self.n_moved = _units_of_one(self.net, len(sequence)) if between == "move on" else 0

    @property
    def step(self):
        return self.earlier_steps + getattr(self.net, "n_steps_", 0)

    @property
    def diverged(self):
        return getattr(self.net, "diverged_", False)

    def learn(self, X, y):
        """Learn from these images."""
        self.net.partial_fit(X, y, classes=self.classes, **self.begin_with)
        self.begin_with = {}
        if self.first_weights is None:
            self.first_weights = self.net.initial_weights_

    def held_out(self, number):
        """The test images of a task, to measure the accuracy of the network that learns now."""
        net = self.net
        plastic = net.plastic_units_[0]
        return HeldOut(net, *self._test(number), self.classes, net.initial_weights_, plastic)

    def ledger(self):
        """The ledger of all networks so far."""
        own = {name: self.net.energy_[name] for name in LEDGER}
        if not self.earlier_steps:
            return own
        pairs = list(zip(self.first_weights, self.net.weights_, strict=True))
        return energy.entries(
            outstanding=own["outstanding"],
            minimal=energy.added(energy.minimal(*pair) for pair in pairs),
            minimal_writes=sum(energy.minimal(*pair, exponent=0) for pair in pairs),
            **{name: self.paid[name] + own[name] for name in PAID},
        )

    def turn_to_next_task(self):
        """Consolidate, and move on, as was asked for."""
        if self.between == "go on":
            return
        own = self.net.energy_
        for name in PAID:
            self.paid[name] += own[name]
        self.paid["consolidation"] += own["outstanding"]
        self.paid["writes"] += sum(map(np.count_nonzero, self.net.transient_weights_))
        self.earlier_steps = self.step
        weights = self.net.weights_
        if self.n_moved:  # units that have learned go to the end, where they stay as they are
            weights, self.first_weights = map(self._moved, (weights, self.first_weights))
        self.net, self.begin_with = clone(self.network), {"initial_weights": weights}

    def accuracies(self):
        """On each of the tasks: among all classes, and among those of the task."""
        net, found = self.net, {}
        for number in range(len(self.sequence)):
            inputs, y = self._test(number)
            outputs = network_output(net, inputs, net.weights_, net.plastic_units_[0])
            own = np.isin(self.classes, y)
            for name, seen in (("accuracy", outputs), ("told", np.where(own, outputs, -np.inf))):
                right = self.classes[seen.argmax(axis=1)] == y
                found[f"{name}_{number + 1}"] = float(right.mean())
        return found

    def _test(self, number):
        """The test images of a task as the network takes them, made once, and their labels."""
        known = number, self.net.background_
        if known not in self.tests:
            X, y = self.sequence[number].to_test()
            self.tests[known] = Inputs(X, self.net.background_, self.net.bias), y
        return self.tests[known]

    def _moved(self, weights):
        """Weights of the same network with its hidden units in another order."""
        into, out_of = (w.copy() for w in weights)
        bias = int(self.net.bias)  # the unit that is clamped is first, and belongs to all tasks
        into[:, bias:] = np.roll(into[:, bias:], -self.n_moved, axis=1)
        out_of[bias:] = np.roll(out_of[bias:], -self.n_moved, axis=0)
        return into, out_of


def _units_of_one(net, n_tasks):
    """How many hidden units are plastic in one task only.

    Raises
    ------
    ValueError
        If the network has no `Subnetwork` that could be at so many places.
    """
    rule, bias = net.plasticity, int(net.bias)
    if not (isinstance(rule, Subnetwork) and isinstance(rule.units, int)
            and isinstance(net.hidden, int)):  # fmt: skip
        raise ValueError(
            "plasticity must be a Subnetwork of one hidden layer where another one is plastic in "
            f"each task, got {rule!r} with hidden={net.hidden!r}"
        )
    if bias + n_tasks * (rule.units - bias) > net.hidden or rule.units == bias:
        raise ValueError(
            f"units of the Subnetwork must be fewer, for {n_tasks} that share none of {net.hidden} "
            f"hidden units, or more than the one that is clamped, got {rule!r}"
        )
    return rule.units - bias
