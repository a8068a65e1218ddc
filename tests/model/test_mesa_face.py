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


def test_the_built_in_collector_agrees_with_the_record():
    market = small(days=60).run()
    table = market.datacollector.get_model_vars_dataframe()
    assert len(table) == 60
    assert table["users: Live & Co"].tolist() == market.record.column("users")[:, 1].tolist()
    assert table["moves"].sum() == len(market.record.moves)


def test_batch_run_with_dotted_parameters_and_seeds():
    parameters = {
        "users.count": 200,
        "days": 40,
        "flaws.per_year": [0.0, 50.0],
        "users.tolerance.median": 1.0,
        "rng": [1, 2, 3],
    }
    if mesa.__version__ >= "3.4":
        seeds = parameters.pop("rng")
        rows = mesa.batch_run(Market, parameters, rng=seeds, display_progress=False)
    else:
        rows = mesa.batch_run(Market, parameters, display_progress=False)
    table = pd.DataFrame(rows)
    assert len(table) == 6
    for row in rows:
        again = Market(
            rng=row["rng"],
            **{key: row[key] for key in ("users.count", "days", "flaws.per_year", "users.tolerance.median")},
        ).run()
        assert row["users: Live & Co"] == again.providers[1].users
    assert table.loc[table["flaws.per_year"] == 50.0, "share: Live & Co"].gt(0.5).any()
    daily = mesa.batch_run(Market, {"users.count": 200, "days": 5}, data_collection_period=1, display_progress=False)
    assert len(daily) == 5


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


def test_a_market_ends_and_says_so():
    market = small(days=3)
    while market.running:
        market.step()
    assert market.steps == market.day == 3
    with pytest.raises(ScenarioError, match="days = 3: all days have passed"):
        market.step()


def test_mesas_own_scenario_is_left_alone():
    market = small()
    assert market.settings.name == "thought-experiment"
    assert getattr(market, "scenario", None) is not market.settings


def test_a_small_graph_of_ones_own_need_not_fit_the_network_that_it_replaces():
    market = Market("quiet", rng=1, graph=nx.path_graph(5), **{"users.count": 5}).run(1)
    assert nx.utils.graphs_equal(market.graph, nx.path_graph(5))
    with pytest.raises(ScenarioError, match=r"users\.count = 4: must be 5"):
        Market("quiet", rng=1, graph=nx.path_graph(5), **{"users.count": 4})


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ScenarioError, match=r"rng = .*must be a whole number from 0"):
        Market("quiet", rng=seed)


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
