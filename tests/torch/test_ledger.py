"""The ledger against one that clones all weights and compares them after every step."""

import copy
import io
import warnings

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from synlib.energy import LEDGER  # noqa: E402
from synlib.torch import Ledger, Plastic, _cells  # noqa: E402

N_STEPS = 4


class Obvious:
    """What a ledger should say: all weights are cloned, and compared one with another."""

    def __init__(self, model, exponent=1):
        self.parameters = dict(model.named_parameters())
        self.exponent = exponent
        self.initial = self.clone()
        self.before = self.clone()
        self.spent = dict.fromkeys(self.parameters, 0.0)
        self.writes = {name: torch.zeros(p.shape, dtype=int) for name, p in self.parameters.items()}

    def clone(self):
        return {name: p.detach().clone() for name, p in self.parameters.items()}

    def size(self, change):
        return float(change.abs()[change != 0].pow(self.exponent).sum())

    def look(self):
        now = self.clone()
        for name in now:
            change = now[name].double() - self.before[name].double()
            self.spent[name] += self.size(change)
            self.writes[name] += now[name] != self.before[name]
        self.before = now

    def assert_same(self, ledger, rtol=1e-6):
        table = ledger.by_parameter_
        assert list(table.index) == list(self.parameters)
        assert table["cells"].sum() == ledger.n_cells_
        for name, parameter in self.parameters.items():
            row = table.loc[name]
            assert row["writes"] == self.writes[name].sum(), name
            assert row["consolidation"] == pytest.approx(self.spent[name], rtol), name
            change = parameter.detach().double() - self.initial[name].double()
            assert row["minimal"] == pytest.approx(self.size(change), rtol), name
            assert row["minimal_writes"] == (change != 0).sum(), name
            assert row["total"] == row["consolidation"]
            if ledger.count_writes:
                assert torch.equal(ledger.writes_[name].long(), self.writes[name]), name
        for name in LEDGER:
            assert ledger.energy_[name] == pytest.approx(table[name].sum())
        assert sum(w.sum() for w in self.writes.values()) > 0


