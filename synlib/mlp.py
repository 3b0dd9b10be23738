"""A network of any depth that learns one sample at a time, and what that costs.

One class, half of whose lines say what its parameters and attributes are.
"""

import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)
from tqdm import tqdm

from synlib import _rules, published
from synlib._estimator import Estimator, classes_of, labels_among
from synlib._forward import OUTPUTS, activate, most_common_value, network_output
from synlib._inputs import Inputs
from synlib._interrupt import whole
from synlib._network import initial_weights as initial_weights_of
from synlib._network import validated
from synlib._random import generator
from synlib._run import Start, plastic_shapes
from synlib._training import CompiledRun
from synlib._validation import (
    check_count,
    check_flag,
    check_is_pair,
    check_number,
    each,
)
from synlib.memory import may_follow
from synlib.reference import ReferenceRun

# what a network is begun with; `partial_fit` may change all the rest, and thresholds of the memory
BEGUN_WITH = (
    "hidden", "bias", "init_scale", "plasticity", "memory", "l2", "dtype", "engine",
    "random_state",
)  # fmt: skip


def _has_probabilities(net):
    if getattr(net, "_learned_as_", net).output == "linear":
        raise AttributeError("predict_proba needs output='logistic' or 'softmax', got 'linear'")
    return True


class MLP(ClassifierMixin, Estimator):
    """Multilayer network trained by online back-propagation, with an energy ledger.

    An error proposes a change of every weight; the plasticity rule decides which of them are
    expressed, the memory where they are stored, and the ledger counts what that costs.

    Parameters
    ----------
    hidden : int or tuple of int
        Number of hidden units, of the only hidden layer or of each.
    learning_rate : float or tuple of float
        For all layers of synapses or for each; > 0.
    activation : {"logistic", "relu", "leaky_relu", "elu", "tanh"}
        Of the hidden units; the leaky ReLU has slope 0.1 for negative inputs, the ELU e^x.
    output : {"logistic", "softmax", "linear"}
        Of the output units.
    loss : {"mse", "cross_entropy"}
        Half the sum of squared errors, or the cross-entropy (not for linear outputs).
    gradient : {"exact", "li2020", "nyiro2022"}
        The exact gradient of the loss, or that of a published program: "li2020" leaves the output
        derivative out of the hidden error, "nyiro2022" uses a fifth of the diagonal of the
        softmax derivative for ten outputs.
    bias : bool
        Add an always-on input, and clamp the first unit of each hidden layer to 1.
    init_scale : float, tuple of float, or "fan_out"
        Standard deviation of the normal initial weights, for all layers or for each; "fan_out"
        stands for one over the square root of the number of units the layer projects to.
    targets : pair of float
        Target output of the wrong units and of the right one.
    sampling : {"sequential", "shuffled", "replacement"}
        Order of the samples: as given; in a new order each epoch; drawn with replacement.
    plasticity : PlasticityRule, optional
        Which synapses change; by default `AllSynapses`.
    memory : Memory, optional
        Where changes are stored: `Persistent`, the default, `SynapticCache`, or one's own.
    error_margin : float or "right", optional
        Lazy learning: nothing changes at a step at which all outputs are closer than this to their
        targets, or, for "right", at which the largest output is the right one. Such a step counts
        as one, and transient weights are maintained and decay as ever. By default the network
        learns from each sample.
    l2 : float
        The L2 term of the published program of van Rossum and Pache: this times the weight is taken
        from the change proposed for each synapse of a unit that learns; >= 0. Only the reference
        engine knows it, since every synapse then changes at every step.
    max_epochs : int
        Learning ends after this many times the number of samples.
    dtype : {"float64", "float32"}
        Precision of weights and activities; float32 halves the memory of large networks.
    engine : {"auto", "compiled", "reference"}
        What learning runs on: compiled loops, or `synlib.reference`, plain and slow, which gives
        the same results, and alone runs rules and memories of one's own. "auto" takes the compiled
        one wherever it can, and says once when it cannot.
    random_state : int, Generator, RandomState or None
        Source of initial weights, order and random rules, each independent of the others.

    Attributes
    ----------
    classes_ : array (n_classes,)
    weights_ : tuple of array, (n_inputs, hidden), ..., (hidden, n_outputs)
        Weights of each layer after learning, persistent plus transient. With `bias`, the first has
        a row more.
    initial_weights_ : tuple of array
    transient_weights_ : tuple of array
        The part of the plastic weights not yet consolidated.
    history_ : DataFrame
        One row per evaluation (fewer with ``fit(passages=...)``): step, epoch, accuracy, and the
        ledger so far.
    energy_ : dict
        The ledger at the end of learning, in a.u.: consolidation, maintenance, transition;
        outstanding (sum of transient weights, to be paid if all were consolidated now); total of
        these four; minimal (energy of setting the weights directly); the numbers of writes and
        minimal_writes. The same for each layer with the suffix ``_1``, ``_2``, ...
    writes_ : tuple of int array, (n_inputs, hidden), ..., (hidden, n_outputs)
        Writes of each synapse; with `bias`, the first has a row more, and with a `Subnetwork` there
        are only its synapses. Only after ``fit(count_writes=True)``.
    plastic_units_ : tuple of int
        The first so many units of each hidden layer could learn.
    background_ : float
        Value that many inputs have, which saves time; 0 if there is none.
    n_steps_ : int
        Samples learned from.
    reached_ : bool
        Whether the accuracy asked for by ``fit(until=...)`` was reached.
    diverged_ : bool
        Whether learning was stopped because activities or changes were no longer finite.
    interrupted_ : bool
        Whether learning was cut short by Ctrl-C, or by an error in the monitor. What was learned
        until then is kept: all attributes are those of the last step that was finished.

    References
    ----------
    Li and van Rossum (2020), eLife 9:e50804; van Rossum and Pache (2024), PLoS Comput Biol
    20(10):e1012553.

    Examples
    --------
    >>> from synlib import load_digits
    >>> digits = load_digits()
    >>> net = MLP(hidden=30, learning_rate=0.5, init_scale=0.1, max_epochs=5, random_state=0)
    >>> _ = net.fit(digits.X_train, digits.y_train, test=(digits.X_test, digits.y_test))
    >>> bool(net.history_["accuracy"].iloc[-1] > 0.8)
    True
    >>> net.energy_["consolidation"] > net.energy_["minimal"]
    True
    """

    def __init__(
        self,
        hidden=100,
        learning_rate=0.1,
        activation="logistic",
        output="logistic",
        loss="mse",
        gradient="exact",
        bias=False,
        init_scale=0.01,
        targets=(0.0, 1.0),
        sampling="sequential",
        plasticity=None,
        memory=None,
        error_margin=None,
        l2=0.0,
        max_epochs=20,
        dtype="float64",
        engine="auto",
        random_state=None,
    ):
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.activation = activation
        self.output = output
        self.loss = loss
        self.gradient = gradient
        self.bias = bias
        self.init_scale = init_scale
        self.targets = targets
        self.sampling = sampling
        self.plasticity = plasticity
        self.memory = memory
        self.error_margin = error_margin
        self.l2 = l2
        self.max_epochs = max_epochs
        self.dtype = dtype
        self.engine = engine
        self.random_state = random_state

    @classmethod
    def as_published(cls, name, **overrides):
        """The network as a published program ran it.

        Parameters
        ----------
        name : {"li2020", "nyiro2022", "vanrossum2024"}
            See "Differences from the papers" in the book. Scale the images with
            `published_inputs`.
        **overrides
            Parameters that are to differ.

        Returns
        -------
        MLP

        Examples
        --------
        >>> MLP.as_published("li2020", hidden=50).targets
        (0.01, 0.99)
        """
        return cls(**(published.settings(name) | overrides))

    def fit(
        self,
        X,
        y,
        test=None,
        until=None,
        evaluate_every=None,
        evaluate_growth=0.0,
        initial_weights=None,
        count_writes=False,
        monitor=None,
        passages=None,
    ):
        """Learn, and evaluate from time to time.

        An earlier fit is forgotten, unless the arguments are refused. Ctrl-C, or an error in the
        monitor, goes on to the caller, but leaves a network that is fitted as far as it got, see
        `interrupted_`. Evaluation changes nothing that is learned.

        Parameters
        ----------
        X : array (n_samples, n_inputs)
        y : array (n_samples,)
            Labels.
        test : pair of arrays, optional
            Inputs and labels on which accuracy is measured; by default those learned from.
        until : float, optional
            Accuracy at which to stop; in (0, 1].
        evaluate_every : int, optional
            Steps between evaluations; by default once per epoch.
        evaluate_growth : float
            Evaluations are at least this share of the steps so far apart; >= 0. With 0.05 the time
            at which an accuracy is reached is known to 5 %, however long learning takes.
        initial_weights : tuple of arrays, optional
            (n_inputs, hidden), ..., (hidden, n_outputs); drawn at random by default.
        count_writes : bool
            Count the writes of each synapse, see `writes_`. Learning is some ten times slower.
        monitor : callable, optional
            Called with a copy of each row of the history, a dict; learning stops when it returns
            True.
        passages : float or sequence of float, optional
            Accuracies, in (0, 1], that are all one wants to know of: ``history_`` then has rows
            only of the evaluations at which one of them, or ``until``, is first reached, and of
            the end, and the monitor sees no others. An evaluation is broken off once there are too
            many errors, often early, since samples that were wrong or in doubt come first; none is
            begun once all are reached.

        Returns
        -------
        MLP
            The fitted estimator.

        Raises
        ------
        ValueError
            If an argument is out of its range, or shapes do not fit.
        """
        with self._refit():
            memory, plasticity = validated(self)
            X, y = validate_data(self, X, y, dtype=self.dtype, order="C")
            self.classes_, labels = classes_of(y)
            if until is not None:
                check_number("until", until, "in the range (0, 1]", lambda v: 0 < v <= 1)
            if evaluate_every is None:
                evaluate_every = len(X)
            check_count("evaluate_every", evaluate_every)
            check_flag("count_writes", count_writes)
            if passages is not None:
                several = np.iterable(passages) and not isinstance(passages, str)
                passages = tuple(passages) if several else (passages,)
                for accuracy in passages:
                    check_number("passages", accuracy, "in the range (0, 1]", lambda v: 0 < v <= 1)
            if monitor is not None and not callable(monitor):
                raise ValueError(f"monitor must be a function of one argument, got {monitor!r}")
            check_number(
                "evaluate_growth",
                evaluate_growth,
                "a finite number >= 0",
                lambda v: 0 <= v < np.inf,
            )
            test = (X, y) if test is None else self._validated_test(test)
            run = self._begun(memory, plasticity, X, initial_weights, count_writes)
            run.learn_from(self, plasticity, X, labels)
        return self._learn(
            run, test, self.max_epochs, until, evaluate_every, evaluate_growth, monitor, passages
        )

    def partial_fit(self, X, y, classes=None, test=None, initial_weights=None):
        """Learn from each sample once, going on from where learning had got to.

        Everything is as it was left by `fit` or an earlier call: weights, transient parts, ledger,
        history, random order and random rules, also after the network was stored by joblib and
        loaded. So n calls learn, to the last bit, what ``fit`` with ``max_epochs=n`` learns. Each
        call adds a row to the history. The first call begins a network that has not been fitted.

        ``learning_rate`` and what else computes errors may be changed from call to call by
        ``set_params``, and so may thresholds of caches, as ``memory__threshold``, unless they
        consolidate at the next step; at the first step with another one all transient weights are
        tested. What else the network was begun with may not.

        Parameters
        ----------
        X : array (n_samples, n_inputs)
        y : array (n_samples,)
            Labels.
        classes : array (n_classes,), optional
            All labels there will ever be; by default those in the first ``y``. Needed in the first
            call only.
        test : pair of arrays, optional
            Inputs and labels on which accuracy is measured; by default those learned from.
        initial_weights : tuple of arrays, optional
            As in `fit`; in the first call only.

        Returns
        -------
        MLP
            The estimator, fitted so far.

        Raises
        ------
        ValueError
            If there are labels or numbers of inputs that the first call had not, a parameter was
            changed that cannot be, or an argument is out of its range. What was learned is kept.

        Examples
        --------
        >>> from synlib import load_digits
        >>> digits = load_digits()
        >>> net = MLP(hidden=10, random_state=0)
        >>> for batch in np.array_split(np.arange(len(digits.y_train)), 3):
        ...     X, y = digits.X_train[batch], digits.y_train[batch]
        ...     _ = net.partial_fit(X, y, classes=range(10))
        >>> net.n_steps_ == len(digits.y_train)
        True
        """
        begins = not hasattr(self, "_run_")
        with self._refit() if begins else nullcontext():
            memory, plasticity = validated(self)
            if not begins:
                self._check_continued()
                if initial_weights is not None:
                    raise ValueError("initial_weights must be None but in the first call")
            X, y = validate_data(self, X, y, dtype=self.dtype, order="C", reset=begins)
            if begins:
                self.classes_, _ = classes_of(y if classes is None else column_or_1d(list(classes)))
            elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(
                    f"classes must be those of the first call, {self.classes_}, got {classes!r}"
                )
            labels = labels_among(self.classes_, y)
            test = (X, y) if test is None else self._validated_test(test)
            if begins:
                run = self._begun(memory, plasticity, X, initial_weights)
            else:
                run = self._run_.copy()
                if self._learned_as_.memory not in (None, memory):
                    run.change_thresholds(memory)
            run.learn_from(self, plasticity, X, labels)
        return self._learn(run, test, 1)

    def _begun(self, memory, plasticity, X, initial_weights=None, count_writes=False):
        """A run that has not learned anything yet."""
        for_weights, for_order, for_rule = generator(self.random_state).spawn(3)
        weights = initial_weights_of(self, initial_weights, X.shape[1], for_weights)
        self.plastic_units_ = _rules.plastic_units(plasticity, each(self.hidden))
        self.background_ = most_common_value(X)
        shapes = plastic_shapes(weights, self.plastic_units_)
        expressed = _rules.expressed_by_layers(
            plasticity, shapes, [w.shape for w in weights], for_rule
        )
        own = []  # what only the reference engine knows
        if any(choice is None for choice in expressed):
            own.append(f"the method choose of {plasticity!r}")
        if memory.settings("after", "exponential") is None:
            own.append(f"the method store of {memory!r}")
        if self.l2 > 0:
            own.append(f"l2={self.l2!r}")
        run = ReferenceRun if own or self.engine == "reference" else CompiledRun
        if own and self.engine == "compiled":
            raise ValueError(
                f"engine must be 'auto' or 'reference', got 'compiled', which cannot run {own[0]}"
            )
        if own and self.engine == "auto":
            _say_once(
                f"the reference engine, which is plain and slow, runs {own[0]}. Choose "
                "engine='reference' to say that this is known"
            )
        start = Start(memory, plasticity, weights, expressed, for_order, for_rule, count_writes)
        return run(self, start)

    def _check_continued(self):
        """Raise ValueError if what cannot change while a network learns has been changed."""
        for name in BEGUN_WITH:
            before, now = getattr(self._learned_as_, name), getattr(self, name)
            if before is now or before == now:
                continue
            if name == "memory" and None not in (before, now) and may_follow(now, before):
                continue
            raise ValueError(
                f"{name} cannot change while a network learns: it began with {before!r}, now it "
                f"is {now!r}. fit begins anew"
            )

    def _learn(
        self, run, test, n_epochs, until=None, evaluate_every=None, growth=0.0, monitor=None,
        passages=None,
    ):  # fmt: skip
        """Learn from the data of a run, and keep what was learned, whatever happens."""
        try:
            self._advance(run, test, n_epochs, until, evaluate_every, growth, monitor, passages)
        except BaseException as error:
            self._keep(run, test, until, interrupted=True)
            self._cut_short(f"{run.step} steps", error, stacklevel=4)
        self._keep(run, test, until, interrupted=False)
        if run.diverged:
            warnings.warn(
                f"learning diverged after {run.step} steps: activities or changes are no longer "
                "finite. Choose a lower learning_rate or init_scale",
                RuntimeWarning,
                stacklevel=3,
            )
        return self

    def _advance(self, run, test, n_epochs, until, evaluate_every, growth, monitor, passages):
        n_new = n_epochs * len(run.X)
        n_steps = run.step + n_new
        evaluate_every = evaluate_every or n_steps
        with tqdm(total=n_new, unit=" samples", delay=2, leave=False, disable=None) as progress:
            while run.step < n_steps and not run.diverged and not _reached(run.rows, until):
                apart = max(1, int(growth * run.step) // evaluate_every)
                stop = min(n_steps, (run.step // evaluate_every + apart) * evaluate_every)
                while run.step < stop and not run.diverged:
                    with whole():
                        done = run.advance(stop)
                    progress.update(done)
                wanted = _next(run.rows, until, passages)
                # nothing is added if the first new step diverged
                added = wanted <= 1 and run.evaluate(*test, self.classes_, wanted)
                if added and monitor is not None and monitor(dict(run.rows[-1])):
                    break

    def _keep(self, run, test, until, interrupted):
        """Take over what was learned, all of it or nothing."""
        run.evaluate(*test, self.classes_)
        weights, transient = run.finish()
        row = run.rows[-1]
        state = {
            "initial_weights_": run.weights,
            "weights_": weights,
            "transient_weights_": transient,
            "energy_": {k: v for k, v in row.items() if k not in ("step", "epoch", "accuracy")},
            "n_steps_": run.step,
            "reached_": _reached(run.rows, until),
            "diverged_": run.diverged,
            "interrupted_": interrupted,
            "_learned_as_": SimpleNamespace(**self.get_params(deep=False)),
            "_run_": run,
        }
        writes = tuple(run.writes(k) for k in range(len(weights)))
        if writes[0] is not None:
            state["writes_"] = writes
        run.rest()
        vars(self).update(state)

    @property
    def history_(self):  # made when asked for: it would be long work for each of many partial_fit
        check_is_fitted(self)
        return pd.DataFrame(self._run_.rows)

    def predict(self, X):
        """Labels of samples, array (n_samples,)."""
        summed = self._summed(X)
        return self.classes_[summed.argmax(axis=1)]

    def decision_function(self, X):
        """Summed inputs of the output units, array (n_samples, n_classes).

        With two classes, by how much the second exceeds the first, array (n_samples,): the
        logarithm of the ratio of their `predict_proba`, where there is one.
        """
        check_is_fitted(self)
        if len(self.classes_) != 2:
            return self._summed(X)
        scores = self._log_shares(X)
        return scores[:, 1] - scores[:, 0]

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        """Activities of the output units as shares of their sum, array (n_samples, n_classes).

        Softmax activities are such shares already; logistic ones are learned one by one, so that
        their shares rank the classes but are calibrated no better than the activities are. There
        is no such method for linear outputs.
        """
        return activate(self._log_shares(X), OUTPUTS["softmax"])

    def activities(self, X):
        """Output activities, array (n_samples, n_classes)."""
        summed = self._summed(X)
        return activate(summed, OUTPUTS[self._learned_as_.output])

    def _log_shares(self, X):
        """Logarithms of the activities of the output units, but for what is added to all of them.

        For linear outputs the activities. By logarithms, since all may be as good as zero.
        """
        summed = self._summed(X).astype(float)
        return -np.logaddexp(0, -summed) if self._learned_as_.output == "logistic" else summed

    def _summed(self, X):
        """Summed inputs of the output units, with the parameters of the time of learning."""
        check_is_fitted(self)
        net = self._learned_as_
        X = validate_data(self, X, dtype=net.dtype, order="C", reset=False)
        inputs = Inputs(X, self.background_, net.bias, keep=False)
        return network_output(net, inputs, self.weights_, self.plastic_units_[0])

    def _validated_test(self, test):
        check_is_pair("test", test, "a pair of inputs and labels")
        try:
            X = validate_data(self, test[0], dtype=self.dtype, order="C", reset=False)
            y = column_or_1d(test[1])
            check_consistent_length(X, y)
            check_classification_targets(y)
            unique_labels(self.classes_, y)  # refuses to compare text with numbers
        except (TypeError, ValueError) as error:
            raise type(error)(f"test must be inputs and labels like X and y: {error}") from None
        return X, y


_said: set[str] = set()


def _say_once(message):
    """Warn, but not again when the same is said in another call."""
    if message not in _said:
        _said.add(message)
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def _next(rows, until, passages):
    """The accuracy from which on the next evaluation becomes a row of the history."""
    if passages is None:
        return 0.0
    so_far = rows[-1]["accuracy"] if rows else 0.0
    wanted = [a for a in (*passages, until or 0.0) if a > so_far]
    return min(wanted, default=np.inf)


def _reached(rows, until):
    return until is not None and bool(rows) and rows[-1]["accuracy"] >= until
