"""Every group has its line, and can be told from all others, however many there are."""

import itertools
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib_inline import backend_inline

from synlib.book import plotting
from synlib.book.plotting.devices import SCHEMES, WAYS
from synlib.book.plotting.noise import WAYS as WAYS_OF_LEARNING
from synlib.devices import DEVICES

MANY = 9  # more than any list of styles ever had
RATES = np.geomspace(0.1, 10, 5)


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plotting.use_style()
        yield


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_runs_draw_no_figure(monkeypatch):
    asked = []
    monkeypatch.setattr(
        backend_inline, "set_matplotlib_formats", lambda *formats, dpi: asked.append(formats)
    )
    monkeypatch.setenv("SYNLIB_FIGURES", "0")
    plotting.use_style()
    assert asked == [()]


def table(group, x="threshold", columns=("total",), names=None, **other):
    """For each group five points; the numbers of one group are like those of no other."""
    names = range(1, MANY + 1) if names is None else names
    rows = [
        {group: name, x: rate} | dict.fromkeys(columns, place * rate) | other
        for place, name in enumerate(names, start=1)
        for rate in RATES
    ]
    return pd.DataFrame(rows)


def drawn(ax):
    """The curves of an axes: label, look and numbers."""
    return [
        (
            line.get_label(),
            (to_hex(line.get_color()), line._dash_pattern, line.get_marker()),
            line.get_ydata(),
        )
        for line in ax.get_lines()
        if len(line.get_xdata()) == RATES.size
    ]


def check_curves(ax, labels, height=None):
    """One curve a group, each with its own numbers and look, all of them in the legend."""
    curves = {label: (look, y) for label, look, y in drawn(ax)}
    assert set(labels) <= set(curves)
    looks = [str(curves[label][0]) for label in labels]
    assert len(set(looks)) == len(labels)
    for place, label in enumerate(labels, start=1):
        np.testing.assert_allclose(curves[label][1], place * RATES if height is None else height)
    legend = ax.get_legend() or ax.legend()
    assert set(labels) <= {text.get_text() for text in legend.get_texts()}


def test_sizes_of_network(ax):
    runs = table("hidden", "fraction", ["consolidation"], reached=True)
    plotting.energy_against_fraction(runs, "consolidation", ax)
    check_curves(ax, [f"{size} hidden" for size in range(1, MANY + 1)])


def test_orders_of_events(ax):
    runs = table("name", converged=True, seed=0)
    variants = {f"order {name}": rows for name, rows in runs.groupby("name")}
    plotting.event_orders(variants, ax)
    curves = {label: (look, y) for label, look, y in drawn(ax)}
    assert list(curves) == list(variants)[1:]  # the first is what they are compared with
    assert len({str(look) for look, _ in curves.values()}) == len(curves)
    for place, (_, y) in enumerate(curves.values(), start=2):
        np.testing.assert_allclose(y, place)


def test_costs_against_decay(ax):
    runs = table("maintenance_cost", "decay_rate", ["inefficiency"])
    plotting.against_decay(runs, "inefficiency", 1.0, ax)
    check_curves(ax, [f"$c$ = {cost}" for cost in range(1, MANY + 1)])


def test_costs_in_time_and_energy(ax):
    runs = table("maintenance_cost", columns=["inefficiency", "n_epochs"], converged=True)
    plotting.time_against_energy(runs, ax)
    check_curves(ax, [f"$c$ = {cost}" for cost in range(1, MANY + 1)])


def test_numbers_of_inputs(ax):
    runs = table("n_inputs", "load", ["inefficiency"], converged=True)
    runs["load"] /= 10  # below the capacity
    plotting.perceptron_inefficiency(runs, ax)
    check_curves(ax, [f"$N$ = {n}" for n in range(1, MANY + 1)])


def test_times_of_numbers_of_inputs(ax):
    runs = table("n_inputs", "load", ["n_epochs"], converged=True)
    runs["load"] = 2 - runs["load"] / 10  # close to the capacity
    plotting.learning_time(runs, ax)
    labels = [f"$N$ = {n}" for n in range(1, MANY + 1)]
    curves = {label: y for label, _, y in drawn(ax)}
    for place, label in enumerate(labels, start=1):
        np.testing.assert_allclose(curves[label], place * RATES)


