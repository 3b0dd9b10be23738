"""Parameters of rules and memories, as scikit-learn asks for them."""

import copy
from dataclasses import fields, is_dataclass, replace


class Parameters:
    """Base of rules and memories: objects that never change, whose fields are parameters."""

    def get_params(self, deep=True):
        """Parameters by name; with ``deep`` those of nested rules, too, as ``then__fraction``."""
        if not is_dataclass(self):  # a rule of somebody's own
            return {}
        params = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, Parameters):
                    params |= {f"{name}__{k}": v for k, v in value.get_params().items()}
        return params

    def replaced(self, **params):
        """A copy with other parameters.

        Raises
        ------
        ValueError
            If there is no such parameter, or a value is out of its range.
        """
        known = self.get_params(deep=False)
        changes, nested = {}, {}
        for name, value in params.items():
            own, separator, rest = name.partition("__")
            if own not in known or (separator and not isinstance(known[own], Parameters)):
                raise ValueError(
                    f"Invalid parameter {name!r} for {type(self).__name__}. "
                    f"Valid parameters are: {list(known)!r}"
                )
            if separator:
                nested.setdefault(own, {})[rest] = value
            else:
                changes[own] = value
        for own, inner in nested.items():
            changes[own] = changes.get(own, known[own]).replaced(**inner)
        return replace(self, **changes)

    def __sklearn_clone__(self):
        return copy.deepcopy(self)
