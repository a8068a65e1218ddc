"""The page without a browser: forms, links, layouts, what is shown of a market, sessions, and what they leave."""

import datetime
import gc
import io
import json
import math
import queue
import re
import threading
import time
import tomllib
import weakref
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agents.policies import LiveMigrate
from browser.animation import Animation, check_path
from browser.charts import summary_of
from browser.controls import Controls
from browser.details import details_of
from browser.downloads import DOWNLOADS
from browser.form import Form
from browser.links import format_link, parse_link
from browser.market_view import MarketView
from browser.own_files import scenario_with
from browser.replicates import Replicates
from browser.serve import SameOriginOnly, is_loopback
from browser.servers import server_states
from browser.session import Session
from model import Market, Scenario, ScenarioError
from model.histories import exploitation_dates, read_history
from model.layout import closed_curve, network_layout
from model.network import as_graph
from model.summary import closing_profit, summarise

SMALL = {"users.count": 300, "days": 120, "flaws.per_year": 25.0, "users.tolerance.median": 3.0}


def small(**settings):
    return Scenario.preset("thought-experiment", **(SMALL | settings))


class Page:
    """Stands for the page: keeps what it is shown, and draws at once."""

    def __init__(self):
        self.shown = queue.Queue()

    def show(self, part, content, arrays):
        self.shown.put((part, content, arrays))
        if part == "network-0" and not content.get("complete") and hasattr(self, "session"):
            self.session.confirm_drawn()

    def until(self, wanted, seconds=20):
        """Return the first message that `wanted(part, content)` is true of."""
        deadline = time.monotonic() + seconds
        while True:
            part, content, arrays = self.shown.get(timeout=max(deadline - time.monotonic(), 0.01))
            if wanted(part, content):
                return content, arrays


@pytest.fixture
def page():
    page = Page()
    page.session = Session(page.show)
    yield page
    page.session.close()
    page.session.join(20)


def at_day(day):
    return lambda part, content: part == "toolbar" and content.get("day") == day and not content["playing"]


# --- forms and links


def test_every_field_has_a_meaning_and_what_is_typed_becomes_the_scenario():
    form = Form()
    items = [item for group in form.fields for item in group["fields"]]
    assert all(item["help"] and item["label"] for item in items)
    assert {"users.tolerance.median", "providers.1.price", "word_of_mouth.listen", "network.degree", "days"} <= {
        item["path"] for item in items
    }
    form = (
        form.set_value("users.count", "500")
        .set_value("providers.0.policy.kind", "defer")
        .set_value("users.memory_days", "inf")
    )
    assert form.scenario == Scenario.preset(
        "thought-experiment", **{"users.count": 500, "providers.0.policy.kind": "defer", "users.memory_days": math.inf}
    )


def test_another_kind_of_policy_forgets_what_was_typed_for_the_old_one():
    form = Form().set_value("providers.0.policy.outage_minutes", "9").set_value("providers.0.policy.kind", "live-patch")
    assert form.scenario.providers[0].policy.outage_minutes == 5.0
    vendor = (
        Form().set_value("providers.1.policy.per_server_month", "7").set_value("providers.1.policy.vendor", "canonical")
    )
    assert vendor.scenario.providers[1].policy.per_server_month == pytest.approx(41.67)


def test_invalid_input_is_named_and_the_rest_of_the_form_stays():
    form = Form().set_value("users.count", "many").set_value("providers.0.price", "4")
    with pytest.raises(ScenarioError, match=r"users\.count = 'many': must be a whole number"):
        _ = form.scenario
    values = {item["path"]: item["value"] for group in form.fields for item in group["fields"]}
    assert (values["users.count"], values["providers.0.price"]) == ("many", "4")
    assert form.set_value("users.count", "400").scenario.providers[0].price == 4


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("network.path", "/etc/passwd"),
        ("flaws.history", "/etc/passwd"),
        ("name", "x"),
        ("providers.7.price", "1"),
        ("network.kind", "file"),
    ],
)
def test_a_visitor_can_set_only_what_the_page_offers(path, text):
    with pytest.raises(ScenarioError, match=path):
        Form().set_value("flaws.source", "history").set_value(path, text)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"users.count": "2000000"}, "at most 1,000,000 on this page"),
        ({"days": "20000"}, "at most 10,000 on this page"),
        ({"users.count": "1000000", "network.degree": "400"}, r"network\.degree = 400: must be at most 50"),
    ],
)
def test_a_page_refuses_what_would_be_too_much_for_it(typed, message):
    form = Form()
    for path, text in typed.items():
        form = form.set_value(path, text)
    with pytest.raises(ScenarioError, match=message):
        _ = form.scenario


