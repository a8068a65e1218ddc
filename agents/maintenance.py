"""Maintenance: the open flaws of a provider, and the campaigns that fix them.

A campaign announced on day `t` starts on day `t + notice`; server `s` of `S` goes down on day
`start + floor(s * window / S)`. A flaw that arrives before an announced campaign starts is fixed by it;
one that arrives later announces the next, which starts when the running one has ended, at the earliest.
"""

from dataclasses import dataclass, field

NEVER = 2**62  # later than any day of a run


@dataclass(slots=True)
class Campaign:
    """One round of maintenance that reboots every server once."""

    start: int  # day
    window: int  # days
    servers: int  # in the fleet when it started
    flaws: int  # flaws that it fixes

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
    waiting: int = 0  # open flaws that the running campaign does not fix
    boot_day: int = 0  # day on which the kernels in use were booted (start of the last campaign)
    campaigns: int = 0  # started so far
    pending_patches: list[int] = field(default_factory=list)  # days on which live patches in development will be ready

    @property
    def open_flaws(self) -> int:
        """Known flaws that are not yet fixed on every server."""
        return self.waiting + len(self.pending_patches) + (self.running.flaws if self.running else 0)

    def next_day(self, day: int) -> int:
        """Return the first day after `day` with work to do if no further flaw appears; `NEVER` if there is none."""
        days = [when for when in self.pending_patches if when > day]
        if self.announced is not None:
            days.append(max(self.announced, day + 1))
        if self.running:
            days.append(max(self.running.next_day(day), day + 1))
        return min(days, default=NEVER)

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
            self.running = Campaign(day, window, servers, self.waiting)
            self.announced, self.waiting, self.boot_day = None, 0, day
            self.campaigns += 1
        return self.running.due(day) if self.running else range(0)