def follow(model, optimizer, loss, n_steps=N_STEPS, exponent=1, rtol=1e-6, step=None):
    """Train under both ledgers, which must agree."""
    ledger = Ledger(optimizer, model, exponent=exponent, count_writes=True)
    obvious = Obvious(model, exponent)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss().backward()
        (step or optimizer.step)()
        obvious.look()
    obvious.assert_same(ledger, rtol)
    assert ledger.n_steps_ == n_steps
    return ledger


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 7, num_layers=2, batch_first=True)
        self.out = nn.Linear(7, 3)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Tied(nn.Module):
    """A language model whose output weights are its embedding."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.out = nn.Linear(6, 11, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, x):
        return self.out(self.embedding(x).mean(1))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3),
        nn.ReLU(), nn.Flatten(), nn.Linear(8 * 9, 10),
    )  # fmt: skip


MODELS = {
    "cnn": (cnn, lambda: torch.randn(3, 1, 12, 12)),
    "lstm": (Recurrent, lambda: torch.randn(3, 6, 5)),
    "transformer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        lambda: torch.randn(2, 5, 8),
    ),
    "embedding bag": (lambda: nn.EmbeddingBag(20, 5), lambda: torch.randint(20, (4, 3))),
    "tied": (Tied, lambda: torch.randint(11, (4, 3))),
    "transposed": (lambda: nn.ConvTranspose1d(3, 4, 2), lambda: torch.randn(2, 3, 5)),
}
SGD, Adam, AdamW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "fused sgd": lambda p: SGD(p, lr=0.1, fused=True),
    "adam": lambda p: Adam(p, lr=0.01, weight_decay=0.1),
    "adamw": lambda p: AdamW(p, lr=0.01, weight_decay=0.1, fused=True),
    "adamw one by one": lambda p: AdamW(p, lr=0.01, weight_decay=0.1, foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, foreach=True),
}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def scalar(output):
    return output.square().mean()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_against_the_obvious(name, optimizer):
    make, draw = MODELS[name]
    model = make()
    follow(model, OPTIMIZERS[optimizer](model.parameters()), lambda: scalar(model(draw())))


@pytest.mark.parametrize("exponent", [0, 0.5, 1, 2])
def test_exponents(exponent):
    model = cnn()
    draw = MODELS["cnn"][1]
    follow(model, SGD(model.parameters(), 0.1), lambda: scalar(model(draw())), exponent=exponent)


def test_double_precision_agrees_to_the_last_digits():
    model = cnn().double()
    loss = lambda: scalar(model(torch.randn(3, 1, 12, 12).double()))  # noqa: E731
    follow(model, Adam(model.parameters(), 0.01, weight_decay=0.1), loss, 20, rtol=1e-12)


def test_large_parameters_are_compared_in_pieces(monkeypatch):
    monkeypatch.setattr(_cells, "CPU_BATCH", 50)
    model = cnn()
    draw = MODELS["cnn"][1]
    follow(model, SGD(model.parameters(), 0.1), lambda: scalar(model(draw())))


def test_weights_of_low_precision_change_less_often_than_asked():
    model = nn.Linear(50, 20).bfloat16()
    x = torch.randn(4, 50).bfloat16()
    ledger = follow(model, SGD(model.parameters(), 1e-3), lambda: scalar(model(x)))
    assert ledger.energy_["writes"] < 0.5 * N_STEPS * ledger.n_cells_


def test_autocast_writes_the_weights_in_their_own_precision():
    model = cnn()
    draw = MODELS["cnn"][1]

    def loss():
        with torch.autocast("cpu", torch.bfloat16):
            return scalar(model(draw()).float())

    follow(model, Adam(model.parameters(), 0.01), loss)


def test_a_step_that_the_scaler_skips_writes_nothing():
    model = nn.Linear(3, 2)
    optimizer = SGD(model.parameters(), 0.1)
    ledger = Ledger(optimizer, model)
    scaler = torch.amp.GradScaler("cpu")
    for value in (1.0, float("inf"), 1.0):
        optimizer.zero_grad()
        scaler.scale(model(torch.full((1, 3), value)).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
    assert ledger.energy_["writes"] == 2 * 8


def test_lbfgs_writes_within_a_step():
    model = nn.Linear(4, 3).double()
    x, y = torch.randn(10, 4).double(), torch.randn(10, 3).double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5, line_search_fn="strong_wolfe")
    ledger = Ledger(optimizer, model, count_writes=True)
    obvious = Obvious(model)

    def closure():
        obvious.look()
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
        obvious.look()
    obvious.assert_same(ledger, 1e-12)
    assert ledger.energy_["writes"] > 3 * 15


@pytest.mark.parametrize("by_name", [True, False])
def test_a_closure_is_called_as_it_was_given(by_name):
    model = nn.Linear(4, 3)

    def closure():
        optimizer.zero_grad()
        loss = scalar(model(torch.ones(1, 4)))
        loss.backward()
        return loss

    optimizer = SGD(model.parameters(), 0.1)
    ledger = Ledger(optimizer)
    loss = optimizer.step(closure=closure) if by_name else optimizer.step(closure)
    assert loss > 0
    assert ledger.energy_["writes"] == 15


def test_sparse_gradients():
    model = nn.EmbeddingBag(30, 5, sparse=True)
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.01)
    ledger = follow(model, optimizer, lambda: scalar(model(torch.randint(30, (2, 3)))))
    assert ledger.energy_["writes"] <= N_STEPS * 6 * 5


def test_several_backward_passes_are_one_change():
    model = nn.Linear(4, 3)

    def loss():
        for _ in range(2):
            scalar(model(torch.randn(2, 4))).backward()
        return scalar(model(torch.randn(2, 4)))

    follow(model, SGD(model.parameters(), 0.1), loss)


def test_axes_may_change_their_order_on_the_way():
    model = cnn()
    optimizer = SGD(model.parameters(), 0.1)
    ledger = Ledger(optimizer, model, count_writes=True)
    obvious = Obvious(model)
    for k in range(4):
        if k == 2:
            model.to(memory_format=torch.channels_last)
        optimizer.zero_grad()
        scalar(model(torch.randn(3, 1, 12, 12))).backward()
        optimizer.step()
        obvious.look()
    obvious.assert_same(ledger)


def test_weights_with_gaps_in_memory():
    whole = torch.randn(6, 8)
    model = nn.Linear(4, 6, bias=False)
    model.weight = nn.Parameter(whole[:, ::2])
    follow(model, SGD(model.parameters(), 0.1), lambda: scalar(model(torch.randn(2, 4))))
    model.weight = nn.Parameter(whole[:, ::2].T[:, :3].T)
    follow(model, SGD(model.parameters(), 0.1), lambda: scalar(model(torch.randn(2, 4))))


def test_frozen_parameters_cost_nothing_until_they_are_unfrozen():
    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    model[0].requires_grad_(False)
    optimizer = SGD(model.parameters(), 0.1)
    ledger = Ledger(optimizer, model, count_writes=True)
    obvious = Obvious(model)
    assert len(ledger._cells) == 2
    for k in range(4):
        if k == 2:
            model[0].requires_grad_(True)
        optimizer.zero_grad()
        scalar(model(torch.randn(3, 4))).backward()
        optimizer.step()
        obvious.look()
    obvious.assert_same(ledger)
    assert list(ledger.by_parameter_["writes"]) == [40, 10, 40, 8]


def test_groups_may_be_added():
    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    optimizer = SGD(model[0].parameters(), 0.1)
    ledger = Ledger(optimizer, model)
    obvious = Obvious(model)
    for k in range(4):
        if k == 2:
            optimizer.add_param_group({"params": model[1].parameters(), "lr": 0.01})
        optimizer.zero_grad()
        scalar(model(torch.randn(3, 4))).backward()
        optimizer.step()
        obvious.look()
    obvious.assert_same(ledger)


def test_schedules_and_names_of_the_optimizer():
    model = nn.Linear(4, 3)
    optimizer = SGD(model.named_parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    ledger = Ledger(optimizer)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 4)).sum().backward()
        optimizer.step()
        schedule.step()
    assert list(ledger.by_parameter_.index) == ["weight", "bias"]
    assert ledger.energy_["consolidation"] == pytest.approx(15 * (0.1 + 0.05 + 0.025))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # within PyTorch
def test_compiled_models():
    model = nn.Linear(4, 3)
    compiled = torch.compile(model, backend="aot_eager")
    follow(model, Adam(model.parameters(), 0.01), lambda: scalar(compiled(torch.randn(2, 4))))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # within PyTorch
def test_the_steps_within_a_compiled_one():
    model = nn.Linear(4, 3)
    optimizer = Adam(model.parameters(), 0.01)
    step = torch.compile(lambda: optimizer.step(), backend="eager")
    follow(model, optimizer, lambda: scalar(model(torch.randn(2, 4))), step=step)


def test_a_ledger_changes_nothing():
    results = []
    for followed in (True, False):
        torch.manual_seed(1)
        model = cnn()
        optimizer = Adam(model.parameters(), 0.01)
        ledger = Ledger(optimizer) if followed else None
        for _ in range(3):
            optimizer.zero_grad()
            scalar(model(torch.randn(2, 1, 12, 12))).backward()
            optimizer.step()
            if followed:
                ledger.record()
        results.append((model.state_dict(), torch.rand(1)))
    for one, other in zip(results[0][0].values(), results[1][0].values(), strict=True):
        assert torch.equal(one, other)
    assert results[0][1] == results[1][1]


# ------------------------------------------------------------------ history, state, misuse


def trained(n_steps=3, **options):
    model = nn.Linear(4, 3)
    optimizer = Adam(model.parameters(), 0.01)
    ledger = Ledger(optimizer, model, **options)
    train(model, optimizer, n_steps)
    return model, optimizer, ledger


def train(model, optimizer, n_steps=3):
    for _ in range(n_steps):
        optimizer.zero_grad()
        scalar(model(torch.randn(2, 4))).backward()
        optimizer.step()


def test_history_has_what_was_recorded_and_the_present():
    model, optimizer, ledger = trained(record_every=2)
    ledger.record(accuracy=0.5)
    train(model, optimizer, 2)
    history = ledger.history_
    assert list(history["step"]) == [2, 3, 4, 5]
    assert history["accuracy"].tolist()[1] == 0.5
    assert np.isnan(history["accuracy"][0])
    assert history["writes"].tolist() == [30, 45, 60, 75]
    assert history.iloc[-1]["total"] == ledger.energy_["total"]
    assert history["consolidation"].is_monotonic_increasing
    assert ledger.overhead_ > 0


def stored(state):
    """As it comes back from a file that may hold nothing but tensors and plain values."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("ledger_first", [True, False])
