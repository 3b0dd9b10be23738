"""One way to turn whatever a user passes as ``random_state`` into a Generator."""

import numpy as np


def generator(random_state):
    """A `numpy.random.Generator` from None, a seed, a Generator or a legacy RandomState."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4))
    return np.random.default_rng(random_state)
