"""A sensitivity analysis as a paragraph."""

import math
from typing import TYPE_CHECKING

from answers.sensitivity_analysis.sensitivity_measure import Sensitivity

if TYPE_CHECKING:
    import pandas as pd

PAIRS_TOLD = 3
ONE_WAY = 0.9  # a mean effect that is so much of its mean size has one direction


def paragraph(found: Sensitivity) -> str:
    """Say which factors decide the outcome, how they act together, and what was left out."""
    whole = found.table[found.table["policy"] == ""]
    sentences = [
        f"{found.outcome} is {found.mean:.4g} on average over the design, with a standard deviation of {found.sd:.3g}."
    ]
    sentences += shares(whole) if found.levels is None else walks(whole, found.levels)
    sentences += noise(found)
    sentences += policies(found.table)
    sentences += losses(found)
    return " ".join(sentences)


def shares(table: "pd.DataFrame") -> list[str]:
    """Tell Sobol's indices, the largest total first."""
    first = table[table["index"] == "S1"].set_index("factor")
    total = table[table["index"] == "ST"].sort_values("value", ascending=False)
    told = [
        f"{row.factor} {first.at[row.factor, 'value']:.0%} by itself and {row.value:.0%} with all its interactions "
        f"(95 % interval {max(row.low, 0):.0%} to {row.high:.0%})"
        for row in total.itertuples()
    ]
    found = [f"Of its variance, the factors explain: {'; '.join(told)}."]
    found.append(f"By themselves they explain {first['value'].sum():.0%} together; the rest is interaction.")
    pairs = table[table["index"] == "S2"]
    sure = pairs[pairs["low"] > 0].sort_values("value", ascending=False)
    if len(sure):
        most = sure.head(PAIRS_TOLD).itertuples()
        told = [f"{row.factor} with {row.other} ({row.value:.0%}, {row.low:.0%} to {row.high:.0%})" for row in most]
        found.append(f"Pairs that surely interact: {'; '.join(told)}.")
    elif len(pairs):
        found.append("No pair surely interacts.")
    return found


def walks(table: "pd.DataFrame", levels: int) -> list[str]:
    """Tell Morris's measures, the largest effect first."""
    largest = table[table["index"] == "mu_star"].sort_values("value", ascending=False)
    measure = table.pivot_table(index="factor", columns="index", values="value")
    told = []
    for row in largest.itertuples():
        mu, sigma = measure.at[row.factor, "mu"], measure.at[row.factor, "sigma"]
        if row.value == 0:
            told.append(f"{row.factor} none")
            continue
        way = "up and down" if abs(mu) < ONE_WAY * row.value else "upwards" if mu > 0 else "downwards"
        uneven = "; uneven: it depends on the place, or on other factors" if sigma > row.value else ""
        told.append(f"{row.factor} {row.value:.3g} ({row.low:.3g} to {row.high:.3g}, {way}{uneven})")
    return [
        f"The mean size of a factor's effect, as if from one end of its range to the other, on {levels} levels, "
        f"with its 95 % interval: {'; '.join(told)}."
    ]


def noise(found: Sensitivity) -> list[str]:
    """Say which indices may be noise."""
    if math.isnan(found.noise_floor):
        return ["With one replicate a point, how much is noise cannot be told."]
    index = "a total index" if found.levels is None else "an effect"
    size = f"{found.noise_floor:.1%}" if found.levels is None else f"{found.noise_floor:.3g}"
    return [f"A factor without any effect may show {index} of up to {size}, from the noise of replicates."]


def policies(table: "pd.DataFrame") -> list[str]:
    """Tell the outcome under each policy, over all that is uncertain, and what matters most there."""
    told = []
    for level, rows in table[table["policy"] != ""].groupby("policy", sort=False):
        value = rows[rows["factor"] == ""].set_index("index")["value"]
        total = rows[rows["index"] == "ST"].sort_values("value", ascending=False)
        most = f", decided most by {total.iloc[0]['factor']} ({total.iloc[0]['value']:.0%})" if len(total) else ""
        told.append(f"with {level} {value['mean']:.4g} (standard deviation {value['sd']:.3g}{most})")
    return [f"By policy, over all that is uncertain: {'; '.join(told)}."] if told else []


def losses(found: Sensitivity) -> list[str]:
    """Say what was left out and what that means."""
    what = "blocks" if found.levels is None else "walks"
    sentences = [f"From {found.blocks:,} {what} of {found.points:,} points."]
    if found.failed or found.missing:
        sentences.append(f"{found.failed:,} runs failed and {found.missing:,} are missing or have no such outcome.")
    if found.dropped:
        sentences.append(
            f"{found.dropped:,} {what} were left out whole, as points of them have no outcome: what is said holds "
            "where runs succeed."
        )
    return sentences
