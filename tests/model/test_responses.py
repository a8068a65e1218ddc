"""Providers and users respond: each mechanism against its closed form, or its monotone effect, and off by default."""

import hashlib
import json
import math

import numpy as np
import pytest

from agents.experience import minutes_lost
from agents.policies import Flaw, LivePatch, Never
from model import Market, Scenario
from model.credits import MINUTES_PER_MONTH, credit_share
from model.record import INDEX
from model.responses import cost_per_user
from model.summary import summarise
from tests.commands import ROOT

REGRESSION = ROOT / "tests" / "regression.json"
# The numbers of the last change of results that CHANGELOG.md tells of.
LATER = {"credit_cost", *list(INDEX)[list(INDEX).index("instances") :]}  # columns added since
COLUMNS = [name for name in INDEX if name not in LATER]
BUSY = {"users.count": 1000, "flaws.per_year": 15.0}


def market(preset="thought-experiment", rng=1, **settings):
    return Market(preset, rng=rng, **(BUSY | settings))


# --- results change only where the changelog says so


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
        assert users[event.day, j] > 0
        floor = servers[event.day, j] * (2500.0 + patches) / users[event.day, j]
        assert war.record.column("price")[event.day + 1, j] >= floor - 1e-9
    assert prices[-1].max() < 5.0
    assert prices[-1].min() >= 2.5


def test_making_patches_and_an_empty_fleet_count_in_the_floor():
    dear = {"providers.1.policy.per_server_month": 0.0, "providers.1.policy.per_patch": 5000.0}
    war = market("price-war", **dear, **{"providers.1.server_cost": 0.0}).run()
    maker = war.providers[1]
    patches = war.record.column("patches")[:, 1].sum()
    assert patches > 10
    floor = patches * 5000.0 / (war.day / (365 / 12)) / maker.instances
    assert cost_per_user(maker, war.record) == pytest.approx(floor)
    empty = market("price-war", rng=3, **{"providers.1.share": 0.0, "providers.0.share": 1.0, "days": 10}).run()
    assert cost_per_user(empty.providers[1], empty.run().record) == pytest.approx((2500.0 + 100.0) / 1000)


def test_attrition_is_no_loss_to_a_rival():
    calm = {"flaws.per_year": 0.0, "open_market.departures_per_year": 0.5, "users.voice": 0.0}
    assert market("price-war", **calm).run().record.responses == []


def test_while_a_policy_is_on_its_way_no_other_is_decided_on():
    run = market("crushed-and-copies", rng=3, **{"users.count": 4000, "providers.0.lead_days": 400}).run()
    assert len(run.record.responses) == 1


@pytest.mark.parametrize("name", ["crushed-and-copies", "price-war", "breach-risk", "redundant-users", "open-market"])
def test_relabelling_the_providers_changes_nothing_with_responses_on(name):
    settings = {"days": 300, "open_market.arrivals_per_day": 3.0, "open_market.departures_per_year": 1.0}
    tables = Scenario.preset(name, **BUSY, **settings, **{"open_market.links": 0, "users.voice": 0.3}).tables()
    first = Market(tables, rng=4).run()
    second = Market(tables | {"providers": tables["providers"][::-1]}, rng=4).run()
    assert first.record.flow_matrix.sum() > 0
    assert np.array_equal(first.record.daily, second.record.daily[:, ::-1])
    assert first.record.responses == second.record.responses


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
    host.policy = Never()
    assert host.maintenance.open_flaws == open_flaws
    run.run(60)
    assert host.maintenance.campaigns == run.record.column("campaigns")[30, 0]
    assert host.maintenance.open_flaws > open_flaws
    assert run.record.column("servers_down")[30:, 0].sum() == 0


# --- redundancy


