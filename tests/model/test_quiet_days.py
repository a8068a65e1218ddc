# `run` passes quiet days in one call; `step` takes each by itself. Both give the same bytes, whatever is going on.
from unittest import mock

import mesa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policies import Reboot
from model import Market
from model.scenario import preset_names
from tests.agreement import same_markets
from tests.mesa_versions import MESA_4

TINY = {"users.count": 240, "providers.0.server_capacity": 50, "days": 200, "flaws.per_year": 12.0}
TOUCHY = {"users.tolerance.median": 1.5, "word_of_mouth.talk_per_day": 0.05}


def both(scenario, seed, **settings):
    """Hold `run` to stepping; return the number of days that were stepped in `run`."""
    whole, daily = (Market(scenario, rng=seed, **settings) for _ in range(2))
    step, stepped = Market.step, []

    def counted(market):
        stepped.append(market.day)
        step(market)

    with mock.patch.object(Market, "step", counted):
        whole.run()
    for _ in range(daily.settings.days):
        daily.step()
    same_markets(whole, daily)
    assert MESA_4 or whole.steps == daily.steps
    return len(stepped)


@pytest.mark.parametrize("name", preset_names())
def test_a_run_is_its_days(name):
    flaws = {} if name.startswith("debian") else {"flaws.per_year": 10.0}
    both(name, 5, **{"users.count": 300, "days": 250, "users.tolerance.median": 2.0}, **flaws)


POLICIES = [
    {"kind": "reboot", "notice_days": 0, "window_days": 1},
    {"kind": "reboot", "notice_days": 3, "window_days": 20},
    {"kind": "live-patch", "coverage": 0.5, "max_age_days": 41.5, "patch_delay_days": 4, "failure_probability": 0.2},
    {"kind": "live-migrate", "failure_probability": 0.5},
    {"kind": "defer", "interval_days": 33, "soak_days": 5},
    {"kind": "defer", "interval_days": 10},
    {"kind": "fast-restart"},
    {"kind": "failover"},
    {"kind": "none"},
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
    {"flaws.exploited_per_cve": 1.0, "flaws.exploit_delay": {"median": 9.0}, "security.attack_rate": 0.003},
    {"flaws.exploited_per_cve": 0.5, "security.attack_rate": 0.5, "security.scope": "fleet"},
    {"security.bad_update_probability": 0.5, "users.planned_weight": 0.5},
    {"word_of_mouth.talk_per_day": 0.0},
]


@settings(max_examples=60)
@given(
    st.sampled_from(POLICIES),
    st.sampled_from(POLICIES),
    st.sampled_from(STRATEGIES),
    st.lists(st.sampled_from(OTHER), max_size=3),
    st.integers(0, 99),
)
def test_a_run_of_any_scenario_is_its_days(policy, rival, strategy, others, seed):
    changes = {"providers.0.policy": policy, "providers.1.policy": rival, "providers.0.strategy": strategy}
    changes |= {"providers.0.review_days": 17, "providers.0.lead_days": 5}
    for other in others:
        changes |= other
    both("thought-experiment", seed, **(TINY | TOUCHY | changes))


@settings(max_examples=20)
@given(st.lists(st.integers(1, 70), max_size=5), st.sampled_from(POLICIES), st.integers(0, 99))
def test_a_run_in_pieces_is_its_days(pieces, policy, seed):
    changes = TINY | TOUCHY | {"providers.0.policy": policy, "users.initial_awareness": 0.5}
    pieced, daily = (Market("thought-experiment", rng=seed, **changes) for _ in range(2))
    for days in pieces:
        pieced.run(days)
        pieced.providers[0].price = 5.0 + days / 100  # news on the first day of the next piece
        for _ in range(min(days, daily.settings.days - daily.day)):
            daily.step()
        daily.providers[0].price = 5.0 + days / 100
    pieced.run()
    while daily.running:
        daily.step()
    same_markets(pieced, daily)


def test_quiet_days_are_not_stepped():
    assert both("quiet", 1, **{"users.count": 100}) == 0
    assert 0 < both("thought-experiment", 1, **{"users.count": 2000}) < 120


class Diary(Market):
    """Does something of its own every day."""

    def step(self):
        super().step()
        self.pages = [*getattr(self, "pages", []), self.day]


def test_a_subclass_with_a_step_of_its_own_gets_every_day():
    diary = Diary("quiet", rng=1, **{"users.count": 100, "days": 50})
    assert diary.run().pages == list(range(1, 51))
    same_markets(diary, Market("quiet", rng=1, **{"users.count": 100, "days": 50}).run())


def test_a_data_collector_gets_every_day():
    market = Market("quiet", rng=1, **{"users.count": 100, "days": 50})
    market.datacollector = mesa.DataCollector(model_reporters={"day": "day"})
    assert market.run().datacollector.get_model_vars_dataframe()["day"].tolist() == list(range(1, 51))


class Odd(Reboot):
    """Reboots on every 13th day, with or without a flaw, which `next_day` does not know."""

    def plan(self, maintenance, day):
        if day % 13 == 12:
            maintenance.announce(day)


def test_a_custom_policy_gets_every_day():
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
def test_results_do_not_depend_on_the_number_of_threads(threads, network):
    settings = TINY | TOUCHY | {"network.kind": network, "users.advertising_per_day": 0.01, "users.peer_weight": 1.0}
    one, many = (Market(rng=6, threads=n, **settings).run() for n in (1, threads))
    same_markets(one, many)
    assert len(one.record.move_columns[0]) > 20
