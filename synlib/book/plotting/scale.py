"""Numbers and logarithmic axes as the figures of the book have them."""

import itertools
import math
import re

from matplotlib.scale import LinearScale, LogScale
from matplotlib.ticker import Formatter, LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

LEAST = 3  # labelled ticks of a logarithmic axis
MOST = 7
# where ticks are within each power of ten, until there are enough
DIGITS = (1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)


class PlainLogScale(LogScale):
    """A logarithmic axis on which something can be read off, wherever it begins and ends.

    Matplotlib labels the powers of ten alone, of which a short axis may have none, or else writes
    60 as 6·10¹.
    """

    name = "log"

    def __init__(self, *args, **settings):
        # Matplotlib before 3.11 gives the axis as well, and later ones deprecate its name
        super().__init__(*args, **settings)

    def set_default_locators_and_formatters(self, axis):
        """Called by Matplotlib."""
        super().set_default_locators_and_formatters(axis)
        axis.set_major_locator(EnoughTicks())
        axis.set_minor_locator(LogTicks(self.base, self.subs))
        axis.set_major_formatter(LikeNumbers())
        axis.set_minor_formatter(NullFormatter())


class PlainLinearScale(LinearScale):
    """A linear axis with thousands set apart."""

    # without naming ``axis``, which Matplotlib deprecates in scales that are registered
    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)

    def set_default_locators_and_formatters(self, axis):
        """Called by Matplotlib."""
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(Thousands())


class Thousands(ScalarFormatter):
    """Matplotlib's, with thousands set apart."""

    def __call__(self, value, pos=None):
        """Called by Matplotlib."""
        text = super().__call__(value, pos)
        return re.sub(r"^(\D*)(\d{4,})", lambda found: f"{found[1]}{int(found[2]):,}", text)


class LikeNumbers(Formatter):
    """Numbers of one kind along an axis: where some are powers of ten, all are."""

    def __call__(self, value, pos=None):
        """Called by Matplotlib."""
        return number(value)

    def format_ticks(self, values):
        """Called by Matplotlib."""
        low, high = sorted(self.axis.get_view_interval())
        shown = [value for value in values if low <= value <= high]
        names = dict(zip(shown, numbers(shown), strict=True))
        return [names.get(value, "") for value in values]


class LogTicks(LogLocator):
    """Matplotlib's, but where nothing is drawn there is no tick, rather than an error."""

    def tick_values(self, vmin, vmax):
        """Called by Matplotlib."""
        low, high = sorted((vmin, vmax))
        return super().tick_values(low, high) if 0 < low < high < math.inf else []


class EnoughTicks(LogTicks):
    """Ticks at powers of ten, and between them where these are too few."""

    def tick_values(self, vmin, vmax):
        """Called by Matplotlib."""
        low, high = sorted((vmin, vmax))
        if not 0 < low < high < math.inf:
            return []
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digits in DIGITS:
            ticks = [d * 10.0**decade for decade, d in itertools.product(decades, digits)]
            ticks = [tick for tick in ticks if low <= tick <= high]
            if len(ticks) >= LEAST:
                break
        else:  # so short that it is nearly linear
            ticks = MaxNLocator(MOST, steps=[1, 2, 5, 10]).tick_values(low, high)
        return self.raise_if_exceeds(ticks[:: math.ceil(len(ticks) / MOST)])


def numbers(values):
    """Numbers of one axis, of one kind: where some are powers of ten, all are.

    Examples
    --------
    >>> numbers([0, 0.01, 0.1, 1]), numbers([1e5, 1e6])
    (['0', '0.01', '0.1', '1'], ['$10^{5}$', '$10^{6}$'])
    """
    texts = [number(value) for value in values]
    if any("10^" in text for text in texts):
        texts = [number(value, power=not 1 <= abs(value) <= 10) for value in values]
    return texts


def number(value, power=False):
    """A number as figures write it: in full, and as a power of ten where that is too long.

    Examples
    --------
    >>> number(0.001), number(60), number(20000)
    ('0.001', '60', '20,000')
    >>> number(1e-5), number(2e6), number(-3e-4)
    ('$10^{-5}$', '$2 \\\\times 10^{6}$', '$-3 \\\\times 10^{-4}$')
    >>> number(1000, power=True)
    '$10^{3}$'
    """
    if value == 0 or (1e-3 <= abs(value) < 1e6 and not power):
        return f"{value:,.6g}"
    digits, exponent = f"{value:.2e}".split("e")
    factor = "" if float(digits) == 1 else rf"{float(digits):g} \times "
    return f"${factor}10^{{{int(exponent)}}}$"