def test_costs_of_transitions(ax):
    thresholds = [0.5, 1.5, 2.5, 4.5, 8.5]
    runs = pd.DataFrame({"threshold": thresholds, "transition": [0.0, 1, 2, 3, 4]})
    runs = runs.assign(consolidation=1.0, outstanding=0.0, seed=0, n_patterns=9, n_inputs=9)
    costs = range(1, MANY + 1)
    plotting.transition_energy(runs, costs, ax)
    curves = {label: y for label, _, y in drawn(ax)}
    for cost in costs:
        np.testing.assert_allclose(curves[f"$b$ = {cost}"], 1 + cost * np.arange(5))


def test_transient_weights_are_counted_at_whole_numbers(ax):
    trace = np.zeros((4, 1, 2))
    trace[:, 0, 1] = [0, 1, 1, -2]
    plotting.transient_density(trace, 2.5, ax)
    heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in ax.patches}
    assert heights == {-3: 0, -2: 0.25, -1: 0, 0: 0.25, 1: 0.5, 2: 0, 3: 0}


def test_thresholds_in_time_and_energy_at_two_costs(ax):
    runs = table("maintenance_cost", columns=["total", "step"], names=[0.0, 0.001, 0.01])
    plotting.time_against_threshold(runs, 0.001, ax)
    check_curves(ax, ["$c$ = 0", "$c$ = 0.001"])
    assert len(drawn(ax)) == 2


def test_caches_of_many_decay_times(ax):
    times = [*range(1, MANY), np.inf]
    runs = table("decay_time", columns=["total", "step"], names=times)
    runs = pd.concat(runs.assign(maintenance_cost=cost, seed=0) for cost in (0.0, 0.1, 1, 10, 100))
    axes = ax.figure.subplots(2)
    plotting.cache_range(runs, pd.DataFrame({"total": [1.0], "step": [1.0]}), axes)
    names = [*(rf"$\tau$ = {time}" for time in range(1, MANY)), "no decay"]
    assert [label for label, *_ in drawn(axes[0])] == names
    check_curves(axes[1], names)


def test_writes_of_rules(ax):
    runs = table("rule", "share", ["writes"], [f"rule {n}" for n in range(1, MANY + 1)], layer=1)
    plotting.writes_per_synapse(runs.assign(steps=100), ax)
    check_curves(ax, list(runs["rule"].unique()))


def test_conditions_of_the_spiking_neuron(ax):
    names = ["no caching", *(f"cache {n}" for n in range(2, MANY + 1))]
    runs = table("condition", "n_patterns", ["total", "minimal"], names)
    plotting.spiking_energy(runs, ax)
    check_curves(ax, names)


def test_learning_rates(ax):
    runs = table("learning_rate", "accuracy", reached=True)
    plotting.energy_by_rate(runs, ax, lines=MANY)
    names = [str(rate) for rate in range(1, MANY + 1)]
    check_curves(ax, names)
    assert sorted(text.get_text() for text in ax.texts) == [rf"$\eta$ = {name}" for name in names]
    ax.clear()
    plotting.energy_by_rate(runs, ax, lines=3)
    assert [label for label, *_ in drawn(ax)] == ["1", "5", "9"]


def test_accuracies_at_learning_rates(ax):
    accuracies = np.linspace(0.1, 0.9, MANY)
    runs = table("accuracy", "learning_rate", names=accuracies, reached=True)
    plotting.energy_against_rate(runs, ax, lines=MANY)
    check_curves(ax, [f"{accuracy:.0%}" for accuracy in accuracies])
    assert sorted(text.get_text() for text in ax.texts) == [f"{100 * a:.3g} %" for a in accuracies]


def test_names_at_the_ends_of_lines_are_apart(ax):
    runs = table("learning_rate", "accuracy", reached=True)
    plotting.energy_by_rate(runs.assign(total=100.0), ax, lines=3)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 3
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


