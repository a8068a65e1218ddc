"""Sensitivity indices of a finished study's outcome, by SALib.

With Saltelli's design: Sobol's first-order index S1 is the share of the outcome's variance that goes when the factor
becomes known, the total index ST the share that stays when all others are known, and the second-order index S2 what a
pair does beyond its two first-order parts. With Morris's: `mu_star` is the mean size of the effect of a factor, from
one end of its range to the other; `mu` the same with its sign; `sigma` how much it differs from place to place.

Given a policy, what is uncertain is analysed by itself: a row of Saltelli's matrices and its crossing in an uncertain
factor have the same policy, so the rows under one policy give the total indices there (Jansen's estimator, as above).
First-order indices would need both matrices to have the same policy, which few rows do.

References
----------
Sobol, I. M. (2001). Global sensitivity indices for nonlinear mathematical models and their Monte Carlo estimates.
Mathematics and Computers in Simulation 55, 271-280.
Saltelli, A., et al. (2010). Variance based sensitivity analysis of model output. Computer Physics Communications 181,
259-270.
Campolongo, F., Cariboni, J., Saltelli, A. (2007). An effective screening design for sensitivity analysis of large
models. Environmental Modelling & Software 22, 1509-1518.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.blocks import LEAST_BLOCKS, Blocks, Floats, blocks_of
from batch.design import Morris, Saltelli
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults
    from batch.study import Study

COLUMNS = ("policy", "factor", "other", "role", "index", "value", "low", "high")
SEED = 1  # of the bootstrap: the same folder gives the same intervals
RESAMPLES = 1_000
MOST_DRAWN = 4_000_000  # values that a bootstrap holds at once
MOST_POLICIES = 20  # assumed: of more, each is too rare to be looked at alone
Row = dict[str, Any]


def indices(results: "StudyResults", outcome: str) -> "pd.DataFrame":
    """Return the sensitivity indices of an outcome of a finished study.

    Parameters
    ----------
    results
        A study of design `saltelli` or `morris`.
    outcome
        A numeric column of the runs.

    Returns
    -------
    DataFrame
        A row an index: policy (empty: over all policies), factor, other (the second of a pair), role of the factor,
        index (S1, ST, S2; mu_star, mu, sigma; mean, sd: of the outcome under that policy), value, and a 95 % interval
        from low to high, nan where there is none.

    Raises
    ------
    ScenarioError
        For another design, an unknown or constant outcome, or too few whole blocks.
    """
    return indices_of(results.study, analysable(results, outcome))


def analysable(results: "StudyResults", outcome: str) -> Blocks:
    """Return the blocks of a study; refuse another design, or an outcome that is constant."""
    if not isinstance(results.study.design, Saltelli | Morris):
        kind = results.study.design.kind
        raise ScenarioError.of(f"{results.folder}: design.kind", kind, "must be saltelli or morris")
    blocks = blocks_of(results, outcome)
    if np.ptp(blocks.means) == 0:
        value = f"{blocks.means.flat[0]:g}"
        raise ScenarioError.of("--outcome", outcome, f"must differ between points; it is {value} at all of them")
    return blocks


def indices_of(study: "Study", blocks: Blocks) -> "pd.DataFrame":
    """Return the indices of blocks, as `indices` does."""
    import pandas as pd

    names, design = study.problem["names"], study.design
    rows = morris_rows(study, design, blocks) if isinstance(design, Morris) else sobol_rows(study, blocks.means)
    levels = policy_levels(study)
    for level in dict.fromkeys(levels.tolist()):
        under = (levels == level).reshape(len(blocks.kept), -1)[blocks.kept]
        if not level or not under.any():
            continue
        rows += spread_rows(level, blocks.means[under])
        if isinstance(design, Saltelli):
            rows += policy_rows(study, blocks.means, under, level)
    roles = {name: factor.role or "" for name, factor in zip(names, study.factors, strict=True)}
    table = pd.DataFrame([row | {"role": roles.get(row["factor"], "")} for row in rows])
    return table.reindex(columns=COLUMNS)


def sobol_rows(study: "Study", means: Floats) -> list[Row]:
    """Return Sobol's indices of whole blocks, with bootstrap intervals."""
    from SALib.analyze import sobol

    names, second = study.problem["names"], getattr(study.design, "second_order", False)
    resamples = max(100, min(RESAMPLES, MOST_DRAWN // len(means)))
    found = sobol.analyze(study.problem, means.ravel(), calc_second_order=second, num_resamples=resamples, seed=SEED)
    rows = []
    for index in ("S1", "ST"):
        rows += [row_of(name, index, found[index][i], found[f"{index}_conf"][i]) for i, name in enumerate(names)]
    if second:
        for i, name in enumerate(names):
            for j in range(i + 1, len(names)):
                pair = row_of(name, "S2", found["S2"][i, j], found["S2_conf"][i, j])
                rows.append(pair | {"other": names[j]})
    return rows


def morris_rows(study: "Study", design: Morris, blocks: Blocks) -> list[Row]:
    """Return the elementary effects of whole walks, with bootstrap intervals."""
    from SALib.analyze import morris

    names = study.problem["names"]
    samples = study.units.reshape(len(blocks.kept), -1, len(names))[blocks.kept]
    found = morris.analyze(
        study.problem,
        samples.reshape(-1, len(names)),
        blocks.means.ravel(),
        num_levels=design.num_levels,
        num_resamples=RESAMPLES,
        seed=SEED,
    )
    rows = [row_of(n, "mu_star", found["mu_star"][i], found["mu_star_conf"][i]) for i, n in enumerate(names)]
    for row in rows:
        row["low"] = max(row["low"], 0.0)
    return rows + [
        row_of(n, index, found[index][i], math.nan) for index in ("mu", "sigma") for i, n in enumerate(names)
    ]


def policy_levels(study: "Study") -> Any:
    """Return the name of the policy at each point: the levels of all policy factors; empty where there are none.

    A policy factor that is a range has no levels to speak of.
    """
    axes = [axis for axis in study.axes if axis.factor.role == "policy"]
    columns = [column for axis in axes for column in axis.columns]
    if any(axis.ranged for axis in axes) or math.prod(len(axis.levels) for axis in axes) > MOST_POLICIES:
        columns = []
    return np.array([", ".join(str(point.labels[name]) for name in columns) for point in study.points], dtype=object)


def policy_rows(study: "Study", means: Floats, under: Any, policy: str) -> list[Row]:
    """Return the total indices of what is uncertain under one policy, with bootstrap intervals.

    Parameters
    ----------
    study, means
        The study and its means, blocks by points.
    under
        Which of the points are under the policy.
    policy
        Its name.
    """
    names = study.problem["names"]
    uncertain = [i for i, factor in enumerate(study.factors) if factor.role != "policy"]
    means = means - means.mean()
    square, number = np.zeros((len(means), len(uncertain))), np.zeros(len(means))  # of each block
    for base, crossed in ((0, 1), (-1, 1 + len(names)))[: 2 if getattr(study.design, "second_order", False) else 1]:
        there = under[:, base]
        crossing = means[:, [crossed + i for i in uncertain]]
        square += there[:, None] * (means[:, [base]] - crossing) ** 2 / 2
        number += there
    ends, there = means[:, [0, -1]], under[:, [0, -1]]  # independent draws: the rows of the two matrices
    moments = np.array([(there * ends**k).sum(axis=1) for k in range(3)]).T
    if np.count_nonzero(number) < LEAST_BLOCKS or np.ptp(ends[there]) == 0:
        return []

    def totals(weights: Any) -> Any:
        size, total, squares = (weights @ moments).T
        variance = squares / size - (total / size) ** 2
        return (weights @ square) / ((weights @ number) * variance)[..., None]

    drawn = np.random.default_rng(SEED).multinomial(len(means), np.full(len(means), 1 / len(means)), size=RESAMPLES)
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw without any row, or variance
        spread = np.nanpercentile(totals(drawn), (2.5, 97.5), axis=0)
    values = totals(np.ones((1, len(means))))[0]
    ends_of = zip(uncertain, values, *spread, strict=True)
    return [row_of(names[i], "ST", v, 0) | {"policy": policy, "low": lo, "high": hi} for i, v, lo, hi in ends_of]


def spread_rows(level: str, means: Floats) -> list[Row]:
    """Return the mean and standard deviation of an outcome under one policy, over all that is uncertain."""
    values = {"mean": float(means.mean()), "sd": float(means.std())}
    return [row_of("", index, value, math.nan) | {"policy": level} for index, value in values.items()]


def row_of(factor: str, index: str, value: float, half: float) -> Row:
    """Return a row of the table."""
    low, high = float(value) - float(half), float(value) + float(half)
    return {
        "policy": "",
        "factor": factor,
        "other": "",
        "index": index,
        "value": float(value),
        "low": low,
        "high": high,
    }


def noise_floor(study: "Study", blocks: Blocks) -> float:
    """Return the total index, or `mu_star`, that a factor without any effect has at most, from noise alone.

    Noise of variance v in a point's mean adds v / V to every total index, V the variance of means, and to a mean
    absolute elementary effect 2 sqrt(v / pi) / step. Common random numbers can only make it less.
    """
    if isinstance(study.design, Morris):
        levels = study.design.num_levels
        return 2 * math.sqrt(blocks.noise / math.pi) / (levels / (2 * (levels - 1)))
    return blocks.noise / float(blocks.means.var())
