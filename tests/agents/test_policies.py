import math
from typing import NamedTuple

import numpy as np
import pytest
from pydantic import ValidationError

from agents.policies import (
    POLICIES,
    Defer,
    Failover,
    FastRestart,
    Flaw,
    LiveMigrate,
    LivePatch,
    Never,
    Policy,
    Reboot,
)
from tests.oracles import lone_provider, resize

SERVERS = 4
ALL = [0, 1, 2, 3]
MONTH = 365 / 12  # days


class Case(NamedTuple):
    """What a policy does to four servers; `flaws` is a day's letters, k = kernel, h = hypervisor."""

    policy: Policy
    flaws: dict[int, str]
    outages: list[tuple[int, str, list[int], float]]  # day, cause, servers, minutes
    patches: dict[int, int] = {}  # noqa: RUF012 -- never changed
    severity: float = 0.5
    days: int = 30


def planned(day, servers=ALL, minutes=5.0):
    return (day, "maintenance", list(servers), minutes)


CASES = {
    # --- reboot
    "reboot: no flaw, no campaign": Case(Reboot(), {}, []),
    "reboot: a week's notice, then one server after another over a week": Case(
        Reboot(), {2: "k"}, [planned(9, [0]), planned(10, [1]), planned(12, [2]), planned(14, [3])]
    ),
    "reboot: hypervisor flaws count alike": Case(Reboot(notice_days=1, window_days=1), {2: "h"}, [planned(3)]),
    "reboot: at once without notice": Case(
        Reboot(notice_days=0, window_days=1, outage_minutes=2.5), {2: "k"}, [planned(2, minutes=2.5)]
    ),
    "reboot: two flaws of a day are one campaign": Case(Reboot(notice_days=0, window_days=1), {2: "kh"}, [planned(2)]),
    "reboot: half the servers a day": Case(
        Reboot(notice_days=3, window_days=2), {0: "k"}, [planned(3, [0, 1]), planned(4, [2, 3])]
    ),
    "reboot: a window longer than the fleet leaves days without outages": Case(
        Reboot(notice_days=0, window_days=8),
        {0: "k"},
        [planned(0, [0]), planned(2, [1]), planned(4, [2]), planned(6, [3])],
    ),
    "reboot: a flaw during notice is fixed by the campaign": Case(
        Reboot(notice_days=5, window_days=1), {2: "k", 3: "k", 6: "k"}, [planned(7)]
    ),
    "reboot: a flaw on the day the campaign starts announces the next": Case(
        Reboot(notice_days=5, window_days=1), {2: "k", 7: "k"}, [planned(7), planned(12)]
    ),
    "reboot: a flaw on the day after a day's notice announces the next": Case(
        Reboot(notice_days=1, window_days=1), {2: "k", 3: "k", 4: "k"}, [planned(3), planned(4), planned(5)]
    ),
    "reboot: a flaw while a campaign runs announces the next": Case(
        Reboot(notice_days=4, window_days=2),
        {0: "k", 5: "k"},
        [planned(4, [0, 1]), planned(5, [2, 3]), planned(9, [0, 1]), planned(10, [2, 3])],
    ),
    "reboot: the next campaign waits for the end of the running one": Case(
        Reboot(notice_days=1, window_days=4),
        {0: "k", 2: "k", 4: "k"},
        [planned(day, [(day - 1) % 4]) for day in range(1, 9)],
    ),
    "reboot: without notice the next waits for the end of the running one too": Case(
        Reboot(notice_days=0, window_days=4),
        {0: "k", 1: "k", 3: "k"},
        [planned(day, [day % 4]) for day in range(8)],
    ),
    # --- live-patch
    "live-patch: covered flaws are patched at once, unseen": Case(LivePatch(), {1: "k", 5: "kkk"}, [], {1: 1, 5: 3}),
    "live-patch: hypervisor flaws are not covered": Case(
        LivePatch(notice_days=3, window_days=2),
        {1: "hk"},
        [planned(4, [0, 1]), planned(5, [2, 3])],
        {1: 1},
    ),
    "live-patch: covered below the coverage": Case(
        LivePatch(coverage=0.6, notice_days=0, window_days=1), {1: "k"}, [], {1: 1}, severity=0.59
    ),
    "live-patch: not covered from the coverage on": Case(
        LivePatch(coverage=0.6, notice_days=0, window_days=1), {1: "k"}, [planned(1)], severity=0.6
    ),
    "live-patch: without coverage it reboots": Case(
        LivePatch(coverage=0.0, notice_days=2, window_days=1), {1: "k"}, [planned(3)], severity=0.0
    ),
    "live-patch: a campaign during the support of the kernel": Case(
        LivePatch(max_age_days=10, notice_days=0, window_days=1),
        {4: "h"},
        [planned(4), planned(14), planned(24)],
    ),
    "live-patch: a kernel is rebooted when it is as old as its support": Case(
        LivePatch(max_age_days=10, notice_days=0, window_days=1),
        {3: "k"},
        [planned(10), planned(20)],
        {3: 1},
    ),
    "live-patch: the reboot of an old kernel is announced in time": Case(
        LivePatch(max_age_days=12, notice_days=7, window_days=1), {}, [planned(12), planned(24)]
    ),
    "live-patch: a flaw during the notice of that reboot is fixed by it": Case(
        LivePatch(max_age_days=12, notice_days=7, window_days=1), {6: "h"}, [planned(12), planned(24)]
    ),
    "live-patch: bad patches take every server down": Case(
        LivePatch(failure_probability=1.0), {2: "k"}, [(2, "bad-patch", ALL, 5.0)], {2: 1}
    ),
    "live-patch: two bad patches of a day are two outages": Case(
        LivePatch(failure_probability=1.0), {2: "kk"}, [(2, "bad-patch", ALL, 5.0)] * 2, {2: 2}
    ),
    "live-patch: flaws that are not covered cause no bad patch": Case(
        LivePatch(failure_probability=1.0, notice_days=1, window_days=1), {2: "h"}, [planned(3)]
    ),
    # --- live-migrate
    "live-migrate: a blink on the day of the flaw": Case(
        LiveMigrate(), {2: "k", 6: "h"}, [planned(2, minutes=0.005), planned(6, minutes=0.005)]
    ),
    "live-migrate: over a window": Case(
        LiveMigrate(blackout_seconds=0.06, notice_days=1, window_days=2),
        {2: "k"},
        [planned(3, [0, 1], 0.001), planned(4, [2, 3], 0.001)],
    ),
    "live-migrate: failed migrations are outages": Case(
        LiveMigrate(failure_probability=1.0, outage_minutes=7.0, window_days=2),
        {2: "k"},
        [
            planned(2, [0, 1], 0.005),
            (2, "failed-migration", [0, 1], 7.0),
            planned(3, [2, 3], 0.005),
            (3, "failed-migration", [2, 3], 7.0),
        ],
    ),
    # --- defer
    "defer: flaws wait for the planned campaign": Case(
        Defer(interval_days=10, window_days=2),
        {3: "k", 7: "h"},
        [planned(10, [0, 1]), planned(11, [2, 3])],
    ),
    "defer: the first planned campaign is an interval from the start": Case(
        Defer(interval_days=10, window_days=1), {0: "k"}, [planned(10)]
    ),
    "defer: no flaw waiting, no campaign": Case(Defer(interval_days=10, window_days=1), {12: "k"}, [planned(20)]),
    "defer: flaws during a campaign wait for the next": Case(
        Defer(interval_days=10, window_days=3, outage_minutes=1.0),
        {3: "k", 11: "k"},
        [planned(start + day, servers, 1.0) for start in (10, 20) for day, servers in enumerate([[0, 1], [2], [3]])],
    ),
    # --- fast-restart
    "fast-restart: a campaign of seconds": Case(
        FastRestart(notice_days=2, window_days=2),
        {1: "k"},
        [planned(3, [0, 1], 1 / 3), planned(4, [2, 3], 1 / 3)],
    ),
    "fast-restart: hypervisor flaws count alike": Case(
        FastRestart(outage_seconds=15.0, notice_days=0, window_days=1), {1: "h"}, [planned(1, minutes=0.25)]
    ),
    # --- failover
    "failover: the take-over is all that users see": Case(
        Failover(notice_days=2, window_days=2),
        {1: "k"},
        [planned(3, [0, 1], 0.5), planned(4, [2, 3], 0.5)],
    ),
    "failover: a slower take-over": Case(
        Failover(failover_seconds=90.0, notice_days=0, window_days=1), {1: "h"}, [planned(1, minutes=1.5)]
    ),
    # --- none
    "none: nothing ever happens": Case(Never(), {1: "k", 2: "h"}, []),
}


