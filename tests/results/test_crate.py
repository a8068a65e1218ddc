"""The research object holds what it says, and says what it holds."""

import json
import zipfile

import pytest

from results import crate as crates
from results.catalogue import load_claim
from results.reproduce import ROOT
from tests.commands import patchmarket

NAMES = ("fifth", "game")


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    path = tmp_path_factory.mktemp("crate") / "claims.zip"
    crates.write_crate(path, [load_claim(name) for name in NAMES])
    return path


@pytest.fixture(scope="module")
def entities(crate):
    with zipfile.ZipFile(crate) as archive:
        graph = json.loads(archive.read(crates.METADATA))["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def references(value):
    """Return what an entity refers to."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    return [value["@id"]] if isinstance(value, dict) else []


def test_every_file_is_described_and_every_described_one_is_there(crate, entities):
    with zipfile.ZipFile(crate) as archive:
        packed = set(archive.namelist()) - {crates.METADATA}
        sizes = {name: str(archive.getinfo(name).file_size) for name in packed}
        for name in packed - {crates.ENVIRONMENT}:
            assert archive.read(name) == (ROOT / name).read_bytes()
    files = {name: entity for name, entity in entities.items() if entity["@type"] == "File"}
    assert set(files) == packed == set(references(entities["./"]["hasPart"]))
    assert all(entity.get("contentSize", sizes[name]) == sizes[name] for name, entity in files.items())
    assert {"constraints.txt", "model/data/vendors.toml", "CITATION.cff", "LICENSE"} < packed


def test_nothing_is_referred_to_that_is_not_described(entities):
    described = {*entities, crates.CRATE}
    for entity in entities.values():
        assert set(references(list(entity.values()))) <= described


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_is_an_action_with_command_inputs_and_outputs(name, entities):
    action = entities[f"#reproduce-{name}"]
    assert action["name"] == f"patchmarket reproduce {name}"
    assert f"results/{name}/study.py" in references(action["object"])
    assert "constraints.txt" in references(action["object"])
    made = {
        f"results/{name}/{file}" for file in ("summary.csv", "quick.csv", "figure.png", "README.md", "manifest.json")
    }
    assert set(references(action["result"])) == made


def test_the_descriptor_says_what_it_conforms_to(entities):
    assert entities[crates.METADATA]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert entities["./"]["datePublished"][4] == "-"
    assert entities[entities["./"]["license"]["@id"]]["name"] == "Apache License 2.0"


def test_it_is_what_the_library_reads(crate):
    library = pytest.importorskip("rocrate.rocrate")
    assert len(library.ROCrate(str(crate)).get_by_type("CreateAction")) == len(NAMES)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--crate", "claims.zip", "--check"), "--crate: must not be given with --check, which writes nothing"),
        (
            ("--crate", "claims.tar"),
            "--crate = 'claims.tar': must be a file that ends in .zip, in a folder that is there",
        ),
        (("--crate", "nowhere/claims.zip"), "--crate = 'nowhere/claims.zip': must be a file that ends in .zip, in a"),
    ],
)
def test_a_crate_that_cannot_be_written_is_refused_before_anything_is_run(arguments, line, tmp_path):
    done = patchmarket("reproduce", "fifth", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"patchmarket: {line}")
    assert list(tmp_path.iterdir()) == []
