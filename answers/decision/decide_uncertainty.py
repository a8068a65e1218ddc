"""What it means for a decision that some things are not known: its odds, what matters, and what is worth measuring.

Draws of the unknowns have one pair of runs each. What a policy gains on average at given unknowns, whatever the seed,
is the regression of `answers.decision.worth`.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from answers.decision.decide_ask import Question
from answers.decision.decide_pairs import Pairs
from answers.decision.decide_run import DecisionRuns
from answers.decision.worth import Split, Values, Worth, of_a_survey, perfect, regressed, split
from answers.experiment import paired

LEAST_DRAWS = 50  # to regress gains on
LEAVERS = 100  # asked why they left
PRICES = 41  # of live patching, at which the policies are compared


class Measurement(NamedTuple):
    """What it is worth to know an unknown: at most `worth` dollars a year, for the whole fleet."""

    unknown: str
    worth: Worth
    variance: float  # share of the gain's that it explains alone
    measure: str  # how to get to know it


class PolicyOdds(NamedTuple):
    """One policy against all others, live patching at its planned price."""

    policy: str
    gain: float  # mean over what is not known, dollars a server and month, against the present policy
    best: float  # probability that it is the best on average


class Acceptability(NamedTuple):
    """The chance that a policy is best by the price of live patching, over what is not known."""

    prices: Values  # dollars a server and month
    policies: list[str]
    best: Values  # policies by prices
    pays: Values  # prices: that live patching beats the present policy


class Uncertainty(NamedTuple):
    """All that follows from what is not known."""

    learnt: list[str]  # unknowns from a posterior
    assumed: list[str]  # unknowns from the priors
    break_even: tuple[float, float]  # 95 % of the draws of the unknowns are between; dollars a server and month
    pays_on_average: float  # probability, over the unknowns, that it pays at the price planned, whatever the year
    split: Split
    perfect: Worth  # dollars a year, for the whole fleet
    measurements: list[Measurement]  # most worth first
    survey: Worth | None  # of asking `LEAVERS` leavers why; None where nobody leaves for good
    policies: list[PolicyOdds]  # best first
    acceptability: Acceptability


def uncertainty_of(question: Question, runs: DecisionRuns) -> Uncertainty | None:
    """Return what follows from what is not known; None without unknowns, or with too few draws."""
    pairs, price = runs.pairs[0], question.plan.price
    kept = replicates_of(question, runs)
    if not question.unknowns or len(kept) < LEAST_DRAWS:
        return None
    unknowns = ranks(runs.values[kept])
    gain = pairs.gain_at(price)
    a_year = 365 / question.scenario.days / (question.company.fleet_share if question.company else 1.0)
    gains = np.column_stack([np.zeros(len(gain)), gain])
    whole = perfect(gains, unknowns)
    parts = split(gain, unknowns)
    measurements = [
        Measurement(u.name, scaled(perfect(gains, unknowns[:, [k]]), a_year), float(parts.alone[k]), u.prior.measure)
        for k, u in enumerate(question.unknowns)
    ]
    months = regressed(pairs.server_months, unknowns)
    prices = price + regressed(gain, unknowns) / np.maximum(months, 1e-9)
    learnt = [u.name for u in question.unknowns if question.posterior is not None and u.name in question.posterior]
    return Uncertainty(
        learnt=learnt,
        assumed=[u.name for u in question.unknowns if u.name not in learnt],
        break_even=(float(np.quantile(prices, 0.025)), float(np.quantile(prices, 0.975))),
        pays_on_average=float((prices > price).mean()),
        split=parts,
        perfect=scaled(whole, a_year),
        measurements=sorted(measurements, key=lambda one: -one.worth.value),
        survey=survey_of(question, runs, gains, unknowns, a_year),
        policies=policies_of(question, runs, unknowns),
        acceptability=acceptability_of(question, runs, unknowns),
    )


def replicates_of(question: Question, runs: DecisionRuns) -> Any:
    """Return the draws whose runs were all done."""
    return paired(runs.table, f"p{question.provider}_profit").index.to_numpy()


def ranks(values: Values) -> Values:
    """Return each unknown's values as ranks from 0 to 1: regressions on them do not depend on its scale."""
    found: Values = stats.rankdata(values, axis=0) / (len(values) + 1)
    return found


def scaled(worth: Worth, by: float) -> Worth:
    """Return a worth in another unit."""
    return Worth(worth.value * by, worth.error * by)


def survey_of(question: Question, runs: DecisionRuns, gains: Values, unknowns: Values, a_year: float) -> Worth | None:
    """Return what asking leavers why is worth: whether they went for a rival, or for reasons of their own."""
    point = runs.plan[0]
    left, departed = (paired(runs.table, f"p{question.provider}_{name}")[point] for name in ("left", "departed"))
    kept = replicates_of(question, runs)
    leavers = (left + departed).reindex(kept).to_numpy(float)
    if not departed.sum() or not left.sum():
        return None
    shares = regressed(left.reindex(kept).to_numpy(float) / np.maximum(leavers, 1.0), unknowns)
    return scaled(of_a_survey(gains, shares, LEAVERS), a_year)


def by_policy(question: Question, runs: DecisionRuns, unknowns: Values) -> tuple[list[str], Values, Values]:
    """Return the policies, and the mean gain of each given the unknowns, draws by policies; live patching is second.

    The third value is the mean of the server-months of live patching given the unknowns.
    """
    present = question.scenario.providers[question.provider].policy.kind
    reference = "reboot" if present == "live-patch" else present
    others = [k for k, contrast in enumerate(question.contrasts) if contrast.kind == "policy"]
    names = [reference, "live-patch", *(question.contrasts[k].name for k in others)]
    plan = runs.pairs[0]
    gains = [plan.gain_at(question.plan.price), *(runs.pairs[k].gain for k in others)]
    known = np.column_stack([np.zeros(len(plan.gain)), *(regressed(gain, unknowns) for gain in gains)])
    return names, known, regressed(plan.server_months, unknowns)


def policies_of(question: Question, runs: DecisionRuns, unknowns: Values) -> list[PolicyOdds]:
    """Return each policy's mean gain and its chance to be the best."""
    names, known, _ = by_policy(question, runs, unknowns)
    best = np.bincount(known.argmax(axis=1), minlength=len(names)) / len(known)
    scale = runs.pairs[0].server_months.mean()
    odds = [PolicyOdds(name, float(known[:, k].mean() / scale), float(best[k])) for k, name in enumerate(names)]
    return sorted(odds, key=lambda one: -one.gain)


def acceptability_of(question: Question, runs: DecisionRuns, unknowns: Values) -> Acceptability:
    """Return the chance that each policy is best, by the price of live patching (van Hout et al. 1994)."""
    names, known, months = by_policy(question, runs, unknowns)
    plan: Pairs = runs.pairs[0]
    prices = np.linspace(0.0, 2 * max(plan.break_even, question.plan.price, 1.0), PRICES)
    best, pays = [], []
    for price in prices:
        gains = known.copy()
        gains[:, 1] += (question.plan.price - price) * months
        best.append(np.bincount(gains.argmax(axis=1), minlength=len(names)) / len(gains))
        pays.append(float((gains[:, 1] > 0).mean()))
    return Acceptability(prices, names, np.array(best).T, np.array(pays))
