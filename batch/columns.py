"""The columns of a run's row: their names and types, the same for every run of a study."""

from agents.users import SOURCES, TRIGGERS

RUN_COLUMNS: dict[str, type] = {"run_id": str, "point": int, "replicate": int, "seed": int}
MARKET_COLUMNS: dict[str, type] = {
    "days": int,  # simulated
    "stopped": str,  # "", "quiet" or "empty": why before the scenario's end
    "moves": int,
    **{f"moves_trigger_{name}": int for name in TRIGGERS},
    **{f"moves_source_{name.replace('-', '_')}": int for name in SOURCES[1:]},
    "lost_share_p0": float,  # users who left provider 0, for each that it had at the start
    "live_paid": int,  # 1, 0 or None: see batch.outcomes.live_paid
}
PROVIDER_COLUMNS: dict[str, type] = {
    "users_start": int,
    "users_end": int,
    "share_end": float,
    "joined": int,
    "left": int,
    "departed": int,  # left the market for good
    "user_months": float,  # over the measured days, as all below down to `bad_update_downtime_minutes`
    "server_months": float,  # in use, spare ones and replicas aside
    "open_flaw_days": int,
    "exposed_server_days": int,  # pairs of a server and a flaw that it is open to, times days
    "exploitable_server_days": int,  # those of them whose flaw attackers use
    "breaches": int,
    "breach_cost": float,  # dollars
    "left_after_breach": int,
    "planned_downtime_minutes": float,  # user-minutes, as the two below
    "breach_downtime_minutes": float,
    "bad_update_downtime_minutes": float,
    "downtime_minutes_per_user_year": float,
    "availability": float,
    "revenue": float,  # dollars over the measured days, as costs and profit
    "costs": float,
    "profit": float,
    "profit_per_original_server": float,  # dollars a month, over the last 30 measured days: as in `patchmarket run`
    "mean_profit_per_original_server": float,  # dollars a month, over all measured days
}


def outcome_types(providers: int) -> dict[str, type]:
    """Return the outcomes of a run in a market with up to so many providers, with the type of each.

    >>> list(outcome_types(1))[-1]
    'p0_mean_profit_per_original_server'
    """
    by_provider = {f"p{j}_{name}": kind for j in range(providers) for name, kind in PROVIDER_COLUMNS.items()}
    return MARKET_COLUMNS | by_provider
