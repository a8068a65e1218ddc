"""What `--out` writes: tables, the complete scenario, the summary and two figures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.figures import flows_figure, history_figure
from model.files import write_atomically
from model.scenario_toml import to_toml

if TYPE_CHECKING:
    from model.market import Market


def write_run(market: "Market", summary: dict[str, Any], out: Path) -> list[str]:
    """Write a finished run into the folder `out`; return the names of the files."""
    record = market.record
    writers: dict[str, Callable[[Path], object]] = {
        "providers.parquet": lambda path: record.providers.to_parquet(path, index=False),
        "flows.parquet": lambda path: record.flows.to_parquet(path, index=False),
        "moves.parquet": lambda path: record.moves.to_parquet(path, index=False),
        "outages.parquet": lambda path: record.outages.to_parquet(path, index=False),
    }
    writers["scenario.toml"] = lambda path: path.write_text(to_toml(market.settings), encoding="utf-8")
    writers["summary.json"] = lambda path: path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    writers["history.png"] = lambda path: history_figure(market).savefig(path)
    writers["flows.png"] = lambda path: flows_figure(market).savefig(path)
    for name, write in writers.items():
        write_atomically(out / name, write)
    return list(writers)
