"""A patch cycle as a table, and as the object of `--json`."""

from typing import TYPE_CHECKING, Any

from answers.intervals import CONFIDENCE
from answers.patch_timing.patch_cycle_measure import Cost, PatchCycle, WaitCost

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("total", "users", "updates", "breaches", "more")


def table_of(cycle: PatchCycle) -> "pd.DataFrame":
    """Return a row for each waiting time; costs are dollars a server and month."""
    import pandas as pd

    rows = []
    for wait in cycle.waits:
        row: dict[str, Any] = {"way": wait.way, "days": wait.days}
        for part in PARTS:
            found: Cost = getattr(wait, part)
            row |= {part: found.mean, f"{part}_low": found.low, f"{part}_high": found.high}
        named = {name: getattr(wait, name) for name in ("breached", "exploitable", "users_end")}
        rows.append(row | named)
    return pd.DataFrame(rows)


def shown_of(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what the terminal shows: costs, the interval of the whole, and what came of it."""
    columns = [
        "way",
        "days",
        "total",
        "total_low",
        "total_high",
        "users",
        "updates",
        "breaches",
        "breached",
        "users_end",
    ]
    names = [
        "wait",
        "days",
        "cost, $",
        "from",
        "to",
        "users",
        "bad updates",
        "breaches",
        "breaches a run",
        "users at the end",
    ]
    return table[columns].round(1).set_axis(names, axis=1)


def summary_of(cycle: PatchCycle) -> dict[str, Any]:
    """Return the object of `--json`. Costs are dollars a server and month."""
    return {
        "scenario": cycle.scenario,
        "provider": cycle.provider,
        "days": cycle.days,
        "replicates": cycle.replicates,
        "failed_runs": cycle.failed,
        "confidence": CONFIDENCE,
        "best": {"way": cycle.best.way, "days": cycle.best.days},
        "waits": [values_of(wait) for wait in cycle.waits],
    }


def values_of(wait: WaitCost) -> dict[str, Any]:
    """Return a waiting time as plain values."""
    costs = {part: getattr(wait, part) for part in PARTS}
    intervals = {part: {"mean": c.mean, "interval": [c.low, c.high]} for part, c in costs.items()}
    outcomes = {
        "breaches_a_run": wait.breached,
        "exploitable_server_days": wait.exploitable,
        "users_end": wait.users_end,
    }
    return {"way": wait.way, "days": wait.days, "cost": intervals, **outcomes}
