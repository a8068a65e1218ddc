"""Maintenance: the open flaws of a provider, the kernels of its servers, and the campaigns that bring new ones.

A campaign announced on day `t` starts on day `t + notice`; server `s` of `S` goes down on day
`start + floor(s * window / S)`. A flaw that arrives before an announced campaign starts is fixed by it;
one that arrives later announces the next, which starts when the running one has ended, at the earliest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agents.exposure import NEVER, Flaw, OpenFlaw, ServerKernels


@dataclass(slots=True)
class Campaign:
    """One round of maintenance that reboots every server once."""

    start: int  # day
    window: int  # days
    servers: int  # in the fleet when it started
    flaws: int  # flaws that it was announced for
    kernel: int  # number of flaws that its kernel fixes

    @property
    def end(self) -> int:
        """The day after its last day."""
        return self.start + self.window

    def due(self, day: int) -> range:
        """Return the servers that go down on `day`, those with `floor(s * window / servers) == day - start`."""
        elapsed = day - self.start
        first = -(-elapsed * self.servers // self.window)
        last = -(-(elapsed + 1) * self.servers // self.window)
        return range(first, last)

    def next_day(self, day: int) -> int:
        """Return the first day after `day` on which a server goes down or the campaign has ended."""
        server = max(-(-(day + 1 - self.start) * self.servers // self.window), 0)
        return self.start + server * self.window // self.servers if server < self.servers else self.end


@dataclass(slots=True)
class Maintenance:
    """The state of one provider's maintenance."""

    running: Campaign | None = None
    announced: int | None = None  # start day of the campaign that has been announced
    waiting: int = 0  # flaws that need a campaign, which the running one was not announced for
    boot_day: int = 0  # day on which the kernels in use were booted (start of the last campaign)
    campaigns: int = 0  # started so far
    disclosed: int = 0  # flaws so far
    considered: int = 0  # flaws that the policy has reacted to: the others are being waited for (see soak_days)
    flaws: list[OpenFlaw] = field(default_factory=list)  # that a server may be open to, or a live patch is coming for
    kernels: ServerKernels = field(default_factory=ServerKernels)

    @property
    def pending_patches(self) -> int:
        """Number of flaws whose live patch is still to come."""
        return sum(found.patch_day < NEVER for found in self.flaws)

    @property
    def open_flaws(self) -> int:
        """Known flaws that are not yet fixed on every server, as far as the policy has reacted to them."""
        return self.waiting + self.pending_patches + (self.running.flaws if self.running else 0)

    def next_day(self, day: int) -> int:
        """Return the first day after `day` with work to do, or with a new attack, if no further flaw appears.

        `NEVER` if there is none. Flaws that the policy has not yet reacted to are left to the policy.
        """
        days = [when for found in self.flaws for when in (found.patch_day, found.flaw.exploited) if when > day]
        if self.announced is not None:
            days.append(max(self.announced, day + 1))
        if self.running:
            days.append(max(self.running.next_day(day), day + 1))
        return min(days, default=NEVER)

    # --- flaws and campaigns

    def disclose(self, day: int, flaws: Sequence[Flaw]) -> None:
        """Add the flaws that appear today."""
        for flaw in flaws:
            self.flaws.append(OpenFlaw(flaw, day, self.disclosed))
            self.disclosed += 1

    def to_consider(self, last: int) -> list[OpenFlaw]:
        """Return the flaws disclosed up to the day `last` that the policy has not reacted to."""
        found = [flaw for flaw in self.flaws if flaw.number >= self.considered and flaw.day <= last]
        self.considered += len(found)
        return found

    def drop_patches(self) -> None:
        """Wait for no live patch any longer; the flaws need a campaign."""
        self.waiting += self.pending_patches
        for found in self.flaws:
            found.patch_day = NEVER

    def drop_campaigns(self) -> None:
        """Cancel the announced and the running campaign; their flaws stay open."""
        self.waiting += self.running.flaws if self.running else 0
        self.running = self.announced = None

    def announce(self, start: int) -> None:
        """Announce a campaign for day `start`, or later if one is running; no second one is announced."""
        if self.announced is None:
            self.announced = max(start, self.running.end) if self.running else start

    def advance(self, day: int, window: int, servers: int) -> range:
        """End and start campaigns that are due; return the servers that go down today."""
        if self.running and day >= self.running.end:
            self.running = None
        if self.announced is not None and day >= self.announced and self.running is None:
            self.running = Campaign(day, window, servers, self.waiting, self.considered)
            self.announced, self.waiting, self.boot_day = None, 0, day
            self.campaigns += 1
        return self.running.due(day) if self.running else range(0)

    # --- servers

    def resize(self, servers: int) -> None:
        """Follow the size of the fleet."""
        if servers != self.kernels.servers:
            self.kernels.resize(servers, self.disclosed)

    def bad_fixes(self, day: int, due: range) -> list[NDArray[np.int64]]:
        """Return, for each flaw whose fix is bad today, the servers to which it is about to be applied."""
        found = []
        for flaw in self.flaws:
            if flaw.flaw.recalled > day:
                live = flaw.patch_day <= day
                fixed = live or (self.running is not None and flaw.number < self.running.kernel)
                servers = self.kernels.open_to(flaw.number, range(self.kernels.servers) if live else due)
                if fixed and len(servers):
                    found.append(servers)
        return found

    def apply_fixes(self, day: int, due: range) -> int:
        """Apply today's live patches, and boot the campaign's kernel on the servers due; return the patches applied."""
        if due and self.running:
            self.kernels.boot(due, self.running.kernel)
        if not self.flaws:
            return 0
        patches = sum(found.patch_day <= day for found in self.flaws)
        fixed = min(self.kernels.oldest, self.considered)
        self.flaws = [
            found
            for found in self.flaws
            if found.patch_day > day and (found.number >= fixed or found.patch_day < NEVER)
        ]
        return patches

    def exposure(self, day: int) -> tuple[int, int]:
        """Return the pairs of a server and a flaw that it is open to, and those that attackers use on `day`."""
        if not self.flaws:
            return 0, 0
        numbers = [found.number for found in self.flaws]
        return self.kernels.open_pairs(numbers), self.kernels.open_pairs(self.attacked(day))

    def attacked(self, day: int) -> list[int]:
        """Return the numbers of the flaws that attackers use on `day`."""
        return [found.number for found in self.flaws if found.flaw.exploited <= day]

    def attacked_server(self, day: int, pair: int) -> int:
        """Return the server of the exploitable pair with that number, from 0."""
        return self.kernels.server_of_pair(self.attacked(day), pair)

    def rebuild(self, server: int) -> None:
        """Rebuild a breached server on the newest kernel."""
        self.kernels.boot(range(server, server + 1), self.disclosed)
