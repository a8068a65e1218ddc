"""Boxes of the factors in which a condition mostly holds: scenario discovery by classification trees.

A tree (CART: Breiman, Friedman, Olshen and Stone 1984; scikit-learn's) is grown on the points, pruned by
cross-validation, and its leaves in which the condition holds more often than everywhere are the boxes. Bryant and
Lempert (2010, Thinking inside the box) measure a box by its coverage, the share of all cases that it holds, and its
density, the share of its runs that are cases; Lempert, Bryant and Bankes (2008) compare CART and PRIM for it.

That noise is not taken for a discovery is seen to by permutation: the outcomes of the points are shuffled (whole blocks
of them, where a design has blocks), a tree is grown as before, and the best of all its nodes noted. A box counts if few
such trees hold anything as good, whichever box it is (the maximum over all boxes: Westfall and Young 1993).
"""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
DEPTH = 4  # conditions of a box, at most: more are not understood (Bryant and Lempert 2010)
SMALLEST = 0.05  # share of the points in a box, at least (their peeling takes as much)
FEWEST = 3  # points in a box, at least
FOLDS = 5
SHUFFLES = 199
LEVEL = 0.05  # of the test
SEED = 1


class Limit(NamedTuple):
    """What a box asks of one factor: a range (low, high], or some of the levels of a list."""

    factor: str
    low: float = -math.inf
    high: float = math.inf
    levels: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it as a rule.

        >>> str(Limit("a", high=2.5)), str(Limit("a", 1.0, 2.0)), str(Limit("b", levels=("x", "y")))
        ('a <= 2.5', '1 < a <= 2', 'b = x or y')
        """
        if self.levels:
            return f"{self.factor} = {' or '.join(self.levels)}"
        if self.low == -math.inf:
            return f"{self.factor} <= {self.high:.4g}"
        if self.high == math.inf:
            return f"{self.factor} > {self.low:.4g}"
        return f"{self.low:.4g} < {self.factor} <= {self.high:.4g}"


class Box(NamedTuple):
    """A part of the space of factors."""

    limits: tuple[Limit, ...]
    inside: NDArray[np.bool_]  # which points
    coverage: float  # share of all cases that are in it
    density: float  # share of its runs that are cases
    mass: float  # share of all runs that are in it
    p_value: float

    @property
    def rule(self) -> str:
        """The box in words."""
        return " and ".join(str(limit) for limit in self.limits)


class Found(NamedTuple):
    """What was found."""

    boxes: list[Box]
    union: NDArray[np.bool_]  # which points are in any
    held_out: tuple[float, float]  # coverage and density of rules found without the points they are judged by


class Points(NamedTuple):
    """The points of a study, each with its runs."""

    factors: "pd.DataFrame"  # a column a factor: numbers, or texts
    share: Floats  # of its runs in which the condition holds
    runs: Floats  # their number
    blocks: NDArray[np.int64]  # points of a number are alike in all but a factor or two
    places: NDArray[np.int64]  # each point's place in its block


class Feature(NamedTuple):
    """A column that a tree splits: a factor, or whether a factor has a level."""

    factor: str
    level: str | None


def boxes_of(points: Points) -> Found:
    """Return the boxes, those with most cases first."""
    features, values = encoded(points.factors)
    rng = np.random.default_rng(SEED)
    null = [best_of_noise(values, points, shuffled(points, rng)) for _ in range(SHUFFLES)]
    exceeded = sorted(null)[-int(LEVEL * (SHUFFLES + 1))]  # by what passes the test
    strength, held_out = pruning(values, points, exceeded)
    tree = grown(values, points.share, points.runs, strength).tree_
    boxes = []
    for inside, path in leaves(tree, values):
        limits = limits_of(path, features, points.factors)
        box = judged(points, inside, limits, np.array(null))
        if path and box.density > density_of(points, np.ones(len(values), bool)) and box.p_value <= LEVEL:
            boxes.append(box)
    union = np.any([box.inside for box in boxes], axis=0) if boxes else np.zeros(len(values), bool)
    return Found(sorted(boxes, key=lambda box: -box.coverage), union, held_out if boxes else (math.nan, math.nan))


def encoded(factors: "pd.DataFrame") -> tuple[list[Feature], Floats]:
    """Return factors as numbers: one column for each that is a number, one for each level of the others."""
    features, columns = [], []
    for name in factors.columns:
        if factors[name].dtype.kind in "iuf":
            features.append(Feature(name, None))
            columns.append(factors[name].to_numpy(float))
        else:
            for level in dict.fromkeys(factors[name]):
                features.append(Feature(name, level))
                columns.append((factors[name] == level).to_numpy(float))
    return features, np.array(columns).T


def grown(values: Floats, share: Floats, runs: Floats, strength: float = 0.0) -> Any:
    """Return a tree. Least squares on shares, weighted by runs, splits as Gini's index does on the runs themselves."""
    from sklearn.tree import DecisionTreeRegressor

    least = max(FEWEST, math.ceil(SMALLEST * len(values)))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, ccp_alpha=strength, random_state=SEED)
    return tree.fit(values, share, sample_weight=runs)


