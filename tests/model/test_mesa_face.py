"""A Mesa user's habits work on a market: agents, sets, collectors, batch_run, pickling, copying."""

import copy
import gc
import pickle
import warnings
import weakref

import mesa
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from agents.policies import LivePatch
from agents.provider import Provider
from agents.user import User
from model import Market, ScenarioError
from tests.mesa_versions import needs

SMALL = {"users.count": 300, "flaws.per_year": 25.0, "users.tolerance.median": 3.0}


def small(rng=1, **settings):
    return Market("thought-experiment", rng=rng, **(SMALL | settings))


def test_agents_are_providers_and_users():
    market = small().run(30)
    assert len(market.agents) == 302
    assert [p.name for p in market.agents_by_type[Provider]] == ["Reboot & Co", "Live & Co"]
    assert len(market.agents_by_type[User]) == 300
    assert len({agent.unique_id for agent in market.agents}) == 302
    assert market.agents_by_type[User] is market.agents_by_type[User]
    assert all(isinstance(agent, mesa.Agent) for agent in market.agents)


def test_a_user_is_a_window_on_its_row():
    market = small()
    user = market.user(7)
    user.tolerance = 123.0
    assert market.users.tolerance[7] == 123.0
    market.users.downtime[7] = 9.0
    assert user.downtime == 9.0
    assert market.user(7) is user
    assert small().user(7).tolerance != 123.0  # two markets never share a row


def test_select_agg_groupby_get_and_set():
    market = small().run(200)
    users = market.agents_by_type[User]
    patient = users.select(lambda user: user.tolerance > 3.0)
    assert len(patient) == (market.users.tolerance > 3.0).sum()
    assert users.agg("downtime", sum) == pytest.approx(market.users.downtime.sum())
    by_provider = users.groupby("provider").count()
    assert by_provider == {p.name: p.users for p in market.providers}
    assert users.get("tolerance") == market.users.tolerance.tolist()
    users.set("tolerance", 5.0)
    assert (market.users.tolerance == 5.0).all()


def test_a_user_tells_what_it_knows_and_whom_it_reaches():
    market = small(**{"users.initial_awareness": 1.0}).run(1)
    user = market.user(0)
    assert set(user.beliefs) == {"Reboot & Co", "Live & Co"}
    assert user.belief == user.beliefs[user.provider]
    assert set(user.sources.values()) == {"initial"}
    assert {n.row for n in user.neighbours} == set(market.graph.neighbors(0))


def test_setting_a_users_provider_moves_it():
    market = small()
    user = next(u for u in market.agents_by_type[User] if u.provider == "Reboot & Co")
    before = [p.users for p in market.providers]
    user.provider = "Live & Co"
    assert user.provider == "Live & Co"
    assert [p.users for p in market.providers] == [before[0] - 1, before[1] + 1]
    with pytest.raises(ScenarioError, match="must be one of Reboot & Co, Live & Co"):
        user.provider = "Nobody"
    market.run()


def test_a_price_or_policy_changed_in_mid_run_is_news_to_those_who_know_the_provider():
    market = small(
        **{"users.initial_awareness": 1.0, "flaws.per_year": 0.0, "users.tolerance.sigma": 0.0},
        **{"word_of_mouth.talk_per_day": 0.0},
    ).run(10)
    assert market.record.flow_matrix.sum() == 0
    # 4 dollars less at 0.1 dollars a minute is 40 minutes, above the tolerance of 3.
    market.providers[1].price = 1.0
    market.run(1)
    moves = market.record.moves
    assert set(moves["trigger"]) == {"price"}
    assert set(moves["source"]) == {"initial"}
    assert len(moves) > 100
    market.providers[0].policy = LivePatch()
    assert market.run().providers[0].policy.kind == "live-patch"


def test_the_callers_data_collector_is_fed_every_day():
    market = small(days=20)
    market.datacollector = mesa.DataCollector(
        model_reporters={"live": lambda m: m.providers[1].users},
        agenttype_reporters={User: {"provider": "provider", "tolerance": "tolerance"}},
    )
    market.run()
    collected = market.datacollector.get_model_vars_dataframe()
    assert collected["live"].tolist() == market.record.column("users")[:, 1].tolist()
    assert len(market.datacollector.get_agenttype_vars_dataframe(User)) == 20 * 300


def test_the_built_in_collector_begins_with_the_start_and_agrees_with_the_record():
    market = small(days=60)
    before = market.datacollector.get_model_vars_dataframe()
    assert before["users: Live & Co"].tolist() == [150]
    market.run()
    table = market.datacollector.get_model_vars_dataframe()
    assert len(table) == 61
    assert table["users: Live & Co"].tolist() == [150, *market.record.column("users")[:, 1].tolist()]
    assert table["profit: Reboot & Co"].tolist() == [0.0, *market.record.column("profit")[:, 0].tolist()]
    assert table["share: Live & Co"].iloc[-1] == pytest.approx(market.providers[1].users / 300)
    assert table["moves"].sum() == len(market.record.moves)


