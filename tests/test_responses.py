"""Providers and users respond: each mechanism against its closed form, or its monotone effect, and off by default."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest

from agents.policies import LivePatch, Never
from model import Market, Scenario, ScenarioError
from model.credits import MINUTES_PER_MONTH, credit_share
from model.record import INDEX
from model.scenario import preset_names
from model.summary import summarise

REGRESSION = Path(__file__).parent / "regression.json"
# Recorded before the mechanisms of this file existed; a column added since is not part of it.
COLUMNS = [name for name in INDEX if name not in ("credit_cost", "instances", "complaints", "arrived", "departed")]
BUSY = {"users.count": 1000, "flaws.per_year": 15.0}


def market(preset="thought-experiment", rng=1, **settings):
    return Market(preset, rng=rng, **(BUSY | settings))


# --- with every mechanism off, the numbers are those of before, to the byte


def fingerprint(name):
    run = Market(name, rng=7, **{"users.count": 1400, "days": 300}).run()
    daily = b"".join(np.ascontiguousarray(run.record.daily[:, :, INDEX[c]]).tobytes() for c in COLUMNS)
    moves = b"".join(column.tobytes() for column in run.record.move_columns)
    return hashlib.sha256(daily + moves).hexdigest()


@pytest.mark.parametrize("name", json.loads(REGRESSION.read_text()))
def test_results_are_those_on_record(name):
    assert fingerprint(name) == json.loads(REGRESSION.read_text())[name]


# --- market strategies


def test_the_copying_provider_stops_bleeding():
    copies, holds = (
        market("crushed-and-copies", rng=3, **{"users.count": 4000, "flaws.per_year": 6.4}, **settings).run()
        for settings in ({}, {"providers.0.strategy": "hold"})
    )
    (event,) = copies.record.responses
    start = event.day + 1 + 30
    assert event.provider == "Reboot & Co"
    assert f"adopts live patching from day {start} on (lost " in event.text
    assert event.cost == 100.0 * copies.record.column("servers")[event.day, 0]
    assert copies.providers[0].policy == copies.providers[1].policy == LivePatch()
    # One campaign may still be announced; after it nobody has a reason to go.
    assert copies.record.column("left")[start + 14 :, 0].sum() == 0
    assert holds.record.column("left")[start + 14 :, 0].sum() > 0
    assert copies.record.column("left")[: event.day].tolist() == holds.record.column("left")[: event.day].tolist()


def test_in_a_price_war_nobody_sells_below_its_floor():
    war = market("price-war", rng=3, **{"users.count": 4000, "providers.0.strategy.step": 2.0}).run()
    prices, servers, users = (war.record.column(name) for name in ("price", "servers", "users"))
    assert len(war.record.responses) >= 3
    for event in war.record.responses:
        j = war.record.names.index(event.provider)
        patches = 100.0 if j == 1 else 0.0
        floor = servers[event.day, j] * (2500.0 + patches) / users[event.day, j]
        assert war.record.column("price")[event.day + 1, j] >= floor - 1e-9
    assert prices[-1].max() < 5.0
    assert prices[-1].min() >= 2.5


def test_a_policy_change_takes_its_lead_time():
    run = market("crushed-and-copies", rng=3, **{"users.count": 4000, "providers.0.lead_days": 45}).run()
    (event,) = run.record.responses
    paid = run.record.column("patch_cost")[:, 0]
    assert paid[: event.day + 46].sum() == 0
    assert (paid[event.day + 46 :] > 0).all()


def test_from_live_patching_to_nothing_drops_the_campaign_but_not_the_flaws():
    run = market(**{"flaws.per_year": 50.0}).run(30)
    host = run.providers[0]
    open_flaws = host.maintenance.open_flaws
    assert open_flaws > 0
    host.policy = Never(breach_per_flaw_day=0.0)
    assert host.maintenance.open_flaws == open_flaws
    run.run(60)
    assert host.maintenance.campaigns == run.record.column("campaigns")[30, 0]
    assert host.maintenance.open_flaws > open_flaws
    assert run.record.column("servers_down")[30:, 0].sum() == 0


# --- redundancy


HARD_TIMES = {
    "providers.0.failures.per_server_year": 10.0,
    "providers.1.failures.per_server_year": 10.0,
    "users.downtime_value.median": 5.0,
    "users.redundancy.complexity": 0.5,
    "users.redundancy.available": True,
}


def test_users_who_double_pay_twice_and_see_only_the_failover():
    run = market(**HARD_TIMES, **{"network.kind": "none"}).run()
    doubled = np.flatnonzero(run.users.instances == 2)
    single = np.flatnonzero(run.users.instances == 1)
    assert len(doubled) > 50
    assert len(run.record.moves) == 0
    assert run.users.downtime[doubled].mean() < 0.7 * run.users.downtime[single].mean()
    instances = run.record.column("instances")[-1]
    assert instances.sum() == 1000 + len(doubled)
    assert run.record.column("revenue")[-1] == pytest.approx(instances * 5.0 * 12 / 365)
    assert sum(summarise(run)["second_instances"]) == len(doubled)


def test_nobody_builds_redundancy_where_a_better_host_is_known():
    run = market(**{"users.initial_awareness": 1.0, "users.redundancy.available": True}).run()
    assert len(run.record.moves) > 0
    assert (run.users.instances == 1).all()


def mean_over_seeds(of, settings, seeds=30):
    return np.mean([of(market(rng=seed, **{"users.count": 400}, **settings).run()) for seed in range(seeds)])


def test_the_more_effort_the_less_redundancy():
    easy, hard, impossible = (
        mean_over_seeds(lambda run: (run.users.instances == 2).sum(), HARD_TIMES | {"users.redundancy.complexity": c})
        for c in (0.5, 20.0, 1e6)
    )
    assert easy > hard > impossible == 0


# --- contracts


def test_users_leave_on_their_renewal_day_only():
    run = market(**{"users.contract_days": 90}).run()
    moves = run.record.moves
    assert len(moves) > 30
    assert (moves["day"].to_numpy() % 90 == run.terms.remainder[moves["user"]]).all()
    phases = np.bincount(run.terms.remainder, minlength=90)
    assert abs(phases.mean() - phases).max() < 5 * math.sqrt(1000 / 90)  # spread over the term


def test_the_longer_the_contract_the_fewer_leave():
    left = [
        mean_over_seeds(lambda run: run.record.column("left").sum(), {"users.contract_days": days})
        for days in (0, 60, 360)
    ]
    assert left[0] > left[1] > left[2] > 0


# --- service level agreements


def test_a_reboot_breaks_four_nines_and_eight_do_not_break_three():
    month = MINUTES_PER_MONTH
    assert 30 * 1440 <= month <= 31 * 1440
    four, three = ((0.9999, 0.10),), ((0.999, 0.10),)
    for minutes_in_month in (month, 30 * 1440.0):
        scaled = np.array([5.0, 40.0, 45.0]) * month / minutes_in_month
        assert credit_share(scaled, four).tolist() == [0.10, 0.10, 0.10]
        assert credit_share(scaled, three).tolist() == [0.0, 0.0, 0.10]


@pytest.mark.parametrize(("counts", "credited"), [(True, 0.10), (False, 0.0)])
def test_credits_are_what_the_agreement_says(counts, credited):
    terms = {"terms": "amazon-ec2-region", "counts_maintenance": counts}
    run = market(
        **{"providers.0.sla": terms, "users.tolerance.median": math.inf, "flaws.per_year": 365.0, "days": 31},
        **{"providers.0.policy.notice_days": 8},
    ).run()
    reboots = run.record.column("servers_down")[:, 0].sum() / run.record.column("servers")[0, 0]
    assert 1 <= reboots <= 8
    paid = run.record.column("credit_cost")[:, 0]
    assert paid[:30].sum() == 0
    assert paid[30] == pytest.approx(credited * 500 * 5.0)


def test_hardware_failures_count_whatever_the_agreement_says_of_maintenance():
    tiers = [{"below": 1.0, "credit": 1.0}]
    run = market(
        **{"providers.0.sla": {"tiers": tiers}, "flaws.per_year": 0.0, "days": 31, "users.tolerance.median": math.inf},
        **{"providers.0.failures.per_server_year": 365.0, "providers.0.server_capacity": 50},
    ).run()
    hit = (run.users.downtime > 0).sum()
    assert 0 < hit <= 500
    assert run.record.column("credit_cost")[30, 0] == pytest.approx(hit * 5.0)


# --- exposure


def test_a_patch_in_the_making_leaves_the_flaw_open():
    run = market(**{"providers.1.policy.patch_delay_days": 6, "flaws.per_year": 10.0, "days": 300}).run()
    flaws = [day for day, found in run.flaws.items() for _ in found]
    exposed = sum(min(day + 6, 300) - day for day in flaws)  # open on the day it appears and the five after it
    assert run.record.column("open_flaws")[:, 1].sum() == exposed
    patched = np.repeat(np.arange(300), run.record.column("patches")[:, 1].astype(int))
    assert patched.tolist() == sorted(day + 6 for day in flaws if day + 6 < 300)


def test_breaches_of_a_live_patched_fleet_follow_the_days_that_patches_take():
    chance, delay, rate, days, seeds = 0.05, 10, 20.0, 365, 40
    settings = {"providers.1.policy.patch_delay_days": delay, "providers.1.policy.breach_per_flaw_day": chance}
    breaches, exposure = [], []
    for seed in range(seeds):
        run = market(
            rng=seed,
            **{"users.count": 20, "flaws.per_year": rate, "days": days, "users.tolerance.median": math.inf},
            **settings,
        ).run()
        breaches.append(run.record.column("breaches")[:, 1].sum())
        exposure.append(run.record.column("open_flaws")[:, 1].sum())
    expected = chance * np.sum(exposure)  # a Bernoulli trial for each open flaw and day
    assert abs(np.sum(breaches) - expected) < 4 * math.sqrt(expected * (1 - chance))


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
    daily = -math.expm1(-departures / 365)
    expected = arrivals / daily * (1 - daily)  # counted in the evening, after the day's departures of the morning
    assert abs(np.mean(sizes) - expected) < 4 * math.sqrt(expected / len(sizes)) + arrivals
    assert expected == pytest.approx(at_rest, rel=0.02)


def test_arrivals_go_where_a_neighbour_is():
    # All neighbours of an arrival are at A, wherever it looks: nobody ever chooses B.
    run = market(
        **{"providers.0.share": 1.0, "providers.1.share": 0.0, "open_market.arrivals_per_day": 5.0, "days": 60},
    ).run()
    assert run.record.column("arrived")[:, 0].sum() > 200
    assert run.record.column("arrived")[:, 1].sum() == 0
    newcomers = run.user(1000)
    assert newcomers.sources[newcomers.provider] == "word-of-mouth"
    assert run.graph.degree(1000) >= 8


def test_two_state_markov_shares():
    # Switch rates a (A to B) and b (B to A) a day: B's share at rest is a / (a + b). Adverts, of which a user believes
    # nothing but the price, move whoever hears one: each provider is the cheaper by turns for half of the people.
    a, n = 0.02, 4000
    run = Market(
        {
            "days": 600,
            "users": {"count": n, "advertising_per_day": a, "choice_noise": 1.0, "tolerance": {"median": 0.0}},
            "network": {"kind": "none"},
            "flaws": {"source": "poisson", "per_year": 0.0},
            "providers": [{"name": "A", "share": 1.0}, {"name": "B", "share": 0.0}],
        },
        rng=5,
    )
    shares = []
    for day in range(600):
        # Beliefs are set so that the other provider is always a minute better: an advert is enough to move.
        own = run.users.provider
        run.users.belief[np.arange(n), own] = 1.0
        run.users.belief[np.arange(n), 1 - own] = 0.0
        run.users.as_of[:] = day
        run.step()
        shares.append(run.fleets.users[1] / n)
        expected = 0.5 * (1 - (1 - 2 * a) ** (day + 1))
        assert abs(shares[-1] - expected) < 5 * math.sqrt(expected * (1 - expected) / n) + 1e-12
    assert abs(np.mean(shares[300:]) - 0.5) < 0.01


# --- voice


def test_who_complains_stays_for_the_day_and_leaves_in_the_end():
    silent, loud = (market(**{"users.voice": voice}).run() for voice in (0.0, 1.0))
    assert silent.record.column("complaints").sum() == 0
    spoke = loud.record.column("complaints")[:, 0].sum()
    assert spoke >= len(loud.record.moves) > 0
    assert loud.record.moves["day"].min() > silent.record.moves["day"].min()


def test_a_recovery_policy_keeps_users_for_money():
    plain, recovering = (
        market(**{"users.voice": 1.0, "providers.0.recovery_credit": credit}).run() for credit in (0.0, 3.0)
    )
    assert recovering.record.column("left").sum() < plain.record.column("left").sum()
    complaints = recovering.record.column("complaints")[:, 0].sum()
    assert recovering.record.column("credit_cost")[:, 0].sum() == pytest.approx(3.0 * complaints)
    assert complaints > 0


# --- bad input


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"providers.0.strategy": "panic"}, "providers.0.strategy.kind = 'panic': must be one of hold, copy, "),
        ({"providers.0.strategy.step": 1}, "providers.0.strategy.step: no such key; allowed here: kind"),
        ({"providers.0.sla.terms": "handshake"}, "providers.0.sla.terms = 'handshake': must be one of amazon-ec2-"),
        ({"users.contract_days": -1}, "users.contract_days = -1: must be greater than or equal to 0"),
        ({"users.voice": 2.0}, "users.voice = 2.0: must be less than or equal to 1"),
        ({"open_market.arrivals_per_day": -1.0}, "open_market.arrivals_per_day = -1.0: must be greater than or equal"),
        (
            {"providers.1.policy.max_age_days": 5.0},
            "providers.1.policy: max_age_days = 5 must be above notice_days = 7",
        ),
    ],
)
def test_bad_input_is_one_line(settings, line):
    with pytest.raises(ScenarioError) as caught:
        Scenario.preset("thought-experiment", **settings)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_all_presets_are_listed():
    assert {"crushed-and-copies", "price-war", "redundant-users", "breach-risk", "open-market"} < set(preset_names())
