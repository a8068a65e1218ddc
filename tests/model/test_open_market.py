"""Users come and go for good: how many there are at rest, whom they ask, and where those are who have left."""

import math

import numpy as np
import pytest

from agents.user import User
from model import Market, ScenarioError
from model.figures import start_to_end
from model.summary import summarise

BUSY = {"users.count": 1000, "flaws.per_year": 15.0}


def market(preset="thought-experiment", rng=1, **settings):
    return Market(preset, rng=rng, **(BUSY | settings))


# --- open market


def test_users_at_rest_are_arrivals_over_the_departure_rate():
    arrivals, departures, at_rest = 4.0, 3.65, 400
    sizes = []
    for seed in range(20):
        run = market(
            rng=seed,
            **{"users.count": at_rest, "days": 800, "open_market.arrivals_per_day": arrivals},
            **{"open_market.departures_per_year": departures},
        ).run()
        assert run.record.column("arrived").sum() > 0
        sizes.append(run.record.column("users")[-1].sum())
    expected = arrivals / -math.expm1(-departures / 365)  # in the evening: those who came i days ago stay with (1-q)^i
    assert abs(np.mean(sizes) - expected) < 4 * math.sqrt(expected / len(sizes))
    assert expected == pytest.approx(at_rest, rel=0.02)


def test_arrivals_go_where_a_neighbour_is_and_believe_what_it_believes():
    run = market(**{"open_market.arrivals_per_day": 5.0, "days": 1, "open_market.links": 1, "flaws.per_year": 0.0})
    newcomers = run.demography.arriving[0]
    friends = np.array([run.network.hears.indices[run.network.hears.indptr[i]] for i in newcomers])
    run.users.belief[np.arange(1000), run.users.provider[:1000]] = np.arange(1000)
    run.run()
    assert len(newcomers) > 0
    assert (run.users.provider[newcomers] == run.users.provider[friends]).all()
    for i, friend in zip(newcomers, friends, strict=True):
        assert run.user(int(i)).sources == {run.user(int(i)).provider: "word-of-mouth"}
        assert run.users.belief[i, run.users.provider[i]] == pytest.approx(friend * math.exp(-1 / 90), rel=0.1, abs=1)


def test_who_comes_directly_goes_by_the_shares_at_the_start():
    settings = {"open_market.arrivals_per_day": 20.0, "days": 100, "flaws.per_year": 0.0, "providers.0.share": 0.75}
    direct = market(**settings, **{"providers.1.share": 0.25, "open_market.direct": 1.0})
    direct.move(list(range(1000)), "Live & Co")  # what has become of the shares is of no account
    direct.run()
    came = direct.record.column("arrived").sum(axis=0)
    assert came.sum() > 1500
    assert abs(came[0] / came.sum() - 0.75) < 4 * math.sqrt(0.75 * 0.25 / came.sum())
    asking = market(**settings, **{"providers.1.share": 0.25})
    asking.move(list(range(1000)), "Live & Co")
    assert asking.run().record.column("arrived")[:, 0].sum() == 0


def test_arrivals_are_linked_to_those_present_however_long_the_market_lasts():
    run = market(
        "open-market",
        **{"users.count": 100, "days": 1500, "network.degree": 4, "open_market.arrivals_per_day": 5.0},
        **{"open_market.departures_per_year": 18.25},
    )
    late = np.flatnonzero(run.demography.arrives > 1400)
    hears = run.network.hears
    for i in late[:50]:
        met = hears.indices[hears.indptr[i] : hears.indptr[i + 1]]
        before = met[run.demography.arrives[met] < run.demography.arrives[i]]
        assert len(set(before)) == 8
        assert (run.demography.departs[before] > run.demography.arrives[i]).all()


def test_users_out_of_the_market_are_nowhere():
    run = market("open-market", **{"open_market.arrivals_per_day": 2.0, "open_market.departures_per_year": 2.0}).run()
    gone = int(np.flatnonzero(run.users.provider < 0)[0])
    assert run.user(gone).provider is None
    with pytest.raises(ScenarioError, match="not in the market"):
        run.user(gone).provider = "Live & Co"
    users = run.agents_by_type[User]
    assert users.groupby("provider").count() == {p.name: p.users for p in run.providers}
    assert start_to_end(run).sum() == ((run.users.provider >= 0) & (run.demography.arrives < 0)).sum()


def test_a_market_that_empties_goes_on():
    run = market(**{"open_market.departures_per_year": 365.0, "days": 60}).run()
    assert run.fleets.users.sum() == 0
    assert summarise(run)["answer"]
    assert run.datacollector.get_model_vars_dataframe()["share: Live & Co"].iloc[-1] == 0.0


def test_two_state_markov_shares():
    # Each day a user of A switches with rate a, one of B with rate b; B's share at rest is a / (a + b). Beliefs are
    # reset daily so that whoever hears an advert moves; half the adverts of B's rival are made to fall flat.
    a, n, days = 0.02, 4000, 600
    run = Market(
        {
            "days": days,
            "users": {"count": n, "advertising_per_day": a, "tolerance": {"median": 1.0, "sigma": 0.0}},
            "network": {"kind": "none"},
            "flaws": {"source": "poisson", "per_year": 0.0},
            "providers": [{"name": "A", "share": 1.0}, {"name": "B", "share": 0.0}],
        },
        rng=5,
    )
    b, open_to_return = a / 2, np.random.default_rng(5)
    shares = []
    for day in range(days):
        own = run.users.provider
        # Its own provider looks 2 minutes worse, above the tolerance of 1, to all at A and a fresh half of B's users.
        grievance = np.where((own == 0) | (open_to_return.random(n) < 0.5), 2.0, 0.0)
        run.users.belief[np.arange(n), own] = grievance
        run.users.belief[np.arange(n), 1 - own] = 0.0
        run.users.as_of[:] = day
        run.step()
        shares.append(run.fleets.users[1] / n)
        expected = a / (a + b) * (1 - (1 - a - b) ** (day + 1))
        assert abs(shares[-1] - expected) < 5 * math.sqrt(expected * (1 - expected) / n) + 1e-12
    assert abs(np.mean(shares[300:]) - 2 / 3) < 0.01
