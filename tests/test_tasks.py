"""One task after another: the same, to the last bit, as one network that is shown all images."""

import numpy as np
import pytest

from synlib import MLP, LargestUpdates, Subnetwork, SynapticCache
from synlib._images import images_of
from synlib._tasks import Learner, permuted, split
from synlib.datasets import load_digits
from synlib.energy import LEDGER
from synlib.experiments import task_sequence

NETWORK = dict(hidden=12, learning_rate=0.3, init_scale=0.1, dtype="float64")
CACHE = SynapticCache(0.01, "neuron", decay_time=50, maintenance_cost=1e-3)
SHORT = dict(dataset="digits", max_images=70, evaluate_every=30)


@pytest.fixture(scope="module")
def images():
    digits = load_digits()
    return digits.X_train, digits.y_train, digits.X_test, digits.y_test


def learned(**arguments):
    return task_sequence(**NETWORK | SHORT | arguments, random_state=5)


def random_of():
    """What draws the network, and what the tasks, the order, and the order of images kept."""
    for_network, for_tasks = np.random.default_rng(5).spawn(2)
    return for_network, *for_tasks.spawn(3)


def taking_turns(images, tasks, n_tasks, replay):
    """All that the network is shown, one task after another, and the images that test each."""
    X_train, y_train, X_test, y_test = images
    _, for_tasks, for_order, for_kept = random_of()
    shown, tests, kept = [], [], []
    for number in range(n_tasks):
        pixels, own = np.arange(X_train.shape[1]), range(10)
        if tasks == "split":
            own = range(10 * number // n_tasks, 10 * (number + 1) // n_tasks)
        elif number:
            pixels = for_tasks.permutation(pixels.size)
        X, y = X_train[np.isin(y_train, own)][:, pixels], y_train[np.isin(y_train, own)]
        tests.append((X_test[np.isin(y_test, own)][:, pixels], y_test[np.isin(y_test, own)]))
        new = for_order.permutation(len(X))
        new_ones = ((X[i], y[i]) for i in new)
        old_ones = over_and_over(kept, for_kept)
        here = []
        for count in (30, 30, 10):  # between looks
            for place in range(count):
                if kept and place % 2:
                    here.append(next(old_ones))
                else:
                    here.append(next(new_ones))
        shown.append(here)
        n_new = 35 if kept else 70
        kept += [(X[i], y[i]) for i in new[: min(n_new, replay)]]
    return shown, tests


def over_and_over(images, random):
    while True:
        yield from (images[i] for i in random.permutation(len(images)))


@pytest.mark.parametrize(
    ("tasks", "replay", "settings"),
    [
        ("permuted", 0, dict(plasticity=LargestUpdates(0.2))),
        ("permuted", 200, dict(memory=CACHE)),  # more than there are new ones
        ("split", 0, dict(memory=CACHE)),
        ("split", 33, dict(published="vanrossum2024", learning_rate=0.01)),
    ],
)
def test_equals_one_network_that_is_shown_all_of_it(tasks, replay, settings):
    n_tasks = 3 if tasks == "permuted" else 5
    published = settings.get("published")
    _, _, images = images_of("digits", published, np.dtype(float))
    records = learned(tasks=tasks, n_tasks=n_tasks, criterion=1.0, replay=replay, **settings)
    shown, tests = taking_turns(images, tasks, n_tasks, replay)
    network = NETWORK | settings | dict(sampling="sequential", random_state=random_of()[0])
    network.pop("published", None)
    net = MLP.as_published(published, **network) if published else MLP(**network)
    for number, (here, record) in enumerate(zip(shown, records, strict=True), start=1):
        X, y = map(np.array, zip(*here, strict=True))
        X, y = X[: record["images"]], y[: record["images"]]  # it may have been right in all
        net.partial_fit(X, y, classes=range(10))
        assert record["task"] == number
        assert record["step"] == net.n_steps_
        assert {name: record[name] for name in LEDGER} == {n: net.energy_[n] for n in LEDGER}
        for other, test in enumerate(tests, start=1):
            assert record[f"accuracy_{other}"] == net.score(*test)


def test_one_task_is_ordinary_learning(images):
    X, y, *test = images
    (record,) = learned(n_tasks=1, criterion=0.7, max_images=5000, evaluate_every=200)
    random = random_of()
    order = np.concatenate([random[2].permutation(len(X)) for _ in range(4)])
    net = MLP(**NETWORK, sampling="sequential", random_state=random[0])
    net.fit(X[order], y[order], test=tuple(test), until=0.7, evaluate_every=200)
    assert record["reached"]
    assert net.reached_
    assert {name: record[name] for name in LEDGER} == {n: net.energy_[n] for n in LEDGER}
    assert record["images"] == record["new_images"] == net.n_steps_ > len(X)
    assert record["accuracy_1"] == record["told_1"] == net.history_["accuracy"].iloc[-1] >= 0.7
    assert record["spent"] == net.energy_["total"]


@pytest.mark.parametrize("between", ["go on", "consolidate", "move on"])
def test_what_tasks_spend_is_what_is_spent(between):
    records = learned(memory=CACHE, between=between, plasticity=Subnetwork(2), replay=10)
    assert sum(record["spent"] for record in records) == pytest.approx(records[-1]["total"])
    assert sum(record["images"] for record in records) == records[-1]["step"]
    parts = ("consolidation", "maintenance", "transition", "outstanding")
    for record in records:
        assert record["total"] == pytest.approx(sum(record[part] for part in parts))
        assert 0 < record["minimal"] <= record["total"]
        assert record["new_images"] == -(-record["images"] // (1 if record["task"] == 1 else 2))


def test_without_transient_weights_there_is_nothing_to_consolidate():
    one, other = (learned(between=between)[-1] for between in ("go on", "consolidate"))
    assert other == pytest.approx(one | dict(between="consolidate"), nan_ok=True)


def test_what_is_consolidated_between_tasks_is_paid(images):
    records = learned(between="consolidate", memory=CACHE, n_tasks=2, criterion=1.0)
    shown, _ = taking_turns(images, "permuted", 2, 0)
    earlier = dict(initial_weights=None)
    total, writes, first = 0, 0, None
    for here, record in zip(shown, records, strict=True):
        X, y = map(np.array, zip(*here, strict=True))
        net = MLP(**NETWORK, memory=CACHE, sampling="sequential", random_state=random_of()[0])
        net.partial_fit(X, y, classes=range(10), **earlier)
        first = first or net.initial_weights_
        total += net.energy_["total"]
        writes += net.energy_["writes"]
        assert record["total"] == pytest.approx(total)
        assert record["writes"] == writes
        assert record["outstanding"] == net.energy_["outstanding"] > 0
        moved = [np.abs(w - w0) for w, w0 in zip(net.weights_, first, strict=True)]
        assert record["minimal"] == pytest.approx(sum(map(np.sum, moved)))
        earlier = dict(initial_weights=net.weights_)
        writes += sum(map(np.count_nonzero, net.transient_weights_))


@pytest.mark.parametrize("bias", [False, True])
def test_each_task_has_units_of_its_own(images, bias):
    X, y, _, _ = images
    units = 2 + bias
    net = MLP(**NETWORK, bias=bias, plasticity=Subnetwork(units), random_state=0)
    learner = Learner(net, np.arange(10), "move on", [None] * 5)
    changed = np.zeros((5, 12), bool)
    for task in range(5):
        if task:
            before = learner.net.weights_
            learner.turn_to_next_task()
            after = learner.begin_with["initial_weights"]
            summed = [into @ np.tanh(out_of) for into, out_of in (before, after)]
            np.testing.assert_allclose(*summed)  # the same network, in another order
        learner.learn(X[:50], y[:50])
        into = learner.net.weights_[0] != learner.net.initial_weights_[0]
        out_of = learner.net.weights_[1] != learner.net.initial_weights_[1]
        assert out_of.any(axis=1)[:units].all()
        changed[task, bias:] = np.roll(into.any(axis=0)[bias:], 2 * task)
    np.testing.assert_array_equal(changed.sum(axis=0)[bias : bias + 10], 1)
    assert not changed[:, bias + 10 :].any()
    assert (learner.first_weights[0] != learner.net.weights_[0]).any(axis=0).sum() == 10


def test_pixels_are_permuted_alike_for_all_who_learn(images):
    one, other, another = (permuted(images, 4, np.random.default_rng(seed)) for seed in (0, 0, 1))
    orders = np.array([task.pixels for task in one])
    np.testing.assert_array_equal(orders, [task.pixels for task in other])
    assert (orders[1:] != [task.pixels for task in another[1:]]).any(axis=1).all()
    np.testing.assert_array_equal(orders[0], np.arange(64))
    np.testing.assert_array_equal(np.sort(orders), np.tile(np.arange(64), (4, 1)))
    assert len(np.unique(orders, axis=0)) == 4


def test_classes_are_split_among_the_tasks(images):
    tasks = split(images, 4, None)
    own = [np.unique(task.to_learn(np.arange(len(task.train)))[1]) for task in tasks]
    assert list(map(list, own)) == [[0, 1, 2], [3, 4, 5], [6, 7], [8, 9]]
    assert sum(len(task.train) for task in tasks) == len(images[1])
    assert sum(len(task.test) for task in tasks) == len(images[3])


def test_a_criterion_that_is_not_reached_is_said_to_be_so():
    records = learned(n_tasks=2, criterion=1.0)
    assert [record["reached"] for record in records] == [False, False]
    assert [record["images"] for record in records] == [70, 70]


def test_told_the_task_there_are_fewer_to_be_taken_for():
    records = learned(tasks="split", max_images=500)
    for number in range(1, 6):
        assert records[-1][f"told_{number}"] >= records[-1][f"accuracy_{number}"]
    assert records[-1]["told_1"] > 0.8
    assert records[-1]["accuracy_1"] < 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(tasks="rotated"), "tasks must be one of 'permuted', 'split', got 'rotated'"),
        (dict(tasks="split", n_tasks=11), "n_tasks must be at most 10, the number of classes"),
        (dict(n_tasks=0), "n_tasks must be an integer of at least 1"),
        (dict(criterion=0), r"criterion must be in the range \(0, 1\]"),
        (dict(max_images=0), "max_images must be an integer of at least 1"),
        (dict(evaluate_every=0.5), "evaluate_every must be an integer"),
        (dict(replay=-1), "replay must be an integer of at least 0"),
        (dict(between="sleep"), "between must be one of 'go on', 'consolidate', 'move on'"),
        (dict(between="move on"), "plasticity must be a Subnetwork of one hidden layer"),
        (dict(between="move on", plasticity=Subnetwork(3)), "units of the Subnetwork must be few"),
        (
            dict(between="move on", plasticity=Subnetwork(1), bias=True),
            "or more than the one that is clamped",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        learned(**arguments)