def test_best_number_of_hidden_units_is_marked(ax):
    sizes = [1, 10, 100]
    rows = pd.DataFrame({"hidden": sizes, "total": [3.0, 2.0, 5.0]})
    plotting.best_hidden([(rows, "no caching"), (rows.iloc[:0], "per neuron")], sizes, ax)
    marks = [line.get_xydata().tolist() for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert marks == [[[10, 2]]]


def test_initial_weights_of_many_sizes(ax):
    runs = table("init_scale", "hidden", ["consolidation"])
    plotting.energy_by_scale(runs, ax)
    check_curves(ax, [f"s.d. {scale}" for scale in range(1, MANY + 1)])


def test_accuracy_after_the_best(ax):
    rates = [0.1, 1.0]
    rows = [
        {"learning_rate": rate, "total": energy, "accuracy": accuracy}
        for rate in rates
        for energy, accuracy in ((1, 0.5), (2, 0.9), (3, 0.8))
    ]
    plotting.after_the_best(pd.DataFrame(rows), ax)
    marks = [line.get_xydata().tolist() for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert marks == [[[2, 0.9]], [[2, 0.9]]]


def test_gaps_are_signed_and_zero_has_no_sign_of_its_own(ax):
    gaps = pd.DataFrame({"a": [0.0, 1.26], "b": [-0.04, np.nan]}, index=["x", "y"])
    plotting.gaps(gaps, ax)
    assert [text.get_text() for text in ax.texts] == ["0.0", "0.0", "+1.3", "never"]


def test_inputs_of_a_trial(ax):
    on = {f"input {n}": (n, n + 0.5) for n in range(MANY)}
    plotting.trial(np.linspace(-70, -60, 100), 0.1, on, ax)
    assert [text.get_text() for text in ax.texts] == list(on)
    starts = [patch.get_x() for patch in ax.patches]
    assert starts == [start for start, _ in on.values()]


def test_combinations_of_rule_and_memory(ax):
    names = [f"rule {n}" for n in range(MANY)]
    memories = [f"memory {n}" for n in range(MANY)]
    points = pd.DataFrame(
        [
            {"rule": rule, "memory": memory, "saved": 1.0 + i + MANY * j, "time": 1.0 + i * j}
            for i, rule in enumerate(names)
            for j, memory in enumerate(memories)
        ]
    )
    figure = plotting.pareto(points)
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in panels] == memories
    for memory, panel in zip(memories, panels, strict=True):
        grey, *own = [cloud for cloud in panel.collections if len(cloud.get_offsets())]
        assert len(grey.get_offsets()) == len(points)
        assert len({to_hex(cloud.get_facecolors()[0]) for cloud in own}) == MANY
        expected = points[points["memory"] == memory]["saved"]
        assert [cloud.get_offsets()[0, 1] for cloud in own] == expected.tolist()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    plt.close(figure)


def phases(**changed):
    """Two rows of three prices, of which the cheapest rule, and how it wins, can be changed."""
    cell = dict(rule="all synapses", memory="cache", factor=1.25, certain=True, at_edge=False)
    return pd.DataFrame(
        {"row": row, "cost": cost, **cell} | changed.get(f"{row}{cost:g}", {})
        for row in ("never", "slow")
        for cost in (0.001, 0.01, 0.1)
    )


def test_the_cheapest_way_is_named_in_each_cell(ax):
    table = phases(
        **{
            "never0.01": dict(rule="largest updates, few", memory="no cache", certain=False),
            "slow0.1": dict(rule="margin", at_edge=True, factor=np.nan),
            "slow0.001": dict(rule=None, memory=None, certain=False),
        },
    )
    plotting.phase_diagram(table, {"never": 0.003, "slow": np.inf}, ax)
    assert [text.get_text() for text in ax.texts] == [
        "A\n1.25", "F\n1.25", "A\n1.25", "A\n1.25", "M*", "none\nlearns",
    ]  # fmt: skip
    hatched = [bar for bar in ax.patches if bar.get_hatch()]
    assert [bar.get_y() for bar in hatched] == [-0.5]
    assert [bar.get_x() + bar.get_width() / 2 for bar in hatched] == pytest.approx([-2])
    faces = {to_hex(bar.get_facecolor()) for bar in ax.patches if not bar.get_hatch()}
    assert len(faces) == 3
    (limit,) = ax.get_lines()  # beyond the picture there is none
    np.testing.assert_allclose(limit.get_xdata(), np.log10(0.003))
    # in the cell that it cuts, words are beside it
    xs = [text.get_position()[0] for text in ax.texts]
    left = (np.log10(0.003) - 3.5) / 2
    assert xs == pytest.approx([left, -2, -1, -2, -1, -3])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["never", "slow"]


def test_a_legend_names_what_wins_anywhere(ax):
    few = dict(rule="largest updates, few", memory="no cache")
    tables = [phases(), phases(**{"slow0.1": few, "never0.1": dict(rule=None, memory=None)})]
    plotting.phase_legend(tables, ax.figure)
    (legend,) = ax.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "A: all synapses, cache", "F: largest updates, few, no cache",
    ]  # fmt: skip


