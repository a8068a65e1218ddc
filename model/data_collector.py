"""The market's own data collector: a Mesa DataCollector that is filled from the record."""

from typing import Any

import mesa
import numpy as np

from model.record import Record


class RecordCollector(mesa.DataCollector):  # type: ignore[misc]  # Mesa ships no types
    """Users, share and profit of each provider, and moves: a row for the start, then one for each day.

    `collect` brings the rows up to date with the record, so that calling it more than once a day changes nothing.
    """

    def __init__(self, record: Record) -> None:
        quantities = [f"{quantity}: {name}" for name in record.names for quantity in ("users", "profit", "share")]
        super().__init__(model_reporters=dict.fromkeys(["moves", *quantities]))
        self._record = record
        self._rows = 0
        self._start: dict[str, float] = {}
        users = record.users_at_start
        self._append({"users": users[None], "profit": np.zeros((1, len(users)))}, np.zeros(1, np.int64))
        # From 3.5 on, Mesa's batch_run looks rows up by their time. Before, it takes row `step - 1` for the end of
        # `step` and knows no row for the start, which is then shown in the data frame only.
        self._has_times = hasattr(self, "_collection_steps")
        if not self._has_times:
            self._start = {name: values.pop() for name, values in self.model_vars.items()}

    def collect(self, model: Any = None) -> None:  # noqa: ARG002 -- Mesa's signature
        """Add the days recorded since the last call."""
        first, last = self._rows, self._record.days
        if first < last:
            new = slice(first, last)
            daily = {name: self._record.column(name)[new] for name in ("users", "profit", "left")}
            self._append(daily, daily["left"].sum(axis=1))
            self._rows = last

    def get_model_vars_dataframe(self) -> Any:
        """Return the rows as a pandas DataFrame, indexed by the number of days done."""
        import pandas as pd

        return pd.DataFrame({n: [*self._start_of(n), *values] for n, values in self.model_vars.items()})

    def _start_of(self, name: str) -> list[float]:
        return [self._start[name]] if self._start else []

    def _append(self, daily: dict[str, Any], moves: Any) -> None:
        """Add rows, days by providers."""
        users = daily["users"]
        shares = users / np.maximum(users.sum(axis=1, keepdims=True), 1)
        self.model_vars["moves"] += moves.astype(int).tolist()
        for j, name in enumerate(self._record.names):
            self.model_vars[f"users: {name}"] += users[:, j].astype(int).tolist()
            self.model_vars[f"profit: {name}"] += daily["profit"][:, j].tolist()
            self.model_vars[f"share: {name}"] += shares[:, j].tolist()
        if hasattr(self, "_collection_steps"):
            done = len(self._collection_steps)
            self._collection_steps += range(done, done + len(users))
