"""What is published: each pattern with its figure, a tolerance that follows from it, and its source."""

import math
from typing import NamedTuple


class Pattern(NamedTuple):
    """One published pattern, as a figure that a model can be asked for."""

    name: str
    meaning: str  # what the figure is
    observed: float | None  # None: published is a direction, without a figure
    low: float
    high: float
    why: str  # the tolerance
    source: str


def half_of_its_logarithm(ratio: float) -> tuple[float, float]:
    """Return the range of ratios whose logarithm is within half of a ratio's logarithm.

    >>> [round(end, 2) for end in half_of_its_logarithm(1.797)]
    [1.34, 2.41]
    """
    return math.exp(0.5 * math.log(ratio)), math.exp(1.5 * math.log(ratio))


NITZAN = "Nitzan and Libai 2011, Journal of Marketing 75(6), 24-38"
FADER = "Fader and Hardie 2007, Journal of Interactive Marketing 21(1), 76-90, tables of both segments"

PATTERNS = (
    Pattern(
        "yearly churn of hosts",
        "Share of users who leave a host in a year, in the model because of reboots alone (median run).",
        0.14,
        0.0,
        0.15,
        "At most 0.15: published are 0.13 and 0.15 for all reasons together, and reboots are one of them.",
        "IONOS, call on the third quarter of 2023 (around 13 % a year, as transcribed); GoDaddy, annual report 2022 "
        "(more than 85 % retained in each of five years)",
    ),
    Pattern(
        "hazard after a neighbour left",
        "Factor on the hazard of leaving for each neighbour who left in the month before; the regression of "
        "`patchmarket calibrate`.",
        1.797,
        *half_of_its_logarithm(1.797),
        "Its logarithm within half of the published one's.",
        f"{NITZAN}; the figure in GfK Marketing Intelligence Review 5(2), 40-45",
    ),
    Pattern(
        "decay of that effect",
        "The same effect (logarithm) of neighbours who left last month, less that of those who left three months ago.",
        None,
        0.0,
        math.inf,
        "Above 0: published is that the effect is strongest within the first month and decays, without a rate.",
        NITZAN,
    ),
    Pattern(
        "effect by number of links",
        "The same effect (logarithm) on users with more links than the median user, less that on the others, on a "
        "random graph of mean degree 8.",
        None,
        0.0,
        math.inf,
        "Above 0: published is that highly connected customers are more affected, without a ratio.",
        NITZAN,
    ),
    Pattern(
        "falling hazard of a cohort",
        "Chance to leave in the fifth year over that in the first, of those still there; five years, users who began "
        "at the rebooting host.",
        0.42,
        0.2,
        0.8,
        "Published are 0.54 and 0.31 (survival of 86.9, ..., 59.3, 55.1 % and of 63.1, ..., 32.6, 28.9 %); about half "
        "as much again on either side.",
        FADER,
    ),
    Pattern(
        "spacing of kernel updates",
        "Coefficient of variation of the days between flaws; the model's are drawn at a constant rate.",
        1.03,
        0.84,
        1.20,
        "The bootstrapped 95 % interval of the published dates.",
        "101 days with a Debian kernel advisory, 2008 to 2022, model/data/debian-advisories.csv",
    ),
    Pattern(
        "bursts of kernel updates",
        "Variance over mean of the flaws of five years in a row.",
        3.83,
        1.37,
        31.6,
        "The 95 % interval of the published figure (chi-squared, 4 degrees of freedom).",
        "10, 8, 6, 8 and 22 days with a security upload of Debian's kernel in 2022 to 2026, "
        "model/data/debian-kernel-operator-path.csv",
    ),
    Pattern(
        "social influence makes worlds differ",
        "Standard deviation over mean of the share lost, over runs that all meet the same flaws (Debian's of 2011): "
        "where users hear from each other, over where each finds out by itself from adverts.",
        None,
        1.0,
        math.inf,
        "Above 1: published is that influence makes success less predictable, without a ratio for a market of two.",
        "Salganik, Dodds and Watts 2006, Science 311, 854-856",
    ),
    Pattern(
        "switching costs",
        "What the median user would pay a month rather than move (tolerance times value of a minute), over the price.",
        1.0,
        10**-0.5,
        10**0.5,
        "Published is the same order of magnitude as the price: within half a power of ten. It follows from two "
        "assumed settings without a run.",
        "Dubé, Hitsch and Rossi 2009, Journal of Marketing Research 46(4), 435-445: packaged goods",
    ),
)
