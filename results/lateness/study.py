"""Live patches as late as they really came: who is safer and who is richer over Debian's five years."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.breach_cost import turning_cost
from answers.experiment import Variant, experiment, paired
from model.figures import PALETTE
from model.scenario import Scenario
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {"users": 20_000, "breach_cost": 10_000.0, "seed": 11, "replicates": 40}
QUICK: dict[str, Any] = {"users": 2_000, "breach_cost": 10_000.0, "seed": 11, "replicates": 6}
PATCHES = {
    "when they really came": {"kind": "live-patch", "source": "history"},
    "on the day of the update": {"kind": "live-patch"},
}
HOSTS = ("rebooting", "live-patching")
PROFIT = "mean_profit_per_original_server"
MONTHS = 12  # a year


def compute(workers: int, users: int, breach_cost: float, seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each timing of live patches and each host: exposure a server and year, users and profit."""
    import pandas as pd

    scenario = Scenario.preset("debian-history", **ten_server_settings(users))
    variants = [Variant(name, {"providers.1.policy": policy}) for name, policy in PATCHES.items()]
    study = experiment(scenario, variants, name="lateness", replicates=replicates, seed=seed)
    runs = run_all(study, workers)
    profits = [paired(runs, f"p{j}_{PROFIT}") for j in range(2)]
    exploitable = [by_server_year(runs, j, "exploitable") for j in range(2)]
    rows = []
    for point, name in enumerate(PATCHES):
        richer = profits[1][point] - profits[0][point]
        more = float((exploitable[1][point] - exploitable[0][point]).mean())
        for j, host in enumerate(HOSTS):
            kept = paired(runs, f"p{j}_users_end")[point] / paired(runs, f"p{j}_users_start")[point]
            rows.append(
                {"patches": name, "host": host, "replicates": len(kept)}
                | estimate_mean(by_server_year(runs, j, "exposed")[point], "exposed")
                | estimate_mean(exploitable[j][point], "exploitable")
                | estimate_mean(profits[j][point], "profit")
                | estimate_mean(kept, "users_kept")
                | estimate_mean(richer, "live_gain")
                # breaches per exploitable server-day at which the live-patching host earns no more
                | {"turning_rate": turning_cost(MONTHS * float(richer.mean()), breach_cost * more)}
            )
    return pd.DataFrame(rows)


def by_server_year(runs: "pd.DataFrame", provider: int, kind: str) -> "pd.DataFrame":
    """Return the server-days of exposure for each year of a server, by replicate and point."""
    years = paired(runs, f"p{provider}_server_months") / MONTHS
    return paired(runs, f"p{provider}_{kind}_server_days") / years


def sentence(summary: "pd.DataFrame") -> str:
    """Say who is safer and who is richer, with late and with instant live patches."""
    late, instant = (
        {host: summary[(summary["patches"] == name) & (summary["host"] == host)].iloc[0] for host in HOSTS}
        for name in PATCHES
    )
    text = f"With Canonical's live patches when they really came, {verdict(late)}"
    turning = late[HOSTS[1]]["turning_rate"]
    if turning == turning:  # NaN: no rate turns it
        text += f", up to {1000 * turning:,.0f} breaches in 1,000 days under attack at \\$10,000 each"
    return f"{text}; with a live patch for every update on its day, {verdict(instant)}."


def verdict(rows: dict[str, Any]) -> str:
    """Name the safer and the richer host."""
    reboot, live = (rows[host] for host in HOSTS)
    danger = {host: (rows[host]["exploitable"], rows[host]["exposed"]) for host in HOSTS}
    safer = min(HOSTS, key=lambda host: danger[host])
    richer = HOSTS[1] if live["live_gain"] > 0 else HOSTS[0]
    return (
        f"the {safer} host is safer (rebooting: {reboot['exposed']:,.0f} open days a server and year, "
        f"{reboot['exploitable']:.1f} of them under attack; live patching: {live['exposed']:,.0f} and "
        f"{live['exploitable']:.1f}) and the {richer} one richer (live patching \\${live['profit']:,.0f}, rebooting "
        f"\\${reboot['profit']:,.0f} per original server and month)"
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw exposure and profit of both hosts for both timings of live patches."""
    figure, (exposed, exploitable, profit) = subplots(3, width=12.0)
    names = list(PATCHES)
    columns = (
        (exposed, "exposed", "Open to a flaw", "server-days a server and year"),
        (exploitable, "exploitable", "Open to a flaw known to be exploited", "server-days a server and year"),
        (profit, "profit", "Mean profit", "dollars a month per original server"),
    )
    for ax, column, title, unit in columns:
        for shift, host, colour in zip((-0.2, 0.2), HOSTS, (PALETTE[5], PALETTE[2]), strict=True):
            rows = summary[summary["host"] == host].set_index("patches").loc[names]
            error = np.array([rows[column] - rows[f"{column}_low"], rows[f"{column}_high"] - rows[column]])
            ax.bar(np.arange(2) + shift, rows[column], 0.38, color=colour, label=f"{host} host", yerr=error, capsize=3)
        ax.set_xticks(range(2), ["live patches\nwhen they came", "live patches on the\nday of the update"])
        ax.set(title=title, ylabel=unit)
        ax.yaxis.set_major_formatter("{x:,.0f}" if column != "exploitable" else "{x:.1f}")
    figure.legend(*profit.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Who is safer and who is richer, if live patches come as late as they really did?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The preset `debian-history`: the 55 kernel security uploads that an operator of Debian stable had to install from
September 2021 to November 2026, on their dates. The rebooting host follows its week of notice and week of reboots. The
live-patching host pays 100 dollars per server and month; in the first case a live patch fixes an upload on the day on
which Canonical's notices say so (17 of the 55; a CVE on CISA's list must be among those patched), and all other
uploads need a reboot; in the second case every upload is live-patched on its day. A server is open from the upload to
the fix, each flaw counted by itself. A flaw is under attack from the day on which CISA lists one of its CVEs, which is
later than the attacks: five uploads, listed 68 to 946 days after they came. Nobody attacks here, so profits are those
of outages, talk and prices; the last sentence says how many attacks would change that.
""",
    """
Earlier attacks than CISA's list shows, which would hit the rebooting host's two weeks too; another vendor, whose
notices come sooner; notices that are published days after the patch. An operator who reboots rather than waits for a
late live patch is as safe as one who always reboots.
""",
)
