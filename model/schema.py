"""The tables of a scenario file: every key with its meaning, unit, limits and where its default comes from."""

from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, WrapValidator

from agents.delay import Delay, as_delay
from agents.policies import AnyPolicy, Reboot
from agents.settings import Settings, as_table, setting
from agents.strategies import AnyStrategy, Hold
from model.plugins import validated

DEBIAN = "close to the 6.7 kernel advisories a year of Debian, 2008 to 2022, data/debian-advisories.csv"
EMAIL = "debian-user, June 2018"
KEV = "CISA's list against Debian's kernel uploads of 2021-09 to 2025-08, data/kev-linux.csv"


class Tolerance(Settings):
    """Lognormal: how much more downtime than elsewhere users accept."""

    median: float = setting(
        10.0, "extra downtime that half the users accept", unit="minutes/month", ge=0, allow_inf_nan=True
    )
    sigma: float = setting(1.0, "spread between users; 0 = all alike", ge=0, le=10)


class DowntimeValue(Settings):
    """Lognormal: what a minute of downtime is worth to users."""

    median: float = setting(0.10, "worth of a minute to half the users", unit="dollars/minute", gt=0)
    sigma: float = setting(0.5, "spread between users; 0 = all alike", ge=0, le=10)


class Redundancy(Settings):
    """A second instance that users may buy at their own provider, which takes over when the first one fails."""

    available: bool = setting(False, "whether users can build it", grade="design")
    failover_seconds: float = setting(30.0, "what an outage then still costs them", unit="seconds", ge=0)
    complexity: float = setting(20.0, "effort of running it, weighed like downtime", unit="minutes/month", ge=0)


class UserSettings(Settings):
    """Who the users are and how they choose."""

    count: int = setting(20_000, "users in the market", grade="design", ge=1, le=100_000_000)
    memory_days: float = setting(
        90.0, "time after which an outage is mostly forgotten", unit="days", gt=0, allow_inf_nan=True
    )
    tolerance: Tolerance = setting(Tolerance, "how much more downtime than elsewhere users accept")
    downtime_value: DowntimeValue = setting(DowntimeValue, "what a minute of downtime is worth to users")
    initial_awareness: float = setting(
        0.0, "chance to know each other provider, by its claim, from the start", ge=0, le=1
    )
    advertising_per_day: float = setting(
        0.0, "chance to hear a provider's claim from it", unit="per provider and day", ge=0, le=1, changes=True
    )
    peer_weight: float = setting(0.0, "what having all neighbours at a provider is worth", unit="minutes/month", ge=0)
    planned_weight: float = setting(
        1.0, "weight of a minute of announced maintenance, against 1 for any other", ge=0, le=100
    )
    choice_noise: float = setting(
        0.0, "spread of the choice among good providers; 0 = always choose the best", unit="minutes/month", ge=0
    )
    contract_days: int = setting(
        0, "term of a contract, within which nobody leaves; 0 = none", unit="days", ge=0, le=100_000
    )
    voice: float = setting(0.0, "chance that a user who would leave complains first (Hirschman 1970)", ge=0, le=1)
    redundancy: Redundancy = setting(Redundancy, "redundancy that users can build")


class WordOfMouth(Settings):
    """How users talk and listen."""

    talk_per_day: float = setting(
        0.0167, "chance to talk about the provider, outage or not", unit="per day", ge=0, le=1, changes=True
    )
    complaint: float = setting(
        0.3, "chance to talk because of an outage", unit="per outage day", ge=0, le=1, changes=True
    )
    listen: float = setting(0.3, "weight of one message against what is already believed", ge=0, le=1, changes=True)
    negativity: float = setting(
        1.0, "how many times the weight of good news a message of bad news has, up to 1", ge=1, changes=True
    )


class WattsStrogatz(Settings):
    """A ring of neighbours with some links rewired at random (Watts and Strogatz 1998)."""

    kind: Literal["watts-strogatz"] = "watts-strogatz"
    degree: int = setting(8, "neighbours of a user, even", ge=2, multiple_of=2)
    rewiring: float = setting(0.1, "share of links rewired to a random user", ge=0, le=1)


