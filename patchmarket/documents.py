"""Commands that write what the documentation says of the model: `validate` and `parameters`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from model.errors import ScenarioError
from patchmarket.options import FAILED, JsonOption


def validate(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer replicates: a look that takes seconds.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Markdown page.")] = None,
    json: JsonOption = False,
) -> int:
    """Hold the model to closed forms and published values; exit code 1 if a figure differs.

    Examples: patchmarket validate --quick; patchmarket validate --out docs/validation.md
    """
    import answers
    from model.files import write_whole
    from patchmarket.printing import print_json, show_check

    if out is not None:
        need_writable(out)
    validation = answers.validate(quick=quick, progress=None if json else show_check)
    if json:
        print_json(validation.values)
    else:
        print(f"{validation.agreeing} of {len(validation.findings)} figures agree.")
    if out is not None:
        write_whole(out, lambda path: path.write_text(validation.markdown, encoding="utf-8"))
        if not json:
            print(f"Written to {out}")
    return 0 if validation.agrees else FAILED


def need_writable(out: Path) -> None:
    """Refuse a file that cannot be written, before anything is run."""
    if out.is_dir() or not os.access(out.parent, os.W_OK | os.X_OK):
        raise ScenarioError.of("--out", str(out), "must be a file in a folder that can be written")


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
