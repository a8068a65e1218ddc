"""Checks for policies, strategies and outcomes of one's own: the promises that every built-in one keeps.

Each check raises a `BrokenPromiseError`, whose text says which promise and how to mend it.

>>> from agents.policies import Reboot
>>> check_policy(Reboot)
"""

import math
import pickle
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import cloudpickle
import numpy as np

from agents.policies import Policy, Reboot
from agents.strategies import Response, Review, Standing, Strategy
from model.checkpoint import streams
from model.errors import ScenarioError
from model.market import Market
from model.plugins import has_name, load_plugins, validated

SECONDS_PER_RUN = 2.0  # that 400 days of 1,000 servers may take; the built-in policies take below 0.1
SECONDS_PER_REVIEW = 0.01
MOST_MINUTES = 1440.0
BUSY: dict[str, Any] = {
    "days": 400,
    "users.count": 60,
    "network.degree": 4,
    "flaws.per_year": 40.0,
    "flaws.hypervisor_per_year": 20.0,
    "users.tolerance.median": 1.0,
    "providers.0.server_capacity": 10,
}
QUIET = {"flaws.per_year": 0.0, "flaws.hypervisor_per_year": 0.0}


class BrokenPromiseError(AssertionError):
    """A rule does not do what the market relies on."""


def check_policy(policy: type[Policy] | Policy) -> None:
    """Check that a patch policy keeps its promises to the market.

    Parameters
    ----------
    policy
        The class, checked with its defaults, or an instance with settings of its own.

    Raises
    ------
    BrokenPromiseError
        With the promise that it breaks, and how to mend it.
    """
    checked: Policy = _instance(policy, Policy)
    _check_policy(checked)


def _check_policy(policy: Policy) -> None:
    _check_travels(policy)
    _check_costs(policy)
    _check_outages(policy)
    text = repr(policy)
    for users, fleet in ((60, "a fleet of several servers"), (10, "a fleet of one server"), (0, "a fleet of none")):
        _check_open_flaws(policy, _policy_run(policy, fleet, users), fleet)
    _policy_run(policy, "a market without flaws", 60, QUIET)
    first, again = (_policy_run(policy, "a fleet of several servers", 60) for _ in range(2))
    _promise(
        _told(first) == _told(again),
        "the same seed gives the same outages; draw from the `rng` that `maintain` and `patch_live` are given, and "
        "keep no state between days but in `maintenance`",
        policy,
    )
    _promise(repr(policy) == text, "a policy holds settings only; keep what changes in `maintenance`", policy)
    _check_quiet_days(policy, first)
    _check_take_over(policy)
    start = time.perf_counter()
    _policy_run(policy, "a fleet of 1,000 servers", 1000, {"providers.0.server_capacity": 1})
    taken = time.perf_counter() - start
    slow = f"400 days of 1,000 servers take at most {SECONDS_PER_RUN:g} s, not {taken:.1f}; use numpy over servers"
    _promise(taken <= SECONDS_PER_RUN, slow, policy)


def check_strategy(strategy: type[Strategy] | Strategy) -> None:
    """Check that a market strategy keeps its promises to the market; see `check_policy`."""
    checked: Strategy = _instance(strategy, Strategy)
    _check_strategy(checked)


def _check_strategy(strategy: Strategy) -> None:
    _check_travels(strategy)
    text = repr(strategy)
    for review in _reviews():
        where = f"with {review.lost:.0%} of users lost and {len(review.others)} rivals"
        start = time.perf_counter()
        response = _calmly(strategy, f"respond, {where}", partial(strategy.respond, review))
        taken = time.perf_counter() - start
        _promise(
            response is None or isinstance(response, Response),
            f"`respond` returns a Response or None, not {response!r} ({where})",
            strategy,
        )
        _check_response(strategy, review, response)
        again = _calmly(strategy, f"respond, {where}", partial(strategy.respond, review))
        _promise(
            response == again,
            "the same review gives the same response; use nothing but the review and the settings",
            strategy,
        )
        _promise(taken < SECONDS_PER_REVIEW or again is None, f"a review takes below {SECONDS_PER_REVIEW} s", strategy)
    _promise(repr(strategy) == text, "a strategy holds settings only; what it may remember is in the review", strategy)


