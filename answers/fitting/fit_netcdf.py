"""A fit as ArviZ's InferenceData: groups of a NetCDF file, which ArviZ and xarray read."""

from pathlib import Path
from typing import Any

import numpy as np

from answers.fitting.fit_measure import Fit
from model.files import write_atomically

NAME = "fit.nc"


def available() -> bool:
    """Say whether what writes NetCDF is installed: the extra `arviz`."""
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("xarray", "h5netcdf", "h5py"))


def write_netcdf(fit: Fit, out: Path) -> None:
    """Write prior, posterior, simulations of both and what was observed, in ArviZ's groups and dimensions."""
    write_atomically(out / NAME, lambda path: _write(fit, path))


def _write(fit: Fit, path: Path) -> None:
    import xarray as xr

    period = np.asarray(fit.edges[:-1])
    names = [learnt.name.replace(" ", "_") for learnt in fit.learnt]
    groups: dict[str, dict[str, Any]] = {
        "posterior": {name: (("chain", "draw"), fit.draws[None, :, k]) for k, name in enumerate(names)},
        "prior": {name: (("chain", "draw"), fit.prior_draws[None, :, k]) for k, name in enumerate(names)},
        "posterior_predictive": {"cancelled": (("chain", "draw", "period"), fit.predicted[1][None])},
        "prior_predictive": {"cancelled": (("chain", "draw", "period"), fit.predicted[0][None])},
        "observed_data": {"cancelled": (("period",), fit.cancelled)},
    }
    for number, (group, variables) in enumerate(groups.items()):
        table = xr.Dataset(variables, coords={"period": period} if "cancelled" in variables else {})
        table.to_netcdf(path, mode="a" if number else "w", group=group, engine="h5netcdf")
