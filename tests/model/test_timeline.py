# ruff: noqa: E501 -- tables of input and message are one line each
# Events: what they change is what a plain reading of the contract says, and a run repeats from its own record of them.
from datetime import date
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.policies import LivePatch, Reboot
from batch.study import Study
from model import Market, Scenario, ScenarioError
from model.checkpoint import resume, save
from model.events import changing_paths
from model.scenario import World
from model.scenario_toml import to_toml
from tests.agreement import same_markets

DAYS = 120
TINY = {"users.count": 200, "days": DAYS, "flaws.per_year": 20.0, "users.tolerance.median": 2.0}
TINY |= {"providers.0.server_capacity": 30, "word_of_mouth.talk_per_day": 0.05}
REBOOT, LIVE = "Reboot & Co", "Live & Co"
OPEN = {"open_market.arrivals_per_day": 0.5, "open_market.departures_per_year": 0.5}


def market(events=(), seed=4, **changes):
    return Market("thought-experiment", rng=seed, **{"events": list(events)}, **(TINY | changes))


def stepped(found):
    while found.day < found.settings.days:
        found.step()
    return found


# --- limit 18: the same bytes, however the run is made

POLICIES = [
    "none",
    {"kind": "reboot", "notice_days": 0, "window_days": 3},
    {"kind": "live-patch", "coverage": 0.5, "patch_delay_days": 3},
    {"kind": "defer", "interval_days": 20},
]
VALUES = {
    f"providers.{REBOOT}.price": st.floats(1, 9),
    f"providers.{LIVE}.price": st.floats(1, 9),
    f"providers.{REBOOT}.policy": st.sampled_from(POLICIES),
    f"providers.{LIVE}.policy.notice_days": st.integers(0, 9),
    f"providers.{REBOOT}.strategy": st.sampled_from(["hold", "copy", {"kind": "cut-price", "trigger": 0.0}]),
    f"providers.{REBOOT}.review_days": st.integers(5, 40),
    f"providers.{REBOOT}.failures.per_server_year": st.sampled_from([0.0, 5.0]),
    f"providers.{LIVE}.claimed_downtime": st.floats(0, 9),
    "users.advertising_per_day": st.sampled_from([0.0, 0.01]),
    "word_of_mouth.talk_per_day": st.sampled_from([0.0, 0.1]),
    "word_of_mouth.complaint": st.floats(0, 1),
    "word_of_mouth.listen": st.floats(0, 1),
    "word_of_mouth.negativity": st.floats(1, 3),
    "flaws.per_year": st.sampled_from([0.0, 40.0]),
    "flaws.hypervisor_per_year": st.sampled_from([0.0, 10.0]),
    "open_market.arrivals_per_day": st.sampled_from([0.0, 1.0]),
}
NAMES = st.sampled_from([REBOOT, LIVE])
SERVERS = st.floats(0.01, 1) | st.lists(st.integers(0, 9), min_size=1)
WHAT = st.one_of(
    st.sampled_from(sorted(VALUES)).flatmap(lambda path: VALUES[path].map(lambda value: {"set": {path: value}})),
    st.builds(
        lambda p, s, m: {"outage": {"provider": p, "servers": s, "minutes": m}}, NAMES, SERVERS, st.floats(1, 1440)
    ),
    st.builds(
        lambda p, u, c: {"hear": {"provider": p, "users": u, "claim": c}}, NAMES, st.floats(0.01, 1), st.floats(0, 99)
    ),
    st.builds(lambda u: {"remove": {"users": u}}, st.lists(st.integers(0, 199), min_size=1, max_size=20)),
    st.builds(lambda p, u: {"move": {"provider": p, "users": u}}, NAMES, st.lists(st.integers(0, 199), min_size=1)),
)
EVENTS = st.lists(st.builds(lambda day, what: {"day": day} | what, st.integers(0, DAYS - 1), WHAT), max_size=6)
HAND = st.dictionaries(
    st.integers(0, DAYS - 1),
    st.lists(
        st.one_of(
            st.tuples(st.just("price"), st.integers(0, 1), st.floats(1, 9)),
            st.tuples(
                st.just("policy"), st.integers(0, 1), st.sampled_from([Reboot(), LivePatch(), LivePatch(coverage=0.2)])
            ),
            st.tuples(st.just("review_days"), st.integers(0, 1), st.integers(5, 40)),
            st.tuples(st.just("move"), st.lists(st.integers(0, 199), min_size=1), NAMES),
            st.tuples(st.just("remove"), st.lists(st.integers(0, 199), min_size=1, max_size=9), st.none()),
            st.tuples(
                st.just("event"),
                WHAT.filter(lambda what: "open_market.arrivals_per_day" not in what.get("set", {})),
                st.none(),
            ),
        ),
        min_size=1,
        max_size=3,
    ),
    max_size=3,
)


