"""Commands that write what the documentation says of the model: `validate`, `parameters` and `schema`."""

from pathlib import Path
from typing import Annotated

import typer

from patchmarket.options import FAILED, JsonOption


def validate(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer replicates: a look that takes seconds.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page.")] = None,
    json: JsonOption = False,
) -> int:
    """Hold the model to closed forms and published values; exit code 1 if a figure differs.

    Examples: patchmarket validate --quick; patchmarket validate --out docs/validation.md
    """
    from answers.validation.run import validate as do_all

    return 0 if do_all(out, quick=quick, as_json=json) else FAILED


def parameters(
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Put them between the markers of a Markdown page.")
    ] = None,
) -> None:
    """Print every setting as Markdown tables: meaning, unit, what is allowed, default and where that is from.

    Examples: patchmarket parameters; patchmarket parameters --write docs/odd.md
    """
    from model.parameters import put_between_markers, to_markdown

    if write is None:
        print(to_markdown(), end="")
    else:
        put_between_markers(write)
        print(f"Written to {write}")


def schema(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="scenario, study, targets or company.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write all of them where the project keeps them.")] = False,
) -> None:
    """Print the JSON Schema of a kind of file, with which an editor completes and checks it.

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
