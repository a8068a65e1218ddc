"""Copy the policy or cut the price: the effect of each response on both hosts over three years."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from answers.experiment import Variant, experiment, paired
from model.figures import PALETTE
from model.scenario import Scenario
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {"users": 40_000, "days": 1095, "trigger": 0.02, "step": 0.5, "seed": 6, "replicates": 40}
QUICK: dict[str, Any] = {"users": 4_000, "days": 730, "trigger": 0.02, "step": 0.5, "seed": 6, "replicates": 6}
HOST, RIVAL = "providers.0.strategy", "providers.1.strategy"
HOLD, COPY, CUT, WAR = "hold", "copy the rival's policy", "cut the price, rival holds", "cut the price, rival matches"
OUTCOME = "mean_profit_per_original_server"


def compute(
    workers: int, users: int, days: int, trigger: float, step: float, seed: int, replicates: int
) -> "pd.DataFrame":
    """Return a row for each response: both hosts' profit, and their gain over holding."""
    import pandas as pd

    copy = {"kind": "copy", "trigger": trigger}
    cut = {"kind": "cut-price", "trigger": trigger, "step": step}
    variants = [
        Variant(HOLD, {HOST: {"kind": "hold"}, RIVAL: {"kind": "hold"}}),
        Variant(COPY, {HOST: copy, RIVAL: {"kind": "hold"}}),
        Variant(CUT, {HOST: cut, RIVAL: {"kind": "hold"}}),
        Variant(WAR, {HOST: cut, RIVAL: {"kind": "match"}}),
    ]
    scenario = Scenario.preset("price-war", **{"users.count": users, "days": days})
    study = experiment(scenario, variants, name="responses", replicates=replicates, seed=seed)
    runs = run_all(study, workers)
    host, rival, lost = (paired(runs, name) for name in (f"p0_{OUTCOME}", f"p1_{OUTCOME}", "lost_share_p0"))
    kept = paired(runs, "p0_users_end") / paired(runs, "p0_users_start")
    return pd.DataFrame(
        {"answer": variant.name, "replicates": len(host)}
        | estimate_mean(host[number], "host")
        | estimate_mean(host[number] - host[0], "host_gain")
        | estimate_mean(rival[number], "rival")
        | estimate_mean(rival[number] - rival[0], "rival_gain")
        | estimate_mean(kept[number], "users_kept")
        | estimate_mean(lost[number], "moves_away")
        for number, variant in enumerate(variants)
    )


def sentence(summary: "pd.DataFrame") -> str:
    """Give the gain of each response over holding, and their order."""
    by_name = summary.set_index("answer")
    gains = [
        f"{'gains' if row['host_gain'] > 0 else 'loses'} \\${abs(row['host_gain']):,.0f} (95 %: "
        f"{row['host_gain_low']:+,.0f} to {row['host_gain_high']:+,.0f})"
        for row in (by_name.loc[name] for name in (COPY, CUT, WAR))
    ]
    order = by_name["host"].sort_values(ascending=False).index
    return (
        f"Compared with holding, which earns \\${by_name.loc[HOLD, 'host']:,.0f} per original server and month, "
        f"copying the rival {gains[0]}; cutting the price {gains[1]} if the rival holds and {gains[2]} if it matches "
        f"every cut. From best to worst: {'; '.join(order)}. The price war also costs the rival "
        f"\\${-by_name.loc[WAR, 'rival_gain']:,.0f}; being copied costs it only "
        f"\\${-by_name.loc[COPY, 'rival_gain']:,.0f}."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw both hosts' profit for each response, and the paired gains."""
    figure, (profit, gain) = subplots(2, width=11.5)
    y = np.arange(len(summary))[::-1]
    for shift, column, name, colour in (
        (0.2, "host", "rebooting host", PALETTE[5]),
        (-0.2, "rival", "rival", PALETTE[2]),
    ):
        profit.barh(y + shift, summary[column], 0.38, color=colour, label=name, xerr=_error(summary, column), capsize=3)
        gain.errorbar(
            summary[f"{column}_gain"],
            y + shift / 2,
            xerr=_error(summary, f"{column}_gain"),
            fmt="o",
            color=colour,
            capsize=3,
        )
    profit.set_yticks(y, [answer.replace(", ", ",\n") for answer in summary["answer"]])
    gain.set_yticks(y, [])
    gain.axvline(0, color="black", lw=1)
    profit.set(title="Mean profit", xlabel="dollars a month per original server")
    gain.set(title="Against holding, same seeds", xlabel="dollars a month per original server", ylim=profit.get_ylim())
    for ax in (profit, gain):
        ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5]))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    figure.legend(*profit.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def _error(summary: "pd.DataFrame", column: str) -> Any:
    return np.array([summary[column] - summary[f"{column}_low"], summary[f"{column}_high"] - summary[column]])


CLAIM = Claim(
    Path(__file__).parent,
    "Copy the rival or cut the price?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The preset `price-war`: the thought experiment over three years, with servers that cost 2,500 dollars a month without
patching, so that no price falls below 2.50. The rebooting host reviews the market every 90 days and responds if it has
lost more than 2 % of its users since the last review: either it copies the rival's policy (which takes 30 days, and
then costs 100 dollars per server and month), or it cuts its price by 50 cents each time. The rival holds its price, or
matches every cut at its next review, within 30 days. Each host starts with twenty servers, so that paying for whole
servers matters little. Profit is the mean over all three years, per server that the host had at the start. Gains are
paired: same users, network and flaws. Holding is what the email calls being crushed.
""",
    """
Another price of patches, a rival that looks less often, a longer or shorter horizon, or users to whom a dollar is worth
more or fewer minutes.
""",
)
