"""Make the example records: a year of a company that does not exist, whose unknowns are known.

    python docs/examples/records/make.py

writes `outages.csv` and `customers.csv` beside this file. What `patchmarket fit` should find is `TRUTH`.
"""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from answers import Company
from model import Market, Scenario

HERE = Path(__file__).parent
SEED = 11
START, DAYS = date(2025, 1, 6), 364
TRUTH = {
    "users.tolerance.median": 16.0,  # minutes a month
    "users.memory_days": 60.0,
    "word_of_mouth.talk_per_day": 0.0167,
    "word_of_mouth.complaint": 0.3,
    "open_market.departures_per_year": 0.20,
    "open_market.direct": 0.8,
}
OUTAGES = [  # day, minutes, cause, servers
    (44, 6.0, "kernel update", 40),
    (87, 5.5, "kernel update", 40),
    (131, 7.0, "kernel update", 40),
    (164, 180.0, "power", 2),
    (203, 6.0, "kernel update", 40),
    (258, 6.5, "kernel update", 40),
    (311, 6.0, "kernel update", 40),
]


def make() -> None:
    """Write the records."""
    company = Company.load(HERE / "company.toml")
    market = Market(company.market(Scenario.preset("thought-experiment"), **settings(company)), rng=SEED)
    rng = np.random.default_rng(SEED)
    begins = {user: -1 - int(rng.exponential(400)) for user in np.flatnonzero(market.users.provider == 0).tolist()}
    spells: list[tuple[int, int | None]] = []
    for day in range(DAYS):
        before = market.users.provider.copy()
        market.step()
        now = market.users.provider
        spells += [(begins.pop(user), day) for user in np.flatnonzero((before == 0) & (now != 0)).tolist()]
        begins |= dict.fromkeys(np.flatnonzero((before != 0) & (now == 0)).tolist(), day)
    spells += [(day, None) for day in begins.values()]
    spells.sort(key=lambda spell: spell[0])
    with (HERE / "customers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["customer_id", "signup_date", "cancel_date"])
        for number, (begin, end) in enumerate(spells, start=1):
            writer.writerow([number, on(begin), "" if end is None else on(end)])
    with (HERE / "outages.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "minutes", "cause", "servers"])
        writer.writerows([on(day), minutes, cause, servers] for day, minutes, cause, servers in OUTAGES)


def settings(company: Company) -> dict[str, object]:
    """Return the settings of the company's market."""
    customers = company.servers * company.users_per_server
    events = [
        {"day": day, "outage": {"provider": "My company", "servers": servers / 40, "minutes": minutes, "cause": cause}}
        for day, minutes, cause, servers in OUTAGES
    ]
    size = {"days": DAYS, "users.count": 2 * customers, "providers.0.server_capacity": company.users_per_server}
    arrivals = {"open_market.arrivals_per_day": 2 * customers * TRUTH["open_market.departures_per_year"] / 365}
    return TRUTH | size | arrivals | {"flaws.per_year": 0.0, "events": events}


def on(day: int) -> str:
    """Return the date of a day."""
    return (START + timedelta(days=day)).isoformat()


if __name__ == "__main__":
    make()
