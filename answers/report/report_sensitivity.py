"""The section about sensitivity: which factors the outcomes of a study depend on."""

from functools import partial
from typing import TYPE_CHECKING

from answers.report.report_figures import sensitivity_figure
from answers.report.report_section import Section
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.analysis import StudyResults

OUTCOMES = {
    "lost_share_p0": "the share of users that the first provider lost",
    "p0_mean_profit_per_original_server": "the first provider's profit per original server",
}
SHOWN = {"saltelli": ("ST", "S1"), "morris": ("mu_star", "sigma")}  # the first one sorts
MEANING = {
    "saltelli": (
        "S1 is the share of the outcome's variance that would go if the factor were known, ST the share that would "
        "stay if all others were (Sobol 2001); bars have 95 % intervals."
    ),
    "morris": (
        "mu_star is the mean size of what changing the factor over its range does, sigma how much that differs from "
        "place to place (Morris 1991); bars have 95 % intervals."
    ),
}
MOST_ROWS = 40


def sensitivities(results: "StudyResults") -> Section | None:
    """Show the indices of the main outcomes; None for designs that have none."""
    kind = results.study.design.kind
    if kind not in SHOWN:
        return None
    from answers.indices import indices

    section = Section("sensitivity", "Sensitivity")
    for outcome, meaning in OUTCOMES.items():
        try:
            table = indices(results, outcome)
        except ScenarioError as error:  # too few runs yet, or an outcome that does not vary
            section.words.append(f"There are no indices of {meaning}: {error}")
            continue
        bars = table[(table["policy"] == "") & table["index"].isin(SHOWN[kind])]
        first = bars[bars["index"] == SHOWN[kind][0]].sort_values("value", ascending=False)
        section.words.append(f"What matters most for {meaning} is {first['factor'].iloc[0]}.")
        caption = f"What {meaning} depends on. {MEANING[kind]}"
        section.add_picture(f"Sensitivity of {meaning}", caption, partial(sensitivity_figure, bars, SHOWN[kind]))
        columns = ["factor", "other", "policy", "role", "index", "value", "low", "high"]
        told = table.loc[table["factor"] != "", [name for name in columns if (table[name] != "").any()]]
        section.add_table(f"Indices of {meaning}, with 95 % intervals from low to high.", told, MOST_ROWS)
        section.add_data(f"sensitivity-{outcome}.csv", table.to_csv(index=False))
    return section
