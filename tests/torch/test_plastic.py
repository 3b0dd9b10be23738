"""An optimizer with rule and memory against `MLP`, and what it goes through in use."""

import io
import itertools
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import synlib  # noqa: E402
from synlib import MLP, Persistent, SynapticCache  # noqa: E402
from synlib.energy import LEDGER  # noqa: E402
from synlib.memory import ColumnTransfer, Memory  # noqa: E402
from synlib.reference import extreme as obvious  # noqa: E402
from synlib.torch import Ledger, Plastic  # noqa: E402
from synlib.torch._choice import extreme  # noqa: E402

SGD, Adam = torch.optim.SGD, torch.optim.Adam
RULES = {
    "all": None,
    "largest": synlib.LargestUpdates(0.1),
    "largest of neuron": synlib.LargestUpdates(0.1, "neuron"),
    "smallest": synlib.SmallestUpdates(0.95),
    "largest weights": synlib.LargestWeights(0.1),
    "largest weights of neuron": synlib.LargestWeights((0.1, 0.3), "neuron"),
    "smallest weights": synlib.SmallestWeights(0.3),
    "random": synlib.RandomSynapses(0.2),
    "readout": synlib.ReadoutOnly(),
    "subnetwork": synlib.Subnetwork(30),
    "largest in subnetwork": synlib.Subnetwork(30, synlib.LargestUpdates(0.1)),
    "largest of layer in subnetwork": synlib.Subnetwork(30, synlib.LargestUpdates(0.1), "layer"),
    "random in subnetwork": synlib.Subnetwork(30, synlib.RandomSynapses(0.1)),
}
MEMORIES = {
    "persistent": None,
    "upkeep": Persistent(0.01),
    "synapse": SynapticCache(0.004, "synapse", 1000, 1e-3),
    "neuron": SynapticCache(0.01, "neuron", 1000, 1e-3),
    "sum": SynapticCache(0.1, "neuron-sum", 100, 1e-3),
    "layer": SynapticCache(0.03, "layer", 1000, 1e-3),
    "network": SynapticCache(0.03, "network"),
    "every 7": SynapticCache(0, "network", check_every=7, transition_cost=0.1),
    "decay before": SynapticCache(
        0.004, "synapse", 50, 1e-3, 0.1, decay_order="before", decay_form="discrete"
    ),
    "next": SynapticCache(0.004, "neuron", 50, 1e-3, 0.1, consolidate="next"),
    "next, decay before": SynapticCache(
        0.004, "synapse", 50, 1e-3, 0.1, consolidate="next", decay_order="before"
    ),
    "mixed precision": SynapticCache(0.003, "synapse", keep_remainder=True, hidden=True),
    "remainder": SynapticCache(0.003, "neuron", 100, 1e-3, keep_remainder=True),
    "hidden": SynapticCache(0, "network", check_every=7, hidden=True),
    "cascade": SynapticCache(
        0.002, "synapse", 50, 1e-3, 0.1, consolidate="next",
        then=SynapticCache(
            0.01, "neuron", 500, 1e-4, 0.1, decay_order="before", then=Persistent(0.003)
        ),
    ),
}  # fmt: skip
N_STEPS = 25  # images


@pytest.fixture(scope="module")
def images():
    mnist = synlib.load_mnist()
    X, y = np.asarray(mnist.X_train[:N_STEPS], float), mnist.y_train[:N_STEPS]
    return X, np.unique(y, return_inverse=True)[1]


def network(weights):
    """The network of `MLP`, in PyTorch."""
    layers = []
    for w in weights:
        layers += [nn.Linear(*w.shape, bias=False), nn.Sigmoid()]
    model = nn.Sequential(*layers).double()
    with torch.no_grad():
        for layer, w in zip(model[::2], weights, strict=True):
            layer.weight.copy_(torch.from_numpy(w.T.copy()))
    return model


def learn(model, optimizer, X, y):
    targets = torch.eye(model[-2].out_features, dtype=torch.float64)[torch.from_numpy(y)]
    for x, target in zip(torch.from_numpy(X), targets, strict=True):
        optimizer.zero_grad()
        (0.5 * (model(x[None]) - target[None]).square().sum()).backward()
        optimizer.step()


