"""What can be played with, and within what range: in pages, and in `synlib.book.explore`."""

import math
from typing import Any

N_INPUTS = 150  # of a neuron with a cache: small enough for an answer in half a second
MAX_EPOCHS = 300
EVALUATE_EVERY = 250  # images between two points of a curve
LEARNING_EPOCHS = 5
# of `experiments.two_weights`: sets of patterns whose walk is long enough to look at
WALKS = (985, 610, 30, 510, 68, 716)
WALK_EPOCHS = 1000
SPIKING_ROUNDS = 300
RULES = ("all synapses", "largest updates", "random synapses")
CACHE = {"threshold": 0.02, "scope": "neuron", "decay_time": 1000.0, "maintenance_cost": 1e-3}
MEMORIES = {"persistent": None, "synaptic cache": CACHE}


def _slider(label, value, low, high, step, **unit):
    return {"label": label, "value": value, "min": low, "max": high, "step": step} | unit


def _log_slider(label, value, low, high, step):
    """From 10**low to 10**high."""
    return _slider(label, value, low, high, step) | {"log": True}


def choice(label, options, value):
    """One of some values, given as pairs of a name and a value."""
    return {"label": label, "options": list(options), "value": value}


WRITE_PRICES = [("its size", "distance"), ("the same, whatever its size", "writes")]
DECAY_TIMES = [("none", math.inf), *((f"{t}", float(t)) for t in (2000, 1000, 500, 300, 100))]

# by explorable and name; names are unique on a page, since they are in its address
CONTROLS: dict[str, dict[str, dict[str, Any]]] = {
    "walk": {"patterns": _slider("pattern set", 1, 1, len(WALKS), 1)},
    "waste": {
        "waste_load": _slider("load", 1.0, 0.1, 1.9, 0.1),
        "n_inputs": choice("inputs", [(f"{n}", n) for n in (50, 100, 250, 500, 1000)], 250),
    },
    "caching": {
        "load": _slider("load", 1.0, 0.1, 1.8, 0.1),
        "threshold": _log_slider("threshold", 6.0, -0.5, 3.5, 0.1),
        "decay_time": choice("decay time", DECAY_TIMES, math.inf),
        "maintenance_cost": _log_slider("holding costs", 0.01, -5, 0, 0.25),
        "scope": choice("scope", [(s, s) for s in ("synapse", "neuron", "neuron-sum")], "synapse"),
    },
    "learning": {
        "rule": choice("rule", [(rule, rule) for rule in RULES], "largest updates"),
        "fraction": _log_slider("fraction", 0.1, -2, 0, 0.25),
        "memory": choice("memory", [(memory, memory) for memory in MEMORIES], "persistent"),
        "hidden": _slider("hidden", 100, 10, 500, 10),
        "rate": _log_slider("rate", 0.01, -3, -1, 0.25),
    },
    "prices": {
        "write_price": choice("a write costs", WRITE_PRICES, "distance"),
        # of a transient change of size 1, for one image
        "held_price": _log_slider("holding costs", 1e-3, -6, 1, 0.25),
    },
    "spikes": {
        "cache_threshold": _slider("threshold", 0.2, 0.0, 0.5, 0.02, unit="nS"),
        "n_patterns": _slider("patterns", 6, 1, 12, 1),
        "rounds": _slider("rounds so far", 0, 0, 100, 1),
    },
}