def test_counting_goes_on_from_a_file(ledger_first):
    model, optimizer, ledger = trained(count_writes=True)
    ledger.record(accuracy=0.5)
    kept = stored([model.state_dict(), optimizer.state_dict(), ledger.state_dict()])
    torch.manual_seed(1)
    train(model, optimizer)

    again = nn.Linear(4, 3)
    optimizer = Adam(again.parameters(), 0.01)
    other = Ledger(optimizer, again, count_writes=True)
    if ledger_first:
        other.load_state_dict(kept[2])
    again.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
    if not ledger_first:
        other.load_state_dict(kept[2])
    torch.manual_seed(1)
    train(again, optimizer)
    assert other.energy_ == pytest.approx(ledger.energy_, 1e-12)
    pd.testing.assert_frame_equal(other.history_, ledger.history_, rtol=1e-12)
    for name, writes in ledger.writes_.items():
        assert torch.equal(writes, other.writes_[name])


def test_a_state_of_something_else_is_refused_and_changes_nothing():
    model, _, ledger = trained()
    energy = ledger.energy_
    other = Ledger(SGD(nn.Linear(4, 2).parameters(), 0.1))
    for state, message in [
        ({}, "must be what Ledger.state_dict"),
        (other.state_dict(), "of the parameters"),
        (Ledger(SGD(model.parameters(), 0.1), model, exponent=2).state_dict(), "exponent=1"),
    ]:
        with pytest.raises(ValueError, match=message):
            ledger.load_state_dict(state)
    counting = Ledger(SGD(model.parameters(), 0.1), model, count_writes=True)
    with pytest.raises(ValueError, match="count_writes=True"):
        counting.load_state_dict(ledger.state_dict())
    assert ledger.energy_ == energy


