"""The base of users and providers as Mesa agents."""

from typing import Any

import mesa


class MarketAgent(mesa.Agent):  # type: ignore[misc]  # Mesa ships no types
    """A Mesa agent whose `unique_id` is assigned by the market, the same in every Mesa version."""

    model: Any

    def __init__(self, model: mesa.Model, unique_id: int) -> None:
        super().__init__(model)
        # Mesa 3.3 counts ids in a class-level table, which would keep every model alive.
        getattr(mesa.Agent, "_ids", {}).pop(model, None)
        self.unique_id = unique_id
