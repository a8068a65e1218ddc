"""A decision as a table and as the object of `--json`."""

from typing import TYPE_CHECKING, Any

from answers.decision.decide_measure import Case, Decision
from answers.decision.decide_uncertainty import LEAVERS, Uncertainty
from answers.intervals import CONFIDENCE
from answers.numbers import finite

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
COLUMNS = ("kind", "case", "break_even", "low", "high", "price", "gain", "gain_low", "gain_high", "pays")
CENT = 2  # decimals of a dollar


def table_of(decision: Decision) -> "pd.DataFrame":
    """Return a row for each method, vendor, circumstance and policy; prices and gains a server and month.

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
    rows += [row_of(case) for case in (*decision.vendors, *decision.shifts, *decision.policies)]
    if decision.uncertainty:
        odds = {one.policy: one.best for one in decision.uncertainty.policies}
        policies = [row | {"best": odds[row["case"]]} for row in rows if row["kind"] == "policy"]
        rows = [row | {"best": odds["live-patch"]} if row["kind"] == "plan" else row for row in rows]
        rows = [row for row in rows if row["kind"] != "policy"] + policies
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
    shown = shown.set_axis(["$ a server and month", "break-even", "from", "to", "price", "gain", "pays, %"], axis=1)
    return shown.assign(**{"best, %": (100 * table["best"]).round()}) if "best" in table else shown


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
    if decision.policies:
        summary["policies"] = [values_of(case) for case in decision.policies]
    if decision.uncertainty:
        summary["uncertainty"] = values_of_uncertainty(decision.uncertainty)
    return summary | ({"company": fleet.numbers} if fleet else {})


def values_of_uncertainty(found: Uncertainty) -> dict[str, Any]:
    """Return what follows from what is not known as plain values; worths are dollars a year for the whole fleet."""
    return {
        "from_records": found.learnt,
        "assumed": found.assumed,
        "break_even_per_server_month": list(found.break_even),
        "probability_pays_on_average": found.pays_on_average,
        "variance": {"seeds": found.split.seeds, "together": found.split.common}
        | {one.unknown: one.variance for one in found.measurements},
        "perfect_information": found.perfect._asdict(),
        "measurements": [
            {"unknown": one.unknown, **one.worth._asdict(), "measure": one.measure} for one in found.measurements
        ],
        "survey_of_leavers": found.survey and {"asked": LEAVERS, **found.survey._asdict()},
        "policies": [one._asdict() for one in found.policies],
        "acceptability": {
            "price_per_server_month": found.acceptability.prices.tolist(),
            "pays": found.acceptability.pays.tolist(),
            "best": dict(zip(found.acceptability.policies, found.acceptability.best.tolist(), strict=True)),
        },
    }


def values_of(case: Case) -> dict[str, Any]:
    """Return a case as plain values."""
    values = {
        "name": case.name,
        "price_per_server_month": case.price,
        "break_even_per_server_month": finite(case.break_even),
        "interval": [finite(case.low), finite(case.high)],
        "gain_per_server_month": case.gain,
        "probability_pays": case.pays,
    }
    if case.change is None:
        return values
    change, low, high = case.change
    return values | {"change": change, "change_interval": [low, high]}
