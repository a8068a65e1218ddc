"""What the page shows of a market: layouts, days gone by, tables, more seeds, animations."""

import datetime
import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from browser.animation import Animation, check_path
from browser.charts import summary_of
from browser.details import details_of
from browser.market_view import MarketView
from browser.replicates import Replicates
from browser.servers import server_states
from model import Market, ScenarioError
from model.histories import exploitation_dates, read_history
from model.layout import closed_curve, network_layout
from model.network import as_graph
from model.summary import closing_profit, summarise
from tests.browser.markets import small

# --- layouts


@pytest.mark.parametrize("n", [1, 2, 5, 300, 20_000])
def test_users_who_follow_each_other_are_drawn_near_each_other_and_at_distinct_positions(n):
    places = closed_curve(n)
    assert ((places >= 0) & (places <= 1)).all()
    assert len(np.unique(places, axis=0)) == n
    steps = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)  # the last to the first too: a closed curve
    assert steps.max() < 2.5 / math.sqrt(n)


@pytest.mark.parametrize("kind", ["watts-strogatz", "stochastic-block", "from outside"])
def test_neighbours_are_nearer_than_strangers(kind):
    settings = {"network.kind": "watts-strogatz" if kind == "from outside" else kind}
    graph = Market(small(**{"users.count": 1000} | settings), rng=1).network
    if kind == "from outside":
        import networkx as nx

        shuffled = np.random.default_rng(1).permutation(1000)
        lattice = nx.watts_strogatz_graph(1000, 8, 0.0)
        graph = as_graph(nx.relabel_nodes(lattice, dict(enumerate(shuffled.tolist()))))
    places = network_layout(graph, kind)
    talker = np.repeat(np.arange(1000), np.diff(graph.links.indptr))
    apart = np.linalg.norm(places[talker] - places[graph.links.indices], axis=1)
    strangers = np.linalg.norm(places - np.roll(places, 500, axis=0), axis=1)
    assert apart.mean() < 0.5 * strangers.mean()


# --- what is shown of a market


def test_following_the_changes_of_each_day_ends_where_the_market_is():
    market = Market(small(), rng=1)
    view = MarketView(market)
    complete, _ = view.complete()["network"], view.changes()
    provider = np.frombuffer(complete[1][1], np.uint8).copy()
    users = np.zeros((2, 120), int)
    while market.day < 120:
        before = market.users.provider.copy()
        downtime = market.users.downtime.copy()
        view.step()
        changes = view.changes()
        moved, to, hit = changes["network"][1]
        moved = np.frombuffer(moved, np.uint16)
        assert (moved == np.flatnonzero(market.users.provider != before)).all()
        provider[moved] = np.frombuffer(to, np.uint8)
        bits = np.unpackbits(np.frombuffer(hit, np.uint8), bitorder="little")[:300]
        assert (np.flatnonzero(bits) == np.flatnonzero(market.users.downtime > downtime)).all()
        users[:, market.day - 1] = np.array(changes["charts"][0]["users"])[:, 0]
        assert sum(len(a) for a in changes["network"][1]) + len(json.dumps([c for c, _ in changes.values()])) < 100_000
    assert (provider == market.users.provider).all()
    assert (users == market.record.column("users").T).all()
    assert view.complete()["charts"][0]["users"] == users.tolist()


def test_of_more_users_a_sample_is_drawn_and_charts_count_everybody():
    market = Market(small(**{"users.count": 50_000, "days": 5}), rng=1)
    view = MarketView(market)
    view.step()
    content, (places, provider, links, first) = view.complete()["network"]
    assert (content["users"], content["drawn"], len(provider), len(places)) == (50_000, 20_000, 20_000, 80_000)
    assert not links
    assert first == provider
    assert sum(row[0] for row in view.complete()["charts"][0]["users"]) == 50_000


