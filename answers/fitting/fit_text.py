"""A fit as a paragraph."""

from answers.fitting.fit_measure import Fit, Learnt
from answers.fitting.fit_table import HARDLY


def paragraph(fit: Fit) -> str:
    """Return the answer for people."""
    return " ".join([read(fit), learnt_from(fit), open_still(fit), reproduced(fit), *fit.notes]).replace("  ", " ")


def read(fit: Fit) -> str:
    """Say what was held against what."""
    sampled = f", of whom {fit.simulated:,} drawn at random are simulated" if fit.simulated < fit.customers else ""
    return (
        f"{fit.provider} had {fit.customers:,} customers on {fit.start}{sampled}. {fit.cancelled.sum():,.0f} of them "
        f"and of those who came later cancelled within {int(fit.edges[-1]):,} days, in which there were "
        f"{len(fit.outages)} outages. {fit.simulations:,} markets with the same outages were simulated, their unknowns "
        "drawn from the priors."
    )


def learnt_from(fit: Fit) -> str:
    """Say what is known now."""
    known = [one for one in fit.learnt if one.narrowed >= HARDLY]
    if not known:
        return "The records tell nothing of any unknown: all intervals are those of the priors."
    return f"What they tell: {'; '.join(_told(one) for one in known)}."


def _told(one: Learnt) -> str:
    low, high = one.posterior[0], one.posterior[-1]
    return (
        f"{one.name} {one.posterior[3]:.3g} {one.unit} (95 % interval {low:.3g} to {high:.3g}; {one.narrowed:.0%} "
        f"narrower than before)"
    )


def open_still(fit: Fit) -> str:
    """Say what is not known."""
    unknown = [one.name for one in fit.learnt if one.narrowed < HARDLY]
    if not unknown:
        return ""
    are = "their intervals are the priors'" if len(unknown) > 1 else "its interval is the prior's"
    return f"They do not tell {' or '.join(unknown)}: {are}."


def reproduced(fit: Fit) -> str:
    """Say whether the fitted model gives such records."""
    if not fit.surprises:
        return "Markets with these unknowns give records like these."
    parts = [
        f"{one.name} ({one.observed:.3g}, where 95 % are {one.low:.3g} to {one.high:.3g})" for one in fit.surprises
    ]
    return f"Markets with these unknowns do not reproduce {', '.join(parts)}: trust the intervals less."