def test_conditions_of_robustness(ax):
    names = [f"condition {n}" for n in range(MANY)]
    saved = pd.DataFrame({name: 1.0 + n + np.arange(5) for n, name in enumerate(names)})
    plotting.robustness(saved, ax)
    heights = [cloud.get_offsets()[:, 1].data for cloud in ax.collections]
    np.testing.assert_array_equal(heights, saved[names[1:]].T)
    looks = {
        (cloud.get_paths()[0].vertices.tobytes(), to_hex(cloud.get_facecolors()[0]))
        for cloud in ax.collections
    }
    assert len(looks) == MANY - 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == names[1:]


def test_free_upkeep_is_drawn_left_of_all_costs(ax):
    best = pd.DataFrame({"maintenance_cost": [0.0, 0.1, 1.0], "inefficiency": [1.0, 2.0, 3.0]})
    for rows, places in ((best, [0.025, 0.1, 1]), (best[:1], [1])):
        ax.clear()
        plotting.best_against_cost(
            rows.assign(scope="synapse"), lambda costs: costs, "inefficiency", ax
        )
        lines = {line.get_label(): line for line in ax.get_lines()}
        np.testing.assert_allclose(lines["per synapse"].get_xdata(), places)
        # theory is for costs above zero
        assert (len(lines["theory"].get_xdata()) > 0) == (len(rows) > 1)
        ax.figure.canvas.draw()


def test_what_nobody_reached_is_an_empty_figure(ax):
    nothing = table("condition", "accuracy").assign(hidden=1).iloc[:0]
    curves = [(name, "total", name) for name in ("no caching", "minimal")]
    lines = [("total", name, {"color": "k"}) for name in ("learning", "minimal")]
    draw = plotting.energy_against_accuracy, plotting.energy_against_hidden
    for function, drawn in zip(draw, (curves, lines), strict=True):
        ax.clear()
        function(nothing, drawn, ax=ax)
        ax.figure.canvas.draw()  # where Matplotlib used to find no limits
        assert [len(line.get_xdata()) for line in ax.get_lines()] == [0, 0]


def test_a_condition_that_nobody_reached_has_no_bar(ax):
    parts = ("consolidation", "outstanding", "maintenance")
    plotting.energy_parts(table("condition", columns=parts, names=["a", "c"]), list("abc"), ax)
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(3, 3)
    assert np.isnan(widths[:, 1]).all()
    assert (widths[:, [0, 2]] > 0).all()


def test_a_style_for_each_of_many_lines():
    styles = [str(style) for _, style in zip(range(40), plotting.line_styles(), strict=False)]
    assert len(set(styles)) == 40
    assert [style for _, style in plotting.cycled("abc", "xy")] == ["x", "y", "x"]


