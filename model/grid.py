"""The users' network as a Mesa space: a cell for each user, drawn where the market's own layout puts it."""

import sys
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np
from mesa.discrete_space import Network
from numpy.typing import NDArray

from model.errors import ScenarioError
from model.layout import network_layout
from model.network import Graph

MOST_USERS = 5_000
"""Users that Mesa's components can draw: a cell, an agent and a marker each, drawn anew every step."""


class UserNetwork(Network):  # type: ignore[misc]  # Mesa ships no types
    """A Mesa `Network` with a cell for each user, who never moves between cells.

    Attributes
    ----------
    positions : dict
        The place of each user in the unit square.
    """

    def __init__(self, graph: Graph, kind: str, random: Any) -> None:
        if len(graph) > MOST_USERS:
            raise ScenarioError.of(
                "users.count",
                len(graph),
                f"must be at most {MOST_USERS:,} to be drawn by Mesa's components; `patchmarket app` draws any number",
            )
        places = network_layout(graph, kind).astype(float)
        self.positions = dict(enumerate(places))
        given = {"layout": self.positions} if "layout" in signature(Network.__init__).parameters else {}
        super().__init__(graph.to_networkx(names=False), capacity=1, random=random, **given)

    def place(self, present: NDArray[np.bool_], user_of: Callable[[int], Any]) -> None:
        """Put every user who is present into its cell, and clear the cells of the others."""
        for row, cell in self._cells.items():
            if present[row] == cell.is_empty:
                cell.add_agent(user_of(row)) if cell.is_empty else cell.remove_agent(cell.agents[0])
        use_given_positions()


def use_given_positions() -> None:
    """Let Mesa's drawing functions, once they are imported, use the positions of a `UserNetwork`.

    They would otherwise compute networkx's spring layout for every picture, which takes seconds from 500 users on.
    Other networks are drawn as before.
    """
    plots: Any
    drawers: Any
    plots, drawers = (sys.modules.get(f"mesa.visualization.{name}") for name in ("mpl_space_drawing", "space_drawers"))
    if plots is None or drawers is None or hasattr(plots.draw_network, "__wrapped__"):
        return
    drawer = drawers.NetworkSpaceDrawer
    plots.draw_network = _with_positions(plots.draw_network, place_of_space=0)
    drawer.__init__ = _with_positions(drawer.__init__, place_of_space=1)


def _with_positions(draw: Any, place_of_space: int) -> Any:
    """Return a function that draws with the positions that a network has, unless its caller gives a layout."""

    @wraps(draw)
    def drawn(*arguments: Any, **keywords: Any) -> Any:
        space = arguments[place_of_space] if len(arguments) > place_of_space else keywords.get("space")
        if isinstance(space, UserNetwork) and "layout_alg" not in keywords:
            keywords |= {
                "layout_alg": lambda graph: {node: space.positions[node] for node in graph},
                "layout_kwargs": {},
            }
        return draw(*arguments, **keywords)

    return drawn
