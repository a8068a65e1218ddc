"""The policy game: each of two otherwise identical hosts reboots or patches live."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.experiment import Variant, experiment, paired
from model.figures import PALETTE, plain
from model.scenario import Scenario
from results.claim import Claim
from results.estimates import estimate_mean
from results.runs import run_all, ten_server_settings
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {"users": 20_000, "tolerances": [2.5, 5.0, 10.7, 20.0, 40.0, 80.0], "seed": 5, "replicates": 60}
QUICK: dict[str, Any] = {"users": 1_000, "tolerances": [5.0, 10.7, 40.0], "seed": 5, "replicates": 8}
REBOOT = {"kind": "reboot"}
PATCH = {
    "kind": "live-patch",
    "per_server_month": 0.0,
}  # the price does not affect behaviour here, so it is added afterwards
PRICE = 100.0  # dollars per server and month, from the email
NEITHER, ONE, BOTH = range(3)
PROFILES = [(REBOOT, REBOOT), (PATCH, REBOOT), (PATCH, PATCH)]  # the first host's policy, the second's


def compute(workers: int, users: int, tolerances: list[float], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row for each tolerance: the highest prices at which patching pays, alone and if the rival patches."""
    import pandas as pd

    variants = [
        Variant(
            f"{tolerance:g}",
            {"users.tolerance.median": tolerance, "providers.0.policy": first, "providers.1.policy": second},
        )
        for tolerance in tolerances
        for first, second in PROFILES
    ]
    scenario = Scenario.preset("thought-experiment", **ten_server_settings(users))
    runs = run_all(experiment(scenario, variants, name="game", replicates=replicates, seed=seed), workers)
    first, second, months, down = (
        paired(runs, name)
        for name in ("p0_profit", "p1_profit", "p0_server_months", "p0_downtime_minutes_per_user_year")
    )
    start = paired(runs, "p1_users_start")
    rows = []
    for number, tolerance in enumerate(tolerances):
        neither, one, both = (3 * number + profile for profile in (NEITHER, ONE, BOTH))
        rows.append(
            {"tolerance": tolerance, "replicates": len(first)}
            | estimate_mean((first[one] - first[neither]) / months[one], "alone")
            | estimate_mean((second[both] - second[one]) / months[both], "following")
            | estimate_mean(down[neither], "minutes_saved")
            | estimate_mean(paired(runs, "p1_left")[one] / start[one], "lost_share")
        )
    return pd.DataFrame(rows)


def sentence(summary: "pd.DataFrame") -> str:
    """Give the price up to which both hosts patch, and the cost and benefit of the equilibrium."""
    usual = summary.iloc[(summary["tolerance"] - 10.7).abs().argmin()]
    limit = usual[["alone", "following"]].min()
    dear = summary.loc[summary[["alone", "following"]].min(axis=1) < PRICE, "tolerance"]
    where = (
        f"if the median tolerance is {dear.min():g} minutes a month or more" if len(dear) else "at no tolerance tried"
    )
    alone, following = (
        f"\\${usual[name]:,.0f} (95 %: {usual[f'{name}_low']:,.0f} to {usual[f'{name}_high']:,.0f})"
        for name in ("alone", "following")
    )
    return (
        "At the calibrated tolerance, live patching pays for each host, whatever the other does, at prices up to "
        f"\\${limit:,.0f} per server and month: up to {alone} if it patches alone, up to {following} if the rival "
        "patches too. At the email's \\$100 both patch, neither gains users, and each earns \\$100 per server less "
        f"than if neither did: a dilemma, whose entire benefit of {usual['minutes_saved']:.0f} minutes a year goes to "
        f"the users. At \\$100, patching no longer pays within the year {where}."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw both prices by tolerance, and the equilibria below and above them."""
    figure, (axes,) = subplots(1, width=8.5, height=5)
    x = summary["tolerance"]
    least, most = np.minimum(summary["alone"], summary["following"]), np.maximum(summary["alone"], summary["following"])
    floor = 1.0
    axes.fill_between(x, floor, np.maximum(least, floor), color=PALETTE[2], alpha=0.18, linewidth=0)
    axes.fill_between(x, np.maximum(most, floor), 5000, color=PALETTE[7], alpha=0.2, linewidth=0)
    for column, colour, marker, name in (
        ("alone", PALETTE[0], "o", "it pays to patch alone"),
        ("following", PALETTE[5], "s", "it pays to patch where the rival does"),
    ):
        error = [summary[column] - summary[f"{column}_low"], summary[f"{column}_high"] - summary[column]]
        axes.errorbar(x, summary[column], error, color=colour, marker=marker, capsize=3, label=f"up to here {name}")
    axes.axhline(PRICE, color="black", ls=":", lw=1.5, label=plain("the email's $100"))
    axes.text(x.iloc[0] * 1.1, 3, "below both: both patch, a dilemma", fontsize=10)
    axes.text(x.iloc[-1] / 1.1, 2500, "above both: neither patches", fontsize=10, ha="right")
    axes.set(xscale="log", yscale="log", ylim=(floor, 5000), xlabel="median tolerance (minutes a month)")
    axes.set(ylabel="dollars per server and month", title="Two hosts who are alike: reboot, or patch live?")
    axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 0.18))
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "When is the policy game a dilemma, and what does its equilibrium cost users and providers?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
Two hosts who differ only in name choose between rebooting and live patching for a year of the thought experiment (ten
servers per host). The three distinct profiles are simulated with free patches; the cost of patches does not affect
behaviour here, so it is added afterwards, exactly. `alone` is the gain of the first host from patching while the second
reboots, compared with neither patching. `following` is the gain of the second host from patching as well, compared
with continuing to reboot. Both are per server in use and month. Below both prices patching is better whatever the other
does, so both patch and both pay. Above both prices neither patches. In between there are either two equilibria (if
following pays more) or equilibria in which one of the two hosts patches.

Both prices count one year's profit, and most of the year passes before the users have left; over longer horizons the
prices are higher. When both patch, nobody has a reason to move, so each earns what both would have earned by
rebooting, minus the price of the patches: there is no free lunch, but the users get a better service.
`patchmarket game` computes any other game of this kind.
""",
    """
Users who bear more downtime, patches at several times the email's price, or a horizon other than a year; hosts that
differ in more than their policy.
""",
)
