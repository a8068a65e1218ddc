"""Forms, links and files of one's own: what a visitor may give the page."""

import math
import tomllib

import pytest

from browser.form import Form
from browser.links import format_link, parse_link
from browser.own_files import scenario_with
from model import Market, Scenario, ScenarioError, plugins
from tests.browser.markets import small
from tests.plugins import triage


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


def test_the_menus_offer_policies_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_loaded", {})
    plugins.load_plugins([triage(tmp_path)])
    form = Form().set_value("providers.0.policy.kind", "triage").set_value("providers.0.policy.urgent", "0.4")
    items = {item["path"]: item for group in form.fields for item in group["fields"]}
    assert items["providers.0.policy.kind"]["options"][-1] == "triage"
    assert items["providers.0.policy.urgent"]["help"] == "severity from which a flaw cannot wait"
    assert form.scenario.providers[0].policy.urgent == 0.4


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
