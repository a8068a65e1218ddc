"""Reading a study's file: everything that it refers to is inserted.

The base scenario becomes a whole one, the points of a CSV file become tables, and names of files become paths that
are found from anywhere. What is then written is complete.
"""

import copy
import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.errors import ScenarioError
from model.paths import read_assignment
from model.scenario import Scenario, preset_names

DATA = Path(__file__).parent / "data"
FILE_KEYS = {"network": "path", "flaws": "history"}  # settings that may name a file


def study_names() -> list[str]:
    """Return the names of the studies that come with the project."""
    return sorted(path.stem for path in DATA.glob("*.toml"))


def read_study(source: str | Path | Mapping[str, Any]) -> tuple[dict[str, Any], Path]:
    """Return a study's tables, as its file has them, and the folder that paths in it are relative to."""
    if isinstance(source, Mapping):
        return copy.deepcopy(dict(source)), Path()
    path = DATA / f"{source}.toml" if isinstance(source, str) and source in study_names() else Path(source)
    if not path.is_file():
        raise ScenarioError(f"study {str(source)!r}: neither a file nor one of {', '.join(study_names())}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path.parent
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"study {str(source)!r}: not a TOML file that can be read: {error}") from None


def resolved(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a study's tables with everything that they refer to inserted: the scenario, the points, absolute paths."""
    full = copy.deepcopy(dict(tables))
    full["scenario"] = _base(full.get("scenario"), full.pop("settings", {}), folder)
    full = expanded(full)
    if isinstance(full.get("design"), dict):
        full["design"] = with_points(full["design"], folder)
        for point in full["design"].get("points", []) if full["design"].get("kind") == "points" else []:
            point.update({path: with_resolved_path(path, value, folder) for path, value in point.items()})
    for factor in full["factors"] if isinstance(full.get("factors"), list) else []:
        if not isinstance(factor, dict) or not isinstance(factor.get("levels"), list):
            continue
        if isinstance(factor.get("path"), str):
            factor["levels"] = [with_resolved_path(factor["path"], level, folder) for level in factor["levels"]]
        elif isinstance(factor.get("paths"), list):
            factor["levels"] = [
                [
                    with_resolved_path(str(path), value, folder)
                    for path, value in zip(factor["paths"], level, strict=False)
                ]
                if isinstance(level, list) and len(level) == len(factor["paths"])
                else level
                for level in factor["levels"]
            ]
    return full


def expanded(tables: dict[str, Any]) -> dict[str, Any]:
    """Turn `replicates = 20` and `design = "grid"` into the tables that they stand for."""
    repeats, design = tables.get("replicates"), tables.get("design")
    if isinstance(repeats, int) and not isinstance(repeats, bool):
        tables = tables | {"replicates": {"minimum": repeats}}
    return tables | {"design": {"kind": design}} if isinstance(design, str) else tables


def _base(source: Any, settings: Any, folder: Path) -> Scenario:
    """Return the base scenario: a preset, a file beside the study, or tables, with the study's changes."""
    if not isinstance(settings, Mapping):
        raise ScenarioError.of("settings", settings, "must be a table: dotted path = value")
    if source is None:
        raise ScenarioError("scenario: is missing; give a preset, a file or a table")
    if not isinstance(source, str | Path | Mapping | Scenario):
        raise ScenarioError.of("scenario", source, "must be a preset's name, a file or a table")
    if isinstance(source, str | Path) and source not in preset_names():
        source = folder / source
    if isinstance(source, Mapping):
        source = {key: with_resolved_path(key, value, folder) for key, value in source.items()}
    changes = {path: with_resolved_path(path, value, folder) for path, value in flat(settings).items()}
    try:
        scenario = Scenario.load(source, **changes)
    except ScenarioError as error:
        lines = str(error).splitlines()
        raise ScenarioError(
            "\n".join(f"{'' if x.startswith('scenario ') else 'scenario.'}{x}" for x in lines)
        ) from None
    found = {path: with_resolved_path(path, value, Path()) for path, value in flat(_file_names(scenario)).items()}
    return scenario.replace(**found) if found else scenario


def _file_names(scenario: Scenario) -> dict[str, Any]:
    """Return the settings of a scenario that name a file."""
    named = {f"{table}.{key}": getattr(getattr(scenario, table), key, None) for table, key in FILE_KEYS.items()}
    return {path: name for path, name in named.items() if isinstance(name, str) and Path(name).is_file()}


def with_resolved_path(path: str, value: Any, folder: Path) -> Any:
    """Return a setting's value with the file that it names found in `folder`, so that it is found from anywhere."""
    for table, key in FILE_KEYS.items():
        if path == table and isinstance(value, dict):
            return value | {key: with_resolved_path(f"{table}.{key}", value[key], folder)} if key in value else value
        if path == f"{table}.{key}" and isinstance(value, str) and (folder / value).is_file():
            return str((folder / value).resolve())
    return value


def with_points(design: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Read the CSV file of a `points` design into its tables, so that the study is complete without the file."""
    tables = dict(design)
    if tables.get("kind") == "points" and "file" in tables:
        if "points" in tables:
            raise ScenarioError("design.file: must be given, or else tables `design.points`, not both")
        tables["points"] = read_points(folder, tables.pop("file"))
    elif tables.get("kind") == "points" and "points" in tables:
        given = tables["points"]
        if not isinstance(given, list) or not given or not all(isinstance(point, dict) for point in given):
            raise ScenarioError.of("design.points", given, "must be a list of at least one table")
        tables["points"] = [flat(point) for point in given]
    return tables


def flat(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables, as TOML reads unquoted dotted keys, into dotted paths; a quoted key is kept with its table.

    >>> flat({"users": {"count": 10}, "providers.0.policy": {"kind": "reboot"}})
    {'users.count': 10, 'providers.0.policy': {'kind': 'reboot'}}
    """
    paths: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, dict) and value and "." not in key:
            paths |= flat(value, f"{prefix}{key}.")
        else:
            paths[f"{prefix}{key}"] = value
    return paths


def read_points(folder: Path, file: Any) -> list[dict[str, Any]]:
    """Read points from a CSV file whose header names dotted paths; a value is read as TOML, else as bare text."""
    place = "design.file"
    if not isinstance(file, str) or not (folder / file).is_file():
        raise ScenarioError.of(place, file, "must be a CSV file, its path relative to the study's file")
    try:
        with (folder / file).open(newline="", encoding="utf-8-sig") as lines:
            header, *rows = [row for row in csv.reader(lines) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ScenarioError.of(place, file, f"must be a CSV file in UTF-8 with a header ({error})") from None
    paths = [path.strip() for path in header]
    if len(set(paths)) < len(paths) or not all(paths):
        raise ScenarioError.of(place, file, "must name each column once in its first line")
    if not rows:
        raise ScenarioError.of(place, file, "must have at least one line below the header")
    points = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(paths):
            raise ScenarioError(f"{place}, {file} line {number}: has {len(row)} values; must be {len(paths)}")
        cells = zip(paths, row, strict=True)
        points.append({path: read_assignment(f"{path}={text}")[1] for path, text in cells if text.strip()})
    return points
