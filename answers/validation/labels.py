"""Labels: nothing is lost or made on the way, and numbers that users and providers bear mean nothing."""

from typing import Any

import networkx as nx
import numpy as np

from agents.experience import DAYS_PER_MONTH
from answers.validation.hosts import two_hosts
from answers.validation.validate_measure import Finding
from model.market import Market
from model.scenario import Scenario

Arrays = dict[str, Any]


def busy_market() -> Scenario:
    """Return a market of all seven policies in which users also choose with noise."""
    return Scenario.preset("many-policies", **{"users.count": 2100, "days": 200, "users.choice_noise": 1.0})


def conserved(_: int) -> list[Finding]:
    """Count users, instances and dollars from the users' side, every day, in a market that has all seven policies."""
    market = Market(busy_market(), rng=4)
    price = np.array([provider.price for provider in market.providers])
    before, lost, torn, unpaid = market.fleets.users.copy(), 0, 0, 0.0
    for day in range(market.settings.days):
        market.step()
        users, record = market.users, market.record
        here = np.bincount(users.provider, minlength=len(price))
        instances = np.bincount(users.provider, weights=users.instances, minlength=len(price))
        joined, left = (record.column(name)[day] for name in ("joined", "left"))
        lost += int(here.sum() != 2100)
        torn += int((here != before + joined - left).sum() + (instances != market.fleets.size).sum())
        unpaid = max(unpaid, float(abs(instances * price / DAYS_PER_MONTH - record.column("revenue")[day]).max()))
        before = here
    costs = sum(record.column(name) for name in ("server_cost", "patch_cost", "breach_cost", "credit_cost"))
    balance = record.column("revenue") - costs - record.column("profit")
    return [
        Finding("moves, so that there is something to lose", 50, _moves(market), bound="at least"),
        Finding("days on which users are missing or too many", 0, lost),
        Finding("fleets that are not yesterday's and the movers", 0, torn),
        Finding("dollars paid and not earned, on the worst day", 0.0, unpaid),
        Finding("dollars that the books do not explain, on the worst day", 0.0, float(abs(balance).max())),
    ]


def providers_renumbered(_: int) -> list[Finding]:
    """List the providers the other way round."""
    tables = busy_market().tables()
    turned = tables | {"providers": tables["providers"][::-1]}
    first, second = Market(tables, rng=4).run(), Market(turned, rng=4).run()
    belief, other = first.users.belief, second.users.belief[:, ::-1]
    return [
        Finding("cells of the flow table that differ", 0, _differ(first.record.flow_matrix, _turned(second))),
        Finding("cells of the daily record that differ", 0, _differ(first.record.daily, second.record.daily[:, ::-1])),
        Finding("beliefs that differ", 0, int((~np.isclose(belief, other, rtol=0, atol=0, equal_nan=True)).sum())),
    ]


def users_renumbered(_: int) -> list[Finding]:
    """Shuffle the users' numbers, where the day itself draws nothing: all talk after an outage, and only then."""
    n = 500
    rng = np.random.default_rng(12)
    graph = nx.erdos_renyi_graph(n, 8 / n, seed=12)
    people = {
        "tolerance": rng.lognormal(1.5, 1, n),
        "downtime_value": rng.lognormal(-2, 0.5, n),
        "provider": rng.integers(0, 2, n),
    }
    order = rng.permutation(n)  # order[i]: the old number of new user i
    number = np.argsort(order)
    first = _certain(people | {"graph": graph})
    renumbered = nx.Graph()
    renumbered.add_nodes_from(range(n))
    renumbered.add_edges_from((int(number[a]), int(number[b])) for a, b in graph.edges())
    second = _certain({name: column[order] for name, column in people.items()} | {"graph": renumbered})
    close = np.isclose(first.users.belief[order], second.users.belief, rtol=1e-9, equal_nan=True)
    return [
        Finding("moves, so that there is something to see", 50, _moves(first), bound="at least"),
        Finding("cells of the flow table that differ", 0, _differ(first.record.flow_matrix, second.record.flow_matrix)),
        Finding("users elsewhere at the end", 0, _differ(first.users.provider[order], second.users.provider)),
        Finding("beliefs that differ", 0, int((~close).sum())),
    ]


def _certain(arrays: Arrays) -> Market:
    n = len(arrays["tolerance"])
    return two_hosts(
        {
            "users.count": n,
            "word_of_mouth.complaint": 1.0,
            "flaws.per_year": 25.0,
            "providers.0.policy.window_days": 1,
            "providers.1.policy": "defer",
        },
        arrays=arrays,
    ).run()


def _moves(market: Market) -> int:
    return int(market.record.flow_matrix.sum())


def _turned(market: Market) -> Any:
    return market.record.flow_matrix[::-1, ::-1]


def _differ(first: Any, second: Any) -> int:
    return int((first != second).sum())