def live(provider, case):
    """Let the days of a case pass; return the outages and the days with patches."""
    outages, patches = [], {}
    for day in range(case.days):
        letters = case.flaws.get(day, "")
        flaws = [Flaw({"k": "kernel", "h": "hypervisor"}[kind], case.severity) for kind in letters]
        found = provider.patch(day, flaws)
        outages += [(day, outage.cause, outage.servers.tolist(), outage.minutes) for outage in found]
        if provider.patches:
            patches[day] = provider.patches
    return outages, patches


@pytest.mark.parametrize("name", CASES)
def test_a_policy_does_what_its_table_says(name):
    case = CASES[name]
    assert name.startswith(f"{case.policy.kind}: ")
    outages, patches = live(lone_provider(case.policy, SERVERS), case)

    assert [outage[:3] for outage in outages] == [outage[:3] for outage in case.outages]
    assert [outage[3] for outage in outages] == pytest.approx([outage[3] for outage in case.outages])
    assert patches == case.patches


def test_every_policy_has_a_table():
    assert {case.policy.kind for case in CASES.values()} == set(POLICIES)
    assert {kind: policy().kind for kind, policy in POLICIES.items()} == {kind: kind for kind in POLICIES}


# --- what is paid

COSTS = [  # servers paid for 4, dollars a month for 4, dollars a patch, reach
    (Reboot(), 4, 0, 0, 1),
    (LivePatch(), 4, 400, 0, 1),
    (LivePatch(per_server_month=3.95, per_patch=2500.0), 4, 15.8, 2500, 1),
    (LiveMigrate(), 4.4, 0, 0, 1),
    (LiveMigrate(spare_fraction=0.25), 5, 0, 0, 1),
    (Defer(), 4, 0, 0, 1),
    (FastRestart(), 4, 0, 0, 1),
    (FastRestart(reach=0.3), 4, 0, 0, 0.3),
    (Failover(), 8, 0, 0, 1),
    (Failover(replicas=3), 12, 0, 0, 1),
    (Never(), 4, 0, 0, 1),
]