def test_a_link_restores_scenarios_and_seed():
    first = Form("many-policies").set_value("users.count", "700").set_value("network.kind", "barabasi-albert")
    forms = [first.set_value("network.degree", "4"), Form("quiet").set_value("providers.0.price", "4.5")]
    found, seed, errors = parse_link("?" + format_link(forms, 11), None, "thought-experiment", 3)
    assert [form.scenario for form in found] == [form.scenario for form in forms]
    assert (seed, errors) == (11, "")


def test_a_bad_link_names_its_errors_and_keeps_the_rest():
    link = "?scenario=nowhere&seed=-1&users.count=500&network.path=/etc/passwd"
    (form,), seed, errors = parse_link(link, None, "quiet", 3)
    assert form.scenario.users.count == 500
    assert seed == 3
    assert [line.split(" ")[0] for line in errors.splitlines()] == ["seed", "scenario", "network.path"]


def test_a_link_to_a_file_that_was_dropped_says_that_it_is_gone():
    _, _, errors = parse_link("?scenario=own&seed=3", None, "quiet", 3)
    assert errors == "scenario = 'own': was a file, which no link holds; drop it onto the page again"


def test_a_visitor_cannot_name_a_file_where_the_operator_has(tmp_path):
    (tmp_path / "edges.txt").write_text("0 1\n1 2\n")
    (tmp_path / "flaws.csv").write_text("date\n2024-01-01\n2024-03-01\n")
    tables = Scenario.preset("thought-experiment", **{"users.count": 3, "network.kind": "none", "days": 30}).tables()
    tables["network"] = {"kind": "file", "path": str(tmp_path / "edges.txt")}
    tables["flaws"] = {"source": "history", "history": str(tmp_path / "flaws.csv")}
    own = Scenario.parse(tables)
    form = Form("own", own)
    assert form.scenario == own
    for path in ("network.path", "flaws.history"):
        with pytest.raises(ScenarioError, match=path):
            form.set_value(path, "/etc/passwd")


TWO = '[[providers]]\nname = "A"\n[[providers]]\nname = "B"\n'


