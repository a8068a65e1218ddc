"""The JSON Schemas that editors use: they are what the code says, take every file of ours, and refuse bad ones."""

import json
import re
import tomllib
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from answers import company, unknowns
from batch import study_file
from model import Scenario
from model.errors import ScenarioError
from model.scenario import DATA, preset_names
from patchmarket.schemas import kinds, place_of, schema_text
from tests.commands import patchmarket

FILES = {
    "scenario": sorted((DATA / "presets").glob("*.toml")),
    "study": sorted(study_file.DATA.glob("*.toml")),
    "company": sorted(company.DATA.glob("*.toml")),
    "priors": [unknowns.PRIORS],
}
OURS = [(kind, path) for kind, paths in FILES.items() for path in paths]


def as_json(value):
    """Return TOML's values as an editor hands them to a schema: dates are text."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def faults(kind, tables):
    validator = Draft202012Validator(json.loads(schema_text(kind)))
    return [error.json_path for error in validator.iter_errors(as_json(tables))]


@pytest.mark.parametrize("kind", FILES)
def test_the_committed_schema_is_what_the_code_says_and_is_a_schema(kind):
    text = schema_text(kind)
    assert place_of(kind).read_text(encoding="utf-8") == text, "run: patchmarket schema --write"
    Draft202012Validator.check_schema(json.loads(text, parse_constant=pytest.fail))


@pytest.mark.parametrize(("kind", "path"), OURS, ids=[path.stem for _, path in OURS])
def test_a_file_of_ours_names_its_schema_and_agrees_with_it(kind, path):
    text = path.read_text(encoding="utf-8")
    named = re.match(r"#:schema (\S+)\n", text)
    assert (path.parent / named[1]).resolve() == place_of(kind).resolve()
    assert faults(kind, tomllib.loads(text)) == []


@pytest.mark.parametrize("name", preset_names())
def test_a_complete_scenario_agrees_with_its_schema(name):
    assert faults("scenario", Scenario.preset(name).tables()) == []


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"users": {"count": 0}}, "$.users.count"),
        ({"users": {"count": 2.5}}, "$.users.count"),
        ({"users": {"memory_days": 0.0}}, "$.users.memory_days"),
        ({"users": {"tolerence": {}}}, "$.users"),
        ({"network": {"degree": 8}}, "$.network"),
        ({"network": {"kind": "watts-strogatz", "degree": 7}}, "$.network"),
        ({"flaws": {"source": "history", "start": 2021}}, "$.flaws"),
        ({"providers": []}, "$.providers"),
        ({"providers": [{"name": "A", "policy": "pray"}]}, "$.providers[0].policy"),
        ({"providers": [{"name": "A", "policy": {"kind": "live-patch", "coverage": 1.5}}]}, "$.providers[0].policy"),
    ],
)
def test_what_the_code_refuses_the_schema_refuses_at_that_place(settings, place):
    tables = {"providers": [{"name": "A"}]} | settings
    assert faults("scenario", tables) == [place]
    with pytest.raises(ScenarioError):
        Scenario.parse(tables)


def test_what_a_file_may_say_in_short_is_allowed():
    hosts = [{"name": "A", "policy": "reboot", "strategy": "hold"}, {"name": "B", "policy": {"kind": "none"}}]
    assert faults("scenario", {"providers": hosts}) == []
    study = {"name": "s", "scenario": "quiet", "replicates": 2, "design": "grid", "settings": {"users.count": 5}}
    assert faults("study", study) == []
    assert faults("study", study | {"design": {"kind": "points", "file": "points.csv"}}) == []
    assert faults("study", study | {"scenario": {"providers": hosts}, "replicates": {"minimum": 3}}) == []
    assert faults("study", study | {"replicates": 0}) == ["$.replicates"]
    assert faults("study", study | {"design": "spiral"}) == ["$.design"]


def test_a_key_says_what_it_is_its_unit_and_where_its_default_is_from():
    keys = json.loads(schema_text("scenario"))["$defs"]["UserSettings"]["properties"]
    assert keys["memory_days"]["description"] == (
        "time after which an outage is mostly forgotten; days; default assumed"
    )


def test_the_command_prints_a_schema_and_refuses_a_wrong_name():
    done = patchmarket("schema", "company")
    assert done.stdout == schema_text("company")
    for arguments in (["schema"], ["schema", "company", "--write"], ["schema", "market"]):
        done = patchmarket(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("patchmarket: NAME")
        assert ", ".join(kinds()) in done.stderr
