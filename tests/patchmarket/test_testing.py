"""The checks for rules of one's own: every built-in rule passes them, and each broken promise is told."""

import re

import numpy as np
import pytest

from agents.exposure import NEVER
from agents.policies import POLICIES, Outage, Reboot
from agents.settings import setting
from agents.strategies import STRATEGIES, Hold, Response
from model import plugins
from patchmarket import outcome
from patchmarket.testing import BrokenPromiseError, check_outcome, check_policy, check_strategy


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})


@pytest.mark.parametrize("policy", ["reboot", *(pytest.param(p, marks=pytest.mark.slow) for p in [*POLICIES][1:])])
def test_built_in_policies_keep_their_promises(policy):
    check_policy(POLICIES[policy])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_built_in_strategies_keep_their_promises(strategy):
    check_strategy(strategy)


class Own(Reboot):
    kind: str = "own"
    many: int = setting(1, "a setting of its own", ge=0)


class OutOfFleet(Own):
    kind: str = "out-of-fleet"

    def maintain(self, servers, rng):
        return [Outage("maintenance", np.arange(servers.stop + 99), 5.0)]


class Endless(Own):
    kind: str = "endless"

    def maintain(self, servers, rng):
        return [Outage("maintenance", np.array(servers), 5000.0)]


class AnyDice(Own):
    kind: str = "any-dice"

    def maintain(self, servers, rng):
        return [Outage("maintenance", np.array(servers), float(np.random.default_rng().random()))]


class Forgets(Own):
    kind: str = "forgets"

    def on_flaw(self, flaw, maintenance, day):
        return NEVER


class Crashes(Own):
    kind: str = "crashes"

    def monthly_cost(self, servers):
        return 100.0 / servers


class PaysForNothing(Own):
    kind: str = "pays-for-nothing"

    def servers_paid(self, servers):
        return servers + 1.0


class NobodysPlatform(Own):
    kind: str = "nobodys-platform"

    @property
    def reachable(self):
        return 0.0


class NoKind(Reboot):
    pass


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (OutOfFleet, "names some of its servers, each once.*that it is given"),
        (Endless, "from 0 to 1,440 minutes, not 5000"),
        (AnyDice, "the same seed gives the same outages; draw from the `rng`"),
        (Forgets, "in `on_flaw` add 1 to `maintenance.waiting`"),
        (Crashes, r"must raise no error, but does: ZeroDivisionError.*monthly_cost\(0\)"),
        (PaysForNothing, r"servers_paid\(0\)` is finite, not negative, and 0 for no servers"),
        (NobodysPlatform, "`reachable` is a share above 0, not 0.0"),
        (NoKind, "kind = 'reboot' is built in; call yours otherwise"),
        (Hold, "must be a subclass of Policy"),
    ],
)
def test_a_policy_that_breaks_a_promise_is_told_which(policy, told):
    with pytest.raises(BrokenPromiseError, match=told) as error:
        check_policy(policy)
    assert len(str(error.value).splitlines()) == 1


class Gift(Hold):
    kind: str = "gift"

    def respond(self, review):
        return Response(self.kind, price=0.0)


class Whim(Hold):
    kind: str = "whim"

    def respond(self, review):
        return Response(self.kind, price=10.0 + float(np.random.default_rng().random()))


class Mute(Hold):
    kind: str = "mute"

    def respond(self, review):
        return review.own.price


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (Gift, "not below the floor, not 0.0 with a floor of"),
        (Whim, "the same review gives the same response"),
        (Mute, "returns a Response or None, not 5.0"),
    ],
)
def test_a_strategy_that_breaks_a_promise_is_told_which(strategy, told):
    with pytest.raises(BrokenPromiseError, match=told):
        check_strategy(strategy)


@outcome
def mean_price(market):
    return float(np.mean([provider.price for provider in market.providers]))


@outcome
def as_text(market):
    return "many"


@outcome
def moves_time(market):
    market.day += 1
    return market.record.days


@outcome
def first_departure(market):
    return market.record.moves["day"].iloc[0]


def test_an_outcome_is_a_number_or_nothing_and_changes_nothing():
    check_outcome(mean_price)
    for wrong, told in (
        (as_text, "is a finite number, or None where there is none; not 'many'"),
        (moves_time, "changes nothing in the market"),
        (first_departure, "must raise no error, but does: IndexError: .*nobody moves"),
        (len, re.escape("must be a policy or strategy class, an @outcome, a @network_reader, or a file of these")),
    ):
        with pytest.raises(BrokenPromiseError, match=told):
            check_outcome(wrong)