def test_collecting_in_a_loop_of_ones_own_adds_one_row_a_day():
    market = small(days=20)
    while market.running:
        market.step()
        market.datacollector.collect(market)
    assert len(market.datacollector.get_model_vars_dataframe()) == 21
    own = mesa.DataCollector(agent_reporters={"id": "unique_id"}, model_reporters={"day": "day"})
    market = small(days=3)
    while market.running:
        market.step()
        own.collect(market)
    assert own.get_model_vars_dataframe()["day"].tolist() == [1, 2, 3]
    assert len(own.get_agent_vars_dataframe()) == 3 * 302


@needs("mesa.batch_run")
def test_batch_run_with_dotted_parameters_numpy_values_and_seeds_under_either_name():
    parameters = {
        "users.count": np.arange(200, 400, 100),
        "days": 40,
        "flaws.per_year": 50.0,
        "users.tolerance.median": 1.0,
        "rng": range(3),
    }
    rows = mesa.batch_run(Market, parameters, display_progress=False)
    assert len(rows) == 6
    assert {(row["users.count"], row["rng"]) for row in rows} == {(n, seed) for n in (200, 300) for seed in range(3)}
    for row in rows:
        again = Market(rng=row["rng"], **{key: row[key] for key in parameters if key != "rng"}).run()
        assert row["users: Live & Co"] == again.providers[1].users
    assert any(row["share: Live & Co"] > 0.5 for row in rows)


@pytest.mark.slow
@needs("mesa.batch_run")
def test_batch_run_in_two_processes_gives_the_same():
    parameters = {"users.count": 200, "days": 30, "flaws.per_year": [10.0, 50.0], "rng": 5}
    one, two = (
        mesa.batch_run(Market, parameters, number_processes=n, display_progress=False, data_collection_period=1)
        for n in (1, 2)
    )
    assert len(one) >= 60
    key = ["RunId", "Step"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(one).sort_values(key, ignore_index=True), pd.DataFrame(two).sort_values(key, ignore_index=True)
    )


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_a_copy_taken_in_mid_run_lives_the_same_further_days(clone):
    market = small(**{"users.choice_noise": 1.0, "providers.0.failures.per_server_year": 20.0}).run(150)
    market.user(3).tolerance = 0.5
    twin = clone(market)
    twin.run()
    assert market.day == 150
    market.run()
    pd.testing.assert_frame_equal(market.record.moves, twin.record.moves)
    pd.testing.assert_frame_equal(market.record.providers, twin.record.providers)
    pd.testing.assert_frame_equal(market.record.outages, twin.record.outages)
    assert np.array_equal(market.users.belief, twin.users.belief, equal_nan=True)
    twin.user(3).tolerance = 7.0
    assert market.user(3).tolerance == 0.5


def test_a_market_that_nobody_holds_is_freed():
    market = small(days=5).run()
    market.user(0)
    gone = weakref.ref(market)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del market
        gc.collect()
    assert gone() is None


def test_a_hundred_markets_are_freed():
    held = [weakref.ref(small(days=2).run()) for _ in range(100)]
    gc.collect()
    assert sum(one() is not None for one in held) == 0


def test_a_removed_user_is_a_departure_and_everything_still_balances():
    market = small(days=10).run(4)
    user = market.user(11)
    provider = next(p.index for p in market.providers if p.name == user.provider)
    user.remove()
    user.remove()  # it is gone already
    assert market.user(11) not in market.agents
    assert len(market.agents_by_type[User]) == 299
    market.run()
    record = market.record
    assert record.column("departed").sum() == record.column("departed")[4, provider] == 1
    assert record.column("users").sum(axis=1).tolist() == [300] * 4 + [299] * 6
    stays = record.users_at_start + np.cumsum(
        record.column("joined") - record.column("left") + record.column("arrived") - record.column("departed"), axis=0
    )
    assert (stays == record.column("users")).all()
    paid = record.column("instances") * record.column("price") * 12 / 365
    assert record.column("revenue") == pytest.approx(paid)
    with pytest.raises(TypeError, match="provider 'Reboot & Co': cannot be removed"):
        market.providers[0].remove()


def test_removing_all_agents_leaves_the_providers_alone():
    market = small(days=5).run(2)
    market.remove_all_agents()
    market.run()
    assert market.record.column("users")[-1].tolist() == [0, 0]
    assert market.record.column("departed").sum() == 300
    assert len(market.agents_by_type[Provider]) == 2


