"""A ledger of what an optimizer writes."""

import contextlib
import itertools
import time
import warnings
import weakref

import pandas as pd
import torch

from synlib._validation import check_count, check_flag, check_number
from synlib.energy import LEDGER
from synlib.torch._cells import Cells, Comparison, kind_of

_ledgers: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # by optimizer
STATE = 1  # version of the form of state_dict


class Ledger:
    """What learning writes, counted beside any PyTorch optimizer.

    After each step of the optimizer every weight is compared with what it was before: only what
    really changed, in the precision in which it is stored, is a write. The ledger changes nothing,
    and the training loop stays as it is.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Of any kind, with any number of parameter groups. Parameters that are added to it later,
        or unfrozen, are followed from then on; tied ones are one memory, and counted once.
    model : torch.nn.Module, optional
        Where the names of the parameters are taken from; by default from the optimizer, if it was
        given ``model.named_parameters()``.
    exponent : float
        Of the size of a change in its energy: 1 for the distance travelled; >= 0.
    count_writes : bool
        Whether the writes of each cell are counted as well, see `writes_`.
    record_every : int, optional
        Steps between rows of the history; by default there is a row for each call of `record`.

    Raises
    ------
    ValueError
        If an argument is out of its range, the optimizer has a ledger already, or none of its
        parameters is in the model.

    Warns
    -----
    RuntimeWarning
        Once for each parameter that something other than the optimizer changed in place. That is
        counted, too, at the next step, since it is written. (What is changed through ``.data``
        PyTorch does not tell: it is counted as part of the next step.)

    Notes
    -----
    A step that GradScaler skips changes nothing, and several backward passes before a step are one
    change. What is changed *within* a step, as by the line search of LBFGS, is counted at each call
    of its closure. With data-parallel training all replicas are written alike: keep the ledger of
    one; where parameters are sharded, each process counts its own. Two copies of the weights are
    kept on their device, a third with ``count_writes``.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Linear(4, 2)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> ledger = Ledger(optimizer, model)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     model(torch.ones(1, 4)).sum().backward()
    ...     optimizer.step()
    >>> ledger.energy_["writes"], ledger.energy_["minimal_writes"]
    (30, 10)
    >>> round(ledger.energy_["consolidation"], 5), round(ledger.energy_["minimal"], 5)
    (3.0, 3.0)
    >>> list(ledger.by_parameter_["writes"])
    [24, 6]
    """

    def __init__(self, optimizer, model=None, *, exponent=1, count_writes=False, record_every=None):
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise ValueError(f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}")
        if not isinstance(model, torch.nn.Module | None):
            raise ValueError(f"model must be a torch.nn.Module, got {model!r}")
        check_number("exponent", exponent, "a finite number >= 0", lambda v: 0 <= v < float("inf"))
        check_flag("count_writes", count_writes)
        if record_every is not None:
            check_count("record_every", record_every)
        if isinstance(optimizer, Ledger) or optimizer in _ledgers:
            held = optimizer if isinstance(optimizer, Ledger) else _ledgers[optimizer]()
            raise ValueError(
                f"this optimizer already has a {type(held).__name__}, which counts what it "
                "writes: use that one, or call its close() first"
            )
        if model is not None and not _share(model, optimizer):
            raise ValueError("none of the parameters of the optimizer is in the model")
        self.optimizer, self.model = optimizer, model
        self.exponent, self.count_writes = exponent, count_writes
        self.record_every = record_every
        self._begin()
        self._hooks = [
            optimizer.register_step_pre_hook(self._before_step),
            optimizer.register_step_post_hook(self._after_step),
        ]
        _ledgers[optimizer] = weakref.ref(self)

    # -------------------------------------------------------------- what was counted

    @property
    def energy_(self):
        """The ledger so far, a dict with the entries of `synlib.energy.LEDGER`, in a.u."""
        table = self._table()
        return {name: sum(table[name]) for name in LEDGER}

    @property
    def by_parameter_(self):
        """The ledger of each parameter, a DataFrame, and its number of cells."""
        return pd.DataFrame(self._table()).set_index("parameter")

    @property
    def history_(self):
        """Rows of the ledger, a DataFrame as `MLP.history_`; the last row is that of now."""
        rows = self._rows
        if not rows or rows[-1]["step"] != self.n_steps_:
            rows = [*rows, self._row()]
        return pd.DataFrame(rows)

    @property
    def n_cells_(self):
        """Number of weights."""
        return sum(parameter.numel() for parameter in self._named)

    @property
    def writes_(self):
        """Writes of each cell, a dict of int tensors like the parameters, by name."""
        if not self.count_writes:
            raise AttributeError("writes_ needs count_writes=True when the ledger is made")
        return {
            name: self._cells[p].writes
            if p in self._cells
            else torch.zeros_like(p, dtype=torch.int32)
            for p, name in self._named.items()
        }

    @property
    def overhead_(self):
        """Time taken by counting as a share of that of all else since the first step."""
        rest = self._last_time - self._first_time - self._seconds
        return self._seconds / rest if rest > 0 else float("nan")

    # -------------------------------------------------------------- what can be done

    def record(self, **values):
        """Add a row to the history: the step, ``values`` such as ``accuracy=0.9``, the ledger."""
        if self._rows and self._rows[-1]["step"] == self.n_steps_:
            self._rows[-1] |= values
        else:
            self._rows.append(self._row(values))

    def reset(self):
        """Begin anew, with the weights as they are, wherever they are."""
        self._begin()

    def close(self):
        """Let go of the optimizer; what was counted stays."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        _ledgers.pop(self.optimizer, None)

    def state_dict(self):
        """What it takes to go on counting later: tensors, numbers and text.

        Load it after the model and the optimizer, or before; the weights must be those of the time
        when it was made.
        """
        return {
            "version": STATE,
            "n_steps": self.n_steps_,
            "exponent": self.exponent,
            "rows": [dict(row) for row in self._rows],
            "cells": [self._state_of(parameter) for parameter in self._named],
        }

    def load_state_dict(self, state):
        """Go on counting from what `state_dict` returned.

        Raises
        ------
        ValueError
            If it is of other parameters or another kind of ledger; nothing is changed then.
        """
        self._check_state(state)
        for parameter, kept in zip(self._named, state["cells"], strict=True):
            self._take(parameter, kept)
        self.n_steps_ = state["n_steps"]
        self._rows = [dict(row) for row in state["rows"]]

    # -------------------------------------------------------------- steps

    def _begin(self):
        self.n_steps_ = 0
        self._rows = []
        self._said = set()
        self._named = {}  # names, by parameter
        self._cells = {}  # Cells, by parameter, of those that are not frozen
        self._comparisons = []
        self._seconds, self._first_time, self._last_time = 0.0, None, 0.0
        self._follow()

    def _follow(self):
        """Find the parameters of the optimizer that are new, or frozen no more."""
        fresh, names = [], None
        for group in self.optimizer.param_groups:
            for k, parameter in enumerate(group["params"]):
                if parameter not in self._named:
                    names = names or self._names()
                    given = group.get("param_names")
                    default = given[k] if given else f"parameter {len(self._named)}"
                    self._named[parameter] = names.get(parameter, default)
                if parameter.requires_grad and parameter not in self._cells:
                    fresh.append(self._new(parameter))
        for _, alike in itertools.groupby(sorted(fresh, key=_order), key=_order):
            self._comparisons.append(Comparison(list(alike), self.exponent))

    def _names(self):
        if self.model is None:
            return {}
        return {parameter: name for name, parameter in self.model.named_parameters()}

    def _new(self, parameter):
        check_parameter(self._named[parameter], parameter)
        self._cells[parameter] = Cells(self._named[parameter], parameter, self.count_writes)
        return self._cells[parameter]

    @torch.compiler.disable
    @torch.no_grad()
    def _before_step(self, optimizer, args, kwargs):
        with self._timed():
            self._follow()
            for parameter, cells in self._cells.items():
                if kind_of(parameter) != cells.kind:
                    raise RuntimeError(_moved(cells, parameter))
            self._see_others()
        return self._with_counting_closure(args, kwargs)

    @torch.compiler.disable
    @torch.no_grad()
    def _after_step(self, optimizer, args, kwargs):
        with self._timed():
            self._store()
            self.n_steps_ += 1
        if self.record_every is not None and self.n_steps_ % self.record_every == 0:
            self.record()

    def _store(self):
        """What becomes of the changes of a step: here they are only looked at."""
        self._look(Cells.may_differ)

    def _see_others(self):
        """Count what was changed by others than the optimizer, and say so."""
        others = [cells for cells in self._cells.values() if self._maybe_others(cells)]
        if not others:
            return
        writes = [self._comparison_of(cells).spent_on(cells)[1] for cells in others]
        self._look(others.__contains__)
        for cells, before in zip(others, writes, strict=True):
            if self._comparison_of(cells).spent_on(cells)[1] != before:
                self._say(
                    f"{cells.name} was changed between two steps, not by its optimizer; that was "
                    "written, too, and is counted. After loading a checkpoint, call reset(), or "
                    "load_state_dict() with what the ledger was then"
                )

    def _maybe_others(self, cells):
        """Whether others than the optimizer may have written to some cells."""
        return cells.maybe_written()

    def _look_within(self):
        """Count what has been changed within a step."""
        self._look(Cells.maybe_written)

    def _look(self, differ):
        for comparison in self._comparisons:
            comparison.look(differ)

    def _comparison_of(self, cells):
        (found,) = [c for c in self._comparisons if cells in c.rows]
        return found

    def _with_counting_closure(self, args, kwargs):
        """The arguments of a step, whose closure, if any, first counts what has changed."""
        given = len(args) > 1
        closure = args[1] if given else kwargs.get("closure")
        if closure is None:
            return None

        def counted():
            with torch.no_grad(), self._timed():
                self._look_within()
            return closure()

        if given:
            return (args[0], counted, *args[2:]), kwargs
        return args, {**kwargs, "closure": counted}

    @contextlib.contextmanager
    def _timed(self):
        start = time.perf_counter()
        if self._first_time is None:
            self._first_time = start
        try:
            yield
        finally:
            self._last_time = time.perf_counter()
            self._seconds += self._last_time - start

    def _say(self, message):
        if message not in self._said:
            self._said.add(message)
            warnings.warn(message, RuntimeWarning, stacklevel=6)

    # -------------------------------------------------------------- rows

    def _row(self, values=None):
        return {"step": self.n_steps_, **(values or {}), **self.energy_}

    def _table(self):
        """Columns of the ledger, a value for each parameter."""
        rows = []
        for parameter, name in self._named.items():
            entries = self._entries(parameter)
            paid = ("consolidation", "maintenance", "transition", "outstanding")
            entries["total"] = sum(entries[entry] for entry in paid)
            cells = {"parameter": name, "cells": parameter.numel()}
            rows.append(cells | {entry: entries[entry] for entry in LEDGER})
        return {column: [row[column] for row in rows] for column in ("parameter", "cells", *LEDGER)}

    def _seen(self, parameter):
        """The weights that the model sees."""
        return parameter.detach()

    @torch.no_grad()
    def _entries(self, parameter):
        """What was spent on one parameter."""
        spent = writes = minimal = differ = 0.0
        if parameter in self._cells:
            cells = self._cells[parameter]
            comparison = self._comparison_of(cells)
            spent, writes = comparison.spent_on(cells).tolist()
            minimal, differ = comparison.from_start(cells, self._seen(parameter)).tolist()
        return dict(
            consolidation=spent, maintenance=0.0, transition=0.0, outstanding=0.0,
            minimal=minimal, writes=round(writes), minimal_writes=round(differ),
        )  # fmt: skip

    # -------------------------------------------------------------- state

    def _state_of(self, parameter):
        kept = {"name": self._named[parameter], "shape": list(parameter.shape)}
        if parameter in self._cells:
            cells = self._cells[parameter]
            kept |= {
                "spent": self._comparison_of(cells).spent_on(cells),
                "initial": cells.initial.clone(),
                "weights": cells.before.clone(),
            }
            if cells.writes is not None:
                kept["writes"] = cells.writes.clone()
        return kept

    def _check_state(self, state):
        """Raise ValueError unless a state is of a ledger like this one, of the same parameters."""
        if not isinstance(state, dict) or state.get("version") != STATE:
            raise ValueError("state must be what Ledger.state_dict() returned")
        if state["exponent"] != self.exponent:
            raise ValueError(
                f"state must be of a ledger with exponent={self.exponent}, got {state['exponent']}"
            )
        here = [(name, list(parameter.shape)) for parameter, name in self._named.items()]
        there = [(kept["name"], list(kept["shape"])) for kept in state["cells"]]
        if here != there:
            raise ValueError(f"state must be of the parameters {here}, got {there}")
        if self.count_writes and any("initial" in k and "writes" not in k for k in state["cells"]):
            raise ValueError("state must be of a ledger with count_writes=True, got one without")

    def _take(self, parameter, kept):
        """Go on from what was kept of one parameter."""
        if "initial" not in kept:
            return
        if parameter not in self._cells:
            self._comparisons.append(Comparison([self._new(parameter)], self.exponent))
        cells = self._cells[parameter]
        comparison = self._comparison_of(cells)
        comparison.spent[comparison.rows[cells]] = 0
        comparison.earlier[cells] = kept["spent"].to(cells.before.device, torch.float64)
        cells.initial.copy_(kept["initial"])
        cells.before.copy_(kept["weights"])
        if cells.writes is not None:
            cells.writes.copy_(kept["writes"])
        cells.version = None  # whether the weights are those is seen at the next step


def _share(model, optimizer):
    """Whether a model has any of the parameters of an optimizer."""
    own = set(model.parameters())
    return any(not own.isdisjoint(group["params"]) for group in optimizer.param_groups)


def check_parameter(name, parameter):
    """Raise ValueError if a parameter has no cells that could be followed."""
    if isinstance(parameter, torch.nn.parameter.UninitializedTensorMixin):
        raise ValueError(f"{name} has no shape yet: run the model once before it is followed")
    if not parameter.is_floating_point():
        raise ValueError(f"{name} must be of a floating-point type, got {parameter.dtype}")


def _moved(cells, parameter):
    described = [
        f"{dtype} of shape {tuple(shape)} on {device}"
        for dtype, device, shape in (cells.kind, kind_of(parameter))
    ]
    return (
        f"{cells.name} was {described[0]} when it was first followed, and is {described[1]} now: "
        "move a model before its ledger is made, or call reset(), which begins anew"
    )


def _order(cells):
    """By which cells that can be compared together come together."""
    dtype, device, _ = cells.kind
    return str(device), str(dtype)