class BarabasiAlbert(Settings):
    """Preferential attachment (Barabasi and Albert 1999)."""

    kind: Literal["barabasi-albert"] = "barabasi-albert"
    degree: int = setting(
        8, "mean neighbours of a user, even: each newcomer links to half as many", ge=2, multiple_of=2
    )


class ErdosRenyi(Settings):
    """Every pair is linked with the same chance (Gilbert 1959)."""

    kind: Literal["erdos-renyi"] = "erdos-renyi"
    degree: float = setting(8.0, "mean neighbours of a user", ge=0)


class StochasticBlock(Settings):
    """Equal groups, linked more densely inside (Holland et al. 1983)."""

    kind: Literal["stochastic-block"] = "stochastic-block"
    degree: float = setting(8.0, "mean neighbours of a user", ge=0)
    blocks: int = setting(10, "groups, of equal size", ge=1)
    mixing: float = setting(0.1, "share of a user's links that leave its group", ge=0, le=1)


class Complete(Settings):
    """Everybody hears everybody."""

    kind: Literal["complete"] = "complete"


class NoNetwork(Settings):
    """Nobody hears anybody."""

    kind: Literal["none"] = "none"


class NetworkColumns(Settings):
    """What the columns of a table of links are called, where their headings do not say it."""

    source: str | None = setting(None, "heading of who tells; left out: source, from, ... or the first", grade="design")
    target: str | None = setting(None, "heading of who hears; left out: target, to, ... or the second", grade="design")
    weight: str | None = setting(None, "heading of the links' weights; left out: weight", grade="design")


class NetworkFile(Settings):
    """A network from data, in any of the usual forms; `users.count` follows it."""

    kind: Literal["file"] = "file"
    path: str = setting(..., "path of the file, relative to the scenario file")
    columns: NetworkColumns = setting(NetworkColumns, "which columns of a table are meant")
    directed: bool | None = setting(
        None, "true: a link a b means that b hears a, but a does not hear b; left out: as the file says", grade="design"
    )
    reader: str | None = setting(None, "a reader of your own, a plugin; left out: by the file's form", grade="design")
    weights: bool = setting(
        False, "true: a neighbour hears a user's talk with a chance of the link's weight by the largest weight"
    )


Network = Annotated[
    WattsStrogatz | BarabasiAlbert | ErdosRenyi | StochasticBlock | Complete | NoNetwork | NetworkFile,
    Field(discriminator="kind"),
]


class ExploitDelay(Delay):
    """Lognormal: days from a flaw's disclosure to its use by attackers. A bare number stands for the same each time."""

    median: float = setting(
        320.0,
        "delay that half stay below",
        unit="days",
        grade="measured",
        source=f"{KEV}; upper bound",
        ge=0,
        le=1e6,
    )
    sigma: float = setting(1.25, "spread; 0 = always the median", grade="measured", source=KEV, ge=0, le=10)


class Exploitation(Settings):
    """Base of the sources of flaws: which ones attackers come to use, and when."""

    exploited_per_cve: float = setting(
        0.012,
        "chance that attackers come to use a CVE; a flaw is a bundle of CVEs",
        grade="measured",
        source=f"{KEV}: 5 of 418",
        ge=0,
        le=1,
    )
    exploit_delay: Annotated[ExploitDelay, BeforeValidator(as_delay)] = setting(
        ExploitDelay, "days from a flaw to its use by attackers"
    )


class Poisson(Exploitation):
    """Flaws at random, at constant rates."""

    source: Literal["poisson"] = "poisson"
    per_year: float = setting(
        6.4, "kernel flaws that need action", unit="per year", source=DEBIAN, ge=0, le=3650, changes=True
    )
    hypervisor_per_year: float = setting(
        0.0,
        "flaws in Xen, QEMU, microcode, beyond kernel patches (4.0 on Xen hosts)",
        unit="per year",
        ge=0,
        le=3650,
        changes=True,
    )
    dispersion: float = setting(
        float("inf"),
        "how alike years are: counts a year have variance m + m^2 / dispersion (Debian's uploads: 3.8); inf = Poisson",
        gt=0,
        allow_inf_nan=True,
    )