def test_agent_types_are_known_before_anybody_has_looked():
    assert small().agent_types == [Provider, User]


def test_sort_and_shuffle_do():
    market = small()
    users = market.agents_by_type[User]
    tolerances = users.sort("tolerance", ascending=True).get("tolerance")
    assert tolerances == sorted(market.users.tolerance.tolist())
    seen = []
    users.shuffle_do(lambda user: seen.append(user.row))
    assert sorted(seen) == list(range(300))


@pytest.mark.skipif(not hasattr(mesa.Model, "schedule_event"), reason="Mesa schedules events from 3.5 on")
@needs("Model.steps")
def test_mesas_clock_and_its_events_are_kept():
    market, times = small(days=30), []

    def note():
        times.append((market.time, market.day))

    market.run(3)
    assert (market.time, market.steps) == (3.0, 3)
    market.step()
    assert (market.time, market.steps, market.day) == (4.0, 4, 4)
    market.schedule_event(note, at=9.5)
    market.run()
    assert times == [(9.5, 9)]
    assert (market.time, market.steps, market.day) == (30.0, 30, 30)
    untouched = small(days=30).run()
    pd.testing.assert_frame_equal(untouched.record.providers, market.record.providers)


@pytest.mark.skipif(not hasattr(mesa.Model, "scenario"), reason="Mesa has scenarios from 3.5 on")
@needs("the number in Scenario.rng")
def test_mesas_scenario_is_read_and_a_reset_keeps_what_the_market_started_from():
    from mesa.experimental.scenarios import Scenario as MesaScenario

    given = MesaScenario(rng=4, preset="price-war", **{"users.count": 200})
    market = Market(scenario=given)
    assert (market.seed, market.settings.users.count, market.settings.name) == (4, 200, "price-war")
    assert market.scenario is given
    started = Market("price-war", rng=1, **{"users.count": 200})
    again = Market(scenario=type(started.scenario)(), rng="2", **{"users.count": 300})  # as Mesa's page resets
    assert (again.settings.name, again.settings.users.count, again.seed) == ("price-war", 300, 2)
    assert pickle.loads(pickle.dumps(started)).settings == started.settings


def test_a_market_ends_and_says_so():
    market = small(days=3)
    while market.running:
        market.step()
    assert market.day == 3
    with pytest.raises(ScenarioError, match="days = 3: all days have passed"):
        market.step()


def test_mesas_own_scenario_is_left_alone():
    market = small()
    assert market.settings.name == "thought-experiment"
    assert getattr(market, "scenario", None) is not market.settings


def test_a_small_graph_of_ones_own_need_not_fit_the_network_that_it_replaces():
    market = Market("quiet", rng=1, graph=nx.path_graph(5), **{"users.count": 5}).run(1)
    assert nx.utils.graphs_equal(market.graph, nx.path_graph(5))
    with pytest.raises(ScenarioError, match=r"users\.count = 4: must be left out, or 5"):
        Market("quiet", rng=1, graph=nx.path_graph(5), **{"users.count": 4})


@pytest.mark.parametrize("seed", [-1, 1.5, "one", "-1", "", True, np.random.default_rng(1)])
@pytest.mark.parametrize("name", ["rng", "seed"])
def test_a_bad_seed_is_refused_in_one_line(name, seed):
    with pytest.raises(ScenarioError, match=rf"^{name} = .*must be a whole number from 0, or None$"):
        Market("quiet", **{name: seed})


@pytest.mark.parametrize("given", [{"rng": 7}, {"seed": 7}, {"rng": np.int64(7)}, {"rng": "7"}, {"seed": " 7 "}])
def test_a_seed_is_a_number_or_its_digits_under_either_name(given):
    assert Market("quiet", **given, **{"users.count": 10}).seed == 7


def test_two_seeds_are_refused():
    with pytest.raises(ScenarioError, match=r"^seed = 2: must be left out where rng = 1 is given$"):
        Market("quiet", rng=1, seed=2)


def test_no_seed_means_a_fresh_one_that_can_be_used_again():
    first, second = (Market("quiet", **{"users.count": 10}) for _ in range(2))
    assert first.seed != second.seed
    assert np.array_equal(Market("quiet", rng=first.seed, **{"users.count": 10}).users.tolerance, first.users.tolerance)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"tolerance": [1.0]}, "one value for each of 300 users"),
        ({"tolerance": np.full(300, np.nan)}, "at least 0"),
        ({"downtime_value": np.zeros(300)}, "downtime_value"),
        ({"provider": np.full(300, 2)}, "from 0 to 1"),
    ],
)
def test_bad_arrays_are_refused(arrays, message):
    with pytest.raises(ScenarioError, match=message):
        Market("thought-experiment", rng=1, **arrays, **SMALL)
