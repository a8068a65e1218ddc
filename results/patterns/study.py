"""Patterns out of sample: what is published of customers and updates, and whether the model gives it unasked."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.figures import PALETTE
from results.claim import Claim
from results.patterns import measures
from results.patterns.measures import Measured
from results.patterns.published import PATTERNS, Pattern
from results.runs import parallel_map
from results.subplots import subplots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FULL = {"users": 2_000, "seed": 1, "replicates": 200, "resamples": 400}
COLOURS = {"passed": PALETTE[2], "undecided": PALETTE[0], "failed": PALETTE[5]}
MOST = 12.0  # of the figure, in units of what is published
QUICK = {"users": 400, "seed": 1, "replicates": 8, "resamples": 20}


def compute(workers: int, users: int, seed: int, replicates: int, resamples: int) -> "pd.DataFrame":
    """Return a row for each pattern: what is published, the tolerance, what the model gives, and the outcome."""
    import pandas as pd

    tasks = [(name, users, at) for name in measures.RUNS for at in range(seed, seed + replicates)]
    done = parallel_map(measures.run, tasks, workers)
    runs = {name: done[k * replicates : (k + 1) * replicates] for k, name in enumerate(measures.RUNS)}
    found = measures.measure(runs, resamples, seed)
    return pd.DataFrame([row_of(pattern, found[pattern.name]) for pattern in PATTERNS])


def row_of(pattern: Pattern, found: Measured) -> dict[str, Any]:
    """Return a row of the summary."""
    return {
        "pattern": pattern.name,
        "observed": pattern.observed,
        "from": pattern.low,
        "to": pattern.high,
        "model": found.value,
        "model_low": found.low,
        "model_high": found.high,
        "outcome": outcome(found, pattern.low, pattern.high),
    }


def outcome(found: Measured, low: float, high: float) -> str:
    """Say whether the whole interval is within the tolerance, outside it, or neither.

    >>> [outcome(Measured(1.0, *ends), 0.0, 2.0) for ends in ((0.5, 1.5), (-1.0, 1.5), (2.5, 3.0))]
    ['passed', 'undecided', 'failed']
    """
    if low <= found.low and found.high <= high:
        return "passed"
    return "failed" if found.high < low or found.low > high else "undecided"


def sentence(summary: "pd.DataFrame") -> str:
    """Say how many patterns come out, and which do not."""
    told = []
    for which in ("passed", "undecided", "failed"):
        names = summary.loc[summary["outcome"] == which, "pattern"]
        told.append(f"{len(names)} {which}" + (f" ({', '.join(names)})" if len(names) else ""))
    return f"Of {len(summary)} published patterns to which nothing was fitted, {told[0]}, {told[1]} and {told[2]}."


def table(summary: "pd.DataFrame") -> str:
    """Write all patterns as a Markdown table, and below it what each is and where it is from."""
    lines = ["| pattern | published | tolerance | model (95 %) | outcome |", "|---|--:|---|---|---|"]
    notes = []
    for row, pattern in zip(summary.to_dict("records"), PATTERNS, strict=True):
        published = "direction" if pattern.observed is None else f"{pattern.observed:.2f}"
        allowed = f"above {row['from']:g}" if row["to"] == math.inf else f"{row['from']:.2f} to {row['to']:.2f}"
        spread = f" ({row['model_low']:.2f} to {row['model_high']:.2f})" if row["model_low"] < row["model_high"] else ""
        lines.append(f"| {row['pattern']} | {published} | {allowed} | {row['model']:.2f}{spread} | {row['outcome']} |")
        notes.append(f"- **{pattern.name}.** {pattern.meaning} Tolerance: {pattern.why} Source: {pattern.source}.")
    return "\n".join([*lines, "", *notes])


def draw(summary: "pd.DataFrame") -> "Figure":
    """Draw each pattern's tolerance and what the model gives, in units of what is published."""
    figure, (place,) = subplots(1, width=10, height=4.8)
    for y, row in enumerate(summary.to_dict("records")):
        unit = row["observed"] if row["observed"] > 0 else 1.0  # nan: a direction, which is told from 1
        colour = COLOURS[row["outcome"]]
        place.plot([row["from"] / unit, min(row["to"] / unit, MOST)], [y, y], color=PALETTE[7], lw=9, alpha=0.35)
        place.plot([row["model_low"] / unit, row["model_high"] / unit], [y, y], color=colour, lw=2)
        place.plot(row["model"] / unit, y, "o", color=colour)
    place.axvline(1, color="black", lw=1, ls=":")
    place.set_yticks(range(len(summary)), summary["pattern"], fontsize=9)
    place.invert_yaxis()
    place.set_xscale("symlog", linthresh=0.1)
    place.set_xlim(-1, MOST)
    place.set_xticks([-1, 0, 0.1, 0.3, 1, 3, 10], ["-1", "0", "0.1", "0.3", "1", "3", "10"])
    place.set(xlabel="model over published (point, 95 %); tolerance (grey); green passed, blue undecided, red failed")
    return figure


CLAIM = Claim(
    Path(__file__).parent,
    "Which published patterns does the model give to which it was not fitted?",
    FULL,
    QUICK,
    compute,
    draw,
    sentence,
    """
The preset `thought-experiment`, ten servers a host, unless a pattern's note says otherwise. Fitted are one number to
the email's 20 % (the median tolerance) and the flaw rate to Debian's advisories; no pattern here. A pattern is passed
where the model's whole interval is within the tolerance, failed where it is outside, else undecided. Tolerances follow
from the published figures alone; how the decay, the effect of links and the spread are measured was changed after a
first look, because a ratio of effects near zero means nothing and the means of the two markets differ. A failed pattern
stays in the table: it says what the model must not be used for.

Most published figures are of other services than hosting, because hosts publish little; they test the mechanism, not
the market. Intervals are over replicates: bootstrapped, or Student's for the regressions, of four runs each.
""",
    """
Figures from hosts themselves: cancellations by week around announced maintenance, and who knew whom. The patterns that
fail would change with flaws that come in bursts, with churn for reasons of its own beside that from reboots, and with
users who follow users rather than compare hosts.
""",
    table,
)
