"""What the papers claim, and when it counts as reproduced.

Most claims share the bands of their kind. Where a number is claimed, "reproduced" allows a quarter
more or a fifth less and "qualitatively" a factor of two; where only a direction is claimed,
"reproduced" asks for ten per cent and "qualitatively" for the sign. The others state their own, and
were written when some of the results were known already.
"""

from dataclasses import dataclass

INFINITY = float("inf")
CLOSE = (0.8, 1.25), (0.5, 2.0)  # for ratios to a published number or formula
MORE = (1.1, INFINITY), (1.0, INFINITY)  # for ratios that are claimed to be above 1
LESS = (0.0, 0.9), (0.0, 1.0)  # for ratios that are claimed to be below 1


def about(number):
    """Bands for a number that is claimed, as `CLOSE` for its ratio to it.

    Examples
    --------
    >>> about(10)
    ((8.0, 12.5), (5.0, 20.0))
    """
    return tuple((low * number, high * number) for low, high in CLOSE)


@dataclass(frozen=True)
class Measure:
    """What is measured to test a claim.

    Parameters
    ----------
    what : str
    published : str
        What was published.
    bands : pair of (low, high)
        Values that count as reproduced, and those for which the claim holds qualitatively.
    """

    what: str
    published: str
    bands: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Claim:
    """A published claim.

    Parameters
    ----------
    text : str
    source : str
        Key of the bibliography, and the place.
    measures : dict of str to Measure
    second_hand : bool
        Known to us, wholly or in part, only from others than the source.
    figure : str
        Name of the figure of the chapter that shows it best.
    """

    text: str
    source: str
    measures: dict[str, Measure]
    second_hand: bool = False
    figure: str = ""


