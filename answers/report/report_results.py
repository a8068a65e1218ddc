"""The sections of a report that show results, each from a study's tables; what was not kept is said in a line."""

from typing import TYPE_CHECKING, Any

import numpy as np

from answers.report import report_figures
from answers.report.break_even import BreakEven, live_or_not
from answers.report.report_section import Section, told
from answers.report.survival import MOST_FOUNDED, loser, survival

if TYPE_CHECKING:
    import pandas as pd

    from answers.report.groups import Group
    from batch.analysis import StudyResults
    from batch.study import Study

MOST_PANELS = 4
MOST_ROWS = 60
MOST_RUNS = 200  # of a group, whose days are read
OF_MARKET = {"lost_share_p0": "share of users lost by {0}", "live_paid": "share of runs in which live patching pays"}
OF_PROVIDER = {
    "share_end": "share of users, end",
    "downtime_minutes_per_user_year": "downtime, minutes per user-year",
    "profit_per_original_server": "profit, dollars a month per original server, end",
    "exposed_server_days": "server-days open to a flaw",
    "exploitable_server_days": "of these, to a flaw under attack",
    "breaches": "breaches",
    "breach_cost": "breach costs, dollars",
}


def means(results: "StudyResults") -> Section:
    """Show the means of the main outcomes by point."""
    import pandas as pd

    study, section = results.study, Section("means", "Means by point")
    summary = results.summary()
    names = provider_names(study)
    labels = list(study.points[0].labels)
    by_point = {point: rows.set_index("outcome") for point, rows in summary.groupby("point")}
    market, providers = [], []
    for point, rows in by_point.items():
        head = {"point": point} | {name: rows[name].iloc[0] for name in labels}
        market.append(
            head
            | {"runs": int(rows.loc["days", "n"])}
            | {title.format(names[0]): _mean(rows, outcome) for outcome, title in OF_MARKET.items()}
        )
        for j in range(study.providers):
            if not rows.loc[f"p{j}_users_start", "n"]:
                continue
            told_here = {title: _mean(rows, f"p{j}_{outcome}") for outcome, title in OF_PROVIDER.items()}
            name = study.scenario_at(int(point)).providers[j].name
            providers.append({"point": point, "provider": name} | told_here)
    section.add_table("Means with 95 % intervals.", pd.DataFrame(market), MOST_ROWS)
    section.add_table("By provider; means with 95 % intervals.", pd.DataFrame(providers), MOST_ROWS)
    section.add_data("means.csv", summary.to_csv(index=False))
    section.add_data("runs.csv", results.runs().to_csv(index=False))
    if len(section.data) < 2:
        section.words.append(f"All means as CSV: patchmarket summary {results.folder.name} --csv")
    return section


def _mean(rows: "pd.DataFrame", outcome: str) -> str:
    percent = outcome == "live_paid" or "share" in outcome
    return told(*rows.loc[outcome, ["mean", "low", "high"]].astype(float), percent=percent)


def shares(results: "StudyResults", runs: "pd.DataFrame", groups: "list[Group]") -> Section:
    """Show shares of users over time."""
    section = Section("shares", "Shares over time")
    if not results.study.outcomes.series:
        return _left_out(section, "series")
    bands, counted = {}, 0
    for group in groups[:MOST_PANELS]:
        chosen = some_of(runs, group, MOST_RUNS)["run_id"]
        days = results.series(["day", "provider", "users"], chosen.tolist())
        if len(days):
            bands[group.name] = share_bands(days)
            counted = max(counted, len(chosen))
    if not bands:
        return _left_out(section, "series")
    caption = (
        f"The median share of users by day, and a band that holds eight runs in ten; of up to {counted:,} runs each."
        f"{_of_groups(groups)}"
    )
    names = [n for n in provider_names(results.study) if any(n in set(b["provider"]) for b in bands.values())]
    section.add_picture("Shares of users over time", caption, lambda: report_figures.shares_figure(bands, names))
    import pandas as pd

    section.add_data("shares.csv", pd.concat(bands, names=["group"]).droplevel(1).to_csv(float_format="%.5g"))
    return section


def share_bands(days: "pd.DataFrame") -> "pd.DataFrame":
    """Return the tenth, half and nine tenths of runs' shares by day and provider; runs that ended early stay as is."""
    import pandas as pd

    users = days.pivot_table(index="day", columns=["run_id", "provider"], values="users", observed=True).ffill()
    of_all = users / users.T.groupby(level="run_id").sum().T.reindex(columns=users.columns, level="run_id")
    by_provider = {
        name: of_all.xs(name, axis=1, level="provider").quantile([0.1, 0.5, 0.9], axis=1).T
        for name in dict.fromkeys(days["provider"])
    }
    table = pd.concat(by_provider, names=["provider", "day"])
    table.columns = pd.Index(["low", "middle", "high"])
    return table.reset_index()


