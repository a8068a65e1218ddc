"""Draws of the unknowns: from a posterior that `fit` has written, from the priors for the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from answers.unknowns import Priors, Unknown
from model.errors import ScenarioError
from model.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

POSTERIOR, PRIORS = "posterior.parquet", "priors.toml"
Values = NDArray[np.float64]


def write_posterior(draws: "pd.DataFrame", priors: Priors, folder: Path) -> None:
    """Write a posterior's draws, a column an unknown in its unit, and the priors that it came from."""
    import tomlkit

    write_atomically(folder / POSTERIOR, lambda path: draws.to_parquet(path, index=False))
    text = tomlkit.dumps(priors.model_dump(exclude_none=True))
    write_atomically(folder / PRIORS, lambda path: path.write_text(text, encoding="utf-8"))


def read_posterior(folder: Path) -> "tuple[pd.DataFrame, Priors]":
    """Return the draws and the priors of a fit's folder.

    Raises
    ------
    ScenarioError
        When there is no fit in it.
    """
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(folder / POSTERIOR), Priors.load(folder / PRIORS)
    except (OSError, pa.ArrowException):
        raise ScenarioError(
            f"--posterior {str(folder)!r}: must be a folder that `patchmarket fit` has written"
        ) from None


def draw(unknowns: Sequence[Unknown], posterior: "pd.DataFrame | None", number: int, seed: int) -> Values:
    """Return values of the unknowns, an array of draws by unknowns.

    What the posterior has comes from it, together as it hangs together; all else from the priors.
    """
    rng = np.random.default_rng(seed)
    units = rng.random((number, len(unknowns)))
    values = np.array([[u.value(x) for u, x in zip(unknowns, row, strict=True)] for row in units])
    if posterior is not None:
        rows = rng.integers(len(posterior), size=number)
        for k, unknown in enumerate(unknowns):
            if unknown.name in posterior:
                values[:, k] = posterior[unknown.name].to_numpy()[rows]
    return values
