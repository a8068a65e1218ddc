"""The page without a browser: sessions, controls, downloads, and who is served."""

import gc
import io
import math
import queue
import threading
import time
import tomllib
import weakref
import zipfile

import numpy as np
import pandas as pd
import pytest

from agents.policies import LiveMigrate
from browser.controls import Controls
from browser.downloads import DOWNLOADS
from browser.market_view import MarketView
from browser.serve import SameOriginOnly, is_loopback
from browser.session import Session
from model import Market, Scenario
from tests.browser.markets import small


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
