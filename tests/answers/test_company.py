"""One's own company: eight numbers become a market, and wrong ones are refused."""

import json
import math

import pytest

from answers.company import Company, example_names
from answers.decision.decide import tell
from answers.decision.decide_ask import ask
from answers.unknowns import unknowns_of
from model import Market, Scenario, ScenarioError
from tests.answers.questions import decision_on
from tests.commands import patchmarket

NUMBERS = {
    "servers": 40,
    "users_per_server": 500,
    "price": 5.0,
    "margin": 0.4,
    "minutes_per_reboot": 5.0,
    "notice_days": 7,
    "churn_per_month": 0.02,
    "vendor_quote": 60.0,
}
BASE = Scenario.preset("thought-experiment")


def company(**numbers):
    return Company.model_validate(NUMBERS | numbers)


def written(folder, **numbers):
    path = folder / "mine.toml"
    path.write_text("\n".join(f"{key} = {value!r}" for key, value in numbers.items()))
    return path


def test_the_example_is_eight_numbers():
    assert example_names() == ["my-company"]
    assert Company.load("my-company") == company()
    assert set(NUMBERS) | {"breach_cost", "patch_days"} == set(Company.model_fields)


def test_a_breach_costs_and_patches_wait_what_the_operator_says():
    market = company(breach_cost=777.0, patch_days=3).market(BASE)
    assert market.security.breach_cost == 777.0
    assert [provider.policy.soak for provider in market.providers] == [3, 0]


@pytest.mark.parametrize(
    ("servers", "users"),
    [(1, 10), (1, 10_000), (2, 9), (7, 60), (7, 500), (40, 1), (40, 60), (40, 500), (3000, 1), (3000, 10_000)],
)
def test_a_simulated_server_takes_in_and_costs_what_a_real_one_does(servers, users):
    mine = company(servers=servers, users_per_server=users)
    market = mine.market(BASE)
    host = Market(market, rng=1).providers[0]
    assert host.servers == mine.servers_simulated == min(servers, max(20, 1000 // mine.users_simulated))
    assert host.users <= max(1000, servers)
    assert host.users * host.price / host.servers == pytest.approx(5.0 * users)
    assert host.server_cost == pytest.approx(0.6 * 5.0 * users)
    minutes_worth = market.users.downtime_value.median / host.price
    assert minutes_worth == pytest.approx(BASE.users.downtime_value.median / 5.0)  # so users decide as they would


def test_users_come_as_they_leave():
    market = company().market(BASE)
    rate = market.open_market.departures_per_year
    assert math.exp(-rate / 12) == pytest.approx(0.98)
    assert market.open_market.arrivals_per_day == pytest.approx(2000 * -math.expm1(-rate / 365))
    still = company(churn_per_month=0.0).market(BASE).open_market
    assert (still.arrivals_per_day, still.departures_per_year) == (0, 0)


def test_what_it_pays_per_patch_is_borne_by_the_part_of_the_fleet_that_is_simulated():
    mine = company()
    asked = ask(mine.market(BASE), company=mine).contrasts
    own = next(contrast for contrast in asked if contrast.name == "Own kernel engineers")
    assert own.patching["providers.0.policy"]["per_patch"] == 1600 * 20 / 40


def test_settings_win_over_the_eight_numbers():
    market = company().market(BASE, **{"users.tolerance.median": 3.0, "providers.1.policy": "reboot", "days": 30})
    assert (market.users.tolerance.median, market.days) == (3.0, 30)
    assert market.providers[1].policy.kind == "reboot"


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        ({"servers": 0}, "servers = 0: must be greater than or equal to 1"),
        ({"servers": 4.5}, "servers = 4.5: must be a whole number"),
        ({"users_per_server": 20_000}, "users_per_server = 20000: must be less than or equal to 10000"),
        ({"price": 0.0}, "price = 0.0: must be greater than 0"),
        ({"margin": 40.0}, "margin = 40.0: must be less than or equal to 1"),
        ({"minutes_per_reboot": -1.0}, "minutes_per_reboot = -1.0: must be greater than or equal to 0"),
        ({"notice_days": "a week"}, "notice_days = 'a week': must be a whole number"),
        ({"churn_per_month": 2.0}, "churn_per_month = 2.0: must be less than or equal to 0.5"),
        ({"vendor_quote": -60.0}, "vendor_quote = -60.0: must be greater than or equal to 0"),
        ({"servers": 3, "users_per_server": 3}, "users_per_server = 3: must give at least 10 users on all servers"),
        ({"servrs": 4}, "servrs: no such key; did you mean servers?"),
    ],
)
def test_a_wrong_number_is_a_line(numbers, line, tmp_path):
    with pytest.raises(ScenarioError) as refused:
        Company.load(written(tmp_path, **(NUMBERS | numbers)))
    assert str(refused.value).startswith(line)
    assert str(refused.value).count("\n") == 0


def test_what_is_missing_is_named_with_all_that_is_needed(tmp_path):
    with pytest.raises(ScenarioError) as refused:
        Company.load(written(tmp_path, servers=4, price=-1.0))
    lines = str(refused.value).splitlines()
    assert lines[0] == "users_per_server: is missing and has no default"
    assert "price = -1.0: must be greater than 0" in lines
    assert "vendor_quote: what live patches would cost you, dollars/server/month" in lines
    with pytest.raises(ScenarioError, match=r"is not a file; it needs 8 keys(.|\n)*notice_days: "):
        Company.load(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"servers = = 4\xff")
    with pytest.raises(ScenarioError, match="not a TOML file that can be read"):
        Company.load(broken)


def test_unknowns_are_those_that_matter_in_its_market():
    names = [unknown.name for unknown in unknowns_of(company().market(BASE))]
    assert names == ["tolerance", "memory", "word of mouth", "base churn", "flaws", "newcomers"]
    history = company(churn_per_month=0.0, notice_days=3).market(Scenario.preset("debian-history"))
    assert [unknown.name for unknown in unknowns_of(history)] == ["tolerance", "memory", "word of mouth"]


def test_the_answer_says_what_it_means_for_the_whole_fleet():
    mine = company(users_per_server=10, servers=10, minutes_per_reboot=20.0)
    decision = decision_on(mine.market(BASE, **{"days": 150, "flaws.per_year": 10.0}), company=mine, replicates=3)
    answer = tell(decision)
    assert "Simulated were 10 servers of 10 users a host; each user stands for 1 of yours." in answer.text
    assert json.loads(json.dumps(answer.summary, allow_nan=False)) == answer.summary
    assert answer.summary["company"]["vendor_quote"] == 60.0


@pytest.mark.slow
def test_decide_about_ones_own_company_as_its_users_meet_it(tmp_path):
    path = written(tmp_path, **(NUMBERS | {"servers": 4, "users_per_server": 20}))
    done = patchmarket("decide", "--my", str(path), "--json", "--replicates", "3", "--set", "days=60")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["provider"] == "My company"
    assert "takes at least 50 pairs to tell" in summary["answer"]


def test_a_missing_file_is_told_before_anything_is_run(tmp_path):
    done = patchmarket("decide", "--my", "nowhere.toml", "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.startswith("patchmarket: --my 'nowhere.toml': is not a file; it needs 8 keys")
    assert not (tmp_path / "out").exists()
