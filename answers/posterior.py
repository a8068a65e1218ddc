"""A posterior from simulations alone: what unknowns are likely to be, given what was observed.

Simulations are drawn from the prior: unknowns, then summaries of what they gave. A forest learns on one part of them
how the unknowns depend on the summaries; the leaves that an observation falls into weigh that part's unknowns (quantile
regression forests, Meinshausen 2006; for posteriors Raynal et al. 2019). Such weights are as a rule too wide or too
narrow. So the other part, which the forest has not seen, tells how: the ranks of its true values among their own
weighted ones are uniform if the weights are right, and where they are not, the distribution of these ranks corrects
every later rank (distributional conformal prediction, Chernozhukov, Wuethrich and Zhu 2021).

An interval of each unknown therefore holds the truth as often as it says, over the prior and all that it can give,
whatever the forest is worth: a poor one gives wide intervals, not wrong ones. The promise is for each unknown by
itself. How they hang together in `Conditional.draws` is the forest's.

Unknowns are given on the unit scale, as the prior's distribution functions: there each is uniform before anything is
observed.

References
----------
Fearnhead, P., Prangle, D. (2012). Constructing summary statistics for approximate Bayesian computation. Journal of the
Royal Statistical Society B 74(3), 419-474.
Meinshausen, N. (2006). Quantile regression forests. Journal of Machine Learning Research 7, 983-999.
Raynal, L. et al. (2019). ABC random forests for Bayesian parameter inference. Bioinformatics 35(10), 1720-1728.
Chernozhukov, V., Wuethrich, K., Zhu, Y. (2021). Distributional conformal prediction. PNAS 118(48).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ScenarioError

TREES = 400
LEAF = 4  # simulations in a leaf, at least
FEATURES = 0.6  # of all, tried at a split
PENALTIES = np.logspace(0, 5, 11)  # of the regression, the best by generalised cross-validation
HELD_OUT = 0.25  # of the simulations, to correct ranks with
FEWEST = 40  # simulations held out: the outermost rank of a 95 % interval is then one of them
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Conditional:
    """What the unknowns are likely to be, given one observation.

    Attributes
    ----------
    places : array, simulations by unknowns
        The unknowns of the simulations, sorted for each.
    chances : array, simulations by unknowns
        The distribution function at these places, before correction.
    joint : array, simulations by unknowns
        The unknowns of the simulations, as they hang together.
    weights : array, simulations
        How much each of these counts.
    ranks : array, simulations held out by unknowns
        The ranks of true values, sorted: what corrects the distribution function.
    """

    places: Values
    chances: Values
    joint: Values
    weights: Values
    ranks: Values

    def cdf(self, unit: Any) -> Values:
        """Return the chance that each unknown is below a value; `unit` is an array, values by unknowns."""
        rows = np.atleast_2d(unit)
        return np.column_stack(
            [corrected(self.ranks[:, k], self._raw(k, rows[:, k])) for k in range(self.ranks.shape[1])]
        )

    def quantiles(self, levels: Sequence[float] | Values) -> Values:
        """Return the values below which each unknown is with given chances, an array of levels by unknowns."""
        return np.column_stack(
            [
                self._raw_inverse(k, uncorrected(self.ranks[:, k], np.asarray(levels, float)))
                for k in range(self.ranks.shape[1])
            ]
        )

    def interval(self, confidence: float) -> Values:
        """Return the central interval of each unknown, an array of two by unknowns."""
        return self.quantiles([(1 - confidence) / 2, (1 + confidence) / 2])

    def draws(self, number: int, rng: np.random.Generator) -> Values:
        """Return draws from the posterior, an array of draws by unknowns; each unknown has the corrected ranks."""
        chosen = rng.choice(len(self.weights), number, p=self.weights)
        columns = []
        for k in range(self.ranks.shape[1]):
            order = np.lexsort((rng.random(number), self.joint[chosen, k]))
            rank = np.empty(number)
            rank[order] = (np.arange(number) + rng.random(number)) / number  # uniform, in the order of the forest's
            columns.append(self._raw_inverse(k, uncorrected(self.ranks[:, k], rank)))
        return np.column_stack(columns)

    def _raw(self, k: int, unit: Values) -> Values:
        return np.interp(unit, self.places[:, k], self.chances[:, k])

    def _raw_inverse(self, k: int, chance: Values) -> Values:
        return np.interp(chance, self.chances[:, k], self.places[:, k])


class Posterior:
    """What simulations tell about unknowns, for any observation.

    Parameters
    ----------
    units
        Unknowns of each simulation on the unit scale, an array of simulations by unknowns.
    summaries
        What each gave, an array of simulations by summaries.
    seed
        Of the forest, and of which simulations are held out.

    Raises
    ------
    ScenarioError
        When there are too few simulations for intervals that keep their promise.
    """

    def __init__(self, units: Values, summaries: Values, seed: int = 0) -> None:
        number = len(units)
        held = int(HELD_OUT * number)
        if held < FEWEST:
            raise ScenarioError.of("simulations", number, f"must be at least {int(np.ceil(FEWEST / HELD_OUT))}")
        order = np.random.default_rng(seed).permutation(number)
        learning, holding = order[held:], order[:held]
        self.units = units[learning]
        self.learner = Learner(self.units, summaries[learning], seed)
        found = self.learner.weights(summaries[holding])
        self.ranks = np.sort(
            [
                [np.interp(u, places[:, k], chances[:, k]) for k, u in enumerate(row)]
                for (places, chances), row in zip(map(self._marginals, found), units[holding], strict=True)
            ],
            axis=0,
        )

    def given(self, summaries: Values) -> list[Conditional]:
        """Return what the unknowns are likely to be, given each of several observations' summaries."""
        return [
            Conditional(*self._marginals(weights), self.units, weights, self.ranks)
            for weights in self.learner.weights(summaries)
        ]

    def _marginals(self, weights: Values) -> tuple[Values, Values]:
        """Return each unknown's sorted values and its distribution function at them, from 0 at 0 to 1 at 1."""
        order = np.argsort(self.units, axis=0)
        places = np.take_along_axis(self.units, order, axis=0)
        sorted_weights = weights[order]
        chances = np.cumsum(sorted_weights, axis=0) - sorted_weights / 2
        ends = np.ones((1, places.shape[1]))
        return np.vstack([0 * ends, places, ends]), np.vstack([0 * ends, chances, ends])