def test_servers_are_down_exposed_or_patched_as_the_record_says():
    settings = {"users.count": 600, "providers.0.server_capacity": 30, "providers.1.server_capacity": 30}
    market = Market(small(**settings), rng=1)
    states = set()
    for day in range(120):
        market.step()
        reboot, live = server_states(market, day)
        assert len(reboot["down"]) == market.record.column("servers_down")[day, 0]
        assert reboot["servers"] - market.providers[0].servers in (0, 1)
        assert (reboot["rest"] == "exposed") == (market.providers[0].maintenance.open_flaws > 0)
        assert live["down"] == []
        assert live["rest"] == ("live-patched" if market.record.column("patches")[:, 1].any() else "up")
        states |= {reboot["rest"], live["rest"]}
    assert states == {"up", "exposed", "live-patched"}


def test_the_event_log_names_flaws_campaigns_and_losses():
    market = Market(small(), rng=1)
    view = MarketView(market)
    while market.day < 120:
        view.step()
    lines = by_day(view)
    day = min(market.flaws)
    assert lines[day].startswith("kernel flaw; Reboot & Co announces a campaign for day")
    start = day + 7
    assert "Reboot & Co starts a campaign" in lines[start]
    assert any("loses" in text for text in lines.values())
    assert all(0 <= day < 120 for day in lines)


def by_day(view):
    lines = {}
    for day, _, text in view.events.since(0):
        lines[day] = f"{lines[day]}; {text}" if day in lines else text
    return lines


def test_a_flaw_of_debians_history_has_its_date_and_cves_on_the_time_line():
    view = MarketView(Market("debian-history", rng=1, **{"users.count": 100, "days": 500}))
    while view.market.day < 500:
        view.step()
    assert view.complete()["timeline"][0]["start"] == "2021-09-23"
    flaws = [line for line in view.events.since(0) if line.kind == "flaw"]
    assert {line.day for line in flaws} == set(view.market.flaws)
    dated = {flaw.date: flaw for flaw in read_history("debian-kernel")}
    for line in flaws:
        known = dated[datetime.date(2021, 9, 23) + datetime.timedelta(line.day)]
        assert f"update of {known.date} with {known.n_cve} CVE" in line.text
        exploited = [cve for cve in known.cves if cve in exploitation_dates()]
        assert all(f"{cve} (attackers use it)" in line.text for cve in exploited)
        assert not known.cves or exploited or known.cves[0] in line.text


def test_any_day_that_has_passed_can_be_looked_at_and_is_as_it_was():
    market = Market(small(), rng=1)
    view = MarketView(market)
    provider = np.frombuffer(view.complete()["network"][1][1], np.uint8).copy()
    then = [(provider.copy(), view.table_at(0))]
    while market.day < 120:
        view.step()
        then.append((market.users.provider.copy(), summary_of(market)["table"]))
    moved, to, _ = view.changes()["network"][1]
    provider[np.frombuffer(moved, np.uint16)] = np.frombuffer(to, np.uint8)
    for day in (119, 3, 60, 0, 120, 77):
        moved, to, *_ = view.at(day)["network"][1]
        provider[np.frombuffer(moved, np.uint16)] = np.frombuffer(to, np.uint8)
        assert (provider == then[day][0]).all()
        assert view.table_at(day) == then[day][1]
    view.at(50)
    moved, to, _ = view.changes()["network"][1]  # and back to the last day
    provider[np.frombuffer(moved, np.uint16)] = np.frombuffer(to, np.uint8)
    assert (view.at(50)["network"][1][0] == b"") == (then[50][0] == then[120][0]).all()
    assert (provider == then[120][0]).sum() == 300


def test_the_pages_table_agrees_to_the_digit_with_the_command_line():
    for seed in range(1, 9):
        market = Market(small(**{"users.count": 1000}), rng=seed).run()
        for row, told in zip(summary_of(market)["table"], summarise(market)["providers"], strict=True):
            assert row["profit"] == f"{told['profit_per_original_server']:,.0f}"
            assert row["downtime"] == f"{told['downtime_minutes_per_user_year']:,.1f}"
            assert row["users"] == f"{told['users_end']:,}"