def worst(found, expected):
    """The largest relative difference of two ledgers."""
    return max(abs(found[k] - v) / (abs(v) or 1.0) for k, v in expected.items())


@pytest.mark.parametrize(
    ("rule", "memory"),
    sorted({*itertools.product(RULES, ["persistent", "synapse"]),
            *itertools.product(["all", "largest"], MEMORIES),
            ("largest in subnetwork", "cascade"), ("random", "next, decay before")}),
)  # fmt: skip
def test_the_ledger_is_that_of_mlp(images, rule, memory):
    X, y = images
    plasticity, stored = RULES[rule], MEMORIES[memory]
    net = MLP(
        hidden=100, plasticity=plasticity, memory=stored, init_scale=0.1, max_epochs=1,
        random_state=1, engine="reference",
    ).fit(X, y)  # fmt: skip
    model = network(net.initial_weights_)
    optimizer = SGD(model.parameters(), lr=0.1)
    plastic = Plastic(optimizer, plasticity, stored, random_state=1)
    learn(model, optimizer, X, y)
    assert worst(plastic.energy_, {name: net.energy_[name] for name in LEDGER}) < 1e-9
    for k, row in enumerate(plastic.by_parameter_.to_dict("records"), start=1):
        assert worst(row, {name: net.energy_[f"{name}_{k}"] for name in LEDGER}) < 1e-9
    if memory in ("persistent", "synapse"):  # else the next step has begun
        for layer, w in zip(model[::2], net.weights_, strict=True):
            np.testing.assert_allclose(layer.weight.detach().numpy().T, w, rtol=0, atol=1e-12)


def test_a_bare_ledger_is_that_of_mlp(images):
    X, y = images
    net = MLP(100, init_scale=0.1, max_epochs=1, random_state=1, engine="reference")
    net.fit(X, y, count_writes=True)
    model = network(net.initial_weights_)
    optimizer = SGD(model.parameters(), lr=0.1)
    ledger = Ledger(optimizer, model, count_writes=True)
    learn(model, optimizer, X, y)
    assert worst(ledger.energy_, {name: net.energy_[name] for name in LEDGER}) < 1e-9
    for found, writes in zip(ledger.writes_.values(), net.writes_, strict=True):
        np.testing.assert_array_equal(found.numpy().T, writes)


def test_a_rule_of_ones_own_is_asked(images):
    class Proportional(synlib.PlasticityRule):
        def choose(self, layer, proposal, inputs, weights, random):
            size = np.abs(proposal)
            return random.random(size.shape) * size.max() < size

    X, y = images
    net = MLP(100, plasticity=Proportional(), init_scale=0.1, max_epochs=1, random_state=1,
              engine="reference").fit(X, y)  # fmt: skip
    model = network(net.initial_weights_)
    plastic = Plastic(SGD(model.parameters(), lr=0.1), Proportional(), random_state=1)
    learn(model, plastic, X, y)
    assert worst(plastic.energy_, {name: net.energy_[name] for name in LEDGER}) < 1e-9


class Lucky(Memory):
    """What is above a threshold is consolidated, with luck; the rest costs and fades."""

    def store(self, layer, change, stores, step, random):
        transient, persistent = stores
        transient = transient + change
        above = np.abs(transient) > 0.003
        moved = np.where(above & (random.random(above.shape) < 0.5), transient, 0)
        transient = transient - moved
        return (0.99 * transient, persistent + moved), 1e-3 * np.abs(transient).sum()


class Coarse(Memory):
    """One store, which has room for a few digits."""

    n_stores = 1

    def store(self, layer, change, stores, step, random):
        return [np.round(stores[0] + change, 3)], 0.0


OWN = [
    Lucky(),
    Coarse(),
    ColumnTransfer(),
    ColumnTransfer(every=3, columns=7, decay_time=50),
    ColumnTransfer(columns=1000),
]


@pytest.mark.parametrize("memory", OWN, ids=lambda memory: repr(memory).partition(" object")[0])
@pytest.mark.parametrize("rule", ["all", "largest"])
def test_a_memory_of_ones_own_is_asked(images, memory, rule):
    X, y = images
    net = MLP(100, plasticity=RULES[rule], memory=memory, init_scale=0.1, max_epochs=1,
              random_state=1, engine="reference").fit(X, y)  # fmt: skip
    model = network(net.initial_weights_)
    plastic = Plastic(SGD(model.parameters(), lr=0.1), RULES[rule], memory, random_state=1)
    learn(model, plastic, X, y)
    assert worst(plastic.energy_, {name: net.energy_[name] for name in LEDGER}) < 1e-9
    for layer, w in zip(model[::2], net.weights_, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy().T, w, rtol=0, atol=1e-12)


