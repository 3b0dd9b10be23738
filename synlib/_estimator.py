"""What both estimators share: nested parameters, and whole states only."""

import warnings
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets

from synlib._parameters import Parameters


def classes_of(y):
    """The kinds of labels in ascending order, and the index of each label among them."""
    try:
        classes, labels = np.unique(y, return_inverse=True)
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in y}))
        raise ValueError(f"y must have labels of one kind, text or numbers, got {kinds}") from None
    check_classification_targets(y)
    return classes, labels


def labels_among(classes, y):
    """The index of each label among ``classes``, which are in ascending order."""
    found, index = classes_of(y)
    known = classes.tolist()
    unknown = [label for label in found.tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y must have labels of the first call only, {known}, got {unknown[0]!r} too. Give the "
            "first call all of them as classes"
        )
    return np.searchsorted(classes, found)[index]


class Estimator(BaseEstimator):
    """scikit-learn's estimator, whose rules and memories have parameters, too."""

    def set_params(self, **params):
        """Set parameters; ``memory__threshold=2`` those of a rule or memory.

        Rules and memories never change: the estimator gets another one, all or none are set.

        Raises
        ------
        ValueError
            If there is no such parameter, or a value is out of its range.
        """
        own = {name: value for name, value in params.items() if "__" not in name}
        nested = {}
        for name, value in params.items():
            holder, separator, rest = name.partition("__")
            if separator:
                nested.setdefault(holder, {})[rest] = value
        known = self.get_params(deep=False)
        for name, changes in nested.items():
            if name in known:
                holder = own.get(name, known[name])
                if not isinstance(holder, Parameters):
                    raise ValueError(
                        f"{name}__{next(iter(changes))} cannot be set: {name} is {holder!r}, "
                        f"which has no parameters. Set {name} itself first"
                    )
                own[name] = holder.replaced(**changes)
            else:
                own[name] = changes
        for name in own:
            if name not in known:
                return super().set_params(**{name: own[name]})  # which says what is allowed
        return super().set_params(**own)

    @contextmanager
    def _refit(self):
        """Forget an earlier fit while preparing a new one; if that fails, it is back, and whole."""
        earlier = self._forget()
        try:
            yield
        except BaseException:
            self._forget()
            vars(self).update(earlier)
            raise

    def _forget(self):
        """Be as before any fit; what was forgotten, by name."""
        fitted = {name: value for name, value in vars(self).items() if name.endswith("_")}
        for name in fitted:
            delattr(self, name)
        return fitted

    def _cut_short(self, done, error, stacklevel=3):
        """Say that what was learned is unfinished, and pass the error on."""
        try:
            warnings.warn(
                f"learning was cut short after {done}: what was learned until then is kept, but "
                "unfinished (interrupted_ is True)",
                RuntimeWarning,
                stacklevel=stacklevel,
            )
        finally:  # also where warnings are errors
            raise error
