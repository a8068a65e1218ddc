"""Each market strategy as a table of what it sees and what it does."""

import pytest

from agents.policies import FastRestart, LivePatch, Reboot
from agents.strategies import Copy, CutPrice, Escalate, Hold, Match, Response, Review, Standing

REBOOT, LIVE = Reboot(), LivePatch()


def seen(lost=0.10, price=5.0, floor=0.0, rival_price=5.0, rival_profit=5880.0, rival_policy=LIVE, tried=()):
    me = Standing("Me", REBOOT, price, 4000.0)
    rival = Standing("Rival", rival_policy, rival_price, rival_profit)
    return Review(me, (rival,), lost, floor, tried)


@pytest.mark.parametrize(
    ("strategy", "review", "response"),
    [
        (Hold(), seen(lost=0.9), None),
        (Copy(trigger=0.05), seen(lost=0.06), Response("copy", policy=LIVE)),
        (Copy(trigger=0.05), seen(lost=0.05), None),
        (Copy(), seen(rival_profit=3999.0), None),  # it earns best itself
        (Copy(), seen(rival_policy=REBOOT), None),  # it does the same already
        (CutPrice(trigger=0.05, step=0.5), seen(lost=0.06), Response("cut-price", price=4.5)),
        (CutPrice(trigger=0.05), seen(lost=0.04), None),
        (CutPrice(step=0.5), seen(floor=4.8), Response("cut-price", price=4.8)),
        (CutPrice(step=0.5), seen(floor=5.0), None),
        (CutPrice(step=0.5), seen(floor=6.0), None),  # its cost has outgrown its price: it does not raise it
        (Match(), seen(rival_price=4.0), Response("match", price=4.0)),
        (Match(), seen(rival_price=4.0, floor=4.5), Response("match", price=4.5)),
        (Match(), seen(rival_price=6.0), None),
        (Match(), seen()._replace(others=()), None),
        (Escalate(steps=[CutPrice(), Copy()]), seen(), Response("cut-price", price=4.5)),
        (Escalate(steps=[CutPrice(), Copy()]), seen(tried=("cut-price",)), Response("copy", policy=LIVE)),
        (Escalate(steps=[CutPrice(), Copy()]), seen(tried=("cut-price", "copy")), Response("copy", policy=LIVE)),
        (Escalate(), seen(lost=0.01), None),
        (Escalate(steps=[CutPrice(), Copy()]), seen(floor=5.0), Response("copy", policy=LIVE)),  # nothing left to cut
        (Copy(), seen(rival_policy=FastRestart(reach=0.5)), None),  # some of its users could not run there
    ],
)
def test_what_a_strategy_does(strategy, review, response):
    assert strategy.respond(review) == response
