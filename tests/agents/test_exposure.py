"""Exposure against a plain count, server by server and flaw by flaw; breaches and bad updates against their chances."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.exposure import NEVER, Flaw
from agents.policies import Defer, LivePatch, Never, Reboot
from tests import oracles
from tests.oracles import lone_provider, resize

DAYS = 60
many = settings(max_examples=200)
flaw_lists = st.lists(
    st.tuples(st.integers(0, DAYS - 1), st.sampled_from(["kernel", "hypervisor"]), st.booleans(), st.integers(0, 30)),
    max_size=8,
).map(lambda flaws: sorted(flaws, key=lambda flaw: flaw[0]))
fleets = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 9)), min_size=1, max_size=12).map(
    lambda stretches: [size for days, size in stretches for _ in range(days)][:DAYS]
)


def flaws_by_day(flaws):
    found = {}
    for day, kind, covered, delay in flaws:
        flaw = Flaw(kind, 0.0 if covered else 0.9, exploited=day + delay)
        found.setdefault(day, []).append(flaw)
    return found


def counted(provider, flaws, sizes):
    """Let the days pass; return the exposure of each and the servers breached on it."""
    by_day, found, breached = flaws_by_day(flaws), [], []
    for day, servers in enumerate(sizes):
        resize(provider, servers)
        outages = provider.patch(day, by_day.get(day, []))
        found.append((provider.exposed, provider.exploitable))
        provider.exploitable_so_far += provider.exploitable
        breached += [(day, int(s)) for outage in outages if outage.cause == "breach" for s in outage.servers]
    return found, breached


def expected(policy, flaws, sizes, breached=()):
    days = [day for day, *_ in flaws]
    soak, live = policy.soak, isinstance(policy, LivePatch)
    covered = [live and kind == "kernel" and is_covered for _, kind, is_covered, _ in flaws]
    considered = [day + soak for day in days]
    delay = policy.patch_delay_days.days(0.0) if live else 0
    patched = [when + delay if patch else NEVER for when, patch in zip(considered, covered, strict=True)]
    needs = [not patch for patch in covered]
    reboots = []
    if isinstance(policy, Defer):
        reboots = planned_reboots(policy, considered, sizes)
    elif not isinstance(policy, Never):
        reboots = oracles.campaign_reboots(considered, needs, policy.notice_days, policy.window_days, sizes)
    exploited = [day + after for day, _, _, after in flaws]
    return oracles.exposure(days, patched, exploited, reboots, sizes, breached)


def planned_reboots(policy, considered, sizes):
    reboots, running, announced, waiting = [], None, None, False
    for day, servers in enumerate(sizes):
        if running and day >= running[0] + policy.window_days:
            running = None
        if announced is not None and day >= announced and running is None:
            running, announced, waiting = (
                (day, servers, [f for f, when in enumerate(considered) if when < day]),
                None,
                False,
            )
        waiting = waiting or day in considered
        if waiting and day > 0 and day % policy.interval_days == 0 and announced is None:
            announced = day if running is None else running[0] + policy.window_days
        if announced is not None and day >= announced and running is None:
            running, announced, waiting = (
                (day, servers, [f for f, when in enumerate(considered) if when <= day]),
                None,
                False,
            )
        if running:
            reboots += [(day, s, running[2]) for s in oracles.due(day, running[0], policy.window_days, running[1])]
    return reboots


policies = st.one_of(
    st.builds(
        Reboot,
        notice_days=st.integers(0, 9),
        window_days=st.integers(1, 9),
        soak_days=st.sampled_from([0, 0, 5]),
    ),
    st.builds(
        LivePatch,
        coverage=st.just(0.5),
        notice_days=st.integers(0, 9),
        window_days=st.integers(1, 9),
        soak_days=st.sampled_from([0, 3]),
        patch_delay_days=st.sampled_from([0, 4, 25]),
    ),
    st.builds(
        Defer, interval_days=st.integers(1, 20), window_days=st.integers(1, 9), soak_days=st.sampled_from([0, 5])
    ),
    st.just(Never()),
)


@many
@given(policies, flaw_lists, fleets)
def test_exposure_is_the_count_over_servers_days_and_flaws(policy, flaws, sizes):
    found, _ = counted(lone_provider(policy, sizes[0]), flaws, sizes)
    assert found == expected(policy, flaws, sizes)


@many
@given(policies, flaw_lists, fleets, st.integers(0, 99))
def test_breached_servers_are_rebuilt_on_the_newest_kernel(policy, flaws, sizes, seed):
    found, breached = counted(lone_provider(policy, sizes[0], seed, attack_rate=0.05), flaws, sizes)
    assert found == expected(policy, flaws, sizes, breached)


# --- closed forms


def open_days(policy, servers, days=40, kind="kernel"):
    provider = lone_provider(policy, servers)
    total = 0
    for day in range(days):
        provider.patch(day, [Flaw(kind, 0.5)] if day == 3 else [])
        total += provider.exposed
    return total


@pytest.mark.parametrize(("notice", "window", "servers"), [(7, 7, 100), (0, 1, 5), (3, 10, 4), (0, 5, 5)])
def test_under_reboot_a_server_is_open_until_its_turn(notice, window, servers):
    exact = sum(notice + s * window // servers for s in range(servers))
    assert open_days(Reboot(notice_days=notice, window_days=window), servers) == exact
    if servers % window == 0:
        assert exact == servers * (notice + (window - 1) / 2)


def test_under_live_patch_all_are_open_until_the_patch_and_without_patching_to_the_end():
    assert open_days(LivePatch(), 6) == 0
    assert open_days(LivePatch(patch_delay_days=9), 6) == 6 * 9
    assert open_days(LivePatch(patch_delay_days=9, notice_days=2, window_days=1), 6, kind="hypervisor") == 6 * 2
    assert open_days(Never(), 6) == 6 * 37
    assert open_days(Reboot(soak_days=5, notice_days=2, window_days=1), 6) == 6 * 7


# --- breaches


@pytest.mark.parametrize("servers", [1, 40])
def test_breaches_are_a_poisson_process_in_the_exploitable_server_days(servers):
    rate, found, hazard = 0.001, [], []
    for seed in range(400):
        provider = lone_provider(Never(), servers, seed, attack_rate=rate)
        breaches = 0
        for day in range(50):
            provider.patch(day, [Flaw("kernel", 0.5, exploited=day + 3)] if day % 10 == 0 else [])
            provider.exploitable_so_far += provider.exploitable
            breaches += provider.breaches
        found.append(breaches)
        hazard.append(rate * provider.exploitable_so_far)
    excess = np.sum(found) - np.sum(hazard)
    assert np.sum(hazard) > 10
    assert abs(excess) < 4 * math.sqrt(np.sum(hazard))  # a Poisson process stopped by rebuilding


def test_a_breach_of_the_fleet_rebuilds_it():
    provider = lone_provider(Never(), 5, attack_rate=1.0, scope="fleet", breach_minutes=90.0)
    (outage,) = provider.patch(0, [Flaw("kernel", 0.5, exploited=0)])
    assert (outage.cause, outage.servers.tolist(), outage.minutes) == ("breach", [0, 1, 2, 3, 4], 90.0)
    assert provider.breaches == 1
    assert provider.patch(1, []) == []
    assert provider.exposed == 0


# --- bad updates


def bad_updates(policy, recalled, servers=4, days=30):
    provider = lone_provider(policy, servers, bad_update_minutes=33.0)
    found = []
    for day in range(days):
        outages = provider.patch(day, [Flaw("kernel", 0.5, recalled=recalled)] if day == 2 else [])
        found += [(day, o.servers.tolist(), o.minutes) for o in outages if o.cause == "bad-update"]
    return found


def test_who_applies_a_bad_fix_before_it_is_recalled_suffers_on_each_server():
    everywhere = [0, 1, 2, 3]
    assert bad_updates(LivePatch(), recalled=3) == [(2, everywhere, 33.0)]
    assert bad_updates(LivePatch(), recalled=2) == []
    assert bad_updates(LivePatch(soak_days=1), recalled=3) == []
    campaign = Reboot(notice_days=1, window_days=2)
    assert bad_updates(campaign, recalled=9) == [(3, [0, 1], 33.0), (4, [2, 3], 33.0)]
    assert bad_updates(campaign, recalled=4) == [(3, [0, 1], 33.0)]
    assert bad_updates(Reboot(notice_days=1, window_days=2, soak_days=6), recalled=9) == []
    assert bad_updates(Never(), recalled=9) == []
