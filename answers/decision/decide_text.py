"""A decision as a paragraph."""

from answers.decision.decide_measure import Decision, Fleet, Security
from answers.decision.decide_uncertainty import LEAST_DRAWS, LEAVERS, Measurement, Uncertainty
from model.conclusion import dollars


def paragraph(decision: Decision) -> str:
    """Return the answer for people."""
    parts = [headline(decision)]
    if decision.uncertainty:
        parts += [odds(decision), split_in_words(decision.uncertainty), worth_measuring(decision.uncertainty)]
        parts += [best_policy(decision.uncertainty)]
    elif decision.unknowns:
        parts.append(f"What is worth measuring takes at least {LEAST_DRAWS} pairs to tell.")
    parts += [arithmetic(decision), with_security(decision.security)]
    parts += [at_vendors(decision), in_other_circumstances(decision)]
    if decision.fleet:
        parts.append(for_the_company(decision.fleet))
    return " ".join(part for part in parts if part)


def headline(decision: Decision) -> str:
    """Say the break-even price and what it means at the plan's price."""
    plan = decision.plan
    low, high = decision.interval
    most = f"{dollars(decision.break_even)} per server and month (95 % interval {dollars(low)} to {dollars(high)})"
    runs = f"in {decision.replicates} pairs of runs over {decision.days} days that differ in nothing else"
    if decision.unknowns:
        runs += ", each pair with its own draw of what is not known"
    failed = f" ({decision.failed} runs failed and are left out)" if decision.failed else ""
    if decision.break_even <= 0:
        first = f"Live patching does not pay for {decision.provider} even for nothing: its break-even price is {most}, "
    else:
        first = f"For {decision.provider} live patching pays up to {most}, "
    wins = f"gains {dollars(plan.gain)}" if plan.gain >= 0 else f"loses {dollars(-plan.gain)}"
    second = f" At {dollars(plan.price)} it {wins} per server and month on average, and pays in {plan.pays:.0%} of "
    second += "the pairs."
    if decision.deciding:
        who = " and ".join(decision.deciding)
        second += (
            f" {who} decide{'s' if len(decision.deciding) == 1 else ''} by what the patches cost, so that price was "
            "searched for by further runs; the other prices below hold while decisions fall as they do at the price "
            "asked."
        )
    return f"{first}{runs}{failed}.{second}"


def arithmetic(decision: Decision) -> str:
    """Say what the closed forms give."""
    closed = decision.closed
    text = (
        f"By the end it has {abs(closed.kept):.1%} of the first day's users {'more' if closed.kept >= 0 else 'fewer'}"
    )
    text += " than without; "
    if closed.needed is None:
        text += "by the email's arithmetic no price pays for keeping them, as a server earns nothing before patches."
    else:
        price = dollars(decision.plan.price)
        text += (
            f"by the email's arithmetic that is worth {dollars(closed.at_the_end)} once they have left, and {price} "
            f"pays as soon as more than {closed.needed:.1%} would leave."
        )
    if closed.in_the_long_run is not None:
        text += (
            f" A month {closed.departing:.2%} of the users leave for good, {closed.leaving:.2%} for rivals, and "
            f"{closed.leaving_more:.2%} more without live patching: if all went on at these rates, it would be worth "
            f"{dollars(closed.in_the_long_run)} in the long run."
        )
    return text


def with_security(security: Security) -> str:
    """Say what breaches weigh beside users, and how much they must cost for the answer to flip."""
    (open_without, open_with), (without, patching) = security.exposed, security.exploitable
    text = (
        f"Servers are open to flaws for {open_without:,.0f} server-days a run without live patching and "
        f"{open_with:,.0f} with it, {without:,.0f} and {patching:,.0f} of them to flaws that attackers use."
    )
    if without == patching:
        return f"{text} So no cost of a breach changes the answer."
    if security.attack_rate == 0:
        text += f" Nobody attacks in this scenario (security.attack_rate); at {dollars(security.breach_cost)} a breach "
        if security.turning_rate is None:
            return f"{text}no rate of attacks changes the answer."
        return f"{text}the answer flips above {1000 * security.turning_rate:,.2g} breaches in 1,000 such server-days."
    spared, each = security.breaches_spared, dollars(security.breach_cost)
    text += (
        f" Per server and month live patching {'spares' if spared >= 0 else 'adds'} {dollars(abs(spared))} of breaches "
        f"to be expected at {each} each, beside {dollars(security.users_kept)} of revenue from users whom it keeps or "
        "wins."
    )
    if security.turning_cost is None:
        return f"{text} No cost of a breach changes the answer."
    return f"{text} The answer flips where a breach costs {dollars(security.turning_cost)}."


