"""The report of a run on the terminal: who gained, who earned, who went where and why, and the answer."""

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.policies import POLICIES
from model.summary import SECURITY

PIPED_WIDTH = 110  # columns, where no terminal says how wide it is


def print_summary(summary: dict[str, Any]) -> None:
    """Print a run's summary, from `model.summary.summarise`, as tables and one sentence."""
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False, markup=False)
    console.print(
        f"{summary['scenario']}: {summary['users']:,} users, {summary['days']:,} days, seed {summary['seed']}\n"
    )
    if "network" in summary:
        console.print(f"Network: {summary['network']}\n")
    tables = {
        "Users": users_table(summary),
        f"Dollars in {summary['days']:,} days": money_table(summary),
        "Security: what was open to attack, and what came of it": security_table(summary),
        "Moves from (row) to (column)": flow_table(summary),
    }
    if "reboots_by_year" in summary:
        title = "Reboots (or rounds of migration) that each policy would have caused"
        tables[title] = reboots_table(summary["reboots_by_year"])
    for title, table in tables.items():
        console.print(title, style="bold")
        console.print(table)
        console.print()
    happened = [(event["day"], event["text"]) for event in summary.get("events", [])]
    happened += [
        (event["day"], f"{event['provider']} {event['text']}; {monthly(event['cost'])}")
        for event in summary.get("responses", [])
    ]
    for day, text in sorted(happened, key=lambda told: told[0]):
        console.print(f"day {day}: {text}")
    if happened:
        console.print()
    if "second_instances" in summary:
        console.print(f"Users who run a second instance: {sum(summary['second_instances']):,}.")
    moves = summary["moves"]
    console.print(f"Moves: {moves['total']:,}. Triggered by {_parts(moves['by_trigger'])}.")
    console.print(f"The new provider was known from {_parts(moves['by_source'])}.")
    console.print(f"\n{summary['answer']}")


def monthly(cost: float) -> str:
    """Say what a response costs.

    >>> monthly(1500.0), monthly(-20.0)
    ('costs $1,500 a month', 'saves $20 a month')
    """
    return f"{'saves' if cost < 0 else 'costs'} ${abs(cost):,.0f} a month"


def users_table(summary: dict[str, Any]) -> Table:
    """Users and downtime of each provider."""
    table = _table(
        "provider",
        "start",
        "end",
        "share",
        "joined",
        "left",
        "downtime, min\nper user-year",
        "available",
    )
    present = sum(p["users_end"] for p in summary["providers"])
    for number, p in enumerate(summary["providers"]):
        table.add_row(
            f"{number} {p['name']}",
            f"{p['users_start']:,}",
            f"{p['users_end']:,}",
            f"{p['users_end'] / max(present, 1):.1%}",
            f"{p['joined']:,}",
            f"{p['left']:,}",
            _maybe(p["downtime_minutes_per_user_year"], "{:.1f}"),
            _maybe(p["availability"], "{:.4%}"),
        )
    return table


def money_table(summary: dict[str, Any]) -> Table:
    """Dollars of each provider."""
    table = _table(
        "provider",
        "policy",
        "revenue",
        "costs",
        "profit",
        "per original server\nand month, at the end",
    )
    for number, p in enumerate(summary["providers"]):
        amounts = [_maybe(p[key], "{:,.0f}") for key in ("revenue", "costs", "profit", "profit_per_original_server")]
        table.add_row(f"{number} {p['name']}", p["policy"], *amounts)
    return table


def security_table(summary: dict[str, Any]) -> Table:
    """Exposure and breaches of each provider, and its downtime by cause."""
    table = _table(
        "provider",
        "exposed\nserver-days",
        "exploitable\nserver-days",
        "breaches",
        "breach costs",
        "left after\na breach",
        "minutes down\nplanned",
        "by\nbreach",
        "by bad\nupdate",
    )
    for number, p in enumerate(summary["providers"]):
        table.add_row(f"{number} {p['name']}", *(f"{p[name]:,.0f}" for name in SECURITY))
    return table


def flow_table(summary: dict[str, Any]) -> Table:
    """Count moves from each provider (row) to each other one (column)."""
    numbers = [str(number) for number in range(len(summary["providers"]))]
    table = _table("provider", *numbers)
    for number, (p, row) in enumerate(zip(summary["providers"], summary["flows"], strict=True)):
        cells = ["–" if number == to else f"{count:,}" for to, count in enumerate(row)]
        table.add_row(f"{number} {p['name']}", *cells)
    return table


def reboots_table(by_year: dict[str, dict[str, int]]) -> Table:
    """Campaigns that each policy would have run in each year of the history."""
    table = _table("Reboots (or moves, restarts) that each policy would have caused", "year", "flaws", *POLICIES)
    for year, counts in by_year.items():
        table.add_row(year, *(str(count) for count in counts.values()))
    return table


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column == "policy" else "right")
    return table


def _maybe(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _parts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
