"""Commands that take results away and check them: `report`, `validate`, `parameters`, `schema` and `reproduce`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from patchmarket.options import FAILED, FolderArgument, JsonOption, WorkersOption


def report(
    folder: FolderArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write; left out: DIR/report.html.")
    ] = None,
) -> None:
    """Write the report of a study as one HTML file.

    It has tables, figures and the commands that rebuild it; the study may still be running.

    Examples: patchmarket report out/tiny; patchmarket report out/tiny --out tiny.html
    """
    from answers import write_report

    print(f"Written: {write_report(folder, out)}")


def validate(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer replicates, which takes seconds.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page.")] = None,
    json: JsonOption = False,
) -> int:
    """Check the model against closed forms and published values; exit code 1 if one differs.

    Examples: patchmarket validate --quick; patchmarket validate --out docs/validation.md
    """
    import answers
    from model.files import write_atomically
    from patchmarket.printing import print_json, show_check

    if out is not None:
        need_writable(out)
    validation = answers.validate(quick=quick, progress=None if json else show_check)
    if json:
        print_json(validation.values)
    else:
        print(f"{validation.agreeing} of {len(validation.findings)} figures agree.")
    if out is not None:
        write_atomically(out, lambda path: path.write_text(validation.markdown, encoding="utf-8"))
        if not json:
            print(f"Written to {out}")
    return 0 if validation.agrees else FAILED


def need_writable(out: Path) -> None:
    """Refuse a file that cannot be written, before anything is run."""
    from model.errors import ScenarioError

    if out.is_dir() or not os.access(out.parent, os.W_OK | os.X_OK):
        raise ScenarioError.of("--out", str(out), "must be a file in a folder that can be written")


def parameters(
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write them between the markers of a Markdown page.")
    ] = None,
) -> None:
    """Print every setting as Markdown tables.

    Each has its meaning, unit, allowed values, default and the source of the default.

    Examples: patchmarket parameters; patchmarket parameters --write docs/odd.md
    """
    from model.parameters import put_between_markers, to_markdown

    if write is None:
        print(to_markdown(), end="")
    else:
        put_between_markers(write)
        print(f"Written to {write}")


def schema(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="scenario, study, company or priors.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write all of them where the project keeps them.")] = False,
) -> None:
    """Print the JSON Schema of a kind of file.

    Editors complete and check a file by it.

    Examples: patchmarket schema scenario > scenario.schema.json; patchmarket schema --write
    """
    from model.errors import ScenarioError
    from patchmarket.schemas import kinds, schema_text, write_all

    if (name is None) != write:
        raise ScenarioError(f"NAME: must be given, or else --write, not both; there are {', '.join(kinds())}")
    if name is not None:
        print(schema_text(name), end="")
        return
    for path in write_all():
        print(f"Written to {path}")


def reproduce(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Claims: folders of results/.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All claims.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 where something differs.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A small version of each claim, in seconds.")] = False,
    workers: WorkersOption = None,
    crate: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Pack inputs, outputs, environment, commands (RO-Crate).")
    ] = None,
) -> int:
    """Rebuild the published claims from their seeds, or check them.

    Examples: patchmarket reproduce fifth; patchmarket reproduce --quick --all --check;
    patchmarket reproduce --all --crate claims.zip
    """
    from model.errors import ScenarioError

    try:
        from results.command import reproduce as reproduce_claims
    except ModuleNotFoundError:
        raise ScenarioError("reproduce: needs the project's folder results/, which an installed copy lacks") from None
    differing = reproduce_claims(names or [], every=every, check=check, quick=quick, workers=workers, crate=crate)
    return FAILED if differing else 0