@pytest.mark.parametrize("low", [3e-7, 0.0004, 0.5, 42, 7e4, 2e9])
@pytest.mark.parametrize("factor", [1.1, 1.5, 3, 8, 40, 300, 1e5, 1e14])
def test_logarithmic_axes_can_be_read(ax, low, factor):
    ax.set(xscale="log", yscale="log", xlim=(low, factor * low), ylim=(low, factor * low))
    for axis in (ax.xaxis, ax.yaxis):
        places = [place for place in axis.get_majorticklocs() if low <= place <= factor * low]
        shown = axis.get_major_formatter().format_ticks(places)
        assert 3 <= len(shown) <= 8
        assert len(set(shown)) == len(shown)
        assert not any("e" in text.replace("times", "") for text in shown)
        plain = [
            (text, place) for text, place in zip(shown, places, strict=True) if "$" not in text
        ]
        for text, place in plain:
            assert float(text.replace(",", "")) == pytest.approx(place)
        assert {axis.get_minor_formatter()(place) for place in axis.get_minorticklocs()} <= {""}


def test_logarithmic_axis_with_nothing_on_it_has_no_ticks():
    figure, axes = plt.subplots()
    axes.plot([], [])
    axes.set(xscale="log", yscale="log")
    figure.canvas.draw()
    plt.close(figure)
    axes.set_ylim(1, 100)
    assert len(axes.get_yticks()) > 2


def test_panels_have_letters():
    figure, axes = plt.subplots(2, 2)
    plotting.letter(axes.flat)
    assert [ax.get_title(loc="left") for ax in axes.flat] == list("ABCD")
    plt.close(figure)


def test_numbers_of_a_figure_are_json_where_there_are_none(ax):
    ax.bar([1, 2], [3, np.nan])
    ax.plot([1, 2], [np.inf, 4])
    numbers = plotting.figure_numbers(ax.figure)
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    assert [bar["size"][1] for bar in numbers["axes"][0]["bars"]] == [3, None]
    assert numbers["axes"][0]["lines"][0]["y"] == [None, 4]


def ways(**columns):
    """Looks of three seeds under each way of learning, in two panels."""
    return pd.DataFrame(
        dict(panel=panel, way=way, seed=seed, step=step, accuracy=step / 10 - seed / 100)
        | {name: factor * place * step for name, factor in columns.items()}
        for panel in "AB"
        for place, way in enumerate(WAYS, start=1)
        for seed in range(3)
        for step in range(1, 6)
    )


def two_panels():
    _, axes = plt.subplots(1, 2)
    return dict(zip("AB", axes, strict=True))


def test_all_ways_of_learning_are_drawn_and_told_apart():
    panels = two_panels()
    plotting.accuracy_against(ways(joules_low=1.0), "joules_low", panels, "joules")
    for ax in panels.values():
        lines = {line.get_label(): line for line in ax.get_lines()}
        assert list(lines) == list(WAYS)
        assert len({line.get_color() for line in lines.values()}) == len(WAYS)
        for place, line in enumerate(lines.values(), start=1):
            np.testing.assert_allclose(line.get_xdata(), place * np.arange(1, 6))
            np.testing.assert_allclose(line.get_ydata(), np.arange(1, 6) / 10 - 0.01)
    plt.close("all")


def test_a_price_is_put_on_transient_writes():
    panels, prices = two_panels(), np.array([0.0, 0.1, 1.0])
    table = ways(persistent=1.0, transient=10.0)
    table = table[table["step"] == 1]
    plotting.price_of_transient(table, prices, {"here": 0.1}, panels)
    for ax in panels.values():
        curves = [line for line in ax.get_lines() if line.get_label() in WAYS]
        for place, line in enumerate(curves, start=1):
            np.testing.assert_allclose(line.get_ydata(), place * (1 + 10 * prices))
    assert [[t.get_text() for t in ax.texts] for ax in panels.values()] == [["here"], []]
    plt.close("all")