CLAIMS = {
    "E1": Claim(
        "a perceptron needs K = 2P/(2−P/N)² updates in T = P√P/(2−P/N)² presentations",
        "li2020, Methods",
        {
            "updates": Measure("updates / theory", "1", CLOSE),
            "presentations": Measure("presentations / theory", "1", CLOSE),
        },
        figure="fig-perceptron-energy",
    ),
    "E2": Claim(
        "its inefficiency follows √(πP)/(2−P/N)",
        "li2020, Fig 1D",
        {"ratio": Measure("inefficiency / theory", "1", CLOSE)},
        figure="fig-perceptron-inefficiency",
    ),
    "E3": Claim(
        "1,900 patterns on 1,000 inputs cost some 900 times the minimum",
        "li2020, text",
        {"inefficiency": Measure("inefficiency", "900", ((720, 1125), (450, 1800)))},
        figure="fig-perceptron-inefficiency",
    ),
    "E4": Claim(
        "the weights vary about 20 % less than those of a random walk",
        "li2020, Methods",
        {"variance": Measure("variance / random walk", "0.8", ((0.7, 0.9), (0.6, 1.0)))},
        figure="fig-perceptron-variance",
    ),
    "E5": Claim(
        "learning costs more than the minimum for exponents up to about 2, and less beyond, "
        "whether or not weakening is charged",
        "li2020, Fig 1S1",
        {
            "exponent": Measure("exponent where both are equal", "2", ((1.8, 2.3), (1.5, 2.5))),
            "potentiation": Measure("inefficiency, potentiation only / both signs", "1", CLOSE),
        },
        figure="fig-perceptron-exponent",
    ),
    "E6": Claim(
        "the energy is least at an intermediate threshold",
        "li2020, Fig 2B",
        {"ratio": Measure("least energy / that at the better end", "< 1", LESS)},
        figure="fig-cache-threshold",
    ),
    "E7": Claim(
        "free maintenance lets caching reach the minimum; the dearer it is, the more learning "
        "costs, as the formula says",
        "li2020, Fig 2C",
        {
            "free": Measure("energy / minimum, c = 0", "1", CLOSE),
            "formula": Measure("inefficiency / formula, median of costs", "1", CLOSE),
            "energy": Measure("energy / formula, per synapse, c from 0.001", "1", CLOSE),
        },
        figure="fig-cache-cost",
    ),
    "E8": Claim(
        "decay costs energy and lowers the best threshold; with dear maintenance it can make "
        "learning faster",
        "li2020, Fig 3",
        {
            "energy": Measure("energy, strongest decay / none, c lowest", "> 1", MORE),
            "threshold": Measure("best threshold, strongest decay / none, c lowest", "< 1", LESS),
            "time": Measure("epochs, middle decay / none, c highest", "< 1", LESS),
        },
        figure="fig-decay-energy",
    ),
    "E9": Claim(
        "the threshold trades learning time against energy when maintenance is cheap",
        "li2020, Fig 3S1",
        {
            "time": Measure("epochs, cheapest threshold / fastest, c = 0", "> 1", MORE),
            "cheap": Measure("the same ratio, c = 0 / c = 0.01", "> 1", MORE),
        },
        figure="fig-decay-trade",
    ),
    "E10": Claim(
        "all three scopes of consolidation save about as much",
        "li2020, Fig 4B",
        {"ratio": Measure("worst scope / best scope", "1", ((1, 1.25), (1, 2)))},
        figure="fig-scopes-cost",
    ),
    "E11": Claim(
        "both powers follow the Fokker-Planck theory",
        "li2020, Fig 6",
        {
            "consolidation": Measure("consolidation power / theory", "1", CLOSE),
            "maintenance": Measure("maintenance power / theory", "1", CLOSE),
        },
        figure="fig-decay-powers",
    ),
    "E12": Claim(
        "energy rises exponentially with accuracy; at low learning rates it does not depend on "
        "the rate, at high ones it is higher and accuracy no better",
        "li2020, Fig 5A",
        {
            "exponential": Measure(
                "r² of log energy against accuracy, 70 % to the best", "1", ((0.9, 1), (0.7, 1))
            ),
            "low rates": Measure("dearest / cheapest of the low rates", "1", ((1, 1.25), (1, 2))),
            "high rate": Measure("energy, highest rate / low rates", "> 1", MORE),
            "accuracy": Measure("error, highest rate / rate 0.1", "≥ 1", ((1, INFINITY),) * 2),
        },
        figure="fig-rates-li",
    ),
    "E13": Claim(
        "without a cache a network spends at least some 20 times the minimum at any accuracy "
        "(from 90 % on)",
        "li2020, Fig 5B",
        {
            "ratio": Measure(
                "least energy / minimum, 90 % and more", "≥ 20", ((16, INFINITY), (10, INFINITY))
            )
        },
        figure="fig-caching-accuracy",
    ),
    "E14": Claim(
        "caching saves a network manifold, and stays above the minimum",
        "li2020, Fig 5B",
        {
            "saved": Measure(
                "energy, no caching / caching", "> 2", ((2, INFINITY), (1.1, INFINITY))
            ),
            "minimum": Measure("energy, caching / minimum", "> 1", ((1, INFINITY),) * 2),
        },
        figure="fig-caching-accuracy",
    ),
    "E15": Claim(
        "there is a best number of hidden units, which grows with the accuracy asked",
        "li2020, Fig 5C",
        {
            "minimum": Measure("least energy / that at the better end", "< 1", LESS),
            "growth": Measure("best number, high accuracy / low accuracy", "> 1", MORE),
        },
        figure="fig-caching-hidden",
    ),
    "E16": Claim(
        "caching saves a spiking neuron about 80 %",
        "li2020, Fig 2S1",
        {
            "saved": Measure("share saved, as published", "0.8", ((0.65, 0.95), (0.4, 1))),
            "threshold": Measure("share saved by a threshold", "0.8", ((0.65, 0.95), (0.4, 1))),
        },
        figure="fig-spiking-energy",
    ),
    "R1": Claim(
        "maintenance levels off at high thresholds",
        "nyiro2022, Figs 2 and 3",
        {
            "slope": Measure(
                "rise with the threshold, upper end / steepest, no decay",
                "0",
                ((-0.25, 0.25), (-0.5, 0.5)),
            )
        },
        figure="fig-cache-threshold",
    ),
    "R2": Claim(
        "the best threshold falls with the maintenance cost",
        "nyiro2022, Fig 4",
        {"ratio": Measure("best threshold, highest cost / lowest", "< 1", LESS)},
        figure="fig-cache-cost",
    ),
    "R3": Claim(
        "low learning rates cost more energy at equal accuracy",
        "nyiro2022, Fig 5",
        {"ratio": Measure("energy, lowest rate / highest, as they ran it", "> 1", MORE)},
        figure="fig-rates-nyiro",
    ),
    "R4": Claim(
        "caching gains much at low accuracy and ever less towards the highest",
        "nyiro2022, Fig 6",
        {"ratio": Measure("gain at the lowest accuracy / at the highest", "> 1", MORE)},
        figure="fig-caching-accuracy",
    ),
    "R5": Claim(
        "energy grows about linearly with the number of hidden units",
        "nyiro2022, Fig 7",
        {"linear": Measure("r² of a straight line, from 50 units on", "1", ((0.9, 1), (0.7, 1)))},
        figure="fig-caching-hidden",
    ),
    "R6": Claim(
        "corrected maintenance adds most at low thresholds",
        "nyiro2022, Fig 8",
        {"ratio": Measure("share added, lowest threshold / best", "> 1", MORE)},
        figure="fig-cache-corrected",
    ),
    "C1": Claim(
        "95 % on MNIST takes at least some 10⁸ synaptic updates",
        "vanrossum2024, abstract",
        {"writes": Measure("fewest writes of all rules", "10⁸", ((5e7, 2e8), (2e7, 5e8)))},
        figure="fig-fraction-writes",
    ),
    "C2": Claim(
        "the energy of ordinary learning grows with the network, M1 about as its root, M0 as "
        "fast or faster",
        "vanrossum2024",
        {
            **{
                f"M1 {scale}": Measure(
                    f"power of hidden units, M1, initial s.d. {scale}",
                    "0.5",
                    ((0.375, 0.625), (0.1, 1.0)),
                )
                for scale in (0.01, 0.02, 0.03)
            },
            "M0": Measure("power of hidden units, M0", "≥ 0.5", ((0.4, INFINITY), (0.1, INFINITY))),
        },
        second_hand=True,
        figure="fig-size-scales",
    ),
    "C3": Claim(
        "updating only the largest saves much, most in large networks, at slightly longer learning",
        "vanrossum2024, abstract",
        {
            "M0": Measure("writes saved, largest network", "> 2", ((2, INFINITY), (1.1, INFINITY))),
            "M1": Measure("M1 saved, largest network", "> 1", MORE),
            "size": Measure("M1 saved, largest network / smallest", "> 1", MORE),
            "time": Measure("steps / those of ordinary learning", "> 1", ((1, 2), (0.8, 4))),
        },
        figure="fig-fraction-energy",
    ),
    "C4": Claim(
        "a plastic subnetwork makes energy independent of network size; 60 to 100 units are best",
        "vanrossum2024",
        {
            "exponent": Measure("power of hidden units, M0", "0", ((-0.1, 0.1), (-0.25, 0.25))),
            "best": Measure("best number of plastic units", "60-100", ((60, 100), (30, 200))),
        },
        second_hand=True,
        figure="fig-subnetwork-hidden",
    ),
    "C5": Claim(
        "a subnetwork of which only the largest updates are expressed saves most",
        "vanrossum2024",
        {"ratio": Measure("writes, both / better of the two", "< 1", LESS)},
        figure="fig-subnetwork-hidden",
    ),
    "C6": Claim(
        "choosing the largest updates leaves the best accuracy nearly unchanged, a fixed choice "
        "lowers it",
        "vanrossum2024",
        {
            "largest": Measure("points of the best accuracy lost", "0", ((-0.5, 0.5), (-1, 1))),
            "fixed": Measure(
                "points lost by a fixed choice", "> 0", ((0.5, INFINITY), (0, INFINITY))
            ),
        },
        second_hand=True,
        figure="fig-rules-best",
    ),
    "C7": Claim(
        "the chosen set changes all the time",
        "vanrossum2024",
        {
            "largest": Measure(
                "Simpson index of writes, largest updates", "0.6", ((0.48, 0.75), (0.3, 1))
            ),
            "fixed": Measure(
                "Simpson index of writes, fixed choice", "0.01", ((0, 0.02), (0, 0.1))
            ),
        },
        second_hand=True,
        figure="fig-writes",
    ),
    "C8": Claim(
        "caching saves on top of competition",
        "vanrossum2024",
        {"ratio": Measure("energy, both / largest updates alone", "< 1", LESS)},
        figure="fig-map",
    ),
    "L1": Claim(
        "to learn from mistakes only saves energy",
        "pache2023lazy, title",
        {"energy": Measure("energy, every image / mistakes only, at equal accuracy", "> 1", MORE)},
        second_hand=True,
        figure="fig-lazy-standin",
    ),
    "L2": Claim(
        "it is 7.6 times faster than back-propagation, if that counts updates",
        "pache2023lazy, abstract",
        {"updates": Measure("updates, every image / mistakes only", "7.6", about(7.6))},
        second_hand=True,
        figure="fig-lazy-standin",
    ),
    "L3": Claim(
        "it is 7.6 times faster than back-propagation, if that counts images",
        "pache2023lazy, abstract",
        {"images": Measure("images, every image / mistakes only", "7.6", about(7.6))},
        second_hand=True,
        figure="fig-lazy-standin",
    ),
    "L4": Claim(
        "with one hidden layer it is right about 99.2 % of the test images of extended MNIST",
        "pache2023lazy, abstract",
        {"error": Measure("test error, extended MNIST (%)", "0.8", about(0.8))},
        second_hand=True,
        figure="fig-lazy-curves",
    ),
    "L5": Claim(
        "a student's program of the same group, 100 hidden units: 95 % on MNIST took 58 % of the "
        "energy, 2.5 times the images and a fifth of the updates",
        "apmsc2021, stored curves",
        {
            "energy": Measure("energy, mistakes only / every image", "0.58", about(0.58)),
            "images": Measure("images, mistakes only / every image", "2.5", about(2.5)),
            "updates": Measure("updates, every image / mistakes only", "5.2", about(5.2)),
        },
        figure="fig-lazy-standin",
    ),
}
