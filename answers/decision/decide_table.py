"""A decision as a table and as the object of `--json`."""

from typing import TYPE_CHECKING, Any

from answers.decision.decide_measure import Case, Decision
from answers.intervals import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
COLUMNS = ("kind", "case", "break_even", "low", "high", "price", "gain", "gain_low", "gain_high", "pays")
CENT = 2  # decimals of a dollar


def table_of(decision: Decision) -> "pd.DataFrame":
    """Return a row for each method, vendor and circumstance; prices and gains a server and month.

    The plan's row has the break-even price of the decision, which may have been searched for; closed forms have no
    intervals.
    """
    import pandas as pd

    low, high = decision.interval
    plan = row_of(decision.plan) | {"break_even": decision.break_even, "low": low, "high": high}
    closed = {
        "once they have left (email)": decision.closed.at_the_end,
        "with ongoing churn": decision.closed.in_the_long_run,
    }
    rows = [plan]
    rows += [
        {"kind": "closed form", "case": name, "break_even": price}
        for name, price in closed.items()
        if price is not None
    ]
    rows += [row_of(case) for case in (*decision.vendors, *decision.shifts, *decision.unknowns)]
    return pd.DataFrame(rows)


def row_of(case: Case) -> Row:
    """Return a case as a row."""
    return {name: getattr(case, "name" if name == "case" else name) for name in COLUMNS}


def shown_of(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what the terminal shows of the table, money to the cent or the dollar."""
    shown = table[["case", "break_even", "low", "high", "price", "gain", "pays"]].copy()
    for name in ("break_even", "low", "high", "price", "gain"):
        shown[name] = shown[name].round(0 if table["break_even"].abs().max() >= 20 else CENT)
    shown["pays"] = (100 * shown["pays"]).round()
    return shown.set_axis(["$ a server and month", "break-even", "from", "to", "price", "gain", "pays, %"], axis=1)


def summary_of(decision: Decision) -> dict[str, Any]:
    """Return the object of `--json`. Prices and gains are dollars a server and month, shares from 0 to 1."""
    plan, fleet = decision.plan, decision.fleet
    summary: dict[str, Any] = {
        "scenario": decision.scenario,
        "provider": decision.provider,
        "days": decision.days,
        "users": decision.users,
        "seed": decision.seed,
        "replicates": decision.replicates,
        "failed_runs": decision.failed,
        "confidence": CONFIDENCE,
        "break_even_per_server_month": decision.break_even,
        "interval": list(decision.interval),
        "price_per_server_month": plan.price,
        "gain_per_server_month": plan.gain,
        "probability_pays": plan.pays,
        "probability_interval": list(decision.pays_interval),
        "method": "search" if decision.deciding else "linear",
        "closed_forms": dict(vars(decision.closed)),
        "security": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in decision.security._asdict().items()
        },
        "vendors": [values_of(case) for case in decision.vendors],
        "shifts": [values_of(case) for case in decision.shifts],
    }
    if fleet:
        summary["company"] = fleet.numbers
        summary["unknowns"] = [
            {
                "unknown": swing.unknown,
                "break_even_per_server_month": swing.break_even,
                "swing": swing.swing,
                "measure": swing.measure,
            }
            for swing in decision.swings
        ]
    return summary


def values_of(case: Case) -> dict[str, Any]:
    """Return a case as plain values."""
    values = {
        "name": case.name,
        "price_per_server_month": case.price,
        "break_even_per_server_month": case.break_even,
        "interval": [case.low, case.high],
        "gain_per_server_month": case.gain,
        "probability_pays": case.pays,
    }
    if case.change is None:
        return values
    change, low, high = case.change
    return values | {"change": change, "change_interval": [low, high]}