def check_outcome(outcome: Callable[[Market], Any]) -> None:
    """Check that an outcome is a number or None for every market, and changes none; see `check_policy`."""
    _loaded(outcome)
    markets: dict[str, dict[str, Any]] = {
        "the thought experiment": {},
        "a market in which nobody moves": {"users.tolerance.median": math.inf},
        "a market with an empty provider": {"providers.0.share": 0.0, "providers.1.share": 1.0},
        "a market of one day": {"days": 1},
    }
    for where, settings in markets.items():
        market = Market("thought-experiment", rng=1, **(BUSY | {"users.count": 200} | settings)).run()
        before = _state(market)
        value = _calmly(outcome, where, partial(outcome, market))
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        _promise(
            value is None or (number and not math.isinf(value)),
            f"an outcome is a finite number, or None where there is none; not {value!r} ({where})",
            outcome,
        )
        again = outcome(market)
        same = value == again or (number and math.isnan(value) and math.isnan(again))
        _promise(same, "the same market gives the same outcome; draw nothing at random", outcome)
        _promise(_state(market) == before, f"an outcome changes nothing in the market ({where}); copy first", outcome)


# --- what is checked


def _check_travels(rule: Policy | Strategy) -> None:
    """Check that a rule survives a scenario file and the way to a worker process."""
    group = "policies" if isinstance(rule, Policy) else "strategies"
    table = rule.model_dump()
    try:
        again = validated(group, table, lambda table: type(rule).model_validate(table))
    except ValueError as error:
        again = str(error)
    advice = "annotate every setting with int, float, bool or str, and declare it with `setting`"
    _promise(again == rule, f"its settings as a table give an equal rule ({again}); {advice}", rule)
    try:
        copy = pickle.loads(cloudpickle.dumps(rule))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        copy = str(error)
    advice = "keep open files, locks and the like out of the class and its module"
    _promise(repr(copy) == repr(rule), f"a rule can be sent to a worker process ({copy}); {advice}", rule)


def _check_costs(policy: Policy) -> None:
    """Check what a policy costs, and for whom it is."""
    _promise(0 < policy.reachable <= 1, f"`reachable` is a share above 0, not {policy.reachable!r}", policy)
    _promise(isinstance(policy.window, int) and policy.window >= 1, "`window` is a whole number of days from 1", policy)
    _promise(isinstance(policy.soak, int) and policy.soak >= 0, "`soak` is a whole number of days from 0", policy)
    for servers in (0, 1, 1000):
        for name, cost in (("servers_paid", policy.servers_paid), ("monthly_cost", policy.monthly_cost)):
            value = _calmly(policy, f"{name}({servers})", partial(cost, servers))
            fine = math.isfinite(value) and value >= 0 and (servers > 0 or value == 0)
            _promise(fine, f"`{name}({servers})` is finite, not negative, and 0 for no servers; not {value!r}", policy)
    per_patch = policy.cost_per_patch()
    _promise(math.isfinite(per_patch) and per_patch >= 0, "`cost_per_patch()` is finite and not negative", policy)


def _check_outages(policy: Policy) -> None:
    """Check the outages of campaigns and live patches, as far as the policy has any."""
    for name, cause, servers in (("maintain", range(3, 5), range(3, 5)), ("patch_live", 5, range(5))):
        action = getattr(policy, name)
        if getattr(type(policy), name) is getattr(Policy, name):
            continue
        for outage in _calmly(policy, name, partial(action, cause, np.random.default_rng(1))):
            down = outage.servers.tolist()
            within = len(set(down)) == len(down) and set(down) <= set(servers)
            told = f"not {down} of {servers}; take them from the `servers` that it is given"
            _promise(within, f"an outage of `{name}` names some of its servers, each once, {told}", policy)
            fine = math.isfinite(outage.minutes) and 0 <= outage.minutes <= MOST_MINUTES
            _promise(fine, f"an outage of a day lasts from 0 to 1,440 minutes, not {outage.minutes!r}", policy)


def _check_open_flaws(policy: Policy, market: Market, fleet: str) -> None:
    """Check that flaws are counted as open as long as a server is open to them."""
    exposed, still_open = (market.record.column(name)[:, 0] for name in ("exposed_server_days", "open_flaws"))
    silent = np.flatnonzero((exposed > 0) & (still_open == 0) & (policy.soak == 0))
    _promise(
        len(silent) == 0,
        f"a flaw that a server is open to counts as open (not on day {silent[0] if len(silent) else 0}, {fleet}); in "
        "`on_flaw` add 1 to `maintenance.waiting`, or return the day of its live patch",
        policy,
    )


def _check_quiet_days(policy: Policy, stepped: Market) -> None:
    """Check that `next_day` passes over no day with work: a run that skips quiet days equals one day by day."""
    run = _policy_run(policy, "a run that passes over quiet days", 60, steps=False)
    _promise(
        _told(run) == _told(stepped),
        "`next_day` returns the first day with work to do or chances to draw",
        policy,
    )


