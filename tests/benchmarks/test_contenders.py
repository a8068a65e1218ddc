"""The market in other libraries and in C has the same distribution of results and as many messages."""

from functools import cache

import numpy as np
import pytest

from benchmarks import contender_process
from benchmarks.bound import CompilerError, compiler, same_year
from benchmarks.contenders import Timing, measure, scenario_of
from benchmarks.race import MIB, Race, ratio, summarise
from model.market import Market

STANDARD_ERRORS = 4
USERS = 400
# Small servers, so that outages come one server at a time and runs differ less than in a fleet of one.
SMALL = {"providers.0.server_capacity": 20, "providers.1.server_capacity": 20}


def standard_errors_apart(differences):
    return abs(differences.mean()) / (differences.std(ddof=1) / np.sqrt(len(differences)))


@cache
def ours(seed):
    market = Market(scenario_of(USERS, **SMALL), rng=seed).run()
    suffered = market.record.column("downtime_minutes").sum() / 5
    return 1 - market.fleets.size[0] / market.record.users_at_start[0], len(market.record.moves), suffered


def shares_lost(seeds):
    return np.array([ours(seed)[0] for seed in seeds])


@pytest.fixture(scope="module", autouse=True)
def _has_compiler():
    try:
        compiler()
    except CompilerError as reason:
        pytest.skip(str(reason))


def test_the_same_share_is_lost_in_numpy():
    seeds = range(24)
    lost = np.array([measure("numpy", scenario_of(USERS, **SMALL), seed).lost for seed in seeds])
    assert lost.mean() > 0.1
    assert standard_errors_apart(lost - shares_lost(seeds)) < STANDARD_ERRORS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["agentpy", "mesa-frames"])
def test_the_same_share_is_lost_in_an_environment_of_its_own(name):
    seeds = range(12)
    try:
        contender = contender_process.ContenderProcess(name)
    except contender_process.UnavailableError as reason:
        pytest.skip(f"{name} cannot be had: {reason}")
    lost = np.array([contender.measure(USERS, seed, settings=SMALL).lost for seed in seeds])
    contender.close()
    assert lost.mean() > 0.1
    assert standard_errors_apart(lost - shares_lost(seeds)) < STANDARD_ERRORS


@cache
def in_c(seed):
    year = same_year(Market(scenario_of(USERS, **SMALL), rng=seed))
    return year.lost, year.moves, year.suffered


@pytest.mark.parametrize("measure", ["share lost", "moves", "outages suffered"])
def test_the_c_program_plays_the_same_market(measure):
    which = ["share lost", "moves", "outages suffered"].index(measure)
    c, market = (np.array([run(seed)[which] for seed in range(24)]) for run in (in_c, ours))
    assert c.mean() > 0.1
    assert standard_errors_apart(c - market) < STANDARD_ERRORS


def test_the_comparison_notices_twice_the_talk():
    louder = scenario_of(USERS, **SMALL, **{"word_of_mouth.complaint": 0.6, "word_of_mouth.talk_per_day": 0.0334})
    lost = np.array([same_year(Market(louder, rng=seed)).lost for seed in range(24)])
    assert standard_errors_apart(lost - shares_lost(range(24))) > STANDARD_ERRORS


def couples(tmp_path, **settings):
    """Return a market in which every user hears one user, of the other provider, and nobody ever moves."""
    edges = tmp_path / "couples.csv"
    edges.write_text("".join(f"{i},{i + 1}\n" for i in range(0, USERS, 2)))
    network = {"kind": "file", "path": str(edges)}
    still = {"network": network, "users.tolerance.median": float("inf"), "flaws.per_year": 20.0}
    return scenario_of(USERS, **SMALL, **still, **settings), np.arange(USERS) % 2


def heard(scenario, provider, seed):
    """Count the messages of a year: who hears one learns of the other provider, and is made to forget it."""
    market = Market(scenario, rng=seed, provider=provider)
    rows, other, messages = np.arange(USERS), 1 - provider, 0
    while market.day < scenario.days:
        market.step()
        messages += np.isfinite(market.users.belief[rows, other]).sum()
        market.users.belief[rows, other] = np.nan
    return messages


def test_the_c_program_sends_as_many_messages(tmp_path):
    scenario, provider = couples(tmp_path)
    seeds = range(8)
    in_market = np.array([heard(scenario, provider, seed) for seed in seeds])
    program = np.array([same_year(Market(scenario, rng=seed, provider=provider)).messages for seed in seeds])
    assert in_market.mean() > USERS * 365 * 0.0167
    assert standard_errors_apart(program - in_market) < STANDARD_ERRORS


def test_the_c_program_sends_to_every_neighbour():
    still = {"users.tolerance.median": float("inf"), "word_of_mouth.talk_per_day": 1.0, "days": 3}
    year = same_year(Market(scenario_of(USERS, **still), rng=1))
    assert year.messages == 3 * USERS * 8


def test_nobody_talks_in_c_on_quiet_days():
    year = same_year(Market(scenario_of(USERS, **{"flaws.per_year": 0, "word_of_mouth.talk_per_day": 0}), rng=1))
    assert (year.messages, year.suffered, year.moves, year.lost) == (0, 0, 0, 0)


def timing(run, days=365, build=1.0, peak=MIB):
    return Timing(build, run, days, 0.0, peak)


def test_ratios_are_taken_within_a_round():
    slow, fast = [timing(10.0), timing(400.0), timing(20.0)], [timing(1.0), timing(10.0), timing(10.0)]
    assert ratio(slow, fast) == 10.0  # of 10, 40 and 2; the ratio of the medians would be 2
    result = summarise(1000, "patchmarket", {"mesa-objects": slow, "patchmarket": fast, "bound": fast})
    assert (result.faster_than_objects, result.times_bound, result.note) == (10.0, 1.0, "")


def test_what_is_cut_short_is_extrapolated_and_marked():
    result = summarise(1000, "numpy", {"numpy": [timing(2.0, days=73)], "bound": [timing(1.0)]})
    assert (result.year_s, result.times_bound, result.days, result.note) == (10.0, 10.0, 73, "extrapolated")
    assert np.isnan(result.faster_than_objects)


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (timing(1.0), ""),
        (timing(1.0, build=4.0), "10,000 users: 40 s to build, 0 s a day"),
        (timing(50.0, days=10), "10,000 users: 10 s to build, 50 s a day"),
        (timing(1.0, peak=1000 * MIB), "10,000 users: 10,000 MiB"),
    ],
)
def test_a_hopeless_size_is_left_out(last, why):
    race = Race(patience=30.0)
    race.last = {"agentpy": (1000, [last])}
    assert race._reason_to_exclude("agentpy", 10_000) == why


def test_a_contender_that_cannot_run_says_why(monkeypatch):
    monkeypatch.setattr(contender_process.shutil, "which", lambda _: None)
    with pytest.raises(contender_process.UnavailableError, match="uv is needed"):
        contender_process.ContenderProcess("mesa-frames")


def test_a_process_that_dies_reports_its_last_line(monkeypatch):
    monkeypatch.setattr(
        contender_process,
        "command_for",
        lambda _: [contender_process.sys.executable, "-c", "raise SystemExit('no luck')"],
    )
    with pytest.raises(contender_process.UnavailableError, match="no luck"):
        contender_process.ContenderProcess("numpy")
