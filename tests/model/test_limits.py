"""What the limits of the model mean for its answers; the limits themselves are checked in test_validation.py."""

import pytest

from answers.validation.money import earned, market_in_which_a_share_moves
from model import Market, closed_forms
from model.summary import summarise


def test_a_fleet_pays_for_whole_servers():
    host, rival = summarise(market_in_which_a_share_moves(0.20, per_host=1000))["providers"]
    assert (host["left"], rival["joined"]) == (200, 200)
    assert host["profit_per_original_server"] == pytest.approx(4000.0)
    # 1,200 users need two servers, so the rival pays for two; per user it is as in the email at full servers.
    assert rival["profit_per_original_server"] == pytest.approx(6000.0 - 2 * 100.0)


@pytest.mark.parametrize(
    ("threshold", "percent"),
    [
        (closed_forms.pays_for_rival_above, 2.0408),
        (closed_forms.out_earns_above, 1.0101),
        (closed_forms.copying_pays_above, 2.0),
    ],
)
def test_thresholds_are_where_the_two_sides_are_equal(threshold, percent):
    share = threshold(5000, 100)
    assert round(100 * share, 4) == percent
    host, rival = closed_forms.after_the_move(5000, 100, share)
    equal = {2.0408: (rival, 5000), 1.0101: (rival, host), 2.0: (host, 5000 - 100)}[percent]
    assert equal[0] == pytest.approx(equal[1])


def test_the_emails_figures_are_those_of_the_closed_form():
    assert closed_forms.after_the_move(5000, 100, 0.20) == (4000.0, 5880.0) == pytest.approx(earned(0.20))
    assert closed_forms.break_even_price(5000, 0.20) == 1000.0


def test_the_answer_says_it_in_dollars():
    text = summarise(market_in_which_a_share_moves(0.20, per_host=1000))["answer"]
    assert "Live patching pays: 20.0% of A's users moved to B" in text
    assert "$4,000 for A" in text
    assert "up to $1,000 per server and month" in text


def test_live_patching_does_not_pay_below_the_threshold():
    answer = summarise(market_in_which_a_share_moves(0.02, per_host=1000))["answer"]
    assert "more than 2.04% would have to move" in answer


@pytest.mark.parametrize(("attrition", "churn", "extra"), [(0.25, 0.05, 0.2), (1.0, 0.0, 0.1), (0.1, 0.3, 2.0)])
def test_at_the_break_even_price_with_churn_both_earn_alike(attrition, churn, extra):
    margin, arrivals = 5.0, 7.0
    price = closed_forms.break_even_with_churn(margin, attrition, churn, extra)
    patching = arrivals / (attrition + churn) * (margin - price)
    rebooting = arrivals / (attrition + churn + extra) * margin
    assert patching == pytest.approx(rebooting)


def test_the_market_in_which_nobody_moves_moves_with_flaws_tolerance_and_a_graph():
    market = Market("thought-experiment", rng=3, **{"users.count": 1000}).run()
    assert market.record.flow_matrix.sum() > 0
    endless = Market("thought-experiment", rng=3, **{"users.count": 1000, "users.tolerance.median": float("inf")}).run()
    assert endless.record.column("downtime_minutes").sum() > 0