def test_columns_against_the_obvious():
    """Every column by itself, biases as columns of their own, under an optimizer with a state."""
    memory = ColumnTransfer(every=2, columns=3, decay_time=20)
    torch.manual_seed(1)
    model, plain = cnn().double(), cnn().double()
    plain.load_state_dict(model.state_dict())
    plastic = Plastic(SGD(model.parameters(), 0.1), memory=memory, model=model, count_writes=True)
    persistent = [p.detach().clone() for p in plain.parameters()]
    transient = [torch.zeros_like(p) for p in persistent]
    writes = [torch.zeros_like(p, dtype=int) for p in persistent]
    for step in range(1, 30):
        x = torch.randn(3, 1, 12, 12).double()
        for m, zero in ((model, plastic.zero_grad), (plain, plain.zero_grad)):
            zero()
            m(x).square().mean().backward()
        plastic.step()
        for p, lasting, s, w in zip(plain.parameters(), persistent, transient, writes, strict=True):
            s -= 0.1 * p.grad
            n_columns = p[0].numel()
            if step % 2 == 0:
                for k in range(min(3, n_columns)):
                    column = ((step // 2 - 1) * 3 + k) % n_columns
                    for unit in range(len(p)):
                        of_unit = s[unit].view(-1)
                        w[unit].view(-1)[column] += of_unit[column] != 0
                        lasting[unit].view(-1)[column] += of_unit[column]
                        of_unit[column] = 0
            s *= np.exp(-1 / 20)
            with torch.no_grad():
                p.copy_(s + lasting)
    for p, q, w, counted in zip(
        model.parameters(), plain.parameters(), writes, plastic.writes_.values(), strict=True
    ):
        torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-14)
        assert torch.equal(w, counted.long())
    assert 0 < plastic.energy_["writes"] < 0.5 * 29 * plastic.n_cells_


@pytest.mark.parametrize("of_unit", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 99])
def test_ties_go_to_the_lower_index(count, sign, of_unit):
    values = torch.randint(-2, 3, (3, 4), generator=torch.Generator().manual_seed(count)).double()
    if of_unit:
        expected = np.stack([obvious(np.abs(row.numpy()), count, sign) for row in values])
    else:
        expected = obvious(np.abs(values.numpy().T), count, sign).T
    np.testing.assert_array_equal(extreme(values, count, sign, of_unit).numpy(), expected)


# ------------------------------------------------------------------ in use


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(8 * 9, 10),
    )  # fmt: skip


def train(model, optimizer, n_steps=4):
    for _ in range(n_steps):
        optimizer.zero_grad()
        model(torch.randn(3, 1, 12, 12)).square().mean().backward()
        optimizer.step()


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.01)])
def test_all_synapses_and_no_cache_change_nothing(make):
    results = []
    for wrapped in (True, False):
        torch.manual_seed(1)
        model = cnn()
        optimizer = make(model.parameters())
        train(model, Plastic(optimizer) if wrapped else optimizer)
        results.append(list(model.parameters()))
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


def test_only_the_chosen_cells_change_and_the_others_not_at_all():
    model = cnn()
    initial = [p.detach().clone() for p in model.parameters()]
    plastic = Plastic(Adam(model.parameters(), 0.01), synlib.LargestUpdates(0.1), model=model)
    train(model, plastic, 1)
    for p, before in zip(model.parameters(), initial, strict=True):
        changed = int((p != before).sum())
        assert 0 < changed <= max(1, round(0.1 * p.numel()))
    assert plastic.energy_["writes"] == sum(
        int((p != b).sum()) for p, b in zip(model.parameters(), initial, strict=True)
    )