class History(Exploitation):
    """Flaws on the dates of a history.

    Where it names the CVEs, those are exploited that CISA lists, from the day of the listing; where not, as drawn.
    """

    source: Literal["history"] = "history"
    history: str = setting(
        "debian-kernel",
        "debian-kernel, debian-advisories, or a CSV file with the column date, maybe kind, n_cve and cves",
        grade="measured",
    )
    start: date | None = setting(None, "date of day 0; left out: the first date of the history", grade="design")


Flaws = Annotated[Poisson | History, Field(discriminator="source")]


class Failures(Settings):
    """Hardware failures: outages that no policy prevents."""

    per_server_year: float = setting(0.0, "failures of a server", unit="per server and year", ge=0, le=365)
    outage_minutes: float = setting(60.0, "minutes a failure costs each user", unit="minutes", ge=0, le=1440)


class Tier(Settings):
    """A step of a service level agreement."""

    below: float = setting(..., "availability of a month below which the credit is due", gt=0, le=1)
    credit: float = setting(..., "share of the month's fee that is credited", ge=0, le=1)


class Sla(Settings):
    """A service level agreement: what a provider credits users for a bad month."""

    terms: str = setting("", "published terms that give the tiers (data/sla.toml); empty: those below")
    tiers: list[Tier] = setting(list, "credits by availability; of several that apply, the largest")
    counts_maintenance: bool = setting(False, "whether announced maintenance counts as downtime")


class OpenMarket(Settings):
    """Users who arrive and depart for good."""

    arrivals_per_day: float = setting(0.0, "new users, who ask a neighbour", unit="per day", ge=0, le=1e6, changes=True)
    departures_per_year: float = setting(
        0.0, "rate at which a user leaves for good", unit="per user and year", ge=0, le=365
    )
    links: int = setting(8, "users to whom an arrival is linked", ge=0, le=1000)
    direct: float = setting(
        0.0, "share of arrivals who ask nobody and choose by the providers' shares on day 0", ge=0, le=1
    )


NamedPolicy = Annotated[AnyPolicy, WrapValidator(partial(validated, "policies")), SerializeAsAny()]
"""A built-in policy, or a plugin."""
NamedStrategy = Annotated[AnyStrategy, WrapValidator(partial(validated, "strategies")), SerializeAsAny()]
"""A built-in strategy, or a plugin."""


class ProviderSettings(Settings):
    """One provider: its offer, its costs and its patch policy."""

    name: str = setting(..., "unique name", grade="design", min_length=1, max_length=60)
    share: float | None = setting(
        None,
        "share of users at the start; left out: an equal part of the rest",
        grade="design",
        ge=0,
        le=1,
    )
    price: float = setting(5.0, "what a user pays", unit="dollars/month", source=EMAIL, ge=0, le=1e6, changes=True)
    server_capacity: int = setting(1000, "users on a full server", source=EMAIL, ge=1, le=2**31 - 1)
    server_cost: float = setting(
        0.0, "cost of a server without patching", unit="dollars/server/month", ge=0, le=1e9, changes=True
    )
    claimed_downtime: float = setting(0.0, "downtime it advertises", unit="minutes/month", ge=0, changes=True)
    recovery_credit: float = setting(
        0.0, "paid to a user who complains; 0 = nothing is paid", unit="dollars", ge=0, le=1e6, changes=True
    )
    review_days: int = setting(90, "days between reviews of the market", unit="days", ge=1, changes=True)
    lead_days: int = setting(
        30, "days between the decision for a policy and its start", unit="days", ge=0, changes=True
    )
    failures: Failures = setting(Failures, "hardware failures", changes=True)
    sla: Sla = setting(Sla, "service level agreement")
    strategy: Annotated[NamedStrategy, BeforeValidator(as_table)] = setting(
        Hold, "how it responds when users leave", changes=True
    )
    policy: Annotated[NamedPolicy, BeforeValidator(as_table)] = setting(
        Reboot, "what it does about a flaw", changes=True
    )
