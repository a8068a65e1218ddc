"""What it is worth to know more, in the unit of the gains: expected value of perfect, partial and sample information.

Each draw of the unknowns has one simulated gain an action, and these scatter by seed. What an action gains on average
at given unknowns is the regression of its gains on them (Strong, Oakley and Brennan 2014), here penalised splines whose
penalty is chosen by generalised cross-validation. Who knew the unknowns would take the best action at each draw; who
does not takes the action that is best on average: the difference is what knowing is worth, at most.

References
----------
Strong, M., Oakley, J. E., Brennan, A. (2014). Estimating multiparameter partial expected value of perfect information
from a probabilistic sensitivity analysis sample. Medical Decision Making 34(3), 311-326.
Strong, M., Oakley, J. E., Brennan, A., Breeze, P. (2015). Estimating the expected value of sample information using
the probabilistic sensitivity analysis sample. Medical Decision Making 35(5), 570-583.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
KNOTS = 5
PENALTIES = np.logspace(-3, 4, 15)
RESAMPLES = 50
FEW = 8  # different values of a variable: fewer bear no spline


class Worth(NamedTuple):
    """A value of information and the error of its estimate, in the unit of the gains."""

    value: float
    error: float


class Split(NamedTuple):
    """Shares of the variance of a gain."""

    seeds: float  # what the unknowns do not explain
    alone: Values  # (unknowns,) what each explains by itself
    common: float  # what they explain together only; below 0 where two tell the same


def perfect(gains: Values, unknowns: Values, seed: int = 0) -> Worth:
    """Return the expected value of perfect information about some unknowns.

    Parameters
    ----------
    gains
        What each action gains at each draw, an array of draws by actions; an action that changes nothing is a column
        of zeros.
    unknowns
        The unknowns that would become known, an array of draws by unknowns: all for EVPI, some for EVPPI.
    seed
        Of the resampling that the error is found by.
    """
    rng = np.random.default_rng(seed)
    number = len(gains)
    samples = [rng.integers(number, size=number) for _ in range(RESAMPLES)]
    return Worth(_worth(gains, unknowns), float(np.std([_worth(gains[s], unknowns[s]) for s in samples], ddof=1)))


def of_a_survey(gains: Values, shares: Values, size: int, seed: int = 0) -> Worth:
    """Return the expected value of asking `size` people a question, before it is asked.

    Parameters
    ----------
    gains
        As in `perfect`.
    shares
        The share who would say yes, at each draw.
    size
        How many are asked.
    """
    answers = np.random.default_rng(seed).binomial(size, np.clip(shares, 0.0, 1.0)) / max(size, 1)
    return perfect(gains, answers[:, None], seed)


def split(gain: Values, unknowns: Values) -> Split:
    """Split the variance of one action's gain into what seeds, each unknown, and unknowns together account for."""
    variance = gain.var()
    if variance == 0:
        return Split(0.0, np.zeros(unknowns.shape[1]), 0.0)
    alone = np.array([regressed(gain, unknowns[:, [k]]).var() for k in range(unknowns.shape[1])]) / variance
    explained = regressed(gain, unknowns).var() / variance
    return Split(1 - explained, alone, explained - alone.sum())


def regressed(gain: Values, unknowns: Values) -> Values:
    """Return the mean of a gain given the unknowns, at each draw."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = _features(unknowns)
    if gain.std() == 0 or columns.shape[1] == 0:
        return np.full(len(gain), gain.mean())
    model: Any = make_pipeline(StandardScaler(), RidgeCV(PENALTIES * len(gain) / 100))
    fitted: Values = model.fit(columns, gain).predict(columns)
    return fitted


def _worth(gains: Values, unknowns: Values) -> float:
    known = np.column_stack([regressed(gain, unknowns) for gain in gains.T])
    return max(float(known.max(axis=1).mean() - known.mean(axis=0).max()), 0.0)


def _features(unknowns: Values) -> Values:
    """Return splines of each unknown, and products of two."""
    from sklearn.preprocessing import PolynomialFeatures, SplineTransformer

    varied = unknowns[:, unknowns.std(axis=0) > 0]
    smooth = [column for column in varied.T if len(np.unique(column)) >= FEW]
    parts = [varied]
    if smooth:
        splines = SplineTransformer(KNOTS, knots="quantile", include_bias=False)
        parts.append(splines.fit_transform(np.column_stack(smooth)))
    if varied.shape[1] > 1:
        products = PolynomialFeatures(2, interaction_only=True, include_bias=False).fit_transform(varied)
        parts.append(products[:, varied.shape[1] :])
    return np.column_stack(parts)
