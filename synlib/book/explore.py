"""Explorers for a running notebook: widgets that show what a parameter does.

Each has a function that draws one picture, for the page that is read, and one that returns a
widget. Only this module knows ipywidgets.
"""

import atexit
import base64
import html
import io
import threading
import weakref

import numpy as np
import pandas as pd

from synlib import plasticity, theory
from synlib._extras import extra
from synlib.archives import load_mnist
from synlib.book import plotting
from synlib.book.live.settings import (
    CONTROLS,
    EVALUATE_EVERY,
    LEARNING_EPOCHS,
    MAX_EPOCHS,
    MEMORIES,
    N_INPUTS,
    choice,
)
from synlib.datasets import random_patterns
from synlib.memory import Persistent, SynapticCache
from synlib.mlp import MLP
from synlib.perceptron import Perceptron
from synlib.published import published_inputs

with extra("book"):
    import ipywidgets as widgets
    from matplotlib.figure import Figure

RULES = {
    "all synapses": lambda fraction: plasticity.AllSynapses(),
    "largest updates": lambda fraction: plasticity.LargestUpdates((fraction, max(fraction, 0.1))),
    "random synapses": lambda fraction: plasticity.RandomSynapses((fraction, max(fraction, 0.1))),
}


def caching_picture(load=1.0, threshold=6.0, decay_time=np.inf, maintenance_cost=0.01,
                    scope="synapse"):  # fmt: skip
    """What a neuron with a cache spends, and the way of one of its synapses.

    Parameters
    ----------
    load : float
        Patterns per input.
    threshold, decay_time, maintenance_cost, scope
        Of the `SynapticCache`.

    Returns
    -------
    Figure

    Examples
    --------
    >>> len(caching_picture(load=0.5).axes)
    2
    """
    n_patterns = round(load * N_INPUTS)
    X, d = random_patterns(n_patterns, N_INPUTS, random_state=0)
    cache = SynapticCache(
        threshold, scope, decay_time=decay_time, maintenance_cost=maintenance_cost
    )
    neuron = Perceptron(cache, max_epochs=MAX_EPOCHS).fit(X, d, trace=[0])
    plain = Perceptron().fit(X, d)
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    bars, trace = figure.subplots(2, height_ratios=[1, 2])

    left = 0
    for part, colour, hatch in (
        ("consolidation", plotting.COLOURS["consolidation"], None),
        ("outstanding", plotting.COLOURS["consolidation"], "////"),
        ("maintenance", plotting.COLOURS["maintenance"], None),
    ):
        size = neuron.energy_[part]
        style = dict(edgecolor="white", linewidth=0) if hatch else {}
        bars.barh(0, size, left=left, color=colour, hatch=hatch, label=part, **style)
        left += size
    for name, value in (
        ("minimal", neuron.energy_["minimal"]),
        ("no caching", plain.energy_["total"]),
    ):
        bars.axvline(value, color=plotting.COLOURS[name], linestyle="--", label=name)
    if decay_time == np.inf and scope == "synapse":
        parts = theory.caching_energies(n_patterns, N_INPUTS, threshold, maintenance_cost)
        bars.plot(sum(map(float, parts)), 0, "D", color=plotting.COLOURS["theory"], label="theory")
    learned = f"learned in {neuron.n_epochs_} epochs"
    bars.set(xlabel="energy (a.u.)", yticks=[], xlim=(0, None))
    bars.set_title(learned if neuron.converged_ else f"not learned in {MAX_EPOCHS} epochs")
    plotting.synapse_trace(neuron.trace_[:, 0], threshold, trace)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def caching():
    """Explorer of the synaptic cache of a neuron: five controls and the picture they make.

    Returns
    -------
    Widget
    """
    controls = _controls("caching")
    picture = widgets.HTML()

    def answer(change=None):
        settings = {name: control.value for name, control in controls.items()}
        alt = "energy spent and the trace of one synapse for " + ", ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in settings.items()
        )
        picture.value = _image(caching_picture(**settings), alt)

    for control in controls.values():
        control.observe(answer, "value")
    answer()
    return widgets.VBox([*controls.values(), picture])