def pruning(values: Floats, points: Points, exceeded: float) -> tuple[float, tuple[float, float]]:
    """Choose how much a tree is pruned, by cross-validation; blocks stay together.

    The strength is the largest whose error exceeds the least by no more than a standard error of the difference
    (the one-standard-error rule of Breiman et al.).

    Parameters
    ----------
    values, points
        The factors as numbers; the points.
    exceeded
        What the goodness of a leaf must exceed to be called a box.

    Returns
    -------
    strength
        Of cost-complexity pruning.
    held_out
        Coverage and density of all that trees so pruned call boxes, on points that they have not seen.
    """
    from sklearn.model_selection import GroupKFold

    strengths = grown(values, points.share, points.runs).cost_complexity_pruning_path(
        values, points.share, sample_weight=points.runs
    )["ccp_alphas"]
    strengths = np.sqrt(strengths * np.append(strengths[1:], strengths[-1] * 4 + 1e-12))  # between the steps
    predicted = np.empty((len(strengths), len(values)))
    called = np.empty((len(strengths), len(values)), bool)
    folds = GroupKFold(min(FOLDS, len(np.unique(points.blocks))), shuffle=True, random_state=SEED)
    for learn, judge in folds.split(values, groups=points.blocks):
        share, runs = points.share[learn], points.runs[learn]
        for number, strength in enumerate(strengths):
            tree = grown(values[learn], share, runs, strength)
            predicted[number, judge] = tree.predict(values[judge])
            leaf = tree.apply(values[learn])
            good = [name for name in np.unique(leaf) if goodness(share, runs, leaf == name) > exceeded]
            called[number, judge] = np.isin(tree.apply(values[judge]), good)
    errors = points.runs * (predicted - points.share) ** 2
    by_block = np.array([np.bincount(points.blocks, row) for row in errors])
    worse = by_block - by_block[by_block.sum(axis=1).argmin()]
    limit = worse.std(axis=1, ddof=1) * math.sqrt(worse.shape[1])
    chosen = int(np.flatnonzero(worse.sum(axis=1) <= limit).max())
    inside = called[chosen]
    return float(strengths[chosen]), (coverage_of(points, inside), density_of(points, inside))


def shuffled(points: Points, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return, for each point, the one whose outcome it is lent: of the same place in another block.

    Points of a block are alike, and so may their luck be, with common random numbers: they are lent luck together.
    -1 where the other block lost that point.
    """
    there = np.full((points.blocks.max() + 1, points.places.max() + 1), -1)
    there[points.blocks, points.places] = np.arange(len(points.share))
    return np.asarray(there[rng.permutation(len(there))[points.blocks], points.places])


def best_of_noise(values: Floats, points: Points, lender: NDArray[np.int64]) -> float:
    """Return how good the best node of a tree is when the points' outcomes are shuffled."""
    lent = lender >= 0
    if not lent.any():
        return -math.inf
    share, runs, values = points.share[lender[lent]], points.runs[lender[lent]], values[lent]
    paths = grown(values, share, runs).tree_.decision_path(values.astype(np.float32)).toarray().astype(bool)
    return max((goodness(share, runs, inside) for inside in paths.T[1:]), default=-math.inf)


def goodness(share: Floats, runs: Floats, inside: NDArray[np.bool_]) -> float:
    """Return by how many standard errors, as if drawn at random, the share inside is above that of all."""
    mean = np.average(share, weights=runs)
    variance = np.average((share - mean) ** 2, weights=runs)
    weight = runs[inside].sum()
    error = math.sqrt(variance * max(runs.mean() / weight - 1 / len(runs), 0.0))
    return float((np.average(share[inside], weights=runs[inside]) - mean) / error) if error else -math.inf


def judged(points: Points, inside: NDArray[np.bool_], limits: tuple[Limit, ...], null: Floats) -> Box:
    """Measure a box."""
    good = goodness(points.share, points.runs, inside)
    p_value = (1 + np.count_nonzero(null >= good - 1e-9)) / (1 + len(null))
    mass = float(points.runs[inside].sum() / points.runs.sum())
    return Box(limits, inside, coverage_of(points, inside), density_of(points, inside), mass, p_value)


def coverage_of(points: Points, inside: NDArray[np.bool_]) -> float:
    """Return the share of all cases that are inside."""
    cases = points.share * points.runs
    return float(cases[inside].sum() / cases.sum())


def density_of(points: Points, inside: NDArray[np.bool_]) -> float:
    """Return the share of the runs inside that are cases; nan where there are none."""
    runs = points.runs[inside].sum()
    return float((points.share * points.runs)[inside].sum() / runs) if runs else math.nan


def leaves(tree: Any, values: Floats) -> Iterator[tuple[NDArray[np.bool_], list[tuple[int, float, bool]]]]:
    """Give the leaves of a tree: the points in each, and its path: feature, threshold, whether above it."""
    waiting: list[tuple[int, NDArray[np.bool_], list[tuple[int, float, bool]]]] = [(0, np.ones(len(values), bool), [])]
    while waiting:
        node, inside, path = waiting.pop()
        if tree.children_left[node] < 0:
            yield inside, path
            continue
        feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
        above = values[:, feature].astype(np.float32) > threshold  # trees compare in single precision
        waiting.append((int(tree.children_left[node]), inside & ~above, [*path, (feature, threshold, False)]))
        waiting.append((int(tree.children_right[node]), inside & above, [*path, (feature, threshold, True)]))


def limits_of(
    path: Sequence[tuple[int, float, bool]], features: Sequence[Feature], factors: "pd.DataFrame"
) -> tuple[Limit, ...]:
    """Return what a path through a tree asks of each factor."""
    limits: dict[str, Limit] = {}
    for number, threshold, above in path:
        name, level = features[number]
        if level is None:
            now = limits.get(name, Limit(name))
            limits[name] = (
                now._replace(low=max(now.low, threshold)) if above else now._replace(high=min(now.high, threshold))
            )
        else:
            now = limits.get(name, Limit(name, levels=tuple(dict.fromkeys(factors[name]))))
            left = (level,) if above else tuple(other for other in now.levels if other != level)
            limits[name] = now._replace(levels=left)
    return tuple(limits.values())
