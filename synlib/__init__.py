"""What does it cost to learn, and how can it cost less?

An error proposes a change, a plasticity rule decides which synapses change, a memory decides where
the change is stored, and an energy ledger counts what it costs.
"""

from importlib.metadata import version

import lazy_loader

# Loaded when they are first asked for: scikit-learn, which networks and perceptrons bring with
# them, takes half of what the command and the workers of a sweep would wait for.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("synlib")
