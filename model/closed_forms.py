"""Closed forms: the email's arithmetic. The simulation must agree with them, and its conclusion uses them.

All money is per server and month, at `revenue` dollars of revenue from a full server and `patches` dollars for
live patches; shares are of the rebooting provider's users. Source: debian-user, June 2018.
"""


def after_the_move(revenue: float, patches: float, moved: float) -> tuple[float, float]:
    """Return what the rebooting host and its live-patching rival earn per original server, after the move.

    >>> after_the_move(5000, 100, 0.20)
    (4000.0, 5880.0)
    """
    return revenue * (1 - moved), (revenue - patches) * (1 + moved)


def pays_for_rival_above(revenue: float, patches: float) -> float:
    """Return the share that must move for the rival to earn more than if it had not paid.

    >>> round(100 * pays_for_rival_above(5000, 100), 4)
    2.0408
    """
    return patches / (revenue - patches)


def out_earns_above(revenue: float, patches: float) -> float:
    """Return the share that must move for the rival to earn more than the rebooting host.

    >>> round(100 * out_earns_above(5000, 100), 4)
    1.0101
    """
    return patches / (2 * revenue - patches)


def copying_pays_above(revenue: float, patches: float) -> float:
    """Return the share that must otherwise be lost for the host to gain by paying for patches as well.

    >>> copying_pays_above(5000, 100)
    0.02
    """
    return patches / revenue


def break_even_price(revenue: float, lost: float) -> float:
    """Return the most that live patching may cost the host, if it keeps the share it would lose.

    >>> break_even_price(5000, 0.20)
    1000.0
    """
    return revenue * lost


def break_even_with_churn(margin: float, attrition: float, churn: float, extra_churn: float) -> float:
    """Return the most that live patching may cost a user and month where users come and go.

    With as many newcomers either way, the host has users in proportion to `1 / (attrition + churn)` if it patches
    live and `1 / (attrition + churn + extra_churn)` if it reboots; at `c* = m dh / (delta + h0 + dh)` both earn alike.

    Parameters
    ----------
    margin
        What a user leaves before patching, dollars a month.
    attrition, churn, extra_churn
        Rates at which users leave for good, to rivals anyway, and to rivals because of reboots; any one time unit.

    >>> round(break_even_with_churn(5.0, 0.25, 0.05, 0.20), 6)
    2.0
    """
    return margin * extra_churn / (attrition + churn + extra_churn)
