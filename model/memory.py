"""How much memory a market takes, known before it is built."""

from typing import TYPE_CHECKING

import psutil

from agents.users import rows_for
from model.errors import ScenarioError

if TYPE_CHECKING:
    from model.scenario import Scenario

COLUMNS = 80  # bytes a user beside its row: the columns that talk does not touch, and the slots of its server
SMALL = 100_000  # users, of which a market fits everywhere: a study of many need not look
KEPT, BUILT = 4, 20  # bytes for each neighbour, while the market lives and while its network is made


def memory_needed(scenario: "Scenario", users: int) -> int:
    """Return about how many bytes a market of so many users takes at least.

    Measured with a million users and 8 to 32 neighbours: the estimate is at most 15 % below, never above by more than
    5 %. Histories and the record of moves come on top.

    >>> from model import Scenario
    >>> memory_needed(Scenario.preset("thought-experiment"), 1_000_000)
    176000000
    """
    row = rows_for(0, len(scenario.providers)).dtype.itemsize
    degree = getattr(scenario.network, "degree", 0)
    return int(users * max(row + COLUMNS + KEPT * degree, BUILT * degree))


def check_memory(scenario: "Scenario") -> None:
    """Raise ScenarioError if a market cannot fit in the memory that is free now."""
    users = scenario.users.count
    if users < SMALL:
        return
    needed, free = memory_needed(scenario, users), psutil.virtual_memory().available
    if needed > free:
        fit = int(free / (needed / users))
        raise ScenarioError.of(
            "users.count",
            users,
            f"needs {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free: {fit:,} fit",
        )
