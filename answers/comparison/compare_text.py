"""A comparison as a paragraph."""

from typing import TYPE_CHECKING

from answers.comparison.compare_measure import Comparison
from model.conclusion import dollars

if TYPE_CHECKING:
    import pandas as pd

MORE_SERVERS = ("failover", "live-migrate")  # policies that cost servers


def paragraph(comparison: Comparison) -> str:
    """Say which policies are better and worse than the present one, and what they leave open."""
    present = comparison.present
    profit = comparison.table[comparison.table["outcome"] == "profit"].set_index("policy")
    means = comparison.table.pivot_table(index="policy", columns="outcome", values="mean", sort=False)
    exposed = means["exposure"]
    others = profit.drop(index=present).sort_values("difference", ascending=False)
    better, worse = others[others["low"] > 0], others[others["high"] < 0]
    unclear = others.drop(index=[*better.index, *worse.index])

    def listed(rows: "pd.DataFrame") -> str:
        return ", ".join(
            f"{kind} ({dollars(row['difference'])}, {dollars(row['low'])} to {dollars(row['high'])})"
            for kind, row in rows.iterrows()
        )

    text = (
        f"Over {comparison.days} days {comparison.provider} earns {dollars(profit.loc[present, 'mean'])} with its "
        f"present policy, {present}, in the mean of {comparison.replicates} runs"
    )
    text += f" ({comparison.failed} runs failed and are left out)." if comparison.failed else "."
    for heading, rows in (("More", better), ("Less", worse), ("No clear difference", unclear)):
        text += f" {heading}: {listed(rows)}." if len(rows) else ""
    least, most = exposed.idxmin(), exposed.idxmax()
    if exposed[least] < exposed[most]:
        text += (
            f" Servers are open to flaws least with {least} ({exposed[least]:,.0f} server-days, "
            f"{means.loc[least, 'exploitable']:,.0f} of them to flaws under attack) and most with {most} "
            f"({exposed[most]:,.0f}, {means.loc[most, 'exploitable']:,.0f})."
        )
    text += with_breaches(comparison, [str(kind) for kind in others.index])
    free = [kind for kind in MORE_SERVERS if kind in profit.index]
    if free and comparison.servers_free:
        text += (
            f" Servers cost nothing in this scenario, so the additional ones of {' and '.join(free)} come free; set "
            f"providers.{comparison.number}.server_cost."
        )
    return text


def with_breaches(comparison: Comparison, others: list[str]) -> str:
    """Say what breaches cost, and at which cost of a breach the best other policy is no better or worse."""
    if comparison.attack_rate == 0:
        return " Nobody attacks in this scenario; set security.attack_rate."
    costs = comparison.table[comparison.table["outcome"] == "breach costs"].set_index("policy")["mean"]
    told = ", ".join(f"{kind} {dollars(amount)}" for kind, amount in costs.items())
    text = f" Of that, breaches cost: {told}, at {dollars(comparison.breach_cost)} each."
    turning = {kind: cost for kind in others if (cost := comparison.turning[kind]) is not None}
    if turning:
        listed = ", ".join(f"{kind} {dollars(cost)}" for kind, cost in turning.items())
        text += f" Costs of a breach at which a policy earns what {comparison.present} does: {listed}."
    return text