def expected(error):
    """Whether events that were drawn at random can be refused so."""
    return any(text in str(error) for text in ("contradicts", "no such key"))


def by_hand(found, changes):
    for what, where, value in changes:
        if what == "move":
            present = [row for row in where if found.users.provider[row] >= 0]
            found.move(present, value)
        elif what == "remove":
            found.remove_users(where)
        elif what == "event":
            try:
                found.add_event(**where)
            except ScenarioError as error:
                assert expected(error)  # noqa: PT017 -- refused by chance
        else:
            setattr(found.providers[where], what, value)


def valid(events, **changes):
    """Leave out the events that contradict those before them."""
    kept = []
    for event in events:
        try:
            market([*kept, event], **changes)
        except ScenarioError as error:
            assert expected(error)  # noqa: PT017 -- refused by chance
        else:
            kept.append(event)
    return kept


@settings(max_examples=40)
@given(events=EVENTS, hand=HAND, seed=st.integers(0, 99), stop=st.integers(0, DAYS), crowd=st.sampled_from([{}, OPEN]))
def test_stepped_run_resumed_and_repeated_markets_are_the_same(tmp_path_factory, events, hand, seed, stop, crowd):
    kept = valid(events, **crowd)
    whole, daily, pieced = (market(kept, seed, **crowd) for _ in range(3))
    path = tmp_path_factory.mktemp("timeline") / "there.npz"
    for day in sorted({*hand, stop}):
        whole.run(day - whole.day)
        while daily.day < day:
            daily.step()
        pieced.run(day - pieced.day)
        for found in (whole, daily, pieced):
            by_hand(found, hand.get(day, []))
        if day == stop:
            save(pieced, path)
            half = pieced.settings_as_run()
            pieced = resume(path)
            assert pieced.settings_as_run() == half
    whole.run()
    same_markets(whole, stepped(daily))
    same_markets(whole, pieced.run())
    again = whole.settings_as_run()
    same_markets(whole, Market(again, rng=seed).run())
    assert whole.timeline.happened == daily.timeline.happened
    assert Market(again, rng=seed).run().settings_as_run() == again


IN_FORCE = {
    "providers.0.price": 5.0,
    "providers.0.policy": {"kind": "reboot"},
    "providers.1.policy.per_server_month": 100.0,
    "providers.1.strategy": "hold",
    "users.advertising_per_day": 0.0,
    "word_of_mouth.talk_per_day": 0.05,
    "word_of_mouth.listen": 0.3,
    "flaws.per_year": 20.0,
    "flaws.hypervisor_per_year": 0.0,
    "open_market.arrivals_per_day": 0.5,
}


@pytest.mark.parametrize("path", IN_FORCE)
def test_the_value_in_force_changes_no_byte(path):
    events = [{"day": 40, "set": {path: IN_FORCE[path]}}]
    same_markets(market(**OPEN).run(), market(events, **OPEN).run())


def test_a_value_by_hand_that_is_taken_back_changes_no_byte():
    found = market().run(40)
    for name, value in (("price", 9.0), ("policy", LivePatch())):
        was = getattr(found.providers[0], name)
        setattr(found.providers[0], name, value)
        setattr(found.providers[0], name, was)
    same_markets(market().run(), found.run())
    assert found.timeline.happened == []


