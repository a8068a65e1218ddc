"""A patch cycle as a paragraph."""

from answers.patch_timing.patch_cycle_measure import PatchCycle, WaitCost
from model.conclusion import dollars


def paragraph(cycle: PatchCycle) -> str:
    """Say which waiting time costs least, which are no worse, and what the cost is made of."""
    best, runs = cycle.best, f"in {cycle.replicates} runs of {cycle.days} days for each waiting time"
    low, high = -best.total.high, -best.total.low
    text = f"For {cycle.provider} it costs least to {described(best)}"
    if best.total.mean < 0:
        text += (
            f": {dollars(-best.total.mean)} less per server and month than patching at once (95 % interval "
            f"{dollars(low)} to {dollars(high)})"
        )
    text += f", {runs}"
    text += f" ({cycle.failed} runs failed and are left out)." if cycle.failed else "."
    alike = [wait for wait in cycle.waits if wait is not best and wait.more.low <= 0]
    if alike:
        text += f" Not clearly worse: {', '.join(described(wait) for wait in alike)}."
    worst = max(cycle.waits, key=lambda wait: wait.total.mean)
    text += f" It costs most to {described(worst)}: {dollars(worst.total.mean)} more than patching at once."
    apart = [wait for wait in (best, worst) if wait is not cycle.waits[0]]
    text += "".join(f" To {described(wait)}: {made_of(wait)}." for wait in apart)
    missing = [name for name, there in (("attacks", cycle.attacked), ("bad updates", cycle.faulty)) if not there]
    if missing:
        keys = {"attacks": "security.attack_rate", "bad updates": "security.bad_update_probability"}
        named = " and ".join(keys[name] for name in missing)
        text += f" There are no {' and no '.join(missing)} in this scenario; set {named}."
    return text


def described(wait: WaitCost) -> str:
    """Say what waiting so long means."""
    days = f"{wait.days} day{'s' if wait.days != 1 else ''}"
    if wait.way == "interval":
        return f"patch every {days}"
    return f"wait {days} after an update" if wait.days else "patch at once"


def made_of(wait: WaitCost) -> str:
    """Say what a cost is made of, compared with patching at once."""
    users, updates, breaches = (signed(part.mean) for part in (wait.users, wait.updates, wait.breaches))
    return f"{users} by outages and the users they drive away, {updates} by bad updates, {breaches} by breaches"


def signed(amount: float) -> str:
    """Format a difference of dollars.

    >>> signed(39.2), signed(-891.0)
    ('+$39', '-$891')
    """
    return f"+{dollars(amount)}" if amount > 0 else dollars(amount)