def at_vendors(decision: Decision) -> str:
    """Say at whose present prices it pays."""
    gains = {case.name: case.gain for case in decision.vendors}
    losing = [name for name, gain in gains.items() if gain <= 0]
    paying = len(gains) - len(losing)
    text = f"At the vendors' present prices and coverage it pays on average with {paying} of {len(gains)}"
    return f"{text} (not with {', '.join(losing)})." if losing and len(losing) < len(gains) else f"{text}."


def in_other_circumstances(decision: Decision) -> str:
    """Say how the break-even price shifts."""
    if not decision.shifts:
        return ""
    prices = [f"{case.name} {dollars(case.break_even)}" for case in decision.shifts]
    return f"The break-even price in other circumstances: {', '.join(prices)}."


def for_the_company(fleet: Fleet) -> str:
    """Say what it comes to for the whole fleet, and what was scaled."""
    scaled = f"Simulated were {fleet.servers_simulated} servers of {fleet.users_simulated} users a host; each user "
    scaled += f"stands for {fleet.users_each:,.3g} of yours."
    return (
        f"For your {fleet.servers:,} servers the quote means {dollars(abs(fleet.gain_a_year))} a year "
        f"{'gained' if fleet.gain_a_year >= 0 else 'lost'}. {scaled}"
    )


def odds(decision: Decision) -> str:
    """Say how far the unknowns move the answer, and where they are from."""
    found = decision.uncertainty
    assert found is not None
    low, high = found.break_even
    learnt = f"{listed(found.learnt)} from your records" if found.learnt else ""
    assumed = f"{listed(found.assumed)} from the priors" if found.assumed else ""
    known = "; ".join(filter(None, (learnt, assumed)))
    return (
        f"That is the mean over what is not known ({known}): in 95 % of its draws the price is between {dollars(low)} "
        f"and {dollars(high)}, and at {dollars(decision.plan.price)} live patching pays on average with probability "
        f"{found.pays_on_average:.0%}."
    )


def split_in_words(found: Uncertainty) -> str:
    """Say what the variance of the gain is from."""
    alone = ", ".join(f"{one.unknown} {max(one.variance, 0.0):.0%}" for one in by_variance(found))
    return (
        f"Of the variance of a year's gain {found.split.seeds:.0%} is chance, {alone}, and the rest what they do "
        "together."
    )


def by_variance(found: Uncertainty) -> list[Measurement]:
    """Return the unknowns, the one that explains most first."""
    return sorted(found.measurements, key=lambda one: -one.variance)


def worth_measuring(found: Uncertainty) -> str:
    """Say what to measure first, and how."""
    first, rest = found.measurements[0], found.measurements[1:]
    if found.perfect.value <= found.perfect.error:
        return "No measurement would change the decision: knowing all of it is worth nothing that these runs can tell."
    text = (
        f"Knowing all of it is worth up to {dollars(found.perfect.value)} a year (standard error "
        f"{dollars(found.perfect.error)})."
    )
    if first.worth.value > first.worth.error:
        others = [f"{one.unknown} {dollars(one.worth.value)}" for one in rest if one.worth.value > one.worth.error]
        text += (
            f" Measure {first.unknown} first; it is worth up to {dollars(first.worth.value)} a year: {first.measure}."
        )
        text += f" Then: {', '.join(others)}." if others else " Nothing else alone is worth measuring."
    else:
        text += " No unknown alone is worth measuring, only several together."
    if found.survey is not None:
        text += (
            f" Asking {LEAVERS} leavers whether they went for a rival or for reasons of their own is worth "
            f"{dollars(found.survey.value)}."
        )
    return text


def best_policy(found: Uncertainty) -> str:
    """Say which policy is best on average, and how surely."""
    best, second = found.policies[0], found.policies[1]
    return (
        f"Of all policies {best.policy} is best on average, by {dollars(best.gain - second.gain)} a server and month "
        f"before {second.policy}; it is the best with probability {best.best:.0%}."
    )


def listed(names: list[str]) -> str:
    """Write names in a row.

    >>> listed(["memory"]), listed(["memory", "flaws", "churn"])
    ('memory', 'memory, flaws and churn')
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