def test_the_hand_wins_over_the_file_on_the_same_day():
    found = market([{"day": 40, "set": {f"providers.{REBOOT}.price": 8.0, f"providers.{LIVE}.price": 3.0}}]).run(40)
    found.providers[0].price = 6.0
    assert found.settings_as_run().events[0].set == {f"providers.{REBOOT}.price": 6.0}
    found.run()
    assert found.record.column("price")[40].tolist() == [6.0, 3.0]
    same_markets(found, Market(found.settings_as_run(), rng=4).run())


# --- each kind does what it says

QUIET = {"flaws.per_year": 0.0, "word_of_mouth.talk_per_day": 0.0}


def test_a_price_is_charged_from_its_day_on():
    found = market(
        [{"day": 50, "set": {f"providers.{LIVE}.price": 7.5}}], **QUIET, **{"users.tolerance.median": 1e9}
    ).run()
    expected = np.where(np.arange(DAYS) < 50, 5.0, 7.5) * 100 * 12 / 365
    np.testing.assert_allclose(found.record.column("revenue")[:, 1], expected)


@pytest.mark.parametrize(("servers", "down"), [(0.25, 1), (0.5, 2), (0.01, 1), (1.0, 4), ([1, 3, 9], 2), ([7], 0)])
def test_an_outage_costs_its_minutes_on_its_servers(servers, down):
    power = {"provider": REBOOT, "servers": servers, "minutes": 240.0, "cause": "power"}
    found = market([{"day": 50, "outage": power}], **QUIET).run(51)  # 100 users on servers of 30, 30, 30 and 10
    rows = found.record.outages
    assert len(rows) == down
    assert set(rows["cause"]) <= {"power"}
    assert found.record.column("downtime_minutes")[50].tolist() == [240.0 * rows["instances"].sum(), 0.0]
    assert found.users.downtime.sum() == 240.0 * rows["instances"].sum()


def test_what_is_heard_is_one_message():
    told = [{"day": 20, "hear": {"provider": LIVE, "users": 0.4, "claim": 6.0}}]
    told += [{"day": 30, "hear": {"provider": LIVE, "users": 1.0, "claim": 16.0}}]
    found = market(told, **QUIET, **{"users.count": 20_000, "users.tolerance.median": 1e9}).run(21)
    others = found.users.provider == 0
    heard = ~np.isnan(found.users.belief[others, 1])
    assert abs(heard.mean() - 0.4) < 4 * np.sqrt(0.4 * 0.6 / others.sum())
    assert set(found.users.belief[others, 1][heard]) == {6.0}
    found.run(10)
    expected = np.where(heard, 6.0 + 0.3 * (16.0 - 6.0), 16.0)
    np.testing.assert_allclose(found.users.belief[others, 1], expected)


def test_flaws_before_a_new_rate_stay_and_those_after_have_it():
    base = {"days": 4000, "users.count": 20, "flaws.hypervisor_per_year": 5.0}
    plain, other = market(**base), market([{"day": 2000, "set": {"flaws.per_year": 60.0}}], **base)
    other.run(2001)
    assert {d: f for d, f in plain.flaws.items() if d < 2000} == {d: f for d, f in other.flaws.items() if d < 2000}

    def of(found, kind):
        return {
            d: [f for f in flaws if f.kind == kind]
            for d, flaws in found.flaws.items()
            if any(f.kind == kind for f in flaws)
        }

    assert of(plain, "hypervisor") == of(other, "hypervisor")
    count = sum(len(flaws) for day, flaws in of(other, "kernel").items() if day >= 2000)
    expected = 2000 * 60 / 365
    assert abs(count - expected) < 4 * np.sqrt(expected)


def test_talk_has_the_new_rate_from_its_day_on():
    found = market([{"day": 60, "set": {"word_of_mouth.talk_per_day": 0.2}}], **QUIET).run(61)
    trials = found.talk_trials.successes_before(DAYS)
    assert trials.min() >= 61 * 200
    expected = 0.2 * (DAYS - 61) * 200
    assert abs((trials < DAYS * 200).sum() - expected) < 4 * np.sqrt(expected * 0.8)


def test_arrivals_have_the_new_rate_from_its_day_on():
    rates = {"open_market.arrivals_per_day": 2.0, "days": 400}
    plain = market(**rates).run(200)
    other = market([{"day": 200, "set": {"open_market.arrivals_per_day": 10.0}}], **rates).run()
    arrived = other.record.column("arrived").sum(axis=1)
    np.testing.assert_array_equal(plain.record.column("arrived").sum(axis=1), arrived[:200])
    assert abs(arrived[200:].sum() - 2000) < 4 * np.sqrt(2000)


