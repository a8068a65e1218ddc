"""A research object of what was rebuilt: an RO-Crate, a ZIP file with inputs, outputs, environment and commands.

After RO-Crate 1.1 and its profile for runs of programs, Process Run Crate 0.5: each claim is an action that made its
outputs from its inputs by one command.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batch.manifest import git_state, now, versions
from model.errors import ScenarioError
from model.files import write_atomically
from results.claim import MANIFEST, Claim
from results.reproduce import OUTPUTS, ROOT, machine

METADATA, ENVIRONMENT = "ro-crate-metadata.json", "environment.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENCE = "https://spdx.org/licenses/Apache-2.0"
PROJECT = {"@id": "#patchmarket-developers"}
PROGRAM = {"@id": "#patchmarket"}
INPUTS = ("constraints.txt", "pyproject.toml", "model/data/*")
ABOUT = ("README.md", "LICENSE", "CITATION.cff", "codemeta.json", "results/README.md")
FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".py": "text/x-python",
    ".toml": "application/toml",
    ".zip": "application/zip",
}
Entity = dict[str, Any]


def check_place(crate: Path, *, check: bool) -> None:
    """Refuse a crate that could not be written, before anything is run."""
    if check:
        raise ScenarioError("--crate: must not be given with --check, which writes nothing")
    if crate.suffix != ".zip" or crate.is_dir() or not crate.parent.is_dir():
        raise ScenarioError.of("--crate", str(crate), "must be a file that ends in .zip, in a folder that is there")


def write_crate(crate: Path, claims: Sequence[Claim]) -> None:
    """Pack claims as they are on disk now, with all that they were made from."""
    shared, ended = files(*INPUTS), now()
    parts = [*files(*ABOUT), *shared, *(path for claim in claims for path in files_of(claim))]
    environment = {"git": git_state(), "platform": machine(), "versions": versions()}
    graph = [
        {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": CRATE}},
        root_of(claims, parts, ended),
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": LICENCE, "@type": "CreativeWork", "name": "Apache License 2.0"},
        PROJECT | {"@type": "Organization", "name": "The patchmarket developers"},
        PROGRAM | {"@type": "SoftwareApplication", "name": "patchmarket", "version": versions()["patchmarket"]},
        file_entity(ENVIRONMENT, "Versions, platform and commit with which the crate was made"),
        *(file_entity(path, path) for path in parts),
        *(action_of(claim, shared, ended) for claim in claims),
    ]
    metadata = {"@context": f"{CRATE}/context", "@graph": graph}

    def pack(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(METADATA, json.dumps(metadata, indent=1, ensure_ascii=False))
            archive.writestr(ENVIRONMENT, json.dumps(environment, indent=1))
            for part in parts:
                archive.write(ROOT / part, part)

    write_atomically(crate, pack)


def files(*patterns: str) -> list[str]:
    """Return the project's files of some patterns, relative to it."""
    found = (path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if path.is_file())
    return [path.relative_to(ROOT).as_posix() for path in found]


def files_of(claim: Claim) -> list[str]:
    """Return a claim's files: its code, and what was made by it."""
    return files(f"results/{claim.name}/*.py", *(f"results/{claim.name}/{name}" for name in (*OUTPUTS, MANIFEST)))


def root_of(claims: Sequence[Claim], parts: Sequence[str], ended: str) -> Entity:
    """Describe the crate as a whole."""
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Published claims of patchmarket",
        "description": "Questions to an agent-based market of hosting providers, their answers with figures, and all "
        "that is needed to have them again: parameters, data, versions and commands.",
        "datePublished": ended[:10],
        "license": {"@id": LICENCE},
        "author": PROJECT,
        "publisher": PROJECT,
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": part} for part in (ENVIRONMENT, *parts)],
        "mentions": [{"@id": f"#reproduce-{claim.name}"} for claim in claims],
    }


def file_entity(path: str, name: str) -> Entity:
    """Describe a file."""
    size = {"contentSize": str((ROOT / path).stat().st_size)} if path != ENVIRONMENT else {}
    form = FORMATS.get(Path(path).suffix, "text/plain")
    return {"@id": path, "@type": "File", "name": name, "encodingFormat": form} | size


def action_of(claim: Claim, shared: Sequence[str], ended: str) -> Entity:
    """Describe how a claim was made."""
    own = files_of(claim)
    made = [path for path in own if not path.endswith(".py")]
    return {
        "@id": f"#reproduce-{claim.name}",
        "@type": "CreateAction",
        "name": f"patchmarket reproduce {claim.name}",
        "description": claim.question,
        "instrument": PROGRAM,
        "agent": PROJECT,
        "object": [{"@id": path} for path in (*shared, *own) if path not in made],
        "result": [{"@id": path} for path in made],
        "endTime": ended,
    }