def test_who_left_is_told_apart_from_who_stays():
    market = Market(small(**{"users.count": 1000}), rng=1).run()
    why = summary_of(market)["why"]
    assert sum(why["triggers"].values()) == len(market.record.moves)
    edges = np.array([float(edge) for edge in why["tolerance"]["labels"]])
    stay, left = (np.dot(edges, why["tolerance"][who]) for who in ("stay", "left"))
    assert left < stay  # the impatient leave
    assert sum(why["downtime"]["left"]) == pytest.approx(100, abs=1)


def test_details_of_a_user_and_of_a_provider_are_those_of_the_market():
    market = Market(small(), rng=1).run()
    move = market.record.moves.iloc[-1]
    told = dict(details_of(market, "user", int(move["user"]))["rows"])
    assert told["provider"] == move["to"]
    assert told[f"day {move['day']}"].startswith(f"{move['from']} to {move['to']}, after {move['trigger']}")
    heard = sum(1 for _ in market.user(int(move["user"])).neighbours)
    assert told["hears from"].startswith(f"{heard} users: ")
    host = dict(details_of(market, "provider", 0)["rows"])
    assert host["users"] == f"{market.providers[0].users:,}"
    assert host["profit so far"] == f"${market.record.column('profit')[:, 0].sum():,.0f}"


def test_users_keep_the_names_of_their_network():
    market = Market("quiet", rng=1, graph=[("ada", "bo"), ("bo", "cy")])
    assert [details_of(market, "user", row)["title"] for row in range(3)] == ["ada, user 0", "bo, user 1", "cy, user 2"]
    assert details_of(Market(small(), rng=1), "user", 7)["title"] == "user 7"


def test_more_seeds_give_each_providers_spread_and_wins():
    reports = []
    replicates = Replicates(reports.append)
    replicates.run([small(**{"users.count": 200, "days": 60})], 3)
    replicates._thread.join(60)
    last = reports[-1]
    assert (last["done"], last["total"]) == (20, 20)
    host, rival = last["markets"][0]["providers"]
    runs = [Market(small(**{"users.count": 200, "days": 60}), rng=seed).run() for seed in range(4, 24)]
    assert rival["values"] == [round(closing_profit(market, 1)) for market in runs]
    assert host["wins"] + rival["wins"] <= 20
    assert re.search(r"earns most on \d+ of 20 seeds, on average \$\d", last["markets"][0]["text"])
    replicates.run([small(**{"users.count": 200, "days": 60})], 3)
    replicates._thread.join(60)
    assert reports[-1]["done"] == 40
    replicates.forget()
    assert reports[-1]["done"] == 0


# --- animation


def test_an_animation_shows_every_day_of_a_short_run_and_ends_in_the_colours_of_the_shares(tmp_path):
    market = Market(small(**{"users.count": 100, "days": 20}), rng=1)
    animation = Animation(market)
    while market.day < 20:
        animation.run(1)
    animation.save(tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as picture:
        assert (picture.n_frames, picture.format) == (21, "GIF")
        picture.seek(20)
        pixels = np.asarray(picture.convert("RGB"), int)[60:-60]  # without title and legend
    painted = [(np.abs(pixels - np.array(colour)).sum(axis=2) < 30).sum() for colour in ((0, 114, 178), (230, 159, 0))]
    share = market.providers[0].users / 100
    assert painted[0] / sum(painted) == pytest.approx(share, abs=0.08)
    assert (
        Market(small(**{"users.count": 100, "days": 20}), rng=1).run().providers[0].users == market.providers[0].users
    )


@pytest.mark.slow
def test_a_long_run_is_cut_to_at_most_120_frames():
    market = Market(small(**{"users.count": 50, "days": 400}), rng=1)
    animation = Animation(market)
    while market.day < 400:
        animation.run(1)
    assert len(animation.frames) == 101  # the first, and one every four days


@pytest.mark.parametrize("name", ["run.png", "run", "nowhere/run.gif"])
def test_an_animation_that_cannot_be_written_is_refused_first(tmp_path, name):
    with pytest.raises(ScenarioError, match=r"--animate = .*: must"):
        check_path(tmp_path / name)
