"""Events: an outage on a given day reaches the servers and users that it says, however the market is run."""

import numpy as np
import pytest

from model import Market, Scenario, ScenarioError

QUIET = {"users.count": 400, "days": 60, "flaws.per_year": 0.0, "providers.0.server_capacity": 20}
OUTAGES = [
    {"day": 5, "outage": {"provider": "Reboot & Co", "minutes": 30.0}},
    {"day": 20, "outage": {"provider": "Reboot & Co", "servers": 0.3, "minutes": 240.0, "cause": "power"}},
    {"day": 20, "outage": {"provider": "Live & Co", "minutes": 3.0}},
]
EAGER = {"users.initial_awareness": 1.0, "users.tolerance.median": 1.0}


def test_an_outage_reaches_its_share_of_the_servers_on_its_day():
    market = Market("thought-experiment", rng=1, events=OUTAGES, **QUIET, **{"users.tolerance.median": 1e6}).run()
    minutes = market.record.column("downtime_minutes")
    assert np.flatnonzero(minutes[:, 0]).tolist() == [5, 20]
    assert minutes[5, 0] == 200 * 30
    assert minutes[20].tolist() == [3 * 20 * 240, 200 * 3]  # 3 of 10 servers of 20 users; all
    table = market.record.outages
    assert set(table.loc[table["day"] == 20, "cause"]) == {"power", "incident"}


@pytest.mark.parametrize("changes", [{}, {"open_market.departures_per_year": 1.0}])
def test_stepping_and_running_give_the_same(changes):
    settings = QUIET | EAGER | changes | {"events": OUTAGES}
    ran = Market("thought-experiment", rng=2, **settings).run()
    stepped = Market("thought-experiment", rng=2, **settings)
    for _ in range(60):
        stepped.step()
    assert len(ran.record.moves) > 0
    assert np.array_equal(ran.record.daily, stepped.record.daily)


def test_an_event_changes_nothing_before_its_day():
    without = Market("thought-experiment", rng=3, **EAGER, **QUIET).run()
    with_one = Market("thought-experiment", rng=3, events=OUTAGES[1:2], **EAGER, **QUIET).run()
    assert np.array_equal(without.record.daily[:20], with_one.record.daily[:20])
    assert not np.array_equal(without.record.daily[20:], with_one.record.daily[20:])


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"day": 60, "outage": OUTAGES[0]["outage"]}, "events.0.day = 60: must be below 60, the days of the scenario"),
        (
            {"day": 1, "outage": {"provider": "Nobody", "minutes": 1.0}},
            "events.0.outage.provider = 'Nobody': must be one of Reboot & Co, Live & Co",
        ),
    ],
)
def test_an_event_that_cannot_happen_is_one_line(event, line):
    with pytest.raises(ScenarioError) as error:
        Scenario.preset("thought-experiment", events=[event], **QUIET)
    assert str(error.value) == line
