"""Flaws: the days on which a security hole appears whose fix needs new code on every host.

The whole history is drawn (or read) before day 0 from its own random streams, so that every policy meets the
same flaws, whatever else happens in the market. Each property of a flaw has a stream of its own: to switch one on moves
no other.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from agents.exposure import NEVER
from agents.policies import Flaw
from agents.security import Security
from model.errors import ScenarioError
from model.histories import (
    KINDS,
    DatedFlaw,
    cves_per_flaw,
    exploited_on,
    history_start,
    live_patched_on,
    read_history,
)
from model.schema import History, Poisson
from model.streams import stream

Calendar = dict[int, list[Flaw]]
"""Day -> the flaws that appear on it; days without flaws are left out."""


def draw_flaws(source: Poisson | History, days: int, seed: int, security: Security | None = None) -> Calendar:
    """Return all flaws of a run of `days` days.

    Each flaw's severity `u ~ U(0, 1)` comes from a stream of its kind, so the first n flaws of a kind are the
    same however long the run is, and hypervisor flaws do not disturb kernel flaws. So do its other properties.
    """
    calendar: Calendar = defaultdict(list)
    for kind in KINDS:
        if isinstance(source, Poisson):
            per_year = source.per_year if kind == "kernel" else source.hypervisor_per_year
            when = _poisson_days(per_year, source.dispersion, days, seed, kind)
            flaws = _drawn(source, when, seed, kind, [None] * len(when))
        else:
            start, dated = history_start(source), _replayed(source, kind, days)
            when = [(flaw.date - start).days for flaw in dated]
            flaws = _drawn(source, when, seed, kind, [flaw.n_cve for flaw in dated])
            flaws = [_with_dates(flaw, known, start) for flaw, known in zip(flaws, dated, strict=True)]
        for day, flaw, recalled in zip(when, flaws, _recalls(security or Security(), when, seed, kind), strict=True):
            calendar[day].append(flaw._replace(recalled=recalled))
    return dict(calendar)


def _poisson_days(per_year: float, dispersion: float, days: int, seed: int, kind: str) -> list[int]:
    """Return the day of each flaw; with a finite dispersion, a year's rate is Gamma of that shape and the same mean."""
    rate: float | NDArray[np.float64] = per_year / 365
    if np.isfinite(dispersion):
        years = stream(seed, "bursts", kind).standard_gamma(dispersion, -(-days // 365)) / dispersion
        rate = rate * np.repeat(years, 365)[:days]
    counts = stream(seed, "flaws", kind).poisson(rate, days)
    return [int(day) for day in np.repeat(np.arange(days), counts)]


def _drawn(
    source: Poisson | History, when: Sequence[int], seed: int, kind: str, counts: Sequence[int | None]
) -> list[Flaw]:
    """Return a flaw for each day, with the number of CVEs that is known, else one drawn from Debian's uploads."""

    def uniform(use: str) -> NDArray[np.float64]:
        return stream(seed, use, kind).random(len(when))

    def normal(use: str) -> NDArray[np.float64]:
        return stream(seed, use, kind).standard_normal(len(when))

    sizes = cves_per_flaw()
    drawn = [sizes[int(u * len(sizes))] for u in uniform("bundles")]
    cves = [size if known is None else known for size, known in zip(drawn, counts, strict=True)]
    severities, attacked, delays, efforts = (
        uniform("severities"),
        uniform("exploitation"),
        normal("exploit-delays"),
        normal("patch-delays"),
    )
    flaws = []
    for n, day in enumerate(when):
        used = attacked[n] < 1 - (1 - source.exploited_per_cve) ** cves[n]
        exploited = day + source.exploit_delay.days(delays[n]) if used else NEVER
        flaws.append(
            Flaw(kind, float(severities[n]), cves[n], exploited=min(exploited, NEVER), effort=float(efforts[n]))
        )
    return flaws


def _recalls(security: Security, when: Sequence[int], seed: int, kind: str) -> list[int]:
    """Return the day until which the fix of each flaw is bad, 0 where it never is."""
    bad = stream(seed, "bad-updates", kind).random(len(when)) < security.bad_update_probability
    delays = stream(seed, "recalls", kind).standard_exponential(len(when)) * security.recall_days
    # Whole days, rounded up: applied t days after it came, a fix is bad with the chance exp(-t / recall_days).
    return [day + int(np.ceil(delay)) if is_bad else 0 for day, is_bad, delay in zip(when, bad, delays, strict=True)]


def _replayed(source: History, kind: str, days: int) -> list[DatedFlaw]:
    flaws, start = read_history(source.history), history_start(source)
    last = flaws[-1].date
    available = (last - start).days + 1
    if days > available:
        raise ScenarioError.of(
            "days",
            days,
            f"must be at most {max(available, 0)}: {source.history} ends on {last}, and starts on {start} here",
        )
    return [flaw for flaw in flaws if flaw.kind == kind and 0 <= (flaw.date - start).days < days]


def _with_dates(flaw: Flaw, known: DatedFlaw, start: date) -> Flaw:
    """Return a flaw with the real dates of its exploitation and live patches, where the history names its CVEs."""

    def day(when: date | None) -> int:
        return NEVER if when is None else max(when, known.date).toordinal() - start.toordinal()

    if not known.cves:
        return flaw
    return flaw._replace(exploited=day(exploited_on(known)), live_patched=day(live_patched_on(known)))
