"""What came of a calibration, in words."""

import math
from typing import TYPE_CHECKING, Any

from answers.calibration.targets import Problem, coordinate
from answers.numbers import cell

if TYPE_CHECKING:
    import pandas as pd

VAGUE = 0.5  # of its range: where so much fits about as well, a setting is not determined
FAR = 2.0  # standard errors
Row = dict[str, Any]


def paragraph(problem: Problem, settings: list[Row], targets: list[Row], trials: int, replicates: int) -> str:
    """Say what was fitted, how well, and what the targets leave open."""
    sentences = [
        f"Of {trials:,} trials of {replicates:,} runs each, these settings meet the targets best: "
        f"{'; '.join(setting(row) for row in settings)}.",
        f"On {replicates:,} fresh runs they give {'; '.join(target(row) for row in targets)}.",
    ]
    far = [row["name"] for row in targets if missed(row)]
    if far:
        sentences.append(f"That misses {' and '.join(far)} by more than {FAR:g} standard errors of the difference.")
    vague = [row["name"] for row in settings if width(problem, row) > VAGUE]
    if vague:
        sentences.append(f"These targets do not determine {' and '.join(vague)}: most of the range fits about as well.")
    elif len(settings) > len(targets):
        sentences.append("There are fewer targets than settings: other combinations fit as well.")
    noisy = [row["name"] for row in targets if row["simulated_error"] > row["error"]]
    if noisy:
        sentences.append(f"The runs leave more doubt about {' and '.join(noisy)} than the observation: take more.")
    return " ".join(sentences)


def setting(row: Row) -> str:
    """Tell one setting."""
    span = f"{cell(row['low'])} to {cell(row['high'])} fits about as well"
    if row["low"] == row["high"]:
        span = "no other trial fits about as well"
    return f"{row['name']} = {cell(row['fitted'])} ({span}; it was {cell(row['before'])})"


def target(row: Row) -> str:
    """Tell one target."""
    return (
        f"{row['name']} {cell(row['fitted'])} (standard error {cell(row['simulated_error'])}), where "
        f"{cell(row['observed'])} (standard error {cell(row['error'])}) was observed"
    )


def missed(row: Row) -> bool:
    """Say whether a target is further off than the errors of observing and simulating it explain."""
    return bool(abs(row["misfit"]) > FAR * math.hypot(1, row["simulated_error"] / row["error"]))


def width(problem: Problem, row: Row) -> float:
    """Return what share of a setting's range fits about as well as the best."""
    axis = problem.axes[problem.paths.index(row["name"])]
    return coordinate(axis, row["high"]) - coordinate(axis, row["low"])


def recovery_paragraph(table: "pd.DataFrame", plants: int) -> str:
    """Say which planted values a calibration finds again."""
    parts = []
    for name, rows in table.groupby("setting", sort=False):
        inside, far, wide = int(rows["inside"].sum()), rows["distance"].abs().mean(), rows["width"].mean()
        parts.append(
            f"{name} is found within {far:.0%} of its range on average; {wide:.0%} of its range fits about as well, "
            f"which held what was planted in {inside} of {plants}"
        )
    settings = f"{plants} planted combination{'s' if plants > 1 else ''} of settings"
    return f"From what {settings} showed, the same calibration finds them again as follows: {'; '.join(parts)}."