def test_a_subnetwork_reaches_through_a_convolution():
    model = cnn()
    initial = [p.detach().clone() for p in model.parameters()]
    plastic = Plastic(Adam(model.parameters(), 0.01), synlib.Subnetwork((2, 3)), model=model)
    train(model, plastic, 3)
    (w1, b1, w2, b2, w3, b3) = [
        p != before for p, before in zip(model.parameters(), initial, strict=True)
    ]
    for static in (w1[2:], b1[2:], w2[3:], b2[3:], w2[:, 2:], w3[:, 27:]):
        assert not static.any()
    for plastic_part in (w1[:2], w2[:3, :2], w3[:, :27], b3):
        assert plastic_part.any()


def test_masks_say_what_may_change():
    model = nn.Linear(4, 3)
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[1] = True
    before = model.weight.detach().clone()
    plastic = Plastic(
        SGD(model.parameters(), 0.1), synlib.LargestUpdates(0.5), model=model,
        masks={"weight": mask},
    )  # fmt: skip
    model(torch.randn(2, 4)).square().sum().backward()
    plastic.step()
    assert torch.equal(model.weight != before, mask)
    with pytest.raises(ValueError, match=r"masks\['weight'\] must be a bool tensor of shape"):
        Plastic(SGD(model.parameters(), 0.1), model=model, masks={"weight": mask.int()})
    with pytest.raises(ValueError, match="masks must be for parameters among"):
        Plastic(SGD(model.parameters(), 0.1), model=model, masks={"w": mask})


def test_the_model_sees_all_stores():
    model = cnn()
    cache = SynapticCache(0.02, "synapse", decay_time=100)
    plastic = Plastic(Adam(model.parameters(), 0.01), memory=cache, model=model)
    train(model, plastic, 5)
    for p, stores in plastic._stores.items():
        assert torch.equal(p, stores.transient[0] + stores.persistent)
        assert stores.transient[0].abs().max() <= 0.02
    energy = plastic.energy_
    assert energy["outstanding"] > 0
    assert energy["writes"] < 5 * plastic.n_cells_


def test_rest_lets_time_pass():
    model = nn.Linear(4, 3)
    cache = SynapticCache(10, decay_time=10, maintenance_cost=0.5)
    plastic = Plastic(SGD(model.parameters(), 0.1), memory=cache)
    model(torch.ones(1, 4)).sum().backward()
    plastic.step()
    plastic.rest(2)
    left = np.exp(-0.1)
    size = 15 * 0.1 * (1 + left + left**2)
    assert plastic.energy_["maintenance"] == pytest.approx(0.5 * size, 1e-5)
    assert plastic.energy_["outstanding"] == pytest.approx(15 * 0.1 * left**3, 1e-5)
    assert plastic.n_steps_ == 3


def test_small_changes_reach_a_cache_that_low_precision_would_lose():
    model = nn.Linear(1, 1, bias=False).bfloat16()
    nn.init.ones_(model.weight)
    cache = SynapticCache(0.05, "synapse")
    plastic = Plastic(SGD(model.parameters(), 0.001), memory=cache)
    for _ in range(60):
        plastic.zero_grad()
        (-model(torch.ones(1, 1).bfloat16())).sum().backward()
        plastic.step()
    assert plastic.energy_["writes"] == 1
    assert model.weight.item() > 1.05


def test_schedules_scalers_groups_and_zero_grad_work():
    model = cnn()
    plastic = Plastic(SGD(model[:4].parameters(), 0.1), memory=SynapticCache(0.01), model=model)
    schedule = torch.optim.lr_scheduler.ExponentialLR(plastic, 0.5)
    scaler = torch.amp.GradScaler("cpu")
    plastic.add_param_group({"params": model[4:].parameters(), "lr": 0.2})
    for _ in range(3):
        plastic.zero_grad()
        scaler.scale(model(torch.randn(3, 1, 12, 12)).square().mean()).backward()
        scaler.step(plastic)
        scaler.update()
        schedule.step()
    assert plastic.optimizer.param_groups[0]["lr"] == 0.1 * 0.125
    assert plastic.n_steps_ == 3
    assert list(plastic.by_parameter_.index) == [name for name, _ in model.named_parameters()]


