"""A Mesa DataCollector filled from the record, for `mesa.batch_run` and Mesa's charts."""

from functools import partial
from types import SimpleNamespace
from typing import Any

from model.record import Record


def collector_from(record: Record) -> Any:
    """Return a Mesa DataCollector with the users, share and profit of each provider, and the moves, by day."""
    from mesa import DataCollector

    reporters: dict[str, Any] = {"moves": partial(_moves, record)}
    for j, name in enumerate(record.names):
        for quantity in ("users", "profit"):
            reporters[f"{quantity}: {name}"] = partial(_daily, record, quantity, j)
        reporters[f"share: {name}"] = partial(_share, record, j)
    collector = DataCollector(model_reporters=reporters)
    for day in range(record.days):
        # Reporters get one recorded day in place of a model. Before 3.5, Mesa counts steps from 1 in `time` but
        # looks up the last one as `steps - 1`.
        collector.collect(SimpleNamespace(day=day, steps=day + 1, time=float(day + 1)))
    return collector


def _moves(record: Record, moment: Any) -> int:
    return int(record.column("left")[moment.day].sum())


def _daily(record: Record, quantity: str, provider: int, moment: Any) -> float:
    return float(record.column(quantity)[moment.day, provider])


def _share(record: Record, provider: int, moment: Any) -> float:
    users = record.column("users")[moment.day]
    return float(users[provider] / max(users.sum(), 1))