class Prices:
    """What each combination of rule and memory spent, for prices that the page can change.

    In a notebook, a table: how many times less each costs than ordinary learning, if a write costs
    its size.

    Parameters
    ----------
    done : DataFrame
        What networks did until they had learned, from `phases.amounts`; missing where one never
        got there. Ordinary learning comes first.
    maintenance_cost : float
        Per step and unit of transient weight, for the table.
    decay_time : float
        Of the caches in the table, in steps; the page can choose another one that was tried.

    Raises
    ------
    ValueError
        If no cache had this decay time.

    Attributes
    ----------
    combinations : DataFrame
        For each decay time, medians, if all networks got there: distance, how far weights moved;
        writes, what they cost if each costs the same, and as much as an average one in ordinary
        learning; held, the sum of the sizes of transient weights over all steps. And whether it was
        tried.
    """

    def __init__(self, done, maintenance_cost, decay_time):
        self.maintenance_cost, self.decay_time = maintenance_cost, decay_time
        cached = done["memory"] == "cache"
        times = np.sort(done.loc[cached, "decay_time"].unique())
        if decay_time not in times:
            tried = ", ".join(map("{:g}".format, times))
            raise ValueError(f"decay_time must be one that was tried, {tried}; got {decay_time!r}")
        self.combinations = pd.concat(
            [
                _combinations(done[~cached | (done["decay_time"] == time)]).assign(decay_time=time)
                for time in times
            ],
            ignore_index=True,
        )
        options = [("none" if time == np.inf else f"{time:.0f}", time) for time in times[::-1]]
        self.controls = {"fading": choice("decay time", options, decay_time)}

    def _repr_html_(self):
        found = self.combinations[self.combinations["decay_time"] == self.decay_time]
        cost = found["distance"] + self.maintenance_cost * found["held"]
        saved = (cost.iloc[0] / cost).map("{:.2g}".format, na_action="ignore")
        absent = found["tried"].map({True: "not learned", False: "not tried"})
        saved = found.assign(saved=saved.fillna(absent))
        table = saved.pivot(index="rule", columns="memory", values="saved")
        table = table.loc[found["rule"].unique(), found["memory"].unique()].rename_axis(None)
        text = table.to_html(border=0)
        given = {"runs": self.combinations.to_json(orient="records"),
                 "controls": pd.Series(self.controls).to_json()}  # infinity is null  # fmt: skip
        data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in given.items())
        return f'<div>{text}</div><div class="live" data-live="prices" {data}></div>'


def prices(done, maintenance_cost, decay_time):
    """What each combination spent, see `Prices`.

    Returns
    -------
    Prices
    """
    return Prices(done, maintenance_cost, decay_time)


def _combinations(done):
    """A row for each rule and memory."""
    caches = "θ=" + done["threshold"].map("{:g}".format)
    amounts = pd.DataFrame(
        {
            "rule": done["rule"],
            "memory": caches.where(done["memory"] == "cache", "no cache"),
            "distance": done["distance"],
            "writes": done["written"],
            "held": done["held"],
        }
    )
    by = amounts.groupby(["rule", "memory"], sort=False)
    learned = by["distance"].count() == by.size()
    found = by.median().where(learned).assign(tried=True)
    found["writes"] *= found["distance"].iloc[0] / found["writes"].iloc[0]
    pairs = pd.MultiIndex.from_product(amounts[name].unique() for name in ("rule", "memory"))
    found = found.reindex(pairs).fillna({"tried": False})
    return found.rename_axis(["rule", "memory"]).reset_index()


def learning_picture(histories):
    """Accuracy against the energy spent, for some networks.

    Parameters
    ----------
    histories : dict of str to DataFrame
        ``MLP.history_`` by the name of the network.

    Returns
    -------
    Figure
    """
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    for (name, history), marker in plotting.cycled(histories.items(), plotting.MARKERS):
        colour = next((c for rule, c in plotting.COLOURS.items() if name.startswith(rule)), "black")
        line = dict(color=colour, linestyle="--" if "cache" in name else "-", marker=marker)
        ax.plot(history["total"], 100 * history["accuracy"], markersize=4, label=name, **line)
    ax.set(xscale="log", xlabel="energy spent (a.u.)", ylabel="test accuracy (%)")
    if histories:
        ax.legend(fontsize=11, loc="lower right")
    return figure


