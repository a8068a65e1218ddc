# `run` lets days pass together on which nobody but the users does anything; `step` takes each by itself. Both must
# come to the same, to the last byte, whatever is going on in the market.
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policies import Reboot
from model import Market
from model.scenario import preset_names
from tests.agreement import same_markets

TINY = {"users.count": 240, "providers.0.server_capacity": 50, "days": 200, "flaws.per_year": 12.0}
TOUCHY = {"users.tolerance.median": 1.5, "word_of_mouth.talk_per_day": 0.05}


def both(scenario, seed, **settings):
    whole, daily = (Market(scenario, rng=seed, **settings) for _ in range(2))
    strides = 0
    while whole.day < whole.settings.days:
        whole._pass(whole.settings.days)
        strides += 1
    for _ in range(daily.settings.days):
        daily.step()
    same_markets(whole, daily)
    return strides


@pytest.mark.parametrize("name", preset_names())
def test_a_run_is_its_days(name):
    flaws = {} if name == "debian-history" else {"flaws.per_year": 10.0}
    both(name, 5, **{"users.count": 300, "days": 250, "users.tolerance.median": 2.0}, **flaws)


POLICIES = [
    {"kind": "reboot", "notice_days": 0, "window_days": 1},
    {"kind": "reboot", "notice_days": 3, "window_days": 20},
    {"kind": "live-patch", "coverage": 0.5, "max_age_days": 41.5, "patch_delay_days": 4, "failure_probability": 0.2},
    {"kind": "live-migrate", "failure_probability": 0.5},
    {"kind": "defer", "interval_days": 33, "breach_per_flaw_day": 0.01},
    {"kind": "defer", "interval_days": 10, "breach_per_flaw_day": 0.0},
    {"kind": "fast-restart"},
    {"kind": "failover"},
    {"kind": "none", "breach_per_flaw_day": 0.003},
]
STRATEGIES = ["hold", {"kind": "copy", "trigger": 0.0}, {"kind": "cut-price", "trigger": 0.0}, "match"]
OTHER = [
    {"providers.0.failures.per_server_year": 3.0},
    {"users.advertising_per_day": 0.01},
    {"users.contract_days": 30},
    {"users.voice": 0.5, "providers.0.recovery_credit": 2.0},
    {"users.peer_weight": 3.0},
    {"users.choice_noise": 1.0},
    {"users.redundancy.available": True, "users.redundancy.complexity": 0.1},
    {"open_market.arrivals_per_day": 0.5, "open_market.departures_per_year": 1.0},
    {"providers.0.sla.tiers": [{"below": 0.99999, "credit": 0.1}]},
    {"flaws.hypervisor_per_year": 9.0},
    {"word_of_mouth.talk_per_day": 0.0},
]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.sampled_from(POLICIES),
    st.sampled_from(POLICIES),
    st.sampled_from(STRATEGIES),
    st.lists(st.sampled_from(OTHER), max_size=3),
    st.integers(0, 99),
)
def test_whatever_goes_on_a_run_is_its_days(policy, rival, strategy, others, seed):
    changes = {"providers.0.policy": policy, "providers.1.policy": rival, "providers.0.strategy": strategy}
    changes |= {"providers.0.review_days": 17, "providers.0.lead_days": 5}
    for other in others:
        changes |= other
    both("thought-experiment", seed, **(TINY | TOUCHY | changes))


def test_days_pass_together_where_nothing_happens():
    assert both("quiet", 1, **{"users.count": 100}) == 1
    assert both("thought-experiment", 1, **{"users.count": 2000}) < 120


class Odd(Reboot):
    """Reboots everything on every 13th day, flaw or not: nobody could know from a reboot policy."""

    def plan(self, maintenance, day):
        if day % 13 == 12:
            maintenance.announce(day)


def test_a_policy_of_ones_own_is_asked_every_day():
    market = Market("quiet", rng=1, **{"users.count": 100, "days": 130})
    market.providers[0].policy = Odd()
    assert market.run().record.column("campaigns")[-1, 0] == 10


def test_what_is_changed_by_hand_between_two_runs_counts_from_the_next_day():
    whole, daily = (Market("thought-experiment", rng=4, **TINY, **TOUCHY) for _ in range(2))
    whole.run(90)
    for _ in range(90):
        daily.step()
    for market in (whole, daily):
        market.providers[1].price = 3.0
        market.providers[0].policy = market.providers[1].policy
    whole.run()
    for _ in range(110):
        daily.step()
    same_markets(whole, daily)
    assert (whole.record.column("price")[90:, 1] == 3.0).all()


@pytest.mark.parametrize("threads", [2, 3, 7])
@pytest.mark.parametrize("network", ["watts-strogatz", "barabasi-albert", "none"])
def test_any_number_of_threads_comes_to_the_same(threads, network):
    settings = TINY | TOUCHY | {"network.kind": network, "users.advertising_per_day": 0.01, "users.peer_weight": 1.0}
    one, many = (Market(rng=6, threads=n, **settings).run() for n in (1, threads))
    same_markets(one, many)
    assert len(one.record.move_columns[0]) > 20
