"""Changes of the first layer that wait until its weights are needed.

All synapses of an active input change at a step, and what it passes on is needed again when it is
next active. Its row is therefore fetched once for both, not twice: it changes just before it is
used. Nothing that is computed depends on it.
"""

from typing import NamedTuple

import numpy as np

from synlib._kernels import apart, inner
from synlib._kernels.layer import add_row

# changes of so many steps can wait; an input that has been silent for longer changes at once
STEPS = 8


class Postponed(NamedTuple):
    """What each row of a matrix (n, m) is still to get: ``times * change``, of one step."""

    change: np.ndarray  # (STEPS + 1, m), of the last steps; the last row is of none, and zero
    place: np.ndarray  # (n,), which row of ``change`` it is
    step: np.ndarray  # (STEPS + 1,), of which step each change is; last, how many were postponed
    times: np.ndarray  # (n,); -0.0, not 0.0, if nothing waits: what is added then changes no sign


@inner
def nothing_postponed(n, m, dtype_of):
    """For a matrix (n, m)."""
    times = np.empty(n, dtype_of.dtype)
    times[:] = dtype_of.dtype.type(-0.0)
    change = np.zeros((STEPS + 1, m), dtype_of.dtype)
    return Postponed(change, np.full(n, STEPS), np.zeros(STEPS + 1, np.int64), times)


@inner
def postpone(postponed, matrix, step, samples, background, change):
    """Let ``change`` times the inputs of step ``step`` of the samples wait."""
    place = postponed.step[STEPS] % STEPS
    if postponed.step[STEPS] >= STEPS:  # what still waits for a change of which the place is needed
        before = postponed.step[place]
        for a in range(samples.first[before], samples.last[before]):
            if postponed.place[samples.index[a]] == place:
                _catch_up(postponed, matrix, samples.index[a])
    postponed.step[place] = step
    postponed.step[STEPS] += 1
    latest = postponed.change[place]
    for j in range(change.size):
        latest[j] = change[j]
    for a in range(samples.first[step], samples.last[step]):
        i = samples.index[a]
        postponed.place[i] = place
        postponed.times[i] = samples.value[a] - background


@inner
def catch_up(postponed, matrix):
    """Make all changes that wait."""
    for i in range(postponed.place.size):
        if postponed.place[i] < STEPS:
            _catch_up(postponed, matrix, i)


@inner
def add_rows_caught_up(postponed, matrix, count, index, value, background, out):
    """As `add_weighted_rows`, after making the changes of these rows that wait."""
    change, place, times = postponed.change, postponed.place, postponed.times
    none = times.dtype.type(-0.0)
    a = 0
    while a + 4 <= count:
        i_0, i_1, i_2, i_3 = index[a], index[a + 1], index[a + 2], index[a + 3]
        _add_four_rows_caught_up(
            matrix[i_0],
            matrix[i_1],
            matrix[i_2],
            matrix[i_3],
            change[place[i_0]],
            change[place[i_1]],
            change[place[i_2]],
            change[place[i_3]],
            times[i_0],
            times[i_1],
            times[i_2],
            times[i_3],
            value[a] - background,
            value[a + 1] - background,
            value[a + 2] - background,
            value[a + 3] - background,
            out,
        )
        for i in (i_0, i_1, i_2, i_3):
            place[i] = STEPS
            times[i] = none
        a += 4
    while a < count:
        _catch_up(postponed, matrix, index[a])
        add_row(matrix[index[a]], value[a] - background, out)
        a += 1


@inner
def _catch_up(postponed, matrix, i):
    add_row(postponed.change[postponed.place[i]], postponed.times[i], matrix[i])
    postponed.place[i] = STEPS
    postponed.times[i] = postponed.times.dtype.type(-0.0)


@apart
def _add_four_rows_caught_up(
    row_0,
    row_1,
    row_2,
    row_3,
    change_0,
    change_1,
    change_2,
    change_3,
    times_0,
    times_1,
    times_2,
    times_3,
    x_0,
    x_1,
    x_2,
    x_3,
    out,
):
    for j in range(out.size):
        w_0 = row_0[j] + times_0 * change_0[j]
        w_1 = row_1[j] + times_1 * change_1[j]
        w_2 = row_2[j] + times_2 * change_2[j]
        w_3 = row_3[j] + times_3 * change_3[j]
        row_0[j], row_1[j], row_2[j], row_3[j] = w_0, w_1, w_2, w_3
        out[j] += x_0 * w_0 + x_1 * w_1 + x_2 * w_2 + x_3 * w_3
