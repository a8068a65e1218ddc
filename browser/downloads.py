"""The files that a visitor can download: tables, figures and the scenario of a run."""

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from model.figures import history_figure
from model.scenario_toml import to_toml

if TYPE_CHECKING:
    from model.market import Market

TABLES = ("providers", "flows", "moves", "outages")


class Download(NamedTuple):
    """A file that a visitor can download."""

    file_name: str
    label: str  # on the page
    content: "Callable[[Market], bytes]"


def zip_tables(market: "Market", file_format: str) -> bytes:
    """Return a zip file with the tables of a run, as `csv` or `parquet`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in TABLES:
            table, data = getattr(market.record, name), io.BytesIO()
            table.to_csv(data, index=False) if file_format == "csv" else table.to_parquet(data, index=False)
            file.writestr(f"{name}.{file_format}", data.getvalue())
    return archive.getvalue()


def draw_history(market: "Market", file_format: str) -> bytes:
    """Return the figure of shares and profit over time, as `png` or `svg`."""
    data = io.BytesIO()
    history_figure(market).savefig(data, format=file_format)
    return data.getvalue()


def write_scenario(market: "Market") -> bytes:
    """Return the scenario that repeats the run; changes made during it are among its events."""
    head = f"# On the command line: patchmarket run <this file> --seed {market.seed}\n"
    return (head + to_toml(market.settings_as_run())).encode()


DOWNLOADS = {
    "csv": Download("tables-csv.zip", "Tables, CSV", lambda market: zip_tables(market, "csv")),
    "parquet": Download("tables-parquet.zip", "Tables, Parquet", lambda market: zip_tables(market, "parquet")),
    "toml": Download("scenario.toml", "Scenario, TOML", write_scenario),
    "png": Download("history.png", "Figure, PNG", lambda market: draw_history(market, "png")),
    "svg": Download("history.svg", "Figure, SVG", lambda market: draw_history(market, "svg")),
}
