"""What operators do not know about their users and flaws: plausible ranges, and how to measure each."""

from typing import Any, NamedTuple

from model.scenario import Scenario
from model.schema import Poisson


class Unknown(NamedTuple):
    """Something about the users or the flaws that an operator does not know."""

    name: str
    ends: list[tuple[str, dict[str, Any]]]  # what the tables call it, and its settings
    measure: str  # how to get to know it


def unknowns_of(market: Scenario) -> list[Unknown]:
    """Return the unknowns with their plausible ranges: half to double where nothing is known (assumed)."""
    users, talk, flaws = market.users, market.word_of_mouth, market.flaws
    tolerance = users.tolerance.median
    unknowns = [
        Unknown(
            "tolerance",
            [
                (f"{share * tolerance:g} min/month", {"users.tolerance.median": share * tolerance})
                for share in (0.5, 2.0)
            ],
            "after your next reboots, compare the cancellations of those who have been down with those who have not "
            "yet, and ask who leaves how much downtime it took",
        ),
        Unknown(
            "word of mouth",
            [
                (
                    label,
                    {
                        "word_of_mouth.talk_per_day": min(share * talk.talk_per_day, 1.0),
                        "word_of_mouth.complaint": min(share * talk.complaint, 1.0),
                    },
                )
                for label, share in (("halved", 0.5), ("doubled", 2.0))
            ],
            "ask those who sign up and those who cancel from whom they heard of the other host, and count public "
            "complaints per reboot",
        ),
        Unknown(
            "memory",
            [(f"{days:g} days", {"users.memory_days": days}) for days in (30.0, 365.0)],
            "plot cancellations by days since the last reboot: memory is the time in which the excess falls to a third",
        ),
    ]
    if isinstance(flaws, Poisson):
        unknowns.append(
            Unknown(
                "flaws",
                # measured on Debian's kernel: few and many campaigns a year
                [(f"{rate:g} a year", {"flaws.per_year": rate}) for rate in (4.0, 15.0)],
                "count the kernel updates of the last two years that made you reboot",
            )
        )
    if market.open_market.arrivals_per_day:
        unknowns.append(
            Unknown(
                "newcomers",
                [
                    (label, {"open_market.direct": direct})
                    for label, direct in (("who come directly", 1.0), ("who ask a neighbour", 0.0))
                    if direct != market.open_market.direct
                ],
                "ask those who sign up whether somebody recommended you",
            )
        )
    return unknowns