class Learner:
    """A forest whose leaves weigh the simulations that it was grown on by how alike their summaries are.

    Beside the summaries the forest is given the unknowns as a quadratic regression on the summaries expects them: that
    gathers what many summaries tell together (Fearnhead and Prangle 2012).
    """

    def __init__(self, units: Values, summaries: Values, seed: int) -> None:
        from scipy.special import ndtri
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.linear_model import RidgeCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import PolynomialFeatures, StandardScaler

        self.regression: Any = make_pipeline(
            StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), RidgeCV(PENALTIES)
        )
        self.regression.fit(summaries, ndtri(np.clip(units, 1e-4, 1 - 1e-4)))
        self.forest = RandomForestRegressor(
            TREES, min_samples_leaf=LEAF, max_features=FEATURES, random_state=seed % 2**32
        )
        self.forest.fit(self._features(summaries), units)
        leaves = self._leaves(summaries)
        size = np.asarray(leaves.sum(axis=0)).ravel()
        self.shares = leaves.multiply(1 / np.maximum(size, 1)).tocsr().T  # of each simulation in its leaves

    def weights(self, summaries: Values) -> Values:
        """Return how much each simulation counts for each of several observations, observations by simulations."""
        found: Values = (self._leaves(summaries) @ self.shares).toarray() / TREES
        return found

    def _features(self, summaries: Values) -> Values:
        expected = self.regression.predict(summaries)
        return np.column_stack([summaries, expected.reshape(len(summaries), -1)])

    def _leaves(self, summaries: Values) -> Any:
        """Return which leaves each row falls into: a sparse matrix, rows by the leaves of all trees."""
        from scipy import sparse

        sizes = [tree.tree_.node_count for tree in self.forest.estimators_]
        first = np.concatenate([[0], np.cumsum(sizes)])
        leaves = (self.forest.apply(self._features(summaries)) + first[:-1]).ravel()
        rows = np.repeat(np.arange(len(summaries)), TREES)
        return sparse.csr_matrix((np.ones(len(rows)), (rows, leaves)), (len(summaries), first[-1]))


def corrected(ranks: Values, chance: Values) -> Values:
    """Return the chance of a rank among those of true values: below it, and half a place between two.

    >>> corrected(np.array([0.25, 0.5, 0.75]), np.array([0.0, 0.25, 0.5, 1.0])).tolist()
    [0.0, 0.25, 0.5, 1.0]
    """
    places = np.arange(len(ranks) + 2) / (len(ranks) + 1)
    return np.asarray(np.interp(chance, np.concatenate([[0.0], ranks, [1.0]]), places))


def uncorrected(ranks: Values, chance: Values) -> Values:
    """Return the rank that has a chance; the inverse of `corrected`."""
    places = np.arange(len(ranks) + 2) / (len(ranks) + 1)
    return np.asarray(np.interp(chance, places, np.concatenate([[0.0], ranks, [1.0]])))
