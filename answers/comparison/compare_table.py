"""A comparison as the terminal shows it, and as the object of `--json`."""

from typing import TYPE_CHECKING, Any

from answers.comparison.compare_measure import Comparison
from answers.intervals import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd


def summary_of(comparison: Comparison) -> dict[str, Any]:
    """Return the object of `--json`."""
    policies = {
        kind: {
            row.outcome: {"mean": row.mean_, "difference": row.difference, "interval": [row.low, row.high]}
            for row in rows.rename(columns={"mean": "mean_"}).itertuples()
        }
        for kind, rows in comparison.table.groupby("policy", sort=False)
    }
    return {
        "scenario": comparison.scenario,
        "provider": comparison.provider,
        "present_policy": comparison.present,
        "days": comparison.days,
        "replicates": comparison.replicates,
        "failed_runs": comparison.failed,
        "confidence": CONFIDENCE,
        "attack_rate": comparison.attack_rate,
        "breach_cost": comparison.breach_cost,
        "breach_cost_at_which_equal": comparison.turning,
        "policies": policies,
    }


def shown_of(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what the terminal shows: a row a policy, its means, and its difference in profit."""
    means = table.pivot_table(index="policy", columns="outcome", values="mean", sort=False)
    profit = table[table["outcome"] == "profit"].set_index("policy")
    shown = means[["users at the end", "profit"]].round()
    shown = shown.set_axis(["users", "profit, $"], axis=1)
    for name, column in (("more than now", "difference"), ("from", "low"), ("to", "high")):
        shown[name] = profit[column].round()
    shown["min down"] = means["downtime"]
    shown["open"] = means["exposure"].round()
    shown["exploitable"] = means["exploitable"].round()
    shown["breaches, $"] = means["breach costs"].round()
    return shown.rename_axis("policy").reset_index()
