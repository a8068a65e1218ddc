"""The numbered limits of the model, each with its formula, the expected figure and 4 standard errors."""

import math

import numpy as np
import pytest
from scipy import stats

from agents.experience import DAYS_PER_MONTH
from model import Market, Scenario, closed_forms
from model.summary import summarise

TWO_HOSTS = {
    "days": 365,
    "users": {"count": 400, "tolerance": {"median": math.inf, "sigma": 0.0}},
    "word_of_mouth": {"talk_per_day": 0.0, "complaint": 0.0},
    "network": {"kind": "none"},
    "flaws": {"source": "poisson", "per_year": 6.4},
    "providers": [
        {"name": "A", "policy": {"kind": "reboot"}},
        {"name": "B", "policy": {"kind": "live-patch"}},
    ],
}


def market(rng=1, arrays=None, **settings):
    return Market(TWO_HOSTS, rng=rng, **(arrays or {}), **settings)


def within_4_standard_errors(values, expected):
    values = np.asarray(values, float)
    return abs(values.mean() - expected) < 4 * values.std(ddof=1) / math.sqrt(len(values))


# 1. The thought experiment: 4,000 against 5,880 dollars a month per original server.


def market_in_which_a_share_moves(share, patches=100.0):
    """1,000 users a host, one server each; that share of A's users tolerates nothing and knows B."""
    users, moving = 2000, round(1000 * share)
    own = np.repeat([0, 1], 1000)
    tolerance = np.full(users, math.inf)
    tolerance[:moving] = 0.0
    return market(
        arrays={"provider": own, "tolerance": tolerance},
        **{"users.count": users, "users.initial_awareness": 1.0, "flaws.per_year": 365.0},
        **{"providers.0.policy.notice_days": 0, "providers.0.policy.window_days": 1},
        **{"providers.1.policy.per_server_month": patches, "days": 60},
    ).run()


def test_limit_1_a_fifth_moves_4000_against_5880():
    host, rival = summarise(market_in_which_a_share_moves(0.20))["providers"]
    assert (host["left"], rival["joined"]) == (200, 200)
    assert host["profit_per_original_server"] == pytest.approx(4000.0)
    # 1,200 users need two servers, so the rival pays for two; per user it is as in the email at full servers.
    assert rival["profit_per_original_server"] == pytest.approx(6000.0 - 2 * 100.0)