@pytest.mark.parametrize(("policy", "paid", "monthly", "per_patch", "reach"), COSTS)
def test_a_policy_costs_what_its_table_says(policy, paid, monthly, per_patch, reach):
    assert policy.servers_paid(4) == pytest.approx(paid)
    assert policy.servers_paid(0) == 0
    assert policy.monthly_cost(4) == pytest.approx(monthly)
    assert policy.monthly_cost(0) == 0
    assert policy.cost_per_patch() == per_patch
    assert policy.reachable == reach


def paid_for(policy, flaws, days):
    """Return what four servers earn, and cost in hardware and patches, in so many days, from the ledger."""
    from model.ledger import settle

    provider = lone_provider(policy, SERVERS)
    provider.change("server_cost", 12.0)
    books = []
    for day in range(days):
        provider.patch(day, [Flaw("kernel", 0.5)] * flaws.get(day, 0))
        books.append(settle(provider))
    return [sum(book[field] for book in books) for field in range(3)]


@pytest.mark.parametrize(
    ("policy", "servers_paid", "patching"),
    [
        (Reboot(), 4, 0.0),
        (LivePatch(), 4, 400.0 * 73 / MONTH),
        (LivePatch(per_server_month=0.0, per_patch=2500.0), 4, 3 * 2500.0),
        (LivePatch(per_server_month=10.0, per_patch=7.0), 4, 40.0 * 73 / MONTH + 21.0),
        (LivePatch(per_server_month=10.0, per_patch=7.0, coverage=0.1), 4, 40.0 * 73 / MONTH),
        (LiveMigrate(spare_fraction=0.5), 6, 0.0),
        (FastRestart(), 4, 0.0),
        (Failover(), 8, 0.0),
        (Never(), 4, 0.0),
    ],
)
def test_the_bill_of_seventy_three_days(policy, servers_paid, patching):
    revenue, hardware, patches = paid_for(policy, {2: 1, 71: 2}, 73)
    assert revenue == pytest.approx(4 * 5.0 * 73 / MONTH)
    assert hardware == pytest.approx(servers_paid * 12.0 * 73 / MONTH)
    assert patches == pytest.approx(patching)


# --- fleets that change


def test_a_campaign_spares_servers_that_are_gone_and_new_ones():
    provider = lone_provider(Reboot(notice_days=0, window_days=4), servers=4)
    down = []
    for day, servers in enumerate([4, 6, 2, 4]):
        resize(provider, servers)
        down += [o.servers.tolist() for o in provider.patch(day, [Flaw("kernel", 0.5)] if day == 0 else [])]
    assert down == [[0], [1], [3]]


@pytest.mark.parametrize("kind", POLICIES)
def test_a_provider_without_servers_has_no_outages(kind):
    certain = {"failure_probability": 1.0, "interval_days": 2}
    policy = POLICIES[kind](**{k: v for k, v in certain.items() if k in POLICIES[kind].model_fields})
    provider = lone_provider(policy, servers=0, attack_rate=1.0)
    flaws = [Flaw("kernel", 0.5, exploited=0), Flaw("hypervisor", 0.5, exploited=0)]
    assert [provider.patch(day, flaws) for day in range(20)] == [[]] * 20
    assert provider.breaches == 0


