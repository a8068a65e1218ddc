"""What `fit` measures: how far the records narrow each unknown, and whether the model can produce such records."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from answers.fitting.fit_ask import Question
from answers.fitting.fit_observed import Values
from answers.posterior import Conditional, Posterior
from answers.summaries import names, summaries
from answers.unknowns import Unknown
from model.errors import ScenarioError

DRAWS = 1_000
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
WIDE = 0.8  # confidence of the interval whose width tells how far an unknown is narrowed
MARGIN = 0.05  # of the range of a summary, by which records may be beyond all simulations
FAR = 3.5  # standard deviations: a summary further away is not reproduced; about 1 in 2,000 of a normal one
GRID = np.linspace(0.0005, 0.9995, 1000)  # of the unit scale


class Learnt(NamedTuple):
    """One unknown: quantiles at `LEVELS`, in its unit."""

    name: str
    unit: str
    grade: str
    source: str
    measure: str
    log: bool
    prior: Values
    posterior: Values
    narrowed: float  # by how much narrower the 80 % interval is than the prior's, on the unit scale


class Bands(NamedTuple):
    """The 2.5, 10, 50, 90 and 97.5 % quantiles of simulations, arrays of five by periods."""

    prior: Values
    posterior: Values


class Surprise(NamedTuple):
    """A summary that the fitted model does not reproduce."""

    name: str
    observed: float
    low: float  # 95 % of the posterior's simulations are between
    high: float


@dataclass(frozen=True)
class Fit:
    """All that the records tell."""

    scenario: str
    provider: str
    start: date
    edges: NDArray[np.int64]
    cancelled: Values  # of the customers that are simulated
    cancellations: Bands
    staying: Values  # share of the first day's customers, product limit; with the bands of it
    survival: Bands
    outages: list[tuple[int, float]]  # day, minutes of a customer
    simulated: int  # customers
    customers: int
    simulations: int
    learnt: list[Learnt]
    draws: Values  # values, draws by unknowns
    prior_draws: Values
    predicted: tuple[Values, Values]  # cancellations, simulations from prior and posterior by periods
    surprises: list[Surprise]
    notes: list[str]


def learn(question: Question, units: Values, customers: Values, cancelled: Values, seed: int) -> Conditional:
    """Return what the cancellations tell of the unknowns.

    Raises
    ------
    ScenarioError
        When the model cannot produce such records: a line for each summary that no simulation comes near.
    """
    edges, minutes = question.observed.edges, question.observed.minutes
    simulated = summaries(edges, minutes, customers, cancelled)
    observed = summaries(edges, minutes, question.customers[None], question.cancelled[None])
    check_possible(observed[0], simulated)
    (found,) = Posterior(units, simulated, seed).given(observed)
    return found


def check_possible(observed: Values, simulated: Values) -> None:
    """Refuse records unlike all simulations: by a single summary, or by all of them together."""
    low, high = simulated.min(axis=0), simulated.max(axis=0)
    room = MARGIN * (high - low)
    lines = [
        f"RECORDS, {name}: {seen:.4g}, where {len(simulated):,} simulations gave {least:.4g} to {most:.4g}"
        for name, seen, least, most, more in zip(names(), observed, low, high, room, strict=True)
        if not least - more <= seen <= most + more
    ]
    if not lines and distance(observed[None], simulated)[0] > distance(simulated, simulated).max():
        lines = ["RECORDS: each of their summaries is like some simulation's, but no simulation has them all together"]
    if lines:
        lines.append("The model cannot produce these records with these priors, so nothing is fitted to them")
        raise ScenarioError("\n".join(lines))


def distance(rows: Values, simulated: Values) -> Values:
    """Return how far rows are from the tenth nearest simulation, in standard deviations of the summaries."""
    from sklearn.neighbors import NearestNeighbors

    scale = np.maximum(simulated.std(axis=0), 1e-12)
    near, _ = NearestNeighbors(n_neighbors=10).fit(simulated / scale).kneighbors(rows / scale)
    return np.asarray(near[:, -1], float)


def posterior_draws(question: Question, found: Conditional, seed: int) -> Values:
    """Return draws from the posterior on the unit scale; flaws, which are counted, are the last column."""
    rng = np.random.default_rng(seed)
    draws = found.draws(DRAWS, rng)
    if question.counted is None:
        return draws
    chance = np.cumsum(flaw_weights(question))
    return np.column_stack([draws, np.interp(rng.random(DRAWS), chance, GRID)])


def flaw_weights(question: Question) -> Values:
    """Return the posterior of the rate of flaws on `GRID`: Poisson, as flaws come whatever customers do."""
    assert question.counted is not None
    rates = np.array([question.counted.value(u) for u in GRID]) * question.observed.days / 365
    log = question.observed.flaws * np.log(rates) - rates
    weights = np.exp(log - log.max())
    return np.asarray(weights / weights.sum())


def measure(
    question: Question,
    found: Conditional,
    draws: Values,
    before: tuple[Values, Values, Values],
    after: tuple[Values, Values, Values],
    seed: int,
) -> Fit:
    """Return the fit.

    Parameters
    ----------
    question, found
        What was asked, and the posterior.
    draws
        From it, on the unit scale, as `posterior_draws` gives them.
    before, after
        Simulations from the prior and from the posterior, as `fit_run.run` gives them.
    """
    unknowns = [*question.unknowns, *([question.counted] if question.counted else [])]
    learnt = [told(unknown, found.quantiles(LEVELS)[:, k], found, k) for k, unknown in enumerate(question.unknowns)]
    if question.counted:
        learnt.append(counted(question, question.counted))
    observed = question.observed
    rng = np.random.default_rng(seed)
    return Fit(
        scenario=question.scenario.name,
        provider=question.scenario.providers[question.provider].name,
        start=observed.start,
        edges=observed.edges,
        cancelled=question.cancelled,
        cancellations=bands(before[2], after[2]),
        staying=product_limit(question.customers[None], question.cancelled[None])[0],
        survival=bands(product_limit(*before[1:]), product_limit(*after[1:])),
        outages=[(outage.day, outage.minutes * outage.share) for outage in observed.outages],
        simulated=int(question.customers[0]),
        customers=int(observed.customers[0]),
        simulations=len(before[0]),
        learnt=learnt,
        draws=values_of(unknowns, draws),
        prior_draws=values_of(unknowns, rng.random(draws.shape)),
        predicted=(before[2], after[2]),
        surprises=surprises(question, after),
        notes=observed.notes,
    )


def told(unknown: Unknown, quantiles: Values, found: Conditional, k: int) -> Learnt:
    """Return what the cancellations tell of one unknown."""
    low, high = found.interval(WIDE)[:, k]
    return _learnt(unknown, quantiles, 1 - (high - low) / WIDE)


def counted(question: Question, unknown: Unknown) -> Learnt:
    """Return what the number of flaws tells of their rate."""
    chance = np.cumsum(flaw_weights(question))
    quantiles = np.interp(LEVELS, chance, GRID)
    low, high = np.interp([(1 - WIDE) / 2, (1 + WIDE) / 2], chance, GRID)
    return _learnt(unknown, quantiles, 1 - (high - low) / WIDE)


def _learnt(unknown: Unknown, units: Values, narrowed: float) -> Learnt:
    prior, posterior = (np.array([unknown.value(u) for u in places]) for places in (LEVELS, units))
    given = unknown.prior
    return Learnt(
        unknown.name, given.unit, given.grade, given.source, given.measure, unknown.log, prior, posterior,
        max(float(narrowed), 0.0),
    )  # fmt: skip


def values_of(unknowns: list[Unknown], units: Values) -> Values:
    """Return draws in the units of the unknowns."""
    return np.column_stack([[u.value(x) for x in units[:, k]] for k, u in enumerate(unknowns)])


def bands(before: Values, after: Values) -> Bands:
    """Return the quantiles of simulations."""
    levels = [0.025, 0.1, 0.5, 0.9, 0.975]
    return Bands(np.quantile(before, levels, axis=0), np.quantile(after, levels, axis=0))


def product_limit(customers: Values, cancelled: Values) -> Values:
    """Return the share of the first day's customers who are still there after each period (Kaplan and Meier 1958).

    Who comes later is at risk from then on, and who stays is censored at the end.
    """
    return np.asarray(np.cumprod(1 - cancelled / np.maximum(customers, 1.0), axis=1), float)


def surprises(question: Question, after: tuple[Values, Values, Values]) -> list[Surprise]:
    """Return the summaries that no simulation from the posterior comes near."""
    edges, minutes = question.observed.edges, question.observed.minutes
    simulated = summaries(edges, minutes, *after[1:])
    (observed,) = summaries(edges, minutes, question.customers[None], question.cancelled[None])
    found = []
    for name, seen, values in zip(names(), observed, simulated.T, strict=True):
        beyond = min((values <= seen).mean(), (values >= seen).mean())
        spread = max(float(values.std()), 1e-12)
        if beyond == 0 and abs(seen - values.mean()) > FAR * spread:
            low, high = np.quantile(values, [0.025, 0.975])
            found.append(Surprise(name, float(seen), float(low), float(high)))
    return found
