"""What a decision about live patching is told in: a table, a paragraph, plain values and a figure."""

from typing import TYPE_CHECKING, Any

from answers.answer import Answer
from answers.decision.company import unknowns_of
from answers.decision.decide import Case, Decision
from answers.decision.pairs import shift
from answers.intervals import CONFIDENCE, share_interval
from model.conclusion import dollars

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
CENT = 2  # decimals of a dollar


def answer_of(decision: Decision) -> Answer:
    """Return a decision as an answer."""
    from answers.decision.figure import decision_figure

    table = table_of(decision)
    summary = summary_of(decision)
    return Answer("decide", summary, table, summary["answer"], lambda: decision_figure(decision), shown_of(table))


# --- the table


def table_of(decision: Decision) -> "pd.DataFrame":
    """Return a row for each way to answer, vendor and circumstance; prices and gains a server and month."""
    import pandas as pd

    rows = [plan_row(decision), *closed_rows(decision)]
    rows += [case_row(case) for case in (*decision.vendors, *decision.shifts, *decision.unknowns)]
    return pd.DataFrame(rows)


def plan_row(decision: Decision) -> Row:
    """Return the plan's row; a price that was searched for has the interval of the search."""
    low, high = decision.interval
    return case_row(decision.plan) | {"break_even": decision.break_even, "low": low, "high": high}


def closed_rows(decision: Decision) -> list[Row]:
    """Return the rows of the closed forms, which have no intervals."""
    closed = decision.closed
    prices = {"once they have left (email)": closed.at_the_end, "with ongoing churn": closed.in_the_long_run}
    return [
        {"kind": "closed form", "case": name, "break_even": price}
        for name, price in prices.items()
        if price is not None
    ]


def case_row(case: Case) -> Row:
    """Return a row: the break-even price, what is asked, the mean gain at that, and how often it pays."""
    pairs, price = case.pairs, case.contrast.price
    low, high = pairs.interval
    gain, gain_low, gain_high = pairs.per_server_month(price)
    return {
        "kind": case.contrast.kind,
        "case": case.contrast.name,
        "break_even": pairs.break_even,
        "low": low,
        "high": high,
        "price": price,
        "gain": gain,
        "gain_low": gain_low,
        "gain_high": gain_high,
        "pays": float(pairs.pays_at(price).mean()),
    }


