"""One's own company in eight numbers that every operator knows, two that are assumed if left out, and the unknowns.

The company becomes a market of two hosts of the same size and price: itself, which reboots, and all it competes with,
which patches live at the price that the company has been quoted. All else is as in a scenario, by default the thought
experiment, whose users were calibrated to lose the email's fifth in a year.

What is scaled
    At most `MOST_USERS` users and, where there are that many users, `MOST_SERVERS` servers a host are simulated. Each
    of these users stands for `company.users_each` of yours: it pays as many times the price and values a minute as
    many times as much, so that it decides as one of yours does and a server takes in what one of yours does. Prices
    and gains per server and month need no further scaling.
    The servers have room for half a server's users in all, so that costs rise and fall by whole servers without bias.

Margin
    What a server takes in beyond it is the server's cost, saved when users leave and the server is given up.

Base churn
    Users leave for good at that rate, at both hosts, and as many come. They come directly, by the shares at the
    start: your sales go on as before while word of mouth costs you users. That is the assumption of the closed form
    `c* = m dh / (delta + h0 + dh)`, and the careful one: newcomers who ask a neighbour go where the others went,
    which makes live patching worth more. How much more is among the unknowns.
"""

import math
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator

from agents.settings import Settings, setting
from model.errors import ScenarioError
from model.explain import explain
from model.scenario import Scenario

DATA = Path(__file__).parent / "data" / "companies"
LEAST_USERS = 10
MOST_SERVERS = 20
MOST_USERS = 1_000  # a host: more would not narrow the intervals, as outages are shared


class Company(Settings):
    """What an operator knows.

    Examples
    --------
    >>> company = Company.load("my-company")
    >>> company.servers_simulated, company.users_simulated, company.users_each
    (20, 50, 10.0)
    """

    servers: int = setting(..., "servers that you run", grade="design", ge=1, le=1_000_000)
    users_per_server: int = setting(..., "users on a server, on average", grade="design", ge=1, le=10_000)
    price: float = setting(..., "what a user pays", unit="dollars/month", grade="design", gt=0, le=10_000)
    margin: float = setting(
        ..., "share of the price left after all costs that end with the server", grade="design", gt=0, le=1
    )
    minutes_per_reboot: float = setting(
        ..., "minutes a reboot costs each user", unit="minutes", grade="design", ge=0, le=1440
    )
    notice_days: int = setting(..., "notice that users get of a reboot", unit="days", grade="design", ge=0, le=365)
    churn_per_month: float = setting(
        ..., "share of users who leave in a month for reasons of their own", grade="design", ge=0, le=0.5
    )
    vendor_quote: float = setting(
        ..., "what live patches would cost you", unit="dollars/server/month", grade="design", ge=0, le=1_000_000
    )

    breach_cost: float = setting(10_000.0, "what a breach of a server would cost you", unit="dollars", ge=0, le=1e9)
    patch_days: int = setting(
        0, "how soon you patch: days from an update to announcing the reboots", unit="days", ge=0, le=365
    )

    @model_validator(mode="after")
    def _has_users(self) -> Self:
        if self.servers * self.users_per_server < LEAST_USERS:
            allowed = f"must give at least {LEAST_USERS} users on all servers: fewer have nobody to hear from"
            raise ScenarioError.of("users_per_server", self.users_per_server, allowed)
        return self

    @classmethod
    def load(cls, source: str | Path) -> "Company":
        """Return the company of a TOML file, or of an example that comes with the project by its name.

        Raises
        ------
        ScenarioError
            When there is no such file (then with the keys that it needs), or a line for each wrong key.
        """
        example = DATA / f"{source}.toml"
        path = example if str(source) in example_names() else Path(source)
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, IsADirectoryError):
            raise ScenarioError(f"--my {str(source)!r}: is not a file; {keys_needed()}") from None
        except (OSError, ValueError) as error:  # ValueError: no text, or no TOML
            raise ScenarioError(f"--my {str(source)!r}: not a TOML file that can be read: {error}") from None
        try:
            return cls.model_validate(tables)
        except ValidationError as error:
            lines = [explain(error, cls, tables)]
            if any(problem["type"] == "missing" for problem in error.errors()):
                lines.append(f"--my {str(source)!r}: {keys_needed()}")
            raise ScenarioError("\n".join(lines)) from None

    # --- its market

    @property
    def servers_simulated(self) -> int:
        """Servers a host in the simulation."""
        return min(self.servers, max(MOST_SERVERS, MOST_USERS // self.users_simulated))

    @property
    def users_simulated(self) -> int:
        """Users a server in the simulation."""
        return min(self.users_per_server, MOST_USERS // min(self.servers, MOST_SERVERS))

    @property
    def users_each(self) -> float:
        """Users of the company for whom one in the simulation stands, on a server."""
        return self.users_per_server / self.users_simulated

    @property
    def fleet_share(self) -> float:
        """Servers simulated for each of the company's."""
        return self.servers_simulated / self.servers

    @property
    def capacity(self) -> int:
        """Users that a server of the simulation can hold: half a server's room in all, where users are that many."""
        users = self.servers_simulated * self.users_simulated
        roomy = math.ceil(users / (self.servers_simulated - 0.5))
        return roomy if -(-users // roomy) == self.servers_simulated else self.users_simulated

    def market(self, base: Scenario, **settings: Any) -> Scenario:
        """Return the company's market.

        Parameters
        ----------
        base
            What the eight numbers do not say: users, word of mouth, network, flaws, days.
        settings
            Values to put in place of what follows from them, by dotted path.
        """
        users = self.servers_simulated * self.users_simulated
        departures = -12 * math.log1p(-self.churn_per_month)  # a year, so that the share leaves in a month
        host = {
            "share": 0.5,
            "price": self.price * self.users_each,
            "server_capacity": self.capacity,
            "server_cost": self.price * self.users_per_server * (1 - self.margin),
        }
        reboots = {"outage_minutes": self.minutes_per_reboot, "notice_days": self.notice_days}
        mine = {"kind": "reboot", "soak_days": self.patch_days} | reboots
        patches = {"kind": "live-patch", "per_server_month": self.vendor_quote} | reboots
        given = {
            "name": "my-company",
            "description": "a company in eight numbers, and the rest of its market",
            "users.count": 2 * users,
            "users.downtime_value.median": base.users.downtime_value.median * self.users_each,
            "open_market.arrivals_per_day": 2 * users * -math.expm1(-departures / 365),
            "open_market.departures_per_year": departures,
            "open_market.direct": 1.0,
            "security.breach_cost": self.breach_cost,
            "providers": [
                host | {"name": "My company", "policy": mine},
                host | {"name": "Rivals", "policy": patches},
            ],
        }
        return base.replace(**given).replace(**settings)


def example_names() -> list[str]:
    """Return the names of the examples that come with the project."""
    return sorted(path.stem for path in DATA.glob("*.toml"))


def keys_needed() -> str:
    """Say what a company's file must hold, and what it may hold, a line a key."""
    required = [name for name, field in Company.model_fields.items() if field.is_required()]
    lines = {
        name: f"{name}: {field.description}" + (f", {unit}" if (unit := field.json_schema_extra["unit"]) else "")  # type: ignore[index]  # always a table: see `setting`
        for name, field in Company.model_fields.items()
    }
    optional = [
        f"{line}; {Company.model_fields[name].default:,} if left out, assumed"
        for name, line in lines.items()
        if name not in required
    ]
    needed = [f"it needs {len(required)} keys, each with a number:", *(lines[name] for name in required)]
    return "\n".join([*needed, "and may have:", *optional])
