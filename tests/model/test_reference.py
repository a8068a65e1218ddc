# The market against the same model written plainly in Mesa objects: user by user where nothing is left to
# chance, and by distribution where the two draw their own random numbers.
from functools import cache

import numpy as np
import pytest

from benchmarks.mesa_objects import PlainMarket
from model.market import Market
from model.scenario import Scenario

REPLICATES = 24
STANDARD_ERRORS = 4

SMALL = {
    "users.count": 300,
    # Small servers, so that outages come one server at a time and runs differ less than in a fleet of one.
    "providers.0.server_capacity": 20,
    "providers.1.server_capacity": 20,
}

# Three hosts with outages of their own, so that word spreads about all of them, and people come back. Their
# claims differ, so that no tie is left to chance.
RIVALS = [
    {
        "name": "Slow & Co",
        "share": 0.4,
        "server_capacity": 7,
        "claimed_downtime": 2.0,
        "policy": {"kind": "reboot", "outage_minutes": 30.0, "notice_days": 3, "window_days": 5},
    },
    {
        "name": "Quarterly & Co",
        "share": 0.4,
        "server_capacity": 11,
        "claimed_downtime": 0.5,
        "policy": {
            "kind": "defer",
            "outage_minutes": 45.0,
            "interval_days": 50,
            "window_days": 9,
        },
    },
    {
        "name": "Patch & Co",
        "share": 0.2,
        "server_capacity": 13,
        "claimed_downtime": 1.0,
        "policy": {"kind": "live-patch", "coverage": 0.4, "outage_minutes": 20.0, "max_age_days": 120.0},
    },
]
CERTAIN = {
    "days": 365,
    "users": {"count": 300, "tolerance": {"median": 4.0}, "memory_days": 40.0},
    "word_of_mouth": {"talk_per_day": 0.0, "complaint": 1.0, "listen": 0.4},
    "network": {"kind": "watts-strogatz", "degree": 6},
    "flaws": {"source": "poisson", "per_year": 20.0},
    "providers": RIVALS,
}
VARIANTS = {
    "complaints alone": {},
    "bad news weighs more": {"word_of_mouth.negativity": 2.0},
    "everybody knows everybody": {"users.initial_awareness": 1.0},
    "prices differ": {"providers.0.price": 4.0, "providers.1.price": 5.5},
    "adverts to all, every day": {"users.advertising_per_day": 1.0},
    "neighbours count": {"users.peer_weight": 8.0},
    "a graph with hubs": {"network": {"kind": "barabasi-albert", "degree": 6}},
    "nothing is forgotten soon": {"users.memory_days": 1000.0},
}


def twins(scenario, seed):
    market, plain = Market(scenario, rng=seed), PlainMarket(scenario, rng=seed)
    for customer in plain.customers:
        customer.tolerance = float(market.users.tolerance[customer.number])
        customer.value = float(market.users.value[customer.number])
    for host in plain.hosts:
        host.guests.clear()
    for j, host in enumerate(plain.hosts):
        for i in market.fleets.instances_of(j):
            plain.customers[i].beliefs[host] = 0.0
            host.admit(plain.customers[i])
    for customer in plain.customers:
        for j, host in enumerate(plain.hosts):
            if np.isnan(market.users.belief[customer.number, j]):
                customer.beliefs.pop(host, None)
            else:
                customer.beliefs[host] = float(market.users.belief[customer.number, j])
    return market, plain


def moves_of(market):
    day, user, origin, target, *_ = market.record.move_columns
    return list(zip(day.tolist(), user.tolist(), origin.tolist(), target.tolist(), strict=True))


def beliefs_of(plain):
    return np.array([[c.beliefs.get(host, np.nan) for host in plain.hosts] for c in plain.customers])


def faded_beliefs_of(market):
    belief, rows = market.users.belief.copy(), np.arange(len(market.users.provider))
    belief[rows, market.users.provider] *= market.decay[market.day - 1 - market.users.as_of]
    return belief


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_chance_the_same_users_move_on_the_same_days(variant):
    scenario = Scenario.load(CERTAIN, **VARIANTS[variant])
    returned = 0
    for seed in (1, 2):
        market, plain = twins(scenario, seed)
        market.run()
        plain.run()
        moves = moves_of(market)
        assert moves == plain.moves
        assert len(moves) > 20
        assert market.record.column("users").astype(int).tolist() == plain.users_by_day
        assert market.users.downtime == pytest.approx([c.downtime for c in plain.customers], rel=1e-12)
        assert market.users.slot.tolist() == [c.place for c in plain.customers]
        returned += len(moves) - len({user for _, user, _, _ in moves})
    assert returned > 0  # else what is remembered of a host once left was never put to use


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_chance_the_same_users_believe_the_same(variant):
    market, plain = twins(Scenario.load(CERTAIN, **VARIANTS[variant]), seed=4)
    for _ in range(market.settings.days):
        market.step()
        plain.step()
        if market.day % 30 == 0:
            np.testing.assert_allclose(faded_beliefs_of(market), beliefs_of(plain), rtol=1e-9, atol=1e-12)


def outcome(scenario, seed):
    market, plain = Market(scenario, rng=seed).run(), PlainMarket(scenario, rng=seed).run()
    at_start = market.record.users_at_start[0]
    return (
        (
            1 - market.fleets.size[0] / at_start,
            len(moves_of(market)),
            market.users.downtime.mean(),
        ),
        (
            1 - plain.users_by_day[-1][0] / at_start,
            len(plain.moves),
            np.mean([customer.downtime for customer in plain.customers]),
        ),
    )


@cache
def replicates(noisy):
    # Paired by seed: both meet the same flaws and graph, but other people and other talk.
    chance = {"users.choice_noise": 3.0, "users.advertising_per_day": 0.002, "users.peer_weight": 3.0}
    scenario = Scenario.preset("thought-experiment", **SMALL, **(chance if noisy else {}))
    return np.array([outcome(scenario, seed) for seed in range(REPLICATES)])


def standard_errors_apart(differences):
    return abs(differences.mean()) / (differences.std(ddof=1) / np.sqrt(len(differences)))


@pytest.mark.parametrize("noisy", [False, True], ids=["thought experiment", "with adverts, peers and noise"])
@pytest.mark.parametrize("measure", ["share lost", "moves", "downtime"])
def test_with_chance_the_means_agree(noisy, measure):
    ours, plain = replicates(noisy)[:, :, ["share lost", "moves", "downtime"].index(measure)].T
    assert ours.mean() > 0
    assert standard_errors_apart(ours - plain) < STANDARD_ERRORS


def test_the_comparison_notices_twice_the_talk():
    scenario = Scenario.preset("thought-experiment", **SMALL)
    louder = scenario.replace(**{"word_of_mouth.complaint": 0.6, "word_of_mouth.talk_per_day": 0.0334})
    lost = replicates(False)[:, 1, 0]
    ours = [Market(louder, rng=seed).run() for seed in range(REPLICATES)]
    shares = np.array([1 - market.fleets.size[0] / market.record.users_at_start[0] for market in ours])
    assert standard_errors_apart(shares - lost) > STANDARD_ERRORS