HARD_TIMES = {
    "providers.0.failures.per_server_year": 10.0,
    "providers.1.failures.per_server_year": 10.0,
    "providers.0.server_capacity": 10,
    "providers.1.server_capacity": 10,
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


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [(60.0, 0.0, 0.5), (0.0, 60.0, 0.5), (60.0, 60.0, 60.0), (60.0, 9.0, 9.0), (0.2, 0, 0.2)],
)
def test_two_instances_help_as_long_as_one_is_up(first, second, lost):
    assert minutes_lost(first, second, 0.5) == lost


def test_a_breach_of_the_whole_fleet_hits_doubled_users_as_well():
    attackers = {"flaws.exploited_per_cve": 1.0, "flaws.exploit_delay": 0}
    attackers |= {"security": {"attack_rate": 1.0, "scope": "fleet", "breach_minutes": 100.0}}
    run = market(**HARD_TIMES, **{"network.kind": "none", "days": 250}, **attackers).run(200)
    before = run.users.downtime.copy()
    run.providers[0].policy = Never()
    for host in run.providers:
        host.failures_per_day = 0.0
    run.run()  # one flaw is enough
    mine = (run.users.instances == 2) & (run.users.provider == 0)
    assert mine.sum() > 20
    assert ((run.users.downtime - before)[mine] >= 100.0).all()


def test_company_does_not_sell_second_instances():
    quiet = market("quiet", **HARD_TIMES, **{"users.peer_weight": 50.0, "flaws.per_year": 0.0, "days": 100})
    for host in quiet.providers:
        host.failures_per_day = 0.0
    assert (quiet.run().users.instances == 1).all()


def test_a_contract_does_not_keep_users_from_buying_more():
    bound = market(**HARD_TIMES, **{"users.contract_days": 100_000, "users.voice": 1.0, "days": 200}).run()
    free = market(**HARD_TIMES, **{"days": 200}).run()
    assert (bound.users.instances == 2).sum() >= (free.users.instances == 2).sum() > 0


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
    assert (moves["day"].to_numpy() % 90 == run.contracts.renewal_phase[moves["user"]]).all()
    phases = np.bincount(run.contracts.renewal_phase, minlength=90)
    assert abs(phases.mean() - phases).max() < 5 * math.sqrt(1000 / 90)  # spread over the term


def test_who_is_bound_is_reminded_on_the_renewal_day():
    # One flaw, and no talk but complaints: a fortnight after its campaign, only a renewal can remind anybody.
    once = {"word_of_mouth.talk_per_day": 0.0, "users.initial_awareness": 1.0, "users.tolerance.median": 1.0}
    run = market(**once, **{"users.contract_days": 200})
    run.flaws = {10: [Flaw("kernel", 0.5)]}
    run.run()
    late = run.record.moves["day"] > 10 + 7 + 7 + 14
    assert late.sum() > 20
    assert set(run.record.moves["trigger"][late]) <= {"outage", "message"}


def test_arrivals_are_bound_from_the_day_on_which_they_come():
    run = market(
        "open-market",
        **{"open_market.arrivals_per_day": 5.0, "users.contract_days": 100_000, "users.tolerance.median": 1.0},
    ).run()
    arrived = run.demography.arrives[run.record.moves["user"]]
    assert not (run.record.moves["day"].to_numpy() == arrived).any()


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


def test_who_moves_takes_no_credit_along():
    tiers = [{"below": 1.0, "credit": 1.0}]
    run = market(
        **{"providers.1.sla": {"tiers": tiers, "counts_maintenance": True}, "flaws.per_year": 365.0, "days": 31},
        **{"providers.0.policy.notice_days": 0, "users.initial_awareness": 1.0, "users.tolerance.median": 1.0},
        **{"providers.0.sla": {"tiers": tiers, "counts_maintenance": True}},
    ).run()
    assert len(run.record.moves) > 100
    assert run.record.column("credit_cost")[:, 1].sum() == 0
    stayed = ((run.users.provider == 0) & (run.users.downtime > 0)).sum()
    assert run.record.column("credit_cost")[30, 0] == pytest.approx(5.0 * stayed)


