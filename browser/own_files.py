"""Files that a visitor drops onto the page: a scenario, a history of flaws, or a network."""

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

from browser.form import check_size
from model.errors import ScenarioError
from model.market import Market
from model.scenario import Scenario

MAX_BYTES = 50_000_000


def scenario_with(name: str, text: str, current: Scenario, folder: Path) -> Scenario:
    """Return the scenario that a file is, or the current one with the file's flaws or network.

    Parameters
    ----------
    name, text
        The file's name and content. A name that ends in .toml is a scenario; a CSV with a column `date` a history;
        any other file a list of links.
    current
        The scenario that a history or a network is put into.
    folder
        Where a history or a network is kept as long as the visitor is there.

    Raises
    ------
    ScenarioError
        If the file cannot be read as that, or names other files: these are on the visitor's machine.
    """
    if len(text) > MAX_BYTES:
        raise ScenarioError(f"{name}: must be at most {MAX_BYTES // 1_000_000} million characters on this page")
    if name.lower().endswith(".toml"):
        scenario = _scenario(name, text)
        check_size(scenario)
    else:
        path = folder / Path(name.replace("\\", "/")).name
        path.write_text(text, encoding="utf-8")
        try:
            scenario = current.replace(**_settings(path, text))
            check_size(scenario)
            Market(scenario, rng=0)  # reads the file, and raises what is wrong with it
        except ScenarioError as error:
            raise ScenarioError(str(error).replace(f"{folder}/", "")) from None
    return scenario


def _scenario(name: str, text: str) -> Scenario:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{name}: is not TOML ({error})") from None
    for table, key, built_in in (("network", "path", ()), ("flaws", "history", ("debian-kernel", "debian-advisories"))):
        section: Any = tables.get(table)
        if isinstance(section, dict) and section.get(key) not in (None, *built_in):
            raise ScenarioError.of(f"{table}.{key}", section[key], "drop this file onto the page, after the scenario")
    return Scenario.parse(tables)


def _settings(path: Path, text: str) -> dict[str, Any]:
    head = next(csv.reader(io.StringIO(text.lstrip("\ufeff"))), [])
    if "date" in [cell.strip() for cell in head]:
        return {"flaws": {"source": "history", "history": str(path)}}
    return {"network": {"kind": "file", "path": str(path)}}
