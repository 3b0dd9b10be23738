"""A single neuron that learns to classify patterns, and what that costs.

One class, a third of whose lines say what its parameters and attributes are.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from tqdm import tqdm

from synlib import energy
from synlib._estimator import Estimator, classes_of
from synlib._interrupt import whole
from synlib._kernels import perceptron as kernels
from synlib._kernels.layer import SYNAPSE, column_sums
from synlib._margins import (
    MOST_PATTERNS_FOR_MARGINS,
    products,
    products_keep_all,
    some_are_too_alike,
)
from synlib._validation import (
    check_choice,
    check_count,
    check_flag,
    check_number,
    check_sequence,
)
from synlib.memory import Persistent, single_cache

# a compiled call lasts about this many multiplications, so that Ctrl-C is heard within a second
WORK_PER_CALL = 3e8


class Perceptron(ClassifierMixin, Estimator):
    """Perceptron that keeps account of the energy of its plasticity.

    Patterns are presented in the order given, again and again; a pattern on the wrong side (or on
    the border, or within ``margin`` of it) changes every weight by ``learning_rate * d * x``.
    Learning ends with the first epoch without an error. An always-on bias synapse is added; it pays
    like any other.

    Parameters
    ----------
    memory : Persistent or SynapticCache, optional
        Where changes are stored; by default `Persistent`. The unit has all synapses of the
        network, so the scopes ``"neuron"``, ``"layer"`` and ``"network"`` are the same here.
    learning_rate : float
        Size of a change; > 0.
    margin : float
        How far on the right side a pattern must be to be left alone: it causes an update if
        ``d * (w . x) <= margin``, in the same units; >= 0. An update moves a pattern's own
        ``d * (w . x)`` by ``learning_rate * (x . x)``, with the bias.
    exponents : tuple of float
        Exponents alpha for which `consolidation_by_exponent_` is recorded; >= 0.
    potentiation_only : bool
        Count only increases of a weight in all consolidation energies and writes.
    max_epochs : int
        Learning that has not ended by then has not converged (`converged_` is False).
    method : {"auto", "margins", "primal"}
        Form of the algorithm. Both make the same updates; "auto" takes the margins (much faster)
        wherever they are exact. Margins come from products of patterns, in which inputs much
        smaller than the others, or than the 1 of the bias, would be lost.

    Attributes
    ----------
    classes_ : array (2,)
        The labels; the second is the one for ``d = 1``.
    coef_ : array (1, n_features)
        Weights after learning, persistent plus transient.
    intercept_ : array (1,)
        Weight of the bias synapse.
    converged_ : bool
        Whether an epoch passed without an error. Unless transient weights have decayed since, the
        weights then get every pattern right, and that is tested.
    interrupted_ : bool
        Whether learning was cut short by Ctrl-C. What was learned until then is kept: all
        attributes are those of the last epoch that was finished.
    n_epochs_ : int
        Epochs presented, the last one without error included.
    n_updates_ : int
    energy_ : dict
        The ledger at the end of learning, in a.u., see `synlib.energy`: consolidation,
        maintenance, transition, outstanding, total of these four, minimal; the numbers of writes
        and minimal_writes; and corrected_maintenance, which also charges what is held at each
        crossing of the threshold. Li and van Rossum consolidate everything at the end of learning:
        what they report is consolidation plus outstanding.
    history_ : DataFrame
        One row per epoch: epoch; errors in it (updates, so with a ``margin`` also patterns that are
        right, but not by it); updates so far; consolidation, maintenance,
        transition, outstanding, total and writes as in `energy_`, so far; consolidation_power and
        maintenance_power (a.u. per epoch).
    consolidation_by_exponent_, outstanding_by_exponent_, minimal_by_exponent_ : Series
        These energies for each exponent.
    trace_ : array (n_presentations, n_traced, 2)
        Persistent and transient weight of the synapses named in ``fit(trace=...)`` after each
        presentation.
    method_ : str
        The form of the algorithm that was used.

    References
    ----------
    Li and van Rossum (2020), eLife 9:e50804, Figs 1-4.

    Examples
    --------
    >>> from synlib import SynapticCache, random_patterns
    >>> X, d = random_patterns(50, 100, random_state=0)
    >>> neuron = Perceptron().fit(X, d)
    >>> neuron.converged_, bool((neuron.predict(X) == d).all())
    (True, True)
    >>> cached = Perceptron(SynapticCache(threshold=2)).fit(X, d)
    >>> cached.n_updates_ == neuron.n_updates_
    True
    >>> cached.energy_["total"] < neuron.energy_["total"]
    True
    """

    def __init__(
        self,
        memory=None,
        learning_rate=1.0,
        margin=0.0,
        exponents=(0, 1),
        potentiation_only=False,
        max_epochs=10_000,
        method="auto",
    ):
        self.memory = memory
        self.learning_rate = learning_rate
        self.margin = margin
        self.exponents = exponents
        self.potentiation_only = potentiation_only
        self.max_epochs = max_epochs
        self.method = method

    def fit(self, X, y, trace=()):
        """Learn to tell two kinds of patterns apart.

        An earlier fit is forgotten, unless the arguments are refused. Ctrl-C goes on to the
        caller, but leaves a neuron that is fitted as far as it got, see `interrupted_`.

        Parameters
        ----------
        X : array (n_patterns, n_inputs)
        y : array (n_patterns,)
            Targets: two kinds of labels, such as -1 and 1.
        trace : sequence of int
            Synapses whose weights are recorded at every presentation (``n_inputs`` is the bias).

        Returns
        -------
        Perceptron
            The fitted estimator.

        Raises
        ------
        ValueError
            If an argument is out of its range, X is not finite or so large (small) that summed
            inputs overflow (vanish), or y has not two kinds of labels.
        """
        with self._refit():
            store = self._validated_memory()
            X, y = validate_data(self, X, y, dtype=float, order="C")
            self.classes_ = self._two_kinds(y)
            self._check_sizes(X)
            patterns = np.column_stack([X, np.ones(len(X))])
            sign = np.where(y == self.classes_[1], 1.0, -1.0)
            traced = self._validated_trace(trace, patterns.shape[1])
            method = self._choose_method(store, patterns)

        cache, _ = store
        lasting = cache.decay == 1
        run = self._learn(method, store, patterns, sign, traced)
        if method == "margins" and self.method == "auto":
            if run.converged:
                doubtful = lasting and self._wrong(run.weights, X, sign) > 0
            else:
                doubtful = some_are_too_alike(patterns, sign)
            if doubtful:
                method = "primal"
                run = self._learn(method, store, patterns, sign, traced)
        if lasting and run.converged and (wrong := self._wrong(run.weights, X, sign)):
            run.converged = method == "primal"
            warnings.warn(
                f"{wrong} of {len(X)} patterns lie so close to the border that rounding decides "
                "on which side; they were on the right one when last presented",
                RuntimeWarning,
                stacklevel=2,
            )
        self._keep(run, method, traced)
        return self

    def predict(self, X):
        """Labels of patterns, array (n_patterns,)."""
        check_is_fitted(self)
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def decision_function(self, X):
        """Summed input of the neuron for each pattern, array (n_patterns,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, order="C", reset=False)
        return kernels.outputs(X, self.coef_[0]) + self.intercept_[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _validated_memory(self):
        memory = Persistent() if self.memory is None else self.memory
        store = single_cache(memory, "Perceptron", "before", "discrete")
        check_number(
            "learning_rate", self.learning_rate, "a finite number > 0", lambda v: 0 < v < np.inf
        )
        check_number("margin", self.margin, "a finite number >= 0", lambda v: 0 <= v < np.inf)
        check_count("max_epochs", self.max_epochs)
        check_flag("potentiation_only", self.potentiation_only)
        check_choice("method", self.method, ("auto", "margins", "primal"))
        check_sequence("exponents", self.exponents, "a sequence of finite numbers >= 0")
        for exponent in self.exponents:
            check_number("exponents", exponent, "finite numbers >= 0", lambda v: 0 <= v < np.inf)
        return store

    @staticmethod
    def _two_kinds(y):
        classes, _ = classes_of(y)
        if classes.size > 2:
            raise ValueError(
                "Only binary classification is supported. y must have two kinds of labels, "
                f"got {classes.size} classes"
            )
        if classes.size < 2:
            raise ValueError(
                f"y must have two kinds of labels, got one class: {classes.tolist()[0]!r}"
            )
        return classes

    def _check_sizes(self, X):
        """Refuse inputs whose products cannot be told from infinity, or from zero."""
        largest = np.abs(X).max()
        with np.errstate(over="ignore", under="ignore"):
            product = self.learning_rate * largest * largest
            total = product * (X.shape[1] + 1) * len(X)
        if not np.isfinite(total):
            raise ValueError(_too("large", "overflow", largest))
        if largest > 0 and product < np.finfo(float).tiny:
            raise ValueError(_too("small", "vanish", largest))

    @staticmethod
    def _validated_trace(trace, n_synapses):
        check_sequence("trace", trace, "a sequence of synapses")
        for synapse in trace:
            check_count("trace", synapse, minimum=0)
            if synapse >= n_synapses:
                raise ValueError(
                    f"trace must hold synapses from 0 to {n_synapses - 1}, got {synapse!r}"
                )
        return np.array(trace, dtype=np.int64)

    def _choose_method(self, store, patterns):
        cache, _ = store
        by_memory = (
            not cache.deferred
            and cache.transition_cost == 0
            and (cache.scope != SYNAPSE or cache.decay == 1)
        )
        by_size = products_keep_all(patterns)
        if self.method == "margins" and not by_memory:
            raise ValueError(
                "method='margins' is not exact for this memory (consolidation put off, transition "
                "cost, or decay with the scope 'synapse'); use 'auto' or 'primal'"
            )
        if self.method == "margins" and not by_size:
            raise ValueError(
                "method='margins' is not exact for inputs of such different sizes (the bias is 1); "
                "use 'auto' or 'primal', or scale X"
            )
        if self.method == "auto":
            few = len(patterns) <= MOST_PATTERNS_FOR_MARGINS
            return "margins" if by_memory and by_size and few else "primal"
        return self.method

    def _learn(self, method, store, patterns, sign, traced):
        """Present the patterns until all are right, a second at a time: a `_Run`."""
        rate, least = float(self.learning_rate), float(self.margin)
        exponents = np.array(self.exponents, dtype=float)
        state = kernels.new_state(*patterns.shape, exponents.size)
        step = None
        gram = products(patterns) if method == "margins" else None
        cache, has_cache = store
        if method == "margins" and not has_cache:
            step = rate * sign[:, None] * patterns
            update_energy = np.column_stack(
                [
                    energy.sum_of_powers(step, exponent, self.potentiation_only, axis=1)
                    for exponent in (1, 0, *self.exponents)
                ]
            ).astype(float)
            traced_step = np.ascontiguousarray(step[:, traced])
            loop = kernels.persistent_margins
            given = (gram, sign, rate, least, update_energy, traced_step)
        else:
            given = (sign, rate, least, cache, exponents, bool(self.potentiation_only), traced)
            if method == "margins":
                loop, given = kernels.cached_margins, (patterns, gram, *given)
            else:
                loop, given = kernels.primal, (patterns, *given)

        run = _Run(state, step)
        n_at_once = max(1, int(WORK_PER_CALL / (patterns.shape[0] * max(patterns.shape))))
        try:
            with tqdm(
                total=self.max_epochs, unit=" epochs", delay=2, leave=False, disable=None
            ) as progress:
                while run.n_epochs < self.max_epochs and not run.converged:
                    with whole():
                        run.add(
                            *loop(*given, state, min(n_at_once, self.max_epochs - run.n_epochs))
                        )
                    progress.update(run.n_epochs - progress.n)
        except BaseException as error:
            if run.n_epochs == 0:
                self._forget()
                raise
            run.converged = False
            self._keep(run, method, traced, interrupted=True)
            self._cut_short(f"{run.n_epochs} epochs", error)
        if not np.isfinite(run.weights).all() or not np.isfinite(run.record).all():
            self._forget()
            raise ValueError(_too("large", "overflow", np.abs(patterns).max()))
        return run

    @staticmethod
    def _wrong(weights, X, sign):
        """How many patterns the weights themselves get wrong."""
        outputs = kernels.outputs(X, weights[:-1]) + weights[-1]
        return int(np.count_nonzero((outputs > 0) != (sign > 0)))

    def _keep(self, run, method, traced, interrupted=False):
        """Take over what was learned."""
        self.method_ = method
        self.coef_ = run.weights[None, :-1]
        self.intercept_ = run.weights[-1:]
        self.interrupted_ = interrupted
        self.converged_ = bool(run.converged)
        if traced.size > 0:
            self.trace_ = run.trace
        self._account(run.weights, run.state.scalars[kernels.FACTOR] * run.state.transient,
                      run.record, run.state.energy)  # fmt: skip

    def _account(self, weights, transient, record, spent):
        """Turn the record of a run into the ledger."""

        def price(change, exponent):
            return float(energy.sum_of_powers(change, exponent, self.potentiation_only))

        errors = record[:, kernels.ERRORS].astype(int)
        history = pd.DataFrame(
            {
                "epoch": np.arange(1, errors.size + 1),
                "errors": errors,
                "updates": errors.cumsum(),
                "consolidation": record[:, kernels.CONSOLIDATION],
                "maintenance": record[:, kernels.MAINTENANCE],
                "transition": record[:, kernels.TRANSITION],
                "outstanding": record[:, kernels.OUTSTANDING],
                "writes": record[:, kernels.WRITES].astype(np.int64),
            }
        )
        parts = ["consolidation", "maintenance", "transition", "outstanding"]
        history["total"] = history[parts].sum(axis=1)
        for part in ("consolidation", "maintenance"):
            history[f"{part}_power"] = np.diff(history[part], prepend=0)
        self.history_ = history
        self.n_epochs_ = len(errors)
        self.n_updates_ = int(errors.sum())

        # a weight that has returned to zero may have kept a rounding error
        weights = np.where(np.abs(weights) > 1e-12 * np.abs(weights).max(), weights, 0)
        last = history.iloc[-1]
        for name, values in (
            ("consolidation", spent),
            ("outstanding", [price(transient, a) for a in self.exponents]),
            ("minimal", [price(weights, a) for a in self.exponents]),
        ):
            by_exponent = pd.Series(values, index=self.exponents, dtype=float)
            setattr(self, f"{name}_by_exponent_", by_exponent)
        corrected = float(last["maintenance"] + record[-1, kernels.CORRECTION])
        self.energy_ = energy.entries(
            **last[[*parts, "writes"]], minimal=price(weights, 1), minimal_writes=price(weights, 0)
        ) | {"corrected_maintenance": corrected}


class _Run:
    """A neuron while it learns: its state, and the record of its epochs."""

    def __init__(self, state, step):
        self.state = state
        self.step = step  # (P, n_synapses), changes of an update with each pattern, for margins
        self.records, self.traces = [], []
        self.n_epochs = 0
        self.converged = False

    def add(self, record, trace):
        self.records.append(record)
        self.traces.append(trace)
        self.n_epochs += len(record)
        self.converged = bool(record[-1, kernels.ERRORS] == 0)

    @property
    def weights(self):
        if self.step is not None:
            return column_sums(self.state.times[:, None] * self.step)
        return self.state.persistent + self.state.scalars[kernels.FACTOR] * self.state.transient

    @property
    def record(self):
        return np.concatenate(self.records)

    @property
    def trace(self):
        return np.concatenate(self.traces)


def _too(size, happens, largest):
    return (
        f"X is too {size}: its largest |x| is {largest:g}, and with it summed inputs, of the size "
        f"of learning_rate * |x|^2, {happens}. Scale X"
    )
