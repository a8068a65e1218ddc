"""Maintenance of a host's servers by its policy, shared by all implementations of the market."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from agents.maintenance import Maintenance
from agents.policies import Flaw, Outage
from model.scenario import Scenario
from model.schema import ProviderSettings


class Operator:
    """The operator who patches one host's servers."""

    def __init__(self, given: ProviderSettings, rng: np.random.Generator) -> None:
        self.policy = given.policy
        self.capacity = given.server_capacity  # users on a full server
        self.failure_chance = 1 - exp(-given.failures.per_server_year / 365)  # probability per server and day
        self.failure_minutes = given.failures.outage_minutes
        self.maintenance = Maintenance()
        self.rng = rng

    def patch(self, day: int, flaws: list[Flaw], guests: int) -> NDArray[np.float64]:
        """Do today's maintenance; return the minutes of outage of each server."""
        policy, todo, rng = self.policy, self.maintenance, self.rng
        servers = -(-guests // self.capacity)
        minutes = np.zeros(servers)
        outages: list[Outage] = []
        patches, due, _ = policy.patch(todo, day, flaws, servers)
        for _ in range(patches):
            outages += policy.patch_live(servers, rng)
        if due:
            outages += policy.maintain(due, rng)
        if self.failure_chance > 0:
            failed = np.flatnonzero(rng.random(servers) < self.failure_chance)
            outages.append(Outage("failure", failed, self.failure_minutes))
        for outage in outages:
            minutes[outage.servers] += outage.minutes
        return minutes


def operators_of(scenario: Scenario, rng: np.random.Generator) -> list[Operator]:
    """Return an operator for each host of a scenario."""
    return [Operator(given, rng) for given in scenario.providers]