def _check_take_over(policy: Policy) -> None:
    """Check that a policy can follow another in mid-campaign, and be followed."""
    market = Market("thought-experiment", rng=3, **BUSY)
    for policies in ((Reboot(), policy), (policy, Reboot())):
        for each in policies:
            market.providers[0].policy = each
            _calmly(policy, "taking over from another policy", lambda: market.run(60))
    _promise(market.record.column("open_flaws").min() >= 0, "`take_over` leaves no negative number of flaws", policy)


def _check_response(strategy: Strategy, review: Review, response: Response | None) -> None:
    if response is None:
        return
    _promise(response.by != "", "a Response says `by` which kind of strategy it is", strategy)
    if response.price is not None:
        fine = math.isfinite(response.price) and response.price >= min(review.floor, review.own.price)
        below = f"not {response.price!r} with a floor of {review.floor:g}"
        _promise(fine, f"a price is finite and not below the floor, {below}; use max(price, review.floor)", strategy)
    if response.policy is not None:
        known = isinstance(response.policy, Policy) and has_name(response.policy)
        _promise(known, f"a new policy is one that a scenario can name, not {response.policy!r}", strategy)


# --- with what


def _policy_run(
    policy: Policy, where: str, users: int, settings: dict[str, Any] | None = None, *, steps: bool = True
) -> Market:
    """Return a market in which provider 0 has had the policy for so many users, and provider 1 has 10 more."""
    total = users + 10
    shares = {"providers.0.share": users / total, "providers.1.share": 10 / total}
    if users / total > policy.reachable:
        shares = {"providers.0.share": policy.reachable, "providers.1.share": 1 - policy.reachable}
    scenario = BUSY | {"users.count": total, "providers.0.policy": policy.model_dump()} | shares | (settings or {})
    market = Market("thought-experiment", rng=2, **scenario)

    def live() -> None:
        if not steps:
            market.run()
            return
        while market.day < market.settings.days:
            market.step()

    _calmly(policy, where, live)
    return market


def _reviews() -> list[Review]:
    """Return reviews of all kinds."""
    own = Standing("Own", Reboot(), 5.0, 1000.0)
    rivals = (Standing("Cheap", Reboot(), 3.0, 2000.0), Standing("Dear", Reboot(), 9.0, -50.0))
    return [
        Review(own, others, lost, floor, tried)
        for others in ((), rivals[:1], rivals)
        for lost in (-0.1, 0.0, 0.05, 0.5, 1.0)
        for floor in (0.0, 4.9, 5.0, 6.0)
        for tried in ((), ("cut-price",), ("cut-price", "copy"))
    ]


def _instance(rule: Any, base: type[Any]) -> Any:
    """Return a rule, made from its class if need be; load it if it is a plugin."""
    if isinstance(rule, type):
        if not issubclass(rule, base):
            raise BrokenPromiseError(f"{rule.__name__}: must be a subclass of {base.__name__}")
        try:
            rule = rule()
        except ValueError as error:
            told = "must have a default for every setting; or pass an instance"
            raise BrokenPromiseError(f"{rule.__name__}: {told} ({error})") from None
    if not has_name(rule):
        _loaded(type(rule))
    return rule


def _loaded(rule: Any) -> None:
    try:
        load_plugins([rule])
    except ScenarioError as error:
        raise BrokenPromiseError(str(error)) from None


def _told(market: Market) -> tuple[Any, ...]:
    """Return what came of a run, to be compared."""
    outages = [(day, j, o.cause, o.servers.tolist(), o.minutes) for day, j, o, _ in market.record.outage_list]
    return outages, market.record.daily[: market.record.days].tobytes()


def _state(market: Market) -> tuple[Any, ...]:
    drawn = {name: str(rng.bit_generator.state) for name, rng in streams(market).items()}
    return market.day, market.rows.tobytes(), *_told(market), drawn


def _calmly(rule: Any, where: str, action: Callable[[], Any]) -> Any:
    """Do something with a rule; an error of its own is a broken promise."""
    try:
        return action()
    except Exception as error:
        told = f"{type(error).__name__}: {error} ({where})"
        raise BrokenPromiseError(f"{_name(rule)} must raise no error, but does: {told}") from error


def _promise(kept: bool, promise: str, rule: Any) -> None:
    if not kept:
        raise BrokenPromiseError(f"{_name(rule)} breaks a promise: {promise}")


def _name(rule: Any) -> str:
    return getattr(rule, "__name__", type(rule).__name__)
