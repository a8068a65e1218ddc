"""The breach cost at which a decision turns: breaches count in proportion to what one costs."""


def turning_cost(gain: float, more_breaches: float) -> float | None:
    """Return the cost of a breach at which a gain is nothing; None where no cost gives that.

    Parameters
    ----------
    gain
        Dollars, what breaches cost left aside.
    more_breaches
        Breaches to be expected more with what is gained than without it; below 0: fewer.

    >>> turning_cost(gain=500.0, more_breaches=0.5)
    1000.0
    >>> turning_cost(gain=-500.0, more_breaches=-0.1)
    5000.0
    >>> turning_cost(gain=500.0, more_breaches=-0.1) is None
    True
    """
    return gain / more_breaches if gain * more_breaches > 0 else None
