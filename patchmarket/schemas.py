"""JSON Schemas of the files that people write, from the declarations that check them: editors complete and check."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from agents.delay import as_delay
from agents.settings import Settings, as_table
from model.errors import ScenarioError

if TYPE_CHECKING:
    from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ORIGIN = ("unit", "grade", "source")  # what `setting` notes of a key
Schema = dict[str, Any]


class Kind(NamedTuple):
    """One kind of file."""

    settings: type[Settings]
    title: str
    folder: Path  # where the project keeps its schema
    spell: Callable[[Schema], None]  # adds what a file may say in short


def kinds() -> dict[str, Kind]:
    """Return the kinds of files, by the name that the command line knows."""
    from answers.calibration import targets
    from answers.decision import decide_company
    from batch import study, study_file
    from model import scenario

    return {
        "scenario": Kind(scenario.Scenario, "A scenario of patchmarket", scenario.DATA, nothing),
        "study": Kind(study.Study, "A study of patchmarket", study_file.DATA, spell_study),
        "targets": Kind(targets.Targets, "Targets of a calibration", targets.DATA, nothing),
        "company": Kind(decide_company.Company, "A hosting company in eight numbers", decide_company.DATA, nothing),
    }


def place_of(name: str) -> Path:
    """Return where the project keeps a schema."""
    return kinds()[name].folder / f"{name}.schema.json"


def schema_text(name: str) -> str:
    """Return the schema of a kind of file, as JSON.

    Raises
    ------
    ScenarioError
        If there is no such kind.
    """
    if name not in kinds():
        raise ScenarioError.of("NAME", name, f"must be one of {', '.join(kinds())}")
    kind = kinds()[name]
    schema = kind.settings.model_json_schema(schema_generator=FileSchema)
    for table in [schema, *schema.get("$defs", {}).values()]:
        describe(table)
    kind.spell(schema)
    head = {"$schema": DIALECT, "title": kind.title}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=1) + "\n"


class FileSchema(GenerateJsonSchema):
    """The schema of a TOML file: there is no null in it, and a bare name may stand for a table."""

    def nullable_schema(self, schema: "core_schema.NullableSchema") -> JsonSchemaValue:
        """Leave null out: a key without a value is left out of the file."""
        return self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: "core_schema.BeforeValidatorFunctionSchema") -> JsonSchemaValue:
        """Allow a bare name where `as_table` reads one, a bare number where `as_delay` does."""
        table = self.generate_inner(schema["schema"])
        read = schema["function"]["function"]
        if read is as_delay:
            return {"anyOf": [{"type": "number", "minimum": 0}, table]}
        return named_or(table) if read is as_table else table

    def default_schema(self, schema: "core_schema.WithDefaultSchema") -> JsonSchemaValue:
        """Leave a default of None out."""
        written = super().default_schema(schema)
        return {key: value for key, value in written.items() if not (key == "default" and value is None)}


def named_or(table: Schema) -> Schema:
    """Return a schema that allows the name of a kind instead of its table."""
    return {"anyOf": [{"enum": list(table["discriminator"]["mapping"])}, table]}


def describe(table: Schema) -> None:
    """Put unit, grade and source into the descriptions of a table's keys, and demand the key that tells its kind."""
    table.pop("title", None)
    for key, value in table.get("properties", {}).items():
        value.pop("title", None)
        unit, grade, source = (value.pop(name, "") for name in ORIGIN)
        graded = [grade if "default" in value and grade != "design" else "", source]
        if value.get("default") == math.inf:  # JSON has no such number
            graded = ["inf", *graded]
            del value["default"]
        default = ", ".join(text for text in graded if text)
        remarks = [value.get("description", ""), unit, f"default {default}" if default else ""]
        if any(remarks):
            value["description"] = "; ".join(remark for remark in remarks if remark)
        if "const" in value:
            table["required"] = sorted({*table.get("required", []), key})


def nothing(_schema: Schema) -> None:
    """Leave a schema as it is: its files are spelt out."""


def spell_study(schema: Schema) -> None:
    """Allow what a study's file says in short: a preset's name, `replicates = 20`, `design = "grid"`, a CSV file."""
    keys, tables = schema["properties"], schema["$defs"]
    either = [{"type": "string"}, {"$ref": "#/$defs/Scenario"}]
    keys["scenario"] = {"description": "the base: a preset's name, a file beside this one, or a table", "anyOf": either}
    keys["settings"] = {"description": "what is changed in the base: dotted path = value", "type": "object"}
    keys["replicates"] = {
        "description": keys["replicates"]["description"],
        "anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/Replicates"}],
    }
    keys["design"] = {"description": keys["design"].pop("description")} | named_or(keys["design"])
    points = tables["Points"]
    points["properties"]["file"] = {"description": "instead of `points`: a CSV file beside this one", "type": "string"}
    points["required"].remove("points")


def write_all() -> Iterator[Path]:
    """Write every schema to its place in the project, and return where."""
    for name in kinds():
        text, path = schema_text(name), place_of(name)
        path.write_text(text, encoding="utf-8")
        yield path
