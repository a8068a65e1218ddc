"""The market in mesa-frames: users as a Polars data frame, every rule an expression on its columns.

Written from the rules (docs/odd.md). It implements what the thought experiment needs: prices and patches, outages, talk
and moves; no adverts, peers, noise, contracts or platforms. Money is left out. mesa-frames needs an older numpy than
the project, so this runs in a separate environment (`benchmarks/contender_process.py`).
"""

from math import exp

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF

from benchmarks.operators import operators_of
from model.flaws import draw_flaws
from model.network import Links, build_graph
from model.scenario import Scenario

DAYS_PER_MONTH = 365 / 12


def listeners_of(links: Links) -> pl.DataFrame:
    """Return each user with a list of the users who hear it."""
    talker = np.repeat(np.arange(len(links.indptr) - 1), np.diff(links.indptr))
    edges = pl.DataFrame({"unique_id": talker, "listeners": links.indices.astype(np.int64)})
    return edges.group_by("unique_id").agg("listeners")


class Customers(AgentSetPolars):
    """The users, one row each, in the order of their numbers.

    Columns: `host` and `slot` there; `belief_0`, ... about each host in minutes a month, null if unknown;
    `tolerance`, `value`; `listeners`; `minutes` of today, `downtime` so far; `informed`, whether there was news today.
    """

    def __init__(self, model: "FrameMarket") -> None:
        super().__init__(model)
        scenario, rng = model.settings, model.random
        given, n, hosts = scenario.users, scenario.users.count, len(scenario.providers)
        self.beliefs = [f"belief_{j}" for j in range(hosts)]
        bounds = np.round(np.cumsum([0, *scenario.shares]) * n).astype(int)
        self.sizes = np.diff(bounds)
        place = rng.permutation(n)
        host = np.searchsorted(bounds, place, side="right") - 1
        users = pl.DataFrame(
            {
                "unique_id": np.arange(n),
                "host": host,
                "slot": place - bounds[host],
                "tolerance": given.tolerance.median * np.exp(given.tolerance.sigma * rng.standard_normal(n)),
                "value": given.downtime_value.median * np.exp(given.downtime_value.sigma * rng.standard_normal(n)),
                "minutes": np.zeros(n),
                "downtime": np.zeros(n),
            }
        )
        users = users.join(listeners_of(build_graph(scenario.network, n, model.seed).links), on="unique_id", how="left")
        own = {name: pl.when(pl.col("host") == j).then(0.0) for j, name in enumerate(self.beliefs)}
        self.add(users.with_columns(**own))

    def step(self) -> None:
        """Run one day."""
        self.suffer()
        self.talk_and_listen()
        self.choose_and_move()

    def of_host(self, values: list[pl.Expr | str]) -> pl.Expr:
        """Return, for each user, the one of the values that belongs to its host."""
        return pl.coalesce(pl.when(pl.col("host") == j).then(value) for j, value in enumerate(values))

    def suffer(self) -> None:
        """Apply the outages to the users; fade all beliefs about own hosts and add the outages to them."""
        model, minutes = self.model, pl.lit(0.0)
        for j, down in enumerate(model.down):
            if down.any():
                server = pl.col("slot") // model.operators[j].capacity
                lost = pl.lit(pl.Series(down)).gather(pl.when(pl.col("host") == j).then(server).otherwise(0))
                minutes = pl.when(pl.col("host") == j).then(lost).otherwise(minutes)
        self.agents = self.agents.with_columns(minutes=minutes).with_columns(
            (pl.col("downtime") + pl.col("minutes")).alias("downtime"),
            *(
                pl.when(pl.col("host") == j)
                .then(pl.col(name) * model.kept + pl.col("minutes") * (DAYS_PER_MONTH * (1 - model.kept)))
                .otherwise(pl.col(name))
                .alias(name)
                for j, name in enumerate(self.beliefs)
            ),
        )

    def talk_and_listen(self) -> None:
        """Let some users talk; move their listeners' beliefs towards the mean of the messages."""
        words, model = self.model.settings.word_of_mouth, self.model
        draw = pl.lit(pl.Series(model.random.random(len(self))))
        chance = pl.when(pl.col("minutes") > 0).then(model.talk_after_outage).otherwise(words.talk_per_day)
        said = (
            self.agents.filter(draw < chance)
            .select(unique_id="listeners", about="host", said=self.of_host(self.beliefs))
            .explode("unique_id")
            .drop_nulls("unique_id")
        )
        mail = said.group_by("unique_id", "about").agg(messages=pl.len(), mean=pl.col("said").mean())
        users = self.agents.with_columns(informed=pl.col("minutes") > 0)
        for j, name in enumerate(self.beliefs):
            one = pl.when(pl.col("mean") > pl.col(name)).then(min(1.0, words.listen * words.negativity))
            weight = 1 - (1 - one.otherwise(words.listen)) ** pl.col("messages").cast(pl.Float64)
            moved = pl.col(name) + weight * (pl.col("mean") - pl.col(name))
            users = (
                users.join(mail.filter(pl.col("about") == j).drop("about"), on="unique_id", how="left")
                .with_columns(
                    pl.coalesce(moved, "mean", name).alias(name),
                    informed=pl.col("informed") | pl.col("mean").is_not_null(),
                )
                .drop("messages", "mean")
            )
        self.agents = users

    def choose_and_move(self) -> None:
        """Let users with news move to the best host they know; ties are broken at random."""
        hosts, model = range(len(self.beliefs)), self.model
        money = [pl.lit(price) for price in model.price]
        own, paid = self.of_host(self.beliefs), self.of_host(money)
        gains = [
            pl.when(pl.col("host") != j).then(own - pl.col(self.beliefs[j]) + (paid - money[j]) / pl.col("value"))
            for j in hosts
        ]
        leavers = (
            self.agents.filter("informed")
            .with_columns(gain.alias(f"gain_{j}") for j, gain in enumerate(gains))
            .with_columns(best=pl.max_horizontal(f"gain_{j}" for j in hosts))
            .filter(pl.col("best") > pl.col("tolerance"))
        )
        if leavers.is_empty():
            return
        random = [pl.lit(pl.Series(model.random.random(len(leavers)))) for _ in hosts]
        best = [pl.when(pl.col(f"gain_{j}") == pl.col("best")).then(random[j]).otherwise(-1.0) for j in hosts]
        self.move(leavers.with_columns(target=pl.concat_list(best).list.arg_max().cast(pl.Int64)))

    def move(self, leavers: pl.DataFrame) -> None:
        """Move; users at the end of a fleet fill the free places, so that it stays compact."""
        changes = []
        for j in range(len(self.sizes)):
            leaving, coming = leavers.filter(pl.col("host") == j), leavers.filter(pl.col("target") == j)
            left = self.sizes[j] - len(leaving)
            holes = leaving.filter(pl.col("slot") < left).select("slot")
            last = self.agents.filter(pl.col("host") == j, pl.col("slot") >= left).select("unique_id", "host")
            changes.append(last.join(leaving, on="unique_id", how="anti").hstack(holes))
            places = pl.Series("slot", np.arange(left, left + len(coming)))
            changes.append(coming.select("unique_id", host="target").with_columns(places))
            self.sizes[j] = left + len(coming)
        self.agents = self.agents.update(pl.concat(changes), on="unique_id")