class Learning:
    """Explorer of rules and memories: networks learn while one watches.

    Learning ends when it is done, stopped, or nobody can see it any more: when the widget is
    closed or taken off the page, or the interpreter ends.

    Parameters
    ----------
    evaluate_every : int
        Images between two points.
    max_epochs : int
        Passes through the bundled images, at most.

    Attributes
    ----------
    widget : Widget
    histories : dict of str to DataFrame
        What has been learned so far, by the name of the network.
    """

    def __init__(self, evaluate_every=EVALUATE_EVERY, max_epochs=LEARNING_EPOCHS):
        self.evaluate_every = evaluate_every
        self.max_epochs = max_epochs
        self.histories = {}
        self.stopped = threading.Event()
        self.thread = None
        controls = _controls("learning")
        self.rule, self.fraction, self.memory = (
            controls[name] for name in ("rule", "fraction", "memory")
        )
        self.hidden, self.rate = controls["hidden"], controls["rate"]
        self.start_button = widgets.Button(description="learn", button_style="primary")
        self.stop_button = widgets.Button(description="stop", disabled=True)
        self.clear_button = widgets.Button(description="clear")
        self.status = widgets.Label()
        self.picture = widgets.HTML()
        self.start_button.on_click(lambda button: self.start())
        self.stop_button.on_click(lambda button: self.stop())
        self.clear_button.on_click(lambda button: self.clear())
        buttons = widgets.HBox([self.start_button, self.stop_button, self.clear_button])
        self.widget = widgets.VBox([*controls.values(), buttons, self.status, self.picture])
        self.widget.observe(lambda change: self.stop(), "comm")  # when it is closed
        self.widget._view_count = 0  # only then is it kept up by the page
        self.widget.observe(lambda change: None if change["new"] else self.stop(), "_view_count")
        self.draw()
        _EXPLORERS.add(self)

    def start(self):
        """Begin to learn with what is chosen; one network at a time."""
        if self.thread is not None and self.thread.is_alive():
            return
        self.stopped.clear()
        self.start_button.disabled = self.clear_button.disabled = True
        self.stop_button.disabled = False
        # as they are now: controls can be moved before the thread looks at them
        controls = self.rule, self.fraction, self.memory, self.hidden, self.rate
        chosen = [control.value for control in controls]
        self.thread = threading.Thread(target=self._learn, args=chosen, daemon=True)
        self.thread.start()

    def stop(self, wait=False):
        """End learning at the next point of the curve, and wait for it if asked to."""
        self.stopped.set()
        if wait and self.thread is not None:
            self.thread.join()

    def clear(self):
        """Forget the networks drawn so far."""
        self.histories = {}
        self.draw()

    def draw(self):
        """Draw what there is."""
        names = ", ".join(self.histories) or "none yet"
        alt = f"test accuracy against energy spent; networks: {names}"
        self.picture.value = _image(learning_picture(self.histories), alt)

    def _learn(self, rule, fraction, memory_name, hidden, rate):
        share = "" if rule == "all synapses" else f" {fraction:.2g}"
        name = f"{rule}{share}, {memory_name}, {hidden} hidden"
        if rate != CONTROLS["learning"]["rate"]["value"]:
            name += f", rate {rate:.2g}"
        self.status.value = f"{name}: learning"
        rows = []

        def watch(row):
            rows.append(row)
            self.histories = self.histories | {name: pd.DataFrame(rows)}
            self.draw()
            return self.stopped.is_set()

        try:
            images = load_mnist()
            mean = 0.98 * images.X_train.mean()
            X, X_test = (
                published_inputs(part, "vanrossum2024", mean=mean, noise=False)
                for part in (images.X_train, images.X_test)
            )
            cache = MEMORIES[memory_name]
            memory = SynapticCache(**cache) if cache else Persistent()
            net = MLP.as_published(
                "vanrossum2024",
                hidden=hidden,
                learning_rate=rate,
                plasticity=RULES[rule](fraction),
                memory=memory,
                max_epochs=self.max_epochs,
                dtype="float32",
                random_state=0,
            )
            test = X_test, images.y_test
            net.fit(X, images.y_train, test, evaluate_every=self.evaluate_every, monitor=watch)
            last = rows[-1]
            self.status.value = f"{name}: {last['accuracy']:.1%} for {last['total']:.3g} a.u."
        except Exception as error:  # a thread would lose it
            self.status.value = f"{name}: {error}"
        finally:
            self.start_button.disabled = self.clear_button.disabled = False
            self.stop_button.disabled = True


def learning():
    """Explorer of plasticity rules and memories, see `Learning`.

    A cell that is run again makes a new one: what others still learn is ended first.

    Returns
    -------
    Widget
    """
    _end_learning()
    return Learning().widget


_EXPLORERS: weakref.WeakSet[Learning] = weakref.WeakSet()


# a thread that is in compiled code when the interpreter goes takes the process down with it
@atexit.register
def _end_learning():
    """Stop whatever learns, and wait until it has stopped."""
    for explorer in list(_EXPLORERS):
        explorer.stop(wait=True)


def _controls(explorer):
    """Widgets by name, as the table of controls describes them."""
    return {name: _control(**described) for name, described in CONTROLS[explorer].items()}


def _control(label, value, options=None, log=False, **limits):
    if options:
        return widgets.Dropdown(description=label, options=options, value=value)
    # answers come when the slider is let go: a picture takes longer than a step of the mouse
    given = dict(description=label, value=value, continuous_update=False, **limits)
    if log:
        return widgets.FloatLogSlider(readout_format=".2g", **given)
    return (widgets.IntSlider if isinstance(value, int) else widgets.FloatSlider)(**given)


def _image(figure, alt):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{alt}" src="data:image/png;base64,{data}" style="max-width: 100%">'