# --- chances


def within_four_standard_errors(found, expected, error):
    return abs(found - expected) <= 4 * error


def test_patches_go_bad_and_migrations_fail_with_their_chance():
    chance, servers, days = 0.03, 50, 2000
    flaw = [Flaw("kernel", 0.5)]
    for policy, cause in (
        (LivePatch(failure_probability=chance), "bad-patch"),
        (LiveMigrate(failure_probability=chance), "failed-migration"),
    ):
        provider = lone_provider(policy, servers, seed=5)
        outages = [outage for day in range(days) for outage in provider.patch(day, flaw)]
        failed = np.concatenate([outage.servers for outage in outages if outage.cause == cause])
        by_server = np.bincount(failed, minlength=servers)
        assert len(by_server) == servers
        error = math.sqrt(chance * (1 - chance) / (servers * days))
        assert within_four_standard_errors(len(failed) / (servers * days), chance, error)
        assert abs(by_server / days - chance).max() < 5 * error * math.sqrt(servers)


# --- how often servers are rebooted in the long run: renewal processes
#
# Campaigns with independent cycles of mean m and variance v come, in T days, at the rate 1/m with the
# standard error sqrt(v / (m^3 T)) (Feller 1968, XIII.6).


def campaign_rate(policy, flaws_per_day, days, seed):
    rng = np.random.default_rng(seed)
    provider = lone_provider(policy, servers=1)
    for day, flaws in enumerate(rng.poisson(flaws_per_day, days)):
        provider.patch(day, [Flaw("kernel", u) for u in rng.random(flaws)])
    return provider.maintenance.campaigns / days


@pytest.mark.parametrize(("notice", "window"), [(0, 1), (1, 1), (7, 1), (7, 7)])
def test_campaigns_come_at_the_renewal_rate(notice, window):
    rate, days = 0.15, 60_000
    p = 1 - math.exp(-rate)  # a day has a flaw
    # max(notice, 1) days from the announcement on, then a wait of 0, 1, ... days for the next flaw
    mean = max(notice, 1) + (1 - p) / p
    variance = (1 - p) / p**2
    found = campaign_rate(Reboot(notice_days=notice, window_days=window), rate, days, seed=11 + notice)
    assert within_four_standard_errors(found, 1 / mean, math.sqrt(variance / (mean**3 * days)))


@pytest.mark.parametrize(("coverage", "tau"), [(0.0, 7), (0.6, 1), (0.6, 30), (0.9, 90), (1.0, 30)])
def test_live_patched_kernels_are_rebooted_at_the_renewal_rate(coverage, tau):
    rate, days = 0.15, 60_000
    mu = rate * (1 - coverage)  # flaws a day that no live patch covers
    # A kernel lives min(G, tau) days, where P(G > k) = exp(-mu k): the daily-step form of
    # mu / (1 - exp(-mu tau)), in which flaws and reboots are counted by days.
    alive = np.exp(-mu * np.arange(tau))
    mean = alive.sum()
    variance = ((2 * np.arange(tau) + 1) * alive).sum() - mean**2
    expected = (1 - math.exp(-mu)) / (1 - math.exp(-mu * tau)) if mu else 1 / tau
    assert mean == pytest.approx(1 / expected)

    policy = LivePatch(coverage=coverage, max_age_days=tau, notice_days=0, window_days=1)
    found = campaign_rate(policy, rate, days, seed=23 + tau)
    once = 1 / days  # the last cycle is not complete
    assert abs(found - expected) <= 4 * math.sqrt(max(variance, 0) / (mean**3 * days)) + once


# --- what may be asked for


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        (Reboot, {"notice_days": -1}),
        (Reboot, {"window_days": 0}),
        (Reboot, {"outage_minutes": -0.1}),
        (LivePatch, {"coverage": 1.1}),
        (LivePatch, {"max_age_days": 0.0}),
        (LiveMigrate, {"failure_probability": -0.1}),
        (Defer, {"interval_days": 0}),
        (Defer, {"soak_days": -1}),
        (Defer, {"breach_per_flaw_day": 0.0}),
        (LivePatch, {"patch_delay_days": -1}),
        (LivePatch, {"source": "hearsay"}),
        (FastRestart, {"reach": 0.0}),
        (Failover, {"replicas": 1}),
        (Never, {"window_days": 7}),
    ],
)
def test_settings_out_of_range_are_refused(policy, settings):
    with pytest.raises(ValidationError, match=next(iter(settings))):
        policy(**settings)
