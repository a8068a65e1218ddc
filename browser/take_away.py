"""Take away: what a visitor can download of a run."""

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from model.figures import history_figure
from model.scenario_toml import to_toml

if TYPE_CHECKING:
    from model.market import Market

TABLES = ("providers", "flows", "moves", "outages")


def tables(market: "Market", kind: str) -> bytes:
    """Return the tables of a run in a zip file, as `csv` or `parquet`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in TABLES:
            table, data = getattr(market.record, name), io.BytesIO()
            table.to_csv(data, index=False) if kind == "csv" else table.to_parquet(data, index=False)
            file.writestr(f"{name}.{kind}", data.getvalue())
    return archive.getvalue()


def figure(market: "Market", kind: str) -> bytes:
    """Return shares and profit over time as `png` or `svg`."""
    data = io.BytesIO()
    history_figure(market).savefig(data, format=kind)
    return data.getvalue()


def scenario(market: "Market") -> bytes:
    """Return the scenario that repeats the run; what was changed by hand is in its events."""
    head = f"# On the command line: patchmarket run <this file> --seed {market.seed}\n"
    return (head + to_toml(market.settings_as_run())).encode()


DOWNLOADS: dict[str, tuple[str, str, Callable[["Market"], bytes]]] = {
    "csv": ("tables-csv.zip", "Tables, CSV", lambda market: tables(market, "csv")),
    "parquet": ("tables-parquet.zip", "Tables, Parquet", lambda market: tables(market, "parquet")),
    "toml": ("scenario.toml", "Scenario, TOML", scenario),
    "png": ("history.png", "Figure, PNG", lambda market: figure(market, "png")),
    "svg": ("history.svg", "Figure, SVG", lambda market: figure(market, "svg")),
}
"""By kind: the name of the file, what it is called on the page, and what makes it."""