def flows(results: "StudyResults", runs: "pd.DataFrame", groups: "list[Group]") -> Section:
    """Show who moved to whom."""
    section = Section("flows", "Who went where")
    if not results.study.outcomes.flows:
        return _left_out(section, "flows")
    names = provider_names(results.study)
    number = {name: j for j, name in enumerate(names)}
    matrices: dict[str, Any] = {}
    for group in groups[:MOST_PANELS]:
        chosen = some_of(runs, group, MOST_RUNS)["run_id"]
        moved = results.flows(chosen.tolist())
        matrix = np.zeros((len(names),) * 2)
        if len(moved):
            np.add.at(matrix, (moved["from"].map(number), moved["to"].map(number)), moved["users"] / len(chosen))
        if matrix.sum() > 0:
            matrices[group.name] = matrix
    if not matrices:
        section.words.append("Nobody moved.")
        return section
    caption = f"Moves from a provider (left) to another (right), the mean of a run.{_of_groups(groups)}"
    section.add_picture("Moves between providers", caption, lambda: report_figures.flows_figure(matrices, names))
    return section


def stays(results: "StudyResults", runs: "pd.DataFrame", groups: "list[Group]") -> Section:
    """Show how long users stay, by tolerance."""
    section = Section("stays", "How long users stay")
    if not results.study.outcomes.moves:
        return _left_out(section, "moves")
    j = loser(runs, provider_names(results.study))
    if j is None:
        section.words.append("Nobody left.")
        return section
    curves = {}
    for group in groups[:MOST_PANELS]:
        here = some_of(runs, group, MOST_FOUNDED)
        if here[f"p{j}_left"].sum() and (found := survival(results, here, j)) is not None:
            curves[group.name] = found
    if not curves:
        section.words.append("In an open market users come and go for good, and the tables do not say who: left out.")
        return section
    first = next(iter(curves.values()))
    caption = (
        f"The share of those who began at {first.provider} and have not left it, for each tenth of them by tolerance "
        f"(Kaplan-Meier; up to {MOST_FOUNDED} runs a panel, drawn again from their seeds).{_of_groups(groups)}"
    )
    section.add_picture("Survival of users by tolerance", caption, lambda: report_figures.survival_figure(curves))
    return section


def profits(study: "Study", runs: "pd.DataFrame", groups: "list[Group]") -> Section:
    """Show how profits are spread."""
    section = Section("profits", "Profits")
    spread: dict[str, dict[str, Any]] = {}
    for group in groups[:MOST_PANELS]:
        here = runs[runs["point"].isin(group.points)]
        providers = study.scenario_at(group.points[0]).providers
        values = {p.name: here[f"p{j}_profit_per_original_server"].dropna() for j, p in enumerate(providers)}
        if found := {name: column.to_numpy() for name, column in values.items() if len(column)}:
            spread[group.name] = found
    if not spread:
        section.words.append("No provider had users at the start.")
        return section
    caption = (
        "Profit in the last 30 days, as dollars a month per server that the provider had at the start. A box holds "
        "the middle half of the runs, the whiskers nine runs in ten; the line is the median, the cross the mean."
        f"{_of_groups(groups)}"
    )
    names = provider_names(study)
    section.add_picture("How profits are spread", caption, lambda: report_figures.profits_figure(spread, names))
    return section


def prices(study: "Study", found: BreakEven | None) -> Section | None:
    """Show the break-even price of live patching."""
    section = Section("prices", "Break-even price of live patching")
    if found is None:
        if live_or_not(study) and not study.outcomes.series:
            return _left_out(section, "series")
        return None
    if not found.over:
        return None
    held = f" Other factors ({', '.join(found.over[2:])}) are averaged over." if len(found.over) > 2 else ""
    caption = f"The most that live patches may cost a server and month, in dollars. {found.how}{held}"
    section.add_picture("Break-even price", caption, lambda: report_figures.break_even_figure(found))
    return section


def some_of(runs: "pd.DataFrame", group: "Group", most: int) -> "pd.DataFrame":
    """Return at most so many runs of a group, from all its replicates and points."""
    here = runs[runs["point"].isin(group.points)].sort_values(["replicate", "point"])
    return here if len(here) <= most else here.iloc[np.linspace(0, len(here) - 1, most).astype(int)]


def provider_names(study: "Study") -> list[str]:
    """Return the names of all providers of a study, in the order in which its points have them."""
    renaming = [p.number for p in study.points if any(_names_providers(path) for path in p.settings)]
    names = [p.name for p in study.scenario.providers]
    for point in renaming:
        names += [p.name for p in study.scenario_at(point).providers]
    return list(dict.fromkeys(names))


def _names_providers(path: str) -> bool:
    """Whether setting this path may change a provider's name, or which providers there are."""
    first, *rest = path.split(".")
    return first == "providers" and (len(rest) < 2 or rest[1] == "name")


def _left_out(section: Section, key: str) -> Section:
    section.words.append(f"Left out: the study did not keep it. To have it, set outcomes.{key} = true and sweep anew.")
    return section


def _of_groups(groups: "list[Group]") -> str:
    if len(groups) > MOST_PANELS:
        return f" The first {MOST_PANELS} of {len(groups)} combinations."
    return ""
