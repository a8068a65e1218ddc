"""Exposure: which servers are open to which flaws.

A server is open to a flaw from the day it is disclosed until a fix is in force there: a live patch, or a kernel that
contains the fix. Flaws are numbered in the order of their disclosure, and a kernel fixes all flaws up to a number, so
a fleet is a few runs of neighbouring servers with the same kernel, whatever its size.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEVER = 2**62  # later than any day of a run


class Flaw(NamedTuple):
    """A security hole whose fix needs new code on every host. What is random about it is drawn once for the market."""

    kind: str  # "kernel" or "hypervisor"
    severity: float  # u ~ U(0, 1): a live patch covers it iff u < coverage
    cves: int = 1  # security holes that one update fixes
    exploited: int = NEVER  # first day on which attackers use it
    recalled: int = 0  # the fix is bad until this day; 0 = it never is
    effort: float = 0.0  # standard normal: how long its live patch takes, compared with others
    live_patched: int = NEVER  # day of the real live patch, where the flaws are those of a history


@dataclass(slots=True, eq=False)
class OpenFlaw:
    """A flaw that some server of a provider may still be open to."""

    flaw: Flaw
    day: int  # of its disclosure
    number: int  # in the order of disclosure
    patch_day: int = NEVER  # on which its live patch is applied


@dataclass(slots=True)
class ServerKernels:
    """The kernels of a fleet, as runs of neighbouring servers: how many servers, and how many flaws are fixed there."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    servers: int = 0

    @property
    def oldest(self) -> int:
        """Number of flaws fixed on every server; `NEVER` where there is none."""
        return min((fixed for _, fixed in self.runs), default=NEVER)

    def resize(self, servers: int, newest: int) -> None:
        """Give up the last servers, or add some, which boot the newest kernel."""
        if servers > self.servers:
            self.runs.append((servers - self.servers, newest))
        surplus = self.servers - servers
        while surplus > 0:
            count, fixed = self.runs.pop()
            if count > surplus:
                self.runs.append((count - surplus, fixed))
            surplus -= count
        self.servers = servers

    def boot(self, booted: range, kernel: int) -> None:
        """Boot a kernel on some servers; those that have a newer one keep it."""
        runs: list[tuple[int, int]] = []
        first = 0
        for count, fixed in self.runs:
            end = first + count
            start, stop = (min(max(bound, first), end) for bound in (booted.start, booted.stop))
            for size, now in ((start - first, fixed), (stop - start, max(fixed, kernel)), (end - stop, fixed)):
                if size and runs and runs[-1][1] == now:
                    runs[-1] = (runs[-1][0] + size, now)
                elif size:
                    runs.append((size, now))
            first = end
        self.runs = runs

    def open_to(self, number: int, within: range) -> NDArray[np.int64]:
        """Return the servers of a range whose kernel does not fix flaw `number`."""
        found, first = [np.empty(0, np.int64)], 0
        for count, fixed in self.runs:
            if fixed <= number:
                found.append(np.arange(max(first, within.start), min(first + count, within.stop)))
            first += count
        return np.concatenate(found)

    def open_pairs(self, numbers: Sequence[int]) -> int:
        """Return the number of pairs of a server and a flaw, of those with ascending `numbers`, that it is open to."""
        return sum(count * (len(numbers) - bisect_left(numbers, fixed)) for count, fixed in self.runs)

    def server_of_pair(self, numbers: Sequence[int], pair: int) -> int:
        """Return the server of the pair with that number, from 0."""
        first = 0
        for count, fixed in self.runs:
            flaws = len(numbers) - bisect_left(numbers, fixed)
            if pair < count * flaws:
                return first + pair // flaws
            pair -= count * flaws
            first += count
        raise IndexError("there is no such pair")