def test_a_date_is_the_day_of_the_history():
    start = date(2022, 1, 1)
    events = [{"date": date(2022, 2, 1), "set": {f"providers.{LIVE}.price": 7.0}}]
    found = Market("debian-history", rng=1, **{"days": 60, "users.count": 100, "flaws.start": start, "events": events})
    price = found.run().record.column("price")[:, 1]
    assert np.flatnonzero(np.diff(price)).tolist() == [30]  # from day 31 on


def test_a_key_that_the_policy_in_force_does_not_have_is_left():
    found = market([{"day": 60, "set": {f"providers.{LIVE}.policy.coverage": 0.5}}]).run(30)
    found.providers[1].policy = Reboot()
    assert found.run().providers[1].policy == Reboot()
    assert [event["day"] for event in found.timeline.happened] == [30]


# --- what is refused

SET = f"providers.{LIVE}.price"
BAD = [
    ([{"day": DAYS, "set": {SET: 1.0}}], f"events.0.day = {DAYS}: must be from 0 to {DAYS - 1}, the last day"),
    ([{"day": -1, "set": {SET: 1.0}}], "events.0.day = -1: must be greater than or equal to 0"),
    ([{"day": 1}], "events.0: nothing happens; give set, outage, hear, move or remove"),
    ([{"set": {SET: 1.0}}], "events.0: must have a day or a date, not both"),
    ([{"day": 1, "date": date(2022, 1, 1), "set": {SET: 1.0}}], "events.0: must have a day or a date, not both"),
    ([{"date": date(2022, 1, 1), "set": {SET: 1.0}}], 'events.0.date = 2022-01-01: the flaws have no dates, as flaws.source = "poisson"; give a day'),
    ([{"day": 1, "set": {SET: -1.0}}], f"events.0.set.{SET} = -1.0: must be greater than or equal to 0"),
    ([{"day": 1, "set": {"providers.1.price": -1.0}}], f"events.0.set.{SET} = -1.0: must be greater than or equal to 0"),
    ([{"day": 1, "set": {"providers.Liv.price": 1.0}}], f"events.0.set.providers.Liv.price: there is no provider 'Liv'; there are {REBOOT}, {LIVE}"),
    ([{"day": 1, "set": {"users.count": 9}}], f"events.0.set.users.count: cannot change in mid-run; what can: {', '.join(changing_paths(World))}"),
    ([{"day": 1, "set": {SET: 1.0, "providers.1.price": 2.0}}], f"events.0.set.{SET}: is given twice"),
    ([{"day": 1, "set": {SET: 1.0}}, {"day": 1, "set": {SET: 2.0}}], f"events.1.set.{SET} = 2.0: contradicts events.0, which sets {SET} on the same day"),
    ([{"day": 1, "outage": {"provider": "X", "minutes": 1.0}}], f"events.0.outage.provider = 'X': must be one of {REBOOT}, {LIVE}"),
    ([{"day": 1, "outage": {"provider": LIVE, "minutes": 0.0}}], "events.0.outage.minutes = 0.0: must be greater than 0"),
    ([{"day": 1, "outage": {"provider": LIVE, "minutes": 1.0, "servers": 1.5}}], "events.0.outage.servers: must be a share above 0, at most 1, or a list of server numbers from 0"),
    ([{"day": 1, "move": {"provider": LIVE, "users": [200]}}], "events.0.move.users = 200: must be below 200, the number of users"),
    ([{"day": 1, "sets": {}}], "events.0.sets: no such key; did you mean set? allowed here: day, date, set, outage, hear, move, remove"),
]  # fmt: skip


@pytest.mark.parametrize(("events", "line"), BAD)
def test_bad_events_are_one_line(events, line):
    with pytest.raises(ScenarioError) as error:
        market(events)
    assert str(error.value) == line


