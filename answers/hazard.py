"""How much each neighbour who left raises the hazard of leaving: a discrete-time hazard regression on moves.

Months are of 365/12 days. At risk in a month are the users who began at a provider and have not left it before;
what is counted is how many of the users they hear left that provider in the month before. The complementary
log-log link makes the coefficient that of proportional hazards in continuous time (Prentice and Gloeckler 1978); a
baseline of its own for each run and month takes up what all users meet together, as outages.

References
----------
Nitzan, I., Libai, B. (2011). Social effects on customer retention. Journal of Marketing 75(6), 24-38.
Prentice, R. L., Gloeckler, L. A. (1978). Regression analysis of grouped survival data with application to breast
cancer data. Biometrics 34, 57-67.
"""

import math
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.experience import DAYS_PER_MONTH

if TYPE_CHECKING:
    import pandas as pd

    from agents.word_of_mouth import Links
    from model.market import Market

MOST_STEPS = 100
WORST_ERROR = 5.0  # of a logarithm: a ratio known to within a factor of e^5 is not known
NEVER = np.iinfo(np.int64).max


class Ratio(NamedTuple):
    """A hazard ratio; the logarithm is what has a symmetric error."""

    log: float  # nan where the data say nothing
    standard_error: float  # of the logarithm, if people within a month and run are independent

    @property
    def value(self) -> float:
        """The factor by which each neighbour who left multiplies the hazard."""
        return math.exp(self.log)


UNKNOWN = Ratio(math.nan, math.nan)


def person_months(market: "Market", provider: int) -> "pd.DataFrame":
    """Return how many users were at risk, and left, by month and number of neighbours who had left before.

    Returns
    -------
    DataFrame
        A row for each whole month and number of neighbours: month, neighbours, at_risk, left.
    """
    began, day = first_leaving(market, provider)
    month = day.copy()
    month[day < NEVER] = (day[day < NEVER] // DAYS_PER_MONTH).astype(np.int64)
    return count(market.network.hears, began, month, int(market.day // DAYS_PER_MONTH))


def first_leaving(market: "Market", provider: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return who began at a provider, and the day on which each user first left it; NEVER for those who did not."""
    moved, user, origin, *_ = market.record.move_columns
    began = market.users.provider.astype(np.int64)
    began[user[::-1]] = origin[::-1]  # of a user's moves, the first is written last
    day = np.full(len(began), NEVER)
    away = origin == provider
    day[user[away][::-1]] = moved[away][::-1]
    return began == provider, day


def count(hears: "Links", began: NDArray[np.bool_], month: NDArray[np.int64], months: int) -> "pd.DataFrame":
    """Count users at risk by month and number of neighbours who left in the month before.

    Parameters
    ----------
    hears
        From each user to those it hears.
    began
        Whether a user began at the provider.
    month
        The month in which it left; NEVER if it did not.
    months
        Whole months that were observed.
    """
    import pandas as pd

    listener = np.repeat(np.arange(len(began)), np.diff(hears.indptr))
    counts = []
    for now in range(1, months):
        gone = (month == now - 1) & began
        neighbours = np.bincount(listener[gone[hears.indices]], minlength=len(began))
        here = began & (month >= now)
        leaving = month[here] == now
        at_risk = np.bincount(neighbours[here])
        left = np.bincount(neighbours[here][leaving], minlength=len(at_risk))
        counts += [(now, k, int(n), int(e)) for k, (n, e) in enumerate(zip(at_risk, left, strict=True)) if n]
    return pd.DataFrame(counts, columns=["month", "neighbours", "at_risk", "left"])


def hazard_ratio(counts: "pd.DataFrame") -> Ratio:
    """Fit the regression.

    Parameters
    ----------
    counts
        Rows of `person_months`, with a column `run` that tells runs apart.

    Returns
    -------
    Ratio
        nan where no run and month has both leavers and users who differ in their neighbours, and where leavers are
        so few that any ratio fits.
    """
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import ModelWarning

    strata = counts.groupby(["run", "month"])
    varied = strata["neighbours"].transform("nunique") > 1
    left, at_risk = strata["left"].transform("sum"), strata["at_risk"].transform("sum")
    told = counts[varied & (left > 0) & (left < at_risk)]
    if told.empty:
        return UNKNOWN
    stratum = told.groupby(["run", "month"]).ngroup().to_numpy()
    design = np.column_stack([told["neighbours"], np.eye(stratum.max() + 1)[stratum]])
    outcome = np.column_stack([told["left"], told["at_risk"] - told["left"]])
    rates = np.bincount(stratum, told["left"]) / np.bincount(stratum, told["at_risk"])
    start = np.concatenate([[0.0], np.log(-np.log1p(-rates))])  # the fit without neighbours
    model = GLM(outcome, design, family=families.Binomial(link=families.links.CLogLog()))
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # what they warn of shows in the error
        warnings.simplefilter("ignore", ModelWarning)
        try:
            fit: Any = model.fit(start, method="newton", maxiter=MOST_STEPS, disp=0)
        except np.linalg.LinAlgError:
            return UNKNOWN
        log, error = float(fit.params[0]), float(fit.bse[0])
    return Ratio(log, error) if fit.mle_retvals["converged"] and error < WORST_ERROR else UNKNOWN
