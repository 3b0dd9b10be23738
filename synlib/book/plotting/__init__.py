"""Results to axes: one function per figure, no simulation.

Each concept has one colour in the whole book, from a palette that colour-blind readers can tell
apart. Lines are medians over seeds, bands reach from the lowest to the highest seed.
"""

from synlib._extras import extra

with extra("book"):
    from synlib.book.plotting.networks import (
        energy_against_accuracy,
        energy_against_fraction,
        energy_against_hidden,
        energy_by_rate,
        energy_parts,
        pareto,
        ratios,
        robustness,
        rules,
        samples,
        saving_map,
        time_against_threshold,
        writes_per_synapse,
    )
    from synlib.book.plotting.neuron import (
        against_decay,
        best_against_cost,
        corrected_maintenance,
        energy_against_threshold,
        event_orders,
        inefficiency_against_exponent,
        perceptron_energy,
        perceptron_inefficiency,
        powers,
        scope_schematic,
        scopes_against_cost,
        share_learned,
        synapse_trace,
        time_against_energy,
        walk,
    )
    from synlib.book.plotting.scale import number
    from synlib.book.plotting.spikes import (
        conductances,
        share_of_runs,
        spiking_energy,
        trial,
    )
    from synlib.book.plotting.style import (
        COLOURS,
        MARKERS,
        cycled,
        enough_ticks,
        figure_numbers,
        letter,
        line_styles,
        shades,
        spread,
        use_style,
    )

__all__ = [
    "COLOURS",
    "MARKERS",
    "against_decay",
    "best_against_cost",
    "conductances",
    "corrected_maintenance",
    "cycled",
    "energy_against_accuracy",
    "energy_against_fraction",
    "energy_against_hidden",
    "energy_against_threshold",
    "energy_by_rate",
    "energy_parts",
    "enough_ticks",
    "event_orders",
    "figure_numbers",
    "inefficiency_against_exponent",
    "letter",
    "line_styles",
    "number",
    "pareto",
    "perceptron_energy",
    "perceptron_inefficiency",
    "powers",
    "ratios",
    "robustness",
    "rules",
    "samples",
    "saving_map",
    "scope_schematic",
    "scopes_against_cost",
    "shades",
    "share_learned",
    "share_of_runs",
    "spiking_energy",
    "spread",
    "synapse_trace",
    "time_against_energy",
    "time_against_threshold",
    "trial",
    "use_style",
    "walk",
    "writes_per_synapse",
]