def shown_of(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what the terminal shows of the table, money to the cent or the dollar."""
    shown = table[["case", "break_even", "low", "high", "price", "gain", "pays"]].copy()
    for name in ("break_even", "low", "high", "price", "gain"):
        shown[name] = shown[name].round(0 if table["break_even"].abs().max() >= 20 else CENT)
    shown["pays"] = (100 * shown["pays"]).round()
    return shown.set_axis(["$ a server and month", "break-even", "from", "to", "price", "gain", "pays, %"], axis=1)


# --- plain values


def summary_of(decision: Decision) -> dict[str, Any]:
    """Return the object of `--json`. Prices and gains are dollars a server and month, shares from 0 to 1."""
    plan, closed = decision.plan, decision.closed
    pays = plan.pairs.pays_at(plan.contrast.price)
    summary: dict[str, Any] = {
        "scenario": decision.scenario.name,
        "provider": decision.name,
        "days": decision.scenario.days,
        "users": decision.scenario.users.count,
        "seed": decision.seed,
        "replicates": decision.replicates,
        "failed_runs": decision.failed,
        "confidence": CONFIDENCE,
        "break_even_per_server_month": decision.break_even,
        "interval": list(decision.interval),
        "price_per_server_month": plan.contrast.price,
        "gain_per_server_month": plan.pairs.per_server_month(plan.contrast.price)[0],
        "probability_pays": float(pays.mean()),
        "probability_interval": list(share_interval(pays)),
        "method": "search" if decision.searched else "linear",
        "closed_forms": dict(vars(closed)),
        "vendors": [told(case) for case in decision.vendors],
        "shifts": [told(case) | moved(case, decision.plan) for case in decision.shifts],
    }
    if decision.company:
        summary["company"] = decision.company.model_dump()
        summary["unknowns"] = swings(decision)
    return summary | {"answer": paragraph(decision)}


def told(case: Case) -> dict[str, Any]:
    """Return a case as plain values."""
    row = case_row(case)
    return {
        "name": row["case"],
        "price_per_server_month": row["price"],
        "break_even_per_server_month": row["break_even"],
        "interval": [row["low"], row["high"]],
        "gain_per_server_month": row["gain"],
        "probability_pays": row["pays"],
    }


def moved(case: Case, plan: Case) -> dict[str, Any]:
    """Return by how much a case's break-even price is above the plan's."""
    change, low, high = shift(case.pairs, plan.pairs)
    return {"change": change, "change_interval": [low, high]}


def swings(decision: Decision) -> list[dict[str, Any]]:
    """Return by how much the break-even price swings over each unknown's range, the largest swing first."""
    found = []
    for unknown in unknowns_of(decision.scenario):
        names = [f"{unknown.name} {label}" for label, _ in unknown.ends]
        prices = {c.contrast.name: c.pairs.break_even for c in decision.unknowns if c.contrast.name in names}
        reached = [decision.break_even, *prices.values()]
        found.append(
            {
                "unknown": unknown.name,
                "break_even_per_server_month": prices,
                "swing": max(reached) - min(reached),
                "measure": unknown.measure,
            }
        )
    return sorted(found, key=lambda swing: -swing["swing"])


# --- words


def paragraph(decision: Decision) -> str:
    """Return the answer for people."""
    parts = [headline(decision), arithmetic(decision), at_vendors(decision), in_other_circumstances(decision)]
    if decision.company:
        parts += [for_the_company(decision), what_matters(decision)]
    return " ".join(part for part in parts if part)


def headline(decision: Decision) -> str:
    """Say the break-even price and what it means at the plan's price."""
    plan, price = decision.plan, decision.plan.contrast.price
    low, high = decision.interval
    pays = plan.pairs.pays_at(price).mean()
    most = f"{dollars(decision.break_even)} per server and month (95 % interval {dollars(low)} to {dollars(high)})"
    runs = f"in {decision.replicates} pairs of runs over {decision.scenario.days} days that differ in nothing else"
    failed = f" ({decision.failed} runs failed and are left out)" if decision.failed else ""
    if decision.break_even <= 0:
        first = f"Live patching does not pay for {decision.name} even for nothing: its break-even price is {most}, "
    else:
        first = f"For {decision.name} live patching pays up to {most}, "
    gain = plan.pairs.per_server_month(price)[0]
    wins = f"gains {dollars(gain)}" if gain >= 0 else f"loses {dollars(-gain)}"
    second = f" At {dollars(price)} it {wins} per server and month on average, and pays in {pays:.0%} of the pairs."
    if decision.searched:
        who = " and ".join(decision.deciding)
        second += (
            f" {who} decide{'s' if len(decision.deciding) == 1 else ''} by what the patches cost, so that price was "
            "searched for by further runs; the other prices below hold while decisions fall as they do at the price "
            "asked."
        )
    return f"{first}{runs}{failed}.{second}"


def arithmetic(decision: Decision) -> str:
    """Say what the closed forms give."""
    closed = decision.closed
    text = (
        f"By the end it has {abs(closed.kept):.1%} of the first day's users {'more' if closed.kept >= 0 else 'fewer'}"
    )
    text += " than without; "
    if closed.needed is None:
        text += "by the email's arithmetic no price pays for keeping them, as a server earns nothing before patches."
    else:
        price = dollars(decision.plan.contrast.price)
        text += (
            f"by the email's arithmetic that is worth {dollars(closed.at_the_end)} once they have left, and {price} "
            f"pays as soon as more than {closed.needed:.1%} would leave."
        )
    if closed.in_the_long_run is not None:
        text += (
            f" A month {closed.departing:.2%} of the users leave for good, {closed.leaving:.2%} for rivals, and "
            f"{closed.leaving_more:.2%} more without live patching: if all went on at these rates, it would be worth "
            f"{dollars(closed.in_the_long_run)} in the long run."
        )
    return text


def at_vendors(decision: Decision) -> str:
    """Say at whose present prices it pays."""
    gains = {case.contrast.name: case.pairs.per_server_month(case.contrast.price)[0] for case in decision.vendors}
    losing = [name for name, gain in gains.items() if gain <= 0]
    paying = len(gains) - len(losing)
    text = f"At the vendors' present prices and coverage it pays on average with {paying} of {len(gains)}"
    return f"{text} (not with {', '.join(losing)})." if losing and len(losing) < len(gains) else f"{text}."


def in_other_circumstances(decision: Decision) -> str:
    """Say how the break-even price shifts."""
    if not decision.shifts:
        return ""
    prices = [f"{case.contrast.name} {dollars(case.pairs.break_even)}" for case in decision.shifts]
    return f"The break-even price in other circumstances: {', '.join(prices)}."


def for_the_company(decision: Decision) -> str:
    """Say what it comes to for the whole fleet, and what was scaled."""
    company = decision.company
    assert company is not None
    gain = 12 * company.servers * decision.plan.pairs.per_server_month(company.vendor_quote)[0]
    each = company.users_each / company.fleet_share
    scaled = f"Simulated were {company.servers_simulated} servers of {company.users_simulated} users a host; each user "
    scaled += f"stands for {each:,.3g} of yours."
    return (
        f"For your {company.servers:,} servers the quote means {dollars(abs(gain))} a year "
        f"{'gained' if gain >= 0 else 'lost'}. {scaled}"
    )


def what_matters(decision: Decision) -> str:
    """Say which unknown matters most, and how to measure it."""
    ranked = swings(decision)
    first, rest = ranked[0], ranked[1:]
    prices = ", ".join(f"{dollars(p)} at {name}" for name, p in first["break_even_per_server_month"].items())
    others = ", ".join(f"{swing['unknown']} {dollars(swing['swing'])}" for swing in rest)
    return (
        f"The unknown that matters most is {first['unknown']}: over its plausible range the break-even price swings by "
        f"{dollars(first['swing'])} ({prices}); the others: {others}. To measure it, {first['measure']}."
    )