def test_schemes_are_drawn_where_all_networks_got_there():
    table = pd.DataFrame(
        dict(scheme=scheme, setting=setting, seed=seed, step=100 * setting, reached=True,
             writes_per_cell=10.0 * place / setting)
        for place, scheme in enumerate(SCHEMES, start=1)
        for setting in (1, 2, 4)
        for seed in range(3)
    )  # fmt: skip
    table.loc[(table["setting"] == 4) & (table["seed"] == 1), "reached"] = False
    _, axes = plt.subplots(1, 2)
    plotting.writes_of_schemes(table, "writes_per_cell", "writes", axes)
    drawn_in = [{line.get_label(): line for line in ax.get_lines()} for ax in axes]
    assert list(drawn_in[0]) == ["threshold, seen", "threshold, hidden"]
    assert {**drawn_in[0], **drawn_in[1]}.keys() == SCHEMES.keys()
    looks = set()
    for place, scheme in enumerate(SCHEMES, start=1):
        (found,) = (lines[scheme] for lines in drawn_in if scheme in lines)
        np.testing.assert_allclose(found.get_ydata(), [10 * place, 5 * place])
        looks.add((found.get_color(), found.get_linestyle()))
    assert len(looks) == len(SCHEMES)
    ax = plotting.writes_against_time(table, table[table["setting"] == 1], plt.figure().gca())
    assert [list(line.get_xdata()) for line in ax.get_lines()] == [[100, 200]] * 5 + [[100]]
    plt.close("all")


def test_ranges_of_devices_and_what_is_not_known():
    figure, axes = plt.subplots(1, 2)
    plotting.device_ranges([DEVICES["PCM"], DEVICES["NOR flash"]], axes)
    for ax, name in zip(axes, ("energy", "endurance"), strict=True):
        assert {tuple(line.get_xdata()) for line in ax.get_lines()} == {
            getattr(DEVICES["PCM"], name)
        }
        assert [text.get_text() for text in ax.texts] == ["not known"]
    plt.close(figure)


GATES = ["every image", "margin 0.2", "margin 0.5", "mistakes"]


def test_gates_are_measured_by_the_first_and_left_out_where_not_all_got_there(ax):
    table = pd.DataFrame(
        dict(gate=gate, seed=seed, consolidation=8.0 / place, updates=6.0 / place,
             step=place * (seed + 1.0))
        for place, gate in enumerate(GATES, start=1)
        for seed in range(3)
    )  # fmt: skip
    table.loc[(table["gate"] == "mistakes") & (table["seed"] == 1), "consolidation":] = np.nan
    plotting.against_gate(table, GATES, ax)
    curves = {line.get_label(): line for line in ax.get_lines()}
    for name, expected in {
        "energy $M_1$": [1, 1 / 2, 1 / 3],
        "updates": [1, 1 / 2, 1 / 3],
        "images": [1, 2, 3],
    }.items():
        np.testing.assert_allclose(curves[name].get_ydata(), expected)
        assert list(curves[name].get_xdata()) == [0, 1, 2]
    assert [text.get_text() for text in ax.get_xticklabels()][1:] == [
        "margin\n0.2", "margin\n0.5", "mistakes",
    ]  # fmt: skip


def test_learning_of_gates_is_told_apart():
    figure, axes = plt.subplots(1, 2)
    table = pd.DataFrame(
        dict(gate=gate, seed=seed, step=step, accuracy=0.9 + step / 100, consolidation=place * step)
        for place, gate in enumerate(GATES, start=1)
        for seed in range(2)
        for step in range(1, 6)
    )
    plotting.learning_of_gates(table, GATES, axes)
    for place, (left, right) in enumerate(
        zip(axes[0].get_lines(), axes[1].get_lines(), strict=True), start=1
    ):
        np.testing.assert_allclose(left.get_xdata(), np.arange(1, 6))
        np.testing.assert_allclose(right.get_xdata(), place * np.arange(1, 6))
    looks = {(to_hex(line.get_color()), line.get_linestyle()) for line in axes[0].get_lines()}
    assert len(looks) == len(GATES)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == GATES
    plt.close(figure)


def test_stored_numbers_are_crosses_beside_ours():
    figure, axes = plt.subplots(3)
    table = pd.DataFrame(
        dict(gate=gate, hidden=hidden, consolidation=hidden * place, updates=2.0, step=3.0)
        for place, gate in enumerate(("every image", "mistakes"), start=1)
        for hidden in (50, 100)
    )
    stored = pd.DataFrame([dict(gate="mistakes", hidden=100, consolidation=7.0, updates=8, step=9)])
    plotting.against_stored(table, stored, axes)
    for ax, height in zip(axes, (7, 8, 9), strict=True):
        crosses = [line for line in ax.get_lines() if line.get_marker() == "x"]
        assert [list(line.get_ydata()) for line in crosses if len(line.get_ydata())] == [[height]]
    curves = {line.get_label(): line for line in axes[0].get_lines()}
    np.testing.assert_allclose(curves["mistakes"].get_ydata(), [100, 200])
    plt.close(figure)