class FrameMarket(ModelDF):
    """The market as a mesa-frames model."""

    def __init__(self, scenario: Scenario, *, rng: int) -> None:
        super().__init__(rng)
        words = scenario.word_of_mouth
        self.settings, self.seed, self.day = scenario, rng, 0
        self.flaws = draw_flaws(scenario.flaws, scenario.days, rng)
        self.operators = operators_of(scenario, self.random)
        self.price = [given.price for given in scenario.providers]
        self.kept = exp(-1 / scenario.users.memory_days)  # share of a belief that remains after a day
        self.talk_after_outage = 1 - (1 - words.talk_per_day) * (1 - words.complaint)
        self.customers = Customers(self)
        self.agents += self.customers
        self.customers = self.get_agents_of_type(Customers)
        self.users_at_start = self.customers.sizes.copy()

    def step(self) -> None:
        """Run one day."""
        flaws, sizes = self.flaws.get(self.day, []), self.customers.sizes
        self.down = [
            operator.patch(self.day, flaws, int(guests)) for operator, guests in zip(self.operators, sizes, strict=True)
        ]
        self.agents.step()
        self.day += 1

    @property
    def lost(self) -> float:
        """Share of the first host's users lost so far."""
        return 1 - int(self.customers.sizes[0]) / int(self.users_at_start[0])
