"""The network as a Mesa space: cells, places, and drawing by Mesa's own functions."""

import time
import warnings

import mesa.visualization
import numpy as np
import pytest
from matplotlib.figure import Figure
from mesa.discrete_space import Network
from mesa.visualization import SpaceRenderer
from mesa.visualization.components import AgentPortrayalStyle
from mesa.visualization.mpl_space_drawing import draw_space

from model import Market, ScenarioError
from tests.mesa_versions import needs


def portray(user):
    return AgentPortrayalStyle(color="red", size=20)


def test_every_user_has_a_cell_and_its_neighbours_are_those_it_talks_to():
    market = Market(rng=1, **{"users.count": 200})
    grid = market.grid
    assert isinstance(grid, Network)
    assert market.grid is grid
    assert len(grid.agents) == 200
    user = market.user(3)
    assert user.cell.agents == [user]
    assert {agent.row for agent in user.cell.neighborhood.agents} == {other.row for other in user.neighbours}


def test_those_who_leave_the_market_leave_their_cell_and_newcomers_get_one():
    market = Market("open-market", rng=2, **{"users.count": 300, "days": 120}).run()
    arrived = market.record.column("arrived").sum()
    assert arrived > 0
    assert {user.row for user in market.grid.agents} == set(np.flatnonzero(market.users.provider >= 0).tolist())
    market.user(int(np.flatnonzero(market.users.provider >= 0)[0])).remove()
    assert len(market.grid.agents) == (market.users.provider >= 0).sum()


@needs("layout_alg")
def test_two_thousand_users_are_placed_in_half_a_second_and_drawn_where_they_were_placed():
    market = Market(rng=1, **{"users.count": 2000})
    begin = time.process_time()
    grid = market.grid
    assert time.process_time() - begin < 2  # half a second on an idle machine; a spring layout takes forty
    axes = Figure().add_subplot()
    draw_space(grid, portray, ax=axes)
    drawn = np.concatenate([points.get_offsets() for points in axes.collections if len(points.get_offsets()) > 1])
    assert np.allclose(drawn, np.array(list(grid.positions.values())))


ALTAIR_WORKS = pytest.mark.skipif(
    mesa.__version__ < "3.5", reason="Mesa's Altair renderer fails with pandas 3 before 3.5"
)


@pytest.mark.parametrize("backend", ["matplotlib", pytest.param("altair", marks=ALTAIR_WORKS)])
def test_both_of_mesas_renderers_draw_the_network(backend):
    market = Market(rng=1, **{"users.count": 150})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Mesa's own
        renderer = SpaceRenderer(market, backend=backend)
        drawn = renderer.draw_agents(portray)
    assert drawn is not None
    places = renderer.space_drawer.pos
    assert all(np.array_equal(places[row], place) for row, place in market.grid.positions.items())


def test_more_users_than_mesa_can_draw_is_one_line():
    with pytest.raises(ScenarioError, match=r"^users\.count = 5001: must be at most 5,000 to be drawn by Mesa"):
        _ = Market(rng=1, **{"users.count": 5001}).grid


def test_other_networks_are_drawn_as_mesa_draws_them():
    import networkx as nx

    model = mesa.Model(rng=1)
    network = Network(nx.path_graph(4), random=model.random)
    axes = Figure().add_subplot()
    Market(rng=1, **{"users.count": 10}).grid  # noqa: B018 -- from now on our own networks are drawn by their places
    agent = mesa.discrete_space.CellAgent(model)
    agent.cell = network[0]
    draw_space(network, portray, ax=axes)
    assert axes.collections