def test_limit_1_full_servers():
    users = 10_000
    own = np.repeat([0, 1], users // 2)
    tolerance = np.where(np.arange(users) < users // 10, 0.0, math.inf)
    m = market(
        arrays={"provider": own, "tolerance": tolerance},
        **{"users.count": users, "users.initial_awareness": 1.0, "flaws.per_year": 365.0, "days": 60},
        **{"providers.0.policy.notice_days": 0, "providers.0.policy.window_days": 1},
    ).run()
    host, rival = summarise(m)["providers"]
    assert [host["profit_per_original_server"], rival["profit_per_original_server"]] == pytest.approx([4000.0, 5880.0])
    assert closed_forms.after_the_move(5000, 100, 0.20) == (4000.0, 5880.0)


@pytest.mark.parametrize(
    ("threshold", "percent"),
    [
        (closed_forms.pays_for_rival_above, 2.0408),
        (closed_forms.out_earns_above, 1.0101),
        (closed_forms.copying_pays_above, 2.0),
    ],
)
def test_limit_1_thresholds_are_where_the_two_sides_are_equal(threshold, percent):
    share = threshold(5000, 100)
    assert round(100 * share, 4) == percent
    host, rival = closed_forms.after_the_move(5000, 100, share)
    equal = {2.0408: (rival, 5000), 1.0101: (rival, host), 2.0: (host, 5000 - 100)}[percent]
    assert equal[0] == pytest.approx(equal[1])


def test_limit_1_break_even_price():
    assert closed_forms.break_even_price(5000, 0.20) == 1000.0


def test_limit_1_the_answer_says_it_in_dollars():
    text = summarise(market_in_which_a_share_moves(0.20))["answer"]
    assert "Live patching pays: 20.0% of A's users moved to B" in text
    assert "$4,000 for A" in text
    assert "up to $1,000 per server and month" in text


def test_limit_1_live_patching_does_not_pay_below_the_threshold():
    assert "more than 2.04% would have to move" in summarise(market_in_which_a_share_moves(0.02))["answer"]


# 2. Break-even price with ongoing churn: c* = m dh / (delta + h0 + dh) per user and month.


@pytest.mark.parametrize(("attrition", "churn", "extra"), [(0.25, 0.05, 0.2), (1.0, 0.0, 0.1), (0.1, 0.3, 2.0)])
def test_limit_2_at_the_break_even_price_both_earn_alike(attrition, churn, extra):
    margin, arrivals = 5.0, 7.0
    price = closed_forms.break_even_with_churn(margin, attrition, churn, extra)
    patching = arrivals / (attrition + churn) * (margin - price)
    rebooting = arrivals / (attrition + churn + extra) * margin
    assert patching == pytest.approx(rebooting)


# 3. Downtime per user-year: campaigns a year * minutes, renewals of rate 1 / (max(notice, 1) + (1-p)/p) per day.


@pytest.mark.parametrize(("notice", "window"), [(0, 1), (1, 1), (7, 7), (14, 7)])
def test_limit_3_downtime_per_user_year_and_its_variance(notice, window):
    years, replicates, minutes = 6, 40, 5.0
    p = 1 - math.exp(-6.4 / 365)
    cycle = max(notice, 1) + (1 - p) / p  # days between campaigns: the notice, then a geometric wait
    wait_variance = (1 - p) / p**2
    expected = 365 / cycle * minutes
    # Renewal theory: a count over T days has variance T * var(cycle) / mean(cycle)^3.
    expected_variance = years * 365 * wait_variance / cycle**3
    downtime, counts = [], []
    for seed in range(replicates):
        m = market(
            rng=seed,
            **{"days": years * 365, "users.count": 20, "providers.0.server_capacity": 2},
            **{"providers.0.policy.notice_days": notice, "providers.0.policy.window_days": window},
        ).run()
        downtime.append(summarise(m)["providers"][0]["downtime_minutes_per_user_year"])
        counts.append(m.record.column("campaigns")[-1, 0])
    assert within_4_standard_errors(downtime, expected * (1 - cycle / (2 * years * 365)))  # the first cycle is cut
    ratio = np.var(counts, ddof=1) / expected_variance
    low, high = stats.chi2.ppf([3e-5, 1 - 3e-5], replicates - 1) / (replicates - 1)  # 4 standard errors
    assert low < ratio < high


# 4. Live patching with expiry: per day (1 - e^-mu) / (1 - e^(-mu tau)), the daily form of mu / (1 - e^(-mu tau)).


@pytest.mark.parametrize(("coverage", "max_age"), [(0.9, 90), (0.8, 365), (1.0, 180)])
def test_limit_4_reboots_of_a_live_patched_fleet(coverage, max_age):
    years, rate = 6, 15.0 / 365
    mu = rate * (1 - coverage)
    per_day = -math.expm1(-mu) / -math.expm1(-mu * max_age) if mu else 1 / max_age
    rates = []
    for seed in range(30):
        m = market(
            rng=seed,
            **{"days": years * 365, "users.count": 4, "flaws.per_year": 15.0},
            **{"providers.1.policy.coverage": coverage, "providers.1.policy.max_age_days": float(max_age)},
            **{"providers.1.policy.notice_days": 0, "providers.1.policy.window_days": 1},
        ).run()
        days = np.flatnonzero(np.diff(m.record.column("campaigns")[:, 1], prepend=0))
        rates.append(len(days) / (days[-1] or 1))  # up to the last reboot: whole cycles only
    if mu == 0:
        assert rates == pytest.approx([per_day] * len(rates))
    else:
        assert within_4_standard_errors(rates, per_day)


# 5. Full information, long memory, equal prices: the share that leaves is F_tau(difference in minutes a month).


def test_limit_5_the_share_that_leaves_is_the_tolerance_distribution():
    # A is down 1 minute every day (a flaw a day, no notice), B never; everybody knows B is at 0.
    median, sigma, users = 20.0, 0.8, 4000
    m = market(
        **{"users.count": users, "users.initial_awareness": 1.0, "users.memory_days": 30.0, "days": 365},
        **{"users.tolerance.median": median, "users.tolerance.sigma": sigma, "flaws.per_year": 3650.0},
        **{"providers.0.policy.outage_minutes": 1.0, "providers.0.policy.notice_days": 0},
        **{"providers.0.policy.window_days": 1},
    ).run()
    difference = DAYS_PER_MONTH * 1.0
    expected = stats.lognorm.cdf(difference, s=sigma, scale=median)
    started = m.record.users_at_start[0]
    left = m.record.column("left")[:, 0].sum() / started
    assert abs(left - expected) < 4 * math.sqrt(expected * (1 - expected) / started)
    assert m.record.column("left")[330:, 0].sum() == 0


def test_limit_5_a_price_difference_counts_through_the_value_of_a_minute():
    # B is 1 dollar cheaper; at v dollars a minute that is 1 / v minutes a month.
    m = market(
        arrays={"tolerance": np.full(400, 9.9), "downtime_value": np.where(np.arange(400) % 2, 0.1, 0.2)},
        **{"users.advertising_per_day": 1.0, "providers.1.price": 4.0, "flaws.per_year": 0.0, "days": 2},
    ).run()
    moved = m.record.moves["user"].to_numpy()
    assert len(moved) == (m.record.users_at_start[0] - (m.users.provider[::2] == 0).sum())
    assert (moved % 2 == 1).all()
    assert m.record.moves["gain"].to_numpy() == pytest.approx(10.0)


# 6. No outages, or infinite tolerance: nobody moves. No graph and no adverts: nobody can.


@pytest.mark.parametrize(
    "settings",
    [
        {"flaws.per_year": 0.0},
        {"users.tolerance.median": math.inf},
        {"network.kind": "none", "users.advertising_per_day": 0.0, "flaws.per_year": 25.0},
    ],
)
def test_limit_6_nobody_moves(settings):
    m = Market("thought-experiment", rng=3, **{"users.count": 1000}, **settings).run()
    assert m.record.flow_matrix.sum() == 0
    if "flaws.per_year" not in settings or settings["flaws.per_year"] > 0:
        assert m.record.column("downtime_minutes").sum() > 0


def test_limit_6_the_same_market_moves_with_flaws_finite_tolerance_and_a_graph():
    assert Market("thought-experiment", rng=3, **{"users.count": 1000}).run().record.flow_matrix.sum() > 0


# 7. Talk as spread: an unaware user with k neighbours at A, each talking daily with chance r, stays unaware with
#    probability (1 - r)^k a day.


def test_limit_7_unaware_users_stay_unaware_with_probability_1_minus_r_to_the_k():
    users, r, k = 20_000, 0.05, 4
    # Every fifth user is at B and hears the four at A around it; nobody else is at B.
    import networkx as nx

    groups = [range(start, start + k + 1) for start in range(0, users, k + 1)]
    graph = nx.Graph()
    graph.add_nodes_from(range(users))
    graph.add_edges_from((group[0], other) for group in groups for other in group[1:])
    own = np.zeros(users, int)
    own[:: k + 1] = 1
    days = 5
    m = market(
        arrays={"graph": graph, "provider": own},
        **{"users.count": users, "days": days, "flaws.per_year": 0.0, "word_of_mouth.talk_per_day": r},
    )
    listeners = users // (k + 1)
    for day in range(1, days + 1):
        m.step()
        unaware = np.isnan(m.users.belief[:: k + 1, 0]).mean()
        expected = (1 - r) ** (k * day)
        assert abs(unaware - expected) < 4 * math.sqrt(expected * (1 - expected) / listeners)


# 8. Adverts on everybody: Bass's external influence, aware share 1 - (1 - p)^t.


def test_limit_8_adverts_reach_as_basss_external_influence():
    users, p, days = 40_000, 0.02, 60
    m = market(**{"users.count": users, "days": days, "users.advertising_per_day": p, "flaws.per_year": 0.0})
    at_a = m.users.provider == 0
    for day in range(1, days + 1):
        m.step()
        if day % 20 == 0:
            aware = (~np.isnan(m.users.belief[at_a, 1])).mean()
            expected = 1 - (1 - p) ** day
            assert abs(aware - expected) < 4 * math.sqrt(expected * (1 - expected) / at_a.sum())


# 9. Threshold cascades, as far as peer_weight alone carries them: Granovetter's riot of 100 people.


def riot(thresholds):
    """Start a riot: provider B is the riot, which pays half a minute for joining, plus one for each rioter."""
    people = len(thresholds)
    peace = {"name": "A", "share": 0.0, "policy": {"kind": "fast-restart", "reach": 0.001}}  # no way back
    riot = {"name": "B", "share": 1.0, "price": 4.0}
    value = np.full(people, 2.0)  # 1 dollar a month less is worth half a minute: the first needs no company
    m = market(
        arrays={
            "tolerance": np.asarray(thresholds, float),
            "provider": np.zeros(people, int),
            "downtime_value": value,
        },
        **{"users.count": people, "days": 2 * people, "network.kind": "complete", "flaws.per_year": 0.0},
        **{"users.peer_weight": people - 1.0, "users.advertising_per_day": 1.0, "providers": [peace, riot]},
    ).run()
    return int(m.fleets.size[1])


def test_limit_9_granovetters_riot_takes_everybody_or_one():
    assert riot(range(100)) == 100
    assert riot([0, 2, *range(2, 100)]) == 1


def cascade(degree, seed, n=2000):
    """Return the share that one pioneer at B brings there, where everybody follows 18 % of its neighbours."""
    own = np.zeros(n, int)
    own[seed] = 1
    no_way_back = {"name": "A", "share": 0.0, "policy": {"kind": "fast-restart", "reach": 0.0001}}
    m = market(
        rng=seed,
        arrays={"provider": own, "tolerance": np.full(n, 0.18)},
        **{"users.count": n, "days": 150, "users.peer_weight": 1.0, "users.advertising_per_day": 1.0},
        **{"network": {"kind": "erdos-renyi", "degree": degree}, "flaws.per_year": 0.0},
        **{"providers": [no_way_back, {"name": "B", "share": 1.0}]},
    ).run()
    return m.fleets.users[1] / n


def test_limit_9_cascades_sweep_the_network_only_inside_watts_window():
    # Watts 2002: at threshold 0.18 on random graphs, between a mean degree of 1.02 and 5.76.
    swept = {z: sum(cascade(z, seed) > 0.4 for seed in range(20)) for z in (0.5, 3.0, 9.0)}
    assert swept[3.0] >= 5
    assert swept[0.5] == swept[9.0] == 0


# 10. Listening as averaging: beliefs stay within their initial range and converge.


def test_limit_10_listening_averages():
    n = 200
    m = Market(
        TWO_HOSTS,
        rng=5,
        provider=np.zeros(n, int),
        **{"users.count": n, "users.memory_days": math.inf, "flaws.per_year": 0.0, "days": 600},
        **{"network.kind": "watts-strogatz", "word_of_mouth.talk_per_day": 0.5},
    )
    start = np.random.default_rng(5).uniform(0, 60, n)
    m.users.belief[:, 0] = start
    for _ in range(600):
        m.step()
        assert m.users.belief[:, 0].min() >= start.min() - 1e-9
        assert m.users.belief[:, 0].max() <= start.max() + 1e-9
    assert np.ptp(m.users.belief[:, 0]) < 1e-3 * np.ptp(start)


# 11. Logit: gains (1, 0.5, 0) with noise 1 and tolerance below all: 0.50648, 0.30720, 0.18632.


def test_limit_11_logit_shares():
    users = 60_000
    scenario = TWO_HOSTS | {
        "providers": [{"name": "Own", "price": 6.0}]
        + [{"name": name, "price": price} for name, price in (("X", 5.0), ("Y", 5.5), ("Z", 6.0))]
    }
    m = Market(
        scenario,
        rng=2,
        provider=np.zeros(users, int),
        tolerance=np.zeros(users),
        downtime_value=np.ones(users),
        **{"users.count": users, "days": 1, "flaws.per_year": 0.0, "users.choice_noise": 1.0},
        **{"users.initial_awareness": 1.0, "users.advertising_per_day": 1.0},
    )
    m.users.tolerance[:] = -1e-9  # just below the smallest gain, which is 0
    m.run()
    shares = m.fleets.size[1:] / users
    for share, expected in zip(shares, (0.50648, 0.30720, 0.18632), strict=True):
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / users)


# 12. Conservation, and labels that do not matter.


def test_limit_12_renumbering_the_providers_changes_only_the_labels():
    scenario = Scenario.preset("many-policies", **{"users.count": 2100, "days": 200, "users.choice_noise": 1.0})
    tables = scenario.tables()
    turned = tables | {"providers": tables["providers"][::-1]}
    first, second = Market(tables, rng=4).run(), Market(turned, rng=4).run()
    assert first.record.flow_matrix.sum() > 100
    assert np.array_equal(first.record.flow_matrix, second.record.flow_matrix[::-1, ::-1])
    assert np.array_equal(first.record.daily, second.record.daily[:, ::-1])
    assert np.array_equal(first.users.belief, second.users.belief[:, ::-1], equal_nan=True)


def test_limit_12_renumbering_the_users_changes_only_the_labels():
    # Without chance in the day itself: everybody talks after an outage and only then, and there are no ties.
    import networkx as nx

    n = 500
    rng = np.random.default_rng(12)
    graph = nx.erdos_renyi_graph(n, 8 / n, seed=12)
    tolerance, value, own = rng.lognormal(1.5, 1, n), rng.lognormal(-2, 0.5, n), rng.integers(0, 2, n)
    order = rng.permutation(n)  # order[i]: the old number of new user i
    number = np.argsort(order)

    def days(arrays):
        return market(
            arrays=arrays,
            **{
                "users.count": n,
                "word_of_mouth.complaint": 1.0,
                "flaws.per_year": 25.0,
                "users.tolerance.median": 1.0,
            },
            **{"providers.0.policy.window_days": 1, "providers.1.policy": "defer"},
        ).run()

    first = days({"graph": graph, "tolerance": tolerance, "downtime_value": value, "provider": own})
    renumbered = nx.Graph()
    renumbered.add_nodes_from(range(n))
    renumbered.add_edges_from((int(number[a]), int(number[b])) for a, b in graph.edges())
    second = days(
        {
            "graph": renumbered,
            "tolerance": tolerance[order],
            "downtime_value": value[order],
            "provider": own[order],
        }
    )
    assert first.record.flow_matrix.sum() > 50
    assert np.array_equal(first.record.flow_matrix, second.record.flow_matrix)
    assert np.array_equal(first.users.provider[order], second.users.provider)
    assert first.users.belief[order] == pytest.approx(second.users.belief, nan_ok=True)
