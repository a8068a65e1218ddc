"""A fit as a table and as plain values."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from answers.fitting.fit_measure import LEVELS, Fit, Learnt

if TYPE_CHECKING:
    from collections.abc import Sequence

WELL, PARTLY, HARDLY = 0.6, 0.3, 0.1  # narrowed by so much


def verdict(learnt: Learnt) -> str:
    """Say how far the records narrow an unknown."""
    if learnt.narrowed >= WELL:
        return "well known now"
    if learnt.narrowed >= PARTLY:
        return "partly known"
    return "hardly known" if learnt.narrowed >= HARDLY else "not told: as before"


def table_of(fit: Fit) -> pd.DataFrame:
    """Return a row for each unknown: the quantiles of its prior and its posterior, and by how much it is narrowed."""
    rows = []
    for learnt in fit.learnt:
        row: dict[str, Any] = {"unknown": learnt.name, "unit": learnt.unit}
        for name, quantiles in (("prior", learnt.prior), ("posterior", learnt.posterior)):
            row |= {f"{name}_{level:g}": value for level, value in zip(LEVELS, quantiles, strict=True)}
        row |= {"narrowed": learnt.narrowed, "verdict": verdict(learnt)}
        rows.append(row | {"grade": learnt.grade, "source": learnt.source})
    return pd.DataFrame(rows)


def shown_of(fit: Fit) -> pd.DataFrame:
    """Return what the terminal shows of the table."""
    rows = [
        {
            "unknown": learnt.name,
            "unit": learnt.unit,
            "before": _span(learnt.prior),
            "median": learnt.posterior[3],
            "95 % interval": _span(learnt.posterior),
            "narrowed, %": round(100 * learnt.narrowed),
            "": verdict(learnt),
        }
        for learnt in fit.learnt
    ]
    return pd.DataFrame(rows)


def _span(quantiles: "Sequence[float] | Any") -> str:
    """Write an interval.

    >>> _span([1.234, 0, 0, 0, 0, 0, 56.78])
    '1.23 to 56.8'
    """
    return f"{quantiles[0]:.3g} to {quantiles[-1]:.3g}"


def summary_of(fit: Fit) -> dict[str, Any]:
    """Return the object of `--json`."""
    return {
        "scenario": fit.scenario,
        "provider": fit.provider,
        "start": fit.start.isoformat(),
        "days": int(fit.edges[-1]),
        "periods": len(fit.cancelled),
        "customers": fit.customers,
        "customers_simulated": fit.simulated,
        "cancelled": float(fit.cancelled.sum()),
        "outages": len(fit.outages),
        "simulations": fit.simulations,
        "unknowns": [
            {
                "unknown": learnt.name,
                "unit": learnt.unit,
                "prior": {f"{level:g}": float(value) for level, value in zip(LEVELS, learnt.prior, strict=True)},
                "posterior": {f"{level:g}": float(v) for level, v in zip(LEVELS, learnt.posterior, strict=True)},
                "narrowed": learnt.narrowed,
                "verdict": verdict(learnt),
                "grade": learnt.grade,
                "source": learnt.source,
                "measure": learnt.measure,
            }
            for learnt in fit.learnt
        ],
        "not_reproduced": [surprise._asdict() for surprise in fit.surprises],
        "notes": fit.notes,
    }
