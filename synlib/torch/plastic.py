"""Rules and memories of `synlib` for any optimizer."""

import torch

from synlib import _rules
from synlib._random import generator
from synlib._validation import check_count
from synlib.memory import Memory, Persistent
from synlib.plasticity import AllSynapses, PlasticityRule
from synlib.torch._cells import Cells, precision_of
from synlib.torch._choice import Choice, check_masks, check_rule, layers_of, plastic_parts
from synlib.torch._stores import NETWORK, OwnStores, Stores, equal, size_of
from synlib.torch.ledger import Ledger, check_parameter


class Plastic(Ledger, torch.optim.Optimizer):
    """An optimizer whose changes pass a plasticity rule and a memory, with a ledger of both.

    The optimizer proposes a change of every weight; the rule decides which of them are made, the
    memory where they are stored. The model sees the sum of all stores. Either this object or the
    optimizer itself goes on being used as the optimizer was: ``step``, ``zero_grad``, learning-rate
    schedulers, `add_param_group`, GradScaler.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Of any kind.
    plasticity : PlasticityRule, optional
        Which cells change, by default all. A layer, as the rules know it, begins with a parameter
        of two or more dimensions, whose first dimension is that of the units; a bias that follows
        belongs to the layer, and is a population of its own, of which at least one changes. Rules
        that act on the errors of units are refused, since an optimizer does not see them, and so is
        `LargestUpdates` within the network, since parameters are looked at one after another. The
        method ``choose`` of a rule of one's own is given None for the inputs.
    memory : Memory, optional
        Where changes are stored: `Persistent`, the default, or `SynapticCache`. Its scope "neuron"
        is a unit, "layer" a parameter, "network" all parameters; a step is one of the optimizer.
        The method ``store`` of a memory of one's own is asked for each parameter; a bias is seen as
        weights from one input.
    model, exponent, count_writes, record_every
        As of `Ledger`.
    masks : dict of bool tensors, optional
        For parameters by name: which of their cells may change at all. The rule chooses as if no
        change of the others had been proposed.
    random_state : int, Generator, RandomState or None
        Source of random rules.

    Raises
    ------
    ValueError
        If an argument is out of its range or does not fit the parameters.

    Notes
    -----
    Changes are the difference that a step of the optimizer makes in the weights, rounded as these
    are; those of SGD without momentum and weight decay are taken from the gradients, so that small
    ones reach a cache unrounded. Caches are kept at least in single precision. What a memory does
    before the next output is computed (``decay_order="before"``) is done at once at the end of a
    step; `energy_` is that of the end of the step. What others change between two steps goes to the
    persistent store, is counted and said, also if it is changed through ``.data``.

    Examples
    --------
    >>> import torch
    >>> from synlib import LargestUpdates, SynapticCache
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Linear(20, 5)
    >>> optimizer = Plastic(torch.optim.Adam(model.parameters(), lr=0.01), LargestUpdates(0.1),
    ...                     SynapticCache(threshold=0.025, scope="synapse"), model=model)
    >>> for _ in range(5):
    ...     optimizer.zero_grad()
    ...     model(torch.randn(1, 20)).square().sum().backward()
    ...     optimizer.step()
    >>> energy = optimizer.energy_
    >>> energy["writes"] < 0.1 * 5 * 105, energy["outstanding"] > 0
    (True, True)
    """

    _step_supports_amp_scaling = False  # GradScaler unscales gradients itself

    def __init__(
        self, optimizer, plasticity=None, memory=None, *, model=None, masks=None, exponent=1,
        count_writes=False, record_every=None, random_state=None,
    ):  # fmt: skip
        self.plasticity = AllSynapses() if plasticity is None else plasticity
        self.memory = Persistent() if memory is None else memory
        if not isinstance(self.plasticity, PlasticityRule):
            raise ValueError(f"plasticity must be a PlasticityRule, got {plasticity!r}")
        if not isinstance(self.memory, Memory):
            raise ValueError(f"memory must be a Memory, got {memory!r}")
        stages = self.memory.settings("after", "exponential")
        self._is_own = stages is None  # has the method store
        self._stages = () if self._is_own else stages
        self.masks = dict(masks or {})
        self._randoms = generator(random_state).spawn(3)[2]  # as in MLP
        super().__init__(
            optimizer, model, exponent=exponent, count_writes=count_writes,
            record_every=record_every,
        )  # fmt: skip

    def __getattr__(self, name):
        """What is not found here is the optimizer's."""
        if name == "optimizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def __repr__(self):
        return f"Plastic({self.optimizer!r}, {self.plasticity!r}, {self.memory!r})"

    def step(self, *args, **kwargs):
        """A step of the optimizer, whose changes pass rule and memory."""
        return self.optimizer.step(*args, **kwargs)

    def rest(self, n_steps=1):
        """Steps at which nothing is learned: caches are held and decay. For lazy learning."""
        check_count("n_steps", n_steps)
        with torch.no_grad(), self._timed():
            for _ in range(n_steps):
                self._keep()
                self.n_steps_ += 1

    @property
    def transient_writes_(self):
        """How many changes have entered a cache so far."""
        return sum(round(stores.spent[2].item()) for stores in self._stores.values())

    def state_dict(self):
        """State of the optimizer, of the stores and of the ledger."""
        return {"optimizer": self.optimizer.state_dict(), "plastic": super().state_dict()}

    def load_state_dict(self, state):
        """Go on from what `state_dict` returned."""
        if not isinstance(state, dict) or set(state) != {"optimizer", "plastic"}:
            raise ValueError("state must be what Plastic.state_dict() returned")
        super().load_state_dict(state["plastic"])
        self.optimizer.load_state_dict(state["optimizer"])

    # -------------------------------------------------------------- stores and choices

    def _begin(self):
        self._stores, self._choices, self._at_end = {}, {}, {}
        super()._begin()

    def _new(self, parameter):
        name = self._named[parameter]
        check_parameter(name, parameter)
        if self._is_own:
            stores = OwnStores(parameter, self.memory)
        else:
            stores = Stores(parameter, self._stages)
        self._stores[parameter] = stores
        written = stores.persistent if stores.caches else parameter
        self._cells[parameter] = Cells(name, written, self.count_writes)
        return self._cells[parameter]

    def _follow(self):
        known = len(self._stores)
        super()._follow()
        if len(self._stores) > known:
            self._decide()

    def _decide(self):
        """What the rule does with each parameter that is new."""
        parameters = list(self._stores)
        names = [self._named[parameter] for parameter in parameters]
        layers = layers_of(parameters)
        n_layers = max(layers) + 1
        self.plasticity.check_depth(n_layers)
        parts = plastic_parts(self.plasticity, names, parameters, layers)
        check_masks(self.masks, names, parameters)
        self._randoms.spawn(len(parameters))
        for_choices = self._randoms.spawn(len(parameters))
        for_stores = self._randoms.spawn(len(parameters))
        for name, parameter, layer, part, for_choice, for_store in zip(
            names, parameters, layers, parts, for_choices, for_stores, strict=True
        ):
            if parameter not in self._choices:
                check_rule(self.plasticity, layer, len(parameter) if parameter.ndim else 1)
                choice = Choice(
                    self.plasticity, layer, parameter, n_layers, part, self._randoms, for_choice,
                    self.masks.get(name),
                )  # fmt: skip
                if choice.leaves_out:
                    self._say(
                        f"{self.plasticity!r} chooses none of the {parameter.numel()} cells of "
                        f"{name}, which will never change"
                    )
                self._choices[parameter] = choice
                if self._is_own:
                    self._stores[parameter].layer = layer
                    self._stores[parameter].random = for_store

    # -------------------------------------------------------------- steps

    def _see_others(self):
        for stores in self._stores.values():
            if stores.caches:
                stores.take_over()
        super()._see_others()

    def _maybe_others(self, cells):
        """Also past PyTorch's notice, as through ``.data``: this step would undo it."""
        return super()._maybe_others(cells) or (
            cells.parameter in self._stores and not equal(cells.parameter, cells.before)
        )

    def _look_within(self):
        """What is changed within a step is a proposal, and not written yet."""

    def _store(self):
        """Let the changes of a step pass the rule and the memory."""
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                stores = self._stores.get(parameter)
                if stores is None or (
                    parameter.grad is None and parameter._version == stores.version
                ):
                    continue
                seen = stores.seen if stores.caches else self._cells[parameter].before
                choice = self._choices[parameter]
                if choice.is_all and not stores.caches:
                    continue
                change = self._proposal(group, parameter, seen)
                mask = None if choice.is_all else choice.mask(change, seen)
                if not stores.caches:
                    parameter.copy_(torch.where(mask, parameter, seen))
                else:
                    if mask is not None:
                        change = torch.where(mask, change, 0)
                    stores.enter(change)
        self._keep()

    def _proposal(self, group, parameter, seen):
        """What the optimizer has changed, in the precision of caches."""
        gradient = parameter.grad
        plain = (
            type(self.optimizer) is torch.optim.SGD
            and not (group["momentum"] or group["weight_decay"])
            and gradient is not None
            and not gradient.is_sparse
            and getattr(self.optimizer, "found_inf", None) is None
        )
        if plain:
            rate = group["lr"] if group["maximize"] else -group["lr"]
            return gradient.to(precision_of(parameter)) * rate
        return parameter.to(precision_of(parameter)) - seen

    def _keep(self):
        """What becomes of all stores in a step."""
        step = self.n_steps_ + 1
        for s, cache in enumerate(self._stages[:-1]):
            due = {stores: stores.due(s, step) for stores in self._stores.values()}
            if step % cache.check_every == 0 and cache.scope == NETWORK:
                crossed = any(bool(one) for one in due.values())
                due = {stores: torch.full_like(one, crossed) for stores, one in due.items()}
            for stores, one in due.items():
                if one is not None:
                    stores.settle(s, one)
        for stores in self._stores.values():
            stores.hold(step)
        super()._store()
        begins = any(cache.deferred or cache.decay_first for cache in self._stages[:-1])
        if begins:
            self._at_end = {}
            self._at_end = {parameter: self._entries(parameter) for parameter in self._named}
            for stores in self._stores.values():
                stores.begin()
            super()._store()
        for stores in self._stores.values():
            if stores.caches:
                stores.show()

    def _seen(self, parameter):
        stores = self._stores[parameter]
        return stores.seen if stores.caches else super()._seen(parameter)

    def _entries(self, parameter):
        if parameter in self._at_end:
            return self._at_end[parameter]
        entries = super()._entries(parameter)
        if parameter in self._stores:
            stores = self._stores[parameter]
            spent = stores.spent.tolist()
            entries |= {"maintenance": spent[0], "transition": spent[1]}
            if stores.caches:
                entries["outstanding"] = size_of(stores.in_transit).item()
        return entries

    # -------------------------------------------------------------- state

    def _state_of(self, parameter):
        kept = super()._state_of(parameter)
        if parameter in self._stores:
            choice = self._choices[parameter]
            kept |= {
                "stores": self._stores[parameter].state(),
                "fixed": choice.fixed,
                "random": choice.for_choice.bit_generator.state,
                "at_end": self._at_end.get(parameter),
            }
        return kept

    def _check_state(self, state):
        super()._check_state(state)
        n_caches = (_rules.n_stores(self.memory) if self._is_own else len(self._stages)) - 1
        for kept in state["cells"]:
            if "initial" in kept and len(kept.get("stores", {}).get("transient", [])) != n_caches:
                raise ValueError(f"state must be of a Plastic with the memory {self.memory!r}")

    def _take(self, parameter, kept):
        super()._take(parameter, kept)
        if "initial" not in kept:
            return
        if parameter not in self._choices:
            self._decide()
        stores, choice = self._stores[parameter], self._choices[parameter]
        stores.load(kept["stores"], kept["weights"])
        if kept["fixed"] is not None:
            choice.fixed = kept["fixed"].to(parameter.device)
        choice.for_choice.bit_generator.state = kept["random"]
        if kept["at_end"] is not None:
            self._at_end[parameter] = dict(kept["at_end"])
