"""A small, eventful market for the tests of the page."""

from model import Scenario

SMALL = {"users.count": 300, "days": 120, "flaws.per_year": 25.0, "users.tolerance.median": 3.0}


def small(**settings):
    """Return the scenario, with other settings."""
    return Scenario.preset("thought-experiment", **(SMALL | settings))
