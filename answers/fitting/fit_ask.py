"""What `fit` asks: the market in which the operator's outages happen as they did, and what is not known about it."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.alternatives import provider_number
from answers.company import Company
from answers.fitting.fit_observed import Observed, observed_in
from answers.unknowns import Priors, Unknown, unknowns_of
from batch.identity import derived_seed
from model.errors import ScenarioError
from model.scenario import Scenario

if TYPE_CHECKING:
    from answers.fitting.fit_observed import Values

MOST_CUSTOMERS = 3_000  # simulated: of more, as many are drawn at random from the records
COUNTED = ("flaws.per_year",)  # told by how often flaws came, whatever customers do


@dataclass(frozen=True)
class Question:
    """What is to be simulated, and held against what was observed.

    Attributes
    ----------
    scenario
        The market at the values that the priors are around.
    provider
        The operator's number in it.
    observed
        The records, on the days of the market.
    customers, cancelled : array, periods
        The same, of as many customers as are simulated.
    unknowns
        What the cancellations may tell.
    counted
        What is told by counting: the rate of flaws; None where flaws have dates.
    fixed
        Settings that the records give, whatever the unknowns.
    priors
        The file that the unknowns are from.
    """

    scenario: Scenario
    provider: int
    observed: Observed
    customers: "Values"
    cancelled: "Values"
    unknowns: list[Unknown]
    counted: Unknown | None
    fixed: dict[str, Any]
    priors: Priors


def ask(
    scenario: Scenario,
    records: Any,
    provider: str | None = None,
    *,
    company: Company | None = None,
    priors: Priors | None = None,
    since: date | None = None,
    seed: int = 1,
) -> Question:
    """Return the market in which the operator's records are replayed.

    Parameters
    ----------
    scenario
        The market, of any size.
    records
        `model.records.Records`.
    provider
        The operator's name in it; None: the first that does not patch live.
    company
        The operator's own numbers, if the market was made from them.
    priors
        What is not known; None: as in the file that comes with the project.
    since, seed
        As of `fit`.

    Raises
    ------
    ScenarioError
        When the records, or their market, cannot be used.
    """
    number = provider_number(scenario, provider)
    operator, share = scenario.providers[number], scenario.shares[number]
    own = round(share * scenario.users.count)
    fleet = -(-own // operator.server_capacity)
    if company is not None:
        own, fleet = company.servers * company.users_per_server, company.servers
    priors = priors or Priors.load()
    minutes = getattr(operator.policy, "outage_minutes", 0.0)
    observed = observed_in(records, fleet, minutes, own, since)
    begin = int(observed.customers[0])
    simulated = min(begin, MOST_CUSTOMERS)
    users = round(simulated / share)
    arrivals = scenario.open_market.arrivals_per_day * users / scenario.users.count
    fixed: dict[str, Any] = {}
    rng = np.random.default_rng(derived_seed(seed, "servers"))
    if observed.signed_up is not None and scenario.open_market.arrivals_per_day:
        arrivals = observed.signed_up * simulated / begin / share
        fixed["open_market.arrivals_per_day"] = arrivals
    market = scenario.replace(
        **{
            "days": observed.days,
            "users.count": users,
            "open_market.arrivals_per_day": arrivals,
            "flaws": {"source": "poisson", "per_year": 0.0},  # what flaws led to is replayed
            "events": [
                {
                    "day": outage.day,
                    "outage": {
                        "provider": operator.name,
                        "servers": _down(outage.share, fleet, rng),
                        "minutes": min(outage.minutes, 1440.0),
                        "cause": outage.cause,
                    },
                }
                for outage in observed.outages
            ],
            f"providers.{number}.server_capacity": -(-simulated // min(fleet, simulated)),
        }
    )
    unknowns = unknowns_of(market, priors)
    counted = [unknown for unknown in unknowns_of(scenario, priors) if unknown.prior.paths[0] in COUNTED]
    if not unknowns:
        raise ScenarioError("priors: none is about a setting that this scenario has")
    customers, cancelled = _sampled(observed, simulated, seed)
    return Question(
        market, number, observed, customers, cancelled, unknowns, counted[0] if counted else None, fixed, priors
    )


def _down(share: float, fleet: int, rng: np.random.Generator) -> float | list[int]:
    """Return the servers of an outage: all, or as many as were down, drawn at random as records do not tell which."""
    if share >= 1:
        return 1.0
    return sorted(rng.choice(fleet, max(round(share * fleet), 1), replace=False).tolist())


def _sampled(observed: Observed, simulated: int, seed: int) -> "tuple[Values, Values]":
    """Return the records of as many customers as are simulated, drawn at random."""
    begin = int(observed.customers[0])
    customers = np.where(np.isnan(observed.customers), begin, observed.customers)
    if simulated == begin:
        return customers, observed.cancelled
    rng = np.random.default_rng(seed)
    kept = np.round(customers * simulated / begin)
    gone = observed.cancelled.astype(np.int64)
    stayed = np.maximum(customers.astype(np.int64) - gone, 0)
    total = gone + stayed
    drawn = rng.hypergeometric(gone, stayed, np.minimum(kept.astype(np.int64), total))
    return kept, drawn.astype(float)
