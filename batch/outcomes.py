"""What is kept of a run: a row of outcomes, and if asked its days, flows and moves, as plain tables.

Nothing here depends on when, where or after what else a run is run.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.experience import DAYS_PER_MONTH
from agents.users import SOURCES, TRIGGERS
from batch.columns import MARKET_COLUMNS, PROVIDER_COLUMNS, RUN_COLUMNS
from batch.study import Run, Stop, Study
from model.plugins import rules

if TYPE_CHECKING:
    import pyarrow as pa

    from model.market import Market
    from model.network import Graph
    from model.schema import Network

CLOSING_DAYS = 30
MINUTES_PER_DAY = 1440
SHARED_GRAPHS = 4  # of one process: what a handful of points of one replicate have in common
SEEDLESS_NETWORKS = ("complete", "none", "file")


class Result(NamedTuple):
    """What a run gives: its row, and the tables that the study asks for."""

    row: dict[str, Any]
    series: "pa.Table | None"
    flows: "pa.Table | None"
    moves: "pa.Table | None"


def execute(study: Study, run: Run) -> Result:
    """Run one market and return what the study keeps of it.

    Parameters
    ----------
    study
        The study.
    run
        One of its runs.

    Returns
    -------
    Result
        The row has the same columns, of the same types, for every run of a study; None is a rate of something
        that never was, or an outcome of a provider that this point does not have. The first column of each table
        is `run_id`. Tables keep all days; `warmup_days` are cut from rates and money only.
    """
    from model.market import Market

    scenario = study.base.replace(**run.settings)
    graph = shared_graph(scenario.network, scenario.users.count, run.seed)
    market = Market(scenario, rng=run.seed, graph=graph)
    stopped = advance(market, study.stop, study.outcomes.warmup_days)
    row = {
        "run_id": run.run_id,
        "point": run.point,
        "replicate": run.replicate,
        "seed": run.seed,
        **study.points[run.point].labels,
        **outcomes(market, study, stopped),
    }
    keep = study.outcomes
    return Result(
        row,
        series_table(market, run.run_id, keep.series) if keep.series else None,
        flows_table(market, run.run_id) if keep.flows else None,
        moves_table(market, run.run_id) if keep.moves else None,
    )


def warm_up() -> None:
    """Compile or load every compiled rule on a market of 20 users, so that no timed run pays for it."""
    from model.market import Market

    eager: dict[str, Any] = {
        "days": 40,
        "users.count": 20,
        "network.degree": 4,
        "flaws.per_year": 100.0,
        "users.tolerance.median": 0.1,
        "users.initial_awareness": 0.5,
        "users.peer_weight": 0.1,
    }
    for adverts, noise in ((0.1, 0.0), (0.0, 1.0)):  # quiet days are a rule of their own: adverts leave none
        eager |= {"users.advertising_per_day": adverts, "users.choice_noise": noise}
        Market("thought-experiment", rng=1, **eager).run()


def shared_graph(network: "Network", users: int, seed: int) -> "Graph":
    """Return the graph of a scenario; runs of one process that need the same one build it once."""
    return _graph(network, users, 0 if network.kind in SEEDLESS_NETWORKS else seed)


@lru_cache(maxsize=SHARED_GRAPHS)
def _graph(network: "Network", users: int, seed: int) -> "Graph":
    from model.network import build_graph

    return build_graph(network, users, seed)


def advance(market: "Market", stop: Stop, warmup_days: int) -> str:
    """Run a market to its end, or to where a rule stops it; return which rule did, if any.

    "quiet": nobody has moved for `quiet_days`, counted from day 0. "empty": a provider that had users has none.
    """
    if stop.quiet_days is None and not stop.empty:
        market.run()
        return ""
    record = market.record
    last_move = -1
    had_users = record.users_at_start > 0
    while market.day < market.settings.days:
        market.step()
        today = market.day - 1
        if record.column("left")[today].any():
            last_move = today
        had_users |= market.fleets.users > 0
        if market.day <= warmup_days or market.day == market.settings.days:
            continue
        if stop.empty and (had_users & (market.fleets.users == 0)).any():
            return "empty"
        if stop.quiet_days is not None and today - last_move >= stop.quiet_days:
            return "quiet"
    return ""


def outcomes(market: "Market", study: Study, stopped: str) -> dict[str, Any]:
    """Return the outcomes of a finished market in the order of `Study.outcome_types`."""
    import numpy as np

    record = market.record
    _, _, _, _, trigger, source, _ = record.move_columns
    triggers = np.bincount(trigger, minlength=len(TRIGGERS)).tolist()
    sources = np.bincount(source, minlength=len(SOURCES)).tolist()[1:]
    providers = [provider_outcomes(market, j, study.outcomes.warmup_days) for j in range(len(market.providers))]
    first = providers[0]
    values = [
        record.days,
        stopped,
        len(trigger),
        *triggers,
        *sources,
        first["left"] / first["users_start"] if first["users_start"] else None,
        live_paid([p.policy.kind for p in market.settings.providers], providers),
    ]
    row = dict(zip(MARKET_COLUMNS, values, strict=True))
    absent: dict[str, Any] = dict.fromkeys(PROVIDER_COLUMNS)
    for j in range(study.providers):
        found = providers[j] if j < len(providers) else absent
        row |= {f"p{j}_{name}": found[name] for name in PROVIDER_COLUMNS}
    return row | {name: own_outcome(market, name) for name in study.outcomes.own or []}


def own_outcome(market: "Market", name: str) -> float | None:
    """Return an outcome of the user's own; refuse what no table of numbers can hold."""
    value = rules("outcomes")[name](market)
    if value is None or math.isnan(value):
        return None
    return float(value)


