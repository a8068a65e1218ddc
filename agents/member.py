"""Member: what users and providers share as Mesa agents."""

from typing import Any

import mesa


class Member(mesa.Agent):  # type: ignore[misc]  # Mesa ships no types
    """A Mesa agent whose number the market gives, the same in every Mesa version."""

    model: Any

    def __init__(self, model: mesa.Model, unique_id: int) -> None:
        super().__init__(model)
        # Mesa 3.3 counts ids in a class-level table that would keep every model alive for ever.
        getattr(mesa.Agent, "_ids", {}).pop(model, None)
        self.unique_id = unique_id