def test_a_dropped_scenario_history_or_network_becomes_the_market(tmp_path):
    base = small()
    toml = f'name = "mine"\ndays = 30\n{TWO}'
    assert scenario_with("mine.toml", toml, base, tmp_path) == Scenario.parse(tomllib.loads(toml))
    history = scenario_with("flaws.csv", "date,n_cve\n2024-01-01,3\n2024-06-01,1\n", small(days=90), tmp_path)
    assert Market(history, rng=1).flaws.keys() == {0}
    network = scenario_with("../../edges.txt", "0 1\n1 2\n2 3\n", Scenario.preset("quiet", days=9), tmp_path)
    assert len(Market(network, rng=1).network) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"flaws.csv", "edges.txt"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "days = ", "a.toml: is not TOML"),
        ("a.toml", f"days = 0\n{TWO}", "days = 0: must be"),
        ("a.toml", '[network]\nkind = "file"\npath = "/etc/passwd"', "network.path = '/etc/passwd': drop this file"),
        ("a.toml", '[flaws]\nsource = "history"\nhistory = "/etc/passwd"', "flaws.history = '/etc/passwd': drop this"),
        ("flaws.csv", "date\nyesterday", "flaws.history, flaws.csv line 2: date 'yesterday' must be YYYY-MM-DD"),
        ("a.toml", f"[users]\ncount = 3000000\n{TWO}", "users.count = 3000000: must be at most 1,000,000 on this page"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(name, text, message, tmp_path):
    with pytest.raises(ScenarioError) as refused:
        scenario_with(name, text, small(), tmp_path)
    assert str(refused.value).startswith(message)
    assert len(str(refused.value).splitlines()) == 1


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
    assert told["hears from"].startswith("8 users") or "users" in told["hears from"]
    host = dict(details_of(market, "provider", 0)["rows"])
    assert host["users"] == f"{market.providers[0].users:,}"
    assert host["profit so far"] == f"${market.record.column('profit')[:, 0].sum():,.0f}"


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


# --- sessions


def test_a_session_plays_pauses_and_steps(page):
    page.session.start([small()], 1)
    page.until(at_day(0))
    page.session.step()
    page.until(at_day(1))
    page.session.play(50.0)
    page.until(lambda part, content: part == "toolbar" and content["day"] >= 5)
    asked = time.monotonic()
    page.session.pause()
    stopped, _ = page.until(lambda part, content: part == "toolbar" and not content["playing"])
    assert time.monotonic() - asked < 0.5
    time.sleep(0.1)
    page.session.step()
    page.until(at_day(stopped["day"] + 1))
    page.session.finish()
    page.until(at_day(120))


def test_played_to_the_end_the_market_is_the_one_of_the_command_line(page):
    page.session.start([small(), small(**{"providers.0.policy.kind": "live-migrate"})], 5)
    page.session.finish()
    page.until(at_day(120))
    markets = queue.Queue()
    page.session.inspect(lambda views: markets.put([view.market.record.column("users")[-1].tolist() for view in views]))
    expected = [
        Market(small(**s), rng=5).run().record.column("users")[-1].tolist()
        for s in ({}, {"providers.0.policy.kind": "live-migrate"})
    ]
    assert markets.get(timeout=20) == expected


def test_a_price_or_policy_changed_during_a_run_applies_and_is_marked(page):
    page.session.start([small()], 1)
    for _ in range(10):
        page.session.step()
    page.until(at_day(10))
    changed = small(**{"providers.0.price": 2.0, "providers.0.policy.kind": "live-migrate"}).providers[0]
    for key in ("price", "policy"):
        page.session.ask(lambda views, key=key: page.session.change_provider(0, 0, key, getattr(changed, key)))
    texts = ("Reboot & Co: price $5 to $2", "Reboot & Co: reboot to live-migrate")
    marks = [(10, "change", text) for text in texts]
    page.until(lambda part, content: part == "timeline" and content["runs"][0]["marks"][-2:] == marks)
    page.session.finish()
    page.until(at_day(120))
    told = queue.Queue()
    page.session.inspect(lambda views: told.put(views[0].market))
    market = told.get(timeout=20)
    assert isinstance(market.providers[0].policy, LiveMigrate)
    assert market.record.column("price")[[9, 10], 0].tolist() == [5.0, 2.0]
    downloaded = Scenario.parse(tomllib.loads(DOWNLOADS["toml"].content(market).decode()))
    assert Market(downloaded, rng=market.seed).run().record.moves.equals(market.record.moves)


def test_a_page_that_never_draws_is_not_sent_more_than_it_can_take():
    shown = queue.Queue()
    session = Session(lambda part, content, arrays: shown.put(part))
    session.start([small(days=5000)], 1)
    session.play(math.inf)
    time.sleep(1.0)
    session.close()
    session.join(20)
    assert list(shown.queue).count("network-0") <= 2


def test_an_error_in_a_market_stops_it_and_is_shown(page, caplog):
    page.session.start([small()], 1)
    page.until(at_day(0))
    page.session.inspect(lambda views: setattr(views[0].market, "flaws", None))
    page.session.play(math.inf)
    content, _ = page.until(lambda part, content: part == "toolbar" and content.get("error"))
    assert "stopped on an error" in content["error"]
    assert not content["playing"]
    page.session.start([small()], 1)
    page.session.finish()
    page.until(at_day(120))


def test_a_hundred_opened_and_closed_sessions_leave_no_market_in_memory():
    page, kept = Page(), []
    threads = threading.active_count()
    for seed in range(100):
        controls = Controls(page.show, lambda count: None, "?users.count=200&days=20", seed=seed)
        controls.handle({"action": "finish"})
        controls.session.inspect(lambda views: kept.extend(weakref.ref(view.market) for view in views))
        controls.close()
        controls.session.join(20)
    del controls
    gc.collect()
    assert len(kept) == 100
    assert [ref() for ref in kept if ref() is not None] == []
    assert threading.active_count() == threads


def test_stopped_after_many_days_only_the_servers_down_today_are_shown_as_down():
    found = []
    for playing in (True, False):
        view = MarketView(Market(small(), rng=1))
        down = np.zeros(1)
        while not down.any() or down[-1].any():  # until the day after an outage
            view.step()
            down = view.market.record.column("servers_down")
        found.append([provider["down"] for provider in view.changes(playing=playing)["servers"][0]["fleets"]])
    assert any(found[0])
    assert not any(found[1])


# --- the controls


def test_bad_input_is_shown_and_the_market_stays(page):
    controls = Controls(page.show, lambda count: None, "?users.count=300&days=20")
    try:
        page.until(at_day(0))
        controls.handle({"action": "set", "path": "users.count", "value": "-5"})
        content, _ = page.until(lambda part, content: part == "settings" and content["errors"])
        assert content["errors"] == ["users.count = -5: must be greater than or equal to 1"]
        controls.handle({"action": "seed", "value": "x"})
        page.until(
            lambda part, content: (
                part == "settings" and content["errors"] == ["seed = 'x': must be a whole number from 0"]
            )
        )
        controls.handle({"action": "set", "path": "users.count", "value": "400"})  # does not make the seed right
        content, _ = page.until(lambda part, content: part == "settings")
        assert (content["seed"], content["errors"]) == ("x", ["seed = 'x': must be a whole number from 0"])
        controls.handle({"action": "seed", "value": "3"})
        page.until(lambda part, content: part == "network-0" and content.get("complete") and content["users"] == 400)
        controls.handle({"action": "edit", "number": 0})
        page.until(lambda part, content: part == "settings" and (content["seed"], content["errors"]) == ("3", []))
    finally:
        controls.close()


@pytest.mark.parametrize("other", [{"action": "compare", "on": True}, {"action": "scenario", "value": "many-policies"}])
def test_while_input_is_invalid_other_markets_are_refused_and_the_old_one_can_be_played(page, other):
    controls = Controls(page.show, lambda count: None, "?users.count=300&days=20")
    page.session = controls.session
    try:
        controls.handle({"action": "step"})
        page.until(at_day(1))
        controls.handle({"action": "seed", "value": "x"})
        controls.handle(other)
        controls.handle({"action": "set", "path": "providers.1.price", "value": "4"})
        page.until(lambda part, content: part == "timeline" and content["runs"][0]["marks"])
        controls.handle({"action": "edit", "number": 0})
        content, _ = page.until(lambda part, content: part == "settings")
        assert (content["count"], content["scenario"], len(content["errors"])) == (1, "thought-experiment", 1)
        controls.handle({"action": "step"})
        page.until(at_day(2))
    finally:
        controls.close()


def test_the_current_speed_is_shown(page):
    controls = Controls(page.show, lambda count: None, "?users.count=300&days=20")
    try:
        controls.handle({"action": "speed", "value": "50", "playing": False})
        page.until(lambda part, content: part == "toolbar" and content.get("speed") == "50")
    finally:
        controls.close()


def test_a_setting_changed_during_a_run_waits_unless_it_is_a_price_or_policy(page):
    controls = Controls(page.show, lambda count: None, "?users.count=300&days=20")
    page.session = controls.session
    try:
        controls.handle({"action": "step"})
        page.until(at_day(1))
        controls.handle({"action": "set", "path": "providers.1.price", "value": "4"})
        content, _ = page.until(lambda part, content: part == "settings")
        assert not content["pending"]
        controls.handle({"action": "set", "path": "users.tolerance.median", "value": "1"})
        content, _ = page.until(lambda part, content: part == "settings" and content["pending"])
        controls.handle({"action": "restart"})
        page.until(at_day(0))
        controls.handle({"action": "edit", "number": 0})
        page.until(lambda part, content: part == "settings" and not content["pending"])
    finally:
        controls.close()


def test_a_link_made_after_changes_during_a_run_gives_the_same_numbers_every_day(page):
    links, controls = [], Controls(page.show, lambda count: None, "?users.count=300&days=60&flaws.per_year=40&seed=5")
    page.session = controls.session
    for path, value, days in (
        ("providers.1.price", "3.5", 12),
        ("providers.0.policy.kind", "live-patch", 11),
        ("providers.0.policy.per_server_month", "50", 0),
        ("providers.1.price", "-1", 0),
        ("providers.1.price", "6", 20),
    ):
        for _ in range(days):
            controls.handle({"action": "step"})
        controls.session.ask(lambda views: None)
        controls.handle({"action": "set", "path": path, "value": value})
        assert controls.errors == (
            "" if value != "-1" else "providers.1.price = -1: must be greater than or equal to 0"
        )
    controls.handle({"action": "finish"})
    page.until(at_day(60))
    while not page.shown.empty():
        part, content, _ = page.shown.get()
        links += [content["link"]] if part == "toolbar" and "link" in content else []
    controls.handle({"action": "edit", "number": 0})
    link = page.until(lambda part, content: "link" in content)[0]["link"]
    assert "day.12.providers.1.price=3.5" in link
    assert "day.43.providers.1.price=6" in link
    first = controls.session.ask(lambda views: views[0].market)
    controls.close()

    again = Controls(page.show, lambda count: None, "?" + link)
    page.session = again.session
    again.handle({"action": "finish"})
    page.until(at_day(60))
    second = again.session.ask(lambda views: views[0].market)
    assert (first.record.daily == second.record.daily).all()
    assert first.record.moves.equals(second.record.moves)
    for market in (first, second):
        downloaded = Scenario.parse(tomllib.loads(DOWNLOADS["toml"].content(market).decode()))
        assert (Market(downloaded, rng=5).run().record.daily == first.record.daily).all()
    assert by_change(again) == [
        (12, "Live & Co: price $5 to $3.5"),
        (23, "Reboot & Co: reboot to live-patch"),
        (43, "Live & Co: price $3.5 to $6"),
    ]
    again.handle({"action": "compare", "on": True})  # B has the changes too
    assert again.forms[1].changes == again.forms[0].changes
    again.handle({"action": "forget", "day": 43, "path": "providers.1.price"})
    assert len(again.forms[1].changes) == len(again.forms[0].changes) - 1
    again.close()


def by_change(controls):
    lines = controls.session.ask(lambda views: views[0].events.since(0))
    return [(line.day, line.text) for line in lines if line.kind == "change"]


def test_after_the_last_day_a_price_is_one_of_the_next_run(page):
    controls = Controls(page.show, lambda count: None, "?users.count=300&days=5")
    page.session = controls.session
    controls.handle({"action": "finish"})
    page.until(at_day(5))
    controls.handle({"action": "set", "path": "providers.1.price", "value": "4"})
    assert controls.forms[0].edits["providers.1.price"] == 4
    assert not controls.forms[0].changes
    controls.close()


# --- downloads


def test_downloads_are_the_records_tables_and_the_scenario():
    market = Market(small(), rng=1).run()
    for kind, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        archive = zipfile.ZipFile(io.BytesIO(DOWNLOADS[kind].content(market)))
        assert archive.testzip() is None
        table = read(io.BytesIO(archive.read(f"providers.{kind}")))
        assert table["users"].tolist() == market.record.providers["users"].tolist()
    toml = DOWNLOADS["toml"].content(market).decode()
    assert Scenario.parse(tomllib.loads(toml)) == market.settings
    assert DOWNLOADS["png"].content(market).startswith(b"\x89PNG")
    assert b"<svg" in DOWNLOADS["svg"].content(market)
    assert DOWNLOADS["png"].content(Market(small(), rng=1)).startswith(b"\x89PNG")  # before the first day


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


# --- serving


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        (b"localhost:1", b"", True),
        (b"127.0.0.1:1", b"http://127.0.0.1:1", True),
        (b"[::1]:1", b"http://[::1]:1", True),
        (b"localhost:1", b"http://elsewhere.example", False),
        (b"localhost:1", b"http://localhost:2", False),
        (b"elsewhere.example:1", b"http://elsewhere.example:1", False),
        (b"", b"", False),
    ],
)
def test_only_pages_of_this_machine_may_speak_to_the_server(host, origin, allowed):
    guard = SameOriginOnly(None, ("localhost", "127.0.0.1", "::1"))
    assert guard.allows({b"host": host, b"origin": origin}) == allowed


def test_which_addresses_are_this_machine_alone():
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.9.1", "::1"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org"))
