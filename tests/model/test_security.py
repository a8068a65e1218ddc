"""Security in a market: the record against a plain count, common random numbers, flaws as they really come."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.exposure import NEVER
from agents.security import Security
from model import Market, Scenario
from model.errors import ScenarioError
from model.flaws import draw_flaws
from model.histories import cves_per_flaw
from model.record import INDEX
from model.schema import History, Poisson
from tests import oracles

SMALL = {"users.count": 300, "days": 150, "providers.0.server_capacity": 10, "providers.1.server_capacity": 10}
USED = {"flaws.exploited_per_cve": 1.0, "flaws.exploit_delay": 5, "flaws.per_year": 15.0}


# --- the record


@settings(max_examples=15)
@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 30), st.sampled_from([0, 4]), st.floats(0, 1))
def test_the_record_holds_every_open_day_of_every_server(seed, notice, window, soak, coverage):
    host = {"kind": "reboot", "notice_days": notice, "window_days": window, "soak_days": soak}
    rival = {"kind": "live-patch", "coverage": coverage, "patch_delay_days": {"median": 9.0, "sigma": 1.0}}
    changes = {"providers.0.policy": host, "providers.1.policy": rival, "users.tolerance.median": 1.0}
    market = Market("thought-experiment", rng=seed, **SMALL, **USED, **changes).run()
    flaws = [(day, flaw) for day, found in sorted(market.flaws.items()) for flaw in found]
    days, exploited = [day for day, _ in flaws], [flaw.exploited for _, flaw in flaws]
    for j, provider in enumerate(market.providers):
        evenings = market.record.column("servers")[:-1, j].astype(int).tolist()
        servers = [provider.original_servers, *evenings]
        policy = provider.policy
        considered = [day + policy.soak for day in days]
        patched = [NEVER] * len(flaws)
        if j == 1:
            ready = [day + policy.patch_delay_days.days(flaw.effort) for day, flaw in flaws]
            patched = [
                when if flaw.severity < coverage else NEVER for when, (_, flaw) in zip(ready, flaws, strict=True)
            ]
        needs = [when == NEVER for when in patched]
        reboots = oracles.campaign_reboots(considered, needs, policy.notice_days, policy.window_days, servers)
        found = market.record.daily[:, j, [INDEX["exposed_server_days"], INDEX["exploitable_server_days"]]]
        assert found.tolist() == [list(pair) for pair in oracles.exposure(days, patched, exploited, reboots, servers)]


@pytest.mark.parametrize("seed", range(3))
def test_attackers_change_nothing_before_the_first_breach(seed):
    policy = {"providers.0.policy.notice_days": 20, "users.tolerance.median": 2.0}
    calm, attacked = (
        Market("thought-experiment", rng=seed, **SMALL, **USED, **policy, **{"security.attack_rate": rate}).run()
        for rate in (0.0, 0.02)
    )
    first = int(attacked.record.column("breaches").any(axis=1).argmax())
    assert attacked.record.column("breaches")[first].sum() > 0
    assert calm.flaws == attacked.flaws
    np.testing.assert_array_equal(calm.record.daily[:first], attacked.record.daily[:first])
    moves = [
        [column[columns[0] < first] for column in columns]
        for columns in (calm.record.move_columns, attacked.record.move_columns)
    ]
    for mine, theirs in zip(*moves, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_breach_is_news_of_its_own_costs_dollars_and_minutes():
    breached = {"security": {"attack_rate": 0.01, "breach_cost": 777.0, "breach_minutes": 200.0}}
    market = Market("thought-experiment", rng=2, **SMALL, **USED, **breached, **{"users.initial_awareness": 1.0}).run()
    record = market.record
    breaches = record.column("breaches").sum(axis=0)
    assert breaches[0] > 0
    assert (record.column("breach_cost").sum(axis=0) == 777.0 * breaches).all()
    assert (
        record.column("breach_downtime_minutes")[:, 0].sum()
        == 200.0 * record.outages.query("cause == 'breach' and provider == 'Reboot & Co'")["instances"].sum()
    )
    lost = record.column("left_after_breach").sum()
    assert lost == (record.moves["trigger"] == "breach").sum() > 0


def test_announced_minutes_may_weigh_less():
    full, half, none = (
        Market("thought-experiment", rng=2, **SMALL, **{"users.planned_weight": weight}).run()
        for weight in (1.0, 0.5, 0.0)
    )
    left = [market.record.column("left").sum() for market in (full, half, none)]
    assert left[0] > left[1] > left[2] == 0
    assert (none.record.column("planned_downtime_minutes") == none.record.column("downtime_minutes")).all()


# --- flaws


def drawn(days=365, seed=1, security=None, **settings):
    flaws = draw_flaws(Poisson(source="poisson", **settings), days, seed, security)
    return [(day, flaw) for day, found in sorted(flaws.items()) for flaw in found]


def test_overdispersed_flaws_have_the_variance_of_the_negative_binomial():
    mean, k, years = 10.8, 3.8, 20_000
    counts = np.bincount([day // 365 for day, _ in drawn(years * 365, per_year=mean, dispersion=k)], minlength=years)
    variance = mean + mean**2 / k
    assert abs(counts.mean() - mean) < 4 * math.sqrt(variance / years)
    fourth = ((counts - counts.mean()) ** 4).mean()
    assert abs(counts.var() - variance) < 4 * math.sqrt((fourth - variance**2) / years)


def test_bursts_attacks_and_bad_fixes_do_not_move_the_other_draws():
    plain = drawn(per_year=20.0)
    used = drawn(per_year=20.0, exploited_per_cve=1.0, security=Security(bad_update_probability=1.0))
    assert [(day, flaw.severity, flaw.cves) for day, flaw in plain] == [(d, f.severity, f.cves) for d, f in used]
    assert all(flaw.recalled > day for day, flaw in used)
    longer = drawn(730, per_year=20.0)
    assert longer[: len(plain)] == plain


def test_a_flaw_is_exploited_with_the_chance_of_its_bundle():
    found = [flaw for _, flaw in drawn(365 * 400, per_year=50.0, exploited_per_cve=0.05)]
    sizes = np.array(cves_per_flaw())
    chance = (1 - 0.95**sizes).mean()
    share = np.mean([flaw.exploited < NEVER for flaw in found])
    assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / len(found))
    assert {flaw.cves for flaw in found} == set(sizes)


def test_debians_flaws_carry_their_real_exploitation_and_live_patches():
    flaws = draw_flaws(History(source="history"), 1877, 1)
    exploited = {day: flaw.exploited - day for day, found in flaws.items() for flaw in found if flaw.exploited < NEVER}
    assert sorted(exploited.values()) == [68, 102, 683, 767, 946]
    patched = {
        day: flaw.live_patched - day for day, found in flaws.items() for flaw in found if flaw.live_patched < NEVER
    }
    assert len(patched) == 17  # one of the 18 uploads with a live-patched CVE has an exploited one that was not
    assert patched[0] == 0  # patched live before Debian's upload
    assert patched[min(exploited)] == 2  # CVE-2022-0185
    assert sum(flaw.cves for found in flaws.values() for flaw in found) == sum(cves_per_flaw())


def test_a_history_may_name_or_count_its_cves(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("date,kind,n_cve,cves\n2022-01-18,kernel,,CVE-2022-0185\n2022-02-01,kernel,7,\n2022-03-01,,,\n")
    found = draw_flaws(History(source="history", history=str(file)), 43, 1)
    (named,), (counted,), _ = found[0], found[14], found[42]
    assert (named.cves, named.exploited, named.live_patched) == (1, 946, 2)
    assert counted.cves == 7
    file.write_text("date,n_cve\n2022-01-18,many\n")
    with pytest.raises(ScenarioError, match=r"line 2: n_cve 'many' must be a whole number from 0"):
        draw_flaws(History(source="history", history=str(file)), 1, 1)


# --- what may be asked for


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"providers.0.policy": {"kind": "none", "breach_per_flaw_day": 0.1}},
            "providers.0.policy.breach_per_flaw_day: is now security.attack_rate, a rate per server-day",
        ),
        (
            {"providers.1.policy": {"kind": "defer", "breach_cost": 5.0}},
            "providers.1.policy.breach_cost: is now security.breach_cost, for all policies alike",
        ),
        (
            {"providers.1.policy": {"kind": "live-patch", "source": "history"}},
            "providers.1.policy.source = 'history': needs flaws from a history that names their CVEs",
        ),
        ({"security.scope": "rack"}, "security.scope = 'rack': must be 'server' or 'fleet'"),
        ({"security.recall_days": 0.0}, "security.recall_days = 0.0: must be greater than 0"),
        ({"flaws.dispersion": 0.0}, "flaws.dispersion = 0.0: must be greater than 0"),
        ({"flaws.exploit_delay": -3}, "flaws.exploit_delay.median = -3: must be greater than or equal to 0"),
        (
            {"providers.1.policy.patch_delay_days": "soon"},
            "providers.1.policy.patch_delay_days = 'soon': must be a table",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(changes, line):
    with pytest.raises(ScenarioError) as error:
        Scenario.load("thought-experiment", **changes)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
