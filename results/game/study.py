"""The policy game: reboot or patch live, for each of two hosts who are otherwise alike; when it is a dilemma."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from answers.experiment import Variant, experiment, paired
from model.figures import PALETTE, plain
from model.scenario import Scenario
from results.claim import Claim
from results.runs import mean_of, on_ten_servers, runs_of, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL: dict[str, Any] = {"users": 20_000, "tolerances": [2.5, 5.0, 10.7, 20.0, 40.0, 80.0], "seed": 5, "replicates": 60}
QUICK: dict[str, Any] = {"users": 1_000, "tolerances": [5.0, 10.7, 40.0], "seed": 5, "replicates": 8}
REBOOT = {"kind": "reboot"}
PATCH = {"kind": "live-patch", "per_server_month": 0.0}  # a price changes no behaviour here: it is put in afterwards
PRICE = 100.0  # dollars a server and month: the email's
NEITHER, ONE, BOTH = range(3)
PROFILES = [(REBOOT, REBOOT), (PATCH, REBOOT), (PATCH, PATCH)]  # the first host's policy, the second's


def compute(workers: int, users: int, tolerances: list[float], seed: int, replicates: int) -> "pd.DataFrame":
    """Return a row a tolerance: up to which price it pays to patch alone, and to patch as the rival does."""
    import pandas as pd

    variants = [
        Variant(
            f"{tolerance:g}",
            {"users.tolerance.median": tolerance, "providers.0.policy": first, "providers.1.policy": second},
        )
        for tolerance in tolerances
        for first, second in PROFILES
    ]
    scenario = Scenario.preset("thought-experiment", **on_ten_servers(users))
    runs = runs_of(experiment(scenario, variants, name="game", replicates=replicates, seed=seed), workers)
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
            | mean_of((first[one] - first[neither]) / months[one], "alone")
            | mean_of((second[both] - second[one]) / months[both], "following")
            | mean_of(down[neither], "minutes_saved")
            | mean_of(paired(runs, "p1_left")[one] / start[one], "lost_share")
        )
    return pd.DataFrame(rows)


def sentence(summary: "pd.DataFrame") -> str:
    """Say up to which price patching is what each host does, and what that costs and brings."""
    usual = summary.iloc[(summary["tolerance"] - 10.7).abs().argmin()]
    limit = usual[["alone", "following"]].min()
    dear = summary.loc[summary[["alone", "following"]].min(axis=1) < PRICE, "tolerance"]
    where = f"from a median tolerance of {dear.min():g} minutes a month on" if len(dear) else "at no tolerance tried"
    alone, following = (
        f"\\${usual[name]:,.0f} (95 %: {usual[f'{name}_low']:,.0f} to {usual[f'{name}_high']:,.0f})"
        for name in ("alone", "following")
    )
    return (
        "At the calibrated tolerance it pays each host to patch live whatever the other does up to "
        f"\\${limit:,.0f} per server and month: alone up to {alone}, where the rival patches up to {following}; so at "
        "the email's \\$100 both do, nobody wins a user, and each earns \\$100 a server less than if neither had: a "
        f"dilemma, whose whole gain of {usual['minutes_saved']:.0f} minutes a year goes to the users; patching at "
        f"\\$100 stops paying within the year {where}."
    )


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw both limits over tolerance, and what is an equilibrium on either side of them."""
    figure, (axes,) = sheet(1, width=8.5, height=5)
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
Two hosts who differ in nothing but their name choose between rebooting and live patching for a year of the thought
experiment (ten servers a host). Simulated are the three profiles that differ, with the patches free; what they cost
changes no behaviour here, so it is put in afterwards, exactly: `alone` is the gain of the first host that patches while
the second reboots over neither, `following` the gain of the second over going on rebooting then, both per server and
month in use. Below both prices patching is better whatever the other does, so both patch and both pay; above both
neither does; in between there are two equilibria (if following pays more) or one host of the two patches.

Both count a year's profit, most of it before the users have left: over longer horizons the limits are higher. When
both patch nobody has a reason to move, so each earns what both would have earned by rebooting, less the patches: no
free lunch, but the users have the better service. `patchmarket game` plays any other game of this kind.
""",
    """
Users who bear more downtime, patches at several times the email's price, or a horizon other than a year; hosts that
differ in more than their policy.
""",
)