def test_reset_begins_anew_wherever_the_model_is():
    model, optimizer, ledger = trained()
    model.double()
    with pytest.raises(RuntimeError, match=r"weight was torch.float32 .* reset\(\)"):
        optimizer.step()
    ledger.reset()
    assert ledger.energy_["total"] == 0 == ledger.n_steps_
    optimizer.zero_grad()
    scalar(model(torch.randn(2, 4).double())).backward()
    obvious = Obvious(model)
    optimizer.state.clear()
    optimizer.step()
    obvious.look()
    obvious.assert_same(ledger, 1e-12)


def test_close_lets_go():
    model, optimizer, ledger = trained()
    ledger.close()
    energy = ledger.energy_["consolidation"]
    train(model, optimizer)
    assert ledger.energy_["consolidation"] == energy
    Ledger(optimizer)


def test_a_ledger_of_another_model_is_refused():
    optimizer = torch.optim.SGD(nn.Linear(4, 3).parameters(), 0.1)
    with pytest.raises(ValueError, match="none of the parameters of the optimizer is in the model"):
        Ledger(optimizer, nn.Linear(4, 3))
    Ledger(optimizer)  # nothing is left behind


def test_two_ledgers_are_refused():
    _, optimizer, _ = trained()
    for another in (Ledger, Plastic):
        with pytest.raises(ValueError, match="already has a Ledger"):
            another(optimizer)
    plastic = Plastic(SGD(nn.Linear(2, 1).parameters(), 0.1))
    for held in (plastic, plastic.optimizer):
        with pytest.raises(ValueError, match="already has a Plastic"):
            Ledger(held)
    Ledger(copy.deepcopy(optimizer))


def test_what_others_write_is_counted_and_said_once():
    model, optimizer, ledger = trained()
    obvious = Obvious(model)
    obvious.spent = dict(ledger.by_parameter_["consolidation"])
    obvious.writes = {"weight": torch.full((3, 4), 3), "bias": torch.full((3,), 3)}
    obvious.initial = {
        n: c.initial for n, c in zip(obvious.initial, ledger._cells.values(), strict=True)
    }
    for k in range(2):
        with torch.no_grad():
            model.weight.clamp_(-0.1, 0.1)
        obvious.look()
        if k == 0:
            with pytest.warns(RuntimeWarning, match="weight was changed between two steps"):
                train(model, optimizer, 1)
        else:
            train(model, optimizer, 1)
        obvious.look()
    obvious.assert_same(ledger)


def test_weights_that_are_lent_and_given_back_are_no_writes():
    model, optimizer, ledger = trained()
    kept = copy.deepcopy(model.state_dict())
    model.load_state_dict({name: torch.zeros_like(value) for name, value in kept.items()})
    model.load_state_dict(kept)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(model, optimizer, 1)
    assert ledger.energy_["writes"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(optimizer=None), "optimizer must be a torch.optim.Optimizer, got None"),
        (dict(model="net"), "model must be a torch.nn.Module, got 'net'"),
        (dict(exponent=-1), "exponent must be a finite number >= 0, got -1"),
        (dict(count_writes="no"), "count_writes must be True or False, got 'no'"),
        (dict(record_every=0), "record_every must be an integer of at least 1, got 0"),
    ],
)
def test_arguments(arguments, message):
    optimizer = SGD(nn.Linear(2, 1).parameters(), 0.1)
    with pytest.raises(ValueError, match=message):
        Ledger(**dict(optimizer=optimizer) | arguments)


def test_parameters_without_cells():
    model = nn.LazyLinear(3)
    with pytest.raises(ValueError, match="run the model once"):
        Ledger(SGD(model.parameters(), 0.1))
    with pytest.raises(ValueError, match="floating-point"):
        Ledger(SGD([torch.zeros(2, dtype=torch.complex64, requires_grad=True)], 0.1))
    _, _, ledger = trained()
    with pytest.raises(AttributeError, match="count_writes=True"):
        _ = ledger.writes_
