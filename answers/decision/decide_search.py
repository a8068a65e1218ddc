"""The break-even price where the price itself changes what providers decide: a search over further runs.

A host that copies its rival compares profits, and one that cuts its price stops at its costs. What live patches cost
then decides when and how they act, so one set of runs no longer holds for all prices.
"""

from collections.abc import Callable

from answers.decision.decide_pairs import Pairs

DOUBLINGS = 5  # at most, to find a price at which live patching no longer pays
MOST_RUNS = 12  # prices tried between the two that enclose the root
PRECISION = 0.01  # of the upper price


def search(pairs_at: Callable[[float], Pairs]) -> tuple[float, list[Pairs]]:
    """Return the price at which the mean gain is nothing, and the runs of all prices tried, sorted by price.

    The gain falls with the price, in jumps where a decision changes: Brent's method finds a price at which it changes
    sign. Where live patching does not pay even for nothing, the price below 0 is that of those runs.
    """
    from scipy import optimize

    tried: dict[float, Pairs] = {}

    def mean_gain(price: float) -> float:
        if price not in tried:
            tried[price] = pairs_at(price)
        return float(tried[price].gain.mean())

    def found(price: float) -> tuple[float, list[Pairs]]:
        return price, [tried[key] for key in sorted(tried)]

    if mean_gain(0.0) <= 0:
        return found(tried[0.0].break_even)
    low, high = 0.0, 1.1 * tried[0.0].break_even  # above what it would be if nobody looked at costs
    for _ in range(DOUBLINGS):
        if mean_gain(high) <= 0:
            break
        low, high = high, 2 * high
    else:
        if mean_gain(high) > 0:
            return found(tried[high].break_even)
    root = optimize.brentq(mean_gain, low, high, xtol=PRECISION * high, rtol=1e-9, maxiter=MOST_RUNS, disp=False)
    mean_gain(float(root))
    return found(float(root))


def interval_at(root: float, tried: list[Pairs]) -> tuple[float, float]:
    """Return the interval of a price that was searched for, with decisions as they fall in the runs next to it."""
    nearest = min(tried, key=lambda pairs: abs(pairs.price - root))
    low, high = nearest.interval
    return min(low, root), max(high, root)