def provider_outcomes(market: "Market", j: int, warmup_days: int) -> dict[str, Any]:
    """Return the outcomes of one provider, as `model.summary` defines them, without the days of the warm-up."""
    from model.summary import users_by_morning

    record = market.record
    measured = slice(warmup_days, record.days)

    def total(name: str) -> float:
        return float(record.column(name)[measured, j].sum())

    minutes, user_days = total("downtime_minutes"), float(users_by_morning(record)[measured, j].sum())
    servers, profit = market.providers[j].original_servers, record.column("profit")[measured, j]
    return {
        "users_start": int(record.users_at_start[j]),
        "users_end": int(record.column("users")[-1, j]),
        "share_end": float(record.column("users")[-1, j] / max(record.column("users")[-1].sum(), 1)),
        "joined": int(record.column("joined")[:, j].sum()),
        "left": int(record.column("left")[:, j].sum()),
        "departed": int(record.column("departed")[:, j].sum()),
        "user_months": total("users") / DAYS_PER_MONTH,
        "server_months": total("servers") / DAYS_PER_MONTH,
        "open_flaw_days": int(total("open_flaws")),
        "exposed_server_days": int(total("exposed_server_days")),
        "exploitable_server_days": int(total("exploitable_server_days")),
        "breaches": int(total("breaches")),
        "breach_cost": total("breach_cost"),
        "left_after_breach": int(total("left_after_breach")),
        "planned_downtime_minutes": total("planned_downtime_minutes"),
        "breach_downtime_minutes": total("breach_downtime_minutes"),
        "bad_update_downtime_minutes": total("bad_update_downtime_minutes"),
        "downtime_minutes_per_user_year": minutes / user_days * 365 if user_days else None,
        "availability": 1 - minutes / (user_days * MINUTES_PER_DAY) if user_days else None,
        "revenue": total("revenue"),
        "costs": total("costs"),
        "profit": total("profit"),
        "profit_per_original_server": float(profit[-CLOSING_DAYS:].mean() * DAYS_PER_MONTH / servers)
        if servers
        else None,
        "mean_profit_per_original_server": float(profit.mean() * DAYS_PER_MONTH / servers) if servers else None,
    }


def live_paid(policies: list[str], providers: list[dict[str, Any]]) -> int | None:
    """Return whether the first live-patching provider out-earned the best of the others.

    Compared is the profit per original server over the measured days. None where there is nothing to compare: no
    provider that patches live, none that does not, or none with users at the start.
    """
    earned = [p["mean_profit_per_original_server"] for p in providers]
    live = [e for kind, e in zip(policies, earned, strict=True) if kind == "live-patch"]
    rest = [e for kind, e in zip(policies, earned, strict=True) if kind != "live-patch" and e is not None]
    if not live or live[0] is None or not rest:
        return None
    return int(live[0] > max(rest))


def schema(study: Study) -> "pa.Schema":
    """Return the columns and types of a study's table of runs: None in a column never changes its type."""
    import pyarrow as pa

    labels = {name: _type_of(study, name) for name in study.points[0].labels}
    kinds = RUN_COLUMNS | labels | study.outcome_types
    arrow = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return pa.schema([(name, arrow[kind]) for name, kind in kinds.items()])


def _type_of(study: Study, label: str) -> type:
    values = (point.labels[label] for point in study.points)
    return next((type(value) for value in values if value is not None), str)


def series_table(market: "Market", run_id: str, wanted: bool | list[str] = True) -> "pa.Table":
    """Return a row for each day and provider, as `Record.providers` gives them; all columns, or those wanted."""
    import numpy as np
    import pyarrow as pa

    from model.record import COUNTS, DAILY

    record = market.record
    days, providers = record.days, len(record.names)
    columns: dict[str, Any] = {
        "run_id": _repeated(run_id, days * providers),
        "day": np.repeat(np.arange(days, dtype=np.int32), providers),
        "provider": _names(record.names, np.tile(np.arange(providers), days)),
    }
    for name in DAILY if isinstance(wanted, bool) else wanted:
        values = record.column(name).reshape(-1)
        columns[name] = values.astype(np.int64) if name in COUNTS else np.ascontiguousarray(values)
    return pa.table(columns)


def flows_table(market: "Market", run_id: str) -> "pa.Table":
    """Return a row for each day and pair of providers between which users moved, with their number."""
    import numpy as np
    import pyarrow as pa

    names = market.record.names
    day, _, origin, target, *_ = market.record.move_columns
    pair = (day.astype(np.int64) * len(names) + origin) * len(names) + target
    found, users = np.unique(pair, return_counts=True)
    return pa.table(
        {
            "run_id": _repeated(run_id, len(found)),
            "day": (found // len(names) ** 2).astype(np.int32),
            "from": _names(names, found // len(names) % len(names)),
            "to": _names(names, found % len(names)),
            "users": users.astype(np.int64),
        }
    )


def moves_table(market: "Market", run_id: str) -> "pa.Table":
    """Return a row for each move, as `Record.moves` gives them."""
    import pyarrow as pa

    names = market.record.names
    day, user, origin, target, trigger, source, gain = market.record.move_columns
    return pa.table(
        {
            "run_id": _repeated(run_id, len(day)),
            "day": day,
            "user": user,
            "from": _names(names, origin),
            "to": _names(names, target),
            "trigger": _names(list(TRIGGERS), trigger),
            "source": _names(list(SOURCES), source),
            "gain": gain,
        }
    )


def _names(names: list[str], numbers: Any) -> "pa.Array":
    import pyarrow as pa

    return pa.array(names, pa.string()).take(pa.array(numbers))


def _repeated(text: str, times: int) -> "pa.Array":
    import pyarrow as pa

    return pa.repeat(pa.scalar(text, pa.string()), times)