def test_published_terms_can_be_set_by_their_path_alone():
    sla = Scenario.preset("thought-experiment", **{"providers.0.sla.terms": "amazon-ec2-region"}).providers[0].sla
    assert [tier.below for tier in sla.tiers] == [0.9999, 0.99, 0.95]


# --- exposure


def test_a_patch_in_the_making_leaves_the_flaw_open():
    run = market(**{"providers.1.policy.patch_delay_days": 6, "flaws.per_year": 10.0, "days": 300}).run()
    flaws = [day for day, found in run.flaws.items() for _ in found]
    exposed = sum(min(day + 6, 300) - day for day in flaws)  # open on the day it appears and the five after it
    assert run.record.column("open_flaws")[:, 1].sum() == exposed
    patched = np.repeat(np.arange(300), run.record.column("patches")[:, 1].astype(int))
    assert patched.tolist() == sorted(day + 6 for day in flaws if day + 6 < 300)


# --- voice


def test_who_complains_stays_for_the_day_and_leaves_in_the_end():
    silent, loud = (market(**{"users.voice": voice}).run() for voice in (0.0, 1.0))
    assert silent.record.column("complaints").sum() == 0
    spoke = loud.record.column("complaints")[:, 0].sum()
    assert spoke >= len(loud.record.moves) > 0
    assert loud.record.moves["day"].min() > silent.record.moves["day"].min()
    assert not loud.users.complained[loud.record.moves["user"]].any()  # at the new host they have not complained yet


def test_a_recovery_policy_keeps_users_for_money():
    plain, recovering = (
        market(**{"users.voice": 1.0, "providers.0.recovery_credit": credit}).run() for credit in (0.0, 3.0)
    )
    assert recovering.record.column("left").sum() < plain.record.column("left").sum()
    complaints = recovering.record.column("complaints")[:, 0].sum()
    assert complaints <= 500  # nobody is paid twice: it is no pump
    assert recovering.record.column("credit_cost")[:, 0].sum() == pytest.approx(3.0 * complaints)
    assert complaints > 0


MOVE, QUICK = {"kind": "live-migrate"}, {"kind": "fast-restart"}

# --- each mechanism pushes one way, over 30 seeds with common random numbers


@pytest.mark.parametrize(
    ("less", "more", "of"),
    [
        ({"users.voice": 0.0}, {"users.voice": 1.0, "providers.0.recovery_credit": 1.0}, "-left"),
        ({"providers.0.policy.outage_minutes": 2.0}, {"providers.0.policy.outage_minutes": 10.0}, "left"),
        ({}, {"providers.0.sla": {"terms": "amazon-ec2-region", "counts_maintenance": True}}, "credit_cost"),
        ({"providers.1.policy.patch_delay_days": 1}, {"providers.1.policy.patch_delay_days": 30}, "open_flaws"),
        ({}, {"providers.1.policy.failure_probability": 1.0}, "downtime_minutes"),
        (
            {"providers.0.policy": MOVE},
            {"providers.0.policy": MOVE | {"failure_probability": 1.0}},
            "downtime_minutes",
        ),
        (
            {"providers.1.policy": QUICK | {"reach": 0.5}},
            {"providers.1.policy": QUICK},
            "left",
        ),
        ({"open_market.arrivals_per_day": 1.0}, {"open_market.arrivals_per_day": 4.0}, "revenue"),
        ({"providers.0.strategy": {"kind": "copy", "trigger": 0.01}, "providers.0.lead_days": 0}, {}, "left"),
        ({"providers.0.strategy": {"kind": "cut-price", "trigger": 0.01, "step": 1.0}}, {}, "revenue"),
    ],
)
def test_each_mechanism_pushes_one_way(less, more, of):
    sign, name = (-1, of[1:]) if of.startswith("-") else (1, of)
    low, high = (
        mean_over_seeds(lambda run: sign * run.record.column(name).sum(), s | {"days": 250}) for s in (less, more)
    )
    assert low < high