def test_depths_are_told_apart(ax):
    depths = range(1, MANY + 1)
    names = ["1 layer", *(f"{depth} layers" for depth in depths[1:])]
    sizes = table("layers", "units", names=depths)
    check_curves(plotting.depths_against_size(sizes, "total", ax), names)


def test_settings_are_drawn_against_depth(ax):
    names = [f"setting {place}" for place in range(MANY)]
    colours = {name: plt.get_cmap("viridis")(place / MANY) for place, name in enumerate(names)}
    rows = table("setting", "layers", names=names)
    check_curves(plotting.against_depth(rows, "total", "setting", colours, ax), names)


def test_a_variant_has_the_colour_of_its_rule_and_other_dashes(ax):
    names = ["largest updates", "largest updates, network"]
    rows = table("rule", "layers", names=names)
    plotting.against_depth(rows, "total", "rule", plotting.COLOURS, ax)
    lines = ax.get_lines()
    assert [line.get_label() for line in lines] == names
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    assert len({line.get_color() for line in lines}) == 1


def layered(depths):
    """Layer k of a network has spent k, of which its share is k over the sum."""
    return pd.DataFrame(
        dict(layers=depth, layer=layer, seed=seed, spent=float(layer),
             share=2 * layer / ((depth + 1) * (depth + 2)))
        for depth in depths
        for layer in range(1, depth + 2)
        for seed in range(3)
    )  # fmt: skip


def test_shares_of_layers_are_stacked_to_the_whole(ax):
    plotting.shares_of_layers(layered([1, 3]), ax)
    tops = {}
    for bar in ax.patches:
        place = round(bar.get_x() + bar.get_width() / 2)
        tops[place] = max(tops.get(place, 0), bar.get_y() + bar.get_height())
    assert tops == {0: pytest.approx(1), 1: pytest.approx(1)}
    named = [text.get_text() for text in ax.legend().get_texts()]
    assert named == ["layer 1", "layer 2", "layer 3", "output"]


def test_outputs_of_all_depths_are_at_one_place(ax):
    plotting.by_layer(layered([1, 2, 4]), "spent", ax)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines["1 layer"].get_xdata()) == [1, 5]
    assert list(lines["2 layers"].get_xdata()) == [1, 2, 5]
    assert list(lines["4 layers"].get_ydata()) == [1, 2, 3, 4, 5]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "4", "output"]


def test_a_place_where_some_network_did_not_get_there_has_a_word(ax):
    places = pd.DataFrame(
        dict(place=place, kind=kind, seed=seed, spent=spent * (1 + seed))
        for place, kind, spent in (("all", "layers", 2.0), ("some", "path", 3.0))
        for seed in range(3)
    )
    places.loc[(places["place"] == "some") & (places["seed"] == 1), "spent"] = np.nan
    plotting.places_of_plasticity(places, "spent", "spent", ax)
    assert [text.get_text() for text in ax.texts] == ["not there"]
    (dot,) = (dots for dots in ax.collections if isinstance(dots, PathCollection))
    assert list(dot.get_offsets()[0]) == [4, 0]


def test_depth_without_any_network_is_an_empty_figure(ax):
    nothing = layered([1]).iloc[:0].assign(units=1, name="", kind="", place="")
    plotting.shares_of_layers(nothing, ax)
    plotting.by_layer(nothing, "spent", plt.figure().gca())
    plotting.against_depth(nothing, "spent", "name", {}, plt.figure().gca())
    plotting.depths_against_size(nothing, "spent", plt.figure().gca())
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