@pytest.mark.parametrize(
    "memory", ["synapse", "next, decay before", "cascade", "persistent", "lucky"]
)
def test_learning_goes_on_from_a_file(memory):
    rule = synlib.RandomSynapses(0.5)

    def begin(seed):
        model = cnn()
        optimizer = Adam(model.parameters(), 0.01)
        stored = Lucky() if memory == "lucky" else MEMORIES[memory]
        return model, Plastic(optimizer, rule, stored, model=model, random_state=seed)

    model, plastic = begin(0)
    train(model, plastic)
    file = io.BytesIO()
    torch.save([model.state_dict(), plastic.state_dict()], file)
    file.seek(0)
    kept = torch.load(file, weights_only=True)
    other, again = begin(1)
    other.load_state_dict(kept[0])
    again.load_state_dict(kept[1])
    assert again.energy_ == pytest.approx(plastic.energy_, 1e-12)
    for m, p in ((model, plastic), (other, again)):
        torch.manual_seed(5)
        train(m, p)
    assert again.energy_ == pytest.approx(plastic.energy_, 1e-12)
    assert all(map(torch.equal, model.parameters(), other.parameters()))


def test_what_others_write_goes_to_the_persistent_store():
    model = nn.Linear(4, 3)
    plastic = Plastic(SGD(model.parameters(), 0.1), memory=SynapticCache(10), model=model)
    model(torch.ones(1, 4)).sum().backward()
    plastic.step()
    with torch.no_grad():
        model.weight.add_(1)
    with pytest.warns(RuntimeWarning, match="weight was changed between two steps"):
        plastic.step()
    assert plastic.energy_["writes"] == 12
    assert plastic.energy_["consolidation"] == pytest.approx(12, 1e-5)


@pytest.mark.parametrize("memory", [None, SynapticCache(10)], ids=["persistent", "cache"])
@pytest.mark.parametrize("rule", [None, synlib.LargestUpdates(0.5)], ids=["all", "largest"])
def test_what_goes_past_pytorchs_notice_is_not_undone(rule, memory):
    model = nn.Linear(4, 3)
    plastic = Plastic(SGD(model.parameters(), 0.0), rule, memory, model=model)
    model(torch.ones(1, 4)).sum().backward()
    plastic.step()
    model.weight.data += 1
    weights = model.weight.detach().clone()
    with pytest.warns(RuntimeWarning, match="weight was changed between two steps"):
        plastic.step()
    assert torch.equal(model.weight, weights)
    assert plastic.energy_["writes"] == 12
    assert plastic.energy_["consolidation"] == pytest.approx(12, 1e-5)


def test_a_diverged_model_is_not_said_to_be_changed_by_others():
    for memory in (None, SynapticCache(10)):
        model = nn.Linear(4, 3)
        plastic = Plastic(SGD(model.parameters(), 0.1), memory=memory, model=model)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(3):
                plastic.zero_grad()
                (model(torch.ones(1, 4)).sum() * float("nan")).backward()
                plastic.step()
        assert model.weight.isnan().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(plasticity="all"), "plasticity must be a PlasticityRule"),
        (dict(memory="none"), "memory must be a Memory, got 'none'"),
        (dict(plasticity=synlib.RandomNeurons(0.5)), "an optimizer never sees those"),
        (dict(plasticity=synlib.LargestErrors(0.5)), "an optimizer never sees those"),
        (dict(plasticity=synlib.LargestUpdates((0.1, 0.2))), "fraction must be one value"),
        (dict(plasticity=synlib.LargestUpdates(0.1, "network")), "must choose within 'layer' or"),
        (dict(plasticity=synlib.Subnetwork(2)), "Subnetwork needs two or more layers"),
        (dict(random_state="x"), "x"),
    ],
)
def test_arguments(arguments, message):
    model = nn.Linear(4, 3)
    optimizer = SGD(model.parameters(), 0.1)
    with pytest.raises((ValueError, TypeError), match=message):
        Plastic(optimizer, **arguments)
    Ledger(optimizer)  # nothing is left behind


def test_layers_that_do_not_follow_one_another():
    model = nn.ModuleList([nn.Linear(4, 3), nn.Linear(5, 2)])
    with pytest.raises(ValueError, match="by `masks` instead"):
        Plastic(SGD(model.parameters(), 0.1), synlib.Subnetwork(2), model=model)


def test_a_choice_of_nothing_is_said():
    model = nn.Linear(4, 3)
    with pytest.warns(RuntimeWarning, match="chooses none of the 12 cells of weight"):
        Plastic(SGD(model.parameters(), 0.1), synlib.LargestUpdates(0.01), model=model)
