"""A single neuron that learns to classify patterns, and what that costs."""

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from synlib import energy
from synlib._estimator import Estimator
from synlib._kernels import perceptron as kernels
from synlib._validation import check_choice, check_count, check_number
from synlib.memory import Persistent, SynapticCache

# the Gram matrix of more patterns than this would take over 200 MB
MOST_PATTERNS_FOR_MARGINS = 5000


class Perceptron(ClassifierMixin, Estimator):
    """Perceptron that keeps account of the energy of its plasticity.

    Patterns are presented in the order given, again and again; a pattern on the wrong side (or on
    the border) changes every weight by ``learning_rate * d * x``. Learning ends with the first
    epoch without an error. An always-on bias synapse is added; it pays like any other.

    Parameters
    ----------
    memory : Persistent or SynapticCache, optional
        Where changes are stored; by default `Persistent`. The unit has all synapses of the
        network, so the scopes ``"neuron"``, ``"layer"`` and ``"network"`` are the same here.
    learning_rate : float
        Size of a change; > 0.
    exponents : tuple of float
        Exponents alpha for which `consolidation_by_exponent_` is recorded; >= 0.
    potentiation_only : bool
        Count only increases of a weight in all consolidation energies and writes.
    max_epochs : int
        Learning that has not ended by then has not converged (`converged_` is False).
    method : {"auto", "margins", "primal"}
        Form of the algorithm. Both make the same updates; "auto" takes the margins (much faster)
        wherever they are exact.

    Attributes
    ----------
    classes_ : array (2,)
        The labels; the second is the one for ``d = 1``.
    coef_ : array (1, n_features)
        Weights after learning, everything consolidated.
    intercept_ : array (1,)
        Weight of the bias synapse.
    converged_ : bool
    n_epochs_ : int
        Epochs presented, the last one without error included.
    n_updates_ : int
    energy_ : dict
        Totals in a.u.: consolidation, maintenance, transition, outstanding (zero: the end of
        learning consolidates it), total, minimal; the numbers of writes and minimal_writes; and
        corrected_maintenance, which also charges what is held at each crossing of the threshold.
    history_ : DataFrame
        One row per epoch: epoch; errors in it; updates so far; totals so far of consolidation,
        maintenance, transition, writes; outstanding (sum of transient weights now) and total;
        consolidation_power and maintenance_power (a.u. per epoch).
    consolidation_by_exponent_, minimal_by_exponent_ : Series
        Consolidation and minimal energy for each exponent.
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
    >>> from synlib import random_patterns
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
        exponents=(0, 1),
        potentiation_only=False,
        max_epochs=10_000,
        method="auto",
    ):
        self.memory = memory
        self.learning_rate = learning_rate
        self.exponents = exponents
        self.potentiation_only = potentiation_only
        self.max_epochs = max_epochs
        self.method = method

    def fit(self, X, y, trace=()):
        """Learn to tell two kinds of patterns apart.

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
            If an argument is out of its range, X is not finite, or y has not two kinds of labels.
        """
        memory = self._validated_memory()
        X, y = validate_data(self, X, y, dtype=float)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if self.classes_.size > 2:
            raise ValueError(
                "Only binary classification is supported. y must have two kinds of labels, "
                f"got {self.classes_.size} classes"
            )
        if self.classes_.size < 2:
            raise ValueError(
                f"y must have two kinds of labels, got one class: {self.classes_[0]!r}"
            )
        patterns = np.column_stack([X, np.ones(len(X))])
        sign = np.where(y == self.classes_[1], 1.0, -1.0)
        traced = self._validated_trace(trace, patterns.shape[1])

        self.method_ = self._choose_method(memory, len(X), traced)
        if isinstance(memory, Persistent) and self.method_ == "margins":
            persistent, transient, record, spent = self._fit_persistent(patterns, sign)
        else:
            persistent, transient, record, spent = self._fit_cached(memory, patterns, sign, traced)
        weights = persistent + transient
        self.coef_ = weights[None, :-1]
        self.intercept_ = weights[-1:]
        self._account(weights, transient, record, spent)
        return self

    def predict(self, X):
        """Labels of patterns, array (n_patterns,)."""
        check_is_fitted(self)
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def decision_function(self, X):
        """Summed input of the neuron for each pattern, array (n_patterns,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, reset=False)
        return X @ self.coef_[0] + self.intercept_[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _validated_memory(self):
        memory = Persistent() if self.memory is None else self.memory
        if not isinstance(memory, Persistent | SynapticCache):
            raise ValueError(f"memory must be Persistent or SynapticCache, got {memory!r}")
        check_number(
            "learning_rate", self.learning_rate, "a finite number > 0", lambda v: 0 < v < np.inf
        )
        check_count("max_epochs", self.max_epochs)
        check_choice("method", self.method, ("auto", "margins", "primal"))
        for exponent in self.exponents:
            check_number("exponents", exponent, "finite numbers >= 0", lambda v: 0 <= v < np.inf)
        return memory

    @staticmethod
    def _validated_trace(trace, n_synapses):
        for synapse in trace:
            if not 0 <= synapse < n_synapses:
                raise ValueError(
                    f"trace must hold synapses from 0 to {n_synapses - 1}, got {synapse!r}"
                )
        return np.array(trace, dtype=np.int64)

    def _choose_method(self, memory, n_patterns, traced):
        exact = traced.size == 0 and (
            isinstance(memory, Persistent)
            or (
                memory.consolidate == "now"
                and memory.transition_cost == 0
                and (memory.scope != "synapse" or memory.decay_time == np.inf)
            )
        )
        if self.method == "margins" and not exact:
            raise ValueError(
                "method='margins' is not exact for this memory (consolidation put off, transition "
                "cost, or decay with the scope 'synapse') or when tracing; use 'auto' or 'primal'"
            )
        if self.method == "auto":
            return "margins" if exact and n_patterns <= MOST_PATTERNS_FOR_MARGINS else "primal"
        return self.method

    def _fit_persistent(self, patterns, sign):
        rate = float(self.learning_rate)
        step = rate * sign[:, None] * patterns
        update_energy = np.column_stack(
            [
                energy.sum_of_powers(step, exponent, self.potentiation_only, axis=1)
                for exponent in (1, 0, *self.exponents)
            ]
        ).astype(float)
        times, errors, spent = kernels.persistent_margins(
            patterns @ patterns.T, sign, rate, update_energy, self.max_epochs
        )
        record = np.zeros((errors.size, kernels.N_COLUMNS))
        record[:, kernels.ERRORS] = errors
        record[:, kernels.CONSOLIDATION] = spent[:, 0]
        record[:, kernels.WRITES] = spent[:, 1]
        return times @ step, np.zeros(patterns.shape[1]), record, spent[-1, 2:]

    def _fit_cached(self, memory, patterns, sign, traced):
        if isinstance(memory, Persistent):  # a cache that is full at once
            memory = SynapticCache(threshold=0, scope="synapse")
        settings = memory.settings("before", "discrete")
        exponents = np.array(self.exponents, dtype=float)
        common = (float(self.learning_rate), settings, exponents, bool(self.potentiation_only))
        if self.method_ == "margins":
            persistent, transient, record, spent = kernels.cached_margins(
                patterns, patterns @ patterns.T, sign, *common, self.max_epochs
            )
        else:
            persistent, transient, record, spent, self.trace_ = kernels.primal(
                patterns, sign, *common, self.max_epochs, traced
            )
        return persistent, transient, record, spent

    def _account(self, weights, transient, record, spent):
        """Turn the record of a run into the ledger, after consolidating what is outstanding."""

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
        self.converged_ = bool(errors[-1] == 0)
        self.n_epochs_ = len(errors)
        self.n_updates_ = int(errors.sum())

        # a weight that has returned to zero may have kept a rounding error
        weights = np.where(np.abs(weights) > 1e-12 * np.abs(weights).max(), weights, 0)
        last = history.iloc[-1]
        self.consolidation_by_exponent_ = pd.Series(
            [e + price(transient, a) for e, a in zip(spent, self.exponents, strict=True)],
            index=self.exponents,
            dtype=float,
        )
        self.minimal_by_exponent_ = pd.Series(
            [price(weights, a) for a in self.exponents], index=self.exponents, dtype=float
        )
        spent_on = {
            "consolidation": float(last["consolidation"] + price(transient, 1)),
            "maintenance": float(last["maintenance"]),
            "transition": float(last["transition"]),
            "outstanding": 0.0,
        }
        self.energy_ = spent_on | {
            "total": sum(spent_on.values()),
            "minimal": price(weights, 1),
            "writes": int(last["writes"] + price(transient, 0)),
            "minimal_writes": int(price(weights, 0)),
            "corrected_maintenance": float(last["maintenance"] + record[-1, kernels.CORRECTION]),
        }