def test_schedules_where_all_got_there(ax):
    """One curve a way, hollow where nothing changes; none where a network is missing."""
    ways = list(plotting.SCHEDULES)
    runs = pd.concat(
        table("way", "rate", ["step", "total"], names=ways, seed=seed) for seed in range(3)
    )
    one = (runs["way"] == "both fall") & (runs["rate"] == RATES[1]) & (runs["seed"] == 2)
    runs[["step", "total"]] = runs[["step", "total"]].mask(one)
    plotting.energy_against_images(runs, ax)
    handles, labels = ax.get_legend_handles_labels()
    assert labels == ways
    looks = set()
    for place, (handle, way) in enumerate(zip(handles, labels, strict=True), start=1):
        line = handle.lines[0]
        kept = RATES[[0, 2, 3, 4]] if way == "both fall" else RATES
        np.testing.assert_allclose(line.get_ydata().astype(float), place * kept)
        hollow = to_hex(line.get_markerfacecolor()) == "#ffffff"
        assert hollow == way.startswith("constant")
        looks.add((to_hex(line.get_color()), line.get_marker()))
    assert len(looks) == len(ways)
    constant = [text.get_text() for text in ax.texts]
    assert constant == 2 * [f"{rate:g}" for rate in RATES]


def test_noise_on_each_way_of_learning(ax):
    runs = table("way", "noise", ["noisy_accuracy"], names=list(WAYS_OF_LEARNING))
    robust = pd.DataFrame(
        dict(way=way, total=10.0 * place, tolerated=[0.1 * place, 0.2 * place])
        for place, way in enumerate(WAYS_OF_LEARNING, start=1)
    ).explode("tolerated")
    other = ax.figure.add_subplot()
    plotting.accuracy_under_noise(runs, robust, (ax, other))
    check_curves(ax, list(WAYS_OF_LEARNING))
    points = [c for c in other.collections if isinstance(c, PathCollection)]
    assert [c.get_offsets().tolist() for c in points] == [
        [[10.0 * place, 0.1 * place], [10.0 * place, 0.2 * place]] for place in range(1, 5)
    ]


def tasks_learned(**columns):
    """Two networks in three tasks, without replay and, by one way, with it."""
    ways = [(way, 0) for way in plotting.tasks.WAYS] + [("cache", 10), ("cache", 100)]
    return pd.DataFrame(
        dict(way=way, replay=replay, seed=seed, task=task, spent=10.0 * place + task, total=place,
             kept=0.9, reached=True) | columns
        for place, (way, replay) in enumerate(ways, start=1)
        for seed in range(2)
        for task in (1, 2, 3)
    )  # fmt: skip


def test_ways_are_followed_along_the_tasks_and_left_out_where_not_all_got_there(ax):
    table = tasks_learned()
    table.loc[(table["way"] == "largest updates") & (table["task"] == 2) & (table["seed"] == 1),
              "spent"] = np.nan  # fmt: skip
    plotting.along_tasks(table, "spent", ax)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines)[:6] == list(plotting.tasks.WAYS)
    assert list(lines)[6:] == ["cache, replay of 10", "cache, replay of 100"]
    assert list(lines["largest updates"].get_xdata()) == [1, 3]
    np.testing.assert_array_equal(lines["one subnetwork"].get_ydata(), [31, 32, 33])
    looks = {
        (to_hex(line.get_color()), line.get_linestyle(), line.get_marker())
        for name, line in lines.items()
        if "100" not in name  # as of other replay, which it is seldom drawn beside
    }
    assert len(looks) == 7


def test_what_is_kept_is_crossed_out_where_the_criterion_was_not_reached():
    figure, ax = plt.subplots()
    table = tasks_learned()
    table.loc[(table["replay"] == 100) & (table["seed"] == 1), "reached"] = False
    plotting.kept_against_energy(table, ax)
    (cross,) = (line for line in ax.get_lines() if line.get_marker() == "x")
    assert cross.get_xydata().tolist() == [[8.0, 0.9]]
    points = [line for line in ax.get_lines() if line.get_markersize() == 8]
    is_open = [line.get_markerfacecolor() == "white" for line in points if line is not cross]
    assert sorted(is_open) == [False] * 2 + [True] * 6, is_open
    plotting.legend_of_ways(figure, list(plotting.tasks.WAYS), crossed=True)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names[:6] == list(plotting.tasks.WAYS)
    assert names[6:] == ["open: no replay", "full: replay", "not all got there"]
    plt.close(figure)