BY_HAND = [
    (lambda m: setattr(m.providers[1], "price", -1.0), f"providers.{LIVE}.price = -1.0: must be greater than or equal to 0"),
    (lambda m: setattr(m.providers[1], "review_days", 0), f"providers.{LIVE}.review_days = 0: must be greater than or equal to 1"),
    (lambda m: m.add_event(day=3, set={SET: 1.0}), "day = 3: must be at least 10, the next day"),
    (lambda m: m.add_event(set={SET: -1.0}), f"set.{SET} = -1.0: must be greater than or equal to 0"),
    (lambda m: m.add_event(set={"open_market.arrivals_per_day": 1.0}), "open_market.arrivals_per_day: is drawn before day 0; give its changes as events of the scenario"),
    (lambda m: m.add_event(outage={"provider": LIVE}), "outage.minutes: is missing and has no default"),
    (lambda m: m.add_event(move={"provider": LIVE, "users": [200]}), "move.users = 200: must be below 200, the number of users"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "line"), BY_HAND)
def test_bad_changes_by_hand_are_one_line(change, line):
    found = market().run(10)
    with pytest.raises(ScenarioError) as error:
        change(found)
    assert str(error.value) == line
    same_markets(found.run(), market().run())


def test_a_policy_of_ones_own_cannot_be_repeated_from_a_scenario():
    class Own(Reboot):
        kind: Literal["own"] = "own"

    found = market().run(10)
    found.providers[0].policy = Own()
    with pytest.raises(
        ScenarioError, match=rf"^providers\.{REBOOT}\.policy: Own is of one's own, which a scenario cannot"
    ):
        found.run().settings_as_run()


# --- paths name providers, and events are settings


def test_a_provider_is_named_or_numbered_in_a_path():
    dotted = Scenario.load("thought-experiment", **{"providers.0.name": "acme.example", "providers.1.name": "7"})
    assert dotted.replace(**{"providers.acme.example.policy.notice_days": 3}).providers[0].policy.notice_days == 3
    event = {"day": 1, "set": {"providers.0.price": 1.0, "providers.1.price": 2.0}}
    keys = list(dotted.replace(events=[event]).events[0].set)
    assert keys == ["providers.acme.example.price", "providers.1.price"]  # digits are a number
    by_name = Market("thought-experiment", rng=1, **TINY, **{"providers.Live & Co.price": 4.5}).run()
    same_markets(by_name, Market("thought-experiment", rng=1, **TINY, **{"providers.1.price": 4.5}).run())
    with pytest.raises(ScenarioError, match=r"^providers.Live & Co.price = -1: must be greater"):
        dotted.replace(**{"providers.1.name": LIVE}).replace(**{"providers.Live & Co.price": -1})
    with pytest.raises(ScenarioError, match=r"is the same setting as providers.0.price; give it once"):
        dotted.replace(**{"providers.0.price": 1.0, "providers.acme.example.price": 1.0})


@settings(max_examples=30)
@given(events=EVENTS)
def test_what_show_prints_is_the_same_scenario(events):
    import tomllib

    scenario = market(valid(events)).settings
    assert Scenario.parse(tomllib.loads(to_toml(scenario))) == scenario


def test_events_are_factors_and_part_of_a_study():
    study = {"name": "when", "scenario": "thought-experiment", "settings": {"users.count": 100}}
    study["settings"] |= {"events": [{"day": 9, "set": {SET: 4.0}}]}
    factors = [
        {"path": "events.0.day", "low": 10, "high": 30, "steps": 3},
        {"path": f"events.0.set.{SET}", "levels": [3.0, 6.0]},
    ]
    swept = Study.parse(study | {"factors": factors})
    found = [swept.scenario_at(point.number).events[0] for point in swept.points]
    assert [(event.day, event.set[SET]) for event in found] == [
        (day, price) for day in (10, 20, 30) for price in (3.0, 6.0)
    ]
    later = study | {"settings": study["settings"] | {"events.0.day": 10}}
    assert Study.parse(study).digest != Study.parse(later).digest
    twice = [{"path": SET, "levels": [1.0]}, {"path": "providers.1.price", "levels": [2.0]}]
    with pytest.raises(
        ScenarioError, match=r"^factors.1.path = 'providers.1.price': must not be that of factors.0 too"
    ):
        Study.parse(study | {"factors": twice})
