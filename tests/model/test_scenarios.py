"""Scenarios: what is read back is what was written, and bad input is a line that names the field."""

import tomllib

import pytest

from agents.policies import POLICIES
from model import Scenario, ScenarioError
from model.published_terms import vendors
from model.scenario import preset_names
from model.scenario_toml import to_toml


@pytest.mark.parametrize("name", preset_names())
def test_what_show_prints_is_the_same_scenario(name):
    scenario = Scenario.preset(name)
    text = to_toml(scenario)
    assert Scenario.parse(tomllib.loads(text)) == scenario
    assert Scenario.parse(scenario.tables()) == scenario


def test_every_number_shown_has_a_meaning_and_every_assumption_a_grade():
    for line in to_toml(Scenario.preset("many-policies")).splitlines():
        if line and not line.startswith(("[", "kind", "source")):
            assert "# " in line, line
    text = to_toml(Scenario.preset("vendors"))
    assert "measured (in-house, 2009)" in text
    assert "vendor-stated (canonical, " in text
    assert "assumed (close to the 6.7 kernel advisories" in text
    agreed = to_toml(Scenario.preset("quiet", **{"providers.0.sla.terms": "amazon-ec2-region"}))
    assert agreed.count("vendor-stated (Amazon EC2, region-level, 2022)") == 3


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"users.count": 0}, "users.count = 0: must be greater than or equal to 1"),
        ({"users.count": 2.5}, "users.count = 2.5: must be a whole number"),
        ({"users.count": "many"}, "users.count = 'many': must be a whole number"),
        (
            {"users.tolerance.median": -1.0},
            "users.tolerance.median = -1.0: must be greater than or equal to 0",
        ),
        ({"users.tolerance.sigma": float("nan")}, "users.tolerance.sigma = nan: must be a finite number"),
        ({"users.memory_days": 0.0}, "users.memory_days = 0.0: must be greater than 0"),
        (
            {"users.tolerence": 1},
            "users.tolerence: no such key; did you mean tolerance? allowed here: count, ",
        ),
        ({"provider": []}, "provider: no such key; did you mean providers? "),
        (
            {"word_of_mouth.talk_per_day": 1.1},
            "word_of_mouth.talk_per_day = 1.1: must be less than or equal to 1",
        ),
        (
            {"providers.0.policy.outage_minutes": -5.0},
            "providers.0.policy.outage_minutes = -5.0: must be greater than",
        ),
        (
            {"providers.0.policy.window_days": 0},
            "providers.0.policy.window_days = 0: must be greater than or equal to 1",
        ),
        (
            {"providers.1.policy.coverage": 1.5},
            "providers.1.policy.coverage = 1.5: must be less than or equal to 1",
        ),
        (
            {"providers.1.policy.coverag": 0.5},
            "providers.1.policy.coverag: no such key; did you mean coverage? ",
        ),
        (
            {"providers.0.policy.kind": "pray"},
            "providers.0.policy.kind = 'pray': must be one of reboot, live-patch, ",
        ),
        (
            {"providers.0.policy": "pray"},
            "providers.0.policy.kind = 'pray': must be one of reboot, live-patch, ",
        ),
        ({"providers.0.policy": {}}, "providers.0.policy.kind: is missing"),
        (
            {"providers.1.policy.vendor": "acme"},
            "providers.1.policy.vendor = 'acme': must be one of red-hat, canonical, ",
        ),
        ({"providers.0.share": 0.7}, "providers.*.share = [0.7, 0.5]: must sum to 1, not 1.2"),
        ({"providers.0.share": 0.1}, "providers.*.share = [0.1, 0.5]: must sum to 1, not 0.6"),
        ({"providers.1.name": "Reboot & Co"}, "providers.1.name = 'Reboot & Co': must be unique"),
        ({"providers.5.price": 1.0}, "providers.5.price: there is no number 5; allowed are 0 to 1"),
        ({"providers": []}, "providers = []: must have at least 1 item"),
        ({"network.degree": 7}, "network.degree = 7: must be a multiple of 2"),
        ({"users.count": 8}, "network.degree = 8: must be at most users.count - 1 = 7"),
        (
            {"network": {"kind": "complete"}},
            "users.count = 20000: must be at most 5000 on a complete network",
        ),
        (
            {"network": {"kind": "stochastic-block", "blocks": 10_000}},
            "network.degree = 8.0: must fit into blocks of 2",
        ),
        ({"network": {"kind": "file"}}, "network.path: is missing"),
        ({"network": {"kind": "file", "path": "no"}}, "network.path, no: must be a file that can be read"),
        ({"network": {"kind": "edge-list", "file": "no"}}, "network.kind = 'edge-list': is 'file' now"),
        ({"network": {"kind": "file", "path": "no", "file": "no"}}, "network.file: no such key"),
        ({"network.kind": "grid"}, "network.kind = 'grid': must be one of watts-strogatz, barabasi-albert, "),
        ({"flaws.source": "guess"}, "flaws.source = 'guess': must be one of poisson, history"),
        ({"providers.0.strategy": "panic"}, "providers.0.strategy.kind = 'panic': must be one of hold, copy, "),
        ({"providers.0.strategy.step": 1}, "providers.0.strategy.step: no such key; allowed here: kind"),
        ({"providers.0.sla.terms": "handshake"}, "providers.0.sla.terms = 'handshake': must be one of amazon-ec2-"),
        ({"users.contract_days": -1}, "users.contract_days = -1: must be greater than or equal to 0"),
        ({"users.voice": 2.0}, "users.voice = 2.0: must be less than or equal to 1"),
        ({"open_market.arrivals_per_day": -1.0}, "open_market.arrivals_per_day = -1.0: must be greater than or equal"),
        (
            {"providers.1.policy.max_age_days": 5.0},
            "providers.1.policy: max_age_days = 5 must be above notice_days = 7",
        ),
        ({"days": True}, "days = true: must be a whole number"),
        ({"users": 3}, "users = 3: must be a table"),
        (
            {"providers.0.policy": {"kind": "fast-restart", "reach": 0.3}},
            "providers.0.policy.reach = 0.3: must be at least the share that starts on such platforms, 0.5",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_field(settings, line):
    with pytest.raises(ScenarioError) as caught:
        Scenario.preset("thought-experiment", **settings)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_several_faults_are_a_line_each():
    with pytest.raises(ScenarioError) as caught:
        Scenario.preset("quiet", **{"days": 0, "users.count": 0})
    assert [line.partition(" ")[0] for line in str(caught.value).splitlines()] == ["days", "users.count"]


@pytest.mark.parametrize("kind", POLICIES)
def test_to_set_another_kind_starts_from_its_defaults(kind):
    scenario = Scenario.preset("thought-experiment", **{"providers.0.policy.kind": kind})
    assert scenario.providers[0].policy == (
        POLICIES[kind]() if kind != "reboot" else Scenario.preset("thought-experiment").providers[0].policy
    )


def test_a_vendor_brings_its_terms_and_given_terms_win():
    named = Scenario.preset("thought-experiment", **{"providers.1.policy.vendor": "canonical"})
    policy = named.providers[1].policy
    assert policy.per_server_month == vendors()["canonical"]["per_server_month"]
    assert policy.coverage == vendors()["canonical"]["coverage"]
    quoted = Scenario.load(named, **{"providers.1.policy.per_server_month": 9.0})
    assert quoted.providers[1].policy.per_server_month == 9.0
    assert quoted.providers[1].policy.coverage == policy.coverage


@pytest.mark.parametrize("key", list(vendors()))
def test_vendor_data_is_complete_and_graded(key):
    vendor = vendors()[key]
    for term in ("per_server_month", "per_patch", "coverage", "max_age_days"):
        assert vendor[f"{term}_grade"] in ("measured", "vendor-stated", "assumed")
        assert vendor[term] >= 0
    assert vendor["coverage"] <= 1
    assert vendor["source"]
    assert 2000 < vendor["year"] < 2100


def test_shares_left_out_divide_the_rest():
    scenario = Scenario.preset("many-policies", **{"providers.0.share": 0.4})
    assert scenario.shares == pytest.approx([0.4] + [0.1] * 6)


def test_files_are_found_beside_the_scenario(tmp_path, monkeypatch):
    (tmp_path / "edges.csv").write_text("0,1\n1,2\n")
    (tmp_path / "mine.toml").write_text(
        '[users]\ncount = 3\n[network]\nkind = "file"\npath = "edges.csv"\n[[providers]]\nname = "A"\n'
    )
    assert Scenario.load(tmp_path / "mine.toml").network.path == str(tmp_path / "edges.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [("days = ", "must be a readable TOML file: "), ("\xff", "must be a readable TOML file: ")],
)
def test_a_broken_file_is_one_line(tmp_path, text, said):
    path = tmp_path / "broken.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ScenarioError, match=said):
        Scenario.load(path)


def test_an_unknown_scenario_names_the_presets():
    with pytest.raises(ScenarioError, match="neither a file nor a preset; presets are thought-experiment, "):
        Scenario.load("nowhere")
